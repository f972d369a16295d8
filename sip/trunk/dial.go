package trunk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"attendant/sip/number"
)

// Why a number is not dialled.
var (
	// ErrForbidden is a number that no rule allows to be called.
	ErrForbidden = errors.New("may not be called")
	// ErrLimit is a trunk that has as many calls as it may have.
	ErrLimit = errors.New("trunk is at its limit")
	// ErrNoTrunk is a call that no trunk takes.
	ErrNoTrunk = errors.New("no trunk takes the call")
)

// Permits reports why n may not be called over the trunk: ErrForbidden, with the
// reason in words. Without a list of what may be called nothing may. Short and
// emergency numbers, premium rate services, satellites and numbers that are not
// in use are refused whatever the list says.
func (t Trunk) Permits(n number.Number) error {
	deny := func(why string) error { return fmt.Errorf("%s %w over %s: %s", n, ErrForbidden, t.Name, why) }
	switch {
	case len(t.Outbound) == 0:
		return deny("outgoing calls are off: the trunk has no outbound list")
	case n.IsEmergency(t.Region):
		return deny("emergency numbers are for people to call")
	}
	if k := n.Kind(); k != number.Ordinary {
		return deny("the number is " + string(k))
	}
	if p, ok := longest(t.Deny, n); ok {
		return deny(p + " is denied")
	}
	if _, ok := longest(t.Outbound, n); !ok {
		return deny("no entry of the outbound list covers it")
	}
	return nil
}

// Allows reports whether a number at a host, HOST or HOST:PORT, may be called as
// some trunk's redirection wants: the host is a trunk's own, and its lists have
// the number.
func (g *Group) Allows(ctx context.Context, user, host string) bool {
	trunks, err := g.trunks(ctx)
	if err != nil {
		return false
	}
	for _, t := range trunks {
		hosts := append([]string{t.Host, t.Proxy}, t.Registrars...)
		if !slices.ContainsFunc(hosts, func(h string) bool { return h != "" && strings.EqualFold(h, host) }) {
			continue
		}
		if n, err := number.Read(t.Incoming(user), t.Region); err == nil && t.Permits(n) == nil {
			return true
		}
	}
	return false
}

// longest finds the entry of a list of prefixes and regions that covers n.
func longest(list []string, n number.Number) (entry string, found bool) {
	for _, p := range list {
		covers := strings.HasPrefix(n.E164, p)
		if !isPrefix(p) {
			covers = strings.EqualFold(n.Region(), p)
		}
		if covers && len(p) > len(entry) {
			entry, found = p, true
		}
	}
	return entry, found
}

// Form is n as the trunk wants it in a Request-URI: its form, then the first
// dial rule that fits.
func (t Trunk) Form(n number.Number) string {
	out := n.String()
	switch t.Send {
	case "digits":
		out = strings.TrimPrefix(out, "+")
	case "national":
		if national, ok := n.In(t.Region); ok {
			out = national
		}
	}
	for _, r := range t.Dial {
		if from, to, _ := strings.Cut(r, "="); strings.HasPrefix(out, from) {
			return to + strings.TrimPrefix(out, from)
		}
	}
	return out
}

// Incoming is a number as the trunk has signalled it, as E.164 where it can be
// read; a name or an extension stays as it is.
func (t Trunk) Incoming(text string) string {
	if text == "" {
		return ""
	}
	if t.Send == "digits" && strings.Trim(text, "0123456789") == "" && len(text) > 7 && text[0] != '0' {
		text = "+" + text
	}
	n, err := number.Read(text, t.Region)
	if err != nil {
		return text
	}
	return n.String()
}
