package entity

import "time"

// readRange reads "from monday to friday", "between the third and the tenth
// of march", "the next three days", "next week", "this weekend".
func readRange(p *parser, i int) (Value, int, bool) {
	for _, read := range [...]func(int) (day, int){p.fromTo, p.nextDays, p.stretch} {
		d, j := read(i)
		if j == i || d.end.Before(d.t) {
			continue
		}
		return Value{Text: iso(d.t) + "/" + iso(d.end), Confidence: d.conf}, j, true
	}
	return Value{}, i, false
}

// fromTo reads two days and what stands between them.
func (p *parser) fromTo(i int) (day, int) {
	j := p.skip(i, "from", "between", "von", "vom", "zwischen", "du", "de", "entre", "desde", "del", "从")
	a, k := p.rangeStart(j)
	if k == j {
		return day{}, i
	}
	joint := p.is(k, "to", "until", "till", "through", "thru", "bis", "au", "à", "hasta", "al", "-", "–", "到", "至") ||
		j > i && p.is(k, "and", "und", "et", "y")
	if !joint {
		return day{}, i
	}
	e := p.skip(p.skip(k+1, "and"), "zum", "den", "el", "le", "including")
	b, m := p.day(e)
	if m == e {
		return day{}, i
	}
	if a.t.IsZero() {
		a = p.sameMonth(j, b.t)
	}
	if b.t.Before(a.t) {
		b.t = p.laterEnd(a.t, b.t, e)
	}
	last := b.t
	if !b.end.IsZero() {
		last = b.end
	}
	return day{t: a.t, end: last, conf: 0.95}, m
}

// rangeStart reads the first day, or only its number: "from the third to the
// tenth of march". The day is then left zero.
func (p *parser) rangeStart(i int) (day, int) {
	if n, k, _ := p.dayNumber(i); k > i && n > 0 && p.is(k, "to", "through", "until", "till", "and", "-", "bis", "au", "al") {
		return day{}, k
	}
	return p.day(i)
}

// sameMonth gives the number at i the month of the range's end.
func (p *parser) sameMonth(i int, end time.Time) day {
	n, _, _ := p.dayNumber(i)
	t, _ := p.date(end.Year(), end.Month(), n)
	if t.After(end) {
		t = addMonths(firstOfMonth(end), -1).AddDate(0, 0, n-1)
	}
	return day{t: t}
}

// laterEnd moves the end of a range behind its start: a weekday or a day
// without its month is the next one after the start.
func (p *parser) laterEnd(start, end time.Time, i int) time.Time {
	if _, ok := p.weekdayAt(p.skip(p.skip(i, "the", "this", "next"), "coming")); ok {
		return after(start, int(end.Weekday()))
	}
	if n, _, ordinal := p.dayNumber(i); ordinal && end.Month() == start.Month() {
		return addMonths(firstOfMonth(start), 1).AddDate(0, 0, n-1)
	}
	for k := 0; k < 3 && end.Before(start); k++ {
		end = end.AddDate(1, 0, 0)
	}
	return end
}

// nextDays reads "the next three days", "the last two weeks".
func (p *parser) nextDays(i int) (day, int) {
	j := p.skip(p.skip(p.skip(i, "in", "for", "over", "during", "within"), "the"), "the")
	sign := 1
	switch {
	case p.is(j, "next", "coming", "following"):
	case p.is(j, "last", "past", "previous"):
		sign = -1
	default:
		return day{}, i
	}
	l, k := p.length(j + 1)
	if k == j+1 || l.span.seconds < 86400 {
		return day{}, i
	}
	today := p.today()
	if sign > 0 {
		return day{t: today.AddDate(0, 0, 1), end: dayOf(move(today, l, 1)), conf: 0.85}, k
	}
	return day{t: dayOf(move(today, l, -1)), end: today.AddDate(0, 0, -1), conf: 0.85}, k
}

// stretch reads a week, a month or a year as all its days.
func (p *parser) stretch(i int) (day, int) {
	d, j := p.day(i)
	if j == i {
		return day{}, i
	}
	if d.end.IsZero() {
		d.end = d.t
		d.conf *= 0.6
	}
	return d, j
}
