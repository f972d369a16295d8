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
	"attendant/dialog/knowledge"
)

// actionPatience bounds one operation of a connector: a caller waits no longer.
const actionPatience = 5 * time.Second

// perform carries out an action or a question and returns its result.
func (c *conversation) perform(ctx context.Context, e flow.Effect) flow.Result {
	switch {
	case e.Lookup != nil:
		return c.lookUp(e.Lookup)
	case e.Consult != nil: // without a model the flow's fallback goes on
		return flow.Result{Effect: e.Consult.ID, Outcome: "unavailable"}
	case slices.ContainsFunc(own, func(o flow.Operation) bool { return o.Name == e.Act.Operation }):
		return c.noted(ctx, e.Act, c.prove)
	}
	return c.noted(ctx, e.Act, c.act)
}

// lookUp answers a question from the articles, or says that it cannot.
func (c *conversation) lookUp(l *flow.Lookup) flow.Result {
	article, ok := c.a.Knowledge.Find(l.Query, l.Article)
	if ok {
		article = c.translated(article)
	}
	held := c.a.Flows.Set().Company.Stale == "hold_back" && article.ReviewBy < c.now().Format(time.DateOnly)
	if !ok || held {
		return flow.Result{Effect: l.ID, Outcome: "unknown"}
	}
	source := "article:" + article.ID + "@" + article.Version
	for _, text := range []string{article.Answer, article.Title, article.Link} {
		c.guard.Fact(source, text)
	}
	return flow.Result{
		Effect: l.ID, Outcome: "found", Source: source,
		Data: map[string]string{"answer": article.Answer, "article": article.ID, "title": article.Title, "link": article.Link},
	}
}

// translated is the article in the caller's language, where there is one: its ID
// ends with the language.
func (c *conversation) translated(a knowledge.Article) knowledge.Article {
	spoken, _, _ := strings.Cut(c.state.Language, "-")
	if written, _, _ := strings.Cut(a.Language, "-"); written == spoken {
		return a
	}
	if other, ok := c.a.Knowledge.Find("", a.ID+"_"+spoken); ok {
		return other
	}
	return a
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
	if !d.Allowed {
		return c.refused(d, a.Operation)
	}
	data, err := c.send(ctx, a)
	r := flow.Result{Outcome: outcomeOf(err), Data: data}
	if r.Outcome == "unavailable" || r.Outcome == "unknown_outcome" {
		c.a.Log.Warn("action failed", "call", c.record.ID, "operation", a.Operation, "error", err)
	}
	c.guard.Done(a.Operation, r.Outcome)
	return r
}

// outcomeOf is an error of a connector as the outcome that flows branch by.
func outcomeOf(err error) string {
	for _, o := range []struct {
		err     error
		outcome string
	}{
		{nil, "ok"},
		{crm.ErrUnknownOutcome, "unknown_outcome"},
		{crm.ErrNotFound, "not_found"},
		{crm.ErrAmbiguous, "not_found"},
		{crm.ErrNotAllowed, "not_allowed"},
		{crm.ErrConflict, "conflict"},
	} {
		if errors.Is(err, o.err) {
			return o.outcome
		}
	}
	return "unavailable"
}

// send carries an operation out, a write at most once: its intent is committed
// before it is sent, and an unknown outcome is asked about before anything is
// sent again.
func (c *conversation) send(ctx context.Context, a *flow.Act) (map[string]string, error) {
	args := c.bound(a)
	if !c.writes(a.Operation) {
		return c.a.CRM.Call(ctx, "", a.Operation, args)
	}
	intent := Intent{Key: c.record.ID + "/" + a.ID, Call: c.record.ID, Operation: a.Operation, Args: hash(args), State: Sent}
	if err := c.a.Store.SaveIntent(ctx, intent); err != nil {
		return nil, fmt.Errorf("%w: %w", crm.ErrUnavailable, err)
	}
	data, err := c.a.CRM.Call(ctx, intent.Key, a.Operation, args)
	if errors.Is(err, crm.ErrUnknownOutcome) || errors.Is(err, context.DeadlineExceeded) {
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
		args["body"] = strings.TrimSpace(args["body"] + "\n" + c.transcript())
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
