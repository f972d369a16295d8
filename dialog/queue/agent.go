package queue

import (
	"fmt"
	"time"
)

// SetState is an agent's own choice: Offline, Available or Away. During a call
// it is kept until the call is over; what rings is taken back.
// ErrUnknown, ErrState.
func (b *Board) SetState(now time.Time, agent string, s State) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.agents[agent]
	switch {
	case !ok:
		return fmt.Errorf("%w: agent %q", ErrUnknown, agent)
	case s != Offline && s != Available && s != Away:
		return fmt.Errorf("%w: %q is not the agent's to choose", ErrState, s)
	}
	b.advance(now)
	a.misses, a.refused = 0, time.Time{}
	switch a.state {
	case Busy:
		a.wish = s
		return nil
	case WrapUp:
		a.wish = s
		b.wrapped(now, a, "")
	case Ringing:
		if s == Available {
			return nil
		}
		a.wish = s
		for _, o := range b.of(func(o *Offer) bool { return o.Agent == agent }) {
			b.withdraw(now, o, Withdrawn)
		}
	default:
		b.become(now, a, s)
	}
	b.match(now)
	b.touch()
	return nil
}

// become changes an agent's state; the caller holds mu.
func (b *Board) become(now time.Time, a *seat, s State) {
	if a.state == s {
		return
	}
	if s == Available && a.state != Ringing {
		a.idle = now
	}
	a.state, a.since = s, now
	b.tell(Event{At: now, Kind: AgentChanged, Agent: a.Name, State: s, Call: a.call})
}

// free lets an agent go on after a call or an offer; the caller holds mu.
func (b *Board) free(now time.Time, a *seat) {
	if a.leaving {
		b.unseat(now, a)
		return
	}
	s := Available
	if a.wish != "" {
		s, a.wish = a.wish, ""
	}
	b.become(now, a, s)
}

// Take gives a caller who does not wait to an agent: a supervisor who takes a
// call over, a colleague who is called in, a call that is passed on. ErrUnknown,
// ErrState.
func (b *Board) Take(now time.Time, agent, call, number string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	a, ok := b.agents[agent]
	switch {
	case !ok:
		return fmt.Errorf("%w: agent %q", ErrUnknown, agent)
	case a.state == Busy || a.state == Ringing:
		return fmt.Errorf("%w: %s is %s", ErrState, agent, a.state)
	}
	if a.wish == "" && a.state != WrapUp {
		a.wish = a.state
	}
	a.call, a.number, a.queue = call, number, ""
	b.become(now, a, Busy)
	b.touch()
	return nil
}

// Release tells that an agent's talk is over: wrap-up begins. It does nothing
// for an agent who is not in that call.
func (b *Board) Release(now time.Time, agent, call string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	a, ok := b.agents[agent]
	if !ok || a.state != Busy || a.call != call {
		return false
	}
	talked := now.Sub(a.since)
	if l := b.queues[a.queue]; l != nil {
		l.metrics.talk += talked
		l.metrics.handled++
	}
	b.tell(Event{At: now, Kind: TalkEnded, Queue: a.queue, Call: call, Agent: agent, Talked: talked})
	if a.WrapUp <= 0 {
		a.call, a.number = "", ""
		b.free(now, a)
	} else {
		a.until = now.Add(a.WrapUp)
		b.become(now, a, WrapUp)
	}
	b.match(now)
	b.touch()
	return true
}

// Wrapped ends an agent's wrap-up before its time. ErrUnknown, ErrState where
// the agent is not wrapping up.
func (b *Board) Wrapped(now time.Time, agent, code string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	a, ok := b.agents[agent]
	switch {
	case !ok:
		return fmt.Errorf("%w: agent %q", ErrUnknown, agent)
	case a.state != WrapUp:
		return fmt.Errorf("%w: %s is %s", ErrState, agent, a.state)
	}
	b.wrapped(now, a, code)
	b.match(now)
	b.touch()
	return nil
}

func (b *Board) wrapped(now time.Time, a *seat, code string) {
	took := now.Sub(a.since)
	if l := b.queues[a.queue]; l != nil {
		l.metrics.wrap += took
	}
	b.tell(Event{At: now, Kind: WrappedUp, Queue: a.queue, Call: a.call, Agent: a.Name, Wrapped: took, Code: code})
	a.call, a.number = "", ""
	b.free(now, a)
}
