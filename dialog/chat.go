package dialog

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/guard"
	"attendant/dialog/understand"
	"attendant/media"
)

// Chat is a conversation in text.
type Chat struct {
	Line     media.Bandwidth // what is heard over a narrow one is read back
	Number   string          // the caller's; "chat" where empty
	Verified string          // the customer who the caller is known to be; empty is nobody
	Language string          // BCP 47; the attendant's where empty
	Heard    func() float64  // how sure a recogniser is of the last line, 0 to 1; 1 where nil
}

// Exchange is one turn of either side, with all that was decided in it.
type Exchange struct {
	Turn
	Understood []flow.Command    `json:"understood,omitempty"` // a caller's turn: what it means
	Slots      map[string]string `json:"slots,omitempty"`
	Level      string            `json:"level,omitempty"` // of identity
	Actions    []ActionRecord    `json:"actions,omitempty"`
	Guard      []GuardRecord     `json:"guard,omitempty"`
	Expects    string            `json:"expects,omitempty"` // what is asked for next
	Took       time.Duration     `json:"took"`              // from the caller's words to the end of the reply, or of understanding
	Outcome    string            `json:"outcome,omitempty"` // of the call, with the last turn
}

// Chat holds a conversation in text: next returns the caller's next line, or
// false at the end; tell is told the turns of both sides. A line of "#" and keys
// is keyed; an empty line is silence. A human cannot be reached by chat. The
// record is kept like a call's.
func (a *Attendant) Chat(ctx context.Context, o Chat, next func() (string, bool), tell func(Exchange)) error {
	began := time.Now()
	peer := media.Peer{Number: o.Number, Codec: "text", Transport: "chat", Bandwidth: o.Line}
	if peer.Number == "" {
		peer.Number = "chat"
	}
	c := a.newConversation(peer, func(t time.Time) time.Duration { return t.Sub(began) })
	if o.Language != "" {
		c.state.Language = o.Language
	}
	c.knowing <- a.know(ctx, c.record.ID, c.record.Number) // a chat has no greeting to hide it behind
	if err := c.vouched(ctx, o.Verified); err != nil {
		return err
	}
	cause := "attendant ended the chat"
	for effects := c.start(); ; {
		c.reply(ctx, effects, tell)
		if c.ended() {
			break
		}
		line, ok := next()
		if !ok || ctx.Err() != nil {
			cause = "caller ended the chat"
			break
		}
		heard := 1.0
		if o.Heard != nil {
			heard = o.Heard()
		}
		effects = c.line(ctx, strings.TrimSpace(line), heard, tell)
	}
	c.close(cause)
	return c.file(context.WithoutCancel(ctx))
}

// vouched takes a caller for a customer, as whoever starts the chat says.
func (c *conversation) vouched(ctx context.Context, customer string) error {
	if customer == "" {
		return nil
	}
	found, err := c.a.CRM.Call(ctx, "", "find_customer", map[string]string{"customer": customer})
	if err != nil {
		return fmt.Errorf("customer %s: %w", customer, err)
	}
	r := c.proved(found)
	c.guard.Vouch(found["customer"])
	c.state.Level = guard.Human
	if c.state.Results == nil {
		c.state.Results, c.state.Sources = map[string]map[string]string{}, map[string]string{}
	}
	c.state.Results["customer"], c.state.Sources["customer"] = r.Data, "caller"
	for _, v := range r.Data {
		c.guard.Fact("caller", v)
	}
	return nil
}

func (c *conversation) line(ctx context.Context, line string, heard float64, tell func(Exchange)) []flow.Effect {
	c.asked = time.Now()
	if line == "" {
		return c.silence()
	}
	at := c.since(c.asked)
	t := callerTurn{Turn: understand.Turn{Text: line, Confidence: heard}, start: at, end: at}
	if keys, ok := strings.CutPrefix(line, "#"); ok && keys != "" {
		t.Turn = understand.Turn{Keys: keys, Confidence: 1}
	}
	effects := c.hear(ctx, t)
	tell(Exchange{Turn: c.record.Turns[len(c.record.Turns)-1], Understood: c.understood, Slots: c.slots(), Took: time.Since(c.asked)})
	return effects
}

// reply carries effects out in text.
func (c *conversation) reply(ctx context.Context, effects []flow.Effect, tell func(Exchange)) {
	acts, stops := len(c.record.Actions), len(c.record.Guard)
	t := Turn{Side: "attendant", Start: c.since(time.Now())}
	var said []string
	say := func(s sentence) bool {
		said = append(said, s.text)
		t.Sources = append(t.Sources, s.sources...)
		if s.flow != "" { // what is asked between flows belongs to none
			t.Flow, t.Step = s.flow, s.step
		}
		return true
	}
	for len(effects) > 0 {
		e := effects[0]
		effects = effects[1:]
		switch {
		case e.Say != nil:
			for _, s := range c.sentences(ctx, e.Say) {
				say(s)
			}
		case e.HandOver != nil:
			effects = append(effects, c.result(flow.Result{Effect: e.HandOver.ID, Outcome: "unavailable"})...)
		case e.Act != nil, e.Lookup != nil, e.Consult != nil:
			effects = append(effects, c.result(c.perform(ctx, e, say))...)
		case e.End != nil:
			c.end(e.End.Outcome)
		}
	}
	t.Text, t.End = strings.Join(said, " "), c.since(time.Now())
	c.spoke(t)
	x := Exchange{
		Turn: t, Slots: c.slots(), Level: c.state.Level, Actions: c.record.Actions[acts:], Guard: c.record.Guard[stops:],
		Expects: c.expecting().Type, Outcome: c.record.Outcome,
	}
	if !c.asked.IsZero() {
		x.Took = time.Since(c.asked)
	}
	tell(x)
}

// slots are what is known so far, as they are now.
func (c *conversation) slots() map[string]string { return maps.Clone(c.state.Slots) }
