package dialog

import (
	"context"
	"fmt"
	"slices"

	"attendant/dialog/queue"
	"attendant/dialog/softphone"
	"attendant/media"
)

// onPage is the address of an agent whose phone is the console's page.
const onPage = "browser"

// addresses are where an agent is dialled for this call.
func (c *call) addresses(agent queue.Agent, as softphone.As) []string {
	out := slices.Clone(agent.Addresses)
	for i, a := range out {
		if a == onPage {
			out[i] = softphone.Address(agent.Name, c.id, as)
		}
	}
	return out
}

// MayWatch reports, as an error of Order, why Watch would not let o.By into a call.
func (a *Attendant) MayWatch(id string, o Order) error {
	_, err := a.watched(id, o)
	return err
}

func (a *Attendant) watched(id string, o Order) (*call, error) {
	if o.Role != "supervisor" && o.Role != "admin" {
		return nil, fmt.Errorf("%w: %s is for supervisors", ErrRole, o.Verb)
	}
	if !slices.Contains([]Verb{Listen, Whisper, Barge}, o.Verb) {
		return nil, fmt.Errorf("%w: %q is no way to watch", ErrTarget, o.Verb)
	}
	found, ok := a.calls.Load(id)
	if !ok {
		return nil, ErrNoCall
	}
	return found.(*call), nil
}

// Watch lets a supervisor into a live call whose leg is up already, from a browser:
// o.Verb is Listen, Whisper or Barge. It returns when the leg has ended, which the
// call's end or an order to leave brings about; who was in the call by another leg
// is let go first. The order is audited like all others, and so is one that is
// refused. ErrNoCall, ErrRole, ErrTarget.
func (a *Attendant) Watch(ctx context.Context, id string, o Order, leg media.Leg) error {
	c, err := a.watched(id, o)
	if err == nil && !c.open() {
		err = ErrNoCall
	}
	a.audited(ctx, id, o, err)
	if err != nil {
		return err
	}
	if before := c.supervisor(o.By); before != nil && c.unseat(before) {
		c.dismiss(before, media.ErrLocalHangup)
	}
	m := map[Verb]mode{Listen: listening, Whisper: whispering, Barge: barging}[o.Verb]
	c.seatSupervisor(ctx, o.By, o.By, leg, m)
	c.watchers.Done()
	<-leg.Context().Done()
	return nil
}
