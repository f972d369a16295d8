// Package wire reads SIP messages as they come from the network, before
// anything else believes them.
//
// The central type is Message: the start line, the headers unfolded and named
// in full, the body. Parse reads a datagram or a framed message and tells a
// Fault where the message must be refused or dropped; Frame finds where a
// message in a stream ends. Append writes a message in its plain form (one line
// a header, no white space that means nothing), which is what the parser of the
// transaction layer gets to see.
//
// Guarantees: nothing here blocks, does I/O, panics or allocates more than a
// small multiple of what it is given; what Parse accepts has one From, To,
// Call-ID and CSeq, a Via, and numbers within their range; a reply is only made
// of header fields of the request it answers.
//
// RFC 3261 sections 7, 18.3 and 25; RFC 4475 and RFC 5118 say what must come of
// odd messages. Left out: what a header field that this program does not use
// means.
package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of one message. The largest that carriers are known to send have some
// 40 header fields and 8 KB.
const (
	MaxMessage = 64 << 10 // octets
	MaxHeaders = 100      // header fields
	MaxMedia   = 8        // m= lines of a description
)

// Header is one header field, its name in full and its value on one line.
type Header struct{ Name, Value string }

// Message is a SIP message. Method is empty in a response, Status 0 in a
// request.
type Message struct {
	Method, URI string
	Version     string
	Status      int
	Reason      string
	Headers     []Header
	Body        []byte // of the given memory
}

// Fault is why a message is not taken. Status and Reason are the response that
// a request deserves; 0 is none.
type Fault struct {
	Status int
	Reason string
	Detail string
}

// Error says what was found.
func (f *Fault) Error() string { return f.Detail }

func bad(format string, args ...any) *Fault {
	return &Fault{Status: 400, Reason: "Bad Request", Detail: fmt.Sprintf(format, args...)}
}

// drop is a fault of what deserves no answer.
func drop(format string, args ...any) *Fault { return &Fault{Detail: fmt.Sprintf(format, args...)} }

// Parse reads the one message in b, as it came in a datagram or as Frame has
// cut it; octets after the body are ignored, RFC 3261 section 18.3. The message
// points into b. Where the fault is not nil the message holds what could be
// read, for Reply, or is nil.
func Parse(b []byte) (*Message, *Fault) {
	if len(b) > MaxMessage {
		return nil, drop("message of %d octets", len(b))
	}
	b = bytes.TrimLeft(b, "\r\n")
	head, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	if !ok {
		return nil, drop("no end of the header fields")
	}
	start, fields, _ := strings.Cut(string(head), "\r\n")
	m := &Message{}
	fault := m.startLine(start)
	if fault != nil && m.Method == "" {
		return nil, fault
	}
	if f := m.fields(fields); fault == nil {
		fault = f
	}
	if fault == nil {
		fault = m.check()
	}
	if fault == nil {
		fault = m.cut(body)
	}
	if fault != nil && m.Method == "" {
		fault.Status = 0 // a response is never answered
	}
	return m, fault
}

// startLine reads a request line or a status line. RFC 3261 sections 7.1 and
// 7.2: single spaces, nothing else.
func (m *Message) startLine(line string) *Fault {
	if strings.ContainsAny(line, "\r\n") {
		return drop("half a line end in the start line")
	}
	if version, rest, ok := strings.Cut(line, " "); ok && strings.HasPrefix(strings.ToUpper(version), "SIP/") {
		return m.statusLine(version, rest)
	}
	method, rest, ok := strings.Cut(line, " ")
	at := strings.LastIndex(strings.TrimRight(rest, " "), " ")
	if !ok || at < 0 || !isToken(method) {
		return drop("not a SIP message")
	}
	m.Method, m.URI, m.Version = method, strings.Trim(rest[:at], " "), strings.Trim(rest[at+1:], " ")
	if !strings.HasPrefix(strings.ToUpper(m.Version), "SIP/") {
		m.Method = ""
		return drop("not a SIP message")
	}
	switch {
	case !strings.EqualFold(m.Version, "SIP/2.0"):
		return &Fault{Status: 505, Reason: "Version Not Supported", Detail: "version " + m.Version}
	case rest != m.URI+" "+m.Version:
		return bad("white space in the request line")
	}
	return checkRequestURI(m.URI)
}

func (m *Message) statusLine(version, rest string) *Fault {
	code, reason, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if err != nil || len(code) != 3 || status < 100 || status > 699 || !strings.EqualFold(version, "SIP/2.0") {
		return drop("status line %q %q", version, code)
	}
	m.Version, m.Status, m.Reason = "SIP/2.0", status, reason
	return nil
}

// fields reads the header fields, folded ones as one line. RFC 3261 section
// 7.3.1.
func (m *Message) fields(text string) *Fault {
	var fault *Fault
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\r\n")
		for text != "" && (text[0] == ' ' || text[0] == '\t') {
			var more string
			more, text, _ = strings.Cut(text, "\r\n")
			line = strings.TrimRight(line, " \t") + " " + strings.TrimLeft(more, " \t")
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimRight(name, " \t")
		if !ok || !isToken(name) || strings.ContainsAny(line, "\r\n") {
			fault = bad("a line that is no header field")
			continue
		}
		if len(m.Headers) == MaxHeaders {
			return bad("more than %d header fields", MaxHeaders)
		}
		m.Headers = append(m.Headers, Header{canonical(name), strings.Trim(value, " \t")})
	}
	return fault
}

// compact are the short forms of header field names, of RFC 3261 section 20 and
// the extensions that this program knows.
var compact = map[string]string{
	"a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition", "e": "Content-Encoding",
	"f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported", "l": "Content-Length", "m": "Contact", "n": "Identity-Info",
	"o": "Event", "r": "Refer-To", "s": "Subject", "t": "To", "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity",
}

// known are the names that are compared as they are written.
var known = map[string]string{
	"call-id": "Call-ID", "cseq": "CSeq", "from": "From", "to": "To", "via": "Via", "contact": "Contact", "route": "Route",
	"record-route": "Record-Route", "content-length": "Content-Length", "content-type": "Content-Type", "max-forwards": "Max-Forwards",
	"expires": "Expires", "min-expires": "Min-Expires", "authorization": "Authorization", "require": "Require", "accept": "Accept",
	"supported": "Supported", "proxy-require": "Proxy-Require", "content-encoding": "Content-Encoding",
}

func canonical(name string) string {
	lower := strings.ToLower(name)
	if full, ok := compact[lower]; ok {
		return full
	}
	if usual, ok := known[lower]; ok {
		return usual
	}
	return name
}

// Get returns the first value of the header field, or "".
func (m *Message) Get(name string) string {
	for _, h := range m.Headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// Count returns how often the header field stands in the message.
func (m *Message) Count(name string) (n int) {
	for _, h := range m.Headers {
		if h.Name == name {
			n++
		}
	}
	return n
}

// InDialog reports whether the message is a request within a dialog: its To has
// a tag. RFC 3261 section 12.2.
func (m *Message) InDialog() bool {
	return m.Method != "" && strings.Contains(strings.ToLower(parameters(m.Get("To"))), ";tag=")
}

// cut takes the body, as long as Content-Length says and to the end where
// there is none. RFC 3261 section 18.3.
func (m *Message) cut(body []byte) *Fault {
	length := m.Get("Content-Length")
	if length == "" {
		m.Body = body
		return nil
	}
	n, ok := number(length, MaxMessage)
	switch {
	case !ok:
		return bad("Content-Length %q", length)
	case n > len(body):
		return bad("body of %d octets, Content-Length %d", len(body), n)
	}
	m.Body = body[:n]
	return m.checkBody()
}

// checkBody holds descriptions to their number of streams.
func (m *Message) checkBody() *Fault {
	if !strings.HasPrefix(strings.ToLower(m.Get("Content-Type")), "application/sdp") {
		return nil
	}
	lines := bytes.Count(m.Body, []byte("\nm="))
	if bytes.HasPrefix(m.Body, []byte("m=")) {
		lines++
	}
	if lines > MaxMedia {
		return &Fault{Status: 488, Reason: "Not Acceptable Here", Detail: fmt.Sprintf("%d m= lines", lines)}
	}
	return nil
}

// Complete gives a request of RFC 2543, whose Via has no branch of RFC 3261's,
// what the transaction layer needs: a branch that is the same for an INVITE, its
// CANCEL and its ACK, RFC 3261 section 17.2.3, and an INVITE the Contact that it
// need not have: its From, where calls back go. A branch of nothing but the
// magic cookie is none either, RFC 4475 section 3.2.1.
func (m *Message) Complete() {
	if m.Method == "" {
		return
	}
	for i, h := range m.Headers {
		if h.Name != "Via" {
			continue
		}
		_, params, _ := strings.Cut(split(h.Value, ',')[0], ";")
		if branch, _ := parameter(params, "branch"); strings.HasPrefix(branch, "z9hG4bK") && len(branch) > 7 {
			return
		}
		number, _, _ := strings.Cut(m.Get("CSeq"), " ")
		id := sha256.Sum256([]byte(strings.Join([]string{m.Get("Call-ID"), m.Get("From"), number, h.Value}, "\n")))
		m.Headers[i].Value = rewrite(h.Value, func(name string, _ bool) string {
			if strings.EqualFold(name, "branch") {
				return ""
			}
			return name
		}, ";branch=z9hG4bK"+hex.EncodeToString(id[:12]))
		break
	}
	if m.Method != "INVITE" || m.Count("Contact") > 0 {
		return
	}
	if _, uri, _, ok := address(m.Get("From")); ok {
		m.Headers = append(m.Headers, Header{"Contact", "<" + uri + ">"})
	}
}

// Append writes the message in its plain form to b.
func (m *Message) Append(b []byte) []byte {
	if m.Method != "" {
		b = append(b, m.Method+" "+m.URI+" SIP/2.0\r\n"...)
	} else {
		b = append(b, "SIP/2.0 "+strconv.Itoa(m.Status)+" "+m.Reason+"\r\n"...)
	}
	for _, h := range m.Headers {
		if h.Name == "Content-Length" {
			continue
		}
		b = append(b, h.Name+": "+h.Value+"\r\n"...)
	}
	b = append(b, "Content-Length: "+strconv.Itoa(len(m.Body))+"\r\n\r\n"...)
	return append(b, m.Body...)
}

// Reply is a response to the request that is made without a transaction, from
// the fields that RFC 3261 section 8.2.6 wants copied. It is nil for an ACK and
// where there is no Via to send it by. source is put in as received and rport.
func (m *Message) Reply(status int, reason string, source string, extra ...Header) []byte {
	if m.Method == "" || m.Method == "ACK" || m.Count("Via") == 0 {
		return nil
	}
	b := []byte(fmt.Sprintf("SIP/2.0 %d %s\r\n", status, reason))
	first := true
	for _, h := range m.Headers {
		switch h.Name {
		case "Via":
			if first {
				h.Value = Received(h.Value, source)
			}
			first = false
		case "From", "Call-ID", "CSeq":
		case "To":
			if !m.InDialog() {
				h.Value += ";tag=" + m.tag()
			}
		default:
			continue
		}
		b = append(b, h.Name+": "+h.Value+"\r\n"...)
	}
	for _, h := range extra {
		b = append(b, h.Name+": "+h.Value+"\r\n"...)
	}
	return append(b, "Content-Length: 0\r\n\r\n"...)
}

// tag is the To tag of replies without a transaction: the same each time the
// request is repeated, and another one for any other request. RFC 3261 sections
// 8.2.7 and 19.3.
func (m *Message) tag() string {
	id := sha256.Sum256([]byte(strings.Join([]string{m.Get("Via"), m.Get("From"), m.Get("Call-ID"), m.Get("CSeq")}, "\n")))
	return hex.EncodeToString(id[:8])
}
