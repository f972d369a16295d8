// Package sentiment scores how a caller feels, turn by turn.
//
// The central type is Scorer, one call's. A score is from -1 to 1, with a label
// and what caused it: words of the service world, their negation and strength,
// and behaviour such as calling for the third time. It is pure state and takes
// microseconds; one goroutine uses it.
package sentiment

import (
	"math"
	"strings"
)

// Score is how one turn sounds.
type Score struct {
	Value float64 // -1 to 1
	Label string  // "positive", "neutral", "negative"
	Cause string  // the words that it rests on
	Angry bool    // an apology is due
}

// Scorer scores the turns of one call.
type Scorer struct{ scores []float64 }

// New returns a scorer that has heard nothing.
func New() *Scorer { return &Scorer{} }

// weights are words and phrases of callers; phrases count before their words.
var weights = []struct {
	phrase string
	weight float64
}{
	{"third time", -2.5},
	{"second time", -1.5},
	{"nobody helps", -2.5},
	{"no one helps", -2.5},
	{"nobody answers", -2},
	{"no one answers", -2},
	{"sick of", -2.5},
	{"fed up", -2.5},
	{"waste of time", -2.5},
	{"still waiting", -1.5},
	{"been waiting", -1.5},
	{"on hold", -1},
	{"not working", -1.2},
	{"does not work", -1.2},
	{"doesnt work", -1.2},
	{"never arrived", -0.8},
	{"not acceptable", -2.5},
	{"what a joke", -2.5},
	{"how dare", -2.5},
	{"shut up", -3},
	{"thank you", 1.2},
	{"well done", 2},
	{"no problem", 1},
	{"ridiculous", -3},
	{"terrible", -3},
	{"unacceptable", -3},
	{"horrible", -3},
	{"awful", -3},
	{"useless", -2.8},
	{"worst", -3},
	{"angry", -2.5},
	{"furious", -3},
	{"annoyed", -2},
	{"annoying", -2},
	{"disappointed", -2},
	{"frustrated", -2.2},
	{"frustrating", -2.2},
	{"outrageous", -3},
	{"disgrace", -3},
	{"scandal", -2.5},
	{"stupid", -2.5},
	{"idiots", -3},
	{"damn", -2},
	{"hell", -1.5},
	{"lost", -0.6},
	{"broken", -0.8},
	{"wrong", -0.5},
	{"late", -0.6},
	{"problem", -0.5},
	{"complain", -1.5},
	{"complaint", -1.5},
	{"hate", -2.5},
	{"lied", -2.5},
	{"cheated", -3},
	{"scam", -3},
	{"thanks", 1.2},
	{"great", 2},
	{"wonderful", 2.5},
	{"perfect", 2.2},
	{"excellent", 2.5},
	{"helpful", 2},
	{"nice", 1.5},
	{"good", 1},
	{"love", 2.2},
	{"happy", 2},
	{"awesome", 2.5},
	{"lovely", 2},
	{"appreciate", 2},
}

// angryBelow is the score from which a turn counts as angry.
const angryBelow = -0.45

// Score takes in a turn.
func (s *Scorer) Score(text string) Score {
	rest := " " + spaced(text) + " "
	var sum float64
	var causes []string
	for _, w := range weights {
		i := strings.Index(rest, " "+w.phrase+" ")
		if i < 0 {
			continue
		}
		v := w.weight * strength(strings.Fields(rest[:i]))
		sum += v
		causes = append(causes, w.phrase)
		rest = strings.Replace(rest, " "+w.phrase+" ", "  ", 1)
	}
	own := sum / math.Sqrt(sum*sum+8)
	sum = weighed(strings.Fields(spaced(text)), sum+general(rest))
	score := Score{Value: sum / math.Sqrt(sum*sum+8), Label: "neutral", Cause: strings.Join(causes, ", ")}
	switch {
	case score.Value <= -0.15:
		score.Label = "negative"
	case score.Value >= 0.15:
		score.Label = "positive"
	}
	score.Angry = own < angryBelow // general words alone call for no apology
	s.scores = append(s.scores, score.Value)
	return score
}

// weighed adds to the weight of a turn's general words what its words mean to a
// service.
func weighed(words []string, general float64) float64 {
	good, bad := service(words)
	if asksOnly(words) && bad > -2.5 {
		bad *= 0.2
		general *= 0.5
	}
	if mocks(words, bad) {
		return bad - good - math.Abs(general)
	}
	sum := general + good + bad
	if good == 0 && general < 0.6 {
		sum += reproach(words, bad)
	}
	return sum
}

// strength is what the words before a word make of it.
func strength(before []string) float64 {
	factor := 1.0
	for i := max(0, len(before)-3); i < len(before); i++ {
		switch before[i] {
		case "not", "never", "no", "isnt", "wasnt", "dont", "hardly":
			factor *= -0.6
		case "very", "really", "so", "absolutely", "totally", "completely", "extremely":
			factor *= 1.3
		}
	}
	return factor
}

// Last is the score of the last turn, 0 before the first.
func (s *Scorer) Last() float64 {
	if len(s.scores) == 0 {
		return 0
	}
	return s.scores[len(s.scores)-1]
}

// Trend is the last score less the first.
func (s *Scorer) Trend() float64 {
	if len(s.scores) == 0 {
		return 0
	}
	return s.Last() - s.scores[0]
}
