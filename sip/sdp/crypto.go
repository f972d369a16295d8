package sdp

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"attendant/media/rtp"
)

// Policy says whether a stream is encrypted.
type Policy int

const (
	// Taken encrypts where the far end offers it, and offers nothing itself.
	Taken Policy = iota
	// Off neither offers nor takes encryption.
	Off
	// Preferred offers it such that the far end may answer in clear, as RFC 8643
	// has it, and takes it where it can.
	Preferred
	// Required makes no call in clear.
	Required
)

// Policies are the policies by the names that settings use.
var policies = []string{"taken", "off", "preferred", "required"}

// ParsePolicy reads the name of a policy.
func ParsePolicy(name string) (Policy, error) {
	for i, n := range policies {
		if n == name {
			return Policy(i), nil
		}
	}
	return 0, fmt.Errorf("%q is none of %s", name, strings.Join(policies, ", "))
}

// String is the policy's name.
func (p Policy) String() string { return policies[p] }

// orders tells whether an encrypted stream may be settled on, and a plain one,
// the better first.
func (p Policy) orders() []bool {
	switch p {
	case Off:
		return []bool{false}
	case Required:
		return []bool{true}
	}
	return []bool{true, false}
}

// crypto is one a=crypto attribute: key agreement by the description itself.
// RFC 4568 section 4.
type crypto struct {
	tag   int
	suite rtp.Suite
	key   []byte // master key and salt
}

// parseCrypto reads a=crypto's value. What we could not do is an error: an
// unknown suite, more keys than one, a key identifier, session parameters that
// weaken the stream. RFC 4568 section 9.
func parseCrypto(value string) (crypto, error) {
	f := strings.Fields(value)
	if len(f) < 3 {
		return crypto{}, fmt.Errorf("%w: crypto", ErrSyntax)
	}
	tag, err := strconv.ParseUint(f[0], 10, 31)
	if err != nil {
		return crypto{}, fmt.Errorf("%w: crypto tag", ErrSyntax)
	}
	c := crypto{tag: int(tag), suite: rtp.Suite(f[1])}
	parts := strings.Split(strings.TrimPrefix(f[2], "inline:"), "|")
	if !strings.HasPrefix(f[2], "inline:") || strings.Contains(f[2], ";") || len(parts) > 2 || (len(parts) == 2 && strings.Contains(parts[1], ":")) {
		return crypto{}, fmt.Errorf("%w: crypto key", ErrSyntax)
	}
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(parts[0], "="))
	if err != nil || len(key) == 0 || len(key) != c.suite.KeyLength() {
		return crypto{}, fmt.Errorf("%w: crypto key of suite %q", ErrSyntax, f[1])
	}
	for _, parameter := range f[3:] {
		if !strings.HasPrefix(parameter, "WSH=") && !strings.HasPrefix(parameter, "-") {
			return crypto{}, fmt.Errorf("%w: crypto parameter", ErrSyntax)
		}
	}
	c.key = key
	return c, nil
}

// line is the attribute.
func (c crypto) line() string {
	return fmt.Sprintf("a=crypto:%d %s inline:%s\r\n", c.tag, c.suite, base64.StdEncoding.EncodeToString(c.key))
}

// keying is what a description says of key agreement by DTLS. RFC 8122 section
// 5, RFC 4145 section 4.
type keying struct {
	hash        string
	fingerprint []byte
	setup       string // "active", "passive", "actpass"
}

func (k *keying) attribute(value string) {
	name, rest, _ := strings.Cut(value, ":")
	switch name {
	case "fingerprint":
		if hash, sum, err := parseFingerprint(rest); err == nil && k.better(hash) {
			k.hash, k.fingerprint = hash, sum
		}
	case "setup":
		k.setup = strings.TrimSpace(rest)
	}
}

// better reports whether a hash is one that we would rather check: of several
// fingerprints, RFC 8122 section 5, the longest counts.
func (k *keying) better(hash string) bool {
	return k.hash == "" || rtp.NewHash(hash).Size() > rtp.NewHash(k.hash).Size()
}

// parseFingerprint reads a=fingerprint's value.
func parseFingerprint(value string) (hash string, sum []byte, err error) {
	f := strings.Fields(value)
	if len(f) != 2 {
		return "", nil, fmt.Errorf("%w: fingerprint", ErrSyntax)
	}
	h := rtp.NewHash(f[0])
	if h == nil {
		return "", nil, fmt.Errorf("%w: fingerprint by %q", ErrSyntax, f[0])
	}
	sum, err = hex.DecodeString(strings.ReplaceAll(f[1], ":", ""))
	if err != nil || len(sum) != h.Size() {
		return "", nil, fmt.Errorf("%w: fingerprint", ErrSyntax)
	}
	return strings.ToLower(f[0]), sum, nil
}

// or is k, or where k has no fingerprint that of the session, each with the
// setup that stands nearest.
func (k keying) or(session keying) keying {
	if k.setup == "" {
		k.setup = session.setup
	}
	if k.fingerprint == nil {
		k.hash, k.fingerprint = session.hash, session.fingerprint
	}
	return k
}

func (k keying) usable() bool { return k.fingerprint != nil && k.setup != "" && k.setup != "holdconn" }

// encrypted reports whether the far end has named keys that we can use.
func (s *settled) encrypted() bool { return s.crypto != nil || s.setup != "" }

// pick chooses the keys of the far end's line: DTLS before SDES, since SDES
// tells the keys to every proxy, and the suite that we prefer. An answer of
// SDES must name a tag and suite of our offer, RFC 4568 section 5.1.3.
func (l *Local) pick(s *settled, d *description, m *mediaLine) {
	if l.SRTP == Off {
		return
	}
	k := m.keying.or(d.keying)
	if k.usable() && l.Certificate != nil {
		s.setup = l.role(k.setup)
		s.stream.Crypto = &rtp.Crypto{Handshake: &rtp.Handshake{
			Client: s.setup == "active", Hash: k.hash, Fingerprint: k.fingerprint, Certificate: l.Certificate,
		}}
		return
	}
	for _, suite := range rtp.Suites() {
		for i := range m.cryptos {
			if c := &m.cryptos[i]; c.suite == suite {
				s.crypto = c
				s.stream.Crypto = &rtp.Crypto{Suite: suite, Send: l.key(suite), Receive: c.key}
				return
			}
		}
	}
}

// role is our side of the handshake: that which we have had, or active where we
// may choose, since then it begins with the answer. RFC 5763 section 5.
func (l *Local) role(theirs string) string {
	switch {
	case theirs == "active":
		return "passive"
	case theirs == "passive" || l.Setup == "":
		return "active"
	}
	return l.Setup
}
