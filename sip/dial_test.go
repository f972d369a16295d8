package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
)

// exchange is a callee made of nothing but a socket: it answers requests as its
// test says.
type exchange struct {
	t    *testing.T
	conn net.PacketConn
	from net.Addr
	seq  int // of our own requests
}

func newExchange(t *testing.T) *exchange {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &exchange{t: t, conn: conn}
}

// next reads requests until one has the given method.
func (e *exchange) next(method sip.RequestMethod) *sip.Request {
	b := make([]byte, 4096)
	if err := e.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		e.t.Error(err)
	}
	for {
		n, from, err := e.conn.ReadFrom(b)
		if err != nil {
			e.t.Errorf("waiting for %s: %v", method, err)
			return sip.NewRequest(method, sip.Uri{})
		}
		m, err := sip.ParseMessage(b[:n])
		if r, ok := m.(*sip.Request); err == nil && ok && r.Method == method {
			e.from = from
			return r
		}
	}
}

func (e *exchange) answer(r *sip.Request, status int, tag string, headers ...sip.Header) {
	var body []byte
	if status == 200 && r.IsInvite() {
		body = []byte(offerPCMU + "\n")
	}
	res := sip.NewResponseFromRequest(r, status, "Whatever", body)
	if res.To() != nil {
		res.To().Params.Add("tag", tag)
	}
	res.AppendHeader(sip.NewHeader("Contact", "<sip:"+tag+"@"+e.conn.LocalAddr().String()+">"))
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if _, err := e.conn.WriteTo([]byte(res.String()), e.from); err != nil {
		e.t.Error(err)
	}
}

// request sends a request within the dialog of invite, which the server has
// sent, with the next CSeq.
func (e *exchange) request(method sip.RequestMethod, invite *sip.Request, tag, body string) {
	e.t.Helper()
	e.seq++
	from, _ := invite.From().Params.Get("tag")
	me := e.conn.LocalAddr()
	text := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKx%d%s;rport\r\nMax-Forwards: 70\r\nFrom: <sip:ben@%s>;tag=%s\r\nTo: <%s>;tag=%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:ben@%s>\r\n",
		method, invite.Contact().Address.String(), me, e.seq, method, me, tag, invite.From().Address.String(), from, invite.CallID().Value(), e.seq, method, me)
	if body != "" {
		text += "Content-Type: application/sdp\r\n"
	}
	text += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	if _, err := e.conn.WriteTo([]byte(text), e.from); err != nil {
		e.t.Error(err)
	}
}

// response reads messages until one is a final response to the given method.
func (e *exchange) response(method sip.RequestMethod) *sip.Response {
	e.t.Helper()
	b := make([]byte, 4096)
	if err := e.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		e.t.Error(err)
	}
	for {
		n, _, err := e.conn.ReadFrom(b)
		if err != nil {
			e.t.Fatalf("waiting for the response to %s: %v", method, err)
		}
		m, err := sip.ParseMessage(b[:n])
		if res, ok := m.(*sip.Response); err == nil && ok && res.CSeq().MethodName == method && !res.IsProvisional() {
			return res
		}
	}
}

// called is what Dial has come to.
type called struct {
	leg *Leg
	err error
}

// dial calls e and returns at once; the channel has the outcome.
func (e *exchange) dial(ctx context.Context, s *Server, o DialOptions) <-chan called {
	c := make(chan called, 1)
	go func() {
		leg, err := s.Dial(ctx, "sip:ben@"+e.conn.LocalAddr().String(), o)
		c <- called{leg, err}
	}()
	return c
}

// end hangs up a dialled leg of which the exchange must see the BYE.
func (e *exchange) end(c called) {
	e.t.Helper()
	if c.err != nil {
		e.t.Fatal(c.err)
	}
	done := make(chan struct{})
	go func() { defer close(done); c.leg.Hangup(media.ErrLocalHangup) }()
	bye := e.next(sip.BYE)
	e.answer(bye, 100, "") // sipgo takes this for the end
	e.answer(bye, 200, "")
	<-done
	if h := bye.GetHeader("Reason"); h == nil || !strings.Contains(h.Value(), "cause=16") {
		e.t.Errorf("BYE with reason %v", h)
	}
}

func TestManyProvisionalResponses(t *testing.T) {
	t.Parallel()
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{})
	invite := e.next(sip.INVITE)
	for range 15 {
		e.answer(invite, 180, "a")
	}
	e.answer(invite, 200, "a")
	e.next(sip.ACK)
	e.end(within(t, c))
}

func TestRepeatedAnswerIsAcknowledgedAgain(t *testing.T) {
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{})
	invite := e.next(sip.INVITE)
	e.answer(invite, 200, "a")
	e.next(sip.ACK)
	call := within(t, c)
	e.answer(invite, 200, "a")
	if ack := e.next(sip.ACK); ack.CSeq().SeqNo != invite.CSeq().SeqNo {
		t.Errorf("ACK with %s", ack.CSeq())
	}
	e.end(call)
}

func TestLosersOfAForkAreHungUp(t *testing.T) {
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{})
	invite := e.next(sip.INVITE)
	e.answer(invite, 200, "winner")
	e.next(sip.ACK)
	call := within(t, c)
	e.answer(invite, 200, "loser")
	tag := func(r *sip.Request) string { tag, _ := r.To().Params.Get("tag"); return tag }
	if ack := e.next(sip.ACK); tag(ack) != "loser" {
		t.Errorf("ACK for %q, want loser", tag(ack))
	}
	bye := e.next(sip.BYE)
	if tag(bye) != "loser" {
		t.Errorf("BYE for %q, want loser", tag(bye))
	}
	e.answer(bye, 200, "loser")
	if call.leg.Context().Err() != nil {
		t.Error("the winner's leg has ended")
	}
	e.end(call)
}

func TestFinalResponsesHaveTheirKind(t *testing.T) {
	cases := []struct {
		status int
		kind   error
		fault  string
	}{
		{486, media.ErrBusy, "callee"},
		{603, media.ErrBusy, "callee"},
		{480, media.ErrNoAnswer, "callee"},
		{404, media.ErrUnreachable, "us"},
		{302, media.ErrUnreachable, "us"},
		{500, media.ErrUnreachable, "peer"},
	}
	s := serve(t, Config{}, nil)
	for _, c := range cases {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			e := newExchange(t)
			outcome := e.dial(t.Context(), s, DialOptions{})
			e.answer(e.next(sip.INVITE), c.status, "x")
			e.next(sip.ACK)
			var refused *CallError
			if err := within(t, outcome).err; !errors.Is(err, c.kind) || !errors.As(err, &refused) {
				t.Fatalf("error %v, want %v", err, c.kind)
			}
			if refused.Status != c.status || refused.Fault() != c.fault {
				t.Errorf("status %d, fault %s, want %d, %s", refused.Status, refused.Fault(), c.status, c.fault)
			}
		})
	}
}

func TestChallengeOfAKnownAlgorithmIsChosen(t *testing.T) {
	s, e := serve(t, Config{}, nil), newExchange(t)
	c := e.dial(t.Context(), s, DialOptions{User: "ana", Password: "secret"})
	first := e.next(sip.INVITE)
	e.answer(first, 407, "x",
		sip.NewHeader("Proxy-Authenticate", `Digest realm="r", nonce="n1", algorithm=AKAv1-MD5`),
		sip.NewHeader("Proxy-Authenticate", `Digest realm="r", nonce="n2", algorithm=MD5, qop="auth"`))
	second := e.next(sip.INVITE)
	if second.CSeq().SeqNo <= first.CSeq().SeqNo || second.CallID().Value() != first.CallID().Value() {
		t.Errorf("second INVITE has %s, %s", second.CSeq(), second.CallID())
	}
	credentials := second.GetHeader("Proxy-Authorization")
	if credentials == nil || !strings.Contains(credentials.Value(), `nonce="n2"`) {
		t.Fatalf("credentials %v", credentials)
	}
	e.answer(second, 407, "x", sip.NewHeader("Proxy-Authenticate", `Digest realm="r", nonce="n3", algorithm=MD5`))
	var refused *CallError
	if err := within(t, c).err; !errors.As(err, &refused) || refused.Status != 407 {
		t.Errorf("error %v, want 407 after the second try", err)
	}
}

func TestCancelWaitsForRinging(t *testing.T) {
	s, e := serve(t, Config{}, nil), newExchange(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	c := e.dial(ctx, s, DialOptions{})
	invite := e.next(sip.INVITE)
	cancel(media.ErrRemoteHangup)
	e.answer(invite, 180, "a")
	r := e.next(sip.CANCEL)
	e.answer(r, 200, "a")
	e.answer(invite, 487, "a")
	e.next(sip.ACK)
	if err := within(t, c).err; !errors.Is(err, media.ErrNoAnswer) || !errors.Is(err, media.ErrRemoteHangup) {
		t.Errorf("error %v, want ErrNoAnswer for ErrRemoteHangup", err)
	}
}

func TestAnswerThatCrossesCancelIsHungUp(t *testing.T) {
	s, e := serve(t, Config{}, nil), newExchange(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := e.dial(ctx, s, DialOptions{})
	invite := e.next(sip.INVITE)
	e.answer(invite, 180, "a")
	cancel()
	r := e.next(sip.CANCEL)
	e.answer(invite, 200, "a")
	e.answer(r, 481, "a")
	e.next(sip.ACK)
	e.answer(e.next(sip.BYE), 200, "a")
	if err := within(t, c).err; !errors.Is(err, media.ErrNoAnswer) {
		t.Errorf("error %v, want ErrNoAnswer", err)
	}
}

func TestDialErrorsBeforeAnythingIsSent(t *testing.T) {
	s := serve(t, Config{}, nil)
	for _, uri := range []string{"", "sip:", "tel:+123", "https://example.org", "sip:a@256.1.1.1.invalid"} {
		if _, err := s.Dial(t.Context(), uri, DialOptions{}); !errors.Is(err, media.ErrUnreachable) {
			t.Errorf("dial %q: %v, want ErrUnreachable", uri, err)
		}
	}
	if n := s.Stats().Failed.Load(); n != 5 {
		t.Errorf("%d failed calls, want 5", n)
	}
}

func TestInviteTooLargeForUDPGoesOverTCP(t *testing.T) {
	transports := make(chan string, 1)
	uas := serve(t, Config{}, func(_ context.Context, leg media.Leg) { transports <- leg.Peer().Transport })
	uac := serve(t, Config{}, nil)
	leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr(), DialOptions{Name: strings.Repeat("Ana ", 250)})
	if err != nil {
		t.Fatal(err)
	}
	if got := <-transports; got != "tcp" {
		t.Errorf("came over %s, want tcp", got)
	}
	<-leg.Context().Done()
	leg.Hangup(media.ErrLocalHangup)
}

func TestRefusedCallsKeepWhatWasSaid(t *testing.T) {
	t.Parallel()
	callee := serve(t, Config{Invited: func(context.Context, Invitation) (Welcome, *Refusal) {
		return Welcome{}, &Refusal{Status: 486, Reason: "Busy Here"}
	}}, nil)
	s := serve(t, Config{}, nil)
	var refusal *CallError
	if _, err := s.Dial(t.Context(), "sip:ben@"+callee.Addr(), DialOptions{}); !errors.As(err, &refusal) {
		t.Fatal(err)
	}
	if n := len(refusal.Ladder); n < 2 || refusal.Ladder[0].What != "INVITE" || !refusal.Ladder[0].Sent || !strings.HasPrefix(refusal.Ladder[n-1].What, "486 ") && !strings.HasPrefix(refusal.Ladder[n-2].What, "486 ") {
		t.Errorf("ladder %+v", refusal.Ladder)
	}
}

// Keys go out as the far end wants them, and come in whichever way they come.
func TestKeysByEachWay(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]Keys{"events": KeyEvents, "INFO": KeyInfo, "tones": KeyTones} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pressed := make(chan string, 1)
			callee := serve(t, Config{Invited: func(context.Context, Invitation) (Welcome, *Refusal) { return Welcome{Keys: way}, nil }}, func(ctx context.Context, leg media.Leg) {
				bridged(ctx, leg)
				var keys string
				for len(keys) < 4 {
					select {
					case d := <-leg.Digits():
						keys += string(d.Key)
					case <-leg.Context().Done():
					case <-ctx.Done():
					}
					if leg.Context().Err() != nil || ctx.Err() != nil {
						break
					}
				}
				select {
				case pressed <- keys:
				case <-ctx.Done():
					return
				}
				<-leg.Context().Done() // the last key is still being sent
			})
			caller := serve(t, Config{}, nil)
			leg, err := caller.Dial(t.Context(), "sip:ben@"+callee.Addr(), DialOptions{Keys: way})
			if err != nil {
				t.Fatal(err)
			}
			defer leg.Hangup(media.ErrLocalHangup)
			bridged(t.Context(), leg)
			if err := leg.SendDigits(t.Context(), "15*#"); err != nil {
				t.Fatal(err)
			}
			if got := <-pressed; got != "15*#" {
				t.Errorf("pressed %q", got)
			}
			infos := 0
			for _, m := range leg.Ladder() {
				if m.What == "INFO" {
					infos++
				}
			}
			if want := map[Keys]int{KeyInfo: 4}[way]; infos != want {
				t.Errorf("%d INFOs, want %d", infos, want)
			}
		})
	}
}

// A leg that has ended has no clock that would send keys.
func TestSendDigitsEndsWithTheLeg(t *testing.T) {
	t.Parallel()
	callee := serve(t, Config{}, echo)
	caller := serve(t, Config{}, nil)
	for _, way := range []Keys{KeyEvents, KeyTones} {
		leg, err := caller.Dial(t.Context(), "sip:ben@"+callee.Addr(), DialOptions{Keys: way})
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan error, 1)
		go func() { sent <- leg.SendDigits(t.Context(), "1") }()
		leg.Hangup(media.ErrLocalHangup)
		if err := within(t, sent); !errors.Is(err, errLegEnded) {
			t.Errorf("way %d: %v", way, err)
		}
	}
}

// bridged gives a leg a clock until it ends: it says and hears silence.
func bridged(ctx context.Context, leg media.Leg) {
	go func() {
		tick := time.NewTicker(media.FrameDuration)
		defer tick.Stop()
		for {
			select {
			case <-leg.Context().Done():
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				var in, out media.Frame
				leg.GetFrame(&in)
				leg.PutFrame(&out)
			}
		}
	}()
}
