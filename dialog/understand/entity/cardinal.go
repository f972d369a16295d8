package entity

import (
	"strconv"
	"strings"
)

// class is how a numeral joins others.
type class uint8

const (
	unit    class = iota // 0 to 9
	teen                 // 10 to 19, and all that takes no unit
	ten                  // 20, 30 … 90
	hundred              // multiplies by 100
	centena              // 200 … 900 in one word (Spanish)
	scale                // multiplies by a thousand and more
)

type numeral struct {
	val     int64
	class   class
	ordinal bool
}

// numerals makes the table of a language from its words for 0 to 19, its tens
// from 20 on, and its hundred and scales.
func numerals(small, tens string, big map[string]int64) map[string]numeral {
	m := map[string]numeral{}
	for w, n := range table(0, small) {
		c := unit
		if n > 9 {
			c = teen
		}
		m[w] = numeral{val: int64(n), class: c}
	}
	for w, n := range table(2, tens) {
		m[w] = numeral{val: int64(n) * 10, class: ten}
	}
	for w, n := range big {
		c := scale
		if n == 100 {
			c = hundred
		}
		m[w] = numeral{val: n, class: c}
	}
	return m
}

// integer is a whole number as it was read.
type integer struct {
	val     int64
	ordinal bool
	figures bool // written in figures
}

// cardinal reads a whole number at i: "a hundred and twenty", "twelve
// hundred", "5 million". next is i where there is none.
func (p *parser) cardinal(i int) (n integer, next int) { return p.scan(i, false) }

// nth reads an ordinal number at i: "twenty third", "23rd", "two hundredth".
func (p *parser) nth(i int) (val int64, next int) {
	if p.kindAt(i) == figure {
		return p.figureNth(i)
	}
	n, next := p.scan(i, true)
	if !n.ordinal {
		return 0, i
	}
	return n.val, next
}

func (p *parser) figureNth(i int) (int64, int) {
	v, err := strconv.ParseInt(p.word(i), 10, 64)
	if err != nil {
		return 0, i
	}
	switch {
	case p.is(i+1, "st", "nd", "rd", "th", "ter", "te", "ten", "er", "ème", "eme", "e", "º", "ª"):
		return v, i + 2
	case p.lang.code == "de" && p.gluedTo(i+1, "."):
		return v, i + 2
	}
	return 0, i
}

// adder builds a number from its words.
type adder struct {
	p        *parser
	ordinals bool // an ordinal may end the number
	done     bool // it has
}

func (p *parser) scan(i int, ordinals bool) (integer, int) {
	if p.lang.code == "zh" {
		return p.hanzi(i)
	}
	a := adder{p: p, ordinals: ordinals}
	start := i
	var total int64
	limit := int64(1e16)
	for !a.done {
		v, j, ok := a.group(i, start == i, limit)
		if !ok {
			break
		}
		i = j
		n, k := a.scale(i)
		if k == i || n >= limit {
			total += v
			break
		}
		total += v * n
		limit, i = n, k
	}
	if i == start {
		return integer{}, start
	}
	return integer{val: total, ordinal: a.done, figures: p.kindAt(start) == figure}, i
}

// scale reads "thousand" or higher.
func (a *adder) scale(i int) (int64, int) {
	n, ok := a.look(i)
	if a.done || !ok || n.class != scale {
		return 0, i
	}
	a.done = n.ordinal
	return n.val, i + 1
}

// look returns the numeral of token i, ordinals only where they may be.
func (a *adder) look(i int) (numeral, bool) {
	w := a.p.word(i)
	if n, ok := a.p.lang.numerals[w]; ok {
		return n, true
	}
	if a.ordinals {
		if n, ok := a.p.lang.ordinals[w]; ok {
			n.ordinal = true
			return n, true
		}
	}
	if a.p.lang.code != "de" || len(w) < 6 {
		return numeral{}, false
	}
	n, ordinal, ok := germanCompound(w)
	return numeral{n, teen, ordinal}, ok && (!ordinal || a.ordinals)
}

// group reads what stands before a scale: 1 to 9999. first tells whether the
// number begins here, limit is the scale before it.
func (a *adder) group(i int, first bool, limit int64) (int64, int, bool) {
	if first && a.p.kindAt(i) == figure {
		return a.figure(i)
	}
	if first && a.article(i) {
		return 1, i + 1, true
	}
	j := i
	if !first && has(a.p.lang.ands, a.p.word(j)) {
		j++
	}
	v, k, ok := a.hundreds(j, first)
	if !ok || v >= limit || !first && v == 0 {
		a.done = false
		return 0, i, false
	}
	return v, k, true
}

func (a *adder) figure(i int) (int64, int, bool) {
	v, err := strconv.ParseInt(a.p.word(i), 10, 64)
	if err != nil || v >= 1e15 {
		return 0, i, false
	}
	if n, ok := a.look(i + 1); ok && n.class == hundred && v < 100 {
		a.done = n.ordinal
		return v * 100, i + 2, true
	}
	return v, i + 1, true
}

// article tells whether "a" stands before a scale: "a thousand".
func (a *adder) article(i int) bool {
	if !a.p.is(i, "a", "an", "ein", "eine", "un", "une") {
		return false
	}
	n, ok := a.p.lang.numerals[a.p.word(i+1)]
	return ok && n.class == scale
}

// hundreds reads up to 9999: "twelve hundred and six".
func (a *adder) hundreds(i int, first bool) (int64, int, bool) {
	v, j, ok := a.below100(i)
	if ok && a.done {
		return v, j, true
	}
	if !ok && first && a.p.is(i, "a", "ein", "un") {
		j = i + 1
	}
	n, isNum := a.look(j)
	switch {
	case isNum && n.class == hundred && v < 100:
		if !ok {
			v = 1
		}
		a.done = n.ordinal
		return a.rest(v*100, j+1)
	case isNum && n.class == centena && !ok:
		return a.rest(n.val, j+1)
	case isNum && n.class == scale && first && !ok && j == i:
		return 1, j, n.val == 1000 || n.ordinal
	}
	return v, j, ok
}

// rest adds what follows a hundred.
func (a *adder) rest(v int64, i int) (int64, int, bool) {
	if a.done {
		return v, i, true
	}
	j := i
	if has(a.p.lang.ands, a.p.word(j)) {
		j++
	}
	r, k, ok := a.below100(j)
	if !ok || r == 0 || !a.done && a.multiplied(k) {
		a.done = false
		return v, i, true
	}
	return v + r, k, true
}

// multiplied tells whether the number that ends before i is one of hundreds.
func (a *adder) multiplied(i int) bool {
	n, ok := a.p.lang.numerals[a.p.word(i)]
	return ok && n.class == hundred
}

// below100 reads 0 to 99, or a compound of any size.
func (a *adder) below100(i int) (int64, int, bool) {
	if a.p.lang.code == "fr" {
		return a.below100French(i)
	}
	n, ok := a.look(i)
	if !ok || n.class > ten {
		return 0, i, false
	}
	a.done = n.ordinal
	switch {
	case a.done || n.class == teen:
		return n.val, i + 1, true
	case n.class == unit:
		return a.unitFirst(n.val, i+1)
	}
	j := i + 1
	if a.p.lang.code == "es" && a.p.is(j, "y") {
		j++
	}
	if u, ok := a.look(j); ok && u.class == unit && u.val > 0 {
		a.done = u.ordinal
		return n.val + u.val, j + 1, true
	}
	return n.val, i + 1, true
}

// unitFirst reads the rest of "drei und vierzig".
func (a *adder) unitFirst(v int64, i int) (int64, int, bool) {
	if a.p.lang.code != "de" || !a.p.is(i, "und") {
		return v, i, true
	}
	if n, ok := a.look(i + 1); ok && n.class == ten {
		a.done = n.ordinal
		return v + n.val, i + 2, true
	}
	return v, i, true
}

// below100French reads "soixante et onze", "quatre vingt dix sept".
func (a *adder) below100French(i int) (int64, int, bool) {
	n, ok := a.look(i)
	if !ok || n.class > ten {
		return 0, i, false
	}
	j := i + 1
	a.done = n.ordinal
	switch {
	case a.done:
		return n.val, j, true
	case n.val == 4 && a.p.is(j, "vingt", "vingts"):
		return a.restFrench(80, j+1)
	case n.class == ten:
		return a.restFrench(n.val, j)
	case n.val == 10:
		if u, ok := a.look(j); ok && u.class == unit && u.val >= 7 {
			a.done = u.ordinal
			return 10 + u.val, j + 1, true
		}
	}
	return n.val, j, true
}

// restFrench adds 1 to 9 to a ten, and up to 19 to sixty and eighty.
func (a *adder) restFrench(base int64, i int) (int64, int, bool) {
	k := a.p.skip(i, "et")
	n, ok := a.look(k)
	if !ok || n.val == 0 || n.class != unit && (n.class != teen || base < 60) {
		return base, i, true
	}
	if n.class == unit {
		a.done = n.ordinal
		return base + n.val, k + 1, true
	}
	r, m, _ := a.below100French(k)
	return base + r, m, true
}

// digitWords reads what follows a decimal point: "one four one five".
func (p *parser) digitWords(i int) (string, int) {
	var b strings.Builder
	for ; i < len(p.toks); i++ {
		w := p.word(i)
		n, ok := p.lang.numerals[w]
		switch {
		case ok && n.class == unit:
			b.WriteByte(byte('0' + n.val))
		case (w == "oh" || w == "o") && p.lang.code == "en":
			b.WriteByte('0')
		case p.kindAt(i) == figure && !strings.Contains(w, "."):
			b.WriteString(w)
		default:
			return b.String(), i
		}
	}
	return b.String(), i
}
