package queue

import (
	"slices"
	"time"
)

// Configure puts a configuration in the place of the one before: what is new in
// it holds from now on, for callers who wait as well. States, waits and figures
// stay. An agent who is taken out finishes the call; a queue that is taken out
// lets nobody in and serves those who wait in it. Where the configuration has
// faults, nothing changes.
func (b *Board) Configure(now time.Time, cfg Config) error {
	if err := cfg.Complete(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	b.fallback = cfg.DefaultQueue()
	b.setQueues(cfg.Queues)
	b.setAgents(now, cfg.Agents)
	b.match(now)
	b.touch()
	return nil
}

func (b *Board) setQueues(queues []Queue) {
	kept := map[string]bool{}
	for _, q := range queues {
		kept[q.Name] = true
		l := b.queues[q.Name]
		if l == nil {
			l = &line{}
			b.queues[q.Name] = l
		}
		l.Queue, l.closing = q, false
	}
	for name, l := range b.queues {
		if !kept[name] {
			l.closing = true
			b.shut(name)
		}
	}
}

// shut forgets a queue that was taken out when nobody waits in it any more; the
// caller holds mu.
func (b *Board) shut(name string) {
	if l := b.queues[name]; l != nil && l.closing && b.length(name) == 0 {
		delete(b.queues, name)
	}
}

func (b *Board) setAgents(now time.Time, agents []Agent) {
	var order []string
	for _, a := range agents {
		order = append(order, a.Name)
		s := b.agents[a.Name]
		if s == nil {
			s = &seat{state: a.State, since: now, idle: now}
			b.agents[a.Name] = s
		}
		s.Agent, s.leaving = a, false
	}
	for _, name := range b.order {
		if !slices.Contains(order, name) {
			order = append(order, name) // until they leave
		}
	}
	b.order = order
	for _, name := range slices.Clone(order) {
		if !slices.ContainsFunc(agents, func(a Agent) bool { return a.Name == name }) {
			b.discharge(now, b.agents[name])
		}
	}
}

// discharge has an agent leave: at once, or when the call is over.
func (b *Board) discharge(now time.Time, a *seat) {
	a.leaving = true
	switch a.state {
	case Busy, WrapUp:
	case Ringing:
		for _, o := range b.of(func(o *Offer) bool { return o.Agent == a.Name }) {
			b.withdraw(now, o, Withdrawn) // which lets them leave
		}
	case Available, Away, Offline:
		b.unseat(now, a)
	}
}

// unseat forgets an agent; the caller holds mu.
func (b *Board) unseat(now time.Time, a *seat) {
	b.become(now, a, Offline)
	delete(b.agents, a.Name)
	b.order = slices.DeleteFunc(slices.Clone(b.order), func(name string) bool { return name == a.Name })
}

// Default is the queue of callers whom no queue's skill fits; empty where there
// are no queues.
func (b *Board) Default() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fallback
}
