//go:build e2e

package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/sip"
	"attendant/sip/header"
)

// tones are what handsets say, each its own, so that it is heard who speaks.
var tones = []float64{700, 1000, 1300}

// handset is an agent's or a caller's phone: our own SIP side, told what to do.
type handset struct {
	*sip.Server
	calls chan *voice // that it has taken
	hz    float64     // of the tone that it says

	ctx     context.Context //nolint:containedctx // the test's
	talking sync.WaitGroup
}

// voice is one call of a handset: it says its tone and listens for others.
type voice struct {
	*sip.Leg
	heard atomic.Int64 // the tone of the last frame; 0 is none
}

// newHandset runs a phone until the test ends. Every call is taken.
func newHandset(t *testing.T, hz float64) *handset {
	t.Helper()
	p := &handset{calls: make(chan *voice, 4), hz: hz}
	var err error
	p.Server, err = sip.Listen(sip.Config{
		Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), NoMedia: time.Minute, MayTransfer: func(sip.Attempt) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	var stop context.CancelFunc
	p.ctx, stop = context.WithCancel(context.Background())
	p.talking.Go(func() {
		err := p.Serve(p.ctx, func(ctx context.Context, l media.Leg) {
			v := p.talk(l.(*sip.Leg))
			select {
			case p.calls <- v:
				<-l.Context().Done()
			case <-ctx.Done():
			}
		})
		if err != nil {
			t.Errorf("handset: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		p.HangUp()
		p.talking.Wait()
	})
	return p
}

// talk says the handset's tone at a leg until that ends.
func (p *handset) talk(leg *sip.Leg) *voice {
	v := &voice{Leg: leg}
	p.talking.Go(func() {
		tick := time.NewTicker(media.FrameDuration)
		defer tick.Stop()
		for phase := 0.0; ; {
			select {
			case <-leg.Context().Done():
				return
			case <-tick.C:
			}
			var out, in media.Frame
			phase = dsp.Tone(out[:], media.SampleRateHz, p.hz, 4000, phase)
			leg.PutFrame(&out)
			var hears float64
			came := leg.GetFrame(&in)
			for _, hz := range tones {
				if came && dsp.Power(in[:], media.SampleRateHz, hz) > 0.8 {
					hears = hz
				}
			}
			v.heard.Store(int64(hears))
		}
	})
	return v
}

// call calls a URI.
func (p *handset) call(t *testing.T, uri string, o sip.DialOptions) *voice {
	t.Helper()
	leg, err := p.Dial(t.Context(), uri, o)
	if err != nil {
		t.Fatal(err)
	}
	return p.talk(leg)
}

// register registers the phone, and returns when it is.
func (p *handset) register(t *testing.T, l *line, name string) {
	t.Helper()
	_, err := p.Register(t.Context(), sip.Registration{Registrar: l.sip, User: name, Password: "correct-horse", Expires: time.Hour, CallID: name, Seq: 1})
	if err != nil {
		t.Fatalf("register %s: %v", name, err)
	}
}

// taken is the next call that the handset has taken.
func (p *handset) taken(t *testing.T) *voice {
	t.Helper()
	select {
	case v := <-p.calls:
		return v
	case <-time.After(40 * time.Second):
		t.Fatal("the phone is not called")
		return nil
	}
}

// speak waits until the two hear each other.
func speak(t *testing.T, a *handset, one *voice, b *handset, other *voice) {
	t.Helper()
	until(t, "the two hear each other", func() bool {
		return one.heard.Load() == int64(b.hz) && other.heard.Load() == int64(a.hz)
	})
}

// TestE2EAgentsPhonesMoveTheirCalls has one caller be moved from phone to phone:
// blindly, after a consultation, and by a phone that takes another's place. Who
// is no agent moves nothing.
func TestE2EAgentsPhonesMoveTheirCalls(t *testing.T) {
	l := start(t, "ATTENDANT_HUMAN=ana", "ATTENDANT_RECORD=false")
	l.set(t, "phones", "add", "ana", "password=correct-horse")
	l.set(t, "phones", "add", "ben", "password=correct-horse")
	ana, ben, caller := newHandset(t, tones[0]), newHandset(t, tones[1]), newHandset(t, tones[2])
	ana.register(t, l, "ana")
	ben.register(t, l, "ben")
	call := caller.call(t, "sip:support@"+l.sip, sip.DialOptions{From: "+15550100"})

	// Who calls in may neither move the call nor take a place in it.
	var refusal *sip.CallError
	if err := call.Refer(t.Context(), "sip:ben@"+l.sip, nil, nil); !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("a caller's REFER: %v", err)
	}
	d := call.Dialog()
	stranger := newHandset(t, 0)
	_, err := stranger.Dial(t.Context(), "sip:support@"+l.sip, sip.DialOptions{Replaces: &header.Replaces{CallID: d.CallID, ToTag: d.RemoteTag, FromTag: d.LocalTag}})
	if !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("a stranger's INVITE with Replaces: %v", err)
	}

	if err := call.SendDigits(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
	first := ana.taken(t)
	speak(t, caller, call, ana, first)

	// Nobody is called whom the phone cannot name but by a foreign address.
	if err := first.Refer(t.Context(), "sip:ben@192.0.2.1", nil, nil); err != nil {
		t.Errorf("our own phone by any host: %v", err)
	}
	second := ben.taken(t)
	speak(t, caller, call, ben, second)
	if err := second.Refer(t.Context(), "sip:foreign@192.0.2.1", nil, nil); !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("to a foreign address: %v", err)
	}

	// Ben asks ana first, and then has her take the call.
	consult := ben.call(t, "sip:ana@"+ana.Addr(), sip.DialOptions{})
	asked := ana.taken(t)
	if err := second.Refer(t.Context(), "", consult.Leg, nil); err != nil {
		t.Errorf("attended: %v", err)
	}
	speak(t, caller, call, ana, asked)

	// Ben takes the place of ana's phone.
	d = asked.Dialog()
	third := ben.call(t, "sip:support@"+l.sip, sip.DialOptions{Replaces: &header.Replaces{CallID: d.CallID, ToTag: d.RemoteTag, FromTag: d.LocalTag}})
	speak(t, caller, call, ben, third)
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
