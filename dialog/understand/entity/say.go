package entity

import (
	"strings"
)

// sayer writes numbers in the words of one language.
type sayer struct {
	cardinal func(n int64) string
	ordinal  func(n int64) string
	point    string
	minus    string
	digits   [10]string
}

var sayers = map[string]*sayer{
	"en": {
		cardinal: sayEnglish, ordinal: sayEnglishNth, point: "point", minus: "minus",
		digits: [10]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"},
	},
	"de": {
		cardinal: sayGerman, ordinal: sayGermanNth, point: "komma", minus: "minus",
		digits: [10]string{"null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"},
	},
	"fr": {
		cardinal: sayFrench, ordinal: sayFrenchNth, point: "virgule", minus: "moins",
		digits: [10]string{"zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"},
	},
	"es": {
		cardinal: saySpanish, ordinal: saySpanish, point: "coma", minus: "menos",
		digits: [10]string{"cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"},
	},
	"zh": {
		cardinal: sayChinese, ordinal: func(n int64) string { return "第" + sayChinese(n) }, point: "点", minus: "负",
		digits: [10]string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"},
	},
}

var (
	englishSmall = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	englishTens  = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
	bigScales    = [...]int64{1e18, 1e15, 1e12, 1e9, 1e6, 1e3}
	englishBig   = [...]string{"quintillion", "quadrillion", "trillion", "billion", "million", "thousand"}
)

// sayEnglish says a cardinal as in the USA, without "and".
func sayEnglish(n int64) string {
	switch {
	case n < 0:
		return "minus " + sayEnglish(-max(n, -1<<62))
	case n < 20:
		return englishSmall[n]
	case n < 100:
		return joinNonzero(englishTens[n/10], n%10, " ", sayEnglish)
	case n < 1000:
		return joinNonzero(englishSmall[n/100]+" hundred", n%100, " ", sayEnglish)
	}
	for k, s := range bigScales {
		if n >= s {
			return joinNonzero(sayEnglish(n/s)+" "+englishBig[k], n%s, " ", sayEnglish)
		}
	}
	return ""
}

// joinNonzero adds the rest of a number, unless that is zero.
func joinNonzero(head string, rest int64, joint string, say func(int64) string) string {
	if rest == 0 {
		return head
	}
	return head + joint + say(rest)
}

var englishNths = map[string]string{
	"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
}

// sayEnglishNth says an ordinal: "twenty third".
func sayEnglishNth(n int64) string {
	s := sayEnglish(n)
	k := strings.LastIndexByte(s, ' ') + 1
	last := s[k:]
	switch nth := englishNths[last]; {
	case nth != "":
		return s[:k] + nth
	case strings.HasSuffix(last, "y"):
		return s[:k] + strings.TrimSuffix(last, "y") + "ieth"
	}
	return s + "th"
}

// sayYear says a year as people do: "twenty twenty six", "nineteen oh five",
// "two thousand six".
func sayYear(y int64) string {
	switch {
	case y < 1000 || y > 9999 || y%1000 < 10:
		return sayEnglish(y)
	case y%100 == 0:
		return sayEnglish(y/100) + " hundred"
	case y%100 < 10:
		return sayEnglish(y/100) + " oh " + sayEnglish(y%100)
	}
	return sayEnglish(y/100) + " " + sayEnglish(y%100)
}

var germanWords = strings.Fields("null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn")

var germanTens = strings.Fields("- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")

func sayGerman(n int64) string {
	if n == 1 || n > 1 && n < 1e6 && n%100 == 1 {
		return germanStem(n) + "s"
	}
	return germanStem(n)
}

// germanStem is a cardinal as it stands within others: "ein", not "eins".
func germanStem(n int64) string {
	switch {
	case n < 0:
		return "minus " + sayGerman(-max(n, -1<<62))
	case n < 20:
		return germanWords[n]
	case n < 100 && n%10 == 0:
		return germanTens[n/10]
	case n < 100:
		return germanWords[n%10] + "und" + germanTens[n/10]
	case n < 1000:
		return joinNonzero(germanWords[n/100]+"hundert", n%100, "", germanStem)
	case n < 1e6:
		return joinNonzero(germanStem(n/1000)+"tausend", n%1000, "", germanStem)
	}
	for _, s := range [...]struct {
		val      int64
		one, all string
	}{{1e12, "eine billion", " billionen"}, {1e9, "eine milliarde", " milliarden"}, {1e6, "eine million", " millionen"}} {
		if n < s.val {
			continue
		}
		head := s.one
		if n/s.val > 1 {
			head = germanStem(n/s.val) + s.all
		}
		return joinNonzero(head, n%s.val, " ", sayGerman)
	}
	return ""
}

// sayGermanNth says an ordinal as it stands after "am": "dreiundzwanzigsten".
func sayGermanNth(n int64) string {
	stem := germanStem(n)
	switch r := n % 100; {
	case r == 1:
		return strings.TrimSuffix(stem, "ein") + "ersten"
	case r == 3:
		return strings.TrimSuffix(stem, "drei") + "dritten"
	case r == 7:
		return strings.TrimSuffix(stem, "sieben") + "siebten"
	case r == 8:
		return stem + "en"
	case r > 0 && r < 20:
		return stem + "ten"
	}
	return stem + "sten"
}

var frenchWords = strings.Fields("zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize")

var frenchTens = strings.Fields("- - vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt")

func sayFrench(n int64) string {
	switch {
	case n < 0:
		return "moins " + sayFrench(-max(n, -1<<62))
	case n < 17:
		return frenchWords[n]
	case n < 20:
		return "dix-" + frenchWords[n-10]
	case n < 100:
		return sayFrenchTens(n)
	case n < 1000:
		return sayFrenchTimes(n, 100, "cent")
	case n < 1e6:
		return sayFrenchTimes(n, 1000, "mille")
	}
	for _, s := range [...]struct {
		val  int64
		name string
	}{{1e12, "billion"}, {1e9, "milliard"}, {1e6, "million"}} {
		if n < s.val {
			continue
		}
		head := sayFrench(n/s.val) + " " + s.name
		if n/s.val > 1 {
			head += "s"
		}
		return joinNonzero(head, n%s.val, " ", sayFrench)
	}
	return ""
}

func sayFrenchTens(n int64) string {
	base, r := n/10*10, n%10
	if base == 70 || base == 90 {
		base, r = base-10, r+10
	}
	head := frenchTens[base/10]
	switch {
	case n == 80:
		return "quatre-vingts"
	case r == 0:
		return head
	case (r == 1 || r == 11) && base != 80:
		return head + " et " + frenchWords[r]
	}
	return head + "-" + sayFrench(r)
}

func sayFrenchTimes(n, scale int64, name string) string {
	head := name
	if n/scale > 1 {
		head = sayFrench(n/scale) + " " + name
		if scale == 100 && n%scale == 0 {
			head += "s"
		}
	}
	return joinNonzero(head, n%scale, " ", sayFrench)
}

func sayFrenchNth(n int64) string {
	if n == 1 {
		return "premier"
	}
	s := strings.TrimSuffix(sayFrench(n), "s")
	switch {
	case n%10 == 5 && n%100 != 15 && n%100 != 75 && n%100 != 95:
		return s + "uième"
	case n%10 == 9:
		return strings.TrimSuffix(s, "f") + "vième"
	case n%10 == 7 || n%10 == 3 || n%10 == 6 || n%10 == 2 || n%10 == 8 || n%10 == 0 || n%10 == 1:
		if sayFrench(n) != s && n%10 != 0 {
			s = sayFrench(n)
		}
	}
	return strings.TrimSuffix(s, "e") + "ième"
}

var spanishWords = strings.Fields(`cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis
	diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve`)

var spanishTens = strings.Fields("- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa")

var spanishHundreds = strings.Fields("- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos")

func saySpanish(n int64) string {
	switch {
	case n < 0:
		return "menos " + saySpanish(-max(n, -1<<62))
	case n < 30:
		return spanishWords[n]
	case n < 100:
		return joinNonzero(spanishTens[n/10], n%10, " y ", saySpanish)
	case n == 100:
		return "cien"
	case n < 1000:
		return joinNonzero(spanishHundreds[n/100], n%100, " ", saySpanish)
	case n < 2000:
		return joinNonzero("mil", n%1000, " ", saySpanish)
	case n < 1e6:
		return joinNonzero(spanishShort(n/1000)+" mil", n%1000, " ", saySpanish)
	case n < 2e6:
		return joinNonzero("un millón", n%1e6, " ", saySpanish)
	case n < 1e12:
		return joinNonzero(spanishShort(n/1e6)+" millones", n%1e6, " ", saySpanish)
	}
	return joinNonzero(spanishShort(n/1e12)+" billones", n%1e12, " ", saySpanish)
}

// spanishShort drops the last vowel of "uno" before a noun.
func spanishShort(n int64) string {
	s := saySpanish(n)
	if strings.HasSuffix(s, "veintiuno") {
		return strings.TrimSuffix(s, "uno") + "ún"
	}
	if strings.HasSuffix(s, "uno") {
		return strings.TrimSuffix(s, "o")
	}
	return s
}

func sayChinese(n int64) string {
	if n < 0 {
		return "负" + sayChinese(-max(n, -1<<62))
	}
	if n >= 10 && n < 20 {
		return "十" + strings.TrimPrefix(chineseBelow(n%10), "零")
	}
	return chineseBelow(n)
}

// chineseBelow says a number with its zeros: 三百零五.
func chineseBelow(n int64) string {
	digits := sayersDigits
	for _, s := range [...]struct {
		val  int64
		name string
	}{{1e12, "万亿"}, {1e8, "亿"}, {1e4, "万"}, {1000, "千"}, {100, "百"}, {10, "十"}} {
		if n < s.val {
			continue
		}
		head := chineseBelow(n/s.val) + s.name
		if n/s.val == 2 && s.val >= 1000 {
			head = "两" + s.name
		}
		r := n % s.val
		if r == 0 {
			return head
		}
		if r < s.val/10 {
			head += "零"
		}
		return head + chineseBelow(r)
	}
	return digits[n]
}

var sayersDigits = [10]string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
