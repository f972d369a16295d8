package dialog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"attendant/crm"
	"attendant/dialog/flow"
	"attendant/dialog/guard"
)

// moody is a system that pays back, and fails in any way at any time: before or
// after the work, with or without an answer to the question what was done.
type moody struct {
	faults *rand.Rand
	paid   map[string]bool // by key
	times  int
	works  bool // it never refuses, only its answers get lost
}

func (m *moody) Operations() []crm.Operation {
	return []crm.Operation{{Name: "refund", Args: []string{"number", "amount"}, Risk: crm.Irreversible, Writes: true}}
}

func (m *moody) Call(_ context.Context, key, _ string, _ map[string]string) (map[string]string, error) {
	switch fault := m.faults.IntN(4); {
	case fault == 0 && !m.works:
		return nil, crm.ErrUnavailable
	case fault == 1:
		return nil, fmt.Errorf("%w: timed out before the work", crm.ErrUnknownOutcome)
	}
	if !m.paid[key] {
		m.paid[key] = true
		m.times++
	}
	if m.faults.IntN(2) == 0 {
		return nil, fmt.Errorf("%w: timed out after the work", crm.ErrUnknownOutcome)
	}
	return map[string]string{"refund": "1"}, nil
}

func (m *moody) Done(_ context.Context, key, _ string) error {
	switch {
	case m.faults.IntN(3) == 0:
		return crm.ErrUnavailable
	case !m.paid[key]:
		return crm.ErrNotFound
	}
	return nil
}

// rows is a store of intents.
type rows struct {
	Store
	intents   map[string]Intent
	decisions []AuditRow
	dies      func() bool // the process ends as it is about to write; optional
}

func (r *rows) Intents(context.Context, string) ([]Intent, error) {
	return slices.Collect(maps.Values(r.intents)), nil
}

func (r *rows) NoteDecision(_ context.Context, row AuditRow) error {
	r.decisions = append(r.decisions, row)
	return nil
}

func (r *rows) Unanswered(context.Context, int) ([]Record, error) { return nil, nil }
func (r *rows) SaveIntent(_ context.Context, i Intent) error {
	if r.dies != nil && r.dies() {
		panic(errDied)
	}
	r.intents[i.Key] = i
	return nil
}

// errDied is the end of a process in the middle of its work.
var errDied = errors.New("the process has died")

// refunding is a conversation that may pay back, in a process of its own.
func refunding(call string, m *moody, store *rows) *conversation {
	c := &conversation{a: &Attendant{CRM: m, Store: store, Hub: &Hub{}, Log: slog.New(slog.DiscardHandler)}, record: &Record{ID: call}}
	c.guard = guard.Policy{Operations: map[string]guard.Risk{"refund": guard.Irreversible}}.Session(nil, "")
	c.guard.Verify("c1")
	return c
}

// refund asks for the same refund of a call; it reports whether the process
// lived to tell.
func refund(t *testing.T, c *conversation) (r flow.Result, lived bool) {
	t.Helper()
	defer func() {
		if died := recover(); died != nil && died != any(errDied) {
			panic(died)
		}
	}()
	r = c.act(t.Context(), &flow.Act{
		ID: "e1", Operation: "refund", Args: map[string]string{"number": "12345", "amount": "20 EUR"},
		Confirmed: &flow.Confirmation{Prompt: "Shall I pay 20 euros back for order 1 2 3 4 5?", Words: "yes"},
	})
	return r, true
}

// TestRefundsAtMostOnce faults a refund ten thousand times: money never goes
// twice, is told as paid only where it is, and never as unpaid where it is.
func TestRefundsAtMostOnce(t *testing.T) {
	faults := rand.New(rand.NewPCG(1, 2))
	outcomes := map[string]int{}
	for i := range 10_000 {
		m := &moody{faults: faults, paid: map[string]bool{}}
		store := &rows{intents: map[string]Intent{}}
		c := refunding(fmt.Sprint(i), m, store)
		r, _ := refund(t, c)
		outcomes[r.Outcome]++
		kept := store.intents[c.record.ID+"/e1"]
		switch {
		case m.times > 1:
			t.Fatalf("run %d: paid %d times", i, m.times)
		case r.Outcome == "ok" && m.times != 1, r.Outcome == "unavailable" && m.times != 0:
			t.Fatalf("run %d: told %q, but paid %d times", i, r.Outcome, m.times)
		case kept.Outcome != r.Outcome || kept.State == Sent || kept.Args == "":
			t.Fatalf("run %d: outcome %q, intent %+v", i, r.Outcome, kept)
		case len(store.decisions) != 1 || !store.decisions[0].Allowed || store.decisions[0].Level != guard.Verified:
			t.Fatalf("run %d: decisions %+v", i, store.decisions)
		}
	}
	for _, o := range []string{"ok", "unavailable", "unknown_outcome"} {
		if outcomes[o] < 100 {
			t.Errorf("only %d runs came to %q: %v", outcomes[o], o, outcomes)
		}
	}
}

// TestRecoveredCallGoesOnFromItsIntent ends the process at random in the middle of
// a refund, and lets others go on with the call until one can tell: exactly one
// refund in each of ten thousand runs.
func TestRecoveredCallGoesOnFromItsIntent(t *testing.T) {
	faults := rand.New(rand.NewPCG(3, 4))
	deaths := 0
	for i := range 10_000 {
		m := &moody{faults: faults, paid: map[string]bool{}, works: true}
		store := &rows{intents: map[string]Intent{}}
		store.dies = func() bool { return faults.IntN(3) == 0 }
		r, lived := flow.Result{}, false
		for range 400 {
			if r, lived = refund(t, refunding(fmt.Sprint(i), m, store)); lived && r.Outcome == "ok" {
				break
			}
			deaths++
		}
		if !lived || r.Outcome != "ok" || m.times != 1 {
			t.Fatalf("run %d: %+v, paid %d times; want once", i, r, m.times)
		}
	}
	if deaths < 1000 {
		t.Errorf("only %d attempts ended early", deaths)
	}
}

// TestKeyIsUsedForOneThing asks for another amount under the same key.
func TestKeyIsUsedForOneThing(t *testing.T) {
	m := &moody{faults: rand.New(rand.NewPCG(5, 6)), paid: map[string]bool{}, works: true}
	store := &rows{intents: map[string]Intent{"1/e1": {Key: "1/e1", Call: "1", Operation: "refund", Args: "other", State: Settled, Outcome: "ok"}}}
	if r, _ := refund(t, refunding("1", m, store)); r.Outcome != "not_allowed" || m.times != 0 {
		t.Errorf("%+v, paid %d times; want not_allowed, 0", r, m.times)
	}
}
