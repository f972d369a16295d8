package trunk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"attendant/media"
	"attendant/media/mediatest"
	"attendant/sip"
)

// far is the far end of all trunks.
type far struct {
	mu       sync.Mutex
	begin    time.Time
	told     []string // what was asked, with seconds
	register func(sip.Registration) (sip.Lease, error)
	ping     func() error
	dial     func(uri string, o sip.DialOptions) (media.Leg, error)
}

func (f *far) tell(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, fmt.Sprintf("%4.0f ", time.Since(f.begin).Seconds())+fmt.Sprintf(format, args...))
}

func (f *far) Register(_ context.Context, g sip.Registration) (sip.Lease, error) {
	f.tell("%s %v", g.Registrar, g.Expires)
	l, err := f.register(g)
	l.Seq = g.Seq + 1
	return l, err
}

func (f *far) Ping(context.Context, string, string) error { return f.ping() }

func (f *far) Dial(_ context.Context, uri string, o sip.DialOptions) (media.Leg, error) {
	f.tell("%s", uri)
	return f.dial(uri, o)
}

// ledger counts in memory.
type ledger struct {
	mu sync.Mutex
	at map[string][]time.Time
}

func (l *ledger) NoteDialled(_ context.Context, trunk string, at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[trunk] = append(l.at[trunk], at)
	return nil
}

func (l *ledger) Dialled(_ context.Context, trunk string, since time.Time) (n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.at[trunk] {
		if t.After(since) {
			n++
		}
	}
	return n, nil
}

func group(f *far, trunks ...Trunk) *Group {
	f.begin = time.Now()
	return New(Config{
		Phone: f, Trunks: func(context.Context) ([]Trunk, error) { return trunks, nil }, Ledger: &ledger{at: map[string][]time.Time{}},
		Log: slog.New(slog.DiscardHandler),
	})
}

// run runs the group for d of the bubble's time.
func run(t *testing.T, g *Group, d time.Duration) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), d)
	defer stop()
	g.Run(ctx)
}

func refused(status int) error { // a *CallError as package sip makes it
	return &sip.CallError{Status: status, Reason: "Whatever"}
}

func TestRegistrationIsRefreshedAndEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seqs []uint32
		f := &far{register: func(g sip.Registration) (sip.Lease, error) {
			seqs = append(seqs, g.Seq)
			return sip.Lease{Expires: 100 * time.Second, Peer: "192.0.2.1:5060"}, nil
		}}
		g := group(f, Trunk{Name: "a", Register: true, User: "u", Password: "p", Host: "a.example", RegisterSeconds: 300})
		run(t, g, 200*time.Second)
		// At 0, about 75 and about 150 s, and the end.
		if len(f.told) != 4 || !strings.HasSuffix(f.told[0], "a.example 5m0s") || !strings.HasSuffix(f.told[3], " 0s") {
			t.Errorf("told %q", f.told)
		}
		if !slices.Equal(seqs, []uint32{0, 1, 2, 3}) {
			t.Errorf("CSeqs before %v", seqs)
		}
		s := g.States(t.Context())
		if len(s) != 1 || !s[0].Good || !strings.Contains(s[0].Registered, "registered at a.example for 1m40s") {
			t.Errorf("states %+v", s)
		}
		if tr, ok, err := g.Find(t.Context(), "192.0.2.1:5080"); !ok || err != nil || tr.Name != "a" {
			t.Errorf("a call from the registrar is of %+v, %v, %v", tr, ok, err)
		}
	})
}

// TestStatesAreKeptAnewWhileNothingChanges: their age tells whether a server runs.
func TestStatesAreKeptAnewWhileNothingChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := group(&far{}, Trunk{Name: "a", Host: "a.example", Allow: []string{"192.0.2.1"}})
		var at []time.Time
		g.cfg.Saved = func(context.Context, []State) error { at = append(at, time.Now()); return nil }
		run(t, g, time.Minute)
		for i := range at[1:] {
			if gap := at[i+1].Sub(at[i]); gap > 6*time.Second {
				t.Errorf("not kept for %v", gap)
			}
		}
		if len(at) < 10 || len(at) > 20 {
			t.Errorf("kept %d times in a minute", len(at))
		}
	})
}

func TestRegistrationFailsOverAndWaitsLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		f := &far{}
		f.register = func(g sip.Registration) (sip.Lease, error) {
			if down.Load() || g.Registrar == "a.example" {
				return sip.Lease{}, &sip.CallError{Reason: "no response"}
			}
			return sip.Lease{Expires: time.Hour}, nil
		}
		g := group(f, Trunk{Name: "a", Register: true, User: "u", Password: "p", Registrars: []string{"a.example", "b.example"}})
		var running sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		running.Go(func() { g.Run(ctx) })
		time.Sleep(20 * time.Second) // rounds at 0, 2, 6 and 14 s
		f.mu.Lock()
		if n := len(f.told); n != 8 {
			t.Errorf("%d tries in 20 s, want 8: %q", n, f.told)
		}
		f.mu.Unlock()
		if s := g.States(t.Context())[0]; s.Good || !strings.Contains(s.Registered, "not registered at") {
			t.Errorf("state %+v", s)
		}
		down.Store(false)
		time.Sleep(20 * time.Second)
		if s := g.States(t.Context())[0]; !s.Good || !strings.Contains(s.Registered, "registered at b.example") {
			t.Errorf("state %+v", s)
		}
		stop()
		running.Wait()
	})
}

func TestWrongPasswordIsNotTriedAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{register: func(sip.Registration) (sip.Lease, error) { return sip.Lease{}, refused(401) }}
		g := group(f, Trunk{Name: "a", Register: true, User: "u", Password: "p", Host: "a.example"})
		run(t, g, time.Minute)
		if len(f.told) != 1 {
			t.Errorf("told %q", f.told)
		}
		if s := g.States(t.Context())[0]; s.Good || !strings.Contains(s.Registered, "the user or the password is wrong") {
			t.Errorf("state %+v", s)
		}
	})
}

func TestTwoLostOptionsTakeATrunkDownAndOneAnswerBringsItBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fails atomic.Bool
		fails.Store(true)
		f := &far{ping: func() error {
			if fails.Load() {
				return refused(503)
			}
			return nil
		}}
		g := group(f, Trunk{Name: "a", Host: "a.example", OptionsSeconds: 30})
		var running sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		running.Go(func() { g.Run(ctx) })
		time.Sleep(2 * time.Second)
		if s := g.States(t.Context())[0]; !s.Good || !strings.Contains(s.Reachable, "overloaded or down (503") {
			t.Errorf("after one: %+v", s)
		}
		time.Sleep(5 * time.Second)
		if s := g.States(t.Context())[0]; s.Good {
			t.Errorf("after two: %+v", s)
		}
		fails.Store(false)
		time.Sleep(10 * time.Second)
		if s := g.States(t.Context())[0]; !s.Good || !strings.Contains(s.Reachable, "answers OPTIONS") {
			t.Errorf("after an answer: %+v", s)
		}
		stop()
		running.Wait()
	})
}

func TestChangedTrunksAreTakenUpWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{register: func(sip.Registration) (sip.Lease, error) { return sip.Lease{Expires: time.Hour}, nil }}
		var mu sync.Mutex
		trunks := []Trunk{{Name: "a", Register: true, User: "u", Password: "p", Host: "a.example"}}
		g := group(f)
		g.cfg.Trunks = func(context.Context) ([]Trunk, error) {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(trunks), nil
		}
		var running sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		running.Go(func() { g.Run(ctx) })
		time.Sleep(5 * time.Second)
		mu.Lock()
		trunks[0].Host = "b.example"
		mu.Unlock()
		time.Sleep(5 * time.Second)
		mu.Lock()
		trunks[0].Disabled = true
		mu.Unlock()
		time.Sleep(5 * time.Second)
		stop()
		running.Wait()
		var asked []string
		for _, a := range f.told {
			asked = append(asked, strings.Fields(a)[1]+" "+strings.Fields(a)[2])
		}
		if want := []string{"a.example 10m0s", "a.example 0s", "b.example 10m0s", "b.example 0s"}; !slices.Equal(asked, want) {
			t.Errorf("asked %q, want %q", asked, want)
		}
	})
}

func TestCallsComeInWithinTheirTrunksLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := group(&far{}, Trunk{Name: "net", Allow: []string{"192.0.2.0/24"}}, Trunk{
			Name: "one", Allow: []string{"192.0.2.7"}, Trusted: true, Region: "DE", MaxCalls: 2, CallsPerSecond: 2, Codecs: []string{"PCMU"}, SRTP: "off",
		}, Trunk{Name: "off", Allow: []string{"198.51.100.1"}, Disabled: true})
		for source, want := range map[string]string{"192.0.2.7:5060": "one", "192.0.2.8:1": "net", "[::ffff:192.0.2.7]:9": "one", "203.0.113.1:5060": "", "198.51.100.1:5060": "", "junk": ""} {
			if tr, ok, _ := g.Find(t.Context(), source); tr.Name != want || ok != (want != "") {
				t.Errorf("%s is of %q, want %q", source, tr.Name, want)
			}
		}
		tr, _, _ := g.Find(t.Context(), "192.0.2.7:5060")
		v := sip.Invitation{From: "anonymous", Asserted: "030 1234567", Dialled: "0301234568"}
		first, refusal := g.Welcome(tr, v)
		if refusal != nil || first.Number != "+49301234567" || first.Dialled != "+49301234568" || first.Trunk != "one" || len(first.Codecs) != 1 {
			t.Errorf("%+v, %+v", first, refusal)
		}
		second, _ := g.Welcome(tr, v)
		if _, refusal := g.Welcome(tr, v); refusal == nil || refusal.Status != 503 {
			t.Errorf("a third call at once: %+v", refusal)
		}
		first.Release()
		first.Release() // counts once
		if _, refusal := g.Welcome(tr, v); refusal == nil || refusal.Status != 503 {
			t.Errorf("a third call within a second: %+v", refusal)
		}
		time.Sleep(time.Second)
		third, refusal := g.Welcome(tr, v)
		if refusal != nil {
			t.Fatalf("a third call after a second: %+v", refusal)
		}
		second.Release()
		third.Release()
		if s := g.States(t.Context()); s[1].Trunk != "one" || s[1].Active != 0 || s[1].Incoming != 3 || s[1].Refused != 2 {
			t.Errorf("states %+v", s)
		}
		tr.SRTP = "required"
		if _, refusal := g.Welcome(tr, v); refusal == nil || refusal.Status != 488 {
			t.Errorf("a call without SRTP: %+v", refusal)
		}
	})
}

func TestCallsGoOutOverTheFirstTrunkThatTakesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leg := mediatest.NewLeg(media.Peer{})
		var options sip.DialOptions
		f := &far{dial: func(uri string, o sip.DialOptions) (media.Leg, error) {
			options = o
			switch {
			case strings.HasSuffix(uri, "@down.example"):
				return nil, refused(503)
			case strings.Contains(uri, "0307777777"):
				return nil, refused(486)
			}
			return leg, nil
		}}
		g := group(f,
			Trunk{Name: "no", Priority: 1, Host: "no.example", Outbound: []string{"FR"}},
			Trunk{Name: "down", Priority: 2, Host: "down.example", Outbound: []string{"DE"}, Region: "DE", MaxPerHour: 2},
			Trunk{
				Name: "up", Priority: 3, Host: "up.example", Outbound: []string{"DE"}, Region: "DE", Send: "national", Transport: "tcp", CallerID: "+49301234567",
				Register: true, User: "u", Password: "p", AuthUser: "au", MaxCalls: 1,
			})
		got, err := g.Dial(t.Context(), Request{Number: "030 1111111"})
		if err != nil || got != leg {
			t.Fatal(got, err)
		}
		if want := []string{"+49301111111@down.example", "0301111111@up.example;transport=tcp"}; len(f.told) != 2 || !strings.HasSuffix(f.told[0], want[0]) || !strings.HasSuffix(f.told[1], want[1]) {
			t.Errorf("dialled %q", f.told)
		}
		if options.From != "0301234567" || options.Asserted != "0301234567" || options.User != "au" || options.Domain != "up.example" {
			t.Errorf("options %+v", options)
		}
		if _, err := g.Dial(t.Context(), Request{Number: "030 1111111"}); !errors.Is(err, ErrLimit) {
			t.Errorf("a second call at once: %v", err)
		}
		leg.Leave()
		synctest.Wait()
		if s := g.States(t.Context()); s[2].Active != 0 || s[2].Outgoing != 1 || s[1].Failed != 2 {
			t.Errorf("states %+v", s)
		}
		// The second trunk has dialled twice within the hour.
		before := len(f.told)
		if _, err := g.Dial(t.Context(), Request{Number: "030 7777777"}); Words(errors.Unwrap(err)) != "busy (486 Whatever)" || len(f.told) != before+1 {
			t.Errorf("a busy callee: %v, dialled %q", err, f.told[before:])
		}
		for _, number := range []string{"112", "+18765550123", "+881612345678", "nobody"} {
			before := len(f.told)
			if _, err := g.Dial(t.Context(), Request{Number: number}); !errors.Is(err, ErrForbidden) || len(f.told) != before {
				t.Errorf("%s: %v, dialled %q", number, err, f.told[before:])
			}
		}
		if _, err := group(&far{}).Dial(t.Context(), Request{Number: "030 1111111"}); !errors.Is(err, ErrNoTrunk) {
			t.Errorf("without trunks: %v", err)
		}
	})
}

func TestTrunkIsFoundByItsCertificate(t *testing.T) {
	certificates := map[string][]string{"203.0.113.1:7": {"a.example", "SBC.carrier.example"}, "192.0.2.1:7": {"other.example"}, "192.0.2.2:7": {"pbx.example"}}
	g := New(Config{
		Certified: func(source string) []string { return certificates[source] },
		Trunks: func(context.Context) ([]Trunk, error) {
			return []Trunk{
				{Name: "carrier", Certificate: "sbc.carrier.example"},
				{Name: "pbx", Certificate: "pbx.example", Allow: []string{"192.0.2.2"}},
				{Name: "plain", Allow: []string{"192.0.2.0/24"}},
			}, nil
		},
	})
	for source, want := range map[string]string{
		"203.0.113.1:7": "carrier", "192.0.2.1:7": "plain", "192.0.2.2:7": "pbx", "203.0.113.2:7": "", "192.0.2.2:8": "plain",
	} {
		if tr, _, err := g.Find(t.Context(), source); err != nil || tr.Name != want {
			t.Errorf("%s is %q: %v, want %q", source, tr.Name, err, want)
		}
	}
	for _, bad := range []string{"*.example", "a b"} {
		if err := (Trunk{Name: "x", Certificate: bad}).Check(); err == nil {
			t.Errorf("certificate %q was taken", bad)
		}
	}
}
