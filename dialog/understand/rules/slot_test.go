package rules

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
)

const visit = `flow: visit
examples: [i need an appointment, book a visit, "我 要 预约"]
slots:
  day: {type: date}
  hour: {type: time}
  what: {type: choice, choices: [{value: heat_pump, words: [heating]}, {value: solar, say: solar panels}]}
  use: {type: quantity, unit: kWh}
  who: {type: name}
steps: [{id: a, say: hi}]
`

func visitRules(t *testing.T) *Rules {
	t.Helper()
	end := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("flow: " + name + "\nslots: {}\nsteps: [{id: a, end: escalated}]\n")}
	}
	set, err := flow.Load(fstest.MapFS{
		"company.yaml":     {Data: []byte("name: X\nwords: {human: {en: [the big boss]}}\n")},
		"flows/visit.yaml": {Data: []byte(visit)}, "flows/human.yaml": end("human"), "flows/goodbye.yaml": end("goodbye"), "flows/offer.yaml": end("offer_human"),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return New(set, nil)
}

func TestTypedSlots(t *testing.T) {
	r := visitRules(t)
	choices := r.set.Flow("visit").Slots["what"].Choices
	day := flow.Expectation{Type: "date", Slot: "day"}
	for _, test := range []struct {
		name   string
		expect flow.Expectation
		text   string
		keys   string
		want   []flow.Command
	}{
		{"a day in words", day, "the day after tomorrow please", "", []flow.Command{{Kind: flow.SetSlot, Slot: "day", Value: "2026-11-26"}}},
		{"a time with two readings", flow.Expectation{Type: "time", Slot: "hour"}, "at three", "", []flow.Command{{Kind: flow.SetSlot, Slot: "hour", Value: "03:00", Options: []string{"15:00"}}}},
		{"a choice by another word", flow.Expectation{Type: "choice", Slot: "what", Choices: choices}, "it is about my heating", "", []flow.Command{{Kind: flow.SetSlot, Slot: "what", Value: "heat_pump"}}},
		{"a choice by its place", flow.Expectation{Type: "choice", Slot: "what", Choices: choices}, "the second one", "", []flow.Command{{Kind: flow.SetSlot, Slot: "what", Value: "solar"}}},
		{"a choice by key", flow.Expectation{Type: "choice", Slot: "what", Choices: choices}, "", "2", []flow.Command{{Kind: flow.SetSlot, Value: "solar"}}},
		{"an amount without its unit", flow.Expectation{Type: "quantity", Slot: "use", Unit: "kWh"}, "three hundred and fifty", "", []flow.Command{{Kind: flow.SetSlot, Slot: "use", Value: "350 kWh"}}},
		{"a name", flow.Expectation{Type: "name", Slot: "who"}, "my name is john smith", "", []flow.Command{{Kind: flow.SetSlot, Slot: "who", Value: "John Smith"}}},
		{"does not know", day, "i don't know", "", []flow.Command{{Kind: flow.DontKnow}}},
		{"a request with its values", flow.Expectation{Type: "open"}, "book a visit for the heating the day after tomorrow", "", []flow.Command{
			{Kind: flow.StartFlow, Flow: "visit"}, {Kind: flow.SetSlot, Slot: "day", Value: "2026-11-26"}, {Kind: flow.SetSlot, Slot: "what", Value: "heat_pump"},
		}},
		{"a correction of a day", flow.Expectation{Type: "name", Slot: "who"}, "no i meant the day after tomorrow", "", []flow.Command{{Kind: flow.SetSlot}}},
		{"a human while asked", day, "can i talk to a human", "", []flow.Command{{Kind: flow.Human}}},
		{"a company's own word for a human", day, "the big boss", "", []flow.Command{{Kind: flow.Human}}},
		{"spelling", day, "can you spell that", "", []flow.Command{{Kind: flow.Spell}}},
		{"going back", day, "go back please", "", []flow.Command{{Kind: flow.Back}}},
		{"Chinese request", flow.Expectation{Type: "open"}, "我要预约", "", []flow.Command{{Kind: flow.StartFlow, Flow: "visit"}}},
		{"Chinese human", day, "请转人工", "", []flow.Command{{Kind: flow.Human}}},
		{"Chinese yes", flow.Expectation{Type: "yesno"}, "是的", "", []flow.Command{{Kind: flow.Affirm}}},
		{"Chinese no", flow.Expectation{Type: "yesno"}, "不对", "", []flow.Command{{Kind: flow.Deny}}},
		{"a concealed PIN", flow.Expectation{Type: "digits", Slot: "pin", Sensitive: true}, "", "keyed:1", []flow.Command{{Kind: flow.SetSlot, Value: "keyed:1"}}},
		{"a PIN of the wrong length", flow.Expectation{Type: "digits", Slot: "pin", Sensitive: true}, "", "*", []flow.Command{{Kind: flow.NotHeard}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
			got, err := r.Understand(context.Background(), understand.View{Expect: test.expect, Flow: "visit", Language: "en-US", At: at}, understand.Turn{Text: test.text, Keys: test.keys, Confidence: 1})
			if err != nil || len(got) != len(test.want) {
				t.Fatalf("got %+v, %v; want %+v", got, err, test.want)
			}
			for i, w := range test.want {
				if g := got[i]; g.Kind != w.Kind || w.Value != "" && g.Value != w.Value || w.Slot != "" && g.Slot != w.Slot || g.Flow != w.Flow || len(w.Options) > 0 && (len(g.Options) == 0 || g.Options[0] != w.Options[0]) {
					t.Errorf("command %d is %+v, want %+v", i, g, w)
				}
			}
		})
	}
}
