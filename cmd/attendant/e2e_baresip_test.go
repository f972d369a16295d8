//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/media/dsp"
)

// tonePhone is a baresip whose user says a tone after three seconds, and that writes
// down what it hears. It is told what to do over its control socket.
type tonePhone struct {
	t    *testing.T
	hz   float64
	dir  string // of what it hears
	conn net.Conn
}

// startTonePhone runs a baresip with an account.
func startTonePhone(t *testing.T, hz float64, account string) *tonePhone {
	t.Helper()
	dir, heard := t.TempDir(), t.TempDir()
	tone := filepath.Join(dir, "tone.wav")
	if out, err := exec.Command("sox", "-n", "-r", "8000", "-c", "1", "-b", "16", tone, "synth", "180", "sine", fmt.Sprint(hz), "vol", "0.15", "pad", "3").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v: %s", err, out)
	}
	control := fmt.Sprint("127.0.0.1:", freePort(t))
	for name, content := range map[string]string{
		"config": strings.Join([]string{
			"sip_listen 127.0.0.1:0", "net_interface 127.0.0.1", "module_path /usr/lib/baresip/modules",
			"module aufile.so", "module aubridge.so", "module g711.so", "module sndfile.so", "snd_path " + heard,
			"module_app account.so", "module_app menu.so", "module_app ctrl_tcp.so", "ctrl_tcp_listen " + control,
			"audio_source aufile," + tone, "audio_player aubridge,null", "ausrc_srate 8000", "auplay_srate 8000",
		}, "\n"),
		"accounts": account, "contacts": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	background(t, "baresip", "-f", dir)
	p := &tonePhone{t: t, hz: hz, dir: heard}
	until(t, "baresip listens", func() bool {
		var err error
		p.conn, err = net.Dial("tcp", control)
		return err == nil
	})
	t.Cleanup(func() { p.conn.Close() })
	go func() { _, _ = io.Copy(io.Discard, p.conn) }() // its events, until it ends
	return p
}

// do gives a command, as a netstring of JSON.
func (p *tonePhone) do(command, parameters string) {
	p.t.Helper()
	b, err := json.Marshal(map[string]string{"command": command, "params": parameters})
	if err == nil {
		_, err = fmt.Fprintf(p.conn, "%d:%s,", len(b), b)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// hears are the tones of the last fifth of a second of what the phone has played, of
// 8 kHz; false while it is in no call.
func (p *tonePhone) hears(tones []float64) (string, bool) {
	files, err := filepath.Glob(filepath.Join(p.dir, "*dec.wav"))
	if err != nil || len(files) == 0 {
		return "", false
	}
	data, err := os.ReadFile(files[len(files)-1])
	const header, window = 44, 1600
	if err != nil || len(data) < header+2*window {
		return "", false
	}
	data = data[len(data)-len(data)%2-2*window:]
	var last [window]int16
	for i := range last {
		last[i] = int16(data[2*i]) | int16(data[2*i+1])<<8
	}
	var out []string
	for _, hz := range tones {
		if dsp.Power(last[:], 8000, hz) > 0.15 {
			out = append(out, fmt.Sprint(hz))
		}
	}
	return strings.Join(out, " "), true
}

// eventually waits until the phone hears these tones and no others.
func (p *tonePhone) eventually(when string, tones []float64, want string) {
	p.t.Helper()
	got := ""
	for range 100 {
		if got, _ = p.hears(tones); got == want {
			time.Sleep(400 * time.Millisecond)
			if got, _ = p.hears(tones); got == want {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.t.Errorf("%s: the phone of %v Hz hears %q, want %q", when, p.hz, got, want)
}

// TestE2EBaresipTakesAWarmHandOver has a baresip that is registered as an agent's
// phone take a call from another one, and a supervisor on a third phone listen,
// whisper and barge in; tones tell who hears whom, both ways.
func TestE2EBaresipTakesAWarmHandOver(t *testing.T) {
	tones := []float64{450, 750, 1150}
	sue := newPhone(t, 1150, tones)
	l := start(t)
	for _, args := range [][]string{
		{"phones", "add", "ann", "password=correct-horse", "digest=md5"},
		{"queues", "add", "support"},
		{"agents", "add", "ann", "addresses=ann", "state=available"},
		{"agents", "add", "sue", "role=supervisor", "addresses=sip:sue@" + sue.server.Addr()},
	} {
		l.set(t, args...)
	}
	until(t, "the agents are there", func() bool {
		var agents []struct{ Name string }
		l.get(t, "/api/v1/agents", &agents)
		return len(agents) == 2
	})
	ann := startTonePhone(t, 750, "<sip:ann@"+l.sip+">;auth_pass=correct-horse;regint=60;answermode=auto;audio_codecs=PCMU/8000/1")
	until(t, "the phone is registered", func() bool { return l.gauge(t, "attendant_phones_registered") == 1 })
	caller := startTonePhone(t, 450, "<sip:caller@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1")
	caller.do("dial", "sip:support@"+l.sip)
	until(t, "the attendant speaks", func() bool { _, in := caller.hears(nil); return in })
	caller.do("sndcode", "0")
	until(t, "the agent is briefed", func() bool { _, in := ann.hears(nil); return in })
	time.Sleep(time.Second)
	if got, _ := ann.hears(tones); strings.Contains(got, "450") {
		t.Errorf("the agent hears the caller during the briefing: %s", got)
	}
	ann.do("sndcode", "1")
	caller.eventually("bridged", tones, "750")
	ann.eventually("bridged", tones, "450")

	order := func(verb string) {
		t.Helper()
		var out bytes.Buffer
		args := []string{"order", "--server", l.http, "--password", password, "--by", "sue", "-", verb}
		if status := run(t.Context(), args, environ(t), nil, &out, os.Stderr); status != 0 {
			t.Errorf("order %s: status %d", verb, status)
		}
	}
	order("listen")
	sue.next(t)
	sue.speak()
	eventually(t, "listening", sue, "450 750")
	caller.eventually("listening", tones, "750")
	ann.eventually("listening", tones, "450")
	order("whisper")
	ann.eventually("whispering", tones, "450 1150")
	caller.eventually("whispering", tones, "750")
	eventually(t, "whispering", sue, "450 750")
	order("barge")
	caller.eventually("barging", tones, "750 1150")
	ann.eventually("barging", tones, "450 1150")
	eventually(t, "barging", sue, "450 750")
	caller.do("hangup", "")
	until(t, "no leg is left", func() bool { return l.gauge(t, "attendant_sip_legs") == 0 })
	var rows []dialog.HandOver
	l.get(t, "/api/v1/hand-overs?limit=1", &rows)
	if len(rows) != 1 || rows[0].Agent != "ann" || rows[0].Outcome != "answered" || rows[0].Stage != "ended" {
		t.Errorf("hand-over %+v", rows)
	}
}
