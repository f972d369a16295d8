package queue

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// What a Board answers.
var (
	// ErrUnknown is a queue, agent, call or offer that there is not.
	ErrUnknown = errors.New("unknown queue, agent or call")
	// ErrClosed is a queue outside its hours.
	ErrClosed = errors.New("queue is closed")
	// ErrFull is a queue with as many callers as it may have.
	ErrFull = errors.New("queue is full")
	// ErrGone is an offer that no longer stands: another has the caller, the
	// caller has left, or the time is up.
	ErrGone = errors.New("offer is gone")
	// ErrState is a change of state that an agent cannot make now.
	ErrState = errors.New("agent cannot change state now")
)

// State is what an agent does.
type State string

// The states. The first three are the agent's to choose.
const (
	Offline   State = "offline"
	Available State = "available"
	Away      State = "away"
	Ringing   State = "ringing"
	Busy      State = "busy"
	WrapUp    State = "wrap-up"
)

// Outcome is how a caller's wait ended: each gets exactly one.
type Outcome string

// The outcomes.
const (
	Answered   Outcome = "answered"
	Abandoned  Outcome = "abandoned"  // the caller hung up
	CalledBack Outcome = "callback"   // the caller took a callback; the place is kept under another name
	Voicemail  Outcome = "voicemail"  // the caller left a message
	Returned   Outcome = "returned"   // the caller went back to the attendant
	Overflowed Outcome = "overflowed" // the wait was too long
	Failed     Outcome = "failed"     // for our sake
)

// Refusal is why an offer came to nothing.
type Refusal string

// The refusals.
const (
	Declined    Refusal = "declined"
	IsBusy      Refusal = "busy"
	NoAnswer    Refusal = "no answer"
	Unreachable Refusal = "unreachable"
	Machine     Refusal = "voicemail"
	HungUp      Refusal = "hung up"
	Withdrawn   Refusal = "withdrawn" // another has the caller, or the caller has left
)

const (
	// again is how long an agent who refused a caller is not offered the same
	// caller again.
	again = 30 * time.Second
	// briefingTime bounds an offer from the agent's answer on, against an
	// agent who never decides.
	briefingTime = 90 * time.Second
	// ringGrace is what the offer outlives the ringing by, so that whoever rings
	// tells why it came to nothing.
	ringGrace = 5 * time.Second
	// maxMisses in a row set an agent away: nobody is there.
	maxMisses = 3
)

// Request is a caller who is to wait.
type Request struct {
	Call      string // unique among those who wait
	Queue     string
	Number    string         // the caller's; for the last agent
	Language  string         // BCP 47; any agent will do where empty
	Skills    map[string]int // required besides the queue's
	Priority  int            // added to the queue's
	Since     time.Time      // when the wait began; now where zero. A place that is kept begins earlier
	Only      string         // the one agent who may take the call, until OnlyUntil
	OnlyUntil time.Time
	Patient   bool // the queue's longest wait does not count: somebody who is called back
}

// Offer is one agent being asked to take one caller.
type Offer struct {
	ID    uint64    `json:"id"`
	Call  string    `json:"call"`
	Agent string    `json:"agent"`
	Queue string    `json:"queue"`
	Why   string    `json:"why"` // why this agent
	At    time.Time `json:"at"`

	until    time.Time
	answered bool
}

// Event is something that happened on a Board.
type Event struct {
	At      time.Time
	Kind    EventKind
	Queue   string
	Call    string
	Agent   string
	State   State   // AgentChanged
	Outcome Outcome // Left
	Refusal Refusal // OfferRefused
	Waited  time.Duration
	Talked  time.Duration // TalkEnded
	Wrapped time.Duration // WrappedUp
	Code    string        // WrappedUp
}

// EventKind is what an Event tells.
type EventKind string

// The kinds of events.
const (
	Joined       EventKind = "joined"
	Offered      EventKind = "offered"
	OfferRefused EventKind = "refused"
	Left         EventKind = "left"
	Moved        EventKind = "moved"    // to another queue
	Requeued     EventKind = "requeued" // answered, and waiting again
	AgentChanged EventKind = "agent"
	TalkEnded    EventKind = "talk ended"
	WrappedUp    EventKind = "wrapped up"
)

// Board is who waits, who is free and who is rung for whom.
type Board struct {
	observe func(Event)

	mu       sync.Mutex
	fallback string // the default queue
	queues   map[string]*line
	agents   map[string]*seat
	order    []string // agents in the order of the configuration
	waiting  []*entry // in the order of their coming
	offers   map[uint64]*Offer
	last     map[string]string // caller's number -> the agent who spoke with them last
	serial   uint64
	turn     uint64 // of round robin
	changed  chan struct{}
}

type line struct {
	Queue
	metrics metrics
	closing bool // it was taken out of the configuration: who waits in it is served
}

type seat struct {
	Agent
	state   State
	wish    State // what the agent wants to be when the call is over
	since   time.Time
	idle    time.Time // since when there was no call
	call    string    // while busy
	number  string    // of that caller
	queue   string
	until   time.Time // of wrap-up
	turn    uint64    // when last rung, for round robin
	misses  int
	refused time.Time // until when nothing is offered: just found busy
	leaving bool      // taken out of the configuration during a call
}

type entry struct {
	Request
	seq     uint64
	refused map[string]time.Time // agent -> until when not to ask again
	moved   bool                 // overflow to another queue happens once
	overdue bool
}

// New returns a board with nobody waiting. observe is told what happens, in
// order, while the board is locked: it neither blocks nor calls the board. It
// may be nil.
func New(cfg Config, now time.Time, observe func(Event)) (*Board, error) {
	if observe == nil {
		observe = func(Event) {}
	}
	b := &Board{
		observe: observe, queues: map[string]*line{}, agents: map[string]*seat{}, offers: map[uint64]*Offer{},
		last: map[string]string{}, changed: make(chan struct{}),
	}
	return b, b.Configure(now, cfg)
}

// Changed is closed at the next change. Whoever waits gets it before looking at
// the board.
func (b *Board) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// touch wakes those who wait for a change; the caller holds mu.
func (b *Board) touch() {
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *Board) tell(e Event) { b.observe(e) }

// Queue is the queue of that name.
func (b *Board) Queue(name string) (Queue, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.queues[name]
	if !ok {
		return Queue{}, false
	}
	return l.Queue, true
}

// Agent is the agent of that name or extension.
func (b *Board) Agent(name string) (Agent, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.agents[name]; ok {
		return s.Agent, true
	}
	for _, n := range b.order {
		if s := b.agents[n]; s.Extension != "" && s.Extension == name {
			return s.Agent, true
		}
	}
	return Agent{}, false
}

// AgentAt is the agent whose phone is registered under that name.
func (b *Board) AgentAt(phone string) (Agent, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.order {
		if s := b.agents[n]; slices.Contains(s.Addresses, phone) {
			return s.Agent, true
		}
	}
	return Agent{}, false
}

// Join lets a caller wait. A queue that is closed or full answers ErrClosed or
// ErrFull, and Overflow tells what the queue does then. ErrUnknown where there is
// no such queue.
func (b *Board) Join(now time.Time, r Request) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	l, ok := b.queues[r.Queue]
	switch {
	case !ok:
		return fmt.Errorf("%w: queue %q", ErrUnknown, r.Queue)
	case r.Call == "" || b.entry(r.Call) != nil || b.talks(r.Call):
		return fmt.Errorf("%w: call %q waits or talks already", ErrState, r.Call)
	case l.closing, !l.Hours.Open(now):
		return ErrClosed
	case l.MaxSize > 0 && b.length(r.Queue) >= l.MaxSize:
		return ErrFull
	}
	return b.enter(now, l, r)
}

// Keep lets somebody wait who is to be called back, whatever the queue's hours
// and size. ErrUnknown, ErrState.
func (b *Board) Keep(now time.Time, r Request) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	l, ok := b.lineOf(&r)
	if !ok || r.Call == "" || b.entry(r.Call) != nil || b.talks(r.Call) {
		return fmt.Errorf("%w: queue %q, call %q", ErrUnknown, r.Queue, r.Call)
	}
	r.Patient = true
	return b.enter(now, l, r)
}

// lineOf is the queue of a request, or the default one where it was taken out
// meanwhile: nobody who has waited is sent away for that.
func (b *Board) lineOf(r *Request) (*line, bool) {
	if b.queues[r.Queue] == nil {
		r.Queue = b.fallback
	}
	l, ok := b.queues[r.Queue]
	return l, ok
}

// enter begins a wait; the caller holds mu.
func (b *Board) enter(now time.Time, l *line, r Request) error {
	b.add(now, r)
	l.metrics.offered++
	b.tell(Event{At: now, Kind: Joined, Queue: r.Queue, Call: r.Call})
	b.match(now)
	b.touch()
	return nil
}

func (b *Board) add(now time.Time, r Request) *entry {
	if r.Since.IsZero() {
		r.Since = now
	}
	b.serial++
	e := &entry{Request: r, seq: b.serial, refused: map[string]time.Time{}}
	b.waiting = append(b.waiting, e)
	return e
}

func (b *Board) entry(call string) *entry {
	for _, e := range b.waiting {
		if e.Call == call {
			return e
		}
	}
	return nil
}

func (b *Board) talks(call string) bool {
	for _, a := range b.agents {
		if a.state == Busy && a.call == call {
			return true
		}
	}
	return false
}

func (b *Board) length(queue string) int {
	n := 0
	for _, e := range b.waiting {
		if e.Queue == queue {
			n++
		}
	}
	return n
}

// Overflow is what a queue does with a caller who cannot wait in it (any
// longer): "callback", "voicemail", "attendant" or "queue NAME".
func (b *Board) Overflow(queue string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l, ok := b.queues[queue]; ok {
		return l.Overflow
	}
	return "attendant"
}

// Leave ends a caller's wait and takes back what was offered. It reports whether
// this was the caller's outcome: false where there was another before.
func (b *Board) Leave(now time.Time, call string, o Outcome) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	e := b.entry(call)
	if e == nil {
		return false
	}
	b.settle(now, e, o)
	b.match(now)
	b.touch()
	return true
}

// settle is the one place where a wait ends; the caller holds mu.
func (b *Board) settle(now time.Time, e *entry, o Outcome) {
	b.waiting = slices.DeleteFunc(b.waiting, func(x *entry) bool { return x == e })
	for _, offer := range b.of(func(x *Offer) bool { return x.Call == e.Call }) {
		b.withdraw(now, offer, Withdrawn)
	}
	waited := now.Sub(e.Since)
	b.queues[e.Queue].metrics.left(now, o, waited, b.queues[e.Queue].ServiceGoal)
	b.tell(Event{At: now, Kind: Left, Queue: e.Queue, Call: e.Call, Outcome: o, Waited: waited})
	b.shut(e.Queue)
}

// Requeue lets a caller whose agent was lost wait again, with the wait that they
// had, so in front of those who came later. The agent is released.
func (b *Board) Requeue(now time.Time, agent string, r Request) error {
	b.Release(now, agent, r.Call)
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.lineOf(&r)
	if !ok || b.entry(r.Call) != nil || b.talks(r.Call) {
		return fmt.Errorf("%w: queue %q, call %q", ErrUnknown, r.Queue, r.Call)
	}
	e := b.add(now, r)
	if agent != "" {
		e.refused[agent] = now.Add(again)
	}
	l.metrics.offered++
	b.tell(Event{At: now, Kind: Requeued, Queue: r.Queue, Call: r.Call, Agent: agent})
	b.match(now)
	b.touch()
	return nil
}

// Rename lets a caller's place be kept under another name, by whoever calls
// back. It reports whether the caller waited; the caller's own wait then ends
// with the outcome given.
func (b *Board) Rename(now time.Time, call, to string, o Outcome) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	e := b.entry(call)
	if e == nil || b.entry(to) != nil {
		return false
	}
	r := e.Request
	r.Call, r.Patient = to, true
	kept := b.add(now, r) // first, since a queue that was taken out ends with the last who waits
	kept.seq = e.seq
	b.settle(now, e, o)
	b.match(now)
	b.touch()
	return true
}

// advance lets time pass: wrap-ups, offers and waits end. It reports whether
// anything changed; the caller holds mu.
func (b *Board) advance(now time.Time) bool {
	changed := false
	for _, name := range b.order {
		a := b.agents[name]
		if a.state == WrapUp && !now.Before(a.until) {
			b.wrapped(now, a, "")
			changed = true
		}
	}
	for _, o := range b.of(func(o *Offer) bool { return !now.Before(o.until) }) {
		b.refuse(now, o, NoAnswer)
		changed = true
	}
	for _, e := range b.waiting {
		changed = b.late(now, e) || changed
	}
	return changed
}

// late moves a caller whose wait was too long on, once, or marks the wait as
// overdue; the caller holds mu.
func (b *Board) late(now time.Time, e *entry) bool {
	l := b.queues[e.Queue]
	if e.overdue || e.Patient || l.MaxWait <= 0 || now.Sub(e.Since) < l.MaxWait {
		return false
	}
	to, other := strings.CutPrefix(l.Overflow, "queue ")
	next := b.queues[to]
	if !other || e.moved || next == nil || next.closing || !next.Hours.Open(now) || next.MaxSize > 0 && b.length(to) >= next.MaxSize {
		e.overdue = true
		return true
	}
	for _, o := range b.of(func(o *Offer) bool { return o.Call == e.Call }) {
		b.withdraw(now, o, Withdrawn)
	}
	l.metrics.left(now, Overflowed, now.Sub(e.Since), l.ServiceGoal)
	next.metrics.offered++
	e.Queue, e.moved = to, true
	b.tell(Event{At: now, Kind: Moved, Queue: to, Call: e.Call})
	b.shut(l.Name)
	return true
}
