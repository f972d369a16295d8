package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxDepth bounds the flows of a caller who digresses from digressions.
const maxDepth = 8

// maxSteps bounds what one Step does: a checked Set comes nowhere near it.
const maxSteps = 500

// Engine executes a Set's flows. It is immutable; any goroutine may use it.
type Engine struct{ set *Set }

// NewEngine returns an engine for the set's flows.
func NewEngine(set *Set) *Engine { return &Engine{set: set} }

// Set returns the flows that the engine executes.
func (e *Engine) Set() *Set { return e.set }

// Start greets. The state given holds what is known of the call.
func (e *Engine) Start(s State) (State, []Effect) {
	r := e.begin(s, time.Time{})
	r.ask(e.set.Company.Greeting)
	return r.state, r.effects
}

// Step takes in what happened and returns what is to be done.
func (e *Engine) Step(s State, in Input) (State, []Effect) {
	r := e.begin(s, in.At)
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
	x := Expectation{Type: "open"}
	if s.Hold {
		x.Patience = 60
	}
	f, t := e.place(&s)
	switch {
	case s.Waiting.For == "confirm", s.Waiting.For == "readback":
		x.Type = "yesno"
	case s.Waiting.For == "which":
		x.Type = "choice"
		for _, o := range s.Waiting.Options {
			x.Choices = append(x.Choices, e.reading(&s, o))
		}
	case s.Waiting.For == "wait" && t != nil && t.Wait != nil:
		x.Patience = max(x.Patience, t.Wait.Seconds)
	}
	if t == nil || t.Collect == nil || s.Waiting.For == "" || s.Waiting.For == "confirm" {
		return x
	}
	slot := f.Slots[t.Collect.Slot]
	x.Slot = t.Collect.Slot
	if s.Waiting.For == "slot" {
		x.Type, x.Unit, x.Choices, x.Sensitive = slot.Type, slot.Unit, slot.Choices, slot.Sensitive
	}
	if slot.Type == "digits" || slot.Type == "code" {
		x.Min, x.Max = int(slot.Min), int(slot.Max)
	}
	return x
}

// reading is one of several readings as an option to choose.
func (e *Engine) reading(s *State, value string) Choice {
	said := e.spoken(s, value)
	return Choice{Value: value, Words: []string{said}}
}

// spoken is a value as it is offered: a choice by its name, a moment in words.
func (e *Engine) spoken(s *State, value string) string {
	if f, t := e.place(s); t != nil && t.Collect != nil {
		return e.shape(s, f, t.Collect.Slot, value, "")
	}
	return value
}

// shape fills a slot's value in, in the form given or the one that its type has.
func (e *Engine) shape(s *State, f *Flow, slot, value, form string) string {
	def := f.Slots[slot]
	if def.Type == "choice" {
		for _, c := range def.Choices {
			if c.Value == value && len(c.Say) > 0 {
				return c.Say.In(e.language(s), e.set.Company.Language)[0]
			}
		}
		return strings.ReplaceAll(value, "_", " ")
	}
	if form == "" && slices.Contains([]string{"date", "time", "datetime", "money"}, def.Type) {
		form = def.Type
	}
	return Shape(value, form, e.language(s))
}

func (e *Engine) language(s *State) string {
	if s.Language != "" {
		return s.Language
	}
	return e.set.Company.Language
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
	at      time.Time
	effects []Effect
}

// begin copies what Step changes, so that the state given stays as it was.
func (e *Engine) begin(s State, at time.Time) *run {
	s.Stack, s.Trail, s.Queue = slices.Clone(s.Stack), slices.Clone(s.Trail), slices.Clone(s.Queue)
	s.Slots, s.Unsure, s.Asked, s.Said = copied(s.Slots), copied(s.Unsure), copied(s.Asked), copied(s.Said)
	s.Results, s.Sources = copied(s.Results), copied(s.Sources)
	return &run{Engine: e, state: s, at: at}
}

func copied[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

func (r *run) top() *Place { return &r.state.Stack[len(r.state.Stack)-1] }

// say says a text with its placeholders filled in.
func (r *run) say(t Text) { r.sayAs(t, false) }

func (r *run) sayAs(t Text, rephrase bool) {
	variants := t.In(r.language(&r.state), r.set.Company.Language)
	if len(variants) == 0 {
		return
	}
	text := variants[0]
	if len(variants) > 1 {
		text = variants[r.state.Said[text]%len(variants)]
		r.state.Said[variants[0]]++
	}
	text, sources, values := r.fill(text)
	r.utter(Say{Text: text, Sources: sources, Rephrase: rephrase}, values)
}

// utter says what is filled in already.
func (r *run) utter(s Say, values []string) {
	if s.Text == "" {
		return
	}
	if len(r.state.Stack) > 0 {
		s.Flow, s.Step = r.top().Flow, r.top().Step
	}
	s.Slower = r.state.Slower
	r.state.Last = s.Text
	if len(values) > 0 {
		r.state.Values = values
	}
	r.effects = append(r.effects, Effect{Say: &s})
}

// again says something that was said before.
func (r *run) sayAgain(text string) {
	if text != "" {
		r.utter(Say{Text: text, Sources: r.allSources()}, r.state.Values)
	}
}

// allSources are those of every result and the caller's own words.
func (r *run) allSources() []string {
	out := []string{"caller"}
	for _, name := range slices.Sorted(maps.Keys(r.state.Sources)) {
		out = append(out, r.state.Sources[name])
	}
	return out
}

// ask says a text that the caller is to answer.
func (r *run) ask(t Text) { r.askAs(t, false) }

func (r *run) askAs(t Text, rephrase bool) {
	r.sayAs(t, rephrase)
	r.state.Prompt = r.state.Last
}

// fill replaces {slot}, {slot|digits}, {result.field} and {result.field|date}.
func (r *run) fill(text string) (filled string, sources, values []string) {
	texts, holes := pieces(text)
	var b strings.Builder
	for i, h := range holes {
		value, source := r.value(h.name)
		b.WriteString(texts[i])
		b.WriteString(r.shaped(h, value))
		if value != "" && !slices.Contains(sources, source) {
			sources = append(sources, source)
		}
		if value != "" {
			values = append(values, value)
		}
	}
	b.WriteString(texts[len(texts)-1])
	return b.String(), sources, values
}

func (r *run) shaped(h placeholder, value string) string {
	if f, _ := r.place(&r.state); f != nil {
		if _, is := f.Slots[h.name]; is {
			return r.shape(&r.state, f, h.name, value, h.form)
		}
	}
	return Shape(value, h.form, r.language(&r.state))
}

func (r *run) value(name string) (value, source string) {
	result, field, ok := strings.Cut(name, ".")
	switch {
	case name == "caller":
		return r.state.Caller, "caller"
	case !ok:
		return r.state.Slots[name], "caller"
	case result == "tried" && r.state.Results["tried"][field] == "":
		return r.state.Slots[field], "caller"
	}
	return r.state.Results[result][field], r.state.Sources[result]
}

// literal fills a text in that is not spoken.
func (r *run) literal(text string) string {
	texts, holes := pieces(text)
	var b strings.Builder
	for i, h := range holes {
		value, _ := r.value(h.name)
		b.WriteString(texts[i])
		b.WriteString(Shape(value, h.form, "en"))
	}
	b.WriteString(texts[len(texts)-1])
	return b.String()
}

// silence takes in that nothing was said: ask again, then end.
func (r *run) silence() {
	r.state.Hold = false
	r.state.Silences++
	if r.state.Silences >= 3 {
		r.say(r.set.Company.Farewell)
		r.end(r.unfinished())
		return
	}
	prompt := r.state.Prompt
	if _, t := r.place(&r.state); r.state.Waiting.For == "wait" && t != nil && t.Wait != nil && len(t.Wait.Reprompt) > 0 {
		r.say(t.Wait.Reprompt)
		return
	}
	r.say(r.set.Company.Still)
	r.sayAgain(prompt)
}

// unfinished is the outcome of a call that the caller left.
func (r *run) unfinished() string {
	if r.state.Resolved {
		return "resolved_assumed"
	}
	return "abandoned_in_ai"
}

func (r *run) end(outcome string) {
	r.state.Ended = true
	r.effects = append(r.effects, Effect{End: &End{Outcome: outcome}})
}

// start begins a flow above what is going on.
func (r *run) start(name string) {
	f := r.set.flows[name]
	if f == nil {
		r.miss()
		return
	}
	if len(r.state.Stack) > maxDepth {
		r.state.Stack = r.state.Stack[len(r.state.Stack)-maxDepth:]
	}
	r.state.Stack = append(r.state.Stack, Place{Flow: name, Step: f.Steps[0].ID})
	if !slices.Contains(Required(), name) {
		r.state.Flow = name
	}
	r.follow()
}

// toHuman hands over whatever is going on.
func (r *run) toHuman(skill, priority, reason string) {
	r.state.Stack, r.state.Queue, r.state.Paused = nil, nil, nil
	r.keep("hand_over", map[string]string{"skill": skill, "priority": priority, "reason": reason}, "caller")
	r.start("human")
}

func (r *run) keep(name string, data map[string]string, source string) {
	r.state.Results[name], r.state.Sources[name] = data, source
}

// follow executes steps until one waits.
func (r *run) follow() {
	r.state.Waiting = Waiting{}
	for range maxSteps {
		if len(r.state.Stack) == 0 {
			break
		}
		f, t := r.place(&r.state)
		if t == nil {
			r.pop()
			continue
		}
		if r.execute(f, t) {
			return
		}
	}
	r.state.Stack, r.state.Trail = nil, nil
	clear(r.state.Unsure)
	if !r.state.Ended && len(r.state.Queue) == 0 {
		r.ask(r.set.Company.More)
	}
}

// pop leaves a flow that is done. One that was interrupted goes on, in words
// that tell so; one that called goes on without.
func (r *run) pop() {
	done := *r.top()
	r.state.Stack = r.state.Stack[:len(r.state.Stack)-1]
	r.state.Trail = nil
	if f, t := r.place(&r.state); t != nil && !done.Called {
		r.resume(f)
	}
}

func (r *run) resume(f *Flow) {
	title := f.Name
	if len(f.Title) > 0 {
		title = f.Title.In(r.language(&r.state), r.set.Company.Language)[0]
	}
	variants := r.set.Company.Resume.In(r.language(&r.state), r.set.Company.Language)
	r.utter(Say{Text: strings.ReplaceAll(variants[0], "{flow}", title)}, nil)
}

// wait names the next effect and waits for its result.
func (r *run) wait() string {
	r.state.Serial++
	id := fmt.Sprintf("e%d", r.state.Serial)
	r.state.Waiting = Waiting{For: "effect", Effect: id}
	return id
}
