// Package sip answers and places calls over SIP.
//
// The central type is Server: it listens on UDP and TCP, answers each INVITE
// with a Leg and hands the leg to a function that is the call; Dial places a
// call. Transport, parsing and transactions are sipgo's; dialogs, offers and
// answers, and the retransmission of 2xx are ours, since sipgo's dialogs cannot
// be written down, do not check who sends within them, and leave calls up
// whose ACK is lost.
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
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"

	"attendant/media"
	"attendant/media/codec"
	"attendant/sip/sdp"
)

// Config says how to listen and how to talk. The zero value of each optional
// field works.
type Config struct {
	Listen     string        // host and port, for UDP and TCP; port 0 is any
	External   string        // our address as peers see it; optional
	User       string        // user part of our Contact; optional
	RTPFirst   int           // first RTP port; 0 is any
	RTPLast    int           // last RTP port
	Codecs     []codec.Codec // in the order of preference; all where empty
	MaxCalls   int           // calls at once; 0 is 200
	NoMedia    time.Duration // how long a peer may send nothing; 0 is 30 s
	AckTimeout time.Duration // how long an ACK is waited for; 0 is 32 s, RFC 3261's 64*T1
	TrustPeers bool          // believe P-Asserted-Identity, RFC 3325: every peer is our carrier
	ByeTimeout time.Duration // how long Hangup waits for the far end; 0 is 2 s
	Log        *slog.Logger  // slog.Default where nil

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
	// with the leg. Every REFER is declined where it is nil.
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

	// Register answers a REGISTER; 405 is answered where it is nil.
	Register func(*sip.Request) *sip.Response
}

// Stats are a server's counters. All but Active only rise. Each incoming call
// is counted in Invites and, when it is decided, in one of Answered, Rejected,
// Cancelled and NoAck; each rejected one in one of the seven causes.
type Stats struct {
	Active atomic.Int64 // legs up, or being set up

	Invites   atomic.Int64 // incoming calls; repeated INVITEs are one
	Answered  atomic.Int64 // incoming calls answered and acknowledged
	Rejected  atomic.Int64 // incoming calls refused by us
	Cancelled atomic.Int64 // incoming calls that the far end took back before its ACK
	NoAck     atomic.Int64 // answers that were never acknowledged, those to a re-INVITE too

	Refused       atomic.Int64 // rejected: by Config.Invited
	Busy          atomic.Int64 // rejected: too many calls, or we are stopping
	NoPort        atomic.Int64 // rejected: every RTP port is taken
	Unsupported   atomic.Int64 // rejected: an extension or a body that we do not know
	Malformed     atomic.Int64 // rejected: headers missing
	BadSDP        atomic.Int64 // rejected: a description that cannot be read
	NoCommonCodec atomic.Int64 // rejected: no codec of ours, or no audio

	Dialled atomic.Int64 // outgoing calls answered
	Failed  atomic.Int64 // outgoing calls not answered, or not with what we can use
	NoMedia atomic.Int64 // legs whose audio stopped coming

	Glares     atomic.Int64 // changes of a session that crossed each other
	Refreshed  atomic.Int64 // sessions that we have refreshed
	Expired    atomic.Int64 // sessions that were not refreshed in time
	TooBrief   atomic.Int64 // session intervals refused as too small
	NoPrack    atomic.Int64 // provisional responses that were never acknowledged
	Forked     atomic.Int64 // answers beside the one that was taken
	Redirected atomic.Int64 // redirections followed
	Referrals  atomic.Int64 // REFERs accepted
	Replaced   atomic.Int64 // legs that another dialog has taken over
	Untrusted  atomic.Int64 // REFERs and Replaces of those who may not
	Lost       atomic.Int64 // dialogs that the far end had forgotten
	Restored   atomic.Int64 // legs gone on with after a restart

	Late     atomic.Int64 // requests within a dialog whose CSeq does not rise
	Overflow atomic.Int64 // requests within a dialog refused as too many waited
	Foreign  atomic.Int64 // requests within a dialog from another host than its peer
	Garbage  atomic.Int64 // datagrams that are no SIP, connections over the bound
	Unsent   atomic.Int64 // messages that could not be sent, or were never answered
	Stray    atomic.Int64 // responses to nothing we have asked, late ones mostly
	Panics   atomic.Int64 // handlers that panicked
}

// reject counts an incoming call that we refuse, and why.
func (s *Stats) reject(cause *atomic.Int64) {
	s.Rejected.Add(1)
	cause.Add(1)
}

// description is the cause of a call whose offer or answer came to err.
func (s *Stats) description(err error) *atomic.Int64 {
	if errors.Is(err, ErrNoCommonCodec) {
		return &s.NoCommonCodec
	}
	return &s.BadSDP
}

// Server is one SIP endpoint.
type Server struct {
	cfg    Config
	udp    net.PacketConn
	tcp    net.Listener
	ready  chan struct{} // closed when requests can be sent
	ua     *sipgo.UserAgent
	server *sipgo.Server
	client *sipgo.Client
	answer func(context.Context, media.Leg)
	stats  Stats

	certificate *tls.Certificate // for handshakes of DTLS: a new one each start

	calls sync.WaitGroup // calls being answered
	legs  sync.WaitGroup // goroutines of legs

	mu       sync.Mutex
	dialogs  map[key]*Leg
	draining bool
	admitted int             // incoming calls
	ctx      context.Context //nolint:containedctx // Serve's, for the calls that it answers
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
	s := &Server{cfg: cfg, certificate: &certificate, dialogs: map[key]*Leg{}, ready: make(chan struct{})}
	if err := s.bind(); err != nil {
		return nil, err
	}
	if err := s.build(); err != nil {
		return nil, errors.Join(err, s.udp.Close(), s.tcp.Close())
	}
	return s, nil
}

// bind opens UDP and TCP on the same port. Where any port will do, several are
// tried, since one that is free for UDP may be taken for TCP.
func (s *Server) bind() error {
	host, port, err := net.SplitHostPort(s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("SIP listen address: %w", err)
	}
	for tries := 0; ; tries++ {
		if s.udp, err = net.ListenPacket("udp", net.JoinHostPort(host, port)); err != nil {
			return fmt.Errorf("listen for SIP: %w", err)
		}
		if s.tcp, err = net.Listen("tcp", s.udp.LocalAddr().String()); err == nil {
			s.udp = &datagrams{PacketConn: s.udp, stats: &s.stats, ready: s.ready}
			s.tcp = &connections{Listener: s.tcp, stats: &s.stats}
			return nil
		}
		if err = errors.Join(err, s.udp.Close()); port != "0" || tries == 10 {
			return fmt.Errorf("listen for SIP: %w", err)
		}
	}
}

func (s *Server) build() (err error) {
	// sipgo logs whole messages, numbers included, where they do not parse.
	quiet := slog.New(slog.DiscardHandler)
	s.ua, err = sipgo.NewUA(sipgo.WithUserAgent("Attendant"),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
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
		handle(r, tx)
	}
}

// Close closes the sockets of a server that was never served; Serve closes
// them itself. Closing again does nothing.
func (s *Server) Close() error {
	var errs []error
	for _, c := range []io.Closer{s.ua, s.udp, s.tcp} {
		if err := c.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Addr is the host and port that the server listens on.
func (s *Server) Addr() string { return s.udp.LocalAddr().String() }

// Stats returns the server's counters.
func (s *Server) Stats() *Stats { return &s.stats }

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
	failed := make(chan error, 2)
	serving.Go(func() { failed <- s.server.ServeUDP(s.udp) })
	serving.Go(func() { failed <- s.server.ServeTCP(s.tcp) })
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
	s.draining = true
	s.mu.Unlock()
	s.calls.Wait()
	s.hangUpAll() //nolint:contextcheck // BYE is sent after the context's end, with a timeout of its own
	s.legs.Wait()
	// Nothing is left to be told: only the sockets' ends matter.
	_, _ = s.udp.Close(), s.tcp.Close()
	serving.Wait()
	_ = s.ua.Close() // the accepted connections
	return err
}

var errListener = errors.New("SIP listener ended")

// hangUpAll ends the legs that were dialled and not hung up.
func (s *Server) hangUpAll() {
	s.mu.Lock()
	legs := make([]*Leg, 0, len(s.dialogs))
	for _, l := range s.dialogs {
		legs = append(legs, l)
	}
	s.mu.Unlock()
	for _, l := range legs {
		l.Hangup(media.ErrShutdown)
	}
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
		var to *net.UDPAddr
		if to, err = net.ResolveUDPAddr("udp", res.Destination()); err == nil {
			_, err = s.udp.WriteTo([]byte(text), to)
		}
	} else {
		err = tx.Respond(res)
	}
	if err != nil && !errors.Is(err, sip.ErrTransactionCanceled) {
		s.stats.Unsent.Add(1)
		s.cfg.Log.Debug("response not sent", "status", res.StatusCode, "error", err)
	}
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
		return nil
	}
	if !sameHost(l.Dialog().Peer, r.Source()) {
		s.stats.Foreign.Add(1)
		return nil
	}
	return l
}

func sameHost(a, b string) bool {
	x, _, _ := net.SplitHostPort(a)
	y, _, _ := net.SplitHostPort(b)
	return x == y
}

// forget takes a leg out of the dialogs.
func (s *Server) forget(l *Leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.dialog.key(); s.dialogs[k] == l {
		delete(s.dialogs, k)
	}
}
