package entity

import (
	"strings"
	"time"
)

// The fewest and the most digits of a payment card's number. ISO/IEC 7812-1.
const (
	fewestCardDigits = 13
	mostCardDigits   = 19
)

// HideCards returns text with mask in place of each number of a payment card in
// it, spoken or written, and whether there was one. hide decides of numbers as
// long as a card's that fail Luhn's check: a recogniser that gets one digit wrong
// makes such a number. Other digits said in one breath with a card's number may be
// hidden with it. It is pure, and takes as long as other readers.
func HideCards(text, lang, mask string, hide func(digits int) bool) (string, bool) {
	if len(text) > maxText { // what is not read is not kept
		text = clip(text)
	}
	p := newParser(text, time.Time{}, lang)
	var out strings.Builder
	kept := 0
	for i := 0; i < len(p.toks); {
		end := p.cardAt(i, hide)
		if end == i {
			i++
			continue
		}
		out.WriteString(p.text[kept:p.toks[i].from] + mask)
		kept = p.toks[end-1].to
		i = end
	}
	if kept == 0 {
		return text, false
	}
	out.WriteString(p.text[kept:])
	return out.String(), true
}

// IsCard reports whether digits are the number of a payment card.
func IsCard(digits string) bool {
	return len(digits) >= fewestCardDigits && strings.Trim(digits, "0123456789") == "" && validCard(digits)
}

// cardAt returns the end of the longest card's number that begins at token i, or i.
func (p *parser) cardAt(i int, hide func(int) bool) int {
	r := run{from: i, to: i}
	end := i
	for j := i; j < len(p.toks) && len(r.text) <= mostCardDigits; {
		k := j
		for n := 0; n < 3 && r.text != "" && p.digitFiller(k); n++ {
			k++
		}
		options, next := p.digitGroup(k, r.text != "")
		if next == k {
			break
		}
		r.join(options)
		j = next
		if r.isCard() {
			end = j
		}
	}
	if n := len(r.text); end == i && n >= fewestCardDigits && n <= mostCardDigits && hide(n) {
		whole := p.digitRunAt(i)
		return whole.to
	}
	return end
}

// isCard reports whether a reading of the run is a card's number.
func (r run) isCard() bool {
	for _, s := range append([]string{r.text}, r.alts...) {
		if IsCard(s) {
			return true
		}
	}
	return false
}

// HideRuns returns text with mask in place of each number of so many digits and
// more, spoken or written: of a number that is still being said there is no
// telling yet what it is.
func HideRuns(text, lang, mask string, least int) string {
	p := newParser(text, time.Time{}, lang)
	var out strings.Builder
	kept := 0
	for _, r := range p.digitRuns() {
		if len(r.text) < least {
			continue
		}
		out.WriteString(p.text[kept:p.toks[r.from].from] + mask)
		kept = p.toks[r.to-1].to
	}
	return out.String() + p.text[kept:]
}
