package dialog

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"attendant/media"
)

// tape records one leg to a file of its own, off the media path.
type tape struct{ recorder *media.Recorder }

func (t *tape) left() media.Port  { return t.recorder.Left() }
func (t *tape) right() media.Port { return t.recorder.Right() }

// newTape opens a recording of that name; nil where nothing is recorded. A call
// without a recording is better than none.
func (c *call) newTape(name string) (*tape, *recording) {
	if c.a.Recordings == "" || c.unrecorded {
		return nil, nil
	}
	file, err := os.OpenFile(filepath.Join(c.a.Recordings, name), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		c.a.Log.Error("leg is not recorded", "call", c.id, "error", err)
		return nil, nil
	}
	r := &recording{file: file, seal: c.a.Seal, log: c.a.Log}
	return &tape{recorder: media.NewRecorder(r)}, r
}

// tapeName is a recording's file name.
func (a *Attendant) tapeName(name string) string {
	if a.Seal != nil {
		return name + ".wav.age"
	}
	return name + ".wav"
}

// run writes until ctx ends.
func (c *call) runTape(ctx context.Context, t *tape, r *recording) {
	defer r.close()
	if err := t.recorder.Run(ctx); err != nil {
		c.a.Log.Error("recording ended early", "call", c.id, "error", err)
	}
	c.a.Clock.Lost.Add(t.recorder.Dropped.Load())
}

// muteCard takes what held a card's number out of the recording.
func (c *call) muteCard(h heard) {
	if !h.hidden || c.file == nil || h.kind != heardEnd {
		return
	}
	now := time.Now()
	err := c.file.mute(now.Sub(h.start)+earlier, max(0, now.Sub(h.speechEnd)-muteAround), c.tape.recorder.Waiting())
	if err != nil {
		c.a.Log.Error("card number not muted in the recording", "call", c.id, "error", err)
	}
}

// earlier is what of an utterance lies before its start was noticed.
const earlier = preRoll*media.FrameDuration + muteAround

// recordParty gives a party a tape of its own.
func (c *call) recordParty(ctx context.Context, p *party) {
	name := c.nextTape(p.name)
	t, r := c.newTape(name)
	if t == nil {
		return
	}
	p.tape = t
	c.noteTape(name)
	p.parts.Go(func() { c.runTape(ctx, t, r) })
}

// consent tells the caller of the recording, or asks. Of who does not say yes
// nothing is kept.
func (c *call) consent(ctx context.Context) {
	if c.talk.record.Recording == "" {
		return
	}
	switch c.a.Consent {
	case "announce":
		c.say1(ctx, "consent")
	case "ask":
		if c.yes(ctx, c.phrase("consent_ask")) {
			c.floor.change(func(s *scene) { s.paused = false })
			return
		}
		c.unrecorded = true
		c.floor.record(nil)
		name := filepath.Join(c.a.Recordings, c.talk.record.Recording)
		c.talk.record.Recording = ""
		if err := os.Remove(name); err != nil { // still open: it is gone when that is closed
			c.a.Log.Error("recording not removed", "call", c.id, "error", err)
		}
		c.say1(ctx, "consent_no")
	}
}
