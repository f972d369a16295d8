package speech

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"attendant/media"
)

const (
	// keptFrames is the audio of an utterance kept for the next vendor: 10 s.
	keptFrames = 500
	// ownGrace is how long the embedded recogniser may go on to its last words
	// after a hosted one was quicker: ending it early costs a worker process.
	ownGrace = time.Second
	// queueFrames bounds what waits for a vendor that is slower than life: 30 s,
	// more than a turn is long. The newest frame is dropped and counted.
	queueFrames = 1500
)

// HostedRecognizer is a recogniser over the network on a ladder.
type HostedRecognizer struct {
	Name       string
	Recognizer Recognizer
	Budget     time.Duration // from the end of the utterance to its words
}

// RecognizersConfig says who recognises. Own is required.
type RecognizersConfig struct {
	Hosted []HostedRecognizer // in the order in which they are asked
	Own    Recognizer         // the embedded one, where the ladder ends
	Name   string             // Own's
	// Budget bounds the wait for all hosted ones together after the end of an
	// utterance; 0 is the greatest of theirs.
	Budget time.Duration
	Log    *slog.Logger
}

// Recognizers is a ladder of recognisers that ends in the embedded one.
//
// The embedded recogniser hears every utterance beside the hosted one: its
// partial results come while the caller speaks, which a vendor that takes whole
// utterances cannot give, and its last words are there at once where all others
// fail. 10 s of audio are kept and replayed into the next vendor when one fails;
// of a longer utterance the embedded one's words are taken, which heard all of it.
// What may hold secrets (Hints.Sensitive) is given to the
// embedded one alone. Results name their vendor. Any goroutine may use it.
type Recognizers struct {
	Dropped atomic.Uint64 // frames that a vendor was too slow for

	cfg    RecognizersConfig
	own    *rung
	hosted []*rung
}

var _ Recognizer = (*Recognizers)(nil)

// NewRecognizers returns the ladder.
func NewRecognizers(cfg RecognizersConfig) *Recognizers {
	l := &Recognizers{cfg: cfg, own: newRung("recogniser", cfg.Name)}
	for _, h := range cfg.Hosted {
		l.hosted = append(l.hosted, newRung("recogniser", h.Name))
		if cfg.Budget == 0 {
			l.cfg.Budget = max(l.cfg.Budget, h.Budget)
		}
	}
	return l
}

// Status tells how each vendor is doing, in the ladder's order.
func (l *Recognizers) Status() []Status {
	var out []Status
	for _, r := range append(l.hosted[:len(l.hosted):len(l.hosted)], l.own) {
		out = append(out, r.status())
	}
	return out
}

// Recognize implements Recognizer.
func (l *Recognizers) Recognize(ctx context.Context, hints Hints, audio <-chan media.Frame, results chan<- Result) error {
	ctx, cancel := context.WithCancel(ctx)
	u := &climb{ladder: l, hints: hints, results: results, left: len(l.hosted)}
	defer u.running.Wait()
	defer cancel()
	u.own = u.begin(context.WithoutCancel(ctx), l.own, l.cfg.Own, nil)
	defer u.own.cancel()
	if !hints.Sensitive {
		u.next(ctx, nil)
	}
	err := u.run(ctx, audio)
	u.settle(ctx.Err())
	if err == nil {
		u.finishOwn()
	}
	return err
}

// climb is one utterance on its way up the ladder.
type climb struct {
	ladder  *Recognizers
	hints   Hints
	results chan<- Result
	running sync.WaitGroup

	own, hosted *attempt // hosted is nil where none is being tried any more
	left        int      // hosted vendors that were not tried
	words       *Result  // the embedded one's last words
	ownErr      error    // or why there are none

	kept  []media.Frame // the first keptFrames of the utterance
	heard int           // frames so far
	ended time.Time     // when the utterance ended; zero before
	late  *time.Timer   // ends the wait for the hosted attempt, once the utterance has ended
}

// attempt is one vendor at work on the utterance.
type attempt struct {
	rung    *rung
	budget  time.Duration
	audio   chan media.Frame
	results chan Result
	failed  chan error
	cancel  context.CancelFunc
	done    func(error) // of the breaker; nil is none
}

// begin sets a vendor to work. Its goroutine is waited for by Recognize.
func (u *climb) begin(ctx context.Context, r *rung, vendor Recognizer, done func(error)) *attempt {
	ctx, cancel := context.WithCancel(ctx)
	a := &attempt{
		rung: r, audio: make(chan media.Frame, queueFrames), results: make(chan Result, 8), failed: make(chan error, 1), cancel: cancel, done: done,
	}
	u.running.Go(func() {
		if err := vendor.Recognize(ctx, u.hints, a.audio, a.results); err != nil {
			a.failed <- err
		}
	})
	return a
}

// run hears the utterance and returns when its last words are sent.
func (u *climb) run(ctx context.Context, audio <-chan media.Frame) error {
	for {
		var hosted attempt // nil channels where there is none
		if u.hosted != nil {
			hosted = *u.hosted
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f, ok := <-audio:
			if !ok {
				audio = nil
				u.end()
				break
			}
			u.hear(f)
		case r := <-u.own.results:
			if err := u.heardByOwn(ctx, r); err != nil {
				return err
			}
		case u.ownErr = <-u.own.failed:
			u.own.rung.lost(u.ownErr)
		case r := <-hosted.results:
			if r.Final {
				return u.accept(ctx, r)
			}
		case err := <-hosted.failed:
			u.next(ctx, err)
		case <-u.expired():
			u.next(ctx, errLate)
		}
		switch {
		case u.hosted != nil, u.words == nil && u.ownErr == nil:
		case u.words != nil:
			u.own.rung.served(time.Since(u.ended))
			return u.send(ctx, *u.words)
		default:
			return u.ownErr
		}
	}
}

// hear passes a frame on and keeps it.
func (u *climb) hear(f media.Frame) {
	if len(u.kept) < keptFrames {
		u.kept = append(u.kept, f)
	}
	u.heard++
	u.feed(u.own, f)
	if u.hosted != nil {
		u.feed(u.hosted, f)
	}
}

func (u *climb) feed(a *attempt, f media.Frame) {
	select {
	case a.audio <- f:
	default:
		u.ladder.Dropped.Add(1)
	}
}

// end tells the vendors that the utterance is over: the budgets begin.
func (u *climb) end() {
	u.ended = time.Now()
	close(u.own.audio)
	if u.hosted != nil {
		close(u.hosted.audio)
		u.late = time.NewTimer(u.patience(u.hosted.budget))
	}
}

// patience is what is left of a vendor's budget and of all budgets together.
func (u *climb) patience(budget time.Duration) time.Duration {
	return min(budget, u.ladder.cfg.Budget-time.Since(u.ended))
}

func (u *climb) expired() <-chan time.Time {
	if u.late == nil || u.hosted == nil {
		return nil
	}
	return u.late.C
}

// heardByOwn passes the embedded one's partial results on, and keeps its last
// words.
func (u *climb) heardByOwn(ctx context.Context, r Result) error {
	if !r.Final {
		return u.send(ctx, r)
	}
	r.Vendor = u.own.rung.name
	u.words = &r
	return nil
}

// accept takes a hosted vendor's last words.
func (u *climb) accept(ctx context.Context, r Result) error {
	u.hosted.done(nil)
	u.hosted.rung.served(time.Since(u.ended))
	r.Vendor = u.hosted.rung.name
	u.hosted = nil
	return u.send(ctx, r)
}

// next leaves the hosted vendor at work, if any, for why, and sets the next one
// to work that is well and has time.
func (u *climb) next(ctx context.Context, why error) {
	from := ""
	if u.hosted != nil {
		from = u.hosted.rung.name
		u.hosted.rung.lost(why)
		u.settle(why)
	}
	for u.hosted == nil && u.left > 0 {
		h := u.ladder.cfg.Hosted[len(u.ladder.hosted)-u.left]
		r := u.ladder.hosted[len(u.ladder.hosted)-u.left]
		u.left--
		if u.heard > keptFrames || !u.ended.IsZero() && u.patience(h.Budget) < leastWait {
			r.skipped.Add(1)
			continue
		}
		if done := r.enter(); done != nil {
			u.hosted = u.begin(ctx, r, h.Recognizer, done)
			u.hosted.budget = h.Budget
			u.replay()
		}
	}
	if from == "" {
		return
	}
	s := Switch{Kind: "recogniser", From: from, To: u.ladder.own.name, Why: why.Error()}
	if u.hosted != nil {
		s.To = u.hosted.rung.name
	}
	u.ladder.cfg.Log.Warn("recogniser left for the next", "from", s.From, "to", s.To, "why", s.Why)
	Tell(ctx, s)
}

// replay gives the hosted vendor what was heard before its time.
func (u *climb) replay() {
	for _, f := range u.kept {
		u.feed(u.hosted, f)
	}
	if !u.ended.IsZero() {
		close(u.hosted.audio)
		u.late = time.NewTimer(u.patience(u.hosted.budget))
	}
}

// finishOwn lets the embedded recogniser come to its end where a hosted one was
// quicker.
func (u *climb) finishOwn() {
	grace := time.NewTimer(ownGrace)
	defer grace.Stop()
	for u.words == nil && u.ownErr == nil {
		select {
		case r := <-u.own.results:
			if r.Final {
				return
			}
		case u.ownErr = <-u.own.failed:
		case <-grace.C:
			return
		}
	}
}

// settle ends the hosted attempt, if any, with what came of it.
func (u *climb) settle(err error) {
	if u.hosted == nil {
		return
	}
	if err == nil { // the utterance ended well without it
		err = context.Canceled
	}
	u.hosted.cancel()
	u.hosted.done(err)
	u.hosted = nil
}

func (u *climb) send(ctx context.Context, r Result) error {
	select {
	case u.results <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
