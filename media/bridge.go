package media

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Bridge is one call's clock and switchboard. Run drives it; Connect and
// Disconnect change who hears whom, from any goroutine, from the next tick on.
type Bridge struct {
	stats BridgeStats
	board atomic.Pointer[switchboard]

	mu    sync.Mutex // guards the making of a new switchboard, never held in a tick
	links []link
}

// BridgeStats count what a bridge's clock has done.
type BridgeStats struct {
	Ticks   atomic.Uint64 // ticks run
	Late    atomic.Uint64 // ticks that began more than 20 ms after their time
	Skipped atomic.Uint64 // ticks left out because the clock was over 200 ms behind
}

type link struct{ from, to Port }

// switchboard is one arrangement of connections. The tick's buffers belong to
// it so that no tick allocates.
type switchboard struct {
	sources   []Port
	frames    []Frame
	spoke     []bool
	listeners []listener
}

type listener struct {
	port    Port
	sources []int // indices into switchboard.sources
}

// catchUp is how far the clock may fall behind before ticks are left out: what
// a jitter buffer at the far end can still hide.
const catchUp = 200 * time.Millisecond

// NewBridge returns a bridge without connections.
func NewBridge() *Bridge {
	b := &Bridge{}
	b.board.Store(&switchboard{})
	return b
}

// Stats returns the bridge's counters.
func (b *Bridge) Stats() *BridgeStats { return &b.stats }

// Connect lets 'to' hear 'from' from the next tick on. Connecting twice is
// connecting once.
func (b *Bridge) Connect(from, to Port) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.links {
		if l == (link{from, to}) {
			return
		}
	}
	b.links = append(b.links, link{from, to})
	b.board.Store(arrange(b.links))
}

// Disconnect ends what Connect began. Where there is no such connection it
// does nothing.
func (b *Bridge) Disconnect(from, to Port) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kept []link
	for _, l := range b.links {
		if l != (link{from, to}) {
			kept = append(kept, l)
		}
	}
	b.links = kept
	b.board.Store(arrange(b.links))
}

// Remove ends all connections from and to port.
func (b *Bridge) Remove(port Port) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kept []link
	for _, l := range b.links {
		if l.from != port && l.to != port {
			kept = append(kept, l)
		}
	}
	b.links = kept
	b.board.Store(arrange(b.links))
}

func arrange(links []link) *switchboard {
	s := &switchboard{}
	index := map[Port]int{}
	place := map[Port]int{}
	for _, l := range links {
		if _, ok := index[l.from]; !ok {
			index[l.from] = len(s.sources)
			s.sources = append(s.sources, l.from)
		}
		if _, ok := place[l.to]; !ok {
			place[l.to] = len(s.listeners)
			s.listeners = append(s.listeners, listener{port: l.to})
		}
		at := &s.listeners[place[l.to]]
		at.sources = append(at.sources, index[l.from])
	}
	s.frames = make([]Frame, len(s.sources))
	s.spoke = make([]bool, len(s.sources))
	return s
}

// Run ticks every 20 ms until ctx ends. Time counts from the start, not from
// the last tick, so that it does not drift; each bridge starts at a random
// phase so that a server's calls spread over the 20 ms. Run is called once.
func (b *Bridge) Run(ctx context.Context) {
	next := time.Now().Add(time.Duration(rand.Int64N(int64(FrameDuration))))
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		b.Tick()
		next = b.after(next)
		timer.Reset(time.Until(next))
	}
}

// after returns the time of the tick that follows the one of time t.
func (b *Bridge) after(t time.Time) time.Time {
	late := time.Since(t)
	if late > FrameDuration {
		b.stats.Late.Add(1)
	}
	t = t.Add(FrameDuration)
	if late > catchUp {
		missed := late / FrameDuration
		b.stats.Skipped.Add(uint64(missed))
		t = t.Add(missed * FrameDuration)
	}
	return t
}

// Tick moves one frame from each port to those who hear it. Run calls it;
// nobody else does while Run runs.
func (b *Bridge) Tick() {
	b.stats.Ticks.Add(1)
	s := b.board.Load()
	for i, p := range s.sources {
		s.spoke[i] = p.GetFrame(&s.frames[i])
	}
	for i := range s.listeners {
		s.serve(&s.listeners[i])
	}
}

func (s *switchboard) serve(l *listener) {
	var sum [FrameSamples]int32
	var out Frame
	heard := 0
	for _, i := range l.sources {
		if !s.spoke[i] {
			continue
		}
		if heard++; heard == 1 {
			out = s.frames[i]
		}
		for n, v := range s.frames[i] {
			sum[n] += int32(v)
		}
	}
	if heard > 1 {
		for n, v := range sum {
			out[n] = int16(max(-32768, min(32767, v)))
		}
	}
	l.port.PutFrame(&out)
}
