package rtp

import (
	"bytes"
	"fmt"

	pion "github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// Suite is a crypto suite of SRTP by its name in SDP. RFC 4568 section 6.2;
// RFC 7714 section 14.2 for those with GCM.
type Suite string

// The suites, the preferred one first: with GCM a packet costs a third of what
// it costs with CM and HMAC-SHA1.
const (
	GCM128 Suite = "AEAD_AES_128_GCM"
	GCM256 Suite = "AEAD_AES_256_GCM"
	CM80   Suite = "AES_CM_128_HMAC_SHA1_80"
	CM32   Suite = "AES_CM_128_HMAC_SHA1_32"
)

// Suites lists them.
func Suites() []Suite { return []Suite{GCM128, CM80, GCM256, CM32} }

func (s Suite) profile() (srtp.ProtectionProfile, bool) {
	switch s {
	case GCM128:
		return srtp.ProtectionProfileAeadAes128Gcm, true
	case GCM256:
		return srtp.ProtectionProfileAeadAes256Gcm, true
	case CM80:
		return srtp.ProtectionProfileAes128CmHmacSha1_80, true
	case CM32:
		return srtp.ProtectionProfileAes128CmHmacSha1_32, true
	}
	return 0, false
}

// KeyLength is the length of the suite's master key and salt together, in
// octets; 0 where the suite is none of ours.
func (s Suite) KeyLength() int {
	switch s {
	case GCM128:
		return 16 + 12
	case GCM256:
		return 32 + 12
	case CM80, CM32:
		return 16 + 14
	}
	return 0
}

func (s Suite) saltLength() int {
	if s == GCM128 || s == GCM256 {
		return 12
	}
	return 14
}

// Crypto says how a stream is encrypted: by keys that the descriptions have
// carried, or by keys that a handshake of DTLS over the stream itself yields.
// RFC 3711, RFC 4568, RFC 5764.
type Crypto struct {
	Suite     Suite      `json:"suite,omitempty"`
	Send      []byte     `json:"send,omitempty"`    // our master key and salt
	Receive   []byte     `json:"receive,omitempty"` // theirs
	Handshake *Handshake `json:"-"`                 // where not nil it yields the above
}

// same reports whether nothing has to change between c and d.
func (c *Crypto) same(d *Crypto) bool {
	if c == nil || d == nil {
		return c == d
	}
	if c.Handshake != nil || d.Handshake != nil {
		return c.Handshake.same(d.Handshake)
	}
	return c.Suite == d.Suite && bytes.Equal(c.Send, d.Send) && bytes.Equal(c.Receive, d.Receive)
}

// replayWindow is how many packets back one may come late. RFC 3711 section
// 3.3.2 asks for 64 at least.
const replayWindow = 128

// seal is the state of an encrypted stream; the session's mu guards it.
type seal struct {
	crypto  Crypto
	out, in *srtp.Context // nil until a handshake has ended
	header  pion.Header   // room for the one that is read in passing
}

func newSeal(c Crypto) (*seal, error) {
	s := &seal{crypto: c}
	if c.Handshake != nil {
		return s, nil
	}
	return s, s.key(c.Suite, c.Send, c.Receive)
}

// key begins to encrypt and decrypt.
func (s *seal) key(suite Suite, send, receive []byte) error {
	var err error
	if s.out, err = newContext(suite, send); err != nil {
		return err
	}
	s.in, err = newContext(suite, receive)
	s.crypto.Suite, s.crypto.Send, s.crypto.Receive = suite, send, receive
	return err
}

func newContext(suite Suite, key []byte) (*srtp.Context, error) {
	profile, ok := suite.profile()
	if !ok || len(key) != suite.KeyLength() {
		return nil, fmt.Errorf("%w: suite %q with %d octets", ErrKey, suite, len(key))
	}
	split := len(key) - suite.saltLength()
	c, err := srtp.CreateContext(key[:split], key[split:], profile, srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return c, nil
}

// keySeal makes the stream encrypted as c says, or plain where c is nil. An
// unchanged encryption goes on: a key must not begin anew, or packets would be
// encrypted alike. A stream whose key cannot be used is neither sent nor taken.
// The caller holds mu.
func (s *Session) keySeal(c *Crypto) {
	var before *Crypto
	if s.seal != nil {
		before = &s.seal.crypto
	}
	if c.same(before) {
		return
	}
	if s.seal = nil; c == nil {
		return
	}
	sealed, err := newSeal(*c)
	if err != nil {
		s.unsealed.Add(1)
	}
	s.seal = sealed
	if c.Handshake != nil {
		s.shakeHands(c.Handshake)
	}
}

// open decrypts a packet of RTP; ok is false for what nobody may take. The
// caller holds mu.
func (s *Session) open(b []byte) (packet []byte, ok bool) {
	if s.seal == nil {
		return b, true
	}
	if s.seal.in == nil {
		return nil, false
	}
	packet, err := s.seal.in.DecryptRTP(s.opened[:0], b, &s.seal.header)
	return packet, err == nil
}

// openReport is the same for RTCP.
func (s *Session) openReport(b []byte) (report []byte, ok bool) {
	if s.seal == nil {
		return b, true
	}
	if s.seal.in == nil {
		return nil, false
	}
	report, err := s.seal.in.DecryptRTCP(nil, b, nil)
	return report, err == nil
}

// close encrypts the packet in datagram, whose header is s.header. It reports
// false where there is no key: nothing may be sent then.
func (s *Session) close(datagram []byte) ([]byte, bool) {
	if s.seal == nil {
		return datagram, true
	}
	if s.seal.out == nil {
		return nil, false
	}
	out, err := s.seal.out.EncryptRTP(s.sealed[:0], datagram, &s.seal.header)
	return out, err == nil
}

// closeReport is the same for RTCP.
func (s *Session) closeReport(b []byte) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seal == nil {
		return b, true
	}
	if s.seal.out == nil {
		return nil, false
	}
	out, err := s.seal.out.EncryptRTCP(nil, b, nil)
	return out, err == nil
}

// Encrypted reports whether what is sent is encrypted, and with which suite.
func (s *Session) Encrypted() (Suite, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seal == nil || s.seal.out == nil {
		return "", false
	}
	return s.seal.crypto.Suite, true
}
