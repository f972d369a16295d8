//go:build e2e || measure

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/media/wav"
)

var binary = "../../bin/attendant"

// spawn runs the program itself, as a process that can be killed, on data. It
// ends with the test.
func spawn(t *testing.T, data string) (*line, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command(binary, "serve", "--data", data, "--listen-sip", "127.0.0.1:0", "--listen-http", "127.0.0.1:0")
	cmd.Env, cmd.Stderr = append(os.Environ(), environ(t)...), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	l := &line{data: data}
	for lines := bufio.NewScanner(out); l.http == "" && lines.Scan(); {
		switch name, address, _ := strings.Cut(lines.Text(), ": "); name {
		case "sip":
			l.sip = address
		case "http":
			l.http = address
		}
	}
	if l.http == "" {
		t.Fatal("the program did not start")
	}
	return l, cmd
}

// length reads a recording and returns how long it is.
func length(t *testing.T, name string) time.Duration {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	audio, err := wav.Read(file)
	if err != nil || audio.RateHz == 0 {
		t.Fatalf("%s: %d Hz: %v", name, audio.RateHz, err)
	}
	return time.Duration(len(audio.Channel(0))) * time.Second / time.Duration(audio.RateHz)
}

func TestE2EKilledServerKeepsWhatItHasRecorded(t *testing.T) {
	data := t.TempDir()
	l, cmd := spawn(t, data)
	if _, status := l.call(t, "say goodbye\n"); status != 0 {
		t.Errorf("the first call ended with status %d", status)
	}
	before := l.record(t, 1)

	var calling sync.WaitGroup
	calling.Go(func() {
		// What becomes of this call is not the caller's to say.
		run(t.Context(), []string{"call", "sip:support@" + l.sip, "--say", "what is your return policy", "--timeout", "8s"},
			environ(t), nil, &bytes.Buffer{}, &bytes.Buffer{})
	})
	live := map[string]dialog.CallInfo{}
	for deadline := time.Now().Add(10 * time.Second); len(live) == 0; time.Sleep(50 * time.Millisecond) {
		if l.get(t, "/api/v1/live", &live); time.Now().After(deadline) {
			t.Fatal("the second call did not begin")
		}
	}
	time.Sleep(3 * time.Second) // into the greeting, and past a header or two
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	calling.Wait()

	l, _ = spawn(t, data)
	after := l.record(t, 1)
	if after.ID != before.ID || after.EndCause != before.EndCause || len(after.Turns) != len(before.Turns) || text(after, "attendant") != text(before, "attendant") {
		t.Errorf("record %+v, before the kill %+v", after, before)
	}
	copied := filepath.Join(t.TempDir(), "call.wav")
	for _, args := range [][]string{{"calls", "--data", data}, {"calls", "show", after.ID, "--data", data}, {"calls", "play", after.ID, "-o", copied, "--data", data}} {
		var out bytes.Buffer
		if s := run(t.Context(), args, nil, nil, &out, os.Stderr); s != 0 || args[1] != "play" && !strings.Contains(out.String(), after.ID) {
			t.Errorf("%v: status %d, %s", args, s, out.String())
		}
	}
	if got, want := length(t, copied), after.Ended.Sub(after.Started); got < want-time.Second || got > want+time.Second {
		t.Errorf("the recording lasts %v, the call did %v", got, want)
	}
	l.interrupted(t, after.Recording)
	if _, status := l.call(t, "say goodbye\n"); status != 0 {
		t.Errorf("a call after the restart ended with status %d", status)
	}
	l.record(t, 2)
}

// interrupted checks the recording of the call that was killed: up to a second
// is missing.
func (l *line) interrupted(t *testing.T, finished string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(l.data, "recordings", "*.wav"))
	if err != nil || len(names) != 2 {
		t.Fatalf("recordings %v (%v), want 2", names, err)
	}
	for _, name := range names {
		if filepath.Base(name) == finished {
			continue
		}
		if d := length(t, name); d < time.Second || d > 5*time.Second {
			t.Errorf("%v of the killed call can be heard, want about 3 s", d)
		}
	}
}
