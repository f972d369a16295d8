package speech

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// tripAfter failures in a row a vendor is left out.
	tripAfter = 2
	// probeAfter is how long it is left out; then one utterance or sentence
	// probes it, which costs one caller at most the vendor's budget.
	probeAfter = 20 * time.Second
	// leastWait is the time below which a vendor over the network is not tried.
	leastWait = 50 * time.Millisecond
)

// errLate is a vendor that was given up because its budget was spent.
var errLate = errors.New("no answer in time")

// Switch is a vendor having been left for the next one on its ladder.
type Switch struct {
	Kind     string // "recogniser", "voice" or "model"
	From, To string // the vendors' names; To is empty where none is left
	Why      string // holds neither words nor keys
}

// String tells the switch in words.
func (s Switch) String() string {
	return fmt.Sprintf("%s: %s -> %s: %s", s.Kind, s.From, s.To, s.Why)
}

// Status is how a vendor on a ladder is doing.
type Status struct {
	Kind, Name string
	Used       uint64        // utterances or sentences that it served
	Failed     uint64        // it gave an error, or broke off
	Late       uint64        // its budget was spent
	Skipped    uint64        // passed over: sick, or the turn's time was spent
	Left       bool          // it is being left out as sick
	Took       time.Duration // sum over Used: end of speech to words, or text to first audio
}

type (
	watchKey struct{}
	untilKey struct{}
)

// Watch returns a context whose ladders tell f of each Switch. It is called on a
// ladder's goroutine, perhaps on several at once.
func Watch(ctx context.Context, f func(Switch)) context.Context {
	return context.WithValue(ctx, watchKey{}, f)
}

// Until returns a context in which ladders try vendors over the network only until
// t for the first thing that is to be had: the turn's time is spent then. The last
// vendor of a ladder is not bound by it.
func Until(ctx context.Context, t time.Time) context.Context {
	return context.WithValue(ctx, untilKey{}, t)
}

// Tell tells who watches ctx of a Switch. It is for ladders.
func Tell(ctx context.Context, s Switch) {
	if f, ok := ctx.Value(watchKey{}).(func(Switch)); ok {
		f(s)
	}
}

// within is the budget, or what is left of the turn's time where that is less.
func within(ctx context.Context, budget time.Duration) time.Duration {
	if t, ok := ctx.Value(untilKey{}).(time.Time); ok {
		return min(budget, time.Until(t))
	}
	return budget
}

// rung is one vendor's place on a ladder: its breaker and its counters.
type rung struct {
	kind, name string
	breaker    *gobreaker.TwoStepCircuitBreaker[struct{}]

	used, failed, late, skipped atomic.Uint64
	took                        atomic.Int64
}

func newRung(kind, name string) *rung {
	return &rung{kind: kind, name: name, breaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: name, MaxRequests: 1, Timeout: probeAfter,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		// A caller who hangs up or interrupts tells nothing about a vendor.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})}
}

// enter returns the function that takes the outcome of a try, or nil where the
// vendor is sick.
func (r *rung) enter() func(error) {
	done, err := r.breaker.Allow()
	if err != nil {
		r.skipped.Add(1)
		return nil
	}
	return done
}

// served counts a success after the given wait.
func (r *rung) served(wait time.Duration) {
	r.used.Add(1)
	r.took.Add(int64(wait))
}

// lost counts a failure.
func (r *rung) lost(err error) {
	if errors.Is(err, errLate) {
		r.late.Add(1)
		return
	}
	r.failed.Add(1)
}

func (r *rung) status() Status {
	return Status{
		Kind: r.kind, Name: r.name, Used: r.used.Load(), Failed: r.failed.Load(), Late: r.late.Load(), Skipped: r.skipped.Load(),
		Left: r.breaker.State() == gobreaker.StateOpen, Took: time.Duration(r.took.Load()),
	}
}
