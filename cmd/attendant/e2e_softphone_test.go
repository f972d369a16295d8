//go:build e2e

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attendant/deploy/demo"
	"attendant/dialog"
	"attendant/media"
	"attendant/sip"
)

// desk drives the pages of an agent and a supervisor, step by step.
type desk struct {
	steps io.Writer
	lines *bufio.Scanner
	errs  *syncBuffer
}

// outcome is what a step tells.
type outcome struct {
	Done, Title, Card, Got, Notes string
	Took                          int // ms
}

func openDeskPages(t *testing.T, l *line, microphone string) *desk {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute) // ends before the test's own does, politely
	c := exec.CommandContext(ctx, "node", "desk.mjs", "http://"+l.http+"/", password, microphone)
	c.Dir = "../../console/e2e"
	d := &desk{errs: &syncBuffer{}}
	c.Stderr = d.errs
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.steps, d.lines = in, bufio.NewScanner(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := c.Wait(); err != nil {
			t.Errorf("the pages: %v\n%s", err, d.errs.String())
		}
		cancel()
	})
	return d
}

// do takes one step, given as JSON, and returns what came of it.
func (d *desk) do(t *testing.T, step string) outcome {
	t.Helper()
	if _, err := io.WriteString(d.steps, step+"\n"); err != nil {
		t.Fatal(err)
	}
	var o outcome
	if !d.lines.Scan() || json.Unmarshal(d.lines.Bytes(), &o) != nil || o.Done == "" {
		t.Fatalf("%s: %q\n%s", step, d.lines.Text(), d.errs.String())
	}
	return o
}

// hears has a page hear these tones and no others.
func (d *desk) hears(t *testing.T, when, who, want string) {
	t.Helper()
	if got := d.do(t, fmt.Sprintf(`{"do":"hears","who":%q,"tones":[450,750,1150],"want":%q}`, who, want)).Got; got != want {
		t.Errorf("%s: %s's page hears %q, want %q", when, who, got, want)
	}
}

// post sends a request to the API as a user.
func (l *line) post(t *testing.T, user, path, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+l.http+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(user, password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// callAndAskForAHuman has the caller press 0 as soon as the attendant speaks.
func callAndAskForAHuman(t *testing.T, l *line, caller *phone) {
	t.Helper()
	leg, err := caller.server.Dial(t.Context(), "sip:support@"+l.sip, sip.DialOptions{From: "+15550100"})
	if err != nil {
		t.Fatal(err)
	}
	caller.leg = leg
	leg.Watch()
	go caller.talk(leg) // ends with the leg
	caller.next(t)
	caller.mu.Lock()
	caller.speaks = false
	caller.mu.Unlock()
	time.Sleep(time.Second)
	if err := leg.SendDigits(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
}

// TestE2EDeskAndSupervisionInTheBrowser has an agent take a SIP caller's
// hand-over in Chromium, and a supervisor listen to it, whisper and speak, from
// the pages. Who hears whom is told by tones, on both sides. Then the agent takes
// another by key after the briefing and closes the page: the caller waits again.
func TestE2EDeskAndSupervisionInTheBrowser(t *testing.T) {
	tones := []float64{450, 750, 1150}
	caller := newPhone(t, 450, tones)
	company := t.TempDir()
	if err := os.CopyFS(company, demo.Files); err != nil {
		t.Fatal(err)
	}
	queues := `
queues: [{name: support, wrap_up_codes: [solved, complaint]}]
agents:
  - {name: ann, addresses: [browser], wrap_up: 10m}
  - {name: sue, addresses: [browser], role: supervisor}
`
	if err := os.WriteFile(filepath.Join(company, "queues.yaml"), []byte(queues), 0o600); err != nil {
		t.Fatal(err)
	}
	l := start(t, "ATTENDANT_COMPANY="+company)
	for name, role := range map[string]string{"ann": "agent", "sue": "supervisor"} {
		if status := l.post(t, "admin", "/api/v1/users", fmt.Sprintf(`{"name":%q,"password":%q,"roles":[%q]}`, name, password, role)); status >= 300 {
			t.Fatalf("user %s: status %d", name, status)
		}
	}
	microphone := filepath.Join(t.TempDir(), "tone.wav")
	if out, err := exec.Command("sox", "-n", "-r", "48000", "-c", "1", "-b", "16", microphone, "synth", "10", "sine", "750", "gain", "-12").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v %s", err, out)
	}
	d := openDeskPages(t, l, microphone)
	d.do(t, `{"do":"ready"}`)

	callAndAskForAHuman(t, l, caller)
	if o := d.do(t, `{"do":"ring"}`); !strings.Contains(o.Title, "+15550100") || !strings.Contains(o.Card, "not verified") {
		t.Errorf("the page shows %q and %q", o.Title, o.Card)
	}
	picture(t, d, "ann", "desk-ringing")
	d.do(t, `{"do":"take"}`)
	caller.speak()
	d.hears(t, "together", "ann", "450")
	eventually(t, "together", caller, "750")
	supervised(t, d, caller)
	picture(t, d, "ann", "desk-call")

	d.do(t, `{"do":"press","who":"ann","name":"Hold","then":"The caller is on hold"}`)
	d.hears(t, "on hold", "ann", "")
	d.do(t, `{"do":"press","who":"ann","name":"Resume","then":"With the caller"}`)
	d.hears(t, "resumed", "ann", "450")
	d.do(t, `{"do":"press","who":"ann","name":"Hang up"}`)
	if o := d.do(t, `{"do":"wrapup","code":"solved"}`); !strings.Contains(o.Notes, "Wanted") && o.Notes != "" {
		t.Errorf("notes %q", o.Notes)
	}
	row := lastHandOver(t, l)
	if row.Agent != "ann" || row.Outcome != "answered" || row.Stage != "ended" || row.Closed != "agent hung up" || row.Code != "solved" {
		t.Errorf("hand-over %+v", row)
	}
	caller.leg.Hangup(media.ErrLocalHangup)

	callAndAskForAHuman(t, l, caller)
	d.do(t, `{"do":"ring"}`)
	d.do(t, `{"do":"take","keys":true}`)
	caller.speak()
	eventually(t, "after the briefing", caller, "750")
	time.Sleep(slipOver) // an agent who is gone at once is no test of a page that closes
	d.do(t, `{"do":"vanish"}`)
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if row = lastHandOver(t, l); row.Stage == "waiting" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the agent's page is closed: hand-over %+v", row)
		}
	}
	caller.leg.Hangup(media.ErrLocalHangup)
}

// slipOver is a little more than what dialog takes for a slip of the hand.
const slipOver = 3500 * time.Millisecond

// supervised has a supervisor listen, whisper and speak.
func supervised(t *testing.T, d *desk, caller *phone) {
	t.Helper()
	d.do(t, `{"do":"supervise"}`)
	o := d.do(t, `{"do":"listen","tones":[450,750]}`)
	t.Logf("from the click to hearing the call: %d ms", o.Took)
	d.hears(t, "listening", "sue", "450 750")
	d.hears(t, "listening", "ann", "450")
	eventually(t, "listening", caller, "750")
	picture(t, d, "sue", "live-supervise")
	d.do(t, `{"do":"press","who":"sue","name":"Whisper","then":"Only the agent hears you."}`)
	d.hears(t, "whispering", "ann", "450 1150")
	eventually(t, "whispering", caller, "750")
	d.do(t, `{"do":"press","who":"sue","name":"Speak to both","then":"Everybody hears you."}`)
	eventually(t, "speaking to both", caller, "750 1150")
	d.do(t, `{"do":"press","who":"sue","name":"Leave","then":"You do not hear this call."}`)
	eventually(t, "left", caller, "750")
}

func lastHandOver(t *testing.T, l *line) dialog.HandOver {
	t.Helper()
	var rows []dialog.HandOver
	if l.get(t, "/api/v1/hand-overs?limit=1", &rows); len(rows) != 1 {
		t.Fatalf("%d hand-overs", len(rows))
	}
	return rows[0]
}

// picture takes a picture of a page where pictures are wanted.
func picture(t *testing.T, d *desk, who, name string) {
	t.Helper()
	if *screenshots == "" {
		return
	}
	d.do(t, fmt.Sprintf(`{"do":"picture","who":%q,"name":%q}`, who, filepath.Join(*screenshots, name+".png")))
}
