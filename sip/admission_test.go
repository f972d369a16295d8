package sip

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"attendant/media"
	"attendant/sip/admit"
)

// answers reads what comes within a while.
func (p *phone) answers(d time.Duration) (all []string) {
	p.t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		p.t.Fatal(err)
	}
	for b := make([]byte, 4096); ; {
		n, err := p.conn.Read(b)
		if err != nil {
			return all
		}
		all = append(all, string(b[:n]))
	}
}

func TestWhoIsNotKnownLearnsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Known: func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.1") }, Limits: admit.Limits{Failures: 8}}, echo)
	stranger := newPhoneFrom(t, "127.0.0.3", s.Addr())
	var first string
	for i, method := range []string{"OPTIONS", "INVITE", "REGISTER", "BYE", "SUBSCRIBE", "ACK"} {
		stranger.send(method, "s"+method, "", 1, "")
		got := stranger.answers(150 * time.Millisecond)
		if method == "ACK" {
			if len(got) != 0 {
				t.Errorf("an ACK is answered: %q", got)
			}
			continue
		}
		if len(got) != 1 {
			t.Fatalf("%s: %d answers %q, want one", method, len(got), got)
		}
		for _, told := range []string{"Allow", "Server", "User-Agent", "Contact", "Accept", "Attendant"} {
			if strings.Contains(got[0], told+":") {
				t.Errorf("%s is told %s: %s", method, told, got[0])
			}
		}
		// Malformed or not, all get the same but for what they sent themselves.
		line, _, _ := strings.Cut(got[0], "\r\n")
		if i == 0 {
			first = line
		}
		if line != first || line != "SIP/2.0 403 Forbidden" {
			t.Errorf("%s: %q, want %q", method, line, first)
		}
	}
	// Who goes on is not even answered.
	for i := range 10 {
		stranger.send("OPTIONS", "t"+string(rune('a'+i)), "", 1, "")
	}
	if got := stranger.answers(150 * time.Millisecond); len(got) > 2 {
		t.Errorf("%d answers after so many failures", len(got))
	}
	if n := s.Guard().Bans.Load(); n != 1 {
		t.Errorf("%d bans, want 1", n)
	}
	friend := newPhone(t, s.Addr())
	friend.bye(friend.call())
}

func TestTheFarEndOfACallIsKnown(t *testing.T) {
	t.Parallel()
	causes := make(chan error, 1)
	callee := serve(t, Config{}, wait(causes)) // at 127.0.0.1, which the caller does not know
	caller := serve(t, Config{Known: func(netip.Addr) bool { return false }}, nil)
	leg, err := caller.Dial(t.Context(), "sip:colleague@"+callee.Addr(), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for callee.Stats().Answered.Load() == 0 {
		time.Sleep(time.Millisecond) // the ACK is on its way
	}
	callee.HangUp()
	within(t, leg.Context().Done())
	within(t, causes)
	leg.Hangup(media.ErrLocalHangup) // which forgets it
	p := newPhone(t, caller.Addr())
	p.send("OPTIONS", "o", "", 1, "")
	p.expect("SIP/2.0 403") // the call is over
}

func TestCallsAreRefusedWhereThereIsNoHeadRoom(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Calls: &admit.Calls{Rate: 2}}, echo)
	up := newPhone(t, s.Addr())
	tag := up.call()
	newPhone(t, s.Addr()).call()
	third := newPhone(t, s.Addr())
	third.send("INVITE", "1", "", 1, offerPCMU)
	if refused := third.expect("SIP/2.0 503"); !strings.Contains(refused, "Retry-After: 2\r\n") {
		t.Errorf("no Retry-After of 2 s in %s", refused)
	}
	// What is up goes on: requests within it have priority.
	up.send("INVITE", "r", tag, 2, offerPCMU)
	up.expect("SIP/2.0 200")
	up.send("ACK", "a", tag, 2, "")
	up.bye(tag)
}

func TestDrainRefusesNewCallsAndLetsOthersGoOn(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{}, echo)
	up := newPhone(t, s.Addr())
	tag := up.call()
	s.Drain()
	s.Drain() // again changes nothing
	other := newPhone(t, s.Addr())
	for _, method := range []string{"OPTIONS", "INVITE"} {
		other.send(method, method, "", 1, map[string]string{"INVITE": offerPCMU}[method])
		if refused := other.expect("SIP/2.0 503"); !strings.Contains(refused, "Retry-After: 60\r\n") {
			t.Errorf("%s: no Retry-After in %s", method, refused)
		}
	}
	up.send("INFO", "i", tag, 2, "")
	up.expect("SIP/2.0 200")
	// A call that is up may still be connected with a human.
	human := serve(t, Config{}, echo)
	leg, err := s.Dial(t.Context(), "sip:human@"+human.Addr(), DialOptions{})
	if err != nil {
		t.Fatalf("dial while draining: %v", err)
	}
	leg.Hangup(media.ErrLocalHangup)
	up.bye(tag)
}

func TestHangUpEndsEveryCallAtOnce(t *testing.T) {
	t.Parallel()
	causes := make(chan error, 3)
	s := serve(t, Config{}, wait(causes))
	var phones []*phone
	for range 3 {
		p := newPhone(t, s.Addr())
		p.call()
		phones = append(phones, p)
	}
	for s.Stats().Answered.Load() < 3 {
		time.Sleep(time.Millisecond) // the ACKs are on their way
	}
	began := time.Now()
	s.HangUp()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("three calls ended in %v", took)
	}
	for _, p := range phones {
		p.expect("BYE ")
		if err := within(t, causes); err == nil || context.Cause(t.Context()) != nil {
			t.Errorf("cause %v", err)
		}
	}
}

func TestForgedRequestsWithinADialogDoNotEndIt(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{}, echo)
	p := newPhone(t, s.Addr())
	tag := p.call()
	forger := newPhoneFrom(t, "127.0.0.4", s.Addr())
	forger.id = p.id // knows the Call-ID and the tags
	for i := range 40 {
		forger.send("BYE", "f"+string(rune('A'+i)), tag, 50+i, "")
	}
	if got := forger.answers(200 * time.Millisecond); len(got) == 0 || !strings.HasPrefix(got[0], "SIP/2.0 481") {
		t.Errorf("answers %q, want 481", got)
	}
	if s.Guard().Bans.Load() == 0 {
		t.Error("one who goes on guessing is not banned")
	}
	p.bye(tag) // its CSeq is still its own
}
