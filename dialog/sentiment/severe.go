package sentiment

import "strings"

// severe are the words of cases that are no business of a machine, the gravest
// first. A phrase fits where its words stand together.
var severe = []struct {
	kind    string
	phrases []string
}{
	{"self_harm", []string{
		"kill myself", "end my life", "want to die", "suicide", "suicidal", "hurt myself", "harm myself", "no reason to live", "take my own life", "自杀", "不想活",
	}},
	{"safety", []string{
		"smell of burning", "burning smell", "smells burnt", "smells like burning", "smells of burning", "smoke is coming", "there is smoke", "coming out of smoke", "caught fire", "on fire", "is burning",
		"smell gas", "smells of gas", "smell of gas", "gas leak", "electric shock", "got a shock", "sparks", "sparking", "is melting", "exploded", "carbon monoxide", "着火", "冒烟", "烧焦", "漏气", "触电",
	}},
	{"bereavement", []string{
		"passed away", "has died", "died last", "died this", "my husband died", "my wife died", "my mother died", "my father died", "my son died", "my daughter died",
		"bereavement", "is deceased", "the deceased", "funeral", "lost my husband", "lost my wife", "lost my mother", "lost my father", "去世", "过世",
	}},
	{"legal", []string{
		"my lawyer", "my solicitor", "my attorney", "sue you", "take you to court", "legal action", "going to court", "see you in court", "press charges", "起诉", "律师", "法院",
	}},
	{"abuse", []string{
		"fuck you", "fuck off", "you bastard", "you bitch", "piece of shit", "i will kill you", "ill kill you", "i will hurt you", "i will find you", "go to hell",
	}},
}

// Severe tells which severe case a turn is: "self_harm", "safety",
// "bereavement", "legal" or "abuse"; empty if none. It takes microseconds.
func Severe(text string) string {
	words := strings.FieldsFunc(strings.ToLower(strings.ReplaceAll(text, "'", "")), func(r rune) bool {
		return strings.ContainsRune(" .,!?;:\"", r)
	})
	joined := " " + strings.Join(words, " ") + " "
	for _, s := range severe {
		for _, p := range s.phrases {
			chinese := p[0] >= 0x80
			if chinese && strings.Contains(joined, p) || !chinese && strings.Contains(joined, " "+p+" ") {
				return s.kind
			}
		}
	}
	return ""
}
