//go:build e2e

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// node runs a script of console/e2e, which drives Chromium, and returns its last
// line.
func node(t *testing.T, script string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "node", append([]string{script}, args...)...)
	c.Dir = "../../console/e2e"
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", script, err, out, errs.String())
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return lines[len(lines)-1]
}

// microphone makes a WAV file as Chromium's false microphone wants it: silence,
// then the text, then silence.
func microphone(t *testing.T, text string, before, after string) string {
	t.Helper()
	dir := t.TempDir()
	said, file := filepath.Join(dir, "said.wav"), filepath.Join(dir, "microphone.wav")
	if status := run(t.Context(), []string{"say", text, "-o", said}, environ(t), nil, io.Discard, os.Stderr); status != 0 {
		t.Fatalf("say: status %d", status)
	}
	if out, err := exec.Command("sox", said, "-r", "48000", "-c", "1", file, "pad", before, after).CombinedOutput(); err != nil {
		t.Fatalf("sox: %v %s", err, out)
	}
	return file
}

// A visitor calls from the page in a real Chromium, asks for an order, and sees
// and hears where it is.
func TestE2EBrowserFindsAnOrder(t *testing.T) {
	l := start(t)
	var got struct {
		Heard    int // ms from the click to the first sound
		Captions []string
		Codec    string
		Packets  int
		Lost     int
		Energy   float64
	}
	line := node(t, "call.mjs", "http://"+l.http+"/", password, microphone(t, "where is my order, one, two, three, four, five", "9", "40"), "Leipzig depot", os.Getenv("SCREENSHOT"))
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	t.Logf("first sound after %d ms, %s, %d packets, %d lost", got.Heard, got.Codec, got.Packets, got.Lost)
	if got.Codec != "audio/G722" || got.Energy < 0.01 || got.Lost > got.Packets/100 {
		t.Errorf("the browser's audio: %+v", got)
	}
	r := l.record(t, 1)
	if r.Transport != "webrtc" || !strings.Contains(text(r, "attendant"), "Leipzig depot") || r.Slots["order"] == "" && r.Flow != "order_status" {
		t.Errorf("record: transport %q, flow %q, slots %v\n%s", r.Transport, r.Flow, r.Slots, text(r, "attendant"))
	}
}

// screenshots is where "make screenshots" wants pictures of the pages.
var screenshots = flag.String("screenshots", "", "folder for pictures of the console's pages")

// Every page opens in both languages without an error, fits a telephone's
// width, and has no serious fault for those who cannot see or use a mouse.
func TestE2EPagesAreForEverybody(t *testing.T) {
	l := start(t)
	if _, status := l.call(t, "say i want to know what happened to my package\ndtmf 54321\nsay goodbye\n"); status != 0 {
		t.Logf("the call ended with status %d", status)
	}
	r := l.record(t, 1)
	args := []string{"http://" + l.http + "/", password, r.ID}
	if *screenshots != "" {
		if err := os.MkdirAll(*screenshots, 0o755); err != nil {
			t.Fatal(err)
		}
		args = append(args, *screenshots)
	}
	var got struct {
		Faults, Errors, Sideways []string
		Looked                   int
	}
	line := node(t, "pages.mjs", args...)
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	for _, f := range append(append(got.Faults, got.Errors...), got.Sideways...) {
		t.Error(f)
	}
	if got.Looked != 36 {
		t.Errorf("looked at %d pages, want 36", got.Looked)
	}
}
