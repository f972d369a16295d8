package entity

import "time"

// relativeMoment reads a moment counted in hours, minutes or seconds from
// now: "in an hour and a half", "ten minutes ago", "now".
func (p *parser) relativeMoment(i int) (time.Time, int) {
	if j := p.anyOf(i, "right now", "straight away", "immediately", "now", "jetzt", "maintenant", "ahora", "现 在"); j > 0 {
		return p.at, j
	}
	j := p.skip(p.skip(i, "in", "within", "en", "dans", "dentro"), "about", "around", "de", "another")
	l, k := p.length(j)
	if k == j {
		return time.Time{}, i
	}
	small := l.span.seconds < 86400 || l.mixed
	switch {
	case !small:
		return time.Time{}, i
	case p.anyOf(k, "from now", "hence", "from this moment") > 0:
		return move(p.at, l, 1), p.anyOf(k, "from now", "hence", "from this moment")
	case p.is(k, "ago", "earlier"):
		return move(p.at, l, -1), k + 1
	case p.is(k, "later") && p.lang.code == "en", p.lang.code == "zh" && p.is(k, "后"):
		return move(p.at, l, 1), k + 1
	case p.lang.code == "zh" && p.seq(k, "以 后") > 0, p.lang.code == "zh" && p.seq(k, "之 后") > 0:
		return move(p.at, l, 1), k + 2
	case p.is(i, "in", "within", "en", "dans", "dentro"):
		return move(p.at, l, 1), p.skip(k, "time")
	case p.lang.code != "en" && (p.is(i-1, "vor") || p.is(i-1, "hace") || p.seq(i-2, "il y a") > 0):
		return move(p.at, l, -1), k
	}
	return time.Time{}, i
}

// moment is a date with a time.
type moment struct {
	t    time.Time
	alts []time.Time
	conf float64
}

func readDatetime(p *parser, i int) (Value, int, bool) {
	m, j := p.moment(i)
	if j == i {
		return Value{}, i, false
	}
	const layout = "2006-01-02T15:04"
	v := Value{Text: m.t.Format(layout), Confidence: m.conf}
	for _, t := range m.alts {
		v.Alternatives = append(v.Alternatives, t.Format(layout))
	}
	return v, j, true
}

// moment reads a date and a time in either order, or one of them.
func (p *parser) moment(i int) (moment, int) {
	if t, j := p.relativeMoment(i); j > i {
		return moment{t: t, conf: 0.95}, j
	}
	if d, j := p.day(i); j > i && !p.betterClock(i, j) {
		return p.dayTime(d, i, j)
	}
	c, j := p.clock(i)
	if j == i || c.conf < 0.45 && !p.timeBefore(i) && j < len(p.toks) {
		return p.partDay(i)
	}
	k := p.dayJoint(j)
	d, e := p.day(k)
	if e == k {
		return p.onlyTime(c, j)
	}
	if !c.half {
		if q := partWords[p.word(e)]; q != unknown {
			c, e = c.in(q), e+1
		} else if q, f := p.partAfter(e); f > e {
			c, e = c.in(q), f
		} else if p.is(e-1, "tonight", "night") {
			c = c.in(night)
		} else if q := partWords[p.word(e-1)]; q != unknown {
			c = c.in(q)
		}
	}
	return p.joined(d, c), e
}

// betterClock tells whether what may be a date is longer as a time: "ten
// after six".
func (p *parser) betterClock(i, j int) bool {
	_, k := p.clock(i)
	return k > j
}

// dayJoint skips what joins a time to the day after it.
func (p *parser) dayJoint(i int) int {
	return p.skip(p.skip(i, ","), "on", "of", "am", "le", "el", "des", "du", "del")
}

// dayTime reads the time after a day.
func (p *parser) dayTime(d day, i, j int) (moment, int) {
	part, k := p.dayPart(i, j)
	e := p.timeJoint(k)
	c, m := p.clock(e)
	switch {
	case m > e && (c.conf > 0.45 || e > k && !p.is(e-1, ",") || m == len(p.toks)) && !p.is(e-1, "for"):
		if !c.half {
			c = c.in(part)
		}
		return p.joined(d, c), m
	case part != unknown:
		return moment{t: at(d.t, usual[part]), conf: 0.6}, k
	}
	out := moment{t: d.t, conf: d.conf * 0.7, alts: d.alts}
	return out, j
}

// dayPart reads the part of a day after its name: "tomorrow morning", "monday
// in the evening", "tonight".
func (p *parser) dayPart(i, j int) (part, int) {
	if p.lang.code != "en" {
		return p.dayPartForeign(i, j)
	}
	if d := partWords[p.word(j-1)]; d != unknown {
		return d, j
	}
	k := p.anyOf(j, "in the", "at", "during the")
	if k == 0 {
		k = j
	}
	d := partWords[p.word(k)]
	if d == unknown || p.is(k, "tonight") && k > j {
		return unknown, j
	}
	return d, k + 1
}

// timeJoint skips what joins a day to the time after it.
func (p *parser) timeJoint(i int) int {
	if p.gluedTo(i, "t") && p.kindAt(i+1) == figure {
		return i + 1
	}
	i = p.skip(i, ",", ";", "-")
	i = p.skip(i, "at", "around", "about", "by", "from", "um", "à", "a", "vers", "gegen", "sobre", "@", "before", "after", "until", "for")
	return p.skip(i, "around", "about", "las", "la", "exactly", "say")
}

// at puts a time on a day.
func at(t time.Time, c clock) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, c.hour, c.min, 0, 0, t.Location())
}

func (p *parser) joined(d day, c clock) moment {
	out := moment{t: at(d.t, c), conf: min(d.conf, max(c.conf, 0.8))}
	if !c.half {
		out.alts = append(out.alts, at(d.t, c.other()))
	}
	for _, t := range d.alts {
		out.alts = append(out.alts, at(t, c))
	}
	return out
}

// onlyTime is the next moment at which a clock shows c.
func (p *parser) onlyTime(c clock, next int) (moment, int) {
	t := at(p.today(), c)
	if !t.After(p.at) {
		t = t.AddDate(0, 0, 1)
	}
	out := moment{t: t, conf: c.conf * 0.9}
	if !c.half {
		u := at(p.today(), c.other())
		if !u.After(p.at) {
			u = u.AddDate(0, 0, 1)
		}
		if u.Before(t) {
			t, u = u, t
		}
		out.t, out.alts = t, []time.Time{u}
	}
	return out, next
}

// partDay reads "in the morning", "this evening at six".
func (p *parser) partDay(i int) (moment, int) {
	if p.lang.code != "en" {
		return moment{}, i
	}
	j := p.anyOf(i, "in the", "at", "this")
	if j == 0 {
		j = i
	}
	d := partWords[p.word(j)]
	if d == unknown || p.is(i-1, "good") {
		return moment{}, i
	}
	k := p.timeJoint(j + 1)
	if c, e := p.clock(k); e > k {
		if !c.half {
			c = c.in(d)
		}
		return p.onlyTime(c, e)
	}
	c := usual[d]
	c.half, c.conf = true, 0.5
	return p.onlyTime(c, j+1)
}

func readDate(p *parser, i int) (Value, int, bool) {
	d, j := p.day(i)
	if j == i {
		return Value{}, i, false
	}
	v := Value{Text: iso(d.t), Confidence: d.conf}
	for _, t := range d.alts {
		v.Alternatives = append(v.Alternatives, iso(t))
	}
	return v, j, true
}
