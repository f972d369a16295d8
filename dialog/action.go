package dialog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"attendant/crm"
	"attendant/dialog/flow"
	"attendant/dialog/guard"
)

// actionPatience bounds one operation of a connector: a caller waits no longer.
const actionPatience = 5 * time.Second

// perform carries out an action or a question and returns its result. What is
// said while it is found goes to tell.
func (c *conversation) perform(ctx context.Context, e flow.Effect, tell teller) flow.Result {
	switch {
	case e.Lookup != nil:
		return c.lookUp(ctx, e.Lookup, tell)
	case e.Consult != nil:
		return c.consult(ctx, e.Consult)
	case slices.ContainsFunc(own, func(o flow.Operation) bool { return o.Name == e.Act.Operation }):
		return c.noted(ctx, e.Act, c.prove)
	}
	return c.noted(ctx, e.Act, c.act)
}

// noted carries out an action and writes it into the record.
func (c *conversation) noted(ctx context.Context, a *flow.Act, do func(context.Context, *flow.Act) flow.Result) flow.Result {
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, actionPatience)
	defer cancel()
	r := do(ctx, a)
	r.Effect, r.Source = a.ID, "action:"+a.ID
	for _, v := range r.Data {
		c.guard.Fact(r.Source, v)
	}
	done := ActionRecord{
		ID: a.ID, Operation: a.Operation, Args: a.Args, Outcome: r.Outcome, Flow: a.Flow,
		At: c.since(begin), Took: time.Since(begin),
	}
	c.record.Actions = append(c.record.Actions, done)
	c.event(Event{Kind: ActionDone, Act: &done})
	return r
}

// refused notes a decision of the guard against something.
func (c *conversation) refused(d guard.Decision, what string) flow.Result {
	c.record.Guard = append(c.record.Guard, GuardRecord{Rule: d.Rule, What: what, At: c.since(time.Now())})
	return flow.Result{Outcome: "refused"}
}

// act asks the guard, then the connector.
func (c *conversation) act(ctx context.Context, a *flow.Act) flow.Result {
	d := c.guard.Action(guard.Request{Operation: a.Operation, Args: a.Args, Confirmed: a.Confirmed, Model: a.Model})
	if err := c.decided(ctx, a, d); err != nil {
		return flow.Result{Outcome: "unavailable"}
	}
	if !d.Allowed {
		return flow.Result{Outcome: "refused"}
	}
	data, err := c.send(ctx, a)
	r := flow.Result{Outcome: outcomeOf(err), Data: data}
	if r.Outcome == "unavailable" || r.Outcome == "unknown_outcome" {
		c.a.Log.Warn("action failed", "call", c.record.ID, "operation", a.Operation, "error", err)
	}
	c.guard.Done(a.Operation, r.Outcome)
	return r
}

// outcomes are the errors of connectors as the outcomes that flows branch by.
var outcomes = []struct {
	err     error
	outcome string
}{
	{nil, "ok"},
	{crm.ErrUnknownOutcome, "unknown_outcome"},
	{crm.ErrNotFound, "not_found"},
	{crm.ErrAmbiguous, "not_found"},
	{crm.ErrNotAllowed, "not_allowed"},
	{crm.ErrConflict, "conflict"},
}

func outcomeOf(err error) string {
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.outcome
		}
	}
	return "unavailable"
}

// errorOf is the error that an outcome stands for.
func errorOf(outcome string) error {
	for _, o := range outcomes {
		if o.outcome == outcome {
			return o.err
		}
	}
	return crm.ErrUnavailable
}

// send carries an operation out, a write at most once: its intent is committed
// before it is sent, and an unknown outcome is asked about before anything is
// sent again. A call that goes on in another process finds the intent and goes on
// from it.
func (c *conversation) send(ctx context.Context, a *flow.Act) (map[string]string, error) {
	args := c.bound(a)
	if !c.writes(a.Operation) {
		return c.a.CRM.Call(ctx, "", a.Operation, args)
	}
	intent := Intent{Key: c.record.ID + "/" + a.ID, Call: c.record.ID, Operation: a.Operation, Args: hash(args), State: Sent}
	before, begun, err := c.begun(ctx, intent)
	if err != nil {
		return nil, err
	}
	if begun && before.State == Settled && before.Outcome != "ok" { // it came to nothing, and that is known
		return nil, errorOf(before.Outcome)
	}
	if err := c.a.Store.SaveIntent(ctx, intent); err != nil {
		return nil, fmt.Errorf("%w: %w", crm.ErrUnavailable, err)
	}
	var data map[string]string
	if !begun {
		data, err = c.a.CRM.Call(ctx, intent.Key, a.Operation, args)
	}
	if begun || errors.Is(err, crm.ErrUnknownOutcome) || errors.Is(err, context.DeadlineExceeded) {
		data, err = c.settle(ctx, intent.Key, a.Operation, args)
	}
	intent.State, intent.Outcome = Settled, outcomeOf(err)
	if intent.Outcome == "unknown_outcome" {
		intent.State = Unknown
	}
	if saved := c.a.Store.SaveIntent(context.WithoutCancel(ctx), intent); saved != nil {
		c.a.Log.Error("intent not settled", "call", c.record.ID, "operation", a.Operation, "error", saved)
	}
	return data, err
}

// begun finds the intent of a write that was made before, by a process that has
// gone. The same key never carries other arguments.
func (c *conversation) begun(ctx context.Context, i Intent) (Intent, bool, error) {
	rows, err := c.a.Store.Intents(ctx, i.Call)
	if err != nil {
		return Intent{}, false, fmt.Errorf("%w: %w", crm.ErrUnavailable, err)
	}
	for _, row := range rows {
		switch {
		case row.Key != i.Key:
		case row.Operation != i.Operation || row.Args != i.Args:
			return row, true, fmt.Errorf("%w: the key %s was used for something else", crm.ErrNotAllowed, i.Key)
		default:
			return row, true, nil
		}
	}
	return Intent{}, false, nil
}

// settle finds out what came of a write. Only where the system says that it was
// done, or was not, is the same key sent again: the system then answers as it
// did, or does it now.
func (c *conversation) settle(ctx context.Context, key, operation string, args map[string]string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionPatience)
	defer cancel()
	done := c.a.CRM.Done(ctx, key, operation)
	if done != nil && !errors.Is(done, crm.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", crm.ErrUnknownOutcome, done)
	}
	data, err := c.a.CRM.Call(ctx, key, operation, args)
	if err != nil && (done == nil || errors.Is(err, context.DeadlineExceeded)) {
		err = fmt.Errorf("%w: %w", crm.ErrUnknownOutcome, err) // done, but what it came to cannot be told
	}
	return data, err
}

func (c *conversation) writes(operation string) bool {
	return slices.ContainsFunc(c.a.CRM.Operations(), func(o crm.Operation) bool { return o.Name == operation && o.Writes })
}

// bound are an operation's arguments with what the session knows: whose data it
// is, and what a ticket says of the call.
func (c *conversation) bound(a *flow.Act) map[string]string {
	args := map[string]string{}
	for k, v := range a.Args {
		args[k] = v
	}
	if who := c.guard.Customer(); who != "" {
		args["customer"] = who
	}
	if a.Operation == "create_ticket" || a.Operation == "upsert_lead" {
		args["call"] = c.record.ID
	}
	if a.Operation == "create_ticket" {
		args["body"] = strings.TrimSpace(args["body"] + "\n" + c.before() + c.transcript())
	}
	return args
}

// transcript is the conversation so far, for whoever takes the ticket.
func (c *conversation) transcript() string {
	var b strings.Builder
	for _, t := range c.record.Turns {
		fmt.Fprintf(&b, "%s: %s\n", t.Side, t.Text)
	}
	return b.String()
}
