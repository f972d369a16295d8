package admit

import (
	"context"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tick is the clock of calls: how late ours is tells how late theirs are.
	tick = 20 * time.Millisecond
	// window is how many ticks are looked back: two seconds.
	window = 100
)

// Probe measures head-room: how late a 20 ms clock is, and how much memory the
// program holds. Nil has always room.
type Probe struct {
	MaxLate   time.Duration // refuse calls where one tick in ten is later; 0 is never
	MaxMemory uint64        // refuse calls where the program holds more octets; 0 is never

	Overloads atomic.Int64 // calls refused

	mu     sync.Mutex
	late   [window]time.Duration // a ring
	ticks  int
	memory uint64
}

// Run measures until ctx ends.
func (p *Probe) Run(ctx context.Context) {
	began := time.Now()
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for n := 1; ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		late := time.Since(began.Add(time.Duration(n) * tick))
		p.add(late)
		n += 1 + max(0, int(late/tick)) // ticks that were missed are not made up for
		timer.Reset(time.Until(began.Add(time.Duration(n) * tick)))
	}
}

// add takes in one tick's lateness and, once a second, the memory held.
func (p *Probe) add(late time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ticks%50 == 0 {
		p.memory = held()
	}
	p.late[p.ticks%window] = late
	p.ticks++
}

// held is what the Go runtime has of the system's memory.
func held() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// Late is the lateness that one tick in ten exceeded in the last two seconds.
func (p *Probe) Late() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ticks < window/2 {
		return 0 // too little to tell
	}
	seen := slices.Clone(p.late[:min(p.ticks, window)])
	slices.Sort(seen)
	return max(0, seen[len(seen)*9/10])
}

// Memory is what the program holds, as of the last second.
func (p *Probe) Memory() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.memory
}

// wait is how long callers should stay away; 0 is not at all. The later the
// clock, the longer: one that is four times as late as it may be wants 8 s.
func (p *Probe) wait() time.Duration {
	if p == nil {
		return 0
	}
	late := p.Late()
	switch {
	case p.MaxLate > 0 && late > p.MaxLate:
		p.Overloads.Add(1)
		return min(60*time.Second, max(2*time.Second, (2*late/p.MaxLate)*time.Second))
	case p.MaxMemory > 0 && p.Memory() > p.MaxMemory:
		p.Overloads.Add(1)
		return 30 * time.Second
	}
	return 0
}
