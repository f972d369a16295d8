package entity

import (
	"strings"
	"unicode"
)

// code is a string of letters and digits being read.
type code struct {
	b        strings.Builder
	ohs      []int // where O and 0 were not told apart
	from, to int
	strong   int // pieces that cannot be words of the sentence
	pieces   int
}

// piece reads one piece of a code: a letter, digits, a typed piece, or a
// separator.
func (p *parser) piece(i int, within bool) (element, int) {
	if e, j := p.typed(i); j > i {
		return e, j
	}
	if n := p.lang.repeats[p.word(i)]; n > 0 && p.anyOf(i, "double u", "double you") == 0 {
		if e, j := p.letterAt(i + 1); j > i+1 {
			return element{text: strings.Repeat(e.text, n)}, j
		}
	}
	if k := p.anyOf(i+1, "as in the number", "as in number", "as in the digit"); k > 0 {
		if options, j := p.digitGroup(k, true); j > k {
			return element{text: options[0]}, j
		}
	}
	if e, j := p.letterAt(i); j > i && e.text != "" && !p.articleOf(i) {
		return e, j
	}
	k := p.skip(i, "number", "digit", "figure", "numeral")
	if k > i && !within {
		k = i
	}
	options, j := p.digitGroup(k, within)
	if j == k {
		return element{}, i
	}
	return element{text: options[0], oh: p.is(k, "oh")}, j
}

// articleOf tells whether "a" at i stands before a letter that is spoken of: "with a
// w".
func (p *parser) articleOf(i int) bool {
	return p.is(i, "a", "an") && p.is(i-1, "with", "is", "by", "after") && len(p.word(i+1)) == 1 && p.kindAt(i+1) == word && !(p.kindAt(i+2) == word && len(p.word(i+2)) == 1)
}

// typed reads a piece that was typed as letters and digits together.
func (p *parser) typed(i int) (element, int) {
	if i >= len(p.toks) || p.toks[i].glued && i > 0 && p.kindAt(i-1) != symbol {
		return element{}, i
	}
	j := i + 1
	digits, letters := p.kindAt(i) == figure, p.kindAt(i) == word
	for j < len(p.toks) && p.toks[j].glued && (p.kindAt(j) != symbol || p.is(j, "-", "/", "_") && p.kindAt(j+1) != symbol && p.toks[j+1].glued) {
		digits = digits || p.kindAt(j) == figure
		letters = letters || p.kindAt(j) == word
		j++
	}
	raw := p.text[p.toks[i].from:p.toks[j-1].to]
	if p.kindAt(i) == symbol || len(raw) > 40 {
		return element{}, i
	}
	if digits && (letters || j > i+1) {
		if letters && j == i+2 && p.is(i+1, "st", "nd", "rd", "th", "pm", "am", "%") {
			return element{}, i
		}
		return element{text: strings.ToUpper(raw)}, j
	}
	if letters && len(raw) > 1 && len(raw) < 8 && strings.ToUpper(raw) == raw && strings.ToLower(p.text) != p.text && strings.ToUpper(p.text) != p.text && j == i+1 && ascii(raw) {
		return element{text: raw}, j
	}
	return element{}, i
}

func ascii(s string) bool {
	for _, r := range s {
		if r > unicode.MaxASCII {
			return false
		}
	}
	return true
}

// separator reads a dash and the like between pieces. A filler is empty.
func (p *parser) separator(i int) (string, bool) {
	switch p.word(i) {
	case "dash", "hyphen", "minus", "-", "bindestrich", "strich", "tiret", "guion":
		return "-", true
	case "slash", "/":
		return "/", true
	case "underscore", "_":
		return "_", true
	case "space", "then", "and", "uh", "um", "er", ",", ".", "followed", "by", "comma", "äh", "und", "dann":
		return "", true
	}
	return "", false
}

// codeAt reads the longest code that begins at i.
func (p *parser) codeAt(i int) *code {
	c := &code{from: i, to: i}
	for j := i; j < len(p.toks) && c.b.Len() < 64; {
		k, sep := j, ""
		for n := 0; n < 3 && c.pieces > 0; n++ {
			s, ok := p.separator(k)
			if !ok {
				break
			}
			sep += s
			k++
		}
		e, next := p.piece(k, c.pieces > 0)
		if next == k || c.pieces == 0 && e.weak && !p.codeStart(k, next) {
			break
		}
		c.add(sep, e)
		c.to, j = next, next
	}
	return c
}

func (c *code) add(sep string, e element) {
	c.b.WriteString(sep)
	if e.oh {
		c.ohs = append(c.ohs, c.b.Len())
	}
	c.b.WriteString(e.text)
	c.pieces++
	if !e.weak {
		c.strong++
	}
}

// codeStart tells whether a word that may be a letter begins a code: it stands
// first, or after "is", and a sure piece follows it.
func (p *parser) codeStart(i, next int) bool {
	e, j := p.piece(next, true)
	if j == next {
		return false
	}
	if len(p.word(i)) == 1 && !e.weak {
		return true
	}
	return i == 0 || p.is(i-1, "is", "it's", "its", "code", "number", "reference", "id", "plate", "ref", "letter", "letters", "spelled")
}

func findCode(p *parser) (Value, bool) {
	var best *code
	for i := 0; i < len(p.toks); {
		c := p.codeAt(i)
		if c.to == i {
			i++
			continue
		}
		if best == nil || c.better(best) || p.corrected(p.toks[best.to-1].to, p.toks[c.from].from) && c.b.Len()+2 >= best.b.Len() {
			best = c
		}
		i = c.to
	}
	if best == nil || best.strong == 0 && best.pieces < 3 {
		return Value{}, false
	}
	text, alts := best.resolved()
	if strings.ContainsAny(text, "-/_") {
		alts = append(alts, strings.NewReplacer("-", "", "/", "", "_", "").Replace(text))
	}
	conf := 0.9
	if len(text) < 2 || best.strong == 0 {
		conf = 0.5
	}
	return Value{Text: text, Alternatives: alts, Confidence: conf, From: p.toks[best.from].from, To: p.toks[best.to-1].to}, true
}

// better tells whether c is a likelier code than d: the longer one, and one
// that has both letters and digits.
func (c *code) better(d *code) bool {
	return c.b.Len()+2*b2i(mixed(c.b.String())) > d.b.Len()+2*b2i(mixed(d.b.String()))
}

func mixed(s string) bool {
	return strings.ContainsAny(s, "0123456789") && strings.IndexFunc(s, unicode.IsUpper) >= 0
}

// resolved tells O from 0 by the neighbours, and gives the other reading.
func (c *code) resolved() (string, []string) {
	b := []byte(c.b.String())
	var alts []string
	for _, at := range c.ohs {
		digit := isDigit(b, at-1) || isDigit(b, at+1)
		letter := isLetter(b, at-1) || isLetter(b, at+1)
		spelled := b[at] == '0' // said "oh"
		o := byte('O')
		if digit && !letter || spelled && (digit || !letter) {
			o = '0'
		}
		b[at] = o
		other := append([]byte(nil), b...)
		other[at] = 'O' + '0' - o
		if len(alts) < maxAlternatives {
			alts = append(alts, string(other))
		}
	}
	return string(b), alts
}

func isDigit(b []byte, i int) bool { return i >= 0 && i < len(b) && b[i] >= '0' && b[i] <= '9' }

func isLetter(b []byte, i int) bool { return i >= 0 && i < len(b) && b[i] >= 'A' && b[i] <= 'Z' }
