// Package rules is the embedded Understander: no model, no network, the same
// answer every time.
//
// It learns from the example phrases of flows and articles: a turn goes to the
// flow or article whose example shares the most, by words and by letters, with
// rare words counting more; below a bar it is out of scope. What every caller
// may say at any time (human, repeat, goodbye, yes, no) and numbers are found
// by their words.
package rules

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
)

// plain is the likeness from which there is no doubt what a turn is about.
const plain = 0.7

// bar is the likeness below which a turn is out of scope.
const bar = 0.42

// Rules implements understand.Understander. It is immutable once made.
type Rules struct {
	set      *flow.Set
	examples []example
	postings map[string][]posting // feature -> the examples that have it
	words    map[string][]string  // of all examples of a flow or an article, by owner
	said     []phrases
	rarity   map[string]float64
	digits   map[string]string // flow -> its slot of digits
}

var _ understand.Understander = (*Rules)(nil)

type example struct {
	flow, article string
	text          string
}

// owner names the flow or the article of an example.
func (e example) owner() string { return e.flow + "/" + e.article }

// posting is a feature's weight in an example.
type posting struct {
	example int
	weight  float64
}

// New learns from a company's flows and articles.
func New(set *flow.Set, articles []understand.Article) *Rules {
	r := &Rules{
		set: set, rarity: map[string]float64{}, digits: map[string]string{}, postings: map[string][]posting{}, words: map[string][]string{},
		said: withWords(set.Company.Words),
	}
	for _, f := range set.Flows() {
		for _, text := range f.Examples {
			r.examples = append(r.examples, example{flow: f.Name, text: text})
		}
		r.digits[f.Name] = firstDigits(f)
	}
	for _, a := range articles {
		for _, text := range a.Examples {
			r.examples = append(r.examples, example{article: a.ID, text: text})
		}
	}
	r.learn()
	return r
}

// firstDigits is the slot of digits that a flow asks for first, empty if none.
func firstDigits(f *flow.Flow) string {
	for _, t := range f.Steps {
		if t.Collect == nil {
			continue
		}
		if s := f.Slots[t.Collect.Slot]; s.Type == "digits" && !s.Sensitive {
			return t.Collect.Slot
		}
	}
	return ""
}

func (r *Rules) learn() {
	seen := map[string]float64{}
	for _, e := range r.examples {
		for f := range parts(tokens(e.text)) {
			seen[f]++
		}
	}
	for f, n := range seen {
		r.rarity[f] = math.Log(1 + float64(len(r.examples))/n)
	}
	for i, e := range r.examples {
		r.words[e.owner()] = append(r.words[e.owner()], tokens(e.text)...)
		for f, w := range r.features(tokens(r.examples[i].text)) {
			r.postings[f] = append(r.postings[f], posting{i, w})
		}
	}
}

// tokens are the words of a text, without those that carry nothing.
func tokens(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(apart(text)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '-'
	})
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, "'", "")
	}
	return words
}

// apart puts Chinese characters apart: each is a word.
func apart(text string) string {
	if !strings.ContainsFunc(text, han) {
		return text
	}
	var b strings.Builder
	for _, c := range text {
		b.WriteRune(c)
		if han(c) {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

var empty = map[string]bool{"a": true, "an": true, "the": true, "please": true, "um": true, "uh": true, "well": true, "so": true, "hello": true, "hi": true, "digits": true}

// parts are a text's features: words, pairs of words, and beginnings of words
// for what a recogniser gets nearly right.
func parts(words []string) map[string]float64 {
	out := map[string]float64{}
	last := ""
	for _, w := range words {
		if empty[w] || units[w] != "" && !homophone(w) {
			continue
		}
		out[w] = 1
		if len(w) > 4 {
			out[w[:4]+"*"] = 0.7
		}
		if last != "" {
			out[last+" "+w] = 0.6
		}
		last = w
	}
	return out
}

func (r *Rules) features(words []string) map[string]float64 {
	out := parts(words)
	var sum float64
	for f, v := range out {
		w, known := r.rarity[f]
		if !known {
			w = 3 // a word that no example has makes a turn less like any
			if strings.ContainsAny(f, " *") {
				w = 0
			}
		}
		out[f] = v * w
		sum += out[f] * out[f]
	}
	for f := range out {
		out[f] /= math.Sqrt(sum)
	}
	return out
}

// Understand implements understand.Understander.
func (r *Rules) Understand(_ context.Context, v understand.View, t understand.Turn) ([]flow.Command, error) {
	if t.Keys != "" {
		return r.keyed(v, strings.TrimSuffix(t.Keys, "#")), nil
	}
	words := tokens(t.Text)
	if len(words) == 0 {
		return []flow.Command{{Kind: flow.NotHeard}}, nil
	}
	text := t.Text
	if other, ok := r.fitting(v, text, t.Alternatives); ok {
		// Another reading fits what was asked for: doubtful, to be read back.
		text, words, t.Confidence = other, tokens(other), 0.1
	}
	commands := r.understand(v, words, text)
	for i := range commands {
		commands[i].Words = t.Text
		if commands[i].Confidence == 0 {
			commands[i].Confidence = t.Confidence
		}
	}
	return commands, nil
}

// fitting returns the likeliest other reading with as many digits as were asked
// for, where the first reading has digits, but too few or too many.
func (r *Rules) fitting(v understand.View, text string, alternatives []string) (string, bool) {
	n := len(r.digitsIn(v, text))
	if v.Expect.Type != "digits" || n == 0 || fits(v.Expect, n) {
		return "", false
	}
	for _, a := range alternatives {
		if n := len(r.digitsIn(v, a)); n > 0 && fits(v.Expect, n) {
			return a, true
		}
	}
	return "", false
}

func (r *Rules) keyed(v understand.View, keys string) []flow.Command {
	c := flow.Command{Confidence: 1, Keyed: true, Words: keys}
	wantsDigits := v.Expect.Type == "digits" || v.Expect.Type == "code" || v.Expect.Type == "phone"
	n, _ := strconv.Atoi(keys) // 0 where it is no number
	switch {
	case v.Expect.Sensitive && keys != "0":
		if c.Kind, c.Value, c.Words = flow.SetSlot, keys, ""; keys == "*" {
			c = flow.Command{Kind: flow.NotHeard, Keyed: true}
		}
	case v.Expect.Type == "choice" && n >= 1 && n <= len(v.Expect.Choices):
		c.Kind, c.Value = flow.SetSlot, v.Expect.Choices[n-1].Value
	case v.Expect.Type == "number" && n > 0:
		c.Kind, c.Value = flow.SetSlot, strconv.Itoa(n)
	case keys == "0":
		c.Kind = flow.Human
	case wantsDigits && keys != "" && strings.Trim(keys, "0123456789") == "":
		c.Kind, c.Value = flow.SetSlot, keys
	case v.Expect.Type == "yesno" && keys == "1":
		c.Kind = flow.Affirm
	case v.Expect.Type == "yesno" && keys == "2":
		c.Kind = flow.Deny
	case len(keys) >= 4 && strings.Trim(keys, "0123456789") == "":
		return r.numberAlone(v, c, keys)
	default:
		c.Kind = flow.NotHeard
	}
	return []flow.Command{c}
}

func (r *Rules) understand(v understand.View, words []string, text string) []flow.Command {
	if c, ok := r.universal(words); ok {
		return []flow.Command{c}
	}
	if out := r.ofType(v, words, text); out != nil {
		return out
	}
	digits := r.digitsIn(v, text)
	if v.Expect.Type == "code" {
		if value := codeIn(v, text, words); value != "" {
			return []flow.Command{{Kind: flow.SetSlot, Value: value}}
		}
	}
	corrects := corrects(words)
	asked, like := r.nearest(words)
	if len(digits) >= 3 {
		return r.withNumber(v, words, digits, asked, like, corrects)
	}
	if v.Expect.Type == "digits" && digits != "" && like < bar {
		return []flow.Command{{Kind: flow.SetSlot, Value: digits}}
	}
	var out []flow.Command
	if v.Expect.Type == "yesno" && len(words) <= 4 && slices.Contains(words, "wrong") && words[0] != "nothing" {
		return []flow.Command{{Kind: flow.Deny}} // "no" is short, and heard as something else over a telephone line
	}
	if kind, ok := decision(words); ok {
		out = append(out, flow.Command{Kind: kind})
	}
	if c, ok := mannered(words); ok && c.Kind == flow.Complain && like < plain {
		return append(out, c)
	}
	if like >= bar && !(len(out) > 0 && len(words) <= 3) {
		out = append(out, asked.command(words, like))
		given, _ := r.given(v, asked.flow, text)
		return append(out, given...)
	}
	if given, rest := r.given(v, asked.flow, text); len(given) > 0 { // what else is said may be the request
		if again, like := r.nearest(tokens(rest)); like >= bar && again.flow == asked.flow {
			return append(append(out, again.command(words, like)), given...)
		}
	}
	if len(out) > 0 {
		return out
	}
	if dontKnow(words) {
		return []flow.Command{{Kind: flow.DontKnow}}
	}
	if c, ok := mannered(words); ok {
		return []flow.Command{c}
	}
	return []flow.Command{{Kind: flow.OutOfScope}}
}

// withNumber is a turn with a number in it: the number that was asked for, a
// correction, or a request together with its number.
func (r *Rules) withNumber(v understand.View, words []string, digits string, asked example, like float64, corrects bool) []flow.Command {
	c := flow.Command{Kind: flow.SetSlot, Value: digits}
	if corrects {
		c.Kind = flow.CorrectSlot
	}
	if v.Expect.Type == "digits" || corrects && v.Flow != "" {
		return []flow.Command{c}
	}
	if like >= bar && asked.flow != "" && r.digits[asked.flow] != "" {
		c.Kind, c.Slot = flow.SetSlot, r.digits[asked.flow]
		return []flow.Command{asked.command(words, like), c}
	}
	if corrects {
		return []flow.Command{c}
	}
	return r.numberAlone(v, c, digits)
}

// numberAlone is a number that nobody asked for: a correction in the flow going
// on, else of the flow that has the most examples with a number.
func (r *Rules) numberAlone(v understand.View, c flow.Command, digits string) []flow.Command {
	counts := map[string]int{}
	best := ""
	for _, e := range r.examples {
		if r.digits[e.flow] == "" || !strings.Contains(e.text, "{digits}") {
			continue
		}
		if counts[e.flow]++; counts[e.flow] > counts[best] {
			best = e.flow
		}
	}
	switch {
	case counts[v.Flow] > 0:
		c.Kind, c.Value = flow.CorrectSlot, digits
		return []flow.Command{c}
	case best == "" || !r.fitsDigits(best, digits):
		return []flow.Command{{Kind: flow.OutOfScope}}
	}
	c.Kind, c.Slot, c.Value = flow.SetSlot, r.digits[best], digits
	return []flow.Command{{Kind: flow.StartFlow, Flow: best, Confidence: c.Confidence}, c}
}

// fitsDigits reports whether a number is as long as a flow's.
func (r *Rules) fitsDigits(name, digits string) bool {
	s := r.set.Flow(name).Slots[r.digits[name]]
	return len(digits) >= int(s.Min) && (s.Max == 0 || len(digits) <= int(s.Max))
}

// ofType understands an answer to a question for a value of a type that has an
// extractor, and a correction of such a value; nil where the turn is neither. A
// turn that is plainly another request is that request.
func (r *Rules) ofType(v understand.View, words []string, text string) []flow.Command {
	if typed[v.Expect.Type] != "" || slices.Contains([]string{"choice", "name", "address", "text"}, v.Expect.Type) {
		request, like := r.nearest(words)
		free := v.Expect.Type != "choice" && typed[v.Expect.Type] == ""
		c, ok := r.asked(v, text)
		other := request.flow != v.Flow && like >= 0.85 || free && like >= 0.7
		if ok && !other && !(free && dontKnow(words)) {
			return []flow.Command{c}
		}
	}
	if !corrects(words) || v.Flow == "" {
		return nil
	}
	given, _ := r.given(v, v.Flow, text)
	if len(given) == 0 || len(r.digitsIn(v, text)) >= 3 && !r.hasUnit(v.Flow, given[0].Slot) {
		return nil
	}
	given[0].Kind = flow.CorrectSlot
	return given[:1]
}

// hasUnit reports whether a slot's values are told from digits by their unit.
func (r *Rules) hasUnit(name, slot string) bool {
	f := r.set.Flow(name)
	return f != nil && (f.Slots[slot].Type == "quantity" || f.Slots[slot].Type == "money")
}

// dontKnow finds that the caller does not know what was asked.
func dontKnow(words []string) bool {
	text := " " + strings.Join(words, " ") + " "
	return slices.ContainsFunc([]string{
		" dont know ", " do not know ", " no idea ", " not sure ", " dont have it ", " do not have it ", " dont remember ", " cant remember ",
		" forgot it ", " i forgot ", " cant find it ", " dont have one ", " lost it ", " 不 知 道 ", " 不 记 得 ", " 忘 了 ",
	}, func(p string) bool { return strings.Contains(text, p) })
}

func (e example) command(words []string, like float64) flow.Command {
	if e.flow != "" {
		return flow.Command{Kind: flow.StartFlow, Flow: e.flow, Confidence: like}
	}
	return flow.Command{Kind: flow.Answer, Article: e.article, Query: strings.Join(words, " "), Confidence: like}
}

// nearest is the example most like the words, and how like, 0 to 1.
func (r *Rules) nearest(words []string) (best example, like float64) {
	for i, sum := range r.likeness(words) {
		if sum > like {
			best, like = r.examples[i], sum
		}
	}
	if like < plain && !meet(words, r.words[best.owner()]) {
		return example{}, 0
	}
	return best, like
}

// meet reports whether a turn shares a word that carries meaning with a flow's or
// an article's examples: "tell me about" is no topic.
func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(w string) bool { return !light[w] && slices.Contains(b, w) || len(w) > 4 && near(w, b) })
}

// near reports whether a word begins like one of a text.
func near(w string, words []string) bool {
	return !light[w] && slices.ContainsFunc(words, func(o string) bool { return len(o) > 4 && strings.HasPrefix(o, w[:4]) })
}

// light are words that any request may have.
var light = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`a an the i me my you your we us our it its that this these there is are was were be been am do does did can could
		will would shall should may might have has had get got to of for on in at by from with about and or but so if what when where which
		who why how tell say know want need like please just some any more no not yes dont im ive id was`) {
		out[w] = true
	}
	return out
}()

// likeness is how like the words each example is, 0 to 1.
func (r *Rules) likeness(words []string) []float64 {
	sums := make([]float64, len(r.examples))
	features := r.features(words)
	for _, f := range slices.Sorted(maps.Keys(features)) { // in one order, so that sums are the same each time
		for _, p := range r.postings[f] {
			sums[p.example] += p.weight * features[f]
		}
	}
	return sums
}
