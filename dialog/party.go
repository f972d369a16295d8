package dialog

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"attendant/media"
)

// mode is how far a supervisor takes part.
type mode int

const (
	listening mode = iota
	whispering
	barging
)

// String is the mode as events tell it.
func (m mode) String() string { return [...]string{"listening", "whispering", "barging"}[m] }

// party is a human besides the caller: an agent, a colleague or a supervisor. It
// has a mouth of its own, by which the attendant speaks to it alone, and an ear.
type party struct {
	name  string
	title string
	call  string // what the board knows the call by while the party is in it; empty where it does not
	leg   media.Leg
	mouth *mouth
	ear   *ear
	tape  *tape
	mode  mode          // of a supervisor
	moved chan struct{} // closed when a supervisor has become the one who has the caller

	end   context.CancelFunc
	parts sync.WaitGroup
	once  sync.Once

	speaking sync.WaitGroup // what the briefing says
}

// admit makes a party of a leg that is up. Its parts run until dismiss, which
// whoever admits calls.
func (c *call) admit(ctx context.Context, name, title string, leg media.Leg) *party {
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	p := &party{
		name: name, title: title, leg: leg, end: end, moved: make(chan struct{}),
		mouth: &mouth{player: media.NewPlayer(), voice: c.a.Synthesizer, style: c.a.Voice},
		ear:   newEar(c.a.Recognizer, newDetector()),
	}
	p.parts.Go(func() { p.ear.listen(running) })
	c.recordParty(running, p)
	return p
}

// dismiss takes a party out of the call and hangs up. It returns when all of it
// has ended; calling it again does nothing.
func (c *call) dismiss(p *party, cause error) {
	p.once.Do(func() {
		c.floor.change(func(s *scene) { s.drop(p) })
		p.leg.Hangup(cause)
		p.end()
		p.speaking.Wait()
		p.parts.Wait()
	})
}

// tell says something to a party alone and returns when it is said, ctx ends or
// the party is gone.
func (p *party) tell(ctx context.Context, text string) spoken {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.leg.Context(), cancel)()
	texts := splitSentences(text)
	sentences := make(chan sentence, len(texts)+1)
	for _, t := range texts {
		sentences <- sentence{text: t}
	}
	close(sentences)
	return p.mouth.speak(ctx, sentences)
}

// fork dials several addresses at once; the first to answer is the leg, the
// others are cancelled, and awaited by losers. Who declines at one address is rung
// at none. The error is that of the address that came closest to an answer:
// declined before busy before no answer before unreachable.
func fork(ctx context.Context, losers *sync.WaitGroup, d Dialer, addresses []string) (media.Leg, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		leg media.Leg
		err error
	}
	results := make(chan result, len(addresses))
	var claimed atomic.Bool
	for _, a := range addresses {
		losers.Go(func() {
			leg, err := d.Dial(ctx, a)
			if err == nil && !claimed.CompareAndSwap(false, true) { // answered in the same moment
				leg.Hangup(media.ErrLocalHangup)
				err = media.ErrUnreachable
			}
			results <- result{leg, err}
		})
	}
	worst := media.ErrUnreachable
	for range addresses {
		r := <-results
		switch {
		case r.err == nil:
			return r.leg, nil
		case errors.Is(r.err, media.ErrDeclined):
			worst = media.ErrDeclined
			cancel()
		case errors.Is(r.err, media.ErrBusy) && !errors.Is(worst, media.ErrDeclined):
			worst = media.ErrBusy
		case errors.Is(r.err, media.ErrNoAnswer) && !errors.Is(worst, media.ErrBusy):
			worst = media.ErrNoAnswer
		}
	}
	return nil, worst
}

// pause waits, or until ctx ends. It reports whether it has waited.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
