package main

import (
	"context"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTransportSettings(t *testing.T) {
	c := defaults()
	c.Peers, c.LocalNetworks, c.DNSServers = "192.0.2.0/24, 2001:db8::1", "10.0.0.0/8", "127.0.0.1:53"
	if err := c.validate(); err != nil {
		t.Fatal(err)
	}
	cfg := c.transport()
	for a, want := range map[string]bool{"192.0.2.9": true, "2001:db8::1": true, "2001:db8::2": false, "198.51.100.1": false} {
		if got := cfg.Known(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s known: %v, want %v", a, got, want)
		}
	}
	if len(cfg.Local) != 1 || len(cfg.DNS) != 1 || cfg.Calls.Probe.MaxLate != 100*time.Millisecond {
		t.Errorf("settings %+v", cfg)
	}
	if d := defaults(); d.transport().Known != nil {
		t.Error("without sip_peers somebody is not known")
	}
}

func TestFaultsOfTransportSettings(t *testing.T) {
	c := defaults()
	c.ListenSIP, c.Peers, c.LocalNetworks, c.DNSServers, c.TLSKey, c.SourceRate = "sctp:1:2:3", "carrier", "10/8", "resolver", "key.pem", 0
	err := c.validate()
	for _, want := range []string{"listen_sip", "sip_peers", "local_networks", "dns_servers", "tls_certificate", "source_rate"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestCommandsButServeEndAtAnySignal(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		signals := make(chan os.Signal, 1)
		ctx, stop := interruptible(context.Background(), signals)
		if ctx.Err() != nil {
			t.Fatal("ended before the signal")
		}
		signals <- sig
		<-ctx.Done()
		stop()
	}
}

func TestTrunksAreFriendsOfTheGate(t *testing.T) {
	var f friendly
	carrier := netip.MustParseAddr("192.0.2.9")
	if f.has(carrier) {
		t.Error("known before the store was read")
	}
	ctx, cancel := context.WithCancel(t.Context())
	f.run(ctx, func(context.Context) ([]netip.Prefix, error) {
		cancel()
		return []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, nil
	})
	if !f.has(carrier) || f.has(netip.MustParseAddr("198.51.100.1")) {
		t.Error("the trunk's network is not what is known")
	}
}
