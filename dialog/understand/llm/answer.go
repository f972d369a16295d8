package llm

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"attendant/dialog/flow"
	"attendant/dialog/model"
	"attendant/dialog/understand"
)

// mostCommands bounds what one turn may ask for.
const mostCommands = 4

// written is a command as the model writes it.
type written struct {
	Kind    flow.CommandKind `json:"kind"`
	Flow    string           `json:"flow"`
	Slot    string           `json:"slot"`
	Value   string           `json:"value"`
	Article string           `json:"article"`
}

// reader reads a model's answer while it is written.
type reader struct {
	prompt   *prompt
	turn     understand.Turn
	text     strings.Builder
	commands []flow.Command
}

// Read implements model.Reader.
func (r *reader) Read(piece string) (model.Progress, error) {
	r.text.WriteString(piece)
	if !strings.Contains(piece, "}") {
		return model.More, nil
	}
	list, whole := parse(r.text.String())
	if len(list) == 0 {
		return model.More, nil
	}
	var ok bool
	if r.commands, ok = r.prompt.commands(list, r.turn); !ok {
		return model.More, model.ErrUseless
	}
	if whole {
		return model.Enough, nil
	}
	return model.Usable, nil
}

// End implements model.Reader. What is whole of an answer that was cut is used.
func (r *reader) End(cut bool) error {
	if len(r.commands) == 0 || !cut {
		return model.ErrUseless // whole, and not what was asked for
	}
	return nil
}

// parse reads the commands that are whole in the beginning of an answer, and
// reports whether it is whole itself.
func parse(text string) (list []written, whole bool) {
	text = strings.TrimSpace(text)
	var all struct {
		Commands []written `json:"commands"`
	}
	if json.Unmarshal([]byte(text), &all) == nil {
		return all.Commands, true
	}
	d := json.NewDecoder(strings.NewReader(text))
	for _, want := range []json.Token{json.Delim('{'), "commands", json.Delim('[')} {
		if got, err := d.Token(); err != nil || got != want {
			return nil, false
		}
	}
	for d.More() {
		var w written
		if d.Decode(&w) != nil {
			break
		}
		list = append(list, w)
	}
	return list, false
}

// plain are the kinds that have no arguments.
var plain = []flow.CommandKind{flow.DontKnow, flow.Thank, flow.Greet, flow.Complain, flow.OutOfScope}

// commands makes commands of what a model wrote. It reports false where any part
// of it is not what was offered: a half-understood answer is no answer.
func (p *prompt) commands(list []written, t understand.Turn) ([]flow.Command, bool) {
	if len(list) > mostCommands {
		return nil, false
	}
	var out []flow.Command
	for _, m := range list {
		c := flow.Command{Kind: m.Kind, Confidence: t.Confidence, Words: t.Text, Model: true}
		switch _, known := p.flows[m.Flow]; {
		case m.Kind == flow.StartFlow && known:
			c.Flow = m.Flow
		case m.Kind == flow.SetSlot || m.Kind == flow.CorrectSlot:
			if !p.fits(m.Slot, m.Value, list) {
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
// going on, or of a flow that the same answer starts. Digits are the caller's.
func (p *prompt) fits(name, value string, list []written) bool {
	s, ok := p.slots[name]
	for _, m := range list {
		if f := p.flows[m.Flow]; m.Kind == flow.StartFlow && f != nil && !ok {
			s, ok = f.Slots[name]
		}
	}
	switch {
	case !ok || s.Sensitive:
		return false
	case s.Type == "choice":
		return slices.ContainsFunc(s.Choices, func(c flow.Choice) bool { return c.Value == value })
	case s.Type == "digits" && p.counts && !strings.Contains(p.digits, value):
		return false
	}
	form := forms[s.Type]
	return form != nil && form.MatchString(value)
}
