package rules

import (
	"testing"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
)

// TestSpokenForms holds that each spoken form of a value fills the slot that is
// asked for.
func TestSpokenForms(t *testing.T) {
	r := visitRules(t)
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC) // a tuesday
	for _, test := range []struct {
		typ, text, want string
	}{
		{"digits", "one two double four five", "12445"},
		{"digits", "double four", "44"},
		{"digits", "it is one oh five oh two", "10502"},
		{"digits", "triple seven one two", "77712"},
		{"digits", "a hundred and twenty", "120"},
		{"digits", "fifty five eighteen", "5518"},
		{"digits", "order number nine nine one two three please", "99123"},
		{"digits", "12345", "12345"},
		{"code", "b as in bravo seven seven four", "B774"},
		{"code", "b as in boy double seven four", "B774"},
		{"code", "sierra tango one two", "ST12"},
		{"code", "s w one a two double a", "SW1A2AA"},
		{"code", "nine oh two one oh", "90210"},
		{"date", "next tuesday", "2026-12-01"},
		{"datetime", "next tuesday at three in the afternoon", "2026-12-01T15:00"},
		{"date", "the day after tomorrow", "2026-11-26"},
		{"date", "the twenty third of march", "2027-03-23"},
		{"time", "half past nine in the morning", "09:30"},
		{"time", "quarter to five in the afternoon", "16:45"},
		{"money", "forty two dollars fifty", "42.50 USD"},
		{"email", "john dot smith at gmail dot com", "john.smith@gmail.com"},
		{"email", "m as in mike dot jones at gmail dot com", "m.jones@gmail.com"},
		{"quantity", "three hundred and fifty kilowatt hours", "350 kWh"},
		{"quantity", "350 kWh", "350 kWh"},
		{"quantity", "about three hundred fifty", "350 kWh"},
		{"phone", "five five five oh one double two", "5550122"},
		{"number", "a hundred and twenty", "120"},
		{"number", "a couple", "2"},
		{"daterange", "from monday to wednesday", "2026-11-30/2026-12-02"},
		{"name", "my name is anna lee", "Anna Lee"},
	} {
		expect := flow.Expectation{Type: test.typ, Slot: "s", Unit: "kWh"}
		got, err := r.Understand(t.Context(), understand.View{Expect: expect, Flow: "visit", Language: "en-US", At: at}, understand.Turn{Text: test.text, Confidence: 1})
		if err != nil || len(got) != 1 || got[0].Kind != flow.SetSlot || got[0].Value != test.want {
			t.Errorf("%s in %q: %+v, %v; want %q", test.typ, test.text, got, err, test.want)
		}
	}
}

// TestReadingsThatFit holds that of several readings the one is taken that is as
// long as was asked for.
func TestReadingsThatFit(t *testing.T) {
	r := visitRules(t)
	for _, test := range []struct {
		text     string
		min, max int
		want     string
	}{
		{"twenty three four five", 5, 5, "20345"},
		{"twenty three four five", 4, 4, "2345"},
		{"one two three for five", 5, 5, "12345"},
		{"double four to one nine", 5, 5, "44219"},
	} {
		expect := flow.Expectation{Type: "digits", Slot: "s", Min: test.min, Max: test.max}
		got, err := r.Understand(t.Context(), understand.View{Expect: expect, Language: "en-US"}, understand.Turn{Text: test.text, Confidence: 1})
		if err != nil || len(got) != 1 || got[0].Value != test.want {
			t.Errorf("%q, %d to %d digits: %+v, %v; want %q", test.text, test.min, test.max, got, err, test.want)
		}
	}
}
