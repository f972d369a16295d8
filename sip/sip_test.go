package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/dsp"
)

// serve runs a server for the test's time.
func serve(t *testing.T, cfg Config, answer func(context.Context, media.Leg)) *Server {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	return serveConfig(t, cfg, answer)
}

func serveConfig(t *testing.T, cfg Config, answer func(context.Context, media.Leg)) *Server {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	if cfg.ByeTimeout == 0 {
		cfg.ByeTimeout = 200 * time.Millisecond // test peers hardly answer a BYE
	}
	s, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Serve(ctx, answer); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		serving.Wait()
		if n := len(s.dialogs); n != 0 {
			t.Errorf("%d dialogs left over", n)
		}
	})
	return s
}

// echo is a call that plays back what it hears until it ends.
func echo(ctx context.Context, leg media.Leg) {
	running, end := context.WithCancel(leg.Context())
	defer end()
	defer context.AfterFunc(ctx, end)()
	b := media.NewBridge()
	b.Connect(leg, leg)
	b.Run(running)
}

// tester says a tone and keeps what it hears.
type tester struct {
	phase float64
	mu    sync.Mutex
	heard []int16
}

func (p *tester) GetFrame(f *media.Frame) bool {
	p.phase = dsp.Tone(f[:], media.SampleRateHz, 1000, 6000, p.phase)
	return true
}

func (p *tester) PutFrame(f *media.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, f[:]...)
}

// TestCallCarriesAudioBothWays is not parallel to the other tests: its clocks
// must have the machine.
func TestCallCarriesAudioBothWays(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		for _, c := range codec.All() {
			t.Run(transport+" "+c.Name, func(t *testing.T) {
				t.Parallel()
				uas := serve(t, Config{}, echo)
				uac := serve(t, Config{Codecs: []codec.Codec{c}}, nil)
				leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr()+";transport="+transport, DialOptions{})
				if err != nil {
					t.Fatal(err)
				}
				share := tone(t, leg)
				leg.Hangup(media.ErrLocalHangup)
				if !strings.HasPrefix(leg.Peer().Codec, c.Name) {
					t.Errorf("codec %s, want %s", leg.Peer().Codec, c.Name)
				}
				if share < 0.9 {
					t.Errorf("%.2f of what came back is the tone", share)
				}
			})
		}
	}
}

func TestKeysReachTheCall(t *testing.T) {
	keys := make(chan byte, 8)
	uas := serve(t, Config{}, func(ctx context.Context, leg media.Leg) {
		for {
			select {
			case d := <-leg.Digits():
				keys <- d.Key
			case <-leg.Context().Done():
				return
			}
		}
	})
	uac := serve(t, Config{}, nil)
	leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr(), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	b := media.NewBridge()
	b.Connect(&tester{}, leg)
	running.Go(func() { b.Run(ctx) })
	if err := leg.SendDigits(t.Context(), "12#"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []byte("12#") {
		if got := <-keys; got != want {
			t.Errorf("key %c, want %c", got, want)
		}
	}
	leg.Hangup(media.ErrLocalHangup)
	cancel()
	running.Wait()
}

func TestHangupsHaveTheirCause(t *testing.T) {
	causes := make(chan error, 1)
	uas := serve(t, Config{}, func(_ context.Context, leg media.Leg) {
		<-leg.Context().Done()
		causes <- context.Cause(leg.Context())
	})
	uac := serve(t, Config{}, nil)
	leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr(), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	leg.Hangup(media.ErrLocalHangup)
	if err := within(t, causes); !errors.Is(err, media.ErrRemoteHangup) {
		t.Errorf("cause %v, want ErrRemoteHangup", err)
	}
}

func TestAnswererHangsUp(t *testing.T) {
	uas := serve(t, Config{}, func(context.Context, media.Leg) {})
	uac := serve(t, Config{}, nil)
	leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr(), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	<-leg.Context().Done()
	if err := context.Cause(leg.Context()); !errors.Is(err, media.ErrRemoteHangup) {
		t.Errorf("cause %v, want ErrRemoteHangup", err)
	}
}

func TestTooManyCallsAndNobodyAnswering(t *testing.T) {
	uas := serve(t, Config{MaxCalls: 1}, echo)
	uac := serve(t, Config{}, nil)
	first, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr(), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Hangup(media.ErrLocalHangup)
	var refused *CallError
	if _, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr(), DialOptions{}); !errors.As(err, &refused) || refused.Status != 503 {
		t.Errorf("error %v, want 503", err)
	}
	if st := uas.Stats(); st.Busy.Load() != 1 || st.Rejected.Load() != 1 {
		t.Errorf("%d busy, %d rejected, want 1", st.Busy.Load(), st.Rejected.Load())
	}
	if _, err := uas.Dial(t.Context(), "sip:nobody@"+uac.Addr(), DialOptions{}); !errors.Is(err, media.ErrUnreachable) {
		t.Errorf("error %v, want ErrUnreachable", err)
	}
}

// phone is a peer made of nothing but a socket.
type phone struct {
	t    *testing.T
	conn net.Conn
	id   string
	more string // further header lines
}

func newPhone(t *testing.T, to string) *phone {
	conn, err := net.Dial("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &phone{t: t, conn: conn, id: fmt.Sprint(time.Now().UnixNano())}
}

func (p *phone) send(method, branch, toTag string, seq int, body string) {
	p.t.Helper()
	me := p.conn.LocalAddr().String()
	if toTag != "" {
		toTag = ";tag=" + toTag
	}
	m := fmt.Sprintf("%s sip:support@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\nFrom: <sip:ana@%s>;tag=a1\r\nTo: <sip:support@%s>%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:ana@%s>\r\n",
		method, p.conn.RemoteAddr(), me, branch, me, p.conn.RemoteAddr(), toTag, p.id, seq, strings.Fields(method)[0], me)
	m += p.more
	if body != "" && !strings.Contains(p.more, "Content-Type") {
		m += "Content-Type: application/sdp\r\n"
	}
	m += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	if _, err := p.conn.Write([]byte(m)); err != nil {
		p.t.Fatal(err)
	}
}

// expect reads messages until one begins with the given text.
func (p *phone) expect(begin string) string {
	p.t.Helper()
	b := make([]byte, 4096)
	if err := p.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	for {
		n, err := p.conn.Read(b)
		if err != nil {
			p.t.Fatalf("waiting for %q: %v", begin, err)
		}
		if m := string(b[:n]); strings.HasPrefix(m, begin) {
			return m
		}
	}
}

func toTag(message string) string {
	for line := range strings.Lines(message) {
		if strings.HasPrefix(line, "To:") {
			_, tag, _ := strings.Cut(strings.TrimSpace(line), "tag=")
			return tag
		}
	}
	return ""
}

const offerPCMU = "v=0\no=- 1 1 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 40000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000"

func TestLostAckEndsInBye(t *testing.T) {
	t.Parallel()
	answered := false
	// The silence of a call that is not up yet does not end it earlier.
	s := serve(t, Config{AckTimeout: 1200 * time.Millisecond, NoMedia: 100 * time.Millisecond}, func(context.Context, media.Leg) { answered = true })
	p := newPhone(t, s.Addr())
	p.send("INVITE", "1", "", 1, offerPCMU)
	p.expect("SIP/2.0 200")
	bye := p.expect("BYE ")
	p.conn.Write([]byte(strings.Replace("SIP/2.0 200 OK\r\n"+bye[strings.Index(bye, "\r\n")+2:], "Max-Forwards: 70\r\n", "", 1)))
	if answered || s.stats.NoAck.Load() != 1 {
		t.Errorf("answered %v, %d without ACK", answered, s.stats.NoAck.Load())
	}
}

func TestByeBeforeAckEndsTheCallQuietly(t *testing.T) {
	s := serve(t, Config{}, echo)
	for range 20 {
		p := newPhone(t, s.Addr())
		p.send("INVITE", "1", "", 1, offerPCMU)
		tag := toTag(p.expect("SIP/2.0 200"))
		p.send("BYE", "2", tag, 2, "")
		p.send("ACK", "3", tag, 1, "")
		p.expect("SIP/2.0 200 OK")
	}
	if n := s.stats.NoAck.Load(); n != 0 {
		t.Errorf("%d calls without ACK", n)
	}
}

func TestHoldAndResumeByReinvite(t *testing.T) {
	s := serve(t, Config{}, echo)
	p := newPhone(t, s.Addr())
	p.send("INVITE", "1", "", 1, offerPCMU)
	tag := toTag(p.expect("SIP/2.0 200"))
	p.send("ACK", "2", tag, 1, "")
	for i, c := range []struct{ offered, answered string }{{"sendonly", "recvonly"}, {"inactive", "inactive"}, {"sendrecv", "sendrecv"}} {
		seq := i + 2
		p.send("INVITE", fmt.Sprint("r", seq), tag, seq, offerPCMU+"\na="+c.offered)
		ok := p.expect("SIP/2.0 200")
		for !strings.Contains(ok, fmt.Sprintf("CSeq: %d INVITE", seq)) {
			ok = p.expect("SIP/2.0 200") // a retransmission for an earlier one
		}
		if !strings.Contains(ok, "a="+c.answered) {
			t.Errorf("offered %s, answered %s", c.offered, ok)
		}
		p.send("ACK", fmt.Sprint("a", seq), tag, seq, "")
	}
	p.send("BYE", "9", tag, 2, "")
	p.expect("SIP/2.0 500") // its CSeq is old
	p.send("BYE", "10", tag, 9, "")
	p.expect("SIP/2.0 200")
}

func TestDelayedOfferIsAnsweredInTheAck(t *testing.T) {
	t.Parallel()
	codecs := make(chan string, 1)
	s := serve(t, Config{}, func(_ context.Context, leg media.Leg) { codecs <- leg.Peer().Codec })
	p := newPhone(t, s.Addr())
	p.send("INVITE", "1", "", 1, "")
	ok := p.expect("SIP/2.0 200")
	if !strings.Contains(ok, "G722/8000") {
		t.Fatalf("no offer in %s", ok)
	}
	p.send("ACK", "2", toTag(ok), 1, offerPCMU)
	if got := <-codecs; got != "PCMU/8000" {
		t.Errorf("codec %s, want PCMU/8000", got)
	}
}

func TestRefusals(t *testing.T) {
	s := serve(t, Config{}, echo)
	cases := []struct{ name, method, body, want string }{
		{"no common codec", "INVITE", "v=0\nc=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 18\n", "SIP/2.0 488"},
		{"no SDP at all", "INVITE", "hello", "SIP/2.0 400"},
		{"unknown dialog", "BYE", "", "SIP/2.0 481"},
		{"unknown method", "SUBSCRIBE", "", "SIP/2.0 405"},
		{"options", "OPTIONS", "", "SIP/2.0 200"},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newPhone(t, s.Addr())
			tag := ""
			if c.method == "BYE" {
				tag = "none"
			}
			p.send(c.method, fmt.Sprint("x", i), tag, 1, c.body)
			p.expect(c.want)
		})
	}
}

func TestGarbageDoesNotStopTheListener(t *testing.T) {
	s := serve(t, Config{}, echo)
	p := newPhone(t, s.Addr())
	for _, m := range []string{
		"\x00\x01\x02", "INVITE", "INVITE sip:x SIP/2.0\r\n\r\n", strings.Repeat("A", 60000),
		"OPTIONS sip:a SIP/2.0\r\nVia: ;;;\r\nCSeq: x\r\n\r\n",
	} {
		if _, err := p.conn.Write([]byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	p.send("OPTIONS", "o", "", 1, "")
	p.expect("SIP/2.0 200")
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	busy, err := net.ListenPacket("udp", "127.0.0.1:0") // rings for ever: never answers
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	s := serve(t, Config{}, nil)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, media.ErrNoAnswer)
	defer cancel()
	if _, err := s.Dial(ctx, "sip:x@"+busy.LocalAddr().String(), DialOptions{}); !errors.Is(err, media.ErrNoAnswer) {
		t.Errorf("error %v, want ErrNoAnswer", err)
	}
}
