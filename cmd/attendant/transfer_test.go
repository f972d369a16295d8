package main

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	sipmessage "github.com/emiago/sipgo/sip"

	"attendant/dialog/sqlstore"
	"attendant/sip"
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
	server, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	tel, err := openTelephony(t.Context(), c, store, server, slog.New(slog.DiscardHandler))
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
