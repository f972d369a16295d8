package sip

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/media/rtp"
	"attendant/sip/header"
	"attendant/sip/sdp"
)

const (
	allowed   = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"
	supported = "100rel, timer, replaces, norefersub"
)

// onInvite answers a call, or a change within one. It returns when the call
// has ended.
func (s *Server) onInvite(r *sip.Request, tx sip.ServerTransaction) {
	if k := requestKey(r); k.localTag != "" {
		s.onReinvite(r, tx)
		return
	}
	if r.GetHeader("Replaces") != nil {
		s.onReplaces(r, tx)
		return
	}
	s.stats.Invites.Add(1)
	welcome, ok := s.invited(r, tx)
	if !ok {
		return
	}
	defer welcome.release()
	if later, ok := s.admit(); !ok {
		s.stats.reject(&s.stats.Busy)
		s.respond(r, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", seconds(later)))
		return
	}
	defer s.dismiss()
	if res := s.unacceptable(r); res != nil {
		s.stats.reject(&s.stats.Unsupported)
		s.send(res, tx)
		return
	}
	leg, body := s.accept(r, tx, welcome)
	if leg == nil {
		return
	}
	defer leg.Hangup(media.ErrLocalHangup)
	if !tx.OnCancel(func(c *sip.Request) { leg.left(farewell(c)) }) {
		leg.left(media.ErrRemoteHangup)
	}
	answer, ok := s.ring(r, tx, leg, welcome, body)
	if !ok || !s.confirm(r, tx, answer, leg) {
		s.countLost(context.Cause(leg.ctx))
		return
	}
	s.stats.Answered.Add(1)
	leg.confirm()
	s.answer(s.ctx, leg)
}

// countLost counts a call that its answer has not brought about. confirm has
// counted those without ACK.
func (s *Server) countLost(cause error) {
	switch {
	case errors.Is(cause, media.ErrUnreachable):
	case errors.Is(cause, errNoPrack):
		s.stats.Rejected.Add(1) // NoPrack is counted
	case errors.Is(cause, ErrSDP), errors.Is(cause, ErrNoCommonCodec): // in the ACK
		s.stats.reject(s.stats.description(cause))
	default:
		s.stats.Cancelled.Add(1)
	}
}

// unacceptable returns the refusal of an INVITE that asks for what we do not
// do. RFC 3261 sections 8.2.2.3 and 8.2.3; RFC 4028 section 9.
func (s *Server) unacceptable(r *sip.Request) *sip.Response {
	if unknown := unknownExtensions(r); unknown != "" {
		res := sip.NewResponseFromRequest(r, 420, "Bad Extension", nil)
		res.AppendHeader(sip.NewHeader("Unsupported", unknown))
		return res
	}
	if kind := r.ContentType(); len(r.Body()) > 0 && kind != nil && !isKind(kind, "application/sdp") {
		res := sip.NewResponseFromRequest(r, 415, "Unsupported Media Type", nil)
		res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
		return res
	}
	return s.tooBrief(r)
}

// unknownExtensions are those of a request's Require that we do not know.
func unknownExtensions(r *sip.Request) string {
	var unknown []string
	for tag := range strings.SplitSeq(value(r, "Require"), ",") {
		if tag = strings.TrimSpace(tag); tag != "" && !header.Has(supported, tag) {
			unknown = append(unknown, tag)
		}
	}
	return strings.Join(unknown, ", ")
}

// accept makes the leg and our description: the answer to the offer, or where
// there is none an offer. It returns nil where it has refused.
func (s *Server) accept(r *sip.Request, tx sip.ServerTransaction, welcome Welcome) (*Leg, []byte) {
	d, err := uasDialog(r, sip.GenerateTagN(16))
	if err != nil {
		s.stats.reject(&s.stats.Malformed)
		s.respond(r, tx, 400, "Bad Request")
		return nil, nil
	}
	session, err := rtp.Listen(s.rtpHost(r.Source()), s.cfg.RTPFirst, s.cfg.RTPLast)
	if err != nil {
		s.cfg.Log.Error("no RTP port for a call", "error", err)
		s.stats.reject(&s.stats.NoPort)
		s.respond(r, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", "5"))
		return nil, nil
	}
	codecs, srtp := s.cfg.Codecs, s.cfg.SRTP
	if welcome.Codecs != nil {
		codecs = welcome.Codecs
	}
	if welcome.SRTP != sdp.Taken {
		srtp = welcome.SRTP
	}
	leg := s.newLeg(session, welcome.describe(s.peerOf(r)), s.side(r.Source(), session.Port(), codecs, srtp), s.cfg.NoMedia)
	leg.useKeys(welcome.Keys)
	leg.establish(d)
	leg.ladder.add(false, r)
	body, err := leg.negotiate(r.Body())
	if err != nil {
		s.refuse(r, tx, leg, err)
		return nil, nil
	}
	return leg, body
}

// ring tells the caller that we are being called, plays what there is to hear
// before the answer, and returns the answer. It reports false where the call is
// over. A caller who insists on reliable provisional responses gets one, and
// one who can gets early media by one, so that its description arrives. RFC
// 3262 section 3; RFC 3261 section 13.3.1.1.
func (s *Server) ring(r *sip.Request, tx sip.ServerTransaction, leg *Leg, welcome Welcome, body []byte) (*sip.Response, bool) {
	tag, early := leg.Dialog().LocalTag, welcome.Early != nil
	reliably := header.Has(value(r, "Require"), "100rel") || (early && supports(r, "100rel"))
	described := early || (reliably && leg.waitsForAnswer()) // RFC 3262 section 5: our offer must not wait
	var ringing *sip.Response
	if described {
		ringing = s.okWith(r, body, tag)
		ringing.StatusCode, ringing.Reason = 183, "Session Progress"
	} else {
		ringing = s.okWith(r, nil, tag)
		ringing.StatusCode, ringing.Reason = 180, "Ringing"
	}
	if reliably {
		if err := s.sendReliably(ringing, tx, leg); err != nil {
			if errors.Is(err, errNoPrack) {
				s.respond(r, tx, 504, "No PRACK")
				leg.left(err)
			}
			return nil, false
		}
	} else {
		s.send(ringing, tx)
	}
	if early && leg.settled() {
		welcome.Early(leg.ctx, leg)
	}
	if described && reliably {
		body = nil // it has arrived, RFC 6337 section 2.2
	}
	ok := s.okWith(r, body, tag)
	leg.grantTimer(r, ok)
	return ok, leg.ctx.Err() == nil
}

func (s *Server) refuse(r *sip.Request, tx sip.ServerTransaction, leg *Leg, err error) {
	leg.left(err)
	leg.Hangup(err)
	s.stats.reject(s.stats.description(err))
	if errors.Is(err, ErrNoCommonCodec) {
		s.respond(r, tx, 488, "Not Acceptable Here", sip.NewHeader("Warning", `304 attendant "No common media"`))
		return
	}
	s.respond(r, tx, 400, "Bad Request")
}

// okWith is a 200 that carries a description, if there is one.
func (s *Server) okWith(r *sip.Request, body []byte, tag string) *sip.Response {
	ok := sip.NewResponseFromRequest(r, 200, "OK", nil)
	if tag != "" {
		ok.To().Params.Add("tag", tag)
	}
	ok.AppendHeader(s.contact(r.Transport(), r.Source()))
	ok.AppendHeader(sip.NewHeader("Allow", allowed))
	ok.AppendHeader(sip.NewHeader("Supported", supported))
	setSDP(ok, body)
	return ok
}

// confirm sends a 2xx until its ACK comes, over TCP too. It reports false where
// the call is over: no ACK in time, which sends BYE, or the far end gone. RFC
// 3261 section 13.3.1.4.
func (s *Server) confirm(r *sip.Request, tx sip.ServerTransaction, ok *sip.Response, leg *Leg) bool {
	acked := leg.turns().expectAck(r.CSeq().SeqNo)
	deadline := time.NewTimer(s.cfg.AckTimeout)
	defer deadline.Stop()
	again := time.NewTimer(0)
	defer again.Stop()
	for wait := sip.T1; ; {
		select {
		case <-leg.ctx.Done():
			return isClosed(acked)
		case <-acked:
			return true
		case ack := <-tx.Acks(): // with the INVITE's branch, as RFC 2543 had it
			s.onAck(ack, nil)
		case <-deadline.C:
			s.stats.NoAck.Add(1)
			leg.Hangup(media.ErrUnreachable)
			return false
		case <-again.C:
			s.send(ok, tx)
			again.Reset(wait)
			wait = min(2*wait, sip.T2)
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// turn waits until a request within a dialog may be handled, and returns its
// leg and how to end its turn. The leg is nil where the request was refused.
func (s *Server) turn(r *sip.Request, tx sip.ServerTransaction) (leg *Leg, leave func()) {
	if leg = s.find(r); leg == nil {
		s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
		return nil, nil
	}
	leave, err := leg.turns().enter(r.CSeq().SeqNo, r.Method == sip.BYE)
	switch {
	case errors.Is(err, errOldRequest): // RFC 3261 section 12.2.2
		s.stats.Late.Add(1)
		s.respond(r, tx, 500, "Server Internal Error")
		return nil, nil
	case err != nil:
		s.stats.Overflow.Add(1)
		s.respond(r, tx, 500, "Server Internal Error", sip.NewHeader("Retry-After", "1"))
		return nil, nil
	}
	leg.ladder.add(false, r)
	return leg, leave
}

// onReinvite changes a call: hold, another codec, another address. RFC 3261
// section 14.2.
func (s *Server) onReinvite(r *sip.Request, tx sip.ServerTransaction) {
	leg, leave := s.turn(r, tx)
	if leg == nil {
		return
	}
	defer leave()
	if res := s.unacceptable(r); res != nil {
		s.send(res, tx)
		return
	}
	if leg.busy() {
		s.stats.Glares.Add(1)
		s.respond(r, tx, 491, "Request Pending") // RFC 3261 section 14.2
		return
	}
	leg.refresh(r)
	body, err := leg.negotiate(r.Body())
	if err != nil {
		s.respond(r, tx, 488, "Not Acceptable Here")
		return
	}
	ok := s.okWith(r, body, "")
	leg.grantTimer(r, ok)
	leave() // what comes meanwhile must not wait for as long as confirm may
	s.confirm(r, tx, ok, leg)
}

// busy reports whether an offer or an INVITE of ours is out.
func (l *Leg) busy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.offering
}

// onUpdate is the same without an ACK; without a description it only refreshes
// the session. RFC 3311 section 5.2.
func (s *Server) onUpdate(r *sip.Request, tx sip.ServerTransaction) {
	leg, leave := s.turn(r, tx)
	if leg == nil {
		return
	}
	defer leave()
	if res := s.unacceptable(r); res != nil {
		s.send(res, tx)
		return
	}
	var body []byte
	if len(r.Body()) > 0 {
		if leg.busy() || leg.waitsForAnswer() {
			s.stats.Glares.Add(1)
			s.respond(r, tx, 491, "Request Pending")
			return
		}
		var err error
		if body, err = leg.negotiate(r.Body()); err != nil {
			s.respond(r, tx, 488, "Not Acceptable Here")
			return
		}
	}
	leg.refresh(r)
	ok := s.okWith(r, body, "")
	leg.grantTimer(r, ok)
	s.send(ok, tx)
}

// onAck confirms a 2xx. Where that was an offer, the ACK has the answer, and
// without one the call has no media.
func (s *Server) onAck(r *sip.Request, _ sip.ServerTransaction) {
	leg := s.find(r)
	if leg == nil || !leg.turns().expects(r.CSeq().SeqNo) {
		return
	}
	leg.ladder.add(false, r)
	if leg.waitsForAnswer() {
		if err := leg.conclude(r.Body()); err != nil {
			s.cfg.Log.Info("answer in ACK refused", "error", err)
			leg.cancel(err)
			return
		}
	}
	leg.turns().acked(r.CSeq().SeqNo)
}

// onBye ends a call. As it names our tag it proves that our answer has arrived,
// if its ACK has been lost.
func (s *Server) onBye(r *sip.Request, tx sip.ServerTransaction) {
	leg, leave := s.turn(r, tx)
	if leg == nil {
		return
	}
	defer leave()
	s.respond(r, tx, 200, "OK")
	leg.turns().ackedAll()
	leg.left(farewell(r))
}

// farewell is why the far end ends a call, in its own words. RFC 3326.
func farewell(r *sip.Request) error {
	why, err := header.ParseReason(value(r, "Reason"))
	if err != nil {
		return media.ErrRemoteHangup
	}
	return &Farewell{Protocol: why.Protocol, Cause: why.Cause, Text: clean(why.Text)}
}

// onCancel gets only those CANCELs that match no transaction.
func (s *Server) onCancel(r *sip.Request, tx sip.ServerTransaction) {
	s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
}

// onUnknown refuses the methods that have no handler. Their CSeq counts.
func (s *Server) onUnknown(r *sip.Request, tx sip.ServerTransaction) {
	if requestKey(r).localTag != "" {
		leg, leave := s.turn(r, tx)
		if leg == nil {
			return
		}
		defer leave()
	}
	s.respond(r, tx, 405, "Method Not Allowed", sip.NewHeader("Allow", allowed))
}

// onOptions answers within and outside of dialogs. RFC 3261 section 11.2.
func (s *Server) onOptions(r *sip.Request, tx sip.ServerTransaction) {
	if requestKey(r).localTag != "" {
		leg, leave := s.turn(r, tx)
		if leg == nil {
			return
		}
		defer leave()
	}
	s.mu.Lock()
	draining := s.draining
	s.mu.Unlock()
	if draining {
		s.respond(r, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", "60"))
		return
	}
	s.respond(r, tx, 200, "OK", sip.NewHeader("Allow", allowed), sip.NewHeader("Accept", "application/sdp"),
		s.contact(r.Transport(), r.Source()))
}

// onInfo takes keys sent as application/dtmf-relay or application/dtmf, from
// peers that cannot send RFC 4733. Other bodies are refused, and packages of
// RFC 6086, section 4.2.2, since we have offered none.
func (s *Server) onInfo(r *sip.Request, tx sip.ServerTransaction) {
	leg, leave := s.turn(r, tx)
	if leg == nil {
		return
	}
	defer leave()
	kind := r.ContentType()
	switch {
	case r.GetHeader("Info-Package") != nil:
		s.respond(r, tx, 469, "Bad Info Package", sip.NewHeader("Recv-Info", "nil"))
		return
	case len(r.Body()) == 0:
	case kind != nil && isKind(kind, "application/dtmf-relay"):
		for line := range strings.Lines(string(r.Body())) {
			if name, v, _ := strings.Cut(line, "="); strings.EqualFold(strings.TrimSpace(name), "signal") {
				leg.pressText(v)
			}
		}
	case kind != nil && isKind(kind, "application/dtmf"):
		leg.pressText(string(r.Body()))
	default:
		s.respond(r, tx, 415, "Unsupported Media Type", sip.NewHeader("Accept", "application/dtmf-relay, application/dtmf"))
		return
	}
	s.respond(r, tx, 200, "OK")
}

// pressText presses the key that a text names: itself, or its number as RFC
// 4733 section 3.2 has it, 10 for the star and 11 for the hash.
func (l *Leg) pressText(text string) {
	switch text = strings.TrimSpace(text); {
	case text == "10":
		text = "*"
	case text == "11":
		text = "#"
	}
	if len(text) == 1 && strings.ContainsAny(text, "0123456789*#ABCDabcd") {
		l.Press(strings.ToUpper(text)[0])
	}
}

// user is the user part of a SIP URI, or the number of a tel URI.
func user(uri *sip.Uri) string {
	if uri.Raw() == "" {
		return uri.User
	}
	number, _, _ := strings.Cut(uri.Raw(), ";")
	return number
}
