// Package admit decides who may take up our time: by source before a message
// is parsed, and by head-room before a call is answered.
//
// The central types are Guard, which has a token bucket and a count of failures
// for each source, and Calls, which has the rate of new calls and asks a Probe
// how much head-room the machine has left. The server asks Guard for each
// message and tells it of failures, and asks Calls for each INVITE that begins
// a call. Requests within a call are asked about by neither.
//
// Guarantees: no method blocks for I/O or keeps more than a bounded number of
// sources; a source that is known is never banned, so that nobody can have it
// banned by sending in its name; an IPv6 source is its /64 network.
//
// RFC 3261 section 21.5.4 has the Retry-After that Calls tells.
package admit

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of a Guard. The zero value of each field is its default.
type Limits struct {
	Rate     float64       // messages a second from a source; 50
	Burst    float64       // messages at once; twice the rate
	Known    float64       // messages a second from a known source; 4000
	Failures int           // within Window until a source is banned; 30
	Window   time.Duration // 60 s
	Ban      time.Duration // how long; 10 min
	Sources  int           // how many sources are remembered; 32768, some 4 MB
}

// Guard admits messages by their source. Any goroutine may call its methods.
type Guard struct {
	limits Limits
	known  func(netip.Addr) bool

	Limited atomic.Int64 // messages over their source's rate
	Refused atomic.Int64 // messages of banned sources
	Bans    atomic.Int64 // bans begun

	mu       sync.Mutex
	now, old map[netip.Addr]*source // the second has those not seen since the first was full
}

// source is what is remembered of one.
type source struct {
	tokens   float64
	filled   time.Time
	failures int
	since    time.Time // of the first of the failures
	banned   time.Time // until then
}

// NewGuard returns a guard. known tells the sources that are never banned and
// have the higher rate; nil is none. It is called with each message and must
// not block.
func NewGuard(l Limits, known func(netip.Addr) bool) *Guard {
	for _, d := range []struct {
		to    *float64
		value float64
	}{{&l.Rate, 50}, {&l.Burst, 2 * max(l.Rate, 50)}, {&l.Known, 4000}} {
		if *d.to == 0 {
			*d.to = d.value
		}
	}
	if l.Failures == 0 {
		l.Failures = 30
	}
	if l.Window == 0 {
		l.Window = time.Minute
	}
	if l.Ban == 0 {
		l.Ban = 10 * time.Minute
	}
	if l.Sources == 0 {
		l.Sources = 1 << 15
	}
	if known == nil {
		known = func(netip.Addr) bool { return false }
	}
	return &Guard{limits: l, known: known, now: map[netip.Addr]*source{}}
}

// Admit takes a token of the source's bucket and reports whether there was one
// and the source is not banned.
func (g *Guard) Admit(from netip.Addr) bool {
	rate, burst := g.limits.Rate, g.limits.Burst
	known := g.known(from.Unmap())
	if known {
		rate, burst = g.limits.Known, g.limits.Known
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s, t := g.find(network(from)), time.Now()
	if !known && t.Before(s.banned) {
		g.Refused.Add(1)
		return false
	}
	if s.filled.IsZero() {
		s.tokens = burst
	} else {
		s.tokens = min(burst, s.tokens+rate*t.Sub(s.filled).Seconds())
	}
	s.filled = t
	if s.tokens < 1 {
		g.Limited.Add(1)
		return false
	}
	s.tokens--
	return true
}

// Banned reports whether the source is banned now.
func (g *Guard) Banned(from netip.Addr) bool {
	if g.known(from.Unmap()) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.find(network(from))
	return time.Now().Before(s.banned)
}

// Fail counts a failure of the source: rubbish, wrong credentials, a dialog that
// is not its own. It reports whether that has banned it.
func (g *Guard) Fail(from netip.Addr) bool {
	if g.known(from.Unmap()) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s, t := g.find(network(from)), time.Now()
	if t.Sub(s.since) > g.limits.Window {
		s.failures, s.since = 0, t
	}
	if s.failures++; s.failures < g.limits.Failures || t.Before(s.banned) {
		return false
	}
	s.failures, s.banned = 0, t.Add(g.limits.Ban)
	g.Bans.Add(1)
	return true
}

// find returns the source; the caller holds mu. When as many as are remembered
// have been seen, those that have not been seen since are forgotten.
func (g *Guard) find(a netip.Addr) *source {
	if s := g.now[a]; s != nil {
		return s
	}
	if len(g.now) >= g.limits.Sources/2 {
		g.old, g.now = g.now, map[netip.Addr]*source{}
	}
	s := g.old[a]
	if s == nil {
		s = &source{}
	}
	g.now[a] = s
	return s
}

// network is what counts as one source.
func network(a netip.Addr) netip.Addr {
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}
