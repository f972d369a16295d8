package entity

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Style says how Written writes what conventions differ in. The zero Style is
// that of Written.
type Style struct {
	PadHours      bool // 03:30 p.m., as NeMo does, in place of 3:30 p.m.
	SmallFigures  bool // all numbers in figures, in place of zero to twelve in words
	SpacedPercent bool // 20 % in place of 20%
	ShortTimes    bool // 5 min in place of 5 minutes
}

// Written writes text as a person would: "it costs forty two dollars on march
// third" becomes "it costs $42 on march 3". It follows NeMo's inverse text
// normalisation for English:
//
//   - Numbers up to twelve that stand alone stay words, as do "a hundred" and
//     "a second"; 1200 has no comma; "two million" is "2 million".
//   - Ordinals are 23rd; dates "march 3 2026" and "3 march 2026", in the order
//     said; years 2026, decades 1990s.
//   - Times are 3:30, 3:00 p.m.; "quarter to five" 4:45. "five o'clock" 5:00.
//   - Money is $42.50, $0.50, $2.5 million, £20; measures "350 kWh", 20%.
//   - Ten digits are 555-123-4567, sixteen in groups of four, with a country's
//     code "+1 555-123-4567"; any three digits and more are joined.
//   - Addresses of mail and of the web are written with their signs.
//
// German, French, Spanish and Chinese know numbers, dates, times, money and
// percentages.
func Written(text, lang string) string { return Style{}.Written(text, lang) }

// Written writes text in this style; see the function Written.
func (st Style) Written(text, lang string) string {
	w := writer{parser: newParser(text, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), lang), style: st}
	if w.lang.code != "en" {
		return w.rewrite([]rewriter{w.foreignPercent, w.foreignMoney, w.foreignDay, w.foreignTime, w.foreignSerial, w.foreignNumber})
	}
	if v, ok := findEmail(w.parser); ok && !strings.Contains(text, "@") {
		w.email = v
	}
	return w.rewrite([]rewriter{w.mail, w.site, w.serial, w.date, w.time, w.money, w.measure, w.yearOrDecade, w.quantity, w.ordinal, w.cardinalFigures, w.shortTitle})
}

// writer is a parser that writes figures.
type writer struct {
	*parser
	style Style
	email Value
}

// mail writes the address that was found.
func (w *writer) mail(i int) (string, int) {
	if w.email.Text == "" || w.toks[i].from != w.email.From {
		return "", i
	}
	j := i
	for j < len(w.toks) && w.toks[j].to <= w.email.To {
		j++
	}
	return w.email.Text, j
}

// site writes "w w w dot example dot com".
func (w *writer) site(i int) (string, int) {
	j := i
	prefix := ""
	switch {
	case w.seq(i, "w w w dot") > 0:
		prefix, j = "www.", i+4
	case w.seq(i, "www dot") > 0:
		prefix, j = "www.", i+2
	case w.kindAt(i) != word || !w.is(i+1, "dot") || len(w.word(i)) < 2:
		return "", i
	}
	if prefix == "" && !topDomains[w.word(i+2)] && !w.is(i+3, "dot") {
		return "", i
	}
	domain, end, conf := w.domain(j)
	if domain == "" || conf < 0.9 || !topDomains[domain[strings.LastIndexByte(domain, '.')+1:]] {
		return "", i
	}
	return prefix + domain, end
}

// serial joins digits that were said one by one.
func (w *writer) serial(i int) (string, int) {
	plus := w.is(i, "plus")
	start := i
	if plus {
		start++
	}
	digits, singles, j := w.spokenDigits(start)
	switch {
	case plus && len(digits) >= 8 && singles > 4:
		return international(digits), j
	case plus || singles < 3 || len(digits) < 3 || w.is(i, "a"):
		return "", i
	}
	return grouped(digits), j
}

// spokenDigits reads digits without anything between them. singles is how
// many were said on their own or doubled.
func (w *writer) spokenDigits(i int) (digits string, singles, next int) {
	var b strings.Builder
	last := 0
	for i < len(w.toks) && b.Len() < 32 {
		if w.kindAt(i) != word || w.is(i, "a", "an", "to", "too", "for", "won", "ate", "tree", "fore", "null", "nil", "zip") {
			break
		}
		options, j := w.digitGroup(i, b.Len() > 0)
		if j == i || len(options[0]) > 2 && w.lang.repeats[w.word(i)] == 0 {
			break
		}
		if len(options[0]) == 1 || w.lang.repeats[w.word(i)] > 0 {
			singles++
		}
		b.WriteString(options[0])
		last, i = i, j
	}
	digits = b.String()
	if singles > 2 && len(digits) > 3 && w.measured(last, i) {
		return "", 0, i
	}
	return digits, singles, i
}

// measured tells whether the last number belongs to what follows it.
func (w *writer) measured(last, i int) bool {
	_, k := w.currencyAt(i)
	_, m := w.unitAt(i)
	return (k > i || m > i) && last < i && i < len(w.toks)
}

// grouped writes digits in the groups that their number is known by.
func grouped(d string) string {
	switch len(d) {
	case 10:
		return d[:3] + "-" + d[3:6] + "-" + d[6:]
	case 11:
		if d[0] == '1' {
			return d[:1] + "-" + d[1:4] + "-" + d[4:7] + "-" + d[7:]
		}
	case 16:
		return d[:4] + " " + d[4:8] + " " + d[8:12] + " " + d[12:]
	}
	return d
}

// international writes a number with its country's code.
func international(d string) string {
	for _, n := range []int{1, 2, 3} {
		if len(d)-n == 10 {
			return "+" + d[:n] + " " + grouped(d[n:])
		}
	}
	return "+" + d
}

// date writes "march third twenty twenty six", "the third of march".
func (w *writer) date(i int) (string, int) {
	if m, j := w.month(i); m > 0 {
		return w.monthFirstDate(i, j)
	}
	start := w.skip(i, "the")
	n, j := w.nth(start)
	if j == start || n > 31 || n < 1 || !w.is(j, "of") && start > i {
		return "", i
	}
	of := w.skip(j, "of")
	m, k := w.month(of)
	if m == 0 {
		return "", i
	}
	out := strconv.FormatInt(n, 10) + " " + w.raw(of)
	if y, e := w.year(w.skip(k, "in")); e > w.skip(k, "in") {
		return out + " " + strconv.Itoa(y), e
	}
	return out, k
}

func (w *writer) monthFirstDate(i, j int) (string, int) {
	name := w.raw(i)
	if y, k := w.year(j); k > j && w.kindAt(j) == word {
		return name + " " + strconv.Itoa(y), k
	}
	n, k, ordinal := w.dayNumber(j)
	if k == j || w.kindAt(j) == figure {
		return "", i
	}
	y, e := w.year(k)
	if !ordinal && e == k && (w.is(i, "may", "march") || w.unitAfter(k)) {
		return "", i
	}
	out := name + " " + strconv.Itoa(n)
	if e > k {
		return out + " " + strconv.Itoa(y), e
	}
	return out, k
}

// time writes "three thirty p m", "half past three", "five o'clock".
func (w *writer) time(i int) (string, int) {
	if w.kindAt(i) == figure {
		return "", i
	}
	for _, read := range [...]func(int) (clock, int){w.pastTo, w.hourMinute} {
		c, j := read(i)
		if j == i || w.is(i, "oh", "o") {
			continue
		}
		d, k := w.partAfter(j)
		half := d == am || d == pm
		explicit := half || w.find(i, j, "o'clock") >= 0 || w.find(i, j, "oclock") >= 0 || w.find(i, j, "clock") >= 0 || w.find(i, j, "past") >= 0
		quarter := w.find(i, j, "quarter") >= 0 || w.find(i, j, "half") >= 0
		if !explicit && !quarter && !w.minutesSaid(c, i, j) {
			continue
		}
		out := w.clockFigure(c)
		if !half {
			return out, j
		}
		return out + " " + string(rune(d)) + ".m.", k
	}
	return "", i
}

// minutesSaid tells whether "nine thirty" from i to j is a time: hours of a
// clock, and nothing after it that it counts.
func (w *writer) minutesSaid(c clock, i, j int) bool {
	if c.min == 0 || c.hour > 12 || w.find(i, j, "to") >= 0 || w.find(i, j, "of") >= 0 || w.find(i, j, "hundred") >= 0 || w.find(i, j, "after") >= 0 || w.find(i, j, "before") >= 0 {
		return false
	}
	_, k := w.cardinal(j)
	_, m := w.currencyAt(j)
	return k == j && m == j && !w.unitAfter(j) && !w.is(j, "and", "point", "hundred", "oh", "o", "st", "th")
}

func (w *writer) clockFigure(c clock) string {
	if w.style.PadHours {
		return fmt.Sprintf("%02d:%02d", c.hour, c.min)
	}
	return fmt.Sprintf("%d:%02d", c.hour, c.min)
}

// shortTitle writes mr., mrs. and dr. before a name.
func (w *writer) shortTitle(i int) (string, int) {
	if i+1 >= len(w.toks) || w.kindAt(i+1) != word {
		return "", i
	}
	switch {
	case w.is(i, "mister"):
		return "mr.", i + 1
	case w.is(i, "missus", "misses"):
		return "mrs.", i + 1
	case w.is(i, "doctor") && !w.is(i-1, "the", "a", "my", "your", "this", "see", "no", "every", "his", "her", "their") &&
		!w.is(i+1, "is", "said", "who", "and", "will", "can", "has", "was", "for", "to", "in", "on", "at", "told", "please"):
		return "dr.", i + 1
	}
	return "", i
}
