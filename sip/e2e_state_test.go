//go:build e2e

package sip

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"attendant/media"
)

// TestMain is the program itself where this test has started it as a process of
// its own.
func TestMain(m *testing.M) {
	if step := os.Getenv("SIP_STATE_STEP"); step != "" {
		if err := stateStep(step); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// stateStep dials and writes the leg's state down, or goes on with it. It ends
// without a word either way.
func stateStep(step string) error {
	s, err := Listen(Config{Listen: os.Getenv("SIP_STATE_LISTEN"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	go func() { _ = s.Serve(ctx, nil) }() // until the process ends
	file := os.Getenv("SIP_STATE_FILE")
	if step == "dial" {
		leg, err := s.Dial(ctx, os.Getenv("SIP_STATE_URI"), DialOptions{})
		if err != nil {
			return err
		}
		state, err := json.Marshal(leg.State())
		return errors.Join(err, os.WriteFile(file, state, 0o600))
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var st State
	if err := json.Unmarshal(data, &st); err != nil {
		return err
	}
	if err := s.listening(ctx); err != nil {
		return err
	}
	leg, err := s.Restore(st)
	if err != nil {
		return err
	}
	err = leg.Hold(ctx)
	leg.Hangup(media.ErrLocalHangup)
	return err
}

func TestE2EDialogGoesOnInAFreshProcess(t *testing.T) {
	t.Parallel()
	p := startSIPp(t, "uas_state", "")
	environ := append(os.Environ(), "SIP_STATE_LISTEN=127.0.0.1:"+freePort(t), "SIP_STATE_FILE="+t.TempDir()+"/state", "SIP_STATE_URI="+p.uri())
	for _, step := range []string{"dial", "go on"} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(environ, "SIP_STATE_STEP="+step)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", step, err, out)
		}
	}
	m := p.wait()
	for _, want := range []string{"CSeq: 1 INVITE", "CSeq: 2 INVITE", "CSeq: 2 ACK", "CSeq: 3 BYE", " 2 IN IP4", "a=sendonly"} {
		if !strings.Contains(m, want) {
			t.Errorf("no %q in\n%s", want, m)
		}
	}
}
