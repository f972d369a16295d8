// Package locate finds the servers of a SIP URI in the DNS.
//
// The central type is Resolver. Its Locate turns a Target (what a URI says) into
// Hops (where a request may be sent), best first: NAPTR for the transport, SRV
// for host and port, then addresses. The caller tries one hop after the other
// and tells Failed of those that do not work, which are tried last for a while.
//
// Guarantees: Locate returns within its budget of 2 s; answers are kept for as
// long as they say, at most an hour, and beyond that while the DNS does not
// answer; what is kept is bounded; any goroutine may call any method.
//
// RFC 3263 sections 4.1, 4.2 and 4.3, RFC 2782. Left out: SCTP, and NAPTR with
// regular expressions, which RFC 3263 does not use.
package locate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// Budget is how long Locate may take: a caller waits for it.
	Budget = 2 * time.Second
	// records is how much of the budget NAPTR and SRV may take, so that a name
	// without them is still looked up where their servers do not answer.
	records = 1200 * time.Millisecond
	// avoided is how long a hop that has failed is tried last.
	avoided = 30 * time.Second
	// maxHops bounds what one name may have us try.
	maxHops = 16
)

// ErrNotFound is a name without any server that we can reach.
var ErrNotFound = errors.New("no server found")

// Target is what a URI says of where to go.
type Target struct {
	Host      string // name or address, without brackets
	Port      int    // 0 is none
	Transport string // of its transport parameter; empty is none
	Secure    bool   // a sips URI
}

// Hop is where a request may be sent.
type Hop struct {
	Transport string // "UDP", "TCP", "TLS", "WS" or "WSS"
	Address   netip.AddrPort
	Name      string // whose certificate it must have: the name that was looked up
}

// Config says how to look up. The zero value works.
type Config struct {
	Servers    []string // DNS servers, HOST:PORT; those of /etc/resolv.conf where empty
	Transports []string // what we can do, the preferred first; UDP, TCP, TLS where empty
	IPv4, IPv6 bool     // the families that we can reach; both where neither is set
}

// Resolver finds servers and remembers what it found.
type Resolver struct {
	config    Config
	addresses *net.Resolver
	cache     cache

	mu     sync.Mutex
	failed map[Hop]time.Time
}

// New returns a resolver.
func New(c Config) *Resolver {
	if len(c.Transports) == 0 {
		c.Transports = []string{"UDP", "TCP", "TLS"}
	}
	if !c.IPv4 && !c.IPv6 {
		c.IPv4, c.IPv6 = true, true
	}
	r := &Resolver{config: c, failed: map[Hop]time.Time{}, addresses: &net.Resolver{PreferGo: true}}
	if len(c.Servers) > 0 {
		// The standard library knows the hosts file and search domains.
		r.addresses.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, c.Servers[rand.IntN(len(c.Servers))])
		}
	}
	return r
}

// Locate finds where a request to the target may be sent, best first, at most
// maxHops. It blocks for as long as the DNS takes, at most Budget. The error is
// ErrNotFound, or wraps that of ctx.
func (r *Resolver) Locate(ctx context.Context, t Target) ([]Hop, error) {
	ctx, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	t.Transport = strings.ToUpper(t.Transport)
	if t.Secure && (t.Transport == "TCP" || t.Transport == "WS") {
		t.Transport = map[string]string{"TCP": "TLS", "WS": "WSS"}[t.Transport]
	}
	var hops []Hop
	for _, s := range r.servers(ctx, t) {
		for _, a := range r.lookup(ctx, s.host) {
			hops = append(hops, Hop{Transport: s.transport, Address: netip.AddrPortFrom(a, uint16(s.port)), Name: t.Host})
		}
		if len(hops) >= maxHops {
			break
		}
	}
	if len(hops) == 0 {
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrNotFound, t.Host), ctx.Err())
	}
	return r.order(hops[:min(len(hops), maxHops)]), nil
}

// server is a host that serves the target, not yet looked up.
type server struct {
	transport, host string
	port            int
}

// servers are the target's servers. RFC 3263 sections 4.1 and 4.2.
func (r *Resolver) servers(ctx context.Context, t Target) []server {
	transport := t.Transport
	if transport == "" {
		transport = r.usual(t)
	}
	if _, err := netip.ParseAddr(t.Host); err == nil || t.Port != 0 {
		return []server{{transport, t.Host, portOr(t.Port, transport)}}
	}
	ctx, cancel := context.WithTimeout(ctx, records)
	defer cancel()
	var found []server
	for _, service := range r.services(ctx, t) {
		for _, s := range r.srv(ctx, service.name) {
			found = append(found, server{service.transport, s.host, s.port})
		}
	}
	if len(found) > 0 {
		return found
	}
	return []server{{transport, t.Host, portOr(0, transport)}}
}

// usual is the transport of a URI that names none and has no records.
func (r *Resolver) usual(t Target) string {
	if t.Secure {
		return "TLS"
	}
	for _, u := range r.config.Transports {
		if u == "UDP" || u == "TCP" {
			return u
		}
	}
	return "UDP"
}

// service is an SRV name and the transport that it stands for.
type service struct{ transport, name string }

// services are the target's services in the order of its NAPTR records, or
// those that we can do where it has none. RFC 3263 section 4.1.
func (r *Resolver) services(ctx context.Context, t Target) []service {
	if t.Transport != "" {
		return []service{{t.Transport, srvName(t.Transport, t.Host)}}
	}
	var list []service
	for _, n := range r.naptr(ctx, t.Host) {
		transport := map[string]string{"SIP+D2U": "UDP", "SIP+D2T": "TCP", "SIPS+D2T": "TLS", "SIP+D2W": "WS", "SIPS+D2W": "WSS"}[n.service]
		secure := transport == "TLS" || transport == "WSS"
		if slices.Contains(r.config.Transports, transport) && (secure || !t.Secure) {
			list = append(list, service{transport, n.replacement})
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, transport := range r.config.Transports {
		if transport == "TLS" || transport != "WS" && transport != "WSS" && !t.Secure {
			list = append(list, service{transport, srvName(transport, t.Host)})
		}
	}
	return list
}

func srvName(transport, host string) string {
	return map[string]string{"UDP": "_sip._udp.", "TCP": "_sip._tcp.", "TLS": "_sips._tcp.", "WS": "_sip._ws.", "WSS": "_sips._ws."}[transport] + host
}

func portOr(port int, transport string) int {
	if port != 0 {
		return port
	}
	switch transport {
	case "TLS":
		return 5061
	case "WS":
		return 80
	case "WSS":
		return 443
	}
	return 5060
}

// lookup are the addresses of a host in the families that we can reach.
func (r *Resolver) lookup(ctx context.Context, host string) []netip.Addr {
	if a, err := netip.ParseAddr(host); err == nil {
		return r.reachable([]netip.Addr{a})
	}
	v := r.cache.get(ctx, "A "+host, func(ctx context.Context) (any, time.Duration, error) {
		// The standard library tells no time to live.
		a, err := r.addresses.LookupNetIP(ctx, "ip", host)
		return a, 30 * time.Second, err
	})
	list, _ := v.([]netip.Addr)
	return r.reachable(list)
}

// reachable leaves out what we have no socket for; IPv4 goes first.
func (r *Resolver) reachable(list []netip.Addr) (out []netip.Addr) {
	for _, a := range list {
		if a = a.Unmap(); a.Is4() && r.config.IPv4 || a.Is6() && r.config.IPv6 {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b netip.Addr) int { return cmp.Compare(a.BitLen(), b.BitLen()) })
	return out
}

// Failed has a hop tried last for a while.
func (r *Resolver) Failed(h Hop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.failed) >= maxEntries {
		clear(r.failed)
	}
	r.failed[h] = time.Now()
}

// order puts those that have failed lately at the end.
func (r *Resolver) order(hops []Hop) []Hop {
	r.mu.Lock()
	defer r.mu.Unlock()
	lately := func(h Hop) int {
		if at, ok := r.failed[h]; ok && time.Since(at) < avoided {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(hops, func(a, b Hop) int { return cmp.Compare(lately(a), lately(b)) })
	return hops
}
