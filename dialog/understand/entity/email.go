package entity

import (
	"regexp"
	"strings"
)

var typedEmail = regexp.MustCompile(`[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+`)

// mailHosts are domains that need no "dot com" to be known.
var mailHosts = map[string]string{
	"gmail": "gmail.com", "googlemail": "googlemail.com", "hotmail": "hotmail.com", "yahoo": "yahoo.com", "outlook": "outlook.com",
	"icloud": "icloud.com", "aol": "aol.com", "gmx": "gmx.de", "protonmail": "protonmail.com",
}

// findEmail reads an address that was typed, or said: "john dot smith at gmail
// dot com".
func findEmail(p *parser) (Value, bool) {
	if strings.Contains(p.text, "@") {
		if m := typedEmail.FindStringIndex(p.text); m != nil {
			return Value{Text: strings.ToLower(p.text[m[0]:m[1]]), From: m[0], To: m[1], Confidence: 0.99}, true
		}
	}
	var best Value
	for i := range p.toks {
		if !p.is(i, "at", "@", "arobase", "arroba", "ät") || p.is(i+1, "w", "www") && p.is(i+2, "w", "dot") {
			continue // "look at www.example.org"
		}
		domain, end, conf := p.domain(i + 1)
		if domain == "" || conf < best.Confidence {
			continue
		}
		local, start := p.mailbox(i)
		if local == "" {
			continue
		}
		best = Value{Text: local + "@" + domain, From: p.toks[start].from, To: p.toks[end-1].to, Confidence: conf}
	}
	return best, best.Text != ""
}

// mailSign is a character of an address said by its name.
func (p *parser) mailSign(i int) (string, int) {
	switch p.word(i) {
	case "dot", "point", "period", "punkt", "punto", ".":
		return ".", i + 1
	case "underscore", "_", "unterstrich":
		return "_", i + 1
	case "dash", "hyphen", "minus", "-", "bindestrich", "tiret", "guion":
		return "-", i + 1
	case "plus", "+":
		return "+", i + 1
	case "under":
		if p.is(i+1, "score") {
			return "_", i + 2
		}
	case "full":
		if p.is(i+1, "stop") {
			return ".", i + 2
		}
	}
	return "", i
}

// mailPiece reads one piece of a mailbox or a domain: a sign, a letter,
// digits, or a word.
func (p *parser) mailPiece(i int) (string, int) {
	if s, j := p.mailSign(i); j > i {
		return s, j
	}
	if j := p.anyOf(i, "all one word", "one word", "all lowercase", "all lower case", "all in lowercase", "lowercase", "lower case",
		"no spaces", "no space", "all together", "capital", "the number", "number", "uh", "um", "all small letters", ",", "the letter", "letter"); j > 0 {
		return "", j
	}
	if n := p.lang.repeats[p.word(i)]; n > 0 {
		if p.anyOf(i, "double u") > 0 {
			return "w", i + 2
		}
		if s, j := p.mailPiece(i + 1); j > i+1 && len(s) == 1 {
			return strings.Repeat(s, n), j
		}
	}
	w := p.word(i)
	if len(w) == 1 && p.kindAt(i) == word {
		e, j := p.letterAt(i)
		return strings.ToLower(e.text), j
	}
	switch {
	case p.anyOf(i+1, "as in") > 0:
		e, j := p.letterAt(i)
		return strings.ToLower(e.text), j
	case w == "bee" || w == "cee" || w == "dee" || w == "jay" || w == "kay" || w == "zee" || w == "zed" || w == "ess" || w == "tee":
		return string(letterNames[w]), i + 1
	}
	if options, j := p.digitGroup(i, false); j > i {
		return options[0], j
	}
	if p.kindAt(i) == word || p.kindAt(i) == figure {
		return strings.ReplaceAll(w, "'", ""), i + 1
	}
	return "", i
}

// mailStop tells whether a word stands before a mailbox, not in it.
func (p *parser) mailStop(i int) bool {
	return p.is(i, "is", "it's", "its", "my", "email", "mail", "address", "e", "to", "that's", "i'm", "the", "it", "um", "uh", "yes", "yeah",
		"sure", "okay", "ok", "use", "at", "me", "reach", "contact", "send", "under", "ist", "adresse", "est", "es", "for", "and", "would", "be",
		"on", "please", "so", "well", "have", "was", "mine", "no", "sorry", ":", "actually")
}

// mailbox reads the part before "at", which stands at end. It begins after
// the last word that cannot be a part of it.
func (p *parser) mailbox(end int) (string, int) {
	start := end
	for start > 0 && end-start < 40 {
		if p.mailStop(start-1) && !p.spelledE(start-1) {
			break
		}
		start--
	}
	var b strings.Builder
	first := -1
	for i := start; i < end; {
		s, j := p.mailPiece(i)
		if j == i {
			return "", start
		}
		if first < 0 && s != "" {
			first = i
		}
		b.WriteString(s)
		i = j
	}
	local := strings.Trim(b.String(), ".")
	return local, max(first, start)
}

// spelledE tells whether "e" is a letter among others and not that of "e
// mail"; likewise "be" and the like after a dot.
func (p *parser) spelledE(i int) bool {
	joined := func(k int) bool {
		s, j := p.mailSign(k)
		return j > k && s != ""
	}
	return p.is(i, "e") && !p.is(i+1, "mail") && (len(p.word(i-1)) == 1 || len(p.word(i+1)) == 1) ||
		joined(i-1) && i > 1 || joined(i+1) && !p.is(i, "is", "it's", "its", "address")
}

// topDomains end a domain.
var topDomains = map[string]bool{
	"com": true, "org": true, "net": true, "edu": true, "gov": true, "io": true, "co": true, "uk": true, "de": true, "fr": true,
	"es": true, "eu": true, "us": true, "ca": true, "au": true, "info": true, "biz": true, "ch": true, "at": true, "it": true,
	"nl": true, "ie": true, "in": true, "cn": true, "jp": true, "ai": true, "me": true, "dev": true, "app": true, "tv": true, "ac": true,
	"nz": true, "za": true, "mx": true, "br": true, "se": true, "no": true, "dk": true, "be": true, "pl": true, "ru": true, "mail": true,
}

// domain reads "gmail dot com", "example dot co dot uk" at i.
func (p *parser) domain(i int) (text string, end int, conf float64) {
	start := i
	var b strings.Builder
	label, ended := "", -1
	for i < len(p.toks) && i-start < 24 {
		if p.is(i, "dot", "point", "period", "punkt", "punto", ".") {
			if label == "" {
				break
			}
			b.WriteString(label + ".")
			label = ""
			i++
			tld, j := p.topDomain(i)
			if j == i {
				break
			}
			label, i, ended = tld, j, j
			if !p.is(i, "dot", "point", "period", "punkt", "punto", ".") {
				break
			}
			continue
		}
		s, j := p.mailPiece(i)
		if j == i || ended == i {
			break
		}
		label += s
		i = j
		if host := mailHosts[label]; host != "" && !p.is(i, "dot", "point", "period", "punkt", "punto", ".") && !p.is(i, "com") {
			return host, i, 0.7
		}
		if p.is(i, "com", "org", "net") {
			return label + "." + p.word(i), i + 1, 0.75
		}
	}
	if ended < 0 {
		return "", start, 0
	}
	return b.String() + label, ended, 0.95
}

// topDomain reads what stands after a domain's dot: "com", "u k".
func (p *parser) topDomain(i int) (string, int) {
	w := p.word(i)
	if len(w) == 1 && len(p.word(i+1)) == 1 && topDomains[w+p.word(i+1)] {
		return w + p.word(i+1), i + 2
	}
	if w == "calm" || w == "con" || w == "come" {
		return "com", i + 1
	}
	if p.kindAt(i) != word || len(w) < 2 {
		return "", i
	}
	return w, i + 1
}
