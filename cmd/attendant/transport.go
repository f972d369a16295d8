package main

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"attendant/sip"
	"attendant/sip/admit"
	"attendant/sip/hep"
	"attendant/sip/sdp"
)

const (
	// leastDrain is how long a drain takes at least: proxies that ask every
	// second must see that we are going before we are gone.
	leastDrain = 3 * time.Second
	// drainLook is how often a drain looks whether calls are left.
	drainLook = 200 * time.Millisecond
)

// transport is what the settings say of SIP's listeners and defences.
func (c *config) transport() sip.Config {
	out := sip.Config{
		Listen: c.ListenSIP, External: c.External, RTPFirst: c.RTPFirst, RTPLast: c.RTPLast, MaxCalls: c.MaxCalls,
		TLS:    sip.TLS{Certificate: c.TLSCertificate, Key: c.TLSKey, Clients: c.TLSClients, Roots: c.TLSRoots},
		DNS:    list(c.DNSServers),
		Limits: admit.Limits{Rate: float64(c.SourceRate)},
		Calls: &admit.Calls{
			Rate: float64(c.CallRate), Probe: &admit.Probe{MaxLate: c.MaxLate, MaxMemory: uint64(c.MaxMemory) << 20},
		},
	}
	out.Session, out.MinSession = c.SessionExpires, c.SessionMinimum
	// The settings have been validated.
	out.SRTP, _ = sdp.ParsePolicy(c.SRTP)
	out.Local, _ = networks(c.LocalNetworks)
	if peers, _ := networks(c.Peers); len(peers) > 0 {
		out.Known = func(a netip.Addr) bool {
			for _, p := range peers {
				if p.Contains(a) {
					return true
				}
			}
			return false
		}
	}
	return out
}

// validateTransport tells what is wrong with the settings that transport reads.
func (c *config) validateTransport(fault func(format string, args ...any)) {
	if _, err := sip.ParseListeners(c.ListenSIP); err != nil {
		fault("listen_sip: %w", err)
	}
	for name, text := range map[string]string{"local_networks": c.LocalNetworks, "sip_peers": c.Peers} {
		if _, err := networks(text); err != nil {
			fault("%s: %w", name, err)
		}
	}
	for _, s := range list(c.DNSServers) {
		if _, err := netip.ParseAddrPort(s); err != nil {
			fault("dns_servers: %q is not ADDRESS:PORT", s)
		}
	}
	if err := hep.Check(c.HEP); c.HEP != "" && err != nil {
		fault("hep: %w", err)
	}
	if c.HEPNode < 0 || c.HEPNode > math.MaxUint32 {
		fault("hep_node: %d is not from 0 to 4294967295", c.HEPNode)
	}
	if _, err := sdp.ParsePolicy(c.SRTP); err != nil {
		fault("srtp: %w", err)
	}
	// RFC 4028 section 4: nobody may ask for less than 90 s.
	if c.SessionMinimum < 90*time.Second || c.SessionExpires < c.SessionMinimum {
		fault("session_expires, session_minimum: %v and %v: want at least 90s, and the first no less than the second", c.SessionExpires, c.SessionMinimum)
	}
	if (c.TLSCertificate == "") != (c.TLSKey == "") {
		fault("tls_certificate, tls_key: want both")
	}
	if c.SourceRate < 1 || c.CallRate < 0 || c.MaxMemory < 0 || c.MaxLate < 0 || c.DrainTimeout < 0 {
		fault("source_rate must be at least 1; calls_per_second, max_memory, max_late and drain_timeout at least 0")
	}
}

// list are the parts of a setting with commas.
func list(text string) (parts []string) {
	for p := range strings.SplitSeq(text, ",") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

// networks reads a list of addresses and networks.
func networks(text string) (found []netip.Prefix, err error) {
	for _, p := range list(text) {
		if a, err := netip.ParseAddr(p); err == nil {
			found = append(found, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		n, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network", p)
		}
		found = append(found, n.Masked())
	}
	return found, nil
}

// friendly are the addresses of trunks, for the gate: it asks with each message
// and cannot read the store.
type friendly struct {
	networks atomic.Pointer[[]netip.Prefix]
}

// friendsEvery is how often the store is read for changed trunks.
const friendsEvery = 2 * time.Second

// has implements sip.Config's Friends.
func (f *friendly) has(a netip.Addr) bool {
	list := f.networks.Load()
	return list != nil && slices.ContainsFunc(*list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// run keeps the addresses up to date until ctx ends.
func (f *friendly) run(ctx context.Context, read func(context.Context) ([]netip.Prefix, error)) {
	ticker := time.NewTicker(friendsEvery)
	defer ticker.Stop()
	for {
		if list, err := read(ctx); err == nil {
			f.networks.Store(&list)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// guardGauges are the metrics of who was admitted.
func guardGauges(s *sip.Server, probe *admit.Probe) map[string]func() float64 {
	g := s.Guard()
	return map[string]func() float64{
		"attendant_sip_messages_over_rate": func() float64 { return float64(g.Limited.Load()) },
		"attendant_sip_messages_banned":    func() float64 { return float64(g.Refused.Load()) },
		"attendant_sip_bans":               func() float64 { return float64(g.Bans.Load()) },
		"attendant_sip_overloads":          func() float64 { return float64(probe.Overloads.Load()) },
		"attendant_clock_late_seconds":     func() float64 { return probe.Late().Seconds() },
		"attendant_memory_bytes":           func() float64 { return float64(probe.Memory()) },
	}
}

// untilStopped is a context that ends as the signals have it: SIGINT ends every
// call now; SIGTERM has new calls refused and calls that are up go on for at
// most drain_timeout, and then they end with an apology. A second SIGTERM
// changes nothing. stop must be called, and waits.
func (s *server) untilStopped(ctx context.Context, signals <-chan os.Signal) (stopped context.Context, stop func()) {
	stopped, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		defer cancel()
		s.watch(stopped, signals)
	})
	return stopped, func() {
		cancel()
		watching.Wait()
	}
}

// watch returns when the program is to end.
func (s *server) watch(ctx context.Context, signals <-chan os.Signal) {
	var deadline <-chan time.Time
	var look <-chan time.Time
	var began time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case sig := <-signals:
			if sig == syscall.SIGINT {
				s.log.Info("ending now")
				s.sip.HangUp()
				return
			}
			if deadline != nil {
				continue
			}
			s.log.Info("draining", "calls", len(s.attendant.Live()), "at most", s.cfg.DrainTimeout)
			s.draining.Store(true)
			s.sip.Drain()
			began = time.Now()
			deadline = time.After(s.cfg.DrainTimeout)
			ticker := time.NewTicker(drainLook)
			defer ticker.Stop()
			look = ticker.C
		case <-deadline:
			s.log.Info("drain took too long", "calls", len(s.attendant.Live()))
			return
		case <-look:
			if time.Since(began) >= leastDrain && len(s.attendant.Live()) == 0 && s.sip.Stats().Active.Load() == 0 {
				return
			}
		}
	}
}

// interruptible ends ctx at the first signal.
func interruptible(ctx context.Context, signals <-chan os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		cancel()
		watching.Wait()
	}
}
