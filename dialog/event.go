package dialog

import (
	"sync"
	"sync/atomic"
	"time"
)

// Event tells listeners what happens in calls, in the order in which it
// happens.
type Event struct {
	Seq   uint64        `json:"seq"` // rising by one, since the program's start
	At    time.Time     `json:"at"`
	Call  string        `json:"call"` // the Record's ID
	Kind  EventKind     `json:"kind"`
	Turn  *Turn         `json:"turn,omitempty"`   // TurnEnded, Partial
	Info  *CallInfo     `json:"info,omitempty"`   // CallStarted
	Act   *ActionRecord `json:"action,omitempty"` // ActionDone
	Mood  *Mood         `json:"mood,omitempty"`   // SentimentChanged
	Agent string        `json:"agent,omitempty"`  // HandedOver, AgentState, QueueUpdated, Supervised
	Queue string        `json:"queue,omitempty"`  // HandedOver, QueueUpdated
	Alert AlertKind     `json:"alert,omitempty"`  // Alerted
	Text  string        `json:"text,omitempty"`   // HandedOver: how it went; CallEnded: the outcome; VendorSwitched: from whom to whom, and why
}

// EventKind is what an Event tells.
type EventKind string

// The kinds of events.
const (
	CallStarted EventKind = "call.started"
	TurnStarted EventKind = "turn.started"
	Partial     EventKind = "turn.partial"
	TurnEnded   EventKind = "turn.final"
	ActionDone  EventKind = "action.done"
	HandedOver  EventKind = "handed_over"
	CallEnded   EventKind = "call.ended"

	SentimentChanged EventKind = "sentiment.changed"

	VendorSwitched EventKind = "vendor.switched"

	QueueUpdated EventKind = "queue.updated" // Text: what happened in Queue, to Call or Agent
	AgentState   EventKind = "agent.state"   // Text: the new state
	Supervised   EventKind = "supervised"    // Text: what the supervisor Agent does
	Alerted      EventKind = "alert"         // Alert: why somebody should look; Text: what has brought it about
)

// CallInfo is what is known of a call as it starts.
type CallInfo struct {
	CallID  string    `json:"call_id"` // the signalling's
	Number  string    `json:"number"`
	Dialled string    `json:"dialled"`
	Codec   string    `json:"codec"`
	Started time.Time `json:"started"`
}

// Hub passes events on to listeners. The zero Hub is ready for use. Telling
// never blocks: a listener that has 256 events unread is cut off (its channel
// is closed) and catches up from the store.
type Hub struct {
	Dropped atomic.Uint64 // listeners cut off

	mu        sync.Mutex
	seq       uint64
	recent    []Event // the last recentEvents
	listeners map[chan Event]struct{}
}

// hubBacklog is about ten seconds of events of a busy call: enough for a
// browser on a slow line, small enough to be forgotten.
const hubBacklog = 256

// recentEvents is what a browser that lost its connection can catch up with.
const recentEvents = 512

// Tell passes e on to every listener, numbered and, where it has no time,
// stamped.
func (h *Hub) Tell(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	e.Seq = h.seq
	if e.At.IsZero() {
		e.At = time.Now()
	}
	if h.recent = append(h.recent, e); len(h.recent) > recentEvents {
		h.recent = h.recent[len(h.recent)-recentEvents:]
	}
	for c := range h.listeners {
		select {
		case c <- e:
		default:
			h.Dropped.Add(1)
			delete(h.listeners, c)
			close(c)
		}
	}
}

// Recent returns the last events told, the oldest first. Whoever listens before
// asking for them misses none, but may get some twice.
func (h *Hub) Recent() []Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Event(nil), h.recent...)
}

// Listen returns the events from now on and a function that ends listening.
// The channel is closed when the listener is too slow or has ended listening.
func (h *Hub) Listen() (<-chan Event, func()) {
	c := make(chan Event, hubBacklog)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners == nil {
		h.listeners = map[chan Event]struct{}{}
	}
	h.listeners[c] = struct{}{}
	return c, func() { h.unlisten(c) }
}

func (h *Hub) unlisten(c chan Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.listeners[c]; ok {
		delete(h.listeners, c)
		close(c)
	}
}
