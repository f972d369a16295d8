package admit

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	stranger = netip.MustParseAddr("192.0.2.7")
	carrier  = netip.MustParseAddr("198.51.100.1")
)

func isCarrier(a netip.Addr) bool { return a == carrier }

func count(n int, admit func() bool) (admitted int) {
	for range n {
		if admit() {
			admitted++
		}
	}
	return admitted
}

func TestASourceHasABucketOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGuard(Limits{Rate: 10, Burst: 20, Known: 100}, isCarrier)
		if n := count(50, func() bool { return g.Admit(stranger) }); n != 20 {
			t.Errorf("%d of 50 at once admitted, want the burst of 20", n)
		}
		time.Sleep(time.Second)
		if n := count(50, func() bool { return g.Admit(stranger) }); n != 10 {
			t.Errorf("%d admitted after a second, want 10", n)
		}
		if n := count(200, func() bool { return g.Admit(carrier) }); n != 100 {
			t.Errorf("%d of a known source admitted, want 100", n)
		}
		if !g.Admit(netip.MustParseAddr("192.0.2.8")) {
			t.Error("another source pays for the first")
		}
		if n := g.Limited.Load(); n != 30+40+100 {
			t.Errorf("%d counted as over the rate, want 170", n)
		}
	})
}

func TestFailuresBanASourceForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGuard(Limits{Failures: 3, Window: time.Minute, Ban: 10 * time.Minute}, isCarrier)
		g.Fail(stranger)
		g.Fail(stranger)
		time.Sleep(2 * time.Minute) // long ago: begins anew
		first, second, third := g.Fail(stranger), g.Fail(stranger), g.Fail(stranger)
		if first || second || !third {
			t.Error("want the third failure within a minute to ban")
		}
		if !g.Banned(stranger) || g.Admit(stranger) || g.Refused.Load() != 1 {
			t.Error("the source is not banned")
		}
		for range 10 {
			g.Fail(carrier)
		}
		if g.Banned(carrier) || !g.Admit(carrier) {
			t.Error("somebody had the carrier banned")
		}
		time.Sleep(11 * time.Minute)
		if !g.Admit(stranger) {
			t.Error("the ban does not end")
		}
	})
}

func TestRememberedSourcesAreBounded(t *testing.T) {
	g := NewGuard(Limits{Sources: 100}, nil)
	for i := range 100_000 {
		g.Admit(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if n := len(g.now) + len(g.old); n > 100 {
		t.Errorf("%d sources remembered, want at most 100", n)
	}
	if network(netip.MustParseAddr("2001:db8::1")) != network(netip.MustParseAddr("2001:db8::ffff:2")) {
		t.Error("addresses of one /64 are two sources")
	}
}

func TestCallsHaveARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Calls{Rate: 5}
		admit := func() bool { _, ok := c.Admit(); return ok }
		if n := count(20, admit); n != 5 {
			t.Errorf("%d of 20 admitted, want 5", n)
		}
		if wait, ok := c.Admit(); ok || wait < time.Second {
			t.Errorf("wait %v, want at least a second", wait)
		}
		time.Sleep(time.Second)
		if n := count(20, admit); n != 5 {
			t.Errorf("%d admitted after a second, want 5", n)
		}
		if n := count(100, func() bool { _, ok := (&Calls{}).Admit(); return ok }); n != 100 {
			t.Errorf("%d of 100 admitted without a rate", n)
		}
	})
}

func TestALateClockRefusesCalls(t *testing.T) {
	p := &Probe{MaxLate: 40 * time.Millisecond}
	c := &Calls{Probe: p}
	for range window {
		p.add(time.Millisecond)
	}
	if _, ok := c.Admit(); !ok {
		t.Error("refused with head-room")
	}
	for range window / 5 {
		p.add(160 * time.Millisecond)
	}
	if wait, ok := c.Admit(); ok || wait != 8*time.Second {
		t.Errorf("wait %v, want 8 s", wait)
	}
	if p.Overloads.Load() != 1 {
		t.Errorf("%d overloads counted, want 1", p.Overloads.Load())
	}
	p.MaxLate, p.MaxMemory = 0, 1
	if wait, ok := c.Admit(); ok || wait != 30*time.Second {
		t.Errorf("over the memory: wait %v, want 30 s", wait)
	}
}

func TestProbeMeasuresItsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Probe{}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { p.Run(ctx) })
		time.Sleep(10 * time.Second)
		cancel()
		running.Wait()
		if p.ticks < 499 || p.Late() != 0 || p.Memory() == 0 {
			t.Errorf("%d ticks, %v late, %d octets", p.ticks, p.Late(), p.Memory())
		}
	})
}
