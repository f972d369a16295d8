package dialog

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"attendant/media"
	"attendant/speech"
)

const (
	// callerGrace is how long the other side must be silent, beyond the end of
	// its turn, before the scripted caller speaks: sentences have pauses.
	callerGrace = 500 * time.Millisecond
	// callerPatience is how long the scripted caller waits for the other side
	// to say anything.
	callerPatience = 12 * time.Second
)

// Caller is a scripted caller for demonstrations, measurements and tests: it
// says each line when the other side falls silent, and recognises what it
// hears.
type Caller struct {
	Recognizer  speech.Recognizer
	Synthesizer speech.Synthesizer
	Voice       speech.Voice
	Lines       []Line
	Next        func(context.Context) (Line, bool) // after Lines, what is done when the other side falls silent, until false; optional
	WaitFor     string                             // words that the other side must say; optional
	Heard       func(Turn)                         // told each side's turns as they end; optional
	Recorder    media.Sink                         // gets both sides, the caller left; optional
}

// Line is one thing that a scripted caller does; one field of the first three
// is set.
type Line struct {
	Say       string        // words to synthesise
	Audio     []media.Frame // audio to play
	Digits    string        // keys to press
	Interrupt time.Duration // if set, go ahead this long after the other side began to speak
}

// Outcome is what came of a scripted call.
type Outcome struct {
	Turns   []Turn          `json:"turns"`
	Replies []time.Duration `json:"replies"` // end of a line to first speech of the other side
	Stops   []time.Duration `json:"stops"`   // begin of an interrupting line to the other side's silence
	Found   bool            `json:"found"`   // WaitFor was heard
	Cause   string          `json:"cause"`   // why the call ended
}

// DigitSender is a leg that can press keys.
type DigitSender interface {
	SendDigits(ctx context.Context, digits string) error
}

// ErrNoKeys is a leg that cannot press keys.
var ErrNoKeys = errors.New("leg cannot send digits")

// Call plays the script on leg and hangs up. It returns early when the other
// side hangs up or ctx ends.
func (c *Caller) Call(ctx context.Context, leg media.Leg) (Outcome, error) {
	return c.on(ctx, leg, (*scripted).play)
}

// on has play say and do something on leg, and hangs up.
func (c *Caller) on(ctx context.Context, leg media.Leg, play func(*scripted, context.Context) error) (Outcome, error) {
	running, end := context.WithCancel(ctx)
	defer end()
	s := &scripted{
		Caller: c, leg: leg, began: time.Now(),
		bridge: media.NewBridge(), ear: newEar(c.Recognizer, newDetector()),
		mouth: &mouth{player: media.NewPlayer(), voice: c.Synthesizer, style: c.Voice},
	}
	s.ear.expect(speech.Hints{Bandwidth: leg.Peer().Bandwidth})
	s.bridge.Connect(leg, s.ear)
	s.bridge.Connect(s.mouth.player, leg)
	var parts sync.WaitGroup
	if c.Recorder != nil {
		r := media.NewRecorder(c.Recorder)
		s.bridge.Connect(s.mouth.player, r.Left())
		s.bridge.Connect(leg, r.Right())
		parts.Go(func() { s.recorded = r.Run(running) })
	}
	parts.Go(func() { s.bridge.Run(running) })
	parts.Go(func() { s.ear.listen(running) })

	talking, stop := context.WithCancel(leg.Context())
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	err := play(s, talking)
	s.settle(running)
	s.out.Cause = cause(context.Cause(leg.Context()))
	leg.Hangup(media.ErrLocalHangup)
	end()
	parts.Wait()
	s.out.Found = c.WaitFor == "" || s.found
	return s.out, errors.Join(err, s.recorded)
}

// scripted is one call of a Caller.
type scripted struct {
	*Caller
	leg    media.Leg
	bridge *media.Bridge
	ear    *ear
	mouth  *mouth
	began  time.Time

	out     Outcome
	said    time.Time // when our last line ended, while the reply is awaited
	lineEnd time.Time // when our last line ended
	cutting time.Time // when an interrupting line began, until the other side is silent
	open    bool      // the other side is speaking
	found   bool

	recorded error
}

func (s *scripted) play(ctx context.Context) error {
	for _, line := range s.Lines {
		if line.Interrupt > 0 {
			s.awaitStart(ctx, line.Interrupt)
		} else {
			s.awaitTurn(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := s.perform(ctx, line); err != nil {
			return err
		}
	}
	for s.Next != nil && s.awaitTurn(ctx) && ctx.Err() == nil {
		line, ok := s.Next(ctx)
		if !ok {
			break
		}
		if err := s.perform(ctx, line); err != nil {
			return err
		}
	}
	for ctx.Err() == nil && s.awaitTurn(ctx) && !s.done() {
	}
	return nil
}

// settle hears the other side's last words out: it may have hung up right after
// them.
func (s *scripted) settle(ctx context.Context) {
	patience := time.NewTimer(callerGrace + 3*time.Second)
	defer patience.Stop()
	for s.open || len(s.ear.events) > 0 {
		select {
		case h := <-s.ear.events:
			s.overhear(h)
		case <-patience.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// done reports whether nothing more is awaited.
func (s *scripted) done() bool { return s.WaitFor != "" && s.found }

func (s *scripted) perform(ctx context.Context, line Line) error {
	begin := time.Now()
	if line.Interrupt > 0 {
		s.cutting = begin
	}
	t := Turn{Side: "caller", Start: begin.Sub(s.began)}
	switch {
	case line.Digits != "":
		keys, ok := s.leg.(DigitSender)
		if !ok {
			return ErrNoKeys
		}
		if err := keys.SendDigits(ctx, line.Digits); err != nil {
			return err
		}
		t.Text, t.Keys = line.Digits, true
	case line.Audio != nil:
		s.mouth.player.Play(media.PlayItem{Text: "(audio)", Audio: line.Audio}) //nolint:errcheck // a full player leaves a gap in a test call
		s.mouth.player.Wait(ctx)                                                //nolint:errcheck // the end of ctx is seen by who called
		t.Text = "(audio)"
	default:
		text := make(chan sentence, 1)
		text <- sentence{text: line.Say}
		close(text)
		t.Text = s.mouth.speak(ctx, text).heard
	}
	s.said = time.Now()
	s.lineEnd = s.said
	t.End = s.said.Sub(s.began)
	s.tell(t)
	return nil
}

// awaitStart waits until the other side has been speaking for d.
func (s *scripted) awaitStart(ctx context.Context, d time.Duration) {
	patience := time.NewTimer(callerPatience)
	defer patience.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-patience.C:
			return
		case h := <-s.ear.events:
			s.overhear(h)
			if h.kind == heardStart {
				patience.Reset(d)
			}
		}
	}
}

// awaitTurn waits until the other side has spoken and fallen silent. It
// reports false when nothing was said for callerPatience.
func (s *scripted) awaitTurn(ctx context.Context) bool {
	patience := time.NewTimer(callerPatience)
	defer patience.Stop()
	spoke := false
	for {
		select {
		case <-ctx.Done():
			return spoke
		case <-patience.C:
			if s.open { // some turns are longer than patience
				patience.Reset(callerPatience)
				continue
			}
			return spoke
		case h := <-s.ear.events:
			s.overhear(h)
			switch {
			case h.kind == heardStart:
				patience.Reset(callerPatience)
			case h.kind == heardEnd && h.speechEnd.After(s.lineEnd) && (h.result.Text != "" || spoke):
				spoke = true
				patience.Reset(callerGrace)
			}
		}
	}
}

func (s *scripted) overhear(h heard) {
	switch h.kind {
	case heardStart:
		s.open = true
	case heardEnd:
		s.open = false
		if !s.cutting.IsZero() {
			s.out.Stops = append(s.out.Stops, h.speechEnd.Sub(s.cutting))
			s.cutting = time.Time{}
		}
	}
	switch {
	case h.kind == heardStart && !s.said.IsZero():
		s.out.Replies = append(s.out.Replies, h.start.Sub(s.said))
		s.said = time.Time{}
	case h.kind == heardEnd && h.result.Text != "":
		s.tell(Turn{Side: "attendant", Text: h.result.Text, Confidence: h.result.Confidence, Start: h.start.Sub(s.began), End: h.speechEnd.Sub(s.began)})
		s.found = s.found || strings.Contains(s.allHeard(), s.WaitFor)
	}
}

// allHeard is all that the other side has said, so that a pause within the
// awaited words does not hide them.
func (s *scripted) allHeard() string {
	var words []string
	for _, t := range s.out.Turns {
		if t.Side == "attendant" {
			words = append(words, t.Text)
		}
	}
	return strings.Join(words, " ")
}

func (s *scripted) tell(t Turn) {
	s.out.Turns = append(s.out.Turns, t)
	if s.Heard != nil {
		s.Heard(t)
	}
}
