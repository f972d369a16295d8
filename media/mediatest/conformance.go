package mediatest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"attendant/media"
)

// patience bounds how long a real far end may take to be heard of.
const patience = 5 * time.Second

// Far is the far end of a leg under test.
type Far interface {
	// Press presses keys. It may return before they have arrived.
	Press(keys string)
	// Leave hangs up.
	Leave()
}

// TestLeg tests what media.Leg promises. newLeg returns a leg that is up, and
// its far end; it releases what it opened with t.Cleanup.
func TestLeg(t *testing.T, newLeg func(t *testing.T) (media.Leg, Far)) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, leg media.Leg, far Far)
	}{
		{"keys come once and in order", testKeys},
		{"hangup ends it for its cause", testHangup},
		{"hangups at once are one", testHangups},
		{"far end leaves", testLeave},
		{"ended leg is harmless", testEnded},
		{"tick allocates nothing", testTick},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			leg, far := newLeg(t)
			t.Cleanup(func() { leg.Hangup(media.ErrLocalHangup) })
			if err := context.Cause(leg.Context()); err != nil {
				t.Fatalf("a leg that is up has ended: %v", err)
			}
			c.run(t, leg, far)
		})
	}
}

func testKeys(t *testing.T, leg media.Leg, far Far) {
	const want = "12#*0"
	far.Press(want)
	late := time.After(patience)
	got := ""
	for len(got) < len(want) {
		select {
		case d := <-leg.Digits():
			got += string(d.Key)
		case <-late:
			t.Fatalf("keys %q, want %q", got, want)
		}
	}
	if got != want {
		t.Errorf("keys %q, want %q", got, want)
	}
}

func testHangup(t *testing.T, leg media.Leg, _ Far) {
	leg.Hangup(media.ErrShutdown)
	ended(t, leg, media.ErrShutdown)
	leg.Hangup(media.ErrBusy)
	ended(t, leg, media.ErrShutdown)
}

func testHangups(t *testing.T, leg media.Leg, _ Far) {
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { leg.Hangup(media.ErrLocalHangup) })
	}
	all.Wait()
	ended(t, leg, media.ErrLocalHangup)
}

func testLeave(t *testing.T, leg media.Leg, far Far) {
	far.Leave()
	ended(t, leg, media.ErrRemoteHangup)
	leg.Hangup(media.ErrLocalHangup)
	ended(t, leg, media.ErrRemoteHangup)
}

// ended waits for the leg's end and compares why.
func ended(t *testing.T, leg media.Leg, want error) {
	t.Helper()
	select {
	case <-leg.Context().Done():
	case <-time.After(patience):
		t.Fatalf("leg did not end, want %v", want)
	}
	if err := context.Cause(leg.Context()); !errors.Is(err, want) {
		t.Errorf("cause %v, want %v", err, want)
	}
}

func testEnded(t *testing.T, leg media.Leg, _ Far) {
	leg.Hangup(media.ErrLocalHangup)
	var f media.Frame
	for range 100 {
		leg.GetFrame(&f)
		leg.PutFrame(&f)
	}
	select {
	case d, ok := <-leg.Digits():
		t.Errorf("digits of an ended leg: %v, %v; want nothing and no close", d, ok)
	default:
	}
}

func testTick(t *testing.T, leg media.Leg, _ Far) {
	var in, out media.Frame
	tick := func() { leg.GetFrame(&in); leg.PutFrame(&out) }
	if n := testing.AllocsPerRun(100, tick); n >= 1 {
		t.Errorf("%v allocations a tick, want none", n)
	}
}
