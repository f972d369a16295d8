package speech

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"attendant/media"
)

// stallPatience is how long a voice may be silent within a sentence, beyond what
// it has given to be played.
const stallPatience = 400 * time.Millisecond

// RungVoice is a voice on a ladder.
type RungVoice struct {
	Name        string
	Synthesizer Synthesizer
	// Budget bounds the wait for the first audio of a sentence; 0 is a voice of
	// this machine, which is waited for.
	Budget time.Duration
	// Speaker replaces the name in the Voice that was asked for, which is the
	// first vendor's own.
	Speaker string
}

// Voices is a ladder of voices that ends in the embedded ones.
//
// A sentence is given to the first voice that is well. One that gives no audio
// within its budget, or within the turn's time for the first sentence of a reply,
// is left for the next. A sentence that has begun is not begun again: where its
// voice breaks off, or stalls for longer than what is left to play, the next one
// says the words that are missing. Within a reply no voice is used again that was
// left. What a voice remembers (Cache) it says even while it is left out. Segments
// pass through as they come and name their vendor. Any goroutine may use it.
type Voices struct {
	log    *slog.Logger
	voices []RungVoice
	rungs  []*rung
}

var _ Synthesizer = (*Voices)(nil)

// remembering is a voice that may have a sentence ready.
type remembering interface {
	Has(voice Voice, text string) bool
}

// NewVoices returns a ladder of voices, the last one being embedded.
func NewVoices(log *slog.Logger, voices ...RungVoice) *Voices {
	l := &Voices{log: log, voices: voices}
	for _, v := range voices {
		l.rungs = append(l.rungs, newRung("voice", v.Name))
	}
	return l
}

// Status tells how each voice is doing, in the ladder's order.
func (l *Voices) Status() []Status {
	var out []Status
	for _, r := range l.rungs {
		out = append(out, r.status())
	}
	return out
}

// Synthesize implements Synthesizer.
func (l *Voices) Synthesize(ctx context.Context, voice Voice, text <-chan string, segments chan<- Segment) error {
	s := &speaking{ladder: l, voice: voice, segments: segments}
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t, ok := <-text:
			if !ok {
				return nil
			}
			if err := s.sentence(ctx, t, first); err != nil {
				return err
			}
		}
	}
}

// speaking is one reply being spoken.
type speaking struct {
	ladder   *Voices
	voice    Voice
	segments chan<- Segment
	lowest   int       // the voice that speaks: those before it were left
	played   time.Time // when all that was passed on will have been played
}

// sentence says a sentence, by the next voices where one fails.
func (s *speaking) sentence(ctx context.Context, text string, first bool) error {
	errs := []error{ErrUnavailable}
	for i := s.lowest; i < len(s.ladder.voices); i++ {
		budget := s.ladder.voices[i].Budget
		if first {
			budget = within(ctx, budget)
		}
		said, err := s.try(ctx, i, text, budget)
		switch {
		case err == nil:
			s.lowest = i
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errLeftOut):
			continue
		}
		errs = append(errs, err)
		s.leave(ctx, i, err)
		if text = after(text, said); text == "" {
			return nil // it broke off after the last word
		}
	}
	return errors.Join(errs...)
}

// errLeftOut is a voice that is sick, or that the turn has no time for.
var errLeftOut = errors.New("left out")

// leave tells that a voice was left.
func (s *speaking) leave(ctx context.Context, i int, err error) {
	w := Switch{Kind: "voice", From: s.ladder.voices[i].Name, Why: err.Error()}
	if i+1 < len(s.ladder.voices) {
		w.To = s.ladder.voices[i+1].Name
	}
	s.ladder.log.Warn("voice left for the next", "from", w.From, "to", w.To, "why", w.Why)
	Tell(ctx, w)
}

// try lets one voice speak. It returns the words that it has given audio for.
func (s *speaking) try(ctx context.Context, i int, text string, budget time.Duration) (said int, err error) {
	v, r, voice := s.ladder.voices[i], s.ladder.rungs[i], s.voice
	if v.Speaker != "" {
		voice.Name = v.Speaker
	}
	if m, ok := v.Synthesizer.(remembering); ok && m.Has(voice, text) {
		u := utter{speaking: s, vendor: v.Name}
		return 0, u.speak(ctx, v.Synthesizer, voice, text)
	}
	if v.Budget > 0 && budget < leastWait {
		r.skipped.Add(1)
		return 0, errLeftOut
	}
	done := r.enter()
	if done == nil {
		if i < len(s.ladder.voices)-1 {
			return 0, errLeftOut
		}
		done = func(error) {} // the last one is tried in any case
	}
	u := utter{speaking: s, vendor: v.Name, budget: budget}
	err = u.speak(ctx, v.Synthesizer, voice, text)
	if ctx.Err() != nil {
		done(context.Canceled)
		return u.words, ctx.Err()
	}
	done(err)
	if err != nil {
		r.lost(err)
		return u.words, err
	}
	r.served(u.wait)
	return u.words, nil
}

// unplayed is how long what was passed on goes on being played.
func (s *speaking) unplayed() time.Duration { return max(0, time.Until(s.played)) }

// utter is one voice saying one sentence.
type utter struct {
	*speaking
	vendor string
	budget time.Duration // 0 is without limit

	wait  time.Duration // for the first segment
	words int           // passed on
}

// speak passes segments on as they come, as long as they come in time.
func (u *utter) speak(ctx context.Context, s Synthesizer, voice Voice, text string) error {
	ctx, cancel := context.WithCancel(ctx)
	in, out, failed := make(chan string, 1), make(chan Segment), make(chan error, 1)
	in <- text
	close(in)
	var speaking sync.WaitGroup
	defer speaking.Wait()
	defer cancel()
	speaking.Go(func() { failed <- s.Synthesize(ctx, voice, in, out) })

	begin := time.Now()
	first := true
	var late <-chan time.Time
	if u.budget > 0 { // while earlier sentences are played nobody waits
		patience := time.NewTimer(u.unplayed() + u.budget)
		defer patience.Stop()
		late = patience.C
	}
	for {
		select {
		case err := <-failed:
			return err
		case <-late:
			return errLate
		case segment := <-out:
			if first {
				first, u.wait = false, time.Since(begin)
			}
			if err := u.pass(ctx, segment); err != nil {
				return err
			}
			if u.budget > 0 {
				late = time.After(u.unplayed() + stallPatience)
			}
		}
	}
}

func (u *utter) pass(ctx context.Context, segment Segment) error {
	segment.Vendor = u.vendor
	select {
	case u.segments <- segment:
		u.played = time.Now().Add(u.unplayed() + time.Duration(len(segment.Audio))*media.FrameDuration)
		u.words += len(strings.Fields(segment.Text))
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// after is text without its first words.
func after(text string, words int) string {
	f := strings.Fields(text)
	if words == 0 {
		return text
	}
	return strings.Join(f[min(words, len(f)):], " ")
}
