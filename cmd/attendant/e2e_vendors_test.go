//go:build e2e || measure

package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/media"
	"attendant/media/dsp"
	"attendant/speech"
	"attendant/speech/openai/openaitest"
)

// vendored runs the program with a vendor of each kind at the double, which speaks
// with a real voice. Budgets are the defaults, or wide ones for a busy machine.
func vendored(t *testing.T, d *openaitest.Server, wide bool) *line {
	t.Helper()
	d.Key, d.Speak = testKey, fliteSpeaks
	web := httptest.NewServer(d)
	t.Cleanup(web.Close)
	file := filepath.Join(t.TempDir(), "settings.yaml")
	settings := strings.ReplaceAll(`
ladder:
  recognisers: [{name: near, url: "URL/v1", model: m, key_env: NEAR_KEY, BUDGET}]
  voices: [{name: near, url: "URL/v1", model: m, voice: slt, key_env: NEAR_KEY, BUDGET}]
  models: [{name: near, url: "URL/v1", model: m, key_env: NEAR_KEY}]
`, "URL", web.URL)
	if wide {
		settings = "turn_budget: 4s\n" + strings.ReplaceAll(settings, "BUDGET", "budget: 2s")
	}
	settings = strings.ReplaceAll(settings, ", BUDGET", "")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, "--settings="+file, "NEAR_KEY="+testKey, "ATTENDANT_LOG_LEVEL=debug")
}

func fliteSpeaks(text string) []int16 {
	s, err := say(context.Background(), voices()["flite"], speech.Voice{Name: "slt"}, text)
	if err != nil {
		return nil
	}
	var pcm []int16
	for i := range s.Audio {
		pcm = append(pcm, s.Audio[i][:]...)
	}
	return dsp.NewResampler(media.SampleRateHz, openaitest.RateHz).Resample(nil, pcm)
}

// hears recognises the lines one after the other.
func hears(lines ...string) func(openaitest.Heard) string {
	var mu sync.Mutex
	return func(openaitest.Heard) string {
		mu.Lock()
		defer mu.Unlock()
		if len(lines) == 0 {
			return ""
		}
		line := lines[0]
		lines = lines[1:]
		return line
	}
}

// first is when the caller heard anything after a turn.
func first(d dialog.Delays) time.Duration {
	if d.Moment > 0 {
		return d.Moment
	}
	return d.Total
}

// TestE2EVendorsServeAndAreLeft holds a call with vendors that are well, then one
// with all of them hanging: the embedded parts serve it. The key is nowhere.
func TestE2EVendorsServeAndAreLeft(t *testing.T) {
	d := &openaitest.Server{Hear: hears("Where is my order 12345?", "No, thank you. Goodbye.")}
	l := vendored(t, d, true)
	const script = "say where is my order one two three four five\nsay no thank you goodbye\n"
	if o, status := l.call(t, script, "--wait-for", "leipzig depot"); status != 0 {
		t.Errorf("vendors that are well: status %d, heard %+v", status, o.Turns)
	}
	r := l.record(t, 1)
	if !strings.Contains(text(r, "caller"), "where is my order 12345") || r.Slots["order"] != "12345" {
		t.Errorf("recognised %q, slots %v", text(r, "caller"), r.Slots)
	}
	for _, turn := range r.Turns {
		if !strings.HasPrefix(turn.Vendor, "near") {
			t.Errorf("%s turn %q by %q", turn.Side, turn.Text, turn.Vendor)
		}
	}

	d.SetAll(openaitest.Hang)
	if o, status := l.call(t, strings.Replace(script, "\n", "\nsay how much is delivery\n", 1), "--wait-for", "leipzig depot"); status != 0 {
		t.Errorf("hanging vendors: status %d, heard %+v", status, o.Turns)
	}
	r = l.record(t, 2)
	if len(r.Switches) < 2 || r.Slots["order"] != "12345" {
		t.Errorf("switches %+v, slots %v", r.Switches, r.Slots)
	}
	for _, turn := range r.Turns {
		if turn.Side == "caller" && turn.Vendor != "pocketsphinx" || turn.Delays != nil && first(*turn.Delays) > 10*time.Second {
			t.Errorf("%s turn %q by %q, delays %+v", turn.Side, turn.Text, turn.Vendor, turn.Delays)
		}
	}
	l.keyIsNowhere(t, r.ID)
}

// keyIsNowhere looks for the key in the log at level debug, the metrics, the API.
func (l *line) keyIsNowhere(t *testing.T, call string) {
	t.Helper()
	for _, path := range []string{"/metrics", "/api/v1/vendors", "/api/v1/calls/" + call, "/api/openapi.json"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.http+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("admin", password)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || strings.Contains(string(body), testKey) {
			t.Errorf("%s: status %d, %v, with the key: %v", path, res.StatusCode, err, strings.Contains(string(body), testKey))
		}
	}
	l.stop()
	if log := l.log.String(); strings.Contains(log, testKey) || !strings.Contains(log, "left for the next") {
		t.Errorf("the log has the key, or no word of vendors being left: %s", log)
	}
}
