package sip

import (
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// orderLimit is how many requests of one dialog may wait. A caller who keys
	// as fast as a phone allows sends about ten INFOs a second.
	orderLimit = 16
	// orderPatience is how long a request waits for one before it that may
	// never come, since CSeqs may have gaps. Requests of one burst are
	// microseconds apart, those that the network has swapped some milliseconds;
	// a repetition of one that was lost comes after 500 ms, too late.
	orderPatience = 100 * time.Millisecond
)

// Why a request within a dialog is not handled.
var (
	// errOldRequest is a CSeq that is not higher than one already handled.
	errOldRequest = errors.New("CSeq is not rising")
	// errOrderFull is a queue in which as many wait as may.
	errOrderFull = errors.New("too many requests wait")
)

// order lets the requests of one dialog be handled one at a time and in the
// order of their CSeq, as far as they come within orderPatience of each other;
// those after an INVITE wait for its ACK just as long. It is needed because
// sipgo gives each request a goroutine of its own: 198 of 500 BYEs that came in
// one burst with their ACK were handled before it. RFC 3261 section 12.2.2.
//
// Where orderLimit requests wait, one more is refused; but a BYE is handled at
// once, ahead of them.
type order struct {
	mu      sync.Mutex
	last    uint32                   // highest CSeq handled; 0 is none yet
	busy    bool                     // a request is being handled
	waiting []*turn                  // by rising CSeq
	acks    map[uint32]chan struct{} // ACKs that are waited for, by CSeq
}

// turn is one request that waits.
type turn struct {
	seq     uint32
	overdue bool          // gaps before it are waited for no longer
	come    chan struct{} // closed when it may be handled
}

// enter waits for the turn of the request with the given CSeq, at most
// len(waiting) times orderPatience, and returns how to end it. The error is
// errOldRequest or errOrderFull.
func (o *order) enter(seq uint32, bye bool) (leave func(), err error) {
	t := &turn{seq: seq, come: make(chan struct{})}
	switch err := o.queue(t); {
	case bye && errors.Is(err, errOrderFull):
		return func() {}, nil
	case err != nil:
		return nil, err
	}
	patience := time.AfterFunc(orderPatience, func() { o.expire(t) })
	defer patience.Stop()
	<-t.come // each handler ends, and each that waits expires
	return sync.OnceFunc(o.leave), nil
}

// queue puts t in its place.
func (o *order) queue(t *turn) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, found := slices.BinarySearchFunc(o.waiting, t.seq, func(w *turn, seq uint32) int { return int(int64(w.seq) - int64(seq)) })
	if found || t.seq <= o.last {
		return errOldRequest
	}
	if len(o.waiting) >= orderLimit {
		return errOrderFull
	}
	o.waiting = slices.Insert(o.waiting, at, t)
	o.next()
	return nil
}

// expire ends the patience of t and, so that it comes in order, of those before.
func (o *order) expire(t *turn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range o.waiting {
		w.overdue = w.overdue || w.seq <= t.seq
	}
	o.next()
}

func (o *order) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy = false
	o.next()
}

// next begins the first turn, if it has come; the caller holds mu.
func (o *order) next() {
	if o.busy || len(o.waiting) == 0 {
		return
	}
	t := o.waiting[0]
	inOrder := (o.last == 0 || t.seq == o.last+1) && len(o.acks) == 0
	if !inOrder && !t.overdue {
		return
	}
	o.waiting = o.waiting[1:]
	o.busy, o.last = true, t.seq
	close(t.come)
}

// expectAck returns a channel that is closed when the ACK of the given CSeq
// comes, and keeps back what comes after its INVITE.
func (o *order) expectAck(seq uint32) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.acks == nil {
		o.acks = map[uint32]chan struct{}{}
	}
	c := make(chan struct{})
	o.acks[seq] = c
	return c
}

// expects reports whether the ACK of the given CSeq is waited for.
func (o *order) expects(seq uint32) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.acks[seq] != nil
}

// acked takes in the ACK of the given CSeq.
func (o *order) acked(seq uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c := o.acks[seq]; c != nil {
		close(c)
		delete(o.acks, seq)
	}
	o.next()
}

// ackedAll gives up waiting for ACKs.
func (o *order) ackedAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for seq, c := range o.acks {
		close(c)
		delete(o.acks, seq)
	}
	o.next()
}

// highest is the highest CSeq handled; 0 is none.
func (o *order) highest() uint32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

// unacked reports whether the ACK of an INVITE is waited for.
func (o *order) unacked() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.acks) > 0
}
