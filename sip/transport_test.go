package sip

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/miekg/dns"

	"attendant/media"
	"attendant/sip/admit"
	"attendant/sip/wire"
)

// authority signs certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
	file string // of its own certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.key = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key))
	a.cert = must(x509.ParseCertificate(der))
	a.file = a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (a *authority) write(name, kind string, der []byte) string {
	a.t.Helper()
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}

// issue writes a certificate for the name, and 127.0.0.1 and ::1, and its key.
func (a *authority) issue(file, name string) TLS {
	a.t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name, "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der := must(x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key))
	return TLS{
		Certificate: a.write(file+".pem", "CERTIFICATE", der), Key: a.write(file+".key", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))),
		Clients: a.file, Roots: a.file,
	}
}

func TestCallsOverEveryTransport(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		for _, transport := range []string{"udp", "tcp", "tls", "ws", "wss"} {
			t.Run(transport+" "+host, func(t *testing.T) {
				t.Parallel()
				peers := make(chan media.Peer, 1)
				uas := serveOn(t, transport+":"+host+":0", Config{TLS: a.issue("uas-"+transport, "uas.example")}, func(_ context.Context, leg media.Leg) {
					peers <- leg.Peer()
					<-leg.Context().Done()
				})
				uac := serveOn(t, host+":0", Config{TLS: a.issue("uac-"+transport, "uac.example")}, nil)
				leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr()+";transport="+transport, DialOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if p := within(t, peers); p.Transport != transport {
					t.Errorf("transport %q, want %q", p.Transport, transport)
				}
				leg.Hangup(media.ErrLocalHangup) // BYE goes the same way; the server's end checks that no dialog is left
			})
		}
	}
}

// serveOn is serve with listeners of its own.
func serveOn(t *testing.T, listen string, cfg Config, answer func(context.Context, media.Leg)) *Server {
	t.Helper()
	cfg.Listen = listen
	return serveConfig(t, cfg, answer)
}

func TestByeReachesTheCallerOverItsConnection(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, transport := range []string{"tcp", "tls", "ws", "wss"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			uas := serveOn(t, transport+":127.0.0.1:0", Config{TLS: a.issue("s-"+transport, "uas.example")}, func(context.Context, media.Leg) {})
			uac := serveOn(t, "udp:127.0.0.1:0", Config{TLS: a.issue("c-"+transport, "uac.example")}, nil) // cannot be connected to
			leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr()+";transport="+transport, DialOptions{})
			if err != nil {
				t.Fatal(err)
			}
			within(t, leg.Context().Done())
			if err := context.Cause(leg.Context()); !errors.Is(err, media.ErrRemoteHangup) {
				t.Errorf("cause %v, want ErrRemoteHangup", err)
			}
		})
	}
}

func TestACancelGoesOverTheConnectionOfItsInvite(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	uas := serveOn(t, "tls:127.0.0.1:0", Config{TLS: a.issue("uas", "uas.example"), Invited: func(ctx context.Context, _ Invitation) (Welcome, *Refusal) {
		select { // the caller gives up meanwhile
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		return Welcome{}, &Refusal{Status: 480, Reason: "Temporarily Unavailable"}
	}}, echo)
	uac := serveOn(t, "127.0.0.1:0", Config{TLS: a.issue("uac", "uac.example")}, nil)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 400*time.Millisecond, media.ErrNoAnswer)
	defer cancel()
	if _, err := uac.Dial(ctx, "sips:support@"+uas.Addr(), DialOptions{}); !errors.Is(err, media.ErrNoAnswer) {
		t.Errorf("error %v, want ErrNoAnswer", err)
	}
	if n := uas.Stats().Garbage.Load() + uas.Stats().Broken.Load() + uac.Stats().Unsent.Load(); n != 0 {
		t.Errorf("%d broken or unsent, want 0", n)
	}
}

func TestACertificateThatIsNotTheNamesIsRefused(t *testing.T) {
	t.Parallel()
	a, other := newAuthority(t), newAuthority(t)
	uas := serveOn(t, "tls:127.0.0.1:0", Config{TLS: a.issue("uas", "uas.example")}, echo)
	uac := serveOn(t, "127.0.0.1:0", Config{TLS: TLS{Roots: other.file}}, nil)
	if _, err := uac.Dial(t.Context(), "sips:support@"+uas.Addr(), DialOptions{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v, want one about the certificate", err)
	}
}

func TestClientsAreVerifiedWhereAListenerWantsIt(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	names := make(chan []string, 1)
	var uas *Server
	uas = serveOn(t, "tls+verify:127.0.0.1:0", Config{TLS: a.issue("uas", "uas.example"), Invited: func(_ context.Context, v Invitation) (Welcome, *Refusal) {
		names <- uas.Certified(v.Source)
		return Welcome{}, nil
	}}, func(context.Context, media.Leg) {})
	stranger := serveOn(t, "127.0.0.1:0", Config{TLS: TLS{Roots: a.file}}, nil)
	if leg, err := stranger.Dial(t.Context(), "sips:support@"+uas.Addr(), DialOptions{}); err == nil {
		leg.Hangup(media.ErrLocalHangup)
		t.Error("a client without a certificate was let in")
	}
	carrier := serveOn(t, "127.0.0.1:0", Config{TLS: a.issue("carrier", "carrier.example")}, nil)
	leg, err := carrier.Dial(t.Context(), "sips:support@"+uas.Addr(), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer leg.Hangup(media.ErrLocalHangup)
	if got := within(t, names); !slices.Contains(got, "carrier.example") {
		t.Errorf("certified %q, want carrier.example", got)
	}
}

func TestCertificatesAreReadAgain(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := serveOn(t, "tls:127.0.0.1:0", Config{TLS: a.issue("uas", "old.example")}, echo)
	name := func() string {
		conn, err := tls.Dial("tcp", s.Addr(), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the name is looked at
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := name(); got != "old.example" {
		t.Fatalf("certificate of %s, want old.example", got)
	}
	a.issue("uas", "new.example")
	later := time.Now().Add(2 * time.Second) // a file system may have coarse times
	for _, file := range []string{"uas.pem", "uas.key"} {
		if err := os.Chtimes(filepath.Join(a.dir, file), later, later); err != nil {
			t.Fatal(err)
		}
	}
	s.tls.mu.Lock()
	s.tls.looked = time.Time{}
	s.tls.mu.Unlock()
	if got := name(); got != "new.example" {
		t.Errorf("certificate of %s, want new.example", got)
	}
	// A key that does not fit: what was read stays.
	if err := os.WriteFile(filepath.Join(a.dir, "uas.key"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.tls.mu.Lock()
	s.tls.looked = time.Time{}
	s.tls.mu.Unlock()
	if got := name(); got != "new.example" {
		t.Errorf("certificate of %s after a faulty write, want new.example", got)
	}
}

func TestSeveralListenersAnswerFromWhereTheyWereAsked(t *testing.T) {
	t.Parallel()
	s := serveOn(t, "udp:127.0.0.1:0, udp:127.0.0.2:0, udp:127.0.0.1:0, tcp:[::1]:0", Config{}, func(context.Context, media.Leg) {})
	if n := len(s.Addrs()); n != 4 {
		t.Fatalf("%d listeners: %v", n, s.Addrs())
	}
	for _, d := range s.doors.udp {
		p := newPhone(t, d.local.String()) // connected: hears nobody else
		p.call()
		p.expect("BYE ")
	}
}

func TestListenersAreRead(t *testing.T) {
	for text, want := range map[string][]Listener{
		"127.0.0.1:5060":                       {{Address: "127.0.0.1:5060"}},
		"[::]:5060":                            {{Address: "[::]:5060"}},
		"udp:[::1]:5060, tls:0.0.0.0:5061":     {{Transport: "UDP", Address: "[::1]:5060"}, {Transport: "TLS", Address: "0.0.0.0:5061"}},
		"tls+verify::5061,wss:host.example:44": {{Transport: "TLS", Address: ":5061", Verify: true}, {Transport: "WSS", Address: "host.example:44"}},
		"nowhere":                              nil,
		"sctp:127.0.0.1:5060":                  nil,
		"tcp+verify:127.0.0.1:5060":            nil,
		"udp:127.0.0.1:70000":                  nil,
		"":                                     nil,
	} {
		got, err := ParseListeners(text)
		if (err != nil) != (want == nil) || !slices.Equal(got, want) && want != nil {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestTheExternalAddressIsForThoseOutside(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{External: "192.0.2.50", Local: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}}, echo)
	for local, want := range map[string]string{"127.0.0.1": "192.0.2.50", "127.0.0.2": "127.0.0.1"} {
		p := newPhoneFrom(t, local, s.Addr())
		p.send("INVITE", "1", "", 1, offerPCMU)
		ok := p.expect("SIP/2.0 200")
		if !strings.Contains(ok, "Contact: <sip:attendant@"+want) || !strings.Contains(ok, "c=IN IP4 "+want) {
			t.Errorf("to %s: want %s in\n%s", local, want, ok)
		}
		p.send("ACK", "2", toTag(ok), 1, "")
		p.bye(toTag(ok))
	}
}

func newPhoneFrom(t *testing.T, local, to string) *phone {
	t.Helper()
	remote := must(net.ResolveUDPAddr("udp", to))
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(local)}, remote)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &phone{t: t, conn: conn, id: fmt.Sprint(time.Now().UnixNano())}
}

// options is an OPTIONS with the Via that is given.
func options(via string) string {
	return "OPTIONS sip:support@127.0.0.1 SIP/2.0\r\nVia: " + via + "\r\nMax-Forwards: 70\r\nFrom: <sip:ana@192.0.2.1>;tag=a1\r\n" +
		"To: <sip:support@127.0.0.1>\r\nCall-ID: " + fmt.Sprint(time.Now().UnixNano()) + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
}

func TestAPhoneBehindANATIsAnsweredWhereItSendsFrom(t *testing.T) {
	s := serve(t, Config{}, echo)
	p := newPhone(t, s.Addr())
	if _, err := p.conn.Write([]byte(options("SIP/2.0/UDP 192.168.7.7:5060;branch=z9hG4bKnat"))); err != nil {
		t.Fatal(err)
	}
	ok := p.expect("SIP/2.0 200")
	_, port, _ := net.SplitHostPort(p.conn.LocalAddr().String())
	if !strings.Contains(ok, "received=127.0.0.1") || !strings.Contains(ok, "rport="+port) {
		t.Errorf("want received and rport in\n%s", ok)
	}
}

// dialStream connects to a server, over what it listens on first.
func dialStream(t *testing.T, to string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestKeepAlivesOnStreamsAreAnswered(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{}, echo)
	conn := dialStream(t, s.Addr())
	r := bufio.NewReader(conn)
	for _, parts := range [][]string{{"\r\n\r\n"}, {"\r\n", "\r\n"}, {"\r", "\n\r", "\n"}} {
		for _, p := range parts {
			if _, err := conn.Write([]byte(p)); err != nil {
				t.Fatal(err)
			}
		}
		if pong, err := r.ReadString('\n'); pong != "\r\n" || err != nil {
			t.Fatalf("ping in %q: pong %q, error %v", parts, pong, err)
		}
	}
	// The stream is still in step: a request in pieces, a ping behind it.
	for _, c := range options("SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bKk;rport") + "\r\n\r\n" {
		if _, err := conn.Write([]byte(string(c))); err != nil {
			t.Fatal(err)
		}
	}
	if line, err := r.ReadString('\n'); !strings.HasPrefix(line, "SIP/2.0 200") && line != "\r\n" {
		t.Errorf("answer %q, error %v", line, err)
	}
}

func TestStreamsThatSayNothingOrHalfEnd(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{}, echo)
	mute, slow := dialStream(t, s.Addr()), dialStream(t, s.Addr())
	began := time.Now()
	if _, err := slow.Write([]byte("OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n")); err != nil {
		t.Fatal(err)
	}
	end := func(conn net.Conn) time.Duration {
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("error %v, want EOF", err)
		}
		return time.Since(began)
	}
	if took := end(mute); took < firstByte-time.Second || took > firstByte+2*time.Second {
		t.Errorf("a silent connection ended after %v, want %v", took, firstByte)
	}
	if took := end(slow); took < wholeMessage-time.Second || took > wholeMessage+3*time.Second {
		t.Errorf("half a message ended after %v, want %v", took, wholeMessage)
	}
	if n := s.Stats().Broken.Load(); n != 2 {
		t.Errorf("%d broken connections counted, want 2", n)
	}
}

func TestConnectionsOfOneAddressAreBounded(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{}, echo)
	var conns []net.Conn
	for range maxOfAddress + 5 {
		conns = append(conns, dialStream(t, s.Addr()))
	}
	refused := 0
	for _, c := range conns {
		if _, err := c.Write([]byte("\r\n\r\n")); err != nil {
			refused++
			continue
		}
		if _, err := c.Read(make([]byte, 2)); err != nil {
			refused++
		}
	}
	if refused != 5 || s.Stats().TooMany.Load() != 5 {
		t.Errorf("%d refused, %d counted, want 5", refused, s.Stats().TooMany.Load())
	}
}

func TestMessagesHaveABound(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{}, echo)
	conn := dialStream(t, s.Addr())
	m := strings.Replace(options("SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bKb;rport"), "Content-Length: 0", fmt.Sprintf("Content-Length: %d", wire.MaxMessage), 1)
	if _, err := conn.Write([]byte(m)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want EOF at once", err)
	}
	p := newPhone(t, s.Addr())
	p.more = strings.Repeat("X-Filler: 1\r\n", 100)
	p.send("OPTIONS", "h", "", 1, "")
	p.expect("SIP/2.0 400")
	p.more = ""
	p.send("INVITE", "m", "", 1, offerPCMU+strings.Repeat("\nm=video 0 RTP/AVP 31", 8))
	p.expect("SIP/2.0 488")
}

// Trap 5 of sipgo: a request over 1,300 octets fails on UDP. The call goes over
// TCP then.
func TestALargeInviteGoesOverTCP(t *testing.T) {
	t.Parallel()
	peers := make(chan media.Peer, 1)
	uas := serve(t, Config{}, func(_ context.Context, leg media.Leg) { peers <- leg.Peer() })
	uac := serve(t, Config{}, nil)
	leg, err := uac.Dial(t.Context(), "sip:support@"+uas.Addr(), DialOptions{Name: strings.Repeat("long ", 200)})
	if err != nil {
		t.Fatal(err)
	}
	defer leg.Hangup(media.ErrLocalHangup)
	if p := within(t, peers); p.Transport != "tcp" {
		t.Errorf("over %s, want tcp", p.Transport)
	}
}

// Trap 7: a panic in a handler ends the process.
func TestAPanicCostsOneRequest(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Invited: func(context.Context, Invitation) (Welcome, *Refusal) { panic("boom") }}, echo)
	p := newPhone(t, s.Addr())
	p.send("INVITE", "1", "", 1, offerPCMU)
	p.expect("SIP/2.0 500")
	p.send("OPTIONS", "2", "", 2, "")
	p.expect("SIP/2.0 200")
	if n := s.Stats().Panics.Load(); n != 1 {
		t.Errorf("%d panics counted, want 1", n)
	}
}

// Trap 8: a listener ends without a word. Ours says so, and Serve returns.
func TestAListenerThatEndsIsAnError(t *testing.T) {
	t.Parallel()
	s, err := Listen(Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(t.Context(), echo) }()
	<-s.ready
	s.doors.udp[0].Close()
	if err := within(t, served); !errors.Is(err, errListener) {
		t.Errorf("error %v, want that the listener ended", err)
	}
}

// Trap 10: the UDP listener remembers every source for its life.
func TestSourcesAreForgotten(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Limits: admit.Limits{Known: 1e9}, Known: func(netip.Addr) bool { return true }}, echo)
	p := newPhone(t, s.Addr())
	largest := 0
	for i := range 2*maxSources + 200 {
		source := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), 0)
		from, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(source), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(s.Addr())))
		if err != nil {
			t.Fatal(err)
		}
		from.Write([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"))
		from.Close()
		if i%100 == 0 { // what the socket holds has been read then
			p.send("OPTIONS", fmt.Sprint("o", i), "", 1, "")
			p.expect("SIP/2.0 200")
			largest = max(largest, s.ua.TransportLayer().Pool("udp").Size())
		}
	}
	// A round that is over forgets its own when the next is under way already.
	if largest >= 2*maxSources {
		t.Errorf("%d sources remembered, want less than %d", largest, 2*maxSources)
	}
	// And it still calls from its own port.
	q := newPhone(t, s.Addr())
	q.call()
	if s.Stats().Stray.Load() < 2*maxSources {
		t.Errorf("only %d messages were heard", s.Stats().Stray.Load())
	}
}

// Trap 11: a client that does not bind has its answers go where nobody reads.
func TestRequestsLeaveFromTheListenersPort(t *testing.T) {
	t.Parallel()
	far, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	s := serve(t, Config{}, nil)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, media.ErrNoAnswer)
	defer cancel()
	dialled := make(chan error, 1)
	go func() {
		_, err := s.Dial(ctx, "sip:x@"+far.LocalAddr().String(), DialOptions{})
		dialled <- err
	}()
	b := make([]byte, 4096)
	n, from, err := far.ReadFrom(b)
	if err != nil || from.String() != s.Addr() || !strings.Contains(string(b[:n]), "Via: SIP/2.0/UDP "+s.Addr()) {
		t.Errorf("from %v with %s, want from %s: %v", from, b[:n], s.Addr(), err)
	}
	if err := within(t, dialled); !errors.Is(err, media.ErrNoAnswer) {
		t.Errorf("error %v, want ErrNoAnswer", err)
	}
}

// Trap 12: pings of a WebSocket are not answered.
func TestWebSocketPingsAreAnswered(t *testing.T) {
	t.Parallel()
	s := serveOn(t, "ws:127.0.0.1:0", Config{}, echo)
	conn := dialStream(t, s.Addr())
	if _, err := connectWebSocket(conn, false, s.Addr()); err != nil {
		t.Fatal(err)
	}
	write := func(f ws.Frame) {
		if err := ws.WriteFrame(conn, ws.MaskFrame(f)); err != nil {
			t.Fatal(err)
		}
	}
	write(ws.NewPingFrame([]byte("hello")))
	if f, err := ws.ReadFrame(conn); err != nil || f.Header.OpCode != ws.OpPong || string(f.Payload) != "hello" {
		t.Errorf("frame %+v, error %v, want a pong", f, err)
	}
	// A message in two frames with a ping between them.
	text := options("SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bKw;rport")
	write(ws.NewFrame(ws.OpText, false, []byte(text[:50])))
	write(ws.NewPingFrame(nil))
	write(ws.NewFrame(ws.OpContinuation, true, []byte(text[50:])))
	if f, err := ws.ReadFrame(conn); err != nil || f.Header.OpCode != ws.OpPong {
		t.Errorf("frame %+v, error %v, want a pong", f, err)
	}
	if f, err := ws.ReadFrame(conn); err != nil || !strings.HasPrefix(string(f.Payload), "SIP/2.0 200") {
		t.Errorf("frame %+v, error %v, want 200", f, err)
	}
	write(ws.NewTextFrame([]byte("\r\n\r\n")))
	if f, err := ws.ReadFrame(conn); err != nil || string(f.Payload) != "\r\n" {
		t.Errorf("frame %+v, error %v, want a pong", f, err)
	}
	// RFC 6455 section 5.1: what a client does not mask ends the connection.
	if err := ws.WriteFrame(conn, ws.NewTextFrame([]byte(text))); err != nil {
		t.Fatal(err)
	}
	if f, err := ws.ReadFrame(conn); err == nil {
		t.Errorf("frame %+v for one that was not masked", f)
	}
}

func TestAWebSocketWithoutTheSIPProtocolIsRefused(t *testing.T) {
	t.Parallel()
	s := serveOn(t, "ws:127.0.0.1:0", Config{}, echo)
	conn := dialStream(t, s.Addr())
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(conn); err != nil || strings.Contains(string(all), "sip") {
		t.Errorf("read %q, error %v", all, err)
	}
}

// Trap 14: the DNS prefers IPv4, whatever our sockets are; and RFC 3263 section
// 4.3: what does not answer is passed over.
func TestCallsFollowTheDNSAndGoOnWhereAServerIsDown(t *testing.T) {
	t.Parallel()
	peers := make(chan media.Peer, 4)
	uas := serveOn(t, "[::1]:0", Config{}, func(_ context.Context, leg media.Leg) { peers <- leg.Peer() })
	full := serveOn(t, "[::1]:0", Config{}, nil) // answers 503
	port := func(s *Server) string { _, p, _ := net.SplitHostPort(s.Addr()); return p }
	closed := must(net.Listen("tcp", "[::1]:0")) // a port that nobody listens at
	_, nobody, _ := net.SplitHostPort(closed.Addr().String())
	closed.Close()
	server := serveZone(t, map[string][]string{
		"NAPTR support.example.": {`60 IN NAPTR 10 10 "s" "SIP+D2T" "" _sip._tcp.support.example.`},
		"SRV _sip._tcp.support.example.": {
			"60 IN SRV 0 1 " + nobody + " host.example.", "60 IN SRV 1 1 " + port(full) + " host.example.", "60 IN SRV 2 1 " + port(uas) + " host.example.",
		},
		"A host.example.":    {"60 IN A 127.0.0.1"}, // no socket of ours reaches it
		"AAAA host.example.": {"60 IN AAAA ::1"},
	})
	uac := serveOn(t, "[::1]:0", Config{DNS: []string{server}}, nil)
	for range 2 { // the second time what has failed is tried last
		leg, err := uac.Dial(t.Context(), "sip:line@support.example", DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if p := within(t, peers); p.Transport != "tcp" {
			t.Errorf("over %s, want tcp", p.Transport)
		}
		leg.Hangup(media.ErrLocalHangup)
	}
	if n := full.Stats().Busy.Load(); n != 1 {
		t.Errorf("the server that is full was asked %d times, want once", n)
	}
}

// serveZone answers questions with records.
func serveZone(t *testing.T, records map[string][]string) string {
	t.Helper()
	conn := must(net.ListenPacket("udp", "127.0.0.1:0"))
	begun := make(chan struct{})
	s := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(begun) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		for _, text := range records[dns.TypeToString[q.Question[0].Qtype]+" "+strings.ToLower(q.Question[0].Name)] {
			m.Answer = append(m.Answer, must(dns.NewRR(q.Question[0].Name+" "+text)))
		}
		w.WriteMsg(m)
	})}
	ended := make(chan error, 1)
	go func() { ended <- s.ActivateAndServe() }()
	<-begun
	t.Cleanup(func() { s.Shutdown(); <-ended })
	return conn.LocalAddr().String()
}
