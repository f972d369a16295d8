package console

import (
	"fmt"
	"math"
	"testing"
	"time"

	"attendant/dialog"
)

// The twelve contacts of which product managers argue: two resolved, one assumed
// resolved whose caller comes back on day 3, five escalated, one abandoned, one
// failed, one short.
func TestFiguresOfTheWorkedExample(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 10, 0, 0, 0, time.UTC) }
	var calls []dialog.Record
	add := func(number, outcome string, d int) {
		calls = append([]dialog.Record{{ID: fmt.Sprint(len(calls)), Number: number, Flow: "order_status", Outcome: outcome, Started: day(d).Add(time.Duration(len(calls)) * time.Minute)}}, calls...)
	}
	add("c1", "resolved_confirmed", 1)
	add("c2", "resolved_confirmed", 1)
	add("c3", "resolved_assumed", 1)
	for _, n := range []string{"c4", "c5", "c6", "c7", "c8"} {
		add(n, "escalated", 1)
	}
	add("c10", "abandoned_in_ai", 1)
	add("c11", "tech_failure", 1)
	add("c12", "short", 1)
	add("c3", "resolved_confirmed", 4) // c9
	outcomes, list := figures(calls, day(5))
	if outcomes["escalated"] != 5 || outcomes["short"] != 1 {
		t.Errorf("outcomes %v", outcomes)
	}
	want := map[string]float64{"contacts": 11, "containment": 6.0 / 11, "strict_containment": 3.0 / 11, "escalation": 5.0 / 11, "abandonment": 1.0 / 11, "sentiment": 0}
	for _, f := range list {
		if math.Abs(f.Value-want[f.Name]) > 1e-9 {
			t.Errorf("%s = %.4f, want %.4f", f.Name, f.Value, want[f.Name])
		}
		delete(want, f.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	// Without the calls after day 2 nobody has come back.
	_, early := figures(calls[1:], day(2))
	if got := early[1].Value; math.Abs(got-3.0/10) > 1e-9 {
		t.Errorf("strict containment before the return = %.4f, want 0.3", got)
	}
}

func TestNoCallsAreNoFault(t *testing.T) {
	_, list := figures(nil, time.Now())
	for _, f := range list {
		if f.Value != 0 || math.IsNaN(f.Value) {
			t.Errorf("%s = %v of no calls", f.Name, f.Value)
		}
	}
}
