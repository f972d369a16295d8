package trunk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"attendant/media"
	"attendant/sip"
	"attendant/sip/number"
	"attendant/sip/sdp"
)

// policy is the trunk's SRTP; where it says nothing the server's holds.
func (t *Trunk) policy() sdp.Policy {
	switch t.SRTP {
	case "off":
		return sdp.Off
	case "preferred":
		return sdp.Preferred
	case "required":
		return sdp.Required
	}
	return sdp.Taken
}

// keys is how the trunk wants keys to be sent.
func (t *Trunk) keys() sip.Keys {
	switch t.DTMF {
	case "info":
		return sip.KeyInfo
	case "inband":
		return sip.KeyTones
	}
	return sip.KeyEvents
}

// Welcome says how a call that comes over t is taken, or why not: its limits,
// its SRTP, its numbers as E.164 and its codecs.
func (g *Group) Welcome(t Trunk, v sip.Invitation) (sip.Welcome, *sip.Refusal) {
	if t.SRTP == "required" && !v.Secure {
		return sip.Welcome{}, &sip.Refusal{Status: 488, Reason: "Not Acceptable Here"}
	}
	codecs, err := t.codecs()
	if err != nil {
		g.cfg.Log.Error("codecs of a trunk not used", "trunk", t.Name, "error", err)
	}
	l := g.limiter(t.Name)
	release, err := l.take(t)
	if err != nil {
		g.cfg.Log.Info("call refused", "trunk", t.Name, "error", err)
		return sip.Welcome{}, &sip.Refusal{Status: 503, Reason: "Service Unavailable", Retry: "5"}
	}
	l.Incoming.Add(1)
	caller := v.From
	if t.Trusted && v.Asserted != "" {
		caller = v.Asserted
	}
	return sip.Welcome{
		Trunk: t.Name, Number: t.Incoming(caller), Dialled: t.Incoming(v.Dialled), Codecs: codecs, SRTP: t.policy(), Keys: t.keys(), Release: release,
	}, nil
}

// Request is an outgoing call.
type Request struct {
	Number string        // as a person writes it
	From   string        // our number; the trunk's own where empty
	Name   string        // display name
	Ring   time.Duration // how long it may ring; ctx's end alone where 0
}

// Dial calls a number over the first trunk that may and can: those that are down
// come last, and where one does not take the call the next is tried. It blocks
// until the call is answered, has failed or ctx ends; whoever dials hangs up. The
// error wraps ErrForbidden, ErrLimit, ErrNoTrunk or what the far end answered (a
// *sip.CallError).
func (g *Group) Dial(ctx context.Context, r Request) (media.Leg, error) {
	if r.Ring > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, r.Ring, media.ErrNoAnswer)
		defer stop()
	}
	trunks, err := g.trunks(ctx)
	if err != nil {
		return nil, err
	}
	err = fmt.Errorf("%s: %w: none is set", r.Number, ErrNoTrunk)
	for _, t := range g.sorted(trunks) {
		if t.Host == "" {
			continue
		}
		var leg media.Leg
		if leg, err = g.over(ctx, t, r); err == nil {
			return leg, nil
		}
		if !othersMayHelp(err) || ctx.Err() != nil {
			return nil, err
		}
		g.cfg.Log.Info("trunk did not take a call", "trunk", t.Name, "error", err)
	}
	return nil, err
}

// sorted puts the trunks that are down last.
func (g *Group) sorted(trunks []Trunk) []Trunk {
	g.mu.Lock()
	defer g.mu.Unlock()
	var up, down []Trunk
	for _, t := range trunks {
		if h := g.health[t.Name]; h != nil && !h.good() {
			down = append(down, t)
			continue
		}
		up = append(up, t)
	}
	return append(up, down...)
}

// othersMayHelp reports whether another trunk might take the call: this one may
// not, is at its limit, or it is the trunk that failed and not the callee.
func othersMayHelp(err error) bool {
	var call *sip.CallError
	if errors.As(err, &call) {
		return call.Status == 0 && !errors.Is(err, media.ErrNoAnswer) || call.Status >= 500 && call.Status < 600 || call.Status == 403
	}
	return errors.Is(err, ErrForbidden) || errors.Is(err, ErrLimit)
}

// over calls over one trunk.
func (g *Group) over(ctx context.Context, t Trunk, r Request) (media.Leg, error) {
	n, err := number.Read(r.Number, t.Region)
	if err != nil {
		return nil, fmt.Errorf("%w over %s: %w", ErrForbidden, t.Name, err)
	}
	if err := t.Permits(n); err != nil {
		return nil, err
	}
	l := g.limiter(t.Name)
	if err := g.capped(ctx, t, l); err != nil {
		return nil, err
	}
	release, err := l.take(t)
	if err != nil {
		return nil, err
	}
	if err := g.cfg.Ledger.NoteDialled(ctx, t.Name, time.Now()); err != nil {
		release()
		return nil, fmt.Errorf("dial over %s: %w", t.Name, err)
	}
	leg, err := g.cfg.Phone.Dial(ctx, t.uri(t.Form(n)), t.options(r))
	if err != nil {
		release()
		l.Failed.Add(1)
		return nil, fmt.Errorf("dial over %s: %w", t.Name, err)
	}
	l.Outgoing.Add(1)
	context.AfterFunc(leg.Context(), release)
	return leg, nil
}

// capped reports ErrLimit where the trunk has dialled as often as it may.
func (g *Group) capped(ctx context.Context, t Trunk, l *limiter) error {
	for _, c := range []struct {
		most int
		in   time.Duration
	}{{t.MaxPerHour, time.Hour}, {t.MaxPerDay, 24 * time.Hour}} {
		if c.most == 0 {
			continue
		}
		n, err := g.cfg.Ledger.Dialled(ctx, t.Name, time.Now().Add(-c.in))
		if err != nil {
			return fmt.Errorf("dial over %s: %w", t.Name, err)
		}
		if n >= c.most {
			l.Refused.Add(1)
			return fmt.Errorf("%w: %s has dialled %d calls within %v", ErrLimit, t.Name, n, c.in)
		}
	}
	return nil
}

// options say how a call over the trunk looks.
func (t *Trunk) options(r Request) sip.DialOptions {
	o := sip.DialOptions{
		Name: r.Name, Domain: t.Domain, Proxy: t.proxy(), User: cmp.Or(t.AuthUser, t.User), Password: secret(t.Password), SRTP: t.policy(), Keys: t.keys(),
	}
	o.Codecs, _ = t.codecs() // checked when it was set; nil is the server's own
	own := cmp.Or(r.From, t.CallerID)
	if n, err := number.Read(own, t.Region); err == nil {
		own = t.Form(n)
	}
	if o.From = cmp.Or(own, t.User); t.From == "user" && t.User != "" {
		o.From = t.User
	}
	if own != "" && t.Identity != "none" {
		o.Asserted, o.AssertedAs = own, t.Identity
	}
	if t.Domain == "" && t.Register {
		o.Domain = hostname(t.Host)
	}
	return o
}

func hostname(h string) string {
	if host, _, err := net.SplitHostPort(h); err == nil {
		return host
	}
	return h
}
