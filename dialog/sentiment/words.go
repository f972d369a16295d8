package sentiment

import (
	"math"
	"strings"
	"sync"
	"unicode"

	"github.com/jonreiter/govader"
)

// spaced is a text in lower case, its words parted by single spaces, without
// punctuation and apostrophes: as a recogniser writes.
func spaced(text string) string {
	text = strings.NewReplacer("'", "", "’", "").Replace(strings.ToLower(text))
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// strained are words that are neutral elsewhere and tell of trouble when said to
// a service: each weighs little, several of them much.
var strained = map[string]float64{
	"delayed": -1.4, "delay": -1.2, "delays": -1.2, "cancelled": -1.1, "canceled": -1.1, "cancel": -0.3, "stuck": -1, "stranded": -1.5,
	"missed": -0.8, "missing": -0.8, "damaged": -0.9, "overcharged": -1.5, "charged": -0.5, "disconnected": -1.1, "unanswered": -1, "ignored": -1.2,
	"waiting": -0.8, "waited": -0.8, "wait": -0.5, "hold": -0.7, "hours": -0.5, "hour": -0.3, "weeks": -0.3, "never": -0.7, "still": -0.5, "again": -0.4,
	"nobody": -0.8, "noone": -0.8, "nothing": -0.3, "cant": -0.5, "cannot": -0.5, "couldnt": -0.5, "wont": -0.6, "wouldnt": -0.5, "doesnt": -0.4, "didnt": -0.4,
	"isnt": -0.3, "havent": -0.4, "hasnt": -0.4, "not": -0.3, "why": -0.4, "refund": -0.4, "unable": -0.7, "without": -0.2, "supposed": -0.5,
	"seriously": -0.6, "really": -0.1, "already": -0.2, "avoid": -0.8, "unhelpful": -2, "unprofessional": -2, "nonsense": -1.8, "incompetent": -2.5,
	"excuse": -0.6, "excuses": -1, "runaround": -1.8, "unreliable": -1.8, "dirty": -1.2, "mishandled": -1.8, "misplaced": -1, "crashes": -0.8, "crashed": -0.8,
}

// strainedPhrases are of the same kind.
var strainedPhrases = []struct {
	phrase string
	weight float64
}{
	{"no one", -0.8},
	{"no response", -1.2},
	{"no reply", -1.2},
	{"no answer", -1},
	{"hung up", -1.4},
	{"hang up on", -1.4},
	{"not happy", -1.5},
	{"how long", -0.4},
	{"come on", -0.6},
	{"get it together", -1.5},
	{"no help", -1.2},
	{"not helpful", -1.8},
	{"days ago", -0.3},
	{"customer service", -0.3},
	{"called back", -0.3},
}

// service is the weight of a text's strained words.
func service(text string) float64 {
	sum := 0.0
	for w := range strings.FieldsSeq(text) {
		sum += strained[w]
	}
	for _, s := range strainedPhrases {
		if strings.Contains(text, " "+s.phrase+" ") {
			sum += s.weight
		}
	}
	return sum
}

// polite are words that VADER finds positive or negative, but that callers use
// without any feeling.
var polite = map[string]bool{
	"please": true, "help": true, "care": true, "like": true, "yes": true, "sure": true, "credit": true, "interest": true, "free": true, "want": true,
	"ok": true, "okay": true, "share": true, "super": true, "number": true, "support": true, "value": true, "security": true, "cancel": true, "cancelled": true,
	"canceled": true, "delayed": true, "delay": true, "delays": true, "late": true, "missed": true, "missing": true, "stuck": true, "problem": true, "lost": true,
}

// vader scores words of the general language: VADER's lexicon, negations and
// boosters. It is made once and only read.
var vader = sync.OnceValue(govader.NewSentimentIntensityAnalyzer)

// general is the weight of a text's other words.
func general(text string) float64 {
	words := strings.Fields(text)
	if len(words) > 0 && (words[0] == "no" || words[0] == "nope") {
		words = words[1:] // an answer, not a feeling
	}
	kept := words[:0]
	for _, w := range words {
		if !polite[w] {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		return 0
	}
	c := vader().PolarityScores(strings.Join(kept, " ")).Compound
	c = min(max(c, -0.98), 0.98)
	return 0.75 * c * math.Sqrt(15/(1-c*c)) // VADER's sum, of which c is a squashed form
}
