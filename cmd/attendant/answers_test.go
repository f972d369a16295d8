//go:build measure

package main

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
	"attendant/speech"
)

// answers are what callers say to a question: the slot that is asked for, the
// meaning, the words. A day is named by a word that stands in the expectation.
//
//go:embed testdata/answers.tsv
var answers string

// expectationOf is what a flow expects when it asks for a slot.
func expectationOf(t *testing.T, set *flow.Set, name string) (flow.Expectation, string) {
	t.Helper()
	if name == "yesno" {
		return flow.Expectation{Type: "yesno"}, ""
	}
	of, slot, _ := strings.Cut(name, ".")
	f := set.Flow(of)
	if f == nil || f.Slots[slot].Type == "" {
		t.Fatalf("no slot %s", name)
	}
	s := f.Slots[slot]
	e := flow.Expectation{Type: s.Type, Slot: slot, Unit: s.Unit, Choices: s.Choices}
	if s.Type == "digits" || s.Type == "code" {
		e.Min, e.Max = int(s.Min), int(s.Max)
	}
	return e, of
}

// said is a row of answers.tsv.
type said struct {
	slot, meaning, text string
	expect              flow.Expectation
	flow                string
}

func saidAnswers(t *testing.T, set *flow.Set) []said {
	t.Helper()
	days := map[string]string{"+tuesday": "2026-12-01", "+tomorrow": "2026-11-26", "+friday": "2026-11-27", "+monday": "2026-11-30"}
	var out []said
	for row := range strings.Lines(answers) {
		f := strings.Split(strings.TrimRight(row, "\n"), "\t")
		if strings.HasPrefix(row, "#") {
			continue
		}
		s := said{slot: f[0], meaning: f[1], text: f[2]}
		if d := days[s.meaning]; d != "" {
			s.meaning = d
		}
		s.expect, s.flow = expectationOf(t, set, s.slot)
		out = append(out, s)
	}
	return out
}

// saidTally counts answers and other things said: right, and of all.
type saidTally [2][2]int

// TestMeasureAnswers prints how often a short answer to a question, and what is
// said in place of one, is understood.
func TestMeasureAnswers(t *testing.T) {
	r, company := spokenRecognizer(t)
	rows := saidAnswers(t, company.flows)
	for _, s := range rows { // what is meant is understood where it is heard right
		if got := meantBy(t, company, s, speech.Result{Text: s.text, Confidence: 1}); got != s.meaning {
			t.Errorf("%s: %q is understood as %q, want %q", s.slot, s.text, got, s.meaning)
		}
	}
	for _, line := range lines {
		t.Run(line.name, func(t *testing.T) {
			var all saidTally
			for _, v := range measuredVoices {
				t.Run(v.name, func(t *testing.T) {
					var one saidTally
					for _, s := range rows {
						got := hear(t, r, s.expect, line.band, through(t, line.codec, line.band, render(t, v.s, v.v, s.text)))
						one.count(t, company, s, got)
					}
					printAnswers(line.name+", "+v.name, one)
					for kind := range all {
						all[kind][0], all[kind][1] = all[kind][0]+one[kind][0], all[kind][1]+one[kind][1]
					}
				})
			}
			printAnswers(line.name+", all of these", all)
		})
	}
}

// count adds whether a result was understood.
func (n *saidTally) count(t *testing.T, company *company, s said, got speech.Result) {
	t.Helper()
	kind := 1
	if isAnswer(s.expect, s.meaning) {
		kind = 0
	}
	n[kind][1]++
	meaning := meantBy(t, company, s, got)
	if meaning == s.meaning {
		n[kind][0]++
		return
	}
	fmt.Printf("  %s, %s: %q heard as %q (%.2f), understood as %q\n", t.Name(), s.slot, s.text, got.Text, got.Confidence, meaning)
}

func printAnswers(where string, n saidTally) {
	fmt.Printf("%s: answers right %d of %d (%.0f %%), others %d of %d (%.0f %%)\n", where,
		n[0][0], n[0][1], 100*float64(n[0][0])/float64(n[0][1]), n[1][0], n[1][1], 100*float64(n[1][0])/float64(n[1][1]))
}

// meantBy is what the rules take a result for.
func meantBy(t *testing.T, company *company, s said, got speech.Result) string {
	t.Helper()
	turn := understand.Turn{Text: got.Text, Confidence: got.Confidence}
	for _, a := range got.Alternatives {
		turn.Alternatives = append(turn.Alternatives, a.Text)
	}
	at := time.Date(2026, 11, 25, 11, 0, 0, 0, time.UTC) // a Wednesday
	commands, err := company.rules.Understand(t.Context(), understand.View{Expect: s.expect, Flow: s.flow, Language: "en-US", At: at}, turn)
	if err != nil {
		t.Fatal(err)
	}
	return meant(commands)
}

// isAnswer tells an answer to the question from something else that is said.
func isAnswer(e flow.Expectation, meaning string) bool {
	switch e.Type {
	case "choice":
		for _, c := range e.Choices {
			if c.Value == meaning {
				return true
			}
		}
		return false
	case "yesno":
		return meaning == "yes" || meaning == "no"
	}
	return strings.ContainsAny(meaning, "0123456789")
}
