package rules

import (
	"slices"
	"strings"
	"time"

	"attendant/dialog/understand/entity"
)

// acts are what a turn may do whatever the flow, in the order in which they are
// looked for; a phrase fits where its words stand together.
var acts = []struct {
	act     string
	phrases []string
}{
	{"handoff", []string{
		"human", "agent", "representative", "rep", "operator", "real person", "live person", "actual person", "a person", "to someone", "to somebody",
		"somebody real", "someone real", "customer service", "customer support", "customer care", "a colleague", "an employee", "a supervisor", "your supervisor",
		"a manager", "the manager", "your manager", "call me back", "callback", "transfer me", "connect me", "put me through", "your boss",
		"speak with someone", "talk with someone", "speak with somebody", "a live", "an advisor", "an adviser", "a specialist", "a technician",
	}},
	{"repeat", []string{
		"repeat", "say that again", "say it again", "say again", "tell me again", "once more", "one more time", "pardon", "what did you say", "what was that",
		"what did you just say", "come again", "didnt catch", "did not catch", "didnt hear", "did not hear", "didnt get that", "did not get that",
		"missed that", "couldnt hear", "could not hear", "cant hear", "run that by me", "didnt understand", "say what", "go over that again", "again please",
	}},
	{"dont_know", []string{
		"dont know", "do not know", "not sure", "no idea", "no clue", "unsure", "cant remember", "cannot remember", "dont remember", "do not remember",
		"dont recall", "cant recall", "i forgot", "i forget", "dunno", "hard to say", "beats me", "not certain", "dont have a clue", "who knows", "couldnt tell you",
		"cant say", "idk", "havent decided", "not quite sure", "havent a clue",
	}},
	{"end", []string{
		"goodbye", "good bye", "bye", "hang up", "have a nice", "have a good", "have a great", "have a lovely", "nothing else", "nothing more", "nothing further",
		"thats all", "that is all", "thats it", "that was all", "that will be all", "thatll be all", "thatll do", "that will do", "that would be all", "im done", "i am done",
		"were done", "we are done", "all set", "thats everything", "that is everything", "that was everything", "no more questions", "no further questions", "no other questions",
		"see you", "see ya", "talk to you later", "farewell", "take care", "end the call", "good night", "dont need anything else", "is all i need", "was all i need",
	}},
}

// Act tells what a turn does whatever the flow: "affirm", "deny", "thank",
// "end", "repeat", "handoff", "dont_know", "greet" or "other". The second text is
// what the
// attendant said before, which does not matter yet. A turn that does several things does
// the one that a conversation cannot go on without: a human, then a repetition,
// then the end, then the decision; thanks come last.
func Act(text, _ string) string {
	words := tokens(text)
	if len(words) == 0 {
		return "other"
	}
	joined := " " + strings.Join(words, " ") + " "
	for _, a := range acts {
		for _, p := range a.phrases {
			if !strings.Contains(joined, " "+p+" ") || a.act == "handoff" && negated(joined, p) {
				continue
			}
			if a.act == "end" && len(words) > 12 || a.act == "dont_know" && opinion(joined) {
				continue
			}
			return a.act
		}
	}
	if len(words) <= 3 && slices.Contains(words, "what") && (len(words) == 1 || slices.Contains(words, "sorry")) {
		return "repeat"
	}
	if joined == " sorry " || joined == " excuse me " || joined == " huh " {
		return "repeat"
	}
	if d := decided(text, words); d != "" {
		return d
	}
	return courtesy(joined, words)
}

// opinion finds doubts that are no answer: "i do not know why you charge me".
func opinion(joined string) bool {
	for _, p := range []string{" know why ", " know how to ", " sure how to ", " idea why ", " sure why "} {
		if strings.Contains(joined, p) {
			return true
		}
	}
	return false
}

// decided is a yes or a no: at the beginning of a turn, or a whole short turn.
func decided(text string, words []string) string {
	v, ok := entity.Find(text, entity.YesNo, time.Time{}, "en")
	if !ok || v.From > 12 && len(words) > 6 {
		return ""
	}
	if len(words) > 12 && !slices.Contains([]string{"yes", "yeah", "yep", "no", "nope", "sure", "okay"}, words[0]) {
		return ""
	}
	if v.Text == "yes" {
		return "affirm"
	}
	return "deny"
}

func courtesy(joined string, words []string) string {
	for _, p := range []string{" thank ", " thanks ", " thankyou ", " appreciate ", " appreciated ", " grateful ", " cheers ", " thx ", " much obliged "} {
		if strings.Contains(joined, p) {
			return "thank"
		}
	}
	greeting := []string{"hello", "hi", "hey", "greetings", "howdy", "hiya", "yo"}
	day := strings.Contains(joined, " good morning ") || strings.Contains(joined, " good afternoon ") || strings.Contains(joined, " good evening ") || strings.Contains(joined, " how are you ")
	if len(words) <= 6 && (slices.Contains(greeting, words[0]) || day) {
		return "greet"
	}
	return "other"
}
