package sip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/dsp"
	"attendant/sip/sdp"
)

// connect has two servers in a call and returns both legs.
func connect(t *testing.T, callee, caller Config, o DialOptions) (ours, theirs *Leg) {
	t.Helper()
	legs := make(chan *Leg, 1)
	uas := serve(t, callee, func(ctx context.Context, leg media.Leg) {
		legs <- leg.(*Leg)
		echo(ctx, leg)
	})
	uac := serve(t, caller, nil)
	leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { leg.Hangup(media.ErrLocalHangup) })
	return leg, within(t, legs)
}

// tone runs a bridge that says a tone to leg until the last 200 ms that came
// back are the tone, at most 6 s, and returns which share of them is.
func tone(t *testing.T, leg *Leg) (share float64) {
	t.Helper()
	p := &tester{}
	b := media.NewBridge()
	b.Connect(p, leg)
	b.Connect(leg, p)
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { b.Run(ctx) })
	for ctx.Err() == nil && share < 0.9 {
		time.Sleep(100 * time.Millisecond) // while the bridge runs
		p.mu.Lock()
		share = dsp.Power(p.heard[max(0, len(p.heard)-3200):], media.SampleRateHz, 1000)
		p.mu.Unlock()
	}
	cancel()
	running.Wait()
	return share
}

func TestHoldAndResumeByUs(t *testing.T) {
	t.Parallel()
	leg, far := connect(t, Config{}, Config{}, DialOptions{})
	if err := leg.Hold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := far.State(); st.RTP.Send || st.Side.Version != 2 {
		t.Errorf("held: the far end sends %v, its description is version %d", st.RTP.Send, st.Side.Version)
	}
	if err := far.Hold(t.Context()); err != nil { // both hold
		t.Fatal(err)
	}
	if err := far.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := leg.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if share := tone(t, leg); share < 0.9 {
		t.Errorf("after hold and resume %.2f of what came back is the tone", share)
	}
	if err := leg.Recode(t.Context(), codec.All()[2:]); err != nil || leg.Peer().Codec != "PCMU/8000" || far.Peer().Codec != "PCMU/8000" {
		t.Errorf("recoded to %s and %s: %v", leg.Peer().Codec, far.Peer().Codec, err)
	}
}

func TestChangesThatCrossComeToAnEnd(t *testing.T) {
	t.Parallel()
	leg, far := connect(t, Config{}, Config{}, DialOptions{})
	var changing sync.WaitGroup
	for _, l := range []*Leg{leg, far} {
		changing.Go(func() {
			for range 3 {
				if err := errors.Join(l.Hold(t.Context()), l.Resume(t.Context())); err != nil {
					t.Errorf("caller %v: %v", l.Dialog().Caller, err)
				}
			}
		})
	}
	changing.Wait()
	if share := tone(t, leg); share < 0.9 {
		t.Errorf("%.2f of what came back is the tone", share)
	}
}

// A re-INVITE of ours that the far end answers with 491 is tried again, and a
// request that we send between its 200 and our ACK leaves the ACK's number as it
// is: trap 13 of sipgo 1.7.2.
func TestGlareIsTriedAgainAndAckHasTheInvitesNumber(t *testing.T) {
	t.Parallel()
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{})
	invite := e.next(sip.INVITE)
	e.answer(invite, 200, "a", sip.NewHeader("Allow", "INVITE, ACK, BYE, INFO"))
	e.next(sip.ACK)
	leg := within(t, c).leg
	held := make(chan error, 1)
	go func() { held <- leg.Hold(t.Context()) }()
	first := e.next(sip.INVITE)
	e.answer(first, 491, "a")
	began := time.Now()
	second := e.next(sip.INVITE)
	if waited := time.Since(began); waited < 2*time.Second || waited > 4500*time.Millisecond || second.CSeq().SeqNo <= first.CSeq().SeqNo {
		t.Errorf("tried again after %v with CSeq %d after %d", waited, second.CSeq().SeqNo, first.CSeq().SeqNo)
	}
	info := make(chan error, 1)
	go func() {
		_, err := leg.ask(t.Context(), sip.INFO, nil)
		info <- err
	}()
	r := e.next(sip.INFO) // its number is higher than the re-INVITE's
	e.answer(second, 200, "a")
	ack := e.next(sip.ACK)
	e.answer(r, 200, "a")
	if ack.CSeq().SeqNo != second.CSeq().SeqNo || r.CSeq().SeqNo <= second.CSeq().SeqNo {
		t.Errorf("ACK with CSeq %d of the re-INVITE %d, INFO %d", ack.CSeq().SeqNo, second.CSeq().SeqNo, r.CSeq().SeqNo)
	}
	if err := errors.Join(within(t, held), within(t, info)); err != nil {
		t.Error(err)
	}
	e.end(called{leg: leg})
}

func TestReinviteOfTheirsDuringOursIsRefused(t *testing.T) {
	t.Parallel()
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{})
	invite := e.next(sip.INVITE)
	e.answer(invite, 200, "a")
	e.next(sip.ACK)
	leg := within(t, c).leg
	held := make(chan error, 1)
	go func() { held <- leg.Hold(t.Context()) }()
	ours := e.next(sip.INVITE)
	for _, method := range []sip.RequestMethod{sip.INVITE, sip.UPDATE} {
		e.request(method, invite, "a", offerPCMU)
		if res := e.response(method); res.StatusCode != 491 {
			t.Errorf("%s answered %d, want 491", method, res.StatusCode)
		}
	}
	e.answer(ours, 200, "a")
	e.next(sip.ACK)
	if err := within(t, held); err != nil {
		t.Error(err)
	}
	e.end(called{leg: leg})
}

func TestRefusedChangeIsUndone(t *testing.T) {
	t.Parallel()
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{})
	e.answer(e.next(sip.INVITE), 200, "a")
	e.next(sip.ACK)
	leg := within(t, c).leg
	held := make(chan error, 1)
	go func() { held <- leg.Hold(t.Context()) }()
	e.answer(e.next(sip.INVITE), 488, "a")
	var refusal *CallError
	if err := within(t, held); !errors.As(err, &refusal) || refusal.Status != 488 {
		t.Errorf("error %v, want 488", err)
	}
	if leg.State().Side.Held || leg.ctx.Err() != nil {
		t.Error("the refused hold is kept, or the leg has ended")
	}
	e.end(called{leg: leg})
}

func TestDialogThatTheFarEndForgotEnds(t *testing.T) {
	t.Parallel()
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{})
	e.answer(e.next(sip.INVITE), 200, "a")
	e.next(sip.ACK)
	leg := within(t, c).leg
	held := make(chan error, 1)
	go func() { held <- leg.Hold(t.Context()) }()
	e.answer(e.next(sip.INVITE), 481, "a")
	if err := within(t, held); err == nil {
		t.Error("no error")
	}
	<-leg.Context().Done()
	leg.Hangup(media.ErrLocalHangup) // sends nothing: there is nobody
	if n := s.Stats().Lost.Load(); n != 1 || s.Stats().Unsent.Load() != 0 {
		t.Errorf("%d dialogs lost, %d messages unsent", n, s.Stats().Unsent.Load())
	}
}

func TestEarlyMediaIsHeardAndItsResponseAcknowledged(t *testing.T) {
	t.Parallel()
	for _, o := range []struct {
		name    string
		options DialOptions
	}{{"early offer", DialOptions{}}, {"delayed offer", DialOptions{DelayedOffer: true}}} {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			uas := serve(t, Config{Invited: func(context.Context, Invitation) (Welcome, *Refusal) {
				return Welcome{Early: func(ctx context.Context, leg media.Leg) {
					ctx, cancel := context.WithTimeout(ctx, 900*time.Millisecond)
					defer cancel()
					b := media.NewBridge()
					b.Connect(&tester{}, leg)
					b.Run(ctx)
				}}, nil
			}}, echo)
			uac := serve(t, Config{}, nil)
			heard := make(chan float64, 1)
			var statuses []int
			o.options.Progress = func(p Progress) {
				statuses = append(statuses, p.Status)
				if p.Early == nil {
					return
				}
				go func() {
					var f media.Frame
					best := 0.0
					for range 50 {
						time.Sleep(media.FrameDuration) // as a bridge would
						if p.Early.GetFrame(&f) {
							best = max(best, dsp.Power(f[:], media.SampleRateHz, 1000))
						}
					}
					heard <- best
				}()
			}
			leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr(), o.options)
			if err != nil {
				t.Fatal(err)
			}
			defer leg.Hangup(media.ErrLocalHangup)
			if share := within(t, heard); share < 0.9 || !slices.Equal(statuses, []int{183}) {
				t.Errorf("%.2f of the early media is the tone, statuses %v", share, statuses)
			}
			var whole strings.Builder
			for _, m := range leg.Ladder() {
				fmt.Fprintln(&whole, m.Sent, m.What, m.Summary)
			}
			if !strings.Contains(whole.String(), "true PRACK") || !strings.Contains(whole.String(), "false 200 OK (PRACK)") {
				t.Errorf("no PRACK in\n%s", whole.String())
			}
			if share := tone(t, leg); share < 0.9 {
				t.Errorf("after the answer %.2f is the tone", share)
			}
		})
	}
}

func TestReliableResponseWithoutPrackEndsTheCall(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{AckTimeout: 1200 * time.Millisecond}, echo)
	p := newPhone(t, s.Addr())
	p.more = "Require: 100rel\r\n"
	p.send("INVITE", "1", "", 1, offerPCMU)
	first := p.expect("SIP/2.0 180")
	if again := p.expect("SIP/2.0 180"); !strings.Contains(first, "RSeq: ") || again != first {
		t.Errorf("repeated as %s, first %s", again, first)
	}
	p.more = ""
	p.send("PRACK", "2", toTag(first), 2, "") // without RAck
	p.expect("SIP/2.0 400")
	p.more = "RAck: 1 1 INVITE\r\n"
	p.send("PRACK", "3", toTag(first), 3, "")
	p.expect("SIP/2.0 481")
	p.expect("SIP/2.0 504")
	if n := s.Stats().NoPrack.Load(); n != 1 {
		t.Errorf("%d counted, want 1", n)
	}
}

func TestForkTakesTheFirstAnswer(t *testing.T) {
	t.Parallel()
	slow := serve(t, Config{Invited: func(context.Context, Invitation) (Welcome, *Refusal) {
		return Welcome{Early: func(ctx context.Context, _ media.Leg) { <-ctx.Done() }}, nil
	}}, echo)
	quick := serve(t, Config{Invited: func(context.Context, Invitation) (Welcome, *Refusal) {
		return Welcome{Early: func(ctx context.Context, _ media.Leg) {
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}}, nil
	}}, echo)
	busy := serve(t, Config{}, nil)
	uac := serve(t, Config{}, nil)
	leg, err := uac.Fork(t.Context(), []string{"sip:a@" + slow.Addr(), "sip:b@" + quick.Addr(), "sip:c@" + busy.Addr()}, DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer leg.Hangup(media.ErrLocalHangup)
	if remote := leg.Peer().Remote; remote != quick.Addr() {
		t.Errorf("connected with %s, want %s", remote, quick.Addr())
	}
	for deadline := time.Now().Add(5 * time.Second); slow.Stats().Cancelled.Load() != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d calls cancelled at the one that rang on", slow.Stats().Cancelled.Load())
		}
	}
	var e *CallError
	if _, err := uac.Fork(t.Context(), []string{"sip:c@" + busy.Addr(), "sip:x"}, DialOptions{}); !errors.As(err, &e) || e.Status != 503 {
		t.Errorf("error %v, want 503", err)
	}
}

func TestRedirectionsAreFollowedWhereTheyMay(t *testing.T) {
	t.Parallel()
	uas := serve(t, Config{}, echo)
	e := newExchange(t)
	allowed := "sip:b@" + uas.Addr()
	s := serve(t, Config{MayCall: func(uri string) bool { return uri == allowed }}, nil)
	redirect := func(to string) called {
		c := e.dial(t.Context(), s, DialOptions{})
		r := e.next(sip.INVITE)
		res := sip.NewResponseFromRequest(r, 302, "Moved Temporarily", nil)
		res.To().Params.Add("tag", "x")
		res.AppendHeader(sip.NewHeader("Contact", to))
		if _, err := e.conn.WriteTo([]byte(res.String()), e.from); err != nil {
			t.Fatal(err)
		}
		return within(t, c)
	}
	c := redirect("<sip:evil@192.0.2.1>;q=0.9, <" + allowed + ">;q=0.5")
	if c.err != nil {
		t.Fatal(c.err)
	}
	c.leg.Hangup(media.ErrLocalHangup)
	var refusal *CallError
	if c := redirect("<sip:evil@192.0.2.1>"); !errors.As(c.err, &refusal) || refusal.Status != 302 {
		t.Errorf("error %v, want 302", c.err)
	}
	if n := s.Stats().Redirected.Load(); n != 1 {
		t.Errorf("%d redirections counted", n)
	}
}

func TestSessionIsRefreshedByWhoHasToAndEndsWhereNot(t *testing.T) {
	t.Parallel()
	brief := Config{Session: 2 * time.Second, MinSession: time.Second}
	leg, far := connect(t, brief, brief, DialOptions{})
	if d, f := leg.Dialog(), far.Dialog(); d.Interval != 2*time.Second || !d.Refresh || f.Refresh {
		t.Fatalf("caller's timer %v %v, callee's %v %v", d.Interval, d.Refresh, f.Interval, f.Refresh)
	}
	refreshed := func() bool { return leg.server.Stats().Refreshed.Load() >= 2 }
	for deadline := time.Now().Add(6 * time.Second); !refreshed() && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
	}
	if !refreshed() || leg.ctx.Err() != nil || far.ctx.Err() != nil {
		t.Fatalf("refreshed %d times, %v, %v", leg.server.Stats().Refreshed.Load(), context.Cause(leg.ctx), context.Cause(far.ctx))
	}
	leg.setTimer(0, false) // the refresher falls silent
	<-far.Context().Done()
	if cause := context.Cause(far.Context()); !errors.Is(cause, ErrExpired) {
		t.Errorf("cause %v, want ErrExpired", cause)
	}
	<-leg.Context().Done() // told by BYE
	var bye *Farewell
	if cause := context.Cause(leg.Context()); !errors.As(cause, &bye) || bye.Text != "Session expired" || bye.Cause != 102 {
		t.Errorf("the BYE says %v", cause)
	}
}

func TestIntervalTooSmallIsRefusedAndRaised(t *testing.T) {
	t.Parallel()
	leg, _ := connect(t, Config{MinSession: 120 * time.Second}, Config{Session: 90 * time.Second}, DialOptions{})
	if d := leg.Dialog(); d.Interval != 120*time.Second {
		t.Errorf("interval %v, want 120 s", d.Interval)
	}
}

func TestReferIsCarriedOutForWhoMay(t *testing.T) {
	t.Parallel()
	third := serve(t, Config{}, echo)
	var mu sync.Mutex
	var seen *Referral
	moved := make(chan *Leg, 1)
	agent := Config{
		MayTransfer: func(a Attempt) bool { return a.Method == "REFER" },
		Referred: func(ctx context.Context, f *Referral) error {
			mu.Lock()
			seen = f
			mu.Unlock()
			leg, err := f.Dial(ctx, DialOptions{})
			if err == nil {
				moved <- leg
			}
			return err
		},
	}
	leg, _ := connect(t, agent, Config{}, DialOptions{})
	var statuses []int
	target := "sip:third@" + third.Addr()
	if err := leg.Refer(t.Context(), target, nil, func(status int, _ string) { statuses = append(statuses, status) }); err != nil {
		t.Fatal(err)
	}
	within(t, moved).Hangup(media.ErrLocalHangup)
	mu.Lock()
	first := seen
	mu.Unlock()
	if first.Target != target || first.ReferredBy == "" || statuses[0] != 100 || statuses[len(statuses)-1] != 200 {
		t.Errorf("referral %+v, statuses %v", first, statuses)
	}
	var refusal *CallError
	if err := leg.Refer(t.Context(), "sip:nobody@"+leg.server.Addr(), nil, nil); !errors.As(err, &refusal) || refusal.Status != 503 {
		t.Errorf("a target that declines: %v\n%v", err, leg.Ladder())
	}
}

func TestReferAndReplacesOfStrangersAreRefused(t *testing.T) {
	t.Parallel()
	leg, far := connect(t, Config{}, Config{}, DialOptions{})
	var refusal *CallError
	if err := leg.Refer(t.Context(), "sip:x@127.0.0.1:1", nil, nil); !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("REFER: %v, want 403", err)
	}
	p := newPhone(t, far.server.Addr())
	d := far.Dialog()
	p.more = fmt.Sprintf("Replaces: %s;to-tag=%s;from-tag=%s\r\n", d.CallID, d.LocalTag, d.RemoteTag)
	p.send("INVITE", "1", "", 1, offerPCMU)
	p.expect("SIP/2.0 403")
	p.more = "Refer-To: <sip:x@127.0.0.1:1>\r\n"
	p.send("REFER", "2", "", 2, "")
	p.expect("SIP/2.0 403")
	if n := far.server.Stats().Untrusted.Load(); n != 2 {
		t.Errorf("%d counted, want 2", n)
	}
}

// An attended transfer between three of our servers: b has a call with a and
// one with c, and asks a to call c in its place. c's leg goes on with a.
func TestAttendedTransferKeepsTheLeg(t *testing.T) {
	t.Parallel()
	may := func(Attempt) bool { return true }
	before := make(chan media.Peer, 1)
	legs := make(chan *Leg, 1)
	c := serve(t, Config{MayTransfer: may, Replaced: func(_ *Leg, p media.Peer) { before <- p }}, func(ctx context.Context, leg media.Leg) {
		legs <- leg.(*Leg)
		echo(ctx, leg)
	})
	moved := make(chan *Leg, 1)
	b := serve(t, Config{}, nil)
	a := serve(t, Config{MayTransfer: may, Referred: func(ctx context.Context, f *Referral) error {
		leg, err := f.Dial(ctx, DialOptions{})
		if err == nil {
			moved <- leg
		}
		return err
	}}, echo)
	first, err := b.Dial(t.Context(), "sip:a@"+a.Addr(), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Hangup(media.ErrLocalHangup)
	second, err := b.Dial(t.Context(), "sip:c@"+c.Addr(), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Hangup(media.ErrLocalHangup)
	far := within(t, legs)
	if err := first.Refer(t.Context(), "", second, nil); err != nil {
		t.Fatal(err)
	}
	leg := within(t, moved)
	defer leg.Hangup(media.ErrLocalHangup)
	<-second.Context().Done() // replaced
	if p := within(t, before); p.Remote != b.Addr() || far.Peer().Remote != a.Addr() || far.Context().Err() != nil {
		t.Errorf("it was %s, and is %s: %v", p.Remote, far.Peer().Remote, context.Cause(far.Context()))
	}
	if share := tone(t, leg); share < 0.9 {
		t.Errorf("after the transfer %.2f of what came back is the tone", share)
	}
	if n := c.Stats().Replaced.Load(); n != 1 {
		t.Errorf("%d replaced", n)
	}
}

func TestReplacesOfNoDialogAndOfEarlyOnes(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{MayTransfer: func(Attempt) bool { return true }}, echo)
	caller := newPhone(t, s.Addr())
	tag := caller.call()
	for i, c := range []struct{ value, want string }{
		{"nonsense", "SIP/2.0 400"},
		{"x;to-tag=y;from-tag=z", "SIP/2.0 481"},
		{caller.id + ";to-tag=" + tag + ";from-tag=a1;early-only", "SIP/2.0 486"},
		{caller.id + ";to-tag=" + tag + ";from-tag=other", "SIP/2.0 481"},
	} {
		p := newPhone(t, s.Addr())
		p.more = "Replaces: " + c.value + "\r\n"
		p.send("INVITE", fmt.Sprint("r", i), "", 1, offerPCMU)
		p.expect(c.want)
	}
	caller.bye(tag)
}

func TestKeysGoByInfoWhereThereAreNoEvents(t *testing.T) {
	t.Parallel()
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{})
	invite := e.next(sip.INVITE)
	res := sip.NewResponseFromRequest(invite, 200, "OK", []byte("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 40000 RTP/AVP 0\r\n"))
	res.To().Params.Add("tag", "a")
	res.AppendHeader(sip.NewHeader("Contact", "<sip:a@"+e.conn.LocalAddr().String()+">"))
	if _, err := e.conn.WriteTo([]byte(res.String()), e.from); err != nil {
		t.Fatal(err)
	}
	e.next(sip.ACK)
	leg := within(t, c).leg
	sent := make(chan error, 1)
	go func() { sent <- leg.SendDigits(t.Context(), "1#") }()
	for _, key := range "1#" {
		r := e.next(sip.INFO)
		if !strings.HasPrefix(string(r.Body()), fmt.Sprintf("Signal=%c\r\n", key)) {
			t.Errorf("key %c sent as %q", key, r.Body())
		}
		e.answer(r, 200, "")
	}
	if err := within(t, sent); err != nil {
		t.Error(err)
	}
	e.end(called{leg: leg})
}

func TestInfoBodies(t *testing.T) {
	t.Parallel()
	keys := make(chan byte, 8)
	s := serve(t, Config{}, func(_ context.Context, leg media.Leg) {
		for {
			select {
			case d := <-leg.Digits():
				keys <- d.Key
			case <-leg.Context().Done():
				return
			}
		}
	})
	p := newPhone(t, s.Addr())
	tag := p.call()
	for i, c := range []struct{ more, body, want string }{
		{"Content-Type: application/dtmf-relay\r\n", "Signal= 5\r\nDuration=160\r\n", "SIP/2.0 200"},
		{"Content-Type: application/dtmf\r\n", "11", "SIP/2.0 200"},
		{"Content-Type: application/dtmf-relay\r\n", "Signal=%\r\n", "SIP/2.0 200"}, // no key
		{"Content-Type: application/media_control+xml\r\n", "<x/>", "SIP/2.0 415"},
		{"Info-Package: foo\r\n", "", "SIP/2.0 469"},
		{"", "", "SIP/2.0 200"},
	} {
		p.more = c.more
		p.send("INFO", fmt.Sprint("i", i), tag, 2+i, c.body)
		if m := p.expect("SIP/2.0 "); !strings.HasPrefix(m, c.want) {
			t.Errorf("%q %q: %s, want %s", c.more, c.body, m, c.want)
		}
	}
	p.more = ""
	if a, b := within(t, keys), within(t, keys); a != '5' || b != '#' || len(keys) != 0 {
		t.Errorf("keys %c %c and %d more", a, b, len(keys))
	}
	p.bye(tag)
}

func TestIdentityIsBelievedFromTrustedPeersOnly(t *testing.T) {
	t.Parallel()
	for _, trusted := range []bool{false, true} {
		peers := make(chan media.Peer, 1)
		s := serve(t, Config{Trusts: func(string) bool { return trusted }}, func(_ context.Context, leg media.Leg) { peers <- leg.Peer() })
		p := newPhone(t, s.Addr())
		p.more = "P-Asserted-Identity: \"Ben\" <sip:+4930100@example.org>\r\nDiversion: <sip:0800@example.org>;reason=no-answer\r\nPrivacy: id\r\nReferred-By: <sip:c@example.org>\r\n"
		p.call()
		peer := within(t, peers)
		number, diverted := "ana", ""
		if trusted {
			number, diverted = "+4930100", "0800"
		}
		if peer.Number != number || peer.Diverted != diverted || !peer.Private || peer.Referrer != "sip:c@example.org" {
			t.Errorf("trusted %v: %+v", trusted, peer)
		}
	}
}

func TestPrivateCallNamesNobody(t *testing.T) {
	t.Parallel()
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{From: "0100", Name: "Ana", Asserted: "+4930100", Private: true})
	invite := e.next(sip.INVITE)
	from, privacy := invite.From().String(), value(invite, "Privacy")
	if strings.Contains(from, "0100") || strings.Contains(from, "Ana") || !strings.Contains(from, "anonymous.invalid") || privacy != "id" || !strings.Contains(value(invite, "P-Asserted-Identity"), "+4930100") {
		t.Errorf("From %s, Privacy %s", from, privacy)
	}
	e.answer(invite, 486, "a", sip.NewHeader("Reason", "Q.850;cause=17"))
	var refusal *CallError
	if err := within(t, c).err; !errors.As(err, &refusal) || refusal.Q850 != 17 || !errors.Is(err, media.ErrBusy) {
		t.Errorf("error %v", err)
	}
}

// Trap 6 of sipgo 1.7.2: it looks at the first challenge only.
func TestChallengeThatWeKnowIsFoundAmongOthers(t *testing.T) {
	t.Parallel()
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{User: "ana", Password: "secret"})
	r := e.next(sip.INVITE)
	e.answer(r, 407, "a", sip.NewHeader("Proxy-Authenticate", `Digest realm="x", nonce="1", algorithm=AKAv1-MD5`),
		sip.NewHeader("Proxy-Authenticate", `Digest realm="x", nonce="2", algorithm=SHA-256, qop="auth"`))
	again := e.next(sip.INVITE)
	if h := value(again, "Proxy-Authorization"); !strings.Contains(h, "SHA-256") || !strings.Contains(h, `nonce="2"`) {
		t.Errorf("credentials %q", h)
	}
	e.answer(again, 200, "b")
	e.next(sip.ACK)
	leg := within(t, c).leg
	for _, m := range leg.Ladder() {
		if strings.Contains(m.Summary, "nonce") || strings.Contains(m.Summary, "secret") || strings.Contains(m.Summary, "inline:") {
			t.Errorf("the ladder has %q", m.Summary)
		}
	}
	// Within the dialog it is challenged once more.
	held := make(chan error, 1)
	go func() { held <- leg.Hold(t.Context()) }()
	r = e.next(sip.INVITE)
	e.answer(r, 401, "b", sip.NewHeader("WWW-Authenticate", `Digest realm="x", nonce="3", algorithm=MD5`))
	r = e.next(sip.INVITE)
	if h := value(r, "Authorization"); !strings.Contains(h, `nonce="3"`) {
		t.Errorf("credentials %q", h)
	}
	e.answer(r, 200, "b")
	e.next(sip.ACK)
	if err := within(t, held); err != nil {
		t.Error(err)
	}
	e.end(called{leg: leg})
}

func TestEncryptedCallsCarryAudioBothWays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		callee  sdp.Policy
		options DialOptions
		want    bool
	}{
		{"SDES required", sdp.Required, DialOptions{SRTP: sdp.Required}, true},
		{"SDES preferred and taken", sdp.Taken, DialOptions{SRTP: sdp.Preferred}, true},
		{"SDES preferred and off", sdp.Off, DialOptions{SRTP: sdp.Preferred}, false},
		{"SDES offered by the callee", sdp.Required, DialOptions{DelayedOffer: true}, true},
		{"DTLS required", sdp.Required, DialOptions{SRTP: sdp.Required, DTLS: true}, true},
		{"DTLS preferred and taken", sdp.Taken, DialOptions{SRTP: sdp.Preferred, DTLS: true}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			leg, far := connect(t, Config{SRTP: c.callee}, Config{}, c.options)
			if share := tone(t, leg); share < 0.9 {
				t.Errorf("%.2f of what came back is the tone; %+v", share, leg.Stats())
			}
			if _, ok := leg.Encrypted(); ok != c.want || leg.Peer().Encrypted != c.want || far.Peer().Encrypted != c.want {
				t.Errorf("encrypted %v, %v, %v", ok, leg.Peer().Encrypted, far.Peer().Encrypted)
			}
			// The keys stay over a change.
			if err := errors.Join(leg.Hold(t.Context()), far.Hold(t.Context()), leg.Resume(t.Context()), far.Resume(t.Context())); err != nil {
				t.Fatal(err)
			}
			if share := tone(t, leg); share < 0.9 {
				t.Errorf("after a change %.2f of what came back is the tone; %+v", share, leg.Stats())
			}
		})
	}
	var refusal *CallError
	uas, uac := serve(t, Config{SRTP: sdp.Required}, echo), serve(t, Config{}, nil)
	if _, err := uac.Dial(t.Context(), "sip:x@"+uas.Addr(), DialOptions{}); !errors.As(err, &refusal) || refusal.Status != 488 {
		t.Errorf("a call in clear: %v, want 488", err)
	}
}

// A leg goes on in another server with the same addresses: audio, encrypted or
// not, re-INVITE and BYE.
func TestLegGoesOnFromItsState(t *testing.T) {
	t.Parallel()
	for _, o := range []DialOptions{{}, {SRTP: sdp.Required}, {SRTP: sdp.Required, DTLS: true}} {
		uas := serve(t, Config{}, echo)
		first, err := Listen(Config{Listen: "127.0.0.1:0", ByeTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		serving := make(chan error, 1)
		ctx, stop := context.WithCancel(t.Context())
		go func() { serving <- first.Serve(ctx, nil) }()
		leg, err := first.Dial(t.Context(), "sip:support@"+uas.Addr(), o)
		if err != nil {
			t.Fatal(err)
		}
		if share := tone(t, leg); share < 0.9 {
			t.Errorf("%.2f of what came back is the tone", share)
		}
		text, err := json.Marshal(leg.State())
		if err != nil {
			t.Fatal(err)
		}
		leg.left(errors.New("gone without a word")) // as a process that is killed
		stop()
		if err := <-serving; err != nil {
			t.Fatal(err)
		}
		goOn(t, first.Addr(), text, uas)
	}
}

func goOn(t *testing.T, address string, text []byte, uas *Server) {
	t.Helper()
	second, err := Listen(Config{Listen: address, ByeTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	serving := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer func() { stop(); <-serving }()
	go func() { serving <- second.Serve(ctx, nil) }()
	if err := second.listening(t.Context()); err != nil {
		t.Fatal(err)
	}
	var st State
	if err := json.Unmarshal(text, &st); err != nil {
		t.Fatal(err)
	}
	leg, err := second.Restore(st)
	if err != nil {
		t.Fatal(err)
	}
	if share := tone(t, leg); share < 0.9 {
		t.Errorf("restored: %.2f of what came back is the tone; %+v", share, leg.Stats())
	}
	if err := errors.Join(leg.Hold(t.Context()), leg.Resume(t.Context())); err != nil {
		t.Error(err)
	}
	leg.Hangup(media.ErrLocalHangup)
	for deadline := time.Now().Add(2 * time.Second); uas.Stats().Active.Load() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the far end's leg is up after our BYE")
		}
	}
}

func TestLadderIsBounded(t *testing.T) {
	t.Parallel()
	var l ladder
	for i := range 500 {
		r := sip.NewRequest(sip.INFO, sip.Uri{Host: "x"})
		r.AppendHeader(&sip.CSeqHeader{SeqNo: uint32(i), MethodName: sip.INFO})
		r.AppendHeader(sip.NewHeader("Content-Type", "application/dtmf-relay"))
		r.SetBody([]byte("Signal=7\r\n"))
		l.add(true, r)
	}
	all := l.all()
	if len(all) != ladderHead+ladderTail+1 || all[0].Summary != "CSeq 0" || all[ladderHead].What != "(400 messages left out)" || all[len(all)-1].Summary != "CSeq 499" {
		t.Errorf("%d entries, %+v ... %+v, %+v", len(all), all[0], all[ladderHead], all[len(all)-1])
	}
}
