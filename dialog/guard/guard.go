// Package guard decides, outside of any model, what may be done and what may
// be said.
//
// The central type is Session, one call's memory of the guard. Action is asked
// before every operation of a connector, Sentence before every sentence. Both
// are pure and take microseconds; one goroutine uses a Session.
//
// Policy of this version. An order's place and day are told to who knows its
// number, as a parcel's tracking page does; a customer's own data (address,
// items) only to who also knows the postcode, which the connector's operation
// checks. Three failed tries a call, then no more. A sentence's numbers, days,
// months and links must stand in an action's result, an article, or the
// caller's own words, or be the template's own.
package guard

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Policy is what the guard allows. The zero Policy is the strict default.
type Policy struct {
	Tries int // failed look-ups of a call; 0 is 3
}

// Request is an operation about to be sent.
type Request struct {
	Operation string
	Args      map[string]string
}

// Decision is what the guard says, with the rule that it rests on.
type Decision struct {
	Allowed bool
	Rule    string
	Instead string // for a sentence: what to say in its place
}

// Session is the guard's memory of one call.
type Session struct {
	tries    int
	failed   int
	facts    map[string][]string // source -> values that it backs
	template []string            // texts of the company, in which numbers are its own
}

// Session begins a call.
func (p Policy) Session(templates []string) *Session {
	tries := p.Tries
	if tries == 0 {
		tries = 3
	}
	return &Session{tries: tries, facts: map[string][]string{}, template: templates}
}

// looksUp are the operations that reveal something and can be used to guess.
var looksUp = []string{"get_order", "get_delivery"}

// Action decides on an operation.
func (s *Session) Action(r Request) Decision {
	switch {
	case slices.Contains(looksUp, r.Operation):
		if s.failed >= s.tries {
			return Decision{Rule: "too many failed look-ups"}
		}
		if r.Operation == "get_delivery" && (r.Args["number"] == "" || r.Args["postcode"] == "") {
			return Decision{Rule: "customer data needs order number and postcode"}
		}
	case r.Operation == "create_ticket":
	default:
		return Decision{Rule: "unknown operation"}
	}
	return Decision{Allowed: true}
}

// Done takes in what an operation came to.
func (s *Session) Done(operation, outcome string) {
	if slices.Contains(looksUp, operation) && outcome == "not_found" {
		s.failed++
	}
}

// Fact lets a source back a value from now on.
func (s *Session) Fact(source, value string) {
	if value == "" || slices.Contains(s.facts[source], strings.ToLower(value)) {
		return
	}
	s.facts[source] = append(s.facts[source], strings.ToLower(value))
	if t, err := time.Parse(time.DateOnly, value); err == nil {
		s.facts[source] = append(s.facts[source], strings.ToLower(t.Format("Monday January 2 2006")))
	}
}

var checked = regexp.MustCompile(`(?i)https?://\S+|\d+(?:[.,:]\d+)*|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december|today|tomorrow)\b`)

// Sentence decides on a sentence that is said with the given sources.
func (s *Session) Sentence(text string, sources []string) Decision {
	for _, fact := range checked.FindAllString(text, -1) {
		if !s.backed(strings.ToLower(fact), sources) {
			return Decision{
				Rule:    fmt.Sprintf("no source backs %q", fact),
				Instead: "Let me check that with a colleague.",
			}
		}
	}
	return Decision{Allowed: true}
}

func (s *Session) backed(fact string, sources []string) bool {
	holds := func(values []string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, fact) })
	}
	for _, source := range sources {
		if holds(s.facts[source]) {
			return true
		}
	}
	if fact == "may" { // the verb: no month of a delivery is told without its day
		return true
	}
	return slices.ContainsFunc(s.template, func(t string) bool { return strings.Contains(strings.ToLower(t), fact) })
}
