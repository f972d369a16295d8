package sip

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/rtp"
)

// Leg is one party's SIP dialog with its RTP session. It implements media.Leg.
type Leg struct {
	*rtp.Session
	server *Server
	peer   media.Peer
	ctx    context.Context //nolint:containedctx // the leg's lifetime, as media.Leg documents
	cancel context.CancelCauseFunc
	ended  chan struct{} // closed when the RTP session has ended
	hangup sync.Once
	order  order // of the far end's requests

	mu      sync.Mutex // guards the dialog and what follows; never held while waiting
	dialog  Dialog
	local   local
	codecs  []codec.Codec
	offered bool // our offer went out in a 2xx; the ACK has the answer
	gone    bool // the far end has sent BYE, or never had a dialog
}

var _ media.Leg = (*Leg)(nil)

// newLeg runs the session until the leg ends.
func (s *Server) newLeg(session *rtp.Session, d Dialog, peer media.Peer) *Leg {
	l := &Leg{
		Session: session, server: s, dialog: d, peer: peer, codecs: s.cfg.Codecs,
		ended: make(chan struct{}), order: order{last: d.RemoteSeq},
	}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	s.stats.Active.Add(1)
	s.remember(l)
	s.legs.Go(func() {
		defer close(l.ended)
		if err := session.Run(l.ctx, s.cfg.NoMedia); err != nil {
			if errors.Is(err, media.ErrNoMedia) {
				s.stats.NoMedia.Add(1)
			}
			l.cancel(err)
		}
		l.logAudio()
	})
	return l
}

// logAudio tells how well the network has carried the audio.
func (l *Leg) logAudio() {
	st := l.Stats()
	l.server.cfg.Log.Debug("audio ended", "sip call", l.dialog.CallID, "sent", st.Sent, "received", st.Received, "lost", st.Reports.Lost,
		"jitter", st.Reports.Jitter, "late", st.Jitter.Late, "far end lost", st.Reports.FarLost, "far end's jitter", st.Reports.FarJitter,
		"round trip", st.Reports.RoundTrip, "reports sent", st.Reports.Sent, "reports received", st.Reports.Received)
}

// Peer tells who is at the far end.
func (l *Leg) Peer() media.Peer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peer
}

// Context ends when the leg has ended.
func (l *Leg) Context() context.Context { return l.ctx }

// Dialog returns the dialog's state, for writing down.
func (l *Leg) Dialog() Dialog {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.dialog
	d.SDPID, d.SDP, d.RemoteSeq = l.local.id, l.local.version, l.order.highest()
	return d
}

// Hangup ends the leg: BYE where the far end has not sent one, and the end of
// RTP. It returns when the far end has answered or Config.ByeTimeout has passed.
func (l *Leg) Hangup(cause error) {
	l.hangup.Do(func() {
		l.cancel(cause)
		l.mu.Lock()
		gone := l.gone
		l.gone = true
		l.mu.Unlock()
		if !gone {
			l.bye(context.Cause(l.ctx))
		}
		l.server.forget(l)
		l.server.stats.Active.Add(-1)
	})
	<-l.ended
}

func (l *Leg) bye(cause error) {
	ctx, cancel := context.WithTimeout(context.Background(), l.server.cfg.ByeTimeout)
	defer cancel()
	l.mu.Lock()
	r, err := l.server.request(&l.dialog, sip.BYE, 0)
	l.mu.Unlock()
	if err == nil {
		r.AppendHeader(sip.NewHeader("Reason", reason(cause)))
		err = l.server.exchange(ctx, r)
	}
	if err != nil {
		l.server.stats.Unsent.Add(1)
		l.server.cfg.Log.Info("BYE not confirmed", "error", err)
	}
}

// exchange sends a request and waits for its final response; provisional ones
// are passed over.
func (s *Server) exchange(ctx context.Context, r *sip.Request) error {
	tx, err := s.transact(ctx, r)
	if err != nil {
		return fmt.Errorf("send %s: %w", r.Method, err)
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return nil
			}
		case <-tx.Done():
			return fmt.Errorf("%s: %w", r.Method, errors.Join(tx.Err(), errNoResponse))
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", r.Method, ctx.Err())
		}
	}
}

var errNoResponse = errors.New("no response")

// left takes in the far end's BYE.
func (l *Leg) left() {
	l.mu.Lock()
	l.gone = true
	l.mu.Unlock()
	l.cancel(media.ErrRemoteHangup)
}

// refresh takes in the Contact of a request that changes the dialog's target.
func (l *Leg) refresh(r *sip.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dialog.refresh(r)
}

// waitsForAnswer reports whether the ACK must carry an answer.
func (l *Leg) waitsForAnswer() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.offered
}

// negotiate answers an offer and puts the outcome in use. Where there is none
// it offers, and the answer comes with the ACK. RFC 3264 section 8: each
// description of ours has the next version.
func (l *Leg) negotiate(body []byte) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(body) == 0 {
		l.offered = true
		l.local.version++
		return l.local.offer(l.codecs), nil
	}
	d, err := parseSDP(body)
	if err != nil {
		return nil, err
	}
	s, err := d.choose(l.codecs)
	if err != nil {
		return nil, err
	}
	l.local.version++
	l.use(s)
	return l.local.answer(d, s), nil
}

// conclude takes in the answer to an offer of ours.
func (l *Leg) conclude(body []byte) error {
	d, err := parseSDP(body)
	if err != nil {
		return err
	}
	s, err := d.take(l.codecs)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.offered = false
	l.use(s)
	return nil
}

// use sets the stream and what Peer tells of it; the caller holds mu.
func (l *Leg) use(s settled) {
	l.Set(s.stream)
	l.peer.Codec = fmt.Sprintf("%s/%d", s.stream.Codec.Name, s.stream.Codec.ClockRateHz)
	l.peer.Bandwidth = s.stream.Codec.Bandwidth
}
