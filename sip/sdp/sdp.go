// Package sdp reads session descriptions and makes offers and answers of them.
//
// The central type is Local, our side of one session: Offer makes an offer,
// Answer answers one, Take takes in the answer to ours. What both sides have
// come to is an rtp.Stream.
//
// The parser is our own and not pion's: peers leave out s= and t=, end lines
// with LF alone, put attributes in the wrong place and send media of every
// kind, and pion/sdp refuses each of these, so that a normaliser in front of it
// would have to read the whole description first. Ours reads what audio needs
// and passes over the rest.
//
// Guarantees: nothing here blocks or looks anything up; every line of an offer
// is answered in its place; a description of ours that has not changed keeps
// its version; a stream that must be encrypted is never settled in clear.
//
// RFC 3264, 4568, 5763, 5764, 8643, 8866; sip/RFC.md says what is left out.
package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"attendant/media/codec"
	"attendant/media/rtp"
)

// What is wrong with a session description.
var (
	// ErrSyntax is a body that is no session description.
	ErrSyntax = errors.New("unreadable SDP")
	// ErrNoCommonCodec is an offer without a codec of ours, or without audio.
	ErrNoCommonCodec = errors.New("no common codec")
	// ErrInsecure is a description in clear where encryption is required, or
	// encrypted only where it is off. It is ErrNoCommonCodec too.
	ErrInsecure = fmt.Errorf("encryption: %w", ErrNoCommonCodec)
)

const (
	maxSDP        = 64 << 10
	maxMediaLines = 8
	maxCryptos    = 16 // of one line
)

// description is the part of a session description that matters to us. RFC
// 8866.
type description struct {
	address   string // of the session's c= line
	direction string // for the media lines that say none
	keying    keying // for the media lines that have none
	media     []mediaLine
}

// mediaLine is one m= line with its attributes.
type mediaLine struct {
	kind, protocol string
	port           int
	formats        []string
	address        string            // of its own c= line
	direction      string            // "sendrecv", ...; empty is not said
	rtpmap         map[string]string // format -> "G722/8000"
	mux            bool              // a=rtcp-mux
	reportPort     uint16            // a=rtcp, RFC 3605; 0 is not said
	cryptos        []crypto
	keying         keying
}

// parse reads a description leniently.
func parse(body []byte) (description, error) {
	var d description
	if len(body) == 0 || len(body) > maxSDP {
		return d, fmt.Errorf("%w: %d octets", ErrSyntax, len(body))
	}
	for line := range strings.Lines(string(body)) {
		kind, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || len(kind) != 1 {
			continue
		}
		if err := d.line(kind, value); err != nil {
			return d, err
		}
	}
	if len(d.media) == 0 {
		return d, fmt.Errorf("%w: no media", ErrSyntax)
	}
	return d, nil
}

func (d *description) line(kind, value string) error {
	var last *mediaLine
	if n := len(d.media); n > 0 {
		last = &d.media[n-1]
	}
	switch kind {
	case "m":
		m, err := parseMediaLine(value)
		if err != nil || len(d.media) == maxMediaLines {
			return fmt.Errorf("%w: media line %q", ErrSyntax, value)
		}
		d.media = append(d.media, m)
	case "c":
		f := strings.Fields(value)
		if len(f) < 3 {
			return fmt.Errorf("%w: connection %q", ErrSyntax, value)
		}
		address, _, _ := strings.Cut(f[2], "/")
		if last == nil {
			d.address = address
		} else {
			last.address = address
		}
	case "a":
		switch {
		case last != nil:
			last.attribute(value)
		case isDirection(value):
			d.direction = value
		default:
			d.keying.attribute(value)
		}
	}
	return nil
}

func parseMediaLine(value string) (mediaLine, error) {
	f := strings.Fields(value)
	if len(f) < 4 {
		return mediaLine{}, ErrSyntax
	}
	port, _, _ := strings.Cut(f[1], "/")
	n, err := strconv.ParseUint(port, 10, 16)
	return mediaLine{kind: f[0], port: int(n), protocol: f[2], formats: f[3:], rtpmap: map[string]string{}}, err
}

func (m *mediaLine) attribute(value string) {
	name, rest, _ := strings.Cut(value, ":")
	switch {
	case isDirection(name):
		m.direction = name
	case name == "rtpmap":
		format, encoding, _ := strings.Cut(rest, " ")
		m.rtpmap[format] = strings.TrimSpace(encoding)
	case name == "rtcp-mux":
		m.mux = true
	case name == "rtcp": // an address that follows is passed over: it would be a stranger's
		port, _, _ := strings.Cut(rest, " ")
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			m.reportPort = uint16(n)
		}
	case name == "crypto":
		if c, err := parseCrypto(rest); err == nil && len(m.cryptos) < maxCryptos {
			m.cryptos = append(m.cryptos, c)
		}
	default:
		m.keying.attribute(value)
	}
}

func isDirection(name string) bool {
	return name == "sendrecv" || name == "sendonly" || name == "recvonly" || name == "inactive"
}

// audio reports whether m is audio over RTP that the peer wants.
func (m *mediaLine) audio() bool {
	return m.kind == "audio" && m.port > 0 && (m.plain() || m.secure())
}

// plain and secure tell the profiles apart. Feedback, RFC 4585, changes nothing
// for who sends none.
func (m *mediaLine) plain() bool { return m.protocol == "RTP/AVP" || m.protocol == "RTP/AVPF" }

func (m *mediaLine) secure() bool {
	switch m.protocol {
	case "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF":
		return true
	}
	return false
}

// is reports whether format means c: by its rtpmap or, where there is none, by
// its static payload type. RFC 3551 section 6.
func (m *mediaLine) is(format string, c codec.Codec) bool {
	encoding, ok := m.rtpmap[format]
	if !ok {
		return format == strconv.Itoa(int(c.PayloadType))
	}
	encoding = strings.TrimSuffix(encoding, "/1")
	return strings.EqualFold(encoding, fmt.Sprintf("%s/%d", c.Name, c.ClockRateHz))
}

// settled is what an offer and its answer come to.
type settled struct {
	stream rtp.Stream
	line   int               // index of the audio line
	events map[string]string // formats of telephone-event, as the far end names them
	hears  bool              // the far end sends, if anything
	crypto *crypto           // of theirs, chosen
	setup  string            // our side of a handshake of DTLS: "active", "passive"
}

// choose settles on the first of our codecs that is offered, on a line that may
// be encrypted as the policy has it. RFC 3264 section 6.1.
func (l *Local) choose(d *description) (settled, error) {
	fault := ErrNoCommonCodec
	for _, wanted := range l.SRTP.orders() {
		for i := range d.media {
			m := &d.media[i]
			if !m.audio() {
				continue
			}
			s := settled{line: i}
			if l.pick(&s, d, m); s.encrypted() != wanted || (!wanted && m.secure()) {
				fault = ErrInsecure
				continue
			}
			for _, c := range l.Codecs {
				for _, format := range m.formats {
					if m.is(format, c) {
						s.stream.Mux = m.mux // RFC 5761 section 5.1.1
						return s, d.settle(&s, c, format)
					}
				}
			}
			fault = ErrNoCommonCodec
		}
	}
	return settled{}, fault
}

// take settles on the codec that an answer names first: that is what its maker
// will send. RFC 3264 section 7.
func (l *Local) take(d *description) (settled, error) {
	for i := range d.media {
		m := &d.media[i]
		if !m.audio() {
			continue
		}
		s := settled{line: i}
		l.pick(&s, d, m)
		if !slices.Contains(l.SRTP.orders(), s.encrypted()) || (m.secure() && !s.encrypted()) {
			return settled{}, ErrInsecure
		}
		for _, format := range m.formats {
			for _, c := range l.Codecs {
				if m.is(format, c) {
					s.stream.Mux = m.mux // we always offer it
					return s, d.settle(&s, c, format)
				}
			}
		}
	}
	return settled{}, ErrNoCommonCodec
}

// settle fills in what a codec of a line comes to.
func (d *description) settle(s *settled, c codec.Codec, format string) error {
	m := &d.media[s.line]
	payloadType, err := strconv.ParseUint(format, 10, 7)
	if err != nil {
		return fmt.Errorf("%w: format %q", ErrSyntax, format)
	}
	s.events = m.eventFormats()
	for f := range s.events {
		n, _ := strconv.ParseUint(f, 10, 7) // eventFormats has read it
		s.stream.Events = append(s.stream.Events, uint8(n))
	}
	// Keys are sent with the event type of the audio's clock, if there is one.
	slices.SortFunc(s.stream.Events, func(a, b uint8) int {
		if order := strings.Compare(eventClock(s.events, b), eventClock(s.events, a)); order != 0 {
			return order
		}
		return int(a) - int(b)
	})
	address := m.address
	if address == "" {
		address = d.address
	}
	if address == "" {
		return fmt.Errorf("%w: no address", ErrSyntax)
	}
	// A name is not looked up, RFC 8866 section 5.7: we send to where the first
	// packet comes from, as RFC 4961 lets us expect.
	ip, err := netip.ParseAddr(address)
	if err == nil {
		s.stream.Remote = netip.AddrPortFrom(ip.Unmap(), uint16(m.port))
	}
	s.stream.ReportPort = m.reportPort
	s.stream.Codec, s.stream.PayloadType = c, uint8(payloadType)
	direction := m.direction
	if direction == "" {
		direction = d.direction
	}
	// An address of zeros is RFC 2543's hold.
	s.stream.Send = direction != "sendonly" && direction != "inactive" && !(err == nil && ip.IsUnspecified())
	s.hears = direction != "recvonly" && direction != "inactive"
	return nil
}

// eventFormats are the line's formats of telephone-event with their encodings.
func (m *mediaLine) eventFormats() map[string]string {
	events := map[string]string{}
	for _, f := range m.formats {
		if encoding := strings.ToLower(m.rtpmap[f]); strings.HasPrefix(encoding, "telephone-event/") {
			if _, err := strconv.ParseUint(f, 10, 7); err == nil {
				events[f] = encoding
			}
		}
	}
	return events
}

// eventClock sorts /8000 before other clocks.
func eventClock(events map[string]string, payloadType uint8) string {
	return events[strconv.Itoa(int(payloadType))]
}

// Summary tells in a line what a description offers or answers, without
// addresses and keys; it is empty for what is none.
func Summary(body []byte) string {
	d, err := parse(body)
	if err != nil {
		return ""
	}
	var lines []string
	for i := range d.media {
		m := &d.media[i]
		direction := m.direction
		if direction == "" {
			direction = d.direction
		}
		words := []string{m.kind, m.protocol, strings.Join(m.formats[:min(len(m.formats), 12)], " ")}
		if m.port == 0 {
			words = []string{m.kind, "refused"}
		} else if direction != "" {
			words = append(words, direction)
		}
		if len(m.cryptos) > 0 {
			words = append(words, "SDES")
		}
		if m.keying.or(d.keying).usable() {
			words = append(words, "DTLS")
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return strings.Join(lines, ", ")
}
