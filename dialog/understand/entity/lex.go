package entity

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	word   kind = iota // letters, with apostrophes inside; or one Han character
	figure             // digits, with a decimal point where it has one
	symbol             // any other character
)

// token is a piece of a text.
type token struct {
	low      string // lower case; a figure without thousands separators
	from, to int    // bytes of the text
	kind     kind
	glued    bool // no space before it
	grouped  bool // a figure that had thousands separators
}

// lex splits text into tokens. Hyphens between letters are dropped: "twenty-
// three" is two words. "a.m." and "a m" after a figure are left to the clock.
func lex(text string, l *language) []token {
	toks := make([]token, 0, len(text)/4+4)
	glued := false
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsSpace(r):
			glued = false
			i += n
			continue
		case r >= '0' && r <= '9':
			t := lexFigure(text, i, l)
			t.glued = glued
			toks = append(toks, t)
			i = t.to
		case unicode.Is(unicode.Han, r) || r == '〇':
			toks = append(toks, token{low: text[i : i+n], from: i, to: i + n, glued: glued})
			i += n
		case unicode.IsLetter(r):
			j := wordEnd(text, i)
			toks = append(toks, token{low: lower(text[i:j]), from: i, to: j, glued: glued})
			i = j
		case r == '-' && hyphenates(text, i):
			i += n
		default:
			toks = append(toks, token{low: text[i : i+n], from: i, to: i + n, kind: symbol, glued: glued})
			i += n
		}
		glued = true
	}
	return toks
}

func lower(s string) string {
	s = strings.ToLower(s)
	if strings.Contains(s, "’") {
		s = strings.ReplaceAll(s, "’", "'")
	}
	return s
}

// hyphenates tells whether the hyphen at i joins two letters.
func hyphenates(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+1:])
	return unicode.IsLetter(before) && unicode.IsLetter(after)
}

// wordEnd returns the end of the word at i. A dotted abbreviation of single
// letters ("a.m.", "u.s.") is one word.
func wordEnd(text string, i int) int {
	if j := dotted(text, i); j > 0 {
		return j
	}
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\'' || r == '’':
			next, _ := utf8.DecodeRuneInString(text[i+n:])
			if !unicode.IsLetter(next) {
				return i
			}
		case unicode.Is(unicode.Han, r) || !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r):
			return i
		}
		i += n
	}
	return i
}

// dotted returns the end of "a.m." or "p.m." at i, or 0.
func dotted(text string, i int) int {
	if len(text) < i+3 || text[i+1] != '.' || text[i+2]|0x20 != 'm' || (text[i]|0x20 != 'a' && text[i]|0x20 != 'p') {
		return 0
	}
	if len(text) > i+3 && text[i+3] == '.' {
		return i + 4
	}
	if len(text) > i+3 && text[i+3] != ' ' {
		return 0
	}
	return i + 3
}

func lexFigure(text string, i int, l *language) token {
	j := digitsEnd(text, i)
	t := token{low: text[i:j], from: i, to: j, kind: figure}
	group, point := byte(','), byte('.')
	if l.decimalComma {
		group, point = '.', ','
	}
	if k := groupsEnd(text, j, group); k > j && j-i <= 3 {
		t.low = strings.ReplaceAll(text[i:k], string(group), "")
		t.grouped = true
		j = k
	}
	for _, c := range [2]byte{point, group} {
		if i > 1 && text[i-1] == c && text[i-2] >= '0' && text[i-2] <= '9' {
			break
		}
		k := fractionEnd(text, j, c)
		if k > j && (c == point || k-j <= 3 && !t.grouped) {
			t.low += "." + text[j+1:k]
			j = k
			break
		}
	}
	t.to = j
	return t
}

func digitsEnd(text string, i int) int {
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	return i
}

// groupsEnd returns the end of the groups of three digits after i.
func groupsEnd(text string, i int, sep byte) int {
	for i < len(text) && text[i] == sep && digitsEnd(text, i+1) == i+4 {
		i += 4
	}
	return i
}

// fractionEnd returns the end of the decimals at i, or i where there are none
// or where they are a part of a date or an address.
func fractionEnd(text string, i int, point byte) int {
	if i >= len(text) || text[i] != point {
		return i
	}
	j := digitsEnd(text, i+1)
	if j == i+1 {
		return i
	}
	if j < len(text) && text[j] == point && (digitsEnd(text, j+1) > j+1 || j-i <= 3 && j+1 < len(text)) {
		return i
	}
	return j
}

// word returns the lower-case token i, empty beyond the end.
func (p *parser) word(i int) string {
	if i < 0 || i >= len(p.toks) {
		return ""
	}
	return p.toks[i].low
}

// is tells whether token i is one of words.
func (p *parser) is(i int, words ...string) bool {
	w := p.word(i)
	if w == "" {
		return false
	}
	for _, x := range words {
		if w == x {
			return true
		}
	}
	return false
}

// seq returns the token after phrase, words parted by spaces, at i; or 0.
func (p *parser) seq(i int, phrase string) int {
	for phrase != "" {
		w, rest, _ := strings.Cut(phrase, " ")
		if p.word(i) != w {
			return 0
		}
		phrase = rest
		i++
	}
	return i
}

// anyOf returns the token after the first phrase that stands at i, or 0.
func (p *parser) anyOf(i int, phrases ...string) int {
	for _, s := range phrases {
		if j := p.seq(i, s); j > 0 {
			return j
		}
	}
	return 0
}

// skip returns i, or the token after it where it is one of words.
func (p *parser) skip(i int, words ...string) int {
	if p.is(i, words...) {
		return i + 1
	}
	return i
}

func (p *parser) kindAt(i int) kind {
	if i < 0 || i >= len(p.toks) {
		return symbol
	}
	return p.toks[i].kind
}

// gluedTo tells whether token i is s and stands right after the one before.
func (p *parser) gluedTo(i int, s string) bool {
	return p.word(i) == s && p.toks[i].glued
}
