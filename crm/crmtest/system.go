package crmtest

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"attendant/crm"
)

// TestSystem checks a system that serves the standard operations of the data that
// TestConnector and TestWrites need, as flows use them.
func TestSystem(t *testing.T, s crm.System) {
	t.Run("look-ups", func(t *testing.T) { lookUps(t, s) })
	t.Run("whose it is", func(t *testing.T) { others(t, s) })
	t.Run("writes", func(t *testing.T) { writes(t, s) })
	t.Run("one slot, many callers", func(t *testing.T) { slots(t, s) })
}

// call calls an operation with arguments in pairs.
func call(t *testing.T, s crm.System, key, operation string, args ...string) (map[string]string, error) {
	t.Helper()
	m := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	return s.Call(t.Context(), key, operation, m)
}

func lookUps(t *testing.T, s crm.System) {
	o, err := call(t, s, "", "get_order", "number", "12345")
	if err != nil || o["number"] != "12345" || o["status"] != "shipped" || o["place"] != "the Leipzig depot" || len(o["expected"]) != len("2006-01-02") {
		t.Errorf("order 12345: %v, %v", o, err)
	}
	for _, k := range []struct {
		name string
		args []string
		want error
	}{
		{"by order and postcode", []string{"order", "12345", "postcode", "04100"}, nil},
		{"by order and PIN", []string{"order", "12345", "pin", "2468"}, nil},
		{"by phone", []string{"phone", "+15550100"}, nil},
		{"a wrong postcode", []string{"order", "12345", "postcode", "99999"}, crm.ErrNotFound},
		{"a wrong PIN", []string{"order", "12345", "pin", "0000"}, crm.ErrNotFound},
		{"an order that does not exist", []string{"order", "99999", "postcode", "04100"}, crm.ErrNotFound},
	} {
		c, err := call(t, s, "", "find_customer", k.args...)
		is(t, "customer "+k.name, err, k.want)
		if k.want == nil && (c["customer"] != "c1" || c["first_name"] != "Ana" || c["phone"] != "+15550100") {
			t.Errorf("customer %s: %v", k.name, c)
		}
	}
	_, err = call(t, s, "", "get_order", "number", "99999")
	is(t, "no such order", err, crm.ErrNotFound)
	list, err := call(t, s, "", "list_orders", "customer", "c5")
	if err != nil || list["count"] != "2" || !strings.Contains(list["numbers"], "44613") {
		t.Errorf("orders of c5: %v, %v", list, err)
	}
	past, err := call(t, s, "", "history", "customer", "c2")
	if err != nil || past["count"] != "1" || past["outcome"] != "escalated" {
		t.Errorf("contacts with c2: %v, %v", past, err)
	}
	_, err = call(t, s, "", "fly")
	is(t, "an operation that does not exist", err, crm.ErrNotAllowed)
}

func others(t *testing.T, s crm.System) {
	_, err := call(t, s, "", "get_delivery", "customer", "c2", "number", "12345")
	is(t, "another's order", err, crm.ErrNotFound)
	d, err := call(t, s, "", "get_delivery", "customer", "c1", "number", "12345")
	if err != nil || d["items"] != "1 kettle" || d["total"] != "19.90 EUR" {
		t.Errorf("their own: %v, %v", d, err)
	}
	_, err = call(t, s, "x1", "cancel_order", "customer", "c1", "number", "30841")
	is(t, "cancel another's order", err, crm.ErrNotFound)
	is(t, "which was not done", s.Done(t.Context(), "x1", "cancel_order"), crm.ErrNotFound)
}

func writes(t *testing.T, s crm.System) {
	_, err := call(t, s, "w1", "cancel_order", "customer", "c1", "number", "12345")
	is(t, "cancel what is on its way", err, crm.ErrNotAllowed)
	if _, err = call(t, s, "w2", "cancel_order", "customer", "c8", "number", "30841"); err != nil {
		t.Errorf("cancel: %v", err)
	}
	is(t, "done", s.Done(t.Context(), "w2", "cancel_order"), nil)
	is(t, "a key that never came", s.Done(t.Context(), "w3", "cancel_order"), crm.ErrNotFound)
	r, err := call(t, s, "w4", "start_return", "customer", "c5", "number", "44613", "reason", "too loud")
	if err != nil || r["return"] == "" || len(r["until"]) != len("2006-01-02") {
		t.Errorf("return: %v, %v", r, err)
	}
	paid, err := call(t, s, "w5", "refund", "customer", "c5", "number", "44613", "amount", "12.50 EUR")
	if err != nil || paid["refund"] == "" || paid["amount"] != "12.50 EUR" {
		t.Errorf("refund: %v, %v", paid, err)
	}
	again, err := call(t, s, "w5", "refund", "customer", "c5", "number", "44613", "amount", "12.50 EUR")
	if err != nil || again["refund"] != paid["refund"] {
		t.Errorf("the same key: %v, %v; want %v", again, err, paid)
	}
	_, err = call(t, s, "w5", "refund", "customer", "c5", "number", "44613", "amount", "1.00 EUR")
	is(t, "the same key with another amount", err, crm.ErrConflict)
	_, err = call(t, s, "w6", "refund", "customer", "c5", "number", "44613", "amount", "900.00 EUR")
	is(t, "more than was paid", err, crm.ErrNotAllowed)
	ticket, err := call(t, s, "w7", "create_ticket", "kind", "callback", "subject", "x", "phone", "+15550199", "call", "1", "body", "line\nline")
	if err != nil || ticket["number"] == "" {
		t.Errorf("ticket: %v, %v", ticket, err)
	}
}

func slots(t *testing.T, s crm.System) {
	free, err := call(t, s, "", "list_slots", "service", "repair")
	if err != nil || free["slot1"] == "" || free["specialist1"] != "Karim" || len(free["start1"]) != len("2006-01-02T15:04") {
		t.Fatalf("slots: %v, %v", free, err)
	}
	_, err = call(t, s, "", "list_slots", "service", "gardening")
	is(t, "no slots", err, crm.ErrNotFound)
	var won, lost atomic.Int32
	var number atomic.Value
	var callers sync.WaitGroup
	for i := range 20 {
		callers.Go(func() {
			a, err := call(t, s, "s"+string(rune('a'+i)), "book", "slot", free["slot1"], "name", "X", "phone", "+1555")
			switch {
			case err == nil:
				won.Add(1)
				number.Store(a["appointment"])
			case errors.Is(err, crm.ErrConflict):
				lost.Add(1)
			default:
				t.Errorf("book: %v", err)
			}
		})
	}
	callers.Wait()
	if won.Load() != 1 || lost.Load() != 19 || number.Load() == "" {
		t.Errorf("%d won and %d lost, number %v; want 1 and 19", won.Load(), lost.Load(), number.Load())
	}
}

// TestLost checks what becomes of writes whose answers are lost. lose makes that
// happen to the next write, which is done, or not, before its answer is lost.
func TestLost(t *testing.T, s crm.System, lose func(done bool)) {
	for i, done := range []bool{true, false} {
		key := "lost" + string(rune('a'+i))
		args := []string{"kind", "callback", "subject", key, "phone", "+15550199"}
		lose(done)
		_, err := call(t, s, key, "create_ticket", args...)
		is(t, "an answer that is lost", err, crm.ErrUnknownOutcome)
		is(t, "what became of it", s.Done(t.Context(), key, "create_ticket"), map[bool]error{false: crm.ErrNotFound}[done])
		first, err := call(t, s, key, "create_ticket", args...)
		again, twice := call(t, s, key, "create_ticket", args...)
		if err != nil || twice != nil || first["number"] == "" || first["number"] != again["number"] {
			t.Errorf("sent again: %v, %v; %v, %v", first, err, again, twice)
		}
	}
}
