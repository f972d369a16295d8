// Package crmtest is the conformance suite of crm.Connector.
package crmtest

import (
	"errors"
	"testing"
	"time"

	"attendant/crm"
)

// TestConnector checks a connector that holds the customer c1 with the phone
// +15550100, the postcode 04100 and the order 12345, shipped and expected, and
// no order 99999.
func TestConnector(t *testing.T, c crm.Connector) {
	ctx := t.Context()
	o, err := c.GetOrder(ctx, "12345")
	if err != nil || o.CustomerID != "c1" || o.Status != crm.Shipped || o.Place == "" || o.Expected.IsZero() || len(o.Items) == 0 {
		t.Errorf("order 12345: %+v, %v", o, err)
	}
	if _, err := c.GetOrder(ctx, "99999"); !errors.Is(err, crm.ErrNotFound) {
		t.Errorf("order 99999: error %v, want ErrNotFound", err)
	}
	queries := []struct {
		name string
		q    crm.CustomerQuery
		want error
	}{
		{"by phone", crm.CustomerQuery{Phone: "+1 555-0100"}, nil},
		{"by order and postcode", crm.CustomerQuery{Order: "12345", Postcode: "04100"}, nil},
		{"wrong postcode", crm.CustomerQuery{Order: "12345", Postcode: "99999"}, crm.ErrNotFound},
		{"nothing", crm.CustomerQuery{}, crm.ErrAmbiguous},
	}
	for _, k := range queries {
		if got, err := c.FindCustomer(ctx, k.q); !errors.Is(err, k.want) || k.want == nil && got.ID != "c1" {
			t.Errorf("customer %s: %+v, %v; want %v", k.name, got, err, k.want)
		}
	}
	tickets(t, c)
	note := crm.CallNote{CallID: "1", Started: time.Now(), Outcome: "resolved_assumed"}
	if err := errors.Join(c.LogCall(ctx, "k", note), c.LogCall(ctx, "k", note)); err != nil {
		t.Errorf("the same call noted twice: %v", err)
	}
}

func tickets(t *testing.T, c crm.Connector) {
	ticket := crm.Ticket{Kind: "callback", Subject: "x", Phone: "+15550199", CallID: "1", Created: time.Now()}
	first, err := c.CreateTicket(t.Context(), "a", ticket)
	if err != nil || first.Number == "" {
		t.Fatalf("ticket %+v, %v", first, err)
	}
	if again, err := c.CreateTicket(t.Context(), "a", ticket); err != nil || again.Number != first.Number {
		t.Errorf("the same key gives %q, %v; want %q", again.Number, err, first.Number)
	}
	if other, err := c.CreateTicket(t.Context(), "b", ticket); err != nil || other.Number == first.Number {
		t.Errorf("another key gives %q, %v; want a new number", other.Number, err)
	}
	ticket.Phone = "+15550198"
	if _, err := c.CreateTicket(t.Context(), "a", ticket); !errors.Is(err, crm.ErrConflict) {
		t.Errorf("the same key with another phone: error %v, want ErrConflict", err)
	}
}
