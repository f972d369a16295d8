package entity

import (
	"strings"
	"time"
)

// dayReader reads one way of naming a day.
type dayReader func(p *parser, i int) (day, int)

// day reads a date at i, the longest reading of all. A date may hold another,
// "a week from monday", but not without end.
func (p *parser) day(i int) (day, int) {
	if p.depth > 2 || i >= len(p.toks) {
		return day{}, i
	}
	p.depth++
	defer func() { p.depth-- }()
	if p.lang.code == "en" {
		return p.longest(i, []dayReader{
			(*parser).namedDay, (*parser).weekday, (*parser).weekdayOfMonth, (*parser).monthDay, (*parser).dayMonth,
			(*parser).figureDate, (*parser).digitDate, (*parser).shifted, (*parser).cycle, (*parser).edge, (*parser).holiday,
		})
	}
	return p.longest(i, []dayReader{
		(*parser).foreignNamed, (*parser).foreignWeekday, (*parser).foreignMonthDay, (*parser).figureDate,
		(*parser).foreignShifted, (*parser).foreignCycle, (*parser).chineseDate,
	})
}

func (p *parser) longest(i int, readers []dayReader) (day, int) {
	var best day
	end := i
	for _, read := range readers {
		if d, j := read(p, i); j > end && d.t.Year() > 0 && d.t.Year() < 10000 {
			best, end = d, j
		}
	}
	return best, end
}

// namedDay reads "today", "the day after tomorrow".
func (p *parser) namedDay(i int) (day, int) {
	j := p.skip(i, "the")
	for _, n := range [...]struct {
		phrase string
		days   int
	}{
		{"day after tomorrow", 2},
		{"day before yesterday", -2},
		{"next day", 1},
		{"following day", 1},
		{"today", 0},
		{"tonight", 0},
		{"tomorrow", 1},
		{"tomorrow's", 1},
		{"tmrw", 1},
		{"today's", 0},
		{"yesterday", -1},
		{"now", 0},
		{"right now", 0},
		{"this morning", 0},
		{"this afternoon", 0},
		{"this evening", 0},
		{"last night", -1},
		{"same day", 0},
		{"end of day", 0},
		{"end of the day", 0},
		{"end of business", 0},
		{"close of business", 0},
	} {
		k := p.seq(j, n.phrase)
		if k == 0 || n.phrase == "now" && len(p.toks) > 3 {
			continue
		}
		if n.days == 1 && p.is(k, "week") {
			return day{t: p.today().AddDate(0, 0, 8), conf: 0.9}, k + 1
		}
		return day{t: p.today().AddDate(0, 0, n.days), conf: 0.95}, k
	}
	return day{}, i
}

// weekdayAt returns the weekday named at i.
func (p *parser) weekdayAt(i int) (int, bool) {
	w := p.word(i)
	n, ok := p.lang.weekdays[w]
	if !ok {
		n, ok = p.lang.weekdays[strings.TrimSuffix(w, "'s")]
	}
	if !ok || (w == "sat" || w == "sun" || w == "wed" || w == "mon") && p.lang.code == "en" && !p.abbreviated(i) {
		return 0, false
	}
	return n, true
}

// abbreviated tells whether the short word at i, which may be another, is a
// weekday's or a month's.
func (p *parser) abbreviated(i int) bool {
	return len(p.toks) == 1 || p.is(i-1, "on", "this", "next", "last", "by") || p.is(i+1, ",", ".") || p.kindAt(i+1) == figure ||
		p.lang.months[p.word(i+1)] > 0 || p.kindAt(i-1) == figure || p.is(i+1, "the", "at")
}

// weekday reads "tuesday", "next tuesday", "tuesday next week", "next week
// tuesday", "tuesday the third".
func (p *parser) weekday(i int) (day, int) {
	if m, j, ok := p.weekOf(i); ok {
		if n, ok := p.weekdayAt(p.skip(j, "on", "'s")); ok {
			return day{t: inWeek(m, n), conf: 0.95}, p.skip(j, "on", "'s") + 1
		}
	}
	j := p.skip(p.skip(i, "the", "on"), "the")
	mod := ""
	if p.is(j, "this", "next", "last", "past", "coming", "upcoming", "following", "previous") {
		mod = p.word(j)
		j = p.skip(j+1, "coming", "past", "upcoming")
		if p.is(j-1, "past") {
			mod = "last"
		}
	}
	n, ok := p.weekdayAt(j)
	if !ok {
		return day{}, i
	}
	j++
	if p.is(j, ".") && p.gluedTo(j, ".") && len(p.word(j-1)) <= 4 {
		j++
	}
	if d, k := p.dateAfterWeekday(j); k > j {
		return d, k
	}
	return p.weekdayTail(n, mod, j)
}

// dateAfterWeekday reads the date that a weekday stands before.
func (p *parser) dateAfterWeekday(i int) (day, int) {
	j := p.skip(p.skip(i, ","), "on")
	for _, read := range [...]func(int) (day, int){p.monthDay, p.dayMonth, p.figureDate} {
		if d, k := read(j); k > j && d.conf > 0.5 {
			return d, k
		}
	}
	return day{}, i
}

// weekdayTail reads what may follow a weekday.
func (p *parser) weekdayTail(n int, mod string, i int) (day, int) {
	if m, j, ok := p.weekOf(p.skip(p.skip(i, "of", "in"), "of")); ok {
		return day{t: inWeek(m, n), conf: 0.95}, j
	}
	coming := p.coming(n)
	switch {
	case mod == "last" || mod == "past" || mod == "previous":
		return day{t: before(p.today(), n), conf: 0.95}, i
	case p.seq(i, "after next") > 0:
		return day{t: coming.AddDate(0, 0, 7), conf: 0.95}, i + 2
	case p.seq(i, "before last") > 0:
		return day{t: before(p.today(), n).AddDate(0, 0, -7), conf: 0.95}, i + 2
	case p.is(i, "week") && mod == "":
		return day{t: coming.AddDate(0, 0, 7), conf: 0.95}, i + 1
	}
	if l, k := p.length(p.skip(i, "in")); p.is(i, "in") && k > i+1 && l.span.symbol == 'w' {
		return day{t: inWeek(move(monday(p.today()), l, 1), n), conf: 0.9}, k
	}
	d := day{t: coming, conf: 0.95}
	if mod == "next" || mod == "following" {
		d.alts = []time.Time{coming.AddDate(0, 0, 7)}
		d.conf = 0.85
	}
	return d, i
}

// weekOf reads "next week" and the like, and returns its monday.
func (p *parser) weekOf(i int) (time.Time, int, bool) {
	j := p.skip(i, "the")
	m := monday(p.today())
	if p.is(j+1, "week", "week's") {
		switch {
		case p.is(j, "next", "following", "coming"):
			return m.AddDate(0, 0, 7), j + 2, true
		case p.is(j, "this", "current"):
			return m, j + 2, true
		case p.is(j, "last", "previous"):
			return m.AddDate(0, 0, -7), j + 2, true
		}
	}
	switch {
	case p.seq(j, "week after next") > 0:
		return m.AddDate(0, 0, 14), j + 3, true
	case p.seq(j, "week before last") > 0:
		return m.AddDate(0, 0, -14), j + 3, true
	}
	return m, i, false
}

// weekdayOfMonth reads "the second tuesday of march", "last friday of the
// month", "last day of february".
func (p *parser) weekdayOfMonth(i int) (day, int) {
	j := p.skip(p.skip(i, "on"), "the")
	n, k := p.nth(j)
	if k == j && p.is(j, "last") {
		n, k = -1, j+1
	}
	if k == j || n > 31 || n == 0 {
		return day{}, i
	}
	weekday, ok := p.weekdayAt(k)
	isDay := p.is(k, "day")
	if !ok && !isDay || !p.is(k+1, "of", "in") {
		return day{}, i
	}
	if isDay && p.seq(p.skip(k+2, "the", "this"), "year") > 0 {
		return p.yearEdge(int(n), p.skip(k+2, "the", "this")+1)
	}
	m, end, fixed := p.monthRef(k + 2)
	if end == k+2 {
		return day{}, i
	}
	pick := func(m time.Time) (time.Time, bool) {
		if !isDay {
			return nthWeekday(m, int(n), weekday)
		}
		if n < 0 {
			return lastOfMonth(m), true
		}
		return p.date(m.Year(), m.Month(), int(n))
	}
	t, ok := pick(m)
	if !fixed && (!ok || t.Before(p.today())) {
		next := addMonths(m, 1)
		if p.lang.months[p.word(end-1)] > 0 {
			next = addMonths(m, 12)
		}
		t, ok = pick(next)
	}
	if !ok {
		return day{}, i
	}
	return day{t: t, conf: 0.95}, end
}

func (p *parser) yearEdge(n, end int) (day, int) {
	y := p.today().Year()
	t, ok := p.date(y, 1, n)
	if n < 0 {
		t, ok = p.date(y, 12, 31)
	}
	if !ok {
		return day{}, 0
	}
	return day{t: t, conf: 0.9}, end
}

// monthRef reads a month by name, with its year where that was said, or "the
// month", "next month". fixed is false where it may be a later one as well.
func (p *parser) monthRef(i int) (first time.Time, next int, fixed bool) {
	this := firstOfMonth(p.today())
	if m := p.lang.months[p.word(i)]; m > 0 {
		if y, j := p.yearRef(i + 1); j > i+1 {
			t, _ := p.date(y, time.Month(m), 1)
			return t, j, true
		}
		t, _ := p.date(this.Year(), time.Month(m), 1)
		if t.Before(this) {
			t = t.AddDate(1, 0, 0)
		}
		return t, i + 1, false
	}
	j := p.skip(i, "the")
	switch {
	case p.is(j, "month") && (j > i || p.is(i-1, "of")):
		return this, j + 1, false
	case !p.is(j+1, "month"):
		return this, i, false
	case p.is(j, "this", "current"):
		return this, j + 2, true
	case p.is(j, "next", "following", "coming"):
		return addMonths(this, 1), j + 2, true
	case p.is(j, "last", "previous"):
		return addMonths(this, -1), j + 2, true
	}
	return this, i, false
}

// yearRef reads a year after a date: "twenty twenty six", "of next year".
func (p *parser) yearRef(i int) (int, int) {
	j := p.skip(p.skip(i, ","), "of", "in", "de", "del")
	y := p.today().Year()
	switch {
	case p.seq(j, "next year") > 0:
		return y + 1, j + 2
	case p.seq(j, "this year") > 0:
		return y, j + 2
	case p.seq(j, "last year") > 0:
		return y - 1, j + 2
	case p.is(j, "'", "’") && p.kindAt(j+1) == figure && len(p.word(j+1)) == 2:
		return century(small(p.word(j + 1))), j + 2
	}
	if y, k := p.year(j); k > j {
		return y, k
	}
	return 0, i
}

// century puts a year of two digits into the years from 1951 to 2050.
func century(y int) int {
	if y > 50 {
		return 1900 + y
	}
	return 2000 + y
}

// year reads a year of four digits: "2026", "twenty twenty six", "two thousand
// and six", "nineteen oh five".
func (p *parser) year(i int) (int, int) {
	n, j := p.cardinal(i)
	if j == i || p.is(i, "a") {
		return 0, i
	}
	if p.kindAt(i) == figure && (len(p.word(i)) != 4 || p.toks[i].grouped || p.gluedTo(j, ":") || j > i+1) {
		return 0, i
	}
	if n.val >= 1800 && n.val < 2200 && (n.figures || n.val >= 1900) {
		return int(n.val), j
	}
	if n.val < 18 || n.val > 21 || n.figures {
		return 0, i
	}
	if p.is(j, "oh", "o", "zero") {
		m, k := p.cardinal(j + 1)
		if k > j+1 && m.val < 10 {
			return int(n.val*100 + m.val), k
		}
	}
	m, k := p.cardinal(j)
	if k == j || m.val < 10 || m.val > 99 || m.figures {
		return 0, i
	}
	return int(n.val*100 + m.val), k
}
