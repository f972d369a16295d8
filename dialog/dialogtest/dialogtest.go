// Package dialogtest is the conformance suite of dialog.Store.
package dialogtest

import (
	"errors"
	"fmt"
	"reflect"
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
		if err := s.SaveCall(ctx, r); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Call(ctx, r.ID); err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("saved %+v, read %+v, %v", r, got, err)
		}
	}
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
