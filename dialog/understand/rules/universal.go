package rules

import (
	"maps"
	"slices"
	"strings"

	"attendant/dialog/flow"
)

// phrases are the words of a command that works at any time.
type phrases struct {
	kind flow.CommandKind
	said []string
}

// said are the phrases in the order in which they are looked for. A phrase fits
// where its words stand together. Chinese characters are words.
var said = []phrases{
	{flow.Human, []string{
		"human", "agent", "representative", "operator", "real person", "a person", "to someone", "to somebody", "somebody real",
		"customer service", "a colleague", "an employee", "a supervisor", "your manager", "call me back", "callback",
		"人 工", "客 服", "真 人",
	}},
	{flow.HoldOn, []string{"hold on", "one moment", "just a moment", "wait a", "one second", "just a second", "hang on", "等 一 下", "稍 等"}},
	{flow.Spell, []string{"spell it", "spell that", "spell this", "can you spell", "letter by letter", "digit by digit please", "拼 一 下", "一 个 字 一 个 字"}},
	{flow.Repeat, []string{"repeat", "say that again", "say it again", "once more", "pardon", "what did you say", "come again", "再 说 一 遍", "重 复"}},
	{flow.Slower, []string{"slower", "more slowly", "too fast", "说 慢", "慢 一 点"}},
	{flow.StartOver, []string{"start over", "start again", "from the beginning", "重 新 开 始"}},
	{flow.Back, []string{"go back", "one step back", "previous question", "back to the last question", "返 回", "上 一 步"}},
	{flow.Cancel, []string{"cancel that", "never mind", "nevermind", "forget it", "stop that", "算 了"}},
	{flow.Goodbye, []string{"goodbye", "good bye", "bye", "hang up", "have a nice day", "nothing else", "thats all", "that is all", "thats it", "that was all", "that will be all", "再 见", "没 有 别 的", "没 有 了"}},
}

// withWords are the phrases with those of a company besides.
func withWords(words map[string]map[string][]string) []phrases {
	out := slices.Clone(said)
	for i, s := range out {
		for _, language := range slices.Sorted(maps.Keys(words[string(s.kind)])) {
			for _, p := range words[string(s.kind)][language] {
				out[i].said = append(slices.Clone(out[i].said), strings.Join(tokens(p), " "))
			}
		}
	}
	return out
}

func (r *Rules) universal(words []string) (flow.Command, bool) {
	text := " " + strings.Join(words, " ") + " "
	if text == " cancel " || text == " stop " || text == " 取 消 " {
		return flow.Command{Kind: flow.Cancel}, true
	}
	for _, s := range r.said {
		for _, p := range s.said {
			if strings.Contains(text, " "+p+" ") && (s.kind != flow.Human || !negated(text, p)) {
				return flow.Command{Kind: s.kind}, true
			}
		}
	}
	return flow.Command{}, false
}

// negated finds "not a human", "no agent".
func negated(text, phrase string) bool {
	for _, no := range []string{" no ", " not ", " not a ", " not an ", " dont want a ", " dont want an ", " dont want to talk to a ", " do not want a ", " do not want an ", " do not want to talk to a "} {
		if strings.Contains(text, no+phrase+" ") {
			return phrase != "a person"
		}
	}
	return false
}

// decision finds yes or no at a turn's beginning.
func decision(words []string) (flow.CommandKind, bool) {
	switch text := strings.Join(words, ""); {
	case slices.ContainsFunc([]string{"是的", "对", "好的", "可以", "没错", "是"}, func(p string) bool { return strings.HasPrefix(text, p) }):
		return flow.Affirm, true
	case slices.ContainsFunc([]string{"不是", "不对", "不要", "不用", "不"}, func(p string) bool { return strings.HasPrefix(text, p) }) && !strings.HasPrefix(text, "不知道"):
		return flow.Deny, true
	}
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
	for _, p := range []string{"thank you", "thanks", "谢 谢", "多 谢", "great", "wonderful", "perfect"} {
		if strings.Contains(text, " "+p+" ") {
			return flow.Command{Kind: flow.Thank}, true
		}
	}
	if slices.ContainsFunc(words, func(w string) bool { return w == "hello" || w == "hi" || w == "hey" || w == "好" && len(words) == 2 }) {
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
		for _, p := range s.said {
			if strings.ContainsFunc(p, han) { // the embedded recogniser hears English
				continue
			}
			switch p {
			case "a person", "to someone", "to somebody", "wait a", "your manager":
			default:
				out = append(out, p)
			}
		}
	}
	return out
}
