package sip

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// transact sends a request within a transaction of its own, to its destination
// over its transport, whatever that is. All of our requests but ACK go through
// here. The error is sip.ErrUDPMTUCongestion where a request is too large for
// UDP.
func (s *Server) transact(ctx context.Context, r *sip.Request) (sip.ClientTransaction, error) {
	if err := s.aim(ctx, r); err != nil {
		return nil, err
	}
	return s.client.TransactionRequest(ctx, r, asIs)
}

// write sends an ACK, which has no transaction.
func (s *Server) write(ctx context.Context, r *sip.Request) error {
	if err := s.aim(ctx, r); err != nil {
		return err
	}
	return s.client.WriteRequest(r, asIs)
}

// aim has the request leave by the socket or the connection that it must.
func (s *Server) aim(ctx context.Context, r *sip.Request) error {
	transport, peer := r.Transport(), r.Destination()
	if isFlow(r.Laddr) { // a CANCEL goes where its INVITE went
		return nil
	}
	if transport == "UDP" {
		d := s.udpToward(peer)
		if d == nil {
			return fmt.Errorf("no UDP listener reaches %s", peer)
		}
		r.Laddr = sip.Addr{IP: d.local.IP, Port: d.local.Port}
		return nil
	}
	f, err := s.flows.connect(ctx, transport, peer, s.flows.nameOf(peer, r.Recipient.Host))
	if err != nil {
		return fmt.Errorf("connect to %s over %s: %w", peer, transport, err)
	}
	// Every stream is a TCP connection toward sipgo. The Via says what it is.
	r.SetTransport("TCP")
	r.Laddr = sip.Addr{IP: f.id.ip(), Port: 1}
	return nil
}

// isFlow reports whether an address is a flow's toward sipgo.
func isFlow(a sip.Addr) bool { return len(a.IP) == net.IPv6len && a.IP[0] == 1 && a.Port == 1 }

// udpToward is the UDP socket by which peer is reached; nil is none.
func (s *Server) udpToward(peer string) *datagrams {
	if d := s.arrivals.door(peer); d != nil {
		return d
	}
	door := s.toward("UDP", peer)
	for _, d := range s.doors.udp {
		if door.transport == "UDP" && addrPort(d.local) == door.address {
			return d
		}
	}
	return nil
}

// arrived is the request with the transport that it came over. sipgo knows
// streams as TCP only, and may still read the request that it has made.
func (s *Server) arrived(r *sip.Request) *sip.Request {
	if r.Transport() != "TCP" {
		return r
	}
	f := s.flows.find(r.Source())
	if f == nil || f.transport == "TCP" {
		return r
	}
	r = r.Clone()
	r.SetTransport(f.transport)
	return r
}

// Certified are the names of the verified certificate of the peer that a
// request came from, over TLS or WSS: trunks that are known by their
// certificate are told from others by it. It is nil where there is none.
func (s *Server) Certified(source string) []string {
	f := s.flows.find(source)
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.names
}

// contact is where requests within our dialogs are to be sent.
func (s *Server) contact(transport, peer string) *sip.ContactHeader {
	host, port := s.sentBy(transport, peer)
	uri := sip.Uri{Scheme: "sip", User: s.cfg.User, Host: bracket(host), Port: port, UriParams: sip.NewParams()}
	if d := s.toward(transport, peer); d.transport != "UDP" {
		uri.UriParams.Add("transport", strings.ToLower(d.transport))
	}
	return &sip.ContactHeader{Address: uri}
}

func bracket(host string) string {
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return "[" + host + "]"
	}
	return host
}

// sentBy is our address as peer can reach it.
func (s *Server) sentBy(transport, peer string) (host string, port int) {
	return s.localIP(peer), int(s.toward(transport, peer).address.Port())
}

// localIP is the address to put into descriptions and headers for peer: the
// external one, unless peer is within our own network.
func (s *Server) localIP(peer string) string {
	if external := s.external(peer); external != "" {
		return external
	}
	if a := s.toward("UDP", peer).address.Addr(); a.IsValid() && !a.IsUnspecified() {
		return a.String()
	}
	if a := route(peer); a.IsValid() {
		return a.String()
	}
	return "127.0.0.1"
}

// external is our address outside, as peer sees it; empty is none.
func (s *Server) external(peer string) string {
	if s.cfg.External == "" {
		return ""
	}
	p, err := netip.ParseAddrPort(peer)
	if err != nil {
		return s.cfg.External
	}
	a := p.Addr().Unmap().WithZone("")
	for _, n := range s.cfg.Local {
		if n.Contains(a) {
			return ""
		}
	}
	if e, err := netip.ParseAddr(s.cfg.External); err == nil && e.Is4() != a.Is4() {
		return "" // our address of the other family says nothing
	}
	return s.cfg.External
}

// rtpHost is the address that the RTP socket for peer is bound to.
func (s *Server) rtpHost(peer string) string {
	d := s.toward("UDP", peer)
	if !d.address.IsValid() {
		return ""
	}
	if p, err := netip.ParseAddrPort(peer); err == nil && d.address.Addr().IsUnspecified() && p.Addr().Unmap().Is4() {
		return "0.0.0.0"
	}
	return d.address.Addr().String()
}

// ownPeer reports whether a request within the dialog comes from one who may
// send it: the host that the dialog's messages come from, or one that the
// dialog itself names as the next hop.
func (d *Dialog) ownPeer(source string) bool {
	from := hostOf(source)
	if from == hostOf(d.Peer) {
		return true
	}
	next := d.Target
	if len(d.Routes) > 0 {
		next = d.Routes[0]
	}
	var uri sip.Uri
	return sip.ParseUri(next, &uri) == nil && strings.Trim(uri.Host, "[]") == from
}

func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

// asIs keeps sipgo from filling in or changing what we have built.
func asIs(*sipgo.Client, *sip.Request) error { return nil }
