package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	sipmessage "github.com/emiago/sipgo/sip"

	"attendant/console"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/softphone"
	"attendant/dialog/sqlstore"
	"attendant/media"
	"attendant/sip"
	"attendant/sip/number"
	"attendant/sip/provision"
	"attendant/sip/registrar"
	"attendant/sip/stir"
	"attendant/sip/trunk"
)

// telephony is who may call us, whom we may call, and what a call to a number
// does: trunks, numbers and agents' phones.
type telephony struct {
	log      *slog.Logger
	server   *sip.Server
	refuses  bool           // calls of strangers
	peers    []netip.Prefix // no strangers, beside trunks and phones
	region   string
	verifier *stir.Verifier // of signed caller numbers; nil where none are wanted
	store    *provision.Store
	numbers  *provision.Book[number.Rule]
	trunks   *provision.Book[trunk.Trunk]
	phones   *provision.Book[registrar.Phone]

	registrar  *registrar.Registrar
	group      *trunk.Group
	softphones *softphone.Exchange // agents' pages; nil where no browser can call
	rung       ringing             // agents' phones that we have called
	named      func() []string     // the sip: URIs that the settings have us call
	patience   time.Duration       // how long a phone rings
}

// lookUpPatience bounds what the store may take while a message waits.
const lookUpPatience = time.Second

// openTelephony opens the tables. Calls begin to use it when it is given to
// hooks.
func openTelephony(ctx context.Context, cfg config, store *sqlstore.Store, server *sip.Server, log *slog.Logger) (*telephony, error) {
	verifier, err := openVerifier(cfg)
	if err != nil {
		return nil, err
	}
	kept, err := provision.Open(ctx, store.DB())
	if err != nil {
		return nil, err
	}
	peers, _ := networks(cfg.Peers) // the settings have been validated
	t := &telephony{
		peers: peers,
		log:   log, server: server, refuses: !cfg.AcceptUnknown, region: cfg.Region, verifier: verifier, store: kept,
		named: func() []string { return []string{cfg.Human} }, patience: cfg.RingTimeout,
		numbers: provision.Numbers(kept, cfg.Region, nil), trunks: provision.Trunks(kept), phones: provision.Phones(kept),
	}
	t.registrar = registrar.New(registrar.Config{
		Phones: func(ctx context.Context, name string) (registrar.Phone, bool, error) {
			p, err := t.phones.Find(ctx, name)
			if errors.Is(err, provision.ErrNotFound) {
				return p, false, nil
			}
			return p, err == nil, err
		},
		Saved: func(name string, bindings []registrar.Binding) {
			if err := kept.SaveBindings(context.WithoutCancel(ctx), name, bindings); err != nil {
				log.Warn("registration not kept", "error", err)
			}
		},
		Denied: func(source string) { blame(server, source) },
		Log:    log,
	})
	bindings, err := kept.Bindings(ctx)
	if err != nil {
		return nil, err
	}
	t.registrar.Restore(bindings)
	t.group = trunk.New(trunk.Config{Phone: carrierLine{server}, Trunks: t.trunks.All, Ledger: kept, Saved: kept.SaveStates, Certified: server.Certified, Log: log})
	return t, nil
}

// carrierLine is the server as trunks use it: a nil *sip.Leg must not become a
// media.Leg.
type carrierLine struct{ *sip.Server }

// Dial implements trunk.Phone.
func (l carrierLine) Dial(ctx context.Context, uri string, o sip.DialOptions) (media.Leg, error) {
	leg, err := l.Server.Dial(ctx, uri, o)
	if err != nil {
		return nil, err
	}
	return leg, nil
}

// hooks are what the server asks before it is served; they find the telephony
// when they are called, since the ports are opened before the database is.
func hooks(cfg *sip.Config, t func() *telephony, moves func() transfers) {
	cfg.Invited = func(ctx context.Context, v sip.Invitation) (sip.Welcome, *sip.Refusal) { return t().invited(ctx, v) }
	cfg.Register = func(r *sipmessage.Request) *sipmessage.Response { return t().registrar.Register(r) }
	cfg.MayTransfer = func(a sip.Attempt) bool { return t().mayTransfer(a) }
	cfg.MayCall = func(uri string) bool { return t().mayCall(uri) }
	cfg.Trusts = func(source string) bool { return t().trusts(source) }
	cfg.Referred = func(ctx context.Context, f *sip.Referral) error { return moves().referred(ctx, f) }
	cfg.Replaced = func(leg *sip.Leg, before media.Peer) { moves().replaced(leg, before) }
}

// invited takes or refuses an incoming call. What strangers get tells them
// nothing.
func (t *telephony) invited(ctx context.Context, v sip.Invitation) (sip.Welcome, *sip.Refusal) {
	tr, known, err := t.group.Find(ctx, v.Source)
	if err != nil && !known {
		t.log.Debug("source of a call is of no trunk", "error", err)
	}
	if known {
		w, refusal := t.group.Welcome(tr, v)
		if refusal != nil {
			return w, refusal
		}
		return t.attest(ctx, v, w), nil
	}
	if name, ok := t.registrar.Owner(v.Source); ok {
		return sip.Welcome{Number: name, Phone: name}, nil
	}
	if t.isStranger(v.Source) {
		blame(t.server, v.Source)
		return sip.Welcome{}, &sip.Refusal{Status: 403, Reason: "Forbidden"}
	}
	return t.attest(ctx, v, sip.Welcome{}), nil
}

// isStranger reports whether a source may not call: it is no trunk's and no
// phone's, as whoever asks has found out, sip_peers does not have it, and
// accept_unknown lets nobody else in.
func (t *telephony) isStranger(source string) bool {
	from, err := netip.ParseAddrPort(source)
	return t.refuses && (err != nil || !slices.ContainsFunc(t.peers, func(p netip.Prefix) bool { return p.Contains(from.Addr().Unmap()) }))
}

// blame counts a failure of a source: who goes on is banned.
func blame(server *sip.Server, source string) {
	if from, err := netip.ParseAddrPort(source); err == nil {
		server.Guard().Fail(from.Addr())
	}
}

// run keeps registrations and phones alive until ctx ends.
func (t *telephony) run(ctx context.Context) {
	var parts sync.WaitGroup
	parts.Go(func() { t.group.Run(ctx) })
	parts.Go(func() { t.registrar.Run(ctx, t.server.Ping) })
	parts.Wait()
}

// agentSilence is how long a human's phone may send nothing, unless it is on
// hold, before its line counts as broken: the caller is not left with nobody.
const agentSilence = 6 * time.Second

// Dial implements dialog.Dialer: target is a sip: URI, an agent's page, the name
// of a registered phone, or a number that goes out over a trunk.
func (t *telephony) Dial(ctx context.Context, target string) (media.Leg, error) {
	if softphone.IsAddress(target) {
		if t.softphones == nil {
			return nil, fmt.Errorf("%w: no port is set for browsers", media.ErrUnreachable)
		}
		return t.softphones.Dial(ctx, target)
	}
	if strings.HasPrefix(target, "sip:") || strings.HasPrefix(target, "sips:") {
		return carrierLine{t.server}.Dial(ctx, target, sip.DialOptions{Name: "Attendant", NoMedia: agentSilence})
	}
	if _, err := t.phones.Find(ctx, target); err == nil {
		return t.registrar.Dial(ctx, target, func(ctx context.Context, b registrar.Binding) (media.Leg, error) {
			leg, err := t.server.Dial(ctx, b.Contact, sip.DialOptions{Name: "Attendant", Proxy: b.Proxy(), NoMedia: agentSilence})
			if err != nil {
				return nil, err
			}
			t.rung.keep(leg, target)
			return leg, nil
		})
	}
	leg, err := t.group.Dial(ctx, trunk.Request{Number: target, Name: "Attendant"})
	if err != nil && !isCallError(err) {
		err = errors.Join(media.ErrUnreachable, err)
	}
	return leg, err
}

func isCallError(err error) bool {
	return errors.Is(err, media.ErrBusy) || errors.Is(err, media.ErrNoAnswer) || errors.Is(err, media.ErrUnreachable)
}

// serveSIP answers calls until ctx ends. Registrations are ended first, while
// their answers can still come in.
func (s *server) serveSIP(ctx context.Context) error {
	keeping, end := context.WithCancel(ctx)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var parts sync.WaitGroup
	parts.Go(func() {
		s.telephony.run(keeping)
		stop()
	})
	parts.Go(func() { s.attendant.RunDesk(keeping) })
	parts.Go(func() { s.people.follow(keeping) })
	parts.Go(func() { s.friends.run(keeping, s.telephony.group.Networks) })
	err := s.sip.Serve(serving, s.attendant.Answer)
	end() // a listener has ended by itself
	parts.Wait()
	return err
}

// route is the dialog.Router: the rule of the number, or that of all others.
func (t *telephony) route(ctx context.Context, dialled string, at time.Time) dialog.Route {
	r, err := t.numbers.Find(ctx, dialled)
	if errors.Is(err, provision.ErrNotFound) {
		r, err = t.numbers.Find(ctx, number.AnyNumber)
	}
	if err != nil {
		if !errors.Is(err, provision.ErrNotFound) {
			t.log.Error("rules of numbers not read", "error", err)
		}
		return dialog.Route{}
	}
	route := dialog.Route{Flow: r.Flow, Language: r.Language, Queue: r.Queue, Human: r.Human}
	open, err := r.Hours.Open(at)
	if err != nil {
		t.log.Error("hours of a number not read", "error", err)
	}
	if err == nil && !open {
		route.Closed, route.Message, route.Flow, route.Divert = true, r.Fallback.Message, r.Fallback.Flow, r.Fallback.Human
	}
	return route
}

// states are the trunks for the console.
func (t *telephony) states() []console.Trunk {
	var out []console.Trunk
	for _, s := range t.group.States(context.Background()) {
		out = append(out, console.Trunk{
			Name: s.Trunk, Registered: s.Registered, Reachable: s.Reachable, Good: s.Good, Since: s.Since,
			Active: s.Active, Incoming: s.Incoming, Outgoing: s.Outgoing, Failed: s.Failed, Refused: s.Refused,
		})
	}
	return out
}

// gauges are the counters of the registrar by their names as metrics.
func (t *telephony) gauges() map[string]func() float64 {
	st := t.registrar.Stats()
	return map[string]func() float64{
		"attendant_phones_registered":        func() float64 { return float64(len(t.registrar.Registered())) },
		"attendant_registrations_granted":    func() float64 { return float64(st.Granted.Load()) },
		"attendant_registrations_challenged": func() float64 { return float64(st.Challenged.Load()) },
		"attendant_registrations_denied":     func() float64 { return float64(st.Denied.Load()) },
		"attendant_registrations_replayed":   func() float64 { return float64(st.Replayed.Load()) },
		"attendant_registrations_faulty":     func() float64 { return float64(st.Faulty.Load()) },
	}
}

// checkRule tells what of a rule there is not.
func checkRule(flows *flow.Set, hasQueue func(name string) (bool, error)) func(number.Rule) error {
	return func(r number.Rule) error {
		var faults []error
		if r.Queue != "" {
			if ok, err := hasQueue(r.Queue); err != nil || !ok {
				faults = append(faults, err, fmt.Errorf("there is no queue %q", r.Queue))
			}
		}
		for _, name := range []string{r.Flow, r.Fallback.Flow} {
			if name != "" && flows.Flow(name) == nil {
				faults = append(faults, fmt.Errorf("there is no flow %q", name))
			}
		}
		return errors.Join(faults...)
	}
}
