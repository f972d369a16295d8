package rules

import (
	"strings"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
	"attendant/dialog/understand/entity"
)

var units = map[string]string{
	"zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
	"six": "6", "seven": "7", "eight": "8", "nine": "9", "to": "2", "too": "2", "for": "4", "won": "1", "ate": "8",
}

var teens = map[string]string{
	"ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16",
	"seventeen": "17", "eighteen": "18", "nineteen": "19",
}

var tens = map[string]string{
	"twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8", "ninety": "9",
}

// homophones are digits only among digits.
func homophone(w string) bool {
	switch w {
	case "to", "too", "for", "won", "ate", "o":
		return true
	}
	return false
}

// longestNumber returns the longest run of spoken or written digits in words.
func longestNumber(words []string) string {
	best := ""
	for i := range words {
		if homophone(words[i]) {
			continue
		}
		if n, _ := number(words[i:]); len(n) > len(best) {
			best = n
		}
	}
	return best
}

// number reads digits from the beginning of words and returns how many words
// they took: "double four", "twenty three", "one oh five", "12345".
func number(words []string) (digits string, used int) {
	var b strings.Builder
	for used < len(words) {
		n, k := group(words[used:])
		if k == 0 {
			break
		}
		b.WriteString(n)
		used += k
	}
	return b.String(), used
}

// group reads one digit or one group of them.
func group(words []string) (digits string, used int) {
	w := words[0]
	switch {
	case (w == "double" || w == "triple") && len(words) > 1:
		d, ok := units[words[1]]
		if !ok {
			return "", 0
		}
		if w == "triple" {
			return d + d + d, 2
		}
		return d + d, 2
	case units[w] != "":
		return units[w], 1
	case teens[w] != "":
		return teens[w], 1
	case tens[w] != "":
		if len(words) > 1 && !homophone(words[1]) && units[words[1]] > "0" {
			return tens[w] + units[words[1]], 2
		}
		return tens[w] + "0", 1
	case strings.Trim(w, "0123456789") == "":
		return w, 1
	}
	return "", 0
}

var spelling = map[string]string{
	"alpha": "a", "bravo": "b", "charlie": "c", "delta": "d", "echo": "e", "foxtrot": "f", "golf": "g", "hotel": "h",
	"india": "i", "juliet": "j", "kilo": "k", "lima": "l", "mike": "m", "november": "n", "oscar": "o", "papa": "p",
	"quebec": "q", "romeo": "r", "sierra": "s", "tango": "t", "uniform": "u", "victor": "v", "whiskey": "w", "x-ray": "x",
	"yankee": "y", "zulu": "z",
}

// code reads letters and digits, such as a postcode: "b as in bravo" is b.
func code(words []string) string {
	var b strings.Builder
	for i := 0; i < len(words); {
		w := words[i]
		n, k := group(words[i:])
		switch {
		case k > 0 && !homophone(w):
			b.WriteString(n)
			i += k
			continue
		case spelling[w] != "":
			b.WriteString(spelling[w])
		case len(w) == 1 && w >= "a" && w <= "z":
			b.WriteString(w)
			if i+3 < len(words) && words[i+1] == "as" && words[i+2] == "in" {
				i += 3
			}
		}
		i++
	}
	return strings.ToUpper(b.String())
}

// digitsIn are the digits in a text, as the extractor of digits reads them; of
// readings that are as likely the first that is as long as was asked for.
func (r *Rules) digitsIn(v understand.View, text string) string {
	d, ok := entity.Find(text, entity.Digits, v.At, v.Language)
	own := longestNumber(tokens(text)) // knows "to" and "for" among digits
	if !ok {
		return own
	}
	if v.Expect.Type != "digits" {
		return d.Text
	}
	for _, reading := range append([]string{d.Text}, append(d.Alternatives, own)...) {
		if reading != "" && fits(v.Expect, len(reading)) {
			return reading
		}
	}
	return d.Text
}

// fits reports whether so many digits or letters were asked for.
func fits(e flow.Expectation, n int) bool { return n >= e.Min && (e.Max == 0 || n <= e.Max) }

// codeIn is the code in a text, without separators, as long as was asked for;
// empty if none.
func codeIn(v understand.View, text string, words []string) string {
	readings := []string{code(words)}
	if c, ok := entity.Find(text, entity.Code, v.At, v.Language); ok {
		readings = append(append([]string{c.Text}, c.Alternatives...), readings...)
	}
	for _, reading := range readings {
		reading = strings.ToUpper(strings.NewReplacer("-", "", "/", "", "_", "", " ", "").Replace(reading))
		if len(reading) >= 2 && fits(v.Expect, len(reading)) {
			return reading
		}
	}
	return ""
}

// Digits implements understand.Understander.
func (r *Rules) Digits(text string) string {
	own := longestNumber(tokens(text))
	if d, ok := entity.Find(text, entity.Digits, time.Time{}, "en"); ok && len(d.Text) > len(own) {
		return d.Text
	}
	return own
}
