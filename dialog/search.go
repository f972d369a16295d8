package dialog

import (
	"context"
	"errors"
	"sync"
	"time"

	"attendant/dialog/queue"
	"attendant/dialog/softphone"
	"attendant/media"
)

// attempt is one agent who was rung for the caller, and what came of it.
type attempt struct {
	offer queue.Offer
	party *party // who has accepted; nil where it came to nothing
}

// attempts are those that have ended. There is no bound but the number of agents.
type attempts struct {
	mu    sync.Mutex
	ended []attempt
	more  chan struct{} // has one when there is something to take
}

func (a *attempts) put(one attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = append(a.ended, one)
	select {
	case a.more <- struct{}{}:
	default: // it is known already
	}
}

func (a *attempts) take() []attempt {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.ended
	a.ended = nil
	return out
}

// search rings the agents whom the board offers until one has taken the call,
// who is returned, or the wait was too long (what the queue does then is
// returned), or ctx ends. Agents who were rung in vain are told so by then or
// soon after; run waits for that.
func (h *handover) search(ctx context.Context) (*party, string) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ends := &attempts{more: make(chan struct{}, 1)}
	rung := map[uint64]context.CancelFunc{}
	var found *party
	var overflow string
	for found == nil && overflow == "" && ctx.Err() == nil {
		changed := h.desk.Board.Changed()
		now := time.Now()
		for _, o := range h.desk.Board.Offers(now, h.board) {
			if rung[o.ID] == nil {
				one, cancel := context.WithCancel(ctx)
				rung[o.ID] = cancel
				h.losers.Go(func() { ends.put(attempt{o, h.ring(one, o)}) })
			}
		}
		for id, cancel := range rung {
			if !h.desk.Board.Stands(id) {
				cancel()
			}
		}
		if place, waits := h.desk.Board.Place(now, h.board); waits && len(rung) == 0 {
			overflow = place.Overflow
		}
		if overflow == "" {
			h.await(ctx, changed, ends.more)
			found = collect(ends, rung)
		}
	}
	stop()
	for found == nil && len(rung) > 0 { // one may have accepted in the same moment
		<-ends.more
		found = collect(ends, rung)
	}
	return found, overflow
}

// await waits until something may have changed.
func (h *handover) await(ctx context.Context, changed, more <-chan struct{}) {
	now := time.Now()
	wake := time.NewTimer(h.desk.Board.Wake(now, h.board).Sub(now))
	defer wake.Stop()
	select {
	case <-more:
	case <-changed:
	case <-wake.C:
	case <-ctx.Done():
	}
}

// collect takes in what has ended and returns who has taken the call: the board
// lets only one accept.
func collect(ends *attempts, rung map[uint64]context.CancelFunc) *party {
	var found *party
	for _, a := range ends.take() {
		rung[a.offer.ID]()
		delete(rung, a.offer.ID)
		if a.party != nil {
			found = a.party
		}
	}
	return found
}

// ring dials an agent, briefs them, and returns them if they have taken the
// call. It tells the board what came of it.
func (h *handover) ring(ctx context.Context, o queue.Offer) *party {
	agent, _ := h.desk.Board.Agent(o.Agent)
	began := time.Now()
	h.talk.event(Event{Kind: HandedOver, Text: "ringing", Agent: o.Agent, Queue: o.Queue})
	if h.referred(ctx, o, agent) {
		h.tried(o, began, "accepted")
		return &party{name: agent.Name, title: agent.Title}
	}
	leg, why := h.dial(ctx, agent, softphone.Agent)
	if leg == nil {
		h.tried(o, began, string(why))
		h.desk.Board.Refuse(time.Now(), o.ID, why)
		return nil
	}
	p := h.admit(ctx, agent.Name, agent.Title, leg)
	if h.desk.Board.Picked(time.Now(), o.ID) != nil {
		h.tried(o, began, string(queue.Withdrawn))
		h.dismiss(p, media.ErrLocalHangup)
		return nil
	}
	why = h.decide(ctx, p)
	if why == "" && h.desk.Board.Accept(time.Now(), o.ID) == nil {
		h.taken(p, o)
		h.tried(o, began, "accepted")
		return p
	}
	if why == "" || why == queue.Withdrawn {
		why = queue.Withdrawn
		h.excuse(p)
	}
	h.tried(o, began, string(why))
	h.desk.Board.Refuse(time.Now(), o.ID, why)
	h.dismiss(p, media.ErrLocalHangup)
	return nil
}

// referred has the caller's own phone call the agent, where the queue says so. It
// reports false where that is not so or has failed: our bridge is used then.
func (h *handover) referred(ctx context.Context, o queue.Offer, agent queue.Agent) bool {
	q, _ := h.desk.Board.Queue(o.Queue)
	if q.Mode != queue.Blind || h.desk.Referrer == nil || len(agent.Addresses) == 0 {
		return false
	}
	target := agent.Addresses[0]
	if q.Target != "" {
		target = q.Target
	}
	ctx, cancel := context.WithTimeout(ctx, agent.Ring)
	defer cancel()
	if err := h.desk.Referrer.Refer(ctx, h.leg, target); err != nil {
		h.a.Log.Info("transfer failed, our bridge is used", "call", h.id, "agent", agent.Name, "error", err)
		h.talk.event(Event{Kind: HandedOver, Text: "transfer failed", Agent: agent.Name, Queue: q.Name})
		return false
	}
	if h.desk.Board.Accept(time.Now(), o.ID) != nil {
		return false
	}
	h.answered()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.row.Queue, h.row.Agent, h.row.Outcome, h.row.Answered = o.Queue, o.Agent, string(queue.Answered), time.Now()
	return true
}

// dial rings an agent's phones.
func (h *handover) dial(ctx context.Context, agent queue.Agent, as softphone.As) (media.Leg, queue.Refusal) {
	dialling, cancel := context.WithTimeoutCause(ctx, agent.Ring, media.ErrNoAnswer)
	defer cancel()
	if len(agent.Addresses) == 0 || h.a.Dialer == nil {
		return nil, queue.Unreachable
	}
	leg, err := fork(dialling, &h.losers, h.a.Dialer, h.addresses(agent, as))
	switch {
	case err == nil:
		return leg, ""
	case ctx.Err() != nil:
		return nil, queue.Withdrawn
	case errors.Is(err, media.ErrDeclined):
		return nil, queue.Declined
	case errors.Is(context.Cause(dialling), media.ErrNoAnswer), errors.Is(err, media.ErrNoAnswer):
		return nil, queue.NoAnswer
	case errors.Is(err, media.ErrBusy):
		return nil, queue.IsBusy
	}
	return nil, queue.Unreachable
}

// taken connects caller and agent, at once: what can wait is done afterwards.
func (h *handover) taken(p *party, o queue.Offer) {
	q, _ := h.desk.Board.Queue(o.Queue)
	h.floor.change(func(s *scene) {
		s.drop(p)
		s.agent, s.stage, s.introducing, s.notes = p, together, q.Introduce, q.Notes
	})
	h.answered()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.call.mu.Lock()
	h.seen = q.Visible
	h.call.mu.Unlock()
	h.queue, h.row.Queue, h.row.Agent = q, o.Queue, o.Agent
	h.row.Outcome, h.row.Answered = string(queue.Answered), time.Now()
}

func (h *handover) tried(o queue.Offer, began time.Time, result string) {
	h.mu.Lock()
	h.row.Tries = append(h.row.Tries, Try{Agent: o.Agent, Why: o.Why, At: began, Took: time.Since(began), Result: result})
	h.mu.Unlock()
	if result != "accepted" {
		h.a.Log.Info("agent has not taken the call", "call", h.id, "agent", o.Agent, "result", result)
		h.talk.event(Event{Kind: HandedOver, Text: result, Agent: o.Agent, Queue: o.Queue})
	}
}

// excuse tells an agent who is too late why there is no call.
func (h *handover) excuse(p *party) {
	ctx, cancel := context.WithTimeout(p.leg.Context(), farewellPatience)
	defer cancel()
	h.floor.change(func(s *scene) { s.briefed = append(without(s.briefed, p), p) })
	name := "brief_taken"
	if h.leg.Context().Err() != nil {
		name = "brief_gone"
	}
	p.speaking.Wait()
	p.tell(ctx, phrase(h.a.Language, name))
}
