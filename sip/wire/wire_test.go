package wire

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpus are the torture messages of RFC 4475 and RFC 5118.
func corpus(t testing.TB) (messages [][]byte) {
	t.Helper()
	files, err := filepath.Glob("../testdata/rfc*/*.dat")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d torture messages, error %v", len(files), err)
	}
	for _, name := range files {
		m, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, m)
	}
	return messages
}

func request(method string, more ...string) string {
	return method + " sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 " + method +
		"\r\n" + strings.Join(append(more, "\r\n"), "\r\n")
}

func TestThePlainForm(t *testing.T) {
	m, fault := Parse([]byte("OPTIONS sip:b@h SIP/2.0\r\nv :  SIP  / 2.0\r\n / UDP   192.0.2.2 : 5070 ; branch =\tz9hG4bKy , SIP/2.0/TCP h\r\nf: \"A, \\\"B\\\"\"  <sip:a@h> ; tag = 1\r\nT: sip:b@h;x=y\r\n" +
		"i: c\r\ncseq: 0007   OPTIONS\r\nM: <sip:a;b=c@h:99;p?q=r>, sip:x@h\r\nl: 3\r\n\r\nabcdef"))
	if fault != nil {
		t.Fatal(fault)
	}
	want := "OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5070;branch=z9hG4bKy, SIP/2.0/TCP h\r\nFrom: \"A, \\\"B\\\"\" <sip:a@h>;tag=1\r\nTo: <sip:b@h>;x=y\r\n" +
		"Call-ID: c\r\nCSeq: 7 OPTIONS\r\nContact: <sip:a;b=c@h:99;p?q=r>, <sip:x@h>\r\nContent-Length: 3\r\n\r\nabc"
	if got := string(m.Append(nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		status int
	}{
		"no end":               {"OPTIONS sip:b@h SIP/2.0\r\nVia: x\r\n", 0},
		"not SIP":              {"GET / HTTP/1.1\r\n\r\n", 0},
		"a fault in a reply":   {"SIP/2.0 200 OK\r\nVia: x\r\n\r\n", 0},
		"no Via":               {strings.Replace(request("OPTIONS"), "Via", "X", 1), 400},
		"a line without colon": {request("OPTIONS", "hello"), 400},
		"too many fields":      {request("OPTIONS", slices.Repeat([]string{"X: y"}, MaxHeaders)...), 400},
		"too many streams":     {request("INVITE", "Content-Type: application/sdp", "Content-Length: 45", "", strings.Repeat("m=x\r\n", 9)), 488},
		"port 0":               {strings.Replace(request("OPTIONS"), "sip:b@h ", "sip:b@h:0 ", 1), 400},
		"good":                 {request("OPTIONS"), -1},
	} {
		_, fault := Parse([]byte(c.text))
		if got := faultStatus(fault); got != c.status {
			t.Errorf("%s: %d, want %d (%v)", name, got, c.status, fault)
		}
	}
	if _, fault := Parse(make([]byte, MaxMessage+1)); fault == nil || fault.Status != 0 {
		t.Errorf("too large: %v", fault)
	}
}

func faultStatus(f *Fault) int {
	if f == nil {
		return -1
	}
	return f.Status
}

func TestReplies(t *testing.T) {
	m, _ := Parse([]byte(request("INVITE")))
	got := string(m.Reply(403, "Forbidden", "198.51.100.7:4444"))
	for _, want := range []string{"SIP/2.0 403 Forbidden\r\n", "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport=4444;received=198.51.100.7\r\n", "To: <sip:b@h>;tag=", "CSeq: 1 INVITE\r\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "Server") || strings.Contains(got, "Contact") {
		t.Errorf("tells of us: %s", got)
	}
	if again := string(m.Reply(403, "Forbidden", "198.51.100.7:4444")); again != got {
		t.Errorf("a repetition is answered otherwise:\n%s\n%s", got, again)
	}
	other, _ := Parse([]byte(request("OPTIONS")))
	tag := func(reply string) string {
		_, rest, _ := strings.Cut(reply, "To: <sip:b@h>;tag=")
		one, _, _ := strings.Cut(rest, "\r\n")
		return one
	}
	if one := tag(string(other.Reply(403, "Forbidden", ""))); len(one) < 8 || one == tag(got) {
		t.Errorf("tags %q and %q", one, tag(got))
	}
	if ack, _ := Parse([]byte(request("ACK"))); ack.Reply(403, "Forbidden", "") != nil {
		t.Error("an ACK is answered")
	}
}

func TestVias(t *testing.T) {
	if host, port := SentBy("SIP/2.0/UDP [2001:db8::1]:6050;branch=x"); host != "2001:db8::1" || port != 6050 {
		t.Errorf("sent by %s, %d", host, port)
	}
	if host, port := SentBy("SIP/2.0/UDP h;branch=x, SIP/2.0/UDP g:1"); host != "h" || port != 0 {
		t.Errorf("sent by %s, %d", host, port)
	}
	if got := Symmetric("SIP/2.0/UDP h:1;received=x;branch=b"); got != "SIP/2.0/UDP h:1;branch=b;rport" {
		t.Error(got)
	}
}

func TestAnInviteAndItsCancelOfRFC2543HaveOneBranch(t *testing.T) {
	branch := func(method string) string {
		m, fault := Parse([]byte(strings.Replace(request(method), ";branch=z9hG4bKx", "", 1)))
		if fault != nil {
			t.Fatal(fault)
		}
		m.Complete()
		return m.Get("Via")
	}
	if a, b := branch("INVITE"), branch("CANCEL"); a != b || !strings.Contains(a, ";branch=z9hG4bK") {
		t.Errorf("%s and %s", a, b)
	}
}

func TestFrames(t *testing.T) {
	whole := request("OPTIONS", "Content-Length: 4", "", "body")
	whole = strings.TrimSuffix(whole, "\r\n\r\n") // what request adds
	for i := range len(whole) {
		if n, err := Frame([]byte(whole[:i])); n != 0 || err != nil {
			t.Fatalf("after %d octets of %d: %d, %v", i, len(whole), n, err)
		}
	}
	if n, err := Frame([]byte(whole + "more")); n != len(whole) || err != nil {
		t.Errorf("%d, %v, want %d", n, err, len(whole))
	}
	for text, want := range map[string]error{
		request("OPTIONS"):                                                ErrNoLength,
		request("OPTIONS", "Content-Length: -1"):                          ErrNoLength,
		request("OPTIONS", "l: 1", "Content-Length: 1"):                   ErrNoLength,
		request("OPTIONS", fmt.Sprintf("Content-Length: %d", MaxMessage)): ErrTooLarge,
		strings.Repeat("x", MaxMessage+1):                                 ErrTooLarge,
	} {
		if _, err := Frame([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%.60q: %v, want %v", text, err, want)
		}
	}
}

// FuzzParse holds messages to their guarantees: what is taken has the fields
// that all need, and its plain form is one of itself.
func FuzzParse(f *testing.F) {
	for _, m := range corpus(f) {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, fault := Parse(b)
		if m != nil {
			m.Reply(400, "Bad Request", "[2001:db8::1]:5060")
		}
		if fault != nil {
			return
		}
		for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
			if m.Get(name) == "" {
				t.Errorf("no %s in what was taken", name)
			}
		}
		m.Complete()
		plain := m.Append(nil)
		if len(plain) > MaxMessage {
			return
		}
		again, fault := Parse(plain)
		if fault != nil {
			t.Fatalf("the plain form is refused: %v\n%q", fault, plain)
		}
		if twice := again.Append(nil); !bytes.Equal(plain, twice) {
			t.Errorf("plain\n%q\nand again\n%q", plain, twice)
		}
	})
}

// FuzzFrame reads a stream in pieces: where messages end must not depend on how
// it came.
func FuzzFrame(f *testing.F) {
	for _, m := range corpus(f) {
		f.Add(m, uint8(7))
	}
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		read := func(step int) (ends []int, failed error) {
			var in []byte
			at := 0
			for from := 0; from < len(b); from += step {
				in = append(in, b[from:min(len(b), from+step)]...)
				for {
					if n, _ := KeepAlive(in); n > 0 {
						in, at = in[n:], at+n
						continue
					}
					n, err := Frame(in)
					if err != nil {
						return ends, err
					}
					if n == 0 {
						break
					}
					in, at = in[n:], at+n
					ends = append(ends, at)
				}
			}
			return ends, nil
		}
		whole, err := read(max(1, len(b)))
		parts, err2 := read(int(piece) + 1)
		if !slices.Equal(whole, parts) || (err == nil) != (err2 == nil) {
			t.Errorf("at once %v, %v; in pieces of %d %v, %v", whole, err, int(piece)+1, parts, err2)
		}
	})
}

// fuzzField fuzzes the value of one header field; what is taken is plain.
func fuzzField(f *testing.F, name string, check func(*Header) *Fault, seeds ...string) {
	for _, b := range corpus(f) {
		if m, _ := Parse(b); m != nil {
			for _, h := range m.Headers {
				if h.Name == name {
					seeds = append(seeds, h.Value)
				}
			}
		}
	}
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		h := Header{name, value}
		if check(&h) != nil {
			return
		}
		again := h
		if fault := check(&again); fault != nil || again != h {
			t.Errorf("%q is plain as %q and again as %q: %v", value, h.Value, again.Value, fault)
		}
	})
}

func FuzzVia(f *testing.F) {
	fuzzField(f, "Via", (*Header).via, "SIP/2.0/UDP [::1]:5060;branch=z9hG4bKx;rport")
}

func FuzzContact(f *testing.F) {
	fuzzField(f, "Contact", (*Header).addresses, "<sip:a@h>;expires=1, \"x\" <tel:+1>;q=0.1")
}

func FuzzRoute(f *testing.F) {
	fuzzField(f, "Route", (*Header).addresses, "<sip:h;lr>, <sip:g;lr>")
}

func FuzzFrom(f *testing.F) { fuzzField(f, "From", (*Header).addresses, "A B <sip:a@h>;tag=1") }

func FuzzTo(f *testing.F) { fuzzField(f, "To", (*Header).addresses, "sip:a@h;tag=1") }

func FuzzURI(f *testing.F) {
	for _, s := range []string{"sip:a@h", "sips:a:b@[::1]:5061;p=q?h=v", "tel:+1;phone-context=x", "sip:2001:db8::10", "sip:[2001:db8:::192.0.2.1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if checkRequestURI(uri) == nil && strings.ContainsAny(uri, " \t\r\n<>\"") {
			t.Errorf("%q is taken", uri)
		}
		if isURI(uri) && !strings.Contains(uri, ":") {
			t.Errorf("%q is a URI", uri)
		}
	})
}
