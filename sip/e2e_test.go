//go:build e2e

package sip

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attendant/media"
)

// freePort is a port of 127.0.0.1 that nobody has, over UDP.
func freePort(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	return port
}

// sippRun is a SIPp that plays a scenario.
type sippRun struct {
	t      *testing.T
	cmd    *exec.Cmd
	output strings.Builder
	trace  string
	done   chan error
	addr   string // where it listens
}

// startSIPp plays testdata/sipp/NAME.xml once; words are pairs of a word of the
// scenario and what stands for it. To is whom it calls, empty for a callee.
func startSIPp(t *testing.T, name, to string, words ...string) *sippRun {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "sipp", name+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	dir, port := t.TempDir(), freePort(t)
	if name == "uas_auth" {
		words = append(words, "RESPONSE", rightResponse(port))
	}
	file := filepath.Join(dir, name+".xml")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(words...).Replace(string(data))), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &sippRun{t: t, trace: filepath.Join(dir, "messages"), done: make(chan error, 1), addr: "127.0.0.1:" + port}
	args := []string{
		"-sf", file, "-i", "127.0.0.1", "-p", port, "-m", "1", "-nostdin", "-timeout", "40s", "-timeout_error",
		"-default_behaviors", "none", "-trace_msg", "-message_file", p.trace,
	}
	if to != "" {
		args = append(args, to)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	p.cmd = exec.CommandContext(ctx, "sipp", args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { defer cancel(); p.done <- p.cmd.Wait() }()
	if to == "" {
		p.listening(port)
	}
	return p
}

// rightResponse is what uas_auth.xml's challenge is answered with by one who
// knows the password. RFC 3261 section 22.4, without qop.
func rightResponse(port string) string {
	hash := func(parts ...string) string { return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(parts, ":")))) }
	return hash(hash("ana", "sipp", "secret"), "47ebe028cda119c35d4877b383027d28", hash("INVITE", "sip", "ben@127.0.0.1", port))
}

// listening waits until SIPp has opened its port: the kernel tells.
func (p *sippRun) listening(port string) {
	p.t.Helper()
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		p.t.Fatal(err)
	}
	want := fmt.Sprintf("0100007F:%04X", n)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if table, err := os.ReadFile("/proc/net/udp"); err == nil && strings.Contains(string(table), want) {
			return
		}
	}
	p.t.Fatalf("SIPp does not listen: %s", p.output.String())
}

// wait returns all messages when the scenario has come to its end.
func (p *sippRun) wait() string {
	p.t.Helper()
	err := <-p.done
	messages, _ := os.ReadFile(p.trace) // empty where nothing was said
	if err != nil {
		out := p.output.String()
		p.t.Fatalf("sipp: %v\n%s\n%s", err, out[max(0, len(out)-1500):], messages)
	}
	return string(messages)
}

// uri is whom to dial to reach a callee.
func (p *sippRun) uri() string { return "sip:ben@" + p.addr }

// idleServer waits until no leg is left.
func idleServer(t *testing.T, s *Server) {
	t.Helper()
	for deadline := time.Now().Add(8 * time.Second); s.Stats().Active.Load() != 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d legs left", s.Stats().Active.Load())
		}
	}
}

// brief keeps what depends on time short.
func brief() Config {
	return Config{AckTimeout: 3 * time.Second, ByeTimeout: 3 * time.Second, Session: time.Minute, MinSession: 2 * time.Second}
}

func TestE2ECallersOfSIPp(t *testing.T) {
	for _, c := range []struct {
		name  string
		setup func(*Config)
		check func(t *testing.T, s *Server, messages string)
	}{
		{name: "lost_ack", check: func(t *testing.T, s *Server, m string) {
			if n := strings.Count(m, "\nSIP/2.0 200 OK"); n < 3 || s.Stats().NoAck.Load() != 1 {
				t.Errorf("the answer was sent %d times, %d calls without ACK", n, s.Stats().NoAck.Load())
			}
		}},
		{name: "lost_200", check: func(t *testing.T, s *Server, m string) {
			if n := strings.Count(m, "CSeq: 1 INVITE"); n < 5 || s.Stats().Answered.Load() != 1 { // INVITE, 180, three answers
				t.Errorf("%d messages of the INVITE, want 5 or more", n)
			}
		}},
		{name: "repeated_invite", check: func(t *testing.T, s *Server, _ string) {
			if n := s.Stats().Invites.Load(); n != 1 {
				t.Errorf("counted as %d calls", n)
			}
		}},
		{name: "delayed_offer"},
		{name: "prack"},
		{name: "prack_delayed"},
		{name: "hold"},
		{name: "update"},
		{name: "refused_change"},
		{name: "info"},
		{name: "refresh_theirs", check: func(t *testing.T, s *Server, _ string) {
			if n := s.Stats().Expired.Load(); n != 0 {
				t.Error("the session expired")
			}
		}},
		{name: "refresh_ours", check: func(t *testing.T, s *Server, _ string) {
			if n := s.Stats().Refreshed.Load(); n != 2 {
				t.Errorf("refreshed %d times", n)
			}
		}},
		{name: "refresh_reinvite", check: func(t *testing.T, _ *Server, m string) {
			if !strings.Contains(m, "INVITE sip:sipp@") {
				t.Error("no re-INVITE")
			}
		}},
		{name: "expiry", check: func(t *testing.T, s *Server, m string) {
			if n := s.Stats().Expired.Load(); n != 1 || !strings.Contains(m, "Session expired") {
				t.Errorf("%d sessions expired", n)
			}
		}},
		{name: "too_brief", setup: func(c *Config) { c.MinSession = 90 * time.Second }},
		{name: "refer_forbidden"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := brief()
			if c.setup != nil {
				c.setup(&cfg)
			}
			s := serve(t, cfg, echo)
			m := startSIPp(t, c.name, s.Addr()).wait()
			if c.check != nil {
				c.check(t, s, m)
			}
			idleServer(t, s)
		})
	}
}

func TestE2EOurByeIsRepeated(t *testing.T) {
	t.Parallel()
	cfg := brief()
	s := serve(t, cfg, func(context.Context, media.Leg) {})
	m := startSIPp(t, "lost_bye", s.Addr()).wait()
	if n := strings.Count(m, "\nBYE sip:"); n < 2 || s.Stats().Unsent.Load() != 0 {
		t.Errorf("BYE came %d times; %d messages unsent", n, s.Stats().Unsent.Load())
	}
	idleServer(t, s)
}

func TestE2ESIPpIsReferred(t *testing.T) {
	t.Parallel()
	third := serve(t, brief(), echo)
	cfg := brief()
	cfg.MayTransfer = func(Attempt) bool { return true }
	cfg.Referred = func(ctx context.Context, f *Referral) error {
		leg, err := f.Dial(ctx, DialOptions{})
		if err == nil {
			leg.Hangup(media.ErrLocalHangup)
		}
		return err
	}
	s := serve(t, cfg, echo)
	m := startSIPp(t, "refer", s.Addr(), "TARGET", "sip:third@"+third.Addr()).wait()
	if !strings.Contains(m, "Subscription-State: terminated;reason=noresource") || third.Stats().Answered.Load() != 1 {
		t.Errorf("%d calls to the third:\n%s", third.Stats().Answered.Load(), m)
	}
	idleServer(t, s)
}

func TestE2ERefusalsOfSIPp(t *testing.T) {
	for status, kind := range map[int]error{
		302: media.ErrUnreachable, 404: media.ErrUnreachable, 480: media.ErrNoAnswer, 486: media.ErrBusy,
		500: media.ErrUnreachable, 503: media.ErrUnreachable, 600: media.ErrBusy, 603: media.ErrBusy,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			s, p := serve(t, brief(), nil), startSIPp(t, "uas_status", "", "STATUS", fmt.Sprint(status))
			_, err := s.Dial(t.Context(), p.uri(), DialOptions{})
			var refusal *CallError
			if !errors.As(err, &refusal) || refusal.Status != status || !errors.Is(err, kind) {
				t.Errorf("error %v, want %d and %v", err, status, kind)
			}
			p.wait()
			idleServer(t, s)
		})
	}
}

func TestE2ECalleesOfSIPp(t *testing.T) {
	hold := func(t *testing.T, leg *Leg) {
		if err := leg.Hold(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct {
		name, scenario string
		options        DialOptions
		then           func(*testing.T, *Leg)
	}{
		{name: "challenged", scenario: "uas_auth", options: DialOptions{User: "ana", Password: "secret"}},
		{name: "forked", scenario: "uas_forked", then: func(t *testing.T, leg *Leg) {
			for deadline := time.Now().Add(5 * time.Second); leg.server.Stats().Forked.Load() != 1; time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the other fork was not released")
				}
			}
			if tag := leg.Dialog().RemoteTag; tag != "b" {
				t.Errorf("connected with fork %s", tag)
			}
		}},
		{name: "PRACK", scenario: "uas_prack"},
		{name: "many provisional responses", scenario: "uas_many"},
		{name: "glare", scenario: "uas_glare", then: hold},
		{name: "delayed offer", scenario: "uas_delayed", options: DialOptions{DelayedOffer: true}},
		{name: "refer", scenario: "uas_refer", then: func(t *testing.T, leg *Leg) {
			var statuses []int
			if err := leg.Refer(t.Context(), "sip:other@127.0.0.1:9", nil, func(s int, _ string) { statuses = append(statuses, s) }); err != nil || len(statuses) != 2 {
				t.Errorf("statuses %v: %v", statuses, err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, p := serve(t, brief(), nil), startSIPp(t, c.scenario, "")
			leg, err := s.Dial(t.Context(), p.uri(), c.options)
			if err != nil {
				t.Fatal(err)
			}
			if c.then != nil {
				c.then(t, leg)
			}
			leg.Hangup(media.ErrLocalHangup)
			m := p.wait()
			if c.scenario == "uas_prack" && strings.Contains(m, "CSeq: 3 PRACK") { // a second one, not the first repeated
				t.Error("the repetition was acknowledged too")
			}
			idleServer(t, s)
		})
	}
}

func TestE2EWrongPasswordAndCancel(t *testing.T) {
	t.Parallel()
	s, p := serve(t, brief(), nil), startSIPp(t, "uas_auth", "")
	var refusal *CallError
	if _, err := s.Dial(t.Context(), p.uri(), DialOptions{User: "ana", Password: "wrong"}); !errors.As(err, &refusal) || refusal.Status != 407 {
		t.Errorf("error %v, want 407", err)
	}
	p.wait()
	p = startSIPp(t, "uas_cancel", "")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, media.ErrNoAnswer)
	defer cancel()
	if _, err := s.Dial(ctx, p.uri(), DialOptions{}); !errors.Is(err, media.ErrNoAnswer) {
		t.Errorf("error %v, want ErrNoAnswer", err)
	}
	p.wait()
	idleServer(t, s)
}
