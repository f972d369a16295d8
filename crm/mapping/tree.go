package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Schema is what is known of JSON that another system takes or gives. Open is
// one of which not all is known.
type Schema struct {
	Type       string // object, array, string, integer, number, boolean; empty is any
	Properties map[string]*Schema
	Items      *Schema
	Required   []string
	Open       bool
}

// Has reports whether a path may lead somewhere.
func (s *Schema) Has(path string) bool {
	if s == nil || s.Open && s.Type == "" {
		return true
	}
	name, rest, more := strings.Cut(path, ".")
	var next *Schema
	switch s.Type {
	case "object":
		p, ok := s.Properties[name]
		if !ok {
			return s.Open
		}
		next = p
	case "array":
		if _, err := strconv.Atoi(name); err != nil && name != "*" {
			return false
		}
		next = s.Items
	default:
		return s.Type == ""
	}
	return !more || next.Has(rest)
}

// Merge adds what another schema allows; what it requires only where all must
// hold.
func (s *Schema) Merge(other *Schema, all bool) {
	if s.Type == "" {
		s.Type = other.Type
	}
	for name, p := range other.Properties {
		s.Properties[name] = p
	}
	if s.Items == nil {
		s.Items = other.Items
	}
	if all {
		s.Required = append(slices.Clone(s.Required), other.Required...)
	}
	s.Open = s.Open || other.Open && len(other.Properties) > 0
}

// Tree is JSON with templates for its texts.
type Tree struct {
	fields  map[string]*Tree
	items   []*Tree
	text    *Template
	literal any
	kind    string // of a text: string, integer, number, boolean
}

// Compile reads a tree from decoded YAML, and checks it against s, nil if
// nothing is known. It notes faults at p.
func Compile(p Place, v any, s *Schema) *Tree {
	if s == nil {
		s = &Schema{Open: true}
	}
	switch x := v.(type) {
	case map[string]any:
		return compileFields(p, x, s)
	case []any:
		t := &Tree{items: []*Tree{}}
		for i, item := range x {
			t.items = append(t.items, Compile(p.In(strconv.Itoa(i)), item, s.Items))
		}
		return t
	case string:
		if s.Type == "object" || s.Type == "array" {
			p.Fault("is a text, want %s", map[string]string{"object": "names with values", "array": "a list"}[s.Type])
		}
		return &Tree{text: p.Template(x), kind: s.Type}
	}
	return &Tree{literal: v}
}

func compileFields(p Place, fields map[string]any, s *Schema) *Tree {
	t := &Tree{fields: map[string]*Tree{}}
	if s.Type != "object" && s.Type != "" {
		p.Fault("has names with values, want %s", s.Type)
		return t
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		next, known := s.Properties[name]
		if !known && !s.Open {
			p.In(name).Fault("no property %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", "))
		}
		t.fields[name] = Compile(p.In(name), fields[name], next)
	}
	for _, name := range s.Required {
		if fields[name] == nil {
			p.Fault("the property %q is required", name)
		}
	}
	return t
}

// Names are the arguments that the tree uses.
func (t *Tree) Names() []string {
	if t == nil {
		return nil
	}
	var out []string
	if t.text != nil {
		out = t.text.Names()
	}
	for _, name := range slices.Sorted(maps.Keys(t.fields)) {
		out = append(out, t.fields[name].Names()...)
	}
	for _, item := range t.items {
		out = append(out, item.Names()...)
	}
	return out
}

// Fill fills the tree from arguments. What has a hole without an argument is left
// out. Its error is an argument that does not have the type that is wanted; it does
// not hold the value.
func (t *Tree) Fill(args map[string]string, zone *time.Location) (any, error) {
	v, _, err := t.fill(args, zone)
	return v, err
}

func (t *Tree) fill(args map[string]string, zone *time.Location) (any, bool, error) {
	switch {
	case t.text != nil:
		s, ok := t.text.Fill(args, zone)
		if !ok {
			return nil, false, nil
		}
		v, err := typed(s, t.kind)
		return v, true, err
	case t.fields != nil:
		out := map[string]any{}
		for name, field := range t.fields {
			v, ok, err := field.fill(args, zone)
			if err != nil {
				return nil, false, fmt.Errorf("%s: %w", name, err)
			}
			if ok {
				out[name] = v
			}
		}
		return out, len(out) > 0 || len(t.fields) == 0, nil
	case t.items != nil:
		out := []any{}
		for _, item := range t.items {
			v, ok, err := item.fill(args, zone)
			if err != nil {
				return nil, false, err
			}
			if ok {
				out = append(out, v)
			}
		}
		return out, true, nil
	}
	return t.literal, true, nil
}

// typed is a text as the kind of value that is wanted.
func typed(s, kind string) (any, error) {
	switch kind {
	case "integer":
		if _, err := strconv.ParseInt(s, 10, 64); err != nil {
			return nil, errors.New("is no integer")
		}
		return json.Number(s), nil
	case "number":
		if _, err := strconv.ParseFloat(s, 64); err != nil || amount.FindString(s) != s {
			return nil, errors.New("is no number")
		}
		return json.Number(s), nil
	case "boolean":
		b, err := strconv.ParseBool(map[string]string{"yes": "true", "no": "false"}[s] + map[bool]string{true: s}[s != "yes" && s != "no"])
		if err != nil {
			return nil, errors.New("is neither yes nor no")
		}
		return b, nil
	}
	return s, nil
}
