package trunk

import (
	"context"
	"net/netip"
	"slices"
)

// Networks are the addresses that trunks may call from: those that are allowed,
// and the registrars where we are registered. It reads the store.
func (g *Group) Networks(ctx context.Context) ([]netip.Prefix, error) {
	trunks, err := g.trunks(ctx)
	if err != nil {
		return nil, err
	}
	var all []netip.Prefix
	for _, t := range trunks {
		networks, err := t.networks()
		if err == nil { // it was checked when it was set
			all = append(all, networks...)
		}
		if at, ok := g.registeredAt(t.Name); ok {
			all = append(all, netip.PrefixFrom(at, at.BitLen()))
		}
	}
	return slices.Compact(all), nil
}

// registeredAt is the address of the registrar that has taken the trunk's last
// registration.
func (g *Group) registeredAt(name string) (netip.Addr, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.health[name]
	if h == nil || h.lease == "" {
		return netip.Addr{}, false
	}
	at, err := netip.ParseAddrPort(h.lease)
	return at.Addr().Unmap(), err == nil
}
