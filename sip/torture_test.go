package sip

import (
	"bufio"
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attendant/media"
)

// torture is what must come of one message: the status that a request is
// answered with, 0 for none: the message is dropped, or is a response.
type torture struct {
	file   string
	status string
	why    string // of the RFC, or where it leaves the choice, ours
}

// The 49 messages of RFC 4475, octet by octet as its archive has them, but for
// the empty line that baddn lacks there. There is no registrar here: a REGISTER
// that is well formed gets 405.
var torture4475 = []torture{
	{"wsinv", "481", "3.1.1.1 valid; its To has the tag of a dialog that we do not have"},
	{"intmeth", "405", "3.1.1.2 valid, a method that nobody knows"},
	{"esc01", "200", "3.1.1.3 valid"},
	{"escnull", "405", "3.1.1.4 valid REGISTER"},
	{"esc02", "405", "3.1.1.5 valid; the method is not REGISTER"},
	{"lwsdisp", "200", "3.1.1.6 valid"},
	{"longreq", "200", "3.1.1.7 valid"},
	{"dblreq", "405", "3.1.1.8 the first message alone counts: a REGISTER"},
	{"semiuri", "200", "3.1.1.9 valid"},
	{"transports", "200", "3.1.1.10 valid"},
	{"mpart01", "405", "3.1.1.11 valid MESSAGE, which we do not do"},
	{"unreason", "", "3.1.1.12 valid response, to nothing that we asked"},
	{"noreason", "", "3.1.1.13 valid response, likewise"},
	{"badinv01", "400", "3.1.2.1"},
	{"clerr", "400", "3.1.2.2"},
	{"ncl", "400", "3.1.2.3"},
	{"scalar02", "400", "3.1.2.4"},
	{"scalarlg", "", "3.1.2.5 an element must discard it"},
	{"quotbal", "400", "3.1.2.6"},
	{"ltgtruri", "400", "3.1.2.7"},
	{"lwsruri", "400", "3.1.2.8"},
	{"lwsstart", "400", "3.1.2.9"},
	{"trws", "400", "3.1.2.10"},
	{"escruri", "400", "3.1.2.11"},
	{"baddate", "200", "3.1.2.12 400 or, since Date is not read here, taken"},
	{"regbadct", "400", "3.1.2.13"},
	{"badaspec", "400", "3.1.2.14"},
	{"baddn", "400", "3.1.2.15"},
	{"badvers", "505", "3.1.2.16"},
	{"mismatch01", "400", "3.1.2.17"},
	{"mismatch02", "400", "3.1.2.18 400 or 501"},
	{"bigcode", "", "3.1.2.19 an element must discard it"},
	{"badbranch", "200", "3.2.1 handled as RFC 2543 has it"},
	{"insuf", "400", "3.3.1"},
	{"unkscm", "416", "3.3.2"},
	{"novelsc", "416", "3.3.3"},
	{"unksm2", "405", "3.3.4 for a registrar"},
	{"bext01", "420", "3.3.5"},
	{"invut", "415", "3.3.6"},
	{"regaut01", "405", "3.3.7 for a registrar"},
	{"multi01", "400", "3.3.8"},
	{"mcl01", "400", "3.3.9"},
	{"bcast", "", "3.3.10 a response whose Via is not ours"},
	{"zeromf", "200", "3.3.11 answered by the one that it is for"},
	{"cparam01", "405", "3.3.12 for a registrar"},
	{"cparam02", "405", "3.3.13 for a registrar"},
	{"regescrt", "405", "3.3.14 for a registrar"},
	{"sdp01", "406", "3.3.15"},
	{"inv2543", "200", "3.4.1"},
}

// The messages of RFC 5118: all but the second are well formed. They are as
// printed but for three Content-Lengths, which do not fit their bodies there and
// would make faulty what the text calls valid. The texts were compared with two
// transcriptions that others have made of the document.
var torture5118 = []torture{
	{"ipv6-good", "405", "4.1 REGISTER"},
	{"ipv6-bad", "400", "4.2"},
	{"port-ambiguous", "405", "4.3 well formed: the port is part of the address"},
	{"port-unambiguous", "405", "4.4"},
	{"via-received-param-no-delim", "200", "4.5 as the grammar has it"},
	{"via-received-param-with-delim", "481", "4.5 must be parsed all the same; a BYE of no dialog"},
	{"ipv6-in-sdp", "488", "4.6 understood; neither G726 nor video is ours"},
	{"mult-ip-in-header", "481", "4.7"},
	{"mult-ip-in-sdp", "200", "4.8 the audio is IPv4, the video IPv6"},
	{"ipv4-mapped-ipv6", "488", "4.9 understood; the codecs are not ours"},
	{"ipv6-correct-abnf-2-colons", "200", "4.10"},
	{"ipv6-bug-abnf-3-colons", "200", "4.10 must be tolerated"},
}

func TestTorture(t *testing.T) {
	t.Parallel()
	for folder, table := range map[string][]torture{"rfc4475": torture4475, "rfc5118": torture5118} {
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*.dat"))
		if err != nil || len(files) != len(table) {
			t.Fatalf("%d messages and %d outcomes for %s: %v", len(files), len(table), folder, err)
		}
		for _, c := range table {
			t.Run(folder+"/"+c.file, func(t *testing.T) {
				t.Parallel()
				message, err := os.ReadFile(filepath.Join("testdata", folder, c.file+".dat"))
				if err != nil {
					t.Fatal(err)
				}
				if got := outcome(t, message); got != c.status {
					t.Errorf("answered with %q, want %q: %s", got, c.status, c.why)
				}
			})
		}
	}
}

// outcome gives a message to the gate as a datagram and, where it passes, its
// plain form to a server of its own over a connection: the answer comes back
// there, whatever the Via says.
func outcome(t *testing.T, message []byte) string {
	t.Helper()
	s := serve(t, Config{AckTimeout: 50 * time.Millisecond, ByeTimeout: 50 * time.Millisecond}, func(context.Context, media.Leg) {})
	status := ""
	plain := s.pass(message, netip.MustParseAddrPort("127.0.0.1:5060"), func(answer []byte) {
		status = strings.Fields(string(answer))[1]
	})
	if plain == nil || strings.HasPrefix(string(plain), "SIP/2.0") {
		return status
	}
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for r := bufio.NewReader(conn); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		if f := strings.Fields(line); len(f) > 1 && f[0] == "SIP/2.0" && f[1] >= "200" {
			return f[1]
		}
	}
}
