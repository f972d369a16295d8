package registrar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"attendant/media"
	"attendant/media/mediatest"
)

// desk is a phone as its owner sees it: it registers with a password.
type desk struct {
	t              *testing.T
	g              *Registrar
	name, password string
	source         string
	contact        string
	algorithm      string // of the challenge that it answers
	seq            uint32
	callID         string
	count          int
	nonce          *digest.Challenge
}

func newDesk(t *testing.T, g *Registrar) *desk {
	return &desk{
		t: t, g: g, name: "ana", password: "correct horse", source: "192.0.2.7:5060", contact: "<sip:ana@192.0.2.7:5060>",
		algorithm: "MD5", callID: "one",
	}
}

func registrar(t *testing.T) *Registrar {
	t.Helper()
	phones := map[string]Phone{}
	for name, password := range map[string]string{"ana": "correct horse", "bob": "battery staple"} {
		p, err := Phone{Name: name, Password: password}.Clean()
		if err != nil {
			t.Fatal(err)
		}
		phones[name] = p
	}
	return New(Config{
		Phones: func(_ context.Context, name string) (Phone, bool, error) {
			p, ok := phones[name]
			return p, ok, nil
		},
		Log: slog.New(slog.DiscardHandler),
	})
}

// request builds a REGISTER as it comes from the wire.
func (d *desk) request(authorization string, headers ...string) *sip.Request {
	d.t.Helper()
	d.seq++
	if d.contact != "" {
		headers = append(headers, "Contact: "+d.contact)
	}
	if authorization != "" {
		headers = append(headers, "Authorization: "+authorization)
	}
	text := fmt.Sprintf("REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK%d\r\nFrom: <sip:%s@pbx.example>;tag=1\r\nTo: <sip:%s@pbx.example>\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\n%s\r\nContent-Length: 0\r\n\r\n",
		d.seq, d.name, d.name, d.callID, d.seq, strings.Join(headers, "\r\n"))
	m, err := sip.ParseMessage([]byte(text))
	if err != nil {
		d.t.Fatalf("%v in %s", err, text)
	}
	r := m.(*sip.Request)
	r.SetSource(d.source)
	r.SetTransport("UDP")
	return r
}

// credentials answer the last challenge.
func (d *desk) credentials() string {
	d.t.Helper()
	d.count++
	c, err := digest.Digest(d.nonce, digest.Options{Method: "REGISTER", URI: "sip:pbx.example", Username: d.name, Password: d.password, Count: d.count})
	if err != nil {
		d.t.Fatal(err)
	}
	return c.String()
}

func (d *desk) challenged(res *sip.Response) {
	d.t.Helper()
	for _, h := range res.GetHeaders("WWW-Authenticate") {
		c, err := digest.ParseChallenge(h.Value())
		if err != nil {
			d.t.Fatal(err)
		}
		if c.Algorithm == d.algorithm {
			d.nonce, d.count = c, 0
			return
		}
	}
	d.t.Fatalf("no challenge with %s in %s", d.algorithm, res)
}

// register does what a phone does: it asks, is challenged and asks again.
func (d *desk) register(headers ...string) *sip.Response {
	d.t.Helper()
	res := d.g.Register(d.request("", headers...))
	if res.StatusCode != 401 {
		return res
	}
	d.challenged(res)
	return d.g.Register(d.request(d.credentials(), headers...))
}

func TestPhonesRegisterAndAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := registrar(t)
		for _, algorithm := range []string{"MD5", "SHA-256"} {
			d := newDesk(t, g)
			d.algorithm, d.callID = algorithm, algorithm
			res := d.register("Expires: 120")
			if res.StatusCode != 200 || !strings.Contains(res.String(), "<sip:ana@192.0.2.7:5060>;expires=120") {
				t.Fatalf("%s: %s", algorithm, res)
			}
		}
		if c := g.Contacts("ana"); len(c) != 1 || c[0].Proxy() != "sip:192.0.2.7:5060" || c[0].Behind {
			t.Errorf("contacts %+v", c)
		}
		if name, ok := g.Owner("192.0.2.7:5060"); name != "ana" || !ok {
			t.Errorf("owner %q", name)
		}
		if name, ok := g.Owner("192.0.2.7:5061"); ok {
			t.Errorf("another port is of %q", name)
		}
		time.Sleep(120 * time.Second)
		if c := g.Contacts("ana"); len(c) != 0 {
			t.Errorf("after its time: %+v", c)
		}
		if _, ok := g.Owner("192.0.2.7:5060"); ok || len(g.Registered()) != 0 {
			t.Error("a binding whose time is over has an owner")
		}
	})
}

func TestWhoDoesNotProveItselfIsTurnedAwayAlike(t *testing.T) {
	g := registrar(t)
	for why, change := range map[string]func(*desk){
		"wrong password": func(d *desk) { d.password = "wrong horse" },
		"unknown phone":  func(d *desk) { d.name = "eve" },
	} {
		d := newDesk(t, g)
		change(d)
		if res := d.register(); res.StatusCode != 403 || res.Reason != "Forbidden" {
			t.Errorf("%s: %d %s", why, res.StatusCode, res.Reason)
		}
	}
	// Bob's password does not register Ana.
	d := newDesk(t, g)
	d.challenged(g.Register(d.request("")))
	c, err := digest.Digest(d.nonce, digest.Options{Method: "REGISTER", URI: "sip:pbx.example", Username: "bob", Password: "battery staple", Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	if res := g.Register(d.request(c.String())); res.StatusCode != 403 {
		t.Errorf("a foreign address of record: %d", res.StatusCode)
	}
	if len(g.Registered()) != 0 || g.Stats().Denied.Load() != 3 {
		t.Errorf("bindings %v, %d denied", g.Registered(), g.Stats().Denied.Load())
	}
}

func TestOverheardAuthorizationsAreWorthNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := registrar(t)
		d := newDesk(t, g)
		d.challenged(g.Register(d.request("")))
		overheard := d.credentials()
		if res := g.Register(d.request(overheard)); res.StatusCode != 200 {
			t.Fatal(res)
		}
		if res := g.Register(d.request(overheard)); res.StatusCode != 401 || g.Stats().Replayed.Load() != 1 {
			t.Errorf("repeated: %d", res.StatusCode)
		}
		second := d.credentials() // the phone itself goes on counting
		thief := *d
		thief.source = "203.0.113.9:5060"
		if res := g.Register(thief.request(second)); res.StatusCode != 401 {
			t.Errorf("from another address: %d", res.StatusCode)
		}
		if res := g.Register(d.request(second)); res.StatusCode != 200 {
			t.Errorf("the phone itself: %d", res.StatusCode)
		}
		third := d.credentials()
		time.Sleep(nonceLife)
		if res := g.Register(d.request(third)); res.StatusCode != 401 || !strings.Contains(res.String(), "stale=true") {
			t.Errorf("later: %s", res)
		}
		made := *d.nonce
		made.Nonce = strings.Repeat("A", len(made.Nonce))
		d.nonce = &made
		if res := g.Register(d.request(d.credentials())); res.StatusCode != 401 {
			t.Errorf("a nonce that is not ours: %d", res.StatusCode)
		}
		d.challenged(g.Register(d.request("")))
		old := strings.ReplaceAll(d.credentials(), "qop=auth", "qop=auth-int")
		if res := g.Register(d.request(old)); res.StatusCode != 401 || !strings.Contains(old, "auth-int") {
			t.Errorf("with another qop: %d", res.StatusCode)
		}
		if n := len(g.nonces.count); n > 1 {
			t.Errorf("%d nonces remembered", n)
		}
	})
}

func TestBindingsFollowRFC3261(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := registrar(t)
		d := newDesk(t, g)
		if res := d.register("Expires: 30"); res.StatusCode != 423 || res.GetHeader("Min-Expires").Value() != "60" {
			t.Errorf("too brief: %s", res)
		}
		d.contact = "<sip:ana@10.0.0.5:5060>;expires=7200, <sip:ana@10.0.0.6:5060>;expires=90"
		if res := d.register(); res.StatusCode != 200 || !strings.Contains(res.String(), "expires=3600") || !strings.Contains(res.String(), "expires=90") {
			t.Errorf("two contacts: %s", res)
		}
		if c := g.Contacts("ana"); len(c) != 2 || !c[0].Behind {
			t.Errorf("contacts %+v", c)
		}
		d.contact = "" // a query changes nothing
		if res := d.register(); res.StatusCode != 200 || len(res.GetHeaders("Contact")) != 2 {
			t.Errorf("query: %s", res)
		}
		d.contact = "<sip:ana@10.0.0.5:5060>;expires=0"
		if res := d.register(); res.StatusCode != 200 || len(g.Contacts("ana")) != 1 {
			t.Errorf("one removed: %s", res)
		}
		d.contact = "<sip:ana@10.0.0.6:5060>"
		d.seq = 0 // the past
		if res := d.register(); res.StatusCode != 500 {
			t.Errorf("an old CSeq: %d", res.StatusCode)
		}
		d.seq, d.contact = 100, "*"
		if res := d.register("Expires: 60"); res.StatusCode != 400 {
			t.Errorf("a star that does not end: %d", res.StatusCode)
		}
		if res := d.register("Expires: 0"); res.StatusCode != 200 || len(g.Contacts("ana")) != 0 {
			t.Errorf("all removed: %s", res)
		}
		for port := range 8 {
			d.contact = fmt.Sprintf("<sip:ana@192.0.2.7:%d>", 6000+port)
			if res := d.register(); res.StatusCode != 200 {
				t.Error(res)
			}
			time.Sleep(time.Second)
		}
		if c := g.Contacts("ana"); len(c) != maxContacts || !strings.Contains(c[0].Contact, "6007") {
			t.Errorf("%d contacts, the first %s", len(c), c[0].Contact)
		}
		phone := `;+sip.instance="<urn:uuid:1>"`
		for _, contact := range []string{"<sip:ana@192.0.2.7:7001>" + phone, "<sip:ana@192.0.2.7:7002>" + phone} {
			d.contact = contact
			d.register()
		}
		n := 0
		for _, c := range g.Contacts("ana") {
			if strings.Contains(c.Contact, ":700") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("one phone has %d contacts", n)
		}
		d.contact = "<tel:+4930>"
		if res := d.register(); res.StatusCode != 400 {
			t.Errorf("a tel: Contact: %d", res.StatusCode)
		}
		d.contact = strings.TrimSuffix(strings.Repeat("<sip:a@b:1>, ", 9), ", ")
		if res := d.register(); res.StatusCode != 400 {
			t.Errorf("nine contacts: %d", res.StatusCode)
		}
	})
}

func TestBindingsSurviveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := registrar(t)
		saved := map[string][]Binding{}
		g.cfg.Saved = func(name string, b []Binding) { saved[name] = b }
		newDesk(t, g).register("Expires: 100")
		again := registrar(t)
		again.Restore(saved)
		if c := again.Contacts("ana"); len(c) != 1 || c[0].Contact != "sip:ana@192.0.2.7:5060" {
			t.Errorf("contacts %+v", c)
		}
		d := newDesk(t, again)
		d.callID = "after"
		if res := d.register(); res.StatusCode != 200 || len(again.Contacts("ana")) != 1 {
			t.Errorf("refreshed: %s", res)
		}
		time.Sleep(100 * time.Second)
		late := registrar(t)
		if late.Restore(saved); len(late.Registered()) != 0 {
			t.Errorf("after their time: %v", late.Registered())
		}
	})
}

func TestAllPlacesRingAndOneAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := registrar(t)
		d := newDesk(t, g)
		d.contact = "<sip:ana@192.0.2.7:1>, <sip:ana@192.0.2.7:2>, <sip:ana@192.0.2.7:3>, <sip:ana@192.0.2.7:4>"
		d.register()
		var mu sync.Mutex
		cancelled := 0
		legs := map[string]*mediatest.Leg{}
		call := func(ctx context.Context, b Binding) (media.Leg, error) {
			if strings.HasSuffix(b.Contact, ":1") {
				return nil, media.ErrBusy
			}
			if strings.HasSuffix(b.Contact, ":4") { // rings on
				<-ctx.Done()
				mu.Lock()
				defer mu.Unlock()
				cancelled++
				return nil, media.ErrNoAnswer
			}
			time.Sleep(time.Second) // two answer at the same moment
			l := mediatest.NewLeg(media.Peer{Number: b.Contact})
			mu.Lock()
			defer mu.Unlock()
			legs[b.Contact] = l
			return l, nil
		}
		leg, err := g.Dial(t.Context(), "ana", call)
		if err != nil || cancelled != 1 || len(legs) != 2 {
			t.Fatalf("%v, %v, %d cancelled, %d answered", leg, err, cancelled, len(legs))
		}
		for _, l := range legs {
			if up := l.Context().Err() == nil; up != (l == leg) {
				t.Errorf("leg of %s is up: %v", l.Peer().Number, up)
			}
		}
		if _, err := g.Dial(t.Context(), "ana", func(_ context.Context, b Binding) (media.Leg, error) {
			if strings.HasSuffix(b.Contact, ":2") {
				return nil, media.ErrBusy
			}
			return nil, media.ErrNoAnswer
		}); !errors.Is(err, media.ErrBusy) {
			t.Errorf("one busy, others silent: %v", err)
		}
		if _, err := g.Dial(t.Context(), "bob", call); !errors.Is(err, ErrNotRegistered) || !errors.Is(err, media.ErrUnreachable) {
			t.Errorf("nobody there: %v", err)
		}
	})
}

func TestSilentPhonesAreRungLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := registrar(t)
		d := newDesk(t, g)
		d.contact = "<sip:ana@192.0.2.7:1>, <sip:ana@192.0.2.7:2>"
		d.register()
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			g.Run(ctx, func(_ context.Context, uri, proxy string) error {
				if proxy != "sip:192.0.2.7:5060" {
					t.Errorf("asked at %s", proxy)
				}
				if strings.HasSuffix(uri, ":1") {
					return media.ErrUnreachable
				}
				return nil
			})
		})
		time.Sleep(pingEvery + time.Second)
		c := g.Contacts("ana")
		if len(c) != 2 || !strings.HasSuffix(c[1].Contact, ":1") || !c[1].Silent || c[0].Silent {
			t.Errorf("contacts %+v", c)
		}
		stop()
		running.Wait()
	})
}

func TestPhonesAreAskedForWhatTheyKnow(t *testing.T) {
	for digest, want := range map[string]string{"": "SHA-256 MD5", "md5": "MD5", "sha256": "SHA-256"} {
		g := registrar(t)
		known := g.cfg.Phones
		g.cfg.Phones = func(ctx context.Context, name string) (Phone, bool, error) {
			p, ok, err := known(ctx, name)
			p.Digest = digest
			return p, ok, err
		}
		d := newDesk(t, g)
		res := g.Register(d.request(""))
		var got []string
		for _, h := range res.GetHeaders("WWW-Authenticate") {
			c, err := digestOf(h.Value())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("digest %q: asked for %v, want %s", digest, got, want)
		}
	}
	// Who is to prove by SHA-256 cannot choose MD5.
	g := registrar(t)
	known := g.cfg.Phones
	d := newDesk(t, g)
	d.challenged(g.Register(d.request("")))
	g.cfg.Phones = func(ctx context.Context, name string) (Phone, bool, error) {
		p, ok, err := known(ctx, name)
		p.Digest = "sha256"
		return p, ok, err
	}
	if res := g.Register(d.request(d.credentials())); res.StatusCode != 403 {
		t.Errorf("MD5 for a phone of SHA-256: %d", res.StatusCode)
	}
}

func digestOf(value string) (string, error) {
	c, err := digest.ParseChallenge(value)
	if err != nil {
		return "", err
	}
	return c.Algorithm, nil
}

func TestPhonesAreChecked(t *testing.T) {
	p, err := Phone{Name: "ana", Password: "correct horse"}.Clean()
	if err != nil || p.Password != "" || len(p.MD5) != 32 || len(p.SHA256) != 64 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []Phone{{}, {Name: "a b", Password: "correct horse"}, {Name: "ana", Password: "short"}, {Name: "ana", MD5: "xyz"}} {
		if _, err := bad.Clean(); !errors.Is(err, ErrPhone) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// FuzzAuthorization looks for headers that make the registrar panic or that it
// takes without knowing the password.
func FuzzAuthorization(f *testing.F) {
	f.Add(`Digest username="ana", realm="attendant", nonce="x", uri="sip:pbx.example", response="0", qop=auth, nc=00000001, cnonce="1"`)
	f.Add(`Digest username="ana", realm="attendant", nc=-1, algorithm=SHA-256`)
	f.Add(`Basic YTpi`)
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsAny(value, "\r\n") {
			return
		}
		c := parse(value)
		if c != nil && (c.Nc <= 0 || c.Realm != Realm) {
			t.Errorf("%q is taken as %+v", value, c)
		}
		g := registrar(t)
		r := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "pbx.example"})
		id := sip.CallIDHeader("1")
		for _, h := range []sip.Header{
			&sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: "ana", Host: "pbx.example"}, Params: sip.NewParams()},
			&sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: "ana", Host: "pbx.example"}, Params: sip.NewParams()},
			&id, &sip.CSeqHeader{SeqNo: 1, MethodName: sip.REGISTER}, sip.NewHeader("Authorization", value),
		} {
			r.AppendHeader(h)
		}
		r.SetSource("192.0.2.1:5060")
		if res := g.Register(r); res.StatusCode == 200 {
			t.Errorf("%q registers", value)
		}
	})
}
