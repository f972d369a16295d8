package queue

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// invariants are what holds of a board at any time.
func invariants(b *Board) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	rings, talks := map[string]int{}, map[string]int{}
	for _, o := range b.offers {
		rings[o.Agent]++
		if b.entry(o.Call) == nil {
			return fmt.Errorf("%s rings for %s, who does not wait", o.Agent, o.Call)
		}
	}
	for _, name := range b.order {
		a := b.agents[name]
		if a.state == Busy {
			talks[a.call]++
		}
		if rings[name] > 1 || (rings[name] == 1) != (a.state == Ringing) {
			return fmt.Errorf("%s is %s with %d offers", name, a.state, rings[name])
		}
		if (a.state == Busy || a.state == WrapUp) != (a.call != "") {
			return fmt.Errorf("%s is %s in call %q", name, a.state, a.call)
		}
	}
	for call, n := range talks {
		if n > 1 || b.entry(call) != nil {
			return fmt.Errorf("%s talks with %d agents, and waits: %v", call, n, b.entry(call) != nil)
		}
	}
	return nil
}

// idle reports a caller who waits without an offer although an agent could take
// the call.
func idle(b *Board, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.waiting {
		if len(b.of(func(o *Offer) bool { return o.Call == e.Call })) == 0 && len(b.chosen(now, e, b.queues[e.Queue])) > 0 {
			return fmt.Errorf("%s waits although an agent is free", e.Call)
		}
	}
	return nil
}

// move is something that can happen to a board.
type move struct {
	name string
	do   func(b *Board, now time.Time)
}

func moves() []move {
	var out []move
	for _, call := range []string{"x", "y"} {
		out = append(out,
			move{"join " + call, func(b *Board, now time.Time) { _ = b.Join(now, Request{Call: call, Queue: "q"}) }},
			move{"leave " + call, func(b *Board, now time.Time) { b.Leave(now, call, Abandoned) }},
			move{"accept " + call, func(b *Board, now time.Time) {
				for _, o := range b.Offers(now, call) {
					_ = b.Accept(now, o.ID)
				}
			}},
			move{"refuse " + call, func(b *Board, now time.Time) {
				for _, o := range b.Offers(now, call) {
					b.Refuse(now, o.ID, NoAnswer)
				}
			}},
		)
	}
	for _, agent := range []string{"a", "b"} {
		for _, s := range []State{Available, Away} {
			out = append(out, move{string(s) + " " + agent, func(b *Board, now time.Time) { _ = b.SetState(now, agent, s) }})
		}
		out = append(out, move{"release " + agent, func(b *Board, now time.Time) {
			for _, s := range b.Agents(now) {
				if s.Name == agent && s.Call != "" {
					b.Release(now, agent, s.Call)
				}
			}
		}})
	}
	return append(out, move{"time", func(*Board, time.Time) {}})
}

// mark tells boards apart that can come to different ends.
func mark(b *Board, now time.Time) string {
	var s strings.Builder
	for _, a := range b.Agents(now) {
		seat := b.agents[a.Name]
		fmt.Fprint(&s, a.Name, a.State, a.Call, seat.wish, seat.misses, now.Before(seat.until), ";")
	}
	for _, e := range b.waiting {
		fmt.Fprint(&s, e.Call, e.overdue, slices.Sorted(maps.Keys(e.refused)), ";")
	}
	for _, o := range b.of(func(*Offer) bool { return true }) {
		fmt.Fprint(&s, o.Call, o.Agent, ";")
	}
	return s.String()
}

// TestEveryStateWithinSevenMoves visits all that seven moves can come to, with
// either strategy of ringing, and checks what must hold.
func TestEveryStateWithinSevenMoves(t *testing.T) {
	const depth = 7
	for _, strategy := range []string{"longest_idle", "ring_all"} {
		all := moves()
		cfg, err := Load([]byte("queues: [{name: q, max_wait: 100s, strategy: " + strategy + "}]\nagents: [{name: a, addresses: [s], wrap_up: 15s}, {name: b, addresses: [s], state: available}]"))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		edge := [][]int{nil}
		for d := 0; d < depth; d++ {
			var next [][]int
			for _, path := range edge {
				for i := range all {
					steps := append(slices.Clone(path), i)
					b, ends := replay(t, cfg, all, steps)
					now := at(float64(10 * len(steps)))
					if err := errors.Join(invariants(b), idle(b, now), once(ends)); err != nil {
						t.Fatalf("%s: %v after %v", strategy, err, told(all, steps))
					}
					if m := mark(b, now); !seen[m] {
						seen[m] = true
						next = append(next, steps)
					}
				}
			}
			edge = next
		}
		t.Logf("%s: %d states within %d moves", strategy, len(seen), depth)
		if len(seen) < 100 {
			t.Errorf("%s: only %d states were visited", strategy, len(seen))
		}
	}
}

func replay(t *testing.T, cfg Config, all []move, steps []int) (*Board, []Event) {
	t.Helper()
	var ends []Event
	b, err := New(cfg, began, func(e Event) {
		if e.Kind == Joined || e.Kind == Left {
			ends = append(ends, e)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range steps {
		now := at(float64(10 * (i + 1)))
		all[step].do(b, now)
		b.Tick(now)
	}
	return b, ends
}

// once reports a caller whose wait ended twice, or without having begun.
func once(ends []Event) error {
	waiting := map[string]bool{}
	for _, e := range ends {
		if waiting[e.Call] != (e.Kind == Left) {
			return fmt.Errorf("%s: %s out of turn", e.Call, e.Kind)
		}
		waiting[e.Call] = e.Kind == Joined
	}
	return nil
}

func told(all []move, steps []int) (out []string) {
	for _, i := range steps {
		out = append(out, all[i].name)
	}
	return out
}
