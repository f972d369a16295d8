package dialog

import (
	"cmp"
	"context"
	"strings"
	"time"

	"attendant/dialog/flow"
	"attendant/speech"
)

// Route says what a call to a number is to do. Its zero value is the company's
// greeting.
type Route struct {
	Flow     string // which flow the call begins with, in the greeting's place; empty is the greeting
	Language string // BCP 47; the attendant's where empty
	Queue    string // where callers of the number wait for a human: at once, where there is no flow
	Human    string // whom callers of the number are connected to; the attendant's where empty

	Closed  bool   // outside of the number's hours: the message, then the flow or Divert, else the end
	Message string // said first
	Divert  string // who takes the call in the attendant's place
}

// Router finds the route of a number that was dialled. It is asked once a call,
// when that is answered, and must be quick.
type Router func(ctx context.Context, dialled string, at time.Time) Route

// route asks the router.
func (a *Attendant) route(dialled string, at time.Time) Route {
	if a.Router == nil {
		return Route{}
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	r := a.Router(ctx, dialled, at)
	if r.Flow != "" && a.Flows.Set().Flow(r.Flow) == nil {
		a.Log.Error("a number's flow does not exist", "flow", r.Flow)
		r.Flow = ""
	}
	return r
}

// language is the one that the call is held in.
func (c *conversation) language() string { return cmp.Or(c.route.Language, c.a.Language) }

// voice is the attendant's, in the call's language: a voice has a name within its
// own language only.
func (c *conversation) voice() speech.Voice {
	v := c.a.Voice
	own, _, _ := strings.Cut(v.Language, "-")
	if spoken, _, _ := strings.Cut(c.route.Language, "-"); spoken != "" && spoken != own {
		v.Name, v.Language = "", c.route.Language
	}
	return v
}

// human is who callers of this call's number are connected to.
func (c *call) human() string { return cmp.Or(c.talk.route.Human, c.a.Human) }

// opening is how the call begins: by the route, or by the greeting.
func (c *conversation) opening() []flow.Effect {
	var effects []flow.Effect
	if c.route.Message != "" {
		effects = append(effects, flow.Effect{Say: &flow.Say{Text: c.route.Message, Sources: []string{"number"}}})
	}
	switch {
	case c.waitsAtOnce():
		return append(effects, c.step(flow.Input{Commands: []flow.Command{{Kind: flow.Human, Confidence: 1}}})...)
	case c.route.Flow != "":
		return append(effects, c.step(flow.Input{Commands: []flow.Command{{Kind: flow.StartFlow, Flow: c.route.Flow, Confidence: 1}}})...)
	case c.route.Closed:
		c.state.Ended = true
		return append(effects, flow.Effect{End: &flow.End{Outcome: "out_of_scope_closed"}})
	}
	return append(effects, c.start()...)
}

// waitsAtOnce reports whether callers of the number wait for a human without
// talking with the attendant first.
func (c *conversation) waitsAtOnce() bool {
	if c.a.Desk == nil || c.route.Queue == "" || c.route.Flow != "" || c.route.Closed {
		return false
	}
	_, ok := c.a.Desk.Board.Queue(c.route.Queue)
	return ok
}

// divert gives the call to the human of its route. It reports false where there
// is none; who is not reached is told so.
func (c *call) divert(ctx context.Context) bool {
	to := c.talk.route.Divert
	if to == "" {
		return false
	}
	if c.talk.route.Message != "" {
		c.say(ctx, []flow.Effect{{Say: &flow.Say{Text: c.talk.route.Message, Sources: []string{"number"}}}})
	}
	c.talk.route.Human = to
	r := c.toTheHuman(ctx, &flow.HandOver{Reason: "closed"})
	if r.Outcome != "done" {
		c.talk.end("out_of_scope_closed")
		c.farewell(c.a.Apology)
	}
	return true
}
