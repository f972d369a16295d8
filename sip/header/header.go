// Package header reads and writes values of SIP headers that sipgo leaves as
// text: Replaces, Refer-To, Session-Expires, RAck, Reason and lists of option
// tags.
//
// Everything here is pure: text in, values out, nothing kept. What cannot be
// read is ErrSyntax; nothing panics, whatever the network sends.
//
// RFC 3261, 3262, 3326, 3515, 3891, 4028.
package header

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ErrSyntax is a value that is none of its header.
var ErrSyntax = errors.New("header cannot be read")

// Replaces names the dialog that an INVITE takes the place of. RFC 3891
// section 6.1.
type Replaces struct {
	CallID    string
	ToTag     string // of the side that is asked to replace its dialog
	FromTag   string
	EarlyOnly bool // only if it is not answered yet
}

// ParseReplaces reads a Replaces header's value.
func ParseReplaces(value string) (Replaces, error) {
	parts := Split(value, ';')
	r := Replaces{CallID: strings.TrimSpace(parts[0])}
	for _, p := range parts[1:] {
		name, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "to-tag":
			r.ToTag = strings.TrimSpace(v)
		case "from-tag":
			r.FromTag = strings.TrimSpace(v)
		case "early-only":
			r.EarlyOnly = true
		}
	}
	if r.CallID == "" || r.ToTag == "" || r.FromTag == "" || strings.ContainsAny(r.CallID+r.ToTag+r.FromTag, "\r\n <>\",") {
		return Replaces{}, fmt.Errorf("%w: Replaces", ErrSyntax)
	}
	return r, nil
}

// String is the header's value.
func (r Replaces) String() string {
	s := r.CallID + ";to-tag=" + r.ToTag + ";from-tag=" + r.FromTag
	if r.EarlyOnly {
		s += ";early-only"
	}
	return s
}

// ReferTo is whom a REFER asks to call. RFC 3515 section 2.1.
type ReferTo struct {
	URI      string    // without headers
	Replaces *Replaces // from the URI's headers; nil for a blind transfer
}

// ParseReferTo reads a Refer-To header's value: a URI or a name-addr. Headers
// of the URI other than Replaces are passed over, as RFC 3261 section 19.1.5
// has it for what is not understood, and a method other than INVITE is refused.
func ParseReferTo(value string) (ReferTo, error) {
	bad := fmt.Errorf("%w: Refer-To", ErrSyntax)
	if len(Split(value, ',')) != 1 {
		return ReferTo{}, bad
	}
	uri := URI(value)
	uri, headers, _ := strings.Cut(uri, "?")
	base, params, _ := strings.Cut(uri, ";")
	scheme, rest, ok := strings.Cut(base, ":")
	switch scheme = strings.ToLower(scheme); {
	case !ok || rest == "" || strings.ContainsAny(uri, " \t\r\n<>\""):
		return ReferTo{}, bad
	case scheme != "sip" && scheme != "sips" && scheme != "tel":
		return ReferTo{}, bad
	}
	to := ReferTo{URI: uri}
	for p := range strings.SplitSeq(params, ";") {
		if name, method, _ := strings.Cut(p, "="); strings.EqualFold(name, "method") {
			if !strings.EqualFold(method, "INVITE") {
				return ReferTo{}, bad
			}
			to.URI = base + strings.Replace(";"+params, ";"+p, "", 1)
		}
	}
	for h := range strings.SplitSeq(headers, "&") {
		name, v, _ := strings.Cut(h, "=")
		if !strings.EqualFold(name, "Replaces") {
			continue
		}
		v, err := url.PathUnescape(v)
		if err != nil {
			return ReferTo{}, bad
		}
		r, err := ParseReplaces(v)
		if err != nil {
			return ReferTo{}, err
		}
		to.Replaces = &r
	}
	return to, nil
}

// String is the header's value.
func (r ReferTo) String() string {
	if r.Replaces == nil {
		return "<" + r.URI + ">"
	}
	return "<" + r.URI + "?Replaces=" + escape(r.Replaces.String()) + ">"
}

// escape escapes what may not stand in a header of a URI. RFC 3261 section 25.1.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// SessionExpires is how long a session lasts without a refresh. RFC 4028
// section 4.
type SessionExpires struct {
	Interval  time.Duration // whole seconds
	Refresher string        // "uac", "uas" or empty: not said
}

// maxSession bounds intervals: what is longer is no timer.
const maxSession = 7 * 24 * time.Hour

// ParseSessionExpires reads a Session-Expires header's value.
func ParseSessionExpires(value string) (SessionExpires, error) {
	parts := Split(value, ';')
	interval, err := ParseSeconds(parts[0])
	if err != nil || interval == 0 {
		return SessionExpires{}, fmt.Errorf("%w: Session-Expires", ErrSyntax)
	}
	s := SessionExpires{Interval: interval}
	for _, p := range parts[1:] {
		name, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "refresher") {
			if s.Refresher = strings.ToLower(v); v != "" && s.Refresher != "uac" && s.Refresher != "uas" {
				return SessionExpires{}, fmt.Errorf("%w: refresher", ErrSyntax)
			}
		}
	}
	return s, nil
}

// String is the header's value.
func (s SessionExpires) String() string {
	v := strconv.Itoa(int(s.Interval / time.Second))
	if s.Refresher != "" {
		v += ";refresher=" + s.Refresher
	}
	return v
}

// ParseSeconds reads delta-seconds, as Min-SE and Retry-After have them;
// parameters and comments behind are passed over, and a week is the most.
func ParseSeconds(value string) (time.Duration, error) {
	value = strings.TrimSpace(value)
	if end := strings.IndexAny(value, ";( \t"); end >= 0 {
		value = value[:end]
	}
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%w: seconds", ErrSyntax)
	}
	return min(time.Duration(n)*time.Second, maxSession), nil
}

// RAck names the provisional response that a PRACK acknowledges. RFC 3262
// section 7.2.
type RAck struct {
	RSeq, CSeq uint32
	Method     string
}

// ParseRAck reads an RAck header's value.
func ParseRAck(value string) (RAck, error) {
	f := strings.Fields(value)
	if len(f) != 3 {
		return RAck{}, fmt.Errorf("%w: RAck", ErrSyntax)
	}
	rseq, err1 := strconv.ParseUint(f[0], 10, 32)
	cseq, err2 := strconv.ParseUint(f[1], 10, 32)
	if err1 != nil || err2 != nil || rseq == 0 {
		return RAck{}, fmt.Errorf("%w: RAck", ErrSyntax)
	}
	return RAck{uint32(rseq), uint32(cseq), f[2]}, nil
}

// String is the header's value.
func (r RAck) String() string { return fmt.Sprintf("%d %d %s", r.RSeq, r.CSeq, r.Method) }

// Reason tells why a request was sent. RFC 3326.
type Reason struct {
	Protocol string // "SIP", "Q.850"
	Cause    int
	Text     string
}

// ParseReason reads the first value of a Reason header that has a cause.
func ParseReason(value string) (Reason, error) {
	for _, one := range Split(value, ',') {
		parts := Split(one, ';')
		r := Reason{Protocol: strings.TrimSpace(parts[0]), Cause: -1}
		for _, p := range parts[1:] {
			name, v, _ := strings.Cut(strings.TrimSpace(p), "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "cause":
				if n, err := strconv.ParseUint(strings.TrimSpace(v), 10, 16); err == nil {
					r.Cause = int(n)
				}
			case "text":
				r.Text = Unquote(v)
			}
		}
		if r.Protocol != "" && r.Cause >= 0 {
			return r, nil
		}
	}
	return Reason{}, fmt.Errorf("%w: Reason", ErrSyntax)
}

// ParseStatusLine reads the status of a body of type message/sipfrag, whose
// first line is all that a NOTIFY need carry. RFC 3515 section 2.4.5.
func ParseStatusLine(body string) (status int, reason string, err error) {
	line, _, _ := strings.Cut(body, "\n")
	f := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(f) < 2 || f[0] != "SIP/2.0" {
		return 0, "", fmt.Errorf("%w: status line", ErrSyntax)
	}
	status, err = strconv.Atoi(f[1])
	if err != nil || status < 100 || status > 699 {
		return 0, "", fmt.Errorf("%w: status line", ErrSyntax)
	}
	if len(f) == 3 {
		reason = f[2]
	}
	return status, reason, nil
}

// URI is the URI of a name-addr or addr-spec, without the header's parameters
// where the URI stands in angle brackets, and with all that follows where not.
func URI(value string) string {
	inQuotes := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && inQuotes:
			i++
		case c == '"':
			inQuotes = !inQuotes
		case c == '<' && !inQuotes:
			uri, _, _ := strings.Cut(value[i+1:], ">")
			return strings.TrimSpace(uri)
		}
	}
	return strings.TrimSpace(value)
}

// Has reports whether a list of tokens, as Supported and Allow have it, names
// token.
func Has(list, token string) bool {
	for t := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(t), token) {
			return true
		}
	}
	return false
}

// Split cuts a value at each separator that stands neither in a quoted string
// nor in angle brackets. It returns one part at least.
func Split(value string, separator byte) []string {
	var parts []string
	begin, inQuotes, inBrackets := 0, false, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && inQuotes:
			i++
		case c == '"':
			inQuotes = !inQuotes
		case inQuotes:
		case c == '<':
			inBrackets = true
		case c == '>':
			inBrackets = false
		case c == separator && !inBrackets:
			parts = append(parts, value[begin:i])
			begin = i + 1
		}
	}
	return append(parts, value[begin:])
}

// Unquote is the text of a quoted string, or the value as it is.
func Unquote(value string) string {
	value = strings.TrimSpace(value)
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return value
	}
	var b strings.Builder
	for i := 1; i < len(value)-1; i++ {
		if value[i] == '\\' && i+1 < len(value)-1 {
			i++
		}
		b.WriteByte(value[i])
	}
	return b.String()
}
