package intent

import (
	"slices"
	"strings"

	"attendant/dialog/understand/concept"
)

// mostConcepts bounds the pairs of a long text.
const mostConcepts = 24

// pieces are the features of a text's words: stems (w:), pairs of neighbouring
// stems (p:), runs of three to five letters within words (c:), which see
// through endings and a recogniser's small errors, the concepts that the words
// name (k:) and any two of them together (q:).
func pieces(words []string) []string {
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
	concepts := unique(concept.In(words))
	concepts = concepts[:min(len(concepts), mostConcepts)]
	for i, k := range concepts {
		out = append(out, "k:"+k)
		for _, l := range concepts[i+1:] {
			out = append(out, "q:"+k+" "+l)
		}
	}
	return out
}

func unique(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}

// trust is how much a kind of feature counts. Pieces of words are many, and
// texts of any topic share them; a concept stands for all words of its kind.
// The figures are those that did best on testdata/bank.txt, rounded.
func trust(feature string) float32 {
	switch feature[0] {
	case 'c':
		return 0.2
	case 'p':
		return 0.4
	case 'k':
		return 1.8
	case 'q':
		return 0.8
	}
	if common[feature[len("w:"):]] {
		return 0.5
	}
	return 1
}

// common are the stems of words that texts have whatever they are about.
var common = func() map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(`a an the and or but if of to in on at by for with from as is are was were be been am do does did can could
		will would shall should may might must have has had i me my mine we us our you your he she it its they them their this that these those
		so than then there here please tell know want need like just any some im ive id hi hello thanks thank what which`) {
		out[concept.Stem(w)] = true
	}
	return out
}()
