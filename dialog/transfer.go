package dialog

import (
	"context"
	"fmt"
	"time"

	"attendant/media"
)

// The verbs of a phone that moves its call: nobody else can give these orders.
const (
	leaving   Verb = "leaving"   // somebody is being rung in its place
	succeeded Verb = "succeeded" // somebody has its place
	stayed    Verb = "stayed"    // nobody has
)

// succession is who leaves a call by its own phone's wish, until somebody has
// taken its place: one who hangs up meanwhile has not lost the caller.
type succession struct {
	who  *party // nil where nobody leaves
	gone bool   // and has hung up
}

// Transfer has another human take the place of one, agent or colleague, whose
// phone wishes so. dial rings whoever that is, target by name; the caller hears
// music where the one who leaves hangs up meanwhile. It blocks until the place is
// taken, which is nil, or stays as it was; ctx and the call's end cancel dial.
// The leg of the one who has left is hung up by whoever calls. Any goroutine may
// call it. ErrNoCall where leg is no human's who has a caller, ErrNotNow, or
// dial's error.
func (a *Attendant) Transfer(ctx context.Context, leg media.Leg, target string, dial func(context.Context) (media.Leg, error)) error {
	c, was := a.seated(leg)
	if c == nil || !c.open() {
		return ErrNoCall
	}
	defer c.watchers.Done()
	if err := c.place(ctx, placed{Order: Order{Verb: leaving, By: was.name, Target: target}, party: was}); err != nil {
		return err
	}
	err := c.succeed(ctx, was, target, dial)
	if err != nil {
		// Where the call has ended meanwhile there is nothing left to tell.
		_ = c.place(context.WithoutCancel(ctx), placed{Order: Order{Verb: stayed, By: was.name}, party: was})
	}
	c.a.audited(ctx, c.id, Order{Verb: "transfer", By: was.name, Role: "agent", Target: target}, err)
	return err
}

// succeed rings target and gives it the place of was.
func (c *call) succeed(ctx context.Context, was *party, target string, dial func(context.Context) (media.Leg, error)) error {
	dialling, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.leg.Context(), cancel)() //nolint:contextcheck // the caller's leg is the call
	leg, err := dial(dialling)
	if err != nil {
		return err
	}
	p := c.admit(ctx, target, c.titled(target), leg)
	c.occupy(p)
	if err := c.place(ctx, placed{Order: Order{Verb: succeeded, By: was.name, Target: target}, party: p}); err != nil {
		c.vacate(p)
		c.dismiss(p, media.ErrLocalHangup)
		return err
	}
	return nil
}

// Replaced takes in that another phone has the far end of a leg: by an INVITE
// with Replaces, which the leg's own audio goes through. It changes nothing of
// who hears whom. Nothing happens where leg is no human's who has a caller.
func (a *Attendant) Replaced(ctx context.Context, leg media.Leg, by string) {
	c, was := a.seated(leg)
	if c == nil || !c.open() {
		return
	}
	defer c.watchers.Done()
	p := c.admit(ctx, by, c.titled(by), leg)
	c.occupy(p)
	err := c.place(ctx, placed{Order: Order{Verb: succeeded, By: was.name, Target: by}, party: p})
	if err != nil {
		c.vacate(p)
		c.part(p)
	}
	c.a.audited(ctx, c.id, Order{Verb: "replace", By: was.name, Role: "agent", Target: by}, err)
}

// seated finds the call in which leg is that of an agent who has the caller, or
// of a colleague.
func (a *Attendant) seated(leg media.Leg) (found *call, who *party) {
	a.calls.Range(func(_, v any) bool {
		c := v.(*call)
		s := c.floor.now()
		for _, p := range []*party{s.agent, s.guest} {
			if p != nil && p.leg == leg {
				found, who = c, p
			}
		}
		return found == nil
	})
	return found, who
}

// titled is how callers know an agent.
func (c *call) titled(name string) string {
	if c.a.Desk != nil {
		if agent, ok := c.a.Desk.Board.Agent(name); ok {
			return agent.Title
		}
	}
	return ""
}

// occupy has the board know that an agent talks. One whom the board does not
// know, or who is not to be rung now, talks all the same: their phone was rung by
// a colleague.
func (c *call) occupy(p *party) {
	if c.a.Desk == nil {
		return
	}
	key := c.id + "+" + p.name
	if c.a.Desk.Board.Take(time.Now(), p.name, key, c.talk.record.Number) == nil {
		p.call = key
	}
}

// vacate undoes occupy.
func (c *call) vacate(p *party) {
	if p.call != "" {
		c.a.Desk.Board.Release(time.Now(), p.name, p.call)
		p.call = ""
	}
}

// part ends a party whose leg goes on as another one's.
func (c *call) part(p *party) {
	p.once.Do(func() {
		c.floor.change(func(s *scene) { s.drop(p) })
		p.end()
		p.speaking.Wait()
		p.parts.Wait()
	})
}

// follow takes in an order of a phone that moves its call. It returns who has
// been succeeded, if anybody has. ErrNotNow.
func (m *succession) follow(c *call, r placed) (was *party, err error) {
	s := c.floor.now()
	switch r.Verb {
	case leaving:
		if m.who != nil || r.party == s.agent && s.guest != nil {
			return nil, fmt.Errorf("%w: another transfer goes on", ErrNotNow)
		}
		m.who = r.party
		return nil, nil
	case stayed:
		if m.who == r.party {
			*m = succession{}
		}
		return nil, nil
	case succeeded:
	default:
		return nil, fmt.Errorf("%w: %s", ErrNotNow, r.Verb)
	}
	for _, p := range []*party{s.agent, s.guest} {
		if p != nil && p.name == r.By {
			was = p
		}
	}
	if was == nil {
		return nil, fmt.Errorf("%w: %s is not there any more", ErrNotNow, r.By)
	}
	c.floor.change(func(s *scene) {
		if s.guest == was {
			s.guest = r.party
			return
		}
		s.agent, s.muted = r.party, false
		if s.stage == onHold {
			s.stage = together
		}
	})
	*m = succession{}
	return was, nil
}

// left is when who has the caller hangs up; it never is while that has been seen
// to already.
func (m *succession) left(p *party) <-chan struct{} {
	if m.who == p && m.gone {
		return nil
	}
	return p.leg.Context().Done()
}

// keeps reports whether the call goes on although p has hung up, since somebody
// is being rung in p's place. A caller whom p has had hears music.
func (m *succession) keeps(c *call, p *party) bool {
	if m.who != p {
		return false
	}
	m.gone = true
	c.floor.change(func(s *scene) {
		if s.agent == p {
			s.stage = onHold
		}
	})
	return true
}

// succeededBy lets one go who was succeeded: at once where the leg is the
// successor's, else when the phone that wished so hangs up, which whoever has
// called Transfer sees to.
func (c *call) succeededBy(ctx context.Context, was, p *party) {
	if was.leg == p.leg {
		c.part(was)
		return
	}
	c.watchers.Go(func() {
		select {
		case <-was.leg.Context().Done():
		case <-ctx.Done():
		}
		c.dismiss(was, media.ErrLocalHangup)
	})
}

// isMove reports whether an order is that of a phone that moves its call.
func isMove(v Verb) bool { return v == leaving || v == succeeded || v == stayed }
