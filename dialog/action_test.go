package dialog

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
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
}

func (m *moody) Operations() []crm.Operation {
	return []crm.Operation{{Name: "refund", Args: []string{"number", "amount"}, Risk: crm.Irreversible, Writes: true}}
}

func (m *moody) Call(_ context.Context, key, _ string, _ map[string]string) (map[string]string, error) {
	switch m.faults.IntN(4) {
	case 0:
		return nil, crm.ErrUnavailable
	case 1:
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
	intents map[string]Intent
}

func (r *rows) SaveIntent(_ context.Context, i Intent) error {
	r.intents[i.Key] = i
	return nil
}

// TestRefundsAtMostOnce faults a refund ten thousand times: money never goes
// twice, is told as paid only where it is, and never as unpaid where it is.
func TestRefundsAtMostOnce(t *testing.T) {
	faults := rand.New(rand.NewPCG(1, 2))
	outcomes := map[string]int{}
	for i := range 10_000 {
		m := &moody{faults: faults, paid: map[string]bool{}}
		store := &rows{intents: map[string]Intent{}}
		c := &conversation{a: &Attendant{CRM: m, Store: store, Hub: &Hub{}, Log: slog.New(slog.DiscardHandler)}, record: &Record{ID: fmt.Sprint(i)}}
		c.guard = guard.Policy{Operations: map[string]guard.Risk{"refund": guard.Irreversible}}.Session(nil, "")
		c.guard.Verify("c1")
		r := c.act(t.Context(), &flow.Act{
			ID: "e1", Operation: "refund", Args: map[string]string{"number": "12345", "amount": "20 EUR"},
			Confirmed: &flow.Confirmation{Prompt: "Shall I pay 20 euros back for order 1 2 3 4 5?", Words: "yes"},
		})
		outcomes[r.Outcome]++
		kept := store.intents[c.record.ID+"/e1"]
		switch {
		case m.times > 1:
			t.Fatalf("run %d: paid %d times", i, m.times)
		case r.Outcome == "ok" && m.times != 1, r.Outcome == "unavailable" && m.times != 0:
			t.Fatalf("run %d: told %q, but paid %d times", i, r.Outcome, m.times)
		case kept.Outcome != r.Outcome || kept.State == Sent || kept.Args == "":
			t.Fatalf("run %d: outcome %q, intent %+v", i, r.Outcome, kept)
		}
	}
	for _, o := range []string{"ok", "unavailable", "unknown_outcome"} {
		if outcomes[o] < 100 {
			t.Errorf("only %d runs came to %q: %v", outcomes[o], o, outcomes)
		}
	}
}
