package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/speech/openai/openaitest"
)

const testKey = "sk-0123456789abcdef"

const ladderFile = `
turn_budget: 1200ms
model_url: http://127.0.0.1:1/v1
model_name: first
ladder:
  recognisers:
    - {name: near, url: "http://127.0.0.1:8000/v1", model: whisper, key_env: NEAR_KEY, names: [Heliostat]}
    - {url: "http://127.0.0.1:8001/v1", model: whisper, budget: 500ms, plain_json: true}
  voices:
    - {name: near, url: "http://127.0.0.1:8880/v1", model: kokoro, voice: af_heart, key_file: KEYFILE}
  models:
    - {name: near, url: "http://127.0.0.1:11434/v1", model: second, key_env: ATTENDANT_NEAR_MODEL_KEY, budget: 400ms}
`

// ladderConfig reads settings with a key file and the given environment.
func ladderConfig(t *testing.T, settings string, environ ...string) (config, error) {
	t.Helper()
	dir := t.TempDir()
	keyFile, file := filepath.Join(dir, "key"), filepath.Join(dir, "settings.yaml")
	if err := os.WriteFile(keyFile, []byte(testKey+"-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(settings, "KEYFILE", keyFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	return loadConfig(file, environ)
}

func TestLadderIsReadInItsOrder(t *testing.T) {
	c, err := ladderConfig(t, ladderFile, "NEAR_KEY="+testKey, "ATTENDANT_NEAR_MODEL_KEY="+testKey+"-model", "ATTENDANT_MODEL_KEY=old")
	if err = errors.Join(err, c.validate(), c.Ladder.unkeyed); err != nil {
		t.Fatal(err)
	}
	r, v := c.Ladder.Recognisers, c.Ladder.Voices[0]
	if r[0].Key != testKey || r[0].Budget != recogniserBudget || r[0].Names[0] != "Heliostat" || r[1].Name != "127.0.0.1:8001" || r[1].Budget != 500*time.Millisecond || !r[1].Plain {
		t.Errorf("recognisers %+v", r)
	}
	if v.Key != testKey+"-file" || v.Voice != "af_heart" || v.Budget != voiceBudget || c.TurnBudget != 1200*time.Millisecond {
		t.Errorf("voice %+v, turn %v", v, c.TurnBudget)
	}
	e := c.endpoints()
	if len(e) != 2 || e[0].Model != "first" || e[0].Key != "old" || e[1].Model != "second" || e[1].Key != testKey+"-model" || e[1].Timeout != 400*time.Millisecond {
		t.Errorf("%d endpoints, models %v", len(e), e[0].Model)
	}
	var kinds []string
	for _, s := range append(c.Ladder.recognisers(nil, slog.New(slog.DiscardHandler)).Status(), c.voices(nil, slog.New(slog.DiscardHandler)).Status()...) {
		kinds = append(kinds, s.Kind+" "+s.Name)
	}
	if got := strings.Join(kinds, ", "); got != "recogniser near, recogniser 127.0.0.1:8001, recogniser pocketsphinx, voice near, voice flite, voice espeak" {
		t.Errorf("ladders: %s", got)
	}
}

func TestLaddersFaultsAreToldAtOnce(t *testing.T) {
	c, err := ladderConfig(t, `
ladder:
  recognisers:
    - {name: a, url: "ftp://x", model: m, key_env: UNSET_KEY}
    - {name: a, url: "http://u:p@h/v1"}
  voices:
    - {url: "http://h/v1", model: m, format: ogg, rate_hz: 5, key_file: /nowhere, budget: 9s}
`)
	err = errors.Join(err, c.validate(), c.Ladder.unkeyed)
	for _, want := range []string{"recognisers 1: url", "UNSET_KEY", "recognisers 2: url", "recognisers 2: model", `another one is called "a"`, "ogg", "rate_hz", "/nowhere", "9s", "voice is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in: %v", want, err)
		}
	}
	if _, err := ladderConfig(t, "ladder: {voices: [{key: "+testKey+", model: m}]}"); err == nil || !strings.Contains(err.Error(), "unknown field") || strings.Contains(err.Error(), testKey) {
		t.Errorf("a key in the settings: %v", err)
	}
}

// TestKeysPrintAsNothing prints settings in every way that logs and APIs do.
func TestKeysPrintAsNothing(t *testing.T) {
	c, err := ladderConfig(t, ladderFile, "NEAR_KEY="+testKey, "ATTENDANT_NEAR_MODEL_KEY="+testKey)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	l := slog.New(slog.NewTextHandler(&log, nil))
	l.Info("settings", "ladder", c.Ladder, "key", c.Ladder.Recognisers[0].Key)
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{log.String(), string(data), fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c.Ladder), fmt.Sprint(c.Ladder.Recognisers[0].Key)} {
		if strings.Contains(printed, "0123456789abcdef") {
			t.Errorf("a key is printed: %s", printed)
		}
	}
}

// TestDoctorTellsWhatIsWrongInPlainWords tries a vendor of each kind in each way of
// failing. Nothing of what is printed holds the key, which the double's errors tell.
func TestDoctorTellsWhatIsWrongInPlainWords(t *testing.T) {
	d := &openaitest.Server{Key: testKey}
	web := httptest.NewServer(d)
	defer web.Close()
	settings := strings.ReplaceAll(`
ladder:
  recognisers: [{name: r, url: "URL/v1", model: m, key_env: K}]
  voices: [{name: v, url: "URL/v1", model: m, voice: ann, key_env: K, format: mp3}]
  models: [{name: m, url: "URL/v1", model: m, key_env: K}]
`, "URL", web.URL)
	spoken := make([]media.Frame, 50)
	for i := range spoken {
		dsp.Tone(spoken[i][:], media.SampleRateHz, 300, 5000, 0)
	}
	for _, test := range []struct {
		way       openaitest.Way
		key, want string
		ill       bool
	}{
		{openaitest.Well, testKey, "hears a sentence in, speaks a sentence of 1., answers a question in, at first in", false},
		{openaitest.Slow(time.Second), testKey, "over its budget of 800ms, over its budget of 600ms, over its budget of 900ms", false},
		{openaitest.Well, "wrong-" + testKey, "FAULT: the key was refused (401)", true},
		{openaitest.Status(429), testKey, "FAULT: too many requests, or no credit left (429)", true},
		{openaitest.Status(500), testKey, "FAULT: the server has a fault (500)", true},
		{openaitest.Garbage, testKey, "FAULT: the answer is n", true},
		{openaitest.Cut, testKey, "FAULT: the connection was cut", true},
	} {
		d.SetAll(test.way)
		c, err := ladderConfig(t, settings, "K="+test.key)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		lines := 0
		doctor := checkup{report: func(name string, err error, good string) {
			if err != nil {
				good = "FAULT: " + err.Error()
			}
			lines++
			fmt.Fprintln(&out, name, good)
		}}
		err = doctor.hosted(t.Context(), c, spoken)
		if (err != nil) != test.ill || lines != 3 || strings.Contains(out.String()+fmt.Sprint(err), testKey) {
			t.Errorf("%v: error %v, %s", test.way, err, out.String())
		}
		for _, want := range strings.Split(test.want, ", ") {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%v: no word of %q in:\n%s", test.way, want, out.String())
			}
		}
	}
}
