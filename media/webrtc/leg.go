package webrtc

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	prtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/rtp"
)

const (
	// digitBacklog is how many keys may wait unread; a caller keys about five a
	// second. More are dropped.
	digitBacklog = 32
	// unsent is how many frames may wait for the network: 80 ms. The newest is
	// dropped and counted.
	unsent = 4
)

// Leg is a browser's side of a call.
type Leg struct {
	id      string
	server  *Server
	pc      *pion.PeerConnection
	track   *pion.TrackLocalStaticRTP
	codec   codec.Codec
	digits  chan media.Digit
	frames  chan media.Frame
	tracks  chan *pion.TrackRemote
	up      chan struct{}   // closed once connected
	ctx     context.Context //nolint:containedctx // a leg's own lifetime
	end     context.CancelCauseFunc
	started sync.Once
	fragile atomic.Bool // see MustSayGoodbye

	patching sync.Mutex // one Patch at a time

	mu     sync.Mutex // held for microseconds; never while the network is waited for
	peer   media.Peer
	audio  uint8 // payload types, as negotiated
	events uint8
	jitter *rtp.Jitter
	keys   rtp.KeyReader
}

var _ media.Leg = (*Leg)(nil)

func newLeg(pc *pion.PeerConnection, peer media.Peer, s *Server) *Leg {
	l := &Leg{
		id: crand.Text(), server: s, pc: pc, peer: peer,
		digits: make(chan media.Digit, digitBacklog), frames: make(chan media.Frame, unsent),
		tracks: make(chan *pion.TrackRemote, 1), up: make(chan struct{}),
	}
	if l.peer.CallID == "" {
		l.peer.CallID = l.id
	}
	l.peer.Transport = "webrtc"
	l.ctx, l.end = context.WithCancelCause(context.Background())
	pc.OnTrack(func(t *pion.TrackRemote, _ *pion.RTPReceiver) {
		select {
		case l.tracks <- t:
		default: // a second track: one voice is enough
		}
	})
	pc.OnConnectionStateChange(func(state pion.PeerConnectionState) { l.changed(state) })
	return l
}

// changed takes in that the connection is up, or has ended.
func (l *Leg) changed(state pion.PeerConnectionState) {
	switch state {
	case pion.PeerConnectionStateConnected:
		l.started.Do(func() { close(l.up) })
	case pion.PeerConnectionStateFailed:
		l.server.stats.Failed.Add(1)
		l.end(media.ErrNoMedia)
	case pion.PeerConnectionStateClosed:
		if l.fragile.Load() {
			l.end(media.ErrNoMedia)
		}
		l.end(media.ErrRemoteHangup)
	}
}

// MustSayGoodbye has a connection that closes count as a line that broke: only
// Hangup is meant. A page may be closed by mistake, and the one at the other end
// is not to pay for it.
func (l *Leg) MustSayGoodbye() { l.fragile.Store(true) }

// answer takes the offer and returns our description with all candidates.
func (l *Leg) answer(ctx context.Context, offer string) (string, error) {
	if err := l.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: offer}); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	if err := l.choose(offer); err != nil {
		return "", err
	}
	return l.describe(ctx)
}

// settle notes the payload types that the answer has.
func (l *Leg) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.transceiver().Receiver().GetParameters().Codecs {
		switch {
		case strings.EqualFold(c.MimeType, "audio/"+l.codec.Name):
			l.audio = uint8(c.PayloadType)
		case strings.EqualFold(c.MimeType, events.MimeType) && c.ClockRate == events.ClockRate:
			l.events = uint8(c.PayloadType)
		}
	}
}

// choose picks the first of our codecs that the offer has, and sends with it.
func (l *Leg) choose(offer string) error {
	t := l.transceiver()
	if t == nil {
		return fmt.Errorf("%w: it has no audio", ErrBadOffer)
	}
	lower := strings.ToLower(offer)
	for _, c := range codec.All() {
		if !strings.Contains(lower, strings.ToLower(" "+c.Name+"/")) {
			continue
		}
		p := parameters(c)
		if err := t.SetCodecPreferences([]pion.RTPCodecParameters{p, events}); err != nil {
			return fmt.Errorf("%w: %w", ErrBadOffer, err)
		}
		var err error
		if l.track, err = pion.NewTrackLocalStaticRTP(p.RTPCodecCapability, "attendant", "attendant"); err != nil {
			return err
		}
		if _, err := l.pc.AddTrack(l.track); err != nil {
			return fmt.Errorf("%w: %w", ErrBadOffer, err)
		}
		l.codec, l.jitter = c, newJitter(c)
		l.peer.Codec, l.peer.Bandwidth = fmt.Sprintf("%s/%d", c.Name, c.ClockRateHz), c.Bandwidth
		return nil
	}
	return fmt.Errorf("%w: it has none of G722, PCMA, PCMU", ErrBadOffer)
}

func newJitter(c codec.Codec) *rtp.Jitter { return rtp.NewJitter(c.NewDecoder().Decode) }

// transceiver is the one that the offer's audio made, nil if there is none.
func (l *Leg) transceiver() *pion.RTPTransceiver {
	for _, t := range l.pc.GetTransceivers() {
		if t.Kind() == pion.RTPCodecTypeAudio {
			return t
		}
	}
	return nil
}

// describe makes our answer and waits for its candidates, or for ctx.
func (l *Leg) describe(ctx context.Context) (string, error) {
	answer, err := l.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	gathered := pion.GatheringCompletePromise(l.pc)
	if err := l.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	l.settle()
	select {
	case <-gathered:
	case <-ctx.Done(): // a relay that does not answer: go without it
	case <-l.ctx.Done():
		return "", context.Cause(l.ctx)
	}
	return l.pc.LocalDescription().SDP, nil
}

// ID names the leg in its server.
func (l *Leg) ID() string { return l.id }

// Peer implements media.Leg.
func (l *Leg) Peer() media.Peer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peer
}

// Digits implements media.Leg.
func (l *Leg) Digits() <-chan media.Digit { return l.digits }

// Context implements media.Leg.
func (l *Leg) Context() context.Context { return l.ctx }

// Hangup implements media.Leg. The browser is told by DTLS.
func (l *Leg) Hangup(cause error) {
	l.end(cause)
	_ = l.pc.GracefulClose() // what is left to close closes with the server
}

// discard frees a leg that was never begun.
func (l *Leg) discard() { l.Hangup(ErrBadOffer) }

// Press tells a key as if it had come over RTP: from the page's own signalling.
// It never blocks: a key that finds 32 unread is dropped.
func (l *Leg) Press(key byte) {
	select {
	case l.digits <- media.Digit{Key: key}:
	default:
	}
}

// run carries audio and calls use once the browser is connected. It returns when
// use has returned and everything has ended.
func (l *Leg) run(ctx context.Context, use func(context.Context, *Leg)) {
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-l.up: // use ends the leg, politely
		default:
			l.end(media.ErrShutdown)
		}
	})
	defer stop()
	var parts sync.WaitGroup
	parts.Go(l.receive)
	parts.Go(l.send)
	parts.Go(l.drain)
	select {
	case <-l.up:
		use(ctx, l)
	case <-time.After(gone):
		l.server.stats.Failed.Add(1)
		l.end(media.ErrUnreachable)
	case <-l.ctx.Done():
	}
	l.Hangup(media.ErrLocalHangup)
	parts.Wait()
}

// receive fills the jitter buffer until the leg ends.
func (l *Leg) receive() {
	select {
	case <-l.ctx.Done():
	case t := <-l.tracks:
		for {
			p, _, err := t.ReadRTP()
			if err != nil {
				if !errors.Is(err, io.EOF) && l.ctx.Err() == nil {
					l.server.cfg.Log.Debug("browser's audio ended", "leg", l.id, "error", err)
				}
				return
			}
			l.take(p)
		}
	}
}

func (l *Leg) take(p *prtp.Packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch p.PayloadType {
	case l.audio:
		l.jitter.Put(p.SequenceNumber, p.Payload)
	case l.events:
		l.jitter.Put(p.SequenceNumber, nil)
		if key, ok := l.keys.Read(p.Timestamp, p.Payload); ok {
			l.Press(key)
		}
	default:
		l.jitter.Put(p.SequenceNumber, nil)
	}
}

// drain reads the reports about what we send, which interceptors wait for.
func (l *Leg) drain() {
	for _, sender := range l.pc.GetSenders() {
		for {
			if _, _, err := sender.ReadRTCP(); err != nil {
				return
			}
		}
	}
}

// GetFrame implements media.Port.
func (l *Leg) GetFrame(f *media.Frame) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.jitter.Get(f)
}

// PutFrame implements media.Port.
func (l *Leg) PutFrame(f *media.Frame) {
	select {
	case l.frames <- *f:
	default:
		l.server.stats.Dropped.Add(1)
	}
}

// send writes frames until the leg ends.
func (l *Leg) send() {
	encoder := l.codec.NewEncoder()
	p := &prtp.Packet{Header: prtp.Header{Version: 2, SequenceNumber: uint16(rand.Uint32()), Timestamp: rand.Uint32()}}
	payload := make([]byte, 0, 256)
	for {
		select {
		case <-l.ctx.Done():
			return
		case f := <-l.frames:
			payload = encoder.Encode(payload[:0], &f)
			p.Payload = payload
			p.SequenceNumber++
			p.Timestamp += uint32(l.codec.ClockRateHz / 50)
			if err := l.track.WriteRTP(p); err != nil && !errors.Is(err, io.ErrClosedPipe) {
				l.server.stats.Dropped.Add(1)
			}
		}
	}
}
