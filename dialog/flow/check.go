package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// slotTypes are the types of slots.
var slotTypes = []string{
	"digits", "code", "phone", "email", "money", "number", "quantity", "date", "time", "datetime", "daterange",
	"yesno", "name", "address", "text", "choice",
}

// common are outcomes that any operation may have.
var common = []string{"ok", "refused", "unavailable", "unknown_outcome", "other"}

// kept are the results that the engine itself keeps, with their fields.
var kept = map[string][]string{
	"article":   {"title", "link", "id", "answer"},
	"hand_over": {"skill", "priority", "reason"},
	"customer":  {"first_name", "name", "phone"},
	"known":     {"order", "status", "contacts", "last", "outcome", "summary"},
	"agent":     nil,
	"tried":     nil,
}

// checker finds what is wrong with a set of flows.
type checker struct {
	*Set
	results map[string][]string // result -> its fields, of all flows; nil where any
	broken  map[string]bool     // flows with a fault
	unsound map[string]bool     // those whose paths make no sense for it
	faults  []error
}

// check returns every fault of every flow.
func (s *Set) check() []error {
	c := &checker{Set: s, results: maps.Clone(kept), broken: map[string]bool{}}
	for _, f := range s.Flows() {
		c.noteResults(f)
	}
	for _, f := range s.Flows() {
		c.flow(f)
	}
	c.paths()
	return c.faults
}

// noteResults notes which names a flow's actions give to what they return.
func (c *checker) noteResults(f *Flow) {
	for _, t := range f.Steps {
		if t.Action != nil && t.Action.Result != "" {
			fields := c.operations[t.Action.Operation].Results
			c.results[t.Action.Result] = append(slices.Clone(c.results[t.Action.Result]), fields...)
		}
	}
}

func (c *checker) fault(f *Flow, t *Step, format string, args ...any) {
	line, where := 1, ""
	for i := range f.Steps {
		if &f.Steps[i] == t {
			line, where = c.lines[f.Name][i], fmt.Sprintf("step %q: ", t.ID)
		}
	}
	c.faultAt(f, line, "%s%s", where, fmt.Sprintf(format, args...))
}

func (c *checker) faultAt(f *Flow, line int, format string, args ...any) {
	c.broken[f.Name] = true
	c.faults = append(c.faults, fmt.Errorf("%s:%d: %s", c.files[f.Name], line, fmt.Sprintf(format, args...)))
}

func (c *checker) flow(f *Flow) {
	if len(f.Steps) == 0 {
		c.fault(f, nil, "the flow has no steps")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Slots)) {
		c.slot(f, name, f.Slots[name])
	}
	seen := map[string]bool{}
	for i := range f.Steps {
		t := &f.Steps[i]
		if t.ID == "" || t.ID == "done" || seen[t.ID] {
			c.fault(f, t, "the id is missing or taken")
		}
		seen[t.ID] = true
		if _, err := t.kind(); err != nil {
			c.fault(f, t, "%v", err)
			continue
		}
		c.step(f, t)
	}
}

func (c *checker) slot(f *Flow, name string, s Slot) {
	fault := func(format string, args ...any) {
		c.faultAt(f, max(c.slotLines[f.Name][name], 1), "slot %q: %s", name, fmt.Sprintf(format, args...))
	}
	switch {
	case !slices.Contains(slotTypes, s.Type):
		fault("type %q is none of %s", s.Type, strings.Join(slotTypes, ", "))
	case s.Type == "choice" && len(s.Choices) < 2:
		fault("a choice needs two choices or more")
	case s.Max > 0 && s.Max < s.Min:
		fault("max is below min")
	case s.Sensitive && s.Type != "digits":
		fault("a sensitive slot is keyed, so its type must be digits")
	}
}

// step checks what the kind of a step asks for.
func (c *checker) step(f *Flow, t *Step) {
	for _, target := range f.targets(t) {
		if target != "done" && f.step(target) == nil {
			c.fault(f, t, "goes to %q, which does not exist", target)
		}
	}
	for _, name := range t.Forget {
		c.known(f, t, name)
	}
	c.placeholders(f, t)
	switch {
	case t.Collect != nil:
		c.known(f, t, t.Collect.Slot)
		c.prompt(f, t, t.Collect.Prompt)
		if !slices.Contains([]string{"", "unsure", "always", "never"}, t.Collect.When) {
			c.fault(f, t, "when: %q is none of unsure, always, never", t.Collect.When)
		}
	case t.Confirm != nil:
		c.prompt(f, t, t.Confirm.Prompt)
	case t.Wait != nil:
		c.prompt(f, t, t.Wait.Prompt)
		if t.Wait.Seconds < 1 || t.Wait.Seconds > 600 {
			c.fault(f, t, "waits %d seconds, want 1 to 600", t.Wait.Seconds)
		}
	case t.Action != nil:
		c.action(f, t)
	case t.Agent != nil:
		for _, o := range t.Agent.Actions {
			c.operation(f, t, o)
		}
		if len(t.Agent.Exits) == 0 || t.Agent.Goal == "" {
			c.fault(f, t, "needs a goal, exits and a fallback")
		}
	case t.Call != "", t.Link != "":
		if c.flows[t.Call+t.Link] == nil {
			c.fault(f, t, "leads to the flow %q, which does not exist", t.Call+t.Link)
		}
	case t.Verify != nil && c.flows["verify"] == nil:
		c.fault(f, t, "verifies, but there is no flow verify")
	}
	c.branches(f, t)
}

func (c *checker) prompt(f *Flow, t *Step, prompt Text) {
	if len(prompt) == 0 {
		c.fault(f, t, "has no prompt")
	}
}

func (c *checker) known(f *Flow, t *Step, slot string) {
	if _, ok := f.Slots[slot]; !ok {
		c.fault(f, t, "uses the slot %q, which the flow does not have", slot)
	}
}

// branches finds branches that are missing.
func (c *checker) branches(f *Flow, t *Step) {
	need := func(on map[string]string, names ...string) {
		for _, n := range names {
			if on[n] == "" {
				c.fault(f, t, "needs the branch %s", n)
			}
		}
	}
	switch {
	case t.Action != nil:
		need(t.Action.On, "ok", "other")
	case t.Branch != nil:
		need(t.Branch.On, "other")
	case t.Verify != nil:
		need(t.Verify.On, "ok", "other")
		if level(t.Verify.Level) == 0 {
			c.fault(f, t, "level %q is none of hint, verified, human", t.Verify.Level)
		}
	case t.HandOver != nil:
		need(t.HandOver.On, "done", "other")
	case t.Answer != nil && len(t.Answer.On) > 0:
		need(t.Answer.On, "found", "other")
	}
}

func (c *checker) operation(f *Flow, t *Step, name string) (Operation, bool) {
	o, ok := c.operations[name]
	if !ok {
		c.fault(f, t, "calls %q; known operations are %s", name, strings.Join(slices.Sorted(maps.Keys(c.operations)), ", "))
	}
	return o, ok
}

func (c *checker) action(f *Flow, t *Step) {
	o, ok := c.operation(f, t, t.Action.Operation)
	if !ok {
		return
	}
	for _, name := range o.Args {
		if optional := strings.HasSuffix(name, "?") || name == "*"; !optional && t.Action.Args[name] == "" {
			c.fault(f, t, "%s needs the argument %s", o.Name, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Action.Args)) {
		if !slices.Contains(o.Args, name) && !slices.Contains(o.Args, name+"?") && !slices.Contains(o.Args, "*") {
			c.fault(f, t, "%s has no argument %s", o.Name, name)
		}
	}
	for _, outcome := range slices.Sorted(maps.Keys(t.Action.On)) {
		if !slices.Contains(common, outcome) && !slices.Contains(o.Outcomes, outcome) {
			c.fault(f, t, "%s never comes to %q", o.Name, outcome)
		}
	}
}

// placeholders finds names and forms in texts that do not exist.
func (c *checker) placeholders(f *Flow, t *Step) {
	texts := t.raw()
	for _, text := range t.texts() {
		texts = append(texts, text.All()...)
	}
	for _, text := range texts {
		_, holes := pieces(text)
		for _, h := range holes {
			if !c.fills(f, h.name) {
				c.fault(f, t, "{%s} is neither a slot nor a result", h.name)
			}
			if !slices.Contains(Forms(), h.form) {
				c.fault(f, t, "{%s|%s}: a form is one of %s", h.name, h.form, strings.Join(Forms()[1:], ", "))
			}
		}
	}
}

func (c *checker) fills(f *Flow, name string) bool {
	result, field, ok := strings.Cut(name, ".")
	if !ok {
		_, is := f.Slots[name]
		return is || name == "caller"
	}
	fields, known := c.results[result]
	return known && (len(fields) == 0 || slices.Contains(fields, field))
}
