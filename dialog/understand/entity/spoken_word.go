package entity

import (
	"strings"
	"unicode"
)

// abbreviations that are written out wherever they stand with a dot, and
// without one where their capital says so.
var abbreviations = map[string]string{
	"mr": "mister", "mrs": "missus", "ms": "miz", "prof": "professor", "jr": "junior", "sr": "senior", "vs": "versus", "etc": "et cetera",
	"approx": "approximately", "dept": "department", "apt": "apartment", "ave": "avenue", "blvd": "boulevard", "rd": "road", "ln": "lane",
	"hwy": "highway", "inc": "incorporated", "ltd": "limited", "corp": "corporation", "gov": "governor", "gen": "general", "capt": "captain",
	"sgt": "sergeant", "lt": "lieutenant", "rev": "reverend", "hon": "honorable", "sen": "senator", "rep": "representative", "ext": "extension",
	"tel": "telephone", "est": "established", "ste": "suite", "assn": "association", "univ": "university", "mt": "mount", "ft": "fort",
}

// needsDot are abbreviations that are words without their dot.
func needsDot(w string) bool {
	switch w {
	case "gen", "rep", "hon", "est", "inc", "sen", "gov", "mt", "ft", "ext", "rev", "corp", "univ", "tel", "lt", "ms", "jr", "sr":
		return true
	}
	return false
}

// abbreviation writes Dr., St., No. and the like out.
func (s *speller) abbreviation(i int) (string, int) {
	w := s.word(i)
	if s.kindAt(i) != word || len(w) > 6 {
		return "", i
	}
	dot := s.is(i+1, ".") && s.glue(i+1)
	j := i + 1
	if dot && (i+2 < len(s.toks)) {
		j++
	}
	next := s.raw(j)
	named := next != "" && unicode.IsUpper(rune(next[0]))
	switch {
	case w == "dr" && (named || !capitalBefore(s, i)):
		return "doctor", j
	case w == "dr":
		return "drive", j
	case w == "st" && named && !capitalBefore(s, i):
		return "saint", j
	case w == "st" && (dot || capitalBefore(s, i)):
		return "street", j
	case w == "no" && dot && s.kindAt(j) == figure:
		return "number", j
	case s.seq(i, "e . g") > 0 && dot:
		return "for example", s.skip(i+3, ".")
	case s.seq(i, "i . e") > 0 && dot:
		return "that is", s.skip(i+3, ".")
	}
	full := abbreviations[w]
	if full == "" || !dot && (needsDot(w) || !unicode.IsUpper(rune(s.raw(i)[0])) && w != "vs" && w != "etc") {
		return "", i
	}
	return full, j
}

// capitalBefore tells whether a name stands before token i: "Main St".
func capitalBefore(s *speller, i int) bool {
	r := s.raw(i - 1)
	return r != "" && s.kindAt(i-1) == word && unicode.IsUpper(rune(r[0])) && (i > 1 || len(r) > 3)
}

// spokenWords are capitals that are said as a word.
var spokenWords = table(1, `nasa nato unesco unicef aids opec fifa covid ram gif swat zip laser radar scuba pin sim ok asap wifi
	rom vat nafta asean ikea lego nasdaq sars hiv/aids dos cad fema osha pac potus scotus sat gmat lan wan moma basic cobol jpeg
	the and for are but not you all any can had her was one our out day get has him his how man new now old see two way who boy did its
	let put say she too use yes no hi oh please stop now help wait this that what when`)

// acronym spells capitals: BBC is "b b c".
func (s *speller) acronym(i int) (string, int) {
	raw := s.raw(i)
	if s.kindAt(i) != word || len(raw) < 1 || !ascii(raw) {
		return "", i
	}
	if out, j := s.dottedCapitals(i); j > i {
		return out, j
	}
	plural := strings.HasSuffix(raw, "s") && len(raw) > 2
	capitals := raw
	if plural {
		capitals = raw[:len(raw)-1]
	}
	if len(capitals) < 2 || len(capitals) > 5 || strings.ToUpper(capitals) != capitals || strings.Contains(raw, "'") || spokenWords[s.word(i)] > 0 || s.shouted() {
		return "", i
	}
	out := letters(capitals)
	if plural && raw != strings.ToUpper(raw) {
		out += "'s"
	} else if plural {
		out = letters(raw)
	}
	return out, i + 1
}

// dottedCapitals spells U.S.A.
func (s *speller) dottedCapitals(i int) (string, int) {
	var b strings.Builder
	j := i
	for len(s.raw(j)) == 1 && unicode.IsUpper(rune(s.raw(j)[0])) && s.is(j+1, ".") && s.glue(j+1) && (j == i || s.glue(j)) {
		b.WriteString(s.word(j))
		j += 2
	}
	if b.Len() < 2 {
		return "", i
	}
	return letters(b.String()), j
}

// shouted tells whether the whole text is in capitals.
func (s *speller) shouted() bool {
	return len(s.toks) > 2 && strings.ToUpper(s.text) == s.text
}

// letters parts letters by spaces.
func letters(w string) string {
	return strings.Join(strings.Split(strings.ToLower(w), ""), " ")
}

// mixedCode spells letters and digits that stand together: AB-1234, MP3.
func (s *speller) mixedCode(i int) (string, int) {
	if s.glue(i) && s.kindAt(i-1) != symbol || s.kindAt(i) == symbol {
		return "", i
	}
	j := i
	digits, alpha := false, false
	for j < len(s.toks) && (j == i || s.glue(j)) {
		if s.kindAt(j) == symbol && (!s.is(j, "-", "/") || s.kindAt(j+1) == symbol || !s.glue(j+1)) {
			break
		}
		digits = digits || s.kindAt(j) == figure
		alpha = alpha || s.kindAt(j) == word
		if s.kindAt(j) == word && len(s.raw(j)) > 3 && strings.ToUpper(s.raw(j)) != s.raw(j) {
			return "", i
		}
		j++
	}
	if !digits || !alpha || s.kindAt(j-1) == symbol {
		return "", i
	}
	if _, k := s.unitAt(i + 1); s.kindAt(i) == figure && k > i+1 && j <= k || j == i+2 && s.is(i+1, "s", "k", "am", "pm", "st", "nd", "rd", "th", "x", "a.m.", "p.m.") {
		return "", i
	}
	var out []string
	for ; i < j; i++ {
		switch s.kindAt(i) {
		case word:
			out = append(out, letters(s.word(i)))
		case figure:
			out = append(out, s.codeDigits(s.word(i)))
		}
	}
	return strings.Join(out, " "), j
}

// codeDigits says up to two digits as a number, more of them one by one.
func (s *speller) codeDigits(w string) string {
	if len(w) <= 2 && w[0] != '0' {
		return s.amount(w)
	}
	return s.spell(w)
}

// counters are words that a Roman number after them counts.
var counters = table(1, `chapter part section war volume act phase type book article title class level stage grade bowl scene
	appendix vol apollo mark rocky windows group unit module tier`)

// roman says Roman numbers: after a counter as a cardinal, after a name as an
// ordinal, "Henry the eighth".
func (s *speller) roman(i int) (string, int) {
	raw := s.raw(i)
	if s.kindAt(i) != word || raw == "" || strings.Trim(raw, "IVXLC") != "" || s.glue(i) && i > 0 {
		return "", i
	}
	n := romanValue(raw)
	before := s.raw(i - 1)
	if n == 0 || before == "" || s.kindAt(i-1) != word {
		return "", i
	}
	if counters[s.word(i-1)] > 0 {
		return sayEnglish(n), i + 1
	}
	if unicode.IsUpper(rune(before[0])) && len(before) > 2 && strings.ToUpper(before) != before && (len(raw) > 1 || raw == "V" || raw == "X") && n < 40 {
		return "the " + sayEnglishNth(n), i + 1
	}
	return "", i
}

// romanValue reads a Roman number, 0 where it is none.
func romanValue(s string) int64 {
	values := map[byte]int64{'I': 1, 'V': 5, 'X': 10, 'L': 50, 'C': 100}
	var n int64
	for k := range len(s) {
		v := values[s[k]]
		if k+1 < len(s) && v < values[s[k+1]] {
			n -= v
		} else {
			n += v
		}
	}
	if n <= 0 || toRoman(n) != s {
		return 0
	}
	return n
}

func toRoman(n int64) string {
	var b strings.Builder
	for _, r := range [...]struct {
		val int64
		sym string
	}{{100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= r.val && b.Len() < 24 {
			b.WriteString(r.sym)
			n -= r.val
		}
	}
	return b.String()
}

// web says addresses of mail and of the web: "john dot smith at gmail dot
// com".
func (s *speller) web(i int) (string, int) {
	if s.glue(i) && i > 0 && s.kindAt(i-1) != symbol {
		return "", i
	}
	j := i
	for j < len(s.toks) && (j == i || s.glue(j)) {
		j++
	}
	for j > i && s.kindAt(j-1) == symbol && !s.is(j-1, "/") {
		j--
	}
	if j < i+3 || s.kindAt(i) == symbol {
		return "", i
	}
	chunk := s.text[s.toks[i].from:s.toks[j-1].to]
	if !isWeb(chunk) {
		return "", i
	}
	return s.spellWeb(chunk), j
}

// isWeb tells whether a chunk without spaces is an address.
func isWeb(chunk string) bool {
	chunk = strings.ToLower(chunk)
	if typedEmail.MatchString(chunk) || strings.HasPrefix(chunk, "www.") || strings.Contains(chunk, "://") {
		return true
	}
	host, _, _ := strings.Cut(chunk, "/")
	k := strings.LastIndexByte(host, '.')
	if k < 1 || len(host) < 5 {
		return false
	}
	tld := host[k+1:]
	return topDomains[tld] && tld != "no" && tld != "in" && tld != "at" && tld != "it" && tld != "me" && tld != "us" && tld != "be" && tld != "mail"
}

// spellWeb says the signs of an address by name, digits one by one.
func (s *speller) spellWeb(chunk string) string {
	var words []string
	label := ""
	flush := func() {
		switch {
		case label == "www" || label == "http" || label == "https" || label == "uk" || label == "us" || label == "eu" || label == "de" || len(label) > 1 && !strings.ContainsAny(label, "aeiouy") && label != "html":
			words = append(words, letters(label))
		case label != "":
			words = append(words, label)
		}
		label = ""
	}
	names := map[byte]string{
		'.': "dot", '@': "at", '/': "slash", '-': "dash", '_': "underscore", ':': "colon", '+': "plus", '%': "percent",
		'?': "question mark", '=': "equals", '&': "and", '#': "hash", '~': "tilde",
	}
	for _, c := range []byte(strings.ToLower(chunk)) {
		name := names[c]
		switch {
		case c >= '0' && c <= '9':
			flush()
			words = append(words, s.say.digits[c-'0'])
		case name != "":
			flush()
			words = append(words, name)
		default:
			label += string(rune(c))
		}
	}
	flush()
	return strings.Join(words, " ")
}

// sign says &, #, @, + and = where they stand for words.
func (s *speller) sign(i int) (string, int) {
	before := i > 0 && !s.glue(i)
	switch {
	case s.is(i, "&") && i > 0:
		return "and", i + 1
	case s.is(i, "#") && s.kindAt(i+1) == figure:
		return "number", i + 1
	case s.is(i, "@") && before:
		return "at", i + 1
	case s.is(i, "=") && i > 0:
		return "equals", i + 1
	case s.is(i, "+") && i > 0 && s.kindAt(i-1) == figure:
		return "plus", i + 1
	case s.is(i, "×") && i > 0:
		return "times", i + 1
	}
	return "", i
}
