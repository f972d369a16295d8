//go:build e2e

package sip

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/media/rtp"
	"attendant/sip/sdp"
)

// toneFile is 60 s of a tone of 1 kHz.
func toneFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "tone.wav")
	if out, err := exec.Command("sox", "-n", "-r", "8000", "-c", "1", "-b", "16", name, "synth", "60", "sine", "1000", "vol", "0.2").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v: %s", err, out)
	}
	return name
}

// baresip is a phone that runs, told what to do over its control socket.
type baresip struct {
	t      *testing.T
	addr   string // host and port for SIP; TLS is at the next port
	conn   net.Conn
	output strings.Builder
}

// startBaresip runs a phone that says a tone, with parameters of its account
// and further settings.
func startBaresip(t *testing.T, account string, settings ...string) *baresip {
	t.Helper()
	dir := t.TempDir()
	port, control := freePort(t), freePort(t)
	settings = append([]string{
		"sip_listen 127.0.0.1:" + port, "net_interface 127.0.0.1", "module_path /usr/lib/baresip/modules",
		"module aufile.so", "module aubridge.so", "module g711.so", "module srtp.so", "module dtls_srtp.so",
		"module_app account.so", "module_app menu.so", "module_app ctrl_tcp.so", "ctrl_tcp_listen 127.0.0.1:" + control,
		"audio_source aufile," + toneFile(t), "audio_player aubridge,null", "ausrc_srate 8000", "auplay_srate 8000",
	}, settings...)
	for name, content := range map[string]string{"config": strings.Join(settings, "\n"), "accounts": account, "contacts": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &baresip{t: t, addr: "127.0.0.1:" + port}
	cmd := exec.Command("baresip", "-s", "-f", dir)
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.conn.Close()
		_ = cmd.Process.Kill() // this very one
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("baresip said\n%s", p.output.String())
		}
	})
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var err error
		if p.conn, err = net.Dial("tcp", "127.0.0.1:"+control); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("baresip: %v\n%s", err, p.output.String())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, p.conn) }() // its events, until it ends
	return p
}

// do gives a command, as a netstring of JSON.
func (p *baresip) do(command, parameters string) {
	p.t.Helper()
	b, err := json.Marshal(map[string]string{"command": command, "params": parameters, "token": "t"})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.conn, "%d:%s,", len(b), b); err != nil {
		p.t.Fatal(err)
	}
}

// eventually waits until what it must be is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !so(); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// hears plays another tone to leg and returns when the far end's tone is heard.
func hears(t *testing.T, leg *Leg) {
	t.Helper()
	var phase float64
	var f media.Frame
	eventually(t, fmt.Sprintf("the tone is heard; %+v", leg.Stats()), func() bool {
		var out media.Frame
		phase = dsp.Tone(out[:], media.SampleRateHz, 400, 3000, phase)
		leg.PutFrame(&out)
		return leg.GetFrame(&f) && dsp.Power(f[:], media.SampleRateHz, 1000) > 0.9
	})
}

// take is a server whose calls go to the channel and last until their ends.
func take(t *testing.T, listen string, cfg Config) (*Server, <-chan *Leg) {
	t.Helper()
	legs := make(chan *Leg, 4)
	cfg.ByeTimeout = 3 * time.Second
	return serveOn(t, listen, cfg, func(ctx context.Context, leg media.Leg) {
		legs <- leg.(*Leg)
		select {
		case <-leg.Context().Done():
		case <-ctx.Done():
		}
	}), legs
}

func TestE2EBaresipHoldsAndIsHeldOverEveryTransport(t *testing.T) {
	for _, c := range []struct{ transport, encryption string }{
		{"udp", ""}, {"tcp", ""}, {"tls", ""}, {"udp", "srtp"}, {"tcp", "srtp-mand"}, {"tls", "srtp-mand"}, {"udp", "dtls_srtp"}, {"tls", "dtls_srtp"},
	} {
		t.Run(c.transport+" "+c.encryption, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			s, legs := take(t, "127.0.0.1:0,tls:127.0.0.1:0", Config{TLS: a.issue("server", "127.0.0.1")})
			account := "<sip:ana@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1"
			if c.encryption != "" {
				account += ";mediaenc=" + c.encryption
			}
			p := startBaresip(t, account, "sip_cafile "+a.file)
			address := s.Addr()
			if c.transport == "tls" {
				address = strings.TrimPrefix(s.Addrs()[len(s.Addrs())-1], "tls:")
			}
			p.do("dial", "sip:support@"+address+";transport="+c.transport)
			leg := within(t, legs)
			hears(t, leg)
			if suite, ok := leg.Encrypted(); ok != (c.encryption != "") || leg.Peer().Transport != c.transport {
				t.Errorf("encrypted %v with %s over %s", ok, suite, leg.Peer().Transport)
			}
			p.do("hold", "")
			eventually(t, "held", func() bool { return !leg.State().RTP.Send })
			p.do("resume", "")
			eventually(t, "resumed", func() bool { return leg.State().RTP.Send })
			if err := errors.Join(leg.Hold(t.Context()), leg.Resume(t.Context())); err != nil {
				t.Error(err)
			}
			hears(t, leg)
			p.do("hangup", "")
			eventually(t, "hung up", func() bool { return leg.Context().Err() != nil })
			if n := leg.Stats().Unsealed; n > 50 { // those of before the handshake, a second of a busy machine
				t.Errorf("%d packets unsealed", n)
			}
		})
	}
}

func TestE2EWeCallBaresip(t *testing.T) {
	for _, c := range []struct {
		name, transport, account string
		options                  DialOptions
		encrypted                bool
	}{
		{"in clear", "udp", "", DialOptions{}, false},
		{"SDES over TLS", "tls", ";mediaenc=srtp-mand", DialOptions{SRTP: sdp.Required}, true},
		{"DTLS", "tcp", ";mediaenc=dtls_srtp", DialOptions{SRTP: sdp.Required, DTLS: true}, true},
		{"preferred, and it cannot", "udp", "", DialOptions{SRTP: sdp.Preferred}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			files := a.issue("phone", "127.0.0.1")
			both := filepath.Join(t.TempDir(), "both.pem")
			if err := os.WriteFile(both, append(must(os.ReadFile(files.Key)), must(os.ReadFile(files.Certificate))...), 0o600); err != nil {
				t.Fatal(err)
			}
			p := startBaresip(t, "<sip:ana@127.0.0.1>;regint=0;answermode=auto;audio_codecs=PCMU/8000/1"+c.account, "sip_certificate "+both)
			roots := a.issue("server", "127.0.0.1")
			roots.Roots = a.file
			s, _ := take(t, "127.0.0.1:0,tls:127.0.0.1:0", Config{TLS: roots})
			target := p.addr
			if c.transport == "tls" {
				_, port, _ := net.SplitHostPort(p.addr)
				var n int
				fmt.Sscan(port, &n)
				target = fmt.Sprint("127.0.0.1:", n+1)
			}
			leg, err := s.Dial(t.Context(), "sip:ana@"+target+";transport="+c.transport, c.options)
			if err != nil {
				t.Fatal(err)
			}
			defer leg.Hangup(media.ErrLocalHangup)
			hears(t, leg)
			if suite, ok := leg.Encrypted(); ok != c.encrypted || ok && suite == rtp.Suite("") {
				t.Errorf("encrypted %v with %s", ok, suite)
			}
			if err := errors.Join(leg.Hold(t.Context()), leg.Resume(t.Context())); err != nil {
				t.Error(err)
			}
			hears(t, leg)
		})
	}
}

// mover is a server that does what REFERs ask.
func mover(t *testing.T) (s *Server, legs <-chan *Leg, moved <-chan *Leg) {
	t.Helper()
	to := make(chan *Leg, 1)
	s, legs = take(t, "127.0.0.1:0", Config{
		MayTransfer: func(Attempt) bool { return true },
		Referred: func(ctx context.Context, f *Referral) error {
			leg, err := f.Dial(ctx, DialOptions{})
			if err == nil {
				to <- leg
			}
			return err
		},
	})
	return s, legs, to
}

func TestE2EBaresipTransfersBlindly(t *testing.T) {
	t.Parallel()
	third, thirds := take(t, "127.0.0.1:0", Config{})
	s, legs, moved := mover(t)
	p := startBaresip(t, "<sip:ana@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1")
	p.do("dial", "sip:support@"+s.Addr())
	first := within(t, legs)
	p.do("transfer", "sip:third@"+third.Addr())
	leg := within(t, moved)
	defer leg.Hangup(media.ErrLocalHangup)
	within(t, thirds)
	if st := s.Stats(); st.Referrals.Load() != 1 {
		t.Errorf("%d referrals", st.Referrals.Load())
	}
	eventually(t, "baresip hangs up what it has moved", func() bool { return first.Context().Err() != nil })
}

// linphone is a linphonec that is told what to do over its input.
type linphone struct {
	t  *testing.T
	in io.Writer

	mu  sync.Mutex
	out strings.Builder
}

func startLinphone(t *testing.T, encryption, roots string) *linphone {
	t.Helper()
	home := t.TempDir()
	config := filepath.Join(home, "rc")
	for _, dir := range []string{".local/share/linphone", ".config/linphone", ".linphone-usr-crt"} { // it makes none of them
		if err := os.MkdirAll(filepath.Join(home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf("[sip]\nsip_port=%s\nsip_tcp_port=-1\nsip_tls_port=-1\nguess_hostname=0\ncontact=\"eve\" <sip:eve@127.0.0.1>\nuse_ipv6=0\nbind_address=127.0.0.1\nauto_net_state_mon=0\nmedia_encryption=%s\nroot_ca=%s\n[net]\nmtu=0\n[rtp]\naudio_rtp_port=-1\n[video]\nenabled=0\n", freePort(t), encryption, roots)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("linphonec", "-c", config, "-d", "0")
	cmd.Env = append(os.Environ(), "HOME="+home)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &linphone{t: t, in: in}
	read := make(chan struct{})
	go func() {
		defer close(read)
		r := bufio.NewReader(out)
		for {
			b := make([]byte, 1024)
			n, err := r.Read(b)
			p.mu.Lock()
			p.out.Write(b[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // this very one
		<-read
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("linphone said\n%s", p.said())
		}
	})
	eventually(t, "linphone is ready", func() bool { return strings.Contains(p.said(), "linphonec>") })
	p.do("soundcard use files")
	p.do("play " + toneFile(t))
	return p
}

func (p *linphone) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *linphone) do(command string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		p.t.Fatal(err)
	}
}

func TestE2ELinphoneHoldsAndIsHeld(t *testing.T) {
	for _, c := range []struct{ transport, encryption string }{{"udp", "none"}, {"tcp", "srtp"}, {"tls", "srtp"}, {"udp", "dtls"}} {
		t.Run(c.transport+" "+c.encryption, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			files := a.issue("server", "127.0.0.1")
			files.Clients = "" // asked for a certificate, linphonec asks its user
			s, legs := take(t, "127.0.0.1:0,tls:127.0.0.1:0", Config{TLS: files})
			p := startLinphone(t, c.encryption, a.file)
			address := s.Addr()
			if c.transport == "tls" {
				address = strings.TrimPrefix(s.Addrs()[len(s.Addrs())-1], "tls:")
			}
			p.do("call sip:support@" + address + ";transport=" + c.transport)
			leg := within(t, legs)
			hears(t, leg)
			if suite, ok := leg.Encrypted(); ok != (c.encryption != "none") || leg.Peer().Transport != c.transport {
				t.Errorf("encrypted %v with %s over %s", ok, suite, leg.Peer().Transport)
			}
			p.do("pause")
			eventually(t, "held", func() bool { return !leg.State().RTP.Receive && strings.Contains(p.said(), "is now paused") })
			p.do("resume")
			eventually(t, "resumed", func() bool { return leg.State().RTP.Receive })
			if err := errors.Join(leg.Hold(t.Context()), leg.Resume(t.Context())); err != nil {
				t.Error(err)
			}
			hears(t, leg)
			p.do("terminate all")
			eventually(t, "hung up", func() bool { return leg.Context().Err() != nil })
		})
	}
}

func TestE2ELinphoneTransfersAttended(t *testing.T) {
	t.Parallel()
	third, thirds := take(t, "127.0.0.77:5060", Config{MayTransfer: func(Attempt) bool { return true }}) // linphone drops the port
	s, legs, moved := mover(t)
	p := startLinphone(t, "none", "")
	p.do("call sip:support@" + s.Addr())
	first := within(t, legs)
	p.do("pause")
	eventually(t, "held", func() bool { return !first.State().RTP.Receive })
	p.do("call sip:third@127.0.0.77")
	kept := within(t, thirds)
	hears(t, kept)
	p.do("transfer 1 --to-call 2")
	defer func() {
		if t.Failed() {
			for _, m := range first.Ladder() {
				t.Log(m.Sent, m.What, m.Summary)
			}
		}
	}()
	leg := within(t, moved)
	defer leg.Hangup(media.ErrLocalHangup)
	eventually(t, "the third's leg has us as its far end", func() bool { return kept.Peer().Remote == s.Addr() })
	if kept.Context().Err() != nil || third.Stats().Replaced.Load() != 1 {
		t.Errorf("%v, %d replaced", context.Cause(kept.Context()), third.Stats().Replaced.Load())
	}
	eventually(t, "linphone hangs up what it has moved", func() bool { return first.Context().Err() != nil })
}
