package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// sure is the confidence from which what was heard over a wideband line is not
// read back.
const sure = 0.6

// asksBeforeHuman is how often a step asks before a human is offered.
const asksBeforeHuman = 3

// Engine executes a Set's flows. It is immutable; any goroutine may use it.
type Engine struct{ set *Set }

// NewEngine returns an engine for the set's flows.
func NewEngine(set *Set) *Engine { return &Engine{set: set} }

// Set returns the flows that the engine executes.
func (e *Engine) Set() *Set { return e.set }

// Start greets. The state given holds what is known of the call.
func (e *Engine) Start(s State) (State, []Effect) {
	r := e.begin(s)
	r.ask(e.set.Company.Greeting)
	return r.state, r.effects
}

// Step takes in what happened and returns what is to be done.
func (e *Engine) Step(s State, in Input) (State, []Effect) {
	r := e.begin(s)
	switch {
	case s.Ended:
	case in.Result != nil:
		r.result(in.Result)
	case in.Silence:
		r.silence()
	default:
		r.turn(in)
	}
	return r.state, r.effects
}

// Expecting tells what the caller is expected to say.
func (e *Engine) Expecting(s State) Expectation {
	x := Expectation{Type: "open", Hold: s.Hold}
	switch s.Waiting.For {
	case "confirm", "readback":
		x.Type = "yesno"
	case "slot":
		if f, t := e.place(&s); t != nil && t.Collect != nil {
			slot := f.Slots[t.Collect.Slot]
			x.Type, x.Slot, x.Min, x.Max, x.Choices = slot.Type, t.Collect.Slot, slot.Min, slot.Max, slot.Choices
		}
	}
	return x
}

func (e *Engine) place(s *State) (*Flow, *Step) {
	if len(s.Stack) == 0 {
		return nil, nil
	}
	p := s.Stack[len(s.Stack)-1]
	f := e.set.flows[p.Flow]
	if f == nil {
		return nil, nil
	}
	return f, f.step(p.Step)
}

// run is one call of Step.
type run struct {
	*Engine
	state   State
	effects []Effect
}

// begin copies what Step changes, so that the state given stays as it was.
func (e *Engine) begin(s State) *run {
	s.Stack = slices.Clone(s.Stack)
	s.Slots, s.Results, s.Sources = maps.Clone(s.Slots), maps.Clone(s.Results), maps.Clone(s.Sources)
	if s.Slots == nil {
		s.Slots = map[string]string{}
	}
	if s.Results == nil {
		s.Results, s.Sources = map[string]map[string]string{}, map[string]string{}
	}
	return &run{Engine: e, state: s}
}

func (r *run) top() *Place { return &r.state.Stack[len(r.state.Stack)-1] }

// say says a text with its placeholders filled in.
func (r *run) say(text string) {
	if text == "" {
		return
	}
	text, sources := r.fill(text)
	p := Place{}
	if len(r.state.Stack) > 0 {
		p = *r.top()
	}
	r.state.Last = text
	r.effects = append(r.effects, Effect{Say: &Say{Text: text, Sources: sources, Flow: p.Flow, Step: p.Step, Slower: r.state.Slower}})
}

// ask says a text that the caller is to answer.
func (r *run) ask(text string) {
	r.say(text)
	r.state.Prompt = r.state.Last
}

// fill replaces {slot}, {slot|digits}, {result.field} and {result.field|date}.
func (r *run) fill(text string) (string, []string) {
	var b strings.Builder
	var sources []string
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return b.String(), sources
		}
		name, form, _ := strings.Cut(name, "|")
		value, source := r.value(name)
		b.WriteString(shape(value, form))
		if !slices.Contains(sources, source) {
			sources = append(sources, source)
		}
		text = after
	}
}

func (r *run) value(name string) (value, source string) {
	if result, field, ok := strings.Cut(name, "."); ok {
		return r.state.Results[result][field], r.state.Sources[result]
	}
	if name == "caller" {
		return r.state.Caller, "caller"
	}
	return r.state.Slots[name], "caller"
}

func shape(value, form string) string {
	switch form {
	case "digits":
		return strings.Join(strings.Split(value, ""), " ")
	case "date":
		if t, err := time.Parse(time.DateOnly, value); err == nil {
			return t.Format("Monday, January 2")
		}
	}
	return value
}

// silence takes in that nothing was said: ask again, then end.
func (r *run) silence() {
	r.state.Hold = false
	r.state.Silences++
	switch {
	case r.state.Silences >= 3:
		r.say(r.set.Company.Farewell)
		outcome := "abandoned_in_ai"
		if r.state.Resolved {
			outcome = "resolved_assumed"
		}
		r.end(outcome)
	default:
		prompt := r.state.Prompt
		r.say(r.set.Company.Still)
		r.say(prompt)
	}
}

func (r *run) end(outcome string) {
	r.state.Ended = true
	r.effects = append(r.effects, Effect{End: &End{Outcome: outcome}})
}

// turn takes in a turn of the caller.
func (r *run) turn(in Input) {
	r.state.Silences, r.state.Hold = 0, false
	if in.Angry {
		r.state.Angry++
	}
	if r.state.Angry >= 2 && !has(in.Commands, Human) && r.state.ActiveFlow() != "offer_human" {
		r.state.Angry = 0
		r.say(r.set.Company.Calm)
		r.start("offer_human")
		return
	}
	if !has(in.Commands, NotHeard) && !has(in.Commands, OutOfScope) {
		r.state.Misses = 0
	}
	if has(in.Commands, Human) {
		r.state.Stack = nil
		r.start("human")
		return
	}
	r.givenSlots(in.Commands)
	for _, c := range in.Commands {
		if c.Kind == SetSlot && c.Slot != "" && has(in.Commands, StartFlow) {
			continue // given
		}
		if r.command(c); r.state.Ended || r.state.Waiting.For == "effect" {
			return
		}
	}
}

func has(commands []Command, kind CommandKind) bool {
	return slices.ContainsFunc(commands, func(c Command) bool { return c.Kind == kind })
}

// givenSlots notes slots that came together with the flow that needs them.
func (r *run) givenSlots(commands []Command) {
	if !has(commands, StartFlow) {
		return
	}
	for _, c := range commands {
		if c.Kind == SetSlot && c.Slot != "" {
			r.state.Slots[c.Slot] = c.Value
			r.unsure(c)
		}
	}
}

// unsure notes that a slot's value is to be read back.
func (r *run) unsure(c Command) {
	delete(r.state.Slots, "?"+c.Slot)
	if !c.Keyed && (r.state.Narrow || c.Confidence < sure) {
		r.state.Slots["?"+c.Slot] = "read back"
	}
}

func (r *run) command(c Command) {
	switch c.Kind {
	case StartFlow:
		r.startAsked(c)
	case SetSlot, CorrectSlot:
		r.set1(c)
	case Affirm, Deny:
		r.decide(c.Kind == Affirm)
	case Answer:
		r.lookUp(c)
	case Repeat:
		r.say(r.state.Last)
	case Slower:
		r.state.Slower = true
		r.say(r.state.Last)
	case HoldOn:
		r.state.Hold = true
		r.say("Take your time.")
	case Cancel:
		r.state.Stack, r.state.Waiting = nil, Waiting{}
		r.say("Okay.")
		r.ask(r.set.Company.More)
	case StartOver:
		r.state.Stack, r.state.Waiting = nil, Waiting{}
		clear(r.state.Slots)
		r.ask("Okay, from the beginning. How can I help you?")
	case Goodbye:
		r.state.Stack = nil
		r.start("goodbye")
	case Thank:
		r.say("You are welcome.")
		r.again()
	case Greet:
		r.say("Hello.")
		r.again()
	case Complain:
		r.say(r.set.Company.Calm)
		r.again()
	default:
		r.miss()
	}
}

// again asks what was asked last, or what else there is.
func (r *run) again() {
	if r.state.Waiting.For == "" {
		r.ask(r.set.Company.More)
		return
	}
	r.say(r.state.Prompt)
}

// miss takes in a turn that was not understood: say so, then offer a human.
func (r *run) miss() {
	if r.state.Misses++; r.state.Misses >= 2 && r.state.ActiveFlow() != "offer_human" {
		r.state.Misses = 0
		r.start("offer_human")
		return
	}
	r.say(r.set.Company.Sorry)
	if f, t := r.place(&r.state); r.state.Waiting.For == "slot" && t != nil && t.Collect != nil {
		r.reprompt(f, t)
		return
	}
	r.again()
}

// startAsked begins a flow that the caller asked for; asking for the one that
// is waiting for an answer changes nothing.
func (r *run) startAsked(c Command) {
	if r.state.ActiveFlow() == c.Flow && r.state.Waiting.For != "" {
		if _, t := r.place(&r.state); t != nil && t.Collect != nil && r.state.Slots[t.Collect.Slot] != "" {
			r.follow()
			return
		}
		r.again()
		return
	}
	r.start(c.Flow)
}

func (r *run) start(flow string) {
	f := r.set.flows[flow]
	if f == nil {
		r.miss()
		return
	}
	if len(r.state.Stack) > 8 { // a caller who digresses from digressions
		r.state.Stack = r.state.Stack[len(r.state.Stack)-8:]
	}
	r.state.Stack = append(r.state.Stack, Place{Flow: flow, Step: f.Steps[0].ID})
	if !slices.Contains(Required(), flow) {
		r.state.Flow = flow
	}
	r.follow()
}

// follow executes steps until one waits.
func (r *run) follow() {
	r.state.Waiting = Waiting{}
	for len(r.state.Stack) > 0 {
		f, t := r.place(&r.state)
		if t == nil {
			r.state.Stack = r.state.Stack[:len(r.state.Stack)-1]
			if r.resume() {
				return
			}
			continue
		}
		if r.execute(f, t) {
			return
		}
	}
	r.state.Slots = withoutDoubts(r.state.Slots)
	r.ask(r.set.Company.More)
}

func withoutDoubts(slots map[string]string) map[string]string {
	maps.DeleteFunc(slots, func(k, _ string) bool { return strings.HasPrefix(k, "?") })
	return slots
}

// resume goes back to the flow below, asking its question again.
func (r *run) resume() bool {
	_, t := r.place(&r.state)
	if t == nil {
		return false
	}
	r.say(r.set.Company.Resume)
	return false
}

func (r *run) goTo(step string) {
	r.top().Step, r.top().Asks = step, 0
}

// execute does one step and reports whether it waits.
func (r *run) execute(f *Flow, t *Step) bool {
	switch {
	case t.Say != "":
		r.say(t.Say)
		r.goTo(f.after(t))
	case t.Collect != nil:
		return r.collect(f, t)
	case t.Confirm != nil:
		r.ask(t.Confirm.Prompt)
		r.state.Waiting = Waiting{For: "confirm"}
		return true
	case t.Action != nil:
		args := map[string]string{}
		for k, v := range t.Action.Args {
			args[k], _ = r.fill(v)
		}
		id := r.wait()
		r.effects = append(r.effects, Effect{Act: &Act{ID: id, Operation: t.Action.Operation, Args: args, Flow: f.Name, Step: t.ID}})
		return true
	case t.HandOver != nil:
		r.effects = append(r.effects, Effect{HandOver: &HandOver{ID: r.wait(), Skill: t.HandOver.Skill, Reason: t.HandOver.Reason}})
		return true
	case t.Branch != nil:
		value, _ := r.fill(t.Branch.Value)
		r.goTo(choose(t.Branch.On, value))
	case t.Link != "":
		*r.top() = Place{Flow: t.Link, Step: r.set.flows[t.Link].Steps[0].ID}
	default:
		r.end(t.End)
		return true
	}
	return false
}

// wait names the next effect and waits for its result.
func (r *run) wait() string {
	r.state.Serial++
	id := fmt.Sprintf("e%d", r.state.Serial)
	r.state.Waiting = Waiting{For: "effect", Effect: id}
	return id
}

func choose(on map[string]string, value string) string {
	if step, ok := on[value]; ok {
		return step
	}
	return on["other"]
}

// collect asks for a slot, reads it back, or passes on.
func (r *run) collect(f *Flow, t *Step) bool {
	c := t.Collect
	if r.state.Slots[c.Slot] == "" {
		r.top().Asks++
		r.ask(c.Prompt)
		r.state.Waiting = Waiting{For: "slot"}
		return true
	}
	if c.ReadBack != "" && r.state.Slots["?"+c.Slot] != "" {
		r.ask(c.ReadBack)
		r.state.Waiting = Waiting{For: "readback"}
		return true
	}
	r.goTo(f.after(t))
	return false
}

// reprompt asks for a slot once more in other words; a caller who has been
// asked often is offered a human.
func (r *run) reprompt(f *Flow, t *Step) {
	n := r.top().Asks
	r.top().Asks++
	if n >= asksBeforeHuman {
		r.goTo("done")
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

// set1 fills the slot that is asked for, or corrects one that was filled.
func (r *run) set1(c Command) {
	f, t := r.place(&r.state)
	waiting := t != nil && t.Collect != nil && (r.state.Waiting.For == "slot" || r.state.Waiting.For == "readback")
	if waiting && (c.Slot == "" || c.Slot == t.Collect.Slot) {
		r.fillSlot(f, t, c)
		return
	}
	if c.Kind == SetSlot && r.state.Slots[c.Slot] == c.Value {
		return // given with its flow, and used already
	}
	r.correct(c)
}

func (r *run) fillSlot(f *Flow, t *Step, c Command) {
	slot := f.Slots[t.Collect.Slot]
	if len(c.Value) < slot.Min || (slot.Max > 0 && len(c.Value) > slot.Max) {
		r.say(fmt.Sprintf("I heard %s.", shape(c.Value, "digits")))
		r.reprompt(f, t)
		return
	}
	r.state.Slots[t.Collect.Slot] = c.Value
	c.Slot = t.Collect.Slot
	r.unsure(c)
	r.follow()
}

// correct starts the last flow again from the step that asks for the slot.
func (r *run) correct(c Command) {
	f := r.set.flows[r.state.Flow]
	if f == nil {
		r.miss()
		return
	}
	for i := range f.Steps {
		t := &f.Steps[i]
		if t.Collect == nil || (c.Slot != "" && t.Collect.Slot != c.Slot) {
			continue
		}
		if r.state.ActiveFlow() == f.Name {
			r.goTo(t.ID)
		} else {
			r.state.Stack = append(r.state.Stack, Place{Flow: f.Name, Step: t.ID})
		}
		r.fillSlot(f, t, c)
		return
	}
	r.miss()
}

// decide takes in a yes or a no.
func (r *run) decide(yes bool) {
	f, t := r.place(&r.state)
	switch {
	case r.state.Waiting.For == "confirm" && t != nil && t.Confirm != nil:
		if r.goTo(t.Confirm.No); yes {
			r.goTo(t.Confirm.Yes)
		}
		r.follow()
	case r.state.Waiting.For == "readback" && t != nil && t.Collect != nil:
		delete(r.state.Slots, "?"+t.Collect.Slot)
		if yes {
			r.follow()
			return
		}
		delete(r.state.Slots, t.Collect.Slot)
		r.reprompt(f, t)
	case r.state.Waiting.For == "slot":
		r.miss()
	case yes:
		r.ask("What can I do for you?")
	default:
		r.state.Stack = nil
		r.start("goodbye")
	}
}

// lookUp asks the articles; the flow waits meanwhile.
func (r *run) lookUp(c Command) {
	waiting := r.state.Waiting
	id := r.wait()
	r.state.Waiting.Lookup = true
	r.effects = append(r.effects, Effect{Lookup: &Lookup{ID: id, Query: c.Query, Article: c.Article}})
	if waiting.For != "effect" {
		r.state.Slots["?waiting"] = waiting.For
	}
}

// result takes in what an effect came to. One that is not waited for is old.
func (r *run) result(res *Result) {
	if r.state.Waiting.For != "effect" || res.Effect != r.state.Waiting.Effect {
		return
	}
	if r.state.Waiting.Lookup {
		r.answered(res)
		return
	}
	f, t := r.place(&r.state)
	switch {
	case t != nil && t.Action != nil:
		if t.Action.Result != "" {
			r.state.Results[t.Action.Result], r.state.Sources[t.Action.Result] = res.Data, res.Source
		}
		if res.Outcome == "ok" {
			r.state.Resolved = true
		}
		r.forget(f, res.Outcome)
		r.goTo(choose(t.Action.On, res.Outcome))
	case t != nil && t.HandOver != nil:
		r.goTo(choose(t.HandOver.On, res.Outcome))
	}
	r.follow()
}

// forget drops a slot whose value was not found, so that it is asked for again.
func (r *run) forget(f *Flow, outcome string) {
	if outcome != "not_found" {
		return
	}
	tried := map[string]string{}
	for name := range f.Slots {
		tried[name] = r.state.Slots[name]
		delete(r.state.Slots, name)
	}
	r.state.Results["tried"], r.state.Sources["tried"] = tried, "caller"
}

// answered says what the articles say and goes back to what was going on.
func (r *run) answered(res *Result) {
	r.state.Waiting = Waiting{For: r.state.Slots["?waiting"]}
	delete(r.state.Slots, "?waiting")
	if res.Outcome != "found" {
		r.say(r.set.Company.Unknown)
		r.start("offer_human")
		return
	}
	r.state.Resolved = true
	prompt := r.state.Prompt
	r.effects = append(r.effects, Effect{Say: &Say{Text: res.Data["answer"], Sources: []string{res.Source}, Flow: r.state.ActiveFlow()}})
	r.state.Last = res.Data["answer"]
	if r.state.Waiting.For == "" {
		r.ask(r.set.Company.More)
		return
	}
	r.say(r.set.Company.Resume)
	r.say(prompt)
	r.state.Last = res.Data["answer"] + " " + prompt
}
