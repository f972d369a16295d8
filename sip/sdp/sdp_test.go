package sdp

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pion/dtls/v3/pkg/crypto/selfsign"

	"attendant/media/codec"
	"attendant/media/rtp"
)

func TestAnswers(t *testing.T) {
	const head = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
	cases := []struct {
		name, offer string
		want        []string // lines of the answer
		remote      string
		err         error
	}{
		{"ours first", head + "m=audio 4000 RTP/AVP 0 8 9\r\n", []string{"m=audio 6000 RTP/AVP 9", "a=rtpmap:9 G722/8000", "a=sendrecv"}, "10.0.0.1:4000", nil},
		{"dynamic type of a known codec", head + "m=audio 4000 RTP/AVP 96\na=rtpmap:96 pcmu/8000/1\n", []string{"m=audio 6000 RTP/AVP 96"}, "10.0.0.1:4000", nil},
		{"events of both clocks", head + "m=audio 4000 RTP/AVP 0 110 126\na=rtpmap:110 telephone-event/48000\na=rtpmap:126 telephone-event/8000\n", []string{"m=audio 6000 RTP/AVP 0 126 110"}, "10.0.0.1:4000", nil},
		{"no s= or t=, LF, no final newline", "v=0\nc=IN IP4 10.0.0.2\nm=audio 4002 RTP/AVP 8", []string{"m=audio 6000 RTP/AVP 8"}, "10.0.0.2:4002", nil},
		{"video refused in its place", head + "m=video 4004 RTP/AVP 96\nm=audio 4000 RTP/AVP 0\n", []string{"m=video 0 RTP/AVP 96", "m=audio 6000 RTP/AVP 0"}, "10.0.0.1:4000", nil},
		{"address of the media line", head + "m=audio 4000 RTP/AVP 0\nc=IN IP4 10.0.0.9\n", nil, "10.0.0.9:4000", nil},
		{"hold", head + "m=audio 4000 RTP/AVP 0\na=sendonly\n", []string{"a=recvonly"}, "10.0.0.1:4000", nil},
		{"hold by zeros", "v=0\nc=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 0\n", []string{"a=recvonly"}, "0.0.0.0:4000", nil},
		{"hold for all lines", "v=0\nc=IN IP4 10.0.0.1\na=sendonly\nm=audio 4000 RTP/AVP 0\n", []string{"a=recvonly"}, "10.0.0.1:4000", nil},
		{"a name for an address", "v=0\nc=IN IP4 phone.example\nm=audio 4000 RTP/AVP 0\n", []string{"m=audio 6000 RTP/AVP 0"}, "invalid AddrPort", nil},
		{"unknown and misplaced lines", head + "x=1\nm=audio 4000 RTP/AVP 0\nb=AS:64\no=late\ni=title\n", []string{"m=audio 6000 RTP/AVP 0"}, "10.0.0.1:4000", nil},
		{"refused line shortened", head + "m=audio 4000 RTP/AVP 8\nm=video 4004 RTP/SAVPF 96 97 98\n", []string{"m=audio 6000 RTP/AVP 8", "m=video 0 RTP/SAVPF 96"}, "10.0.0.1:4000", nil},
		{"IPv6", "v=0\nc=IN IP6 ::1\nm=audio 4000 RTP/AVP 0\n", nil, "[::1]:4000", nil},
		{"reports on the same port", head + "m=audio 4000 RTP/AVP 0\na=rtcp:4000\na=rtcp-mux\n", []string{"a=rtcp-mux"}, "10.0.0.1:4000", nil},
		{"fax only", head + "m=image 4000 udptl t38\n", nil, "", ErrNoCommonCodec},
		{"encrypted only", head + "m=audio 4000 RTP/SAVP 0\n", nil, "", ErrNoCommonCodec},
		{"switched off", head + "m=audio 0 RTP/AVP 0\n", nil, "", ErrNoCommonCodec},
		{"nothing", "", nil, "", ErrSyntax},
		{"port out of range", head + "m=audio 70000 RTP/AVP 0\n", nil, "", ErrSyntax},
		{"nine media lines", head + strings.Repeat("m=audio 4000 RTP/AVP 0\n", 9), nil, "", ErrSyntax},
		{"no address", "v=0\nm=audio 4000 RTP/AVP 0\n", nil, "", ErrSyntax},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := testLocal(Taken)
			answer, stream, err := l.Answer([]byte(c.offer))
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			for _, line := range c.want {
				if !strings.Contains(string(answer), line+"\r\n") {
					t.Errorf("answer lacks %q:\n%s", line, answer)
				}
			}
			if got := stream.Remote.String(); got != c.remote {
				t.Errorf("sends to %s, want %s", got, c.remote)
			}
		})
	}
}

func TestWhereReportsGo(t *testing.T) {
	const audio = "v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0\n"
	for _, c := range []struct {
		name, offer string
		mux         bool
		port        uint16
	}{
		{"nothing said", audio, false, 0},
		{"a port", audio + "a=rtcp:4010\n", false, 4010},
		{"another address", audio + "a=rtcp:4010 IN IP4 10.0.0.7\n", false, 4010},
		{"no port", audio + "a=rtcp:x\n", false, 0},
		{"port out of range", audio + "a=rtcp:70000\n", false, 0},
		{"mux", audio + "a=rtcp-mux\n", true, 0},
	} {
		answer, chosen, err := testLocal(Taken).Answer([]byte(c.offer))
		taken, err2 := testLocal(Taken).Take([]byte(c.offer))
		if err != nil || err2 != nil || chosen.Mux != c.mux || taken.Mux != c.mux || chosen.ReportPort != c.port {
			t.Errorf("%s: mux %v, port %d, want %v and %d (%v, %v)", c.name, chosen.Mux, chosen.ReportPort, c.mux, c.port, err, err2)
		}
		if strings.Contains(string(answer), "rtcp-mux") != c.mux {
			t.Errorf("%s: answer %s", c.name, answer)
		}
	}
}

// testCertificate is a certificate of nobody.
var testCertificate = sync.OnceValue(func() *tls.Certificate {
	c, err := selfsign.GenerateSelfSigned()
	if err != nil {
		panic(err)
	}
	return &c
})

func testLocal(p Policy) *Local {
	return &Local{Address: "127.0.0.1", Port: 6000, ID: 7, SRTP: p, Codecs: codec.All(), Certificate: testCertificate()}
}

// Every policy meets every other, by SDES and by DTLS: what the answerer takes
// and what the offerer makes of it must agree, keys crossed.
func TestPoliciesMeet(t *testing.T) {
	type outcome struct {
		encrypted bool
		err       error
	}
	plain, sealed, none := outcome{}, outcome{encrypted: true}, outcome{err: ErrInsecure}
	want := map[Policy]map[Policy]outcome{ // by offerer and answerer
		Taken:     {Taken: plain, Off: plain, Preferred: plain, Required: none},
		Off:       {Taken: plain, Off: plain, Preferred: plain, Required: none},
		Preferred: {Taken: sealed, Off: plain, Preferred: sealed, Required: sealed},
		Required:  {Taken: sealed, Off: none, Preferred: sealed, Required: sealed},
	}
	for offerer, row := range want {
		for answerer, w := range row {
			for _, byDTLS := range []bool{false, true} {
				a, b := testLocal(offerer), testLocal(answerer)
				a.DTLS = byDTLS
				answer, theirs, err := b.Answer(a.Offer())
				if !errors.Is(err, w.err) {
					t.Errorf("%v offers, %v answers: %v, want %v", offerer, answerer, err, w.err)
				}
				if err != nil {
					continue
				}
				ours, err := a.Take(answer)
				if err != nil || (ours.Crypto != nil) != w.encrypted || (theirs.Crypto != nil) != w.encrypted {
					t.Errorf("%v offers, %v answers: encrypted %v and %v, want %v: %v\n%s", offerer, answerer, ours.Crypto != nil, theirs.Crypto != nil, w.encrypted, err, answer)
					continue
				}
				if w.encrypted {
					cross(t, ours.Crypto, theirs.Crypto, byDTLS)
				}
			}
		}
	}
}

func cross(t *testing.T, a, b *rtp.Crypto, byDTLS bool) {
	t.Helper()
	if byDTLS {
		sum := sha256.Sum256(testCertificate().Certificate[0])
		if a.Handshake == nil || b.Handshake == nil || a.Handshake.Client || !b.Handshake.Client || !bytes.Equal(a.Handshake.Fingerprint, sum[:]) {
			t.Errorf("handshakes %+v and %+v", a.Handshake, b.Handshake)
		}
		return
	}
	if a.Suite != rtp.GCM128 || a.Suite != b.Suite || !bytes.Equal(a.Send, b.Receive) || !bytes.Equal(a.Receive, b.Send) || bytes.Equal(a.Send, b.Send) {
		t.Errorf("keys %+v and %+v", a, b)
	}
}

func TestEncryptionThatWeCannotDoIsNotTaken(t *testing.T) {
	const head = "v=0\nc=IN IP4 10.0.0.1\n"
	key := base64.StdEncoding.EncodeToString(make([]byte, 30))
	for _, c := range []struct {
		name, offer string
		policy      Policy
		err         error
	}{
		{"unknown suite", "m=audio 4000 RTP/SAVP 0\na=crypto:1 F8_128_HMAC_SHA1_80 inline:" + key, Taken, ErrInsecure},
		{"short key", "m=audio 4000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA", Taken, ErrInsecure},
		{"key identifier", "m=audio 4000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|2^20|1:4", Taken, ErrInsecure},
		{"weakened", "m=audio 4000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key + " UNENCRYPTED_SRTP", Taken, ErrInsecure},
		{"no keys", "m=audio 4000 RTP/SAVP 0", Taken, ErrInsecure},
		{"fingerprint of an unknown hash", "m=audio 4000 UDP/TLS/RTP/SAVP 0\na=setup:actpass\na=fingerprint:md5 00", Taken, ErrInsecure},
		{"fingerprint cut short", "m=audio 4000 UDP/TLS/RTP/SAVP 0\na=setup:actpass\na=fingerprint:sha-256 00:11", Taken, ErrInsecure},
		{"lifetime and window", "m=audio 4000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|2^20 WSH=64", Taken, nil},
		{"plain line beside an encrypted one", "m=audio 4000 RTP/SAVP 0\na=crypto:1 F8 inline:" + key + "\nm=audio 4002 RTP/AVP 0", Taken, nil},
		{"the same where it must be encrypted", "m=audio 4000 RTP/SAVP 0\na=crypto:1 F8 inline:" + key + "\nm=audio 4002 RTP/AVP 0", Required, ErrInsecure},
	} {
		if _, _, err := testLocal(c.policy).Answer([]byte(head + c.offer + "\n")); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
}

func TestEncryptedLineIsPreferred(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(make([]byte, 30))
	answer, stream, err := testLocal(Taken).Answer([]byte("v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0\nm=audio 4002 RTP/SAVP 0\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:" + key + "\n"))
	if err != nil || stream.Crypto == nil || stream.Remote.Port() != 4002 || !strings.Contains(string(answer), "m=audio 0 RTP/AVP 0\r\nm=audio 6000 RTP/SAVP 0\r\n") || !strings.Contains(string(answer), "a=crypto:7 AES_CM_128_HMAC_SHA1_80 ") {
		t.Errorf("%v: %s", err, answer)
	}
}

func TestVersionRisesOnlyWithAChange(t *testing.T) {
	l := testLocal(Required)
	first := l.Offer()
	if again := l.Offer(); !bytes.Equal(first, again) || l.Version != 1 {
		t.Errorf("version %d:\n%s\n%s", l.Version, first, again)
	}
	l.Held = true
	if held := l.Offer(); l.Version != 2 || !bytes.Contains(held, []byte("a=sendonly")) || !bytes.Contains(held, []byte("o=- 7 2 IN")) {
		t.Errorf("version %d: %s", l.Version, held)
	}
}

func TestHeldSideIsNotHeard(t *testing.T) {
	for direction, want := range map[string]string{"sendrecv": "sendonly", "sendonly": "inactive", "recvonly": "sendonly", "inactive": "inactive"} {
		l := testLocal(Off)
		l.Held = true
		answer, stream, err := l.Answer([]byte("v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0\na=" + direction + "\n"))
		if err != nil || !strings.Contains(string(answer), "a="+want) || stream.Receive {
			t.Errorf("%s: %v, %s", direction, err, answer)
		}
	}
}

func TestKeyTypesThatWeOfferedAreTakenToo(t *testing.T) {
	l := testLocal(Off)
	l.Offer()
	stream, err := l.Take([]byte("v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0 96\na=rtpmap:96 telephone-event/8000\n"))
	if err != nil || !slices.Equal(stream.Events, []uint8{96, 101, 102}) {
		t.Errorf("%v, %v", stream.Events, err)
	}
}

func TestSummaryHasNoKeys(t *testing.T) {
	offer := testLocal(Required).Offer()
	if got := Summary(offer); got != "audio RTP/SAVP 9 8 0 101 102 sendrecv SDES" {
		t.Errorf("%q", got)
	}
	if got := Summary([]byte("hello")); got != "" {
		t.Errorf("%q", got)
	}
}

func FuzzCrypto(f *testing.F) {
	f.Add("1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^20 WSH=64")
	f.Add("1 AEAD_AES_128_GCM inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")
	f.Fuzz(func(t *testing.T, value string) {
		c, err := parseCrypto(value)
		if err != nil {
			return
		}
		line := strings.TrimSuffix(strings.TrimPrefix(c.line(), "a=crypto:"), "\r\n")
		if again, err := parseCrypto(line); err != nil || again.tag != c.tag || again.suite != c.suite || !bytes.Equal(again.key, c.key) {
			t.Errorf("%q is read as %+v, written and read as %+v: %v", value, c, again, err)
		}
	})
}

func FuzzFingerprint(f *testing.F) {
	f.Add("sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF")
	f.Fuzz(func(t *testing.T, value string) {
		if hash, sum, err := parseFingerprint(value); err == nil && len(sum) != rtp.NewHash(hash).Size() {
			t.Errorf("%q: %d octets of %s", value, len(sum), hash)
		}
	})
}

// FuzzAnswer takes any answer to our offer.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/SAVP 0 101\r\na=crypto:1 AEAD_AES_128_GCM inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n"), 3)
	f.Add([]byte("m=audio 1 RTP/AVP 9\nc=IN IP4 10.0.0.1\na=setup:active\na=fingerprint:sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33"), 2)
	f.Fuzz(func(t *testing.T, body []byte, policy int) {
		l := testLocal(Policy(uint(policy) % 4))
		l.Offer()
		if stream, err := l.Take(body); err == nil && l.SRTP == Required && stream.Crypto == nil {
			t.Errorf("in clear: %s", body)
		}
	})
}

func FuzzOffer(f *testing.F) {
	f.Add([]byte("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"))
	f.Add([]byte("m=audio 1 RTP/AVP 9\na=rtcp-mux\na=rtcp:2\nc=IN IP4 10.0.0.1"))
	f.Add([]byte("m=audio 1 RTP/AVP 9\nc=IN IP6 ::1\na=inactive"))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := parse(body)
		if err != nil {
			return
		}
		if answer, _, err := testLocal(Taken).Answer(body); err == nil {
			if back, err := parse(answer); err != nil || len(back.media) != len(d.media) {
				t.Errorf("answer of %d lines for %d: %v", len(back.media), len(d.media), err)
			}
		}
	})
}
