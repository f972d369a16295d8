package pocketsphinx

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"

	"attendant/speech"
)

// The searches of a worker, one a language model.
const (
	searchOpen   = "open"
	searchDigits = "digits"
	searchYesNo  = "yesno"
	searchCode   = "code"
	searchDate   = "date"
	searchTime   = "time"
	searchNumber = "number"
	searchMoney  = "money"
	searchChoice = "choice" // its model is made for the choices of an utterance
)

// searchFor is the search that fits what is expected.
func searchFor(e speech.Expectation) string {
	switch e.Kind {
	case speech.ExpectDigits:
		return searchDigits
	case speech.ExpectYesNo:
		return searchYesNo
	case speech.ExpectCode:
		return searchCode
	case speech.ExpectDate:
		return searchDate
	case speech.ExpectTime:
		return searchTime
	case speech.ExpectNumber:
		return searchNumber
	case speech.ExpectMoney:
		return searchMoney
	case speech.ExpectChoice:
		return searchChoice
	}
	return searchOpen
}

var (
	digitWords = strings.Fields("zero one two three four five six seven eight nine oh")
	alphabet   = strings.Fields("alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey x-ray yankee zulu")
	letters    = strings.Fields("a. b. c. d. e. f. g. h. i. j. k. l. m. n. o. p. q. r. s. t. u. v. w. x. y. z.")

	// asides may be said whatever is asked.
	asides = []string{
		"human", "agent", "operator", "representative", "a human please", "talk to a human", "speak to an agent",
		"i want to talk to a person", "repeat", "repeat that please", "say that again", "slower please", "hold on",
		"one moment please", "cancel", "start over", "goodbye", "bye", "thank you", "thanks", "help", "what", "pardon",
		"i do not know", "i don't know", "never mind", "hello",
	}
	affirmations = []string{
		"yes", "yes please", "yes that's right", "yes that is right", "yeah", "yep", "correct", "that's correct", "right", "that's right",
		"sure", "okay", "of course", "exactly", "yes it is", "yes i do", "please do",
	}
	denials = []string{
		"no", "no thanks", "no thank you", "nope", "no that's wrong", "no that's not right", "wrong", "that's wrong", "not really",
		"no it isn't", "no that is all", "that's all", "that is all", "nothing else", "no goodbye", "no that's it",
	}
	months   = strings.Fields("january february march april may june july august september october november december")
	weekdays = strings.Fields("monday tuesday wednesday thursday friday saturday sunday")
	ordinals = []string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth", "twenty first", "twenty second", "twenty third", "twenty fourth", "twenty fifth", "twenty sixth", "twenty seventh", "twenty eighth", "twenty ninth", "thirtieth", "thirty first"}
)

// models builds every search's model from the company's phrases, in which
// "{digits}" stands for any five digits or so.
func models(phrases []string) map[string]*model {
	random := rand.New(rand.NewPCG(1, 1)) // fixed: the same company has the same model
	all := map[string]*model{
		searchOpen: open(phrases, random), searchDigits: digits(random), searchYesNo: yesNo(),
		searchCode: codes(random), searchDate: dates(), searchTime: times(), searchNumber: numbers(), searchMoney: money(),
	}
	for name, m := range all {
		m.addAsides(name == searchOpen)
	}
	return all
}

func (m *model) addAsides(isOpen bool) {
	weight := 1.0
	if isOpen {
		weight = 4
	}
	for _, s := range asides {
		m.add(s, weight)
	}
}

func open(phrases []string, random *rand.Rand) *model {
	m := newModel()
	for _, p := range phrases {
		p = normalize(p)
		if !strings.Contains(p, "{digits}") {
			m.add(p, 6)
			continue
		}
		for range 40 {
			m.add(strings.ReplaceAll(p, "{digits}", number(random, 5)), 0.15)
		}
	}
	for range 400 {
		m.add(number(random, 5), 0.1)
	}
	for _, s := range append(append([]string{}, affirmations...), denials...) {
		m.add(s, 2)
	}
	return m
}

func digits(random *rand.Rand) *model {
	m := newModel()
	for range 2000 {
		m.add(number(random, 5), 0.2)
	}
	for range 300 {
		m.add(number(random, 3+random.IntN(8)), 0.2)
	}
	for _, prefix := range []string{"it is", "it's", "the number is", "my order number is", "no i said", "no", "order", "order number", "number"} {
		for range 30 {
			m.add(prefix+" "+number(random, 5), 0.1)
		}
	}
	return m
}

// number is a spoken number of n digits; now and then a digit is doubled.
func number(random *rand.Rand, n int) string {
	var words []string
	for len(words) < n {
		d := digitWords[random.IntN(10)]
		switch random.IntN(40) {
		case 0:
			words = append(words, "double", d)
			n++
		case 1:
			words = append(words, "oh")
		default:
			words = append(words, d)
		}
	}
	return strings.Join(words, " ")
}

func yesNo() *model {
	m := newModel()
	for _, s := range append(append([]string{}, affirmations...), denials...) {
		m.add(s, 3)
	}
	m.add("yes", 30)
	m.add("no", 30)
	return m
}

func codes(random *rand.Rand) *model {
	m := newModel()
	for range 2000 {
		m.add(number(random, 5), 0.1)
		words := make([]string, 5)
		for i := range words {
			set := [][]string{digitWords, letters, alphabet}[random.IntN(3)]
			words[i] = set[random.IntN(len(set))]
		}
		m.add(strings.Join(words, " "), 0.02)
	}
	return m
}

// normalize turns a phrase into the words that a recogniser may say: lower
// case, without punctuation but for apostrophes and placeholders, numbers up to
// 99 as one would say them, longer ones digit by digit.
func normalize(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("'{}", r)
	})
	for i, w := range words {
		if strings.Trim(w, "0123456789") == "" {
			words[i] = spoken(w)
		}
	}
	return strings.Join(words, " ")
}

var (
	upToNineteen = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	fullTens     = strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety")
)

func spoken(number string) string {
	n, err := strconv.Atoi(number)
	switch {
	case err != nil || n > 99 || len(number) > 2:
		var words []string
		for _, d := range number {
			words = append(words, digitWords[d-'0'])
		}
		return strings.Join(words, " ")
	case n < 20:
		return upToNineteen[n]
	case n%10 == 0:
		return fullTens[n/10-2]
	}
	return fullTens[n/10-2] + " " + upToNineteen[n%10]
}
