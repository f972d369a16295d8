//go:build e2e || measure

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
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
	"attendant/media"
	"attendant/sip"
)

// line is a running program with its addresses.
type line struct {
	sip, http, data string
	stop            func() int // ends the program as SIGTERM does, and returns its status
	log             *syncBuffer
}

var worker = "../../bin/attendant-pocketsphinx"

// environ keeps the tests free of the machine's settings.
func environ(t *testing.T) []string {
	t.Helper()
	path, err := filepath.Abs(worker)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"ATTENDANT_RECOGNISER_PROGRAM=" + path, "ATTENDANT_LOG_LEVEL=warn", "ATTENDANT_PASSWORD=" + password}
}

// syncBuffer keeps what is logged, for several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// start runs "attendant serve" on free ports, with settings for the environment;
// those that begin with "--" are flags of the program.
func start(t *testing.T, settings ...string) *line {
	t.Helper()
	return startSignalled(t, nil, settings...)
}

// startSignalled is start with signals that the test sends.
func startSignalled(t *testing.T, signals <-chan os.Signal, settings ...string) *line {
	t.Helper()
	l := &line{data: t.TempDir(), log: &syncBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	var args []string
	env := environ(t)
	for _, s := range settings {
		if strings.HasPrefix(s, "--") {
			args = append(args, s)
		} else {
			env = append(env, s)
		}
	}
	r, w := io.Pipe()
	var running sync.WaitGroup
	status := make(chan int, 1)
	args = append(args, "serve", "--data", l.data, "--listen-sip", "127.0.0.1:0", "--listen-http", "127.0.0.1:0")
	running.Go(func() {
		p := &program{ctx: ctx, signals: signals, environ: env, out: w, errout: io.MultiWriter(os.Stderr, l.log)}
		status <- p.run(args)
		w.Close()
	})
	lines := bufio.NewScanner(r)
	for lines.Scan() && l.http == "" {
		name, address, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "sip":
			l.sip = address
		case "http":
			l.http = address
		}
		if l.http != "" {
			break
		}
	}
	if l.http == "" {
		t.Fatal("the program did not start")
	}
	var once sync.Once
	ended := 0
	l.stop = func() int {
		once.Do(func() {
			cancel()
			running.Wait()
			ended = <-status
		})
		return ended
	}
	t.Cleanup(func() {
		if s := l.stop(); s != 0 {
			t.Errorf("the program ended with status %d", s)
		}
	})
	return l
}

// call runs "attendant call" and returns its outcome.
func (l *line) call(t *testing.T, script string, flags ...string) (dialog.Outcome, int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	args := append([]string{"call", "sip:support@" + l.sip, "--json", "--script", file}, flags...)
	status := run(t.Context(), args, environ(t), nil, &out, os.Stderr)
	var o dialog.Outcome
	if err := json.Unmarshal(out.Bytes(), &o); err != nil {
		t.Fatalf("status %d, output %q: %v", status, out.String(), err)
	}
	return o, status
}

// record waits for the n-th call's record and returns the newest.
func (l *line) record(t *testing.T, n int) *dialog.Record {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		var list []dialog.Record
		if l.get(t, "/api/v1/calls", &list); len(list) >= n {
			var r dialog.Record
			l.get(t, "/api/v1/calls/"+list[0].ID, &r)
			return &r
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d records, want %d", len(list), n)
		}
		time.Sleep(100 * time.Millisecond) // a record is written when its call has ended
	}
}

// password is that of the console's administrator in tests.
const password = "a password for tests"

// get asks the API for path. Of a list it yields the items; of the calls going
// on, what is known of each by its ID.
func (l *line) get(t *testing.T, path string, to any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.http+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v: %s", path, res.StatusCode, err, body)
	}
	var list struct{ Items json.RawMessage }
	if err := json.Unmarshal(body, &list); err == nil && list.Items != nil {
		body = list.Items
	}
	if live, ok := to.(*map[string]dialog.CallInfo); ok {
		var calls []struct {
			ID string
			dialog.CallInfo
		}
		err = json.Unmarshal(body, &calls)
		for _, c := range calls {
			(*live)[c.ID] = c.CallInfo
		}
	} else {
		err = json.Unmarshal(body, to)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func text(r *dialog.Record, side string) string {
	var b strings.Builder
	for _, t := range r.Turns {
		if t.Side == side {
			b.WriteString(t.Text + "\n")
		}
	}
	return b.String()
}

func TestE2EOrderIsFoundByVoice(t *testing.T) {
	l := start(t)
	for i, codec := range []string{"G722", "PCMA"} {
		o, status := l.call(t, "say where is my order one two three four five\nsay yes\nsay no thank you goodbye\n", "--codec", codec, "--wait-for", "leipzig depot")
		if status != 0 || !o.Found {
			t.Errorf("%s: status %d, heard %+v", codec, status, o.Turns)
		}
		r := l.record(t, i+1)
		if r.Slots["order"] != "12345" || r.Flow != "order_status" || len(r.Actions) == 0 || r.Actions[0].Outcome != "ok" {
			t.Errorf("%s: slots %v, flow %s, actions %+v", codec, r.Slots, r.Flow, r.Actions)
		}
		if !strings.HasPrefix(r.Codec, codec) || r.Number != "+15550100" || !strings.Contains(text(r, "attendant"), "Leipzig depot") {
			t.Errorf("record %+v", r)
		}
	}
}

func TestE2EKeysFindTheOrderAndAskedNumberIsTaken(t *testing.T) {
	l := start(t)
	o, status := l.call(t, "say i want to know what happened to my package\ndtmf 54321\nsay goodbye\n", "--wait-for", "hamburg depot")
	if status != 0 {
		t.Errorf("status %d, heard %+v", status, o.Turns)
	}
	if r := l.record(t, 1); r.Slots["order"] != "54321" || r.Outcome != "resolved_assumed" {
		t.Errorf("slots %v, outcome %s", r.Slots, r.Outcome)
	}
}

func TestE2EBargeInStopsTheAttendant(t *testing.T) {
	l := start(t)
	l.call(t, "interrupt 1500 what is your return policy\nsay goodbye\n")
	r := l.record(t, 1)
	first := r.Turns[0]
	if !first.Interrupted || !strings.HasPrefix(first.Planned, first.Text) || first.Text == first.Planned {
		t.Errorf("greeting %+v: want it cut", first)
	}
	if !strings.Contains(text(r, "attendant"), "30 days") {
		t.Errorf("the question was not answered: %s", text(r, "attendant"))
	}
}

func TestE2ETwoAngryTurnsBringAnApology(t *testing.T) {
	l := start(t)
	o, status := l.call(t, "say this is ridiculous\nsay this is terrible nobody helps me\nsay no\nsay goodbye\n", "--wait-for", "shall i connect you with a colleague")
	if status != 0 {
		t.Errorf("status %d, heard %+v", status, o.Turns)
	}
	if r := l.record(t, 1); !strings.Contains(text(r, "attendant"), "sorry about the trouble") {
		t.Errorf("no apology: %s", text(r, "attendant"))
	}
}

// human answers as a colleague would, and hangs up after d.
func human(t *testing.T, d time.Duration) string {
	t.Helper()
	phone, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		phone.Serve(ctx, func(_ context.Context, leg media.Leg) {
			talking, end := context.WithTimeout(leg.Context(), d)
			defer end()
			b := media.NewBridge()
			b.Connect(leg, leg)
			b.Run(talking)
		})
	})
	t.Cleanup(func() { cancel(); serving.Wait() })
	return "sip:colleague@" + phone.Addr()
}

func TestE2EHumanIsConnected(t *testing.T) {
	l := start(t, "ATTENDANT_HUMAN="+human(t, 3*time.Second))
	l.call(t, "dtmf 0\n")
	r := l.record(t, 1)
	if r.Outcome != "escalated" || !strings.Contains(text(r, "attendant"), "connect you with a colleague") {
		t.Errorf("outcome %s: %s", r.Outcome, text(r, "attendant"))
	}
}

func TestE2ENobodyAnswersAndACallbackIsFiled(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	l := start(t, "ATTENDANT_HUMAN=sip:colleague@"+silent.LocalAddr().String(), "ATTENDANT_RING_TIMEOUT=2s")
	o, status := l.call(t, "say agent please\nsay yes\ndtmf 15550199#\nsay goodbye\n", "--wait-for", "your ticket number is")
	if status != 0 {
		t.Errorf("status %d, heard %+v", status, o.Turns)
	}
	r := l.record(t, 1)
	if len(r.Actions) != 1 || r.Actions[0].Operation != "create_ticket" || r.Actions[0].Outcome != "ok" {
		t.Errorf("actions %+v", r.Actions)
	}
}

func TestE2EStoppingEndsCallsWithASentence(t *testing.T) {
	l := start(t)
	var calling sync.WaitGroup
	var o dialog.Outcome
	calling.Go(func() { o, _ = l.call(t, "say what is your return policy\nsay what is your return policy\n") })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		live := map[string]dialog.CallInfo{}
		if l.get(t, "/api/v1/live", &live); len(live) == 1 || time.Now().After(deadline) {
			break
		}
	}
	time.Sleep(2 * time.Second) // into the greeting
	if s := l.stop(); s != 0 {
		t.Errorf("status %d", s)
	}
	calling.Wait()
	heard := ""
	for _, turn := range o.Turns {
		heard += turn.Text + " "
	}
	if !strings.Contains(heard, "we have to end this call now") {
		t.Errorf("the caller heard %q", heard)
	}
	var out bytes.Buffer
	if s := run(t.Context(), []string{"calls", "--json", "--data", l.data}, nil, nil, &out, os.Stderr); s != 0 || !strings.Contains(out.String(), "shut down") && !strings.Contains(out.String(), "tech_failure") {
		t.Errorf("status %d, records %s", s, out.String())
	}
}

// sipp runs SIPp with the scenario; action stands between ACK and pause.
func sipp(t *testing.T, to, action string, pause time.Duration, flags ...string) {
	t.Helper()
	play(t, to, "uac.xml", []string{"ACTION", action, "PAUSE", fmt.Sprint(pause.Milliseconds())}, flags...)
}

// ulaw renders words as raw µ-law for SIPp.
func ulaw(t *testing.T, words string, before string) string {
	t.Helper()
	dir := t.TempDir()
	wav, raw := filepath.Join(dir, "words.wav"), filepath.Join(dir, "words.ul")
	if s := run(t.Context(), []string{"say", words, "-o", wav, "--name", "rms"}, nil, nil, io.Discard, os.Stderr); s != 0 {
		t.Fatalf("say: status %d", s)
	}
	if out, err := exec.Command("sox", wav, "-t", "ul", "-r", "8000", raw, "pad", before, "4").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v: %s", err, out)
	}
	return raw
}

// TestE2ESIPpTwentyCallsAtOnce has twenty callers ask at the same moment. What
// must hold on any machine: each is answered, greeted, recorded and ended right;
// what is heard is not mixed up between calls; and afterwards a caller alone is
// served. How many of twenty at once are understood in time depends on the machine:
// TestMeasureLoad.
func TestE2ESIPpTwentyCallsAtOnce(t *testing.T) {
	l := start(t)
	raw := ulaw(t, "where is my order one two three four five", "7")
	sipp(t, l.sip, `<nop><action><exec rtp_stream="`+raw+`,1,0,PCMU/8000"/></action></nop>`, 16*time.Second, "-m", "20", "-r", "10", "-l", "20")
	var list []dialog.Record
	l.record(t, 20)
	l.get(t, "/api/v1/calls", &list)
	understood := 0
	for _, brief := range list {
		var r dialog.Record
		l.get(t, "/api/v1/calls/"+brief.ID, &r)
		if r.EndCause != "caller hung up" || r.Recording == "" || !strings.Contains(text(&r, "attendant"), "Sunny Kettle Energy") {
			t.Errorf("call %s ended: %s; recording %q, said %q", r.ID, r.EndCause, r.Recording, text(&r, "attendant"))
		}
		if d := length(t, filepath.Join(l.data, "recordings", r.Recording)); d < 3*time.Second {
			t.Errorf("call %s: %v of recording", r.ID, d)
		}
		heard := strings.Contains(text(&r, "caller"), "where is my order")
		if heard && r.Flow != "order_status" {
			t.Errorf("call %s: %q was understood as %q", r.ID, text(&r, "caller"), r.Flow)
		}
		if r.Flow == "order_status" {
			understood++
		}
	}
	t.Logf("%d of %d at once understood in time", understood, len(list))
	live := map[string]dialog.CallInfo{}
	if l.get(t, "/api/v1/live", &live); len(live) != 0 {
		t.Errorf("%d legs left", len(live))
	}
	if o, status := l.call(t, "dtmf 12345#\nsay goodbye\n", "--wait-for", "leipzig depot"); status != 0 {
		t.Errorf("a caller alone, afterwards: status %d, heard %+v", status, o.Turns)
	}
}

func TestE2ESIPpKeysFindTheOrder(t *testing.T) {
	l := start(t)
	sipp(t, l.sip, `<pause milliseconds="1000"/><nop><action><exec play_dtmf="12345"/></action></nop>`, 14*time.Second, "-m", "1")
	if r := l.record(t, 1); r.Slots["order"] != "12345" || !strings.Contains(text(r, "attendant"), "Leipzig depot") {
		t.Errorf("slots %v, said %s", r.Slots, text(r, "attendant"))
	}
}

func TestE2EBaresipAsksForAnOrder(t *testing.T) {
	l := start(t)
	dir := t.TempDir()
	wav := filepath.Join(dir, "words.wav")
	if s := run(t.Context(), []string{"say", "where is my order one two three four five", "-o", wav, "--name", "rms"}, nil, nil, io.Discard, os.Stderr); s != 0 {
		t.Fatalf("say: status %d", s)
	}
	padded := filepath.Join(dir, "padded.wav")
	if out, err := exec.Command("sox", wav, padded, "pad", "8", "14").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v: %s", err, out)
	}
	out := baresip(t, l.sip, "G722/16000/1", padded, 30, "module g722.so", "ausrc_srate 16000", "auplay_srate 16000")
	r := l.record(t, 1)
	if r.Slots["order"] != "12345" || !strings.HasPrefix(r.Codec, "G722") {
		t.Fatalf("slots %v, codec %s, said %s\n%s", r.Slots, r.Codec, text(r, "caller"), out)
	}
	copied := filepath.Join(dir, "call.wav")
	if s := run(t.Context(), []string{"calls", "play", r.ID, "-o", copied, "--data", l.data}, nil, nil, io.Discard, os.Stderr); s != 0 {
		t.Fatalf("play: status %d", s)
	}
	var heard bytes.Buffer
	if s := run(t.Context(), []string{"transcribe", copied, "--channel", "1", "--other"}, environ(t), nil, &heard, os.Stderr); s != 0 || !strings.Contains(heard.String(), "leipzig depot") {
		t.Errorf("status %d, the recording says %q", s, heard.String())
	}
}

func TestE2EWrongSettingsAreToldAtOnce(t *testing.T) {
	var errs bytes.Buffer
	status := run(t.Context(), []string{"serve", "--listen-sip", "nowhere"}, []string{"ATTENDANT_VOICE=parrot", "ATTENDANT_LOUDNESS=11"}, nil, io.Discard, &errs)
	for _, want := range []string{"nowhere", "parrot", "ATTENDANT_LOUDNESS"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("%q does not mention %s", errs.String(), want)
		}
	}
	if status != 2 {
		t.Errorf("status %d, want 2", status)
	}
}
