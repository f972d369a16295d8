//go:build e2e || measure

package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/deploy/demo"
	"attendant/dialog"
	"attendant/media"
	"attendant/media/dsp"
	"attendant/sip"
)

// toned is a phone's user: it says a tone, once it may, and knows which tones it
// has heard lately.
type toned struct {
	hz    float64
	tones []float64

	mu     sync.Mutex
	speaks bool
	phase  float64
	recent []media.Frame
	first  map[float64]time.Time // when a tone was heard first
}

func (p *toned) GetFrame(f *media.Frame) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.speaks {
		p.phase = dsp.Tone(f[:], media.SampleRateHz, p.hz, 5000, p.phase)
	}
	return p.speaks
}

func (p *toned) PutFrame(f *media.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.recent = append(p.recent, *f); len(p.recent) > 10 {
		p.recent = p.recent[1:]
	}
	for _, hz := range p.tones {
		if p.first[hz].IsZero() && dsp.Power(f[:], media.SampleRateHz, hz) > 0.5 {
			p.first[hz] = time.Now()
		}
	}
}

func (p *toned) speak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.speaks, p.first = true, map[float64]time.Time{}
}

// hears are the tones of the last fifth of a second.
func (p *toned) hears() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, hz := range p.tones {
		sum := 0.0
		for _, f := range p.recent {
			sum += dsp.Power(f[:], media.SampleRateHz, hz)
		}
		if len(p.recent) > 0 && sum/float64(len(p.recent)) > 0.15 {
			out = append(out, fmt.Sprint(hz))
		}
	}
	return strings.Join(out, " ")
}

// phone is a SIP phone with its user. Calls come to legs.
type phone struct {
	*toned
	server *sip.Server
	legs   chan *sip.Leg
	leg    *sip.Leg // the one that the test works with
	dead   chan struct{}

	pressed time.Time // the key that accepts
}

func newPhone(t *testing.T, hz float64, tones []float64) *phone {
	t.Helper()
	server, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{toned: &toned{hz: hz, tones: tones, first: map[float64]time.Time{}}, server: server, legs: make(chan *sip.Leg, 8), dead: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		_ = server.Serve(ctx, func(_ context.Context, leg media.Leg) { p.talk(leg.(*sip.Leg)) })
	})
	t.Cleanup(func() { cancel(); serving.Wait() })
	return p
}

// talk lets the user talk on leg until it ends.
func (p *phone) talk(leg *sip.Leg) {
	p.legs <- leg
	ctx, cancel := context.WithCancel(leg.Context())
	defer cancel()
	go func() { // ends with the leg
		select {
		case <-p.dead:
			cancel()
		case <-ctx.Done():
		}
	}()
	b := media.NewBridge()
	b.Connect(p.toned, leg)
	b.Connect(leg, p.toned)
	b.Run(ctx)
	<-leg.Context().Done() // where the phone is dead
}

func (p *phone) next(t *testing.T) *sip.Leg {
	t.Helper()
	select {
	case leg := <-p.legs:
		return leg
	case <-time.After(30 * time.Second):
		t.Fatal("the phone did not ring")
		return nil
	}
}

// eventually waits until a party hears what it should.
func eventually(t *testing.T, when string, p *phone, want string) {
	t.Helper()
	got := ""
	for range 50 {
		if got = p.hears(); got == want {
			time.Sleep(300 * time.Millisecond)
			if got = p.hears(); got == want {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%s: the phone of %v Hz hears %q, want %q", when, p.hz, got, want)
}

// takeCall has the caller ask for a human and the agent take the call, and
// returns how long the first audio took from the agent's key, each way.
func takeCall(t *testing.T, l *line, caller, ann *phone) []time.Duration {
	t.Helper()
	leg, err := caller.server.Dial(t.Context(), "sip:support@"+l.sip, sip.DialOptions{From: "+15550100"})
	if err != nil {
		t.Fatal(err)
	}
	caller.leg = leg
	leg.Watch()
	go caller.talk(leg) // ends with the leg, which leave hangs up
	caller.next(t)
	time.Sleep(time.Second)
	if err := leg.SendDigits(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
	ann.leg = ann.next(t)
	time.Sleep(2 * time.Second) // of briefing
	caller.speak()
	ann.speak()
	pressed := time.Now()
	ann.pressed = pressed
	if err := ann.leg.SendDigits(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "taken", caller, fmt.Sprint(ann.hz))
	eventually(t, "taken", ann, fmt.Sprint(caller.hz))
	var out []time.Duration
	for _, p := range []*phone{caller, ann} {
		other := caller.hz + ann.hz - p.hz
		p.mu.Lock()
		out = append(out, p.first[other].Sub(pressed))
		p.mu.Unlock()
	}
	return out
}

// leave has the caller hang up and waits until the server has no leg any more.
func leave(t *testing.T, l *line, caller, other *phone) {
	t.Helper()
	caller.leg.Hangup(media.ErrLocalHangup)
	for _, p := range []*phone{caller, other} {
		p.mu.Lock()
		p.speaks = false
		p.mu.Unlock()
	}
	for range 100 {
		if l.gauge(t, "attendant_sip_legs") == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("legs are left")
}

// TestE2EWarmHandOver has real phones: a caller presses 0, an agent is briefed
// and takes the call and holds; a supervisor listens, whispers,
// barges in, by the command line and by keys. Who hears whom is told by tones.
func TestE2EWarmHandOver(t *testing.T) {
	tones := []float64{450, 750, 1150}
	caller, ann, sue := newPhone(t, 450, tones), newPhone(t, 750, tones), newPhone(t, 1150, tones)
	company := t.TempDir()
	if err := os.CopyFS(company, demo.Files); err != nil {
		t.Fatal(err)
	}
	queues := fmt.Sprintf(`
queues: [{name: support, back: [order_status], wrap_up_codes: [solved]}]
agents:
  - {name: ann, addresses: ["sip:ann@%s"], state: available}
  - {name: sue, addresses: ["sip:sue@%s"], role: supervisor}
`, ann.server.Addr(), sue.server.Addr())
	if err := os.WriteFile(filepath.Join(company, "queues.yaml"), []byte(queues), 0o600); err != nil {
		t.Fatal(err)
	}
	l := start(t, "ATTENDANT_COMPANY="+company)

	var delays []time.Duration
	for i := range 2 {
		delays = append(delays, takeCall(t, l, caller, ann)...)
		if i < 1 {
			leave(t, l, caller, ann)
		}
	}
	t.Logf("from the agent's key to audio, each way: %v", delays)

	key := func(p *sip.Leg, keys string) {
		t.Helper()
		if err := p.SendDigits(t.Context(), keys); err != nil {
			t.Error(err)
		}
	}
	agent := ann.leg
	eventually(t, "together", caller, "750")
	eventually(t, "together", ann, "450")
	key(agent, "*1")
	eventually(t, "on hold", ann, "")
	key(agent, "*1")
	eventually(t, "resumed", ann, "450")

	order := func(words ...string) {
		t.Helper()
		var out bytes.Buffer
		args := append([]string{"order", "--server", l.http, "--password", password, "--by", "sue", "-"}, words...)
		if status := run(t.Context(), args, environ(t), nil, &out, os.Stderr); status != 0 {
			t.Errorf("order %v: status %d", words, status)
		}
	}
	order("listen")
	boss := sue.next(t)
	sue.speak()
	eventually(t, "listening", sue, "450 750")
	eventually(t, "listening", caller, "750")
	eventually(t, "listening", ann, "450")
	order("whisper")
	eventually(t, "whispering", ann, "450 1150")
	eventually(t, "whispering", caller, "750")
	key(boss, "3")
	eventually(t, "barging", caller, "750 1150")
	eventually(t, "barging", ann, "450 1150")
	key(boss, "4")
	eventually(t, "taken over", caller, "1150")
	select {
	case <-agent.Context().Done():
	case <-time.After(5 * time.Second):
		t.Error("the agent's leg is still up")
	}
	leave(t, l, caller, sue)

	var rows []dialog.HandOver
	l.get(t, "/api/v1/hand-overs?limit=1", &rows)
	if len(rows) != 1 || rows[0].Agent != "sue" || rows[0].Outcome != "answered" || rows[0].Stage != "ended" {
		t.Errorf("hand-over %+v", rows)
	}
	if n := l.gauge(t, "attendant_sip_legs"); n != 0 {
		t.Errorf("%v legs are left", n)
	}
}

// TestE2EAgentWhosePhoneFallsSilent has an agent's phone send nothing any more: after
// six seconds the caller is with the next agent.
func TestE2EAgentWhosePhoneFallsSilent(t *testing.T) {
	tones := []float64{450, 750, 1150}
	caller, ann, bob := newPhone(t, 450, tones), newPhone(t, 750, tones), newPhone(t, 1150, tones)
	company := t.TempDir()
	if err := os.CopyFS(company, demo.Files); err != nil {
		t.Fatal(err)
	}
	queues := fmt.Sprintf(`
queues: [{name: support, mode: plain}]
agents:
  - {name: ann, addresses: ["sip:ann@%s"], state: available}
  - {name: bob, addresses: ["sip:bob@%s"], queues: {support: 1}, state: offline}
`, ann.server.Addr(), bob.server.Addr())
	if err := os.WriteFile(filepath.Join(company, "queues.yaml"), []byte(queues), 0o600); err != nil {
		t.Fatal(err)
	}
	l := start(t, "ATTENDANT_COMPANY="+company)
	leg, err := caller.server.Dial(t.Context(), "sip:support@"+l.sip, sip.DialOptions{From: "+15550100"})
	if err != nil {
		t.Fatal(err)
	}
	caller.leg = leg
	leg.Watch()
	go caller.talk(leg) // ends with the leg, which leave hangs up
	caller.next(t)
	time.Sleep(time.Second)
	if err := leg.SendDigits(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
	agent := ann.next(t)
	caller.speak()
	ann.speak()
	eventually(t, "together", caller, "750")
	state := bytes.NewReader([]byte(`{"state":"available"}`))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+l.http+"/api/v1/agents/bob/state", state)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth("admin", password)
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode >= 300 {
		t.Fatal(res, err)
	}
	res.Body.Close()
	time.Sleep(4 * time.Second) // more than a slip of the hand
	ann.fallSilent()
	silent := time.Now()
	bob.leg = bob.next(t)
	if waited := time.Since(silent); waited < 5*time.Second {
		t.Errorf("the agent's line counted as broken after %v", waited)
	}
	bob.speak()
	eventually(t, "with the next agent", caller, "1150")
	eventually(t, "with the next agent", bob, "450")
	select {
	case <-agent.Context().Done():
	case <-time.After(5 * time.Second):
		t.Error("the silent leg is still up")
	}
	leave(t, l, caller, bob)
	var rows []dialog.HandOver
	l.get(t, "/api/v1/hand-overs?limit=1", &rows)
	if len(rows) != 1 || rows[0].Agent != "bob" || rows[0].Stage != "ended" {
		t.Errorf("hand-over %+v", rows)
	}
}

// fallSilent has a phone send no RTP any more, as one does whose network is gone.
func (p *phone) fallSilent() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.dead)
}
