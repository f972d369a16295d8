package dialog_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/dialog"
	"attendant/dialog/queue"
	"attendant/media"
	"attendant/media/mediatest"
)

// move has a leg's phone move its call to a name, as its REFER does, and returns
// what comes of it. As sip does it hangs up a phone that has moved its call.
func (h *hall) move(t *testing.T, leg media.Leg, to string) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		err := h.Transfer(t.Context(), leg, to, func(ctx context.Context) (media.Leg, error) { return h.phones.Dial(ctx, to) })
		if err == nil {
			leg.Hangup(media.ErrLocalHangup)
		}
		done <- err
	}()
	return done
}

func (h *hall) state(name string) queue.State {
	for _, a := range h.board.Agents(time.Now()) {
		if a.Name == name {
			return a.State
		}
	}
	return ""
}

func TestPhoneMovesTheCaller(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		h.phones.behave["bob"] = after(2*time.Second, nil)
		done := h.move(t, ann, "bob")
		h.wants(t, "ringing", map[string]string{"caller": "ann", "ann": "caller"})
		time.Sleep(2 * time.Second)
		h.phones.leg(t, "bob").Say(pitched("bob", time.Minute)...)
		h.wants(t, "moved", map[string]string{"caller": "bob", "bob": "caller"})
		if err := <-done; err != nil || !ann.HungUp() {
			t.Errorf("%v; the first agent's leg is down: %v", err, ann.HungUp())
		}
		if h.state("ann") != queue.Available || h.state("bob") != queue.Busy || h.drawer.last(t).Agent != "bob" {
			t.Errorf("ann is %s, bob %s; %+v", h.state("ann"), h.state("bob"), h.drawer.last(t))
		}
	})
}

func TestPhoneThatMovesTheCallerHangsUpAtOnce(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		h.phones.behave["bob"] = after(10*time.Second, nil)
		done := h.move(t, ann, "bob")
		time.Sleep(time.Second)
		ann.Leave()
		h.wants(t, "ringing", map[string]string{"caller": "music"})
		if err := h.Transfer(t.Context(), ann, "sue", nil); !errors.Is(err, dialog.ErrNotNow) {
			t.Errorf("a second transfer: %v", err)
		}
		time.Sleep(10 * time.Second)
		h.phones.leg(t, "bob").Say(pitched("bob", time.Minute)...)
		h.wants(t, "moved", map[string]string{"caller": "bob", "bob": "caller"})
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestNobodyToMoveTheCallerTo(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		h.phones.behave["sue"] = after(time.Second, media.ErrBusy)
		if err := <-h.move(t, ann, "sue"); !errors.Is(err, media.ErrBusy) {
			t.Errorf("moved to a phone that is busy: %v", err)
		}
		h.wants(t, "stayed", map[string]string{"caller": "ann", "ann": "caller"})
		done := h.move(t, ann, "sue")
		time.Sleep(500 * time.Millisecond)
		ann.Leave()
		if err := <-done; !errors.Is(err, media.ErrBusy) {
			t.Errorf("moved to a phone that is busy: %v", err)
		}
		time.Sleep(8 * time.Second) // "sorry", and the briefing's beginning
		bob := h.phones.leg(t, "bob")
		bob.Press("1")
		bob.Say(pitched("bob", time.Minute)...)
		h.wants(t, "the caller has waited again", map[string]string{"caller": "bob", "bob": "caller"})
	})
}

func TestCallerHangsUpWhileBeingMoved(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		h.phones.behave["bob"] = after(time.Minute, nil)
		done := h.move(t, ann, "bob")
		time.Sleep(time.Second)
		h.leg.Leave()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("moved a caller who has gone: %v", err)
		}
	})
}

func TestColleagueMovesOn(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		ann.Press("*2202#")
		time.Sleep(time.Second)
		bob := h.phones.leg(t, "bob")
		if err := <-h.move(t, ann, "sue"); !errors.Is(err, dialog.ErrNotNow) {
			t.Errorf("an agent who consults has moved the caller: %v", err)
		}
		if err := <-h.move(t, bob, "sue"); err != nil {
			t.Error(err)
		}
		h.phones.leg(t, "sue").Say(pitched("sue", time.Minute)...)
		h.wants(t, "consulting another one", map[string]string{"caller": "music", "ann": "sue", "sue": "ann"})
	})
}

func TestAnotherPhoneTakesALeg(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		h.Replaced(t.Context(), ann, "bob")
		h.wants(t, "replaced", map[string]string{"caller": "ann", "ann": "caller"}) // the leg is the same
		if h.state("ann") != queue.Available || h.state("bob") != queue.Busy || h.drawer.last(t).Agent != "bob" {
			t.Errorf("ann is %s, bob %s; %+v", h.state("ann"), h.state("bob"), h.drawer.last(t))
		}
		h.order(t, dialog.Order{Verb: dialog.Hold, By: "bob", Role: "agent"})
		h.wants(t, "held by the other", map[string]string{"caller": "music"})
		if ann.HungUp() {
			t.Error("the leg is down")
		}
	})
}

func TestOnlyWhoHasACallerMovesIt(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		stranger := mediatest.NewLeg(media.Peer{})
		h.phones.all = append(h.phones.all, stranger)
		defer stranger.Hangup(nil)
		for name, leg := range map[string]media.Leg{"a stranger": stranger, "the caller": h.leg} {
			if err := h.Transfer(t.Context(), leg, "bob", nil); !errors.Is(err, dialog.ErrNoCall) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestTheSingleHumanMovesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hall{scene: newScene(t), phones: newPhones(), drawer: &drawer{}}
		h.Dialer, h.Music, h.Human, h.RingTimeout = h.phones, pitched("music", time.Second), "ann", time.Minute
		var running sync.WaitGroup
		running.Go(func() { h.Answer(t.Context(), h.leg) })
		time.Sleep(time.Second)
		h.leg.Press("0")
		time.Sleep(8 * time.Second)
		h.leg.Say(pitched("caller", time.Minute)...)
		ann := h.phones.leg(t, "ann")
		ann.Say(pitched("ann", time.Minute)...)
		h.wants(t, "together", map[string]string{"caller": "ann", "ann": "caller"})
		h.phones.behave["bob"] = after(5*time.Second, nil)
		done := h.move(t, ann, "bob")
		time.Sleep(time.Second)
		ann.Leave()
		h.wants(t, "ringing", map[string]string{"caller": "music"})
		time.Sleep(5 * time.Second)
		h.phones.leg(t, "bob").Say(pitched("bob", time.Minute)...)
		h.wants(t, "moved", map[string]string{"caller": "bob", "bob": "caller"})
		if err := <-done; err != nil {
			t.Error(err)
		}
		h.leg.Leave()
		running.Wait()
		if n := h.phones.up(); n != 0 {
			t.Errorf("%d legs are left", n)
		}
	})
}
