package sdp

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"strconv"
	"strings"

	"attendant/media/codec"
	"attendant/media/rtp"
)

// Local is our side of one session. It is plain data but for the codecs and the
// certificate, which whoever restores it sets again. It belongs to one
// goroutine at a time.
type Local struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
	ID      uint64 `json:"id"`      // of the session
	Version uint64 `json:"version"` // of our last description
	Held    bool   `json:"held,omitempty"`

	SRTP        Policy               `json:"srtp,omitempty"`
	DTLS        bool                 `json:"dtls,omitempty"`  // we offer keys by DTLS, not by SDES
	Setup       string               `json:"setup,omitempty"` // our side of the handshake
	Keys        map[rtp.Suite][]byte `json:"keys,omitempty"`  // SDES keys of what we send
	Certificate *tls.Certificate     `json:"-"`
	Codecs      []codec.Codec        `json:"-"` // in the order of preference

	Last []byte `json:"last,omitempty"` // our last description
}

// events are the payload types of telephone-event that we offer, by their
// clocks: phones with Opus alone offer and take the second only.
var events = []struct {
	payloadType uint8
	clock       string
}{{101, "8000"}, {102, "48000"}}

// Offer describes all codecs, the preferred one first, and keys.
func (l *Local) Offer() []byte {
	var formats, attributes strings.Builder
	for _, c := range l.Codecs {
		fmt.Fprintf(&formats, " %d", c.PayloadType)
		fmt.Fprintf(&attributes, "a=rtpmap:%d %s/%d\r\n", c.PayloadType, c.Name, c.ClockRateHz)
	}
	for _, e := range events {
		fmt.Fprintf(&formats, " %d", e.payloadType)
		fmt.Fprintf(&attributes, "a=rtpmap:%d telephone-event/%s\r\na=fmtp:%d 0-15\r\n", e.payloadType, e.clock, e.payloadType)
	}
	direction, profile := "sendrecv", "RTP/AVP"
	if l.Held {
		direction = "sendonly"
	}
	if l.SRTP == Preferred || l.SRTP == Required || (l.SRTP == Taken && (len(l.Keys) > 0 || l.Setup != "")) {
		profile = l.secure(&attributes)
	}
	attributes.WriteString("a=rtcp-mux\r\n")
	return l.describe(fmt.Sprintf("m=audio %d %s%s\r\n%sa=ptime:20\r\na=%s\r\n", l.Port, profile, formats.String(), attributes.String(), direction))
}

// secure writes the keys of an offer and returns its profile. Where plain audio
// will do the profile says plain, RFC 8643 section 3.1, and the keys that it may
// be encrypted.
func (l *Local) secure(attributes *strings.Builder) string {
	profile := "RTP/SAVP"
	if l.Certificate != nil && (l.DTLS || l.Setup != "") {
		attributes.WriteString(l.fingerprint("actpass"))
		profile = "UDP/TLS/RTP/SAVP"
	} else {
		for i, suite := range []rtp.Suite{rtp.GCM128, rtp.CM80} {
			attributes.WriteString(crypto{i + 1, suite, l.key(suite)}.line())
		}
	}
	if l.SRTP == Preferred {
		return "RTP/AVP"
	}
	return profile
}

// key is our key of a suite: it stays for the session, so that a new offer
// begins nothing anew.
func (l *Local) key(suite rtp.Suite) []byte {
	if l.Keys == nil {
		l.Keys = map[rtp.Suite][]byte{}
	}
	if l.Keys[suite] == nil {
		key := make([]byte, suite.KeyLength())
		_, _ = rand.Read(key) // it never fails
		l.Keys[suite] = key
	}
	return l.Keys[suite]
}

// fingerprint is what announces a handshake of DTLS. RFC 8122 section 5.
func (l *Local) fingerprint(setup string) string {
	sum := sha256.Sum256(l.Certificate.Certificate[0])
	return fmt.Sprintf("a=fingerprint:sha-256 %s\r\na=setup:%s\r\n", strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":"), setup)
}

// Answer answers every line of an offer in its place, refusing all but one. The
// error is ErrSyntax, ErrNoCommonCodec or ErrInsecure. RFC 3264 section 6.
func (l *Local) Answer(offer []byte) ([]byte, rtp.Stream, error) {
	d, err := parse(offer)
	if err != nil {
		return nil, rtp.Stream{}, err
	}
	s, err := l.choose(&d)
	if err != nil {
		return nil, rtp.Stream{}, err
	}
	l.Setup = s.setup
	var b strings.Builder
	for i, m := range d.media {
		if i == s.line {
			b.WriteString(l.answerLine(&d.media[i], s))
			continue
		}
		// One format will do, and keeps the answer within a datagram.
		fmt.Fprintf(&b, "m=%s 0 %s %s\r\n", m.kind, m.protocol, m.formats[0])
	}
	return l.describe(b.String()), l.stream(s), nil
}

func (l *Local) answerLine(m *mediaLine, s settled) string {
	formats := strconv.Itoa(int(s.stream.PayloadType))
	attributes := fmt.Sprintf("a=rtpmap:%s %s/%d\r\n", formats, s.stream.Codec.Name, s.stream.Codec.ClockRateHz)
	for _, t := range s.stream.Events {
		f := strconv.Itoa(int(t))
		formats += " " + f
		attributes += fmt.Sprintf("a=rtpmap:%s %s\r\na=fmtp:%s 0-15\r\n", f, s.events[f], f)
	}
	switch {
	case s.setup != "":
		attributes += l.fingerprint(s.setup)
	case s.crypto != nil:
		attributes += crypto{s.crypto.tag, s.crypto.suite, s.stream.Crypto.Send}.line()
	}
	if s.stream.Mux {
		attributes += "a=rtcp-mux\r\n"
	}
	return fmt.Sprintf("m=audio %d %s %s\r\n%sa=ptime:20\r\na=%s\r\n", l.Port, m.protocol, formats, attributes, l.direction(s))
}

// direction mirrors the offer's direction; who is on hold is not heard. RFC
// 3264 sections 6.1 and 8.4.
func (l *Local) direction(s settled) string {
	hears := s.hears && !l.Held
	switch {
	case s.stream.Send && hears:
		return "sendrecv"
	case s.stream.Send:
		return "sendonly"
	case hears:
		return "recvonly"
	}
	return "inactive"
}

// Take takes in the answer to our last offer. The errors are Answer's.
func (l *Local) Take(answer []byte) (rtp.Stream, error) {
	d, err := parse(answer)
	if err != nil {
		return rtp.Stream{}, err
	}
	s, err := l.take(&d)
	if err != nil {
		return rtp.Stream{}, err
	}
	l.Setup = s.setup
	// The far end may send with the types that we have offered. RFC 3264 section 5.1.
	for _, e := range events {
		if len(s.stream.Events) > 0 && !bytes.Contains(s.stream.Events, []byte{e.payloadType}) && e.payloadType != s.stream.PayloadType {
			s.stream.Events = append(s.stream.Events, e.payloadType)
		}
	}
	return l.stream(s), nil
}

// stream is what is settled on as RTP needs it. Who holds may send music, or
// nothing: silence is no fault then.
func (l *Local) stream(s settled) rtp.Stream {
	s.stream.Receive = s.hears && s.stream.Send && !l.Held
	return s.stream
}

// describe puts the session's lines before those of the media. RFC 3264 section
// 8: a description that differs from the one before has the next version.
func (l *Local) describe(media string) []byte {
	b := append(l.head(), media...)
	if l.Version == 0 || !bytes.Equal(b, l.Last) {
		l.Version++
		b = append(l.head(), media...)
	}
	l.Last = b
	return b
}

func (l *Local) head() []byte {
	family := "IP4"
	if strings.Contains(l.Address, ":") {
		family = "IP6"
	}
	return fmt.Appendf(nil, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n",
		l.ID, l.Version, family, l.Address, family, l.Address)
}
