// Package rtp carries a leg's audio and keys over UDP.
//
// The central type is Session: one stream each way, with a socket for audio and
// one for reports. It is a media.Port: the bridge's tick takes a frame out of
// the jitter buffer and sends one packet. Run reads the sockets and sends the
// reports.
//
// Guarantees: GetFrame and PutFrame never wait for the network and never
// allocate; packets that are no RTP, of another source or of an unknown payload
// type are counted and dropped; each key is told once; nothing that a report
// says changes what is sent or played.
//
// RFC 3550, RFC 3551, RFC 3711 with keys by RFC 4568 or RFC 5764, RFC 4733 for
// keys of the telephone, RFC 4961 symmetric RTP, RFC 5761 for reports on the
// same port; see media/RFC.md for what is left out.
package rtp

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	pion "github.com/pion/rtp"

	"attendant/media"
	"attendant/media/codec"
)

const (
	// digitBacklog is how many keys may wait unread; a caller keys about five
	// a second.
	digitBacklog = 32
	// packetLimit is the largest datagram that is read.
	packetLimit = 1500
	// sourceSilence is how long the known source must be silent before another
	// one is believed.
	sourceSilence = 500 * time.Millisecond
)

// Stream is what offer and answer have settled.
type Stream struct {
	Remote      netip.AddrPort // where to send; the source of what comes takes over
	Codec       codec.Codec
	PayloadType uint8   // of Codec, as negotiated; the same both ways
	Events      []uint8 // payload types of telephone-event; keys are sent with the first
	Send        bool    // we may send
	Receive     bool    // the far end sends, as far as it says

	Crypto *Crypto // nil where it is not encrypted

	Mux        bool   // reports share the port with the audio, RFC 5761
	ReportPort uint16 // of Remote, for reports, RFC 3605; 0 is the port after the audio's
}

// Stats are a session's counters.
type Stats struct {
	Sent, Received, Foreign, Garbage, SendErrors, DigitsDropped uint64
	Unsealed                                                    uint64 // packets that no key opens, keys and handshakes that failed
	Jitter                                                      JitterStats
	Reports                                                     ReportStats
}

// Session is one RTP session.
type Session struct {
	conn    *net.UDPConn
	control *net.UDPConn // for reports: the next port
	digits  chan media.Digit
	began   time.Time

	sent, received, foreign, garbage, sendErrors, digitsDropped, unsealed atomic.Uint64

	handshakes chan *Handshake // one that waits to begin; a later one replaces it

	mu      sync.Mutex // held for microseconds; never while the socket is read
	stream  Stream
	ready   bool
	watched bool // silence counts
	source  netip.AddrPort
	heard   time.Time // when the last packet of the source came
	ssrc    uint32    // theirs
	jitter  *Jitter
	event   uint32 // timestamp of the last key
	pressed bool
	reports reports
	seal    *seal          // nil where the stream is not encrypted
	link    *handshakeLink // of the handshake that goes on
	knocks  [][]byte       // datagrams of one that has not begun

	encoder  codec.Encoder
	header   pion.Header
	payload  []byte
	datagram []byte
	sealed   []byte // room for encrypting
	opened   []byte // and for decrypting
	keys     keySender
}

func newSession(conn, control *net.UDPConn) *Session {
	return &Session{
		conn: conn, control: control, digits: make(chan media.Digit, digitBacklog), began: time.Now(), heard: time.Now(),
		header:   pion.Header{Version: 2, SSRC: rand.Uint32(), SequenceNumber: uint16(rand.Uint32()), Timestamp: rand.Uint32()},
		payload:  make([]byte, 0, 256),
		datagram: make([]byte, packetLimit), sealed: make([]byte, packetLimit), opened: make([]byte, packetLimit),
		handshakes: make(chan *Handshake, 1),
		reports:    reports{name: crand.Text(), every: reportInterval},
	}
}

// Port returns the local port.
func (s *Session) Port() int { return s.conn.LocalAddr().(*net.UDPAddr).Port }

// Set begins or changes the stream. A stream whose codec stays keeps playing.
func (s *Session) Set(stream Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ready || s.stream.Codec.Name != stream.Codec.Name {
		s.encoder = stream.Codec.NewEncoder()
		s.jitter = NewJitter(stream.Codec.NewDecoder().Decode)
	}
	if s.stream.Remote != stream.Remote {
		s.source, s.reports.source = netip.AddrPort{}, netip.AddrPort{}
	}
	s.stream, s.ready, s.heard = stream, true, time.Now()
	s.keySeal(stream.Crypto)
}

// Watch begins to count the far end's silence: not before both sides know that
// they talk.
func (s *Session) Watch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched, s.heard = true, time.Now()
}

// Run reads packets until ctx ends, returning nil, or until, after Watch, none
// has come for timeout although the far end should send, returning
// media.ErrNoMedia. It closes the socket.
func (s *Session) Run(ctx context.Context, timeout time.Duration) error {
	ctx, end := context.WithCancel(ctx)
	var reporting sync.WaitGroup
	reporting.Go(func() { s.exchangeReports(ctx) })
	reporting.Go(func() { s.handshaking(ctx) })
	err := s.receiveAll(ctx, timeout)
	end()
	reporting.Wait() // it says goodbye
	_ = s.Close()    // nothing is left to be sent
	return err
}

// receiveAll reads audio for as long as Run runs.
func (s *Session) receiveAll(ctx context.Context, timeout time.Duration) error {
	// A deadline error would show in the read that follows.
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetReadDeadline(time.Now()) })
	defer stop()
	b := make([]byte, packetLimit)
	for {
		_ = s.conn.SetReadDeadline(time.Now().Add(time.Second))
		if ctx.Err() != nil {
			return nil
		}
		n, from, err := s.conn.ReadFromUDPAddrPort(b)
		switch {
		case err == nil:
			s.receive(b[:n], plain(from))
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("read RTP: %w", err)
		}
		if s.silence() > timeout {
			return media.ErrNoMedia
		}
	}
}

// Close closes the sockets of a session that Run was never called for.
func (s *Session) Close() error { return errors.Join(s.conn.Close(), s.control.Close()) }

// silence is how long nothing has come that should have.
func (s *Session) silence() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ready || !s.watched || !s.stream.Receive {
		return 0
	}
	return time.Since(s.heard)
}

// receive takes one datagram.
func (s *Session) receive(b []byte, from netip.AddrPort) {
	if s.shared(b) {
		s.takeReports(b, from, true)
		return
	}
	if isHandshake(b) {
		s.takeHandshake(b, from)
		return
	}
	if len(b) < 12 || b[0]>>6 != 2 {
		s.garbage.Add(1)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.open(b)
	if !ok {
		s.unsealed.Add(1)
		return
	}
	var p pion.Packet
	if p.Unmarshal(b) != nil {
		s.garbage.Add(1)
		return
	}
	if !s.ready || !s.agreed(p.PayloadType) {
		s.garbage.Add(1)
		return
	}
	if !s.admit(from) {
		s.foreign.Add(1)
		return
	}
	if p.SSRC != s.ssrc {
		s.ssrc = p.SSRC
		s.jitter.started, s.pressed = false, false
	}
	s.heard = time.Now()
	s.received.Add(1)
	s.measure(&p.Header, s.heard)
	switch {
	case p.PayloadType == s.stream.PayloadType && len(p.Payload) > 0:
		s.jitter.Put(p.SequenceNumber, p.Payload)
	case s.isEvent(p.PayloadType):
		s.jitter.Put(p.SequenceNumber, nil)
		s.press(p.Timestamp, p.Payload)
	default: // comfort noise, for which silence will do, or no audio at all
		s.jitter.Put(p.SequenceNumber, nil)
	}
}

// shared reports whether b is a report that shares the port with the audio.
func (s *Session) shared(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream.Mux && isReport(b)
}

// comfortNoise is a payload type that needs no agreement. RFC 3389 section 5.
const comfortNoise = 13

// agreed reports whether offer and answer have settled on the payload type.
// What is not must not even tell us where our far end is.
func (s *Session) agreed(payloadType uint8) bool {
	return payloadType == s.stream.PayloadType || payloadType == comfortNoise || s.isEvent(payloadType)
}

// admit decides whether a source is our far end: the one that it has named is,
// the first one is, and another one only when the first has fallen silent.
func (s *Session) admit(from netip.AddrPort) bool {
	if s.source == from {
		return true
	}
	if s.source.IsValid() && from != s.stream.Remote && time.Since(s.heard) < sourceSilence {
		return false
	}
	s.source = from
	return true
}

func (s *Session) isEvent(payloadType uint8) bool {
	for _, t := range s.stream.Events {
		if t == payloadType {
			return true
		}
	}
	return false
}

// press tells a key at its first packet: the packets of one press share a
// timestamp, and one that is older comes late. RFC 4733 section 2.5.2.2.
func (s *Session) press(timestamp uint32, payload []byte) {
	e, ok := parseEvent(payload)
	if !ok || int(e.number) >= len(keys) || (s.pressed && int32(timestamp-s.event) <= 0) {
		return
	}
	s.event, s.pressed = timestamp, true
	s.Press(keys[e.number])
}

// Press tells a key as if it had come over RTP. It never blocks: a key that
// finds 32 unread is dropped and counted.
func (s *Session) Press(key byte) {
	select {
	case s.digits <- media.Digit{Key: key}:
	default:
		s.digitsDropped.Add(1)
	}
}

// Digits carries the keys that the far end presses.
func (s *Session) Digits() <-chan media.Digit { return s.digits }

// GetFrame plays 20 ms of what has come.
func (s *Session) GetFrame(f *media.Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready && s.jitter.Get(f)
}

// PutFrame sends 20 ms, or a step of the keys being sent.
func (s *Session) PutFrame(f *media.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ready || !s.stream.Send {
		return
	}
	const step = 160 // 20 ms at the 8 kHz clock of all our codecs
	s.header.Timestamp += step
	s.reports.sampled = time.Now()
	if e, copies, first, busy := s.keys.step(s.header.Timestamp, step); busy {
		s.sendEvent(e, copies, first)
		return
	}
	s.header.PayloadType, s.header.Marker = s.stream.PayloadType, false
	s.payload = s.encoder.Encode(s.payload[:0], f)
	s.write()
}

func (s *Session) sendEvent(e event, copies int, first bool) {
	now := s.header.Timestamp
	s.header.Timestamp, s.header.PayloadType = s.keys.timestamp, s.stream.Events[0]
	for range copies {
		s.header.Marker = first
		s.payload = e.append(s.payload[:0])
		s.write()
		first = false
	}
	s.header.Timestamp = now
}

// write sends the payload with the header, to where the far end sends from.
func (s *Session) write() {
	s.header.SequenceNumber++
	n, err := s.header.MarshalTo(s.datagram)
	if err == nil {
		n += copy(s.datagram[n:], s.payload)
		b, ok := s.close(s.datagram[:n])
		if !ok { // nothing leaves in clear, nor before its handshake has ended
			return
		}
		_, err = s.conn.WriteToUDPAddrPort(b, s.farEnd())
	}
	if err != nil {
		s.sendErrors.Add(1)
		return
	}
	s.sent.Add(1)
	s.reports.packets++
	s.reports.octets += uint32(len(s.payload))
}

// farEnd is where the far end sends from or, until it has, where it has told us
// to send.
func (s *Session) farEnd() netip.AddrPort {
	if s.source.IsValid() {
		return s.source
	}
	return s.stream.Remote
}

// What SendDigits refuses.
var (
	// ErrNoEvents is a far end that takes no telephone events.
	ErrNoEvents = errors.New("far end takes no telephone-event")
	// ErrBadDigit is a key that no telephone has.
	ErrBadDigit = errors.New("no such key")
	// ErrSendingDigits is a session whose earlier keys are not all sent.
	ErrSendingDigits = errors.New("still sending keys")
)

// SendDigits presses keys, 180 ms each, and returns when all are sent or ctx
// ends. It needs a bridge that calls PutFrame.
func (s *Session) SendDigits(ctx context.Context, digits string) error {
	numbers, ok := eventNumbers(digits)
	if !ok {
		return ErrBadDigit
	}
	s.mu.Lock()
	if len(s.stream.Events) == 0 {
		s.mu.Unlock()
		return ErrNoEvents
	}
	if len(s.keys.pending) > 0 {
		s.mu.Unlock()
		return ErrSendingDigits
	}
	if len(numbers) == 0 {
		s.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	s.keys = keySender{pending: numbers, done: done}
	s.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats returns the counters.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{
		Sent: s.sent.Load(), Received: s.received.Load(), Foreign: s.foreign.Load(), Garbage: s.garbage.Load(),
		SendErrors: s.sendErrors.Load(), DigitsDropped: s.digitsDropped.Load(), Unsealed: s.unsealed.Load(),
	}
	st.Reports = s.reportStats()
	if s.jitter != nil {
		st.Jitter = s.jitter.Stats()
	}
	return st
}
