package rtp

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // named by fingerprints of old phones; RFC 8122 section 5
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"hash"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v5/packetio"
)

// Faults of encrypted streams.
var (
	// ErrKey is a key that is none of its suite.
	ErrKey = errors.New("unusable SRTP key")
	// ErrFingerprint is a certificate that is not the one announced.
	ErrFingerprint = errors.New("certificate is not the one announced")
)

const (
	// handshakeBacklog is how many datagrams of a handshake may wait. What
	// comes beyond is dropped, and repeated by the far end.
	handshakeBacklog = 32
	// maxKnocks is how many datagrams of a handshake are kept before it begins:
	// a first flight.
	maxKnocks = 2
	// flightInterval is how long an answer to a flight is waited for at first:
	// longer than any telephone line takes, far shorter than DTLS's second.
	flightInterval = 250 * time.Millisecond
	// handshakePatience bounds a handshake: longer than a far end takes to
	// learn our answer, far shorter than a caller waits in silence.
	handshakePatience = 15 * time.Second
)

// Handshake says how keys are agreed on by DTLS. RFC 5763, RFC 5764.
type Handshake struct {
	Client      bool // we begin: a=setup:active is ours
	Hash        string
	Fingerprint []byte // of the far end's certificate
	Certificate *tls.Certificate
}

// same reports whether an association between the same two certificates goes
// on; who has begun it matters no longer then. RFC 8842 section 4.
func (h *Handshake) same(o *Handshake) bool {
	if h == nil || o == nil {
		return h == o
	}
	return h.Certificate == o.Certificate && strings.EqualFold(h.Hash, o.Hash) && bytes.Equal(h.Fingerprint, o.Fingerprint)
}

// NewHash returns a hash function by its name in a=fingerprint, nil where it is
// none that we accept. RFC 8122 section 5.
func NewHash(name string) hash.Hash {
	switch strings.ToLower(name) {
	case "sha-1":
		return sha1.New() //nolint:gosec // as above
	case "sha-256":
		return sha256.New()
	case "sha-384":
		return sha512.New384()
	case "sha-512":
		return sha512.New()
	}
	return nil
}

// verify holds the far end's certificate against the fingerprint, which came by
// the signalling and is all that we know of it. RFC 5763 section 5.
func (h *Handshake) verify(raw [][]byte, _ [][]*x509.Certificate) error {
	sum := NewHash(h.Hash)
	if sum == nil || len(raw) == 0 {
		return ErrFingerprint
	}
	sum.Write(raw[0])
	if !bytes.Equal(sum.Sum(nil), h.Fingerprint) {
		return ErrFingerprint
	}
	return nil
}

// isHandshake tells DTLS from RTP and RTCP on the same port. RFC 5764 section
// 5.1.2.
func isHandshake(b []byte) bool { return len(b) > 0 && b[0] >= 20 && b[0] <= 63 }

// shakeHands has Run begin a handshake; the caller holds mu. One that waits to
// begin is replaced.
func (s *Session) shakeHands(h *Handshake) {
	select {
	case <-s.handshakes:
	default:
	}
	s.handshakes <- h // of capacity 1, and sent to with mu held only
}

// handshaking carries out handshakes until ctx ends. The connection of the last
// one stays open, to answer repeated flights.
func (s *Session) handshaking(ctx context.Context) {
	var conn *dtls.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close() // the far end learns from SIP
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case h := <-s.handshakes:
			if conn != nil {
				_ = conn.Close() // another one takes its place
			}
			var err error
			if conn, err = s.handshake(ctx, h); err != nil {
				s.unsealed.Add(1)
			}
		}
	}
}

// handshake agrees on keys and puts them in use.
func (s *Session) handshake(ctx context.Context, h *Handshake) (*dtls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakePatience)
	defer cancel()
	options := []dtls.Option{
		dtls.WithCertificates(*h.Certificate), dtls.WithInsecureSkipVerify(true), dtls.WithVerifyPeerCertificate(h.verify),
		// Ours is self-signed, so it is of none of the authorities that a server may
		// name; it is wanted all the same. linphone 5.1 names some.
		dtls.WithGetClientCertificate(func(*dtls.CertificateRequestInfo) (*tls.Certificate, error) { return h.Certificate, nil }),
		dtls.WithFlightInterval(flightInterval), dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
	}
	link := &handshakeLink{session: s, in: packetio.NewBuffer()}
	link.in.SetLimitCount(handshakeBacklog)
	s.mu.Lock()
	s.link = link
	for _, b := range s.knocks {
		_, _ = link.in.Write(b, nil) // there is room
	}
	s.knocks = nil
	s.mu.Unlock()
	conn, err := link.connect(h.Client, options)
	if err != nil {
		return nil, fmt.Errorf("DTLS: %w", err)
	}
	if err = conn.HandshakeContext(ctx); err == nil {
		err = s.keyByHandshake(conn, h)
	}
	if err != nil {
		return nil, fmt.Errorf("DTLS: %w", errors.Join(err, conn.Close()))
	}
	return conn, nil
}

func (l *handshakeLink) connect(client bool, options []dtls.Option) (*dtls.Conn, error) {
	if client {
		o := make([]dtls.ClientOption, len(options))
		for i, option := range options {
			o[i] = option
		}
		return dtls.ClientWithOptions(l, l.RemoteAddr(), o...)
	}
	o := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert)}
	for _, option := range options {
		o = append(o, option)
	}
	return dtls.ServerWithOptions(l, l.RemoteAddr(), o...)
}

// keyByHandshake takes the keys of the handshake h into use, if it still is the
// one that is wanted. RFC 5764 section 4.2.
func (s *Session) keyByHandshake(conn *dtls.Conn, h *Handshake) error {
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	state, known := conn.ConnectionState()
	if !ok || !known {
		return fmt.Errorf("%w: no SRTP in the handshake", ErrKey)
	}
	suite, config := CM80, srtp.Config{Profile: srtp.ProtectionProfileAes128CmHmacSha1_80}
	if chosen == dtls.SRTP_AEAD_AES_128_GCM {
		suite, config.Profile = GCM128, srtp.ProtectionProfileAeadAes128Gcm
	}
	if err := config.ExtractSessionKeysFromDTLS(&state, h.Client); err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	k := config.Keys
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seal == nil || !h.same(s.seal.crypto.Handshake) {
		return nil
	}
	return s.seal.key(suite, append(k.LocalMasterKey, k.LocalMasterSalt...), append(k.RemoteMasterKey, k.RemoteMasterSalt...))
}

// takeHandshake hands a datagram to the handshake that goes on.
func (s *Session) takeHandshake(b []byte, from netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == nil {
		s.knock(b)
		return
	}
	if s.seal == nil || s.seal.crypto.Handshake == nil {
		s.garbage.Add(1)
		return
	}
	if s.seal.in == nil { // until there are keys the handshake tells where the far end is
		s.link.from = from
	}
	if _, err := s.link.in.Write(b, nil); err != nil {
		s.garbage.Add(1)
	}
}

// knock keeps what comes before we know that there is to be a handshake: the far
// end that answers our offer begins at once, and its answer may be slower. The
// caller holds mu.
func (s *Session) knock(b []byte) {
	if len(s.knocks) == maxKnocks {
		s.garbage.Add(1)
		return
	}
	s.knocks = append(s.knocks, bytes.Clone(b))
}

// handshakeLink is the RTP socket as a handshake uses it.
type handshakeLink struct {
	session *Session
	in      *packetio.Buffer
	from    netip.AddrPort // the session's mu guards it
}

// ReadFrom returns a datagram of the handshake.
func (l *handshakeLink) ReadFrom(b []byte) (int, net.Addr, error) {
	n, _, err := l.in.Read(b, nil)
	return n, l.RemoteAddr(), err
}

// WriteTo sends one to where the far end is, whatever the address given. One
// that cannot be sent is lost, as any datagram may be: it is repeated, to where
// the far end has turned out to be by then.
func (l *handshakeLink) WriteTo(b []byte, _ net.Addr) (int, error) {
	l.session.mu.Lock()
	to := l.to()
	l.session.mu.Unlock()
	if _, err := l.session.conn.WriteToUDPAddrPort(b, to); err != nil {
		l.session.sendErrors.Add(1)
	}
	return len(b), nil
}

// to is where the far end is; the caller holds the session's mu.
func (l *handshakeLink) to() netip.AddrPort {
	if l.from.IsValid() {
		return l.from
	}
	return l.session.farEnd()
}

// RemoteAddr is where the far end is.
func (l *handshakeLink) RemoteAddr() net.Addr {
	l.session.mu.Lock()
	defer l.session.mu.Unlock()
	return net.UDPAddrFromAddrPort(l.to())
}

// LocalAddr is the RTP socket's.
func (l *handshakeLink) LocalAddr() net.Addr { return l.session.conn.LocalAddr() }

// Close ends reading; the socket stays open for the audio.
func (l *handshakeLink) Close() error { return l.in.Close() }

// SetDeadline bounds reading; writing does not block.
func (l *handshakeLink) SetDeadline(t time.Time) error { return l.in.SetReadDeadline(t) }

// SetReadDeadline bounds reading.
func (l *handshakeLink) SetReadDeadline(t time.Time) error { return l.in.SetReadDeadline(t) }

// SetWriteDeadline does nothing: writing does not block.
func (l *handshakeLink) SetWriteDeadline(time.Time) error { return nil }
