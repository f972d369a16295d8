package stir

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// carrier signs calls.
type carrier struct {
	t     *testing.T
	key   *ecdsa.PrivateKey
	file  []byte // its certificate, as it is fetched
	roots *x509.CertPool
}

func newCarrier(t *testing.T, extensions ...pkix.Extension) *carrier {
	t.Helper()
	c := &carrier{t: t, roots: x509.NewCertPool()}
	root, rootKey := certificate(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true}, nil, nil)
	middle, middleKey := certificate(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true}, root, rootKey)
	leaf, key := certificate(t, &x509.Certificate{ExtraExtensions: extensions}, middle, middleKey)
	c.key = key
	c.roots.AddCert(root)
	for _, certificate := range []*x509.Certificate{leaf, middle} {
		c.file = append(c.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	return c
}

func certificate(t *testing.T, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: "SHAKEN 1234"}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(2*time.Hour)
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

// numbers is the extension of certificates for numbers.
func numbers(critical bool) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 26}, Critical: critical, Value: []byte{0x30, 0x08, 0xa0, 0x06, 0x16, 0x04, '1', '2', '3', '4'}}
}

const where = "https://certificates.example/1234.pem"

// sign makes an Identity header.
func (c *carrier) sign(head, payload, params string) string {
	c.t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	signed := b64([]byte(head)) + "." + b64([]byte(payload))
	hash := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, c.key, hash[:])
	if err != nil {
		c.t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + b64(signature) + params
}

const (
	head   = `{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"` + where + `"}`
	params = ";info=<" + where + ">;alg=ES256;ppt=shaken"
)

func payload(attest, from, to string, at time.Time) string {
	return fmt.Sprintf(`{"attest":%q,"dest":{"tn":[%q]},"iat":%d,"orig":{"tn":%q},"origid":"123e4567"}`, attest, to, at.Unix(), from)
}

func (c *carrier) verifier() *Verifier {
	return New(Config{Roots: c.roots, Fetch: func(_ context.Context, url string) ([]byte, error) {
		if url != where {
			return nil, errors.New("no such file")
		}
		return c.file, nil
	}})
}

func TestSignedNumbers(t *testing.T) {
	c := newCarrier(t, numbers(false))
	stranger := newCarrier(t, numbers(false))
	now, from, to := time.Now(), "12155550121", "12155550131"
	good := payload("A", from, to, now)
	broken := c.sign(head, good, params)
	for name, test := range map[string]struct {
		headers []string
		want    string
	}{
		"full":              {[]string{c.sign(head, good, params)}, "attested A: the carrier knows the caller and the number"},
		"gateway":           {[]string{c.sign(head, payload("C", from, to, now), params)}, "attested C"},
		"the better of two": {[]string{c.sign(head, payload("B", from, to, now), params), "junk", c.sign(head, good, params)}, "attested A"},
		"none":              {nil, "not attested: the call is not signed"},
		"old":               {[]string{c.sign(head, payload("A", from, to, now.Add(-2*time.Minute)), params)}, "not of now"},
		"from the future":   {[]string{c.sign(head, payload("A", from, to, now.Add(2*time.Minute)), params)}, "not of now"},
		"other caller":      {[]string{c.sign(head, payload("A", "12155550199", to, now), params)}, "other numbers"},
		"other callee":      {[]string{c.sign(head, payload("A", from, "12155550199", now), params)}, "other numbers"},
		"other key":         {[]string{stranger.sign(head, good, params)}, "the signature is wrong"},
		"changed":           {[]string{strings.Replace(broken, ".", ".A", 1)}, "not a passport"},
		"cut":               {[]string{broken[:40]}, "full form"},
		"no algorithm":      {[]string{c.sign(strings.Replace(head, "ES256", "none", 1), good, params)}, "no passport of SHAKEN"},
		"other type":        {[]string{c.sign(strings.Replace(head, "shaken", "div", 1), good, params)}, "no passport of SHAKEN"},
		"attests nothing":   {[]string{c.sign(head, payload("Z", from, to, now), params)}, "not known"},
		"other address":     {[]string{c.sign(head, good, ";info=<https://elsewhere.example/x>")}, "where its certificate is"},
		"no https":          {[]string{c.sign(strings.ReplaceAll(head, "https", "http"), good, strings.ReplaceAll(params, "https", "http"))}, "where its certificate is"},
		"no file":           {[]string{c.sign(strings.ReplaceAll(head, "1234", "9"), good, strings.ReplaceAll(params, "1234", "9"))}, "cannot be fetched"},
		"too long":          {[]string{c.sign(head, good, params) + strings.Repeat("x", maxHeader)}, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.verifier().Verify(t.Context(), test.headers, "+"+from, "+"+to).String(); !strings.Contains(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestCertificatesMustLeadToARootAndBeForNumbers(t *testing.T) {
	now := payload("A", "1", "2", time.Now())
	for name, test := range map[string]struct {
		carrier *carrier
		change  func(*carrier)
		want    string
	}{
		"critical":     {newCarrier(t, numbers(true)), func(*carrier) {}, "attested A"},
		"no numbers":   {newCarrier(t), func(*carrier) {}, "not one for numbers"},
		"unknown root": {newCarrier(t, numbers(false)), func(c *carrier) { c.roots = x509.NewCertPool() }, "not believed"},
		"no file":      {newCarrier(t, numbers(false)), func(c *carrier) { c.file = []byte("hello") }, "cannot be read"},
		"large file":   {newCarrier(t, numbers(false)), func(c *carrier) { c.file = append(c.file, make([]byte, maxChain)...) }, "cannot be read"},
		"other extension": {
			newCarrier(t, numbers(false), pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}), func(*carrier) {}, "not believed",
		},
	} {
		header := test.carrier.sign(head, now, params)
		test.change(test.carrier)
		if got := test.carrier.verifier().Verify(t.Context(), []string{header}, "+1", "+2").String(); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestFetchingIsBoundedAndRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, numbers(false))
		v := c.verifier()
		fetched, slow := 0, true
		v.cfg.Fetch = func(ctx context.Context, _ string) ([]byte, error) {
			fetched++
			if slow {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return c.file, nil
		}
		verify := func() string {
			return v.Verify(t.Context(), []string{c.sign(head, payload("A", "1", "2", time.Now()), params)}, "+1", "+2").String()
		}
		begin := time.Now()
		if got := verify(); !strings.Contains(got, "cannot be fetched") || time.Since(begin) != 800*time.Millisecond {
			t.Errorf("%q after %v", got, time.Since(begin))
		}
		slow = false
		if got := verify(); !strings.Contains(got, "cannot be fetched") || fetched != 1 {
			t.Errorf("again at once: %q, %d fetched", got, fetched)
		}
		time.Sleep(keptBad)
		for range 3 {
			if got := verify(); !strings.Contains(got, "attested A") || fetched != 2 {
				t.Errorf("later: %q, %d fetched", got, fetched)
			}
		}
	})
}

// FuzzIdentity looks for headers that make parsing panic, or that it takes
// although they name no certificate.
func FuzzIdentity(f *testing.F) {
	b64 := base64.RawURLEncoding.EncodeToString
	f.Add(b64([]byte(head)) + "." + b64([]byte(payload("A", "1", "2", time.Unix(0, 0)))) + "." + b64(make([]byte, 64)) + params)
	f.Add("a.b.c;info=<>")
	f.Add("..x;info=<https://x>")
	f.Fuzz(func(t *testing.T, header string) {
		id, err := parse(header)
		if err == nil && (!strings.HasPrefix(id.info, "https://") || len(id.signature) != 64) {
			t.Errorf("%q is taken as %+v", header, id)
		}
	})
}
