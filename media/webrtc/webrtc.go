// Package webrtc connects browsers.
//
// The central type is Server: one UDP port, and one TCP port where wanted, for
// all browsers. Accept answers a browser's offer and makes a Leg, a media.Leg
// like any other: what the browser says and hears goes through a Bridge. How
// offer and answer travel is not this package's: see console for WHIP (RFC 9725).
//
// Audio is G.722, else G.711, each as the browser prefers least: Chromium,
// Firefox and Safari take them all, so that no Opus encoder is needed. Packets are
// DTLS-SRTP only; keys are RFC 4733 events. A browser's later candidates, and a
// restart of ICE after its network has changed, come by Leg.Patch.
//
// Guarantees: Serve waits for what Accept has begun; a Leg's GetFrame and
// PutFrame never wait for the network; a leg whose browser is gone ends, at once
// where it says goodbye, else 30 s after its last word (RFC 7675).
package webrtc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	pion "github.com/pion/webrtc/v4"

	"attendant/media"
	"attendant/media/codec"
)

// Config says where browsers connect. Listen is required.
type Config struct {
	Listen    string   // host:port for UDP
	ListenTCP string   // host:port for networks without UDP; none where empty
	External  []string // our addresses as browsers see them
	Relays    []Relay  // STUN and TURN servers that browsers and we may use
	Lite      bool     // ICE-lite: browsers reach us directly, RFC 8445 section 2.5
	MaxLegs   int      // 100 where 0
	Log       *slog.Logger
}

// Relay is a STUN or TURN server.
type Relay struct{ URL, User, Password string }

// Stats count legs. Any goroutine may read them.
type Stats struct {
	Active   atomic.Int64 // legs up, or being set up
	Accepted atomic.Int64
	Refused  atomic.Int64 // offers that were not accepted
	Failed   atomic.Int64 // legs that never connected, or whose browser vanished
	Dropped  atomic.Int64 // frames that found 4 unsent
}

// Why an offer is refused.
var (
	// ErrBadOffer is a description that cannot be used.
	ErrBadOffer = errors.New("no usable offer")
	// ErrFull is a server with MaxLegs legs, or one that is closing.
	ErrFull = errors.New("no room for another browser")
	// ErrNoLeg is a leg that has ended.
	ErrNoLeg = errors.New("no such leg")
)

const (
	// acceptPatience bounds the gathering of candidates, which for our own ports
	// takes no time and for relays a round trip or two.
	acceptPatience = 3 * time.Second
	// quiet is when a browser counts as disconnected, gone when as lost for good.
	// RFC 7675 section 5.1 has 30 s.
	quiet     = 6 * time.Second
	gone      = 30 * time.Second
	keepAlive = 2 * time.Second
	// maxOffer bounds a description; browsers' audio offers take 2 to 6 kB.
	maxOffer = 64 << 10
)

// Server accepts browsers.
type Server struct {
	cfg   Config
	api   *pion.API
	conn  net.PacketConn
	tcp   net.Listener
	muxes []interface{ Close() error }
	stats Stats

	mu       sync.Mutex
	legs     map[string]*Leg
	serving  sync.WaitGroup
	ctx      context.Context //nolint:containedctx // of Serve; legs are its children
	stopping bool
}

// Listen opens the ports. The caller calls Serve, or Close.
func Listen(cfg Config) (*Server, error) {
	if cfg.MaxLegs == 0 {
		cfg.MaxLegs = 100
	}
	s := &Server{cfg: cfg, legs: map[string]*Leg{}}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open() (err error) {
	if s.conn, err = net.ListenPacket("udp", s.cfg.Listen); err != nil {
		return fmt.Errorf("listen for browsers: %w", err)
	}
	quietly := logging.NewDefaultLoggerFactory()
	quietly.DefaultLogLevel = logging.LogLevelDisabled // it logs addresses to standard error
	var settings pion.SettingEngine
	settings.LoggerFactory = quietly
	udp := pion.NewICEUDPMux(nil, s.conn)
	settings.SetICEUDPMux(udp)
	s.muxes = append(s.muxes, udp)
	networks := []pion.NetworkType{pion.NetworkTypeUDP4, pion.NetworkTypeUDP6}
	if s.cfg.ListenTCP != "" {
		if s.tcp, err = net.Listen("tcp", s.cfg.ListenTCP); err != nil {
			return fmt.Errorf("listen for browsers: %w", err)
		}
		tcp := ice.NewTCPMuxDefault(ice.TCPMuxParams{Listener: s.tcp, ReadBufferSize: 32, WriteBufferSize: 64 << 10, Logger: quietly.NewLogger("tcp")})
		settings.SetICETCPMux(tcp)
		s.muxes = append(s.muxes, tcp)
		networks = append(networks, pion.NetworkTypeTCP4, pion.NetworkTypeTCP6)
	}
	settings.SetNetworkTypes(networks)
	settings.SetLite(s.cfg.Lite)
	settings.SetICETimeouts(quiet, gone, keepAlive)
	settings.SetIncludeLoopbackCandidate(loopback(s.conn.LocalAddr()))
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	if len(s.cfg.External) > 0 {
		rule := pion.ICEAddressRewriteRule{External: s.cfg.External, AsCandidateType: pion.ICECandidateTypeHost, Mode: pion.ICEAddressRewriteReplace}
		if err := settings.SetICEAddressRewriteRules(rule); err != nil {
			return fmt.Errorf("external addresses: %w", err)
		}
	}
	return s.build(settings)
}

// build registers what is spoken: our codecs, telephone events, and the reports
// of RFC 3550. Nothing is resent: late audio is of no use.
func (s *Server) build(settings pion.SettingEngine) error {
	engine := &pion.MediaEngine{}
	for _, c := range codec.All() {
		if err := engine.RegisterCodec(parameters(c), pion.RTPCodecTypeAudio); err != nil {
			return err
		}
	}
	if err := engine.RegisterCodec(events, pion.RTPCodecTypeAudio); err != nil {
		return err
	}
	registry := &interceptor.Registry{}
	if err := pion.ConfigureRTCPReports(registry); err != nil {
		return err
	}
	s.api = pion.NewAPI(pion.WithMediaEngine(engine), pion.WithInterceptorRegistry(registry), pion.WithSettingEngine(settings))
	return nil
}

// events are telephone events at the clock of all our codecs. RFC 4733.
var events = pion.RTPCodecParameters{
	RTPCodecCapability: pion.RTPCodecCapability{MimeType: "audio/telephone-event", ClockRate: 8000, SDPFmtpLine: "0-15"},
	PayloadType:        126,
}

func parameters(c codec.Codec) pion.RTPCodecParameters {
	return pion.RTPCodecParameters{
		RTPCodecCapability: pion.RTPCodecCapability{MimeType: "audio/" + c.Name, ClockRate: uint32(c.ClockRateHz)},
		PayloadType:        pion.PayloadType(c.PayloadType),
	}
}

func loopback(a net.Addr) bool {
	u, ok := a.(*net.UDPAddr)
	return ok && (u.IP.IsLoopback() || u.IP.IsUnspecified())
}

// Addr is where browsers send audio.
func (s *Server) Addr() net.Addr { return s.conn.LocalAddr() }

// Stats returns the live counters.
func (s *Server) Stats() *Stats { return &s.stats }

// Serve lets Accept make legs until ctx ends; then it hangs up those that are
// left, waits for all that Accept has begun, and closes the ports.
func (s *Server) Serve(ctx context.Context) error {
	s.mu.Lock()
	s.ctx = ctx
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.serving.Wait()
	return s.Close()
}

// Close closes the ports of a server that Serve was never called for.
func (s *Server) Close() error {
	var errs []error
	for _, m := range s.muxes {
		errs = append(errs, m.Close())
	}
	s.muxes = nil
	for _, c := range []interface{ Close() error }{s.conn, s.tcp} {
		if err := closeOnce(c); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// closeOnce closes what a mux may have closed already.
func closeOnce(c interface{ Close() error }) error {
	switch v := c.(type) {
	case net.PacketConn:
		if v == nil {
			return nil
		}
	case net.Listener:
		if v == nil {
			return nil
		}
	case nil:
		return nil
	}
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Accept answers a browser's offer. It blocks for the gathering of our
// candidates, at most 3 s. use is then called on a goroutine of Serve's with the
// leg, once it is connected; when it returns the leg is hung up. ErrBadOffer,
// ErrFull.
func (s *Server) Accept(ctx context.Context, offer string, peer media.Peer, use func(context.Context, *Leg)) (*Leg, string, error) {
	leg, answer, err := s.accept(ctx, offer, peer)
	if err == nil {
		err = s.begin(leg, use)
	}
	if err != nil {
		s.stats.Refused.Add(1)
		if leg != nil {
			leg.discard()
		}
		return nil, "", err
	}
	s.stats.Accepted.Add(1)
	return leg, answer, nil
}

func (s *Server) accept(ctx context.Context, offer string, peer media.Peer) (*Leg, string, error) {
	if len(offer) > maxOffer {
		return nil, "", fmt.Errorf("%w: it has over %d bytes", ErrBadOffer, maxOffer)
	}
	var relays []pion.ICEServer
	for _, r := range s.cfg.Relays {
		relays = append(relays, pion.ICEServer{URLs: []string{r.URL}, Username: r.User, Credential: r.Password})
	}
	pc, err := s.api.NewPeerConnection(pion.Configuration{ICEServers: relays, BundlePolicy: pion.BundlePolicyMaxBundle})
	if err != nil {
		return nil, "", fmt.Errorf("connection to a browser: %w", err)
	}
	leg := newLeg(pc, peer, s)
	ctx, cancel := context.WithTimeout(ctx, acceptPatience)
	defer cancel()
	answer, err := leg.answer(ctx, offer)
	return leg, answer, err
}

// begin runs a leg on a goroutine that Serve waits for.
func (s *Server) begin(leg *Leg, use func(context.Context, *Leg)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil || s.stopping || s.ctx.Err() != nil || len(s.legs) >= s.cfg.MaxLegs {
		return ErrFull
	}
	s.legs[leg.ID()] = leg
	s.stats.Active.Add(1)
	ctx := s.ctx
	s.serving.Go(func() {
		leg.run(ctx, use)
		s.mu.Lock()
		delete(s.legs, leg.ID())
		s.mu.Unlock()
		s.stats.Active.Add(-1)
	})
	return nil
}

// Leg returns a leg that has not ended; ErrNoLeg.
func (s *Server) Leg(id string) (*Leg, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.legs[id]; l != nil {
		return l, nil
	}
	return nil, ErrNoLeg
}
