package entity

import (
	"strings"
)

// currencyNames has the words for one and for more, and for the hundredths.
var currencyNames = map[string][4]string{
	"USD": {"dollar", "dollars", "cent", "cents"}, "EUR": {"euro", "euros", "cent", "cents"}, "GBP": {"pound", "pounds", "penny", "pence"},
	"JPY": {"yen", "yen", "sen", "sen"}, "CNY": {"yuan", "yuan", "fen", "fen"}, "INR": {"rupee", "rupees", "paisa", "paise"},
	"KRW": {"won", "won", "jeon", "jeon"}, "RUB": {"ruble", "rubles", "kopek", "kopeks"}, "CAD": {"canadian dollar", "canadian dollars", "cent", "cents"},
	"AUD": {"australian dollar", "australian dollars", "cent", "cents"}, "CHF": {"swiss franc", "swiss francs", "centime", "centimes"},
}

// moneyFigures says $42.50, €5 million, 50 USD, 99¢.
func (s *speller) moneyFigures(i int) (string, int) {
	negative := s.is(i, "-") && s.glue(i+1) && !s.glue(i)
	start := i
	if negative {
		start++
	}
	code := currencySigns[s.word(start)]
	j := start
	if s.is(start, "us", "a", "c") && s.is(start+1, "$") && s.glue(start+1) {
		code = map[string]string{"us": "USD", "a": "AUD", "c": "CAD"}[s.word(start)]
		j++
	}
	if code == "" {
		return s.moneyAfter(i)
	}
	if s.kindAt(j+1) != figure {
		return "", i
	}
	out, k := s.moneyAmount(code, j+1)
	if negative {
		out = "minus " + out
	}
	return out, k
}

// moneyAfter says a figure with its currency after it.
func (s *speller) moneyAfter(i int) (string, int) {
	if s.kindAt(i) != figure {
		return "", i
	}
	if s.is(i+1, "¢") {
		return s.counted(s.word(i), "cent", "cents"), i + 2
	}
	code := currencySigns[s.word(i+1)]
	if code == "" && len(s.word(i+1)) == 3 && strings.ToUpper(s.raw(i+1)) == s.raw(i+1) {
		if _, ok := currencyNames[s.raw(i+1)]; ok {
			code = s.raw(i + 1)
		}
	}
	if code == "" || s.kindAt(i+2) == figure && s.glue(i+2) {
		return "", i
	}
	out, _ := s.moneyAmount(code, i)
	return out, i + 2
}

// moneyAmount says the figure at i in a currency.
func (s *speller) moneyAmount(code string, i int) (string, int) {
	names := currencyNames[s.lang.sign(code)]
	w := s.word(i)
	if scale, k := s.scaleWord(i + 1); scale != "" {
		return s.amount(w) + " " + scale + " " + names[1], k
	}
	whole, decimals, ok := strings.Cut(w, ".")
	if !ok || len(decimals) != 2 {
		return s.counted(w, names[0], names[1]), i + 1
	}
	minor := strings.TrimPrefix(decimals, "0")
	switch {
	case decimals == "00":
		return s.counted(whole, names[0], names[1]), i + 1
	case whole == "0":
		return s.counted(minor, names[2], names[3]), i + 1
	}
	return s.counted(whole, names[0], names[1]) + " and " + s.counted(minor, names[2], names[3]), i + 1
}

// scaleWord returns the scale at i: "million", "k", "bn".
func (s *speller) scaleWord(i int) (string, int) {
	switch w := s.word(i); {
	case w == "million" || w == "billion" || w == "trillion" || w == "thousand" || w == "hundred":
		return w, i + 1
	case w == "bn" || w == "b" && s.glue(i):
		return "billion", i + 1
	case w == "mn" || w == "m" && s.glue(i):
		return "million", i + 1
	case w == "k" && s.glue(i):
		return "thousand", i + 1
	}
	return "", i
}

// counted says a figure and its noun.
func (s *speller) counted(w, one, many string) string {
	if w == "1" {
		return s.amount(w) + " " + one
	}
	return s.amount(w) + " " + many
}

// measureFigures says 5 km, 20°C, 5%.
func (s *speller) measureFigures(i int) (string, int) {
	start := i
	sign := ""
	if s.is(i, "-", "−") && s.glue(i+1) && !s.glue(i) {
		sign, i = "minus ", i+1
	}
	if s.kindAt(i) != figure {
		return "", start
	}
	symbol, j := s.unitAt(i + 1)
	for _, u := range [...]string{"m", "km", "cm", "mm", "ft"} {
		if s.is(i+1, u) && s.is(i+2, "²", "³") && s.glue(i+2) {
			symbol, j = u+s.word(i+2), i+3
		}
	}
	if j == i+1 || len(s.word(i+1)) > 4 && s.kindAt(i+1) == word || s.is(i+1, "in", "a", "t") {
		return "", start
	}
	one, many := unitWordsOf(symbol)
	if one == "" {
		return "", start
	}
	return sign + s.counted(s.word(i), one, many), j
}

// unitWordsOf returns the names of a unit, for one and for more.
func unitWordsOf(symbol string) (one, many string) {
	switch symbol {
	case "%":
		return "percent", "percent"
	case "ft²":
		symbol = "sq ft"
	case "cm²":
		return "square centimeter", "square centimeters"
	}
	for _, u := range unitNames {
		if u.symbol != symbol {
			continue
		}
		names := strings.Split(u.names, "/")
		if len(names) < 2 {
			return names[0], names[0]
		}
		return names[0], names[1]
	}
	return "", ""
}

// ordinalFigures says 23rd.
func (s *speller) ordinalFigures(i int) (string, int) {
	n, ok := s.integerAt(i)
	if !ok || !s.is(i+1, "st", "nd", "rd", "th") || !s.glue(i+1) {
		return "", i
	}
	return sayEnglishNth(n), i + 2
}

// fractionFigures says 1/2, 3 1/2, ½.
func (s *speller) fractionFigures(i int) (string, int) {
	n, whole := s.integerAt(i)
	if whole && vulgar(s.word(i+1)) > 0 {
		return sayEnglish(n) + " and " + fractionWords(vulgarParts(s.word(i+1))), i + 2
	}
	if vulgar(s.word(i)) > 0 && s.kindAt(i) == symbol {
		a, b := vulgarParts(s.word(i))
		return fractionWords(a, b), i + 1
	}
	if !whole {
		return "", i
	}
	if a, b, j := s.slashed(i + 1); j > i+1 && !s.glue(i+1) && a < b {
		return sayEnglish(n) + " and " + fractionWords(a, b), j
	}
	a, b, j := s.slashed(i)
	if j == i || s.is(j, "/") || b > 100 {
		return "", i
	}
	if a == 1 && b == 2 {
		return "one half", j
	}
	if a == 1 {
		return "one" + strings.TrimPrefix(fractionWords(a, b), "a"), j
	}
	return fractionWords(a, b), j
}

func vulgarParts(w string) (int64, int64) {
	switch w {
	case "½":
		return 1, 2
	case "¼":
		return 1, 4
	case "¾":
		return 3, 4
	case "⅓":
		return 1, 3
	}
	return 2, 3
}

// slashed reads two whole figures with a slash between them.
func (s *speller) slashed(i int) (a, b int64, next int) {
	a, ok := s.integerAt(i)
	b, okB := s.integerAt(i + 2)
	if !ok || !okB || !s.is(i+1, "/", "⁄") || !s.glue(i+1) || !s.glue(i+2) || b < 2 {
		return 0, 0, i
	}
	return a, b, i + 3
}

// fractionWords says a fraction: "a half", "three quarters", "two thirds".
func fractionWords(a, b int64) string {
	name := sayEnglishNth(b)
	switch b {
	case 2:
		name = "half"
	case 4:
		name = "quarter"
	}
	if a == 1 {
		return "a " + name
	}
	if b == 2 {
		return sayEnglish(a) + " halves"
	}
	return sayEnglish(a) + " " + name + "s"
}

// rangeFigures says 10-20.
func (s *speller) rangeFigures(i int) (string, int) {
	a, ok := s.integerAt(i)
	b, okB := s.integerAt(i + 2)
	if !ok || !okB || !s.is(i+1, "-", "–") || s.glue(i) && i > 0 || s.word(i)[0] == '0' && len(s.word(i)) > 1 || s.is(i+3, "-") || s.glue(i+1) != s.glue(i+2) || len(s.word(i+2)) > 4 || len(s.word(i)) > 4 {
		return "", i
	}
	if len(s.word(i)) == 4 && len(s.word(i+2)) == 4 && a > 1000 && b < 2200 {
		return sayYear(a) + " to " + sayYear(b), i + 3
	}
	return sayEnglish(a) + " to " + sayEnglish(b), i + 3
}

// telephone says groups of digits one by one: 555-123-4567, +44 20 7946 0000.
func (s *speller) telephone(i int) (string, int) {
	plus := s.is(i, "+") && s.glue(i+1)
	j := i
	if plus || s.is(i, "(") {
		j++
	}
	if s.is(j, "(") {
		j++
	}
	var groups []string
	digits := 0
	for s.kindAt(j) == figure && len(s.word(j)) <= 5 && !strings.ContainsAny(s.word(j), ".") && !s.toks[j].grouped {
		if len(groups) > 0 && len(s.word(j)) < 2 {
			break
		}
		groups = append(groups, s.spell(s.word(j)))
		digits += len(s.word(j))
		j++
		k := j
		if s.is(k, ")") {
			k++
		}
		if s.is(k, "-", ".", "(") {
			k++
		}
		if s.kindAt(k) != figure {
			break
		}
		j = k
	}
	if len(groups) == 1 && plus && digits == 0 || len(groups) < 2 || digits < 7 || digits > 16 || !plus && len(groups) == 2 && digits != 7 {
		return "", i
	}
	if j > i && s.kindAt(j-1) != figure {
		return "", i
	}
	out := strings.Join(groups, ", ")
	if plus {
		out = "plus " + out
	}
	return out, j
}
