// Package sentiment scores how a caller feels, turn by turn.
//
// The central type is Scorer, one call's. A score is from -1 to 1, with a label,
// what caused it and a trend. It rests on words of the service world, their
// negation and strength, and on behaviour: calling for the third time, asking for
// the same again, interrupting, speaking louder or faster than in the first turns.
// A model's judgement, which comes later, is weighed in by Judge. It is pure state
// and takes microseconds; one goroutine uses it.
package sentiment

import (
	"math"
	"strings"
	"time"
)

// Score is how one turn sounds.
type Score struct {
	Value float64 // -1 to 1
	Label string  // "positive", "neutral", "negative"
	Cause string  // the words and the behaviour that it rests on
	Angry bool    // an apology is due
	Trend float64 // the value less the mean of those before; thanks are never below 0.1

	Before  string // the label before; empty in the first turn
	Changed bool   // the label is another, or the value by changes or more
}

// changes is from which difference a mood counts as another within one label.
const changes = 0.4

// Turn is a turn of the caller, as far as it tells of a mood. What is not known
// is zero.
type Turn struct {
	Text       string
	Request    string        // what it asks for, as it was understood: a flow or an article
	Interrupts bool          // it cut the attendant short
	LevelDB    float64       // mean level of its speech, below 0: full scale
	Length     time.Duration // of its speech
}

// Scorer scores the turns of one call.
type Scorer struct {
	scores    []Score
	behaviour behaviour
}

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

// A turn counts as angry from this score of its words, or this weight of its
// behaviour, on.
const (
	angryBelow     = -0.45
	angryBehaviour = -1.5
)

// Score takes in a turn of which only the words are known.
func (s *Scorer) Score(text string) Score { return s.Hear(Turn{Text: text}) }

// Hear takes in a turn.
func (s *Scorer) Hear(t Turn) Score {
	rest := " " + spaced(t.Text) + " "
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
	if v, cause := insists(strings.Fields(rest)); v != 0 {
		sum, causes = sum+v, append(causes, cause)
	}
	own := squashed(sum)
	sum = weighed(strings.Fields(spaced(t.Text)), sum+general(rest))
	acted, reasons := s.behaviour.weigh(t, sum)
	score := s.scored(squashed(sum+acted), strings.Join(append(causes, reasons...), ", "))
	score.Angry = own < angryBelow || acted <= angryBehaviour // general words alone call for no apology
	if score.Value > 0 && grateful(t.Text) {
		score.Trend = max(score.Trend, 0.1)
	}
	s.scores = append(s.scores, score)
	return score
}

func squashed(sum float64) float64 { return sum / math.Sqrt(sum*sum+8) }

// scored is a turn's value beside those before.
func (s *Scorer) scored(value float64, cause string) Score {
	score := Score{Value: value, Label: label(value), Cause: cause}
	n := len(s.scores)
	if n == 0 {
		score.Changed = score.Label != "neutral"
		return score
	}
	mean := 0.0
	for _, b := range s.scores {
		mean += b.Value / float64(n)
	}
	last := s.scores[n-1]
	score.Trend, score.Before = value-mean, last.Label
	score.Changed = score.Label != last.Label || math.Abs(value-last.Value) >= changes
	return score
}

func label(value float64) string {
	switch {
	case value <= -0.15:
		return "negative"
	case value >= 0.15:
		return "positive"
	}
	return "neutral"
}

// Judge weighs in what a model makes of a turn, which counts as much as its words
// and behaviour: turn is how many were heard with it. It reports false where there
// was no such turn. Only the last turn's change is a change.
func (s *Scorer) Judge(turn int, value float64, cause string) (Score, bool) {
	if turn < 1 || turn > len(s.scores) || math.IsNaN(value) {
		return Score{}, false
	}
	old := s.scores[turn-1]
	later := s.scores[turn:]
	s.scores = s.scores[:turn-1]
	score := s.scored((old.Value+min(1, max(-1, value)))/2, strings.Trim(old.Cause+", model: "+cause, ", "))
	score.Angry, score.Before = old.Angry, old.Label
	score.Changed = len(later) == 0 && (score.Label != old.Label || math.Abs(score.Value-old.Value) >= changes)
	s.scores = append(append(s.scores, score), later...)
	return score, true
}

// Turns is how many turns were heard.
func (s *Scorer) Turns() int { return len(s.scores) }

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
	return s.scores[len(s.scores)-1].Value
}

// Trend is that of the last turn, 0 before the second.
func (s *Scorer) Trend() float64 {
	if len(s.scores) == 0 {
		return 0
	}
	return s.scores[len(s.scores)-1].Trend
}
