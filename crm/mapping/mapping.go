// Package mapping is how an administrator describes a system that knows nothing
// of ours: which of its fields our arguments go into, which of its fields our
// results come from, and what its answers mean.
//
// Template is the central type: text with holes, {path} or {path|form}, filled
// from an operation's arguments or from an answer's JSON. A Tree is a request of
// templates; Settings is one operation. Everything is checked when it is compiled,
// and every fault names its place as a path into the settings. What comes from
// another system is text to be told, never more: Results cuts it, and drops
// control characters. Compiled values are immutable and may be used by any
// goroutine; nothing here blocks.
package mapping

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Template is text with holes.
type Template struct {
	text  []string // before, between and behind the holes
	holes []hole
}

type hole struct{ path, form string }

// forms turn a value into another text. They report false where they cannot.
var forms = map[string]func(text string, zone *time.Location) (string, bool){
	"number": func(s string, _ *time.Location) (string, bool) { n := amount.FindString(s); return n, n != "" },
	"unit": func(s string, _ *time.Location) (string, bool) {
		u := strings.TrimSpace(amount.ReplaceAllString(s, ""))
		return u, u != ""
	},
	"cents": func(s string, _ *time.Location) (string, bool) {
		n, err := strconv.ParseFloat(amount.FindString(s), 64)
		return strconv.FormatInt(int64(math.Round(n*100)), 10), err == nil
	},
	"amount": func(s string, _ *time.Location) (string, bool) {
		n, err := strconv.ParseInt(s, 10, 64)
		sign := ""
		if n < 0 {
			sign, n = "-", -n
		}
		return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100), err == nil && n >= 0
	},
	"first": func(s string, _ *time.Location) (string, bool) { f, _, _ := strings.Cut(s, " "); return f, f != "" },
	"lower": func(s string, _ *time.Location) (string, bool) { return strings.ToLower(s), true },
	"date":  func(s string, zone *time.Location) (string, bool) { return stamp(s, zone, time.DateOnly) },
	"moment": func(s string, zone *time.Location) (string, bool) {
		return stamp(s, zone, "2006-01-02T15:04")
	},
	// rfc3339 makes of a moment of ours, in the company's time zone, one that
	// another system understands.
	"rfc3339": func(s string, zone *time.Location) (string, bool) {
		t, err := time.ParseInLocation("2006-01-02T15:04", s, zone)
		return t.Format(time.RFC3339), err == nil
	},
}

var amount = regexp.MustCompile(`-?\d+(\.\d+)?`)

// stamp reads a day, or a moment with its offset, and tells it in zone.
func stamp(s string, zone *time.Location, layout string) (string, bool) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.Format(layout), true
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", false
	}
	return t.In(zone).Format(layout), true
}

// Parse reads a template.
func Parse(text string) (*Template, error) {
	t := &Template{}
	for {
		before, rest, open := strings.Cut(text, "{")
		t.text = append(t.text, before)
		if !open {
			return t, nil
		}
		inside, after, closed := strings.Cut(rest, "}")
		path, form, formed := strings.Cut(inside, "|")
		switch {
		case !closed || path == "":
			return nil, fmt.Errorf("%q: want {name} or {name|form}", "{"+rest)
		case formed && form != "count" && forms[form] == nil:
			return nil, fmt.Errorf("{%s}: no form %q; there are amount, cents, count, date, first, lower, moment, number, rfc3339, unit", inside, form)
		}
		t.holes = append(t.holes, hole{path, form})
		text = after
	}
}

// Names are the paths of the holes.
func (t *Template) Names() []string {
	var out []string
	for _, h := range t.holes {
		out = append(out, h.path)
	}
	return out
}

// Fill fills the holes from JSON as package encoding/json decodes it, numbers as
// json.Number; arguments are a map of strings. It reports false where a hole
// stays empty.
func (t *Template) Fill(from any, zone *time.Location) (string, bool) {
	var b strings.Builder
	for i, h := range t.holes {
		s, ok := h.fill(from, zone)
		if !ok || s == "" {
			return "", false
		}
		b.WriteString(t.text[i])
		b.WriteString(s)
	}
	b.WriteString(t.text[len(t.holes)])
	return b.String(), true
}

func (h hole) fill(from any, zone *time.Location) (string, bool) {
	v, ok := At(from, h.path)
	if h.form == "count" {
		list, is := v.([]any)
		return strconv.Itoa(len(list)), ok && is
	}
	s, told := words(v)
	if !ok || !told || h.form == "" {
		return s, ok && told
	}
	return forms[h.form](s, zone)
}

// At is what stands at a path of names and indices, joined by "."; "*" is each of
// a list, or the list itself where it is last.
func At(v any, path string) (any, bool) {
	name, rest, more := strings.Cut(path, ".")
	var next any
	switch x := v.(type) {
	case map[string]string:
		s, ok := x[name]
		return s, ok && !more
	case map[string]any:
		var ok bool
		if next, ok = x[name]; !ok {
			return nil, false
		}
	case []any:
		if name == "*" {
			return each(x, rest, more)
		}
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(x) {
			return nil, false
		}
		next = x[i]
	default:
		return nil, false
	}
	if !more {
		return next, true
	}
	return At(next, rest)
}

func each(list []any, rest string, more bool) (any, bool) {
	if !more {
		return list, true
	}
	out := []any{}
	for _, v := range list {
		if found, ok := At(v, rest); ok {
			out = append(out, found)
		}
	}
	return out, true
}

// words is a value as it is told; an object cannot be.
func words(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case json.Number:
		return x.String(), true
	case bool:
		return map[bool]string{true: "yes", false: "no"}[x], true
	case nil:
		return "", true
	case []any:
		var out []string
		for _, item := range x {
			s, ok := words(item)
			if !ok {
				return "", false
			}
			out = append(out, s)
		}
		return strings.Join(out, ", "), true
	}
	return "", false
}

// maxValue bounds a result's octets: nobody listens to more, and it goes into
// records.
const maxValue = 1000

// plain makes one line of another system's text.
func plain(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }), " ")
	if len(s) > maxValue {
		s = strings.ToValidUTF8(s[:maxValue], "")
	}
	return strings.TrimSpace(strings.ToValidUTF8(s, ""))
}

// Fault is what is wrong with settings, and where.
type Fault struct {
	Path []string // names and indices
	Err  error
}

// Error implements error.
func (f *Fault) Error() string { return strings.Join(f.Path, ".") + ": " + f.Err.Error() }

// Unwrap returns the error itself.
func (f *Fault) Unwrap() error { return f.Err }

// Place is a place in settings, at which faults are noted.
type Place struct {
	path   []string
	faults *[]*Fault
}

// Root is where settings begin.
func Root() Place { return Place{faults: &[]*Fault{}} }

// In is a place further in.
func (p Place) In(names ...string) Place {
	return Place{path: append(slices.Clone(p.path), names...), faults: p.faults}
}

// Item is the i-th of a list.
func (p Place) Item(name string, i int) Place { return p.In(name, strconv.Itoa(i)) }

// Fault notes one.
func (p Place) Fault(format string, args ...any) {
	*p.faults = append(*p.faults, &Fault{Path: p.path, Err: fmt.Errorf(format, args...)})
}

// Faults are all that were noted anywhere.
func (p Place) Faults() []*Fault { return *p.faults }

// Template parses a template here, nil with a fault noted where it is none.
func (p Place) Template(text string) *Template {
	t, err := Parse(text)
	if err != nil {
		p.Fault("%w", err)
		return nil
	}
	return t
}
