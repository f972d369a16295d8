package sip

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// connectPatience is how long opening a connection may take, handshakes
// included.
const connectPatience = 4 * time.Second

// flows are a server's stream connections, those that peers have opened and
// those that we have. Toward sipgo they are a listener that accepts both: sipgo
// opens none itself.
type flows struct {
	server *Server
	come   chan *flow    // accepted or dialled, for sipgo
	done   chan struct{} // closed when the server ends
	last   *flow         // of Accept alone: the flow that sipgo is taking in

	mu      sync.Mutex
	next    flowID
	open    map[*flow]struct{}
	remotes map[netip.AddrPort]*flow      // by the peer's address
	hosts   map[netip.Addr]int            // connections that an address has opened
	dialing map[netip.AddrPort]*connected // being opened by us
	names   map[string]string             // the name by which an address was looked up, for TLS
}

// connected is a connection that several may wait for.
type connected struct {
	done chan struct{}
	flow *flow
	err  error
}

func newFlows(s *Server) *flows {
	return &flows{
		server: s, come: make(chan *flow), done: make(chan struct{}), open: map[*flow]struct{}{}, remotes: map[netip.AddrPort]*flow{},
		hosts: map[netip.Addr]int{}, dialing: map[netip.AddrPort]*connected{}, names: map[string]string{},
	}
}

// Accept gives sipgo the next flow. When it asks for one, it knows the last.
func (f *flows) Accept() (net.Conn, error) {
	if f.last != nil {
		close(f.last.added)
		f.last = nil
	}
	select {
	case c := <-f.come:
		f.last = c
		return c, nil
	case <-f.done:
		return nil, net.ErrClosed
	}
}

// Addr is an address that no socket has.
func (f *flows) Addr() net.Addr { return flowID(0) }

// Close ends Accept. It is called once.
func (f *flows) Close() error {
	close(f.done)
	return nil
}

// serve accepts the connections of one entrance until it is closed.
func (f *flows) serve(e *entrance) error {
	for {
		conn, err := e.Accept()
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil {
			f.server.stats.Garbage.Add(1)
			select {
			case <-f.done:
				return net.ErrClosed
			case <-time.After(10 * time.Millisecond): // out of file descriptors, most likely
			}
			continue
		}
		f.take(e, conn)
	}
}

// take hands a connection to sipgo, unless there are too many or its source is
// banned.
func (f *flows) take(e *entrance, conn net.Conn) {
	remote := addrPort(conn.RemoteAddr())
	if e.config != nil {
		conn = tls.Server(conn, e.config)
	}
	c := f.add(&flow{Conn: conn, transport: e.transport, remote: remote}, true)
	if c == nil || f.server.guard.Banned(remote.Addr()) {
		f.server.stats.TooMany.Add(1)
		if c != nil {
			_ = c.Close()
		}
		_ = conn.Close() // nothing was written
		return
	}
	select {
	case f.come <- c:
	case <-f.done:
		_ = c.Close()
	}
}

// add registers a flow; nil is one too many. A peer's address is the flow's
// name, so that a second connection from the very same is refused.
func (f *flows) add(c *flow, bounded bool) *flow {
	f.mu.Lock()
	defer f.mu.Unlock()
	host := c.remote.Addr()
	if bounded && (len(f.open) >= maxConnections || f.hosts[host] >= maxOfAddress || f.remotes[c.remote] != nil) {
		return nil
	}
	f.next++
	c.server, c.id, c.begun, c.added = f.server, f.next, time.Now(), make(chan struct{})
	f.open[c], f.remotes[c.remote] = struct{}{}, c
	f.hosts[host]++
	c.closed = sync.OnceFunc(func() { f.remove(c) })
	return c
}

func (f *flows) remove(c *flow) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, c)
	if f.remotes[c.remote] == c {
		delete(f.remotes, c.remote)
	}
	if f.hosts[c.remote.Addr()]--; f.hosts[c.remote.Addr()] == 0 {
		delete(f.hosts, c.remote.Addr())
	}
}

// find returns the flow with the peer's address; nil is none.
func (f *flows) find(peer string) *flow {
	remote, err := netip.ParseAddrPort(peer)
	if err != nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.remotes[netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())]
}

// connect returns a flow to peer over the transport: one that is open, or a new
// one. name is what a certificate must say. Several that want the same wait for
// one connection.
func (f *flows) connect(ctx context.Context, transport, peer, name string) (*flow, error) {
	remote, err := netip.ParseAddrPort(peer)
	if err != nil {
		return nil, fmt.Errorf("connect to %q: %w", peer, err)
	}
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	f.mu.Lock()
	if c := f.remotes[remote]; c != nil && c.transport == transport {
		f.mu.Unlock()
		return f.ready(ctx, c)
	}
	if w := f.dialing[remote]; w != nil {
		f.mu.Unlock()
		select {
		case <-w.done:
			return w.flow, w.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	w := &connected{done: make(chan struct{})}
	f.dialing[remote] = w
	f.mu.Unlock()
	w.flow, w.err = f.dial(ctx, transport, remote, name)
	f.mu.Lock()
	delete(f.dialing, remote)
	f.mu.Unlock()
	close(w.done)
	return w.flow, w.err
}

// ready waits until sipgo knows the flow.
func (f *flows) ready(ctx context.Context, c *flow) (*flow, error) {
	select {
	case <-c.added:
		return c, nil
	case <-f.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dial opens a connection and hands it to sipgo.
func (f *flows) dial(ctx context.Context, transport string, to netip.AddrPort, name string) (*flow, error) {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	c := &flow{Conn: conn, transport: transport, remote: to, dialled: true}
	if err := f.handshake(ctx, c, name); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	f.add(c, false)
	select {
	case f.come <- c:
	case <-f.done:
		return nil, errors.Join(net.ErrClosed, c.Close())
	}
	return f.ready(ctx, c)
}

// handshake does the client's side of TLS and WebSocket.
func (f *flows) handshake(ctx context.Context, c *flow, name string) (err error) {
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if c.transport == "TLS" || c.transport == "WSS" {
		t := tls.Client(c.Conn, f.server.tls.client(name))
		if err := t.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("TLS with %s: %w", name, err)
		}
		c.Conn = t
		c.verified(t)
	}
	if c.transport == "WS" || c.transport == "WSS" {
		host := net.JoinHostPort(name, fmt.Sprint(c.remote.Port()))
		if c.reader, err = connectWebSocket(c.Conn, c.transport == "WSS", host); err != nil {
			return fmt.Errorf("WebSocket with %s: %w", name, err)
		}
	}
	if c.reader == nil {
		c.reader = bufio.NewReader(c.Conn)
	}
	return nil
}

// keepAlive pings what we have opened until ctx ends.
func (f *flows) keepAlive(ctx context.Context) {
	ticker := time.NewTicker(pongPatience)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			for _, c := range f.dialledFlows() {
				c.keepAlive(now)
			}
		}
	}
}

func (f *flows) dialledFlows() (list []*flow) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.open {
		if c.dialled {
			list = append(list, c)
		}
	}
	return list
}

// closeAll ends every flow.
func (f *flows) closeAll() {
	f.mu.Lock()
	var list []*flow
	for c := range f.open {
		list = append(list, c)
	}
	f.mu.Unlock()
	for _, c := range list {
		_ = c.Close()
	}
}

// maxNames bounds the names that are remembered for TLS.
const maxNames = 4096

// called remembers the name by which an address was found.
func (f *flows) called(address, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.names) >= maxNames {
		clear(f.names)
	}
	f.names[address] = name
}

// nameOf is the name that the certificate at address must have: the one it was
// looked up by, RFC 5922 section 7.
func (f *flows) nameOf(address, otherwise string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name := f.names[address]; name != "" {
		return name
	}
	return otherwise
}
