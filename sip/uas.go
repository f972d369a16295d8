package sip

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/media/rtp"
)

const allowed = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE"

// onInvite answers a call, or a change within one. It returns when the call
// has ended.
func (s *Server) onInvite(r *sip.Request, tx sip.ServerTransaction) {
	if k := requestKey(r); k.localTag != "" {
		s.onReinvite(r, tx)
		return
	}
	s.stats.Invites.Add(1)
	welcome, ok := s.invited(r, tx)
	if !ok {
		return
	}
	defer welcome.release()
	if !s.admit() {
		s.stats.reject(&s.stats.Busy)
		s.respond(r, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", "5"))
		return
	}
	defer s.dismiss()
	if res := unacceptable(r); res != nil {
		s.stats.reject(&s.stats.Unsupported)
		s.send(res, tx)
		return
	}
	leg, answer := s.accept(r, tx, welcome)
	if leg == nil {
		return
	}
	defer leg.Hangup(media.ErrLocalHangup)
	if !tx.OnCancel(func(*sip.Request) { leg.left() }) {
		leg.left()
	}
	if !s.confirm(r, tx, answer, leg) {
		s.countLost(context.Cause(leg.ctx))
		return
	}
	s.stats.Answered.Add(1)
	leg.Watch()
	s.answer(s.ctx, leg)
}

// countLost counts a call that its answer has not brought about. confirm has
// counted those without ACK.
func (s *Server) countLost(cause error) {
	switch {
	case errors.Is(cause, media.ErrUnreachable):
	case errors.Is(cause, ErrSDP), errors.Is(cause, ErrNoCommonCodec): // in the ACK
		s.stats.reject(s.stats.description(cause))
	default:
		s.stats.Cancelled.Add(1)
	}
}

// admit counts a call in, unless there are too many or we are stopping.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || s.answer == nil || s.admitted >= s.cfg.MaxCalls {
		return false
	}
	s.admitted++
	s.calls.Add(1)
	return true
}

func (s *Server) dismiss() {
	s.mu.Lock()
	s.admitted--
	s.mu.Unlock()
	s.calls.Done()
}

// unacceptable returns the refusal of an INVITE that asks for what we do not
// do. RFC 3261 sections 8.2.2.3 and 8.2.3.
func unacceptable(r *sip.Request) *sip.Response {
	if wanted := r.GetHeader("Require"); wanted != nil {
		res := sip.NewResponseFromRequest(r, 420, "Bad Extension", nil)
		res.AppendHeader(sip.NewHeader("Unsupported", wanted.Value()))
		return res
	}
	kind := r.ContentType()
	if len(r.Body()) == 0 || kind == nil || strings.HasPrefix(strings.ToLower(kind.Value()), "application/sdp") {
		return nil
	}
	res := sip.NewResponseFromRequest(r, 415, "Unsupported Media Type", nil)
	res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	return res
}

// accept answers the offer and makes the leg. It returns nil where it has
// refused.
func (s *Server) accept(r *sip.Request, tx sip.ServerTransaction, welcome Welcome) (*Leg, *sip.Response) {
	tag := sip.GenerateTagN(16)
	d, err := uasDialog(r, tag)
	if err != nil {
		s.stats.reject(&s.stats.Malformed)
		s.respond(r, tx, 400, "Bad Request")
		return nil, nil
	}
	session, err := rtp.Listen(s.rtpHost(), s.cfg.RTPFirst, s.cfg.RTPLast)
	if err != nil {
		s.cfg.Log.Error("no RTP port for a call", "error", err)
		s.stats.reject(&s.stats.NoPort)
		s.respond(r, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", "5"))
		return nil, nil
	}
	leg := s.newLeg(session, d, welcome.describe(s.peerOf(r)))
	leg.mu.Lock()
	if welcome.Codecs != nil {
		leg.codecs = welcome.Codecs
	}
	leg.local = local{address: s.localIP(r.Source()), port: session.Port(), id: uint64(time.Now().UnixNano())}
	leg.mu.Unlock()
	body, err := leg.negotiate(r.Body())
	if err != nil {
		s.refuse(r, tx, leg, err)
		return nil, nil
	}
	ringing := sip.NewResponseFromRequest(r, 180, "Ringing", nil)
	ringing.To().Params.Add("tag", tag)
	ringing.AppendHeader(s.contact(r.Transport(), r.Source()))
	s.send(ringing, tx)
	return leg, s.okWith(r, body, tag)
}

func (s *Server) refuse(r *sip.Request, tx sip.ServerTransaction, leg *Leg, err error) {
	leg.left()
	leg.Hangup(err)
	s.stats.reject(s.stats.description(err))
	if errors.Is(err, ErrNoCommonCodec) {
		s.respond(r, tx, 488, "Not Acceptable Here")
		return
	}
	s.respond(r, tx, 400, "Bad Request")
}

// okWith is a 200 that carries a description.
func (s *Server) okWith(r *sip.Request, body []byte, tag string) *sip.Response {
	ok := sip.NewResponseFromRequest(r, 200, "OK", body)
	if tag != "" {
		ok.To().Params.Add("tag", tag)
	}
	ok.AppendHeader(s.contact(r.Transport(), r.Source()))
	ok.AppendHeader(sip.NewHeader("Allow", allowed))
	ok.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	return ok
}

// confirm sends a 2xx until its ACK comes, over TCP too. It reports false where
// the call is over: no ACK in time, which sends BYE, or the far end gone. RFC
// 3261 section 13.3.1.4.
func (s *Server) confirm(r *sip.Request, tx sip.ServerTransaction, ok *sip.Response, leg *Leg) bool {
	acked := leg.order.expectAck(r.CSeq().SeqNo)
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
	leave, err := leg.order.enter(r.CSeq().SeqNo, r.Method == sip.BYE)
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
	leg.refresh(r)
	body, err := leg.negotiate(r.Body())
	if err != nil {
		s.respond(r, tx, 488, "Not Acceptable Here")
		return
	}
	leave() // what comes meanwhile must not wait for as long as confirm may
	s.confirm(r, tx, s.okWith(r, body, ""), leg)
}

// onUpdate is the same without an ACK. RFC 3311.
func (s *Server) onUpdate(r *sip.Request, tx sip.ServerTransaction) {
	leg, leave := s.turn(r, tx)
	if leg == nil {
		return
	}
	defer leave()
	leg.refresh(r)
	if len(r.Body()) == 0 {
		s.respond(r, tx, 200, "OK")
		return
	}
	body, err := leg.negotiate(r.Body())
	if err != nil {
		s.respond(r, tx, 488, "Not Acceptable Here")
		return
	}
	s.send(s.okWith(r, body, ""), tx)
}

// onAck confirms a 2xx. Where that was an offer, the ACK has the answer, and
// without one the call has no media.
func (s *Server) onAck(r *sip.Request, _ sip.ServerTransaction) {
	leg := s.find(r)
	if leg == nil || !leg.order.expects(r.CSeq().SeqNo) {
		return
	}
	if leg.waitsForAnswer() {
		if err := leg.conclude(r.Body()); err != nil {
			s.cfg.Log.Info("answer in ACK refused", "error", err)
			leg.cancel(err)
			return
		}
	}
	leg.order.acked(r.CSeq().SeqNo)
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
	leg.order.ackedAll()
	leg.left()
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

// onInfo takes keys sent as application/dtmf-relay, from peers that cannot
// send RFC 4733.
func (s *Server) onInfo(r *sip.Request, tx sip.ServerTransaction) {
	leg, leave := s.turn(r, tx)
	if leg == nil {
		return
	}
	defer leave()
	for line := range strings.Lines(string(r.Body())) {
		name, value, _ := strings.Cut(line, "=")
		if value = strings.TrimSpace(value); strings.EqualFold(strings.TrimSpace(name), "signal") && len(value) == 1 {
			leg.Press(value[0])
		}
	}
	s.respond(r, tx, 200, "OK")
}

// peerOf reads what an INVITE tells of the caller.
func (s *Server) peerOf(r *sip.Request) media.Peer {
	p := media.Peer{
		CallID: r.CallID().Value(), Number: user(&r.From().Address), Name: r.From().DisplayName,
		Dialled: user(&r.Recipient), Remote: r.Source(), Transport: strings.ToLower(r.Transport()),
	}
	asserted := r.GetHeader("P-Asserted-Identity")
	if !s.cfg.TrustPeers || asserted == nil {
		return p
	}
	var uri sip.Uri
	params := sip.NewParams()
	name, err := sip.ParseAddressValue(asserted.Value(), &uri, &params)
	if number := user(&uri); err == nil && number != "" {
		p.Number = number
		if name != "" {
			p.Name = name
		}
	}
	return p
}

// user is the user part of a SIP URI, or the number of a tel URI.
func user(uri *sip.Uri) string {
	if uri.Raw() == "" {
		return uri.User
	}
	number, _, _ := strings.Cut(uri.Raw(), ";")
	return number
}

// rtpHost is the address that RTP sockets are bound to.
func (s *Server) rtpHost() string { return hostOf(s.Addr()) }
