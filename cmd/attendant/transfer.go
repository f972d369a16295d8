package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	sipmessage "github.com/emiago/sipgo/sip"

	"attendant/dialog"
	"attendant/media"
	"attendant/sip"
	"attendant/sip/registrar"
	"attendant/sip/trunk"
)

// transfers are the calls that agents' phones move, by REFER or by an INVITE with
// Replaces.
type transfers struct {
	*telephony
	attendant *dialog.Attendant
	log       *slog.Logger
}

// transfers are found when a phone moves a call: the ports are opened first.
func (s *server) transfers() transfers { return transfers{s.telephony, s.attendant, s.log} }

// mayTransfer reports whether who sends may move a call: a registered phone, or
// one that we have called as such, at the call that it has with us. Over TCP and
// TLS a phone may send from another port than it registered from. A trunk may
// not, whatever it says.
func (t *telephony) mayTransfer(a sip.Attempt) bool {
	if _, ok := t.registrar.Owner(a.Source); ok {
		return true
	}
	_, ours := t.rung.Load(a.Leg)
	return ours && a.Method == string(sipmessage.REFER) // Replaces comes from another than the leg's far end
}

// ringing remembers the legs of agents' phones while they are up.
type ringing struct{ legs sync.Map }

// keep remembers leg as that of the phone of a name, until it ends.
func (r *ringing) keep(leg *sip.Leg, name string) {
	r.legs.Store(leg, name)
	context.AfterFunc(leg.Context(), func() { r.legs.Delete(leg) })
}

// Load tells whose phone leg is.
func (r *ringing) Load(leg *sip.Leg) (name string, ok bool) {
	v, ok := r.legs.Load(leg)
	if !ok {
		return "", false
	}
	return v.(string), true
}

// referred has whom an agent's phone names take its place in the caller's call.
// Only our own phones, what the settings name and numbers that a trunk may call
// are called.
func (t transfers) referred(ctx context.Context, f *sip.Referral) error {
	target, err := t.resolve(ctx, f.Target)
	if err != nil {
		t.log.Info("transfer refused", "error", err)
		return errors.Join(sip.ErrForbidden, err)
	}
	// A phone may hang up as soon as its wish is taken: the call goes on for it.
	going, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	err = t.attendant.Transfer(going, f.Leg, target.name, func(ctx context.Context) (media.Leg, error) {
		return t.place(ctx, f, target)
	})
	if errors.Is(err, trunk.ErrForbidden) {
		err = errors.Join(sip.ErrForbidden, err)
	}
	return err
}

// place calls whom a phone has named.
func (t transfers) place(ctx context.Context, f *sip.Referral, d destination) (media.Leg, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, t.patience, media.ErrNoAnswer)
	defer cancel()
	options := sip.DialOptions{Name: "Attendant", NoMedia: agentSilence}
	switch {
	case d.phone:
		return t.registrar.Dial(ctx, d.name, func(ctx context.Context, b registrar.Binding) (media.Leg, error) {
			one, o := *f, options
			one.Target, o.Proxy = b.Contact, b.Proxy()
			return t.ring(ctx, one, o, d.name)
		})
	case d.uri != "":
		return t.ring(ctx, *f, options, d.name)
	}
	return t.group.Dial(ctx, trunk.Request{Number: d.name, Name: "Attendant"})
}

// ring calls one place, telling the phone that wished it how that goes.
func (t transfers) ring(ctx context.Context, f sip.Referral, o sip.DialOptions, name string) (media.Leg, error) {
	leg, err := f.Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	t.rung.keep(leg, name)
	return leg, nil
}

// replaced takes in that another phone has a leg's far end.
func (t transfers) replaced(leg *sip.Leg, before media.Peer) {
	name, ok := t.registrar.Owner(leg.Peer().Remote)
	if !ok {
		name = leg.Peer().Number
	}
	t.rung.keep(leg, name)
	t.log.Info("call moved to another phone", "sip call", before.CallID)
	t.attendant.Replaced(leg.Context(), leg, name)
}

// destination is whom a URI stands for.
type destination struct {
	name  string // of a registered phone, a number, or for people
	phone bool
	uri   string // to be called as it is; empty for a number
}

// errElsewhere is a URI that nobody of ours has: it is not called.
var errElsewhere = errors.New("the URI is no phone of ours, none of the settings and no number")

// resolve finds whom a URI that a phone has sent stands for. Its host counts only
// where that is one we know: nobody has us call any other.
func (t *telephony) resolve(ctx context.Context, text string) (destination, error) {
	var uri sipmessage.Uri
	if err := sipmessage.ParseUri(text, &uri); err != nil {
		return destination{}, fmt.Errorf("%q: %w", text, errElsewhere)
	}
	for name, bindings := range t.registrar.Registered() {
		for _, b := range bindings {
			if b.Source == address(uri) || sameURI(b.Contact, uri) {
				return destination{name: name, phone: true}, nil
			}
		}
	}
	if slices.ContainsFunc(t.named(), func(set string) bool { return sameURI(set, uri) }) {
		return destination{name: uri.User, uri: text}, nil
	}
	user := uri.User
	if uri.Raw() != "" { // a tel URI
		user, _, _ = strings.Cut(uri.Raw(), ";")
	}
	if _, err := t.phones.Find(ctx, user); err == nil {
		return destination{name: user, phone: true}, nil
	}
	if user == "" || strings.Trim(user, "+0123456789-.()") != "" {
		return destination{}, errElsewhere
	}
	return destination{name: user}, nil
}

// mayCall reports whether a redirection is followed: to a phone of ours, to what
// the settings name, or over a trunk that may call the number.
func (t *telephony) mayCall(text string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpPatience)
	defer cancel()
	var uri sipmessage.Uri
	if err := sipmessage.ParseUri(text, &uri); err != nil {
		return false
	}
	for _, bindings := range t.registrar.Registered() {
		for _, b := range bindings {
			if sameURI(b.Contact, uri) {
				return true
			}
		}
	}
	if slices.ContainsFunc(t.named(), func(set string) bool { return sameURI(set, uri) }) {
		return true
	}
	return t.group.Allows(ctx, uri.User, hostPort(uri))
}

// trusts reports whether a source is a trunk that is believed about who calls.
func (t *telephony) trusts(source string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpPatience)
	defer cancel()
	tr, known, err := t.group.Find(ctx, source)
	return err == nil && known && tr.Trusted
}

// sameURI reports whether a URI names the same user at the same place.
func sameURI(text string, uri sipmessage.Uri) bool {
	var other sipmessage.Uri
	if !strings.HasPrefix(text, "sip") || sipmessage.ParseUri(text, &other) != nil {
		return false
	}
	return other.User == uri.User && address(other) == address(uri)
}

// address is where a URI leads, without a look at the DNS.
func address(uri sipmessage.Uri) string {
	port := uri.Port
	if port == 0 {
		port = 5060
	}
	return net.JoinHostPort(strings.Trim(uri.Host, "[]"), strconv.Itoa(port))
}

// hostPort is a URI's host, and its port if it has one.
func hostPort(uri sipmessage.Uri) string {
	if uri.Port == 0 {
		return uri.Host
	}
	return net.JoinHostPort(strings.Trim(uri.Host, "[]"), strconv.Itoa(uri.Port))
}
