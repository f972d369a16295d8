package wire

import (
	"net/netip"
	"strconv"
	"strings"
)

// single are the header fields that stand once, RFC 3261 section 7.3.1.
var single = []string{"From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type", "Expires"}

// check holds the header fields to what every message needs, and brings those
// that are read further into their plain form. RFC 3261 sections 8.1.1 and
// 16.3.
func (m *Message) check() *Fault {
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		if m.Get(name) == "" {
			return bad("no %s", name)
		}
	}
	for _, name := range single {
		if m.Count(name) > 1 {
			return bad("more than one %s", name)
		}
	}
	for i := range m.Headers {
		if fault := m.checkField(&m.Headers[i]); fault != nil {
			return fault
		}
	}
	if _, method, _ := strings.Cut(m.Get("CSeq"), " "); m.Method != "" && method != m.Method {
		return bad("CSeq is not of the request's method")
	}
	return nil
}

// checkField checks one header field and makes it plain.
func (m *Message) checkField(h *Header) *Fault {
	switch h.Name {
	case "Via":
		return h.via()
	case "From", "To", "Route", "Record-Route":
		return h.addresses()
	case "Contact":
		if h.Value == "*" {
			return nil
		}
		return h.addresses()
	case "CSeq":
		n, method, _ := strings.Cut(squeeze(h.Value), " ")
		seq, ok := number(n, 1<<31-1)
		if !ok || !isToken(method) {
			return bad("CSeq %q", h.Value)
		}
		h.Value = strconv.Itoa(seq) + " " + method
	case "Max-Forwards":
		// 255 is the most, RFC 3261 section 20.22.
		n, ok := number(h.Value, 255)
		if !ok {
			return bad("Max-Forwards %q", h.Value)
		}
		h.Value = strconv.Itoa(n)
	case "Expires", "Min-Expires":
		// A time that is no number is like none, one too large like the largest:
		// RFC 3261 section 20.19 and RFC 4475 section 3.1.2.4 allow a 400.
		if _, ok := number(h.Value, 1<<32-1); !ok {
			return bad("%s %q", h.Name, h.Value)
		}
	case "Call-ID":
		if strings.ContainsAny(h.Value, " \t") {
			return bad("Call-ID with white space")
		}
	}
	return nil
}

// via splits the list into its first value and the rest, all in their plain
// form. RFC 3261 section 20.42.
func (h *Header) via() *Fault {
	var hops []string
	for _, hop := range split(h.Value, ',') {
		head, params, _ := strings.Cut(hop, ";")
		protocol, by, ok := strings.Cut(glue(head, "/"), " ")
		parts := strings.Split(protocol, "/")
		if !ok || len(parts) != 3 || !strings.EqualFold(parts[0], "SIP") || !isToken(parts[2]) || by == "" {
			return bad("Via")
		}
		by = glue(by, ":")
		if strings.ContainsAny(by, " \t<>") || !isHostPort(by) {
			return bad("Via's sent-by %q", by)
		}
		plain := strings.Join(parts, "/") + " " + by
		params, ok = plainParameters(params)
		if !ok {
			return bad("Via's parameters")
		}
		hops = append(hops, plain+params)
	}
	h.Value = strings.Join(hops, ", ")
	return nil
}

// addresses checks a list of name-addr and addr-spec and makes it plain. RFC
// 3261 sections 20.10 and 25.1.
func (h *Header) addresses() *Fault {
	values := split(h.Value, ',')
	if (h.Name == "From" || h.Name == "To") && len(values) != 1 {
		return bad("%s is a list", h.Name)
	}
	for i, v := range values {
		name, uri, params, ok := address(v)
		if !ok {
			return bad("%s is no address", h.Name)
		}
		// Without brackets what follows a question mark is the header's, not the
		// address's, and must not be there. RFC 3261 section 20.10.
		bare := !strings.Contains(v, "<")
		if bare && strings.ContainsAny(uri, "?,") {
			return bad("%s needs angle brackets", h.Name)
		}
		if params, ok = plainParameters(params); !ok {
			return bad("%s's parameters", h.Name)
		}
		if exp, has := parameter(params, "expires"); has && h.Name == "Contact" {
			if _, ok := number(strings.Trim(exp, `"`), 1<<32-1); !ok {
				return bad("Contact's expires %q", exp)
			}
		}
		if name != "" {
			name += " "
		}
		values[i] = name + "<" + uri + ">" + params
	}
	h.Value = strings.Join(values, ", ")
	return nil
}

// address splits a name-addr or addr-spec. ok is false where it is neither.
func address(v string) (name, uri, params string, ok bool) {
	v = strings.Trim(v, " \t")
	if strings.HasPrefix(v, `"`) {
		end := quoteEnd(v)
		if end < 0 {
			return "", "", "", false
		}
		name, v = v[:end+1], strings.TrimLeft(v[end+1:], " \t")
		if !strings.HasPrefix(v, "<") {
			return "", "", "", false
		}
	}
	before, rest, bracketed := strings.Cut(v, "<")
	if !bracketed {
		uri, params, _ = strings.Cut(v, ";")
		uri = strings.TrimRight(uri, " \t")
		return "", uri, params, isURI(uri)
	}
	if before = strings.Trim(before, " \t"); before != "" {
		for word := range strings.FieldsSeq(before) {
			if !isToken(word) {
				return "", "", "", false
			}
		}
		name = before
	}
	uri, rest, ok = strings.Cut(rest, ">")
	rest = strings.TrimLeft(rest, " \t")
	if !ok || !isURI(uri) || rest != "" && rest[0] != ';' {
		return "", "", "", false
	}
	return name, uri, strings.TrimPrefix(rest, ";"), true
}

// isURI reports whether s is a scheme, a colon and something without white
// space.
func isURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" || strings.ContainsAny(s, " \t\r\n<>\"") || !isScheme(scheme) {
		return false
	}
	if lower := strings.ToLower(scheme); lower == "sip" || lower == "sips" {
		return isHostPort(hostPort(rest))
	}
	return true
}

func isScheme(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9') && !strings.ContainsRune("+-.", c)) {
			return false
		}
	}
	return s != ""
}

// checkRequestURI refuses what no request may be for. Schemes other than SIP's
// get 416, RFC 3261 section 8.2.2.1.
func checkRequestURI(uri string) *Fault {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok || strings.ContainsAny(uri, " \t\r\n<>\"") || !isScheme(scheme) {
		return bad("Request-URI")
	}
	switch strings.ToLower(scheme) {
	case "sip", "sips":
	case "tel":
		return nil
	default:
		return &Fault{Status: 416, Reason: "Unsupported URI Scheme", Detail: "scheme " + scheme}
	}
	if !isHostPort(hostPort(rest)) {
		return bad("Request-URI's host")
	}
	// Header fields in a Request-URI are for addresses in lists only: RFC 3261
	// section 19.1.1.
	if afterHost := rest[strings.LastIndex(rest, "@")+1:]; strings.Contains(afterHost, "?") {
		return bad("Request-URI with header fields")
	}
	return nil
}

// hostPort is the host and port of what follows a SIP URI's scheme.
func hostPort(rest string) string {
	rest = rest[strings.LastIndex(rest, "@")+1:]
	if end := strings.IndexAny(rest, ";?"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// isHostPort reports whether s is a host name or an address, an IPv6 one in
// brackets, and perhaps a port. Three colons before an embedded IPv4 address
// are RFC 3261's own mistake and accepted: RFC 5118 section 4.10.
func isHostPort(s string) bool {
	var host, port string
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return false
		}
		if _, err := netip.ParseAddr(strings.Replace(s[1:end], ":::", "::", 1)); err != nil {
			return false
		}
		if host, port = s[:end+1], s[end+1:]; port != "" {
			if port[0] != ':' {
				return false
			}
			port = port[1:]
			if port == "" {
				return false
			}
		}
	} else {
		var has bool
		if host, port, has = strings.Cut(s, ":"); has && port == "" {
			return false
		}
		for _, c := range host {
			if c <= ' ' || c > '~' || strings.ContainsRune(`,;/?<>"[]\@`, c) {
				return false
			}
		}
	}
	if port != "" {
		n, ok := number(port, 65535)
		if !ok || n == 0 {
			return false
		}
	}
	return host != ""
}
