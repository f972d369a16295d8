package sip

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/media/codec"
	"attendant/sip/sdp"
)

// maxGlares bounds how often a change is tried again that met one of the far
// end's.
const maxGlares = 5

// Hold tells the far end by a re-INVITE that we no longer listen: what we send,
// music perhaps, it may still hear. It returns when the far end has agreed; the
// error is a *CallError where it has not, and the call goes on as before. A call
// that is held stays so.
func (l *Leg) Hold(ctx context.Context) error {
	return l.change(ctx, func(s *sdp.Local) { s.Held = true })
}

// Resume ends Hold.
func (l *Leg) Resume(ctx context.Context) error {
	return l.change(ctx, func(s *sdp.Local) { s.Held = false })
}

// Recode offers other codecs, the preferred one first, by a re-INVITE.
func (l *Leg) Recode(ctx context.Context, codecs []codec.Codec) error {
	return l.change(ctx, func(s *sdp.Local) { s.Codecs = codecs })
}

// change offers our side of the session as set has changed it. One change goes
// on at a time; others wait. Where the far end changes the session at the same
// time each side tries again after a while, RFC 3261 section 14.1. What the far
// end refuses is undone.
func (l *Leg) change(ctx context.Context, set func(*sdp.Local)) error {
	select {
	case l.changing <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.ctx.Done():
		return errLegEnded
	}
	defer func() { <-l.changing }()
	l.mu.Lock()
	held, codecs := l.local.Held, l.local.Codecs
	if set != nil {
		set(&l.local)
	}
	l.mu.Unlock()
	err := l.reinvite(ctx)
	if err != nil {
		l.mu.Lock()
		l.local.Held, l.local.Codecs = held, codecs
		l.mu.Unlock()
	}
	return err
}

var errGlare = errors.New("the far end is changing the session")

// reinvite sends re-INVITEs until one does not cross another of the far end's.
func (l *Leg) reinvite(ctx context.Context) error {
	for tries := 0; ; tries++ {
		err := l.reinviteOnce(ctx)
		var refusal *CallError
		glare := errors.Is(err, errGlare) || errors.As(err, &refusal) && refusal.Status == 491
		if !glare || tries == maxGlares {
			return err
		}
		l.server.stats.Glares.Add(1)
		select {
		case <-time.After(glarePause(l.Dialog().Caller)):
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-l.ctx.Done():
			return errLegEnded
		}
	}
}

// glarePause is how long to wait before the next try: such that the two sides
// do not meet again. RFC 3261 section 14.1, in steps of 10 ms.
func glarePause(caller bool) time.Duration {
	const step = 10 * time.Millisecond
	if caller {
		return 2100*time.Millisecond + step*time.Duration(rand.IntN(190))
	}
	return step * time.Duration(rand.IntN(200))
}

// reinviteOnce sends one re-INVITE, once more where it is challenged.
func (l *Leg) reinviteOnce(ctx context.Context) error {
	if !l.beginOffer() {
		return errGlare
	}
	defer l.endOffer()
	var authorize sip.Header
	for {
		r, err := l.inside(sip.INVITE)
		if err != nil {
			return err
		}
		l.sessionHeaders(r)
		if authorize != nil {
			r.AppendHeader(authorize)
		}
		l.mu.Lock()
		setSDP(r, l.local.Offer())
		l.mu.Unlock()
		res, err := l.invite(ctx, r)
		if err != nil {
			return err
		}
		if authorize == nil && l.challenged(r, res, &authorize) {
			continue
		}
		return l.reinvited(res)
	}
}

// beginOffer reports whether an offer may be made: not while one of the far
// end's waits for its ACK. RFC 3261 section 14.1.
func (l *Leg) beginOffer() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.offering || l.offered || l.order.unacked() {
		return false
	}
	l.offering = true
	return true
}

func (l *Leg) endOffer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.offering = false
}

// invite carries out one INVITE transaction within the dialog. A 2xx is
// acknowledged, as often as it comes.
func (l *Leg) invite(ctx context.Context, r *sip.Request) (*sip.Response, error) {
	seq, dialog := r.CSeq().SeqNo, l.Dialog()
	confirm := func(res *sip.Response) {
		if res.IsSuccess() {
			dialog.refresh(res)
			l.server.ack(&dialog, seq, nil, &l.ladder)
		}
	}
	i, err := l.server.sendInvite(ctx, r, &l.ladder, confirm)
	if err != nil {
		l.server.stats.Unsent.Add(1)
		return nil, unreachable(err)
	}
	context.AfterFunc(l.ctx, i.tx.Terminate)
	i.provisional = func(*sip.Response) {}
	res, err := i.final(ctx)
	if res != nil {
		confirm(res) // at once, whatever requests of ours came meanwhile
	}
	return res, err
}

// reinvited takes in the final response to a re-INVITE.
func (l *Leg) reinvited(res *sip.Response) error {
	if !res.IsSuccess() {
		l.forgotten(res)
		return refused(res)
	}
	l.refresh(res)
	l.timeBy(res, "uac")
	if err := l.conclude(res.Body()); err != nil {
		return fmt.Errorf("answer to re-INVITE: %w", err)
	}
	return nil
}
