//go:build e2e || measure

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"attendant/console"
	"attendant/dialog"
)

// background runs a program until the test ends.
func background(t *testing.T, name string, args ...string) *bytes.Buffer {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, t.TempDir()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // Kamailio ends its children then
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was told to end
		if t.Failed() {
			text := out.String()
			t.Logf("%s: %s", name, text[max(0, len(text)-4000):])
		}
	})
	return out
}

// freePort is a UDP port that is free now, for programs that cannot take any.
func freePort(t *testing.T) int {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// until waits for what a running server finds out.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(25 * time.Second); !happened(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 25 s: %s", what)
		}
	}
}

// set runs a command on the data folder of a running server.
func (l *line) set(t *testing.T, args ...string) string {
	t.Helper()
	status, out := cli(t, l.data, args...)
	if status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, out)
	}
	return out
}

// dial runs "attendant call" to any address and returns what was heard.
func (l *line) dial(t *testing.T, uri, script string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	status := run(t.Context(), []string{"call", uri, "--json", "--script", file, "--from", "0301111111"}, environ(t), nil, &out, os.Stderr)
	var o dialog.Outcome
	if err := json.Unmarshal(out.Bytes(), &o); err != nil {
		t.Fatalf("status %d, output %q: %v", status, out.String(), err)
	}
	var heard strings.Builder
	for _, turn := range o.Turns {
		heard.WriteString(turn.Text + " ")
	}
	return heard.String()
}

// trunk tells how it stands with the only trunk.
func (l *line) trunk(t *testing.T) console.Trunk {
	t.Helper()
	var list []console.Trunk
	if l.get(t, "/api/v1/trunks", &list); len(list) != 1 {
		return console.Trunk{}
	}
	return list[0]
}

func TestE2ETrunkRegistersAndItsNumbersFollowTheirRules(t *testing.T) {
	port := freePort(t)
	config, err := os.ReadFile(filepath.Join("testdata", "kamailio.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Glob("/usr/lib/*/kamailio/modules")
	if err != nil || len(modules) == 0 {
		t.Fatalf("kamailio's modules: %v", err)
	}
	file := filepath.Join(t.TempDir(), "kamailio.cfg")
	if err := os.WriteFile(file, []byte(strings.NewReplacer("PORT", fmt.Sprint(port), "MODULES", modules[0]).Replace(string(config))), 0o600); err != nil {
		t.Fatal(err)
	}
	background(t, "kamailio", "-f", file, "-DD", "-E", "-Y", t.TempDir())
	l := start(t, "ATTENDANT_REGION=DE")
	registrar := fmt.Sprint("127.0.0.1:", port)
	l.set(t, "trunks", "add", "carrier", "preset=register", "host="+registrar, "user=support", "password=wrong", "region=DE", "options_seconds=2", "register_seconds=120")
	until(t, "the wrong password is told", func() bool {
		return strings.Contains(l.trunk(t).Registered, "the user or the password is wrong") && !l.trunk(t).Good
	})
	l.set(t, "trunks", "set", "carrier", "password=opensesame")
	until(t, "it is registered and answers", func() bool {
		tr := l.trunk(t)
		return tr.Good && strings.Contains(tr.Registered, "for 1m0s") && strings.Contains(tr.Reachable, "answers OPTIONS")
	})

	// The server is running; the rule changes between its calls.
	uri := "sip:+49301234567@" + registrar
	l.set(t, "numbers", "add", "030 1234567", "flow=order_status")
	l.dial(t, uri, "dtmf 12345#\nsay goodbye\n")
	r := l.record(t, 1)
	if r.Trunk != "carrier" || r.Dialled != "+49301234567" || r.Number != "+49301111111" || r.Flow != "order_status" || strings.Contains(r.Turns[0].Text, "How can I help") {
		t.Errorf("trunk %q, dialled %q from %q, flow %s, began with %+v", r.Trunk, r.Dialled, r.Number, r.Flow, r.Turns[0])
	}
	l.set(t, "numbers", "set", "030 1234567", "hours.weekly=mon 00:00-00:01", "hours.holidays=2000-01-01..2099-12-31", "fallback.message=We are closed until Monday.")
	l.dial(t, uri, "say hello\n")
	if r = l.record(t, 2); r.Outcome != "out_of_scope_closed" || text(r, "attendant") != "We are closed until Monday.\n" || r.EndCause != "attendant hung up" {
		t.Errorf("outcome %s, said %q, ended: %s", r.Outcome, text(r, "attendant"), r.EndCause)
	}
	if tr := l.trunk(t); tr.Incoming != 2 || tr.Active != 0 {
		t.Errorf("trunk %+v", tr)
	}
}

func TestE2EAgentsPhoneRegistersAndIsRung(t *testing.T) {
	l := start(t, "ATTENDANT_HUMAN=ana")
	l.set(t, "phones", "add", "ana", "password=correct-horse", "digest=md5")
	tone := filepath.Join(t.TempDir(), "tone.wav")
	if out, err := exec.Command("sox", "-n", "-r", "8000", "-c", "1", "-b", "16", tone, "synth", "20", "sine", "300", "vol", "0.1").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v: %s", err, out)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"config": strings.Join([]string{
			"sip_listen 127.0.0.1:0", "net_interface 127.0.0.1", "module_path /usr/lib/baresip/modules", "module aufile.so", "module aubridge.so", "module g711.so",
			"module_app account.so", "module_app menu.so", "audio_source aufile," + tone, "audio_player aubridge,null",
		}, "\n"),
		"accounts": "<sip:ana@" + l.sip + ">;auth_pass=correct-horse;regint=60;answermode=auto;audio_codecs=PCMU/8000/1", "contacts": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	background(t, "baresip", "-f", dir, "-t", "80")
	until(t, "the phone is registered", func() bool { return l.gauge(t, "attendant_phones_registered") == 1 })
	if out := l.set(t, "phones", "list"); !strings.Contains(out, "registered") || !strings.Contains(out, "udp:127.0.0.1:") {
		t.Errorf("phones: %s", out)
	}
	l.call(t, "dtmf 0\n")
	if r := l.record(t, 1); r.Outcome != "escalated" {
		t.Errorf("outcome %s: %s", r.Outcome, text(r, "attendant"))
	}
}

func TestE2ETrunkThatFailsOptionsIsShownAndNothingIsDialledUnlessAllowed(t *testing.T) {
	port := freePort(t)
	scenario, err := filepath.Abs(filepath.Join("testdata", "options.xml"))
	if err != nil {
		t.Fatal(err)
	}
	background(t, "sipp", "-sf", scenario, "-i", "127.0.0.1", "-p", fmt.Sprint(port), "-nostdin", "-m", "1000")
	l := start(t, "ATTENDANT_REGION=DE", "ATTENDANT_ACCEPT_UNKNOWN=false")
	l.set(t, "trunks", "add", "carrier", "preset=address", "host=127.0.0.1:"+fmt.Sprint(port), "options_seconds=2")
	until(t, "the trunk is down", func() bool {
		tr := l.trunk(t)
		return tr.Name == "carrier" && !tr.Good
	})
	if out := l.set(t, "trunks", "list"); !strings.Contains(out, "down") || !strings.Contains(out, "overloaded or down (503") {
		t.Errorf("trunks: %s", out)
	}
	if up := l.gauge(t, `attendant_trunk_up{trunk="carrier"}`); up != 0 {
		t.Errorf("attendant_trunk_up is %v", up)
	}

	// Another program calls this one over a trunk; it says that it is closed.
	other := t.TempDir()
	change := func(args ...string) {
		if status, out := cli(t, other, args...); status != 0 {
			t.Fatalf("%v: %s", args, out)
		}
	}
	dial := func(number string) (int, string) {
		var out bytes.Buffer
		status := run(t.Context(), []string{"dial", number, "--data", other, "--listen", "127.0.0.1:0"}, environ(t), nil, &out, &out)
		return status, out.String()
	}
	change("trunks", "add", "peer", "host="+l.sip, "region=DE", "caller_id=+49301111111")
	if status, out := dial("030 1234567"); status != 1 || !strings.Contains(out, "outgoing calls are off") {
		t.Errorf("without a list: status %d: %s", status, out)
	}
	change("trunks", "set", "peer", "outbound=DE")
	if status, out := dial("030 1234567"); status != 1 || !strings.Contains(out, "403") {
		t.Errorf("a stranger's call: status %d: %s", status, out)
	}
	l.set(t, "trunks", "add", "peer", "allow=127.0.0.1", "trusted=true", "region=DE")
	l.set(t, "numbers", "add", "*", "hours.holidays=2000-01-01..2099-12-31", "fallback.message=We are closed.")
	if status, out := dial("030 1234567"); status != 0 {
		t.Errorf("status %d: %s", status, out)
	}
	if r := l.record(t, 1); r.Trunk != "peer" || r.Number != "+49301111111" || r.Dialled != "+49301234567" {
		t.Errorf("trunk %q, %q to %q", r.Trunk, r.Number, r.Dialled)
	}
	if status, out := dial("112"); status != 1 || !strings.Contains(out, "emergency") {
		t.Errorf("an emergency number: status %d: %s", status, out)
	}
}
