package provision

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"attendant/sip/number"
	"attendant/sip/registrar"
	"attendant/sip/trunk"
)

// open opens a database, which two processes may share.
func open(t *testing.T, file string) *Store {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(wal)&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func set[T any](t *testing.T, b *Book[T], author string, things ...T) []Row {
	t.Helper()
	rows, changes, err := b.Plan(t.Context(), things, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Err != nil {
			return rows
		}
	}
	if err := b.Apply(t.Context(), author, changes); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestChangesAreSeenByOthersAtOnceAndKeptWithTheirAuthors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	ours, theirs := Numbers(open(t, file), "DE", nil), Numbers(open(t, file), "DE", nil)
	if all, err := theirs.All(t.Context()); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	set(t, ours, "ana", number.Rule{Number: "030 1234567", Flow: "orders"}, number.Rule{Number: "*"})
	if r, err := theirs.Find(t.Context(), "+49301234567"); err != nil || r.Flow != "orders" {
		t.Errorf("%+v, %v", r, err)
	}
	set(t, theirs, "bob", number.Rule{Number: "+49301234567", Flow: "returns"})
	if r, err := ours.Find(t.Context(), "+49301234567"); err != nil || r.Flow != "returns" {
		t.Errorf("%+v, %v", r, err)
	}
	if err := ours.Remove(t.Context(), "ana", "+49301234567"); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Find(t.Context(), "+49301234567"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed: %v", err)
	}
	if err := ours.Remove(t.Context(), "ana", "+49301234567"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed again: %v", err)
	}
	history, err := theirs.History(t.Context(), "+49301234567")
	if err != nil || len(history) != 3 || !history[0].Removed || history[1].Author != "bob" || history[2].Number != 1 || !strings.Contains(string(history[2].Value), "orders") {
		t.Errorf("history %+v, %v", history, err)
	}
	if time.Since(history[0].At) > time.Minute {
		t.Errorf("changed at %v", history[0].At)
	}
	if all, err := ours.All(t.Context()); err != nil || len(all) != 1 || all[0].Number != "*" {
		t.Errorf("left over: %+v, %v", all, err)
	}
}

func TestChangesOfManyAtOnceAreAllKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	var changing sync.WaitGroup
	made := make(chan error, 40)
	for range 4 {
		s := open(t, file)
		changing.Go(func() {
			for range 10 {
				err := s.Apply(context.Background(), "x", Change{Kind: "number", Name: "1", Value: number.Rule{Number: "1"}})
				made <- err
			}
		})
	}
	changing.Wait()
	close(made)
	good := 0
	for err := range made {
		if err == nil {
			good++
		} else if !errors.Is(err, ErrConflict) {
			t.Error(err)
		}
	}
	history, err := open(t, file).History(t.Context(), "number", "1")
	if err != nil || len(history) != good || good == 0 || history[0].Number != good {
		t.Errorf("%d changes made, %d kept, the last is %d, %v", good, len(history), history[0].Number, err)
	}
}

func TestPlansTellAllFaultsAndChangeNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	b := Numbers(s, "DE", func(r number.Rule) error {
		if r.Flow == "nowhere" {
			return errors.New("there is no flow nowhere")
		}
		return nil
	})
	set(t, b, "ana", number.Rule{Number: "1"}, number.Rule{Number: "2"})
	rows, changes, err := b.Plan(t.Context(), []number.Rule{{Number: "1"}, {Number: "2", Name: "two"}, {Number: "3"}, {Number: "3"}, {Number: "4", Flow: "nowhere"}}, []int{2, 3, 4, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, r := range rows {
		actions = append(actions, r.Action)
	}
	if want := []string{"keep", "change", "add", "fault", "fault"}; !reflect.DeepEqual(actions, want) || rows[4].Line != 6 || !strings.Contains(rows[4].Err.Error(), "nowhere") {
		t.Errorf("rows %+v", rows)
	}
	if all, err := b.All(t.Context()); err != nil || len(all) != 2 || len(changes) != 2 {
		t.Errorf("%+v, %d changes, %v", all, len(changes), err)
	}
}

func TestSecretsAreKeptAndNotWrittenOut(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	trunks, phones := Trunks(s), Phones(s)
	set(t, trunks, "ana", trunk.Trunk{Name: "a", Host: "a.example", Register: true, User: "u", Password: "opensesame"})
	set(t, phones, "ana", registrar.Phone{Name: "ana", Password: "correct horse"})
	all, err := trunks.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, format := range map[string]func([]trunk.Trunk, []string) ([]byte, error){"csv": FormatCSV[trunk.Trunk], "yaml": FormatYAML[trunk.Trunk]} {
		out, err := format(all, trunks.Hidden)
		if err != nil || strings.Contains(string(out), "opensesame") || !strings.Contains(string(out), "a.example") {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
	if all[0].Password != "opensesame" {
		t.Errorf("writing out has changed %+v", all[0])
	}
	rows := set(t, trunks, "bob", trunk.Trunk{Name: "a", Host: "b.example", Register: true, User: "u"})
	if got, err := trunks.Find(t.Context(), "a"); err != nil || got.Password != "opensesame" || got.Host != "b.example" {
		t.Errorf("%+v, %v, %+v", got, err, rows)
	}
	if rows := set(t, trunks, "bob", trunk.Trunk{Name: "new", Host: "b.example", Register: true, User: "u"}); !errors.Is(rows[0].Err, ErrSecret) {
		t.Errorf("a new trunk without its password: %+v", rows)
	}
	if rows := set(t, phones, "bob", registrar.Phone{Name: "bob"}); !errors.Is(rows[0].Err, ErrSecret) {
		t.Errorf("a new phone without its password: %+v", rows)
	}
	set(t, phones, "bob", registrar.Phone{Name: "ana", Agent: "Ana"})
	p, err := phones.Find(t.Context(), "ana")
	if err != nil || p.Agent != "Ana" || len(p.MD5) != 32 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, v := range []string{"number", "trunk", "phone"} {
		list, err := s.List(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range list {
			if strings.Contains(string(version.Value), "correct horse") {
				t.Errorf("a phone's password stands in the database")
			}
		}
	}
}

func TestStatesAndOutgoingCallsAreKept(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	want := trunk.State{Trunk: "a", Good: true, Reachable: "answers", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Incoming: 3}
	for range 2 {
		if err := s.SaveStates(t.Context(), []trunk.State{want}); err != nil {
			t.Fatal(err)
		}
	}
	states, at, err := s.States(t.Context())
	if err != nil || !reflect.DeepEqual(states, map[string]trunk.State{"a": want}) || time.Since(at) > time.Minute {
		t.Errorf("%+v at %v, %v", states, at, err)
	}
	now := time.Now()
	for _, ago := range []time.Duration{72 * time.Hour, 2 * time.Hour, time.Minute} {
		if err := s.NoteDialled(t.Context(), "a", now.Add(-ago)); err != nil {
			t.Fatal(err)
		}
	}
	for since, want := range map[time.Duration]int{time.Hour: 1, 24 * time.Hour: 2, 100 * time.Hour: 2} {
		if n, err := s.Dialled(t.Context(), "a", now.Add(-since)); err != nil || n != want {
			t.Errorf("within %v: %d, %v; want %d", since, n, err, want)
		}
	}
}

func TestTablesComeBackAsTheyWere(t *testing.T) {
	rules := []number.Rule{
		{
			Number: "+49301234567", Name: "Support, Berlin", Flow: "order_status", Language: "de-DE", Queue: "support", Human: "sip:desk@10.0.0.5",
			Hours:    number.Hours{Zone: "Europe/Berlin", Weekly: "mon-fri 09:00-17:00", Holidays: []string{"12-25", "2026-05-01"}},
			Fallback: number.Fallback{Message: "We are \"closed\".\nCall again.", Flow: "callback"},
		},
		{Number: "*"},
	}
	data, err := FormatCSV(rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, lines, faults, err := ParseCSV[number.Rule](data)
	if err != nil || len(faults) != 0 || !reflect.DeepEqual(got, rules) || lines[0] != 2 || lines[1] != 4 {
		t.Errorf("%+v on lines %v, %v, %v", got, lines, faults, err)
	}
	if data, err = FormatYAML(rules, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := ParseYAML[number.Rule](data); err != nil || !reflect.DeepEqual(got, rules) || strings.Count(string(data), "hours") != 1 {
		t.Errorf("%s became %+v, %v", data, got, err)
	}
	spreadsheet, _, _, err := ParseCSV[number.Rule]([]byte("\ufeffflow;number\r\nreturns;+49301234567\r\n"))
	if err != nil || spreadsheet[0].Flow != "returns" || spreadsheet[0].Number != "+49301234567" {
		t.Errorf("a spreadsheet's table: %+v, %v", spreadsheet, err)
	}
	for _, bad := range []string{"", "number,number\n1,2\n", "number,colour\n1,red\n", "number\n1,2\n", "number\n\"1\n"} {
		if _, _, _, err := ParseCSV[number.Rule]([]byte(bad)); !errors.Is(err, ErrTable) {
			t.Errorf("%q: %v, want ErrTable", bad, err)
		}
	}
	trunks, lines, faults, err := ParseCSV[trunk.Trunk]([]byte("name,host,register,max_calls,calls_per_second,codecs\na,h,true,3,1.5,G722 PCMA\nb,h,maybe,x,1,\n"))
	if err != nil || len(faults) != 1 || faults[1] == nil || lines[1] != 3 {
		t.Errorf("faults %v on %v, %v", faults, lines, err)
	}
	if want := (trunk.Trunk{Name: "a", Host: "h", Register: true, MaxCalls: 3, CallsPerSecond: 1.5, Codecs: []string{"G722", "PCMA"}}); !reflect.DeepEqual(trunks[0], want) {
		t.Errorf("%+v, want %+v", trunks[0], want)
	}
	if _, err := ParseYAML[trunk.Trunk]([]byte("- naem: a\n")); !errors.Is(err, ErrTable) {
		t.Errorf("an unknown field: %v", err)
	}
	var r number.Rule
	if err := Assign(&r, []string{"number=1", "hours.weekly=mon-fri 09:00-17:00", "hours.holidays=12-25 12-26", "fallback.message=closed=yes"}); err != nil || r.Hours.Weekly != "mon-fri 09:00-17:00" || len(r.Hours.Holidays) != 2 || r.Fallback.Message != "closed=yes" {
		t.Errorf("%+v, %v", r, err)
	}
	if err := Assign(&r, []string{"hours.weekly=", "colour=red", "name"}); err == nil || r.Hours.Weekly != "" || !strings.Contains(err.Error(), "colour") || !strings.Contains(err.Error(), "name") {
		t.Errorf("%+v, %v", r, err)
	}
}

// FuzzParseCSV looks for tables that come back other than they were read.
func FuzzParseCSV(f *testing.F) {
	f.Add([]byte("number,name\n1,x\n"))
	f.Add([]byte("number;hours.weekly;hours.zone\n+4930;mon-fri 09:00-17:00;UTC\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, lines, faults, err := ParseCSV[number.Rule](data)
		if err != nil || len(faults) > 0 {
			return
		}
		if len(lines) != len(rules) {
			t.Fatalf("%d rules on %d lines", len(rules), len(lines))
		}
		for _, r := range rules {
			_, _ = r.Clean("DE") // must not panic
		}
		out, err := FormatCSV(rules, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, _, _, err := ParseCSV[number.Rule](out)
		if err != nil || len(again) != len(rules) {
			t.Errorf("%q became %q: %v", data, out, err)
		}
	})
}

func TestRegistrationsAreKept(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	want := []registrar.Binding{{Contact: "sip:ana@192.0.2.7", Source: "192.0.2.7:5060", Transport: "tcp", Expires: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
	if err := errors.Join(s.SaveBindings(t.Context(), "ana", want), s.SaveBindings(t.Context(), "bob", want), s.SaveBindings(t.Context(), "bob", nil)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Bindings(t.Context()); err != nil || !reflect.DeepEqual(got, map[string][]registrar.Binding{"ana": want}) {
		t.Errorf("%+v, %v", got, err)
	}
}
