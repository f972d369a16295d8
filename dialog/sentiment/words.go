package sentiment

import (
	_ "embed"
	"math"
	"slices"
	"strconv"
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

//go:embed service.txt
var written string

// serviceWords are the weights of service.txt; a phrase's words are parted by
// single spaces.
var serviceWords = sync.OnceValue(func() map[string]float64 {
	out := map[string]float64{}
	for line := range strings.Lines(written) {
		weight, phrases, _ := strings.Cut(line, ":")
		w, err := strconv.ParseFloat(weight, 64)
		if err != nil {
			continue // a comment
		}
		for p := range strings.FieldsSeq(phrases) {
			out[strings.ReplaceAll(p, "_", " ")] = w
		}
	}
	return out
})

// longest is how many words a phrase of service.txt may have.
const longest = 6

// service is the weight of a text's service words: good ones and bad ones
// apart. Of phrases that begin at the same word the longest counts.
func service(words []string) (good, bad float64) {
	known := serviceWords()
	for i := 0; i < len(words); {
		n, w := match(known, words[i:])
		i += n
		if negates(words[:i-n]) {
			w = min(0, -w) // "not great" is bad, "not a problem" is not good
		}
		if w > 0 {
			good += w
		} else {
			bad += w
		}
	}
	return good, bad
}

// match returns how many words the longest phrase at the beginning has, one if
// there is none, and its weight.
func match(known map[string]float64, words []string) (int, float64) {
	for n := min(longest, len(words)); n > 0; n-- {
		if w, ok := known[strings.Join(words[:n], " ")]; ok {
			return n, w
		}
	}
	return 1, 0
}

// negates finds a negation at the end of the words before a word.
func negates(before []string) bool {
	for _, w := range before[max(0, len(before)-2):] {
		switch w {
		case "not", "never", "isnt", "wasnt", "arent", "werent", "hardly":
			return true
		}
	}
	return false
}

// asksOnly reports whether a text asks for something that all customers ask
// for: words of trouble are then a topic, not a mood.
func asksOnly(words []string) bool {
	text := strings.Join(words, " ") + " "
	for _, p := range []string{
		"what time ", "what is the ", "what is your ", "whats the ", "whats your ", "what happens ", "what are ", "what do i ", "what if ", "can i ", "can you ", "good morning ", "i am trying ", "i am looking ", "im looking ", "trying to ", "looking for ", "just sent ", "do you know ",
		"could you ", "could i ", "may i ", "do you have ", "do you fly ", "do you offer ", "do you accept ", "do your ", "do i ", "does the ", "does my ", "does your ", "how do i ", "how can i ", "how does ",
		"how many ", "how much ", "how early ", "how late ", "how long does ", "how long is ", "how would i ", "is there a ", "is there an ", "is there any way ", "is it possible ", "is the ", "is my ",
		"are there ", "are you ", "where do i ", "where can i ", "where is the ", "which ", "who do i ", "who can i ", "when will the ", "when is ", "when does ", "when do ", "will you ", "will my ", "will the ",
		"i would like ", "id like ", "i need to ", "i have a question ", "any chance ", "any update ", "please ", "hi ", "hello ",
	} {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	if len(words) > 2 && words[0] == "do" && words[1] == "you" {
		return !slices.Contains([]string{"even", "ever", "guys", "people", "think", "realize", "realise", "understand", "call", "enjoy"}, words[2])
	}
	return strings.Contains(text, "lost and found ")
}

// reproach is the weight of telling a service, at some length and without
// praise, what it or its people did: who is content asks or thanks.
func reproach(words []string, bad float64) float64 {
	if len(words) < 5 || asksOnly(words) || answers[words[0]] {
		return 0
	}
	sum := 0.0
	if bad < 0 {
		sum -= 0.3
	}
	if slices.ContainsFunc(words, func(w string) bool { return theirs[w] }) {
		sum -= 0.5
	}
	return sum
}

// answers begin turns that give what was asked for.
var answers = set("yes no ok okay sure sent following looking its")

// theirs are words for the service and its people.
var theirs = set("you your youre they their theyre agent agents representative crew staff pilot desk counter kiosk company airline management people yall guys")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

// mocks finds praise that is none: praise for trouble, as in "great another
// delay".
func mocks(words []string, bad float64) bool {
	if bad > -0.8 || len(words) == 0 {
		return false
	}
	text := strings.Join(words, " ") + " "
	for _, p := range []string{"great ", "awesome ", "wonderful ", "fantastic ", "nice ", "good job ", "great job ", "way to ", "love how ", "love the ", "love it when ", "i love how ", "i love it when ", "thanks for the delay", "thanks for losing", "thanks for cancel", "thanks for making me", "thanks for leaving", "thanks for ruining", "just great ", "oh great ", "how nice ", "just what i "} {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return strings.Contains(text, "just what i needed") || strings.Contains(text, " another delay")
}

// polite are words that VADER finds positive or negative, but that callers use
// without any feeling.
var polite = map[string]bool{
	"please": true, "help": true, "care": true, "like": true, "yes": true, "sure": true, "credit": true, "interest": true, "free": true, "want": true,
	"ok": true, "okay": true, "share": true, "super": true, "number": true, "support": true, "value": true, "security": true, "cancel": true, "cancelled": true,
	"canceled": true, "delayed": true, "delay": true, "delays": true, "late": true, "missed": true, "missing": true, "stuck": true, "problem": true, "lost": true,
	"agreed": true, "reach": true, "top": true, "chance": true, "play": true, "plays": true, "loyal": true, "reward": true, "rewards": true, "huge": true, "promised": true, "promise": true, "treated": true, "diamond": true, "luck": true, "status": true, "laughed": true, "charge": true, "charged": true,
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
