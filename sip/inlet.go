package sip

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"attendant/sip/wire"
)

// maxPlain is the largest message that sipgo reads from a datagram.
const maxPlain = 32 << 10

// pass is the gate that every message comes through, before sipgo parses it: it
// returns the message in its plain form, or nil where it is not taken. What is
// refused is answered by reply, which must not block for long. A panic costs
// this message only.
func (s *Server) pass(b []byte, from netip.AddrPort, reply func([]byte)) (plain []byte) {
	defer func() {
		if p := recover(); p != nil {
			s.stats.Panics.Add(1)
			s.cfg.Log.Error("panic over a message", "panic", p)
			plain = nil
		}
	}()
	if len(bytes.Trim(b, "\r\n\x00")) == 0 { // a keep-alive
		return nil
	}
	if !s.guard.Admit(from.Addr()) {
		return nil
	}
	m, fault := wire.Parse(b)
	switch {
	case m == nil:
		s.garbage(from.Addr())
		return nil
	case m.Method != "" && s.cfg.Known != nil && !s.knows(from.Addr()):
		s.stats.Unknown.Add(1)
		s.answer403(m, from, reply)
		return nil
	case fault != nil:
		s.garbage(from.Addr())
		s.fault(m, fault, from, reply)
		return nil
	}
	if f, extra := demands(m); f != nil {
		if answer := m.Reply(f.Status, f.Reason, from.String(), extra...); answer != nil {
			reply(answer)
		}
		return nil
	}
	m.Complete()
	s.symmetric(m, from)
	plain = m.Append(make([]byte, 0, len(b)+64))
	if len(plain) > maxPlain {
		s.fault(m, &wire.Fault{Status: 513, Reason: "Message Too Large"}, from, reply)
		return nil
	}
	if _, err := sip.ParseMessage(plain); err != nil {
		s.garbage(from.Addr())
		s.fault(m, &wire.Fault{Status: 400, Reason: "Bad Request"}, from, reply)
		return nil
	}
	return plain
}

// extensions are the option tags that an OPTIONS may require of us: what it asks
// about is ours to do in calls.
var extensions = []string{"100rel", "replaces", "timer", "norefersub", "from-change", "histinfo"}

// demands is the refusal of a request that wants what it cannot have: an
// OPTIONS that requires what nobody here knows, RFC 3261 section 8.2.2.3, and
// an INVITE whose sender takes no description in answer, section 21.4.7.
func demands(m *wire.Message) (*wire.Fault, []wire.Header) {
	switch m.Method {
	case "OPTIONS":
		var unknown []string
		for _, h := range m.Headers {
			for tag := range strings.SplitSeq(h.Value, ",") {
				if tag = strings.TrimSpace(tag); h.Name == "Require" && !slices.Contains(extensions, tag) {
					unknown = append(unknown, tag)
				}
			}
		}
		if unknown != nil {
			return &wire.Fault{Status: 420, Reason: "Bad Extension"}, []wire.Header{{Name: "Unsupported", Value: strings.Join(unknown, ", ")}}
		}
	case "INVITE":
		accepted := strings.ToLower(m.Get("Accept"))
		if accepted != "" && !strings.Contains(accepted, "application/sdp") && !strings.Contains(accepted, "/*") {
			return &wire.Fault{Status: 406, Reason: "Not Acceptable"}, nil
		}
	}
	return nil, nil
}

// garbage counts what is no SIP, against its source too.
func (s *Server) garbage(from netip.Addr) {
	s.stats.Garbage.Add(1)
	s.guard.Fail(from)
}

// fault answers a request that is not taken.
func (s *Server) fault(m *wire.Message, f *wire.Fault, from netip.AddrPort, reply func([]byte)) {
	if f.Status == 0 {
		return
	}
	if answer := m.Reply(f.Status, f.Reason, from.String()); answer != nil {
		reply(answer)
	}
}

// answer403 is all that a source which is not known gets, whatever it sends and
// whether that is well formed. It counts as a failure: who goes on is banned.
func (s *Server) answer403(m *wire.Message, from netip.AddrPort, reply func([]byte)) {
	if s.guard.Fail(from.Addr()) {
		return
	}
	if answer := m.Reply(403, "Forbidden", from.String()); answer != nil {
		reply(answer)
	}
}

// knows reports whether a source is one that we talk with: known by the
// settings, a trunk, or the far end of a call that is up.
func (s *Server) knows(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	s.peersMu.Lock()
	n := s.peers[a]
	s.peersMu.Unlock()
	return n > 0 || s.cfg.Known != nil && s.cfg.Known(a) || s.cfg.Friends != nil && s.cfg.Friends(a)
}

// peer counts the calls with a far end's address up and down.
func (s *Server) peer(address string, n int) {
	p, err := netip.ParseAddrPort(address)
	if err != nil {
		return
	}
	a := p.Addr().Unmap().WithZone("")
	s.peersMu.Lock()
	defer s.peersMu.Unlock()
	if s.peers[a] += n; s.peers[a] <= 0 {
		delete(s.peers, a)
	}
}

// failed counts a failure of a request's source, such as wrong credentials.
func (s *Server) failed(source string) {
	if p, err := netip.ParseAddrPort(source); err == nil {
		s.guard.Fail(p.Addr())
	}
}

// symmetric has sipgo answer to where the request came from, where the sender
// is behind a NAT: its Via names another address. One that asks for rport gets
// it anyway. RFC 3261 section 18.2.1, RFC 3581 section 4.
func (s *Server) symmetric(m *wire.Message, from netip.AddrPort) {
	if m.Method == "" {
		return
	}
	for i, h := range m.Headers {
		if h.Name != "Via" {
			continue
		}
		host, _ := wire.SentBy(h.Value)
		by, err := netip.ParseAddr(host)
		switch {
		case err == nil && by.Unmap() == from.Addr().Unmap():
		case err == nil:
			m.Headers[i].Value = wire.Symmetric(h.Value)
		default: // a name: it may be heard at another port than it sends from
			m.Headers[i].Value = wire.Received(h.Value, net.JoinHostPort(from.Addr().String(), ""))
		}
		return
	}
}
