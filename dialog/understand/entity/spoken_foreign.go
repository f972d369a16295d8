package entity

import (
	"strconv"
	"strings"
)

// foreignMonths are the months' names, by language.
var foreignMonths = map[string][]string{
	"de": strings.Fields("- januar februar märz april mai juni juli august september oktober november dezember"),
	"fr": strings.Fields("- janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
	"es": strings.Fields("- enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
}

// foreignDate says 3.4.2026, 03/04/2026 and "3. März 2026".
func (s *speller) foreignDate(i int) (string, int) {
	if s.kindAt(i) != figure {
		return "", i
	}
	if s.lang.code == "zh" {
		return s.dateChinese(i)
	}
	if d, j := s.figureDate(i); j > i && d.conf > 0.8 && j-i >= 5 {
		return s.foreignDay(d.t.Day(), foreignMonths[s.lang.code][d.t.Month()], int64(d.t.Year())), j
	}
	n, ok := s.integerAt(i)
	if !ok || n < 1 || n > 31 {
		return "", i
	}
	m, j := s.month(s.skip(s.skip(i+1, "."), "de"))
	if m == 0 {
		return s.germanNth(n, i)
	}
	name := foreignMonths[s.lang.code][m]
	if y, ok := s.integerAt(s.skip(j, "de")); ok && y > 999 && y < 2200 {
		return s.foreignDay(int(n), name, y), s.skip(j, "de") + 1
	}
	return s.foreignDay(int(n), name, 0), j
}

// germanNth says "3." before a word.
func (s *speller) germanNth(n int64, i int) (string, int) {
	if s.lang.code == "de" && s.is(i+1, ".") && s.glue(i+1) && s.kindAt(i+2) == word && !s.glue(i+2) {
		return sayGermanNth(n), i + 2
	}
	return "", i
}

func (s *speller) foreignDay(d int, month string, y int64) string {
	switch s.lang.code {
	case "de":
		out := sayGermanNth(int64(d)) + " " + month
		switch {
		case y >= 1100 && y < 2000:
			return out + " " + joinNonzero(germanStem(y/100)+"hundert", y%100, "", sayGerman)
		case y > 0:
			return out + " " + sayGerman(y)
		}
		return out
	case "fr":
		day := sayFrench(int64(d))
		if d == 1 {
			day = "premier"
		}
		return yearAfter(day+" "+month, y, " ", sayFrench)
	}
	day := saySpanish(int64(d))
	if d == 1 {
		day = "primero"
	}
	return yearAfter(day+" de "+month, y, " de ", saySpanish)
}

func yearAfter(out string, y int64, joint string, say func(int64) string) string {
	if y == 0 {
		return out
	}
	return out + joint + say(y)
}

// dateChinese says 2026-03-04, and the year of 2026年 digit by digit.
func (s *speller) dateChinese(i int) (string, int) {
	if s.is(i+1, "年") && len(s.word(i)) == 4 {
		return s.spell(s.word(i)), i + 1
	}
	d, j := s.figureDate(i)
	if j == i || d.conf < 0.8 || j-i < 5 {
		return "", i
	}
	return s.spell(strconv.Itoa(d.t.Year())) + "年" + sayChinese(int64(d.t.Month())) + "月" + sayChinese(int64(d.t.Day())) + "日", j
}

// foreignClock says 15:30.
func (s *speller) foreignClock(i int) (string, int) {
	h, ok := s.integerAt(i)
	m, okM := s.integerAt(i + 2)
	if !ok || !okM || !s.is(i+1, ":") || !s.glue(i+1) || !s.glue(i+2) || h > 24 || m > 59 || len(s.word(i+2)) != 2 {
		return "", i
	}
	out := s.say.cardinal(h)
	if h == 1 {
		out = map[string]string{"de": "ein", "fr": "une", "es": "una", "zh": "一"}[s.lang.code]
	}
	if h == 2 && s.lang.code == "zh" {
		out = "两"
	}
	hours := map[string]string{"de": " uhr", "fr": " heures", "es": "", "zh": "点"}[s.lang.code]
	j := s.skip(s.skip(i+3, "uhr"), "heures")
	if m == 0 {
		return out + hours, j
	}
	switch s.lang.code {
	case "zh":
		zero := ""
		if m < 10 {
			zero = "零"
		}
		return out + hours + zero + sayChinese(m) + "分", j
	case "es":
		return out + " y " + saySpanish(m), j
	}
	return out + hours + " " + s.say.cardinal(m), j
}

// foreignMoneyNames has a currency's name for one and for more.
var foreignMoneyNames = map[string]map[string][2]string{
	"de": {"EUR": {"euro", "euro"}, "USD": {"dollar", "dollar"}, "GBP": {"pfund", "pfund"}, "CHF": {"franken", "franken"}},
	"fr": {"EUR": {"euro", "euros"}, "USD": {"dollar", "dollars"}, "GBP": {"livre", "livres"}, "CHF": {"franc", "francs"}},
	"es": {"EUR": {"euro", "euros"}, "USD": {"dólar", "dólares"}, "GBP": {"libra", "libras"}},
	"zh": {"EUR": {"欧元", "欧元"}, "USD": {"美元", "美元"}, "GBP": {"英镑", "英镑"}, "CNY": {"元", "元"}},
}

// foreignMoney says 12,50 €, $5, ¥42.
func (s *speller) foreignMoney(i int) (string, int) {
	code, at, j := currencySigns[s.word(i)], i+1, i+2
	if code == "" {
		code, at = currencySigns[s.word(i+1)], i
		if c, ok := foreignMoneyNames[s.lang.code][strings.ToUpper(s.word(i+1))]; ok && len(c[0]) > 0 {
			code = strings.ToUpper(s.word(i + 1))
		}
	}
	names, ok := foreignMoneyNames[s.lang.code][s.lang.sign(code)]
	if !ok || s.kindAt(at) != figure {
		return "", i
	}
	whole, cents, _ := strings.Cut(s.word(at), ".")
	name := names[1]
	if whole == "1" {
		name = names[0]
	}
	if s.lang.code == "zh" {
		return s.amount(trimZeros(s.word(at))) + name, j
	}
	out := s.amount(whole) + " " + name
	if whole == "1" {
		out = map[string]string{"de": "ein", "fr": "un", "es": "un"}[s.lang.code] + " " + name
	}
	if cents = strings.TrimPrefix(cents, "0"); cents == "" || cents == "0" {
		return out, j
	}
	joint := map[string]string{"de": " ", "fr": " ", "es": " con "}[s.lang.code]
	return out + joint + s.amount(cents), j
}

// foreignPercent says 5 %.
func (s *speller) foreignPercent(i int) (string, int) {
	if s.kindAt(i) != figure || !s.is(i+1, "%") {
		return "", i
	}
	if s.lang.code == "zh" {
		return "百分之" + s.amount(s.word(i)), i + 2
	}
	name := map[string]string{"de": "prozent", "fr": "pour cent", "es": "por ciento"}[s.lang.code]
	return s.amount(s.word(i)) + " " + name, i + 2
}

// foreignUnitNames are the units that are said in every language.
var foreignUnitNames = map[string]map[string]string{
	"de": {"km": "kilometer", "m": "meter", "cm": "zentimeter", "kg": "kilogramm", "g": "gramm", "kWh": "kilowattstunden", "km/h": "kilometer pro stunde", "l": "liter", "°C": "grad celsius", "GB": "gigabyte"},
	"fr": {"km": "kilomètres", "m": "mètres", "cm": "centimètres", "kg": "kilogrammes", "g": "grammes", "kWh": "kilowattheures", "km/h": "kilomètres par heure", "l": "litres", "°C": "degrés celsius", "GB": "gigaoctets"},
	"es": {"km": "kilómetros", "m": "metros", "cm": "centímetros", "kg": "kilogramos", "g": "gramos", "kWh": "kilovatios hora", "km/h": "kilómetros por hora", "l": "litros", "°C": "grados celsius", "GB": "gigabytes"},
	"zh": {"km": "公里", "m": "米", "cm": "厘米", "kg": "公斤", "g": "克", "kWh": "千瓦时", "km/h": "公里每小时", "l": "升", "°C": "摄氏度", "GB": "吉字节"},
}

// foreignUnit says 5 km.
func (s *speller) foreignUnit(i int) (string, int) {
	if s.kindAt(i) != figure {
		return "", i
	}
	symbol, j := s.unitAt(i + 1)
	name := foreignUnitNames[s.lang.code][symbol]
	if j == i+1 || name == "" || len(s.word(i+1)) > 3 {
		return "", i
	}
	if s.lang.code == "zh" {
		return s.amount(s.word(i)) + name, j
	}
	return s.amount(s.word(i)) + " " + name, j
}
