package dialog

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/guard"
	"attendant/dialog/sentiment"
	"attendant/dialog/understand"
	"attendant/media"
)

// conversation decides what to say and do, whatever carries the words. It
// moves the flow engine by what the caller means and writes the record. One
// goroutine uses it.
type conversation struct {
	a      *Attendant
	state  flow.State
	mood   *sentiment.Scorer
	guard  *guard.Session
	record *Record
	route  Route
	since  func(time.Time) time.Duration
	turns  int // of the caller

	secrets []string       // sensitive digits: kept here and nowhere else
	code    *oneTimeCode   // the last one sent
	sending sync.WaitGroup // of codes; close waits for it

	knowing chan *known // gets who may be calling, once
	caller  *known      // nil until then, and where nobody is known
	until   time.Time   // by when the answer to the last turn is to be worded; zero is no bound

	judgements chan judgement // of a model, on moods

	understood []flow.Command // what the caller's last turn means
	asked      time.Time      // when that turn came, in a chat
}

// callerTurn is what the caller said or keyed, and when.
type callerTurn struct {
	understand.Turn
	start, end time.Duration
	lost       bool   // it was speech, but the recogniser failed
	prompt     string // it was no turn: a supervisor wants this said
	vendor     string
	levelDB    float64   // mean level of the speech; 0 where not known
	interrupts bool      // it cut the attendant short
	withheld   bool      // its words are taken out: they were a secret
	until      time.Time // until when a model may take to understand it; zero is no bound
}

func (a *Attendant) newConversation(peer media.Peer, since func(time.Time) time.Duration) *conversation {
	now := time.Now()
	set := a.Flows.Set()
	c := &conversation{
		a: a, since: since,
		mood: sentiment.New(), judgements: make(chan judgement, judgementsWaiting),
		knowing: make(chan *known, 1), // it is sent to once
		record: &Record{
			ID: newID(now, rand.Uint32()), CallID: peer.CallID, Number: peer.Number, Name: peer.Name,
			Dialled: peer.Dialled, Remote: peer.Remote, Transport: peer.Transport, Codec: peer.Codec,
			Started: now, Slots: map[string]string{},
		},
		state: flow.State{Caller: peer.Number, Narrow: peer.Bandwidth == media.Narrowband},
	}
	c.route = a.route(peer.Dialled, now)
	c.state.Language, c.record.Trunk, c.record.Caller, c.record.Queue = c.language(), peer.Trunk, peer.Caller, c.route.Queue
	unsure := set.Company.Unsure.In(c.language(), set.Company.Language)[0]
	words := a.ownWords()
	if c.language() != a.Language {
		words = guard.NewTemplates(append(set.Phrases(c.language()), set.Company.Name))
	}
	c.guard = policy(set.Company, a.CRM).Session(words, unsure)
	c.guard.Fact("number", c.route.Message)
	c.guard.Reachable(peer.Number)
	return c
}

// start greets.
func (c *conversation) start() []flow.Effect {
	var effects []flow.Effect
	c.state, effects = c.a.Flows.Start(c.state)
	return effects
}

// hear takes in a turn of the caller and returns what is to be done about it.
func (c *conversation) hear(ctx context.Context, t callerTurn) []flow.Effect {
	c.turns++
	c.until = t.until
	c.recall()
	spokenSecret := c.concealed(&t)
	c.concealCards(&t)
	commands := c.commands(ctx, t)
	if spokenSecret {
		commands = []flow.Command{{Kind: flow.NotKeyed}}
	}
	mood := c.feel(t, commands)
	c.understood = commands
	c.noteTurn(t, mood, commands)
	c.heardFacts(t.Text)
	over := c.guard.Over(c.turns, c.since(time.Now()))
	if over != "" {
		c.refused(guard.Decision{Rule: "limit of " + over}, "call")
	}
	return c.step(flow.Input{Commands: commands, Angry: mood.Angry, Severe: sentiment.Severe(t.Text), Limit: over != ""})
}

// concealed takes sensitive digits out of a turn before anything else sees it.
// It reports whether they were spoken, which does not count.
func (c *conversation) concealed(t *callerTurn) bool {
	e := c.expecting()
	keys := strings.TrimSuffix(t.Keys, "#")
	switch {
	case !e.Sensitive || keys == "0":
		return false
	case keys != "":
		if len(keys) >= e.Min && (e.Max == 0 || len(keys) <= e.Max) {
			t.Keys = c.conceal(keys)
		} else {
			t.Keys = "*"
		}
		return false
	case len(c.a.Understand.Digits(t.Text)) < 3:
		return false
	}
	t.Text, t.Alternatives, t.withheld = "[withheld]", nil, true
	return true
}

func (c *conversation) commands(ctx context.Context, t callerTurn) []flow.Command {
	return c.commandsFor(ctx, t, c.expecting())
}

// attend takes in a turn of a caller outside the flows, such as one who waits
// for a human, and returns what it means.
func (c *conversation) attend(ctx context.Context, t callerTurn, expect flow.Expectation) []flow.Command {
	c.concealCards(&t)
	commands := c.commandsFor(ctx, t, expect)
	c.turns++
	c.noteTurn(t, c.feel(t, commands), commands)
	return commands
}

// overheard writes a turn down that nothing is done about.
func (c *conversation) overheard(t callerTurn) {
	c.concealCards(&t)
	c.noteTurn(t, c.feel(t, nil), nil)
}

// finish ends the conversation with an outcome.
func (c *conversation) finish(outcome string) {
	c.state.Ended, c.record.Outcome = true, outcome
}

// resume goes on after a hand-over that came back: with a flow, or with what the
// caller may want next.
func (c *conversation) resume(name string) []flow.Effect {
	c.state.Stack, c.state.Waiting, c.record.Outcome = nil, flow.Waiting{}, ""
	if name == "" {
		return c.step(flow.Input{Commands: []flow.Command{{Kind: flow.Cancel, Confidence: 1}}})
	}
	return c.step(flow.Input{Commands: []flow.Command{{Kind: flow.StartFlow, Flow: name, Confidence: 1}}})
}

func (c *conversation) commandsFor(ctx context.Context, t callerTurn, expect flow.Expectation) []flow.Command {
	if t.lost {
		return []flow.Command{{Kind: flow.NotHeard}}
	}
	understanding, cancel := ctx, context.CancelFunc(func() {})
	if !t.until.IsZero() {
		understanding, cancel = context.WithDeadline(ctx, t.until)
	}
	defer cancel()
	view := understand.View{
		Expect: expect, Flow: c.state.Flow, Language: c.state.Language, At: c.now(), History: c.history(), Spent: c.guard.Spent,
	}
	t.Text = unmasked(t.Text)
	commands, err := c.a.Understand.Understand(understanding, view, t.Turn)
	if err != nil {
		c.a.Log.Error("understanding failed", "call", c.record.ID, "error", err)
		return []flow.Command{{Kind: flow.NotHeard}}
	}
	return understand.Settle(view, t.Turn, c.known(ctx, commands, t.Text))
}

func (c *conversation) noteTurn(t callerTurn, mood sentiment.Score, commands []flow.Command) {
	turn := Turn{
		Side: "caller", Text: t.Text, Keys: t.Keys != "", Start: t.start, End: t.end, Confidence: t.Confidence, Vendor: t.vendor,
		Sentiment: mood.Value, Trend: mood.Trend, Mood: strings.TrimSpace(mood.Label + " " + mood.Cause),
	}
	if turn.Keys {
		turn.Text = t.Keys
	}
	for _, k := range commands {
		turn.Commands = append(turn.Commands, string(k.Kind))
	}
	c.spoke(turn)
}

// spoke adds a turn of either side to the record.
func (c *conversation) spoke(t Turn) {
	c.record.Turns = append(c.record.Turns, t)
	c.event(Event{Kind: TurnEnded, Turn: &t})
}

// partial tells what the caller has said so far in the turn going on.
func (c *conversation) partial(text string) {
	c.event(Event{Kind: Partial, Turn: &Turn{Side: "caller", Text: text}})
}

// silence takes in that the caller said nothing.
func (c *conversation) silence() []flow.Effect {
	c.until = time.Time{}
	return c.step(flow.Input{Silence: true})
}

// result takes in what an effect came to.
func (c *conversation) result(r flow.Result) []flow.Effect { return c.step(flow.Input{Result: &r}) }

// history are the last turns as they were heard.
func (c *conversation) history() []understand.Line {
	var out []understand.Line
	for _, t := range c.record.Turns[max(0, len(c.record.Turns)-6):] {
		out = append(out, understand.Line{Side: t.Side, Text: t.Text})
	}
	return out
}

// now is the time in the company's zone.
func (c *conversation) now() time.Time { return time.Now().In(c.a.Flows.Set().Zone()) }

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

func (c *conversation) step(in flow.Input) []flow.Effect {
	in.At = c.now()
	state, effects := c.a.Flows.Step(c.state, in)
	if c.a.Trace != nil {
		c.a.Trace(c.state, in, state, effects)
	}
	c.state = state
	if f := state.ActiveFlow(); f != "" && !slices.Contains(c.record.Flows, f) {
		c.record.Flows = append(c.record.Flows, f)
	}
	return effects
}

func (c *conversation) expecting() flow.Expectation { return c.a.Flows.Expecting(c.state) }

// ended reports whether the conversation is over as far as we are concerned.
func (c *conversation) ended() bool { return c.state.Ended }

// end settles the outcome.
func (c *conversation) end(outcome string) { c.record.Outcome = outcome }

// handed notes that a human has taken the call.
func (c *conversation) handed() { c.record.Outcome = "escalated" }

// close fills in what is known only at the end.
func (c *conversation) close(cause string) {
	c.sending.Wait()
	r := c.record
	r.Ended, r.EndCause = time.Now(), cause
	if len(r.Flows) > 0 {
		r.Flow = r.Flows[0]
	}
	for name, v := range c.state.Slots {
		r.Slots[name] = v
	}
	c.judged()
	r.Sentiment, r.Trend = c.mood.Last(), c.mood.Trend()
	if r.Outcome == "" {
		r.Outcome = c.outcome()
	}
}

// file keeps the record, and notes the call in the system of record: what it was
// about and how it ended, none of its words.
func (c *conversation) file(ctx context.Context) error {
	r := c.record
	if err := c.a.Store.SaveCall(ctx, r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, actionPatience)
	defer cancel()
	if !c.writes("log_call") {
		return nil
	}
	_, err := c.a.CRM.Call(ctx, r.ID, "log_call", map[string]string{
		"call": r.ID, "customer": r.Customer, "phone": r.Number, "outcome": r.Outcome, "summary": strings.Join(r.Flows, ", "),
		"started": r.Started.UTC().Format(time.RFC3339), "seconds": strconv.Itoa(int(r.Ended.Sub(r.Started).Seconds())),
	})
	if err != nil {
		c.a.Log.Warn("call not noted in the system of record", "call", r.ID, "error", err)
	}
	return nil
}

// outcome of a call that the caller ended without a word of goodbye: resolved
// where something was answered or done, else abandoned. Product section 3.1.
func (c *conversation) outcome() string {
	spoke := slices.ContainsFunc(c.record.Turns, func(t Turn) bool { return t.Side == "caller" })
	short := c.record.Ended.Sub(c.record.Started) < 10*time.Second
	switch {
	case c.state.Resolved:
		return "resolved_assumed"
	case !spoke && short:
		return "short"
	}
	return "abandoned_in_ai"
}

func (c *conversation) event(e Event) {
	e.Call = c.record.ID
	c.a.Hub.Tell(e)
}

// Sentences are the sentences of texts as they are spoken one by one, for
// rendering before they are needed.
func Sentences(texts ...string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, splitSentences(t)...)
	}
	return out
}

// splitSentences cuts text after each sentence's end mark.
func splitSentences(text string) []string {
	var out []string
	for text != "" {
		i := strings.IndexAny(text, ".?!")
		for i >= 0 && i+1 < len(text) && text[i+1] != ' ' {
			next := strings.IndexAny(text[i+1:], ".?!")
			if next < 0 {
				i = -1
				break
			}
			i += 1 + next
		}
		if i < 0 {
			i = len(text) - 1
		}
		if s := strings.TrimSpace(text[:i+1]); s != "" {
			out = append(out, s)
		}
		text = text[i+1:]
	}
	return out
}
