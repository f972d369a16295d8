package guard

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"attendant/dialog/flow"
)

// Sentence is about to be spoken.
type Sentence struct {
	Text     string
	Sources  []string // what it says it rests on
	Model    bool     // a model wrote or reworded it
	original string   // lower case: what was reworded, and may be said again
}

// facts are what one source backs: texts in lower case, in every form in which
// they can be spoken, and the numbers in them.
type facts struct {
	texts   []string
	amounts counts
	words   map[string]bool // in any of the texts
}

// shaped is how long a value may be to be spoken in other forms: longer ones are
// texts.
const shaped = 64

// Fact lets a source back a value from now on, in every form in which it can be
// spoken.
func (s *Session) Fact(source, value string) {
	low := strings.ToLower(value)
	known := s.facts[source]
	if known == nil {
		known = &facts{}
		s.facts[source] = known
	}
	if value == "" || slices.Contains(known.texts, low) {
		return
	}
	known.add(low)
	if len(value) > shaped {
		return
	}
	for _, form := range flow.Forms()[1:] {
		if (form == "digits" || form == "spell") && strings.Contains(strings.TrimSpace(value), " ") {
			continue // read out, two numbers side by side would become one
		}
		for _, language := range []string{"en", "zh"} {
			known.add(strings.ToLower(flow.Shape(value, form, language)))
		}
	}
}

func (f *facts) add(text string) {
	if slices.Contains(f.texts, text) {
		return
	}
	if f.words == nil {
		f.words, f.amounts = map[string]bool{}, counts{}
	}
	f.texts = append(f.texts, text)
	f.amounts.add(amounts(text))
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return r < 'a' || r > 'z' }) {
		f.words[w] = true
	}
}

// hold reports whether one of the texts has words as a whole.
func (f *facts) hold(words string) bool {
	if strings.Trim(words, "abcdefghijklmnopqrstuvwxyz") == "" {
		return f.words[words]
	}
	return slices.ContainsFunc(f.texts, func(text string) bool { return holds(text, words) })
}

// literal are facts that must stand in a source as they are: links, addresses,
// days, months.
var literal = regexp.MustCompile(`https?://[^\s,]+|\bwww\.[^\s,]+|[\w.+-]+@[\w-]+\.[\w.]+|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december|today|tomorrow|tonight|noon|midnight)s?\b|星期[一二三四五六日天]|明天|后天|今天`)

// vague are facts in a model's sentences besides: times without a number, counts
// in Chinese characters.
var vague = regexp.MustCompile(`\b(?:yesterday|overnight|weekdays?|weekends?|(?:this|next|last) (?:week|month|year|morning|afternoon|evening|\w+day)|within the hour|fortnight|percent|www|dot com)\b|[一二两三四五六七八九十百千万]+(?:天|日|号|月|年|周|个月|小时|分钟|点|元|块|欧元|折)|百分之`)

// named are words with a capital inside a model's sentence.
var named = regexp.MustCompile(`[\p{Ll}\d,;:] (\p{Lu}[\p{L}'-]+)`)

// promises are what only an operation that was carried out makes true.
var promises = []struct {
	words     *regexp.Regexp
	operation []string
}{
	{regexp.MustCompile(`\brefund(?:ed|ing)?\b|\bmoney back\b|\bpaid back\b|\breimburs\w*|退款|退钱`), []string{"refund"}},
	{regexp.MustCompile(`\b(?:cancell?ed|cancell?ing)\b|已取消`), []string{"cancel_order", "cancel_appointment"}},
	{regexp.MustCompile(`\b(?:booked|rescheduled|reserved|scheduled)\b|已预约|已改期`), []string{"book", "reschedule"}},
	{regexp.MustCompile(`\b(?:changed|updated)\b|已修改|已更新`), []string{"change_order", "update_customer", "reschedule"}},
	{regexp.MustCompile(`\b(?:have|has|was|just) (?:been )?(?:sent|texted|emailed)\b|已发送`), []string{"notify", "reset_password"}},
	{regexp.MustCompile(`\b(?:ticket|case) (?:is|was|has been) (?:opened|created|filed)\b`), []string{"create_ticket"}},
	{regexp.MustCompile(`\b(?:promise[ds]?|guarantee[ds]?|free of charge|for free|discounts?|vouchers?|credit(?:ed)?|compensat\w*|no charge|waive[ds]?|legally|entitled|verified)\b|保证|承诺|免费|赔偿|折扣`), nil},
	{regexp.MustCompile(`\b(?:i|we|someone|somebody|a colleague|a technician|my colleague)(?:'ll| will| shall| am going to| are going to) (?:call|phone|send|pay|refund|deliver|replace|repair|visit|come|give|credit|arrange|transfer|email|text|make sure|take care|ensure)\b`), nil},
	{regexp.MustCompile(`\b(?:i|we)(?:'ve| have) (?:now |just |already )?(?:paid|sent|put|given|made|done|added|removed|deleted|ordered|arranged|approved|fixed|resolved|processed|transferred|opened|closed|confirmed|registered|reset)\b`), nil},
}

// claims are what is said to have happened to what is the caller's: an operation
// must have done it, or a result must tell of it.
var claims = regexp.MustCompile(`\b(?:your|the|that|this|it|everything|all)(?: [\w-]+){0,3}?(?:'s| is| are| was| were| has been| have been| got) (?:now |already |all |just )*(cancell?ed|booked|rescheduled|reserved|scheduled|changed|updated|refunded|sent|returned|approved|fixed|resolved|confirmed|paid|shipped|delivered|replaced|repaired|reset|closed|opened|filed|noted)\b`)

// doing are the operations that make claims true.
var doing = map[string][]string{
	"cancelled": {"cancel_order", "cancel_appointment"}, "canceled": {"cancel_order", "cancel_appointment"}, "booked": {"book", "reschedule"}, "reserved": {"book", "reschedule"},
	"scheduled": {"book", "reschedule"}, "rescheduled": {"reschedule"}, "changed": {"change_order", "update_customer", "reschedule"},
	"updated": {"change_order", "update_customer"}, "refunded": {"refund"}, "paid": {"refund"}, "sent": {"notify", "reset_password"}, "reset": {"reset_password"},
	"confirmed": {"book", "reschedule"}, "opened": {"create_ticket"}, "filed": {"create_ticket"}, "noted": {"create_ticket", "upsert_lead"},
}

// Sentence decides on a sentence. Its numbers, amounts, days, times, links and
// addresses must stand in one of its sources or be the company's own text; what
// a model wrote must not name anyone, count in words or promise anything either
// that no source or operation backs, and its numbers must count the same things
// as in the source.
func (s *Session) Sentence(t Sentence) Decision {
	c := check{Session: s, Sentence: t, low: strings.ToLower(t.Text)}
	for _, a := range amounts(c.low) {
		if !c.counted(a) {
			return s.stop(fmt.Sprintf("no source backs %q", strings.TrimSpace(a.number+" "+a.unit)))
		}
	}
	for _, fact := range literal.FindAllString(c.low, -1) {
		if !c.says(strings.Trim(fact, ".:")) {
			return s.stop(fmt.Sprintf("no source backs %q", fact))
		}
	}
	if t.Model {
		if rule := c.written(); rule != "" {
			return s.stop(rule)
		}
	}
	return Decision{Allowed: true, Sources: c.backing}
}

func (s *Session) stop(rule string) Decision { return Decision{Rule: rule, Instead: s.instead} }

// check is the checking of one sentence.
type check struct {
	*Session
	Sentence
	low     string
	backing []string // the sources that back something in it
}

func (c *check) rests(source string) bool {
	if !slices.Contains(c.backing, source) {
		c.backing = append(c.backing, source)
	}
	return true
}

// counted reports whether an amount is backed.
func (c *check) counted(a amount) bool {
	for _, source := range c.Sources {
		if f := c.facts[source]; f != nil && f.amounts.back(a, c.Model) && (!c.Model || !strings.HasPrefix(source, "article:") || f.agrees(a, c.low)) {
			return c.rests(source)
		}
	}
	if c.templates.amounts.back(a, c.Model) {
		return true
	}
	own := counts{}
	own.add(amounts(c.original))
	return own.back(a, c.Model)
}

// says reports whether words stand in a source, or in the company's own text. A
// model may not take days from that.
func (c *check) says(fact string) bool {
	if c.held(fact, "") || c.original != "" && holds(c.original, fact) {
		return true
	}
	if fact == "may" && !c.Model { // the verb: no month of a delivery is told without its day
		return true
	}
	own := !c.Model || strings.ContainsAny(fact, "@/")
	return own && c.templates.hold(fact)
}

// held reports whether one of the sources that begin with kind has words.
func (c *check) held(fact, kind string) bool {
	for _, source := range c.Sources {
		if f := c.facts[source]; f != nil && strings.HasPrefix(source, kind) && f.hold(fact) {
			return c.rests(source)
		}
	}
	return false
}

// written is the rule against a model's sentence, empty if there is none.
func (c *check) written() string {
	if i := strings.IndexAny(c.low, `{}[]<>|\=`); i >= 0 {
		return fmt.Sprintf("%q cannot be spoken", c.low[i:i+1])
	}
	found, words := spelledAmounts(c.low)
	for i, a := range found {
		if !c.says(words[i]) && (a.number == "" || !c.counted(a)) {
			return fmt.Sprintf("no source backs %q", words[i])
		}
	}
	for _, fact := range vague.FindAllString(c.low, -1) {
		if !c.says(fact) {
			return fmt.Sprintf("no source backs %q", fact)
		}
	}
	for _, name := range c.names() {
		if !c.familiar(strings.ToLower(name)) {
			return fmt.Sprintf("no source backs the name %q", name)
		}
	}
	for _, m := range claims.FindAllStringSubmatch(c.low, -1) {
		kept := slices.ContainsFunc(doing[m[1]], func(o string) bool { return c.done[o] })
		if !kept && !c.held(m[0], "article:") && !c.held(m[1], "action:") && !(c.original != "" && holds(c.original, m[0])) {
			return fmt.Sprintf("nothing was done that makes %q true", m[0])
		}
	}
	for _, p := range promises {
		promise := p.words.FindString(c.low)
		kept := slices.ContainsFunc(p.operation, func(o string) bool { return c.done[o] })
		if promise != "" && !kept && !c.held(promise, "article:") && !c.held(promise, "action:") && !(c.original != "" && holds(c.original, promise)) {
			return fmt.Sprintf("nothing was done that keeps %q", promise)
		}
	}
	return ""
}

// names are the words of the sentence that may be somebody's or something's name.
func (c *check) names() []string {
	var out []string
	for _, m := range named.FindAllStringSubmatch(c.Text, -1) {
		if m[1] != "I" && !strings.HasPrefix(m[1], "I'") {
			out = append(out, strings.TrimSuffix(m[1], "'s"))
		}
	}
	first := strings.FieldsFunc(c.Text, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '-' })
	if len(first) > 0 && utf8.RuneCountInString(first[0]) > 1 {
		if r, _ := utf8.DecodeRuneInString(first[0]); unicode.IsUpper(r) && !common[strings.ToLower(first[0])] {
			out = append(out, strings.TrimSuffix(first[0], "'s"))
		}
	}
	return out
}

// familiar reports whether a word stands anywhere in what the call may tell.
func (c *check) familiar(word string) bool {
	return c.templates.hold(word) || c.held(word, "") || c.original != "" && holds(c.original, word)
}

// common are words with which sentences begin.
var common = func() map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(`a about absolutely actually after again all alright also although an and any anything are as ask at based because before both but by
		can certainly check could did do does during each either everything exactly feel first for from generally give glad go good got great happy has have having hello here
		hey hi how however i i'd i'll i'm i've if in indeed is it it's its just keep let let's like look many maybe most my next no normally not nothing now of oh ok okay on once
		one only or other our over per perfect perhaps please right same see shall she he should simply since small so some sometimes sorry still sure tell thank thanks that that's
		the their then there there's these they they're this those though through to together turn try under understood unfortunately unless until up use usually very was we we'd
		we'll we're we've well were what what's when where whether which while who whom why will with within without would yes yet you you'd you'll you're you've your lower
		switch set put make take get find choose think start stop open close heat heating insulate wash run leave unplug replace better best more less fewer`) {
		out[w] = true
	}
	return out
}()

// Reworded decides on a text in other words: its sentences may say what the
// original says, must keep every number, day, link and address of it, and ask
// where it asks.
func (s *Session) Reworded(original string, parts, sources []string) Decision {
	low, text := strings.ToLower(original), strings.ToLower(strings.Join(parts, " "))
	if d := s.Sentence(Sentence{Text: original, Sources: sources}); !d.Allowed {
		return d
	}
	for _, a := range amounts(low) {
		if !slices.ContainsFunc(amounts(text), func(b amount) bool { return b.number == a.number }) {
			return s.stop(fmt.Sprintf("the new words leave out %q", a.number))
		}
	}
	for _, fact := range literal.FindAllString(low, -1) {
		if !holds(text, strings.Trim(fact, ".:")) {
			return s.stop(fmt.Sprintf("the new words leave out %q", fact))
		}
	}
	for _, m := range named.FindAllStringSubmatch(original, -1) {
		if m[1] != "I" && !holds(text, strings.ToLower(m[1])) {
			return s.stop(fmt.Sprintf("the new words leave out %q", m[1]))
		}
	}
	switch asks := strings.ContainsAny(original, "?？"); {
	case text == "" || len(text) > 2*len(low)+40:
		return s.stop("the new words are none, or too many")
	case !akin(low, text):
		return s.stop("the new words say something else")
	case asks != strings.ContainsAny(text, "?？"):
		return s.stop("a question stays a question")
	}
	for _, part := range parts {
		if d := s.Sentence(Sentence{Text: part, Sources: sources, Model: true, original: low}); !d.Allowed {
			return d
		}
	}
	return Decision{Allowed: true}
}

// akin reports whether a text has a quarter of another's longer words, by their
// beginnings, or of its Chinese characters.
func akin(original, text string) bool {
	var all, kept int
	for w := range strings.FieldsFuncSeq(original, func(r rune) bool { return !unicode.IsLetter(r) }) {
		switch first, _ := utf8.DecodeRuneInString(w); {
		case unicode.Is(unicode.Han, first):
			for _, r := range w {
				if all++; strings.ContainsRune(text, r) {
					kept++
				}
			}
		case len(w) > 4:
			if all++; strings.Contains(text, w[:4]) {
				kept++
			}
		}
	}
	return 4*kept >= all
}

// holds reports whether a text has a fact as a whole: 5 does not stand in 15.
func holds(text, fact string) bool {
	if fact == "" {
		return false
	}
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
