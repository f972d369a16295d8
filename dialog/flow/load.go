package flow

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Operation is what a flow may call, as far as checking it needs to know.
type Operation struct {
	Name         string
	Args         []string // names; those that end in "?" may be left out, "*" allows any other
	Results      []string
	Outcomes     []string // besides ok, refused, unavailable and unknown_outcome
	Irreversible bool     // must follow a confirm that names its arguments
}

// Set is a company's flows, checked.
type Set struct {
	Company    Company
	flows      map[string]*Flow
	order      []string
	operations map[string]Operation
	files      map[string]string // flow -> its file
	lines      map[string][]int  // flow -> the lines at which its steps begin
	slotLines  map[string]map[string]int
}

// Required are flows that every company has, since the engine starts them
// itself.
func Required() []string { return []string{"human", "offer_human", "goodbye"} }

// Load reads company.yaml and flows/*.yaml. Its error joins all faults, one a
// line, each with its file and line. operations are those that an action may call.
func Load(files fs.FS, operations []Operation) (*Set, error) {
	s := &Set{flows: map[string]*Flow{}, operations: map[string]Operation{}, files: map[string]string{}, lines: map[string][]int{}, slotLines: map[string]map[string]int{}}
	for _, o := range operations {
		s.operations[o.Name] = o
	}
	faults := s.loadCompany(files)
	names, err := fs.Glob(files, "flows/*.yaml")
	if err != nil || len(names) == 0 {
		faults = append(faults, errors.New("flows: no flow files"))
	}
	for _, name := range names {
		if err := s.loadFlow(files, name); err != nil {
			faults = append(faults, err)
		}
	}
	for _, name := range Required() {
		if s.flows[name] == nil {
			faults = append(faults, fmt.Errorf("flows: the flow %q is missing", name))
		}
	}
	return s, errors.Join(append(faults, s.check()...)...)
}

// loadCompany reads company.yaml and fills in what it leaves out.
func (s *Set) loadCompany(files fs.FS) (faults []error) {
	c := &s.Company
	if err := decode(files, "company.yaml", c); err != nil {
		faults = append(faults, err)
	}
	if c.Language == "" {
		c.Language = "en-US"
	}
	if c.Timezone == "" {
		c.Timezone = "UTC"
	}
	if c.Currency == "" {
		c.Currency = "EUR"
	}
	if _, err := time.LoadLocation(c.Timezone); err != nil {
		faults = append(faults, fmt.Errorf("company.yaml: timezone %q is unknown", c.Timezone))
	}
	if !slices.Contains([]string{"", "say", "hold_back"}, c.Stale) {
		faults = append(faults, fmt.Errorf("company.yaml: stale_articles %q is neither say nor hold_back", c.Stale))
	}
	for _, t := range c.fixed() {
		if len(*t.text) == 0 {
			*t.text = t.own
		}
	}
	setDefault(&c.Limits.Turns, 80)
	setDefault(&c.Limits.Minutes, 30)
	setDefault(&c.Limits.Actions, 40)
	setDefault(&c.Limits.Tokens, 100_000)
	setDefault(&c.Limits.SameRequest, 3)
	setDefault(&c.Mood.OfferHumanAfter, 2)
	return faults
}

func setDefault(v *int, value int) {
	if *v == 0 {
		*v = value
	}
}

// Zone is the company's time zone.
func (s *Set) Zone() *time.Location {
	zone, err := time.LoadLocation(s.Company.Timezone)
	if err != nil {
		return time.UTC
	}
	return zone
}

func (s *Set) loadFlow(files fs.FS, name string) error {
	f := &Flow{}
	if err := decode(files, name, f); err != nil {
		return err
	}
	lines, slots, err := linesOf(files, name, f)
	if err != nil {
		return err
	}
	if s.flows[f.Name] != nil || f.Name == "" {
		return fmt.Errorf("%s:1: flow %q has no name or one that is taken", name, f.Name)
	}
	s.flows[f.Name], s.files[f.Name], s.lines[f.Name], s.slotLines[f.Name] = f, name, lines, slots
	s.order = append(s.order, f.Name)
	return nil
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

// linesOf are the lines at which a flow's steps begin, and its slots by name.
func linesOf(files fs.FS, name string, f *Flow) (steps []int, slots map[string]int, err error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, nil, err
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	for i := range f.Steps {
		node, err := nodeAt(file, fmt.Sprintf("$.steps[%d]", i))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: step %d: %w", name, i+1, err)
		}
		steps = append(steps, node.GetToken().Position.Line)
	}
	slots = map[string]int{}
	if len(f.Slots) == 0 {
		return steps, slots, nil
	}
	node, err := nodeAt(file, "$.slots")
	if err != nil {
		return nil, nil, fmt.Errorf("%s: slots: %w", name, err)
	}
	if m, ok := node.(ast.MapNode); ok {
		for at := m.MapRange(); at.Next(); {
			key := at.Key()
			slots[key.String()] = key.GetToken().Position.Line
		}
	}
	return steps, slots, nil
}

func nodeAt(file *ast.File, path string) (ast.Node, error) {
	p, err := yaml.PathString(path)
	if err != nil {
		return nil, err
	}
	return p.FilterFile(file)
}

// Flow returns the flow of that name, nil if there is none.
func (s *Set) Flow(name string) *Flow { return s.flows[name] }

// Flows returns the flows in the order of their files.
func (s *Set) Flows() []*Flow {
	var out []*Flow
	for _, name := range s.order {
		out = append(out, s.flows[name])
	}
	return out
}

// Phrases are the texts that flows say in a language, placeholders included.
func (s *Set) Phrases(language string) []string {
	var out []string
	add := func(t Text) {
		if len(t) > 0 {
			out = append(out, t.In(language, s.Company.Language)...)
		}
	}
	for _, t := range s.Company.fixed() {
		add(*t.text)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Company.Severe)) {
		add(s.Company.Severe[name].Say)
	}
	for _, f := range s.Flows() {
		for i := range f.Steps {
			for _, t := range f.Steps[i].texts() {
				add(t)
			}
		}
	}
	return out
}

func values(m map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}
