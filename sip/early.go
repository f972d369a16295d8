package sip

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/sip/header"
)

const (
	// maxForks bounds the early dialogs of one INVITE: a hunt group of more
	// phones than that rings the rest unheard.
	maxForks = 32
	// maxRedirects bounds how often one call is redirected. RFC 3261 section
	// 8.1.3.4 asks for a bound and names none.
	maxRedirects = 5
)

// early is one early dialog of an INVITE of ours: each fork has its own.
type early struct {
	dialog Dialog
	rseq   uint32 // of the last reliable response acknowledged
}

// proceed takes in a provisional response: early media, PRACK, progress.
func (d *dialing) proceed(ctx context.Context, r *sip.Request, res *sip.Response) {
	e := d.fork(r, res)
	if e != nil {
		if d.repetition(e, res) {
			return
		}
		d.preview(ctx, e, res)
	}
	if d.Progress == nil || res.StatusCode == 100 {
		return
	}
	p := Progress{Status: res.StatusCode, Reason: res.Reason}
	if d.leg.settled() {
		p.Early = d.leg
	}
	d.Progress(p)
}

// fork returns the early dialog of a response, or nil where it makes none. RFC
// 3261 section 12.1.2.
func (d *dialing) fork(r *sip.Request, res *sip.Response) *early {
	if res.To() == nil || res.StatusCode == 100 {
		return nil
	}
	tag, _ := res.To().Params.Get("tag")
	if tag == "" {
		return nil
	}
	if e := d.early[tag]; e != nil {
		e.dialog.refresh(res)
		return e
	}
	dialog, err := uacDialog(r, res)
	if err != nil || len(d.early) == maxForks {
		return nil
	}
	e := &early{dialog: dialog}
	d.early[tag] = e
	return e
}

// dialogOf is the dialog that a 2xx confirms. An early one has gone on: its
// PRACKs have taken numbers. RFC 3261 section 13.2.2.4: the route set is the
// 2xx's.
func (d *dialing) dialogOf(r *sip.Request, ok *sip.Response) (Dialog, error) {
	dialog, err := uacDialog(r, ok)
	if err != nil {
		return Dialog{}, err
	}
	if e := d.early[dialog.RemoteTag]; e != nil {
		dialog.LocalSeq = max(dialog.LocalSeq, e.dialog.LocalSeq)
	}
	return dialog, nil
}

// repetition reports whether a reliable response has come before, or before
// its turn. RFC 3262 section 4: such are neither acknowledged nor taken in.
func (d *dialing) repetition(e *early, res *sip.Response) bool {
	seq, reliable := reliableSeq(res)
	return reliable && e.rseq != 0 && seq != e.rseq+1
}

// reliableSeq is the RSeq of a response that wants a PRACK.
func reliableSeq(res *sip.Response) (uint32, bool) {
	if !header.Has(value(res, "Require"), "100rel") {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(value(res, "RSeq")), 10, 32)
	return uint32(n), err == nil && n > 0
}

// preview takes in the description of a provisional response, so that early
// media is heard, and acknowledges it where it wants that. The last fork to
// describe itself is heard.
func (d *dialing) preview(ctx context.Context, e *early, res *sip.Response) {
	seq, wanted := reliableSeq(res)
	var answer []byte
	var err error
	if len(res.Body()) > 0 && (wanted || !d.DelayedOffer) {
		d.leg.establish(e.dialog)
		if d.DelayedOffer {
			answer, err = d.leg.negotiate(res.Body())
		} else {
			err = d.leg.conclude(res.Body())
		}
		if err != nil {
			d.cfg.Log.Info("early media not taken", "error", err)
		}
	}
	if !wanted {
		return
	}
	e.rseq = seq
	prack, err := d.request(&e.dialog, sip.PRACK, 0)
	if err != nil {
		d.stats.Unsent.Add(1)
		return
	}
	prack.AppendHeader(sip.NewHeader("RAck", header.RAck{RSeq: seq, CSeq: res.CSeq().SeqNo, Method: "INVITE"}.String()))
	setSDP(prack, answer)
	d.asking.Go(func() {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.ByeTimeout)
		defer cancel()
		if _, err := d.exchange(asking, prack, &d.leg.ladder); err != nil {
			d.stats.Unsent.Add(1)
			d.cfg.Log.Info("PRACK not confirmed", "error", err)
		}
	})
}

// redirected turns to the first Contact of a 3xx that is allowed and new, or
// returns why there is none. RFC 3261 section 8.1.3.4.
func (d *dialing) redirected(ctx context.Context, res *sip.Response) error {
	d.visited = append(d.visited, d.target.String())
	for _, uri := range contacts(res) {
		if len(d.visited) > maxRedirects || slices.Contains(d.visited, uri) || d.cfg.MayCall == nil || !d.cfg.MayCall(uri) {
			continue
		}
		if err := d.aimAt(uri); err != nil {
			continue
		}
		if err := d.resolve(ctx); err != nil {
			continue
		}
		d.authorize, d.last = nil, true // the other hops were the first target's
		d.stats.Redirected.Add(1)
		return nil
	}
	return refused(res)
}

// contacts are the URIs of a response's Contacts, the preferred one first. RFC
// 3261 section 20.10.
func contacts(res *sip.Response) []string {
	type contact struct {
		uri string
		q   float64
	}
	var all []contact
	for _, h := range res.GetHeaders("Contact") {
		for _, one := range header.Split(h.Value(), ',') {
			c := contact{uri: header.URI(one), q: 1}
			for _, p := range header.Split(one, ';')[1:] {
				if name, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(name, "q") {
					if q, err := strconv.ParseFloat(v, 64); err == nil {
						c.q = q
					}
				}
			}
			if c.uri, _, _ = strings.Cut(c.uri, "?"); c.uri != "" {
				all = append(all, c)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b contact) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	uris := make([]string, len(all))
	for i, c := range all {
		uris[i] = c.uri
	}
	return uris
}

// errElsewhere is the cause of a call that another phone has answered.
var errElsewhere = errors.New("answered elsewhere")

// Fork calls several URIs at once and returns the leg of the first that
// answers; the others are cancelled, and hung up where they answer all the
// same. It returns when all of that is done. The error is that of the callee
// who said most: a refusal for all, 6xx, before another answer, before none.
// RFC 3261 section 16.7.
func (s *Server) Fork(ctx context.Context, uris []string, o DialOptions) (*Leg, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var calling sync.WaitGroup
	var mu sync.Mutex
	var first *Leg
	fault := unreachable(errors.New("nobody to call"))
	for _, uri := range uris {
		calling.Go(func() {
			leg, err := s.Dial(ctx, uri, o)
			mu.Lock()
			defer mu.Unlock()
			var e *CallError
			switch {
			case err == nil && first == nil:
				first = leg
				cancel(errElsewhere)
			case err == nil:
				leg.Hangup(media.ErrLocalHangup)
			case errors.As(err, &e) && e.outranks(fault):
				fault = e
				if e.Status >= 600 { // nobody else is to ring, RFC 3261 section 21.6
					cancel(fmt.Errorf("%w: declined for all", media.ErrBusy))
				}
			}
		})
	}
	calling.Wait()
	if first == nil {
		return nil, fault
	}
	return first, nil
}
