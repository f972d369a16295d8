package rules

import (
	"slices"
	"strings"
)

// toQuestion is the yes or the no that a turn is to a certain question, empty
// where it may be read as it stands.
func (t turn) toQuestion() string {
	words := bare(t.words)
	first := startsWith(words, "no", "nope", "nah", "not")
	switch {
	case t.asked.mind:
		return t.minds()
	case has(t.joined, "rather you didnt", "rather you did not", "prefer you didnt", "prefer you dont", "rather not", "prefer not to", "please dont", "please do not"):
		return "deny"
	case first && has(t.joined, "go ahead", "no problem", "please do", "feel free", "be my guest", "no objection", "no objections", "not a problem", "no worries", "by all means"):
		return "affirm"
	case t.asked.consent && !t.asked.offer && has(t.joined, "no thats fine", "no thats okay", "no thats ok", "no thats all right", "no its fine", "no its okay", "no i dont mind"):
		return "affirm"
	case startsWith(words, "absolutely", "definitely", "certainly", "totally", "obviously") && startsWith(words[1:], "no", "not", "never", "nope"):
		return "deny"
	case t.asked.yesno && has(t.joined, "my old", "old one", "the old one", "used to be", "not any more", "not anymore", "no longer"):
		return "deny"
	case startsWith(words, "not", "nothing", "never", "nobody", "none") && words[len(words)-1] == "no":
		return "deny"
	}
	if d := short(words); d != "" {
		return d
	}
	return t.echoes(words)
}

// minds is the answer to "do you mind": a no agrees.
func (t turn) minds() string {
	switch {
	case has(t.joined, "rather not", "rather you didnt", "please dont", "dont do that", "no dont", "prefer not"):
		return "deny"
	case has(t.joined, "dont mind", "do not mind", "wouldnt mind", "go ahead", "no problem", "not at all", "of course not", "thats fine", "its fine", "sure", "no worries"):
		return "affirm"
	case has(t.joined, "i do", "i would", "i mind", "do mind", "i certainly do"):
		return "deny"
	case startsWith(bare(t.words), "no", "nope", "nah", "not", "yes", "yeah", "okay", "yep"), has(t.joined, "okay", "ok", "fine", "alright"):
		return "affirm"
	}
	return ""
}

var (
	pronouns = set("i it he she they we you that this there one its im thats hes shes theyre were youre theres ive weve")
	helpers  = set("am is are was were do does did have has had can could may will would should might")
	denials  = set("not dont doesnt didnt isnt wasnt arent werent havent hasnt hadnt cant cannot couldnt wont wouldnt shouldnt aint never")
	// around are words that may stand around such an answer.
	around = set("yes yeah yep yup no nope actually already just now so too indeed certainly definitely sure really think believe afraid yet quite all both alone thanks thank you still not")
)

// short is what an answer of a pronoun and a helping verb is: "it is", "i
// haven't", "you can".
func short(words []string) string {
	if len(words) == 0 || len(words) > 6 {
		return ""
	}
	for len(words) > 0 && slices.Contains([]string{"yes", "yeah", "no", "actually", "nope", "yep"}, words[0]) {
		words = words[1:]
	}
	if len(words) == 2 && slices.Contains([]string{"im", "its", "thats", "theyre", "hes", "shes", "were"}, words[0]) && words[1] == "not" {
		return "deny"
	}
	if len(words) < 2 || !pronouns[words[0]] || !helpers[words[1]] && !denials[words[1]] {
		return ""
	}
	against := denials[words[1]]
	for _, w := range words[2:] {
		if !around[w] {
			return ""
		}
		against = against || w == "not"
	}
	if against {
		return "deny"
	}
	return "affirm"
}

// echoes is the answer that takes up words of the question: "cancel it", "don't
// cancel it", "keep it", "i'd like another one".
func (t turn) echoes(words []string) string {
	if !t.asked.yesno || len(words) == 0 {
		return ""
	}
	if has(t.joined, "another one", "a different one", "a different", "something different", "something else", "another number", "another day", "another time", "someone else") && !t.requests() {
		return "deny"
	}
	for len(words) > 1 && slices.Contains([]string{"yes", "yeah", "please", "so"}, words[0]) {
		words = words[1:]
	}
	if d := t.takesUp(words); d != "" {
		return d
	}
	if t.asked.yesno && words[len(words)-1] == "no" && len(words) > 1 {
		return "deny"
	}
	if t.asked.offer && has(t.joined, "go on", "carry on", "go for it") {
		return "affirm"
	}
	if d := t.echoesQuality(words); d != "" {
		return d
	}
	if startsWith(words, "already", "done") || has(t.joined, "got it", "already have", "already did", "ive done that", "just did", "it came", "has arrived") && !slices.ContainsFunc(words, func(w string) bool { return denials[w] || w == "no" }) {
		return "affirm"
	}
	if startsWith(words, "nothing", "nobody", "never", "none", "not", "havent", "didnt", "hasnt", "couldnt", "cant", "wont") && !has(t.joined, "not bad", "not a problem", "nothing against", "nothing wrong", "not at all wrong", "why not") {
		return "deny"
	}
	return ""
}

// takesUp is the answer that names what was offered or asked leave for: "cancel
// it", "don't cancel it".
func (t turn) takesUp(words []string) string {
	if !t.asked.offer && !t.asked.consent {
		return ""
	}
	answer, verb := "affirm", words[0]
	switch {
	case words[0] == "do" && len(words) > 2 && words[1] == "not":
		answer, verb = "deny", words[2]
	case words[0] == "dont" && len(words) > 1:
		answer, verb = "deny", words[1]
	}
	if has(t.asked.text, "i "+verb, "to "+verb, "me "+verb, "you "+verb, "i also "+verb) {
		return answer
	}
	return ""
}

// echoesQuality is the answer to "is it green": "it's green", "it's red".
func (t turn) echoesQuality(words []string) string {
	if t.asked.offer || t.asked.consent || len(words) > 6 || !has(t.asked.text, "is the", "is it", "are the", "is your", "are they", "are you", "was the", "were you") {
		return ""
	}
	if slices.ContainsFunc(words, func(w string) bool { return denials[w] || w == "no" }) || t.requests() {
		return ""
	}
	var rest []string
	switch {
	case startsWith(words, "its", "theyre", "im", "looks", "thats", "seems") && len(words) > 1:
		rest = words[1:]
	case startsWith(words, "it", "they", "i", "that") && len(words) > 2 && (helpers[words[1]] || words[1] == "looks" || words[1] == "seems"):
		rest = words[2:]
	default:
		return ""
	}
	if slices.ContainsFunc(rest, func(w string) bool { return len(w) > 2 && has(t.asked.text, w) && !light[w] }) {
		return "affirm"
	}
	if _, known := entityYes(t.text); known || t.asked.known && has(t.asked.text, "that right", "that correct", "correct") || slices.Contains(approvals, rest[0]) {
		return ""
	}
	return "deny"
}

// approvals and refusals judge what was proposed or read back; a negation before
// an approval turns it.
var (
	approvals = []string{
		"works", "work", "suits", "suit", "like", "love", "go with", "take it", "take that", "ill take", "fine", "good", "great", "perfect", "lovely", "wonderful", "brilliant", "excellent", "ideal", "correct", "right", "accurate", "spot on", "bang on", "on the nose", "loud and clear", "happy with", "okay", "ok", "sounds about right",
		"if you could", "if you would", "if you can", "if you dont mind", "if possible", "ever so kind", "be nice", "be helpful", "be handy", "appreciate that", "appreciate it", "speaking", "thats me", "this is he", "this is she", "the one", "let us", "lets", "possible", "doable", "why not", "do that", "do so", "proceed", "carry on", "continue", "agree", "sure", "got me", "nailed it", "you have it", "checks out", "loving it",
	}
	refusals = []string{"wrong", "incorrect", "mistaken", "mistake", "enough", "refuse", "rubbish", "misheard", "misunderstood", "mixed up", "would be better", "hold off", "not so fast", "not it", "spare me", "no use", "threw it away", "i lost it", "too", "no good", "changed my mind", "keep it", "leave it", "skip it", "skip that", "never", "false", "different", "instead"}
)

// judges reads a judgement on what was proposed or read back, in words of no
// fixed form.
func (t turn) judges() string {
	if t.asked.known && !t.asked.yesno || t.requests() || len(t.words) > 10 {
		return ""
	}
	if !t.asked.known && len(t.words) > 4 {
		return ""
	}
	if has(t.joined, refusals...) {
		return "deny"
	}
	for _, p := range approvals {
		i := strings.Index(t.joined, " "+p+" ")
		if i < 0 {
			continue
		}
		if slices.ContainsFunc(strings.Fields(t.joined[:i]), func(w string) bool { return denials[w] || w == "no" }) {
			return "deny"
		}
		if t.asked.yesno || len(t.words) <= 3 && p != "like" {
			return "affirm"
		}
	}
	if t.asked.yesno && slices.ContainsFunc(t.words, func(w string) bool { return w == "cant" || w == "cannot" || w == "wont" }) {
		return "deny"
	}
	return ""
}
