package entity

import (
	"strconv"
	"strings"
	"time"
)

// month returns the month named at i, 0 where there is none.
func (p *parser) month(i int) (time.Month, int) {
	w := p.word(i)
	m := p.lang.months[w]
	if m == 0 || (w == "mar" || w == "march" && p.is(i+1, "on", "to", "into")) && !p.abbreviated(i) && p.lang.code == "en" {
		return 0, i
	}
	if p.gluedTo(i+1, ".") && len(w) <= 4 && i+2 < len(p.toks) {
		return time.Month(m), i + 2
	}
	return time.Month(m), i + 1
}

// dayNumber reads the number of a day: "third", "the twenty third", "3rd",
// "three", "23".
func (p *parser) dayNumber(i int) (n int, next int, ordinal bool) {
	j := p.skip(i, "the")
	if n, k := p.nth(j); k > j {
		if n > 31 || n == 0 {
			return 0, i, false
		}
		return int(n), k, true
	}
	c, k := p.cardinal(j)
	if k == j || c.val < 1 || c.val > 31 || p.is(j, "a", "an") || p.gluedTo(k, ":") || p.gluedTo(k, "%") {
		return 0, i, false
	}
	return int(c.val), k, false
}

// monthDay reads "march third twenty twenty six", "march 3, 2026", "march the
// third", "next march", "march 2026".
func (p *parser) monthDay(i int) (day, int) {
	j := p.skip(i, "this", "next", "last", "in", "during")
	m, k := p.month(j)
	if m == 0 {
		return day{}, i
	}
	if y, e := p.yearRef(k); e > k {
		t, ok := p.date(y, m, 1)
		if !ok {
			return day{}, i
		}
		return day{t: t, end: lastOfMonth(t), conf: 0.8}, e
	}
	n, e, ordinal := p.dayNumber(k)
	if e > k && !p.hourAhead(e, ordinal) {
		return p.withYear(m, n, i, e)
	}
	return p.monthAlone(m, i, j, k)
}

// hourAhead tells whether the number that ends before i is a time: "march at
// nine", "march 3 pm".
func (p *parser) hourAhead(i int, ordinal bool) bool {
	d, _ := p.partAfter(i)
	return !ordinal && (d == am || d == pm || p.oclock(i) > 0)
}

// withYear gives the day its year, said or to come.
func (p *parser) withYear(m time.Month, n, i, j int) (day, int) {
	if y, k := p.yearRef(j); k > j {
		if t, ok := p.date(y, m, n); ok {
			return day{t: t, conf: 0.98}, k
		}
		return day{}, i
	}
	d, ok := p.comingDay(m, n)
	if !ok {
		return day{}, i
	}
	return d, j
}

// monthAlone reads a month without a day, which stands for its first.
func (p *parser) monthAlone(m time.Month, i, j, k int) (day, int) {
	lead := p.is(j-1, "in", "this", "next", "last", "of", "during", "early", "since", "until")
	if (m == time.May || m == time.March && len(p.toks) > 2) && !lead && len(p.toks) > 1 {
		return day{}, i
	}
	this := firstOfMonth(p.today())
	t, _ := p.date(this.Year(), m, 1)
	switch {
	case p.is(i, "last") && j > i:
		if !t.Before(this) {
			t = t.AddDate(-1, 0, 0)
		}
	case p.is(i, "next") && j > i && t.Equal(this), t.Before(this):
		t = t.AddDate(1, 0, 0)
	}
	return day{t: t, end: lastOfMonth(t), conf: 0.6}, k
}

// dayMonth reads "the third of march", "3 march 2026", "the third of next
// month", and "the third" alone.
func (p *parser) dayMonth(i int) (day, int) {
	start := p.skip(i, "on")
	n, j, ordinal := p.dayNumber(start)
	if j == start {
		return day{}, i
	}
	k := p.skip(p.skip(j, "day"), "of", "in", "-")
	if m, e := p.month(k); m > 0 {
		d, e := p.withYear(m, n, i, e)
		return d, e
	}
	if t, e, fixed := p.monthRef(k); e > k && ordinal && (k > j || p.is(k, "next", "this", "last")) {
		d, ok := p.date(t.Year(), t.Month(), n)
		if ok && !fixed && d.Before(p.today()) {
			next := addMonths(t, 1)
			d, ok = p.date(next.Year(), next.Month(), n)
		}
		if !ok {
			return day{}, i
		}
		return day{t: d, conf: 0.95}, e
	}
	if m, _ := p.month(start - 1); m > 0 || p.is(j, "of") || !ordinal || !p.dayEnds(start, j) {
		return day{}, i
	}
	t, ok := p.comingNumber(n)
	if !ok {
		return day{}, i
	}
	return day{t: t, conf: 0.7}, j
}

// dayEnds tells whether an ordinal from i to j is a day and not the first of
// some things.
func (p *parser) dayEnds(i, j int) bool {
	the := p.is(i, "the")
	if p.is(j-1, "second", "first") && !the {
		return len(p.toks) == j && j-i > 1
	}
	if j >= len(p.toks) {
		return true
	}
	return p.is(j, "at", "please", "around", "in", "would", "is", "and", "to", "if", "for", "or", "then", "through", "until",
		"no", "not", "i", "works", "should", "will", "by", "from", "between", "about", "thanks", "that", ".", ",", "?")
}

// figureDate reads "03/04/2026", "2026-03-04", "4.3.2026", "3/4".
func (p *parser) figureDate(i int) (day, int) {
	a, ok := p.figureAt(i)
	if !ok {
		return day{}, i
	}
	if len(p.word(i)) == 8 && a > 19000000 && a < 22000000 {
		return p.yearMonthDay(a/10000, a/100%100, a%100, i, i+1)
	}
	sep := p.word(i + 1)
	spoken := sep == "slash" || sep == "dash"
	if !spoken && (sep != "/" && sep != "-" && sep != "." || !p.toks[i+1].glued) {
		return day{}, i
	}
	b, ok := p.figureAt(i + 2)
	if !ok || !spoken && !p.toks[i+2].glued {
		return day{}, i
	}
	if p.word(i+3) != sep || !spoken && !p.toks[i+3].glued {
		return p.shortDate(a, b, sep, i)
	}
	c, ok := p.figureAt(i + 4)
	switch {
	case !ok:
		return p.shortDate(a, b, sep, i)
	case a >= 1000:
		return p.yearMonthDay(a, b, c, i, i+5)
	case len(p.word(i+4)) == 2:
		c = century(c)
	case len(p.word(i+4)) != 4:
		return day{}, i
	}
	return p.ordered(a, b, c, sep, i, i+5)
}

// figureAt returns the whole figure at i.
func (p *parser) figureAt(i int) (int, bool) {
	if p.kindAt(i) != figure || strings.Contains(p.word(i), ".") || len(p.word(i)) > 8 {
		return 0, false
	}
	n, err := strconv.Atoi(p.word(i))
	return n, err == nil
}

func (p *parser) yearMonthDay(y, m, d, i, j int) (day, int) {
	t, ok := p.date(y, time.Month(m), d)
	if !ok {
		return day{}, i
	}
	return day{t: t, conf: 1}, j
}

// ordered reads day and month in the language's order, or in the only order
// in which they are a date. Dots always put the day first.
func (p *parser) ordered(a, b, y int, sep string, i, j int) (day, int) {
	m, n := a, b
	if !p.lang.monthFirst || sep == "." {
		m, n = b, a
	}
	t, ok := p.date(y, time.Month(m), n)
	u, other := p.date(y, time.Month(n), m)
	switch {
	case ok && other && !t.Equal(u):
		return day{t: t, conf: 0.85, alts: []time.Time{u}}, j
	case ok:
		return day{t: t, conf: 0.98}, j
	case other:
		return day{t: u, conf: 0.9}, j
	}
	return day{}, i
}

// shortDate reads "3/4", and "3.4." in German.
func (p *parser) shortDate(a, b int, sep string, i int) (day, int) {
	j := i + 3
	if sep == "." {
		if p.lang.code != "de" {
			return day{}, i
		}
		j = p.skip(j, ".")
	} else if sep != "/" && sep != "slash" || p.unitAfter(j) || b == 2 && a == 1 {
		return day{}, i
	}
	d, end := p.ordered(a, b, 2000, sep, i, j)
	if end == i {
		return day{}, i
	}
	c, ok := p.comingDay(d.t.Month(), d.t.Day())
	c.conf = 0.75
	if !ok {
		return day{}, i
	}
	return c, end
}

// digitDate reads a date said in digits: "oh three oh four twenty twenty
// six", "three slash four slash twenty twenty six".
func (p *parser) digitDate(i int) (day, int) {
	a, j := p.twoDigits(i)
	if j == i {
		return day{}, i
	}
	slashed := p.is(j, "slash", "dash", "stroke")
	b, k := p.twoDigits(p.skip(j, "slash", "dash", "stroke"))
	if k == p.skip(j, "slash", "dash", "stroke") {
		return day{}, i
	}
	e := p.skip(k, "slash", "dash", "stroke")
	y, end := p.year(e)
	if end == e {
		if !slashed {
			return day{}, i
		}
		d, last := p.ordered(a, b, 2000, "/", i, k)
		if last == i {
			return day{}, i
		}
		c, ok := p.comingDay(d.t.Month(), d.t.Day())
		if !ok {
			return day{}, i
		}
		return c, k
	}
	d, end := p.ordered(a, b, y, "/", i, end)
	d.conf = min(d.conf, 0.8)
	return d, end
}

// twoDigits reads a day or a month in digits: "oh three", "twelve".
func (p *parser) twoDigits(i int) (int, int) {
	if p.is(i, "oh", "o", "zero") {
		n, j := p.cardinal(i + 1)
		if j == i+1 || n.val < 1 || n.val > 9 {
			return 0, i
		}
		return int(n.val), j
	}
	n, j := p.cardinal(i)
	if j == i || n.val < 1 || n.val > 31 || n.figures || p.is(i, "a") {
		return 0, i
	}
	return int(n.val), j
}
