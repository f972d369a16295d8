package intent

import (
	"strings"

	"attendant/dialog/understand/concept"
)

// pieces are a text's features: stems of words (w:), pairs of neighbouring
// stems (p:), and runs of three to five letters within words (c:), which see
// through endings and a recogniser's small errors. Chinese characters are words
// of their own.
func pieces(text string) []string {
	words := concept.Words(text)
	var out []string
	last := "^"
	for _, w := range words {
		s := concept.Stem(w)
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
	for _, k := range concept.In(words) {
		out = append(out, "k:"+k)
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
