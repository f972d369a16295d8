package mapping

import (
	"crypto/subtle"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"attendant/crm"
)

// Settings are what the settings of every mapped operation have.
type Settings struct {
	Name    string            `yaml:"name"`
	Does    string            `yaml:"does"`   // as are Args, Risk and Writes: known for the standard operations
	Args    []string          `yaml:"args"`   // names; those that end in "?" may be left out
	Risk    crm.Risk          `yaml:"risk"`   // not below that of the standard operation
	Writes  *bool             `yaml:"writes"` // it changes something
	Results map[string]Source `yaml:"results"`
	Answers []Answer          `yaml:"answers"` // the first that holds counts; then what is usual
	Match   map[string]string `yaml:"match"`   // argument -> where the answer must have the same; else not_found
}

// Source is where a result comes from. In settings it is a template, or an
// object.
type Source struct {
	From  string            `yaml:"from"`
	Words map[string]string `yaml:"words"` // their word -> ours
	Other string            `yaml:"other"` // ours for all other words; they stay as they are where empty
}

// UnmarshalYAML reads a template or an object.
func (s *Source) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&s.From) == nil {
		return nil
	}
	type object Source
	return unmarshal((*object)(s))
}

// Answer tells what an answer means. All of its conditions must hold.
type Answer struct {
	Status  string  `yaml:"status"` // "409", "4xx"; of MCP "error"
	Field   string  `yaml:"field"`  // a template, filled from the answer; empty where nothing is there
	Equals  *string `yaml:"equals"` // what it must be
	Not     *string `yaml:"not"`    // what it must not be
	Outcome string  `yaml:"outcome"`
}

// Failed is the status of an answer that says that it failed, where there are no
// numbers; settings have "error" for it.
const Failed = -1

// outcomes are errors by the word that settings have for them.
var outcomes = map[string]error{
	"ok": nil, "not_found": crm.ErrNotFound, "ambiguous": crm.ErrAmbiguous, "not_allowed": crm.ErrNotAllowed,
	"conflict": crm.ErrConflict, "unavailable": crm.ErrUnavailable, "unknown_outcome": crm.ErrUnknownOutcome,
}

// Operation is one operation's settings, compiled.
type Operation struct {
	crm.Operation
	Zone *time.Location

	results map[string]source
	answers []answer
	match   map[string]*Template
	used    map[string]bool // arguments that reach the system
}

type source struct {
	Source
	from *Template
}

type answer struct {
	Answer
	field *Template
}

// Operation compiles settings whose answers have the schema s, nil if nothing is
// known of them.
func (o Settings) Operation(p Place, s *Schema, zone *time.Location) *Operation {
	out := &Operation{Operation: o.described(p), Zone: zone, results: map[string]source{}, match: map[string]*Template{}, used: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(o.Results)) {
		at := p.In("results", name)
		from := at.answered(o.Results[name].From, s)
		out.results[name] = source{o.Results[name], from}
		out.Results = append(out.Results, name)
	}
	for i, a := range o.Answers {
		out.answers = append(out.answers, a.compile(p.Item("answers", i), s, &out.Outcomes))
	}
	for _, arg := range slices.Sorted(maps.Keys(o.Match)) {
		out.match[arg] = p.In("match", arg).answered(o.Match[arg], s)
		p.In("match", arg).arg(out, arg)
		out.used[arg] = true
	}
	if len(o.Match) > 0 && out.Writes {
		p.In("match").Fault("a write has changed what its answer shows: check with own before")
	}
	if out.Name == "find_customer" && out.results["customer"].from == nil {
		p.Fault("find_customer needs the result customer")
	}
	return out
}

// Done is the question what became of a write: its arguments are key and
// operation.
func Done(zone *time.Location) *Operation {
	return &Operation{Operation: crm.Operation{Name: "done", Args: []string{"key", "operation"}}, Zone: zone, used: map[string]bool{}}
}

// Lookup compiles settings of a question that is asked for the operation of: its
// arguments are that operation's.
func (o Settings) Lookup(p Place, s *Schema, of *Operation) *Operation {
	out := &Operation{Operation: crm.Operation{Name: of.Name}, Zone: of.Zone, match: map[string]*Template{}, used: map[string]bool{}}
	for i, a := range o.Answers {
		out.answers = append(out.answers, a.compile(p.Item("answers", i), s, &of.Outcomes))
	}
	for _, arg := range slices.Sorted(maps.Keys(o.Match)) {
		out.match[arg] = p.In("match", arg).answered(o.Match[arg], s)
		p.In("match", arg).arg(of, arg)
		of.used[arg] = true
	}
	return out
}

// answered parses a template that is filled from an answer.
func (p Place) answered(text string, s *Schema) *Template {
	t := p.Template(text)
	if t == nil {
		return nil
	}
	for _, path := range t.Names() {
		if !s.Has(path) {
			p.Fault("{%s}: the answer has no such field", path)
		}
	}
	return t
}

func (a Answer) compile(p Place, s *Schema, words *[]string) answer {
	if _, ok := outcomes[a.Outcome]; !ok {
		p.Fault("outcome %q is none of %s", a.Outcome, strings.Join(slices.Sorted(maps.Keys(outcomes)), ", "))
	}
	if a.Status != "" && !statusForm(a.Status) {
		p.In("status").Fault("%q is no status such as 409, 4xx or error", a.Status)
	}
	if a.Status == "" && a.Field == "" || a.Field != "" && a.Equals == nil && a.Not == nil {
		p.Fault("want status, or field with equals or not")
	}
	if !slices.Contains(*words, a.Outcome) && slices.Contains([]string{"not_found", "not_allowed", "conflict"}, a.Outcome) {
		*words = append(*words, a.Outcome)
	}
	out := answer{Answer: a}
	if a.Field != "" { // an answer of an error has another schema
		out.field = p.In("field").answered(a.Field, map[bool]*Schema{false: s}[a.Status != ""])
	}
	return out
}

func statusForm(s string) bool {
	if s == "error" {
		return true
	}
	if len(s) == 3 && s[1:] == "xx" {
		return s[0] >= '2' && s[0] <= '5'
	}
	n, err := strconv.Atoi(s)
	return err == nil && n >= 200 && n < 600
}

// described is what flows and the guard know of the operation.
func (o Settings) described(p Place) crm.Operation {
	risks := []crm.Risk{crm.Open, crm.Tracking, crm.Personal, crm.Change, crm.Irreversible}
	own := crm.Operation{Name: o.Name, Does: o.Does, Args: o.Args, Risk: o.Risk}
	i := slices.IndexFunc(crm.Standard(), func(s crm.Operation) bool { return s.Name == o.Name })
	if i >= 0 {
		std := crm.Standard()[i]
		own.Writes, own.Outcomes = std.Writes, slices.Clone(std.Outcomes)
		own.Args = append(slices.Clone(std.Args), o.Args...)
		if own.Does == "" {
			own.Does = std.Does
		}
		if own.Risk == "" {
			own.Risk = std.Risk
		}
		if slices.Index(risks, own.Risk) < slices.Index(risks, std.Risk) {
			p.In("risk").Fault("%s: the risk of %s is %s", own.Risk, o.Name, std.Risk)
		}
	} else {
		own.Outcomes = []string{"not_found", "not_allowed", "conflict"}
	}
	if o.Writes != nil && i < 0 {
		own.Writes = *o.Writes
	} else if o.Writes != nil && *o.Writes != own.Writes {
		p.In("writes").Fault("whether %s writes is fixed: %v", o.Name, own.Writes)
	}
	switch {
	case o.Name == "":
		p.Fault("an operation needs a name")
	case !slices.Contains(risks, own.Risk):
		p.Fault("%s: risk %q is none of %v", o.Name, own.Risk, risks)
	case (own.Risk == crm.Change || own.Risk == crm.Irreversible) && !own.Writes:
		p.Fault("%s: what has the risk %s writes", o.Name, own.Risk)
	}
	return own
}

// arg notes a fault where an operation has no such argument.
func (p Place) arg(o *Operation, name string) {
	known := []string{"customer", "key"}
	if o.Name == "create_ticket" || o.Name == "upsert_lead" || o.Name == "log_call" {
		known = append(known, "call", "body", "phone")
	}
	for _, a := range o.Args {
		known = append(known, strings.TrimSuffix(a, "?"))
	}
	if !slices.Contains(known, name) && o.Name != "upsert_lead" {
		p.Fault("%s has no argument %q; there are %s", o.Name, name, strings.Join(known, ", "))
	}
}

// Uses notes the arguments that a request uses, and a fault for each that does
// not exist.
func (o *Operation) Uses(p Place, names []string) {
	for _, name := range names {
		p.arg(o, name)
		o.used[name] = true
	}
}

// Bound notes a fault where an operation on a customer's data does not tell whose
// data it is: everybody could reach everybody's.
func (o *Operation) Bound(p Place) {
	if o.Risk != crm.Open && o.Risk != crm.Tracking && !o.used["customer"] {
		p.Fault("%s works on a customer's data: use {customer}, or match, or own", o.Name)
	}
}

// Refuses tells which argument would not reach the system although it must:
// looking a customer up without the proof that was given would take anybody for
// them. Empty is none.
func (o *Operation) Refuses(args map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if o.Name == "find_customer" && args[name] != "" && !o.used[name] {
			return name
		}
	}
	return ""
}

// Outcome is the error that the settings give an answer, and whether they do.
// status is 0 where there is none.
func (o *Operation) Outcome(status int, body any) (error, bool) {
	for _, a := range o.answers {
		if a.holds(status, body, o.Zone) {
			return outcomes[a.Outcome], true
		}
	}
	return nil, false
}

func (a answer) holds(status int, body any, zone *time.Location) bool {
	code := strconv.Itoa(status)
	if status == Failed {
		code = "error"
	}
	if a.Status != "" && a.Status != code && (a.Status[1:] != "xx" || a.Status[0] != code[0]) {
		return false
	}
	if a.field == nil {
		return true
	}
	text, _ := a.field.Fill(body, zone)
	return (a.Equals == nil || *a.Equals == text) && (a.Not == nil || *a.Not != text)
}

// Take takes the results out of an answer: crm.ErrNotFound where it is not what
// was asked for.
func (o *Operation) Take(args map[string]string, body any) (map[string]string, error) {
	for arg, t := range o.match {
		want := args[arg]
		if want == "" && arg != "customer" {
			continue
		}
		if got, _ := t.Fill(body, o.Zone); want == "" || !same(want, got) {
			return nil, fmt.Errorf("%w: %s is not the one", crm.ErrNotFound, arg)
		}
	}
	out := map[string]string{}
	for name, s := range o.results {
		text, ok := s.from.Fill(body, o.Zone)
		if !ok {
			continue
		}
		if ours, known := s.Words[text]; known {
			text = ours
		} else if s.Other != "" {
			text = s.Other
		}
		out[name] = plain(text)
	}
	return out, nil
}

// same compares without spaces and case, in a time that tells nothing.
func same(a, b string) bool {
	squeeze := func(s string) []byte { return []byte(strings.ToLower(strings.Join(strings.Fields(s), ""))) }
	return subtle.ConstantTimeCompare(squeeze(a), squeeze(b)) == 1
}
