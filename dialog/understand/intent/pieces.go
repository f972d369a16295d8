package intent

import (
	"strings"
	"unicode"
)

// pieces are a text's features: stems of words (w:), pairs of neighbouring
// stems (p:), and runs of three to five letters within words (c:), which see
// through endings and a recogniser's small errors. Chinese characters are words
// of their own.
func pieces(text string) []string {
	words := tokens(text)
	var out []string
	last := "^"
	for _, w := range words {
		s := stem(w)
		out = append(out, "w:"+s, "p:"+last+" "+s)
		last = s
		letters := []rune("_" + w + "_")
		for n := 3; n <= 5; n++ {
			for i := 0; i+n <= len(letters); i++ {
				out = append(out, "c:"+string(letters[i:i+n]))
			}
		}
	}
	if len(words) > 0 {
		out = append(out, "p:"+last+" $")
	}
	return out
}

// trust is how much a kind of feature counts: pieces of words are many, and
// texts of any topic share them.
func trust(feature string) float32 {
	switch feature[0] {
	case 'c':
		return 0.4
	case 'p':
		return 0.7
	}
	return 1
}

func isWord(feature string) bool { return strings.HasPrefix(feature, "w:") }

func tokens(text string) []string {
	var out []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			out = append(out, word.String())
			word.Reset()
		}
	}
	for _, r := range strings.ToLower(text) {
		switch {
		case unicode.Is(unicode.Han, r):
			flush()
			out = append(out, string(r))
		case unicode.IsLetter(r), unicode.IsDigit(r):
			word.WriteRune(r)
		case r == '\'' || r == '’':
			// "don't" is "dont"
		default:
			flush()
		}
	}
	flush()
	return out
}

// stem takes common English endings off; pieces of words see to the rest.
func stem(w string) string {
	for _, ending := range []string{"ingly", "edly", "ing", "ed", "ies", "es", "s", "ly"} {
		if base, ok := strings.CutSuffix(w, ending); ok && len(base) >= 3 {
			if ending == "ies" {
				return base + "y"
			}
			if n := len(base); n > 3 && base[n-1] == base[n-2] && base[n-1] != 'l' && base[n-1] != 's' {
				base = base[:n-1] // stopping
			}
			return strings.TrimSuffix(base, "e")
		}
	}
	if len(w) > 4 {
		return strings.TrimSuffix(w, "e")
	}
	return w
}
