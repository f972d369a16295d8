package sip

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/sip/header"
	"attendant/sip/sdp"
)

const (
	// ladderHead and ladderTail are how many messages of a call are kept: those
	// that set it up, and the newest. An hour of keys by INFO must not push out
	// either.
	ladderHead = 40
	ladderTail = 60
)

// ladder keeps what one leg's signalling has said, in the order in which it was
// said. It keeps no URI, no credentials, no keys and no keys of the telephone:
// a line is made of the headers that summarise names, and of nothing else.
type ladder struct {
	mu      sync.Mutex
	head    []media.Signal
	tail    []media.Signal // a ring once it is full
	next    int
	dropped int // between head and tail
}

// add keeps one message.
func (l *ladder) add(sent bool, m message) {
	if m == nil {
		return
	}
	e := media.Signal{At: time.Now(), Sent: sent, What: title(m), Summary: summarise(m)}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.head) < ladderHead:
		l.head = append(l.head, e)
	case len(l.tail) < ladderTail:
		l.tail = append(l.tail, e)
	default:
		l.tail[l.next] = e
		l.next = (l.next + 1) % ladderTail
		l.dropped++
	}
}

// all returns the messages in their order; where some were dropped a line says
// so.
func (l *ladder) all() []media.Signal {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := append([]media.Signal{}, l.head...)
	if l.dropped > 0 {
		out = append(out, media.Signal{At: l.tail[l.next].At, What: fmt.Sprintf("(%d messages left out)", l.dropped)})
	}
	out = append(out, l.tail[l.next:]...)
	return append(out, l.tail[:l.next]...)
}

// Ladder returns the signalling of this leg so far: at most 100 messages, the
// first 40 and the newest.
func (l *Leg) Ladder() []media.Signal { return l.ladder.all() }

func title(m message) string {
	switch m := m.(type) {
	case *sip.Request:
		return string(m.Method)
	case *sip.Response:
		method := ""
		if m.CSeq() != nil {
			method = string(m.CSeq().MethodName)
		}
		return fmt.Sprintf("%d %s (%s)", m.StatusCode, clean(m.Reason), method)
	}
	return ""
}

// summarised are the headers whose values a ladder shows.
var summarised = []string{
	"Require", "RSeq", "RAck", "Session-Expires", "Min-SE", "Reason", "Warning", "Retry-After", "Event",
	"Subscription-State", "Refer-Sub", "User-Agent", "Server",
}

func summarise(m message) string {
	var parts []string
	if c := m.CSeq(); c != nil {
		parts = append(parts, fmt.Sprint("CSeq ", c.SeqNo))
	}
	for _, name := range summarised {
		if h := m.GetHeader(name); h != nil {
			parts = append(parts, name+": "+clean(h.Value()))
		}
	}
	if m.GetHeader("Authorization") != nil || m.GetHeader("Proxy-Authorization") != nil {
		parts = append(parts, "with credentials")
	}
	if m.GetHeader("Replaces") != nil {
		parts = append(parts, "Replaces")
	}
	if text := summariseBody(m); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func summariseBody(m message) string {
	kind := m.ContentType()
	if len(m.Body()) == 0 || kind == nil {
		return ""
	}
	if isKind(kind, "message/sipfrag") {
		if status, _, err := header.ParseStatusLine(string(m.Body())); err == nil {
			return fmt.Sprint("status ", status)
		}
	}
	if isKind(kind, "application/sdp") {
		return clean(sdp.Summary(m.Body()))
	}
	return ""
}

// isKind reports whether a content type is kind, parameters aside.
func isKind(h *sip.ContentTypeHeader, kind string) bool {
	value, _, _ := strings.Cut(h.Value(), ";")
	return strings.EqualFold(strings.TrimSpace(value), kind)
}

// clean bounds a value of the far end's and takes out what a terminal would
// obey.
func clean(s string) string {
	const most = 120
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
