package dialog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"attendant/crm"
	"attendant/dialog/flow"
	"attendant/dialog/guard"
)

// actionPatience bounds one operation of a connector: a caller waits no longer.
const actionPatience = 5 * time.Second

// Operations are the connector operations that flows may use.
func Operations() []string { return []string{"get_order", "get_delivery", "create_ticket"} }

// perform carries out an action or a question and returns its result.
func (c *conversation) perform(ctx context.Context, e flow.Effect) flow.Result {
	if e.Lookup != nil {
		return c.lookUp(e.Lookup)
	}
	return c.act(ctx, e.Act)
}

// lookUp answers a question from the articles, or says that it cannot.
func (c *conversation) lookUp(l *flow.Lookup) flow.Result {
	article, ok := c.a.Knowledge.Find(l.Query, l.Article)
	if !ok {
		return flow.Result{Effect: l.ID, Outcome: "unknown"}
	}
	source := "article:" + article.ID + "@" + article.Version
	c.guard.Fact(source, article.Answer)
	return flow.Result{
		Effect: l.ID, Outcome: "found", Source: source,
		Data: map[string]string{"answer": article.Answer, "article": article.ID, "link": article.Link},
	}
}

// act asks the guard, then the connector.
func (c *conversation) act(ctx context.Context, a *flow.Act) flow.Result {
	begin := time.Now()
	r := flow.Result{Effect: a.ID, Source: "action:" + a.ID}
	if d := c.guard.Action(guard.Request{Operation: a.Operation, Args: a.Args}); !d.Allowed {
		c.record.Guard = append(c.record.Guard, GuardRecord{Rule: d.Rule, What: a.Operation, At: c.since(begin)})
		r.Outcome = "refused"
	} else {
		ctx, cancel := context.WithTimeout(ctx, actionPatience)
		defer cancel()
		r.Outcome, r.Data = c.operate(ctx, a)
		c.guard.Done(a.Operation, r.Outcome)
	}
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

// operate maps an operation onto the connector.
func (c *conversation) operate(ctx context.Context, a *flow.Act) (outcome string, data map[string]string) {
	var err error
	switch a.Operation {
	case "get_order":
		data, err = c.order(ctx, a.Args["number"])
	case "get_delivery":
		data, err = c.delivery(ctx, a.Args["number"], a.Args["postcode"])
	case "create_ticket":
		data, err = c.ticket(ctx, a)
	default:
		err = fmt.Errorf("unknown operation %q", a.Operation)
	}
	switch {
	case err == nil:
		return "ok", data
	case errors.Is(err, crm.ErrNotFound), errors.Is(err, crm.ErrAmbiguous):
		return "not_found", nil
	}
	c.a.Log.Warn("action failed", "call", c.record.ID, "operation", a.Operation, "error", err)
	return "unavailable", nil
}

func (c *conversation) order(ctx context.Context, number string) (map[string]string, error) {
	o, err := c.a.CRM.GetOrder(ctx, number)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"number": o.Number, "status": string(o.Status), "place": o.Place, "carrier": o.Carrier,
		"expected": day(o.Expected), "delivered": day(o.Delivered),
	}, nil
}

// delivery reveals customer data: only to who knows both the order's number
// and the postcode that it goes to.
func (c *conversation) delivery(ctx context.Context, number, postcode string) (map[string]string, error) {
	who, err := c.a.CRM.FindCustomer(ctx, crm.CustomerQuery{Order: number, Postcode: postcode})
	if err != nil {
		return nil, err
	}
	o, err := c.a.CRM.GetOrder(ctx, number)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"number": o.Number, "items": items(o.Items), "street": who.Street, "city": who.City, "name": who.Name,
	}, nil
}

func (c *conversation) ticket(ctx context.Context, a *flow.Act) (map[string]string, error) {
	t, err := c.a.CRM.CreateTicket(ctx, c.record.ID+"/"+a.ID, crm.Ticket{
		Kind: a.Args["kind"], Subject: a.Args["subject"], Body: c.transcript(), Phone: a.Args["phone"],
		CallID: c.record.ID, Created: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	return map[string]string{"number": t.Number}, nil
}

// transcript is the conversation so far, for whoever takes the ticket.
func (c *conversation) transcript() string {
	var b strings.Builder
	for _, t := range c.record.Turns {
		fmt.Fprintf(&b, "%s: %s\n", t.Side, t.Text)
	}
	return b.String()
}

func items(list []crm.Item) string {
	var words []string
	for _, i := range list {
		words = append(words, fmt.Sprintf("%d %s", i.Quantity, i.Name))
	}
	return strings.Join(words, ", ")
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}
