package entity

import "strings"

var german = language{
	code:         "de",
	decimalComma: true,
	numerals: numerals(`null;ein eins eine einen einem einer;zwei zwo;drei;vier;fünf fuenf;sechs;sieben;acht;neun;zehn;elf;
		zwölf zwoelf;dreizehn;vierzehn;fünfzehn;sechzehn;siebzehn;achtzehn;neunzehn`,
		`zwanzig;dreißig dreissig;vierzig;fünfzig;sechzig;siebzig;achtzig;neunzig`,
		map[string]int64{"hundert": 100, "tausend": 1e3, "million": 1e6, "millionen": 1e6, "milliarde": 1e9, "milliarden": 1e9}),
	ordinals: germanOrdinals(),
	ands:     []string{"und"},
	points:   []string{"komma", "punkt"},
	minus:    []string{"minus"},
	digits:   map[string]string{"o": "0"},
	repeats:  map[string]int{"doppel": 2, "zweimal": 2, "dreimal": 3},
	months: table(1, `januar jänner jan;februar feb;märz maerz mär;april apr;mai;juni jun juno;juli jul julei;august aug;
		september sep;oktober okt;november nov;dezember dez`),
	weekdays: table(0, `sonntag;montag;dienstag;mittwoch;donnerstag;freitag;samstag sonnabend`),
	currencies: currencies(`EUR:euro euros eur;USD:dollar dollars usd;GBP:pfund gbp;CHF:franken chf;JPY:yen;CNY:yuan`,
		`cent cents:;rappen:CHF`),
	spans: spans(`1:sekunde sekunden s;60:minute minuten min;3600:stunde stunden h std;86400:tag tage tagen;
		604800:woche wochen;2592000:monat monate monaten;31536000:jahr jahre jahren`),
	yesNo: germanYesNo,
}

func germanOrdinals() map[string]numeral {
	m := map[string]numeral{}
	for w, n := range table(1, "erst;zweit;dritt;viert;fünft;sechst;siebt siebent;acht;neunt;zehnt;elft;zwölft") {
		c := unit
		if n > 9 {
			c = teen
		}
		for _, end := range []string{"e", "en", "er", "es", "em"} {
			m[w+end] = numeral{val: int64(n), class: c}
		}
	}
	return m
}

// germanCompound reads a number in one word, "dreihundertfünfundzwanzig", and
// whether it is an ordinal one, "fünfundzwanzigsten".
func germanCompound(w string) (val int64, ordinal, ok bool) {
	if v, ok := germanBelow(w, 1e6); ok {
		return v, false, true
	}
	for _, end := range []string{"sten", "ste", "ster", "stes", "stem", "ten", "te", "ter", "tes", "tem"} {
		if stem, cut := strings.CutSuffix(w, end); cut {
			if v, ok := germanBelow(stem, 1e6); ok {
				return v, true, true
			}
		}
	}
	for o, n := range german.ordinals {
		if stem, cut := strings.CutSuffix(w, o); cut && len(o) > 4 {
			if v, ok := germanBelow(stem, 1e6); ok && v%100 == 0 {
				return v + n.val, true, true
			}
		}
	}
	return 0, false, false
}

// germanBelow reads a compound below limit by its largest part.
func germanBelow(w string, limit int64) (int64, bool) {
	if n, ok := germanSmall[w]; ok {
		return n, true
	}
	for _, part := range []struct {
		word string
		val  int64
	}{{"tausend", 1000}, {"hundert", 100}} {
		left, right, found := strings.Cut(w, part.word)
		if !found || part.val >= limit {
			continue
		}
		l, r := int64(1), int64(0)
		var ok bool
		if left != "" {
			if l, ok = germanBelow(left, part.val); !ok {
				return 0, false
			}
		}
		right = strings.TrimPrefix(right, "und")
		if right != "" {
			if r, ok = germanBelow(right, part.val); !ok {
				return 0, false
			}
		}
		return l*part.val + r, true
	}
	left, right, found := strings.Cut(w, "und")
	if !found {
		return 0, false
	}
	l, okLeft := germanSmall[left]
	r, okRight := germanSmall[right]
	return l + r, okLeft && okRight && l < 10 && r >= 20 && r%10 == 0
}

// germanSmall has the words of which compounds are made.
var germanSmall = func() map[string]int64 {
	m := map[string]int64{}
	for w, n := range table(1, `ein;zwei;drei;vier;fünf fuenf;sechs;sieben;acht;neun;zehn;elf;zwölf;dreizehn;vierzehn;fünfzehn;
		sechzehn;siebzehn;achtzehn;neunzehn`) {
		m[w] = int64(n)
	}
	for w, n := range table(2, `zwanzig;dreißig dreissig;vierzig;fünfzig fuenfzig;sechzig;siebzig;achtzig;neunzig`) {
		m[w] = int64(n) * 10
	}
	m["eins"] = 1
	return m
}()
