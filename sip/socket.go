package sip

import (
	"errors"
	"net"
	"sync"

	"attendant/sip/wire"
)

// maxSources is how many addresses sipgo may remember of one round of reading.
// It remembers each source of a UDP socket for as long as it reads from it: 104
// octets a source, 50,000 sources of junk were 4.9 MiB.
const maxSources = 1024

// datagrams is one UDP socket. What it hears is checked, admitted and made
// plain before sipgo sees it.
//
// sipgo's own read filter is no place for this: an error there ends the
// listener without a word, and so does any error of the socket.
type datagrams struct {
	net.PacketConn
	server *Server
	local  *net.UDPAddr
	rounds sync.WaitGroup
}

// serve reads until the socket is closed. ready is called when requests can be
// sent from it.
func (d *datagrams) serve(ready func()) error {
	d.begin()
	ready()
	d.rounds.Wait()
	return net.ErrClosed
}

// begin begins a round of reading and returns when sipgo reads.
func (d *datagrams) begin() {
	r := &round{datagrams: d, begun: make(chan struct{}), sources: map[string]struct{}{}}
	d.rounds.Go(func() {
		// Its end is the socket's, or the round's: ReadFrom knows which.
		_ = d.server.server.ServeUDP(r)
	})
	<-r.begun
}

// WriteTo sends a datagram.
func (d *datagrams) WriteTo(b []byte, to net.Addr) (int, error) {
	if tell := d.server.cfg.Passed; tell != nil {
		tell(Passed{addrPort(d.local), addrPort(to), "UDP", b})
	}
	return d.PacketConn.WriteTo(b, to)
}

// round is the socket as sipgo reads it for a while. It ends, and sipgo forgets
// its sources, when the next has begun.
type round struct {
	*datagrams
	begun   chan struct{}
	once    sync.Once
	sources map[string]struct{}
	buffer  [wire.MaxMessage]byte
}

// ReadFrom returns the next datagram that is SIP, in its plain form. It fails
// only when the socket is closed or the round is over.
func (r *round) ReadFrom(b []byte) (int, net.Addr, error) {
	r.once.Do(func() { close(r.begun) })
	if len(r.sources) >= maxSources {
		r.begin()
		return 0, nil, net.ErrClosed
	}
	for {
		n, from, err := r.PacketConn.ReadFrom(r.buffer[:])
		if errors.Is(err, net.ErrClosed) {
			return 0, nil, err
		}
		if err != nil {
			r.server.stats.Garbage.Add(1)
			continue
		}
		reply := func(answer []byte) {
			if _, err := r.WriteTo(answer, from); err != nil {
				r.server.stats.Unsent.Add(1)
			}
		}
		plain := r.server.pass(r.buffer[:n], addrPort(from), reply)
		if plain == nil {
			continue
		}
		if tell := r.server.cfg.Passed; tell != nil {
			tell(Passed{addrPort(from), addrPort(r.local), "UDP", plain})
		}
		r.sources[from.String()] = struct{}{}
		if len(r.server.doors.udp) > 1 {
			r.server.arrivals.heard(from.String(), r.datagrams)
		}
		return copy(b, plain), from, nil
	}
}
