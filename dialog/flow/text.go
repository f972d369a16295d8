package flow

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Text is what may be said: by language (BCP 47, or its first part), in variants
// that are used in turn. The key "" holds texts that name no language.
type Text map[string][]string

// T is a text of one variant that names no language.
func T(s string) Text { return Text{"": {s}} }

// UnmarshalYAML reads a string, a list of strings, or a map of languages to
// either.
func (t *Text) UnmarshalYAML(unmarshal func(any) error) error {
	var raw any
	if err := unmarshal(&raw); err != nil {
		return err
	}
	if byLanguage, ok := raw.(map[string]any); ok {
		out := Text{}
		for language, v := range byLanguage {
			variants, err := variantsOf(v)
			if err != nil {
				return fmt.Errorf("text in %s: %w", language, err)
			}
			out[language] = variants
		}
		*t = out
		return nil
	}
	variants, err := variantsOf(raw)
	*t = Text{"": variants}
	return err
}

func variantsOf(v any) ([]string, error) {
	switch v := v.(type) {
	case string:
		return []string{v}, nil
	case []any:
		var out []string
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("%v is no text", e)
			}
			out = append(out, s)
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, errors.New("want a text, a list of texts, or a map of languages to them")
}

// MarshalYAML is the shortest form that UnmarshalYAML reads back.
func (t Text) MarshalYAML() (any, error) {
	short := func(v []string) any {
		if len(v) == 1 {
			return v[0]
		}
		return v
	}
	if v, ok := t[""]; ok && len(t) == 1 {
		return short(v), nil
	}
	var out yaml.MapSlice
	for _, language := range slices.Sorted(maps.Keys(t)) {
		out = append(out, yaml.MapItem{Key: language, Value: short(t[language])})
	}
	return out, nil
}

// In returns the variants in a language; where there are none, those that name
// no language, then those in the other language, then any.
func (t Text) In(language, other string) []string {
	for _, l := range []string{language, base(language), "", other, base(other)} {
		if v := t[l]; len(v) > 0 {
			return v
		}
	}
	for _, l := range slices.Sorted(maps.Keys(t)) {
		return t[l]
	}
	return nil
}

// All returns every variant in every language.
func (t Text) All() []string {
	var out []string
	for _, l := range slices.Sorted(maps.Keys(t)) {
		out = append(out, t[l]...)
	}
	return out
}

func base(language string) string {
	first, _, _ := strings.Cut(language, "-")
	return first
}

// placeholder is one {name|form} of a text.
type placeholder struct{ name, form string }

// pieces cuts a text at its placeholders: texts has one more than there are.
func pieces(text string) (texts []string, holes []placeholder) {
	for {
		before, rest, found := strings.Cut(text, "{")
		inside, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(texts, text), holes
		}
		name, form, _ := strings.Cut(inside, "|")
		texts, holes = append(texts, before), append(holes, placeholder{name, form})
		text = after
	}
}

// Forms are the ways in which a value can be filled into a text.
func Forms() []string {
	return []string{"", "digits", "spell", "date", "time", "datetime", "money", "choice"}
}

// Shape is a value as it is spoken: see docs/flows.md. A value that a form does
// not fit stays as it is.
func Shape(value, form, language string) string {
	chinese := base(language) == "zh"
	switch form {
	case "digits", "spell":
		return strings.Join(strings.Split(strings.ReplaceAll(strings.ToUpper(value), " ", ""), ""), " ")
	case "date":
		if t, err := time.Parse(time.DateOnly, value); err == nil {
			return spokenDate(t, chinese)
		}
	case "time":
		if t, err := time.Parse("15:04", value); err == nil {
			return spokenTime(t, chinese)
		}
	case "datetime":
		if t, err := time.Parse("2006-01-02T15:04", value); err == nil {
			return spokenDate(t, chinese) + map[bool]string{true: "", false: " at "}[chinese] + spokenTime(t, chinese)
		}
	case "money":
		return spokenMoney(value)
	}
	return value
}

func spokenDate(t time.Time, chinese bool) string {
	if chinese {
		return fmt.Sprintf("%d月%d日星期%c", t.Month(), t.Day(), []rune("日一二三四五六")[t.Weekday()])
	}
	return t.Format("Monday, January 2")
}

func spokenTime(t time.Time, chinese bool) string {
	switch {
	case chinese && t.Minute() == 0:
		return fmt.Sprintf("%d点", t.Hour())
	case chinese:
		return fmt.Sprintf("%d点%d分", t.Hour(), t.Minute())
	case t.Minute() == 0:
		return t.Format("3 PM")
	}
	return t.Format("3:04 PM")
}

// currencies are spoken by their names: one, many, and their hundredths.
var currencies = map[string][3]string{
	"EUR": {"euro", "euros", "cents"}, "USD": {"dollar", "dollars", "cents"}, "GBP": {"pound", "pounds", "pence"}, "CNY": {"yuan", "yuan", "fen"},
}

func spokenMoney(value string) string {
	amount, currency, _ := strings.Cut(value, " ")
	f, err := strconv.ParseFloat(amount, 64)
	if err != nil {
		return value
	}
	name, ok := currencies[currency]
	if !ok {
		name = [3]string{currency, currency, "hundredths"}
	}
	whole, part, _ := strings.Cut(strconv.FormatFloat(f, 'f', 2, 64), ".")
	text := whole + " " + name[1]
	if whole == "1" {
		text = "1 " + name[0]
	}
	switch small, isSmall := strings.CutPrefix(part, "0"); {
	case isSmall && small != "0": // "20 euros 5" would be heard as 20.50
		text += " and " + small + " " + name[2]
	case !isSmall:
		text += " " + part
	}
	return strings.TrimSpace(text)
}
