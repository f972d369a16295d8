package entity

import (
	"math"
	"strconv"
	"strings"
)

// currency is what a word of money means.
type currency struct {
	code  string // ISO 4217; empty for cents of whatever was said before
	minor bool   // a hundredth of it
}

// currencies makes a table from "CODE:word word;…" and "word word:CODE;…" for
// the hundredths.
func currencies(major, minor string) map[string]currency {
	m := map[string]currency{}
	for _, group := range strings.Split(major, ";") {
		code, words, _ := strings.Cut(strings.TrimSpace(group), ":")
		for _, w := range strings.Fields(words) {
			m[w] = currency{code: code}
		}
	}
	for _, group := range strings.Split(minor, ";") {
		words, code, _ := strings.Cut(strings.TrimSpace(group), ":")
		for _, w := range strings.Fields(words) {
			m[w] = currency{code: code, minor: true}
		}
	}
	return m
}

var currencySigns = map[string]string{"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "￥": "CNY", "¢": ""}

// currencyAt returns the currency whose name stands at i.
func (p *parser) currencyAt(i int) (currency, int) {
	if p.lang.code == "zh" {
		switch {
		case p.seq(i, "人 民 币") > 0:
			return currency{code: "CNY"}, i + 3
		case p.seq(i, "美 元") > 0, p.seq(i, "美 金") > 0:
			return currency{code: "USD"}, i + 2
		case p.seq(i, "欧 元") > 0:
			return currency{code: "EUR"}, i + 2
		case p.seq(i, "英 镑") > 0:
			return currency{code: "GBP"}, i + 2
		case p.seq(i, "日 元") > 0:
			return currency{code: "JPY"}, i + 2
		}
	}
	j := i
	code := ""
	switch {
	case p.is(i, "us", "american") || p.seq(i, "u s") > 0:
		code = "USD"
	case p.is(i, "canadian"):
		code = "CAD"
	case p.is(i, "australian"):
		code = "AUD"
	case p.is(i, "british"):
		code = "GBP"
	case p.is(i, "swiss"):
		code = "CHF"
	}
	if code != "" {
		j = p.skip(i+1, "s")
	}
	c, ok := p.lang.currencies[p.word(j)]
	if !ok {
		if s, isSign := currencySigns[p.word(i)]; isSign {
			return currency{code: s, minor: s == ""}, i + 1
		}
		return currency{}, i
	}
	if code != "" {
		c.code = code
	}
	if len(p.word(j)) == 1 && !p.toks[j].glued && p.is(j, "c") {
		return currency{}, i
	}
	j++
	if p.is(j, "sterling") {
		j++
	}
	return c, j
}

func (l *language) sign(code string) string {
	if code == "JPY" && l.code == "zh" {
		return "CNY"
	}
	return code
}

// amount is money that was read.
type amount struct {
	val  float64
	code string
	// explicit tells that a currency was said; scaled that the number had a
	// fraction and a scale, "2.5 million".
	explicit bool
	scaled   bool
}

// money reads an amount at i that names its currency.
func (p *parser) money(i int) (amount, int) {
	for _, read := range [...]func(int) (amount, int){p.signFirst, p.slang, p.named} {
		if a, j := read(i); j > i {
			return a, j
		}
	}
	return amount{}, i
}

// signFirst reads "€12.50", "$5 million", "usd 50".
func (p *parser) signFirst(i int) (amount, int) {
	j := i
	code, ok := currencySigns[p.word(i)]
	if !ok {
		c, isName := p.lang.currencies[p.word(i)]
		ok = isName && !c.minor && len(p.word(i)) == 3 && strings.EqualFold(c.code, p.word(i)) && p.kindAt(i+1) == figure
		code = c.code
	}
	if p.is(i, "us", "a", "c") && p.gluedTo(i+1, "$") {
		code, ok, j = map[string]string{"us": "USD", "a": "AUD", "c": "CAD"}[p.word(i)], true, i+1
	}
	if !ok || code == "" {
		return amount{}, i
	}
	q, k := p.number(j + 1)
	if k == j+1 {
		return amount{}, i
	}
	if p.is(k, "k", "grand") {
		q.val, k = q.val*1000, k+1
	} else if p.is(k, "m", "b") && p.toks[k].glued {
		q.val, k = q.val*map[string]float64{"m": 1e6, "b": 1e9}[p.word(k)], k+1
	}
	return amount{val: q.val, code: p.lang.sign(code), explicit: true, scaled: q.scaled}, k
}

// slang reads "five grand", "a buck fifty", "a fiver", "two and a half k".
func (p *parser) slang(i int) (amount, int) {
	if p.lang.code != "en" {
		return amount{}, i
	}
	j := p.skip(i, "a")
	switch {
	case p.is(j, "buck") && j > i:
		a, k := p.minor(amount{val: 1, code: "USD", explicit: true}, j+1)
		return a, k
	case p.is(j, "fiver"):
		return amount{val: 5, code: "GBP", explicit: true}, j + 1
	case p.is(j, "tenner"):
		return amount{val: 10, code: "GBP", explicit: true}, j + 1
	case p.is(j, "grand") && j > i:
		return amount{val: 1000}, j + 1
	}
	q, j := p.number(i)
	if j == i || !p.is(j, "grand", "k") {
		return amount{}, i
	}
	a := amount{val: q.val * 1000}
	if c, k := p.currencyAt(j + 1); k > j+1 && !c.minor {
		a.code, a.explicit = c.code, true
		return a, k
	}
	return a, j + 1
}

// named reads a number and a currency: "forty two dollars and fifty cents".
func (p *parser) named(i int) (amount, int) {
	q, j := p.number(i)
	if j == i && p.is(i, "a", "an", "ein", "einen") {
		if c, k := p.currencyAt(i + 1); k == i+2 && len(p.word(i+1)) > 2 {
			q, j = quantity{val: 1, plain: true}, i+1
			_ = c
		}
	}
	if j == i {
		return amount{}, i
	}
	if q.plain && !q.figures && q.val < 100 {
		if a, k := p.unspoken(i, q, j); k > j {
			return a, k
		}
	}
	j = p.skip(j, "of", "de")
	if q.val == 0.5 && p.is(j, "a", "an") { // "half a dollar"
		j++
	}
	c, k := p.currencyAt(j)
	if k == j {
		return amount{}, i
	}
	a := amount{val: q.val, code: c.code, explicit: true, scaled: q.scaled}
	if c.minor {
		a.val /= 100
		if p.is(j, "cent", "cents", "¢") && p.lang.code == "en" {
			a.code = "USD"
		}
		if p.lang.code == "de" || p.lang.code == "fr" {
			a.code = "EUR"
		}
		return a, k
	}
	return p.minor(a, k)
}

// unspoken reads hundreds or a point left out before the currency: "one
// twenty pounds" is 120, "twelve fifty dollars" is 12.50 or 1250.
func (p *parser) unspoken(i int, q quantity, j int) (amount, int) {
	n, k := p.cardinal(j)
	if k == j || n.figures || n.val < 10 || n.val > 99 {
		return amount{}, i
	}
	c, m := p.currencyAt(k)
	if m == k || c.minor {
		return amount{}, i
	}
	val := q.val*100 + float64(n.val)
	if q.val >= 10 {
		val = q.val + float64(n.val)/100
	}
	return amount{val: val, code: c.code, explicit: true}, m
}

// minor reads the hundredths after an amount: "and fifty cents", "fifty".
func (p *parser) minor(a amount, i int) (amount, int) {
	if p.lang.code == "zh" {
		return p.minorChinese(a, i)
	}
	j := i
	joined := has(p.lang.ands, p.word(i)) || p.is(i, ",")
	if joined || p.is(i, "con") {
		j++
	}
	n, k := p.cardinal(j)
	if k == j || n.val < 0 || n.val > 99 || p.is(j, "a") {
		return a, i
	}
	if p.is(j, "one") && p.is(k, "hundred") {
		return a, i
	}
	c, m := p.currencyAt(k)
	switch {
	case m > k && c.minor:
		a.val, k = a.val+float64(n.val)/100, m
	case m > k || joined || n.val < 5:
		return a, i
	case k < len(p.toks) && p.unitAfter(k):
		return a, i
	default:
		a.val += float64(n.val) / 100
	}
	a.val = math.Round(a.val*100) / 100
	return a, k
}

// unitAfter tells whether the number before i belongs to what follows it.
func (p *parser) unitAfter(i int) bool {
	if p.kindAt(i) == symbol {
		return p.is(i, "%", ":", "/")
	}
	_, j := p.cardinal(i)
	_, k := p.spanAt(i)
	_, m := p.unitAt(i)
	return j > i || k > i || m > i || p.is(i, "percent", "people", "times", "am", "pm", "of")
}

// minorChinese reads 角 and 分: "十二块五", "三元五角".
func (p *parser) minorChinese(a amount, i int) (amount, int) {
	n, k := p.cardinal(i)
	if k == i || n.val > 99 {
		return a, p.skip(i, "钱")
	}
	switch {
	case p.is(k, "角", "毛"):
		a.val += float64(n.val) / 10
		if c, m := p.cardinal(k + 1); m > k+1 && p.is(m, "分") {
			a.val += float64(c.val) / 100
			k = m
		}
		k++
	case p.is(k, "分"):
		a.val += float64(n.val) / 100
		k++
	case n.val < 10:
		a.val += float64(n.val) / 10
	default:
		a.val += float64(n.val) / 100
	}
	a.val = math.Round(a.val*100) / 100
	return a, p.skip(k, "钱")
}

func readMoney(p *parser, i int) (Value, int, bool) {
	if a, j := p.money(i); j > i {
		return a.value(), j, true
	}
	q, j := p.number(i)
	if j == i || p.is(i, "a", "an", "one") && j == i+1 && !p.tenAt(j) {
		return Value{}, i, false
	}
	a := amount{val: q.val}
	v := a.value()
	v.Confidence = 0.5
	if !q.plain || q.figures || q.val < 1 {
		return v, j, true
	}
	// "twelve fifty", "nineteen ninety nine", "one twenty".
	n, k := p.cardinal(j)
	if k > j && !n.figures && n.val >= 10 && n.val < 100 && q.val < 1000 {
		hundreds := amount{val: q.val*100 + float64(n.val)}.value().Text
		v = amount{val: math.Round(q.val*100+float64(n.val)) / 100}.value()
		v.Alternatives = []string{hundreds}
		v.Confidence = 0.5
		return v, k, true
	}
	return v, j, true
}

// tenAt tells whether 10 to 99 is said at i: "one fifty".
func (p *parser) tenAt(i int) bool {
	n, k := p.cardinal(i)
	return k > i && !n.figures && n.val >= 10 && n.val < 100
}

func (a amount) value() Value {
	text := strconv.FormatFloat(a.val, 'f', -1, 64)
	if r := math.Round(a.val*100) / 100; r == a.val && r != math.Trunc(r) {
		text = strconv.FormatFloat(a.val, 'f', 2, 64)
	}
	v := Value{Text: text, Number: a.val, Unit: a.code, Confidence: 0.7}
	if a.code != "" {
		v.Text += " " + a.code
		v.Confidence = 0.95
	}
	return v
}

func atof(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}
