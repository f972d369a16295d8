package dialog

import (
	"context"
	"errors"

	"attendant/dialog/flow"
	"attendant/media"
)

// handOver connects the caller to a human: music while the human's phone
// rings, then a plain bridge until one of them hangs up. The attendant is out
// of the audio from the moment the human answers.
func (c *call) handOver(ctx context.Context, h *flow.HandOver) flow.Result {
	r := flow.Result{Effect: h.ID, Outcome: "unavailable"}
	if c.a.Dialer == nil || c.human() == "" {
		return r
	}
	c.bridge.Disconnect(c.leg, c.ear)
	defer c.bridge.Connect(c.leg, c.ear)
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
	c.together(ctx, human)
	r.Outcome = "done"
	return r
}

// ring dials the human while the caller hears music.
func (c *call) ring(ctx context.Context) (media.Leg, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.a.RingTimeout, media.ErrNoAnswer)
	defer cancel()
	music := media.NewLoop(c.a.Music)
	c.bridge.Connect(music, c.leg)
	defer c.bridge.Disconnect(music, c.leg)
	leg, err := c.a.Dialer.Dial(ctx, c.human())
	if err != nil && errors.Is(context.Cause(ctx), media.ErrNoAnswer) {
		err = media.ErrNoAnswer
	}
	return leg, err
}

// together lets caller and human talk until one of them hangs up.
func (c *call) together(ctx context.Context, human media.Leg) {
	c.bridge.Disconnect(c.mouth.player, c.leg)
	defer c.bridge.Connect(c.mouth.player, c.leg)
	c.bridge.Connect(human, c.leg)
	c.bridge.Connect(c.leg, human)
	if c.recording != nil {
		c.bridge.Connect(human, c.recording)
		defer c.bridge.Disconnect(human, c.recording)
	}
	select {
	case <-ctx.Done():
	case <-human.Context().Done():
	}
	c.bridge.Disconnect(human, c.leg)
	c.bridge.Disconnect(c.leg, human)
	human.Hangup(media.ErrLocalHangup)
}
