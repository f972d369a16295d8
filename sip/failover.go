package sip

import (
	"context"
	"errors"
	"strings"
	"time"

	"attendant/media"
	"attendant/sip/locate"
)

// silence is how long a server may leave an INVITE without any response before
// the next one is tried. Over UDP three have been sent by then.
const silence = 4 * time.Second

// errSilent is a server that says nothing while others might.
var errSilent = errors.New("no response in time")

// newResolver looks up what our listeners can reach. Transports that we do not
// listen on are used where a URI asks for them, or where its records have
// nothing else.
func (s *Server) newResolver() *locate.Resolver {
	c := locate.Config{Servers: s.cfg.DNS}
	for _, d := range s.doors.all {
		any6 := d.address.Addr().IsUnspecified() && d.address.Addr().Is6()
		c.IPv4 = c.IPv4 || d.address.Addr().Is4() || any6
		c.IPv6 = c.IPv6 || d.address.Addr().Is6()
	}
	for _, t := range []string{"UDP", "TCP", "TLS"} {
		if t != "UDP" || len(s.doors.udp) > 0 {
			c.Transports = append(c.Transports, t)
		}
	}
	return locate.New(c)
}

// resolve finds where the request may go, and aims at the best. RFC 3263.
func (d *dialing) resolve(ctx context.Context) error {
	uri, err := d.hop()
	if err != nil {
		return err
	}
	target := locate.Target{Host: strings.Trim(uri.Host, "[]"), Port: uri.Port, Secure: uri.Scheme == "sips"}
	target.Transport, _ = uri.UriParams.Get("transport")
	if d.hops, err = d.resolver.Locate(ctx, target); err != nil {
		return err
	}
	d.use(d.hops[0])
	return nil
}

// use aims at a hop.
func (d *dialing) use(h locate.Hop) {
	d.current, d.transport, d.peer = h, h.Transport, h.Address.String()
	d.flows.called(d.peer, h.Name)
}

// anyOf calls one hop after the other until one answers, whatever it answers
// but 503. RFC 3263 section 4.3.
func (d *dialing) anyOf(ctx context.Context) (leg *Leg, err error) {
	for i, h := range d.hops {
		d.use(h)
		d.last = i == len(d.hops)-1
		if leg, err = d.attempt(ctx); err == nil || d.last || ctx.Err() != nil || !elsewhere(err) {
			return leg, err
		}
		d.cfg.Log.Info("trying the next server", "failed", d.peer, "transport", d.transport, "error", err)
		d.resolver.Failed(h)
	}
	return leg, err
}

// elsewhere reports whether another server might do better: nothing was
// answered, or 503.
func elsewhere(err error) bool {
	var refused *CallError
	return errors.As(err, &refused) && errors.Is(err, media.ErrUnreachable) && (refused.Status == 0 || refused.Status == 503)
}

// silent fires when a server that others can stand in for has said nothing for
// too long.
func (d *dialing) silent() (<-chan time.Time, func()) {
	if d.last {
		return nil, func() {}
	}
	t := time.NewTimer(silence)
	return t.C, func() { t.Stop() }
}
