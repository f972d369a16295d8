package dialog

import (
	"context"
	"errors"
	"sync"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
	"attendant/media"
	"attendant/speech"
	"attendant/speech/vad"
)

const (
	// silencePatience is how long a caller who was asked may say nothing.
	silencePatience = 7 * time.Second
	// keyPatience is the pause after a key that ends what is keyed.
	keyPatience = 2500 * time.Millisecond
	// noisePatience is how long the mouth stays paused for sounds in which no
	// words are found before it goes on.
	noisePatience = 1200 * time.Millisecond
	// farewellPatience bounds the last sentence of a call that must end.
	farewellPatience = 6 * time.Second
)

// call is one answered call: its leg, its bridge and the two sides' ear and
// mouth. Its methods run on the call's goroutine.
type call struct {
	a      *Attendant
	leg    media.Leg
	bridge *media.Bridge
	ear    *ear
	mouth  *mouth
	talk   *conversation
	began  time.Time

	keys     string    // pressed and not yet part of a turn
	turnEnd  time.Time // when the caller's last speech ended, for delays
	delays   Delays    // of the answer being made
	deadline time.Time // until when vendors over the network may take; zero is no bound

	id       string
	floor    *floor
	orders   chan placed // of agents and supervisors; taken while a human has the caller
	prompts  chan string // what supervisors want said; what does not fit is refused
	tape     *tape       // of the call, and its file; nil where nothing is recorded
	file     *recording
	kept     *HandOver      // the place in a queue that the caller gets back
	comeBack string         // the flow to go on with after a hand-over
	cutShort bool           // the turn to come cut the attendant short
	watchers sync.WaitGroup // supervisors, and what rings them

	mu         sync.Mutex // guards what supervisors and the ladders' goroutines change
	switches   []SwitchRecord
	whispers   []suggestion
	taker      *party            // who takes the caller over
	interrupt  func(cause error) // ends the attendant's turn
	over       bool              // nobody is let in any more
	seen       bool              // agents are told of supervisors
	tapes      int               // of other legs, so far
	unrecorded bool
}

// maxPrompts is how many sentences of supervisors may wait to be said.
const maxPrompts = 4

// since is the time since the call was answered.
func (c *call) since(t time.Time) time.Duration { return t.Sub(c.began) }

// converse talks with the caller until one side ends it or ctx ends.
func (c *call) converse(ctx context.Context) {
	if c.divert(ctx) {
		return
	}
	effects := c.begin(ctx)
	for {
		turn, done := c.beginTurn(ctx)
		c.respond(turn, effects)
		ended := c.talk.ended()
		if turn.Err() == nil && !ended {
			effects = c.next(turn)
		}
		switch taken := done(); {
		case ctx.Err() != nil, ended && !taken:
			return
		case taken:
			effects = c.takenOver(ctx)
		}
	}
}

// begin is how the call begins: with the greeting, or with the place in a queue
// that the caller lost a moment ago.
func (c *call) begin(ctx context.Context) []flow.Effect {
	c.consent(ctx)
	if effects := c.offerPlace(ctx); effects != nil {
		return effects
	}
	return c.talk.opening()
}

// beginTurn lets a supervisor interrupt what follows. done ends that and reports
// whether one has.
func (c *call) beginTurn(ctx context.Context) (turn context.Context, done func() bool) {
	turn, interrupt := context.WithCancelCause(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interrupt = interrupt
	return turn, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.interrupt = nil
		interrupt(nil)
		return c.taker != nil
	}
}

// next listens to the caller's turn and returns what is to be done about it.
func (c *call) next(ctx context.Context) []flow.Effect {
	t, ok := c.listen(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if !ok {
		return c.talk.silence()
	}
	if t.prompt != "" {
		return c.prompted(t.prompt)
	}
	c.mouth.moment.arm(c.turnEnd)
	asked := time.Now()
	t.until = c.deadline
	effects := c.talk.hear(ctx, t)
	c.delays.Understand = time.Since(asked)
	return append(c.suggested(), effects...)
}

// prompted says what a supervisor wants said.
func (c *call) prompted(text string) []flow.Effect {
	c.talk.guard.Fact("supervisor", text)
	return []flow.Effect{{Say: &flow.Say{Text: text, Sources: []string{"supervisor"}}}}
}

// listen returns the caller's turn, spoken or keyed. It reports false after
// silence.
func (c *call) listen(ctx context.Context) (callerTurn, bool) {
	expect := c.talk.expecting()
	return c.listenFor(ctx, expect, patience(expect))
}

// await has the ear know what is expected, and keeps what is secret from
// recordings and supervisors.
func (c *call) await(expect flow.Expectation) {
	c.ear.expect(c.hints(expect))
	if c.floor.now().secret != expect.Sensitive {
		c.floor.change(func(s *scene) { s.secret = expect.Sensitive })
	}
}

// listenFor is listen for what is expected, for so long.
func (c *call) listenFor(ctx context.Context, expect flow.Expectation, wait time.Duration) (callerTurn, bool) {
	c.await(expect)
	silence := time.NewTimer(wait)
	defer silence.Stop()
	keyed := time.NewTimer(keyPatience)
	defer keyed.Stop()
	if c.keys == "" {
		keyed.Stop()
	}
	for {
		if keysComplete(c.keys, expect) {
			return c.keyedTurn(), true
		}
		select {
		case <-ctx.Done():
			return callerTurn{}, false
		case d := <-c.leg.Digits():
			c.keys += string(d.Key)
			silence.Stop()
			keyed.Reset(keyPatience)
		case <-keyed.C:
			return c.keyedTurn(), true
		case h := <-c.ear.events:
			if t, ok := c.overhear(h, silence, expect, wait); ok {
				return t, true
			}
		case text := <-c.prompts:
			return callerTurn{prompt: text}, true
		case <-silence.C:
			return callerTurn{}, false
		}
	}
}

// overhear takes in one event of the ear while listening. It returns the turn
// if that event ended one.
func (c *call) overhear(h heard, silence *time.Timer, expect flow.Expectation, wait time.Duration) (callerTurn, bool) {
	switch h.kind {
	case heardStart:
		silence.Stop()
	case heardPartial:
		if !expect.Sensitive {
			c.talk.partial(h.result.Text)
		}
	case heardEndpoint:
		c.mouth.moment.arm(h.speechEnd)
	case heardEnd:
		if h.result.Text == "" && h.err == nil { // a cough, a door
			c.mouth.moment.disarm()
			silence.Reset(wait)
			return callerTurn{}, false
		}
		c.muteCard(h)
		return c.spokenTurn(h), true
	}
	return callerTurn{}, false
}

func (c *call) spokenTurn(h heard) callerTurn {
	c.turnEnd = h.speechEnd
	c.hurry(h.endpointed)
	c.delays = Delays{Endpoint: h.endpointed.Sub(h.speechEnd), Recognize: h.recognized.Sub(h.endpointed)}
	t := callerTurn{start: c.since(h.start), end: c.since(h.speechEnd), lost: h.err != nil, levelDB: h.levelDB(), interrupts: c.cutShort}
	c.cutShort = false
	t.Text, t.Confidence, t.vendor = h.result.Text, h.result.Confidence, h.result.Vendor
	for _, a := range h.result.Alternatives {
		t.Alternatives = append(t.Alternatives, a.Text)
	}
	return t
}

func (c *call) keyedTurn() callerTurn {
	c.turnEnd, c.delays = time.Now(), Delays{}
	c.hurry(c.turnEnd)
	t := callerTurn{start: c.since(time.Now()), end: c.since(time.Now())}
	t.Turn = understand.Turn{Keys: c.keys, Confidence: 1}
	c.keys = ""
	return t
}

// hurry bounds what vendors may take for the answer to a turn that ended then.
func (c *call) hurry(ended time.Time) {
	if c.a.TurnBudget > 0 {
		c.deadline = ended.Add(c.a.TurnBudget)
	}
}

// switched notes that a vendor was left. Ladders call it from their goroutines.
func (c *call) switched(s speech.Switch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.switches = append(c.switches, SwitchRecord{Kind: s.Kind, From: s.From, To: s.To, Why: s.Why, At: c.since(time.Now())})
	c.talk.event(Event{Kind: VendorSwitched, Text: s.String()})
}

// hints tell the recogniser what the engine expects.
func (c *call) hints(e flow.Expectation) speech.Hints {
	return speech.Hints{
		Language:  c.talk.language(),
		Bandwidth: c.leg.Peer().Bandwidth,
		Expect:    Expected(e),
		Sensitive: e.Sensitive,
	}
}

// respond carries out effects and those that follow from their results, and
// returns when all of it has been said and done, or the caller has interrupted.
func (c *call) respond(ctx context.Context, effects []flow.Effect) {
	for len(effects) > 0 && ctx.Err() == nil {
		last := c.say(ctx, effects)
		effects = nil
		if last != nil && ctx.Err() == nil {
			effects = c.afterHandOver(c.handOver(ctx, last), c.comeBack)
		}
	}
}

// afterHandOver goes on with the attendant where a hand-over leads back to it.
func (c *call) afterHandOver(r flow.Result, back string) []flow.Effect {
	switch {
	case r.Outcome == endReturned, r.Outcome == endBack:
		return c.talk.resume(back)
	case r.Outcome == endDone && r.Effect == "":
		c.talk.finish("escalated")
		return nil
	case c.talk.ended():
		return nil
	}
	return c.talk.result(r)
}

// say carries effects out up to a hand-over, which it returns: by then all that
// was to be said before it has been said.
func (c *call) say(ctx context.Context, effects []flow.Effect) *flow.HandOver {
	speaking, interrupt := context.WithCancel(ctx)
	defer interrupt()
	voicing := speaking
	if !c.deadline.IsZero() {
		voicing = speech.Until(speaking, c.deadline)
	}
	text := make(chan sentence, 16)
	var result spoken
	var said, watching sync.WaitGroup
	said.Go(func() { result = c.mouth.speak(voicing, text) })
	stopped := make(chan struct{})
	watching.Go(func() { c.watch(speaking, stopped, interrupt) })

	w := work{call: c, ctx: ctx, speaking: speaking, text: text}
	last := w.carryOut(effects)
	c.delays.Act += w.acting
	c.await(c.talk.expecting())
	close(text)
	said.Wait()
	close(stopped)
	watching.Wait()
	c.mouth.player.Resume()
	if w.sentences > 0 {
		c.talk.spoke(c.turnSpoken(result, w))
	}
	if result.err != nil {
		c.a.Log.Error("voice failed", "call", c.talk.record.ID, "error", result.err)
	}
	return last
}

// work is the carrying out of effects during one say.
type work struct {
	*call
	ctx, speaking context.Context //nolint:containedctx // lives no longer than one say
	text          chan<- sentence
	sentences     int
	sources       []string
	flow, step    string
	started       time.Time // when the first sentence was ready
	acting        time.Duration
}

func (w *work) carryOut(effects []flow.Effect) *flow.HandOver {
	for len(effects) > 0 {
		e := effects[0]
		effects = effects[1:]
		switch {
		case e.Say != nil:
			w.utter(e.Say)
		case e.HandOver != nil:
			return e.HandOver
		case e.Act != nil, e.Lookup != nil, e.Consult != nil:
			begin := time.Now()
			r := w.talk.perform(w.ctx, e, w.tell)
			w.acting += time.Since(begin)
			effects = append(effects, w.talk.result(r)...)
		case e.End != nil:
			w.talk.end(e.End.Outcome)
		}
	}
	return nil
}

func (w *work) utter(s *flow.Say) {
	for _, t := range w.talk.sentences(w.speaking, s) {
		w.tell(t)
	}
}

// tell hands a sentence to the mouth. It reports false after an interruption:
// what is unsaid stays unsaid.
func (w *work) tell(t sentence) bool {
	if w.sentences++; w.sentences == 1 {
		w.started, w.flow, w.step = time.Now(), t.flow, t.step
	}
	w.sources = append(w.sources, t.sources...)
	select {
	case w.text <- t:
		return true
	case <-w.speaking.Done():
		return false
	}
}

func (c *call) turnSpoken(s spoken, w work) Turn {
	t := Turn{Side: "attendant", Text: s.heard, Flow: w.flow, Step: w.step, Sources: w.sources, Vendor: s.vendor, End: c.since(s.last)}
	t.Start = t.End
	if s.cut() {
		t.Planned, t.Interrupted = s.planned, true
	}
	if !s.moment.IsZero() {
		t.Start = c.since(s.moment)
		c.delays.Moment = s.moment.Sub(c.turnEnd)
	}
	if !s.first.IsZero() {
		if s.moment.IsZero() {
			t.Start = c.since(s.first)
		}
		c.delays.Speak = s.first.Sub(w.started)
		if !c.turnEnd.IsZero() {
			c.delays.Total = s.first.Sub(c.turnEnd)
			d := c.delays
			t.Delays = &d
		}
	}
	c.turnEnd, c.deadline, c.delays = time.Time{}, time.Time{}, Delays{}
	return t
}

// watch lets the caller interrupt: sound pauses the mouth, words or a key stop
// it, sound without words lets it go on. It returns when stopped is closed or
// it has interrupted.
func (c *call) watch(ctx context.Context, stopped <-chan struct{}, interrupt func()) {
	resume := time.NewTimer(noisePatience)
	resume.Stop()
	defer resume.Stop()
	for {
		select {
		case <-stopped:
			return
		case <-ctx.Done():
			return
		case d := <-c.leg.Digits():
			c.keys += string(d.Key)
			interrupt()
			return
		case <-resume.C:
			c.mouth.player.Resume()
		case h := <-c.ear.events:
			if c.interrupted(h, resume) {
				c.cutShort = true
				interrupt()
				return
			}
		}
	}
}

// interrupted reports whether the caller has said words.
func (c *call) interrupted(h heard, resume *time.Timer) bool {
	switch {
	case h.kind == heardStart:
		c.mouth.player.Pause()
		resume.Reset(noisePatience)
	case h.result.Text != "" && h.kind == heardEnd:
		c.requeue(h)
		return true
	case h.result.Text != "":
		return true
	case h.kind == heardEnd:
		c.mouth.player.Resume()
	}
	return false
}

// requeue gives a turn that ended while it interrupted back to the ear, for
// listen to find.
func (c *call) requeue(h heard) {
	select {
	case c.ear.events <- h:
	default: // 16 later events wait already: the turn is lost among them
	}
}

// farewell says a last sentence although the call's context has ended, as long
// as the caller is there.
func (c *call) farewell(text string) {
	ctx, cancel := context.WithTimeout(c.leg.Context(), farewellPatience)
	defer cancel()
	sentences := make(chan sentence, 1)
	sentences <- sentence{text: text}
	close(sentences)
	c.mouth.player.Resume()
	s := c.mouth.speak(ctx, sentences)
	c.talk.spoke(Turn{Side: "attendant", Text: s.heard, Start: c.since(s.first), End: c.since(s.last)})
}

// cause says in words why a call ended.
func cause(err error) string {
	switch {
	case err == nil:
		return "attendant hung up"
	case errors.Is(err, media.ErrRemoteHangup):
		return "caller hung up"
	case errors.Is(err, media.ErrLocalHangup):
		return "attendant hung up"
	case errors.Is(err, media.ErrNoMedia):
		return "caller's audio stopped"
	case errors.Is(err, media.ErrShutdown):
		return "shut down"
	}
	return err.Error()
}

func newDetector() speech.Detector { return vad.New(vad.Config{}) }
