package crmtest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"attendant/crm"
)

// TestWrites checks the writes of a connector that holds, besides what
// TestConnector needs, the orders 30841 (c8, processing, one item of two),
// 44613 (c5, delivered a few days ago) and 27182 (c6, cancelled), and free slots
// of two specialists or more.
func TestWrites(t *testing.T, c crm.Connector) {
	t.Run("order", func(t *testing.T) { orders(t, c) })
	t.Run("return and refund", func(t *testing.T) { refunds(t, c) })
	t.Run("one slot, many callers", func(t *testing.T) { race(t, c) })
	t.Run("appointment", func(t *testing.T) { appointments(t, c) })
	t.Run("customer", func(t *testing.T) { customers(t, c) })
	t.Run("lead", func(t *testing.T) { leads(t, c) })
}

func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func orders(t *testing.T, c crm.Connector) {
	change := crm.OrderChange{Number: "30841", Quantity: 4}
	o, err := c.ChangeOrder(t.Context(), "o1", change)
	if err != nil || o.Items[0].Quantity != 4 || o.TotalCents < 14000 {
		t.Fatalf("changed to %+v, %v", o, err)
	}
	if again, err := c.ChangeOrder(t.Context(), "o1", change); err != nil || again.TotalCents != o.TotalCents {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	change.Quantity = 5
	_, err = c.ChangeOrder(t.Context(), "o1", change)
	is(t, "the same key with another quantity", err, crm.ErrConflict)
	is(t, "done", c.Done(t.Context(), "o1"), nil)
	is(t, "done with a key that never came", c.Done(t.Context(), "o2"), crm.ErrNotFound)
	_, err = c.ChangeOrder(t.Context(), "o3", crm.OrderChange{Number: "12345", Cancel: true})
	is(t, "an order on its way", err, crm.ErrNotAllowed)
	is(t, "a refused write", c.Done(t.Context(), "o3"), crm.ErrNotFound)
	_, err = c.ChangeOrder(t.Context(), "o4", crm.OrderChange{Number: "99999", Cancel: true})
	is(t, "no such order", err, crm.ErrNotFound)
	if o, err := c.ChangeOrder(t.Context(), "o5", crm.OrderChange{Number: "30841", Cancel: true}); err != nil || o.Status != crm.Cancelled {
		t.Errorf("cancelled: %+v, %v", o, err)
	}
}

func refunds(t *testing.T, c crm.Connector) {
	_, err := c.Refund(t.Context(), "r1", crm.Refund{Order: "44613"})
	is(t, "refund of what was not returned", err, crm.ErrNotAllowed)
	r, err := c.StartReturn(t.Context(), "r2", crm.Return{Order: "44613", Reason: "too loud"})
	if err != nil || r.Number == "" || r.Until.IsZero() {
		t.Fatalf("return %+v, %v", r, err)
	}
	_, err = c.StartReturn(t.Context(), "r3", crm.Return{Order: "12345"})
	is(t, "return of what is on its way", err, crm.ErrNotAllowed)
	first, err := c.Refund(t.Context(), "r4", crm.Refund{Order: "44613", AmountCents: 1000})
	if err != nil || first.Number == "" || first.Currency == "" {
		t.Fatalf("refund %+v, %v", first, err)
	}
	if again, err := c.Refund(t.Context(), "r4", crm.Refund{Order: "44613", AmountCents: 1000}); err != nil || again.Number != first.Number {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	rest, err := c.Refund(t.Context(), "r5", crm.Refund{Order: "44613"})
	if err != nil || rest.AmountCents != 4914-1000 {
		t.Errorf("the rest: %+v, %v", rest, err)
	}
	_, err = c.Refund(t.Context(), "r6", crm.Refund{Order: "44613", AmountCents: 1})
	is(t, "more than was paid", err, crm.ErrNotAllowed)
}

func race(t *testing.T, c crm.Connector) {
	slots, err := c.ListSlots(t.Context(), crm.SlotQuery{})
	if err != nil || len(slots) != 3 || !slots[0].Start.Before(slots[2].Start.Add(1)) {
		t.Fatalf("slots %+v, %v", slots, err)
	}
	var won, lost atomic.Int32
	var callers sync.WaitGroup
	for i := range 20 {
		callers.Go(func() {
			switch _, err := c.Book(t.Context(), "race"+string(rune('a'+i)), crm.Appointment{SlotID: slots[0].ID, Name: "X", Phone: "+1"}); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, crm.ErrConflict):
				lost.Add(1)
			default:
				t.Errorf("book: %v", err)
			}
		})
	}
	callers.Wait()
	if won.Load() != 1 || lost.Load() != 19 {
		t.Errorf("%d won and %d lost, want 1 and 19", won.Load(), lost.Load())
	}
}

func appointments(t *testing.T, c crm.Connector) {
	slots, err := c.ListSlots(t.Context(), crm.SlotQuery{Limit: 2})
	if err != nil || len(slots) != 2 {
		t.Fatal(slots, err)
	}
	a, err := c.Book(t.Context(), "a1", crm.Appointment{SlotID: slots[0].ID, CustomerID: "c1", Name: "Ana", Phone: "+15550100"})
	if err != nil || a.Number == "" || !a.Start.Equal(slots[0].Start) {
		t.Fatalf("booked %+v, %v", a, err)
	}
	_, err = c.Book(t.Context(), "a2", crm.Appointment{SlotID: "nothing"})
	is(t, "no such slot", err, crm.ErrNotFound)
	moved, err := c.Reschedule(t.Context(), "a3", a.Number, slots[1].ID)
	if err != nil || !moved.Start.Equal(slots[1].Start) {
		t.Errorf("moved %+v, %v", moved, err)
	}
	if free, err := c.ListSlots(t.Context(), crm.SlotQuery{Limit: 1}); err != nil || free[0].ID != slots[0].ID {
		t.Errorf("the first slot is not free again: %+v, %v", free, err)
	}
	found, err := c.ListAppointments(t.Context(), crm.AppointmentQuery{Number: a.Number})
	if err != nil || len(found) != 1 || found[0].CustomerID != "c1" {
		t.Errorf("found %+v, %v", found, err)
	}
	if _, err := c.Cancel(t.Context(), "a4", a.Number); err != nil {
		t.Error(err)
	}
	_, err = c.Cancel(t.Context(), "a5", a.Number)
	is(t, "cancelled twice", err, crm.ErrNotFound)
}

func customers(t *testing.T, c crm.Connector) {
	p, err := c.UpdateCustomer(t.Context(), "u1", crm.Customer{ID: "c1", Street: "9 New Street"})
	if err != nil || p.Street != "9 New Street" || p.City != "Leipzig" {
		t.Errorf("updated %+v, %v", p, err)
	}
	_, err = c.UpdateCustomer(t.Context(), "u2", crm.Customer{ID: "nobody", City: "X"})
	is(t, "no such customer", err, crm.ErrNotFound)
	is(t, "password", c.ResetPassword(t.Context(), "u3", "c1"), nil)
	is(t, "password of nobody", c.ResetPassword(t.Context(), "u4", "nobody"), crm.ErrNotFound)
	is(t, "message", c.Notify(t.Context(), "u5", crm.Message{Channel: "sms", To: "+1", Text: "x"}), nil)
	is(t, "message by pigeon", c.Notify(t.Context(), "u6", crm.Message{Channel: "pigeon", To: "+1", Text: "x"}), crm.ErrNotAllowed)
	if _, err := c.FindCustomer(t.Context(), crm.CustomerQuery{Order: "12345", PIN: "0000"}); !errors.Is(err, crm.ErrNotFound) {
		t.Errorf("wrong PIN: %v", err)
	}
}

func leads(t *testing.T, c crm.Connector) {
	l, err := c.UpsertLead(t.Context(), "l1", crm.Lead{Phone: "+1", Interest: "solar", Answers: map[string]string{"roof": "south"}})
	if err != nil || l.Number == "" {
		t.Fatal(l, err)
	}
	more, err := c.UpsertLead(t.Context(), "l2", crm.Lead{Phone: "+1", Interest: "solar", Answers: map[string]string{"use": "350 kWh"}})
	if err != nil || more.Number != l.Number || more.Answers["roof"] != "south" || more.Answers["use"] != "350 kWh" {
		t.Errorf("more of the same lead: %+v, %v", more, err)
	}
}
