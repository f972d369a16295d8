// Package hep tells a capture server, such as Homer, which SIP messages come and
// go, by HEP version 3.
//
// The central type is Exporter. Put takes in a message from wherever it passes;
// Run sends them, one datagram each. Credentials, keys of SRTP and keys of the
// telephone are struck out first, by as many x, so that lengths stay true;
// numbers and addresses are what such a server is for, and stay.
//
// Guarantees: Put never blocks and keeps nothing of the caller's memory; at most
// Backlog messages wait, one more is dropped and counted; the constructor starts
// nothing.
//
// HEP3 has no RFC: it is the protocol of the Homer project. Left out: the auth
// key, compression, and everything that is not SIP.
package hep

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

const (
	// Backlog is how many messages may wait: those of some 100 calls that are set
	// up at once. One more is dropped.
	Backlog = 1024
	// maxMessage is the largest message that fits into one datagram with its
	// chunks; larger ones are cut there.
	maxMessage = 60 << 10
)

// Message is one SIP message as it passed.
type Message struct {
	At        time.Time
	From, To  netip.AddrPort
	Transport string // "UDP"; all others are TCP underneath
	Text      []byte
}

// Config says where messages go.
type Config struct {
	Address string       // HOST:PORT of the capture server, UDP
	Node    uint32       // which of our nodes this is
	Log     *slog.Logger // slog.Default where nil
}

// Stats count messages.
type Stats struct {
	Sent    atomic.Int64
	Dropped atomic.Int64 // too many waited
	Failed  atomic.Int64 // not sent; nobody hears of those that are lost on the way
}

// Exporter sends messages to a capture server.
type Exporter struct {
	cfg     Config
	waiting chan Message // Backlog; see there
	stats   Stats
}

// New returns an exporter; Run must be called for anything to be sent.
func New(cfg Config) *Exporter {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Exporter{cfg: cfg, waiting: make(chan Message, Backlog)}
}

// Stats returns the counters.
func (e *Exporter) Stats() *Stats { return &e.stats }

// Put takes in a message, of whose text it makes a copy. It never blocks; any
// goroutine may call it.
func (e *Exporter) Put(m Message) {
	if len(e.waiting) == cap(e.waiting) { // spares the copy
		e.stats.Dropped.Add(1)
		return
	}
	m.Text = strike(bytes.Clone(m.Text[:min(len(m.Text), maxMessage)]))
	select {
	case e.waiting <- m:
	default:
		e.stats.Dropped.Add(1)
	}
}

// Run sends what Put takes in until ctx ends. A server that cannot be reached
// costs the messages of that time; each is tried once.
func (e *Exporter) Run(ctx context.Context) error {
	conn, err := net.Dial("udp", e.cfg.Address)
	if err != nil {
		return fmt.Errorf("HEP to %s: %w", e.cfg.Address, err)
	}
	defer conn.Close()
	var b []byte
	reachable := true
	for {
		select {
		case <-ctx.Done():
			return nil
		case m := <-e.waiting:
			b = m.Append(b[:0], e.cfg.Node)
			_, err := conn.Write(b)
			if err != nil {
				e.stats.Failed.Add(1)
			} else {
				e.stats.Sent.Add(1)
			}
			if (err == nil) != reachable {
				reachable = err == nil
				e.cfg.Log.Info("HEP", "server", e.cfg.Address, "reachable", reachable, "error", err)
			}
		}
	}
}

// The chunks of HEP3 that are sent, by their types.
const (
	family     = 1 // 2 is IPv4, 10 is IPv6
	protocol   = 2 // 17 is UDP, 6 is TCP
	source4    = 3
	target4    = 4
	source6    = 5
	target6    = 6
	sourcePort = 7
	targetPort = 8
	seconds    = 9
	micros     = 10
	kind       = 11 // 1 is SIP
	node       = 12
	payload    = 15
)

// Append appends the message as HEP3 has it to b. Addresses must be of one
// family; an unmapped one of IPv6 is that.
func (m Message) Append(b []byte, id uint32) []byte {
	begin := len(b)
	b = append(b, 'H', 'E', 'P', '3', 0, 0)
	chunk := func(is uint16, data ...byte) {
		b = append(b, 0, 0) // the vendor: HEP itself
		b = binary.BigEndian.AppendUint16(b, is)
		b = binary.BigEndian.AppendUint16(b, uint16(6+len(data)))
		b = append(b, data...)
	}
	from, to := m.From.Addr().Unmap(), m.To.Addr().Unmap()
	ip := byte(6)
	if m.Transport == "UDP" {
		ip = 17
	}
	if from.Is4() && to.Is4() {
		chunk(family, 2)
		chunk(source4, from.AsSlice()...)
		chunk(target4, to.AsSlice()...)
	} else {
		f, t := from.As16(), to.As16()
		chunk(family, 10)
		chunk(source6, f[:]...)
		chunk(target6, t[:]...)
	}
	chunk(protocol, ip)
	chunk(sourcePort, binary.BigEndian.AppendUint16(nil, m.From.Port())...)
	chunk(targetPort, binary.BigEndian.AppendUint16(nil, m.To.Port())...)
	chunk(seconds, binary.BigEndian.AppendUint32(nil, uint32(m.At.Unix()))...)
	chunk(micros, binary.BigEndian.AppendUint32(nil, uint32(m.At.Nanosecond()/1000))...)
	chunk(kind, 1)
	chunk(node, binary.BigEndian.AppendUint32(nil, id)...)
	chunk(payload, m.Text...)
	binary.BigEndian.PutUint16(b[begin+4:], uint16(len(b)-begin))
	return b
}

// strike strikes out, in place, what is secret: credentials, keys of SRTP, keys of
// the telephone.
func strike(text []byte) []byte {
	head, body, _ := bytes.Cut(text, []byte("\r\n\r\n"))
	dtmf := false
	for line := range bytes.Lines(head) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch string(bytes.ToLower(bytes.TrimSpace(name))) {
		case "authorization", "proxy-authorization":
			cross(value)
		case "content-type", "c":
			dtmf = bytes.Contains(bytes.ToLower(value), []byte("application/dtmf"))
		}
	}
	for line := range bytes.Lines(body) {
		low := bytes.ToLower(line)
		switch {
		case dtmf:
			_, value, named := bytes.Cut(line, []byte("="))
			if !named {
				value = line
			}
			cross(value)
		case bytes.HasPrefix(low, []byte("a=crypto:")):
			cross(line[len("a=crypto:"):])
		case bytes.HasPrefix(low, []byte("k=")):
			cross(line[len("k="):])
		}
	}
	return text
}

// cross makes all but white space x.
func cross(b []byte) {
	for i, c := range b {
		if c > ' ' {
			b[i] = 'x'
		}
	}
}

// Check tells whether an address can be sent to.
func Check(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "" {
		return errors.Join(err, fmt.Errorf("%q is not HOST:PORT", address))
	}
	return nil
}
