package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cli runs a command with a data folder and returns its status and output.
func cli(t *testing.T, data string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	status := run(t.Context(), append(args, "--data", data), []string{"ATTENDANT_REGION=DE"}, strings.NewReader(""), &out, &out)
	return status, out.String()
}

func TestNumbersAreSetOnTheCommandLine(t *testing.T) {
	data := t.TempDir()
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"numbers", "add", "030 1234567", "flow=order_status", "name=Orders"}, 0, "+49301234567: added"},
		{[]string{"numbers", "add", "030 1234567"}, 1, "use set"},
		{[]string{"numbers", "set", "030 1234567", "flow=nowhere"}, 2, `no flow "nowhere"`},
		{[]string{"numbers", "set", "030 1234567", "hours.weekly=mon-fri 09:00-17:00"}, 2, "fallback"},
		{[]string{"numbers", "set", "030 1234567", "hours.weekly=mon 09:00-09:01", "hours.holidays=2000-01-01..2099-12-31", "fallback.message=We are closed."}, 0, "changed"},
		{[]string{"numbers", "list"}, 0, "closed  We are closed."},
		{[]string{"numbers", "history", "+49301234567"}, 0, "number=+49301234567 name=Orders flow=order_status"},
		{[]string{"numbers", "export", "--format", "yaml"}, 0, "weekly: mon 09:00-09:01"},
		{[]string{"numbers", "remove", "+49301234567"}, 0, "removed"},
		{[]string{"numbers", "remove", "+49301234567"}, 1, "no such entry"},
		{[]string{"trunks", "add", "carrier", "preset=register", "host=sip.carrier.example", "user=u", "password=opensesame"}, 0, "carrier: added"},
		{[]string{"trunks", "add", "other", "preset=register", "host=h"}, 2, "register needs"},
		{[]string{"trunks", "set", "carrier", "colour=red"}, 2, "there is no \"colour\""},
		{[]string{"trunks", "list"}, 0, "unknown"},
		{[]string{"phones", "add", "ana", "password=short"}, 2, "fewer than 8"},
		{[]string{"phones", "add", "ana"}, 2, "a password is needed"},
		{[]string{"phones", "add", "ana", "password=correct horse"}, 0, "ana: added"},
		{[]string{"phones", "list"}, 0, "not registered"},
		{[]string{"phones", "history", "ana"}, 0, "cli"},
	} {
		status, out := cli(t, data, c.args...)
		if status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%v: status %d, want %d; %q lacks %q", c.args, status, c.status, out, c.want)
		}
		if strings.Contains(out, "opensesame") || strings.Contains(out, "correct horse") {
			t.Errorf("%v shows a password: %s", c.args, out)
		}
	}
}

func TestImportsAreWholeOrNothing(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(t.TempDir(), "numbers.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("number,flow\n030 1234567,order_status\n030 1234568,nowhere\n+1,\n")
	status, out := cli(t, data, "numbers", "import", file)
	if status != 2 || !strings.Contains(out, "line 2: +49301234567: add") || !strings.Contains(out, `line 3: 030 1234568: fault: there is no flow "nowhere"`) ||
		!strings.Contains(out, "line 4: +1: fault") || !strings.Contains(out, "2 of 3 entries have faults") {
		t.Errorf("status %d: %s", status, out)
	}
	write("number;flow\n030 1234567;order_status\n030 1234568;\n")
	if status, out := cli(t, data, "numbers", "import", "--dry-run", file); status != 0 || !strings.Contains(out, "nothing was changed") {
		t.Errorf("status %d: %s", status, out)
	}
	if _, out := cli(t, data, "numbers", "export"); strings.Contains(out, "+49") {
		t.Errorf("a fault or a dry run has changed numbers: %s", out)
	}
	if status, out := cli(t, data, "numbers", "import", file); status != 0 {
		t.Errorf("status %d: %s", status, out)
	}
	_, before := cli(t, data, "numbers", "export")
	write(before)
	if status, out := cli(t, data, "numbers", "import", file); status != 0 || strings.Count(out, ": keep") != 2 {
		t.Errorf("what was exported is not what is there: status %d: %s", status, out)
	}
	write("number\n030 1234567\n")
	if status, out := cli(t, data, "numbers", "import", "--prune", file); status != 0 || !strings.Contains(out, "+49301234568: remove") {
		t.Errorf("status %d: %s", status, out)
	}
	if _, out := cli(t, data, "numbers", "export"); strings.Contains(out, "568") || !strings.Contains(out, "567") {
		t.Errorf("after pruning: %s", out)
	}
}

func TestRoutesFollowHoursAndTheRuleForAll(t *testing.T) {
	data := t.TempDir()
	for _, args := range [][]string{
		{"queues", "add", "q"},
		{"numbers", "add", "+49301234567", "language=de-DE", "queue=q", "human=ana", "flow=order_status", "hours.weekly=mon 09:00-10:00", "hours.zone=UTC", "fallback.message=Closed.", "fallback.flow=callback"},
		{"numbers", "add", "*", "flow=order_status"},
	} {
		if status, out := cli(t, data, args...); status != 0 {
			t.Fatal(out)
		}
	}
	var out bytes.Buffer
	p := &program{ctx: t.Context(), out: &out, errout: &out}
	db, _, c, err := shelf(p, common{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tel, err := openTelephony(t.Context(), c, db, nil, p.logger(c))
	if err != nil {
		t.Fatal(err)
	}
	open := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	if r := tel.route(t.Context(), "+49301234567", open); r.Closed || r.Flow != "order_status" || r.Language != "de-DE" || r.Queue != "q" || r.Human != "ana" {
		t.Errorf("open: %+v", r)
	}
	if r := tel.route(t.Context(), "+49301234567", open.Add(time.Hour)); !r.Closed || r.Message != "Closed." || r.Flow != "callback" {
		t.Errorf("closed: %+v", r)
	}
	if r := tel.route(t.Context(), "support", open); r.Closed || r.Flow != "order_status" {
		t.Errorf("another number: %+v", r)
	}
	if status, out := cli(t, data, "numbers", "set", "+49301234567", "hours.weekly=", "hours.zone=", "fallback.message=", "fallback.human=", "fallback.flow="); status != 0 {
		t.Fatal(out)
	}
	if r := tel.route(t.Context(), "+49301234567", open.Add(time.Hour)); r.Closed {
		t.Errorf("after a change by another process: %+v", r)
	}
}
