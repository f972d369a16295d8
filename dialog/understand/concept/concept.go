// Package concept knows which English words callers use for one another: "pay
// back" is a refund, "cash point" a cash machine.
//
// Words returns a text's words, Stem takes their endings off, and In tells the
// concepts that are named in them, from concepts.txt, which was written by hand
// for service of all kinds and not for a company. All is pure; any goroutine
// may call it.
package concept

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
)

//go:embed concepts.txt
var written string

// longest is how many words a phrase in concepts.txt may have.
const longest = 4

// phrases are the concepts of each phrase, its words stemmed.
var phrases = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(written) {
		name, members, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for m := range strings.FieldsSeq(members) {
			key := stemmed(strings.Split(m, "_"))
			if !slices.Contains(out[key], name) {
				out[key] = append(out[key], name)
			}
		}
	}
	return out
})

func stemmed(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = Stem(w)
	}
	return strings.Join(out, " ")
}

// In returns the concepts named in words, in order, each as often as it is.
func In(words []string) []string {
	var out []string
	known := phrases()
	for i := range words {
		for n := 1; n <= min(longest, len(words)-i); n++ {
			out = append(out, known[stemmed(words[i:i+n])]...)
		}
	}
	return out
}

// Words returns a text's words in lower case, without punctuation; "don't" is
// "dont". Chinese characters are words of their own.
func Words(text string) []string {
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
		default:
			flush()
		}
	}
	flush()
	return out
}

// Stem takes common English endings off.
func Stem(w string) string {
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
