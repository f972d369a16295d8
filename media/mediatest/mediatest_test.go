package mediatest

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"attendant/media"
)

func TestFakeIsALeg(t *testing.T) {
	TestLeg(t, func(*testing.T) (media.Leg, Far) {
		l := NewLeg(media.Peer{CallID: "1"})
		return l, l
	})
}

func TestFakesTalkOverABridge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, agent := NewLeg(media.Peer{}), NewLeg(media.Peer{})
		b := media.NewBridge()
		b.Connect(caller, agent)
		b.Connect(agent, caller)
		caller.Say(media.Frame{1}, media.Frame{2})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		b.Run(ctx)
		heard := agent.Heard()
		if len(heard) < 49 || heard[0][0] != 1 || heard[1][0] != 2 || heard[2][0] != 0 {
			t.Errorf("%d frames heard, want a second that begins with what was said", len(heard))
		}
		if caller.Left() != 0 {
			t.Errorf("%d frames left unsaid", caller.Left())
		}
	})
}

func TestKeysBeyondTheBoundAreCounted(t *testing.T) {
	l := NewLeg(media.Peer{})
	l.Press(strings.Repeat("5", 40))
	if n := len(l.Digits()); n != 32 || l.Dropped() != 8 {
		t.Errorf("%d keys wait, %d dropped; want 32 and 8", n, l.Dropped())
	}
}
