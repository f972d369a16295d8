package sip

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/sip/header"
)

// errNoPrack is a reliable provisional response that was never acknowledged.
var errNoPrack = errors.New("no PRACK")

// reliable is a provisional response of ours that a PRACK is waited for.
type reliable struct {
	seq   uint32        // its RSeq
	cseq  uint32        // of the INVITE
	acked chan struct{} // closed when the PRACK has come
}

// sendReliably sends a provisional response to an INVITE until its PRACK comes,
// the leg ends (its cause is returned) or 64*T1 have passed (errNoPrack). Only
// one waits at a time. RFC 3262 section 3.
func (s *Server) sendReliably(res *sip.Response, tx sip.ServerTransaction, leg *Leg) error {
	// The first number is random, and one INVITE has one reliable response.
	w := &reliable{seq: 1 + rand.Uint32N(1<<31-1), cseq: res.CSeq().SeqNo, acked: make(chan struct{})}
	res.AppendHeader(sip.NewHeader("Require", "100rel"))
	res.AppendHeader(sip.NewHeader("RSeq", strconv.FormatUint(uint64(w.seq), 10)))
	leg.mu.Lock()
	leg.reliable = w
	leg.mu.Unlock()
	deadline := time.NewTimer(s.cfg.AckTimeout)
	defer deadline.Stop()
	again := time.NewTimer(0)
	defer again.Stop()
	for wait := sip.T1; ; wait *= 2 {
		select {
		case <-leg.ctx.Done():
			return leg.ctx.Err()
		case <-w.acked:
			return nil
		case <-deadline.C:
			s.stats.NoPrack.Add(1)
			return errNoPrack
		case <-again.C:
			s.send(res, tx)
			again.Reset(wait)
		}
	}
}

// onPrack takes in the acknowledgement of a provisional response, with the
// answer to an offer that the response has made, or another offer. RFC 3262
// sections 3 and 5.
func (s *Server) onPrack(r *sip.Request, tx sip.ServerTransaction) {
	leg, leave := s.turn(r, tx)
	if leg == nil {
		return
	}
	defer leave()
	rack, err := header.ParseRAck(value(r, "RAck"))
	if err != nil {
		s.respond(r, tx, 400, "Bad RAck")
		return
	}
	leg.mu.Lock()
	w := leg.reliable
	if w != nil && rack == (header.RAck{RSeq: w.seq, CSeq: w.cseq, Method: "INVITE"}) {
		leg.reliable = nil
	} else {
		w = nil
	}
	leg.mu.Unlock()
	if w == nil {
		s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
		return
	}
	defer close(w.acked) // the 2xx goes out after the PRACK's
	switch {
	case len(r.Body()) == 0:
		s.respond(r, tx, 200, "OK")
	case leg.waitsForAnswer():
		if err := leg.conclude(r.Body()); err != nil {
			leg.cancel(err)
			s.respond(r, tx, 488, "Not Acceptable Here")
			return
		}
		s.respond(r, tx, 200, "OK")
	default:
		body, err := leg.negotiate(r.Body())
		if err != nil {
			s.respond(r, tx, 488, "Not Acceptable Here")
			return
		}
		s.send(s.okWith(r, body, ""), tx)
	}
}
