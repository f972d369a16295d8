package dialogtest

import (
	"reflect"
	"testing"
	"time"

	"attendant/dialog"
)

// TestDeskStore checks an empty store of hand-overs and audits.
func TestDeskStore(t *testing.T, s dialog.DeskStore) {
	ctx := t.Context()
	began := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	rows := []dialog.HandOver{
		{ID: "1", Call: "a", Number: "+1", Queue: "q", Stage: "waiting", Since: began, Tries: []dialog.Try{{Agent: "x", Result: "busy"}}},
		{ID: "2", Call: "b", Number: "+1", Queue: "q", Stage: "callback", Since: began.Add(time.Minute), Outcome: "callback"},
		{ID: "3", Call: "c", Number: "+2", Queue: "q", Stage: "ended", Since: began.Add(2 * time.Minute), Ended: began.Add(10 * time.Minute)},
	}
	for _, h := range rows {
		if err := s.SaveHandOver(ctx, h); err != nil {
			t.Fatal(err)
		}
	}
	rows[0].Stage, rows[0].Ended = "ended", began.Add(5*time.Minute)
	if err := s.SaveHandOver(ctx, rows[0]); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q    dialog.HandOverQuery
		want []string
	}{
		{dialog.HandOverQuery{}, []string{"3", "2", "1"}},
		{dialog.HandOverQuery{Limit: 1}, []string{"3"}},
		{dialog.HandOverQuery{Open: true}, []string{"2"}},
		{dialog.HandOverQuery{Call: "a"}, []string{"1"}},
		{dialog.HandOverQuery{Number: "+1"}, []string{"2", "1"}},
		{dialog.HandOverQuery{Number: "+1", Since: began.Add(4 * time.Minute)}, []string{"1"}},
		{dialog.HandOverQuery{Since: began.Add(6 * time.Minute)}, []string{"3"}},
	} {
		got, err := s.HandOvers(ctx, c.q)
		var ids []string
		for _, h := range got {
			ids = append(ids, h.ID)
		}
		if err != nil || !reflect.DeepEqual(ids, c.want) {
			t.Errorf("%+v: %v, %v; want %v", c.q, ids, err, c.want)
		}
	}
	if got, err := s.HandOvers(ctx, dialog.HandOverQuery{Call: "a"}); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], rows[0]) {
		t.Errorf("saved %+v, read %+v, %v", rows[0], got, err)
	}
	audits(t, s, began)
}

func audits(t *testing.T, s dialog.DeskStore, began time.Time) {
	for i, verb := range []string{"listen", "barge", "end"} {
		a := dialog.Audit{At: began.Add(time.Duration(i) * time.Second), By: "eve", Role: "supervisor", Verb: verb, Call: []string{"a", "b", "a"}[i], Result: "ok"}
		if err := s.NoteAudit(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	for call, want := range map[string]string{"a": "listen end ", "b": "barge ", "": "listen barge end ", "c": ""} {
		got, err := s.Audits(t.Context(), call, 0)
		verbs := ""
		for _, a := range got {
			verbs += a.Verb + " "
		}
		if err != nil || verbs != want {
			t.Errorf("audits of %q: %q, %v; want %q", call, verbs, err, want)
		}
	}
}
