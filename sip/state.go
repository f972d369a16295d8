package sip

import (
	"fmt"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/rtp"
	"attendant/sip/sdp"
)

// State is all that a leg needs to go on in another process: plain data, keys
// of its encryption among it, so whoever keeps it keeps it secret.
type State struct {
	Dialog Dialog     `json:"dialog"`
	Peer   media.Peer `json:"peer"`
	Side   sdp.Local  `json:"side"`
	Codecs []string   `json:"codecs"` // in the order of preference
	RTP    rtp.State  `json:"rtp"`
}

// State returns the leg's state. It is good from the call's answer on; what the
// far end sends after it was taken may have to be sent again.
func (l *Leg) State() State {
	st := State{Dialog: l.Dialog(), RTP: l.Session.State()}
	l.mu.Lock()
	defer l.mu.Unlock()
	st.Peer, st.Side = l.peer, l.local
	for _, c := range l.local.Codecs {
		st.Codecs = append(st.Codecs, c.Name)
	}
	return st
}

// Restore goes on with a leg of another process, which must have ended: on the
// same SIP address, since requests are sent there, and the same RTP port.
// Whoever restores it hangs up. An encrypted stream goes on with its keys; a
// new handshake of DTLS begins with the next offer, since its certificate was
// the other process's.
func (s *Server) Restore(st State) (*Leg, error) {
	session, err := rtp.Restore(s.rtpHost(st.Dialog.Peer), st.Side.Port, st.RTP)
	if err != nil {
		return nil, fmt.Errorf("restore %s: %w", st.Dialog.CallID, err)
	}
	side := st.Side
	side.Certificate, side.Codecs = s.certificate, nil
	for _, name := range st.Codecs {
		for _, c := range codec.All() {
			if c.Name == name {
				side.Codecs = append(side.Codecs, c)
			}
		}
	}
	l := s.newLeg(session, st.Peer, side, s.cfg.NoMedia)
	l.establish(st.Dialog)
	l.confirm()
	if st.Dialog.Interval > 0 {
		l.setTimer(st.Dialog.Interval, st.Dialog.Refresh)
	}
	s.stats.Restored.Add(1)
	return l, nil
}
