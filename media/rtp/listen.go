package rtp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// ErrNoPort is a port range in which every port is taken.
var ErrNoPort = errors.New("no free RTP port")

// Listen opens a session on an even port of host and the port after it, within
// first to last, or any ports where first is 0. RFC 3550 section 11.
func Listen(host string, first, last int) (*Session, error) {
	ip := net.ParseIP(host)
	if first == 0 {
		return listenAnywhere(ip)
	}
	pairs := max(1, (last-first+1)/2)
	start := rand.IntN(pairs)
	for i := range pairs {
		if s, err := listenPair(ip, first+first%2+2*((start+i)%pairs)); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%w from %d to %d", ErrNoPort, first, last)
}

// listenAnywhere asks the system for a port until the one beside it is free as
// well, which it mostly is.
func listenAnywhere(ip net.IP) (*Session, error) {
	const tries = 100
	var faults error
	for range tries {
		probe, err := net.ListenUDP("udp", &net.UDPAddr{IP: ip})
		if err != nil {
			return nil, fmt.Errorf("open RTP port: %w", err)
		}
		port := probe.LocalAddr().(*net.UDPAddr).Port
		_ = probe.Close() // nothing was sent from it
		s, err := listenPair(ip, port&^1)
		if err == nil {
			return s, nil
		}
		faults = err
	}
	return nil, fmt.Errorf("%w: %w", ErrNoPort, faults)
}

// listenPair opens a session on the even port and the next.
func listenPair(ip net.IP, port int) (*Session, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: ip, Port: port})
	if err != nil {
		return nil, fmt.Errorf("open RTP port: %w", err)
	}
	control, err := net.ListenUDP("udp", &net.UDPAddr{IP: ip, Port: port + 1})
	if err != nil {
		return nil, fmt.Errorf("open RTCP port: %w", errors.Join(err, conn.Close()))
	}
	return newSession(conn, control), nil
}
