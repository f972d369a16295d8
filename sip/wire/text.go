package wire

import (
	"net"
	"strings"
)

// number reads digits, no sign, of at most limit.
func number(s string, limit int) (int, bool) {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int(c-'0'); n > limit {
			return 0, false
		}
	}
	return n, s != ""
}

// isToken is RFC 3261 section 25.1's token.
func isToken(s string) bool {
	for _, c := range s {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.ContainsRune("-.!%*_+`'~", c)) {
			return false
		}
	}
	return s != ""
}

// quoteEnd is where the quoted string that s begins with ends; -1 is nowhere.
func quoteEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// split cuts a list at sep, outside of quotes and angle brackets. Values are
// trimmed.
func split(s string, sep byte) []string {
	var values []string
	from, bracket := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && !bracket:
			if end := quoteEnd(s[i:]); end > 0 {
				i += end
			}
		case c == '<':
			bracket = true
		case c == '>':
			bracket = false
		case c == sep && !bracket:
			values = append(values, strings.Trim(s[from:i], " \t"))
			from = i + 1
		}
	}
	return append(values, strings.Trim(s[from:], " \t"))
}

// squeeze makes one space of each run of white space, and none at the ends.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// glue takes the white space from around sep.
func glue(s, sep string) string {
	parts := strings.Split(squeeze(s), sep)
	for i := range parts {
		parts[i] = strings.Trim(parts[i], " ")
	}
	return strings.Join(parts, sep)
}

// plainParameters writes parameters without white space, each after a
// semicolon. ok is false where one has no name.
func plainParameters(s string) (plain string, ok bool) {
	if strings.Trim(s, " \t") == "" {
		return "", s == ""
	}
	for _, p := range split(s, ';') {
		name, value, has := strings.Cut(p, "=")
		name, value = strings.TrimRight(name, " \t"), strings.TrimLeft(value, " \t")
		if !isToken(name) || has && value == "" || has && !isValue(value) {
			return "", false
		}
		if plain += ";" + name; has {
			plain += "=" + value
		}
	}
	return plain, true
}

// isValue reports whether s may be a parameter's value: a token, a host or a
// quoted string. RFC 3261 section 25.1.
func isValue(s string) bool {
	if s[0] == '"' {
		return quoteEnd(s) == len(s)-1
	}
	return !strings.ContainsAny(s, " \t\"<>,")
}

// parameters is the part of an address header field after its address.
func parameters(v string) string {
	if at := strings.LastIndex(v, ">"); at >= 0 {
		return v[at+1:]
	}
	if at := strings.Index(v, ";"); at >= 0 {
		return v[at:]
	}
	return ""
}

// parameter finds a parameter by its name, which is of lower case.
func parameter(params, name string) (value string, ok bool) {
	for _, p := range split(params, ';') {
		n, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.Trim(n, " \t"), name) {
			return strings.Trim(v, " \t"), true
		}
	}
	return "", false
}

// Received puts source into the first hop of a Via as RFC 3261 section 18.2.1
// and RFC 3581 section 4 want it. source is an address and a port; without a
// port rport is left as it is.
func Received(via, source string) string {
	host, port, err := net.SplitHostPort(source)
	if err != nil {
		return via
	}
	return rewrite(via, func(name string, has bool) string {
		switch {
		case strings.EqualFold(name, "received"):
			return ""
		case strings.EqualFold(name, "rport") && !has && port != "":
			return "rport=" + port
		}
		return name
	}, ";received="+host)
}

// Symmetric asks for rport in the first hop of a Via, for a sender that should
// have.
func Symmetric(via string) string {
	return rewrite(via, func(name string, _ bool) string {
		if strings.EqualFold(name, "received") || strings.EqualFold(name, "rport") {
			return ""
		}
		return name
	}, ";rport")
}

// rewrite changes the parameters of the first hop of a plain Via: each by its
// name, "" drops it, and more stands at the end.
func rewrite(via string, change func(name string, hasValue bool) string, more string) string {
	hops := split(via, ',')
	head, params, _ := strings.Cut(hops[0], ";")
	for _, p := range split(params, ';') {
		name, value, has := strings.Cut(p, "=")
		if p == "" {
			continue
		}
		switch to := change(name, has); {
		case to == "":
		case to != name || !has:
			head += ";" + to
		default:
			head += ";" + name + "=" + value
		}
	}
	hops[0] = head + more
	return strings.Join(hops, ", ")
}

// SentBy is the host and port that the first hop of a Via says it listens at;
// port is 0 where none is said.
func SentBy(via string) (host string, port int) {
	head, _, _ := strings.Cut(split(via, ',')[0], ";")
	_, by, _ := strings.Cut(head, " ")
	host = by
	if end := strings.LastIndex(by, ":"); end > strings.LastIndex(by, "]") {
		host = by[:end]
		port, _ = number(by[end+1:], 65535)
	}
	return strings.Trim(host, "[]"), port
}
