package dialog

import (
	"context"
	"strings"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
	"attendant/media"
)

// Chat holds a conversation in text, as over a line of that bandwidth: next returns the caller's next line, or
// false at the end; tell is told the turns of both sides. A line of "#" and
// keys is keyed; an empty line is silence. A human cannot be reached by chat.
// The record is kept like a call's.
func (a *Attendant) Chat(ctx context.Context, line media.Bandwidth, next func() (string, bool), tell func(Turn)) error {
	began := time.Now()
	c := a.newConversation(media.Peer{Number: "chat", Codec: "text", Transport: "chat", Bandwidth: line}, func(t time.Time) time.Duration { return t.Sub(began) })
	effects := c.start()
	cause := "attendant ended the chat"
	for {
		c.reply(ctx, effects, tell)
		if c.ended() {
			break
		}
		line, ok := next()
		if !ok || ctx.Err() != nil {
			cause = "caller ended the chat"
			break
		}
		effects = c.line(ctx, strings.TrimSpace(line), tell)
	}
	c.close(cause)
	return a.Store.SaveCall(context.WithoutCancel(ctx), c.record)
}

func (c *conversation) line(ctx context.Context, line string, tell func(Turn)) []flow.Effect {
	if line == "" {
		return c.silence()
	}
	at := c.since(time.Now())
	t := callerTurn{Turn: understand.Turn{Text: line, Confidence: 1}, start: at, end: at}
	if keys, ok := strings.CutPrefix(line, "#"); ok && keys != "" {
		t.Turn = understand.Turn{Keys: keys, Confidence: 1}
	}
	effects := c.hear(ctx, t)
	tell(c.record.Turns[len(c.record.Turns)-1])
	return effects
}

// reply carries effects out in text.
func (c *conversation) reply(ctx context.Context, effects []flow.Effect, tell func(Turn)) {
	t := Turn{Side: "attendant", Start: c.since(time.Now())}
	var said []string
	for len(effects) > 0 {
		e := effects[0]
		effects = effects[1:]
		switch {
		case e.Say != nil:
			for _, s := range c.sentences(e.Say) {
				said = append(said, s.text)
				t.Sources, t.Flow, t.Step = append(t.Sources, s.sources...), s.flow, s.step
			}
		case e.HandOver != nil:
			effects = append(effects, c.result(flow.Result{Effect: e.HandOver.ID, Outcome: "unavailable"})...)
		case e.Act != nil, e.Lookup != nil, e.Consult != nil:
			effects = append(effects, c.result(c.perform(ctx, e))...)
		case e.End != nil:
			c.end(e.End.Outcome)
		}
	}
	t.Text, t.End = strings.Join(said, " "), c.since(time.Now())
	c.spoke(t)
	tell(t)
}
