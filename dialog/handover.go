package dialog

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/queue"
	"attendant/media"
)

// How a hand-over can end, besides with an agent: what the caller chose, or what
// is left where nobody can take the call.
const (
	endDone      = "done"      // caller and agent have talked
	endNoAnswer  = "no_answer" // nobody could take the call: the flow goes on
	endCallback  = "callback"
	endVoicemail = "voicemail"
	endReturned  = "returned"    // the caller goes on with the attendant
	endBack      = "back"        // an agent gave the caller back
	endLost      = "lost"        // the agent's line broke
	endPassed    = "passed"      // to another agent or queue
	endAway      = "transferred" // by REFER: the call goes on without us
)

// onlyFor is how long a caller who is passed on waits for that agent alone.
const onlyFor = time.Minute

// handover is the way of a caller to a human. run is that way, as one function on
// the call's goroutine; search, beside it, rings and briefs agents while the
// caller waits. What it has come to is written down at each stage.
type handover struct {
	*call
	desk  *Desk
	queue queue.Queue
	board string // the caller's name at the board

	losers   sync.WaitGroup // agents rung, until each of them is told what came of it
	answered func()         // ends the waiting

	mu  sync.Mutex // guards row, which search and the call write
	row HandOver

	flow   string // to go on with, when an agent gave the caller back
	target string // whom the agent passed the caller to
}

// handOver connects the caller to a human by the flow's wish.
func (c *call) handOver(ctx context.Context, f *flow.HandOver) flow.Result {
	if c.a.Desk == nil || c.talk.route.Human != "" || c.a.Desk.Board.Default() == "" {
		return c.toTheHuman(ctx, f)
	}
	h := c.newHandOver(f)
	outcome := h.run(ctx)
	c.comeBack = h.flow
	return flow.Result{Effect: f.ID, Outcome: outcome}
}

func (c *call) newHandOver(f *flow.HandOver) *handover {
	d := c.a.Desk
	h := &handover{call: c, desk: d, board: c.id}
	h.row = HandOver{
		ID: newID(time.Now(), random()), Call: c.id, Number: c.talk.record.Number, Queue: d.route(f.Skill), Skill: f.Skill,
		Reason: f.Reason, Language: c.talk.state.Language, Since: time.Now(),
	}
	if q := c.talk.route.Queue; q != "" && f.Skill == "" {
		if _, ok := d.Board.Queue(q); ok { // the number's own
			h.row.Queue = q
		}
	}
	if f.Priority == "high" {
		h.row.Priority = urgent
	}
	if k := c.kept; k != nil { // cut off a moment ago: the place is theirs
		h.row.Queue, h.row.Since, h.row.Priority, h.row.Skill = k.Queue, k.Since, k.Priority, k.Skill
		c.kept = nil
	}
	h.queue, _ = d.Board.Queue(h.row.Queue)
	if h.queue.Music != "" && d.Music != nil {
		if music := d.Music(h.queue.Music); len(music) > 0 {
			c.floor.bed.music.Store(media.NewLoop(music))
		}
	}
	brief := c.brief(f.Reason)
	h.row.Briefing = &brief
	return h
}

// run takes the caller to a human and returns when that is over, however it
// ends. No leg but the caller's is left.
func (h *handover) run(ctx context.Context) string {
	defer h.losers.Wait()
	defer h.close(ctx)
	if end := h.join(ctx); end != "" {
		return h.divert(ctx, end)
	}
	return h.serve(ctx)
}

// serve finds agents, one after another where that must be, for a caller who
// waits.
func (h *handover) serve(ctx context.Context) string {
	for {
		p, chosen := h.wait(ctx)
		if p == nil {
			return h.divert(ctx, chosen)
		}
		switch end := h.speakWith(ctx, p); end {
		case endLost:
			if h.queue.Lost == "attendant" {
				h.flow = ""
				return endReturned
			}
			if end := h.again(ctx, p.name, "lost"); end != "" {
				return h.divert(ctx, end)
			}
		case endPassed:
			if end := h.passOn(ctx, p.name); end != "" {
				return h.divert(ctx, end)
			}
		default:
			return end
		}
	}
}

// join enters the queue, or says what is to be done instead.
func (h *handover) join(ctx context.Context) string {
	for range 3 { // overflow from queue to queue ends somewhere
		err := h.desk.Board.Join(time.Now(), h.row.request(h.board))
		if err == nil {
			h.stage(ctx, "waiting")
			return ""
		}
		h.a.Log.Info("queue not entered", "call", h.id, "queue", h.row.Queue, "error", err)
		reason := "full"
		if errors.Is(err, queue.ErrClosed) {
			reason = "closed"
		}
		to := h.desk.Board.Overflow(h.row.Queue)
		next, other := strings.CutPrefix(to, "queue ")
		if !other {
			h.say1(ctx, reason)
			h.settle(queue.Overflowed)
			return to
		}
		h.row.Queue = next
		h.queue, _ = h.desk.Board.Queue(next)
	}
	return "attendant"
}

// wait keeps the caller company until an agent has taken the call, who is
// returned, or the caller or the queue has chosen something else.
func (h *handover) wait(ctx context.Context) (*party, string) {
	h.floor.change(func(s *scene) { s.stage, s.notes = waiting, false })
	hosting, enough := context.WithCancel(ctx)
	defer enough()
	h.answered = enough
	searching, stop := context.WithCancel(ctx)
	defer stop()
	var found *party
	var overflow string
	announce := h.queue.Announce // an agent who takes the call changes the queue
	var search sync.WaitGroup
	search.Go(func() {
		defer enough()
		found, overflow = h.search(searching)
	})
	chosen := h.host(hosting, announce)
	if chosen != "" && !h.choose(chosen) {
		chosen = "" // an agent was quicker
	}
	if chosen != "" || ctx.Err() != nil {
		stop()
	}
	search.Wait()
	switch {
	case found != nil:
		return found, ""
	case chosen != "":
		return nil, chosen
	case errors.Is(context.Cause(ctx), errTakenOver):
		h.leave(queue.Returned)
		return nil, ""
	case ctx.Err() != nil:
		h.leave(queue.Abandoned)
		return nil, ""
	}
	h.leave(queue.Overflowed)
	return nil, overflow
}

// choose ends the wait by the caller's wish. It reports false where an agent has
// taken the call in the same moment. A callback keeps the place, so it goes on
// waiting under its own name.
func (h *handover) choose(chosen string) bool {
	switch chosen {
	case endCallback:
		if !h.desk.Board.Rename(time.Now(), h.board, callbackPrefix+h.row.ID, queue.CalledBack) {
			return false
		}
		h.settle(queue.CalledBack)
		return true
	case endVoicemail:
		return h.leave(queue.Voicemail)
	}
	return h.leave(queue.Returned)
}

// leave ends the wait at the board, and notes it if this was its end.
func (h *handover) leave(o queue.Outcome) bool {
	if !h.desk.Board.Leave(time.Now(), h.board, o) {
		return false
	}
	h.settle(o)
	return true
}

func (h *handover) settle(o queue.Outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.row.Outcome = string(o)
}

// divert is what is done for a caller who does not get a human now.
func (h *handover) divert(ctx context.Context, to string) string {
	h.floor.change(func(s *scene) { s.stage = attended })
	if ctx.Err() != nil {
		return "abandoned"
	}
	switch to {
	case endCallback:
		if h.row.Outcome == string(queue.CalledBack) {
			h.stage(ctx, "callback")
			h.say1(ctx, "callback_yes")
			h.talk.finish("escalated")
			return endCallback
		}
		if h.offerCallback(ctx) {
			return endCallback
		}
		return endNoAnswer
	case endVoicemail:
		h.takeMessage(ctx)
		h.talk.finish("escalated")
		return endVoicemail
	case endReturned:
		return endReturned
	}
	h.say1(ctx, "overflow")
	return endNoAnswer
}

// offerCallback asks a caller who cannot wait whether we may call back, and
// keeps a place in the queue if so.
func (h *handover) offerCallback(ctx context.Context) bool {
	if !h.agreed(ctx) {
		return false
	}
	if err := h.desk.Board.Keep(time.Now(), h.row.request(callbackPrefix+h.row.ID)); err != nil {
		return false
	}
	h.settle(queue.CalledBack)
	h.stage(ctx, "callback")
	h.say1(ctx, "callback_yes")
	h.talk.finish("escalated")
	return true
}

// again lets a caller wait once more, in front of those who came later.
func (h *handover) again(ctx context.Context, agent, reason string) string {
	if err := h.desk.Board.Requeue(time.Now(), agent, h.row.request(h.board)); err != nil {
		h.a.Log.Warn("caller not requeued", "call", h.id, "error", err)
		return "attendant"
	}
	h.stage(ctx, "waiting")
	h.floor.change(func(s *scene) { s.stage = waiting })
	h.say1(ctx, reason)
	return ""
}

// passOn sends the caller to whom the agent named: a queue, an agent or an
// extension.
func (h *handover) passOn(ctx context.Context, from string) string {
	h.row.Skill = ""
	if q, ok := h.desk.Board.Queue(h.target); ok {
		h.row.Queue, h.queue, h.row.Since = q.Name, q, time.Now()
	}
	h.row.Only = ""
	if a, ok := h.desk.Board.Agent(h.target); ok {
		h.row.Only, h.row.OnlyUntil = a.Name, time.Now().Add(onlyFor)
	}
	return h.again(ctx, from, "moment")
}

// stage writes down what goes on and tells it: who is told finds it in the store.
func (h *handover) stage(ctx context.Context, stage string) {
	h.mu.Lock()
	h.row.Stage = stage
	row := h.row
	row.Tries = append([]Try(nil), h.row.Tries...)
	h.mu.Unlock()
	h.save(ctx, row)
	h.talk.event(Event{Kind: HandedOver, Text: stage, Agent: row.Agent, Queue: row.Queue})
}

func (h *handover) save(ctx context.Context, row HandOver) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := h.desk.Store.SaveHandOver(ctx, row); err != nil {
		h.a.Log.Error("hand-over not written down", "call", h.id, "stage", row.Stage, "error", err)
	}
}

// close ends what is still open of the hand-over.
func (h *handover) close(ctx context.Context) {
	h.leave(queue.Abandoned)
	h.floor.change(func(s *scene) { s.stage, s.notes = attended, false })
	if h.row.Stage == "callback" {
		return // goes on without this call
	}
	h.mu.Lock()
	h.row.Ended = time.Now()
	if h.row.Closed == "" {
		h.row.Closed = cause(context.Cause(h.leg.Context()))
	}
	h.mu.Unlock()
	h.stage(ctx, "ended")
	h.talk.record.HandOvers = append(h.talk.record.HandOvers, h.row)
}

// brief is what an agent is told of the call.
func (c *call) brief(reason string) Briefing {
	b := Briefing{Reason: reason}
	c.talk.describe(&b)
	return b
}

// broken reports whether a leg's audio stopped, rather than that its far end hung
// up.
func broken(leg media.Leg) bool {
	return errors.Is(context.Cause(leg.Context()), media.ErrNoMedia)
}
