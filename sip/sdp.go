package sip

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
	// ErrSDP is a body that is no session description.
	ErrSDP = errors.New("unreadable SDP")
	// ErrNoCommonCodec is an offer without a codec of ours, or without audio.
	ErrNoCommonCodec = errors.New("no common codec")
)

const (
	maxSDP        = 64 << 10
	maxMediaLines = 8
)

// description is the part of a session description that matters to us. It is
// read leniently: peers leave out s= and t=, end lines with LF alone and send
// lines of every kind. RFC 8866.
type description struct {
	address   string // of the session's c= line
	direction string // for the media lines that say none
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
}

func parseSDP(body []byte) (description, error) {
	var d description
	if len(body) == 0 || len(body) > maxSDP {
		return d, fmt.Errorf("%w: %d octets", ErrSDP, len(body))
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
		return d, fmt.Errorf("%w: no media", ErrSDP)
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
			return fmt.Errorf("%w: media line %q", ErrSDP, value)
		}
		d.media = append(d.media, m)
	case "c":
		f := strings.Fields(value)
		if len(f) < 3 {
			return fmt.Errorf("%w: connection %q", ErrSDP, value)
		}
		address, _, _ := strings.Cut(f[2], "/")
		if last == nil {
			d.address = address
		} else {
			last.address = address
		}
	case "a":
		if last != nil {
			last.attribute(value)
		} else if isDirection(value) {
			d.direction = value
		}
	}
	return nil
}

func parseMediaLine(value string) (mediaLine, error) {
	f := strings.Fields(value)
	if len(f) < 4 {
		return mediaLine{}, ErrSDP
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
	}
}

func isDirection(name string) bool {
	return name == "sendrecv" || name == "sendonly" || name == "recvonly" || name == "inactive"
}

// usable reports whether m is audio over plain RTP that the peer wants.
func (m *mediaLine) usable() bool {
	return m.kind == "audio" && m.protocol == "RTP/AVP" && m.port > 0
}

// settled is what an offer and its answer come to.
type settled struct {
	stream rtp.Stream
	line   int               // index of the audio line
	events map[string]string // our formats of telephone-event, as offered
	hears  bool              // we take what the far end sends, if anything
}

// choose settles on the first of our codecs that is offered. RFC 3264 section
// 6.1.
func (d description) choose(codecs []codec.Codec) (settled, error) {
	for i := range d.media {
		m := &d.media[i]
		if !m.usable() {
			continue
		}
		for _, c := range codecs {
			for _, format := range m.formats {
				if m.is(format, c) {
					s, err := d.settle(i, c, format)
					s.stream.Mux = m.mux // RFC 5761 section 5.1.1; we never offer it
					return s, err
				}
			}
		}
	}
	return settled{}, ErrNoCommonCodec
}

// take settles on the codec that an answer names first: that is what its maker
// will send. RFC 3264 section 7.
func (d description) take(codecs []codec.Codec) (settled, error) {
	for i := range d.media {
		m := &d.media[i]
		if !m.usable() {
			continue
		}
		for _, format := range m.formats {
			for _, c := range codecs {
				if m.is(format, c) {
					return d.settle(i, c, format)
				}
			}
		}
	}
	return settled{}, ErrNoCommonCodec
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

func (d description) settle(line int, c codec.Codec, format string) (settled, error) {
	m := &d.media[line]
	s := settled{line: line, events: map[string]string{}}
	payloadType, err := strconv.ParseUint(format, 10, 7)
	if err != nil {
		return s, fmt.Errorf("%w: format %q", ErrSDP, format)
	}
	for _, f := range m.formats {
		if encoding := strings.ToLower(m.rtpmap[f]); strings.HasPrefix(encoding, "telephone-event/") {
			if n, err := strconv.ParseUint(f, 10, 7); err == nil {
				s.events[f] = encoding
				s.stream.Events = append(s.stream.Events, uint8(n))
			}
		}
	}
	// Keys are sent with the event type of the audio's clock, if there is one.
	slices.SortStableFunc(s.stream.Events, func(a, b uint8) int {
		return strings.Compare(eventClock(s.events, b), eventClock(s.events, a))
	})
	address := m.address
	if address == "" {
		address = d.address
	}
	if address == "" {
		return s, fmt.Errorf("%w: no address", ErrSDP)
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
	// Who holds may send music, or nothing: silence is no fault then.
	s.stream.Receive = s.hears && s.stream.Send
	return s, nil
}

// eventClock sorts /8000 before other clocks.
func eventClock(events map[string]string, payloadType uint8) string {
	return events[strconv.Itoa(int(payloadType))]
}

// answerDirection mirrors the offer's direction. RFC 3264 section 6.1.
func (s settled) answerDirection() string {
	switch {
	case s.stream.Send && s.hears:
		return "sendrecv"
	case s.stream.Send:
		return "sendonly"
	case s.hears:
		return "recvonly"
	}
	return "inactive"
}

// local is our side of a description.
type local struct {
	address string
	port    int
	id      uint64 // of the session
	version uint64
}

func (l local) head() string {
	family := "IP4"
	if strings.Contains(l.address, ":") {
		family = "IP6"
	}
	return fmt.Sprintf("v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n",
		l.id, l.version, family, l.address, family, l.address)
}

// offer describes all codecs, the preferred one first, and keys.
func (l local) offer(codecs []codec.Codec) []byte {
	var formats, maps strings.Builder
	for _, c := range codecs {
		fmt.Fprintf(&formats, " %d", c.PayloadType)
		fmt.Fprintf(&maps, "a=rtpmap:%d %s/%d\r\n", c.PayloadType, c.Name, c.ClockRateHz)
	}
	return fmt.Appendf(nil, "%sm=audio %d RTP/AVP%s 101 102\r\n%s%s%sa=ptime:20\r\na=sendrecv\r\n", l.head(), l.port, formats.String(), maps.String(),
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n", "a=rtpmap:102 telephone-event/48000\r\na=fmtp:102 0-15\r\n")
}

// answer answers every line of the offer, in order, refusing all but one. RFC
// 3264 section 6.
func (l local) answer(d description, s settled) []byte {
	b := []byte(l.head())
	for i, m := range d.media {
		if i != s.line {
			// One format will do, and keeps the answer within a datagram.
			b = fmt.Appendf(b, "m=%s 0 %s %s\r\n", m.kind, m.protocol, m.formats[0])
			continue
		}
		formats := strconv.Itoa(int(s.stream.PayloadType))
		maps := fmt.Sprintf("a=rtpmap:%s %s/%d\r\n", formats, s.stream.Codec.Name, s.stream.Codec.ClockRateHz)
		for _, t := range s.stream.Events {
			f := strconv.Itoa(int(t))
			formats += " " + f
			maps += fmt.Sprintf("a=rtpmap:%s %s\r\na=fmtp:%s 0-15\r\n", f, s.events[f], f)
		}
		if s.stream.Mux {
			maps += "a=rtcp-mux\r\n"
		}
		b = fmt.Appendf(b, "m=audio %d RTP/AVP %s\r\n%sa=ptime:20\r\na=%s\r\n", l.port, formats, maps, s.answerDirection())
	}
	return b
}
