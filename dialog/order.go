package dialog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"attendant/dialog/queue"
)

// Verb is what an agent or supervisor has a live call do.
type Verb string

// The verbs of an agent who has the caller.
const (
	Hold           Verb = "hold"
	Resume         Verb = "resume"
	Mute           Verb = "mute"
	Unmute         Verb = "unmute"
	Consult        Verb = "consult" // Target: a colleague
	Return         Verb = "return"  // end the consultation
	Complete       Verb = "complete"
	Conference     Verb = "conference"
	Pass           Verb = "pass" // Target: an agent or queue
	Back           Verb = "back" // Target: a flow, or none
	StopRecording  Verb = "stop-recording"
	StartRecording Verb = "start-recording"
	WrapUp         Verb = "wrap-up" // Target: the code; Text: notes
)

// The verbs of a supervisor.
const (
	Listen   Verb = "listen" // rings By's phone, or sets the mode of one who is there
	Whisper  Verb = "whisper"
	Barge    Verb = "barge"
	Leave    Verb = "leave"
	TakeOver Verb = "take-over"
	HandBack Verb = "hand-back" // to the attendant
	Suggest  Verb = "suggest"   // Text: for the attendant's next reply
	Say      Verb = "say"       // Text: said to the caller
	End      Verb = "end"
)

// Order is a wish for a live call.
type Order struct {
	Verb   Verb   `json:"verb"`
	By     string `json:"by"`   // the agent's or supervisor's name
	Role   string `json:"role"` // "agent", "supervisor" or "admin", as whoever lets them in has found out
	Target string `json:"target,omitempty"`
	Text   string `json:"text,omitempty"`
}

// What Order answers.
var (
	// ErrNoCall is a call that is not going on.
	ErrNoCall = errors.New("no such call is going on")
	// ErrRole is a verb that is not By's to use.
	ErrRole = errors.New("not allowed")
	// ErrNotNow is a verb that makes no sense in what goes on.
	ErrNotNow = errors.New("not possible now")
	// ErrTarget is an agent, queue or flow that there is not.
	ErrTarget = errors.New("unknown target")
)

var (
	agentVerbs      = []Verb{Hold, Resume, Mute, Unmute, Consult, Return, Complete, Conference, Pass, Back, StopRecording, StartRecording, WrapUp}
	supervisorVerbs = []Verb{Listen, Whisper, Barge, Leave, TakeOver, HandBack, Suggest, Say, End}
)

// orderPatience bounds how long a call may take to see to an order.
const orderPatience = 5 * time.Second

// placed is an order on its way to the call's goroutine.
type placed struct {
	Order
	party *party // of the supervisor who takes over
	key   string // what the board knows the call by for them
	done  chan error
}

// Order has a live call do something, and returns when it is done. Every order is
// audited, those refused too. ErrNoCall, ErrRole, ErrNotNow, ErrTarget.
func (a *Attendant) Order(ctx context.Context, call string, o Order) error {
	err := a.order(ctx, call, o)
	a.audited(ctx, call, o, err)
	return err
}

func (a *Attendant) order(ctx context.Context, id string, o Order) error {
	supervises := o.Role == "supervisor" || o.Role == "admin"
	switch {
	case slices.Contains(supervisorVerbs, o.Verb):
		if !supervises {
			return fmt.Errorf("%w: %s is for supervisors", ErrRole, o.Verb)
		}
	case !slices.Contains(agentVerbs, o.Verb):
		return fmt.Errorf("%w: %q is no verb", ErrTarget, o.Verb)
	}
	found, ok := a.calls.Load(id)
	if !ok {
		return ErrNoCall
	}
	c := found.(*call)
	if slices.Contains(supervisorVerbs, o.Verb) && o.Verb != HandBack {
		return c.supervise(ctx, o)
	}
	if agent := c.floor.now().agent; !supervises && (agent == nil || agent.name != o.By) {
		return fmt.Errorf("%w: it is not %s who has the caller", ErrRole, o.By)
	}
	return c.place(ctx, placed{Order: o})
}

// place gives an order to the call's goroutine, which sees to orders while a
// human has the caller.
func (c *call) place(ctx context.Context, r placed) error {
	if c.floor.now().agent == nil {
		return fmt.Errorf("%w: no human has the caller", ErrNotNow)
	}
	r.done = make(chan error, 1)
	ctx, cancel := context.WithTimeout(ctx, orderPatience)
	defer cancel()
	select {
	case c.orders <- r:
		return <-r.done // the call's goroutine answers whatever it has taken
	case <-c.leg.Context().Done():
		return ErrNoCall
	case <-ctx.Done():
		return fmt.Errorf("%w: the call is busy with something else", ErrNotNow)
	}
}

// audited notes who wanted what of a call, and whether it was done.
func (a *Attendant) audited(ctx context.Context, call string, o Order, err error) {
	result := "ok"
	if err != nil {
		result = err.Error()
	}
	a.Log.Info("order", "call", call, "by", o.By, "role", o.Role, "verb", string(o.Verb), "result", result)
	if a.Desk == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	detail := o.Target
	if o.Text != "" && o.Verb != WrapUp {
		detail = o.Text
	}
	row := Audit{At: time.Now(), By: o.By, Role: o.Role, Verb: string(o.Verb), Call: call, Detail: detail, Result: result}
	if err := a.Desk.Store.NoteAudit(ctx, row); err != nil {
		a.Log.Error("order not audited", "call", call, "error", err)
	}
}

// SetAgent is an agent's choice of state: "available", "away" or "offline".
func (a *Attendant) SetAgent(name string, s queue.State) error {
	if a.Desk == nil {
		return fmt.Errorf("%w: there are no agents", ErrTarget)
	}
	return a.Desk.Board.SetState(time.Now(), name, s)
}

// FinishWrapUp ends an agent's wrap-up, with a code and notes for the hand-over.
func (a *Attendant) FinishWrapUp(ctx context.Context, agent, code, notes string) error {
	if a.Desk == nil {
		return fmt.Errorf("%w: there are no agents", ErrTarget)
	}
	var call string
	for _, s := range a.Desk.Board.Agents(time.Now()) {
		if s.Name == agent {
			call = s.Call
		}
	}
	if err := a.Desk.Board.Wrapped(time.Now(), agent, code); err != nil {
		return err
	}
	rows, err := a.Desk.Store.HandOvers(ctx, HandOverQuery{Call: call, Limit: 1})
	if err != nil || len(rows) == 0 {
		return err
	}
	rows[0].Code, rows[0].Notes = code, notes
	return a.Desk.Store.SaveHandOver(ctx, rows[0])
}

// Agents are all agents with what they do; none without a desk.
func (a *Attendant) Agents() []queue.AgentStatus {
	if a.Desk == nil {
		return nil
	}
	return a.Desk.Board.Agents(time.Now())
}

// Queues are all queues with those who wait; none without a desk.
func (a *Attendant) Queues() []queue.QueueStatus {
	if a.Desk == nil {
		return nil
	}
	return a.Desk.Board.Queues(time.Now())
}

// HandOvers are hand-overs, the newest first.
func (a *Attendant) HandOvers(ctx context.Context, q HandOverQuery) ([]HandOver, error) {
	if a.Desk == nil {
		return nil, nil
	}
	return a.Desk.Store.HandOvers(ctx, q)
}
