//go:build e2e

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"attendant/dialog"
)

// scriptedPhone is "attendant agent" that runs; its report is read after wait.
type scriptedPhone struct {
	out    syncBuffer
	told   syncBuffer
	status int
	ended  sync.WaitGroup
}

// startAgent runs "attendant agent" as a phone of that name until it has registered.
func startAgent(t *testing.T, l *line, name, script string, flags ...string) *scriptedPhone {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &scriptedPhone{}
	ctx, cancel := context.WithCancel(context.Background())
	args := append([]string{"agent", "--uri", "sip:" + name + "@" + l.sip, "--password", "secret of " + name, "--script", file, "--timeout", "2m"}, flags...)
	p.ended.Go(func() { p.status = run(ctx, args, environ(t), nil, &p.out, &p.told) })
	t.Cleanup(func() { cancel(); p.ended.Wait() })
	for range 200 {
		p.told.mu.Lock()
		registered := strings.Contains(p.told.String(), "registered")
		p.told.mu.Unlock()
		if registered {
			return p
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s has not registered: %s", name, p.told.String())
	return nil
}

// report waits until the agent has ended and returns what it tells of its first
// call.
func (p *scriptedPhone) report(t *testing.T) agentReport {
	t.Helper()
	p.ended.Wait()
	var r agentReport
	if err := json.NewDecoder(bytes.NewReader(p.out.Bytes())).Decode(&r); err != nil || p.status != 0 {
		t.Fatalf("status %d, %v: %s%s", p.status, err, p.out.String(), p.told.String())
	}
	return r
}

// TestE2EScriptedAgents sets agents and a queue while the server runs; the first
// agent declines, the second is briefed and takes the call. What is recorded can be
// played by the key alone.
func TestE2EScriptedAgents(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := start(t, "ATTENDANT_RECORDING_RECIPIENTS="+key.Recipient().String())
	for _, args := range [][]string{
		{"queues", "add", "support"},
		{"phones", "add", "ann", "password=secret of ann"},
		{"phones", "add", "bob", "password=secret of bob"},
		{"agents", "add", "ann", "state=available"},
		{"agents", "add", "bob", "title=Bob", "state=available"},
	} {
		var out bytes.Buffer
		if status := run(t.Context(), append(args, "--data", l.data), environ(t), nil, &out, &out); status != 0 {
			t.Fatalf("%v: status %d: %s", args, status, out.String())
		}
	}
	for range 100 { // what another process has set applies within a second
		var agents []struct{ Name string }
		if l.get(t, "/api/v1/agents", &agents); len(agents) == 2 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	ann := startAgent(t, l, "ann", "decline after 200ms\n")
	bob := startAgent(t, l, "bob", "answer after 200ms\nwait 2s\npress 1\nwait 1s\nsay good morning how may i help you\n")
	o, status := l.call(t, "dtmf 0\n", "--wait-for", "help you")
	if status != 0 {
		t.Errorf("status %d, the caller heard %+v", status, o.Turns)
	}
	if r := ann.report(t); r.Declined != 486 {
		t.Errorf("ann: %+v", r)
	}
	r := bob.report(t)
	if r.Fault != "" || !strings.Contains(reported(r, "human"), "how may i help you") {
		t.Errorf("bob: %+v", r)
	}
	var rows []dialog.HandOver
	l.get(t, "/api/v1/hand-overs?limit=1", &rows)
	if len(rows) != 1 || rows[0].Agent != "bob" || len(rows[0].Tries) != 2 || rows[0].Tries[0].Result != "busy" || rows[0].Tries[1].Result != "accepted" {
		t.Errorf("hand-over %+v", rows)
	}
	l.sealed(t, identity)
}

// sealed checks that the newest call's recordings are sealed and are played by an
// identity.
func (l *line) sealed(t *testing.T, identity string) {
	t.Helper()
	r := l.record(t, 1)
	if len(r.Legs) != 1 {
		t.Fatalf("recordings %q and %q, want one of the agent's leg", r.Recording, r.Legs)
	}
	for i, name := range []string{r.Recording, r.Legs[0]} {
		raw, err := os.ReadFile(filepath.Join(l.data, "recordings", name))
		if err != nil || !strings.HasSuffix(name, ".wav.age") || !bytes.HasPrefix(raw, []byte("age-encryption.org/v1\n")) {
			t.Errorf("%s begins with %.24q, %v", name, raw, err)
		}
		played := filepath.Join(t.TempDir(), "played.wav")
		args := []string{"calls", "play", r.ID, "--leg", fmt.Sprint(i), "-o", played, "--data", l.data}
		if status := run(t.Context(), args, environ(t), nil, io.Discard, io.Discard); status == 0 {
			t.Error("a sealed recording was played without the key")
		}
		if status := run(t.Context(), args, append(environ(t), "ATTENDANT_RECORDING_IDENTITY="+identity), nil, io.Discard, os.Stderr); status != 0 {
			t.Fatalf("play: status %d", status)
		}
		if frames, err := audioOf(played); err != nil || len(frames) < 50 {
			t.Errorf("%s: %d frames, %v", name, len(frames), err)
		}
	}
}

// reported are the words of one side.
func reported(r agentReport, side string) string {
	var out []string
	for _, turn := range r.Turns {
		if turn.Side == side {
			out = append(out, turn.Text)
		}
	}
	return strings.Join(out, " ")
}
