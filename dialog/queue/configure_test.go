package queue

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

func config(t *testing.T, yaml string) Config {
	t.Helper()
	c, err := Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const one = `
queues: [{name: q}, {name: old}]
agents: [{name: a, state: available}, {name: b, wrap_up: 10s}, {name: c}]`

// TestConfigurationChangesUnderCalls takes agents and a queue out of the
// configuration while they are at work.
func TestConfigurationChangesUnderCalls(t *testing.T) {
	b, err := New(config(t, one), began, nil)
	if err != nil {
		t.Fatal(err)
	}
	join := func(call, queue string, s float64) {
		t.Helper()
		if err := b.Join(at(s), Request{Call: call, Queue: queue}); err != nil {
			t.Fatal(err)
		}
	}
	join("x", "old", 0)
	if err := b.Accept(at(1), b.Offers(at(1), "x")[0].ID); err != nil {
		t.Fatal(err)
	}
	join("y", "old", 2)
	join("z", "q", 3)
	faulty := Config{Queues: []Queue{{Name: "q", Overflow: "queue nowhere"}}}
	if err := b.Configure(at(4), faulty); err == nil {
		t.Error("a configuration with a fault was taken")
	}
	if err := b.Configure(at(4), config(t, "queues: [{name: q, title: New, strategy: ring_all}]\nagents: [{name: b, wrap_up: 20s}, {name: d, state: available}]")); err != nil {
		t.Fatal(err)
	}
	if q, _ := b.Queue("q"); q.Title != "New" || b.Default() != "q" {
		t.Errorf("queue %+v, default %q", q, b.Default())
	}
	if err := b.Join(at(5), Request{Call: "w", Queue: "old"}); !errors.Is(err, ErrClosed) {
		t.Errorf("joining a queue that was taken out: %v", err)
	}
	// The new agent serves who waits in the queue that was taken out.
	offers := b.Offers(at(5), "y")
	if len(offers) != 1 || offers[0].Agent != "d" {
		t.Fatalf("offers %+v", offers)
	}
	if err := b.Accept(at(6), offers[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := b.Queue("old"); ok {
		t.Error("a queue that was taken out outlives its last caller")
	}
	if _, ok := b.Agent("a"); !ok {
		t.Error("an agent who was taken out has lost the call")
	}
	b.Release(at(7), "a", "x")
	for _, name := range []string{"a", "c"} {
		if _, ok := b.Agent(name); ok {
			t.Errorf("%s is still there", name)
		}
	}
	// Who waited in a queue that is gone waits in the default one.
	if err := b.Requeue(at(8), "d", Request{Call: "y", Queue: "old", Since: at(2)}); err != nil {
		t.Fatal(err)
	}
	if p, ok := b.Place(at(8), "y"); !ok || p.Queue != "q" || p.Position != 1 {
		t.Errorf("place %+v, %v", p, ok)
	}
	if err := invariants(b); err != nil {
		t.Error(err)
	}
}

func TestAgentTakenOutWhileRinging(t *testing.T) {
	b, err := New(config(t, one), began, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Join(at(0), Request{Call: "x", Queue: "q"}); err != nil {
		t.Fatal(err)
	}
	offer := b.Offers(at(0), "x")[0]
	if err := b.Configure(at(1), config(t, "queues: [{name: q}]")); err != nil {
		t.Fatal(err)
	}
	if err := b.Accept(at(2), offer.ID); !errors.Is(err, ErrGone) {
		t.Errorf("accepted by an agent who was taken out: %v", err)
	}
	if len(b.Agents(at(2))) != 0 || !b.Rename(at(3), "x", "callback:x", CalledBack) {
		t.Errorf("agents %+v", b.Agents(at(2)))
	}
	if err := invariants(b); err != nil {
		t.Error(err)
	}
}

// TestConfigurationChangesAtRandomMoments holds the board's invariants while
// agents and queues come and go.
func TestConfigurationChangesAtRandomMoments(t *testing.T) {
	all := moves()
	for _, yaml := range []string{
		"queues: [{name: q}]\nagents: [{name: a, state: available}, {name: b, state: available}]",
		"queues: [{name: q, strategy: ring_all}, {name: r}]\nagents: [{name: b, wrap_up: 15s, state: available}]",
		"queues: [{name: r}]\nagents: [{name: a, state: available}]",
	} {
		cfg := config(t, yaml)
		all = append(all, move{yaml, func(b *Board, now time.Time) { _ = b.Configure(now, cfg) }})
	}
	random := rand.New(rand.NewPCG(11, 3))
	b, err := New(config(t, one), began, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20_000 {
		m := all[random.IntN(len(all))]
		m.do(b, at(float64(i)))
		if err := invariants(b); err != nil {
			t.Fatalf("move %d, %s: %v", i, m.name, err)
		}
	}
}
