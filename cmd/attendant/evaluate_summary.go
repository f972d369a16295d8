package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// tested are the flags that every kind has: with a file of questions and what is
// wanted, a summary is printed in place of answers.
type tested struct {
	Test string `help:"Print a summary over this file: lines as on standard input, with \"want\"; or .tsv, text TAB want." type:"existingfile" placeholder:"FILE"`
	JSON bool   `help:"Print the summary as JSON."`
}

// summary tells how answers compare with what is wanted.
type summary struct {
	Asked    int              `json:"asked"`
	Right    int              `json:"right"`
	Accuracy float64          `json:"accuracy"` // right of asked
	MacroF1  float64          `json:"macro_f1"` // the mean of the labels' F1; nothing wanted and nothing found is a label, too
	P50      float64          `json:"p50_ms"`   // of an answer
	P95      float64          `json:"p95_ms"`
	Labels   map[string]score `json:"labels"`   // at most maxLabels, else none
	Failures []failure        `json:"failures"` // the first maxFailures
}

// score is one label's.
type score struct {
	Wanted    int     `json:"wanted"`
	Found     int     `json:"found"`
	Right     int     `json:"right"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// failure names a question that was answered otherwise than wanted.
type failure struct {
	ID   json.RawMessage `json:"id"`
	Want any             `json:"want"`
	Got  any             `json:"got"`
}

const (
	maxFailures = 50
	// maxLabels is where a list of labels stops being one: values and texts are all
	// different.
	maxLabels = 500
	// nothing is the label of what has none: out of scope, no value, unanswerable.
	nothing = "(none)"
)

// counted gathers what a summary tells.
type counted struct {
	summary
	labels map[string]*score
	took   []time.Duration
}

// measure answers the questions of the test file and prints the summary. got is
// what of an answer is compared.
func (t tested) measure(p *program, answer func(question) (any, error), got func(any) any) error {
	lines, err := t.questions()
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	sum := counted{labels: map[string]*score{}}
	for _, q := range lines {
		began := time.Now()
		a, err := answer(q.question)
		if err != nil {
			return fmt.Errorf("%w: %s: question %s: %w", errSettings, t.Test, q.ID, err)
		}
		sum.took = append(sum.took, time.Since(began))
		sum.add(q, got(a))
	}
	sum.finish()
	return sum.print(p.out, t.JSON)
}

// wantedQuestion is a question with what is wanted: any JSON; of knowledge a document's ID
// or a list of them, one of which is enough.
type wantedQuestion struct {
	question
	Want any `json:"want"`
}

func (t tested) questions() ([]wantedQuestion, error) {
	data, err := os.ReadFile(t.Test)
	if err != nil {
		return nil, err
	}
	var out []wantedQuestion
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) == "" {
			continue
		}
		q, err := readAsked(line, n, strings.HasSuffix(t.Test, ".tsv"))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", t.Test, n, err)
		}
		out = append(out, q)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no questions", t.Test)
	}
	return out, nil
}

func readAsked(line string, n int, tabs bool) (wantedQuestion, error) {
	q := wantedQuestion{}
	if tabs {
		text, want, ok := strings.Cut(line, "\t")
		if !ok {
			return q, errors.New("want 'text TAB want'")
		}
		q.ID, q.Text, q.Query = json.RawMessage(fmt.Sprint(n)), text, text
		if want != "" {
			q.Want = want
		}
		return q, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		return q, err
	}
	if _, ok := fields["want"]; !ok {
		return q, errors.New(`there is no "want" (null where nothing is wanted)`)
	}
	if err := json.Unmarshal([]byte(line), &q); err != nil {
		return q, err
	}
	if q.ID == nil {
		q.ID = json.RawMessage(fmt.Sprint(n))
	}
	return q, nil
}

func (t *counted) add(q wantedQuestion, got any) {
	t.Asked++
	// What is compared is what is written: numbers and structures as JSON has them.
	got = asJSON(got)
	right := equal(q.Want, got)
	want := label(q.Want)
	if right {
		t.Right++
		want = label(got)
		t.of(want).Right++
	} else if len(t.Failures) < maxFailures {
		t.Failures = append(t.Failures, failure{q.ID, q.Want, got})
	}
	t.of(want).Wanted++
	t.of(label(got)).Found++
}

func (t *counted) of(label string) *score {
	if t.labels[label] == nil {
		t.labels[label] = &score{}
	}
	return t.labels[label]
}

func asJSON(v any) any {
	data, err := json.Marshal(v)
	var out any
	if err != nil || json.Unmarshal(data, &out) != nil {
		return v
	}
	return out
}

// equal compares what is wanted, one value or several of which one is enough,
// with what was got.
func equal(want, got any) bool {
	if list, ok := want.([]any); ok {
		return slices.ContainsFunc(list, func(w any) bool { return reflect.DeepEqual(w, got) })
	}
	return reflect.DeepEqual(want, got)
}

func label(v any) string {
	switch v := v.(type) {
	case nil:
		return nothing
	case string:
		return v
	case []any:
		if len(v) > 0 {
			return label(v[0])
		}
		return nothing
	}
	data, _ := json.Marshal(v) // it came from JSON
	return string(data)
}

func (t *counted) finish() {
	share := func(part, of int) float64 {
		if of == 0 {
			return 0
		}
		return float64(part) / float64(of)
	}
	t.Accuracy = share(t.Right, t.Asked)
	wanted := 0
	t.Labels = map[string]score{}
	for name, s := range t.labels {
		s.Precision, s.Recall = share(s.Right, s.Found), share(s.Right, s.Wanted)
		if s.Right > 0 {
			s.F1 = 2 * s.Precision * s.Recall / (s.Precision + s.Recall)
		}
		if s.Wanted > 0 {
			wanted++
			t.MacroF1 += s.F1
		}
		if len(t.labels) <= maxLabels {
			t.Labels[name] = *s
		}
	}
	t.MacroF1 /= float64(max(wanted, 1))
	slices.Sort(t.took)
	ms := func(p float64) float64 {
		return float64(t.took[int(p*float64(len(t.took)-1))].Microseconds()) / 1000
	}
	t.P50, t.P95 = ms(.5), ms(.95)
}

func (t *counted) print(out io.Writer, machine bool) error {
	var b bytes.Buffer
	if machine {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(t.summary); err != nil {
			return err
		}
	} else {
		t.write(&b)
	}
	_, err := out.Write(b.Bytes())
	return err
}

// write prints the summary for people: the labels that are worst first.
func (t *counted) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "right     %d of %d, %.1f %%\nmacro F1  %.3f\nan answer %.2f ms p50, %.2f ms p95\n", t.Right, t.Asked, 100*t.Accuracy, t.MacroF1, t.P50, t.P95)
	names := slices.SortedFunc(maps.Keys(t.Labels), func(x, y string) int {
		return cmp.Or(cmp.Compare(t.Labels[x].F1, t.Labels[y].F1), cmp.Compare(x, y))
	})
	const shown = 30
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nLABEL\tWANTED\tFOUND\tRIGHT\tPRECISION\tRECALL\tF1")
	for _, n := range names[:min(shown, len(names))] {
		s := t.Labels[n]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.2f\t%.2f\t%.2f\n", n, s.Wanted, s.Found, s.Right, s.Precision, s.Recall, s.F1)
	}
	_ = w.Flush() // to memory
	if len(names) > shown {
		fmt.Fprintf(b, "… and %d labels that are better\n", len(names)-shown)
	}
}
