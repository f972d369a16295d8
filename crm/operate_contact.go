package crm

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// moment is how moments are told.
const moment = "2006-01-02T15:04"

func (o *operator) updateCustomer(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	c, err := o.UpdateCustomer(ctx, key, Customer{
		ID: args["customer"], Street: args["street"], City: args["city"], Postcode: args["postcode"], Phone: args["phone"], Email: args["email"],
	})
	if err != nil {
		return nil, err
	}
	return map[string]string{"name": c.Name, "phone": c.Phone, "email": c.Email, "street": c.Street, "city": c.City, "postcode": c.Postcode}, nil
}

func (o *operator) resetPassword(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	return map[string]string{"sent": "email"}, o.ResetPassword(ctx, key, args["customer"])
}

// listSlots looks from "after", or on "day" from "time" on.
func (o *operator) listSlots(ctx context.Context, _ string, args map[string]string) (map[string]string, error) {
	q := SlotQuery{Service: args["service"], Specialist: args["specialist"], Limit: 3}
	if d := args["day"]; d != "" {
		from, err := time.ParseInLocation(moment, d+"T"+orElse(args["time"], "00:00"), o.zone)
		if err != nil {
			return nil, fmt.Errorf("%w: day %q, time %q", ErrNotAllowed, d, args["time"])
		}
		q.From, q.To = from, time.Date(from.Year(), from.Month(), from.Day(), 23, 59, 0, 0, o.zone)
	}
	if a := args["after"]; a != "" {
		after, err := time.ParseInLocation(moment, a, o.zone)
		if err != nil {
			return nil, fmt.Errorf("%w: after %q", ErrNotAllowed, a)
		}
		q.From = after.Add(time.Minute)
	}
	slots, err := o.ListSlots(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(slots) == 0 {
		return nil, ErrNotFound
	}
	out := map[string]string{"count": strconv.Itoa(len(slots))}
	for i, s := range slots {
		n := strconv.Itoa(i + 1)
		out["slot"+n], out["start"+n], out["specialist"+n] = s.ID, s.Start.In(o.zone).Format(moment), s.Specialist
	}
	return out, nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (o *operator) appointment(a Appointment, err error) (map[string]string, error) {
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"appointment": a.Number, "start": a.Start.In(o.zone).Format(moment), "specialist": a.Specialist, "service": a.Service,
	}, nil
}

func (o *operator) book(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	a := Appointment{SlotID: args["slot"], CustomerID: args["customer"], Name: args["name"], Phone: args["phone"], Note: args["note"]}
	if a.CustomerID != "" {
		who, err := o.FindCustomer(ctx, CustomerQuery{ID: a.CustomerID})
		if err != nil {
			return nil, err
		}
		a.Name, a.Phone = orElse(a.Name, who.Name), orElse(a.Phone, who.Phone)
	}
	return o.appointment(o.Book(ctx, key, a))
}

func (o *operator) listAppointments(ctx context.Context, _ string, args map[string]string) (map[string]string, error) {
	list, err := o.ListAppointments(ctx, AppointmentQuery{Number: args["appointment"], CustomerID: args["customer"]})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || args["customer"] == "" {
		return nil, ErrNotFound
	}
	out, err := o.appointment(list[0], nil)
	out["count"] = strconv.Itoa(len(list))
	return out, err
}

// ours tells whether an appointment is the customer's.
func (o *operator) ours(ctx context.Context, args map[string]string) error {
	_, err := o.listAppointments(ctx, "", args)
	return err
}

func (o *operator) reschedule(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	if err := o.ours(ctx, args); err != nil {
		return nil, err
	}
	return o.appointment(o.Reschedule(ctx, key, args["appointment"], args["slot"]))
}

// cancelAppointment does not ask first whose it is where it was cancelled by
// the same request: the connector knows its key.
func (o *operator) cancelAppointment(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	if err := o.ours(ctx, args); err != nil && o.Connector.Done(ctx, key) != nil {
		return nil, err
	}
	return o.appointment(o.Cancel(ctx, key, args["appointment"]))
}

// upsertLead takes arguments that it does not know for answers to questions.
func (o *operator) upsertLead(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	l := Lead{
		Name: args["name"], Phone: args["phone"], Email: args["email"], Company: args["company"], Interest: args["interest"], CallID: args["call"],
		Answers: map[string]string{},
	}
	for k, v := range args {
		if !slices.Contains([]string{"name", "phone", "email", "company", "interest", "call", "customer"}, k) {
			l.Answers[k] = v
		}
	}
	l, err := o.UpsertLead(ctx, key, l)
	return map[string]string{"number": l.Number}, err
}

func (o *operator) notify(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	err := o.Notify(ctx, key, Message{Channel: args["channel"], To: args["to"], Subject: args["subject"], Text: args["text"]})
	return map[string]string{"to": args["to"]}, err
}

func (o *operator) history(ctx context.Context, _ string, args map[string]string) (map[string]string, error) {
	notes, err := o.History(ctx, args["customer"], 5)
	if err != nil {
		return nil, err
	}
	if len(notes) == 0 {
		return nil, ErrNotFound
	}
	return map[string]string{
		"count": strconv.Itoa(len(notes)), "last": notes[0].Started.In(o.zone).Format(moment), "summary": notes[0].Summary, "outcome": notes[0].Outcome,
	}, nil
}
