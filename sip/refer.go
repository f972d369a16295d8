package sip

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/sip/header"
)

const (
	// referBacklog is how many NOTIFYs of one REFER may wait unread: trying,
	// ringing, a final one and some more. One more is answered with 500.
	referBacklog = 16
	// referPatience is how long a referral may take: a phone that rings.
	referPatience = 3 * time.Minute
)

// Attempt is a far end that wants to move a call. Config.MayTransfer decides.
type Attempt struct {
	Method    string // "REFER", or "INVITE" for one with Replaces
	Source    string // IP address and port
	Transport string // "udp", "tcp", ...
	From      string // URI of From: claimed
	Leg       *Leg   // that which is to be moved
}

// mayTransfer asks whether r may move leg. Nobody may unless told.
func (s *Server) mayTransfer(r *sip.Request, leg *Leg) bool {
	return s.cfg.MayTransfer != nil && s.cfg.MayTransfer(Attempt{
		Method: string(r.Method), Source: r.Source(), Transport: strings.ToLower(r.Transport()), From: r.From().Address.String(), Leg: leg,
	})
}

// Referral is a far end's wish that its leg be connected with somebody else.
// RFC 3515.
type Referral struct {
	Leg        *Leg             // whose far end asks
	Target     string           // the URI to call
	Replaces   *header.Replaces // the target's dialog with the far end, in an attended transfer; or nil
	ReferredBy string           // a URI, RFC 3892; may be empty

	id     uint32 // of the subscription: the REFER's CSeq
	silent bool   // no NOTIFY is wanted, RFC 4488
}

// Dial calls the target as the referral asks, tells the far end how it goes and
// returns the new leg, which whoever asked hangs up. What o says of progress,
// Replaces and Referred-By is kept.
func (f *Referral) Dial(ctx context.Context, o DialOptions) (*Leg, error) {
	if o.Replaces == nil {
		o.Replaces = f.Replaces
	}
	if o.ReferredBy == "" {
		o.ReferredBy = f.ReferredBy
	}
	told := o.Progress
	statuses := make(chan Progress, referBacklog) // one that does not fit is not told
	o.Progress = func(p Progress) {
		if told != nil {
			told(p)
		}
		select {
		case statuses <- p:
		default:
		}
	}
	telling := make(chan struct{})
	go func() {
		defer close(telling)
		for p := range statuses {
			f.notify(ctx, p.Status, p.Reason, false)
		}
	}()
	leg, err := f.Leg.server.Dial(ctx, f.Target, o)
	close(statuses)
	<-telling
	return leg, err
}

// notify tells the far end how far its referral is. RFC 3515 section 2.4.4.
func (f *Referral) notify(ctx context.Context, status int, why string, last bool) {
	if f.silent {
		return
	}
	state := "active;expires=" + strconv.Itoa(int(referPatience/time.Second))
	if last {
		state = "terminated;reason=noresource"
	}
	_, err := f.Leg.ask(ctx, sip.NOTIFY, func(r *sip.Request) {
		r.AppendHeader(sip.NewHeader("Event", "refer;id="+strconv.FormatUint(uint64(f.id), 10)))
		r.AppendHeader(sip.NewHeader("Subscription-State", state))
		r.AppendHeader(sip.NewHeader("Content-Type", "message/sipfrag;version=2.0"))
		r.SetBody(fmt.Appendf(nil, "SIP/2.0 %d %s\r\n", status, clean(why)))
	})
	if err != nil && !errors.Is(err, errLegEnded) {
		f.Leg.server.stats.Unsent.Add(1)
	}
}

// onRefer takes in a far end's wish to be connected with somebody else. It
// answers at once; Config.Referred then carries the wish out on a goroutine of
// the leg. RFC 3515 section 2.4.2.
func (s *Server) onRefer(r *sip.Request, tx sip.ServerTransaction) {
	if requestKey(r).localTag == "" { // outside of a dialog there is no call to move
		s.respond(r, tx, 403, "Forbidden")
		return
	}
	leg, leave := s.turn(r, tx)
	if leg == nil {
		return
	}
	defer leave()
	if !s.mayTransfer(r, leg) {
		s.stats.Untrusted.Add(1)
		s.respond(r, tx, 403, "Forbidden")
		return
	}
	f, ok := referral(r, leg)
	switch {
	case !ok:
		s.respond(r, tx, 400, "Bad Refer-To")
		return
	case s.cfg.Referred == nil || leg.ctx.Err() != nil:
		s.respond(r, tx, 603, "Decline")
		return
	}
	s.stats.Referrals.Add(1)
	var headers []sip.Header
	if f.silent {
		headers = append(headers, sip.NewHeader("Refer-Sub", "false"), sip.NewHeader("Supported", "norefersub"))
	}
	s.respond(r, tx, 202, "Accepted", append(headers, s.contact(r.Transport(), r.Source()))...)
	s.legs.Go(func() { s.carryOut(f) })
}

// referral reads a REFER.
func referral(r *sip.Request, leg *Leg) (*Referral, bool) {
	if len(r.GetHeaders("Refer-To"))+len(r.GetHeaders("r")) != 1 {
		return nil, false
	}
	text := value(r, "Refer-To") + value(r, "r")
	to, err := header.ParseReferTo(text)
	if err != nil {
		return nil, false
	}
	return &Referral{
		Leg: leg, Target: to.URI, Replaces: to.Replaces, ReferredBy: header.URI(value(r, "Referred-By") + value(r, "b")),
		id: r.CSeq().SeqNo, silent: strings.HasPrefix(strings.ToLower(strings.TrimSpace(value(r, "Refer-Sub"))), "false"),
	}, true
}

// carryOut has the referral carried out and tells the far end about it, which
// ends the subscription.
func (s *Server) carryOut(f *Referral) {
	ctx, cancel := context.WithTimeout(f.Leg.ctx, referPatience)
	defer cancel()
	f.notify(ctx, 100, "Trying", false)
	err := s.cfg.Referred(ctx, f)
	status, why := 200, "OK"
	var e *CallError
	switch {
	case errors.As(err, &e) && e.Status >= 300:
		status, why = e.Status, e.Reason
	case errors.Is(err, ErrForbidden):
		status, why = 403, "Forbidden"
	case err != nil:
		status, why = 503, "Service Unavailable"
	}
	f.notify(ctx, status, why, true)
	if err == nil {
		f.Leg.makeRoom()
	}
}

// makeRoom ends a leg that somebody else has the place of. Its far end should
// hang up by itself; one that does not is hung up. RFC 5589 section 6.1.
func (l *Leg) makeRoom() {
	patience := time.NewTimer(l.server.cfg.ByeTimeout)
	defer patience.Stop()
	select {
	case <-l.ctx.Done():
	case <-patience.C:
		l.Hangup(errElsewhere)
	}
}

// notified is what a NOTIFY tells of a REFER of ours.
type notified struct {
	status int
	reason string
	ended  bool // no more will come
}

// Refer asks the far end to call target instead of us, a URI, or in an attended
// transfer the far end of other, whose place it then takes; the call with us
// goes on until the far end, or whoever asked, hangs up. Progress, which may be
// nil and must not block, is told each status; Refer returns nil when the
// target has answered, or when the far end has accepted and will tell nothing.
// The error is a *CallError. RFC 3515, RFC 3891.
func (l *Leg) Refer(ctx context.Context, target string, other *Leg, progress func(status int, reason string)) error {
	to := header.ReferTo{URI: target}
	if other != nil {
		d := other.Dialog()
		to.Replaces = &header.Replaces{CallID: d.CallID, ToTag: d.RemoteTag, FromTag: d.LocalTag}
		if target == "" {
			to.URI = d.Target
		}
	}
	told := make(chan notified, referBacklog)
	var id uint32
	res, err := l.ask(ctx, sip.REFER, func(r *sip.Request) {
		r.AppendHeader(sip.NewHeader("Refer-To", to.String()))
		r.AppendHeader(sip.NewHeader("Referred-By", "<"+l.Dialog().Local+">"))
		r.AppendHeader(sip.NewHeader("Supported", supported))
		id = l.expectNotify(id, r.CSeq().SeqNo, told)
	})
	defer l.expectNotify(id, 0, nil)
	if err != nil {
		return unreachable(err)
	}
	if !res.IsSuccess() {
		return refused(res)
	}
	if strings.HasPrefix(strings.ToLower(value(res, "Refer-Sub")), "false") {
		return nil
	}
	return l.follow(ctx, told, progress)
}

// expectNotify has NOTIFYs of the REFER with the CSeq seq go to told, those of
// before no longer. It returns seq.
func (l *Leg) expectNotify(before, seq uint32, told chan notified) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.referrals, before)
	if told != nil {
		if l.referrals == nil {
			l.referrals = map[uint32]chan notified{}
		}
		l.referrals[seq] = told
	}
	return seq
}

// follow waits for the end of a referral. A far end that hangs up without a
// final word has gone to the target, as far as anybody can tell.
func (l *Leg) follow(ctx context.Context, told <-chan notified, progress func(int, string)) error {
	patience := time.NewTimer(referPatience)
	defer patience.Stop()
	for {
		select {
		case n := <-told:
			if progress != nil && n.status > 0 {
				progress(n.status, n.reason)
			}
			switch {
			case n.status >= 300:
				return callError(n.status, n.reason)
			case n.status >= 200:
				return nil
			case n.ended:
				return unreachable(errors.New("the far end has ended the referral"))
			}
		case <-l.ctx.Done():
			if cause := context.Cause(l.ctx); !errors.Is(cause, media.ErrRemoteHangup) {
				return unreachable(cause)
			}
			return nil
		case <-patience.C:
			return unreachable(errNoResponse)
		case <-ctx.Done():
			return givenUp(ctx)
		}
	}
}

// onNotify takes in how a REFER of ours goes on. RFC 3515 section 2.4.5.
func (s *Server) onNotify(r *sip.Request, tx sip.ServerTransaction) {
	leg, leave := s.turn(r, tx)
	if leg == nil {
		return
	}
	defer leave()
	event := header.Split(value(r, "Event")+value(r, "o"), ';')
	if !strings.EqualFold(strings.TrimSpace(event[0]), "refer") {
		s.respond(r, tx, 489, "Bad Event", sip.NewHeader("Allow-Events", "refer"))
		return
	}
	told := leg.subscription(event[1:])
	if told == nil {
		s.respond(r, tx, 481, "Subscription Does Not Exist")
		return
	}
	state := strings.ToLower(strings.TrimSpace(value(r, "Subscription-State")))
	n := notified{ended: strings.HasPrefix(state, "terminated")}
	n.status, n.reason, _ = header.ParseStatusLine(string(r.Body())) // one without tells no progress
	select {
	case told <- n:
		s.respond(r, tx, 200, "OK")
	default:
		s.stats.Overflow.Add(1)
		s.respond(r, tx, 500, "Server Internal Error", sip.NewHeader("Retry-After", "1"))
	}
}

// subscription finds the REFER that an Event header's parameters name: by its
// CSeq, or the only one.
func (l *Leg) subscription(parameters []string) chan notified {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range parameters {
		if name, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(name, "id") {
			n, err := strconv.ParseUint(v, 10, 32)
			if err != nil {
				return nil
			}
			return l.referrals[uint32(n)]
		}
	}
	if len(l.referrals) == 1 {
		for _, told := range l.referrals {
			return told
		}
	}
	return nil
}
