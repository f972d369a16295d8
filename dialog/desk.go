package dialog

import (
	"context"
	"time"

	"attendant/dialog/queue"
	"attendant/media"
)

// Desk is the people's side: agents, queues and what is kept of hand-overs.
// Without one an Attendant dials a single human. All but the marked fields are
// required; none changes after the first call.
type Desk struct {
	Board *queue.Board
	Store DeskStore
	// Music is that of a queue which names a file of its own, nil where it cannot
	// be had. Optional.
	Music func(file string) []media.Frame
	// CallBack is the address at which a caller's own number may be called back,
	// false where it may not. Optional: without it a callback becomes a ticket.
	CallBack func(number string) (address string, allowed bool)
	// Referrer transfers by REFER; optional: without it our bridge is used.
	Referrer Referrer
}

// Referrer has the far end of a leg call somebody itself. Both methods return
// when the far end tells that the other side has answered, that it has not, or
// when ctx ends: nil is an answer.
type Referrer interface {
	// Refer is a blind transfer.
	Refer(ctx context.Context, leg media.Leg, target string) error
	// ReferReplaces has leg's far end take the place of ours in the call with
	// other.
	ReferReplaces(ctx context.Context, leg, other media.Leg) error
}

// HandOver is one way of a caller to a human. It is plain data and is written
// down at each stage, so that a caller's place outlives the process.
type HandOver struct {
	ID        string    `json:"id"`
	Call      string    `json:"call"`
	Number    string    `json:"number"`
	Queue     string    `json:"queue"`
	Skill     string    `json:"skill,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Language  string    `json:"language,omitempty"`
	Priority  int       `json:"priority,omitempty"`
	Stage     string    `json:"stage"`             // waiting, briefing, introducing, together, on hold, consulting, conference, callback, ended
	Outcome   string    `json:"outcome,omitempty"` // of the wait: queue.Outcome
	Agent     string    `json:"agent,omitempty"`   // who took the call last
	Only      string    `json:"only,omitempty"`    // the agent whom the caller was passed on to
	OnlyUntil time.Time `json:"only_until,omitzero"`
	Tries     []Try     `json:"tries,omitempty"` // who was rung, and what came of it
	Since     time.Time `json:"since"`           // the wait counts from here
	Answered  time.Time `json:"answered,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	Closed    string    `json:"closed,omitempty"` // how the talk ended
	Code      string    `json:"code,omitempty"`   // of the wrap-up
	Notes     string    `json:"notes,omitempty"`
	Briefing  *Briefing `json:"briefing,omitempty"`
}

// Try is one agent who was rung.
type Try struct {
	Agent  string        `json:"agent"`
	Why    string        `json:"why"` // this agent
	At     time.Time     `json:"at"`
	Took   time.Duration `json:"took"`
	Result string        `json:"result"` // accepted, or a queue.Refusal
}

// Audit is one thing that a human had a live call do.
type Audit struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Role   string    `json:"role"`
	Verb   string    `json:"verb"`
	Call   string    `json:"call"`
	Detail string    `json:"detail,omitempty"`
	Result string    `json:"result"` // "ok", or why not
}

// DeskStore keeps hand-overs and what supervisors did. Any goroutine may call
// it; each method blocks for the store's I/O.
type DeskStore interface {
	// SaveHandOver writes a hand-over; the same ID replaces it.
	SaveHandOver(ctx context.Context, h HandOver) error
	// HandOvers returns hand-overs, the newest first.
	HandOvers(ctx context.Context, q HandOverQuery) ([]HandOver, error)
	// NoteAudit appends; Audits returns those of a call, or all of the last ones
	// where call is empty, the oldest first.
	NoteAudit(ctx context.Context, a Audit) error
	Audits(ctx context.Context, call string, limit int) ([]Audit, error)
}

// HandOverQuery chooses hand-overs. Zero fields choose all.
type HandOverQuery struct {
	Call   string
	Number string
	Open   bool      // not ended
	Since  time.Time // ended, or begun, since
	Limit  int       // 0 is 50; at most 1000
}

const (
	// placeKept is how long a caller who was cut off may have their place back.
	placeKept = 2 * time.Minute
	// urgent is added to the priority of a hand-over that the flow calls high.
	urgent = 10
)

// Tell is the board's observer: it passes what happens on to the hub.
func (a *Attendant) Tell(e queue.Event) {
	out := Event{At: e.At, Call: e.Call, Queue: e.Queue, Agent: e.Agent, Kind: QueueUpdated, Text: string(e.Kind)}
	switch e.Kind {
	case queue.AgentChanged:
		out.Kind, out.Text = AgentState, string(e.State)
	case queue.Left:
		out.Text = string(e.Outcome)
	case queue.OfferRefused:
		out.Text = string(e.Refusal)
	case queue.WrappedUp:
		out.Text = "wrapped up " + e.Code
	case queue.Joined, queue.Offered, queue.Moved, queue.Requeued, queue.TalkEnded:
	}
	a.Hub.Tell(out)
}

// route is the queue for a hand-over: one that is named like the skill or asks
// for it, else the default.
func (d *Desk) route(skill string) string {
	if skill == "" {
		return d.Board.Default()
	}
	if _, ok := d.Board.Queue(skill); ok {
		return skill
	}
	for _, q := range d.Board.Queues(time.Now()) {
		if full, _ := d.Board.Queue(q.Name); full.Skills[skill] > 0 {
			return q.Name
		}
	}
	return d.Board.Default()
}

// RunDesk lets time pass at the board and calls those back who have asked for
// it, until ctx ends and all of it has ended. Calls that a stopped process left
// open are closed first.
func (a *Attendant) RunDesk(ctx context.Context) {
	if a.Desk == nil {
		return
	}
	a.recover(ctx)
	var calling callbacks
	defer calling.Wait()
	for ctx.Err() == nil {
		changed := a.Desk.Board.Changed()
		now := time.Now()
		a.Desk.Board.Tick(now)
		a.startCallbacks(ctx, &calling)
		wake := time.NewTimer(min(a.Desk.Board.Wake(now, "").Sub(now), time.Second)) // the tiers of those called back
		select {
		case <-changed:
		case <-wake.C:
		case <-ctx.Done():
		}
		wake.Stop()
	}
}

// recover ends what a stopped process left behind: who talked is noted as cut
// off, and may have the place back; who asked for a callback waits again.
func (a *Attendant) recover(ctx context.Context) {
	open, err := a.Desk.Store.HandOvers(ctx, HandOverQuery{Open: true, Limit: 1000})
	if err != nil {
		a.Log.Error("open hand-overs not read", "error", err)
		return
	}
	for _, h := range open {
		if h.Stage == "callback" {
			if err := a.Desk.Board.Keep(time.Now(), h.request(callbackPrefix+h.ID)); err != nil {
				a.Log.Warn("callback not resumed", "call", h.Call, "error", err)
			}
			continue
		}
		h.Stage, h.Ended = "ended", time.Now()
		if h.Closed = "the program stopped"; h.Outcome == "" {
			h.Outcome = string(queue.Abandoned)
		}
		if err := a.Desk.Store.SaveHandOver(ctx, h); err != nil {
			a.Log.Error("hand-over not closed", "call", h.Call, "error", err)
		}
	}
}

// request is the hand-over's wait under the name given.
func (h *HandOver) request(name string) queue.Request {
	r := queue.Request{
		Call: name, Queue: h.Queue, Number: h.Number, Language: h.Language, Priority: h.Priority, Since: h.Since,
		Only: h.Only, OnlyUntil: h.OnlyUntil,
	}
	if h.Skill != "" && h.Skill != h.Queue {
		r.Skills = map[string]int{h.Skill: 1}
	}
	return r
}
