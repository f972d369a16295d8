package mapping

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func decoded(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTemplates(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	answer := decoded(t, `{"id": 7, "name": "Ana Probe", "ok": true, "none": null, "minor": 1250, "at": "2026-12-24T23:30:00Z", "day": "2026-12-24",
		"items": [{"n": "kettle", "tags": ["a", "b"]}, {"n": "lamp"}, {}], "deep": {"er": "x"}, "debt": -5}`)
	for text, want := range map[string]string{
		"{id}": "7", "no {id}, {deep.er}": "no 7, x", "{ok}": "yes", "{items.0.n}": "kettle", "{items.*.n}": "kettle, lamp",
		"{items.0.tags}": "a, b", "{items|count}": "3", "{minor|amount} EUR": "12.50 EUR", "{debt|amount}": "-0.05", "{name|first}": "Ana",
		"{name|lower}": "ana probe", "{at|date}": "2026-12-25", "{at|moment}": "2026-12-25T00:30", "{day|date}": "2026-12-24", "plain": "plain",
		// What is not there, or cannot be told.
		"{none}": "", "{gone}": "", "{deep}": "", "{deep.er.est}": "", "{items.9.n}": "", "{items.x}": "", "{name|date}": "", "{id|count}": "", "x{gone}": "",
	} {
		tpl, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got, ok := tpl.Fill(answer, berlin); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
	args := map[string]string{"amount": "12.50 EUR", "use": "350 kWh", "start": "2026-12-24T15:00", "empty": ""}
	for text, want := range map[string]string{
		"{amount|number}": "12.50", "{amount|cents}": "1250", "{amount|unit}": "EUR", "{use|number}": "350", "{use|unit}": "kWh",
		"{start|rfc3339}": "2026-12-24T15:00:00+01:00", "{empty}": "", "{amount.x}": "",
	} {
		tpl, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := tpl.Fill(args, berlin); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"{", "{}", "{a|b}", "a {b", "{|date}"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestTrees(t *testing.T) {
	schema := &Schema{Type: "object", Required: []string{"n"}, Properties: map[string]*Schema{
		"n": {Type: "integer"}, "x": {Type: "number"}, "b": {Type: "boolean"}, "s": {Type: "string"},
		"list": {Type: "array", Items: &Schema{Type: "integer"}}, "in": {Type: "object", Properties: map[string]*Schema{"s": {Type: "string"}}},
	}}
	root := Root()
	tree := Compile(root, map[string]any{
		"n": "{n}", "x": "{x}", "b": "{b}", "s": "{s} {gone}", "list": []any{"{n}", 2}, "in": map[string]any{"s": "{gone}"},
	}, schema)
	if f := root.Faults(); len(f) > 0 {
		t.Fatal(f)
	}
	got, err := tree.Fill(map[string]string{"n": "4", "x": "2.5", "b": "yes", "s": "text"}, time.UTC)
	want := map[string]any{"n": json.Number("4"), "x": json.Number("2.5"), "b": true, "list": []any{json.Number("4"), 2}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for name, value := range map[string]string{"n": "4.5", "x": "1e5", "b": "perhaps"} {
		_, err := tree.Fill(map[string]string{name: value}, time.UTC)
		if err == nil || strings.Contains(err.Error(), value) {
			t.Errorf("%s %q: %v, want an error that does not hold it", name, value, err)
		}
	}
	for text, wrong := range map[string]map[string]any{
		"no property":        {"n": "1", "other": "x"},
		"\"n\" is required":  {"s": "x"},
		"is a text, want na": {"n": "1", "in": "x"},
		"want string":        {"n": "1", "s": map[string]any{"a": "b"}},
	} {
		root := Root()
		Compile(root, wrong, schema)
		if f := root.Faults(); len(f) != 1 || !strings.Contains(f[0].Error(), text) {
			t.Errorf("%v: %v, want %q", wrong, f, text)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("{a.*.b|count} {c|cents}", `{"a": [{"b": 1}], "c": "1.5 EUR"}`)
	f.Fuzz(func(t *testing.T, text, answer string) {
		tpl, err := Parse(text)
		var v any
		if err != nil || json.Unmarshal([]byte(answer), &v) != nil {
			return
		}
		if got, ok := tpl.Fill(v, time.UTC); ok && len(plain(got)) > maxValue {
			t.Errorf("%q of %q: %d octets", text, answer, len(plain(got)))
		}
	})
}
