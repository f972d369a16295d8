package llm

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
)

// mostCommands bounds what one turn may ask for.
const mostCommands = 4

// answered is what the model writes.
type answered struct {
	Commands []struct {
		Kind    flow.CommandKind `json:"kind"`
		Flow    string           `json:"flow"`
		Slot    string           `json:"slot"`
		Value   string           `json:"value"`
		Article string           `json:"article"`
	} `json:"commands"`
}

// plain are the kinds that have no arguments.
var plain = []flow.CommandKind{flow.DontKnow, flow.Thank, flow.Greet, flow.Complain, flow.OutOfScope}

// commands reads a model's answer. It reports false where any part of it is not
// what was offered: a half-understood answer is no answer.
func (p *prompt) commands(answer string, t understand.Turn) ([]flow.Command, bool) {
	var a answered
	if err := json.Unmarshal([]byte(strings.TrimSpace(answer)), &a); err != nil || len(a.Commands) == 0 || len(a.Commands) > mostCommands {
		return nil, false
	}
	var out []flow.Command
	for _, m := range a.Commands {
		c := flow.Command{Kind: m.Kind, Confidence: t.Confidence, Words: t.Text, Model: true}
		switch _, known := p.flows[m.Flow]; {
		case m.Kind == flow.StartFlow && known:
			c.Flow = m.Flow
		case m.Kind == flow.SetSlot || m.Kind == flow.CorrectSlot:
			if !p.fits(m.Slot, m.Value, a) {
				return nil, false
			}
			c.Slot, c.Value = m.Slot, m.Value
		case m.Kind == flow.Answer && p.articles[m.Article] != "":
			c.Article, c.Query = m.Article, t.Text
		case (m.Kind == flow.Affirm || m.Kind == flow.Deny) && p.expect.Type != "yesno", slices.Contains(plain, m.Kind):
		default:
			return nil, false
		}
		out = append(out, c)
	}
	return out, true
}

// forms are what values of slot types look like.
var forms = map[string]*regexp.Regexp{
	"digits": regexp.MustCompile(`^\d{1,40}$`), "code": regexp.MustCompile(`^[A-Z0-9]{1,40}$`), "phone": regexp.MustCompile(`^\+?\d{5,15}$`),
	"email": regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`), "money": regexp.MustCompile(`^\d+(\.\d{1,2})?( [A-Z]{3})?$`),
	"number": regexp.MustCompile(`^-?\d+(\.\d+)?$`), "quantity": regexp.MustCompile(`^\d+(\.\d+)? ?\S*$`),
	"date": regexp.MustCompile(`^\d{4}-[01]\d-[0-3]\d$`), "time": regexp.MustCompile(`^[0-2]\d:[0-5]\d$`),
	"datetime":  regexp.MustCompile(`^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d$`),
	"daterange": regexp.MustCompile(`^\d{4}-[01]\d-[0-3]\d/\d{4}-[01]\d-[0-3]\d$`),
	"yesno":     regexp.MustCompile(`^(yes|no)$`),
	"name":      regexp.MustCompile(`^[^\n{}]{1,80}$`), "address": regexp.MustCompile(`^[^\n{}]{1,200}$`), "text": regexp.MustCompile(`^[^\n{}]{1,500}$`),
}

// fits reports whether a value is of its slot's type; the slot is one of the flow
// going on, or of a flow that the same answer starts.
func (p *prompt) fits(name, value string, a answered) bool {
	s, ok := p.slots[name]
	for _, m := range a.Commands {
		if f := p.flows[m.Flow]; m.Kind == flow.StartFlow && f != nil && !ok {
			s, ok = f.Slots[name]
		}
	}
	switch {
	case !ok || s.Sensitive:
		return false
	case s.Type == "choice":
		return slices.ContainsFunc(s.Choices, func(c flow.Choice) bool { return c.Value == value })
	}
	form := forms[s.Type]
	return form != nil && form.MatchString(value)
}
