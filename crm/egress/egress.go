// Package egress is the one HTTP client for calls to other systems.
//
// New returns an http.Client that reaches only the hosts it was given. The
// address is checked when the connection is made, after names have been resolved,
// so that a name cannot be made to point inside: private, loopback, link-local
// and other special addresses are refused unless the host was allowed to have
// one. It follows no redirects, uses no proxy of the environment, and bounds the
// time of a request and the size of an answer. It never sends a write twice: all
// but GET and HEAD goes over a connection of its own, since net/http repeats a
// request with an Idempotency-Key where a connection that was kept breaks.
package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Host is where calls may go.
type Host struct {
	Name    string      // without port
	Private bool        // it may have a private address
	Header  http.Header // sent with each request to it, such as credentials; may be nil
}

// Config says where calls may go and what they may take.
type Config struct {
	Hosts   []Host
	Timeout time.Duration // of a request with its answer; 4 s where 0
	MaxBody int64         // of an answer; 1 MiB where 0
}

// ErrForbidden is a host or an address that calls may not go to, or an answer
// that is too large.
var ErrForbidden = errors.New("egress not allowed")

// New returns a client. Any goroutine may use it.
func New(cfg Config) *http.Client {
	if cfg.Timeout == 0 {
		cfg.Timeout = 4 * time.Second
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 1 << 20
	}
	t := &transport{max: cfg.MaxBody, hosts: map[string]*host{}}
	for _, h := range cfg.Hosts {
		reads := &http.Transport{
			DialContext: dialer(h.Private), ForceAttemptHTTP2: true, TLSHandshakeTimeout: cfg.Timeout,
			ResponseHeaderTimeout: cfg.Timeout, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 8, MaxResponseHeaderBytes: 64 << 10,
		}
		writes := reads.Clone()
		writes.DisableKeepAlives = true
		t.hosts[strings.ToLower(h.Name)] = &host{header: h.Header, reads: reads, writes: writes}
	}
	return &http.Client{
		Transport: t, Timeout: cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dialer connects to addresses that are public, or to any where private.
func dialer(private bool) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 2 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: address %q", ErrForbidden, address)
		}
		if !private && special(to.Addr().Unmap()) {
			return fmt.Errorf("%w: %s is not a public address", ErrForbidden, to.Addr())
		}
		return nil
	}}
	return d.DialContext
}

// reserved are prefixes besides those that package netip knows: shared (RFC 6598
// section 7), benchmarking, documentation, NAT64, 6to4.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("2002::/16"),
}

func special(a netip.Addr) bool {
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return true
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// transport sends a request where its host is allowed.
type transport struct {
	hosts map[string]*host
	max   int64
}

// host is how requests to one host are sent.
type host struct {
	header        http.Header
	reads, writes *http.Transport
}

func (h *host) send(r *http.Request) (*http.Response, error) {
	if len(h.header) > 0 { // a RoundTripper leaves the request as it is
		r = r.Clone(r.Context())
		maps.Copy(r.Header, h.header)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return h.reads.RoundTrip(r)
	}
	return h.writes.RoundTrip(r)
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	host := t.hosts[strings.ToLower(r.URL.Hostname())]
	if host == nil || r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return nil, fmt.Errorf("%w: host %q", ErrForbidden, r.URL.Hostname())
	}
	answer, err := host.send(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{ReadCloser: answer.Body, left: t.max}
	return answer, nil
}

// bounded fails where a body is longer than it may be.
type bounded struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%w: the answer is too large", ErrForbidden)
	}
	return n, err
}
