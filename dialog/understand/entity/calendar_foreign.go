package entity

import "time"

var foreignNames = map[string][]struct {
	phrase string
	days   int
}{
	"de": {{"übermorgen", 2}, {"vorgestern", -2}, {"heute", 0}, {"morgen", 1}, {"gestern", -1}},
	"fr": {{"après demain", 2}, {"avant hier", -2}, {"aujourd'hui", 0}, {"demain", 1}, {"hier", -1}, {"ce soir", 0}},
	"es": {
		{"pasado mañana", 2},
		{"anteayer", -2},
		{"antes de ayer", -2},
		{"hoy", 0},
		{"mañana", 1},
		{"ayer", -1},
		{"esta noche", 0},
		{"esta tarde", 0},
	},
	"zh": {{"大 后 天", 3}, {"后 天", 2}, {"明 天", 1}, {"今 天", 0}, {"昨 天", -1}, {"前 天", -2}, {"明 早", 1}, {"今 晚", 0}, {"明 晚", 1}},
}

// foreignNamed reads "übermorgen", "après-demain", "pasado mañana", "后天".
func (p *parser) foreignNamed(i int) (day, int) {
	for _, n := range foreignNames[p.lang.code] {
		if n.phrase == "mañana" && p.is(i-1, "la") || n.phrase == "morgen" && p.is(i-1, "am", "guten") {
			continue
		}
		if j := p.seq(i, n.phrase); j > 0 {
			return day{t: p.today().AddDate(0, 0, n.days), conf: 0.95}, j
		}
	}
	return day{}, i
}

// direction reads words for next (1), this (0) and last (-1).
func (p *parser) direction(i int) (n, next int) {
	switch {
	case p.is(i, "nächste", "nächsten", "nächster", "nächstes", "kommende", "kommenden", "prochain", "prochaine", "próximo", "próxima", "下"):
		return 1, i + 1
	case p.seq(i, "que viene") > 0, p.seq(i, "qui vient") > 0:
		return 1, i + 2
	case p.is(i, "diese", "diesen", "dieser", "dieses", "ce", "cet", "cette", "este", "esta", "这", "本"):
		return 0, i + 1
	case p.is(i, "letzte", "letzten", "letzter", "letztes", "vergangenen", "dernier", "dernière", "pasado", "pasada", "上"):
		return -1, i + 1
	}
	return 0, i
}

// foreignWeekday reads "nächsten montag", "lundi prochain", "el lunes que
// viene", "下周三".
func (p *parser) foreignWeekday(i int) (day, int) {
	if p.lang.code == "zh" {
		return p.weekdayChinese(i)
	}
	j := p.skip(i, "am", "den", "der", "le", "el", "on")
	n, k := p.direction(j)
	said := k > j
	w, ok := p.weekdayAt(k)
	if !ok {
		return day{}, i
	}
	e := p.skip(k+1, ",")
	if d, m := p.foreignMonthDay(e); m > e {
		return d, m
	}
	e = p.skip(k+1, "der", "in", "de", "la")
	if m, f := p.direction(e); f > e && p.is(f, "woche", "semaine", "semana") {
		return day{t: inWeek(monday(p.today()).AddDate(0, 0, 7*m), w), conf: 0.95}, f + 1
	}
	if m, f := p.direction(k + 1); f > k+1 && !said {
		n, k = m, f-1
	}
	if n < 0 {
		return day{t: before(p.today(), w), conf: 0.95}, k + 1
	}
	return day{t: p.coming(w), conf: 0.95}, k + 1
}

func (p *parser) weekdayChinese(i int) (day, int) {
	n, j := p.direction(i)
	for p.is(i, "下") && p.is(j, "下") {
		n, j = n+1, j+1
	}
	said := j > i
	j = p.skip(j, "个", "個")
	switch {
	case p.is(j, "周", "週"):
		j++
	case p.seq(j, "星 期") > 0, p.seq(j, "礼 拜") > 0:
		j += 2
	default:
		return day{}, i
	}
	w, ok := p.lang.weekdays[p.word(j)]
	if p.is(j, "末") {
		w, ok = 6, true
	}
	switch {
	case !ok && said:
		m := monday(p.today()).AddDate(0, 0, 7*n)
		return day{t: m, end: m.AddDate(0, 0, 6), conf: 0.7}, j
	case !ok:
		return day{}, i
	case said:
		return day{t: inWeek(monday(p.today()).AddDate(0, 0, 7*n), w), conf: 0.95}, j + 1
	}
	return day{t: p.coming(w), conf: 0.95}, j + 1
}

// foreignMonthDay reads "dritter märz zwanzig sechsundzwanzig", "le premier
// mai", "3 de marzo de 2026".
func (p *parser) foreignMonthDay(i int) (day, int) {
	if p.lang.code == "zh" {
		return day{}, i
	}
	j := p.skip(i, "am", "den", "der", "le", "el", "vom", "zum", "du", "au", "al", "del")
	n, k := p.nth(j)
	if k == j {
		c, m := p.cardinal(j)
		n, k = c.val, m
	}
	if k == j || n < 1 || n > 31 {
		return p.foreignMonth(i)
	}
	e := p.skip(p.skip(k, "."), "de")
	m, f := p.month(e)
	if m == 0 {
		return p.foreignNumber(int(n), i, j, k)
	}
	return p.withYear(m, int(n), i, f)
}

// foreignNumber reads "am dritten", "le 3", "el día tres".
func (p *parser) foreignNumber(n, i, j, k int) (day, int) {
	_, _, ok := p.germanMonth(k)
	switch {
	case ok:
		_, m, end := p.germanMonthAt(k)
		return p.withYear(m, n, i, end)
	case j == i || k < len(p.toks) && !p.is(k, "um", "à", "a", "bis", "au", "al", ".", ",", "bitte"):
		return day{}, i
	case p.lang.code == "de" && p.is(j, "ein", "einen"):
		return day{}, i
	}
	t, ok := p.comingNumber(n)
	if !ok {
		return day{}, i
	}
	return day{t: t, conf: 0.7}, k
}

// germanMonth tells whether the month is an ordinal: "am dritten vierten".
func (p *parser) germanMonth(i int) (int64, int, bool) {
	if p.lang.code != "de" {
		return 0, i, false
	}
	m, j := p.nth(i)
	return m, j, j > i && m >= 1 && m <= 12
}

func (p *parser) germanMonthAt(i int) (bool, time.Month, int) {
	m, j, ok := p.germanMonth(i)
	return ok, time.Month(m), j
}

// foreignMonth reads a month alone.
func (p *parser) foreignMonth(i int) (day, int) {
	j := p.skip(i, "im", "en")
	m, k := p.month(j)
	if m == 0 {
		return day{}, i
	}
	if y, e := p.yearRef(k); e > k {
		t, ok := p.date(y, m, 1)
		if ok {
			return day{t: t, end: lastOfMonth(t), conf: 0.8}, e
		}
	}
	this := firstOfMonth(p.today())
	t, _ := p.date(this.Year(), m, 1)
	if t.Before(this) {
		t = t.AddDate(1, 0, 0)
	}
	return day{t: t, end: lastOfMonth(t), conf: 0.6}, k
}

// foreignShifted reads "in zwei wochen", "il y a trois jours", "三天后".
func (p *parser) foreignShifted(i int) (day, int) {
	sign := 1
	j := p.anyOf(i, "in", "dans", "en", "dentro de")
	if j == 0 {
		if j = p.anyOf(i, "vor", "il y a", "hace"); j > 0 {
			sign = -1
		}
	}
	prefixed := j > 0
	if !prefixed {
		j = i
	}
	l, k := p.length(j)
	if k == j || l.span.seconds < 86400 {
		return day{}, i
	}
	if !prefixed {
		e := p.anyOf(k, "后", "以 后", "之 后", "後")
		if e == 0 {
			e, sign = p.anyOf(k, "前", "以 前", "之 前"), -1
		}
		if e == 0 {
			return day{}, i
		}
		k = e
	}
	return day{t: dayOf(move(p.today(), l, sign)), conf: 0.95}, k
}

// foreignCycle reads "nächste woche", "fin du mois", "el mes que viene",
// "下个月", "月底".
func (p *parser) foreignCycle(i int) (day, int) {
	if k := p.anyOf(i, "ende des monats", "ende monat", "am monatsende", "fin du mois", "fin de mes", "finales de mes", "fin del mes", "月 底"); k > 0 {
		return day{t: lastOfMonth(p.today()), conf: 0.85}, k
	}
	j := p.skip(i, "la", "le", "el", "die", "der", "das")
	n, k := p.direction(j)
	said := k > j
	k = p.skip(k, "个", "個")
	name := map[string]string{
		"woche": "week", "semaine": "week", "semana": "week", "monat": "month", "monats": "month",
		"mois": "month", "mes": "month", "月": "month", "jahr": "year", "année": "year", "año": "year", "wochenende": "weekend",
	}
	c := name[p.word(k)]
	if p.lang.code == "zh" && p.is(i, "明", "今") && p.is(i+1, "年") {
		return day{t: time.Date(p.today().Year()+b2i(p.is(i, "明")), 1, 1, 0, 0, 0, 0, p.at.Location()), conf: 0.7}, i + 2
	}
	if c == "" {
		return day{}, i
	}
	if !said {
		m, e := p.direction(k + 1)
		if e == k+1 {
			return day{}, i
		}
		n, k = m, e-1
	}
	if c == "week" {
		m := monday(p.today()).AddDate(0, 0, 7*n)
		return day{t: m, end: m.AddDate(0, 0, 6), conf: 0.7}, k + 1
	}
	sub := parser{text: c, toks: []token{{low: c}}, at: p.at, lang: &english}
	d, ok := sub.cycleAt(0, n)
	if !ok {
		return day{}, i
	}
	return d, k + 1
}

// chineseDate reads "二零二六年三月四号", "三月四日", "四号".
func (p *parser) chineseDate(i int) (day, int) {
	if p.lang.code != "zh" {
		return day{}, i
	}
	y := 0
	j := i
	if n, k := p.cardinal(j); k > j && p.is(k, "年") && n.val >= 1000 && n.val < 3000 {
		y, j = int(n.val), k+1
	} else if p.is(j, "今", "明", "去") && p.is(j+1, "年") {
		y, j = p.today().Year()+map[string]int{"今": 0, "明": 1, "去": -1}[p.word(j)], j+2
	}
	m, k := p.cardinal(j)
	if k == j {
		return day{}, i
	}
	if p.is(k, "号", "日", "號") && y == 0 {
		t, ok := p.comingNumber(int(min(m.val, 32)))
		if !ok {
			return day{}, i
		}
		return day{t: t, conf: 0.8}, k + 1
	}
	if !p.is(k, "月") || m.val > 12 {
		return day{}, i
	}
	d, e := p.cardinal(k + 1)
	if e == k+1 || d.val > 31 {
		d.val, e = 1, k+1
	}
	e = p.skip(e, "号", "日", "號")
	if y > 0 {
		t, ok := p.date(y, time.Month(m.val), int(d.val))
		if !ok {
			return day{}, i
		}
		return day{t: t, conf: 0.98}, e
	}
	out, ok := p.comingDay(time.Month(m.val), int(d.val))
	if !ok {
		return day{}, i
	}
	return out, e
}
