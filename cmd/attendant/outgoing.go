package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"attendant/console"
	"attendant/media"
	"attendant/sip/number"
	"attendant/sip/trunk"
)

const (
	// maxPlaced bounds the calls that the console has going at once; one more is
	// refused.
	maxPlaced = 5
	// keptPlaced is how many of the calls placed are remembered.
	keptPlaced = 50
	// placedRing is how long a number that the console calls may ring.
	placedRing = 45 * time.Second
)

// outgoing places calls for the console. Its run must run.
type outgoing struct {
	dial   func(context.Context, trunk.Request) (media.Leg, error)
	answer func(context.Context, media.Leg)
	record func(ctx context.Context, callID string) string // of the call that is going on; empty where there is none
	region string
	orders chan placing // to run; its sender waits until it is taken

	mu     sync.Mutex
	n      int // calls placed so far
	going  int
	placed []*console.OutgoingCall // the oldest first
}

type placing struct {
	call *console.OutgoingCall
	as   string
}

func newOutgoing(s *server) *outgoing {
	return &outgoing{
		dial: s.telephony.group.Dial, answer: s.attendant.Answer, region: s.cfg.Region, orders: make(chan placing),
		record: func(_ context.Context, callID string) string {
			for id, info := range s.attendant.Live() {
				if info.CallID == callID {
					return id
				}
			}
			return ""
		},
	}
}

// run places the calls that are asked for until ctx ends, and returns when all
// have ended.
func (o *outgoing) run(ctx context.Context) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-o.orders:
			calls.Go(func() { o.carryOut(ctx, p) })
		}
	}
}

// Place implements console.Outgoing.
func (o *outgoing) Place(ctx context.Context, by string, order console.OutgoingOrder) (console.OutgoingCall, error) {
	as := order.As
	if as != "" {
		rule, err := number.Rule{Number: as}.Clean(o.region)
		if err != nil {
			return console.OutgoingCall{}, fmt.Errorf("%w: as: %w", console.ErrFaults, err)
		}
		as = rule.Number
	}
	call, err := o.note(by, order)
	if err != nil {
		return console.OutgoingCall{}, err
	}
	begun := *call
	select {
	case o.orders <- placing{call, as}:
		return begun, nil
	case <-ctx.Done():
		o.change(call, func(c *console.OutgoingCall) { c.State, c.Why = "failed", "the program is ending" })
		o.leave()
		return console.OutgoingCall{}, ctx.Err()
	}
}

// note writes a call down that is to be placed.
func (o *outgoing) note(by string, order console.OutgoingOrder) (*console.OutgoingCall, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.going >= maxPlaced {
		return nil, console.ErrFull
	}
	o.going++
	o.n++
	call := &console.OutgoingCall{ID: fmt.Sprintf("t%d", o.n), To: order.To, As: order.As, By: by, At: time.Now(), State: "dialling"}
	if o.placed = append(o.placed, call); len(o.placed) > keptPlaced {
		o.placed = slices.Delete(o.placed, 0, 1)
	}
	return call, nil
}

func (o *outgoing) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.going--
}

func (o *outgoing) change(call *console.OutgoingCall, how func(*console.OutgoingCall)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	how(call)
}

func (o *outgoing) carryOut(ctx context.Context, p placing) {
	defer o.leave()
	leg, err := o.dial(ctx, trunk.Request{Number: p.call.To, Name: "Attendant", From: p.as, Ring: placedRing})
	if err != nil {
		o.change(p.call, func(c *console.OutgoingCall) { c.State, c.Why = "failed", plainly(err) })
		return
	}
	defer leg.Hangup(media.ErrLocalHangup)
	peer := leg.Peer()
	o.change(p.call, func(c *console.OutgoingCall) { c.State, c.Trunk = "talking", peer.Trunk })
	if p.as != "" {
		leg = asDialled{leg, p.as}
	}
	ended := make(chan struct{})
	var finding sync.WaitGroup
	finding.Go(func() { o.find(ctx, p.call, peer.CallID, ended) })
	o.answer(ctx, leg)
	close(ended)
	finding.Wait()
	o.change(p.call, func(c *console.OutgoingCall) { c.State, c.Why = "ended", hungUp(context.Cause(leg.Context())) })
}

// find notes a call's record as soon as there is one.
func (o *outgoing) find(ctx context.Context, call *console.OutgoingCall, callID string, ended <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if id := o.record(ctx, callID); id != "" {
			o.change(call, func(c *console.OutgoingCall) { c.Call = id })
			return
		}
		select {
		case <-ended:
			return
		case <-tick.C:
		}
	}
}

// Placed implements console.Outgoing.
func (o *outgoing) Placed() []console.OutgoingCall {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]console.OutgoingCall, 0, len(o.placed))
	for _, c := range slices.Backward(o.placed) {
		out = append(out, *c)
	}
	return out
}

// plainly says for people why a call was not answered.
func plainly(err error) string {
	switch {
	case errors.Is(err, media.ErrBusy):
		return "busy"
	case errors.Is(err, media.ErrNoAnswer):
		return "nobody answered"
	case errors.Is(err, context.Canceled):
		return "the program is ending"
	}
	return trunk.Words(err)
}

// hungUp says for people why a call that was answered has ended.
func hungUp(err error) string {
	switch {
	case errors.Is(err, media.ErrRemoteHangup):
		return "the other side hung up"
	case errors.Is(err, media.ErrNoMedia):
		return "the other side's audio stopped"
	case errors.Is(err, media.ErrShutdown):
		return "the program is ending"
	}
	return "the attendant hung up"
}

// asDialled is a leg of a call that we have placed, taken as if its far end had
// dialled a number of ours.
type asDialled struct {
	media.Leg
	number string
}

// Peer implements media.Leg.
func (l asDialled) Peer() media.Peer {
	p := l.Leg.Peer()
	p.Dialled = l.number
	return p
}

// Ladder is the signalling of the leg, where it is written down.
func (l asDialled) Ladder() []media.Signal {
	if traced, ok := l.Leg.(interface{ Ladder() []media.Signal }); ok {
		return traced.Ladder()
	}
	return nil
}
