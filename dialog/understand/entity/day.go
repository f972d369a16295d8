package entity

import "time"

// day is a date as it was said.
type day struct {
	t    time.Time
	end  time.Time // the last day, where a week or a month was named
	alts []time.Time
	conf float64
}

func iso(t time.Time) string { return t.Format("2006-01-02") }

// today is the day of the reference moment at midnight.
func (p *parser) today() time.Time {
	y, m, d := p.at.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, p.at.Location())
}

// date is a day of the calendar, and false where it has none such.
func (p *parser) date(y int, m time.Month, d int) (time.Time, bool) {
	t := time.Date(y, m, d, 0, 0, 0, 0, p.at.Location())
	return t, m >= 1 && m <= 12 && d >= 1 && t.Day() == d && t.Month() == m
}

// comingDay is the next day with that month and number, today included; the
// one before is the alternative.
func (p *parser) comingDay(m time.Month, d int) (day, bool) {
	today := p.today()
	for y := today.Year(); y < today.Year()+9; y++ {
		t, ok := p.date(y, m, d)
		if !ok || t.Before(today) {
			continue
		}
		out := day{t: t, conf: 0.95}
		if before, ok := p.date(y-1, m, d); ok {
			out.alts = []time.Time{before}
		}
		return out, true
	}
	return day{}, false
}

// comingNumber is the next day of any month with that number.
func (p *parser) comingNumber(d int) (time.Time, bool) {
	today := p.today()
	for k := range 3 {
		first := addMonths(firstOfMonth(today), k)
		t, ok := p.date(first.Year(), first.Month(), d)
		if ok && !t.Before(today) {
			return t, true
		}
	}
	return time.Time{}, false
}

// coming is the first such weekday after today.
func (p *parser) coming(weekday int) time.Time {
	return after(p.today(), weekday)
}

// after is the first such weekday after t.
func after(t time.Time, weekday int) time.Time {
	delta := (weekday - int(t.Weekday()) + 7) % 7
	if delta == 0 {
		delta = 7
	}
	return t.AddDate(0, 0, delta)
}

// before is the last such weekday before t.
func before(t time.Time, weekday int) time.Time {
	return after(t, weekday).AddDate(0, 0, -7-7*b2i(weekday == int(t.Weekday())))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// monday is the first day of t's week.
func monday(t time.Time) time.Time {
	return t.AddDate(0, 0, -((int(t.Weekday()) + 6) % 7))
}

// inWeek is the weekday in the week that begins at monday.
func inWeek(monday time.Time, weekday int) time.Time {
	return monday.AddDate(0, 0, (weekday+6)%7)
}

func firstOfMonth(t time.Time) time.Time { return t.AddDate(0, 0, 1-t.Day()) }

func lastOfMonth(t time.Time) time.Time { return firstOfMonth(t).AddDate(0, 1, -1) }

// addMonths moves t by months, to the last day where that month is shorter.
func addMonths(t time.Time, n int) time.Time {
	first := firstOfMonth(t).AddDate(0, n, 0)
	last := lastOfMonth(first)
	if t.Day() > last.Day() {
		return last
	}
	return first.AddDate(0, 0, t.Day()-1)
}

// move shifts a moment by a length; whole units of a day and more keep the
// time of day.
func move(t time.Time, l length, sign int) time.Time {
	n := int(l.count)
	whole := float64(n) == l.count && !l.mixed && n < 1e5
	months := l.count * 12
	switch {
	case l.span.symbol == 'y' && !l.mixed && months == float64(int(months)) && months < 1e5:
		return addMonths(t, sign*int(months))
	case whole && l.span.symbol == 'd':
		return t.AddDate(0, 0, sign*n)
	case whole && l.span.symbol == 'w':
		return t.AddDate(0, 0, sign*7*n)
	case whole && l.span.symbol == 'f':
		return t.AddDate(0, 0, sign*14*n)
	case whole && l.span.symbol == 'o':
		return addMonths(t, sign*n)
	case whole && l.span.symbol == 'q':
		return addMonths(t, sign*3*n)
	case whole && l.span.symbol == 'e':
		return addMonths(t, sign*120*n)
	}
	seconds := min(l.seconds, 3e9)
	if seconds >= 86400 && !l.mixed {
		days := int(seconds / 86400)
		t = t.AddDate(0, 0, sign*days)
		seconds -= float64(days) * 86400
	}
	return t.Add(time.Duration(float64(sign) * seconds * float64(time.Second)))
}

// nthWeekday is the n-th such weekday of t's month; n is -1 for the last.
func nthWeekday(t time.Time, n, weekday int) (time.Time, bool) {
	if n < 0 {
		return before(firstOfMonth(t).AddDate(0, 1, 0), weekday), true
	}
	first := after(firstOfMonth(t).AddDate(0, 0, -1), weekday)
	r := first.AddDate(0, 0, 7*(n-1))
	return r, r.Month() == t.Month()
}

// easter is Easter Sunday (Gauss, after Meeus).
func easter(y int, loc *time.Location) time.Time {
	a, b, c := y%19, y/100, y%100
	d := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	e := (32 + 2*(b%4) + 2*(c/4) - d - c%4) % 7
	f := (a + 11*d + 22*e) / 451
	n := d + e - 7*f + 114
	return time.Date(y, time.Month(n/31), n%31+1, 0, 0, 0, 0, loc)
}
