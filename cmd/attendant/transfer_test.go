package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sipmessage "github.com/emiago/sipgo/sip"

	"attendant/console"
	"attendant/dialog/sqlstore"
	"attendant/sip"
	"attendant/sip/number"
	"attendant/sip/provision"
	"attendant/sip/registrar"
	"attendant/sip/trunk"
)

// newTelephony is a telephony with nobody to call: the phone ana is registered
// from 127.0.0.1:6001 behind a NAT, and there are two trunks.
func newTelephony(t *testing.T, settings func(*config)) *telephony {
	t.Helper()
	c := defaults()
	c.Human, c.Region = "sip:desk@10.0.0.5", "DE"
	if settings != nil {
		settings(&c)
	}
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "attendant.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var tel *telephony
	listen := sip.Config{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}
	hooks(&listen, func() *telephony { return tel }, nil)
	server, err := sip.Listen(listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	tel, err = openTelephony(t.Context(), c, store, server, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	put(t, tel.phones, registrar.Phone{Name: "ana", Password: "correct-horse"})
	put(t, tel.trunks,
		trunk.Trunk{Name: "carrier", Host: "sip.carrier.example", Allow: []string{"192.0.2.0/24"}, Trusted: true, Region: "DE", Outbound: []string{"DE"}, Deny: []string{"+49137"}},
		trunk.Trunk{Name: "other", Host: "198.51.100.7:5070", Allow: []string{"198.51.100.7"}, Region: "DE"})
	tel.registrar.Restore(map[string][]registrar.Binding{"ana": {{
		Contact: "sip:ana@192.168.1.20:5062", Source: "127.0.0.1:6001", Transport: "udp", Expires: time.Now().Add(time.Hour),
	}}})
	return tel
}

// put sets things as an administrator does.
func put[T any](t *testing.T, b *provision.Book[T], things ...T) {
	t.Helper()
	rows, changes, err := b.Plan(t.Context(), things, nil)
	for _, r := range rows {
		err = errors.Join(err, r.Err)
	}
	if err = errors.Join(err, b.Apply(t.Context(), "test", changes)); err != nil {
		t.Fatal(err)
	}
}

func TestWhomPhonesMayMoveCallsTo(t *testing.T) {
	tel := newTelephony(t, nil)
	for uri, want := range map[string]destination{
		"sip:ana@127.0.0.1:6001":          {name: "ana", phone: true},
		"sip:x@192.168.1.20:5062":         {}, // the place alone proves nothing behind a NAT
		"sip:ana@192.168.1.20:5062;ob":    {name: "ana", phone: true},
		"sip:ana@any.example":             {name: "ana", phone: true}, // rung where it is registered, never there
		"sip:desk@10.0.0.5:5060":          {name: "desk", uri: "sip:desk@10.0.0.5:5060"},
		"sip:desk@10.0.0.6":               {},
		"sip:0301234567@any.example":      {name: "0301234567"},
		"sip:+49301234567@any.example":    {name: "+49301234567"},
		"tel:+49-30-1234567":              {name: "+49-30-1234567"},
		"sip:premium@198.51.100.7:5070":   {},
		"sip:any.example":                 {},
		"sip:ben@198.51.100.200?Subject=": {},
		"mailto:ana@any.example":          {},
	} {
		if got, _ := tel.resolve(t.Context(), uri); got != want {
			t.Errorf("%s is %+v, want %+v", uri, got, want)
		}
	}
}

func TestRedirectionsLeadOnlyWhereWeMayCall(t *testing.T) {
	tel := newTelephony(t, nil)
	for uri, want := range map[string]bool{
		"sip:ana@192.168.1.20:5062":           true,
		"sip:desk@10.0.0.5":                   true,
		"sip:030123456@sip.carrier.example":   true,
		"sip:+4930123456@sip.carrier.example": true,
		"sip:+49137123@sip.carrier.example":   false, // denied
		"sip:+15550100@sip.carrier.example":   false, // not in its list
		"sip:+4930123456@elsewhere.example":   false,
		"sip:+4930123456@198.51.100.7:5070":   false, // outgoing calls are off there
		"sip:ana@elsewhere.example":           false,
		"nonsense":                            false,
	} {
		if got := tel.mayCall(uri); got != want {
			t.Errorf("%s may be called: %v, want %v", uri, got, want)
		}
	}
}

func TestOnlyTrustedTrunksTellWhoCalls(t *testing.T) {
	tel := newTelephony(t, nil)
	for source, want := range map[string]bool{"192.0.2.9:5060": true, "198.51.100.7:5060": false, "127.0.0.1:6001": false, "": false} {
		if got := tel.trusts(source); got != want {
			t.Errorf("%s is trusted: %v, want %v", source, got, want)
		}
	}
}

func TestOnlyAgentsPhonesMoveCalls(t *testing.T) {
	tel := newTelephony(t, nil)
	ours := &sip.Leg{}
	tel.rung.legs.Store(ours, "ana")
	refer, invite := string(sipmessage.REFER), string(sipmessage.INVITE)
	for _, c := range []struct {
		name string
		a    sip.Attempt
		want bool
	}{
		{"the place it registered from", sip.Attempt{Method: refer, Source: "127.0.0.1:6001", Leg: &sip.Leg{}}, true},
		{"Replaces from there", sip.Attempt{Method: invite, Source: "127.0.0.1:6001", Leg: &sip.Leg{}}, true},
		{"another port, in the call that we made", sip.Attempt{Method: refer, Source: "127.0.0.1:7000", Leg: ours}, true},
		{"another port, for that call", sip.Attempt{Method: invite, Source: "127.0.0.1:7000", Leg: ours}, false},
		{"a caller", sip.Attempt{Method: refer, Source: "127.0.0.1:7000", Leg: &sip.Leg{}}, false},
		{"a trusted trunk", sip.Attempt{Method: refer, Source: "192.0.2.9:5060", Leg: &sip.Leg{}}, false},
	} {
		if got := tel.mayTransfer(c.a); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// serving serves until the test ends.
func serving(t *testing.T, s *sip.Server) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Serve(ctx, nil); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
}

func TestWhoGuessesPasswordsIsBanned(t *testing.T) {
	tel := newTelephony(t, nil)
	phone, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	serving(t, tel.server)
	serving(t, phone)
	for n := range uint32(30) { // admit.Limits' own
		_, err := phone.Register(t.Context(), sip.Registration{Registrar: tel.server.Addr(), User: "ana", Password: "wrong", Expires: time.Hour, CallID: "a", Seq: 10 * (n + 1)})
		var refusal *sip.CallError
		if !errors.As(err, &refusal) || refusal.Status == 0 {
			t.Fatalf("try %d: %v", n, err)
		}
	}
	if n := tel.server.Guard().Bans.Load(); n != 1 {
		t.Errorf("%d bans after 30 wrong passwords", n)
	}
}

func TestWhoMayCall(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings func(*config)
		may      map[string]bool
	}{
		{"everybody", nil, map[string]bool{"203.0.113.9:5060": true, "10.0.0.10:5060": true}},
		{"trunks and phones", func(c *config) { c.AcceptUnknown = false }, map[string]bool{"203.0.113.9:5060": false, "192.0.2.9:5060": true, "127.0.0.1:6001": true, "nonsense": false}},
		{"and a proxy", func(c *config) { c.AcceptUnknown, c.Peers = false, "10.0.0.0/24" }, map[string]bool{"203.0.113.9:5060": false, "10.0.0.10:5060": true, "192.0.2.9:5060": true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tel := newTelephony(t, c.settings)
			for source, want := range c.may {
				if _, refusal := tel.invited(t.Context(), sip.Invitation{Source: source}); (refusal == nil) != want || refusal != nil && refusal.Status != 403 {
					t.Errorf("%s: %+v, may call: %v", source, refusal, want)
				}
			}
		})
	}
}

func TestDrainingRefusesBrowsers(t *testing.T) {
	b := browsers{ready: func() error { return errDraining }}
	if _, _, err := b.Call(t.Context(), "", "", ""); !errors.Is(err, console.ErrFull) {
		t.Errorf("%v, want what becomes 503", err)
	}
}

func TestRulesNameQueuesThatThereAre(t *testing.T) {
	company, err := loadCompany(defaults())
	if err != nil {
		t.Fatal(err)
	}
	check := checkRule(company.flows, func(name string) (bool, error) { return name == "support", nil })
	if err := check(number.Rule{Queue: "support"}); err != nil {
		t.Error(err)
	}
	if err := check(number.Rule{Queue: "nowhere"}); err == nil {
		t.Error("a queue that there is not was taken")
	}
}

func TestMessagesAreCaptured(t *testing.T) {
	sink, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	s := &server{cfg: defaults(), log: slog.New(slog.DiscardHandler)}
	s.cfg.HEP = sink.LocalAddr().String()
	listen := sip.Config{Listen: "127.0.0.1:0", Log: s.log}
	s.openCapture(&listen)
	phone, err := sip.Listen(listen)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.serveCapture(ctx) })
	defer running.Wait()
	defer stop()
	serving(t, phone)
	tel := newTelephony(t, nil)
	serving(t, tel.server)
	if _, err := phone.Register(t.Context(), sip.Registration{Registrar: tel.server.Addr(), User: "ana", Password: "correct-horse", Expires: time.Hour, CallID: "a", Seq: 1}); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	b := make([]byte, 1<<16)
	for range 4 { // the challenge and the answer to it
		if err := sink.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, _, err := sink.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b[:n])
	}
	if text := all.String(); strings.Count(text, "HEP3") != 4 || strings.Count(text, "REGISTER sip:") != 2 || strings.Contains(text, `username="ana"`) || !strings.Contains(text, "Authorization: xxx") {
		t.Errorf("captured %q", text)
	}
	if n := s.captureGauges()["attendant_hep_sent"](); n < 4 {
		t.Errorf("%v sent", n)
	}
}
