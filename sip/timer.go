package sip

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/sip/header"
)

// ErrExpired is a session that its far end has not refreshed in time. RFC 4028
// section 10.
var ErrExpired = errors.New("session expired")

// offerTimer puts what we want of the session timer into an INVITE. RFC 4028
// section 7.1.
func (d *dialing) offerTimer(r *sip.Request) { d.wantTimer(r, d.minSE, "") }

func (s *Server) wantTimer(r *sip.Request, least time.Duration, refresher string) {
	least = max(least, s.cfg.MinSession)
	want := header.SessionExpires{Interval: max(s.cfg.Session, least), Refresher: refresher}
	r.AppendHeader(sip.NewHeader("Session-Expires", want.String()))
	r.AppendHeader(sip.NewHeader("Min-SE", secondsOf(least)))
}

func secondsOf(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// tooBrief returns the refusal of a request whose session would expire sooner
// than we allow. One whose sender knows no timer is left alone: it could not
// act on a 422. RFC 4028 section 9.
func (s *Server) tooBrief(r *sip.Request) *sip.Response {
	h := value(r, "Session-Expires")
	if h == "" {
		h = value(r, "x")
	}
	if h == "" {
		return nil
	}
	want, err := header.ParseSessionExpires(h)
	if err != nil {
		return sip.NewResponseFromRequest(r, 400, "Bad Session-Expires", nil)
	}
	if want.Interval >= s.cfg.MinSession || !supports(r, "timer") {
		return nil
	}
	s.stats.TooBrief.Add(1)
	res := sip.NewResponseFromRequest(r, 422, "Session Interval Too Small", nil)
	res.AppendHeader(sip.NewHeader("Min-SE", secondsOf(s.cfg.MinSession)))
	return res
}

// supports reports whether a message's sender knows an extension.
func supports(m message, extension string) bool {
	return header.Has(value(m, "Supported"), extension) || header.Has(value(m, "k"), extension) || header.Has(value(m, "Require"), extension)
}

// grantTimer answers what a request says of the session timer in its 2xx, and
// runs it. Where the far end leaves the choice to us it refreshes, if it can;
// where it asks for nothing we do. RFC 4028 section 9, table 2.
func (l *Leg) grantTimer(r *sip.Request, ok *sip.Response) {
	text := value(r, "Session-Expires")
	if text == "" {
		text = value(r, "x")
	}
	theirs := supports(r, "timer")
	granted := header.SessionExpires{Interval: l.server.cfg.Session, Refresher: "uas"}
	if want, err := header.ParseSessionExpires(text); err == nil {
		granted = want
		least, _ := header.ParseSeconds(value(r, "Min-SE")) // 0 where it says none
		granted.Interval = max(min(granted.Interval, l.server.cfg.Session), least, l.server.cfg.MinSession)
		switch {
		case !theirs:
			granted.Refresher = "uas"
		case granted.Refresher == "":
			granted.Refresher = "uac"
		}
	} else if !theirs {
		l.setTimer(0, false)
		return
	}
	ok.AppendHeader(sip.NewHeader("Session-Expires", granted.String()))
	if granted.Refresher == "uac" {
		ok.AppendHeader(sip.NewHeader("Require", "timer"))
	}
	l.setTimer(granted.Interval, granted.Refresher == "uas")
}

// timeBy takes in what the 2xx to a request of ours says of the timer. Where it
// says nothing there is none. RFC 4028 section 7.2.
func (l *Leg) timeBy(ok *sip.Response, ours string) {
	text := value(ok, "Session-Expires")
	if text == "" {
		text = value(ok, "x")
	}
	granted, err := header.ParseSessionExpires(text)
	if err != nil {
		l.setTimer(0, false)
		return
	}
	l.setTimer(granted.Interval, granted.Refresher == ours || granted.Refresher == "")
}

// setTimer runs the session timer anew; an interval of 0 stops it.
func (l *Leg) setTimer(interval time.Duration, refresh bool) {
	l.mu.Lock()
	l.dialog.Interval, l.dialog.Refresh = interval, refresh
	l.mu.Unlock()
	if interval > 0 && l.ctx.Err() == nil {
		l.timing.Do(func() { l.server.legs.Go(l.keepSession) })
	}
	select {
	case l.retimed <- struct{}{}:
	default: // keepSession has not yet seen the change before
	}
}

// keepSession refreshes the session, or ends the leg whose far end does not,
// until the leg ends. RFC 4028 section 10: we refresh at half of the interval;
// who waits for the far end gives up a third of it, at most 32 s, before its end.
func (l *Leg) keepSession() {
	began := time.Now()
	for {
		l.mu.Lock()
		interval, refresh := l.dialog.Interval, l.dialog.Refresh
		l.mu.Unlock()
		due := time.NewTimer(time.Until(began.Add(deadline(interval, refresh))))
		if interval == 0 {
			due.Stop()
		}
		select {
		case <-l.ctx.Done():
			due.Stop()
			return
		case <-l.retimed:
			due.Stop()
			began = time.Now()
			continue
		case <-due.C:
		}
		if !refresh || !l.refreshSession(began.Add(deadline(interval, false))) {
			l.server.stats.Expired.Add(1)
			l.cancel(ErrExpired)
			return
		}
		began = time.Now()
	}
}

func deadline(interval time.Duration, refresh bool) time.Duration {
	if refresh {
		return interval / 2
	}
	return interval - min(32*time.Second, interval/3)
}

// refreshSession refreshes the session, by UPDATE where the far end takes it,
// and tries until the session would expire.
func (l *Leg) refreshSession(expiry time.Time) bool {
	ctx, cancel := context.WithDeadline(l.ctx, expiry)
	defer cancel()
	for {
		err := l.refreshOnce(ctx)
		if err == nil {
			l.server.stats.Refreshed.Add(1)
			return true
		}
		l.server.cfg.Log.Info("session not refreshed", "error", err)
		select {
		case <-ctx.Done():
			return l.ctx.Err() != nil // it has ended by itself
		case <-time.After(time.Until(expiry) / 3):
		}
	}
}

func (l *Leg) refreshOnce(ctx context.Context) error {
	if !header.Has(l.Dialog().Allow, "UPDATE") {
		return l.change(ctx, nil)
	}
	res, err := l.ask(ctx, sip.UPDATE, func(r *sip.Request) { l.sessionHeaders(r) })
	if err != nil {
		return err
	}
	if !res.IsSuccess() {
		return refused(res)
	}
	l.refresh(res)
	l.timeBy(res, "uac")
	return nil
}

// sessionHeaders are those of a re-INVITE or UPDATE of ours. Who refreshes
// stays who it is: the sender of this request if that is us. RFC 4028 section
// 7.4.
func (l *Leg) sessionHeaders(r *sip.Request) {
	r.AppendHeader(sip.NewHeader("Supported", supported))
	r.AppendHeader(sip.NewHeader("Allow", allowed))
	d := l.Dialog()
	if d.Interval == 0 {
		l.server.wantTimer(r, 0, "")
		return
	}
	refresher := "uas"
	if d.Refresh {
		refresher = "uac"
	}
	r.AppendHeader(sip.NewHeader("Session-Expires", header.SessionExpires{Interval: d.Interval, Refresher: refresher}.String()))
	r.AppendHeader(sip.NewHeader("Min-SE", strings.TrimSpace(secondsOf(min(d.Interval, l.server.cfg.MinSession)))))
}
