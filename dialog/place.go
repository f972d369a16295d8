package dialog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/queue"
	"attendant/media"
)

// callbackPrefix begins the names under which callers who are called back wait.
const callbackPrefix = "callback:"

// maxCallbackTries is how often somebody who does not answer is called back.
const maxCallbackTries = 3

// offerPlace offers a caller who was cut off while waiting, up to two minutes
// ago, their place in the queue. It returns nil where there is none, or the caller
// does not want it.
func (c *call) offerPlace(ctx context.Context) []flow.Effect {
	if c.a.Desk == nil || c.talk.record.Number == "" {
		return nil
	}
	reading, cancel := context.WithTimeout(ctx, time.Second)
	rows, err := c.a.Desk.Store.HandOvers(reading, HandOverQuery{Number: c.talk.record.Number, Since: time.Now().Add(-placeKept), Limit: 1})
	cancel()
	if err != nil {
		c.a.Log.Warn("lost places not read", "call", c.id, "error", err)
		return nil
	}
	if len(rows) == 0 || rows[0].Stage != "ended" || rows[0].Outcome != string(queue.Abandoned) {
		return nil
	}
	if !c.yes(ctx, c.phrase("place")) {
		return nil
	}
	c.kept = &rows[0]
	return c.talk.step(flow.Input{Commands: []flow.Command{{Kind: flow.Human, Confidence: 1}}})
}

// callbacks are the calls back that are going on.
type callbacks struct {
	sync.WaitGroup
	mu    sync.Mutex
	going map[string]bool
	tries map[string]int
}

func (g *callbacks) start(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.going == nil {
		g.going, g.tries = map[string]bool{}, map[string]int{}
	}
	if g.going[name] {
		return false
	}
	g.going[name] = true
	g.tries[name]++
	return true
}

// last reports whether no more tries are left.
func (g *callbacks) last(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tries[name] >= maxCallbackTries
}

// end lets the next try begin: what was kept for this one has been given back.
func (g *callbacks) end(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.going, name)
}

// startCallbacks calls those back for whom an agent has become free.
func (a *Attendant) startCallbacks(ctx context.Context, calling *callbacks) {
	for _, r := range a.Desk.Board.Kept(callbackPrefix) {
		offers := a.Desk.Board.Offers(time.Now(), r.Call)
		if len(offers) == 0 || !calling.start(r.Call) {
			continue
		}
		for _, o := range offers { // the agents are kept free while the caller's phone rings
			_ = a.Desk.Board.Picked(time.Now(), o.ID) // gone: the caller waits on
		}
		calling.Go(func() {
			defer calling.end(r.Call)
			err := a.callBack(ctx, r)
			if err == nil {
				return
			}
			last := calling.last(r.Call)
			a.Log.Info("not called back", "call", r.Call, "last try", last, "error", err)
			for _, o := range a.Desk.Board.Offers(time.Now(), r.Call) {
				a.Desk.Board.Refuse(time.Now(), o.ID, queue.Withdrawn)
			}
			if last {
				a.unreached(ctx, r)
			}
		})
	}
}

// callBack dials the caller's own number and, when they answer, hands them over
// with the place that they have.
func (a *Attendant) callBack(ctx context.Context, r queue.Request) error {
	row, err := a.keptRow(ctx, r.Call)
	if err != nil {
		return err
	}
	address, allowed := a.Desk.CallBack(row.Number)
	if !allowed || a.Dialer == nil {
		return fmt.Errorf("%w: calls to this number are not allowed", media.ErrUnreachable)
	}
	dialling, cancel := context.WithTimeoutCause(ctx, a.RingTimeout, media.ErrNoAnswer)
	leg, err := a.Dialer.Dial(dialling, address)
	cancel()
	if err != nil {
		return err
	}
	a.answer(ctx, leg, func(c *call, ctx context.Context) { c.calledBack(ctx, row, r) })
	return nil
}

func (a *Attendant) keptRow(ctx context.Context, name string) (HandOver, error) {
	rows, err := a.Desk.Store.HandOvers(ctx, HandOverQuery{Open: true, Limit: 1000})
	if err != nil {
		return HandOver{}, err
	}
	for _, row := range rows {
		if callbackPrefix+row.ID == name {
			return row, nil
		}
	}
	return HandOver{}, errors.New("the callback was not written down")
}

// unreached ends a callback that nobody answered.
func (a *Attendant) unreached(ctx context.Context, r queue.Request) {
	a.Desk.Board.Leave(time.Now(), r.Call, queue.Failed)
	row, err := a.keptRow(ctx, r.Call)
	if err != nil {
		a.Log.Error("callback not closed", "call", r.Call, "error", err)
		return
	}
	row.Stage, row.Outcome, row.Closed, row.Ended = "ended", string(queue.Failed), "not reached", time.Now()
	if err := a.Desk.Store.SaveHandOver(ctx, row); err != nil {
		a.Log.Error("callback not closed", "call", r.Call, "error", err)
	}
}

// calledBack is the call of somebody who is called back, from their answer on.
func (c *call) calledBack(ctx context.Context, row HandOver, r queue.Request) {
	c.talk.record.Number = row.Number
	c.talk.state.Language = row.Language
	c.say1(ctx, "called", "company", c.talk.content.Flows.Set().Company.Name)
	h := &handover{call: c, desk: c.a.Desk, board: r.Call, row: row}
	h.row.Call, h.row.Stage = c.id, "waiting"
	h.queue, _ = h.desk.Board.Queue(row.Queue)
	end := func() string {
		defer h.losers.Wait()
		defer h.close(ctx)
		return h.serve(ctx)
	}()
	if end == endDone || c.talk.ended() || ctx.Err() != nil {
		return
	}
	for effects := c.afterHandOver(flow.Result{Outcome: end}, h.flow); ; effects = c.next(ctx) {
		c.respond(ctx, effects)
		if ctx.Err() != nil || c.talk.ended() {
			return
		}
	}
}

// nextTape is the file of a further leg's recording.
func (c *call) nextTape(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tapes++
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, name)
	return c.a.tapeName(fmt.Sprintf("%s-%d-%s", c.id, c.tapes, clean))
}

// noteTape puts a recording of a further leg into the record.
func (c *call) noteTape(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talk.record.Legs = append(c.talk.record.Legs, name)
}
