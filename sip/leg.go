package sip

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/media/rtp"
	"attendant/sip/sdp"
)

// Leg is one party's SIP dialog with its RTP session. It implements media.Leg.
//
// Its far end may change while it lives: an INVITE with Replaces gives it
// another dialog, RFC 3891, and its audio goes on at the same place of the
// bridge.
type Leg struct {
	*rtp.Session
	server   *Server
	ctx      context.Context //nolint:containedctx // the leg's lifetime, as media.Leg documents
	cancel   context.CancelCauseFunc
	ended    chan struct{} // closed when the RTP session has ended
	hangup   sync.Once
	ladder   ladder
	changing chan struct{} // of capacity 1: full while a change of ours goes on
	timing   sync.Once     // begins keepSession
	retimed  chan struct{} // of capacity 1: the session timer has changed
	keys     Keys          // how keys are sent; never changes once somebody has the leg
	tones    *tones        // where keys are part of the audio, else nil

	mu        sync.Mutex // guards the dialog and what follows; never held while waiting
	dialog    Dialog
	order     *order // of the far end's requests
	peer      media.Peer
	local     sdp.Local
	offering  bool                     // an offer of ours is out, or an INVITE
	offered   bool                     // our offer went out in a response; ACK or PRACK has the answer
	reliable  *reliable                // our provisional response that a PRACK is waited for, or nil
	referrals map[uint32]chan notified // our REFERs by CSeq
	account   account                  // for challenges within the dialog
	confirmed bool                     // the INVITE has been answered and acknowledged
	gone      bool                     // the far end has sent BYE, or never had a dialog
}

var _ media.Leg = (*Leg)(nil)

// account answers challenges.
type account struct{ user, password string }

// newLeg runs the session until the leg ends. Requests find the leg when it has
// a dialog, see establish. A far end that should send and is silent for so long
// is gone.
func (s *Server) newLeg(session *rtp.Session, peer media.Peer, local sdp.Local, silence time.Duration) *Leg {
	l := &Leg{
		Session: session, server: s, peer: peer, local: local, order: &order{},
		ended: make(chan struct{}), changing: make(chan struct{}, 1), retimed: make(chan struct{}, 1),
	}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	s.stats.Active.Add(1)
	s.legs.Go(func() {
		defer close(l.ended)
		if err := session.Run(l.ctx, silence); err != nil {
			if errors.Is(err, media.ErrNoMedia) {
				s.stats.NoMedia.Add(1)
			}
			l.cancel(err)
		}
		l.logAudio()
	})
	return l
}

// establish gives the leg its dialog, in the place of the one that it has had.
// A dialog that goes from early to confirmed keeps the order of its requests.
func (l *Leg) establish(d Dialog) {
	s := l.server
	s.mu.Lock()
	defer s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.dialogs[l.dialog.key()] == l {
		delete(s.dialogs, l.dialog.key())
		s.peer(l.dialog.Peer, -1)
	}
	s.peer(d.Peer, 1)
	if l.dialog.key() != d.key() {
		l.order = &order{last: d.RemoteSeq}
	}
	l.dialog = d
	s.dialogs[d.key()] = l
}

// logAudio tells how well the network has carried the audio.
func (l *Leg) logAudio() {
	st := l.Stats()
	l.server.cfg.Log.Debug("audio ended", "sip call", l.Dialog().CallID, "sent", st.Sent, "received", st.Received, "lost", st.Reports.Lost,
		"jitter", st.Reports.Jitter, "late", st.Jitter.Late, "far end lost", st.Reports.FarLost, "far end's jitter", st.Reports.FarJitter,
		"round trip", st.Reports.RoundTrip, "reports sent", st.Reports.Sent, "reports received", st.Reports.Received, "unsealed", st.Unsealed)
}

// Peer tells who is at the far end.
func (l *Leg) Peer() media.Peer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peer
}

// Context ends when the leg has ended.
func (l *Leg) Context() context.Context { return l.ctx }

// Dialog returns the dialog's state, for writing down; State has all of the leg.
func (l *Leg) Dialog() Dialog {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.dialog
	d.RemoteSeq = max(d.RemoteSeq, l.order.highest())
	return d
}

// turns is the order of the present dialog's requests.
func (l *Leg) turns() *order {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.order
}

// Hangup ends the leg: BYE where the far end has not sent one, and the end of
// RTP. It returns when the far end has answered or Config.ByeTimeout has passed.
func (l *Leg) Hangup(cause error) {
	l.hangup.Do(func() {
		l.cancel(cause)
		l.mu.Lock()
		gone, d := l.gone, l.dialog
		l.gone = true
		l.dialog.LocalSeq++ // the BYE's
		l.mu.Unlock()
		if !gone {
			l.server.bye(&d, reason(context.Cause(l.ctx)), &l.ladder)
		}
		l.server.forget(l)
		l.server.stats.Active.Add(-1)
	})
	<-l.ended
}

// bye ends a dialog. RFC 3261 section 15.1.1.
func (s *Server) bye(d *Dialog, why string, trace *ladder) {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.ByeTimeout)
	defer cancel()
	r, err := s.request(d, sip.BYE, 0)
	if err == nil {
		r.AppendHeader(sip.NewHeader("Reason", why))
		_, err = s.exchange(ctx, r, trace)
	}
	if err != nil {
		s.stats.Unsent.Add(1)
		s.cfg.Log.Info("BYE not confirmed", "error", err)
	}
}

// exchange sends a request and returns its final response; provisional ones are
// passed over.
func (s *Server) exchange(ctx context.Context, r *sip.Request, trace *ladder) (*sip.Response, error) {
	trace.add(true, r)
	tx, err := s.transact(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("send %s: %w", r.Method, err)
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if res.IsProvisional() {
				continue
			}
			trace.add(false, res)
			return res, nil
		case <-tx.Done():
			return nil, fmt.Errorf("%s: %w", r.Method, errors.Join(tx.Err(), errNoResponse))
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", r.Method, ctx.Err())
		}
	}
}

// What becomes of requests within a dialog.
var (
	errNoResponse = errors.New("no response")
	errLegEnded   = errors.New("leg has ended")
)

// ask sends a request within the dialog and returns its final response. One
// challenge is answered. Where the far end no longer knows the dialog the leg
// ends. RFC 3261 section 12.2.1.2.
func (l *Leg) ask(ctx context.Context, method sip.RequestMethod, fill func(*sip.Request)) (*sip.Response, error) {
	var authorize sip.Header
	for {
		r, err := l.inside(method)
		if err != nil {
			return nil, err
		}
		if fill != nil {
			fill(r)
		}
		if authorize != nil {
			r.AppendHeader(authorize)
		}
		res, err := l.server.exchange(ctx, r, &l.ladder)
		if err != nil {
			return nil, err
		}
		if authorize == nil && l.challenged(r, res, &authorize) {
			continue
		}
		l.forgotten(res)
		return res, nil
	}
}

// inside makes a request within the dialog.
func (l *Leg) inside(method sip.RequestMethod) (*sip.Request, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone || l.ctx.Err() != nil {
		return nil, errLegEnded
	}
	return l.server.request(&l.dialog, method, 0)
}

// challenged answers a challenge within the dialog, if it is one that we can.
func (l *Leg) challenged(r *sip.Request, res *sip.Response, authorize *sip.Header) bool {
	l.mu.Lock()
	a := l.account
	l.mu.Unlock()
	if (res.StatusCode != 401 && res.StatusCode != 407) || a.user == "" {
		return false
	}
	*authorize = authorization(r, res, a.user, a.password)
	return *authorize != nil
}

// forgotten ends a leg whose far end no longer knows it.
func (l *Leg) forgotten(res *sip.Response) {
	if res.StatusCode == 481 || res.StatusCode == 408 {
		l.server.stats.Lost.Add(1)
		l.left(fmt.Errorf("%w: it answered %d", media.ErrRemoteHangup, res.StatusCode))
	}
}

// left takes in that the far end is gone: there is nobody to send a BYE to.
func (l *Leg) left(cause error) {
	l.mu.Lock()
	l.gone = true
	l.mu.Unlock()
	l.cancel(cause)
}

// refresh takes in the Contact of a message that changes the dialog's target.
func (l *Leg) refresh(m message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dialog.refresh(m)
}

// confirm marks the dialog as confirmed, and silence as a fault from now on.
func (l *Leg) confirm() {
	l.mu.Lock()
	l.confirmed = true
	l.mu.Unlock()
	l.Watch()
}

// waitsForAnswer reports whether the ACK must carry an answer.
func (l *Leg) waitsForAnswer() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.offered
}

// negotiate answers an offer and puts the outcome in use. Where there is none
// it offers, and the answer comes with the ACK or a PRACK.
func (l *Leg) negotiate(body []byte) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(body) == 0 {
		l.offered = true
		return l.local.Offer(), nil
	}
	answer, stream, err := l.local.Answer(body)
	if err != nil {
		return nil, err
	}
	l.use(stream)
	return answer, nil
}

// conclude takes in the answer to an offer of ours.
func (l *Leg) conclude(body []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	stream, err := l.local.Take(body)
	if err != nil {
		return err
	}
	l.offered = false
	l.use(stream)
	return nil
}

// use sets the stream and what Peer tells of it; the caller holds mu. An address
// of a family that our side does not speak cannot be sent to, and a far end that
// waits for a handshake sends nothing that would tell of a better one: its
// signalling's address is taken. linphone 5.1 describes IPv6 in a call over
// IPv4.
func (l *Leg) use(stream rtp.Stream) {
	ours, err := netip.ParseAddr(l.local.Address)
	if theirs := stream.Remote.Addr(); err == nil && theirs.IsValid() && theirs.Is4() != ours.Is4() {
		if peer, err := netip.ParseAddrPort(l.dialog.Peer); err == nil {
			stream.Remote = netip.AddrPortFrom(peer.Addr().Unmap(), stream.Remote.Port())
		}
	}
	l.Set(stream)
	l.peer.Codec = fmt.Sprintf("%s/%d", stream.Codec.Name, stream.Codec.ClockRateHz)
	l.peer.Bandwidth = stream.Codec.Bandwidth
	l.peer.Encrypted = stream.Crypto != nil
}
