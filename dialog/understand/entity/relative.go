package entity

import "time"

// shifted reads "in two weeks", "three days ago", "a week from monday", "two
// days before christmas", "a week on tuesday".
func (p *parser) shifted(i int) (day, int) {
	j := p.skip(i, "in", "within")
	k := p.skip(j, "the", "about", "next")
	if k > j+1 || p.is(j, "the", "next") {
		k = j
	}
	l, e := p.length(k)
	if p.seq(i, "the day") > 0 {
		l, e = length{count: 1, span: span{86400, 'd'}, seconds: 86400}, i+2
	}
	if e == k && !p.is(i, "the") || e == 0 || e <= i {
		return day{}, i
	}
	days := l.span.seconds >= 86400 || l.seconds >= 86400
	today := p.today()
	if !days {
		today = p.at
	}
	switch {
	case p.anyOf(e, "from now", "from today", "after today", "hence", "time", "later", "from this day") > 0 && j == i:
		e = p.anyOf(e, "from now", "from today", "after today", "hence", "time", "later", "from this day")
		return day{t: dayOf(move(today, l, 1)), conf: 0.95}, e
	case p.anyOf(e, "ago", "back", "before today", "earlier") > 0:
		return day{t: dayOf(move(today, l, -1)), conf: 0.95}, p.anyOf(e, "ago", "back", "before today", "earlier")
	case j > i:
		e = p.skip(e, "time", "'")
		return day{t: dayOf(move(today, l, 1)), conf: 0.95}, e
	}
	return p.anchored(l, i, e)
}

// dayOf is the midnight before t.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// anchored reads the day that a length is counted from.
func (p *parser) anchored(l length, i, j int) (day, int) {
	sign := 0
	switch {
	case p.is(j, "from", "after", "following", "past"):
		sign, j = 1, j+1
	case p.is(j, "before"):
		sign, j = -1, j+1
	case p.is(j, "prior") && p.is(j+1, "to"):
		sign, j = -1, j+2
	case (l.span.symbol == 'w' || l.span.seconds == 1209600) && p.weekAnchor(j):
		sign, j = 1, p.skip(j, "on")
	}
	if sign == 0 || l.span.seconds < 86400 {
		return day{}, i
	}
	d, k := p.day(j)
	if k == j {
		return day{}, i
	}
	return day{t: dayOf(move(d.t, l, sign)), conf: 0.95}, k
}

// weekAnchor tells whether a day follows on which "a week" is counted.
func (p *parser) weekAnchor(i int) bool {
	_, ok := p.weekdayAt(p.skip(i, "on"))
	return ok || p.is(i, "today", "tomorrow")
}

// cycle reads "next week", "this month", "last year", "the weekend".
func (p *parser) cycle(i int) (day, int) {
	if m, j, ok := p.weekOf(i); ok {
		return day{t: m, end: m.AddDate(0, 0, 6), conf: 0.7}, j
	}
	j := p.skip(i, "the")
	n := 0
	k := j + 1
	switch {
	case p.is(j, "next", "following", "coming", "upcoming"):
		n = 1
	case p.is(j, "last", "past", "previous"):
		n = -1
	case p.is(j, "this", "current"):
	case p.is(j, "weekend"):
		k = j
	case p.is(j, "month", "year") && p.anyOf(j+1, "after next") > 0:
		n = 2
	default:
		return day{}, i
	}
	if n == 2 {
		k = j
	}
	d, ok := p.cycleAt(k, n)
	if !ok {
		return day{}, i
	}
	if n == 2 {
		return d, j + 3
	}
	if p.seq(k+1, "after next") > 0 && p.is(k, "weekend") {
		return day{t: d.t.AddDate(0, 0, 7), end: d.end.AddDate(0, 0, 7), conf: 0.9}, k + 3
	}
	return d, k + 1
}

// cycleAt is the n-th week-end, month, quarter or year from now.
func (p *parser) cycleAt(i, n int) (day, bool) {
	today := p.today()
	d := day{conf: 0.7}
	switch p.word(i) {
	case "weekend":
		d.t = inWeek(monday(today), 6).AddDate(0, 0, 7*n)
		d.end = d.t.AddDate(0, 0, 1)
		if n > 0 {
			d.alts = []time.Time{d.t.AddDate(0, 0, -7)}
		}
	case "month":
		d.t = addMonths(firstOfMonth(today), n)
		d.end = lastOfMonth(d.t)
	case "quarter":
		first := time.Date(today.Year(), (today.Month()-1)/3*3+1, 1, 0, 0, 0, 0, today.Location())
		d.t = addMonths(first, 3*n)
		d.end = lastOfMonth(addMonths(d.t, 2))
	case "year":
		d.t = time.Date(today.Year()+n, 1, 1, 0, 0, 0, 0, today.Location())
		d.end = d.t.AddDate(1, 0, -1)
	default:
		return d, false
	}
	return d, true
}

// edge reads "end of the month", "beginning of next week", "middle of march",
// "mid april", "month end", "the first of the year".
func (p *parser) edge(i int) (day, int) {
	j := p.skip(p.skip(i, "by", "at"), "the", "very")
	if p.is(j, "month", "year", "week") && p.is(j+1, "end") {
		c, _ := p.cycleAt(j, 0)
		if p.is(j, "week") {
			c = day{t: monday(p.today()), end: monday(p.today()).AddDate(0, 0, 6)}
		}
		return p.edgeOf(c, "end", p.is(j, "week"), i, j+2)
	}
	which := p.word(j)
	switch which {
	case "end", "beginning", "start", "middle", "mid", "close", "early", "late":
	default:
		return day{}, i
	}
	k := p.skip(p.skip(j+1, "of"), "in")
	if k == j+1 && which != "mid" && which != "early" && which != "late" {
		return day{}, i
	}
	bare := p.skip(k, "the")
	if p.is(bare, "month", "year", "quarter") {
		c, _ := p.cycleAt(bare, 0)
		return p.edgeOf(c, which, false, i, bare+1)
	}
	if p.is(bare, "week") {
		m := monday(p.today())
		return p.edgeOf(day{t: m, end: m.AddDate(0, 0, 6)}, which, true, i, bare+1)
	}
	if c, e := p.cycle(k); e > k {
		return p.edgeOf(c, which, p.is(e-1, "week"), i, e)
	}
	if t, e, _ := p.monthRef(k); e > k {
		return p.edgeOf(day{t: t, end: lastOfMonth(t)}, which, false, i, e)
	}
	return day{}, i
}

// edgeOf takes one end, or the middle, of a stretch of days.
func (p *parser) edgeOf(c day, which string, week bool, i, j int) (day, int) {
	d := day{t: c.t, conf: 0.85}
	switch which {
	case "end", "close", "late":
		d.t = c.end
		if week {
			d.t, d.alts = c.end.AddDate(0, 0, -2), []time.Time{c.end}
		}
	case "middle", "mid":
		switch n := int(c.end.Sub(c.t).Hours()/24) + 1; {
		case week:
			d.t = c.t.AddDate(0, 0, 2)
		case n < 40:
			d.t = c.t.AddDate(0, 0, 14)
		default:
			d.t = c.t.AddDate(0, 6, 0)
		}
	}
	return d, j
}

// holidays on fixed days.
var holidays = [...]struct {
	phrase     string
	month, day int
}{
	{"christmas eve", 12, 24},
	{"christmas day", 12, 25},
	{"christmas", 12, 25},
	{"xmas", 12, 25},
	{"boxing day", 12, 26},
	{"new year's eve", 12, 31},
	{"new years eve", 12, 31},
	{"new year's day", 1, 1},
	{"new years day", 1, 1},
	{"new year's", 1, 1},
	{"new years", 1, 1},
	{"valentine's day", 2, 14},
	{"valentines day", 2, 14},
	{"valentine's", 2, 14},
	{"saint patrick's day", 3, 17},
	{"st patrick's day", 3, 17},
	{"independence day", 7, 4},
	{"fourth of july", 7, 4},
	{"halloween", 10, 31},
	{"veterans day", 11, 11},
	{"all saints day", 11, 1},
	{"labour day", 5, 1},
	{"april fools day", 4, 1},
	{"juneteenth", 6, 19},
	{"groundhog day", 2, 2},
	{"earth day", 4, 22},
	{"may day", 5, 1},
}

// movable holidays: the n-th weekday of a month, or days from Easter.
var movable = [...]struct {
	phrase            string
	month, n, weekday int
	easter            int
}{
	{"thanksgiving", 11, 4, 4, 0},
	{"labor day", 9, 1, 1, 0},
	{"memorial day", 5, -1, 1, 0},
	{"mother's day", 5, 2, 0, 0},
	{"mothers day", 5, 2, 0, 0},
	{"father's day", 6, 3, 0, 0},
	{"fathers day", 6, 3, 0, 0},
	{"columbus day", 10, 2, 1, 0},
	{"martin luther king day", 1, 3, 1, 0},
	{"presidents day", 2, 3, 1, 0},
	{"easter sunday", 0, 0, 0, 0},
	{"easter monday", 0, 0, 0, 1},
	{"easter", 0, 0, 0, 0},
	{"good friday", 0, 0, 0, -2},
	{"pentecost", 0, 0, 0, 49},
	{"ash wednesday", 0, 0, 0, -46},
}

// holiday reads the name of one.
func (p *parser) holiday(i int) (day, int) {
	j := p.skip(i, "next", "this")
	for _, h := range holidays {
		if k := p.seq(j, h.phrase); k > 0 {
			return p.withYear(time.Month(h.month), h.day, i, k)
		}
	}
	for _, h := range movable {
		k := p.seq(j, h.phrase)
		if k == 0 {
			continue
		}
		on := func(y int) time.Time {
			if h.month == 0 {
				return easter(y, p.at.Location()).AddDate(0, 0, h.easter)
			}
			t, _ := nthWeekday(time.Date(y, time.Month(h.month), 1, 0, 0, 0, 0, p.at.Location()), h.n, h.weekday)
			return t
		}
		k = p.skip(k, "day")
		if y, e := p.yearRef(k); e > k {
			return day{t: on(y), conf: 0.95}, e
		}
		t := on(p.today().Year())
		if t.Before(p.today()) {
			t = on(p.today().Year() + 1)
		}
		return day{t: t, conf: 0.95}, k
	}
	return day{}, i
}
