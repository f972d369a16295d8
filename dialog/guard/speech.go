package guard

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"attendant/dialog/flow"
)

// Sentence is about to be spoken.
type Sentence struct {
	Text    string
	Sources []string // what it says it rests on
	Model   bool     // a model wrote or reworded it
}

// Fact lets a source back a value from now on, in every form in which it can be
// spoken.
func (s *Session) Fact(source, value string) {
	low := strings.ToLower(value)
	if value == "" || slices.Contains(s.facts[source], low) {
		return
	}
	known := append(s.facts[source], low)
	for _, form := range flow.Forms()[1:] {
		for _, language := range []string{"en", "zh"} {
			if f := strings.ToLower(flow.Shape(value, form, language)); f != low && !slices.Contains(known, f) {
				known = append(known, f)
			}
		}
	}
	s.facts[source] = known
}

// checked are the facts in any sentence: links, addresses, numbers, days, months.
var checked = regexp.MustCompile(`(?i)https?://[^\s,]+|\bwww\.[^\s,]+|[\w.+-]+@[\w-]+\.[\w.]+|\d+(?:[.,:]\d+)*|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december|today|tomorrow|tonight|noon|midnight)\b`)

// spelled are facts in a model's sentences besides: numbers in words, times.
var spelled = regexp.MustCompile(`(?i)\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|half|quarter|double|percent|yesterday|next week|next month|within the hour|euros?|dollars?|pounds?)\b|[$€£%]`)

// named are words with a capital inside a model's sentence.
var named = regexp.MustCompile(`[\p{Ll},;] (\p{Lu}[\p{L}'-]+)`)

// promises are what only an operation that was carried out makes true.
var promises = []struct {
	words     *regexp.Regexp
	operation []string
}{
	{regexp.MustCompile(`(?i)\brefund(?:ed|ing)?\b|\bmoney back\b|\bpaid back\b|\breimburs`), []string{"refund"}},
	{regexp.MustCompile(`(?i)\b(?:cancell?ed|cancell?ing)\b`), []string{"cancel_order", "cancel_appointment"}},
	{regexp.MustCompile(`(?i)\b(?:booked|rescheduled|reserved|scheduled)\b`), []string{"book", "reschedule"}},
	{regexp.MustCompile(`(?i)\b(?:changed|updated)\b`), []string{"change_order", "update_customer", "reschedule"}},
	{regexp.MustCompile(`(?i)\b(?:have|has|was|just) (?:been )?(?:sent|texted|emailed)\b`), []string{"notify", "reset_password"}},
	{regexp.MustCompile(`(?i)\b(?:ticket|case) (?:is|was|has been) (?:opened|created|filed)\b`), []string{"create_ticket"}},
	{regexp.MustCompile(`(?i)\b(?:promise|guarantee[ds]?|free of charge|for free|discount|voucher|credit|compensat\w*|no charge|waive[ds]?|legally|entitled|verified)\b`), nil},
}

// Sentence decides on a sentence. Its numbers, amounts, days, times, links and
// addresses must stand in one of its sources or be the company's own text; what
// a model wrote must not name anyone, count in words or promise anything either
// that no source or operation backs.
func (s *Session) Sentence(t Sentence) Decision {
	for _, fact := range checked.FindAllString(t.Text, -1) {
		if !s.backed(strings.Trim(fact, ".:"), t) {
			return s.stop(fmt.Sprintf("no source backs %q", fact))
		}
	}
	if t.Model {
		return s.written(t)
	}
	return Decision{Allowed: true}
}

// written decides on what only a model's sentence is checked for.
func (s *Session) written(t Sentence) Decision {
	for _, fact := range spelled.FindAllString(t.Text, -1) {
		if !s.backed(fact, t) {
			return s.stop(fmt.Sprintf("no source backs %q", fact))
		}
	}
	for _, m := range named.FindAllStringSubmatch(t.Text, -1) {
		if m[1] != "I" && !s.backed(m[1], t) {
			return s.stop(fmt.Sprintf("no source backs the name %q", m[1]))
		}
	}
	for _, p := range promises {
		found := p.words.FindString(t.Text)
		kept := slices.ContainsFunc(p.operation, func(o string) bool { return s.done[o] })
		if found != "" && !kept && !s.held(strings.ToLower(found), t.Sources, "article:") {
			return s.stop(fmt.Sprintf("nothing was done that keeps %q", found))
		}
	}
	return Decision{Allowed: true}
}

func (s *Session) stop(rule string) Decision { return Decision{Rule: rule, Instead: s.instead} }

func (s *Session) backed(fact string, t Sentence) bool {
	fact = strings.ToLower(fact)
	if s.held(fact, t.Sources, "") {
		return true
	}
	if fact == "may" && !t.Model { // the verb: no month of a delivery is told without its day
		return true
	}
	return slices.ContainsFunc(s.template, func(text string) bool { return holds(text, fact) })
}

// held reports whether one of the sources that begin with kind backs a fact.
func (s *Session) held(fact string, sources []string, kind string) bool {
	for _, source := range sources {
		if !strings.HasPrefix(source, kind) {
			continue
		}
		if slices.ContainsFunc(s.facts[source], func(v string) bool { return holds(v, fact) }) {
			return true
		}
	}
	return false
}

// holds reports whether a text has a fact as a whole: 5 does not stand in 15.
func holds(text, fact string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], fact)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(fact)
		if !(i > 0 && sameWord(text[i-1], fact[0])) && !(end < len(text) && sameWord(text[end], fact[len(fact)-1])) {
			return true
		}
		from = i + 1
	}
}

// sameWord reports whether two neighbours belong to one number or one word.
func sameWord(a, b byte) bool {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	letter := func(c byte) bool { return c >= 'a' && c <= 'z' }
	return digit(a) && digit(b) || letter(a) && letter(b)
}
