package rules

import (
	"slices"
	"strings"

	"attendant/dialog/flow"
)

// said are the words of commands that work at any time, in the order in which
// they are looked for. A phrase fits where its words stand together.
var said = []struct {
	kind    flow.CommandKind
	phrases []string
}{
	{flow.Human, []string{
		"human", "agent", "representative", "operator", "real person", "a person", "to someone", "to somebody", "somebody real",
		"customer service", "a colleague", "an employee", "a supervisor", "your manager", "call me back", "callback",
	}},
	{flow.HoldOn, []string{"hold on", "one moment", "just a moment", "wait a", "one second", "just a second", "hang on"}},
	{flow.Repeat, []string{"repeat", "say that again", "say it again", "once more", "pardon", "what did you say", "come again"}},
	{flow.Slower, []string{"slower", "more slowly", "too fast"}},
	{flow.StartOver, []string{"start over", "start again", "from the beginning"}},
	{flow.Cancel, []string{"cancel that", "never mind", "nevermind", "forget it", "stop that"}},
	{flow.Goodbye, []string{"goodbye", "good bye", "bye", "hang up", "have a nice day", "nothing else", "thats all", "that is all", "thats it", "that was all", "that will be all"}},
}

func universal(words []string) (flow.Command, bool) {
	text := " " + strings.Join(words, " ") + " "
	if text == " cancel " || text == " stop " {
		return flow.Command{Kind: flow.Cancel}, true
	}
	for _, s := range said {
		for _, p := range s.phrases {
			if strings.Contains(text, " "+p+" ") && (s.kind != flow.Human || !negated(text, p)) {
				return flow.Command{Kind: s.kind}, true
			}
		}
	}
	return flow.Command{}, false
}

// negated finds "not a human", "no agent".
func negated(text, phrase string) bool {
	for _, no := range []string{" no ", " not ", " not a ", " not an ", " dont want a ", " dont want an ", " dont want to talk to a "} {
		if strings.Contains(text, no+phrase+" ") {
			return phrase != "a person"
		}
	}
	return false
}

// decision finds yes or no at a turn's beginning.
func decision(words []string) (flow.CommandKind, bool) {
	switch words[0] {
	case "yes", "yeah", "yep", "yup", "correct", "right", "sure", "okay", "ok", "exactly", "absolutely", "certainly", "true":
		return flow.Affirm, true
	case "no", "nope", "wrong", "incorrect", "nah", "false":
		return flow.Deny, true
	}
	text := strings.Join(words, " ")
	for _, p := range []string{"thats right", "that is right", "thats correct", "that is correct", "of course", "please do", "it is", "i do", "go ahead"} {
		if text == p {
			return flow.Affirm, true
		}
	}
	for _, p := range []string{"thats wrong", "that is wrong", "thats not right", "that is not right", "not really", "it isnt", "i dont", "not correct"} {
		if text == p {
			return flow.Deny, true
		}
	}
	return "", false
}

// corrects reports whether a turn takes back what was said before.
func corrects(words []string) bool {
	text := " " + strings.Join(words, " ") + " "
	for _, p := range []string{" i said ", " i meant ", " i mean ", " actually ", " no its ", " no it is ", " sorry its ", " wrong number "} {
		if strings.Contains(text, p) {
			return true
		}
	}
	return words[0] == "no" && len(words) > 2
}

// mannered finds thanks, greetings and anger where nothing is asked.
func mannered(words []string) (flow.Command, bool) {
	text := " " + strings.Join(words, " ") + " "
	for _, p := range angry {
		if strings.Contains(text, " "+p+" ") {
			return flow.Command{Kind: flow.Complain}, true
		}
	}
	for _, p := range []string{"thank you", "thanks", "great", "wonderful", "perfect"} {
		if strings.Contains(text, " "+p+" ") {
			return flow.Command{Kind: flow.Thank}, true
		}
	}
	if slices.ContainsFunc(words, func(w string) bool { return w == "hello" || w == "hi" || w == "hey" }) {
		return flow.Command{Kind: flow.Greet}, true
	}
	return flow.Command{}, false
}

var angry = []string{
	"ridiculous", "nobody helps", "no one helps", "terrible", "unacceptable", "third time", "angry", "awful", "useless", "horrible",
	"fed up", "outrageous", "worst", "disgrace", "scandal", "furious", "annoyed", "sick of",
}

// Phrases are what callers say besides a company's own examples, for a
// recogniser to expect.
func Phrases() []string {
	out := []string{
		"no i said {digits}", "no i meant {digits}", "actually it is {digits}", "my number is {digits}", "the number is {digits}",
		"i want to talk to someone", "can i talk to a real person", "let me speak to an agent", "i want a human", "human please",
		"this is ridiculous", "this is the third time i call", "third time i am calling", "nobody helps me", "this is terrible",
		"this is unacceptable", "i am angry", "i am fed up", "that's great thank you", "thank you goodbye", "no thank you goodbye",
		"no that's all thank you", "hello", "good morning", "yes please", "can you repeat that", "one moment please",
	}
	for _, s := range said {
		for _, p := range s.phrases {
			switch p {
			case "a person", "to someone", "to somebody", "wait a", "your manager":
			default:
				out = append(out, p)
			}
		}
	}
	return out
}
