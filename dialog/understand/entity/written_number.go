package entity

import (
	"math"
	"strconv"
	"strings"
)

var currencySymbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CNY": "¥", "KRW": "₩"}

// money writes $42.50, $2.5 million.
func (w *writer) money(i int) (string, int) {
	if w.kindAt(i) != word || w.is(i, "a", "an", "o") && !w.bigAfter(i+1) {
		return "", i
	}
	a, j := w.parser.money(i)
	if j == i || !a.explicit || w.is(j-1, "grand", "fiver", "tenner") {
		return "", i
	}
	if w.is(j-1, "real", "c", "won") || w.is(j-1, "pound", "stone") && w.kindAt(j) == word && w.is(j, "of") {
		return "", i
	}
	sign := ""
	if a.val < 0 {
		sign, a.val = "-", -a.val
	}
	symbol := currencySymbols[a.code]
	if symbol == "" && a.code == "" {
		return "", i
	}
	number := w.moneyFigure(a, i, j)
	if symbol == "" {
		return sign + number + " " + a.code, j
	}
	return sign + symbol + number, j
}

// bigAfter tells whether "a" is a number: "a hundred".
func (w *writer) bigAfter(i int) bool {
	n, ok := w.lang.numerals[w.word(i)]
	return ok && n.class >= hundred
}

// moneyFigure writes an amount said from i to j; round millions keep their
// scale.
func (w *writer) moneyFigure(a amount, i, j int) string {
	for _, s := range [...]struct {
		val  float64
		name string
	}{{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}} {
		k := w.find(i, j, s.name)
		if k < 0 || a.val < s.val/1000 {
			continue
		}
		if _, e := w.cardinal(k + 1); e > k+1 {
			break
		}
		return formatFloat(a.val/s.val) + " " + s.name
	}
	if a.val != math.Trunc(a.val) && math.Abs(a.val*100-math.Round(a.val*100)) < 1e-6 {
		return strconv.FormatFloat(a.val, 'f', 2, 64)
	}
	return formatFloat(a.val)
}

// measure writes 350 kWh, 20%.
func (w *writer) measure(i int) (string, int) {
	if w.kindAt(i) == figure || w.is(i, "a", "an") && !w.bigAfter(i+1) || w.is(i, "half") {
		return "", i
	}
	q, j := w.number(i)
	if j == i {
		return "", i
	}
	symbol, k := w.unitAt(j)
	if k == j && w.style.ShortTimes {
		symbol, k = w.shortTime(j)
	}
	if k == j || w.is(j, "m", "g", "l", "a", "v", "w", "p") && k == j+1 || symbol == "st" || symbol == "°" || symbol == "t" || w.is(j, "gig", "amp") {
		return "", i
	}
	if symbol == "%" && !w.style.SpacedPercent {
		return q.String() + "%", k
	}
	return q.String() + " " + symbol, k
}

// shortTime returns the symbol of a unit of time.
func (w *writer) shortTime(i int) (string, int) {
	switch s, k := w.spanAt(i); {
	case k == i:
		return "", i
	case s.symbol == 's':
		return "s", k
	case s.symbol == 'm':
		return "min", k
	case s.symbol == 'h':
		return "h", k
	}
	return "", i
}

// yearOrDecade writes "twenty twenty six" as 2026, "nineteen nineties" as
// 1990s.
func (w *writer) yearOrDecade(i int) (string, int) {
	if w.kindAt(i) != word {
		return "", i
	}
	if n, j := w.cardinal(i); j > i && n.val >= 11 && n.val < 21 && j == i+1 {
		if d := decades[w.word(j)]; d > 0 || w.is(j, "hundreds") {
			return strconv.FormatInt(n.val*100+int64(d), 10) + "s", j + 1
		}
	}
	if d := decades[w.word(i)]; d > 0 && w.is(i-1, "the") {
		return strconv.Itoa(d) + "s", i + 1
	}
	y, j := w.year(i)
	if j == i || w.find(i, j, "thousand") >= 0 || w.find(i, j, "hundred") >= 0 {
		return "", i
	}
	if _, k := w.cardinal(j); k > j {
		return "", i
	}
	return strconv.Itoa(y), j
}

var decades = map[string]int{"twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80, "nineties": 90}

// quantity writes decimals and fractions: 3.14, 2.5 million, 2/3, 1 1/2.
func (w *writer) quantity(i int) (string, int) {
	if w.kindAt(i) == figure || w.is(i, "a", "an", "half", "and") {
		return "", i
	}
	q, j := w.number(i)
	if j == i || q.plain {
		return "", i
	}
	if out, k := w.fractionFigure(i); k >= j {
		return out, k
	}
	if w.is(j-1, "dozen", "couple") || w.find(i, j, "quarter") >= 0 {
		return "", i
	}
	if q.val == math.Trunc(q.val) && !q.scaled && q.text == "" && q.val >= 0 {
		return "", i
	}
	for _, s := range [...]struct {
		val  float64
		name string
	}{{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}} {
		if w.is(j-1, s.name) {
			return formatFloat(q.val/s.val) + " " + s.name, j
		}
	}
	return q.String(), j
}

// fractionFigure writes "two thirds" as 2/3 and "one and a half" as 1 1/2.
func (w *writer) fractionFigure(i int) (string, int) {
	n, j := w.cardinal(i)
	if j == i {
		return "", i
	}
	head := strconv.FormatInt(n.val, 10)
	if d, k := w.denominator(j, n.val); k > j && !w.is(j, "over") {
		return head + "/" + strconv.FormatInt(d, 10), k
	}
	if w.is(i, "one") && w.is(j, "half") {
		return "1/2", j + 1
	}
	switch {
	case w.seq(j, "and a half") > 0:
		head, j = head+" 1/2", j+3
	case w.seq(j, "and a quarter") > 0:
		head, j = head+" 1/4", j+3
	case w.is(j, "and"):
		m, k := w.cardinal(j + 1)
		d, e := w.denominator(k, m.val)
		if e == k {
			return "", i
		}
		head, j = head+" "+strconv.FormatInt(m.val, 10)+"/"+strconv.FormatInt(d, 10), e
	default:
		return "", i
	}
	if n, ok := w.lang.numerals[w.word(j)]; ok && n.class >= hundred {
		return "", i
	}
	return head, j
}

// ordinal writes 23rd. "first" and "second" stay words where they may not be
// numbers: "at first", "a second".
func (w *writer) ordinal(i int) (string, int) {
	if w.kindAt(i) != word {
		return "", i
	}
	n, j := w.nth(i)
	if j == i || n == 0 {
		return "", i
	}
	if j == i+1 && n < 4 && !w.style.SmallFigures && !w.is(i-1, "the", "our", "my", "his", "her", "their", "its", "your") && len(w.toks) > 1 {
		return "", i
	}
	return strconv.FormatInt(n, 10) + suffixOf(n), j
}

// cardinalFigures writes whole numbers from 13 on, and smaller ones after
// "minus".
func (w *writer) cardinalFigures(i int) (string, int) {
	sign := ""
	start := i
	if has(w.lang.minus, w.word(i)) {
		sign, start = "-", i+1
	}
	n, j := w.cardinal(start)
	if j == start || w.kindAt(start) == figure || w.is(start, "a") && j == start+2 || w.is(start, "hundred", "thousand") && j == start+1 {
		return "", i
	}
	if n.val < 13 && sign == "" && !w.style.SmallFigures {
		return "", i
	}
	for k, s := range bigScales[:5] {
		if n.val >= s && n.val%s == 0 && w.is(j-1, englishBig[k]) {
			return sign + strconv.FormatInt(n.val/s, 10) + " " + englishBig[k], j
		}
	}
	return sign + strconv.FormatInt(n.val, 10), j
}

// foreignNumber writes numbers above twelve, and decimals, in other languages.
func (w *writer) foreignNumber(i int) (string, int) {
	if w.kindAt(i) != word && !has(w.lang.minus, w.word(i)) {
		return "", i
	}
	q, j := w.number(i)
	if j == i || q.plain && q.val < 13 && !w.style.SmallFigures && !(w.lang.code == "zh" && (q.val > 9 || j > i+1)) {
		return "", i
	}
	if w.lang.code == "zh" && w.is(i, "半") {
		return "", i
	}
	for _, s := range [...]struct {
		val   int64
		words []string
	}{{1e9, []string{"milliarden", "milliards"}}, {1e6, []string{"millionen", "millions", "millones"}}} {
		if has(s.words, w.word(j-1)) {
			return w.localFigure(q.val/float64(s.val)) + " " + w.word(j-1), j
		}
	}
	if q.text != "" {
		return w.localPoint(q.text), j
	}
	return w.localFigure(q.val), j
}

// localFigure writes a number with the language's decimal point.
func (w *writer) localFigure(v float64) string { return w.localPoint(formatFloat(v)) }

func (w *writer) localPoint(s string) string {
	if w.lang.decimalComma {
		return strings.Replace(s, ".", ",", 1)
	}
	return s
}
