package sip

import (
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
	if !s.admit() {
		s.stats.Rejected.Add(1)
		s.respond(r, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", "5"))
		return
	}
	defer s.calls.Done()
	leg, ok := s.accept(r, tx)
	if leg == nil {
		return
	}
	defer leg.Hangup(media.ErrLocalHangup)
	cancelled := tx.OnCancel(func(*sip.Request) { leg.left() })
	if !cancelled || !s.confirm(r, tx, ok, leg) {
		return
	}
	s.stats.Answered.Add(1)
	s.answer(s.ctx, leg)
}

// admit counts a call in, unless there are too many or we are stopping.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || s.answer == nil || int(s.stats.Active.Load()) >= s.cfg.MaxCalls {
		return false
	}
	s.calls.Add(1)
	return true
}

// accept answers the offer and makes the leg. It returns nil where it has
// refused.
func (s *Server) accept(r *sip.Request, tx sip.ServerTransaction) (*Leg, *sip.Response) {
	tag := sip.GenerateTagN(16)
	d, err := uasDialog(r, tag)
	if err != nil {
		s.respond(r, tx, 400, "Bad Request")
		return nil, nil
	}
	session, err := rtp.Listen(s.rtpHost(), s.cfg.RTPFirst, s.cfg.RTPLast)
	if err != nil {
		s.cfg.Log.Error("no RTP port for a call", "error", err)
		s.respond(r, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", "5"))
		return nil, nil
	}
	leg := s.newLeg(session, d, peerOf(r))
	leg.local = local{address: s.localIP(r.Source()), port: session.Port(), id: uint64(time.Now().UnixNano())}
	body, err := leg.negotiate(r.Body())
	if err != nil {
		s.refuse(r, tx, leg, err)
		return nil, nil
	}
	ok := s.okWith(r, body, tag)
	return leg, ok
}

func (s *Server) refuse(r *sip.Request, tx sip.ServerTransaction, leg *Leg, err error) {
	leg.left()
	leg.Hangup(err)
	s.stats.Rejected.Add(1)
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

// confirm sends a 2xx until its ACK comes. It reports false where the call is
// over: no ACK in time, which sends BYE, or the far end gone. RFC 3261 section
// 13.3.1.4.
func (s *Server) confirm(r *sip.Request, tx sip.ServerTransaction, ok *sip.Response, leg *Leg) bool {
	acked := leg.expectAck(r.CSeq().SeqNo)
	deadline := time.NewTimer(s.cfg.AckTimeout)
	defer deadline.Stop()
	for wait := sip.T1; ; wait = min(2*wait, sip.T2) {
		if err := tx.Respond(ok); err != nil {
			s.cfg.Log.Debug("200 not sent", "error", err)
		}
		again := time.NewTimer(wait)
		select {
		case <-acked:
			again.Stop()
			return true
		case <-leg.ctx.Done():
			again.Stop()
			return false
		case <-deadline.C:
			again.Stop()
			s.stats.NoAck.Add(1)
			leg.Hangup(media.ErrUnreachable)
			return false
		case <-again.C:
		}
	}
}

// onReinvite changes a call: hold, another codec, another address. RFC 3261
// section 14.2.
func (s *Server) onReinvite(r *sip.Request, tx sip.ServerTransaction) {
	leg := s.find(r)
	if leg == nil {
		s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
		return
	}
	if !leg.rising(r.CSeq().SeqNo) {
		s.respond(r, tx, 500, "Server Internal Error")
		return
	}
	body, err := leg.negotiate(r.Body())
	if err != nil {
		s.respond(r, tx, 488, "Not Acceptable Here")
		return
	}
	s.confirm(r, tx, s.okWith(r, body, ""), leg)
}

// onUpdate is the same without an ACK. RFC 3311.
func (s *Server) onUpdate(r *sip.Request, tx sip.ServerTransaction) {
	leg := s.find(r)
	switch {
	case leg == nil:
		s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
		return
	case !leg.rising(r.CSeq().SeqNo):
		s.respond(r, tx, 500, "Server Internal Error")
		return
	case len(r.Body()) == 0:
		s.respond(r, tx, 200, "OK")
		return
	}
	body, err := leg.negotiate(r.Body())
	if err != nil {
		s.respond(r, tx, 488, "Not Acceptable Here")
		return
	}
	if err := tx.Respond(s.okWith(r, body, "")); err != nil {
		s.cfg.Log.Debug("200 not sent", "error", err)
	}
}

// onAck confirms a 2xx. Where that was an offer, the ACK has the answer.
func (s *Server) onAck(r *sip.Request, _ sip.ServerTransaction) {
	leg := s.find(r)
	if leg == nil {
		return
	}
	if len(r.Body()) > 0 {
		leg.mu.Lock()
		offered := leg.offer == nil
		leg.mu.Unlock()
		if offered {
			if err := leg.conclude(r.Body()); err != nil {
				s.cfg.Log.Info("answer in ACK refused", "error", err)
				leg.cancel(err)
			}
		}
	}
	leg.acked(r.CSeq().SeqNo)
}

// onBye ends a call, also one whose ACK has not been seen yet: both may arrive
// in one burst, in either order.
func (s *Server) onBye(r *sip.Request, tx sip.ServerTransaction) {
	leg := s.find(r)
	if leg == nil {
		s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
		return
	}
	if !leg.rising(r.CSeq().SeqNo) {
		s.respond(r, tx, 500, "Server Internal Error")
		return
	}
	s.respond(r, tx, 200, "OK")
	leg.left()
}

// onCancel gets only those CANCELs that match no transaction.
func (s *Server) onCancel(r *sip.Request, tx sip.ServerTransaction) {
	s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
}

// onOptions answers within and outside of dialogs. RFC 3261 section 11.2.
func (s *Server) onOptions(r *sip.Request, tx sip.ServerTransaction) {
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
	leg := s.find(r)
	if leg == nil {
		s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
		return
	}
	if !leg.rising(r.CSeq().SeqNo) {
		s.respond(r, tx, 500, "Server Internal Error")
		return
	}
	for line := range strings.Lines(string(r.Body())) {
		name, value, _ := strings.Cut(line, "=")
		if value = strings.TrimSpace(value); strings.EqualFold(strings.TrimSpace(name), "signal") && len(value) == 1 {
			leg.Press(value[0])
		}
	}
	s.respond(r, tx, 200, "OK")
}

// peerOf reads what an INVITE tells of the caller.
func peerOf(r *sip.Request) media.Peer {
	return media.Peer{
		CallID: r.CallID().Value(), Number: r.From().Address.User, Name: r.From().DisplayName,
		Dialled: r.Recipient.User, Remote: r.Source(), Transport: strings.ToLower(r.Transport()),
	}
}

// rtpHost is the address that RTP sockets are bound to.
func (s *Server) rtpHost() string { return hostOf(s.Addr()) }
