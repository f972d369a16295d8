package registrar

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

const (
	// nonceLife is how long a nonce is good; phones refresh less often and are
	// told that theirs is stale, which costs one more round.
	nonceLife = 5 * time.Minute
	// maxCounts bounds the nonces whose counts are remembered; one more is not
	// good until others are too old. Only who knows a password gets that far.
	maxCounts = 20_000
	// maxAuthorization is how long an Authorization header may be.
	maxAuthorization = 2048
	// maxHeaders is how many Authorization headers are looked at: a phone that
	// registers through several realms sends one for each.
	maxHeaders = 4
)

// nonces makes and checks nonces: the time, a random number and a code over both
// and the address that they are for, so that nothing need be kept until one is
// used. RFC 7616 section 5.4.
type nonces struct {
	key []byte

	mu    sync.Mutex
	count map[string]int // the highest nc of each nonce in use
	order []string       // of count's keys, the oldest first
}

func newNonces() *nonces {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return &nonces{key: key, count: map[string]int{}}
}

const nonceData = 16 // time and random number

func (n *nonces) make(host string) string {
	b := make([]byte, nonceData, nonceData+sha256.Size)
	binary.BigEndian.PutUint64(b, uint64(time.Now().UnixNano()))
	_, _ = rand.Read(b[8:])
	return base64.RawURLEncoding.EncodeToString(append(b, n.code(b, host)...))
}

func (n *nonces) code(data []byte, host string) []byte {
	m := hmac.New(sha256.New, n.key)
	m.Write(data)
	m.Write([]byte(host))
	return m.Sum(nil)
}

// fresh reports whether we made the nonce for host, not too long ago.
func (n *nonces) fresh(nonce, host string) bool {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != nonceData+sha256.Size || !hmac.Equal(b[nonceData:], n.code(b[:nonceData], host)) {
		return false
	}
	age := time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(b))))
	return age >= 0 && age < nonceLife
}

// use takes in a use of a nonce whose answer was right. It reports false where
// the count does not rise: somebody repeats what was sent before.
func (n *nonces) use(nonce string, count int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	last, known := n.count[nonce]
	if count <= last {
		return false
	}
	n.forget()
	if !known && len(n.order) >= maxCounts {
		return false
	}
	if !known {
		n.order = append(n.order, nonce)
	}
	n.count[nonce] = count
	return true
}

// forget drops the counts of nonces that are too old to be used again.
func (n *nonces) forget() {
	for len(n.order) > 0 {
		b, err := base64.RawURLEncoding.DecodeString(n.order[0])
		if err == nil && time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(b)))) < nonceLife {
			return
		}
		delete(n.count, n.order[0])
		n.order = n.order[1:]
	}
}

// authenticate returns the name of the phone that has proved itself, or what to
// answer instead.
func (g *Registrar) authenticate(r *sip.Request) (name string, refusal *sip.Response) {
	host, _, err := net.SplitHostPort(r.Source())
	if err != nil {
		host = r.Source()
	}
	c := credentials(r)
	if c == nil {
		g.stats.Challenged.Add(1)
		return "", g.challenge(r, host, false)
	}
	if !g.nonces.fresh(c.Nonce, host) {
		g.stats.Challenged.Add(1)
		return "", g.challenge(r, host, true)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	if !g.proven(ctx, r, c) {
		g.stats.Denied.Add(1)
		g.cfg.Log.Info("registration denied", "source", host)
		if g.cfg.Denied != nil {
			g.cfg.Denied(r.Source())
		}
		return "", sip.NewResponseFromRequest(r, 403, "Forbidden", nil)
	}
	if !g.nonces.use(c.Nonce, c.Nc) {
		g.stats.Replayed.Add(1)
		return "", g.challenge(r, host, true)
	}
	return c.Username, nil
}

// challenge asks for a proof, in the best way first. RFC 8760 section 2.3.
func (g *Registrar) challenge(r *sip.Request, host string, stale bool) *sip.Response {
	res := sip.NewResponseFromRequest(r, 401, "Unauthorized", nil)
	nonce := g.nonces.make(host)
	for _, algorithm := range g.algorithms(r) {
		value := fmt.Sprintf(`Digest realm="%s", nonce="%s", algorithm=%s, qop="auth"`, Realm, nonce, algorithm)
		if stale {
			value += ", stale=true"
		}
		res.AppendHeader(sip.NewHeader("WWW-Authenticate", value))
	}
	return res
}

// algorithms are those that the phone is asked for. baresip 1.0.0 gives up where
// one that it does not know is offered, whatever else is.
func (g *Registrar) algorithms(r *sip.Request) []string {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	p, known, err := g.cfg.Phones(ctx, r.To().Address.User)
	switch {
	case err == nil && known && p.Digest == "md5":
		return []string{"MD5"}
	case err == nil && known && p.Digest == "sha256":
		return []string{"SHA-256"}
	}
	return []string{"SHA-256", "MD5"}
}

// credentials are those of our realm, with all that we ask for; nil where there
// are none.
func credentials(r *sip.Request) *digest.Credentials {
	for i, h := range r.GetHeaders("Authorization") {
		if i == maxHeaders {
			return nil
		}
		if c := parse(h.Value()); c != nil {
			return c
		}
	}
	return nil
}

// parse reads one Authorization header. Without qop and a count it proves
// nothing of when it was made: RFC 7616 section 3.4.
func parse(value string) *digest.Credentials {
	if len(value) > maxAuthorization {
		return nil
	}
	c, err := digest.ParseCredentials(value)
	if err != nil || c.Realm != Realm || c.QOP != "auth" || c.Nc <= 0 || c.Cnonce == "" || c.Username == "" {
		return nil
	}
	return c
}

// proven reports whether the answer is right, for a phone that may register the
// address that it asks for. An unknown phone costs the same work.
func (g *Registrar) proven(ctx context.Context, r *sip.Request, c *digest.Credentials) bool {
	p, known, err := g.cfg.Phones(ctx, c.Username)
	if err != nil {
		g.cfg.Log.Error("phones not read", "error", err)
	}
	hash, secret := hashMD5, p.MD5
	switch strings.ToUpper(c.Algorithm) {
	case "", "MD5":
		if p.Digest == "sha256" {
			return false
		}
	case "SHA-256":
		hash, secret = hashSHA256, p.SHA256
	default:
		return false
	}
	want := hash(fmt.Sprintf("%s:%s:%08x:%s:auth:%s", secret, c.Nonce, c.Nc, c.Cnonce, hash(string(r.Method)+":"+c.URI)))
	right := subtle.ConstantTimeCompare([]byte(want), []byte(strings.ToLower(c.Response))) == 1
	return right && err == nil && known && secret != "" && !p.Disabled && r.To().Address.User == c.Username && meant(r, c.URI)
}

// meant reports whether the digest was made for this request: its URI is the
// Request-URI. RFC 7616 section 3.4.6 leaves the form to the phone; host and
// user decide.
func meant(r *sip.Request, text string) bool {
	var uri sip.Uri
	if err := sip.ParseUri(text, &uri); err != nil {
		return false
	}
	return strings.EqualFold(uri.Host, r.Recipient.Host) && uri.User == r.Recipient.User
}
