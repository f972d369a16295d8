package sip

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"time"
)

const (
	// maxDatagram is the largest message taken over UDP. Ours stay far below.
	maxDatagram = 16 << 10
	// maxConnections is how many TCP connections peers may hold open; one more
	// is closed as it comes. A trunk needs one or two.
	maxConnections = 256
	// idleConnection is how long a TCP connection may say nothing. Calls and
	// RFC 5626 keep-alives are far apart, half-written requests are not.
	idleConnection = 30 * time.Minute
	// writePatience is how long a peer may leave its TCP window shut.
	writePatience = 2 * time.Second
)

// datagrams is the UDP socket as sipgo reads it. It drops what cannot be SIP
// before sipgo parses it and remembers its source, and tells when the first
// read has begun: from then on requests can be sent from this socket.
//
// sipgo's own read filter is no place for this: an error there ends the
// listener without a word, and so does any error of the socket.
type datagrams struct {
	net.PacketConn
	stats *Stats
	ready chan struct{}
	begin sync.Once
}

// ReadFrom returns the next datagram that may be SIP. It fails only when the
// socket is closed.
func (d *datagrams) ReadFrom(b []byte) (int, net.Addr, error) {
	d.begin.Do(func() { close(d.ready) })
	for {
		n, from, err := d.PacketConn.ReadFrom(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return n, from, err
		case err == nil && len(bytes.Trim(b[:n], "\r\n\x00")) == 0: // a keep-alive
		case err != nil || !plausible(b[:n]):
			d.stats.Garbage.Add(1)
		default:
			return n, from, nil
		}
	}
}

// plausible reports whether b may be a SIP message: a first line that names the
// protocol, and an end of the headers. RFC 3261 section 7.
func plausible(b []byte) bool {
	if len(b) > maxDatagram {
		return false
	}
	line, _, ok := bytes.Cut(b, []byte("\r\n"))
	if !ok || !bytes.Contains(b, []byte("\r\n\r\n")) {
		return false
	}
	return bytes.HasPrefix(line, []byte("SIP/2.0 ")) || bytes.HasSuffix(line, []byte(" SIP/2.0"))
}

// connections is the TCP listener with a bound on its connections.
type connections struct {
	net.Listener
	stats *Stats

	mu   sync.Mutex
	open int
}

// Accept returns the next connection within the bound.
func (c *connections) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			c.stats.Garbage.Add(1)
			time.Sleep(10 * time.Millisecond) // out of file descriptors, most likely
			continue
		}
		if c.count(1) > maxConnections {
			c.count(-1)
			c.stats.Garbage.Add(1)
			_ = conn.Close() // nothing was written
			continue
		}
		return &connection{Conn: conn, closed: sync.OnceFunc(func() { c.count(-1) })}, nil
	}
}

func (c *connections) count(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += n
	return c.open
}

// connection is one TCP connection that ends when it is idle.
type connection struct {
	net.Conn
	closed func()
}

// Read waits for data for as long as a connection may be idle.
func (c *connection) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(idleConnection)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write gives up on a peer that does not read.
func (c *connection) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// Close ends the connection.
func (c *connection) Close() error {
	c.closed()
	return c.Conn.Close()
}
