package sip

import (
	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/sip/header"
	"attendant/sip/sdp"
)

// onReplaces takes an INVITE that takes the place of a dialog of ours: the leg
// gets its dialog and its audio, and the far end of before gets a BYE. Whoever
// has the leg sees another Peer and nothing else. RFC 3891 section 3.
func (s *Server) onReplaces(r *sip.Request, tx sip.ServerTransaction) {
	wanted, err := header.ParseReplaces(value(r, "Replaces"))
	if err != nil || len(r.GetHeaders("Replaces")) > 1 {
		s.respond(r, tx, 400, "Bad Replaces")
		return
	}
	leg := s.lookup(key{wanted.CallID, wanted.ToTag, wanted.FromTag})
	if leg == nil {
		s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
		return
	}
	if !s.mayTransfer(r, leg) {
		s.stats.Untrusted.Add(1)
		s.respond(r, tx, 403, "Forbidden")
		return
	}
	if res := s.unacceptable(r); res != nil {
		s.send(res, tx)
		return
	}
	switch d := leg.Dialog(); {
	case leg.ctx.Err() != nil:
		s.respond(r, tx, 603, "Decline")
	case leg.early() && !d.Caller: // RFC 3891 section 3: only its caller may give up an early dialog
		s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
	case wanted.EarlyOnly && !leg.early():
		s.respond(r, tx, 486, "Busy Here")
	case leg.early(): // ours, and still ringing: nobody is there to be replaced
		s.respond(r, tx, 481, "Call/Transaction Does Not Exist")
	default:
		s.takeOver(r, tx, leg)
	}
}

// early reports whether the leg has no answer yet: its INVITE's ACK has not
// come, or we are still dialling.
func (l *Leg) early() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone || !l.confirmed
}

// takeOver gives the leg the dialog that r begins.
func (s *Server) takeOver(r *sip.Request, tx sip.ServerTransaction, leg *Leg) {
	d, err := uasDialog(r, sip.GenerateTagN(16))
	if err != nil {
		s.respond(r, tx, 400, "Bad Request")
		return
	}
	before, peer := leg.Dialog(), leg.Peer()
	session := leg.renew(s.side(r.Source(), leg.Port(), nil, sdp.Taken))
	body, err := leg.negotiate(r.Body())
	if err != nil {
		leg.restoreSide(session)
		s.respond(r, tx, 488, "Not Acceptable Here")
		return
	}
	leg.establish(d)
	leg.ladder.add(false, r)
	leg.describe(s.peerOf(r))
	ok := s.okWith(r, body, d.LocalTag)
	leg.grantTimer(r, ok)
	s.stats.Replaced.Add(1)
	s.legs.Go(func() { s.bye(&before, `SIP;cause=200;text="Replaced"`, &leg.ladder) })
	if s.cfg.Replaced != nil {
		s.cfg.Replaced(leg, peer)
	}
	s.confirm(r, tx, ok, leg)
}

// renew makes our side of the session that of another one: with keys of its
// own, at the same port. It returns the one before.
func (l *Leg) renew(side sdp.Local) sdp.Local {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.local
	side.Codecs, side.SRTP = before.Codecs, before.SRTP
	l.local, l.offered = side, false
	return before
}

// restoreSide undoes renew.
func (l *Leg) restoreSide(side sdp.Local) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.local = side
}

// describe sets who is at the far end now; the codec stays what negotiate has
// made it.
func (l *Leg) describe(p media.Peer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.Codec, p.Bandwidth, p.Encrypted, p.Trunk = l.peer.Codec, l.peer.Bandwidth, l.peer.Encrypted, l.peer.Trunk
	l.peer = p
}
