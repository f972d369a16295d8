package dialog

import (
	"context"
	"errors"

	"attendant/dialog/flow"
	"attendant/media"
)

// toTheHuman connects the caller to the single human of the settings: music while the human's phone
// rings, then a plain bridge until one of them hangs up. The attendant is out
// of the audio from the moment the human answers.
func (c *call) toTheHuman(ctx context.Context, h *flow.HandOver) flow.Result {
	r := flow.Result{Effect: h.ID, Outcome: "unavailable"}
	if c.a.Dialer == nil || c.human() == "" {
		return r
	}
	c.talk.event(Event{Kind: HandedOver, Text: "ringing"})
	c.floor.change(func(s *scene) { s.stage = waiting })
	defer c.floor.change(func(s *scene) { s.stage = attended })
	human, err := c.ring(ctx)
	if err != nil {
		c.a.Log.Info("human not reached", "call", c.talk.record.ID, "error", err)
		c.talk.event(Event{Kind: HandedOver, Text: "no answer"})
		if errors.Is(err, media.ErrNoAnswer) || errors.Is(err, media.ErrBusy) {
			r.Outcome = "no_answer"
		}
		return r
	}
	c.talk.event(Event{Kind: HandedOver, Text: "connected"})
	c.talk.handed()
	c.together(ctx, c.admit(ctx, "human", "", human))
	r.Outcome = "done"
	return r
}

// ring dials the human while the caller hears music.
func (c *call) ring(ctx context.Context) (media.Leg, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.a.RingTimeout, media.ErrNoAnswer)
	defer cancel()
	leg, err := c.a.Dialer.Dial(ctx, c.human())
	if err != nil && errors.Is(context.Cause(ctx), media.ErrNoAnswer) {
		err = media.ErrNoAnswer
	}
	return leg, err
}

// together lets caller and human talk until one of them hangs up. The human's
// phone may move the call meanwhile.
func (c *call) together(ctx context.Context, human *party) {
	c.floor.change(func(s *scene) { s.agent, s.stage = human, together })
	defer func() {
		c.vacate(human)
		c.dismiss(human, media.ErrLocalHangup)
	}()
	var moving succession
	for {
		select {
		case <-ctx.Done():
			return
		case <-moving.left(human):
			if !moving.keeps(c, human) {
				return
			}
		case r := <-c.orders:
			gone := moving.gone
			was, err := moving.follow(c, r)
			if was != nil {
				human = r.party
				c.vacate(was)
				c.succeededBy(ctx, was, human)
			}
			r.done <- err
			if gone && r.Verb == stayed {
				return
			}
		}
	}
}
