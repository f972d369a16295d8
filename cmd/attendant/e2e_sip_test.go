//go:build e2e || measure

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/sip/wire"
)

// play runs SIPp with the scenario and returns all messages that it has sent
// and received. Each pair of replacements is a word of the scenario and what
// stands in for it.
func play(t *testing.T, to, scenario string, replacements []string, flags ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", scenario))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, trace := filepath.Join(dir, scenario), filepath.Join(dir, "messages")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(replacements...).Replace(string(data))), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := append([]string{"-sf", file, "-i", "127.0.0.1", "-nostdin", "-timeout", "90s", "-timeout_error", "-trace_msg", "-message_file", trace, to}, flags...)
	cmd := exec.CommandContext(ctx, "sipp", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	messages, readErr := os.ReadFile(trace)
	if err != nil || readErr != nil {
		t.Fatalf("sipp: %v\n%s\n%s", err, out[max(0, len(out)-3000):], messages[max(0, len(messages)-3000):])
	}
	return string(messages)
}

// gauge reads one of the server's metrics.
func (l *line) gauge(t *testing.T, name string) (value float64) {
	t.Helper()
	res, err := http.Get("http://" + l.http + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			if _, err := fmt.Sscan(rest, &value); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return value
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// idle waits until no leg and no call is left.
func (l *line) idle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		legs, live := l.gauge(t, "attendant_sip_legs"), map[string]dialog.CallInfo{}
		if l.get(t, "/api/v1/live", &live); legs == 0 && len(live) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v legs and %d calls left", legs, len(live))
		}
		time.Sleep(50 * time.Millisecond) // a BYE is being waited for
	}
}

func TestE2ECancelRightAfterInvite(t *testing.T) {
	l := start(t)
	// What comes between the two is passed over; an answer is repeated.
	play(t, l.sip, "cancel.xml", nil, "-m", "20", "-r", "20", "-l", "20", "-default_behaviors", "none")
	l.idle(t)
	answered := int(l.gauge(t, "attendant_sip_calls_answered"))
	var list []dialog.Record
	for deadline := time.Now().Add(10 * time.Second); len(list) < answered && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		l.get(t, "/api/v1/calls", &list)
	}
	if len(list) != answered {
		t.Errorf("%d records of %d calls that were answered before their CANCEL", len(list), answered)
	}
	if n := l.gauge(t, "attendant_sip_calls_without_ack"); n != 0 {
		t.Errorf("%v calls without ACK", n)
	}
}

func TestE2EByeRightAfterAck(t *testing.T) {
	l := start(t)
	play(t, l.sip, "uac.xml", []string{"ACTION", "", `<pause milliseconds="PAUSE"/>`, ""}, "-m", "20", "-r", "20", "-l", "20")
	l.idle(t)
	l.record(t, 20)
	var list []dialog.Record
	l.get(t, "/api/v1/calls", &list)
	for _, r := range list {
		if r.EndCause != "caller hung up" || r.Ended.IsZero() {
			t.Errorf("call %s ended at %v: %q", r.ID, r.Ended, r.EndCause)
		}
	}
}

// The answer is repeated for 32 s, 64*T1, and then the call is given up.
func TestE2EAnswerWithoutAckIsGivenUp(t *testing.T) {
	l := start(t)
	messages := play(t, l.sip, "noack.xml", nil, "-m", "1")
	// After 0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5 and 31.5 s.
	if n := strings.Count(messages, "\nSIP/2.0 200 OK"); n < 10 || n > 13 { // and ours to the BYE
		t.Errorf("the answer was sent %d times, want 11:\n%s", n, messages)
	}
	l.idle(t)
	if n := l.gauge(t, "attendant_sip_calls_without_ack"); n != 1 {
		t.Errorf("%v calls without ACK, want 1", n)
	}
	var list []dialog.Record
	if l.get(t, "/api/v1/calls", &list); len(list) != 0 {
		t.Errorf("%d records of a call that never was", len(list))
	}
}

func TestE2EGarbageOffersAreRefused(t *testing.T) {
	l := start(t)
	for body, status := range map[string]string{
		"hello":                             "400",
		"v=0\nm=audio":                      "400",
		"v=0\nc=IN\nm=audio 4000 RTP/AVP 0": "400",
		"v=0\nc=IN IP4 127.0.0.1\nm=audio 70000 RTP/AVP 0":    "400",
		"v=0\nm=audio 4000 RTP/AVP 0":                         "400",
		"v=0\nc=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 18 99": "488",
		"v=0\nc=IN IP4 127.0.0.1\nm=video 4000 RTP/AVP 0":     "488",
		// More streams than we look at are refused before a transaction begins.
		"v=0\nc=IN IP4 127.0.0.1\n" + strings.Repeat("m=audio 1 x 0\n", wire.MaxMedia+1): "488",
	} {
		play(t, l.sip, "refused.xml", []string{"BODY", body, "STATUS", status}, "-m", "1")
	}
	l.idle(t)
	var list []dialog.Record
	if l.get(t, "/api/v1/calls", &list); len(list) != 0 {
		t.Errorf("%d records of calls that were refused", len(list))
	}
}

// junk is what no protocol of ours says, or says only in part.
func junk(n int) []byte {
	kinds := []string{
		"\x00", "hello", "GET / HTTP/1.1\r\n\r\n", "INVITE sip:x SIP/2.0\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n",
		"OPTIONS sip:a SIP/2.0\r\nVia: ;;;\r\nCSeq: x\r\n\r\n", "BYE sip:support SIP/2.0\r\nContent-Length: -1\r\n\r\n",
		"\x80", "\x80\x7e\x00\x01\x00\x00\x00\x01\x00\x00\x00\x09payload", // RTP of no type that was agreed on
		"\xbf\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",     // extension and sources that are not there
		"\x81\xc9\x00\x07\x00\x00\x00\x01", "\x80\xc8\xff\xff", // RTCP that is cut off
		strings.Repeat("\xff", 1400), strings.Repeat("A", 9000),
	}
	return []byte(kinds[n%len(kinds)])
}

// spray sends junk over UDP to each address until ctx ends.
func spray(ctx context.Context, t *testing.T, addresses ...string) {
	var conns []net.Conn
	for _, a := range addresses {
		conn, err := net.Dial("udp", a)
		if err != nil {
			t.Errorf("dial %s: %v", a, err)
			return
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, conn := range conns {
				_, _ = conn.Write(junk(n)) // refused where no call uses the port
			}
		}
	}
}

func TestE2ECallSurvivesGarbageOnEveryPort(t *testing.T) {
	const first, last = 42600, 42607
	l := start(t, fmt.Sprintf("ATTENDANT_RTP_FIRST_PORT=%d", first), fmt.Sprintf("ATTENDANT_RTP_LAST_PORT=%d", last))
	ports := []string{l.sip}
	for p := first; p <= last; p++ {
		ports = append(ports, fmt.Sprint("127.0.0.1:", p))
	}
	ctx, stop := context.WithCancel(t.Context())
	var spraying sync.WaitGroup
	spraying.Go(func() { spray(ctx, t, ports...) })
	for n := range 16 {
		conn, err := net.Dial("tcp", l.sip)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(junk(n)); err != nil {
			t.Fatal(err)
		}
	}
	sipp(t, l.sip, `<pause milliseconds="1000"/><nop><action><exec play_dtmf="12345"/></action></nop>`, 14*time.Second, "-m", "1")
	stop()
	spraying.Wait()
	if r := l.record(t, 1); r.Slots["order"] != "12345" || !strings.Contains(text(r, "attendant"), "Leipzig depot") {
		t.Errorf("slots %v, said %s", r.Slots, text(r, "attendant"))
	}
	l.idle(t)
}

// baresip calls with a codec, plays a file and hangs up after seconds. It
// returns what baresip has printed.
func baresip(t *testing.T, to, codec, file string, seconds int, settings ...string) string {
	t.Helper()
	dir := t.TempDir()
	settings = append([]string{
		"sip_listen 127.0.0.1:0", "net_interface 127.0.0.1", "module_path /usr/lib/baresip/modules", "module aufile.so", "module aubridge.so",
		"module_app account.so", "module_app menu.so", "audio_source aufile," + file, "audio_player aubridge,null",
	}, settings...)
	for name, content := range map[string]string{
		"config": strings.Join(settings, "\n"), "accounts": "<sip:ana@127.0.0.1>;regint=0;audio_codecs=" + codec, "contacts": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds+5)*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "baresip", "-s", "-f", dir, "-t", fmt.Sprint(seconds), "-e", "/dial sip:support@"+to).CombinedOutput()
	if err != nil && ctx.Err() == nil {
		t.Logf("baresip: %v\n%s", err, out)
	}
	return string(out)
}

// baresip prints how many packets the reports speak of, sent and received:
// "pkt.report:  754  753".
func TestE2EBaresipGetsReports(t *testing.T) {
	l := start(t)
	tone := filepath.Join(t.TempDir(), "tone.wav")
	if out, err := exec.Command("sox", "-n", "-r", "8000", "-c", "1", "-b", "16", tone, "synth", "30", "sine", "300", "vol", "0.01").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v: %s", err, out)
	}
	for mux, lines := range map[string]int{"no": 0, "yes": 2} { // in offer and answer
		out := baresip(t, l.sip, "PCMU/8000/1", tone, 12, "module g711.so", "rtp_stats yes", "rtcp_mux "+mux)
		_, rest, _ := strings.Cut(out, "pkt.report:")
		var sent, received int
		if _, err := fmt.Sscan(rest, &sent, &received); err != nil || sent == 0 || received == 0 {
			t.Errorf("rtcp_mux %s: reports speak of %d packets sent and %d received: %s", mux, sent, received, rest)
		}
		if n := strings.Count(out, "a=rtcp-mux"); n != lines {
			t.Errorf("rtcp_mux %s: %d times in the descriptions, want %d", mux, n, lines)
		}
	}
}
