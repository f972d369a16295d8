package number

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRule is a rule that cannot be used.
var ErrRule = errors.New("rule of a number")

// AnyNumber is the number of the rule for all that have none of their own.
const AnyNumber = "*"

// Rule says what a call to a number is to do. Only Number is required.
type Rule struct {
	Number   string   `json:"number" yaml:"number"`                         // E.164, a short number or extension, or "*"
	Name     string   `json:"name,omitempty" yaml:"name,omitempty"`         // for people
	Flow     string   `json:"flow,omitempty" yaml:"flow,omitempty"`         // which flow a call begins with; the greeting alone where empty
	Language string   `json:"language,omitempty" yaml:"language,omitempty"` // BCP 47
	Queue    string   `json:"queue,omitempty" yaml:"queue,omitempty"`       // where callers wait for a human
	Human    string   `json:"human,omitempty" yaml:"human,omitempty"`       // whom a caller of this number is connected to
	Hours    Hours    `json:"hours,omitzero" yaml:"hours,omitempty"`        // always where empty
	Fallback Fallback `json:"fallback,omitzero" yaml:"fallback,omitempty"`  // what happens outside of the hours
}

// Fallback is what a caller outside of the hours gets: the message, then the
// human or the flow; where there is neither, the call ends after the message.
type Fallback struct {
	Message string `json:"message,omitempty" yaml:"message,omitempty"`
	Flow    string `json:"flow,omitempty" yaml:"flow,omitempty"`
	Human   string `json:"human,omitempty" yaml:"human,omitempty"` // a sip: URI, a registered phone's name or a number
}

// IsZero reports whether nothing is said of closed hours.
func (f Fallback) IsZero() bool { return f == Fallback{} }

// IsZero reports whether the hours are always.
func (h Hours) IsZero() bool { return h.Zone == "" && h.Weekly == "" && len(h.Holidays) == 0 }

// Clean returns the rule with its number as E.164, read in region, or what is
// wrong with it, all at once: ErrRule, ErrNumber, ErrHours.
func (r Rule) Clean(region string) (Rule, error) {
	var faults []error
	if r.Number = strings.TrimSpace(r.Number); r.Number != AnyNumber {
		n, err := Read(r.Number, region)
		if err != nil {
			// Users of a PBX may be names.
			if n.Short = r.Number; r.Number == "" || strings.ContainsAny(r.Number, " @;:<>\"+,") || len(r.Number) > maxText {
				faults = append(faults, err)
			}
		}
		if !n.IsZero() {
			r.Number = n.String()
		}
	}
	if err := r.Hours.Check(); err != nil {
		faults = append(faults, err)
	}
	if r.Hours.IsZero() && !r.Fallback.IsZero() {
		faults = append(faults, fmt.Errorf("%w: a fallback without hours is never used", ErrRule))
	}
	if !r.Hours.IsZero() && r.Fallback.IsZero() {
		faults = append(faults, fmt.Errorf("%w: hours need a fallback: a message, a flow or a human", ErrRule))
	}
	if r.Fallback.Flow != "" && r.Fallback.Human != "" {
		faults = append(faults, fmt.Errorf("%w: a fallback has a flow or a human, not both", ErrRule))
	}
	if len(r.Fallback.Message) > 500 || len(r.Name) > 100 {
		faults = append(faults, fmt.Errorf("%w: message or name is too long", ErrRule))
	}
	return r, errors.Join(faults...)
}
