package sip

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"attendant/sip/wire"
)

const (
	// maxConnections is how many stream connections peers may hold open, and
	// maxOfAddress how many of one address; one more is closed as it comes. A
	// trunk needs one or two; a proxy in front of browsers has many.
	maxConnections = 1024
	maxOfAddress   = 64
	// firstByte is how long a new connection may say nothing.
	firstByte = 5 * time.Second
	// wholeMessage is how long a message may take from its first octet on.
	wholeMessage = 10 * time.Second
	// idleConnection is how long a connection may say nothing between messages.
	// Calls and RFC 5626 keep-alives are far apart, half-written requests are not.
	idleConnection = 30 * time.Minute
	// writePatience is how long a peer may leave its TCP window shut.
	writePatience = 2 * time.Second
	// pingInterval is how often we ping a connection that we have opened, RFC
	// 5626 section 4.4.1, and pongPatience how long one that has ever answered a
	// ping may take.
	pingInterval = 100 * time.Second
	pongPatience = 10 * time.Second
)

// flow is one stream connection as sipgo reads and writes it: a TCP connection
// that carries whole, plain messages only, whatever is beneath. Its Read is
// called by one goroutine; any may call Write and Close.
type flow struct {
	net.Conn  // TCP or TLS
	server    *Server
	transport string // "TCP", "TLS", "WS" or "WSS"
	remote    netip.AddrPort
	id        flowID
	dialled   bool
	added     chan struct{} // closed when sipgo knows it
	closed    func()        // gives back the place; once

	// Of the reader alone.
	begun   time.Time
	started bool // the handshakes are done
	heard   bool // something has come
	reader  *bufio.Reader
	in      []byte    // what has come of the next message
	since   time.Time // when its first octet came
	out     []byte    // what sipgo has not read yet of a plain message

	writing sync.Mutex

	mu     sync.Mutex
	last   time.Time // when the last ping was sent
	pinged time.Time // when the ping that waits for its pong was sent; zero is none
	ponged bool      // the peer has ever answered a ping
	names  []string  // of the peer's verified certificate
}

// flowID is a flow's local address toward sipgo, which finds connections by it:
// one that no socket has, in RFC 6666's discard-only network, so that a flow
// that is gone is never replaced by a connection of sipgo's own.
type flowID uint64

func (f flowID) ip() net.IP {
	ip := make(net.IP, net.IPv6len)
	ip[0] = 1
	binary.BigEndian.PutUint64(ip[8:], uint64(f))
	return ip
}

// Network implements net.Addr.
func (f flowID) Network() string { return "tcp" }

// String implements net.Addr.
func (f flowID) String() string { return net.JoinHostPort(f.ip().String(), "1") }

// LocalAddr is how sipgo finds the flow.
func (f *flow) LocalAddr() net.Addr { return f.id }

// RemoteAddr is the peer's address.
func (f *flow) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(f.remote) }

// Read returns the next part of a plain message. Every end is io.EOF: sipgo
// would log the others.
func (f *flow) Read(b []byte) (int, error) {
	for len(f.out) == 0 {
		m, err := f.next()
		if err != nil {
			f.fail(err)
			return 0, io.EOF
		}
		if f.out = f.server.pass(m, f.remote, f.answer); f.out != nil && f.server.cfg.Passed != nil {
			f.server.cfg.Passed(Passed{f.remote, addrPort(f.Conn.LocalAddr()), f.transport, f.out})
		}
	}
	n := copy(b, f.out)
	f.out = f.out[n:]
	return n, nil
}

// fail counts the end of a flow that is the peer's fault.
func (f *flow) fail(err error) {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
	case errors.Is(err, wire.ErrTooLarge), errors.Is(err, wire.ErrNoLength), errors.Is(err, errFrame):
		f.server.garbage(f.remote.Addr())
		f.server.stats.Broken.Add(1)
	default:
		f.server.stats.Broken.Add(1)
	}
}

// next returns the next message.
func (f *flow) next() ([]byte, error) {
	if !f.started {
		if err := f.accept(); err != nil {
			return nil, err
		}
		f.started = true
		if f.reader == nil {
			f.reader = bufio.NewReader(f.Conn)
		}
	}
	if f.transport == "WS" || f.transport == "WSS" {
		return f.nextFramed()
	}
	return f.nextInStream()
}

// accept does the handshakes of a connection that a peer has opened.
func (f *flow) accept() error {
	ctx, cancel := context.WithDeadline(context.Background(), f.begun.Add(firstByte))
	defer cancel()
	if t, ok := f.Conn.(*tls.Conn); ok && !f.dialled {
		if err := t.HandshakeContext(ctx); err != nil {
			return err
		}
		f.verified(t)
	}
	if !f.dialled && (f.transport == "WS" || f.transport == "WSS") {
		return f.upgrade()
	}
	return nil
}

// verified keeps the names of the peer's certificate, if it was verified.
func (f *flow) verified(t *tls.Conn) {
	state := t.ConnectionState()
	if len(state.VerifiedChains) == 0 {
		return
	}
	leaf := state.VerifiedChains[0][0]
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names = append([]string{leaf.Subject.CommonName}, leaf.DNSNames...)
}

// nextInStream cuts the next message out of the stream.
func (f *flow) nextInStream() ([]byte, error) {
	for {
		for n, ping := wire.KeepAlive(f.in); n > 0; n, ping = wire.KeepAlive(f.in) {
			f.in = f.in[n:]
			if f.keptAlive(ping); ping && !f.dialled {
				f.answer([]byte("\r\n"))
			}
		}
		n, err := wire.Frame(f.in)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			m := f.in[:n:n]
			f.in = f.in[n:]
			f.since = time.Now()
			return m, nil
		}
		if err := f.more(); err != nil {
			return nil, err
		}
	}
}

// more reads what has come, as long as the message may take.
func (f *flow) more() error {
	within := len(bytes.Trim(f.in, "\r\n")) > 0
	if err := f.SetReadDeadline(f.deadline(within)); err != nil {
		return err
	}
	if _, err := f.reader.Peek(1); err != nil {
		return err
	}
	if !within {
		f.since = time.Now()
	}
	chunk, err := f.reader.Peek(f.reader.Buffered())
	if err != nil {
		return err
	}
	f.heard = true
	f.in = append(f.in, chunk...)
	_, err = f.reader.Discard(len(chunk))
	if len(f.in) == 2 && string(f.in) == "\r\n" { // a pong, or half a ping
		f.keptAlive(false)
	}
	return err
}

// deadline is until when the next octet must come.
func (f *flow) deadline(within bool) time.Time {
	switch {
	case within:
		return f.since.Add(wholeMessage)
	case !f.heard && !f.dialled:
		return f.begun.Add(firstByte)
	}
	return time.Now().Add(idleConnection)
}

// keptAlive takes in a pong. A ping from a peer that we have called is one, too.
func (f *flow) keptAlive(bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.pinged.IsZero() {
		f.ponged = true
	}
	f.pinged = time.Time{}
}

// keepAlive pings a flow that we have opened when it is due, and closes one
// whose pong is overdue although it has sent some before. It is called every
// pongPatience.
func (f *flow) keepAlive(now time.Time) {
	f.mu.Lock()
	lost := f.ponged && !f.pinged.IsZero() && now.Sub(f.pinged) >= pongPatience
	due := now.Sub(f.last) >= pingInterval
	if due {
		f.pinged, f.last = now, now
	}
	f.mu.Unlock()
	switch {
	case lost:
		f.server.stats.Broken.Add(1)
		_ = f.Close()
	case due:
		f.answer([]byte("\r\n\r\n"))
	}
}

// answer writes what the gate or a keep-alive has to say. A peer that does not
// take it loses the connection soon enough.
func (f *flow) answer(b []byte) {
	if _, err := f.Write(b); err != nil {
		f.server.stats.Unsent.Add(1)
	}
}

// Write gives up on a peer that does not read.
func (f *flow) Write(b []byte) (int, error) {
	if tell := f.server.cfg.Passed; tell != nil {
		tell(Passed{addrPort(f.Conn.LocalAddr()), f.remote, f.transport, b})
	}
	f.writing.Lock()
	defer f.writing.Unlock()
	if err := f.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return 0, err
	}
	if f.transport == "WS" || f.transport == "WSS" {
		return f.writeFramed(b)
	}
	return f.Conn.Write(b)
}

// Close ends the connection. Nobody cares how: it is never an error.
func (f *flow) Close() error {
	f.closed()
	_ = f.Conn.Close()
	return nil
}
