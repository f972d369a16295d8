package flow

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// asksBeforeHuman is how often a step asks before a human is offered.
const asksBeforeHuman = 3

// sure is the confidence from which what was heard over a wideband line is not
// read back.
const sure = 0.6

// collect asks for a slot, reads it back, or passes on.
func (r *run) collect(f *Flow, t *Step) bool {
	c := t.Collect
	if r.state.Slots[c.Slot] == "" {
		r.top().Asks++
		r.note(t)
		r.askAs(c.Prompt, t.Rephrase)
		r.state.Waiting = Waiting{For: "slot"}
		return true
	}
	if r.toReadBack(c) {
		r.ask(c.ReadBack)
		r.state.Waiting = Waiting{For: "readback"}
		return true
	}
	r.leave(f, t, f.after(t))
	return false
}

func (r *run) toReadBack(c *Collect) bool {
	switch {
	case len(c.ReadBack) == 0 || c.When == "never":
		return false
	case c.When == "always":
		known, asked := r.state.Unsure[c.Slot]
		return !asked || known
	}
	return r.state.Unsure[c.Slot]
}

// unsure notes whether a slot's value is to be read back.
func (r *run) unsure(c Command) {
	delete(r.state.Unsure, c.Slot)
	if !c.Keyed && (r.state.Narrow || c.Confidence < sure) {
		r.state.Unsure[c.Slot] = true
	}
}

// readBack takes in whether what was read back is right.
func (r *run) readBack(f *Flow, t *Step, right bool) {
	slot := t.Collect.Slot
	if right {
		r.state.Unsure[slot] = false
		r.follow()
		return
	}
	delete(r.state.Unsure, slot)
	delete(r.state.Slots, slot)
	if len(r.state.Queue) > 0 { // "no, it is ...": the value comes next
		r.state.Waiting = Waiting{For: "slot"}
		return
	}
	r.reprompt(f, t)
}

// reprompt asks for a slot once more in other words; a caller who has been
// asked often is offered a human.
func (r *run) reprompt(f *Flow, t *Step) {
	n := r.top().Asks
	r.top().Asks++
	if n >= asksBeforeHuman {
		r.top().Step, r.top().Asks = "done", 0
		r.start("offer_human")
		return
	}
	prompt := t.Collect.Prompt
	if k := len(t.Collect.Reprompt); k > 0 {
		prompt = t.Collect.Reprompt[min(max(n-1, 0), k-1)]
	}
	r.ask(prompt)
	r.state.Waiting = Waiting{For: "slot"}
}

// dontKnow takes in that the caller does not know what was asked.
func (r *run) dontKnow() {
	f, t := r.place(&r.state)
	switch {
	case t != nil && t.Collect != nil && t.Collect.Unknown != "" && r.state.Waiting.For != "":
		r.leave(f, t, t.Collect.Unknown)
		r.follow()
	case t != nil && t.Collect != nil && r.state.Waiting.For != "":
		r.reprompt(f, t)
	default:
		r.words(Command{Kind: OutOfScope})
	}
}

// set1 fills the slot that is asked for, keeps one that comes early, or
// corrects one that was filled.
func (r *run) set1(c Command) {
	f, t := r.place(&r.state)
	if r.state.Waiting.For == "agent" {
		r.words(c)
		return
	}
	waiting := t != nil && t.Collect != nil && slices.Contains([]string{"slot", "readback", "which"}, r.state.Waiting.For)
	if waiting && (c.Slot == "" || c.Slot == t.Collect.Slot) {
		r.fillSlot(f, t, c)
		return
	}
	if c.Kind == SetSlot && r.state.Slots[c.Slot] == c.Value {
		return // given with its flow, and used already
	}
	if f != nil && c.Kind == SetSlot && c.Slot != "" && r.state.Slots[c.Slot] == "" {
		if _, is := f.Slots[c.Slot]; is && r.check(f, c.Slot, c.Value) == "" {
			r.state.Slots[c.Slot] = c.Value
			r.unsure(c)
			return
		}
	}
	r.correct(c)
}

func (r *run) fillSlot(f *Flow, t *Step, c Command) {
	name := t.Collect.Slot
	possible := r.possible(f, name, append([]string{c.Value}, c.Options...))
	switch {
	case len(possible) == 0:
		r.refuse(f, t, c)
		return
	case len(possible) > 1:
		r.askWhich(possible)
		return
	}
	r.state.Slots[name] = possible[0]
	c.Slot = name
	r.unsure(c)
	if r.state.Waiting.For == "which" {
		r.state.Unsure[name] = false // chosen from two: it has been asked
	}
	r.follow()
}

// possible are the readings that the slot allows.
func (r *run) possible(f *Flow, slot string, readings []string) []string {
	var out []string
	for _, v := range readings {
		if r.check(f, slot, v) == "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out[:min(len(out), 2)]
}

// refuse says that a value cannot be, and asks again.
func (r *run) refuse(f *Flow, t *Step, c Command) {
	if len(t.Collect.Invalid) > 0 {
		r.say(t.Collect.Invalid)
	} else if !f.Slots[t.Collect.Slot].Sensitive {
		heard := r.set.Company.Heard.In(r.language(&r.state), r.set.Company.Language)[0]
		form := ""
		if ty := f.Slots[t.Collect.Slot].Type; ty == "digits" || ty == "code" || ty == "phone" {
			form = "digits"
		}
		value := r.shape(&r.state, f, t.Collect.Slot, c.Value, form)
		r.keep("tried", map[string]string{t.Collect.Slot: c.Value}, "caller")
		r.utter(Say{Text: strings.ReplaceAll(heard, "{value}", value), Sources: []string{"caller"}}, []string{c.Value})
	}
	r.reprompt(f, t)
}

// askWhich asks which of two readings was meant.
func (r *run) askWhich(readings []string) {
	text := r.set.Company.Which.In(r.language(&r.state), r.set.Company.Language)[0]
	text = strings.NewReplacer("{first}", r.spoken(&r.state, readings[0]), "{second}", r.spoken(&r.state, readings[1])).Replace(text)
	r.keep("which", map[string]string{"first": readings[0], "second": readings[1]}, "caller")
	r.utter(Say{Text: text, Sources: []string{"caller"}}, readings)
	r.state.Prompt = text
	r.state.Waiting = Waiting{For: "which", Options: readings}
}

// correct goes back to the question whose answer was wrong, with the right one.
func (r *run) correct(c Command) {
	for i := len(r.state.Stack) - 1; i >= 0; i-- {
		if f, t := r.asking(r.state.Stack[i].Flow, c); t != nil {
			r.state.Stack = r.state.Stack[:i+1]
			r.top().Step, r.top().Asks = t.ID, 0
			r.fillSlot(f, t, c)
			return
		}
	}
	f, t := r.asking(r.state.Flow, c)
	if t == nil {
		r.miss()
		return
	}
	r.state.Stack = append(r.state.Stack, Place{Flow: f.Name, Step: t.ID})
	r.fillSlot(f, t, c)
}

// asking finds the step of a flow that asks for what a command sets.
func (r *run) asking(flow string, c Command) (*Flow, *Step) {
	f := r.set.flows[flow]
	if f == nil {
		return nil, nil
	}
	for i := range f.Steps {
		t := &f.Steps[i]
		if t.Collect == nil || c.Slot != "" && t.Collect.Slot != c.Slot || f.Slots[t.Collect.Slot].Sensitive {
			continue
		}
		if r.check(f, t.Collect.Slot, c.Value) == "" || c.Slot != "" {
			return f, t
		}
	}
	return nil, nil
}

// note remembers that a question is asked, for going back.
func (r *run) note(t *Step) {
	p := Place{Flow: r.top().Flow, Step: t.ID}
	if n := len(r.state.Trail); n > 0 && r.state.Trail[n-1] == p {
		return
	}
	r.state.Trail = append(r.state.Trail, p)
	if len(r.state.Trail) > 32 {
		r.state.Trail = r.state.Trail[1:]
	}
}

// back goes to the question before the one that is asked.
func (r *run) back() {
	n := len(r.state.Trail)
	if n < 2 || len(r.state.Stack) == 0 || r.state.Trail[n-2].Flow != r.top().Flow {
		r.again()
		return
	}
	to := r.state.Trail[n-2]
	r.state.Trail = r.state.Trail[:n-2]
	f := r.set.flows[to.Flow]
	for _, id := range []string{r.top().Step, to.Step} {
		if t := f.step(id); t != nil && t.Collect != nil {
			delete(r.state.Slots, t.Collect.Slot)
			delete(r.state.Unsure, t.Collect.Slot)
		}
	}
	r.top().Step, r.top().Asks = to.Step, 0
	r.follow()
}

// check tells why a slot does not allow a value, empty if it does.
func (r *run) check(f *Flow, name, value string) string {
	s := f.Slots[name]
	if value == "" {
		return "is empty"
	}
	if s.Sensitive { // its value is kept elsewhere, and its length was checked there
		return ""
	}
	switch s.Type {
	case "digits", "code":
		if s.Type == "digits" && strings.Trim(value, "0123456789") != "" {
			return "is no digits"
		}
		return within(float64(len(value)), s)
	case "phone":
		if n := len(strings.TrimPrefix(value, "+")); n < 5 || n > 15 {
			return "is no telephone number"
		}
	case "money", "number", "quantity":
		amount, err := strconv.ParseFloat(strings.Fields(value + " ")[0], 64)
		if err != nil {
			return "is no amount"
		}
		return within(amount, s)
	case "choice":
		if !slices.ContainsFunc(s.Choices, func(c Choice) bool { return c.Value == value }) {
			return "is no choice"
		}
	case "yesno":
		if value != "yes" && value != "no" {
			return "is neither yes nor no"
		}
	case "date", "datetime", "daterange", "time":
		return r.checkTime(s, value)
	}
	return ""
}

func within(n float64, s Slot) string {
	if n < s.Min || s.Max > 0 && n > s.Max {
		return "is out of bounds"
	}
	return ""
}

// checkTime compares with the bounds as text: all forms sort by time.
func (r *run) checkTime(s Slot, value string) string {
	from, to := r.bound(s.After), r.bound(s.Before)
	cut := func(b string) string { return value[:min(len(value), len(b))] }
	if from != "" && cmp.Compare(cut(from), from) < 0 || to != "" && cmp.Compare(cut(to), to) > 0 {
		return "is out of bounds"
	}
	return ""
}

// bound is a bound of a day or a time: "today" and "+3d" are counted from now.
func (r *run) bound(b string) string {
	if b == "today" {
		return r.at.Format(time.DateOnly)
	}
	if n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(b, "+"), "d")); err == nil && strings.HasSuffix(b, "d") {
		return r.at.AddDate(0, 0, n).Format(time.DateOnly)
	}
	return b
}
