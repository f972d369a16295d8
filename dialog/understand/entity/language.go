package entity

import "strings"

// language is what is known of one: its words, and how its figures and dates
// are written.
type language struct {
	code         string
	decimalComma bool // 1.234,50
	monthFirst   bool // 03/04 is 4 March
	numerals     map[string]numeral
	ordinals     map[string]numeral
	ands         []string // "and" within a number
	points       []string // the decimal point
	minus        []string
	digits       map[string]string // words for digits that are not numerals: "oh"
	repeats      map[string]int    // "double"
	months       map[string]int
	weekdays     map[string]int // 0 is Sunday
	currencies   map[string]currency
	spans        map[string]span
	yesNo        []phrase
}

var languages = map[string]*language{
	"en":    &english,
	"en-us": &english,
	"en-gb": &british,
	"de":    &german,
	"fr":    &french,
	"es":    &spanish,
	"zh":    &chinese,
}

var british = func() language {
	l := english
	l.monthFirst = false
	return l
}()

// languageOf returns the language of a BCP 47 tag, English where it is not
// known.
func languageOf(tag string) *language {
	tag = strings.ToLower(strings.ReplaceAll(tag, "_", "-"))
	if l := languages[tag]; l != nil {
		return l
	}
	base, region, _ := strings.Cut(tag, "-")
	l := languages[base]
	switch {
	case l == nil:
		return &english
	case base == "en" && region != "":
		return &british
	}
	return l
}

func has(list []string, w string) bool {
	if w == "" {
		return false
	}
	for _, x := range list {
		if x == w {
			return true
		}
	}
	return false
}

// table makes a map of "word word;word" lines: the words of the n-th group
// have the value first+n.
func table(first int, groups string) map[string]int {
	m := map[string]int{}
	for n, group := range strings.Split(groups, ";") {
		for _, w := range strings.Fields(group) {
			m[w] = first + n
		}
	}
	return m
}
