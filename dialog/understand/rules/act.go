package rules

import (
	"slices"
	"strings"
	"time"

	"attendant/dialog/understand/entity"
)

// Act tells what a turn does whatever the flow: "affirm", "deny", "thank",
// "end", "repeat", "handoff", "dont_know", "greet" or "other". prev is what the
// attendant said before, empty where that is not known: "not at all" agrees to
// "do you mind?", "that's it" ends where nothing else was asked for, "it's K four"
// is no answer but a value where a value was asked for.
//
// A turn that does several things does the one that a conversation cannot go on
// without: a human, then a repetition, then the end, then the decision; thanks
// come last. One that brings a matter of its own is other.
func Act(text, prev string) string {
	t := turn{text: text, words: tokens(text), asked: question(prev)}
	if len(t.words) == 0 {
		return "other"
	}
	t.joined = " " + strings.Join(t.words, " ") + " "
	switch {
	case t.wantsHuman():
		return "handoff"
	case t.wantsAgain():
		return "repeat"
	case t.knowsNot():
		return "dont_know"
	case t.ends():
		return "end"
	}
	if t.greets() {
		return "greet"
	}
	if d := t.decides(); d != "" {
		return d
	}
	if t.thanks() && !t.requests() {
		return "thank"
	}
	return "other"
}

// turn is what a caller said and to what.
type turn struct {
	text   string
	words  []string
	joined string // the words between spaces
	asked  asked
}

// asked is what the attendant said before a turn.
type asked struct {
	text    string
	known   bool // something was said
	yesno   bool // a yes or a no is an answer
	open    bool // a value or a wish was asked for
	mind    bool // "do you mind": a no agrees
	more    bool // "anything else"
	offer   bool // what the attendant might do, "shall I", "would you like"
	consent bool // what the attendant asks leave for, "may I", "is it okay if"
}

// question reads what was asked from the last sentence that asks.
func question(prev string) asked {
	last := ""
	for s := range strings.SplitAfterSeq(prev, ".") {
		if strings.TrimSpace(s) != "" {
			last = s
		}
	}
	words := tokens(last)
	if len(words) == 0 {
		return asked{}
	}
	q := asked{text: " " + strings.Join(tokens(prev), " ") + " ", known: true}
	said := " " + strings.Join(words, " ") + " "
	q.more = has(said, "anything else", "something else", "what else", "anything more", "any other question", "anything i can")
	q.mind = has(said, "you mind")
	q.offer = has(said, "shall i", "should i", "would you like", "do you want", "want me to", "like me to", "do you need", "would you care")
	q.consent = has(said, "may i", "can i", "could i", "is it okay", "is it ok", "is it all right", "is that okay", "is that ok", "okay if", "all right if")
	q.open = startsWith(words, "what", "which", "who", "when", "where", "how", "why") || has(said, "how can i", "what is your", "which one", "please tell me", "please say", "please enter")
	if has(said, "is that right", "is that correct", "is this correct", "please confirm", "yes or no") || strings.HasSuffix(strings.TrimRight(said, " "), " correct") {
		q.open = false
	}
	q.yesno = strings.Contains(prev, "?") && !q.open || has(said, "please confirm")
	return q
}

// has reports whether words contain one of the phrases, words and phrases parted by single
// spaces, the words with one at each end.
func has(joined string, phrases ...string) bool {
	return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(joined, " "+p+" ") })
}

func startsWith(words []string, first ...string) bool {
	return len(words) > 0 && slices.Contains(first, words[0])
}

// bare are the words without those that begin or end a turn and say nothing.
func bare(words []string) []string {
	for len(words) > 0 && filler[words[0]] {
		words = words[1:]
	}
	for len(words) > 0 && (filler[words[len(words)-1]] || words[len(words)-1] == "please") {
		words = words[:len(words)-1]
	}
	return words
}

var filler = set("oh um uh er ah hmm well so now then like just and but okay ok alright anyway look listen right hey dear mate sir madam sorry whoa wow")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

// requests reports whether a turn brings a matter of its own, or asks.
func (t turn) requests() bool {
	if words := bare(t.words); startsWith(words, questionWords...) && !imperative(words) && !has(t.joined, "why not", "could be", "might be") {
		return true
	}
	plain := t.without("also", "just", "really", "actually", "still", "quite", "only")
	for _, p := range matters {
		i := strings.Index(plain, " "+p+" ")
		if i < 0 {
			continue
		}
		after := strings.Fields(plain[i+len(p)+1:])
		if len(after) > 0 && !resumes[after[0]] {
			return true
		}
	}
	return false
}

// imperative finds "do it" and "have a nice day", which ask nothing.
func imperative(words []string) bool {
	return words[0] == "have" && startsWith(words[1:], "a") || words[0] == "do" && (startsWith(words[1:], "it", "that", "so", "this", "not") || len(words) == 1)
}

// without are the words but for some, between spaces.
func (t turn) without(drop ...string) string {
	kept := slices.DeleteFunc(slices.Clone(t.words), func(w string) bool { return slices.Contains(drop, w) })
	return " " + strings.Join(kept, " ") + " "
}

// questionWords begin a question; matters what a caller wants or is told of.
var (
	questionWords = strings.Fields("what whats how hows where wheres when whens why which who whos is are does do did can could will would has have")
	matters       = []string{
		"i need", "i want", "i wanted", "id like", "i would like", "im looking", "i am looking", "looking for", "im calling", "i am calling", "im trying", "i have a", "ive got a",
		"i got a", "can you", "could you", "do you have", "do you know", "how much", "how many", "how do", "how long", "what is", "what are", "what time", "whats the", "whats my", "where is", "when is",
		"is there", "are there", "does it", "does the", "my order", "my bill", "i never got", "how about", "what about", "i was charged", "tell me",
	}
	// resumes are words after which a want is of what was spoken of before.
	resumes = set("it that this to thanks please them one")
)

// thanks finds gratitude.
func (t turn) thanks() bool {
	return has(t.joined, "thank", "thanks", "thankyou", "thx", "ta", "cheers", "appreciate", "appreciated", "grateful", "thankful", "much obliged", "kind of you", "nice of you", "good of you", "lovely of you", "sweet of you",
		"helpful of you", "bless you", "a great help", "a big help", "a huge help", "such a help", "lifesaver", "life saver", "youre the best", "you are the best", "youre a star", "youre an angel", "youre a legend",
		"so helpful", "very helpful", "really helpful", "most helpful", "been helpful", "was helpful", "i owe you one", "a favor", "a favour", "a huge favor", "a huge favour", "saved my day", "made my day", "couldnt have done it without you")
}

// greets finds a greeting that is all there is.
func (t turn) greets() bool {
	words := bare(t.words)
	for len(words) > 1 && slices.Contains([]string{"yeah", "yes", "oh"}, words[0]) {
		words = bare(words[1:])
	}
	said := " " + strings.Join(words, " ") + " "
	if startsWith(t.words, "hey") && (len(words) == 0 || len(words) == 1 && startsWith(words, "there", "you", "guys")) {
		return true
	}
	day := has(said, "good morning", "good afternoon", "good evening", "good day", "how are you", "hows it going", "how is it going", "how have you been", "how are things", "hows things", "whats up", "how do you do",
		"nice to meet you", "pleased to meet you", "good to meet you", "how you doing", "hows your day")
	if len(words) == 0 || len(words) > 8 || !day && !startsWith(words, "hello", "hi", "hey", "greetings", "howdy", "hiya", "yo", "hallo", "morning") {
		return false
	}
	if day {
		return !has(said, "i need", "i want", "id like", "im calling", "i have a", "my")
	}
	rest := turn{words: words[1:], joined: " " + strings.Join(words[1:], " ") + " "}
	return has(said, "anybody there", "anyone there", "you there", "can you hear me") || !rest.requests() && len(words) <= 4
}

// decides is a yes or a no to what was asked.
func (t turn) decides() string {
	if t.asked.open && !t.plainDecision() {
		return ""
	}
	if d := t.toQuestion(); d != "" {
		return d
	}
	v, ok := entityYes(t.text)
	decided := ok && (v.From <= 12 || len(t.words) <= 6)
	begins := startsWith(bare(t.words), "yes", "yeah", "yep", "yup", "no", "nope", "nah")
	switch {
	case has(t.joined, "thank you enough", "translate", "thank you all enough"):
		return ""
	case t.requests() && !(begins && t.asked.yesno && !t.asked.more):
		return ""
	case decided && v.Text == "yes" && t.thanks() && !begins && !t.asked.yesno:
		return "" // "great thanks"
	case ok && v.Confidence < 0.7 && !begins && !t.asked.known && len(t.words) > 3:
		return ""
	case !decided || len(t.words) > 12 && !begins && !startsWith(t.words, "sure", "okay"):
		return t.judges()
	case v.Text == "yes":
		return "affirm"
	}
	return "deny"
}

func entityYes(text string) (entity.Value, bool) {
	return entity.Find(text, entity.YesNo, time.Time{}, "en")
}

// plainDecision reports whether a turn is a yes or a no and hardly more.
func (t turn) plainDecision() bool {
	words := bare(t.words)
	return len(words) <= 2 && startsWith(words, "yes", "yeah", "yep", "yup", "no", "nope", "nah", "sure", "correct", "absolutely", "definitely")
}
