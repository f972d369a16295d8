package queue

import (
	"slices"
	"strings"
	"time"
)

// AgentStatus is an agent as the console shows it.
type AgentStatus struct {
	Name      string    `json:"name"`
	Title     string    `json:"title"`
	Extension string    `json:"extension,omitempty"`
	Role      string    `json:"role"`
	State     State     `json:"state"`
	Since     time.Time `json:"since"`
	Call      string    `json:"call,omitempty"`
}

// QueueStatus is a queue as the console shows it.
type QueueStatus struct { //nolint:revive // beside AgentStatus, Status alone would be of either
	Name    string        `json:"name"`
	Title   string        `json:"title"`
	Open    bool          `json:"open"`
	Waiting []Waiting     `json:"waiting"`
	Oldest  time.Duration `json:"oldest"` // the longest wait
	Free    int           `json:"free"`   // agents who are available and serve it
	Figures Figures       `json:"figures"`
}

// Waiting is a caller in a queue.
type Waiting struct {
	Call     string        `json:"call"`
	Position int           `json:"position"`
	Waited   time.Duration `json:"waited"`
	Ringing  []string      `json:"ringing,omitempty"` // agents
}

// Place is where a caller stands.
type Place struct {
	Queue    string
	Position int           // 1 is the next
	Waited   time.Duration // so far
	Less     int           // the wait is less than so many minutes; 0 where that is not known
	Overflow string        // not empty where the wait was too long: what is to be done
}

// Agents are all agents in the order of their names.
func (b *Board) Agents(now time.Time) []AgentStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	out := []AgentStatus{}
	for _, name := range b.order {
		a := b.agents[name]
		out = append(out, AgentStatus{a.Name, a.Title, a.Extension, a.Role, a.state, a.since, a.call})
	}
	slices.SortFunc(out, func(x, y AgentStatus) int {
		if x.Name < y.Name {
			return -1
		}
		return 1
	})
	return out
}

// Queues are all queues, the one with the highest priority first.
func (b *Board) Queues(now time.Time) []QueueStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	out := []QueueStatus{}
	for _, l := range b.queues {
		s := QueueStatus{Name: l.Name, Title: l.Title, Open: l.Hours.Open(now), Waiting: []Waiting{}, Figures: l.metrics.figures()}
		for _, e := range b.line(l.Name) {
			w := Waiting{Call: e.Call, Position: len(s.Waiting) + 1, Waited: now.Sub(e.Since)}
			for _, o := range b.of(func(o *Offer) bool { return o.Call == e.Call }) {
				w.Ringing = append(w.Ringing, o.Agent)
			}
			s.Oldest = max(s.Oldest, w.Waited)
			s.Waiting = append(s.Waiting, w)
		}
		for _, a := range b.agents {
			if _, serves := a.Queues[l.Name]; a.state == Available && (serves || len(a.Queues) == 0) {
				s.Free++
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(x, y QueueStatus) int {
		if d := b.queues[y.Name].Priority - b.queues[x.Name].Priority; d != 0 {
			return d
		}
		if x.Name < y.Name {
			return -1
		}
		return 1
	})
	return out
}

// line are those who wait in a queue, in the order in which they are served.
func (b *Board) line(queue string) []*entry {
	var out []*entry
	for _, e := range b.waiting {
		if e.Queue == queue {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, b.before)
	return out
}

// Place tells where a caller stands, false where the caller does not wait.
func (b *Board) Place(now time.Time, call string) (Place, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.advance(now) {
		b.match(now)
		b.touch()
	}
	e := b.entry(call)
	if e == nil {
		return Place{}, false
	}
	l := b.queues[e.Queue]
	p := Place{Queue: e.Queue, Waited: now.Sub(e.Since)}
	p.Position = slices.Index(b.line(e.Queue), e) + 1
	p.Less = l.metrics.estimate(now, p.Position)
	if e.overdue {
		p.Overflow = l.Overflow
		if strings.HasPrefix(p.Overflow, "queue ") {
			p.Overflow = "attendant" // a caller is moved once
		}
	}
	return p, true
}

// Request is what a caller who waits has asked for.
func (b *Board) Request(call string) (Request, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entry(call); e != nil {
		return e.Request, true
	}
	return Request{}, false
}

// Kept are the requests of those who wait under names that begin with prefix, in
// the order of their coming.
func (b *Board) Kept(prefix string) []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Request
	for _, e := range b.waiting {
		if strings.HasPrefix(e.Call, prefix) {
			out = append(out, e.Request)
		}
	}
	return out
}
