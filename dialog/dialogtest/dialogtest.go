// Package dialogtest is the conformance suite of dialog.Store.
package dialogtest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"attendant/dialog"
)

// TestStore checks an empty store.
func TestStore(t *testing.T, s dialog.Store) {
	ctx := t.Context()
	began := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for i := range 5 {
		r := &dialog.Record{
			ID: fmt.Sprintf("20261124-09000%d-aaaaaa", i), Number: fmt.Sprint("+1555010", i%2), Outcome: "resolved_assumed",
			Started: began.Add(time.Duration(i) * time.Minute), Ended: began.Add(time.Hour),
			Slots: map[string]string{"order": "12345"},
			Turns: []dialog.Turn{{Side: "caller", Text: "where is my order", Delays: &dialog.Delays{Total: time.Second}}},
		}
		if i == 1 {
			r.Trunk, r.Unknown = "carrier", []string{"do you sell horses"}
		}
		if err := s.SaveCall(ctx, r); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Call(ctx, r.ID); err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("saved %+v, read %+v, %v", r, got, err)
		}
	}
	if got, err := s.Unanswered(ctx, 10); err != nil || len(got) != 1 || len(got[0].Unknown) != 1 {
		t.Errorf("unanswered: %+v, %v; want one call", got, err)
	}
	intents(t, s)
	decisions(t, s, began)
	tries(t, s, began)
	if _, err := s.Call(ctx, "20261124-09000"); !errors.Is(err, dialog.ErrAmbiguous) {
		t.Errorf("a beginning of five IDs: error %v, want ErrAmbiguous", err)
	}
	for _, id := range []string{"", "nothing", "20261124-0900%"} {
		if _, err := s.Call(ctx, id); !errors.Is(err, dialog.ErrNotFound) {
			t.Errorf("ID %q: error %v, want ErrNotFound", id, err)
		}
	}
	queries := []struct {
		q    dialog.CallQuery
		want int
	}{
		{dialog.CallQuery{}, 5},
		{dialog.CallQuery{Limit: 2}, 2},
		{dialog.CallQuery{Number: "+15550101"}, 2},
		{dialog.CallQuery{Outcome: "escalated"}, 0},
		{dialog.CallQuery{Trunk: "carrier"}, 1},
		{dialog.CallQuery{Before: began.Add(2 * time.Minute)}, 2},
	}
	for _, c := range queries {
		got, err := s.Calls(ctx, c.q)
		if err != nil || len(got) != c.want {
			t.Errorf("%+v: %d calls, %v; want %d", c.q, len(got), err, c.want)
		}
		for i := 1; i < len(got); i++ {
			if got[i].Started.After(got[i-1].Started) {
				t.Errorf("%+v: not the newest first", c.q)
			}
		}
	}
}

func intents(t *testing.T, s dialog.Store) {
	sent := dialog.Intent{Key: "c/e1", Call: "c", Operation: "refund", Args: "h", State: dialog.Sent}
	other := dialog.Intent{Key: "c/e2", Call: "c", Operation: "book", Args: "h", State: dialog.Sent}
	settled := sent
	settled.State, settled.Outcome = dialog.Settled, "ok"
	for _, i := range []dialog.Intent{sent, other, settled} {
		if err := s.SaveIntent(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Intents(t.Context(), "c")
	if err != nil || len(got) != 2 || !slices.Contains(got, settled) || !slices.Contains(got, other) {
		t.Errorf("intents %+v, %v", got, err)
	}
	if got, err := s.Intents(t.Context(), "d"); err != nil || len(got) != 0 {
		t.Errorf("intents of another call: %+v, %v", got, err)
	}
}

func decisions(t *testing.T, s dialog.Store, at time.Time) {
	want := []dialog.AuditRow{
		{Call: "c", At: at, What: "refund", Args: "h", Flow: "f", Model: true, Level: "anonymous", Rule: "needs a verified caller"},
		{Call: "c", At: at.Add(time.Second), What: "refund", Args: "h", Flow: "f", Level: "verified", Customer: "c1", Allowed: true, Rule: "irreversible"},
	}
	for _, r := range append(slices.Clone(want), dialog.AuditRow{Call: "d", At: at, What: "speak"}) {
		if err := s.NoteDecision(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Decisions(t.Context(), "c"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("decisions %+v, %v; want %+v", got, err, want)
	}
}

func tries(t *testing.T, s dialog.Store, now time.Time) {
	for _, ago := range []time.Duration{25 * time.Hour, time.Hour, time.Minute} {
		if err := s.NoteTry(t.Context(), "order:1", now.Add(-ago)); err != nil {
			t.Fatal(err)
		}
	}
	for account, want := range map[string]int{"order:1": 2, "order:2": 0} {
		if n, err := s.Tries(t.Context(), account, now.Add(-24*time.Hour)); err != nil || n != want {
			t.Errorf("tries of %s: %d, %v; want %d", account, n, err, want)
		}
	}
}
