package sip

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// FuzzChallenge answers what a far end may put into WWW-Authenticate, one value
// after the other with a newline between. An answer names the user, never the
// password, and is one line.
func FuzzChallenge(f *testing.F) {
	for _, seed := range []string{
		`Digest realm="carrier.example", nonce="47ebe028cda119c35d4877b383027d28", algorithm=MD5`,
		`Digest realm="a", nonce="b", qop="auth,auth-int", algorithm=SHA-256, opaque="c", stale=true, userhash=true`,
		"Digest realm=\"a\", nonce=\"b\", algorithm=AKAv1-MD5\nDigest realm=\"a\", nonce=\"b\"",
		`Digest realm="a\"b\\", nonce="", qop=`, "Basic realm=x", "Digest", "", `Digest nonce="b", algorithm=SHA-512-256-sess`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, values string) {
		const password = "correct-horse"
		r := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "carrier.example"})
		res := sip.NewResponse(401, "Unauthorized")
		for v := range strings.SplitSeq(values, "\n") {
			res.AppendHeader(sip.NewHeader("WWW-Authenticate", v))
		}
		h := authorization(r, res, "ana", password)
		if h == nil {
			return
		}
		if h.Name() != "Authorization" || !strings.Contains(h.Value(), `username="`) || strings.ContainsAny(h.Value(), "\n") {
			t.Errorf("%q is answered by %q", values, h)
		}
		if strings.Contains(h.Value(), password) && !strings.Contains(values, password) {
			t.Errorf("%q is told the password", values)
		}
	})
}
