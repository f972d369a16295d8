package main

import (
	"strings"
	"testing"
	"time"
)

func TestAgentScripts(t *testing.T) {
	s, err := parseAgentScript("# a comment\nanswer after 2s\n\nwait 500ms\nhear Press One\npress 1\nsay good morning\nhangup\n")
	if err != nil || s.after != 2*time.Second || s.status != 0 || s.ignore || len(s.deeds) != 5 {
		t.Fatalf("%+v, %v", s, err)
	}
	if d := s.deeds; d[0].Wait != 500*time.Millisecond || d[1].Await != "press one" || d[2].Digits != "1" || d[3].Say != "good morning" || !d[4].Hangup {
		t.Errorf("deeds %+v", d)
	}
	if s, err := parseAgentScript("decline after 100ms 603"); err != nil || s.status != 603 || s.after != 100*time.Millisecond {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := parseAgentScript("decline"); err != nil || s.status != 486 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := parseAgentScript("ignore"); err != nil || !s.ignore {
		t.Errorf("%+v, %v", s, err)
	}
	for script, want := range map[string]string{
		"wait 1s\nanswer":    "line 2",
		"decline 200":        "declines no call",
		"answer now":         "after 2s",
		"wait soon":          "no time",
		"wait -1s":           "no time",
		"say":                "say what?",
		"wav /nowhere/x.wav": "no such file",
		"dance":              "none of answer",
	} {
		if _, err := parseAgentScript(script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", script, err, want)
		}
	}
}
