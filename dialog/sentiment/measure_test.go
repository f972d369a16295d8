package sentiment

import (
	"os"
	"strings"
	"testing"
)

var labels = []string{"negative", "neutral", "positive"}

// TestDevelopmentSet prints the mean of the three labels' F1 and holds it a
// little below what was measured (docs/measurements.md).
func TestDevelopmentSet(t *testing.T) {
	data, err := os.ReadFile("testdata/service.txt")
	if err != nil {
		t.Fatal(err)
	}
	var tally tally
	want := ""
	for text := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n") {
		if text == "negative" || text == "neutral" || text == "positive" {
			want = text
			continue
		}
		tally.add(t, text, want, true)
	}
	if f1 := tally.f1(t, "service.txt"); f1 < 0.9 {
		t.Errorf("macro-F1 %.3f", f1)
	}
}

// TestAirline does the same with utterances to airlines as people write and say
// them. Odd lines were looked at while the code was mended, even ones were not.
func TestAirline(t *testing.T) {
	data, err := os.ReadFile("testdata/airline.txt")
	if err != nil {
		t.Fatal(err)
	}
	var halves [2]tally
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		want, text, _ := strings.Cut(line, "|")
		halves[i%2].add(t, text, want, i%2 == 0)
	}
	seen, held := halves[0].f1(t, "airline.txt, looked at"), halves[1].f1(t, "airline.txt, others")
	if seen < airlineFloor || held < airlineFloor {
		t.Errorf("macro-F1 %.3f and %.3f, want %.2f", seen, held, airlineFloor)
	}
}

// airlineFloor is a little below what was measured (docs/measurements.md).
const airlineFloor = 0.68

// tally counts labels: {right one, given one}.
type tally struct{ count map[[2]string]float64 }

// add scores a text; WRONG prints those that are not as wanted, where they are
// shown.
func (c *tally) add(t *testing.T, text, want string, shown bool) {
	t.Helper()
	s := New().Score(text)
	if c.count == nil {
		c.count = map[[2]string]float64{}
	}
	c.count[[2]string{want, s.Label}]++
	if s.Label != want && shown && os.Getenv("WRONG") != "" {
		t.Logf("%q is %s, got %.2f from %q", text, want, s.Value, s.Cause)
	}
}

// f1 is the mean of the labels' F1.
func (c *tally) f1(t *testing.T, name string) float64 {
	t.Helper()
	sum := 0.0
	for _, l := range labels {
		var of, given float64
		for _, o := range labels {
			of += c.count[[2]string{l, o}]
			given += c.count[[2]string{o, l}]
		}
		f1 := 2 * c.count[[2]string{l, l}] / (of + given)
		t.Logf("%s, %s: F1 %.3f", name, l, f1)
		sum += f1 / 3
	}
	t.Logf("%s: macro-F1 %.3f, %v", name, sum, c.count)
	return sum
}
