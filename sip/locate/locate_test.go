package locate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// zone is a DNS server on loopback with the given records.
type zone struct {
	records map[string][]string // "NAPTR name." -> records
	asked   atomic.Int64
	silent  atomic.Bool
	cut     bool // answers over UDP are cut
}

func (z *zone) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	z.asked.Add(1)
	if z.silent.Load() {
		return
	}
	m := new(dns.Msg)
	m.SetReply(q)
	_, udp := w.RemoteAddr().(*net.UDPAddr)
	if z.cut && udp {
		m.Truncated = true
		w.WriteMsg(m)
		return
	}
	for _, text := range z.records[dns.TypeToString[q.Question[0].Qtype]+" "+strings.ToLower(q.Question[0].Name)] {
		rr, err := dns.NewRR(q.Question[0].Name + " " + text)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	if len(m.Answer) == 0 {
		m.Rcode = dns.RcodeNameError
	}
	w.WriteMsg(m)
}

func serveDNS(t *testing.T, z *zone) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{PacketConn: conn, Handler: z}, {Listener: listener, Handler: z}} {
		ended := make(chan error, 1)
		begun := make(chan struct{})
		s.NotifyStartedFunc = func() { close(begun) }
		go func() { ended <- s.ActivateAndServe() }()
		<-begun
		t.Cleanup(func() { s.Shutdown(); <-ended })
	}
	return conn.LocalAddr().String()
}

func hops(t *testing.T, r *Resolver, target Target) (list []string) {
	t.Helper()
	found, err := r.Locate(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range found {
		list = append(list, h.Transport+" "+h.Address.String())
	}
	return list
}

var carrier = map[string][]string{
	"NAPTR example.net.": {
		`60 IN NAPTR 50 50 "s" "SIP+D2T" "" _sip._tcp.example.net.`,
		`60 IN NAPTR 40 50 "s" "SIPS+D2T" "" _sips._tcp.example.net.`,
		`60 IN NAPTR 90 50 "s" "SIP+D2U" "" _sip._udp.example.net.`,
		`60 IN NAPTR 10 50 "s" "SIP+D2S" "" _sip._sctp.example.net.`,
	},
	"SRV _sip._tcp.example.net.":  {"60 IN SRV 1 1 5070 one.example.net.", "60 IN SRV 0 1 5071 two.example.net."},
	"SRV _sips._tcp.example.net.": {"60 IN SRV 0 1 5081 one.example.net."},
	"SRV _sip._udp.example.net.":  {"60 IN SRV 0 1 5060 one.example.net."},
	"SRV _sip._udp.srv.example.":  {"60 IN SRV 0 0 5066 one.example.net."},
	"A one.example.net.":          {"60 IN A 192.0.2.1"},
	"AAAA one.example.net.":       {"60 IN AAAA 2001:db8::1"},
	"A two.example.net.":          {"60 IN A 192.0.2.2", "60 IN A 192.0.2.3"},
	"A bare.example.":             {"60 IN A 192.0.2.9"},
}

func TestServersAreFoundAsRFC3263Says(t *testing.T) {
	server := serveDNS(t, &zone{records: carrier})
	for _, c := range []struct {
		name   string
		config Config
		target Target
		want   []string
	}{
		{"an address", Config{}, Target{Host: "192.0.2.7"}, []string{"UDP 192.0.2.7:5060"}},
		{"an address of a sips URI", Config{}, Target{Host: "2001:db8::7", Secure: true}, []string{"TLS [2001:db8::7]:5061"}},
		{"an address with port and transport", Config{}, Target{Host: "192.0.2.7", Port: 99, Transport: "tcp"}, []string{"TCP 192.0.2.7:99"}},
		{"a port: addresses alone", Config{}, Target{Host: "one.example.net", Port: 5999}, []string{"UDP 192.0.2.1:5999", "UDP [2001:db8::1]:5999"}},
		{"NAPTR by order, what we can do", Config{Transports: []string{"UDP", "TCP"}, IPv4: true}, Target{Host: "example.net"}, []string{
			"TCP 192.0.2.2:5071", "TCP 192.0.2.3:5071", "TCP 192.0.2.1:5070", "UDP 192.0.2.1:5060",
		}},
		{"NAPTR with TLS first", Config{IPv6: true}, Target{Host: "example.net"}, []string{"TLS [2001:db8::1]:5081", "TCP [2001:db8::1]:5070", "UDP [2001:db8::1]:5060"}},
		{"NAPTR of a sips URI", Config{IPv4: true}, Target{Host: "example.net", Secure: true}, []string{"TLS 192.0.2.1:5081"}},
		{"a transport: SRV of it", Config{IPv4: true}, Target{Host: "example.net", Transport: "udp"}, []string{"UDP 192.0.2.1:5060"}},
		{"SRV without NAPTR", Config{IPv4: true}, Target{Host: "srv.example"}, []string{"UDP 192.0.2.1:5066"}},
		{"neither", Config{IPv4: true}, Target{Host: "bare.example"}, []string{"UDP 192.0.2.9:5060"}},
		{"neither, over TLS", Config{IPv4: true}, Target{Host: "bare.example", Transport: "TLS"}, []string{"TLS 192.0.2.9:5061"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.Servers = []string{server}
			if got := hops(t, New(c.config), c.target); !slices.Equal(got, c.want) {
				t.Errorf("%+v: %v, want %v", c.target, got, c.want)
			}
		})
	}
}

func TestAnswersThatWereCutAreAskedForOverTCP(t *testing.T) {
	z := &zone{records: carrier, cut: true}
	r := New(Config{Servers: []string{serveDNS(t, z)}, IPv4: true})
	if got := hops(t, r, Target{Host: "srv.example"}); !slices.Equal(got, []string{"UDP 192.0.2.1:5066"}) {
		t.Errorf("found %v", got)
	}
}

func TestAnswersAreKept(t *testing.T) {
	z := &zone{records: carrier}
	r := New(Config{Servers: []string{serveDNS(t, z)}, IPv4: true})
	first := hops(t, r, Target{Host: "srv.example"})
	asked := z.asked.Load()
	for range 10 {
		hops(t, r, Target{Host: "srv.example"})
	}
	if n := z.asked.Load(); n != asked {
		t.Errorf("%d questions for what was known", n-asked)
	}
	// Outdated, and the DNS is gone: what was known still serves.
	z.silent.Store(true)
	for _, e := range r.cache.entries {
		e.until = time.Now()
	}
	if again := hops(t, r, Target{Host: "srv.example"}); !slices.Equal(again, first) {
		t.Errorf("without DNS: %v, want %v", again, first)
	}
}

func TestASilentDNSTakesTheBudgetAndNoMore(t *testing.T) {
	z := &zone{}
	z.silent.Store(true)
	server := serveDNS(t, z)
	r := New(Config{Servers: []string{server, server, server}, IPv4: true})
	began := time.Now()
	_, err := r.Locate(t.Context(), Target{Host: "example.net"})
	if took := time.Since(began); !errors.Is(err, ErrNotFound) || took > Budget+500*time.Millisecond {
		t.Errorf("error %v after %v, want ErrNotFound within %v", err, took, Budget)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Locate(ctx, Target{Host: "other.example"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestWhatHasFailedIsTriedLast(t *testing.T) {
	r := New(Config{Servers: []string{serveDNS(t, &zone{records: carrier})}, Transports: []string{"TCP"}, IPv4: true})
	found, err := r.Locate(t.Context(), Target{Host: "example.net"})
	if err != nil {
		t.Fatal(err)
	}
	r.Failed(found[0])
	again, err := r.Locate(t.Context(), Target{Host: "example.net"})
	if err != nil || again[len(again)-1] != found[0] || again[0] != found[1] {
		t.Errorf("%v after %v has failed, error %v", again, found[0], err)
	}
}

func TestWeightsShareTheLoad(t *testing.T) {
	first := map[string]int{}
	for range 4000 {
		list := shuffle([]srvRecord{{1, 1, "backup", 1}, {0, 10, "small", 1}, {0, 30, "large", 1}, {0, 0, "never", 1}})
		first[list[0].host]++
		if list[3].host != "backup" {
			t.Fatalf("order %v", list)
		}
	}
	if share := float64(first["large"]) / 4000; share < 0.70 || share > 0.80 || first["never"] > 0 {
		t.Errorf("chosen first: %v, want large in 75 %%", first)
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	var c cache
	for i := range 3 * maxEntries {
		c.get(t.Context(), fmt.Sprint(i), func(context.Context) (any, time.Duration, error) { return i, time.Hour, nil })
	}
	if len(c.entries) > maxEntries {
		t.Errorf("%d entries, want at most %d", len(c.entries), maxEntries)
	}
}
