package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"attendant/dialog/queue"
)

func TestAgentsAndQueuesAreSetOnTheCommandLine(t *testing.T) {
	data := t.TempDir()
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"queues", "add", "support", "skills=returns:2", "max_wait=10m", "tiers=[{after: 0s}, {after: 30s, slack: 1}]", "hours={zone: Europe/Berlin, days: [{on: [mon], hours: ['09:00-18:00']}]}"}, 0, "support: added"},
		{[]string{"queues", "add", "support"}, 1, "use set"},
		{[]string{"queues", "add", "sales", "overflow=queue nowhere"}, 2, "nowhere"},
		{[]string{"queues", "add", "sales", "overflow=queue support", "wrap_up_codes=sold lost"}, 0, "sales: added"},
		{[]string{"queues", "set", "sales", "max_wait=soon"}, 2, `"soon" is no time like 30s`},
		{[]string{"queues", "set", "sales", "music=none.wav"}, 2, "music none.wav"},
		{[]string{"queues", "list"}, 0, "support  support  false    0         longest_idle  warm  returns:2  10m0s     attendant"},
		{[]string{"agents", "add", "ann", "title=Ann", "extension=201", "skills=returns:3", "queues=support:1", "wrap_up=20s"}, 0, "ann: added"},
		{[]string{"agents", "add", "bob", "extension=201"}, 2, "the extension 201 is taken"},
		{[]string{"agents", "add", "bob", "queues=nowhere:1"}, 2, `"nowhere" is no queue`},
		{[]string{"agents", "add", "bob", "skills=returns"}, 2, "not like billing:2"},
		{[]string{"agents", "set", "ann", "skills=returns:1 chinese:4"}, 0, "ann: changed"},
		{[]string{"agents", "list"}, 0, "ann    Ann    201        agent  ann browser  chinese:4 returns:1             support:1"},
		{[]string{"agents", "history", "ann"}, 0, "skills=returns:3"},
		{[]string{"queues", "remove", "support"}, 2, "does not fit together"},
		{[]string{"agents", "remove", "ann"}, 0, "ann: removed"},
		{[]string{"queues", "set", "sales", "overflow="}, 0, "changed"},
		{[]string{"queues", "remove", "support"}, 0, "support: removed"},
		{[]string{"queues", "remove", "support"}, 1, "no such entry"},
	} {
		status, out := cli(t, data, c.args...)
		if status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%v: status %d, want %d; %q lacks %q", c.args, status, c.status, out, c.want)
		}
	}
}

const peopleFile = `
queues: [{name: support, skills: {returns: 1}}, {name: all, tiers: [{after: 0s}, {after: 1m, slack: 1}]}]
agents: [{name: ann, extension: "201", skills: {returns: 2}, queues: {support: 1}, state: available}]
`

// TestAgentsComeFromAFileAndGoIntoOne takes a queues.yaml in, and what is written
// out in again, in either form.
func TestAgentsComeFromAFileAndGoIntoOne(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	first := file("queues.yaml", peopleFile)
	if status, out := cli(t, data, "agents", "import", first); status != 2 || !strings.Contains(out, `"support" is no queue`) {
		t.Errorf("an agent before the queue: status %d: %s", status, out)
	}
	for _, kind := range []string{"queues", "agents"} {
		if status, out := cli(t, data, kind, "import", first); status != 0 {
			t.Fatalf("%s: status %d: %s", kind, status, out)
		}
		for _, format := range []string{"csv", "yaml"} {
			_, text := cli(t, data, kind, "export", "--format", format)
			if status, out := cli(t, data, kind, "import", "--prune", file("out."+format, text)); status != 0 || !strings.Contains(out, ": keep") || strings.Contains(out, "change") {
				t.Errorf("%s as %s is not what is there: status %d: %s\n%s", kind, format, status, out, text)
			}
		}
	}
}

// TestPeopleApplyWithoutRestart changes agents and queues under a board.
func TestPeopleApplyWithoutRestart(t *testing.T) {
	data := t.TempDir()
	p := &program{ctx: t.Context(), out: &bytes.Buffer{}, errout: &bytes.Buffer{}}
	db, store, _, err := shelf(p, common{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log := slog.New(slog.DiscardHandler)
	open := func() *people {
		people := newPeople(store, fstest.MapFS{"queues.yaml": {Data: []byte(peopleFile)}}, log)
		if err := people.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		if people.board, err = queue.New(queue.Config{}, time.Now(), nil); err != nil {
			t.Fatal(err)
		}
		if err := people.apply(t.Context()); err != nil {
			t.Fatal(err)
		}
		return people
	}
	people := open()
	if a, ok := people.board.Agent("201"); !ok || a.Name != "ann" || a.Addresses[0] != "ann" || people.board.Default() != "support" {
		t.Errorf("agent %+v, default queue %q", a, people.board.Default())
	}
	if err := people.board.Join(time.Now(), queue.Request{Call: "x", Queue: "all"}); err != nil {
		t.Fatal(err)
	}
	if status, out := cli(t, data, "agents", "add", "bob", "state=available"); status != 0 {
		t.Fatal(out)
	}
	if err := people.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if offers := people.board.Offers(time.Now(), "x"); len(offers) != 1 || offers[0].Agent != "bob" {
		t.Errorf("offers %+v, want the agent who was added by another process", offers)
	}
	agents := things[queue.Agent]{people.agents, people.apply}
	for _, name := range []string{"ann", "bob"} {
		_, version, err := agents.Find(t.Context(), name)
		if err == nil {
			_, _, err = agents.Change(t.Context(), "admin", name, version, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := len(people.board.Agents(time.Now())); n != 0 {
		t.Errorf("%d agents are there", n)
	}
	// The store is the truth: queues.yaml has been taken in, once.
	if n := len(open().board.Agents(time.Now())); n != 0 {
		t.Errorf("%d agents came back from queues.yaml", n)
	}
}
