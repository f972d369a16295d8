//go:build e2e

package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/sip"
	"attendant/sip/header"
)

// handset is an agent's or a caller's phone: our own SIP side, told what to do.
type handset struct {
	*sip.Server
	legs chan *sip.Leg // calls that it has taken
	hz   float64       // of the tone that it says
}

// newHandset runs a phone until the test ends. Every call is taken.
func newHandset(t *testing.T, listen string, hz float64) *handset {
	t.Helper()
	p := &handset{legs: make(chan *sip.Leg, 4), hz: hz}
	var err error
	p.Server, err = sip.Listen(sip.Config{
		Listen: listen, Log: slog.New(slog.DiscardHandler), NoMedia: time.Minute, MayTransfer: func(sip.Attempt) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := p.Serve(ctx, func(ctx context.Context, l media.Leg) {
			p.legs <- l.(*sip.Leg)
			select {
			case <-ctx.Done():
			case <-l.Context().Done():
			}
		}); err != nil {
			t.Errorf("phone: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return p
}

// register registers the phone, and returns when it is.
func (p *handset) register(t *testing.T, l *line, name string) {
	t.Helper()
	_, err := p.Register(t.Context(), sip.Registration{Registrar: l.sip, User: name, Password: "correct-horse", Expires: time.Hour, CallID: name, Seq: 1})
	if err != nil {
		t.Fatalf("register %s: %v", name, err)
	}
}

// taken is the next call that the phone has taken.
func (p *handset) taken(t *testing.T) *sip.Leg {
	t.Helper()
	select {
	case leg := <-p.legs:
		return leg
	case <-time.After(40 * time.Second):
		t.Fatal("the phone is not called")
		return nil
	}
}

// speaks has the phones at two legs speak until each has heard the other.
func speaks(t *testing.T, a *handset, legA *sip.Leg, b *handset, legB *sip.Leg) {
	t.Helper()
	phase, heard := [2]float64{}, [2]bool{}
	tick := time.NewTicker(media.FrameDuration)
	defer tick.Stop()
	for deadline := time.Now().Add(40 * time.Second); !heard[0] || !heard[1]; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("they hear each other: %v", heard)
		}
		for i, side := range []struct {
			leg         *sip.Leg
			own, theirs float64
		}{{legA, a.hz, b.hz}, {legB, b.hz, a.hz}} {
			var out, in media.Frame
			phase[i] = dsp.Tone(out[:], media.SampleRateHz, side.own, 4000, phase[i])
			side.leg.PutFrame(&out)
			if side.leg.GetFrame(&in) && dsp.Power(in[:], media.SampleRateHz, side.theirs) > 0.8 {
				heard[i] = true
			}
		}
	}
}

// TestE2EAgentsPhonesMoveTheirCalls has one caller be moved from phone to phone:
// blindly, after a consultation, and by a phone that takes another's place. Who
// is no agent moves nothing.
func TestE2EAgentsPhonesMoveTheirCalls(t *testing.T) {
	l := start(t, "ATTENDANT_HUMAN=ana", "ATTENDANT_RECORD=false")
	l.set(t, "phones", "add", "ana", "password=correct-horse")
	l.set(t, "phones", "add", "ben", "password=correct-horse")
	ana, ben, caller := newHandset(t, "127.0.0.1:0", 700), newHandset(t, "127.0.0.1:0", 1000), newHandset(t, "127.0.0.1:0", 1300)
	ana.register(t, l, "ana")
	ben.register(t, l, "ben")
	call, err := caller.Dial(t.Context(), "sip:support@"+l.sip, sip.DialOptions{From: "+15550100"})
	if err != nil {
		t.Fatal(err)
	}
	defer call.Hangup(media.ErrLocalHangup)

	// Who calls in may neither move the call nor take a place in it.
	var refusal *sip.CallError
	if err := call.Refer(t.Context(), "sip:ben@"+l.sip, nil, nil); !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("a caller's REFER: %v", err)
	}
	d := call.Dialog()
	stranger := newHandset(t, "127.0.0.1:0", 0)
	_, err = stranger.Dial(t.Context(), "sip:support@"+l.sip, sip.DialOptions{Replaces: &header.Replaces{CallID: d.CallID, ToTag: d.RemoteTag, FromTag: d.LocalTag}})
	if !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("a stranger's INVITE with Replaces: %v", err)
	}

	if err := call.SendDigits(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
	first := ana.taken(t)
	speaks(t, caller, call, ana, first)

	// Nobody is called whom the phone cannot name but by a foreign address.
	if err := first.Refer(t.Context(), "sip:ben@192.0.2.1", nil, nil); err != nil {
		t.Errorf("our own phone by any host: %v", err)
	}
	second := ben.taken(t)
	speaks(t, caller, call, ben, second)
	if err := second.Refer(t.Context(), "sip:foreign@192.0.2.1", nil, nil); !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("to a foreign address: %v", err)
	}

	// Ben asks ana first, and then has her take the call.
	consult, err := ben.Dial(t.Context(), "sip:ana@"+ana.Addr(), sip.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	asked := ana.taken(t)
	if err := second.Refer(t.Context(), "", consult, nil); err != nil {
		t.Errorf("attended: %v", err)
	}
	speaks(t, caller, call, ana, asked)

	// Ben takes the place of ana's phone.
	d = asked.Dialog()
	third, err := ben.Dial(t.Context(), "sip:support@"+l.sip, sip.DialOptions{Replaces: &header.Replaces{CallID: d.CallID, ToTag: d.RemoteTag, FromTag: d.LocalTag}})
	if err != nil {
		t.Fatal(err)
	}
	defer third.Hangup(media.ErrLocalHangup)
	speaks(t, caller, call, ben, third)
	if call.Context().Err() != nil {
		t.Errorf("the caller's leg has ended: %v", context.Cause(call.Context()))
	}
	for name, want := range map[string]float64{"attendant_sip_referrals": 3, "attendant_sip_legs_replaced": 1, "attendant_sip_transfers_refused": 2, "attendant_sip_legs": 2} {
		until(t, name, func() bool { return l.gauge(t, name) == want })
	}
	call.Hangup(media.ErrLocalHangup)
	if r := l.record(t, 1); r.Outcome != "escalated" || strings.Contains(r.EndCause, "lost") {
		t.Errorf("outcome %q, ended: %s", r.Outcome, r.EndCause)
	}
	l.idle(t)
}
