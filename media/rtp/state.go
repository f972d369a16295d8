package rtp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"attendant/media/codec"
)

// State is what a session needs to go on in another process as the same source:
// plain data. RFC 3550 section 8.
type State struct {
	SSRC      uint32         `json:"ssrc"`
	Sequence  uint16         `json:"sequence"`
	Timestamp uint32         `json:"timestamp"`
	Source    netip.AddrPort `json:"source"` // where the far end's audio comes from

	Remote      netip.AddrPort `json:"remote"`
	Codec       string         `json:"codec"`
	PayloadType uint8          `json:"payload_type"`
	Events      []uint8        `json:"events,omitempty"`
	Send        bool           `json:"send"`
	Receive     bool           `json:"receive"`
	Mux         bool           `json:"mux,omitempty"`
	ReportPort  uint16         `json:"report_port,omitempty"`

	Crypto      *Crypto `json:"crypto,omitempty"`       // with the keys, whoever agreed on them
	SendRolls   uint32  `json:"send_rolls,omitempty"`   // how often the sequence number of ours has wrapped
	TheirSSRC   uint32  `json:"their_ssrc,omitempty"`   // and of theirs
	TheirRolls  uint32  `json:"their_rolls,omitempty"`  //
	ReportIndex uint32  `json:"report_index,omitempty"` // of our last encrypted report
}

// State returns what the session needs to go on.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{
		SSRC: s.header.SSRC, Sequence: s.header.SequenceNumber, Timestamp: s.header.Timestamp, Source: s.source, TheirSSRC: s.ssrc,
		Remote: s.stream.Remote, Codec: s.stream.Codec.Name, PayloadType: s.stream.PayloadType, Events: s.stream.Events,
		Send: s.stream.Send, Receive: s.stream.Receive, Mux: s.stream.Mux, ReportPort: s.stream.ReportPort,
	}
	if s.seal != nil && s.seal.out != nil {
		c := s.seal.crypto
		st.Crypto = &Crypto{Suite: c.Suite, Send: c.Send, Receive: c.Receive}
		st.SendRolls, _ = s.seal.out.ROC(s.header.SSRC)
		st.TheirRolls, _ = s.seal.in.ROC(s.ssrc)
		st.ReportIndex, _ = s.seal.out.Index(s.header.SSRC)
	}
	return st
}

// restoreLeap is how far the sequence number and the index of reports jump when
// a session goes on: what was sent after its state was written down must not be
// sent again with the same key. 20 s of packets.
const restoreLeap = 1000

// ErrCodec is a state whose codec is none of ours.
var ErrCodec = errors.New("unknown codec")

// Restore opens a session again on its port, as the same source.
func Restore(host string, port int, st State) (*Session, error) {
	var c codec.Codec
	for _, known := range codec.All() {
		if known.Name == st.Codec {
			c = known
		}
	}
	if c.NewEncoder == nil {
		return nil, fmt.Errorf("%w: %q", ErrCodec, st.Codec)
	}
	s, err := listenPair(net.ParseIP(host), port)
	if err != nil {
		return nil, err
	}
	rolls := st.SendRolls
	if st.Sequence > 1<<16-1-restoreLeap {
		rolls++
	}
	s.header.SSRC, s.header.SequenceNumber, s.header.Timestamp = st.SSRC, st.Sequence+restoreLeap, st.Timestamp+restoreLeap*160
	s.Set(Stream{
		Remote: st.Remote, Codec: c, PayloadType: st.PayloadType, Events: st.Events, Send: st.Send, Receive: st.Receive,
		Crypto: st.Crypto, Mux: st.Mux, ReportPort: st.ReportPort,
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source = st.Source
	if s.seal != nil && s.seal.out != nil {
		s.seal.out.SetROC(st.SSRC, rolls)
		s.seal.out.SetIndex(st.SSRC, st.ReportIndex+restoreLeap)
		s.seal.in.SetROC(st.TheirSSRC, st.TheirRolls)
	}
	return s, nil
}
