// Package sip answers and places calls over SIP.
//
// The central type is Server: it listens on UDP, TCP, TLS and WebSockets,
// answers each INVITE with a Leg and hands the leg to a function that is the
// call; Dial places a call. Parsing and transactions are sipgo's. What comes
// from the network passes a gate (inlet.go) before sipgo sees it, sockets and
// connections are ours (socket.go, flow.go), and so are dialogs, offers and
// answers, and the retransmission of 2xx, since sipgo's dialogs cannot be
// written down, do not check who sends within them, and leave calls up whose
// ACK is lost.
//
// Guarantees: every answered call gets exactly one call of the answer function,
// on a goroutine of its own, and its leg is hung up when that returns; requests
// within a dialog are taken only from the dialog's own peer, one at a time and
// with a rising CSeq; a panic in a handler costs that request only; Serve
// returns when all calls have ended.
//
// RFC 3261, 3264, 3581, 4733, 8866; see RFC.md for what is left out.
package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"

	"attendant/media"
	"attendant/media/codec"
	"attendant/sip/admit"
	"attendant/sip/locate"
	"attendant/sip/sdp"
)

// Config says how to listen and how to talk. The zero value of each optional
// field works.
type Config struct {
	Listen     string         // what ParseListeners reads: host and port for UDP and TCP, or more
	TLS        TLS            // certificates for TLS and WSS; optional
	External   string         // our address as peers see it; optional
	Local      []netip.Prefix // networks whose peers see our own address, not the external one
	User       string         // user part of our Contact; optional
	RTPFirst   int            // first RTP port; 0 is any
	RTPLast    int            // last RTP port
	Codecs     []codec.Codec  // in the order of preference; all where empty
	MaxCalls   int            // calls at once; 0 is 200
	NoMedia    time.Duration  // how long a peer may send nothing; 0 is 30 s
	AckTimeout time.Duration  // how long an ACK is waited for; 0 is 32 s, RFC 3261's 64*T1
	TrustPeers bool           // believe P-Asserted-Identity, RFC 3325: every peer is our carrier
	ByeTimeout time.Duration  // how long Hangup waits for the far end; 0 is 2 s
	Log        *slog.Logger   // slog.Default where nil

	// Known tells whom we talk with: the others get 403, whatever they send, and
	// are banned when they go on. All are known where it is nil. It is called with
	// each message and must not block; the far ends of calls are always known.
	Known func(netip.Addr) bool
	// Friends are known, too, have the higher rate and are never banned: trunks.
	// Called like Known.
	Friends func(netip.Addr) bool
	DNS     []string     // servers to look names up at, HOST:PORT; the system's where empty
	Limits  admit.Limits // of a source that is not known, and of one that is
	Calls   *admit.Calls // rate of new calls, head-room; optional

	// Invited decides about an incoming call before anything is told of us, and
	// may block for a second; every call is taken where it is nil. Its context is
	// Serve's.
	Invited func(context.Context, Invitation) (Welcome, *Refusal)
	// Trusts reports whether a source, IP address and port, is believed about who
	// calls: a trunk. It is asked beside TrustPeers; nil trusts nobody.
	Trusts func(source string) bool
	// MayTransfer decides who may move a call, by REFER or by an INVITE with
	// Replaces; nobody may where it is nil.
	MayTransfer func(Attempt) bool
	// Referred carries a far end's REFER out, on a goroutine of its own, and
	// returns when the target has answered, or why it has not. Its context ends
	// with the leg, which is hung up where its far end does not do so after the
	// answer. Every REFER is declined where it is nil.
	Referred func(context.Context, *Referral) error
	// Replaced is told that a leg has another far end now, and who was there
	// before; optional.
	Replaced func(leg *Leg, before media.Peer)
	// MayCall reports whether a redirection to a URI is followed; none is where it
	// is nil.
	MayCall func(uri string) bool

	SRTP       sdp.Policy    // of calls both ways, where a call has none of its own
	Session    time.Duration // how long a session lasts without a refresh; 0 is 30 min, RFC 4028
	MinSession time.Duration // the shortest that peers may ask for; 0 is 90 s

	// Passed is told of each message that is taken in or sent, and must neither
	// block nor keep its text; optional.
	Passed func(Passed)

	// Register answers a REGISTER; 405 is answered where it is nil.
	Register func(*sip.Request) *sip.Response
}

// Passed is a message that has come or gone.
type Passed struct {
	From, To  netip.AddrPort
	Transport string // "UDP", "TCP", "TLS", "WS" or "WSS"
	Text      []byte // of the server's memory
}

// Server is one SIP endpoint.
type Server struct {
	accounts sync.Map // users that we have registered as: a bounded set, that of the trunks

	cfg      Config
	tls      *credentials
	doors    doors
	flows    *flows
	arrivals arrivals
	guard    *admit.Guard
	resolver *locate.Resolver
	ready    chan struct{} // closed when requests can be sent
	ua       *sipgo.UserAgent
	server   *sipgo.Server
	client   *sipgo.Client
	answer   func(context.Context, media.Leg)
	stats    Stats

	certificate *tls.Certificate // for handshakes of DTLS: a new one each start

	calls sync.WaitGroup // calls being answered
	legs  sync.WaitGroup // goroutines of legs

	mu       sync.Mutex
	dialogs  map[key]*Leg
	draining bool            // new calls are refused
	stopping bool            // so are our own
	admitted int             // incoming calls
	ctx      context.Context //nolint:containedctx // Serve's, for the calls that it answers

	peersMu sync.Mutex
	peers   map[netip.Addr]int // calls with a far end's address
}

// Listen opens the sockets. Serve must be called for anything to be answered
// or dialled.
func Listen(cfg Config) (*Server, error) {
	if cfg.Codecs == nil {
		cfg.Codecs = codec.All()
	}
	if cfg.MaxCalls == 0 {
		cfg.MaxCalls = 200
	}
	if cfg.NoMedia == 0 {
		cfg.NoMedia = 30 * time.Second
	}
	if cfg.AckTimeout == 0 {
		cfg.AckTimeout = 64 * sip.T1
	}
	if cfg.ByeTimeout == 0 {
		cfg.ByeTimeout = 2 * time.Second
	}
	if cfg.Session == 0 {
		cfg.Session = 30 * time.Minute
	}
	if cfg.MinSession == 0 {
		cfg.MinSession = 90 * time.Second // RFC 4028 section 4
	}
	if cfg.User == "" {
		cfg.User = "attendant"
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	certificate, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return nil, fmt.Errorf("certificate for DTLS: %w", err)
	}
	s := &Server{cfg: cfg, certificate: &certificate, dialogs: map[key]*Leg{}, ready: make(chan struct{}), peers: map[netip.Addr]int{}}
	s.flows, s.guard = newFlows(s), admit.NewGuard(cfg.Limits, s.knows)
	list, err := ParseListeners(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("SIP listen address: %w", err)
	}
	if s.tls, err = loadTLS(cfg.TLS); err != nil {
		return nil, err
	}
	if err := s.open(list); err != nil {
		return nil, err
	}
	s.resolver = s.newResolver()
	if err := s.build(); err != nil {
		return nil, errors.Join(err, s.doors.close())
	}
	return s, nil
}

func (s *Server) build() (err error) {
	// sipgo logs whole messages, numbers included, where they do not parse.
	hush()
	quiet := slog.New(slog.DiscardHandler)
	s.ua, err = sipgo.NewUA(sipgo.WithUserAgent("Attendant"), sipgo.WithUserAgentDNSResolver(noResolver()),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet), sip.WithTransportLayerTransports(sip.TransportsConfig{
			TCP: &sip.TransportTCP{DialerCreate: noDialer},
		})),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) { s.stats.Stray.Add(1) })))
	if err != nil {
		return fmt.Errorf("build SIP user agent: %w", err)
	}
	if s.server, err = sipgo.NewServer(s.ua, sipgo.WithServerLogger(quiet)); err != nil {
		return fmt.Errorf("build SIP server: %w", err)
	}
	if s.client, err = sipgo.NewClient(s.ua, sipgo.WithClientLogger(quiet)); err != nil {
		return fmt.Errorf("build SIP client: %w", err)
	}
	s.server.OnNoRoute(s.guarded(s.onUnknown))
	for method, handle := range map[sip.RequestMethod]sipgo.RequestHandler{
		sip.INVITE: s.onInvite, sip.ACK: s.onAck, sip.BYE: s.onBye, sip.CANCEL: s.onCancel,
		sip.OPTIONS: s.onOptions, sip.INFO: s.onInfo, sip.UPDATE: s.onUpdate, sip.REGISTER: s.onRegister,
		sip.PRACK: s.onPrack, sip.REFER: s.onRefer, sip.NOTIFY: s.onNotify,
	} {
		s.server.OnRequest(method, s.guarded(handle))
	}
	return nil
}

// hush has sipgo's own logger say nothing: it warns whenever a connection
// ends before its transactions, with the peer's address. Once, since it is one
// for all servers.
var hush = sync.OnceFunc(func() { sip.SetDefaultLogger(slog.New(slog.DiscardHandler)) })

// noDialer keeps sipgo from opening connections: where a flow has gone it would
// connect to whatever host a peer has put into its Via.
func noDialer(net.Addr) net.Dialer {
	return net.Dialer{Control: func(string, string, syscall.RawConn) error { return errNoFlow }}
}

// noResolver keeps sipgo from looking up names that peers have put into a Via.
func noResolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errNoFlow }}
}

var errNoFlow = errors.New("the connection has gone")

// guarded turns a panic into a 500.
func (s *Server) guarded(handle sipgo.RequestHandler) sipgo.RequestHandler {
	return func(r *sip.Request, tx sip.ServerTransaction) {
		defer func() {
			if p := recover(); p != nil {
				s.stats.Panics.Add(1)
				s.cfg.Log.Error("panic in SIP handler", "method", r.Method, "panic", p)
				if !r.IsAck() {
					s.respond(r, tx, 500, "Server Internal Error")
				}
			}
		}()
		handle(s.arrived(r), tx)
	}
}

// Close closes the sockets of a server that was never served; Serve closes
// them itself. Closing again does nothing.
func (s *Server) Close() error {
	var errs []error
	if err := s.ua.Close(); !errors.Is(err, net.ErrClosed) {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, s.doors.close())...)
}

// Addr is the host and port of the first listener.
func (s *Server) Addr() string { return s.doors.all[0].address.String() }

// Addrs are all listeners, each like "udp:HOST:PORT".
func (s *Server) Addrs() (list []string) {
	for _, d := range s.doors.all {
		list = append(list, strings.ToLower(d.transport)+":"+d.address.String())
	}
	return list
}

// Stats returns the server's counters.
func (s *Server) Stats() *Stats { return &s.stats }

// Guard returns the server's guard, for its counters.
func (s *Server) Guard() *admit.Guard { return s.guard }

// Serve answers calls until ctx ends, then refuses new ones, waits until the
// calls that go on have ended and closes the sockets. Each call of answer has a
// goroutine of its own and the context of Serve: when that ends it should bring
// its call to an end. A nil answer declines every call.
func (s *Server) Serve(ctx context.Context, answer func(context.Context, media.Leg)) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	s.mu.Lock()
	s.ctx, s.answer = ctx, answer
	s.mu.Unlock()
	var serving sync.WaitGroup
	failed := make(chan error, len(s.doors.all)+1)
	s.listen(ctx, &serving, failed)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed: // a listener must not end by itself
		if err = errors.Join(err, errListener); ctx.Err() != nil {
			err = nil
		}
		end()
	}
	s.mu.Lock()
	s.draining, s.stopping = true, true
	s.mu.Unlock()
	s.calls.Wait()
	s.hangUpAll()
	s.legs.Wait()
	// Nothing is left to be told: only the sockets' ends matter.
	_ = s.doors.close()
	_ = s.flows.Close()
	s.flows.closeAll()
	serving.Wait()
	_ = s.ua.Close()
	return err
}

// listen begins to read every socket, and returns when requests can be sent.
func (s *Server) listen(ctx context.Context, serving *sync.WaitGroup, failed chan<- error) {
	var ready sync.WaitGroup
	for _, d := range s.doors.udp {
		ready.Add(1)
		serving.Go(func() { failed <- d.serve(ready.Done) })
	}
	serving.Go(func() { failed <- s.server.ServeTCP(s.flows) })
	for _, e := range s.doors.streams {
		serving.Go(func() { failed <- s.flows.serve(e) })
	}
	serving.Go(func() { s.flows.keepAlive(ctx) })
	if s.cfg.Calls != nil && s.cfg.Calls.Probe != nil {
		serving.Go(func() { s.cfg.Calls.Probe.Run(ctx) })
	}
	ready.Wait()
	close(s.ready)
}

var errListener = errors.New("SIP listener ended")

// Drain has new calls and OPTIONS refused with 503, so that proxies take us out
// of rotation; calls that are up go on. It does not wait; draining again changes
// nothing.
func (s *Server) Drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
}

// HangUp ends every call at once, without a word to the caller.
func (s *Server) HangUp() { s.hangUpAll() }

// hangUpAll ends the legs that were dialled and not hung up.
func (s *Server) hangUpAll() {
	s.mu.Lock()
	legs := make([]*Leg, 0, len(s.dialogs))
	for _, l := range s.dialogs {
		legs = append(legs, l)
	}
	s.mu.Unlock()
	var ending sync.WaitGroup
	for _, l := range legs {
		ending.Go(func() { l.Hangup(media.ErrShutdown) })
	}
	ending.Wait()
}

// respond answers r. A response that cannot be sent is the peer's loss: it will
// ask again.
func (s *Server) respond(r *sip.Request, tx sip.ServerTransaction, status int, reason string, headers ...sip.Header) {
	res := sip.NewResponseFromRequest(r, status, reason, nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	s.send(res, tx)
}

// send sends a response. One that is too large for sipgo's taste goes around
// it: over UDP there is no other way for a response, RFC 3261 section 18.2.2.
func (s *Server) send(res *sip.Response, tx sip.ServerTransaction) {
	if l := s.lookup(responseKey(res)); l != nil {
		l.ladder.add(true, res)
	}
	text, err := res.String(), error(nil)
	if res.Transport() == "UDP" && len(text) > sip.UDPMTUSize-200 {
		err = s.sendLarge(res.Destination(), []byte(text))
	} else {
		err = tx.Respond(res)
	}
	if err != nil && !errors.Is(err, sip.ErrTransactionCanceled) {
		s.stats.Unsent.Add(1)
		s.cfg.Log.Debug("response not sent", "status", res.StatusCode, "error", err)
	}
}

func (s *Server) sendLarge(peer string, text []byte) error {
	d := s.udpToward(peer)
	to, err := net.ResolveUDPAddr("udp", peer)
	if err != nil || d == nil {
		return errors.Join(err, errNoFlow)
	}
	_, err = d.WriteTo(text, to)
	return err
}

// lookup returns the leg of a dialog.
func (s *Server) lookup(k key) *Leg {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialogs[k]
}

// find returns the leg of a request within a dialog, if the request comes from
// the dialog's peer.
func (s *Server) find(r *sip.Request) *Leg {
	l := s.lookup(requestKey(r))
	if l == nil {
		s.failed(r.Source())
		return nil
	}
	if d := l.Dialog(); !d.ownPeer(r.Source()) {
		s.stats.Foreign.Add(1)
		s.failed(r.Source())
		return nil
	}
	return l
}

// forget takes a leg out of the dialogs.
func (s *Server) forget(l *Leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.dialog.key(); s.dialogs[k] == l {
		delete(s.dialogs, k)
		s.peer(l.dialog.Peer, -1)
	}
}
