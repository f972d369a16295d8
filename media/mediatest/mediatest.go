// Package mediatest has a Leg for tests and the tests that every leg passes.
//
// The central type is Leg: a far end in memory. A test scripts what it says
// (Say), presses its keys (Press), lets it leave (Leave) and reads what it
// heard (Heard). TestLeg is the contract of media.Leg as tests; the fake passes
// it too.
//
// Guarantees: no goroutines, no sockets, no clock, so that a Leg works inside
// testing/synctest.
package mediatest

import (
	"context"
	"slices"
	"sync"

	"attendant/media"
)

const (
	// digitBacklog is the bound that media.Leg sets; Dropped counts the rest.
	digitBacklog = 32
	// heardAtOnce is 10 s, for which PutFrame allocates nothing.
	heardAtOnce = 500
)

// Leg is a media.Leg whose far end is a test. Any goroutine may call its
// methods.
type Leg struct {
	peer   media.Peer
	digits chan media.Digit
	ctx    context.Context //nolint:containedctx // the leg's lifetime, as media.Leg documents
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	script  []media.Frame // not yet said
	heard   []media.Frame
	dropped int
	told    bool // Hangup was called
}

var _ media.Leg = (*Leg)(nil)

// NewLeg returns a leg that is up, says nothing and belongs to peer.
func NewLeg(peer media.Peer) *Leg {
	l := &Leg{peer: peer, digits: make(chan media.Digit, digitBacklog), heard: make([]media.Frame, 0, heardAtOnce)}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// Say appends audio to what the far end says, a frame a tick. It copies audio.
func (l *Leg) Say(audio ...media.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.script = append(l.script, audio...)
}

// Press presses keys, one after the other. It never blocks: a key that finds 32
// unread is dropped and counted.
func (l *Leg) Press(keys string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range []byte(keys) {
		select {
		case l.digits <- media.Digit{Key: k}:
		default:
			l.dropped++
		}
	}
}

// Leave ends the leg as a far end that hangs up does.
func (l *Leg) Leave() { l.cancel(media.ErrRemoteHangup) }

// Break ends the leg as one whose audio stops coming.
func (l *Leg) Break() { l.cancel(media.ErrNoMedia) }

// Heard returns a copy of all frames that the far end heard, silence included.
func (l *Leg) Heard() []media.Frame {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heard)
}

// Left returns the number of frames that the far end has yet to say.
func (l *Leg) Left() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.script)
}

// Dropped returns the number of keys that were not read in time.
func (l *Leg) Dropped() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// HungUp reports whether our side has called Hangup.
func (l *Leg) HungUp() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told
}

// GetFrame says the next frame of the script. An ended leg says nothing.
func (l *Leg) GetFrame(f *media.Frame) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.script) == 0 || l.ctx.Err() != nil {
		return false
	}
	*f, l.script = l.script[0], l.script[1:]
	return true
}

// PutFrame keeps a copy of f for Heard. An ended leg hears nothing.
func (l *Leg) PutFrame(f *media.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() == nil {
		l.heard = append(l.heard, *f)
	}
}

// Peer returns what NewLeg was given.
func (l *Leg) Peer() media.Peer { return l.peer }

// Digits carries the keys of Press.
func (l *Leg) Digits() <-chan media.Digit { return l.digits }

// Context ends at Leave or Hangup, whichever comes first.
func (l *Leg) Context() context.Context { return l.ctx }

// Hangup ends the leg for the given cause, unless it has ended before.
func (l *Leg) Hangup(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = true
	l.cancel(cause)
}
