package entity

import (
	"math"
	"strconv"
	"strings"
)

// quantity is a number that may have a fraction.
type quantity struct {
	val     float64
	text    string // canonical, empty where val says it all
	plain   bool   // a whole number, without sign, fraction or "dozen"
	scaled  bool   // a million, and so on, after a fraction
	figures bool
}

func (q quantity) String() string {
	if q.text != "" {
		return q.text
	}
	return formatFloat(q.val)
}

// formatFloat writes a number without an exponent, rounded where adding
// fractions left dust.
func formatFloat(v float64) string {
	r := math.Round(v*1e9) / 1e9
	if math.IsInf(r, 0) || math.IsNaN(r) {
		r = v
	}
	return strconv.FormatFloat(r, 'f', -1, 64)
}

// number reads any number at i: "minus two point five", "one and a half",
// "two and a half million", "three quarters", "a dozen", "1,200.50".
func (p *parser) number(i int) (quantity, int) {
	j := i
	negative := false
	if has(p.lang.minus, p.word(j)) || p.is(j, "-", "−") && !p.toks[j].glued && j+1 < len(p.toks) && p.toks[j+1].glued {
		negative = true
		j++
	}
	q, k := p.unsigned(j)
	if k == j {
		return quantity{}, i
	}
	if negative {
		q.val, q.plain = -q.val, false
		if q.text != "" {
			q.text = "-" + q.text
		}
	}
	return q, k
}

func (p *parser) unsigned(i int) (quantity, int) {
	for _, read := range [...]func(int) (quantity, int){p.fraction, p.decimal, p.counted} {
		if q, j := read(i); j > i {
			return q, j
		}
	}
	n, j := p.cardinal(i)
	if j == i {
		return quantity{}, i
	}
	q := quantity{val: float64(n.val), plain: true, figures: n.figures}
	return p.half(q, j)
}

// half reads what may follow a whole number: "and a half", "and three
// quarters", "1/2", "dozen", and a scale after it.
func (p *parser) half(q quantity, i int) (quantity, int) {
	j := i
	switch {
	case p.seq(i, "and a half") > 0 && q.val >= 1e6 && !q.figures && math.Mod(q.val, 1e6) == 0:
		q.val, j = q.val+q.val/float64(int64(q.val/1e6))/2, i+3 // "a million and a half"
	case p.seq(i, "and a half") > 0:
		q.val, j = q.val+0.5, i+3
	case p.anyOf(i, "y medio", "y media", "et demi", "et demie", "und halb") > 0:
		q.val, j = q.val+0.5, i+2
	case p.seq(i, "and a quarter") > 0:
		q.val, j = q.val+0.25, i+3
	case p.is(i, "dozen") && p.lang.code == "en":
		return quantity{val: q.val * 12}, i + 1
	case p.is(i, "½", "¼", "¾", "半"):
		q.val, j = q.val+vulgar(p.word(i)), i+1
	case p.is(i, "and") || q.figures && p.kindAt(i) == figure && p.is(i+1, "/"):
		f, k := p.fraction(p.skip(i, "and"))
		if k == p.skip(i, "and") || f.val >= 1 {
			return q, i
		}
		q.val, j = q.val+f.val, k
	}
	if j == i {
		return q, i
	}
	q.plain = false
	return p.scaled(q, j)
}

func vulgar(w string) float64 {
	switch w {
	case "½", "半":
		return 0.5
	case "¼":
		return 0.25
	case "¾":
		return 0.75
	case "⅓":
		return 1.0 / 3
	case "⅔":
		return 2.0 / 3
	}
	return 0
}

// scaled multiplies by a scale that follows a fraction: "2.5 million".
func (p *parser) scaled(q quantity, i int) (quantity, int) {
	n, ok := p.lang.numerals[p.word(i)]
	switch {
	case ok && (n.class == scale || n.class == hundred):
		q.val, q.text, q.scaled = q.val*float64(n.val), "", true
		return q, i + 1
	case p.gluedTo(i, "k") && p.kindAt(i-1) == figure:
		q.val, q.text, q.scaled = q.val*1000, "", true
		return q, i + 1
	}
	return q, i
}

// decimal reads "three point one four", "point five", "2.50".
func (p *parser) decimal(i int) (quantity, int) {
	if p.kindAt(i) == figure && strings.Contains(p.word(i), ".") {
		v, err := strconv.ParseFloat(p.word(i), 64)
		if err != nil {
			return quantity{}, i
		}
		return p.scaled(quantity{val: v, text: p.word(i), figures: true}, i+1)
	}
	n, j := p.cardinal(i)
	if !has(p.lang.points, p.word(j)) || j == i && p.lang.code != "en" || p.is(j, "dot") && p.kindAt(i) == figure {
		if j > i && p.gluedTo(j, "k") && n.figures {
			return p.scaled(quantity{val: float64(n.val)}, j)
		}
		return quantity{}, i
	}
	digits, k := p.digitWords(j + 1)
	if digits == "" || len(digits) == 1 || p.lang.code != "en" {
		m, after := p.cardinal(j + 1)
		if after > k && m.val < 100 {
			digits, k = strconv.FormatInt(m.val, 10), after
		}
	}
	if digits == "" || len(digits) > 15 {
		return quantity{}, i
	}
	text := strconv.FormatInt(n.val, 10) + "." + digits
	v, _ := strconv.ParseFloat(text, 64)
	return p.scaled(quantity{val: v, text: text}, k)
}

// fraction reads "half", "a third", "three quarters", "two thirds", "1/2",
// "three over four", and "half a million".
func (p *parser) fraction(i int) (quantity, int) {
	if p.kindAt(i) == symbol && vulgar(p.word(i)) > 0 {
		return quantity{val: vulgar(p.word(i))}, i + 1
	}
	if p.lang.code != "en" {
		return p.foreignHalf(i)
	}
	j := i
	if p.is(i, "a", "one") && p.is(i+1, "half") {
		j++
	}
	if p.is(j, "half") {
		return p.halfOf(j + 1)
	}
	n, j := p.cardinal(i)
	if j == i && p.is(i, "a") {
		n.val, j = 1, i+1
	}
	if j == i || n.val == 0 {
		return quantity{}, i
	}
	if d, k := p.denominator(j, n.val); k > j {
		return quantity{val: float64(n.val) / float64(d), figures: n.figures}, k
	}
	return quantity{}, i
}

// halfOf reads what "half" is taken of.
func (p *parser) halfOf(i int) (quantity, int) {
	q := quantity{val: 0.5}
	switch {
	case p.is(i, "a", "an") && p.is(i+1, "dozen"):
		return quantity{val: 6}, i + 2
	case p.is(i, "a", "an"):
		if r, j := p.scaled(q, i+1); j > i+1 {
			return r, j
		}
	}
	return q, i
}

// denominator reads the part below the line, above which n stands.
func (p *parser) denominator(i int, n int64) (int64, int) {
	if p.is(i, "/", "⁄") && p.toks[i].glued && p.kindAt(i+1) == figure && p.toks[i+1].glued && !p.gluedTo(i+2, "/") || p.is(i, "over") {
		d, k := p.cardinal(i + 1)
		if k > i+1 && d.val > 0 {
			return d.val, k
		}
		return 0, i
	}
	w := p.word(i)
	if w == "quarter" && n == 1 || w == "quarters" && n > 1 {
		return 4, i + 1
	}
	if w == "halves" && n > 1 {
		return 2, i + 1
	}
	w, plural := strings.CutSuffix(w, "s")
	if d, ok := p.lang.ordinals[w]; ok && d.val > 2 && plural == (n > 1) {
		return d.val, i + 1
	}
	return 0, i
}

func (p *parser) foreignHalf(i int) (quantity, int) {
	switch {
	case p.lang.code == "de" && p.is(i, "anderthalb", "eineinhalb"):
		return quantity{val: 1.5}, i + 1
	case p.lang.code == "de" && p.is(i, "halbe", "halber", "halben", "halbes"):
		return quantity{val: 0.5}, i + 1
	case p.lang.code == "zh" && p.is(i, "半"):
		return quantity{val: 0.5}, i + 1
	case p.lang.code == "fr" && p.is(i, "demi", "demie"), p.lang.code == "es" && p.is(i, "medio", "media"):
		return quantity{val: 0.5}, i + 1
	}
	if w, ok := strings.CutSuffix(p.word(i), "einhalb"); ok && p.lang.code == "de" {
		if n, ok := germanBelow(w, 1e6); ok {
			return quantity{val: float64(n) + 0.5}, i + 1
		}
	}
	return quantity{}, i
}

// counted reads "a dozen", "half a dozen", "a couple".
func (p *parser) counted(i int) (quantity, int) {
	if p.lang.code != "en" {
		return quantity{}, i
	}
	j := p.skip(i, "a")
	switch {
	case p.is(j, "dozen"):
		return quantity{val: 12}, j + 1
	case p.is(j, "couple"):
		return p.scaled(quantity{val: 2}, p.skip(j+1, "of"))
	case j > i && p.is(j, "gross", "score") && p.is(j+1, "of"):
		return quantity{val: map[string]float64{"gross": 144, "score": 20}[p.word(j)]}, j + 1
	}
	return quantity{}, i
}

func readNumber(p *parser, i int) (Value, int, bool) {
	q, j := p.number(i)
	if j == i {
		return Value{}, i, false
	}
	v := Value{Text: trimZeros(q.String()), Number: q.val, Confidence: 0.95}
	if j == i+1 && p.is(i, "one", "a", "ein", "eine", "einen", "un", "une", "una", "一") && len(p.toks) > 3 {
		v.Confidence = 0.5
	}
	if q.plain && !q.figures && q.val > 0 && q.val < 100 {
		p.pairs(&v, q, j)
	}
	return v, p.pairsEnd(&v, q, j), true
}

func trimZeros(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(s, "0")
		s = strings.TrimSuffix(s, ".")
	}
	return s
}

// pairs reads numbers said in pairs, "twenty twenty six", "one fifty", into an
// only value where they stand alone.
func (p *parser) pairs(v *Value, q quantity, i int) {
	digits, j := p.digitRun(i)
	if j > i {
		all := strconv.Itoa(int(q.val)) + digits
		n, err := strconv.ParseFloat(all, 64)
		if err == nil && len(all) < 16 {
			v.Text, v.Number, v.Confidence = all, n, 0.7
		}
	}
}

// pairsEnd returns the token after the pairs that were taken.
func (p *parser) pairsEnd(v *Value, q quantity, i int) int {
	if v.Number == q.val {
		return i
	}
	_, j := p.digitRun(i)
	return j
}

// digitRun reads number words that follow one another without any joint.
func (p *parser) digitRun(i int) (string, int) {
	var b strings.Builder
	for b.Len() < 20 {
		if p.is(i, "oh") && p.lang.code == "en" {
			b.WriteByte('0')
			i++
			continue
		}
		n, j := p.cardinal(i)
		if j == i || n.figures || n.val > 99 || p.is(i, "a", "an", "ein", "un", "une") {
			break
		}
		b.WriteString(strconv.FormatInt(n.val, 10))
		i = j
	}
	return b.String(), i
}

func readOrdinal(p *parser, i int) (Value, int, bool) {
	n, j := p.nth(i)
	if j == i {
		return Value{}, i, false
	}
	v := Value{Text: strconv.FormatInt(n, 10), Number: float64(n), Confidence: 0.95}
	if p.is(j-1, "second") && j == i+1 && (p.is(i-1, "a", "one", "per") || i == 0 && len(p.toks) > 2) {
		v.Confidence = 0.4
	}
	return v, j, true
}
