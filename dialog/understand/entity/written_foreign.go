package entity

import (
	"math"
	"strconv"
	"strings"
)

// foreignPercent writes "zwanzig prozent" as 20 %, "百分之二十" as 20%.
func (w *writer) foreignPercent(i int) (string, int) {
	if w.lang.code == "zh" {
		k := w.seq(i, "百 分 之")
		if k == 0 {
			return "", i
		}
		q, j := w.number(k)
		if j == k {
			return "", i
		}
		return q.String() + "%", j
	}
	q, j := w.number(i)
	if j == i || w.kindAt(i) == figure {
		return "", i
	}
	symbol, k := w.unitAt(j)
	if k == j || len(w.word(j)) == 1 {
		return "", i
	}
	return w.localPoint(q.String()) + " " + symbol, k
}

// foreignMoney writes "zwölf euro fünfzig" as 12,50 €.
func (w *writer) foreignMoney(i int) (string, int) {
	if w.kindAt(i) == figure || w.is(i, "ein", "eine", "einen", "un", "una", "une") {
		return "", i
	}
	a, j := w.parser.money(i)
	if j == i || !a.explicit {
		return "", i
	}
	if w.lang.code == "zh" {
		return w.chineseMoney(a, i, j)
	}
	number := formatFloat(a.val)
	if a.val != math.Trunc(a.val) {
		number = strconv.FormatFloat(a.val, 'f', 2, 64)
	}
	symbol := currencySymbols[a.code]
	if symbol == "" {
		symbol = a.code
	}
	for _, big := range []string{"millionen", "millions", "millones"} {
		if w.find(i, j, big) >= 0 && a.val >= 1e6 {
			number = formatFloat(a.val/1e6) + " " + big
		}
	}
	return w.localPoint(number) + " " + symbol, j
}

func (w *writer) chineseMoney(a amount, i, j int) (string, int) {
	symbol := currencySymbols[a.code]
	if symbol == "" {
		return "", i
	}
	if a.val != math.Trunc(a.val) {
		return symbol + strconv.FormatFloat(a.val, 'f', 2, 64), j
	}
	return symbol + formatFloat(a.val), j
}

// foreignDay writes "dritter märz zweitausendsechsundzwanzig" as "3. märz
// 2026".
func (w *writer) foreignDay(i int) (string, int) {
	if w.lang.code == "zh" {
		return w.chineseDay(i)
	}
	if w.kindAt(i) == figure {
		return "", i
	}
	n, j := w.nth(i)
	if j == i {
		c, k := w.cardinal(i)
		n, j = c.val, k
	}
	if j == i || n < 1 || n > 31 {
		return "", i
	}
	of := w.skip(j, "de")
	m, k := w.month(of)
	if m == 0 {
		return w.germanOrdinal(n, i, j)
	}
	out := strconv.FormatInt(n, 10)
	switch {
	case w.lang.code == "de":
		out += ". "
	case w.lang.code == "fr" && n == 1:
		out = "1er "
	case w.lang.code == "es":
		out += " de "
	default:
		out += " "
	}
	out += w.raw(of)
	y := w.skip(k, "de", "del")
	if v, e := w.year(y); e > y {
		if w.lang.code == "es" {
			out += " de"
		}
		return out + " " + strconv.Itoa(v), e
	}
	return out, k
}

func (w *writer) germanOrdinal(n int64, i, j int) (string, int) {
	if _, k := w.nth(i); k > i && w.lang.code == "de" && n > 12 {
		return strconv.FormatInt(n, 10) + ".", j
	}
	return "", i
}

// chineseDay writes 二零二六年三月四号 as 2026年3月4号.
func (w *writer) chineseDay(i int) (string, int) {
	var b strings.Builder
	j := i
	for _, unit := range []string{"年", "月", "号", "日"} {
		n, k := w.cardinal(j)
		if k == j || !w.is(k, unit) || unit == "年" && n.val < 1000 || unit == "月" && n.val > 12 || n.val > 31 && unit != "年" {
			continue
		}
		b.WriteString(strconv.FormatInt(n.val, 10) + unit)
		j = k + 1
		if unit == "号" {
			break
		}
	}
	if strings.Contains(b.String(), "月") || strings.Contains(b.String(), "年") {
		return b.String(), j
	}
	return "", i
}

// foreignTime writes "neun uhr dreißig" as 9:30 uhr, 三点半 as 3:30.
func (w *writer) foreignTime(i int) (string, int) {
	if w.kindAt(i) == figure {
		return "", i
	}
	if w.lang.code == "zh" {
		c, j := w.pointChinese(i)
		if j == i || w.pointed(i, j) {
			return "", i
		}
		return w.clockFigure(c), j
	}
	if w.lang.code == "de" {
		c, j := w.germanTime(i)
		if j == i || w.find(i, j, "uhr") < 0 {
			return "", i
		}
		return w.clockFigure(c) + " uhr", j
	}
	c, j := w.romanceTime(i)
	if j == i || w.find(i, j, "heures") < 0 && w.find(i, j, "heure") < 0 && !w.is(i-1, "las") {
		return "", i
	}
	return w.clockFigure(c), j
}

// pointed tells whether what stands from i to j is a decimal number: its
// minutes are digits, 三点一四.
func (w *writer) pointed(i, j int) bool {
	k := w.find(i, j, "点") + 1
	if k == 0 || w.is(j-1, "分", "半", "刻", "钟", "整", "点") {
		return false
	}
	_, end := w.hanziDigits(k)
	return end >= j
}

// foreignSerial joins three and more digits said one by one.
func (w *writer) foreignSerial(i int) (string, int) {
	var b strings.Builder
	j := i
	for j < len(w.toks) && w.kindAt(j) == word && b.Len() < 32 {
		n, ok := w.lang.numerals[w.word(j)]
		if !ok || n.class != unit || w.lang.code != "zh" && w.longer(j) {
			break
		}
		b.WriteString(strconv.FormatInt(n.val, 10))
		j++
	}
	if n, ok := w.lang.numerals[w.word(j)]; b.Len() < 3 || ok && n.class >= hundred || has(w.lang.points, w.word(j)) {
		return "", i
	}
	return b.String(), j
}
