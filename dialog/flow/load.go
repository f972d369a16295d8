package flow

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// Company is what all flows share: company.yaml.
type Company struct {
	Name     string `yaml:"name"`
	Greeting string `yaml:"greeting"`
	More     string `yaml:"more"`     // asked when a flow has ended
	Resume   string `yaml:"resume"`   // said before an interrupted flow goes on
	Sorry    string `yaml:"sorry"`    // said when a turn was not understood
	Calm     string `yaml:"calm"`     // said to a caller who is angry
	Still    string `yaml:"still"`    // said after silence
	Unknown  string `yaml:"unknown"`  // said when no article answers
	Farewell string `yaml:"farewell"` // said when a caller says nothing any more
	Apology  string `yaml:"apology"`  // said when the call must end for our sake
}

// Flow is a process that a caller can go through.
type Flow struct {
	Name     string          `yaml:"flow"`
	Title    string          `yaml:"title"`
	Examples []string        `yaml:"examples"`
	Slots    map[string]Slot `yaml:"slots"`
	Steps    []Step          `yaml:"steps"`
	file     string
	lines    []int // of the steps
}

// Slot is something that a flow needs to know.
type Slot struct {
	Type    string   `yaml:"type"` // "digits", "code", "choice", "text"
	Min     int      `yaml:"min"`
	Max     int      `yaml:"max"`
	Choices []string `yaml:"choices"`
}

// Step is one step of a flow; one of the fields from Say to End is set.
type Step struct {
	ID       string    `yaml:"id"`
	Say      string    `yaml:"say"`
	Collect  *Collect  `yaml:"collect"`
	Confirm  *Confirm  `yaml:"confirm"`
	Action   *Action   `yaml:"action"`
	HandOver *Transfer `yaml:"hand_over"`
	Branch   *Branch   `yaml:"branch"`
	Link     string    `yaml:"link"` // go on with another flow
	End      string    `yaml:"end"`  // end the call with this outcome
	Next     string    `yaml:"next"` // the step that follows; else the next in the file; "done" ends the flow
}

// Collect asks for a slot that is not known yet.
type Collect struct {
	Slot     string   `yaml:"slot"`
	Prompt   string   `yaml:"prompt"`
	Reprompt []string `yaml:"reprompt"`
	ReadBack string   `yaml:"read_back"` // asked where what was heard is uncertain
}

// Confirm asks a yes-or-no question.
type Confirm struct {
	Prompt string `yaml:"prompt"`
	Yes    string `yaml:"yes"`
	No     string `yaml:"no"`
}

// Action calls a connector's operation.
type Action struct {
	Operation string            `yaml:"operation"`
	Args      map[string]string `yaml:"args"`
	Result    string            `yaml:"result"`
	On        map[string]string `yaml:"on"` // outcome -> step; "other" for the rest
}

// Transfer hands the caller over to a human.
type Transfer struct {
	Skill  string            `yaml:"skill"`
	Reason string            `yaml:"reason"`
	On     map[string]string `yaml:"on"`
}

// Branch goes on by a value.
type Branch struct {
	Value string            `yaml:"value"`
	On    map[string]string `yaml:"on"`
}

// Set is a company's flows, checked.
type Set struct {
	Company Company
	flows   map[string]*Flow
	order   []string
}

// Required are flows that every company has, since the engine starts them
// itself.
func Required() []string { return []string{"human", "offer_human", "goodbye"} }

// Load reads company.yaml and flows/*.yaml. Its error joins all faults, one a
// line, each with its file and line. operations are those that an action may call.
func Load(files fs.FS, operations []string) (*Set, error) {
	s := &Set{flows: map[string]*Flow{}}
	var faults []error
	if err := decode(files, "company.yaml", &s.Company); err != nil {
		faults = append(faults, err)
	}
	names, err := fs.Glob(files, "flows/*.yaml")
	if err != nil || len(names) == 0 {
		faults = append(faults, errors.New("flows: no flow files"))
	}
	for _, name := range names {
		f := &Flow{file: name}
		if err := decode(files, name, f); err != nil {
			faults = append(faults, err)
			continue
		}
		if f.lines, err = stepLines(files, name, len(f.Steps)); err != nil {
			faults = append(faults, err)
			continue
		}
		if s.flows[f.Name] != nil || f.Name == "" {
			faults = append(faults, fmt.Errorf("%s:1: flow %q has no name or one that is taken", name, f.Name))
			continue
		}
		s.flows[f.Name] = f
		s.order = append(s.order, f.Name)
	}
	for _, name := range Required() {
		if s.flows[name] == nil {
			faults = append(faults, fmt.Errorf("flows: the flow %q is missing", name))
		}
	}
	for _, name := range s.order {
		faults = append(faults, s.check(s.flows[name], operations)...)
	}
	return s, errors.Join(faults...)
}

func decode(files fs.FS, name string, to any) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalWithOptions(data, to, yaml.Strict()); err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			name = fmt.Sprintf("%s:%d", name, at.GetToken().Position.Line)
		}
		return fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
	}
	return nil
}

// stepLines are the lines at which a flow's steps begin.
func stepLines(files fs.FS, name string, steps int) ([]int, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var out []int
	for i := range steps {
		p, err := yaml.PathString(fmt.Sprintf("$.steps[%d]", i))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		node, err := p.FilterFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: step %d: %w", name, i+1, err)
		}
		out = append(out, node.GetToken().Position.Line)
	}
	return out, nil
}

// line is where a step begins; the flow's first line where there is no such step.
func (f *Flow) line(step *Step) int {
	for i := range f.Steps {
		if &f.Steps[i] == step && i < len(f.lines) {
			return f.lines[i]
		}
	}
	return 1
}

// Flows returns the flows in the order of their files.
func (s *Set) Flows() []*Flow {
	var out []*Flow
	for _, name := range s.order {
		out = append(out, s.flows[name])
	}
	return out
}

// Phrases are the texts that flows say, placeholders included.
func (s *Set) Phrases() []string {
	c := s.Company
	out := []string{c.Greeting, c.More, c.Resume, c.Sorry, c.Calm, c.Still, c.Unknown, c.Farewell, c.Apology}
	for _, f := range s.Flows() {
		for _, t := range f.Steps {
			out = append(out, t.texts()...)
		}
	}
	return out
}

func (t *Step) texts() []string {
	switch {
	case t.Collect != nil:
		return append([]string{t.Collect.Prompt, t.Collect.ReadBack}, t.Collect.Reprompt...)
	case t.Confirm != nil:
		return []string{t.Confirm.Prompt}
	}
	return []string{t.Say}
}

// check finds what is wrong with a flow: a step that does not exist, an unknown
// slot, operation or flow, a missing branch, a circle without the caller.
func (s *Set) check(f *Flow, operations []string) (faults []error) {
	fault := func(t *Step, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s:%d: step %q: %s", f.file, f.line(t), t.ID, fmt.Sprintf(format, args...)))
	}
	if len(f.Steps) == 0 {
		fault(&Step{}, "the flow has no steps")
	}
	seen := map[string]bool{}
	for i := range f.Steps {
		t := &f.Steps[i]
		if t.ID == "" || seen[t.ID] {
			fault(t, "the id is missing or taken")
		}
		seen[t.ID] = true
		if n := t.kinds(); n != 1 {
			fault(t, "has %d kinds, want one of say, collect, confirm, action, hand_over, branch, link, end", n)
			continue
		}
		s.checkStep(f, t, operations, fault)
	}
	if loop := f.circle(); loop != "" {
		fault(f.step(loop), "leads back to itself without asking the caller")
	}
	return faults
}

// checkStep finds what is wrong with a step of one kind.
func (s *Set) checkStep(f *Flow, t *Step, operations []string, fault func(t *Step, format string, args ...any)) {
	for _, target := range f.targets(t) {
		if target != "done" && f.step(target) == nil {
			fault(t, "goes to %q, which does not exist", target)
		}
	}
	if t.Collect != nil {
		if _, ok := f.Slots[t.Collect.Slot]; !ok {
			fault(t, "asks for the slot %q, which the flow does not have", t.Collect.Slot)
		}
	}
	if t.Action != nil {
		if !slices.Contains(operations, t.Action.Operation) {
			fault(t, "calls %q; known operations are %s", t.Action.Operation, strings.Join(operations, ", "))
		}
		if t.Action.On["ok"] == "" || t.Action.On["other"] == "" {
			fault(t, "needs the branches ok and other")
		}
	}
	if t.HandOver != nil && (t.HandOver.On["done"] == "" || t.HandOver.On["other"] == "") {
		fault(t, "needs the branches done and other")
	}
	if t.Branch != nil && t.Branch.On["other"] == "" {
		fault(t, "needs the branch other")
	}
	if t.Link != "" && s.flows[t.Link] == nil {
		fault(t, "links to the flow %q, which does not exist", t.Link)
	}
}

func (t *Step) kinds() int {
	n := 0
	for _, is := range []bool{t.Say != "", t.Collect != nil, t.Confirm != nil, t.Action != nil, t.HandOver != nil, t.Branch != nil, t.Link != "", t.End != ""} {
		if is {
			n++
		}
	}
	return n
}

func (f *Flow) step(id string) *Step {
	for i := range f.Steps {
		if f.Steps[i].ID == id {
			return &f.Steps[i]
		}
	}
	return nil
}

// after is the step that follows t when it does not branch, "done" at the end.
func (f *Flow) after(t *Step) string {
	if t.Next != "" {
		return t.Next
	}
	for i := range f.Steps {
		if f.Steps[i].ID == t.ID && i+1 < len(f.Steps) {
			return f.Steps[i+1].ID
		}
	}
	return "done"
}

// targets are all steps that may follow t.
func (f *Flow) targets(t *Step) []string {
	var out []string
	collect := func(on map[string]string) {
		for _, target := range on {
			out = append(out, target)
		}
	}
	switch {
	case t.Confirm != nil:
		return []string{t.Confirm.Yes, t.Confirm.No}
	case t.Action != nil:
		collect(t.Action.On)
	case t.HandOver != nil:
		collect(t.HandOver.On)
	case t.Branch != nil:
		collect(t.Branch.On)
	case t.Link == "" && t.End == "":
		out = append(out, f.after(t))
	}
	return out
}

// circle returns a step from which steps that do not wait for the caller lead
// back to it, if there is one. A collect counts as waiting: where its slot is
// known already, the way to it must have forgotten the slot.
func (f *Flow) circle() string {
	const unseen, open, closed = 0, 1, 2
	mark := map[string]int{}
	var visit func(id string) string
	visit = func(id string) string {
		t := f.step(id)
		if t == nil || mark[id] == closed || t.Collect != nil || t.Confirm != nil {
			return ""
		}
		if mark[id] == open {
			return id
		}
		mark[id] = open
		for _, next := range f.targets(t) {
			if found := visit(next); found != "" {
				return found
			}
		}
		mark[id] = closed
		return ""
	}
	for i := range f.Steps {
		if found := visit(f.Steps[i].ID); found != "" {
			return found
		}
	}
	return ""
}
