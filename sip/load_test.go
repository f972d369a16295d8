//go:build measure

package sip

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"attendant/media"
	"attendant/sip/admit"
)

// loadState is what the server under load tells of itself.
type loadState struct {
	Answered, Active, Unknown, Garbage, Limited, Banned, Panics int64
	Late                                                        []time.Duration // p50, p99, highest
	CPU                                                         time.Duration
	Goroutines                                                  int
	Heap                                                        uint64
}

// TestLoadServer is not a test: it is the server of the load tests, in a process
// of its own. It answers each line of its input with its state.
func TestLoadServer(t *testing.T) {
	mode := os.Getenv("ATTENDANT_LOAD_SERVER")
	if mode == "" {
		t.Skip("the load tests run this")
	}
	trunk := netip.MustParseAddr("127.0.0.1")
	cfg := Config{Listen: "127.0.0.1:0", MaxCalls: 5000, Friends: func(a netip.Addr) bool { return a == trunk }, Log: slog.New(slog.DiscardHandler)}
	answer := echo
	if mode == "flood" {
		cfg.Known = func(netip.Addr) bool { return false }
	} else {
		cfg.Limits.Known = 1e6
		answer = func(_ context.Context, leg media.Leg) { <-leg.Context().Done() }
	}
	s, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Serve(ctx, answer); err != nil {
			t.Error(err)
		}
	})
	var mu sync.Mutex
	var late []time.Duration
	serving.Go(func() { // a clock like that of the calls
		began := time.Now()
		for n := 1; ctx.Err() == nil; n++ {
			due := began.Add(time.Duration(n) * 20 * time.Millisecond)
			time.Sleep(time.Until(due))
			mu.Lock()
			late = append(late, time.Since(due))
			mu.Unlock()
		}
	})
	fmt.Println("LISTENING", s.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		debug.FreeOSMemory() // what is in use, and not what waits to be collected
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		mu.Lock()
		slices.Sort(late)
		st := s.Stats()
		state := loadState{
			Answered: st.Answered.Load(), Active: st.Active.Load(), Unknown: st.Unknown.Load(), Garbage: st.Garbage.Load(), Panics: st.Panics.Load(),
			Limited: s.Guard().Limited.Load(), Banned: s.Guard().Refused.Load(), Goroutines: runtime.NumGoroutine(), Heap: m.HeapAlloc,
		}
		if n := len(late); n > 0 {
			state.Late = []time.Duration{late[n/2], late[n*99/100], late[n-1]}
		}
		late = nil
		mu.Unlock()
		line, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("STATE", string(line))
	}
	cancel()
	serving.Wait()
}

// loaded is a server process.
type loaded struct {
	t       *testing.T
	cmd     *exec.Cmd
	in      interface{ Write([]byte) (int, error) }
	out     *bufio.Scanner
	address string
}

func startLoaded(t *testing.T, mode string) *loaded {
	t.Helper()
	l := &loaded{t: t, cmd: exec.Command(os.Args[0], "-test.run", "^TestLoadServer$", "-test.timeout", "60m")}
	l.cmd.Env = append(os.Environ(), "ATTENDANT_LOAD_SERVER="+mode)
	l.cmd.Stderr = os.Stderr
	in, err := l.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.in, l.out = in, bufio.NewScanner(out)
	t.Cleanup(func() {
		in.Close()
		if err := l.cmd.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	l.address = l.next("LISTENING ")
	return l
}

func (l *loaded) next(prefix string) string {
	l.t.Helper()
	for l.out.Scan() {
		if rest, ok := strings.CutPrefix(l.out.Text(), prefix); ok {
			return rest
		}
	}
	l.t.Fatal("the server has ended")
	return ""
}

func (l *loaded) state() (s loadState) {
	l.t.Helper()
	if _, err := l.in.Write([]byte("\n")); err != nil {
		l.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(l.next("STATE ")), &s); err != nil {
		l.t.Fatal(err)
	}
	s.CPU = l.cpu()
	return s
}

// rss is the server's resident memory in MB, cpu the time that it has used.
func (l *loaded) rss() float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", l.cmd.Process.Pid))
	if err != nil {
		l.t.Fatal(err)
	}
	var size, resident int
	fmt.Sscan(string(data), &size, &resident)
	return float64(resident*os.Getpagesize()) / 1e6
}

func (l *loaded) cpu() time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", l.cmd.Process.Pid))
	if err != nil {
		l.t.Fatal(err)
	}
	f := strings.Fields(string(data[strings.LastIndex(string(data), ")")+1:]))
	var user, system int
	fmt.Sscan(f[11], &user)
	fmt.Sscan(f[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond // clock ticks are 100 a second on Linux
}

// flood sends what make returns at a rate, from many addresses.
func flood(t *testing.T, ctx context.Context, to string, rate int, sources int, message func(n int, from string) []byte) (sent *atomic.Int64, wait func()) {
	t.Helper()
	remote := must(net.ResolveUDPAddr("udp", to))
	conns := make([]*net.UDPConn, sources)
	for i := range conns {
		conns[i] = must(net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 2, byte(i>>8), byte(i))}, remote))
	}
	sent = &atomic.Int64{}
	var sending sync.WaitGroup
	sending.Go(func() {
		defer func() {
			for _, c := range conns {
				c.Close()
			}
		}()
		began := time.Now()
		for n := 0; ctx.Err() == nil; {
			for due := int(time.Since(began).Seconds() * float64(rate)); n < due; n++ {
				c := conns[n%sources]
				if _, err := c.Write(message(n, c.LocalAddr().String())); err == nil {
					sent.Add(1)
				}
			}
			time.Sleep(2 * time.Millisecond)
		}
	})
	return sent, sending.Wait
}

// duration is how long a load lasts: what ATTENDANT_LOAD says, or d.
func duration(t *testing.T, d time.Duration) time.Duration {
	t.Helper()
	if text := os.Getenv("ATTENDANT_LOAD"); text != "" {
		return must(time.ParseDuration(text))
	}
	return d
}

// TestLoadFlood keeps 50 calls with audio up while strangers send 10,000
// malformed datagrams and 1,000 plausible INVITEs a second for a minute, and a
// trunk goes on to set up calls.
func TestLoadFlood(t *testing.T) {
	l := startLoaded(t, "flood")
	uac := serveConfig(t, Config{Listen: "127.0.0.1:0", MaxCalls: 200, Calls: &admit.Calls{}}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), duration(t, time.Minute))
	defer cancel()
	var talking sync.WaitGroup
	legs := make([]*Leg, 50)
	for i := range legs {
		leg, err := uac.Dial(t.Context(), "sip:support@"+l.address, DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		legs[i] = leg
		talking.Go(func() {
			b := media.NewBridge()
			b.Connect(&tester{}, leg)
			b.Run(ctx)
		})
	}
	time.Sleep(3 * time.Second) // all are up and talking
	calm, before := l.state(), l.rss()
	torn := []string{"INVITE", "\x00\x01\x02\x03", "OPTIONS sip:a SIP/2.0\r\nVia: ;;;\r\n\r\n", "INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nFrom: \"\r\n\r\n", strings.Repeat("A", 500)}
	rubbish, wait1 := flood(t, ctx, l.address, 10_000, 64, func(int, string) []byte { return []byte(torn[rand.IntN(len(torn))]) })
	plausible, wait2 := flood(t, ctx, l.address, 1000, 512, func(n int, from string) []byte {
		return fmt.Appendf(nil, "INVITE sip:support@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKf%d;rport\r\nMax-Forwards: 70\r\nFrom: <sip:x@%s>;tag=%d\r\nTo: <sip:support@h>\r\n"+
			"Call-ID: flood-%d\r\nCSeq: 1 INVITE\r\nContact: <sip:x@%s>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", l.address, from, n, from, n, n, from, len(offerPCMU), offerPCMU)
	})
	tried, up, worst := 0, 0, time.Duration(0)
	for ; ctx.Err() == nil; time.Sleep(500 * time.Millisecond) {
		tried++
		began := time.Now()
		if leg, err := uac.Dial(t.Context(), "sip:support@"+l.address, DialOptions{}); err == nil {
			up++
			worst = max(worst, time.Since(began))
			leg.Hangup(media.ErrLocalHangup)
		}
	}
	wait1()
	wait2()
	state, after := l.state(), l.rss()
	kept := 0
	for _, leg := range legs {
		if leg.Context().Err() == nil {
			kept++
		}
		leg.Hangup(media.ErrLocalHangup)
	}
	talking.Wait()
	t.Logf("sent %d malformed, %d INVITEs; refused %d as unknown, %d garbage, %d over rate, %d of banned sources", rubbish.Load(), plausible.Load(), state.Unknown, state.Garbage, state.Limited, state.Banned)
	t.Logf("kept %d of 50 calls; %d of %d new calls set up, the slowest in %v; CPU %v", kept, up, tried, worst, state.CPU-calm.CPU)
	t.Logf("ticks late p50/p99/max: calm %v, flooded %v; RSS %.1f -> %.1f MB; %d goroutines", calm.Late, state.Late, before, after, state.Goroutines)
	if kept != 50 || up != tried || state.Panics != 0 {
		t.Errorf("kept %d of 50, set up %d of %d, %d panics", kept, up, tried, state.Panics)
	}
	if state.Late[1] > 40*time.Millisecond || after-before > 64 {
		t.Errorf("p99 of lateness %v, RSS grew by %.1f MB", state.Late[1], after-before)
	}
}

// sippCalls has SIPp set up and end calls at a rate; it tells how many succeeded
// and failed.
func sippCalls(t *testing.T, to string, rate int, d time.Duration) (ok, failed int) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("sipp", "-sf", must(os.Getwd())+"/testdata/setup.xml", "-i", "127.0.0.1", "-nostdin", "-r", fmt.Sprint(rate), "-rp", "1000",
		"-m", fmt.Sprint(int(float64(rate)*d.Seconds())), "-l", "4000", "-timeout", fmt.Sprint(int(d.Seconds())+40), "-trace_stat", "-stf", dir+"/stat.csv", "-fd", "1", to)
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput() // its status says that a call has failed: the counts tell
	data, err := os.ReadFile(dir + "/stat.csv")
	if err != nil {
		t.Fatalf("sipp: %v\n%s", err, out)
	}
	rows := strings.Split(strings.TrimSpace(string(data)), "\n")
	names, last := strings.Split(rows[0], ";"), strings.Split(rows[len(rows)-1], ";")
	fmt.Sscan(last[slices.Index(names, "SuccessfulCall(C)")], &ok)
	fmt.Sscan(last[slices.Index(names, "FailedCall(C)")], &failed)
	return ok, failed
}

// TestLoadSetUp finds the rate at which calls are no longer all set up.
func TestLoadSetUp(t *testing.T) {
	l := startLoaded(t, "setup")
	reached := 0
	for _, rate := range []int{100, 200, 300, 400, 500, 600, 800} {
		before := l.state()
		began := time.Now()
		ok, failed := sippCalls(t, l.address, rate, 10*time.Second)
		took := time.Since(began)
		after := l.state()
		cpu := (after.CPU - before.CPU).Seconds() / took.Seconds()
		t.Logf("%d calls/s asked for: %d ok, %d failed in %v (%.0f/s); %.0f %% of a core; ticks late %v", rate, ok, failed, took.Round(100*time.Millisecond), float64(ok)/took.Seconds(), 100*cpu, after.Late)
		if failed > 0 || float64(ok) < 0.97*float64(rate)*10 {
			break
		}
		reached = rate
	}
	if reached < 300 {
		t.Errorf("all calls set up at %d a second, want 300", reached)
	}
}

// soakParts is in how many parts a soak runs: what leaks grows from one to the
// next.
const soakParts = 6

// TestLoadSoak sets up 20 short calls a second for 30 minutes, or for as long as
// ATTENDANT_LOAD says: memory, goroutines and legs stay flat.
func TestLoadSoak(t *testing.T) {
	l := startLoaded(t, "soak")
	d := duration(t, 30*time.Minute) / soakParts
	var live, resident []float64 // MB after each part, garbage collected
	for part := range soakParts {
		began := l.state()
		ok, failed := sippCalls(t, l.address, 20, d)
		time.Sleep(35 * time.Second) // transactions last for 32 s
		after := l.state()
		live, resident = append(live, float64(after.Heap)/1e6), append(resident, l.rss())
		t.Logf("part %d: %d calls, %d failed in %v; %d goroutines, %.1f MB live, RSS %.1f MB, %d legs", part+1, ok, failed, d, after.Goroutines, live[part], resident[part], after.Active)
		if failed > 0 || after.Active != 0 || part > 0 && after.Goroutines > began.Goroutines+2 {
			t.Error("not flat")
		}
	}
	if last := soakParts - 1; live[last]-live[0] > 1 || resident[last]-resident[0] > 8 {
		t.Errorf("live memory went from %.1f to %.1f MB, RSS from %.1f to %.1f", live[0], live[last], resident[0], resident[last])
	}
}
