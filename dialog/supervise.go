package dialog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/queue"
	"attendant/dialog/softphone"
	"attendant/media"
)

// errTakenOver interrupts the attendant: a supervisor has the caller.
var errTakenOver = errors.New("a supervisor has taken over")

// supervise sees to a supervisor's order. It runs on the goroutine of whoever
// orders, not on the call's.
func (c *call) supervise(ctx context.Context, o Order) error {
	switch o.Verb {
	case Listen, Whisper, Barge:
		return c.watchOver(ctx, o)
	case Leave:
		p := c.supervisor(o.By)
		if p == nil || !c.unseat(p) {
			return fmt.Errorf("%w: %s is not there", ErrNotNow, o.By)
		}
		c.dismiss(p, media.ErrLocalHangup)
	case TakeOver:
		return c.takeOver(ctx, o)
	case Suggest:
		return c.suggest(o)
	case Say:
		if s := c.floor.now(); s.agent != nil {
			return fmt.Errorf("%w: a human has the caller", ErrNotNow)
		}
		select {
		case c.prompts <- o.Text:
		default:
			return fmt.Errorf("%w: too much waits to be said", ErrNotNow)
		}
	case End:
		c.leg.Hangup(media.ErrLocalHangup)
	default:
		return fmt.Errorf("%w: %s", ErrNotNow, o.Verb)
	}
	return nil
}

func (c *call) supervisor(name string) *party {
	for _, p := range c.floor.now().supervisors {
		if p.name == name {
			return p
		}
	}
	return nil
}

// watchOver rings a supervisor's phone and lets them listen, or changes what one
// who is there does.
func (c *call) watchOver(ctx context.Context, o Order) error {
	m := map[Verb]mode{Listen: listening, Whisper: whispering, Barge: barging}[o.Verb]
	if p := c.supervisor(o.By); p != nil {
		c.floor.change(func(*scene) { p.mode = m })
		c.talk.event(Event{Kind: Supervised, Agent: o.By, Text: m.String()})
		return nil
	}
	if c.a.Desk == nil || c.a.Dialer == nil {
		return fmt.Errorf("%w: there are no supervisors", ErrTarget)
	}
	who, ok := c.a.Desk.Board.Agent(o.By)
	if !ok || who.Role != "supervisor" {
		return fmt.Errorf("%w: %q is no supervisor with a phone", ErrTarget, o.By)
	}
	dialling, cancel := context.WithTimeoutCause(ctx, who.Ring, media.ErrNoAnswer)
	defer cancel()
	if !c.open() {
		return ErrNoCall
	}
	defer c.watchers.Done()
	leg, err := fork(dialling, &c.watchers, c.a.Dialer, c.addresses(who, softphone.Supervisor))
	if err != nil {
		return fmt.Errorf("ring %s: %w", who.Name, err)
	}
	c.seatSupervisor(ctx, who.Name, who.Title, leg, m)
	return nil
}

// open reports whether the call still takes supervisors; if so the caller says
// c.watchers.Done when it has let one in.
func (c *call) open() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return false
	}
	c.watchers.Add(1)
	return true
}

// seatSupervisor lets a supervisor in, whose leg is up, until they leave or the
// call ends.
func (c *call) seatSupervisor(ctx context.Context, name, title string, leg media.Leg, m mode) {
	p := c.admit(ctx, name, title, leg)
	p.mode = m
	c.floor.change(func(s *scene) { s.supervisors = append(s.supervisors, p) })
	c.talk.event(Event{Kind: Supervised, Agent: name, Text: m.String()})
	c.watchers.Go(func() { c.follow(p) })
	if c.visible() {
		if agent := c.floor.now().agent; agent != nil {
			c.watchers.Go(func() { agent.tell(agent.leg.Context(), phrase(c.a.Language, "supervised")) })
		}
	}
}

// visible reports whether agents are told that a supervisor listens.
func (c *call) visible() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// unseat takes a supervisor out of those who watch. Whoever does so decides what
// becomes of them; it reports false where somebody else has.
func (c *call) unseat(p *party) bool {
	found := false
	c.floor.change(func(s *scene) {
		found = slices.Contains(s.supervisors, p)
		s.supervisors = without(s.supervisors, p)
	})
	return found
}

// follow sees to a supervisor's keys until they leave or the call ends: 1
// listen, 2 whisper, 3 barge, 4 take over, 5 hand back, 6 end the call.
func (c *call) follow(p *party) {
	for {
		select {
		case <-p.leg.Context().Done():
			if c.unseat(p) {
				c.dismiss(p, media.ErrLocalHangup)
				c.talk.event(Event{Kind: Supervised, Agent: p.name, Text: "left"})
			}
			return
		case <-p.moved: // the caller is theirs: their keys are an agent's
			return
		case <-c.leg.Context().Done():
			if c.unseat(p) {
				c.dismiss(p, media.ErrLocalHangup)
			}
			return
		case d := <-p.leg.Digits():
			verb, ok := map[byte]Verb{'1': Listen, '2': Whisper, '3': Barge, '4': TakeOver, '5': HandBack, '6': End, '0': Leave}[d.Key]
			if !ok {
				continue
			}
			ctx, cancel := context.WithTimeout(p.leg.Context(), orderPatience)
			err := c.a.Order(ctx, c.id, Order{Verb: verb, By: p.name, Role: "supervisor"})
			cancel()
			if err != nil {
				c.a.Log.Info("supervisor's key not carried out", "call", c.id, "error", err)
			}
		}
	}
}

// takeOver gives the caller to a supervisor who is on the line: from an agent, or
// from the attendant, who is interrupted.
func (c *call) takeOver(ctx context.Context, o Order) error {
	p := c.supervisor(o.By)
	if p == nil {
		return fmt.Errorf("%w: %s is not on the line: listen first", ErrNotNow, o.By)
	}
	if c.a.Desk == nil {
		return fmt.Errorf("%w: there are no agents", ErrNotNow)
	}
	key := c.id + "+" + p.name
	// Whoever is no agent, an administrator, is not on the board and may take over all the same.
	if err := c.a.Desk.Board.Take(time.Now(), p.name, key, c.talk.record.Number); err != nil && !errors.Is(err, queue.ErrUnknown) {
		return fmt.Errorf("%w: %w", ErrNotNow, err)
	}
	if c.floor.now().agent != nil {
		err := c.place(ctx, placed{Order: o, party: p, key: key})
		if err != nil {
			c.a.Desk.Board.Release(time.Now(), p.name, key)
		}
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.interrupt == nil || c.over || c.taker != nil || !c.unseat(p) {
		c.a.Desk.Board.Release(time.Now(), p.name, key)
		return ErrNotNow
	}
	p.call = key
	close(p.moved)
	c.taker = p
	c.interrupt(errTakenOver)
	return nil
}

// takenOver lets a supervisor who has interrupted the attendant talk with the
// caller, and returns what follows.
func (c *call) takenOver(ctx context.Context) []flow.Effect {
	c.mu.Lock()
	p := c.taker
	c.taker = nil
	c.mu.Unlock()
	h := c.newHandOver(&flow.HandOver{Reason: "taken over"})
	h.row.Agent, h.row.Answered, h.row.Outcome = p.name, time.Now(), "taken over"
	c.floor.change(func(s *scene) { s.agent, s.stage = p, together })
	key := p.call
	end := h.speakTaken(ctx, p, key)
	return c.afterHandOver(flow.Result{Outcome: end}, h.flow)
}

// speakTaken is speakWith for a supervisor, whom the board knows by another name.
func (h *handover) speakTaken(ctx context.Context, p *party, key string) string {
	defer h.losers.Wait()
	defer h.close(ctx)
	h.board = key
	end := h.speakWith(ctx, p)
	if end == endLost || end == endPassed {
		return endReturned
	}
	return end
}

// suggest keeps what a supervisor wants the attendant to bring up in its next
// reply, under the guard like all that it says.
func (c *call) suggest(o Order) error {
	if c.floor.now().agent != nil {
		return fmt.Errorf("%w: a human has the caller", ErrNotNow)
	}
	text := strings.TrimSpace(o.Text)
	if text == "" || len(text) > 300 {
		return fmt.Errorf("%w: a suggestion has 1 to 300 characters", ErrTarget)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.whispers = append(c.whispers, suggestion{by: o.By, text: text})
	return nil
}

// suggestion is a supervisor's whisper to the attendant.
type suggestion struct{ by, text string }

// suggested are the effects of what supervisors have whispered since the last
// reply: each becomes a sentence that is backed by the supervisor, and is written
// down as such.
func (c *call) suggested() []flow.Effect {
	c.mu.Lock()
	list := c.whispers
	c.whispers = nil
	c.mu.Unlock()
	var out []flow.Effect
	for _, s := range list {
		source := "supervisor:" + s.by
		text := worded(s.text)
		c.talk.guard.Fact(source, text)
		out = append(out, flow.Effect{Say: &flow.Say{Text: text, Sources: []string{source}, Model: true}})
	}
	return out
}

// worded makes a sentence of a supervisor's note.
func worded(text string) string {
	low := strings.ToLower(text)
	for _, lead := range []struct{ begins, becomes string }{
		{"offer ", "I can offer you "}, {"tell them ", ""}, {"tell the caller ", ""}, {"say ", ""}, {"mention ", "You may like to know: "}, {"ask for ", "May I have "},
	} {
		if strings.HasPrefix(low, lead.begins) {
			text = lead.becomes + text[len(lead.begins):]
			break
		}
	}
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.ContainsAny(text[len(text)-1:], ".?!") {
		text += "."
	}
	return text
}

// dismissSupervisors lets those who watch go at the call's end.
func (c *call) dismissSupervisors() {
	c.mu.Lock()
	c.over = true
	taker := c.taker
	c.mu.Unlock()
	if taker != nil { // who took over in the moment in which the call ended
		c.a.Desk.Board.Release(time.Now(), taker.name, taker.call)
		c.dismiss(taker, media.ErrLocalHangup)
	}
	dismiss := func() {
		for _, p := range c.floor.now().supervisors {
			if c.unseat(p) {
				c.dismiss(p, media.ErrLocalHangup)
			}
		}
	}
	dismiss()
	c.watchers.Wait()
	dismiss() // who was let in at the last moment
}
