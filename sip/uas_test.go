package sip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"attendant/media"
	"attendant/sip/admit"
)

// wait is a call that lasts until it ends, and tells why.
func wait(causes chan<- error) func(context.Context, media.Leg) {
	return func(_ context.Context, leg media.Leg) {
		<-leg.Context().Done()
		causes <- context.Cause(leg.Context())
	}
}

// within receives, or fails the test.
func within[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(5 * time.Second):
		t.Fatal("nothing came within 5 s")
	}
	return v
}

// call sets up a call and returns the callee's tag.
func (p *phone) call() string {
	p.t.Helper()
	p.send("INVITE", "1", "", 1, offerPCMU)
	tag := toTag(p.expect("SIP/2.0 200"))
	p.send("ACK", "2", tag, 1, "")
	return tag
}

func (p *phone) bye(tag string) {
	p.t.Helper()
	p.send("BYE", "b", tag, 99, "")
	p.expect("SIP/2.0 200")
}

func TestUnacknowledgedAnswerIsRepeatedAtGrowingIntervals(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{}, echo)
	p := newPhone(t, s.Addr())
	p.send("INVITE", "1", "", 1, offerPCMU)
	var at []time.Time
	tag := ""
	for range 3 {
		tag = toTag(p.expect("SIP/2.0 200"))
		at = append(at, time.Now())
	}
	first, second := at[1].Sub(at[0]), at[2].Sub(at[1])
	if first < 400*time.Millisecond || second < first*3/2 {
		t.Errorf("repeated after %v and %v, want about 500 ms and 1 s", first, second)
	}
	p.send("ACK", "2", tag, 1, "")
	p.bye(tag)
}

func TestRepeatedInviteIsOneCall(t *testing.T) {
	began := make(chan struct{}, 4)
	s := serve(t, Config{}, func(_ context.Context, leg media.Leg) {
		began <- struct{}{}
		<-leg.Context().Done()
	})
	p := newPhone(t, s.Addr())
	p.send("INVITE", "1", "", 1, offerPCMU)
	p.send("INVITE", "1", "", 1, offerPCMU)
	tag := toTag(p.expect("SIP/2.0 200"))
	p.send("INVITE", "1", "", 1, offerPCMU)
	p.send("ACK", "2", tag, 1, "")
	within(t, began) // a BYE in one burst with the ACK may overtake it
	p.bye(tag)
	if n := s.Stats().Answered.Load(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

func TestAckWithTheBranchOfTheInviteCounts(t *testing.T) {
	s := serve(t, Config{AckTimeout: time.Second}, echo)
	p := newPhone(t, s.Addr())
	p.send("INVITE", "1", "", 1, offerPCMU)
	tag := toTag(p.expect("SIP/2.0 200"))
	p.send("ACK", "1", tag, 1, "")
	p.bye(tag)
	if n := s.Stats().NoAck.Load(); n != 0 {
		t.Errorf("%d answers without ACK", n)
	}
}

func TestCancelLeavesNoLeg(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{AckTimeout: 200 * time.Millisecond}, echo)
	for range 10 {
		p := newPhone(t, s.Addr())
		p.send("INVITE", "1", "", 1, offerPCMU)
		p.send("CANCEL", "1", "", 1, "")
		p.expect("SIP/2.0 ") // 487 or, where the answer was quicker, 200 and a BYE
	}
	// The server's end, in serve's clean-up, waits for all of them.
}

func TestPanicInACallEndsThatCallOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{}, func(context.Context, media.Leg) { panic("boom") })
	for range 2 {
		p := newPhone(t, s.Addr())
		p.call()
		p.expect("BYE ")
	}
	p := newPhone(t, s.Addr())
	p.send("OPTIONS", "o", "", 1, "")
	p.expect("SIP/2.0 200")
	// The phones do not answer the BYEs: the panics count after ByeTimeout.
	for deadline := time.Now().Add(5 * time.Second); s.Stats().Panics.Load() != 2; {
		if time.Now().After(deadline) {
			t.Fatalf("%d panics, want 2", s.Stats().Panics.Load())
		}
		runtime.Gosched()
	}
}

func TestRequestsOfOtherHostsAreRefused(t *testing.T) {
	causes := make(chan error, 1)
	s := serve(t, Config{}, wait(causes))
	p := newPhone(t, s.Addr())
	tag := p.call()
	to, _ := net.ResolveUDPAddr("udp", s.Addr())
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)}, to)
	if err != nil {
		t.Skip("127.0.0.2 is not there:", err)
	}
	defer conn.Close()
	stranger := &phone{t: t, conn: conn, id: p.id}
	stranger.send("BYE", "s", tag, 7, "")
	stranger.expect("SIP/2.0 481")
	if s.Stats().Foreign.Load() != 1 || len(causes) != 0 {
		t.Errorf("%d foreign requests, %d calls ended", s.Stats().Foreign.Load(), len(causes))
	}
	p.bye(tag)
	if err := within(t, causes); !errors.Is(err, media.ErrRemoteHangup) {
		t.Errorf("cause %v, want ErrRemoteHangup", err)
	}
}

func TestKeysByInfo(t *testing.T) {
	t.Parallel()
	keys := make(chan byte, 2)
	s := serve(t, Config{}, func(_ context.Context, leg media.Leg) {
		for range 2 {
			keys <- (<-leg.Digits()).Key
		}
	})
	p := newPhone(t, s.Addr())
	tag := p.call()
	p.more = "Content-Type: application/dtmf-relay\r\n"
	p.send("INFO", "i1", tag, 2, "Signal=5\r\nDuration=160\r\n")
	p.expect("SIP/2.0 200 OK")
	p.send("INFO", "i2", tag, 3, "Signal= #\nDuration= 100\n")
	if a, b := within(t, keys), within(t, keys); a != '5' || b != '#' {
		t.Errorf("keys %c %c, want 5 #", a, b)
	}
}

func TestSilentPeerEndsTheCall(t *testing.T) {
	t.Parallel()
	causes := make(chan error, 1)
	s := serve(t, Config{NoMedia: 50 * time.Millisecond}, wait(causes))
	p := newPhone(t, s.Addr())
	p.call()
	if bye := p.expect("BYE "); !strings.Contains(bye, "cause=102") {
		t.Errorf("BYE without its reason: %s", bye)
	}
	if err := within(t, causes); !errors.Is(err, media.ErrNoMedia) {
		t.Errorf("cause %v, want ErrNoMedia", err)
	}
}

func TestTargetIsRefreshed(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	s := serve(t, Config{}, func(context.Context, media.Leg) { <-end })
	p := newPhone(t, s.Addr())
	tag := p.call()
	p.more = "Contact: <sip:moved@127.0.0.1:9>\r\n"
	p.send("UPDATE", "u", tag, 2, offerPCMU+"\na=inactive\r\n")
	if ok := p.expect("SIP/2.0 200"); !strings.Contains(ok, "a=inactive") {
		t.Errorf("UPDATE answered %s", ok)
	}
	close(end)
	if bye := p.expect("BYE "); !strings.HasPrefix(bye, "BYE sip:moved@127.0.0.1:9 ") {
		t.Errorf("BYE to %s", strings.SplitN(bye, "\r\n", 2)[0])
	}
}

func TestLongAnswerStillFitsTheSocket(t *testing.T) {
	s := serve(t, Config{}, echo)
	p := newPhone(t, s.Addr())
	for i := range 12 {
		p.more += fmt.Sprintf("Record-Route: <sip:proxy-%d.a-rather-long-name-of-a-provider.example.net:5060;transport=udp;lr>\r\n", i)
	}
	tag := p.call()
	p.bye(tag)
}

func TestUnsupportedWishes(t *testing.T) {
	s := serve(t, Config{}, echo)
	for _, c := range []struct{ header, want string }{
		{"Require: path\r\n", "SIP/2.0 420"},
		{"Content-Type: text/plain\r\n", "SIP/2.0 415"},
	} {
		p := newPhone(t, s.Addr())
		p.more = c.header
		p.send("INVITE", "1", "", 1, offerPCMU)
		p.expect(c.want)
	}
}

func TestEachCallIsCountedOnceByWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{AckTimeout: 2 * time.Second}, echo)
	st := s.Stats()
	const noCodec, noSDP = "v=0\nc=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 18\n", "hello"
	decided := func() int64 {
		return st.Answered.Load() + st.Rejected.Load() + st.Cancelled.Load() + st.NoAck.Load()
	}
	for i, c := range []struct {
		name, headers, offer, answer string
		acks                         bool
		counter                      *atomic.Int64
	}{
		{"unsupported", "Require: path\r\n", offerPCMU, "", false, &st.Unsupported},
		{"bad offer", "", noSDP, "", false, &st.BadSDP},
		{"no common codec", "", noCodec, "", false, &st.NoCommonCodec},
		{"bad answer", "", "", noSDP, true, &st.BadSDP},
		{"no common codec in the answer", "", "", noCodec, true, &st.NoCommonCodec},
		{"answered", "", offerPCMU, "", true, &st.Answered},
		{"no ACK", "", offerPCMU, "", false, &st.NoAck},
	} {
		before := c.counter.Load()
		p := newPhone(t, s.Addr())
		p.more = c.headers
		p.send("INVITE", "1", "", 1, c.offer)
		if c.acks {
			tag := toTag(p.expect("SIP/2.0 200"))
			p.send("ACK", "2", tag, 1, c.answer)
		}
		for deadline := time.Now().Add(5 * time.Second); c.counter.Load() == before || decided() != int64(i+1); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: counted %d times, %d of %d calls decided", c.name, c.counter.Load()-before, decided(), i+1)
			}
			time.Sleep(time.Millisecond) // the server counts after it has answered
		}
	}
	if n := st.Invites.Load(); n != decided() {
		t.Errorf("%d INVITEs, %d decided", n, decided())
	}
}

func TestAssertedIdentityIsBelievedFromTrustedPeersOnly(t *testing.T) {
	t.Parallel()
	for trust, want := range map[bool]string{false: "ana", true: "+4930123"} {
		peers := make(chan media.Peer, 1)
		s := serve(t, Config{TrustPeers: trust}, func(_ context.Context, leg media.Leg) { peers <- leg.Peer() })
		p := newPhone(t, s.Addr())
		p.more = "P-Asserted-Identity: \"Ana\" <sip:+4930123@carrier.example>\r\n"
		p.call()
		if got := within(t, peers); got.Number != want || got.Dialled != "support" {
			t.Errorf("trust %v: number %q dialled %q, want %q and support", trust, got.Number, got.Dialled, want)
		}
	}
}

func TestJunkIsForgotten(t *testing.T) {
	s := serve(t, Config{Limits: admit.Limits{Failures: 1000}}, echo)
	for range 50 {
		p := newPhone(t, s.Addr())
		if _, err := p.conn.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil { // closed: nobody knows where the next message begins
		t.Error("an answer to what is no SIP")
	}
	p := newPhone(t, s.Addr())
	p.send("OPTIONS", "o", "", 1, "")
	p.expect("SIP/2.0 200")
	if n := s.ua.TransportLayer().Pool("udp").Size(); n > 2 { // the listener and p
		t.Errorf("%d sources remembered, want 2", n)
	}
	if n := s.Stats().Garbage.Load(); n != 51 {
		t.Errorf("%d pieces of garbage, want 51", n)
	}
}

func TestPortInUse(t *testing.T) {
	s := serve(t, Config{}, echo)
	if _, err := Listen(Config{Listen: s.Addr()}); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error %v, want address already in use", err)
	}
}

func TestServeLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := Listen(Config{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() {
		served <- s.Serve(ctx, func(ctx context.Context, _ media.Leg) { <-ctx.Done() })
	}()
	leg, err := s.Dial(t.Context(), "sip:me@"+s.Addr(), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	over, err := s.Dial(t.Context(), "sip:me@"+s.Addr()+";transport=tcp", DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := within(t, served); err != nil {
		t.Errorf("Serve: %v", err)
	}
	<-leg.Context().Done()
	<-over.Context().Done()
	if _, err := s.Dial(t.Context(), "sip:me@"+s.Addr(), DialOptions{}); !errors.Is(err, media.ErrShutdown) {
		t.Errorf("dial after the end: %v, want ErrShutdown", err)
	}
	// sipgo's readers of accepted connections end on their own, soon after.
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			b := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, b[:runtime.Stack(b, true)])
		}
		runtime.Gosched()
	}
}

func TestDialogCanBeWrittenDown(t *testing.T) {
	t.Parallel()
	dialogs := make(chan Dialog, 1)
	s := serve(t, Config{}, func(_ context.Context, leg media.Leg) { dialogs <- leg.(*Leg).Dialog() })
	p := newPhone(t, s.Addr())
	p.more = "Record-Route: <sip:proxy.example;lr>\r\n"
	p.call()
	d := within(t, dialogs)
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Dialog
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(d, back) {
		t.Errorf("read back %+v, want %+v (%v)", back, d, err)
	}
	if d.RemoteTag != "a1" || len(d.Routes) != 1 || d.RemoteSeq != 1 {
		t.Errorf("dialog %+v", d)
	}
}
