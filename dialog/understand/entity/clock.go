package entity

import (
	"fmt"
	"strings"
)

// clock is a time of day as it was said.
type clock struct {
	hour, min int
	half      bool // which half of the day is known
	conf      float64
}

// String is the time as HH:MM.
func (c clock) String() string { return fmt.Sprintf("%02d:%02d", c.hour, c.min) }

// other is the reading in the other half of the day.
func (c clock) other() clock {
	c.hour = (c.hour + 12) % 24
	return c
}

// part of a day, which tells the half that a time is in.
type part byte

const (
	unknown   part = 0
	am        part = 'a'
	pm        part = 'p'
	morning   part = 'm'
	afternoon part = 'n'
	evening   part = 'e'
	night     part = 'i'
)

// usual is the time that a part of the day stands for.
var usual = map[part]clock{morning: {hour: 9}, afternoon: {hour: 15}, evening: {hour: 19}, night: {hour: 21}}

// in puts c into a part of the day.
func (c clock) in(d part) clock {
	if d == unknown {
		return c
	}
	c.half = true
	switch {
	case c.hour > 12:
	case d == am || d == morning:
		c.hour %= 12
	case d == night && (c.hour < 5 || c.hour == 12):
		c.hour %= 12
	case c.hour == 0:
	default:
		c.hour = c.hour%12 + 12
	}
	return c
}

var partWords = map[string]part{
	"morning": morning, "afternoon": afternoon, "evening": evening, "night": night, "tonight": night, "nighttime": night,
	"mornings": morning, "afternoons": afternoon, "evenings": evening, "nights": night,
}

// partAfter reads what follows a time: "p m", "in the afternoon", "at night".
func (p *parser) partAfter(i int) (part, int) {
	j := p.skip(i, ",")
	switch {
	case p.is(j, "am", "a.m.", "a.m"):
		if p.is(j, "am") && p.is(j-1, "i") {
			return unknown, i
		}
		return am, j + 1
	case p.is(j, "pm", "p.m.", "p.m"):
		return pm, j + 1
	case p.is(j, "a", "p") && p.is(j+1, "m") || p.is(j, "a", "p") && p.is(j+1, ".") && p.is(j+2, "m"):
		k := j + 2
		if p.is(j+1, ".") {
			k++
		}
		return part(p.word(j)[0]), k
	case p.is(j, "p", "a") && p.toks[j].glued && p.kindAt(j-1) == figure:
		return part(p.word(j)[0]), j + 1
	}
	k := p.anyOf(j, "in the", "at", "this", "of the", "on")
	if k == 0 {
		k = j
	}
	if d := partWords[p.word(k)]; d != unknown && (k > j || d == night || p.is(k-1, "tomorrow", "yesterday")) {
		return d, k + 1
	}
	return unknown, i
}

// partBefore looks back from a time: "tomorrow evening at seven", "tonight at
// eight".
func (p *parser) partBefore(i int) part {
	j := i - 1
	for n := 0; n < 2 && p.is(j, "at", "around", "about", "by", "say", ",", "like", "um", "maybe"); n++ {
		j--
	}
	return partWords[p.word(j)]
}

// clock reads a time of day at i.
func (p *parser) clock(i int) (clock, int) {
	switch p.lang.code {
	case "en":
	case "zh":
		return p.clockChinese(i)
	default:
		return p.clockForeign(i)
	}
	for _, read := range [...]func(int) (clock, int){p.namedTime, p.pastTo, p.figureTime, p.hourMinute} {
		c, j := read(i)
		if j == i {
			continue
		}
		return p.halved(c, i, j)
	}
	return clock{}, i
}

// halved settles the half of the day of a time that stands from i to j.
func (p *parser) halved(c clock, i, j int) (clock, int) {
	if d, k := p.partAfter(j); k > j && !c.half {
		c = c.in(d)
		c.conf = 0.95
		if d == am || d == pm {
			if e, m := p.partAfter(k); m > k && e != am && e != pm {
				k = m
			}
		}
		return c, k
	}
	if d := p.partBefore(i); d != unknown && !c.half {
		c = c.in(d)
		c.conf = 0.9
	}
	return c, j
}

func (p *parser) namedTime(i int) (clock, int) {
	j := p.skip(i, "twelve", "12")
	switch {
	case p.is(j, "noon", "midday", "noontime", "lunchtime"):
		return clock{hour: 12, half: true, conf: 0.95}, j + 1
	case p.is(j, "midnight"):
		return clock{half: true, conf: 0.95}, j + 1
	}
	return clock{}, i
}

// pastTo reads "quarter to five", "ten past six", "half nine".
func (p *parser) pastTo(i int) (clock, int) {
	min, j := p.clockMinutes(i)
	if j == i {
		return clock{}, i
	}
	if p.is(j-1, "half") {
		if n, k := p.hour(j); k > j && n <= 12 {
			return clock{hour: n, min: 30, conf: 0.85}, k
		}
	}
	before := p.is(j, "to", "till", "til", "before", "until")
	before = before || p.is(j, "of") && (min%5 == 0)
	if !before && !p.is(j, "past", "after", "passed") || min == 30 && before {
		return clock{}, i
	}
	c, k := p.hourName(j + 1)
	if k == j+1 {
		return clock{}, i
	}
	c.min, c.conf = min, 0.9
	if before {
		c.hour, c.min = (c.hour+23)%24, 60-min
	}
	if before && c.hour == 0 && !c.half {
		c.hour = 12
	}
	return c, k
}

// clockMinutes reads the minutes before "past": "a quarter", "ten minutes".
func (p *parser) clockMinutes(i int) (int, int) {
	j := p.skip(i, "a")
	switch {
	case p.is(j, "quarter"):
		return 15, j + 1
	case p.is(j, "half"):
		return 30, j + 1
	}
	n, k := p.cardinal(i)
	if k == i || n.val < 1 || n.val > 59 || p.is(i, "a") {
		return 0, i
	}
	return int(n.val), p.skip(k, "minutes", "minute", "mins")
}

// hourName reads an hour, noon or midnight, and "o'clock".
func (p *parser) hourName(i int) (clock, int) {
	if c, j := p.namedTime(i); j > i {
		return c, j
	}
	n, j := p.hour(i)
	if j == i {
		return clock{}, i
	}
	c := clock{hour: n % 24, half: n > 12 || n == 0}
	if k := p.oclock(j); k > 0 {
		j = k
	}
	return c, j
}

// hour reads 0 to 24.
func (p *parser) hour(i int) (int, int) {
	n, j := p.cardinal(i)
	if j == i || n.val > 24 || p.is(i, "a", "an") {
		return 0, i
	}
	return int(n.val), j
}

func (p *parser) oclock(i int) int {
	return p.anyOf(i, "o'clock", "oclock", "o clock", "o ' clock", "a clock")
}

// figureTime reads "3:30", "15.30", "1530 hours", "3:30:00".
func (p *parser) figureTime(i int) (clock, int) {
	if p.kindAt(i) != figure {
		return clock{}, i
	}
	w := p.word(i)
	if h, m, ok := strings.Cut(w, "."); ok {
		_, k := p.partAfter(i + 1)
		if len(m) != 2 || k == i+1 && !p.timeBefore(i) {
			return clock{}, i
		}
		return p.checked(small(h), small(m), false, i, i+1)
	}
	if len(w) == 4 && (p.is(i+1, "hours", "hrs", "h") || p.timeBefore(i) && w[0] < '2' && !p.is(i-1, "in", "from", "by", "since")) {
		return p.checked(small(w[:2]), small(w[2:]), true, i, p.skip(i+1, "hours", "hrs", "h"))
	}
	if !p.gluedTo(i+1, ":") || p.kindAt(i+2) != figure || len(p.word(i+2)) < 2 || len(w) > 2 {
		return clock{}, i
	}
	j := i + 3
	if p.gluedTo(j, ":") && p.kindAt(j+1) == figure {
		j += 2
	}
	min, _, _ := strings.Cut(p.word(i+2), ".")
	return p.checked(small(w), small(min), w[0] == '0', i, j)
}

// checked returns the clock where it is one.
func (p *parser) checked(h, m int, half bool, i, j int) (clock, int) {
	if h > 24 || h < 0 || m > 59 || m < 0 {
		return clock{}, i
	}
	return clock{hour: h % 24, min: m, half: half && h != 12 || h > 12 || h == 0, conf: 0.9}, j
}

// small reads at most four digits, -1 where it is something else.
func small(s string) int {
	n := 0
	if s == "" || len(s) > 4 {
		return -1
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// timeBefore tells whether a word that announces a time stands before i.
func (p *parser) timeBefore(i int) bool {
	return p.is(i-1, "at", "by", "around", "about", "until", "till", "before", "after", "approximately", "between", "@") ||
		p.is(i-1, "from", "to") && i > 1
}

// hourMinute reads "nine", "nine thirty", "nine oh five", "five o'clock",
// "fifteen hundred hours", "oh nine thirty".
func (p *parser) hourMinute(i int) (clock, int) {
	leading := p.is(i, "oh", "o", "zero")
	j := i
	if leading {
		j++
	}
	n, k := p.cardinal(j)
	if k == j || p.is(j, "a", "an") || leading && n.val > 9 && n.val%100 != 0 {
		return clock{}, i
	}
	if n.val >= 100 {
		if n.val%100 != 0 || n.val > 2400 || !leading && !p.is(k, "hours", "hrs") {
			return clock{}, i
		}
		return clock{hour: int(n.val/100) % 24, half: true, conf: 0.95}, p.skip(k, "hours", "hrs")
	}
	if n.val > 24 {
		return clock{}, i
	}
	c := clock{hour: int(n.val) % 24, half: leading || n.val > 12 || n.val == 0, conf: 0.5}
	if m := p.oclock(k); m > 0 {
		c.conf = 0.9
		return c, m
	}
	if min, m := p.minutes(k); m > k {
		c.min, c.conf = min, 0.85
		return c, p.skip(m, "hours")
	}
	if leading && j == i+1 && len(p.toks) > j+1 && !p.is(k, "hundred") {
		if _, m := p.partAfter(k); m == k {
			return clock{}, i
		}
	}
	return p.bareHour(c, i, k)
}

// minutes reads the minutes after the hour.
func (p *parser) minutes(i int) (int, int) {
	if p.is(i, "oh", "o", "zero") {
		n, j := p.cardinal(i + 1)
		if j > i+1 && n.val < 10 {
			return int(n.val), j
		}
		return 0, i
	}
	n, j := p.cardinal(i)
	if j == i || n.val < 10 || n.val > 59 || p.is(i, "a") || n.figures && (p.gluedTo(i, p.word(i)) || p.gluedTo(j, ":")) {
		return 0, i
	}
	if _, k := p.spanAt(j); k > j && !p.is(j, "hours") {
		return 0, i
	}
	if p.is(j, "dollars", "percent", "euros", "pounds") {
		return 0, i
	}
	return int(n.val), j
}

// bareHour weighs an hour said alone: what stands before and after it tells
// whether it is a time at all.
func (p *parser) bareHour(c clock, i, j int) (clock, int) {
	if _, k := p.partAfter(j); k > j {
		return c, j
	}
	if d := p.partBefore(i); d != unknown {
		return c, j
	}
	if _, k := p.spanAt(j); k > j {
		return clock{}, i
	}
	if p.is(i, "one") && !p.timeBefore(i) && j < len(p.toks) || p.is(j, "of", "%", "/", "-", ".", "percent", "people", "times") && !p.timeBefore(i) {
		return clock{}, i
	}
	if p.timeBefore(i) {
		c.conf = 0.75
		return c, j
	}
	c.conf = 0.4
	return c, j
}

func readTime(p *parser, i int) (Value, int, bool) {
	if t, j := p.relativeMoment(i); j > i {
		return Value{Text: t.Format("15:04"), Confidence: 0.9}, j, true
	}
	c, j := p.clock(i)
	if j == i || c.conf < 0.45 && len(p.toks) > 4 {
		return p.partTime(i)
	}
	v := Value{Text: c.String(), Confidence: c.conf}
	if !c.half {
		v.Alternatives = []string{c.other().String()}
	}
	return v, j, true
}

// partTime reads a part of the day alone, where no time follows it.
func (p *parser) partTime(i int) (Value, int, bool) {
	d := partWords[p.word(i)]
	if d == unknown || p.lang.code != "en" || p.is(i-1, "good") {
		return Value{}, i, false
	}
	for j := i + 1; j < len(p.toks); j++ {
		if c, k := p.clock(j); k > j && c.conf >= 0.7 {
			return Value{}, i, false
		}
	}
	return Value{Text: usual[d].String(), Confidence: 0.4}, i + 1, true
}
