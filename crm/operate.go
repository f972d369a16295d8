package crm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Operate makes a System of a Connector: the operations of Standard, with words
// for arguments. Moments are told in zone. An order or an appointment of somebody
// else is ErrNotFound, like one that does not exist.
func Operate(c Connector, zone *time.Location) System {
	o := &operator{Connector: c, zone: zone}
	o.calls = map[string]call{
		"find_customer": o.findCustomer, "get_order": o.getOrder, "get_delivery": o.getDelivery, "list_orders": o.listOrders,
		"change_order": o.changeOrder, "cancel_order": o.cancelOrder, "start_return": o.startReturn, "refund": o.refund,
		"update_customer": o.updateCustomer, "reset_password": o.resetPassword, "list_slots": o.listSlots, "book": o.book,
		"list_appointments": o.listAppointments, "reschedule": o.reschedule, "cancel_appointment": o.cancelAppointment,
		"create_ticket": o.createTicket, "upsert_lead": o.upsertLead, "notify": o.notify, "log_call": o.logCall, "history": o.history,
	}
	return o
}

// call carries out one operation.
type call func(ctx context.Context, key string, args map[string]string) (map[string]string, error)

// operator implements System.
type operator struct {
	Connector
	zone  *time.Location
	calls map[string]call
}

// Operations implements System.
func (o *operator) Operations() []Operation {
	return slices.DeleteFunc(Standard(), func(op Operation) bool { return o.calls[op.Name] == nil })
}

// Call implements System.
func (o *operator) Call(ctx context.Context, key, operation string, args map[string]string) (map[string]string, error) {
	do, ok := o.calls[operation]
	if !ok {
		return nil, fmt.Errorf("%w: no operation %q", ErrNotAllowed, operation)
	}
	return do(ctx, key, args)
}

// Done implements System: a key says all.
func (o *operator) Done(ctx context.Context, key, _ string) error { return o.Connector.Done(ctx, key) }

func (o *operator) findCustomer(ctx context.Context, _ string, args map[string]string) (map[string]string, error) {
	c, err := o.FindCustomer(ctx, CustomerQuery{
		ID: args["customer"], Phone: args["phone"], Email: args["email"], Order: args["order"], Postcode: args["postcode"], PIN: args["pin"],
	})
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(c.Name, " ")
	return map[string]string{
		"customer": c.ID, "name": c.Name, "first_name": first, "phone": c.Phone, "email": c.Email,
		"street": c.Street, "city": c.City, "postcode": c.Postcode, "language": c.Language,
	}, nil
}

func (o *operator) getOrder(ctx context.Context, _ string, args map[string]string) (map[string]string, error) {
	order, err := o.GetOrder(ctx, args["number"])
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"number": order.Number, "status": string(order.Status), "place": order.Place, "carrier": order.Carrier,
		"expected": day(order.Expected), "delivered": day(order.Delivered),
	}, nil
}

// own returns an order of the customer that the guard has bound; another's is
// not found.
func (o *operator) own(ctx context.Context, args map[string]string) (Order, error) {
	order, err := o.GetOrder(ctx, args["number"])
	if err == nil && (order.CustomerID != args["customer"] || order.CustomerID == "") {
		return Order{}, ErrNotFound
	}
	return order, err
}

func (o *operator) getDelivery(ctx context.Context, _ string, args map[string]string) (map[string]string, error) {
	order, err := o.own(ctx, args)
	if err != nil {
		return nil, err
	}
	who, err := o.FindCustomer(ctx, CustomerQuery{ID: order.CustomerID})
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"number": order.Number, "status": string(order.Status), "items": items(order.Items), "total": money(order.TotalCents, order.Currency),
		"name": who.Name, "street": who.Street, "city": who.City, "postcode": who.Postcode,
	}, nil
}

func (o *operator) createTicket(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	t, err := o.CreateTicket(ctx, key, Ticket{
		Kind: args["kind"], Subject: args["subject"], Body: args["body"], Phone: args["phone"],
		CustomerID: args["customer"], CallID: args["call"], Created: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	return map[string]string{"number": t.Number}, nil
}

func (o *operator) logCall(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	started, err := time.Parse(time.RFC3339, args["started"])
	if err != nil {
		return nil, fmt.Errorf("%w: started: %w", ErrNotAllowed, err)
	}
	lasted, err := time.ParseDuration(args["seconds"] + "s")
	if err != nil {
		return nil, fmt.Errorf("%w: seconds: %w", ErrNotAllowed, err)
	}
	return nil, o.LogCall(ctx, key, CallNote{
		CallID: args["call"], CustomerID: args["customer"], Phone: args["phone"], Started: started, Duration: lasted,
		Outcome: args["outcome"], Summary: args["summary"],
	})
}

func items(list []Item) string {
	var words []string
	for _, i := range list {
		words = append(words, fmt.Sprintf("%d %s", i.Quantity, i.Name))
	}
	return strings.Join(words, ", ")
}

func money(cents int64, currency string) string {
	return fmt.Sprintf("%d.%02d %s", cents/100, cents%100, currency)
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}
