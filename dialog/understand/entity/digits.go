package entity

import (
	"strconv"
	"strings"
)

// run is a string of digits that was said, with its other readings.
type run struct {
	text     string
	alts     []string
	from, to int // tokens
}

// maxAlternatives bounds the other readings of a value.
const maxAlternatives = 6

// join appends a group that has one or more readings.
func (r *run) join(options []string) {
	for k := range r.alts {
		r.alts[k] += options[0]
	}
	for _, o := range options[1:] {
		if len(r.alts) < maxAlternatives {
			r.alts = append(r.alts, r.text+o)
		}
	}
	r.text += options[0]
}

// digitGroup reads one group of digits at i: "five", "double four", "twenty
// three", "a hundred and twenty", "three zeros", "4711". Its readings are in
// order. within tells that digits stand before it, so that "to" is 2.
func (p *parser) digitGroup(i int, within bool) (options []string, next int) {
	if p.kindAt(i) == figure {
		return []string{strings.ReplaceAll(p.word(i), ".", "")}, i + 1
	}
	if n := p.lang.repeats[p.word(i)]; n > 0 {
		if d := p.digit(i+1, true); d != "" {
			return []string{strings.Repeat(d, n)}, i + 2
		}
		return nil, i
	}
	if d := p.digit(i, within); d != "" {
		return p.repeatedDigit(d, i)
	}
	return p.numberGroup(i)
}

// digit returns the single digit that token i says.
func (p *parser) digit(i int, within bool) string {
	w := p.word(i)
	if n, ok := p.lang.numerals[w]; ok {
		if n.class == unit && !p.longer(i) {
			return strconv.FormatInt(n.val, 10)
		}
		return ""
	}
	d, ok := p.lang.digits[w]
	if !ok || d != "0" && !within {
		return ""
	}
	if d != "0" && d != "9" && !p.digitAhead(i+1) {
		return ""
	}
	return d
}

// longer tells whether the digit at i begins a larger number.
func (p *parser) longer(i int) bool {
	n, ok := p.lang.numerals[p.word(i+1)]
	if ok && n.class >= hundred {
		return true
	}
	_, j := p.cardinal(i)
	return j > i+1 && p.lang.code != "zh"
}

// digitAhead tells whether token i says a digit beyond doubt.
func (p *parser) digitAhead(i int) bool {
	w := p.word(i)
	_, ok := p.lang.numerals[w]
	return ok || p.kindAt(i) == figure || w == "oh" || p.lang.repeats[w] > 0 || p.lang.digits[w] != "" && i+1 < len(p.toks) && p.digitAhead(i+1)
}

// repeatedDigit reads "three zeros", "four nines" as what they say.
func (p *parser) repeatedDigit(d string, i int) ([]string, int) {
	w, plural := strings.CutSuffix(p.word(i+1), "s")
	if w == "six" || w == "sixe" || w == "zeroe" {
		w, plural = strings.TrimSuffix(w, "e"), w != "six"
	}
	n, ok := p.lang.numerals[w]
	if !plural || !ok && w != "oh" || n.class != unit || p.lang.code != "en" || d < "2" {
		return []string{d}, i + 1
	}
	return []string{strings.Repeat(strconv.FormatInt(n.val, 10), int(d[0]-'0'))}, i + 2
}

// numberGroup reads a number of two digits and more.
func (p *parser) numberGroup(i int) ([]string, int) {
	n, j := p.cardinal(i)
	if j == i || p.is(i, "a", "an", "ein", "un") && j == i+1 {
		return nil, i
	}
	text := strconv.FormatInt(n.val, 10)
	if p.lang.code != "en" {
		return []string{text}, j
	}
	hundreds := p.find(i, j, "hundred")
	switch {
	case hundreds < 0 && n.val > 20 && n.val < 100 && n.val%10 > 0:
		return []string{text, strconv.FormatInt(n.val/10*10, 10) + text[len(text)-1:]}, j
	case hundreds < 0 || hundreds+1 == j || p.find(i, j, "thousand") >= 0 || p.find(hundreds, j, "and") >= 0:
		return []string{text}, j
	}
	base := strconv.FormatInt(n.val-n.val%100, 10)
	if n.val%100 < 10 && p.digitAhead(j) {
		return []string{base}, hundreds + 1
	}
	return []string{text, base + strconv.FormatInt(n.val%100, 10)}, j
}

// find returns the first token from i to j that is w, or -1.
func (p *parser) find(i, j int, w string) int {
	for ; i < j; i++ {
		if p.is(i, w) {
			return i
		}
	}
	return -1
}

// digitFiller tells whether a token may stand between digits.
func (p *parser) digitFiller(i int) bool {
	return p.is(i, "uh", "um", "er", "erm", "uhm", "ah", "dash", "hyphen", "space", "and", "then", "dot", "point", "comma",
		"-", ".", ",", "/", "(", ")", "slash", "minus", "bindestrich", "strich", "tiret", "guion", "äh", "und", "et", "y", "pause", "hm")
}

// digitRunAt reads the longest string of digits that begins at i.
func (p *parser) digitRunAt(i int) run {
	r := run{from: i, to: i}
	for j := i; j < len(p.toks) && len(r.text) < 64; {
		k := j
		for n := 0; n < 3 && r.text != "" && p.digitFiller(k); n++ {
			k++
		}
		options, next := p.digitGroup(k, r.text != "")
		if next == k {
			break
		}
		r.join(options)
		r.to, j = next, next
	}
	return r
}

// digitRuns finds all strings of digits in the text.
func (p *parser) digitRuns() []run {
	var runs []run
	for i := 0; i < len(p.toks); {
		r := p.digitRunAt(i)
		if r.text == "" {
			i++
			continue
		}
		runs = append(runs, r)
		i = r.to
	}
	return runs
}

// bestRun is the longest string of digits, or the last where an earlier one
// was taken back.
func (p *parser) bestRun() (run, bool) {
	runs := p.digitRuns()
	if len(runs) == 0 {
		return run{}, false
	}
	best := runs[0]
	for _, r := range runs[1:] {
		if len(r.text) > len(best.text) || len(r.text)+2 >= len(best.text) && p.corrected(p.toks[best.to-1].to, p.toks[r.from].from) {
			best = r
		}
	}
	return best, true
}

// value makes a Value of a run.
func (p *parser) runValue(r run, conf float64) Value {
	if len(r.alts) > 0 {
		conf -= 0.1
	}
	return Value{Text: r.text, Alternatives: r.alts, Confidence: conf, From: p.toks[r.from].from, To: p.toks[r.to-1].to}
}

func findDigits(p *parser) (Value, bool) {
	r, ok := p.bestRun()
	if !ok {
		return Value{}, false
	}
	return p.runValue(r, 0.95), true
}

func findPhone(p *parser) (Value, bool) {
	r, ok := p.bestRun()
	if !ok || len(r.text) < 5 && len(r.alts) == 0 {
		return Value{}, false
	}
	plus := p.is(r.from-1, "plus", "+", "加")
	if !plus || !r.prefer(knownPhone) {
		r.prefer(func(s string) bool { return usualPhone(s, plus) })
	}
	if len(r.text) < 5 || len(r.text) > 16 {
		return Value{}, false
	}
	v := p.runValue(r, 0.9)
	if len(r.text) < 7 {
		v.Confidence = 0.5
	}
	if plus {
		v.From = p.toks[r.from-1].from
		v.Text = "+" + v.Text
		for k := range v.Alternatives {
			v.Alternatives[k] = "+" + v.Alternatives[k]
		}
	}
	return v, true
}

// usualPhone tells whether a number has a usual length. plus tells that its
// country's code comes first.
func usualPhone(s string, plus bool) bool {
	if plus {
		return len(s) >= 10 && len(s) <= 13 && s[0] != '1' && s[:2] != "44"
	}
	return len(s) == 7 || len(s) >= 10 && len(s) <= 12
}

// knownPhone tells whether a number has the length that its country's numbers
// have: North America's and Britain's.
func knownPhone(s string) bool {
	return s[0] == '1' && len(s) == 11 || strings.HasPrefix(s, "44") && len(s) == 12
}

// prefer puts the first reading that fits before the others.
func (r *run) prefer(fits func(string) bool) bool {
	if fits(r.text) {
		return true
	}
	for k, a := range r.alts {
		if fits(a) {
			r.text, r.alts[k] = a, r.text
			return true
		}
	}
	return false
}

func findCard(p *parser) (Value, bool) {
	r, ok := p.bestRun()
	if !ok || !r.prefer(validCard) {
		return Value{}, false
	}
	v := p.runValue(r, 0.98)
	v.Alternatives = nil
	return v, true
}

// validCard tells whether s has the length and the last digit of a card's
// number (ISO/IEC 7812-1, Luhn).
func validCard(s string) bool {
	if len(s) < 12 || len(s) > 19 {
		return false
	}
	sum := 0
	for k := range len(s) {
		d := int(s[len(s)-1-k] - '0')
		if k%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0 && strings.Trim(s, "0") != ""
}
