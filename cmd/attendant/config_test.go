package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLaterSettingsWin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte("human: sip:a@example.com\nring_timeout: 5s\nmax_calls: 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig(file, []string{"ATTENDANT_MAX_CALLS=9", "HOME=/root"})
	if err != nil || c.Human != "sip:a@example.com" || c.RingTimeout != 5*time.Second || c.MaxCalls != 9 {
		t.Errorf("%+v, %v", c, err)
	}
	serveCommand{Human: "sip:b@example.com"}.apply(&c)
	if c.Human != "sip:b@example.com" {
		t.Errorf("human %s, want the flag's", c.Human)
	}
}

func TestUnknownKeyIsShownWithItsLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte("human: sip:a@example.com\nloudness: 11\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := loadConfig(file, nil)
	if !errors.Is(err, errSettings) || !strings.Contains(err.Error(), "[2:1]") || !strings.Contains(err.Error(), "^") {
		t.Errorf("error %v, want line 2 with a caret", err)
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	c := defaults()
	c.ListenSIP, c.Voice, c.RTPFirst, c.LogLevel, c.MaxCalls = "x", "parrot", 70000, "loud", 0
	err := c.validate()
	for _, want := range []string{"listen_sip", "parrot", "rtp_first_port", "loud", "max_calls"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in: %v", want, err)
		}
	}
}

func TestDefaultsAreValid(t *testing.T) {
	c := defaults()
	if err := c.validate(); err != nil {
		t.Error(err)
	}
}

func TestScripts(t *testing.T) {
	lines, err := script("say hello there\n# a remark\n\ndtmf 12#\ninterrupt 1500 stop it\n")
	if err != nil || len(lines) != 3 || lines[0].Say != "hello there" || lines[1].Digits != "12#" || lines[2].Interrupt != 1500*time.Millisecond {
		t.Errorf("%+v, %v", lines, err)
	}
	for _, bad := range []string{"sing", "interrupt x y", "interrupt 100", "wav /nowhere.wav"} {
		if _, err := script(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
