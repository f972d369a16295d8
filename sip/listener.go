package sip

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Listener is one address that peers reach us at.
type Listener struct {
	Transport string // "UDP", "TCP", "TLS", "WS" or "WSS"; empty is UDP and TCP on one port
	Address   string // host and port; port 0 is any
	Verify    bool   // a client without a certificate of Config.TLS's authorities is refused
}

// ParseListeners reads a list of listeners as settings have it, with commas
// between them: HOST:PORT is UDP and TCP, udp:HOST:PORT and likewise tcp, tls,
// ws and wss are one transport, tls+verify and wss+verify also want a client's
// certificate.
func ParseListeners(list string) ([]Listener, error) {
	var all []Listener
	for text := range strings.SplitSeq(list, ",") {
		l := Listener{Address: strings.TrimSpace(text)}
		if name, rest, ok := strings.Cut(l.Address, ":"); ok {
			name, verify := strings.CutSuffix(strings.ToLower(name), "+verify")
			if slices.Contains([]string{"udp", "tcp", "tls", "ws", "wss"}, name) && strings.Contains(rest, ":") {
				l = Listener{Transport: strings.ToUpper(name), Address: rest, Verify: verify}
			}
		}
		if l.Verify && l.Transport != "TLS" && l.Transport != "WSS" {
			return nil, fmt.Errorf("%q: only tls and wss verify clients", text)
		}
		_, port, err := net.SplitHostPort(l.Address)
		if err != nil {
			return nil, fmt.Errorf("%q is not [TRANSPORT:]HOST:PORT", text)
		}
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			return nil, fmt.Errorf("%q: no port %q", text, port)
		}
		all = append(all, l)
	}
	return all, nil
}

// doors are the open sockets of a server.
type doors struct {
	udp     []*datagrams
	streams []*entrance
	all     []door // in the order of the settings
}

// door is one open socket as peers see it.
type door struct {
	transport string
	address   netip.AddrPort
}

// entrance is one listening stream socket.
type entrance struct {
	net.Listener
	transport string
	config    *tls.Config // nil without TLS
}

// open opens every listener, or none.
func (s *Server) open(list []Listener) error {
	for _, l := range list {
		if err := s.openOne(l); err != nil {
			return errors.Join(fmt.Errorf("listen for SIP: %w", err), s.doors.close())
		}
	}
	return nil
}

func (s *Server) openOne(l Listener) error {
	switch l.Transport {
	case "":
		return s.openBoth(l.Address)
	case "UDP":
		conn, err := net.ListenPacket("udp", l.Address)
		if err != nil {
			return err
		}
		s.doors.addUDP(s, conn)
	default:
		config, err := s.tls.server(l)
		if err != nil {
			return err
		}
		listener, err := net.Listen("tcp", l.Address)
		if err != nil {
			return err
		}
		s.doors.addStream(&entrance{Listener: listener, transport: l.Transport, config: config})
	}
	return nil
}

// openBoth opens UDP and TCP on the same port. Where any port will do, several
// are tried, since one that is free for UDP may be taken for TCP.
func (s *Server) openBoth(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	for tries := 0; ; tries++ {
		conn, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		listener, err := net.Listen("tcp", conn.LocalAddr().String())
		if err == nil {
			s.doors.addUDP(s, conn)
			s.doors.addStream(&entrance{Listener: listener, transport: "TCP"})
			return nil
		}
		if err = errors.Join(err, conn.Close()); port != "0" || tries == 10 {
			return err
		}
	}
}

func (d *doors) addUDP(s *Server, conn net.PacketConn) {
	local := conn.LocalAddr().(*net.UDPAddr)
	if c, ok := conn.(*net.UDPConn); ok {
		// A burst must not push a BYE out. What the kernel allows is enough.
		_ = c.SetReadBuffer(4 << 20)
	}
	d.udp = append(d.udp, &datagrams{PacketConn: conn, server: s, local: local})
	d.all = append(d.all, door{"UDP", addrPort(local)})
}

func (d *doors) addStream(e *entrance) {
	d.streams = append(d.streams, e)
	d.all = append(d.all, door{e.transport, addrPort(e.Addr())})
}

// close closes every socket; closing again does nothing.
func (d *doors) close() error {
	var errs []error
	for _, u := range d.udp {
		errs = append(errs, u.Close())
	}
	for _, e := range d.streams {
		errs = append(errs, e.Close())
	}
	for i, err := range errs {
		if errors.Is(err, net.ErrClosed) {
			errs[i] = nil
		}
	}
	return errors.Join(errs...)
}

// addrPort is a socket's address without the mapping of IPv4 into IPv6.
func addrPort(a net.Addr) netip.AddrPort {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// reaches reports whether the door's family is that of a.
func (d door) reaches(a netip.Addr) bool {
	own := d.address.Addr()
	if own.IsUnspecified() && own.Is6() {
		return true // [::] hears both
	}
	return own.Is4() == a.Unmap().Is4()
}

// toward finds the door by which peer is reached over the transport: the one
// whose address the kernel would send from, else the first of the family, else
// the first of another transport. It is the zero value only where no door is of
// the peer's family.
func (s *Server) toward(transport, peer string) door {
	to, err := netip.ParseAddrPort(peer)
	if err != nil {
		return s.doors.all[0]
	}
	if u := s.arrivals.door(peer); transport == "UDP" && u != nil {
		return door{"UDP", addrPort(u.local)}
	}
	var found, other door
	from := netip.Addr{}
	for _, d := range s.doors.all {
		switch {
		case !d.reaches(to.Addr()):
		case d.transport != transport:
			if !other.address.IsValid() {
				other = d
			}
		case !found.address.IsValid():
			found = d
		case found.address.Addr() != d.address.Addr() && !d.address.Addr().IsUnspecified():
			if !from.IsValid() {
				from = route(peer)
			}
			if d.address.Addr() == from {
				found = d
			}
		}
	}
	if found.address.IsValid() {
		return found
	}
	return other
}

// route is the address that the kernel would send from. Connecting a UDP socket
// sends nothing.
func route(peer string) netip.Addr {
	conn, err := net.Dial("udp", peer)
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	return addrPort(conn.LocalAddr()).Addr()
}

// arrivals remembers, where there is more than one, by which UDP socket a peer
// was heard last: what we send must leave from there, or a NAT and a symmetric
// peer drop it. Those not heard since as many others are forgotten.
type arrivals struct {
	mu       sync.Mutex
	now, old map[string]*datagrams
}

// maxArrivals is how many peers are remembered at least; 8192 take about 1 MB.
const maxArrivals = 8192

func (a *arrivals) heard(peer string, by *datagrams) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.now == nil || len(a.now) >= maxArrivals {
		a.old, a.now = a.now, map[string]*datagrams{}
	}
	a.now[peer] = by
}

func (a *arrivals) door(peer string) *datagrams {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d := a.now[peer]; d != nil {
		return d
	}
	return a.old[peer]
}
