package queue

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var began = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC) // a Wednesday

func at(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }

func board(t *testing.T, yaml string) (*Board, *[]Event) {
	t.Helper()
	cfg, err := Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	var events []Event
	b, err := New(cfg, began, func(e Event) { events = append(events, e) })
	if err != nil {
		t.Fatal(err)
	}
	return b, &events
}

func join(t *testing.T, b *Board, s float64, r Request) {
	t.Helper()
	if r.Queue == "" {
		r.Queue = "q"
	}
	if err := b.Join(at(s), r); err != nil {
		t.Fatal(err)
	}
}

// rung are the agents who ring for a call.
func rung(b *Board, s float64, call string) string {
	b.Tick(at(s))
	var names []string
	for _, o := range b.Offers(at(s), call) {
		names = append(names, o.Agent)
	}
	return strings.Join(names, " ")
}

func accept(t *testing.T, b *Board, s float64, call string) {
	t.Helper()
	offers := b.Offers(at(s), call)
	if len(offers) == 0 {
		t.Fatalf("nobody rings for %s", call)
	}
	if err := b.Accept(at(s), offers[0].ID); err != nil {
		t.Fatal(err)
	}
}

func TestStrategiesChooseTheAgent(t *testing.T) {
	agents := `
agents:
  - {name: a, addresses: ["sip:a@x"], state: available, skills: {tea: 3}}
  - {name: b, addresses: ["sip:b@x"], state: available, skills: {tea: 5}}
  - {name: c, addresses: ["sip:c@x"], state: available, skills: {tea: 4}}
`
	for _, c := range []struct{ strategy, first, second string }{
		{"longest_idle", "a", "b"},
		{"round_robin", "a", "b"},
		{"best_skill", "b", "b"},
		{"ring_all", "a b c", "a b c"},
		{"last_agent", "a", "a"},
	} {
		t.Run(c.strategy, func(t *testing.T) {
			b, _ := board(t, "queues: [{name: q, skills: {tea: 1}, strategy: "+c.strategy+"}]"+agents)
			join(t, b, 0, Request{Call: "1", Number: "+1"})
			if got := rung(b, 0, "1"); got != c.first {
				t.Errorf("first call rings %q, want %q", got, c.first)
			}
			accept(t, b, 1, "1")
			b.Release(at(10), strings.Fields(c.first)[0], "1")
			join(t, b, 20, Request{Call: "2", Number: "+1"})
			if got := rung(b, 20, "2"); got != c.second {
				t.Errorf("second call rings %q, want %q", got, c.second)
			}
		})
	}
}

func TestCircleWidensWithTheWait(t *testing.T) {
	b, _ := board(t, `
queues:
  - name: q
    skills: {gas: 5}
    tiers: [{after: 0s}, {after: 20s, slack: 2}, {after: 40s, slack: 2, any_language: true}]
agents:
  - {name: expert, addresses: [s], state: offline, skills: {gas: 5}}
  - {name: junior, addresses: [s], state: available, skills: {gas: 3}, languages: [en]}
  - {name: other, addresses: [s], state: available, skills: {gas: 9}, languages: [de], queues: {q: 2}}
`)
	join(t, b, 0, Request{Call: "1", Language: "zh-CN"})
	for _, c := range []struct {
		at   float64
		want string
	}{{0, ""}, {39, ""}, {40, "junior"}} {
		if got := rung(b, c.at, "1"); got != c.want {
			t.Errorf("after %v s: %q rings, want %q", c.at, got, c.want)
		}
	}
	join(t, b, 41, Request{Call: "2", Language: "de"})
	if got := rung(b, 41, "2"); got != "" {
		t.Errorf("second tier's agent rings at once for a call that has just come: %q", got)
	}
	if got := rung(b, 61, "2"); got != "other" {
		t.Errorf("%q rings, want the second tier's agent", got)
	}
}

func TestPriorityGoesBeforeTheWait(t *testing.T) {
	b, _ := board(t, "queues: [{name: q}, {name: vip, priority: 5}]\nagents: [{name: a, addresses: [s]}]")
	join(t, b, 0, Request{Call: "old"})
	join(t, b, 5, Request{Call: "vip", Queue: "vip"})
	join(t, b, 6, Request{Call: "urgent", Priority: 10})
	if err := b.SetState(at(7), "a", Available); err != nil {
		t.Fatal(err)
	}
	if rung(b, 7, "urgent") != "a" {
		t.Error("the urgent caller is not the first")
	}
	p, _ := b.Place(at(7), "old")
	if p.Position != 2 || p.Waited != 7*time.Second {
		t.Errorf("place %+v", p)
	}
}

func TestRefusalsGoOnToTheNextAgent(t *testing.T) {
	b, events := board(t, `
queues: [{name: q}]
agents:
  - {name: a, addresses: [s], state: available}
  - {name: b, addresses: [s], state: available}
`)
	join(t, b, 0, Request{Call: "1"})
	o := b.Offers(at(1), "1")[0]
	if !b.Refuse(at(1), o.ID, Declined) || b.Refuse(at(1), o.ID, Declined) {
		t.Error("an offer is refused once")
	}
	if got := rung(b, 1, "1"); got != "b" {
		t.Fatalf("%q rings after the decline, want b", got)
	}
	b.Refuse(at(2), b.Offers(at(2), "1")[0].ID, Unreachable)
	if got := rung(b, 20, "1"); got != "" {
		t.Errorf("%q rings again too early", got)
	}
	if got := rung(b, 31, "1"); got != "a" {
		t.Errorf("%q rings, want a again after 30 s", got)
	}
	if s := b.Agents(at(31))[1]; s.State != Away {
		t.Errorf("an agent who cannot be reached is %s, want away", s.State)
	}
	b.Tick(at(31 + 26)) // nobody tells that the phone was not answered
	if got := rung(b, 57, "1"); got != "" || (*events)[len(*events)-2].Refusal != NoAnswer {
		t.Errorf("%q still rings, last event %+v", got, (*events)[len(*events)-2])
	}
}

func TestAgentWhoMissesCallsIsSetAway(t *testing.T) {
	b, _ := board(t, "queues: [{name: q}]\nagents: [{name: a, addresses: [s], state: available}]")
	join(t, b, 0, Request{Call: "1"})
	for i := range maxMisses {
		now := at(float64(i) * 40)
		b.Tick(now)
		o := b.Offers(now, "1")
		if len(o) != 1 {
			t.Fatalf("try %d: %d offers", i, len(o))
		}
		b.Refuse(now, o[0].ID, NoAnswer)
	}
	if s := b.Agents(at(200))[0].State; s != Away {
		t.Errorf("state %s, want away", s)
	}
}

func TestAgentGoingAwayWhileRinging(t *testing.T) {
	b, _ := board(t, "queues: [{name: q}]\nagents: [{name: a, addresses: [s], state: available}, {name: b, addresses: [s], state: available}]")
	join(t, b, 0, Request{Call: "1"})
	o := b.Offers(at(0), "1")[0]
	if err := b.SetState(at(1), "a", Away); err != nil {
		t.Fatal(err)
	}
	if err := b.Accept(at(2), o.ID); !errors.Is(err, ErrGone) {
		t.Errorf("accept after going away: %v, want ErrGone", err)
	}
	if got := rung(b, 2, "1"); got != "b" {
		t.Errorf("%q rings, want b", got)
	}
	if s := b.Agents(at(2))[0].State; s != Away {
		t.Errorf("state %s, want away", s)
	}
}

func TestWrapUpEndsByItself(t *testing.T) {
	b, _ := board(t, "queues: [{name: q}]\nagents: [{name: a, addresses: [s], state: available, wrap_up: 15s}]")
	join(t, b, 0, Request{Call: "1"})
	accept(t, b, 1, "1")
	if !b.Release(at(10), "a", "1") || b.Release(at(10), "a", "1") {
		t.Error("a talk ends once")
	}
	join(t, b, 11, Request{Call: "2"})
	if got := rung(b, 24, "2"); got != "" {
		t.Errorf("%q rings while wrapping up", got)
	}
	if w := b.Wake(at(24), "2"); !w.Equal(at(25)) {
		t.Errorf("wakes at %v, want the end of the wrap-up", w)
	}
	if got := rung(b, 25, "2"); got != "a" {
		t.Errorf("%q rings, want a", got)
	}
}

func TestClosedFullAndOverdue(t *testing.T) {
	b, _ := board(t, `
queues:
  - name: q
    max_size: 1
    max_wait: 30s
    overflow: queue night
    hours: {zone: Europe/Berlin, days: [{on: [mon, tue, wed], hours: ["09:00-18:00"]}], holidays: ["12-25", "2026-11-24"]}
  - {name: night, max_wait: 60s, overflow: voicemail}
agents: []
`)
	for _, c := range []struct {
		when string
		want error
	}{
		{"2026-11-23T08:30:00Z", nil},
		{"2026-11-23T07:59:00Z", ErrClosed},
		{"2026-11-23T17:00:00Z", ErrClosed},
		{"2026-11-24T10:00:00Z", ErrClosed},
		{"2026-11-26T10:00:00Z", ErrClosed},
		{"2028-12-25T10:00:00Z", ErrClosed},
	} {
		when, _ := time.Parse(time.RFC3339, c.when)
		if err := b.Join(when, Request{Call: c.when, Queue: "q"}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.when, err, c.want)
		}
		b.Leave(when, c.when, Abandoned)
	}
	join(t, b, 0, Request{Call: "1"})
	if err := b.Join(at(0), Request{Call: "2", Queue: "q"}); !errors.Is(err, ErrFull) || b.Overflow("q") != "queue night" {
		t.Errorf("a second caller: %v", err)
	}
	if p, _ := b.Place(at(30), "1"); p.Queue != "night" || p.Overflow != "" {
		t.Errorf("after 30 s: %+v, want the other queue", p)
	}
	if p, _ := b.Place(at(60), "1"); p.Overflow != "voicemail" {
		t.Errorf("after 60 s: %+v, want voicemail", p)
	}
}

func TestPlaceIsKept(t *testing.T) {
	b, _ := board(t, "queues: [{name: q}]\nagents: [{name: a, addresses: [s]}]")
	join(t, b, 0, Request{Call: "1"})
	join(t, b, 5, Request{Call: "2"})
	if !b.Rename(at(10), "1", "callback:1", CalledBack) || b.Rename(at(10), "1", "x", CalledBack) {
		t.Error("a place is kept once")
	}
	if p, ok := b.Place(at(20), "callback:1"); !ok || p.Position != 1 || p.Waited != 20*time.Second {
		t.Errorf("place %+v", p)
	}
	if err := b.SetState(at(30), "a", Available); err != nil || rung(b, 30, "callback:1") != "a" {
		t.Errorf("the callback is not the first: %v", err)
	}
	accept(t, b, 31, "callback:1")
	r := Request{Call: "callback:1", Queue: "q", Since: at(0)}
	if err := b.Requeue(at(40), "a", r); err != nil {
		t.Fatal(err)
	}
	if p, _ := b.Place(at(41), "callback:1"); p.Position != 1 {
		t.Errorf("a caller whose agent was lost waits at %d, want first", p.Position)
	}
}

// TestMetricsOfTheWorkedExample has the queued calls of the product's worked
// fixture: c4 answered at 8 s, c5 at 35 s, c6 and c7 hung up at 50 and 3 s, c8
// took a callback at 15 s.
func TestMetricsOfTheWorkedExample(t *testing.T) {
	b, _ := board(t, `
queues: [{name: q}]
agents:
  - {name: a, addresses: [s], wrap_up: 30s}
  - {name: b, addresses: [s], wrap_up: 60s}
`)
	serve := func(agent, call string, from, answer, talk, wrap float64) {
		join(t, b, from, Request{Call: call})
		if err := b.SetState(at(from+answer), agent, Available); err != nil {
			t.Fatal(err)
		}
		accept(t, b, from+answer, call)
		b.Release(at(from+answer+talk), agent, call)
		if err := b.SetState(at(from+answer+talk+wrap), agent, Away); err != nil {
			t.Fatal(err)
		}
	}
	serve("a", "c4", 0, 8, 200, 30)
	serve("b", "c5", 1000, 35, 240, 60)
	for i, s := range []float64{50, 3} {
		call := fmt.Sprint("c", 6+i)
		join(t, b, 2000, Request{Call: call})
		b.Leave(at(2000+s), call, Abandoned)
	}
	join(t, b, 3000, Request{Call: "c8"})
	b.Rename(at(3015), "c8", "callback:c8", CalledBack)
	f := b.Queues(at(3015))[0].Figures
	if f.ASA != 21500*time.Millisecond || f.Abandonment != 0.4 || f.AHT != 265*time.Second || f.ServiceLevel != 1.0/3 || f.Offered != 5 {
		t.Errorf("figures %+v", f)
	}
}

func TestEstimateIsSilentWhereHistoryIsThin(t *testing.T) {
	b, _ := board(t, "queues: [{name: q}]\nagents: [{name: a, addresses: [s], state: available}]")
	now := 0.0
	for i := range 5 {
		join(t, b, now, Request{Call: "before"})
		if p, _ := b.Place(at(now), "before"); i < 5 && p.Less != 0 {
			t.Errorf("after %d answers: less than %d minutes, want silence", i, p.Less)
		}
		accept(t, b, now, "before")
		b.Release(at(now+50), "a", "before")
		now += 60
	}
	if err := b.SetState(at(now), "a", Away); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		join(t, b, now, Request{Call: fmt.Sprint(i)})
	}
	// One answer a minute: the third waits about 3 minutes, told with a third more.
	if p, _ := b.Place(at(now), "2"); p.Less != 4 {
		t.Errorf("less than %d minutes, want 4", p.Less)
	}
	if p, _ := b.Place(at(now+3600), "2"); p.Less != 0 {
		t.Errorf("an hour later: %d, want silence", p.Less)
	}
}

func TestFaultsAreToldAtOnce(t *testing.T) {
	_, err := Load([]byte(`
queues:
  - {name: "Q!", strategy: best, mode: loud, overflow: queue nowhere, tiers: [{after: 30s}, {after: 0s}]}
  - {name: h, hours: {zone: Mars, days: []}}
  - {name: d, hours: {days: [{on: [noday], hours: ["9-5"]}]}}
agents:
  - {name: a, addresses: [s], queues: {x: 1}, state: busy, role: boss, extension: "1a"}
  - {name: a, addresses: [s], extension: "1a"}
`))
	for _, want := range []string{"name is missing", "strategy", "mode", "overflow", "tiers", "Mars", "noday", `"x" is no queue`, `"busy"`, `"boss"`, "digits", "is taken"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told: %v", want, err)
		}
	}
	if _, err := Load([]byte("queues: [{nam: q}]")); err == nil {
		t.Error("an unknown field is taken")
	}
}
