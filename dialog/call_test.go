package dialog_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/crm"
	"attendant/deploy/demo"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/knowledge"
	"attendant/dialog/understand"
	"attendant/dialog/understand/rules"
	"attendant/media"
	"attendant/media/dsp"
	"attendant/media/mediatest"
	"attendant/speech"
)

// hearing is a recogniser that "hears" its lines, one an utterance. A line "!"
// is a failure, "~" a hang.
type hearing struct {
	mu    sync.Mutex
	lines []string
}

func (h *hearing) next() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.lines) == 0 {
		return ""
	}
	line := h.lines[0]
	h.lines = h.lines[1:]
	return line
}

func (h *hearing) Recognize(ctx context.Context, _ speech.Hints, audio <-chan media.Frame, results chan<- speech.Result) error {
	line := h.next()
	frames := 0
	for range audio {
		if frames++; frames == 30 && line != "" && line != "!" && line != "~" {
			results <- speech.Result{Text: line}
		}
	}
	switch line {
	case "!":
		return speech.ErrUnavailable
	case "~":
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case results <- speech.Result{Text: line, Final: true, Confidence: 0.9}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// saying is a voice of 200 ms a word; it fails where it is mute.
type saying struct{ mute bool }

func (s saying) Synthesize(ctx context.Context, _ speech.Voice, text <-chan string, segments chan<- speech.Segment) error {
	for t := range text {
		if s.mute {
			return speech.ErrUnavailable
		}
		audio := tone(200 * time.Millisecond * time.Duration(len(strings.Fields(t))))
		select {
		case segments <- speech.Segment{Text: t, Audio: audio}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func tone(d time.Duration) []media.Frame {
	frames := make([]media.Frame, d/media.FrameDuration)
	phase := 0.0
	for i := range frames {
		phase = dsp.Tone(frames[i][:], media.SampleRateHz, 220, 6000, phase)
	}
	return frames
}

// books is a store and a system of record in memory.
type books struct {
	crm.Connector
	mu      sync.Mutex
	records []*dialog.Record
	tickets []crm.Ticket
	intents []dialog.Intent
	slow    bool
	silent  bool // a customer is never found, nor told not to be
	lookups int  // of customers
}

func (b *books) SaveCall(_ context.Context, r *dialog.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = append(b.records, r)
	return nil
}

// record is a call that has been written, in the order in which they ended.
func (b *books) record(n int) *dialog.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.records[n]
}

func (b *books) Call(context.Context, string) (*dialog.Record, error) {
	return nil, dialog.ErrNotFound
}

func (b *books) Calls(context.Context, dialog.CallQuery) ([]dialog.Record, error) { return nil, nil }

func (b *books) FindCustomer(ctx context.Context, q crm.CustomerQuery) (crm.Customer, error) {
	b.mu.Lock()
	b.lookups++
	b.mu.Unlock()
	switch {
	case b.silent:
		<-ctx.Done()
		return crm.Customer{}, crm.ErrUnavailable
	case q.Phone == "+15550199":
		return crm.Customer{ID: "c9", Name: "Ines Exempel"}, nil
	}
	return crm.Customer{}, crm.ErrNotFound
}

func (b *books) ListOrders(context.Context, string) ([]crm.Order, error) {
	return []crm.Order{{Number: "10001", Status: crm.Delayed}}, nil
}

func (b *books) History(context.Context, string, int) ([]crm.CallNote, error) {
	return []crm.CallNote{{Started: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Outcome: "abandoned_in_ai", Summary: "order_status"}}, nil
}

func (b *books) GetOrder(ctx context.Context, number string) (crm.Order, error) {
	if b.slow {
		<-ctx.Done()
		return crm.Order{}, crm.ErrUnavailable
	}
	if number != "12345" {
		return crm.Order{}, crm.ErrNotFound
	}
	return crm.Order{Number: number, Status: crm.Shipped, Place: "the Leipzig depot", Expected: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)}, nil
}

func (b *books) CreateTicket(_ context.Context, _ string, t crm.Ticket) (crm.Ticket, error) {
	t.Number = "70001"
	b.tickets = append(b.tickets, t)
	return t, nil
}
func (b *books) Done(context.Context, string) error { return crm.ErrNotFound }

func (b *books) SaveIntent(_ context.Context, i dialog.Intent) error {
	b.intents = append(b.intents, i)
	return nil
}

func (b *books) Intents(context.Context, string) ([]dialog.Intent, error)     { return b.intents, nil }
func (b *books) NoteDecision(context.Context, dialog.AuditRow) error          { return nil }
func (b *books) Decisions(context.Context, string) ([]dialog.AuditRow, error) { return nil, nil }
func (b *books) NoteTry(context.Context, string, time.Time) error             { return nil }
func (b *books) Tries(context.Context, string, time.Time) (int, error)        { return 0, nil }
func (b *books) LogCall(context.Context, string, crm.CallNote) error          { return nil }

type scene struct {
	*dialog.Attendant
	leg   *mediatest.Leg
	books *books
}

func newScene(t *testing.T, lines ...string) *scene {
	t.Helper()
	set, err := flow.Load(demo.Files, dialog.Operations(crm.Operate(nil, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	base, err := knowledge.Load(demo.Files)
	if err != nil {
		t.Fatal(err)
	}
	finder, err := knowledge.NewFinder(t.Context(), base, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { finder.Close() })
	var articles []understand.Article
	for _, a := range base.Articles() {
		articles = append(articles, understand.Article{ID: a.ID, Examples: a.Examples})
	}
	b := &books{}
	return &scene{
		leg: mediatest.NewLeg(media.Peer{Number: "+15550100", Codec: "G722/8000"}), books: b,
		Attendant: &dialog.Attendant{
			Flows: flow.NewEngine(set), Understand: rules.New(set, articles), Knowledge: finder,
			Recognizer: &hearing{lines: lines}, Synthesizer: saying{}, CRM: crm.Operate(b, time.UTC), Store: b, Hub: &dialog.Hub{},
			Log: slog.New(slog.DiscardHandler), RingTimeout: 20 * time.Second, Apology: set.Company.Apology.All()[0],
		},
	}
}

// say scripts the caller: silence, then a second of speech, and so on.
func (s *scene) say(pauses ...time.Duration) {
	for _, p := range pauses {
		s.leg.Say(make([]media.Frame, p/media.FrameDuration)...)
		s.leg.Say(tone(time.Second)...)
	}
}

// answer takes the call and returns its record.
func (s *scene) answer(t *testing.T, ctx context.Context) *dialog.Record {
	t.Helper()
	s.Answer(ctx, s.leg)
	if len(s.books.records) != 1 {
		t.Fatalf("%d records, want one", len(s.books.records))
	}
	return s.books.records[0]
}

func side(r *dialog.Record, side string) (out []string) {
	for _, t := range r.Turns {
		if t.Side == side {
			out = append(out, t.Text)
		}
	}
	return out
}

func contains(t *testing.T, r *dialog.Record, words ...string) {
	t.Helper()
	all := strings.Join(side(r, "attendant"), "\n")
	for _, w := range words {
		if !strings.Contains(all, w) {
			t.Errorf("%q was not said:\n%s", w, all)
		}
	}
}

func TestCallFindsOrderAndEndsPolitely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "where is my order one two three four five", "goodbye")
		s.say(6*time.Second, 12*time.Second)
		r := s.answer(t, t.Context())
		contains(t, r, "Leipzig depot", "Thursday, November 26", "Goodbye.")
		if r.Outcome != "resolved_assumed" || r.Slots["order"] != "12345" || r.EndCause != "attendant hung up" || !s.leg.HungUp() {
			t.Errorf("outcome %s, slots %v, cause %s", r.Outcome, r.Slots, r.EndCause)
		}
		answer := r.Turns[2]
		if answer.Delays == nil || answer.Delays.Total < 600*time.Millisecond || answer.Delays.Total > 900*time.Millisecond {
			t.Errorf("delays %+v", answer.Delays)
		}
		if len(answer.Sources) == 0 || answer.Sources[0] != "action:e1" {
			t.Errorf("sources %v", answer.Sources)
		}
	})
}

func TestBargeInKeepsWhatWasHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "when are you open", "goodbye")
		s.say(time.Second, 20*time.Second)
		r := s.answer(t, t.Context())
		greeting := r.Turns[0]
		if !greeting.Interrupted || !strings.HasPrefix(greeting.Planned, greeting.Text) || len(greeting.Text) < 10 || greeting.End > 2*time.Second {
			t.Errorf("greeting %+v", greeting)
		}
		contains(t, r, "day and night")
	})
}

func TestSoundWithoutWordsLetsTheAttendantGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "", "goodbye")
		s.say(time.Second, 10*time.Second)
		r := s.answer(t, t.Context())
		if r.Turns[0].Interrupted || !strings.HasSuffix(r.Turns[0].Text, "How can I help you?") {
			t.Errorf("greeting %+v", r.Turns[0])
		}
	})
}

func TestRecogniserFailureCostsOneUtterance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "!", "~", "goodbye")
		s.say(6*time.Second, 12*time.Second, 30*time.Second)
		r := s.answer(t, t.Context())
		contains(t, r, "Sorry, I did not understand that.", "Shall I connect you with a colleague?", "Goodbye.")
	})
}

func TestMuteVoiceStillLeavesARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "goodbye")
		s.Synthesizer = saying{mute: true}
		s.say(3 * time.Second)
		if r := s.answer(t, t.Context()); len(side(r, "caller")) != 1 || r.Outcome == "" {
			t.Errorf("record %+v", r)
		}
	})
}

func TestHangupDuringGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		time.AfterFunc(time.Second, s.leg.Leave)
		r := s.answer(t, t.Context())
		if r.EndCause != "caller hung up" || r.Outcome != "short" || !r.Turns[0].Interrupted {
			t.Errorf("cause %s, outcome %s, greeting %+v", r.EndCause, r.Outcome, r.Turns[0])
		}
	})
}

func TestSilentCallerIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		began := time.Now()
		r := s.answer(t, t.Context())
		contains(t, r, "Are you still there?", "Goodbye.")
		if d := time.Since(began); r.Outcome != "abandoned_in_ai" || d > time.Minute {
			t.Errorf("outcome %s after %v", r.Outcome, d)
		}
	})
}

func TestStoppingApologises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		r := s.answer(t, ctx)
		contains(t, r, "we have to end this call now")
		if r.Outcome != "tech_failure" {
			t.Errorf("outcome %s", r.Outcome)
		}
	})
}

func TestHangingSystemOfRecordIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "where is my order one two three four five", "goodbye")
		s.books.slow = true
		s.say(6*time.Second, 25*time.Second)
		r := s.answer(t, t.Context())
		contains(t, r, "I cannot look that up now", "Shall I connect you")
		if len(r.Actions) != 1 || r.Actions[0].Outcome != "unavailable" {
			t.Errorf("actions %+v", r.Actions)
		}
	})
}

// colleague answers calls with a leg that hangs up after a while, or not at
// all.
type colleague struct {
	leg     *mediatest.Leg
	answers bool
}

func (c *colleague) Dial(ctx context.Context, _ string) (media.Leg, error) {
	if !c.answers {
		<-ctx.Done()
		return nil, errors.Join(media.ErrNoAnswer, context.Cause(ctx))
	}
	time.AfterFunc(5*time.Second, c.leg.Leave)
	return c.leg, nil
}

func TestKeyZeroConnectsAHuman(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		c := &colleague{leg: mediatest.NewLeg(media.Peer{}), answers: true}
		c.leg.Say(tone(4 * time.Second)...)
		s.Dialer, s.Human = c, "sip:colleague@example.com"
		time.AfterFunc(time.Second, func() { s.leg.Press("0") })
		r := s.answer(t, t.Context())
		if r.Outcome != "escalated" || !c.leg.HungUp() {
			t.Errorf("outcome %s, human's leg down %v", r.Outcome, c.leg.HungUp())
		}
		loud := 0
		for _, f := range s.leg.Heard() {
			if dsp.Power(f[:], media.SampleRateHz, 220) > 0.9 {
				loud++
			}
		}
		if loud < 150 {
			t.Errorf("the caller heard the human for %d frames", loud)
		}
	})
}

func TestNobodyAnswersAndACallbackIsFiled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "human", "yes", "no goodbye")
		s.Dialer, s.Human = &colleague{}, "sip:colleague@example.com"
		s.say(6*time.Second, 33*time.Second)
		time.AfterFunc(65*time.Second, func() { s.leg.Press("15550199#") })
		r := s.answer(t, t.Context())
		contains(t, r, "nobody can take the call", "Your ticket number is 7 0 0 0 1.")
		if len(s.books.tickets) != 1 || s.books.tickets[0].Phone != "15550199" {
			t.Errorf("tickets %+v", s.books.tickets)
		}
	})
}

func TestSlowListenerIsCutOff(t *testing.T) {
	var h dialog.Hub
	events, stop := h.Listen()
	defer stop()
	for range 300 {
		h.Tell(dialog.Event{Kind: dialog.Partial})
	}
	n := 0
	for range events {
		n++
	}
	if n != 256 || h.Dropped.Load() != 1 {
		t.Errorf("%d events, %d cut off; want 256 and 1", n, h.Dropped.Load())
	}
}

// TestCallerIsLookedUpBesideTheGreeting has a number that is a customer's: it is
// noted, and told to whoever takes the ticket, but nothing of it is said.
func TestCallerIsLookedUpBesideTheGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "where is my order", "agent please", "yes")
		s.leg = mediatest.NewLeg(media.Peer{Number: "+15550199", Codec: "G722/8000"})
		s.say(6*time.Second, 12*time.Second, 12*time.Second)
		time.AfterFunc(52*time.Second, func() { s.leg.Press("15550199#") })
		r := s.answer(t, t.Context())
		if r.Known != "c9" || r.Customer != "" {
			t.Errorf("known %q, customer %q; want a hint", r.Known, r.Customer)
		}
		if all := strings.Join(side(r, "attendant"), " "); strings.Contains(all, "1 0 0 0 1") || strings.Contains(all, "Ines") {
			t.Errorf("a number was taken for a proof: %s", all)
		}
		if len(s.books.tickets) != 1 || !strings.Contains(s.books.tickets[0].Body, "whose number calls (c9): 1, the last on 2026-11-20T09:00: abandoned_in_ai") {
			t.Errorf("tickets %+v", s.books.tickets)
		}
	})
}

// TestCallerIsLookedUpWithTheInvite has the system answer after 700 ms: what the
// call was answered with is known when it is, and the system is asked once.
func TestCallerIsLookedUpWithTheInvite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "goodbye")
		s.leg = mediatest.NewLeg(media.Peer{CallID: "x@y", Number: "+15550199", Codec: "G722/8000"})
		s.say(6 * time.Second)
		s.Attendant.Ring(t.Context(), "x@y", "+15550199")
		s.Attendant.Ring(t.Context(), "x@y", "+15550199") // the INVITE came twice
		s.Attendant.Ring(t.Context(), "never answered", "+15550199")
		s.Attendant.Wait()
		asked := s.books.lookups
		if r := s.answer(t, t.Context()); r.Known != "c9" || s.books.lookups != asked || asked != 2 {
			t.Errorf("known %q; looked up %d times with the INVITEs, %d in all", r.Known, asked, s.books.lookups)
		}
		time.Sleep(2 * time.Minute)
		for i := range 300 {
			s.Attendant.Ring(t.Context(), fmt.Sprint(i), "+15550199")
		}
		s.Attendant.Wait()
		if got := s.books.lookups - asked; got != 256 {
			t.Errorf("%d of 300 calls that ring are looked up, want 256", got)
		}
	})
}

// TestLookUpOfTheCallerDelaysNothing has a system that never answers.
func TestLookUpOfTheCallerDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "goodbye")
		s.books.silent = true
		s.say(6 * time.Second)
		r := s.answer(t, t.Context())
		if r.Known != "" || r.Turns[0].Start > 200*time.Millisecond || len(r.Turns) < 3 {
			t.Errorf("known %q, turns %+v", r.Known, r.Turns)
		}
	})
}
