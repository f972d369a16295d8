// Package stir verifies signed caller numbers: STIR and SHAKEN.
//
// The central type is Verifier; Verify says of one Identity header whether a
// carrier has signed this call's numbers just now, with a certificate that leads
// to the configured roots, and what it attests. The Verdict is a hint for people:
// it says that a carrier vouches for a number, never who is speaking.
//
// A header names the certificate's address. It comes from a stranger, so it is
// fetched by the function that Config gives, which decides where calls may go;
// what was fetched is kept for a while, and so is that it could not be.
//
// Guarantees: Verify takes no longer than Config.Budget and never panics,
// whatever the header holds; the certificates kept are bounded.
//
// RFC 8224, RFC 8225, RFC 8226, RFC 8588. Left out: the compact form, "div"
// passports, the authority lists behind TNAuthList, revocation.
package stir

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxHeader is how long an Identity header may be; SHAKEN's have about 600.
	maxHeader = 8 << 10
	// maxChain is how large a certificate's file may be, and how many
	// certificates it may hold.
	maxChain        = 64 << 10
	maxCertificates = 8
	// maxKept is how many addresses are remembered; then all are forgotten.
	maxKept = 512
	// maxFetches is how many certificates are fetched at once.
	maxFetches = 8
	// freshness is how old a signature may be, RFC 8224 section 6.2.
	freshness = time.Minute
	// keptGood and keptBad are how long what was fetched, or that it failed, is
	// remembered.
	keptGood = time.Hour
	keptBad  = time.Minute
)

// Config says what a Verifier works with.
type Config struct {
	Roots  *x509.CertPool                                        // whom to believe
	Fetch  func(ctx context.Context, url string) ([]byte, error) // the PEM file at an https: address
	Budget time.Duration                                         // of one Verify; 800 ms where 0
}

// Verdict is what is known of a signed number.
type Verdict struct {
	Attestation string // "A", "B" or "C"; empty where nothing could be verified
	Origin      string // origid: a carrier's mark for tracing
	Why         string // why nothing could be verified, in words
}

// attested says what the letters mean. RFC 8588 section 4.
var attested = map[string]string{
	"A": "the carrier knows the caller and the number", "B": "the carrier knows the caller, not the number", "C": "the carrier only passes the call on",
}

// String says it for people.
func (v Verdict) String() string {
	if v.Attestation == "" {
		return "not attested: " + v.Why
	}
	return "attested " + v.Attestation + ": " + attested[v.Attestation]
}

// Verifier verifies Identity headers. Any goroutine may use it.
type Verifier struct {
	cfg     Config
	fetches chan struct{}

	mu   sync.Mutex
	kept map[string]chain
}

// chain is a certificate with those that lead to a root, or why there is none.
type chain struct {
	certificates []*x509.Certificate
	err          error
	until        time.Time
}

// New returns a verifier.
func New(cfg Config) *Verifier {
	if cfg.Budget == 0 {
		cfg.Budget = 800 * time.Millisecond
	}
	return &Verifier{cfg: cfg, fetches: make(chan struct{}, maxFetches), kept: map[string]chain{}}
}

// Verify tells what the headers of a call attest of its numbers, which are E.164
// with their plus: the best of them counts.
func (v *Verifier) Verify(ctx context.Context, headers []string, from, to string) Verdict {
	if len(headers) == 0 {
		return Verdict{Why: "the call is not signed"}
	}
	ctx, stop := context.WithTimeout(ctx, v.cfg.Budget)
	defer stop()
	var best Verdict
	for _, h := range headers {
		p, err := v.verify(ctx, h, from, to)
		switch {
		case err != nil && best.Attestation == "":
			best.Why = err.Error()
		case err == nil && (best.Attestation == "" || p.Attest < best.Attestation):
			best = Verdict{Attestation: p.Attest, Origin: p.Origid}
		}
	}
	return best
}

// passport is what was signed. RFC 8225 section 5.2.1; RFC 8588 section 4.
type passport struct {
	Attest string `json:"attest"`
	Dest   struct {
		TN []string `json:"tn"`
	} `json:"dest"`
	IAT  int64 `json:"iat"`
	Orig struct {
		TN string `json:"tn"`
	} `json:"orig"`
	Origid string `json:"origid"`
}

// identity is an Identity header. RFC 8224 section 4.
type identity struct {
	signed    string // what the signature is over
	signature []byte
	info      string // the certificate's address
	passport  passport
}

func (v *Verifier) verify(ctx context.Context, header, from, to string) (passport, error) {
	id, err := parse(header)
	if err != nil {
		return passport{}, err
	}
	p := id.passport
	if age := time.Since(time.Unix(p.IAT, 0)); age > freshness || age < -freshness {
		return p, errors.New("the signature is not of now")
	}
	if p.Orig.TN != digitsOf(from) || !slices.Contains(p.Dest.TN, digitsOf(to)) {
		return p, errors.New("other numbers than the call's are signed")
	}
	c, err := v.chain(ctx, id.info)
	if err != nil {
		return p, err
	}
	if err := c.believed(v.cfg.Roots); err != nil {
		return p, err
	}
	return p, c.signed(id)
}

// digitsOf is a number as passports have it: RFC 8225 section 5.2.1.
func digitsOf(number string) string { return strings.TrimPrefix(number, "+") }

// parse reads a header: the passport in its full form, then parameters.
func parse(header string) (identity, error) {
	fault := func(why string) (identity, error) {
		return identity{}, errors.New("the signature cannot be read: " + why)
	}
	if len(header) > maxHeader {
		return fault("it is too long")
	}
	token, params, _ := strings.Cut(header, ";")
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return fault("it is not in the full form")
	}
	var head struct {
		Alg string `json:"alg"`
		Ppt string `json:"ppt"`
		Typ string `json:"typ"`
		X5U string `json:"x5u"`
	}
	id := identity{signed: parts[0] + "." + parts[1]}
	if err := errors.Join(decode(parts[0], &head), decode(parts[1], &id.passport)); err != nil {
		return fault("it is not a passport")
	}
	var err error
	if id.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil || len(id.signature) != 64 {
		return fault("the signature has not 64 octets")
	}
	id.info = infoOf(params)
	switch {
	case head.Alg != "ES256" || head.Typ != "passport" || head.Ppt != "shaken":
		return fault("it is no passport of SHAKEN")
	case attested[id.passport.Attest] == "":
		return fault("what it attests is not known")
	case head.X5U == "" || head.X5U != id.info || !strings.HasPrefix(id.info, "https://"):
		return fault("it does not say where its certificate is")
	}
	return id, nil
}

func decode(part string, to any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, to)
}

// infoOf finds the parameter info=<URI>. RFC 8224 section 4.
func infoOf(params string) string {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		value = strings.TrimSpace(value)
		if strings.EqualFold(strings.TrimSpace(name), "info") && strings.HasPrefix(value, "<") && strings.HasSuffix(value, ">") {
			return value[1 : len(value)-1]
		}
	}
	return ""
}

// chain returns the certificate at url with those above it.
func (v *Verifier) chain(ctx context.Context, url string) (chain, error) {
	v.mu.Lock()
	c, ok := v.kept[url]
	v.mu.Unlock()
	if ok && time.Now().Before(c.until) {
		return c, c.err
	}
	select {
	case v.fetches <- struct{}{}:
		defer func() { <-v.fetches }()
	default:
		return chain{}, errors.New("too many certificates are being fetched")
	}
	data, err := v.cfg.Fetch(ctx, url)
	if err != nil {
		c = chain{err: fmt.Errorf("the certificate cannot be fetched: %w", err), until: time.Now().Add(keptBad)}
	} else {
		c = read(data)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.kept) >= maxKept {
		clear(v.kept)
	}
	v.kept[url] = c
	return c, c.err
}

// read reads a PEM file: the signer's certificate first.
func read(data []byte) chain {
	bad := chain{err: errors.New("the certificate cannot be read"), until: time.Now().Add(keptBad)}
	if len(data) > maxChain {
		return bad
	}
	c := chain{until: time.Now().Add(keptGood)}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil || len(c.certificates) == maxCertificates {
			return bad
		}
		c.certificates = append(c.certificates, certificate)
	}
	if len(c.certificates) == 0 {
		return bad
	}
	return c
}

// authorities is the extension that says which numbers a certificate is for.
const authorities = "1.3.6.1.5.5.7.1.26"

// believed reports why the certificate does not lead to a root, or is none for
// numbers. RFC 8226 section 9.
func (c chain) believed(roots *x509.CertPool) error {
	leaf := *c.certificates[0]
	has := false
	for _, e := range leaf.Extensions {
		has = has || e.Id.String() == authorities
	}
	if !has {
		return errors.New("the certificate is not one for numbers")
	}
	leaf.UnhandledCriticalExtensions = nil
	for _, e := range c.certificates[0].UnhandledCriticalExtensions {
		if e.String() != authorities {
			leaf.UnhandledCriticalExtensions = append(leaf.UnhandledCriticalExtensions, e)
		}
	}
	above := x509.NewCertPool()
	for _, a := range c.certificates[1:] {
		above.AddCert(a)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: above, CurrentTime: time.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return fmt.Errorf("the certificate is not believed: %w", err)
	}
	return nil
}

// signed reports whether the certificate's key has made the signature: ES256 of
// RFC 8225 section 6.
func (c chain) signed(id identity) error {
	key, ok := c.certificates[0].PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return errors.New("the certificate has no key for ES256")
	}
	hash := sha256.Sum256([]byte(id.signed))
	r, s := new(big.Int).SetBytes(id.signature[:32]), new(big.Int).SetBytes(id.signature[32:])
	if !ecdsa.Verify(key, hash[:], r, s) {
		return errors.New("the signature is wrong")
	}
	return nil
}
