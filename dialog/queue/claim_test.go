package queue

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// TestClaimsAtOnceHaveOneOutcome lets agents accept, decline, go away and hang up
// and the caller leave, take a callback or run out of time, all at once, 10,000
// times: each caller gets exactly one outcome, and no agent stays stuck.
func TestClaimsAtOnceHaveOneOutcome(t *testing.T) {
	runs := 10_000
	if testing.Short() {
		runs = 1000
	}
	outcomes := map[Outcome]int{}
	for i := range runs {
		outcomes[claim(t, uint64(i))]++
		if t.Failed() {
			t.Fatalf("run %d", i)
		}
	}
	t.Log(outcomes)
	for _, o := range []Outcome{Answered, Abandoned, CalledBack} {
		if outcomes[o] < runs/100 {
			t.Errorf("%s won %d of %d: too rare to tell anything", o, outcomes[o], runs)
		}
	}
}

// claim is one run; it returns how the caller's wait ended.
func claim(t *testing.T, seed uint64) Outcome {
	random := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	var ends []Outcome
	cfg := Config{Queues: []Queue{{Name: "q", Strategy: RingAll}}}
	for i := range 3 {
		cfg.Agents = append(cfg.Agents, Agent{Name: fmt.Sprint("a", i), State: Available})
	}
	b, err := New(cfg, began, func(e Event) {
		if e.Kind == Left && e.Call == "x" {
			mu.Lock()
			ends = append(ends, e.Outcome)
			mu.Unlock()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Join(began, Request{Call: "x", Queue: "q"}); err != nil {
		t.Fatal(err)
	}
	now := at(1)
	accepted := make([]bool, 3)
	start := make(chan struct{})
	var all sync.WaitGroup
	var acts []func()
	act := func(do func()) { acts = append(acts, do) }
	for i, o := range b.Offers(now, "x") {
		switch random.IntN(4) {
		case 0, 1:
			act(func() { accepted[i] = b.Accept(now, o.ID) == nil })
		case 2:
			act(func() { b.Refuse(now, o.ID, Declined) })
		case 3:
			act(func() { _ = b.SetState(now, o.Agent, Away) })
		}
	}
	if random.IntN(2) == 0 {
		act(func() { b.Leave(now, "x", Abandoned) })
	} else {
		act(func() { b.Rename(now, "x", "callback:x", CalledBack) })
	}
	if random.IntN(8) == 0 {
		act(func() { b.Tick(now.Add(time.Hour)) })
	}
	random.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	for _, do := range acts {
		all.Go(func() {
			<-start
			do()
		})
	}
	close(start)
	all.Wait()
	b.Leave(now, "x", Failed)

	won := 0
	for i := range accepted {
		if accepted[i] {
			won++
			b.Release(now, fmt.Sprint("a", i), "x")
		}
	}
	b.Leave(now, "callback:x", Failed)
	if len(ends) != 1 || won > 1 || (won == 1) != (ends[0] == Answered) {
		t.Errorf("outcomes %v, %d agents won", ends, won)
		return Failed
	}
	if err := invariants(b); err != nil {
		t.Error(err)
	}
	for _, a := range b.Agents(now) {
		if a.State != Available && a.State != Away {
			t.Errorf("%s is stuck: %s", a.Name, a.State)
		}
	}
	return ends[0]
}
