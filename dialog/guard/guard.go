// Package guard decides, outside of any model, what may be done and what may
// be said.
//
// The central type is Session, one call's memory of the guard: who the caller
// has proved to be, what was tried, and which facts are known. Action is asked
// before every operation, Sentence before every sentence. Both are pure and take
// microseconds; one goroutine uses a Session.
//
// Policy. An operation is allowed by its class of risk: what is open, always;
// what a parcel's tracking page shows, to who knows the number, three wrong
// guesses a call; a customer's own data, to a verified caller; what cannot be
// undone, after a yes that no model understood to a question that named every
// argument; a refund, up to a limit. Whose data an operation works on comes from
// the session, never from a flow or a model. See speech.go for what may be said.
package guard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"attendant/dialog/flow"
)

// Risk is the harm that an operation can do, the least first.
type Risk string

// The classes of risk.
const (
	Open         Risk = "open"
	Tracking     Risk = "tracking"
	Personal     Risk = "personal"
	Change       Risk = "change"
	Irreversible Risk = "irreversible"
)

// Policy is what the guard allows. Zero fields are the strict defaults.
type Policy struct {
	Operations  map[string]Risk // those that flows and models may call
	Tries       int             // wrong guesses and failed proofs of a call; 3
	RefundLimit float64         // 100
	Actions     int             // of a call; 40
	Turns       int             // of a call; 80
	Duration    time.Duration   // of a call; 30 minutes
	Tokens      int             // of a model, a call; 100,000
}

func (p Policy) filled() Policy {
	fill := func(v *int, value int) {
		if *v == 0 {
			*v = value
		}
	}
	fill(&p.Tries, 3)
	fill(&p.Actions, 40)
	fill(&p.Turns, 80)
	fill(&p.Tokens, 100_000)
	if p.RefundLimit == 0 {
		p.RefundLimit = 100
	}
	if p.Duration == 0 {
		p.Duration = 30 * time.Minute
	}
	return p
}

// Request is an operation about to be sent.
type Request struct {
	Operation string
	Args      map[string]string
	Confirmed *flow.Confirmation
	Model     bool // a model asked for it
}

// Decision is what the guard says, with the rule that it rests on.
type Decision struct {
	Allowed bool
	Rule    string
	Instead string   // for a sentence: what to say in its place
	Sources []string // for a sentence: those that back its facts
}

// Session is the guard's memory of one call.
type Session struct {
	policy    Policy
	level     string
	customer  string // bound by Verify
	failed    int    // wrong guesses and failed proofs
	actions   int
	tokens    int
	asked     map[string]int // operation with its arguments -> how often
	done      map[string]bool
	reach     []string          // where messages may go
	facts     map[string]*facts // by source
	templates *Templates        // texts of the company, in which numbers are its own
	instead   string
}

// Templates are a company's own texts, ready for checking. They are immutable;
// sessions share them.
type Templates struct{ facts }

// NewTemplates makes ready what a company says.
func NewTemplates(texts []string) *Templates {
	t := &Templates{}
	for _, text := range texts {
		t.add(strings.ToLower(text))
	}
	return t
}

// Session begins a call. instead is said in place of a sentence that is stopped;
// templates may be nil.
func (p Policy) Session(templates *Templates, instead string) *Session {
	if templates == nil {
		templates = &Templates{}
	}
	return &Session{policy: p.filled(), asked: map[string]int{}, done: map[string]bool{}, facts: map[string]*facts{}, templates: templates, instead: instead}
}

// The levels of identity. A hint is never enough for data: it comes from a
// number that anybody can send.
const (
	Anonymous = "anonymous"
	Hint      = "hint"     // the calling number is a customer's
	Verified  = "verified" // the caller has proved to be a customer
	Human     = "human"    // a human vouches for the caller
)

// Suspect notes whose number calls. It binds the call to nobody.
func (s *Session) Suspect() {
	if s.level == "" {
		s.level = Hint
	}
}

// Verify binds the call to a customer who has proved who they are.
func (s *Session) Verify(customer string) { s.level, s.customer = Verified, customer }

// Vouch binds the call to a customer for whom a human vouches.
func (s *Session) Vouch(customer string) { s.level, s.customer = Human, customer }

// Level is how far the caller's identity is known.
func (s *Session) Level() string {
	if s.level == "" {
		return Anonymous
	}
	return s.level
}

// identified reports whether data of the session's customer may be told.
func (s *Session) identified() bool {
	return (s.level == Verified || s.level == Human) && s.customer != ""
}

// Customer is the ID that the call is bound to, empty before Verify.
func (s *Session) Customer() string { return s.customer }

// Reachable allows messages to a number or address that belongs to the caller.
func (s *Session) Reachable(to string) {
	if to != "" {
		s.reach = append(s.reach, to)
	}
}

// Failed notes a wrong guess or a failed proof.
func (s *Session) Failed() { s.failed++ }

// Spent notes a model's tokens.
func (s *Session) Spent(tokens int) { s.tokens += tokens }

// Over tells which limit of the call is reached, empty if none.
func (s *Session) Over(turns int, lasted time.Duration) string {
	switch {
	case turns > s.policy.Turns:
		return "turns"
	case lasted > s.policy.Duration:
		return "minutes"
	case s.actions >= s.policy.Actions:
		return "actions"
	case s.tokens > s.policy.Tokens:
		return "tokens"
	}
	return ""
}

// Prove decides on another try to prove who calls.
func (s *Session) Prove(model bool) Decision {
	if model {
		return Decision{Rule: "a model proves nobody"}
	}
	if s.failed >= s.policy.Tries {
		return Decision{Rule: "too many failed tries"}
	}
	return Decision{Allowed: true, Rule: "tries are left"}
}

// Action decides on an operation.
func (s *Session) Action(r Request) Decision {
	rule := s.forbids(r)
	if rule != "" {
		return Decision{Rule: rule}
	}
	s.actions++
	return Decision{Allowed: true, Rule: "risk " + string(s.policy.Operations[r.Operation])}
}

// forbids is the rule against an operation, empty if there is none.
func (s *Session) forbids(r Request) string {
	risk, known := s.policy.Operations[r.Operation]
	key := fmt.Sprint(r.Operation, r.Args)
	s.asked[key]++
	switch {
	case !known:
		return "unknown operation"
	case s.actions >= s.policy.Actions:
		return "too many actions"
	case s.asked[key] > 5:
		return "the same again and again"
	case risk == Tracking && s.failed >= s.policy.Tries:
		return "too many failed look-ups"
	case risk != Open && risk != Tracking && !s.identified():
		return "needs a verified caller"
	case r.Args["customer"] != "":
		return "whose data it is comes from the session"
	case risk == Irreversible:
		return s.confirmed(r)
	case r.Operation == "notify" && !slices.Contains(s.reach, r.Args["to"]):
		return "messages go to the caller's own number or address"
	case r.Operation == "notify":
		return s.sendable(r)
	}
	return ""
}

// confirmed is the rule against what cannot be undone.
func (s *Session) confirmed(r Request) string {
	c := r.Confirmed
	if c == nil || r.Model {
		return "what cannot be undone needs a yes"
	}
	if c.Model && !c.Keyed {
		return "a yes that a model understood does not count"
	}
	prompt := squeeze(c.Prompt)
	for name, v := range r.Args {
		if !strings.Contains(prompt, squeeze(v)) && !strings.Contains(prompt, squeeze(flow.Shape(v, "money", "en"))) && !namesShape(prompt, v) {
			return "the question before the yes did not name " + name
		}
	}
	if r.Operation == "refund" {
		amount, err := strconv.ParseFloat(strings.Fields(r.Args["amount"] + " x")[0], 64)
		if err != nil {
			return "a refund names its amount"
		}
		if amount > s.policy.RefundLimit {
			return "refund above the limit"
		}
	}
	return ""
}

func namesShape(prompt, v string) bool {
	for _, form := range []string{"date", "datetime", "time"} {
		if strings.Contains(prompt, squeeze(flow.Shape(v, form, "en"))) || strings.Contains(prompt, squeeze(flow.Shape(v, form, "zh"))) {
			return true
		}
	}
	return false
}

func squeeze(text string) string {
	return strings.ToLower(strings.ReplaceAll(text, " ", ""))
}

// sendable is the rule against a message: its facts need a source as well.
func (s *Session) sendable(r Request) string {
	all := []string{}
	for source := range s.facts {
		all = append(all, source)
	}
	if d := s.Sentence(Sentence{Text: r.Args["text"], Sources: all}); !d.Allowed {
		return d.Rule
	}
	return ""
}

// Done takes in what an operation came to.
func (s *Session) Done(operation, outcome string) {
	if outcome == "not_found" && s.policy.Operations[operation] == Tracking {
		s.failed++
	}
	if outcome == "ok" {
		s.done[operation] = true
	}
}
