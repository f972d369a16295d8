package rules

import (
	"maps"
	"slices"
	"strings"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
	"attendant/dialog/understand/entity"
)

// typed are the slot types whose values an extractor finds in any sentence; digits and
// codes are told from other numbers by what was asked for, and names, addresses and free text are looked
// for only where they are asked for.
var typed = map[string]entity.Type{
	"date": entity.Date, "time": entity.Time, "datetime": entity.Datetime, "daterange": entity.DateRange,
	"money": entity.Money, "quantity": entity.Quantity, "email": entity.Email, "phone": entity.Phone,
	"number": entity.Number,
}

// asked fills the slot that is asked for, by its type. It reports false where
// the turn holds no such value.
func (r *Rules) asked(v understand.View, text string) (flow.Command, bool) {
	c := flow.Command{Kind: flow.SetSlot, Slot: v.Expect.Slot}
	value, ok := r.read(v, flow.Slot{Type: v.Expect.Type, Unit: v.Expect.Unit, Choices: v.Expect.Choices}, text)
	if !ok {
		return c, false
	}
	c.Value, c.Options, c.Confidence = value.Text, value.Alternatives, value.Confidence
	return c, true
}

// read finds a value of a slot's type in a text. Its alternatives are readings
// that are as likely.
func (r *Rules) read(v understand.View, s flow.Slot, text string) (entity.Value, bool) {
	switch s.Type {
	case "choice":
		return entity.Choose(text, options(s.Choices), v.Language)
	case "text":
		return entity.Value{Text: strings.TrimSpace(text), Confidence: 1}, strings.TrimSpace(text) != ""
	case "name":
		return r.whole(v, entity.Name, text)
	case "address":
		return r.whole(v, entity.Address, text)
	}
	t, ok := typed[s.Type]
	if !ok {
		return entity.Value{}, false
	}
	value, ok := entity.Find(text, t, v.At, v.Language)
	if !ok && t == entity.Quantity {
		value, ok = entity.Find(text, entity.Number, v.At, v.Language)
		value.Text = strings.TrimSpace(value.Text + " " + s.Unit)
	}
	if !ok && t == entity.Phone {
		value.Text = r.digitsIn(v, text)
		ok = len(value.Text) >= 5
		value.Confidence = 0.5
	}
	if t != entity.Time && t != entity.Datetime { // only a clock's halves are as likely as each other
		value.Alternatives = nil
	}
	return value, ok
}

// whole reads a name or an address; where there is no telling which part of a
// short answer it is, all of it is.
func (r *Rules) whole(v understand.View, t entity.Type, text string) (entity.Value, bool) {
	if value, ok := entity.Find(text, t, v.At, v.Language); ok {
		return value, true
	}
	words := strings.Fields(text)
	return entity.Value{Text: strings.Join(words, " "), Confidence: 0.4}, len(words) > 0 && len(words) <= 8
}

func options(choices []flow.Choice) []entity.Option {
	var out []entity.Option
	for _, c := range choices {
		out = append(out, entity.Option{Value: c.Value, Synonyms: append(slices.Clone(c.Words), c.Say.All()...)})
	}
	return out
}

// given are the values of a flow's slots in a text, besides those already told:
// of types that can be told apart in any sentence.
// rest is the text without them.
func (r *Rules) given(v understand.View, name, text string) (out []flow.Command, rest string) {
	f := r.set.Flow(name)
	rest = text
	if f == nil {
		return nil, rest
	}
	seen := map[string]bool{}
	for _, slot := range slices.Sorted(maps.Keys(f.Slots)) {
		s := f.Slots[slot]
		plain := s.Type == "number" || s.Type == "phone" // digits may be anything
		if s.Sensitive || plain || s.Type != "choice" && typed[s.Type] == "" || seen[s.Type] && s.Type != "choice" {
			continue
		}
		value, ok := r.read(v, s, text)
		if !ok || value.Confidence < 0.6 || s.Type == "quantity" && !strings.Contains(value.Text, " ") || len(value.Alternatives) > 0 {
			continue
		}
		seen[s.Type] = true
		if said := text[value.From:value.To]; said != "" {
			rest = strings.Replace(rest, said, " ", 1)
		}
		out = append(out, flow.Command{Kind: flow.SetSlot, Slot: slot, Value: value.Text, Confidence: value.Confidence})
	}
	return out, rest
}
