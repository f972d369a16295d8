package queue

import (
	"slices"
	"time"
)

// of are the offers that fit, in their order.
func (b *Board) of(fits func(*Offer) bool) []*Offer {
	var out []*Offer
	for _, o := range b.offers {
		if fits(o) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(x, y *Offer) int { return int(x.ID) - int(y.ID) })
	return out
}

// withdraw ends an offer and frees its agent; the caller holds mu.
func (b *Board) withdraw(now time.Time, o *Offer, why Refusal) {
	delete(b.offers, o.ID)
	b.tell(Event{At: now, Kind: OfferRefused, Queue: o.Queue, Call: o.Call, Agent: o.Agent, Refusal: why})
	b.free(now, b.agents[o.Agent])
}

// Offers are the agents who are to be rung for a caller now.
func (b *Board) Offers(now time.Time, call string) []Offer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.advance(now) {
		b.match(now)
		b.touch()
	}
	var out []Offer
	for _, o := range b.of(func(o *Offer) bool { return o.Call == call }) {
		out = append(out, *o)
	}
	return out
}

// Stands reports whether an offer still stands.
func (b *Board) Stands(id uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.offers[id]
	return ok
}

// Picked tells that the agent of an offer has answered the phone and is being
// briefed. ErrGone.
func (b *Board) Picked(now time.Time, id uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.offers[id]
	if !ok {
		return ErrGone
	}
	o.answered, o.until = true, now.Add(briefingTime)
	return nil
}

// Accept gives the caller to the offer's agent. Of all that claim a caller or
// an agent at once exactly one wins; the others get ErrGone.
func (b *Board) Accept(now time.Time, id uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	o, ok := b.offers[id]
	if !ok {
		return ErrGone
	}
	e, a := b.entry(o.Call), b.agents[o.Agent]
	delete(b.offers, id)
	a.call, a.number, a.queue, a.misses = e.Call, e.Number, e.Queue, 0
	b.become(now, a, Busy)
	if e.Number != "" {
		b.last[e.Number] = a.Name
	}
	b.settle(now, e, Answered)
	b.match(now)
	b.touch()
	return nil
}

// Refuse tells that an offer came to nothing; the caller is offered to the next
// agent. It reports whether the offer stood.
func (b *Board) Refuse(now time.Time, id uint64, why Refusal) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	o, ok := b.offers[id]
	if !ok {
		return false
	}
	b.refuse(now, o, why)
	b.match(now)
	b.touch()
	return true
}

// refuse ends an offer and remembers it; the caller holds mu.
func (b *Board) refuse(now time.Time, o *Offer, why Refusal) {
	a := b.agents[o.Agent]
	if e := b.entry(o.Call); e != nil {
		e.refused[o.Agent] = now.Add(again)
	}
	switch why {
	case NoAnswer, Machine:
		if a.misses++; a.misses >= maxMisses && a.wish == "" {
			a.wish = Away
		}
	case Unreachable:
		if a.wish == "" {
			a.wish = Away
		}
	case IsBusy:
		a.refused = now.Add(10 * time.Second) // a phone that is busy is not asked by the next caller either
	case Declined, HungUp, Withdrawn:
		a.misses = 0
	}
	b.withdraw(now, o, why)
}
