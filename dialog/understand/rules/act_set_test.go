package rules

import (
	"os"
	"strings"
	"testing"
)

// actSets are files of testdata: act, what the attendant said before, turn. The
// phrases were mended while acts.txt and acts_later.txt were looked at;
// acts_last.txt was written afterwards and not looked at. The floors are a little below what was measured
// (docs/measurements.md).
var actSets = []struct {
	file  string
	floor float64
	shown bool
}{
	{"testdata/acts.txt", 95, true},
	{"testdata/acts_later.txt", 95, true},
	{"testdata/acts_last.txt", 95, true},
}

// TestActsDevelopmentSets measures Act; WRONG prints what fails of a set that
// may be looked at.
func TestActsDevelopmentSets(t *testing.T) {
	for _, s := range actSets {
		data, err := os.ReadFile(s.file)
		if err != nil {
			t.Fatal(err)
		}
		var right, all float64
		for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
			parts := strings.Split(line, "|")
			if len(parts) != 3 {
				t.Fatalf("%s:%d: %q", s.file, i+1, line)
			}
			want, prev, text := parts[0], parts[1], parts[2]
			all++
			got := Act(text, prev)
			if got == want {
				right++
				continue
			}
			if got == "affirm" && want == "deny" || got == "deny" && want == "affirm" {
				t.Errorf("%s:%d: a yes and a no are swapped, Act(%q, %q) = %s", s.file, i+1, text, prev, got)
			}
			if s.shown && os.Getenv("WRONG") != "" {
				t.Logf("Act(%q, %q) = %s, want %s", text, prev, got, want)
			}
		}
		share := 100 * right / all
		t.Logf("%s: %.1f %% of %.0f turns right", s.file, share, all)
		if share < s.floor {
			t.Errorf("%s: %.1f %% right, want %.0f", s.file, share, s.floor)
		}
	}
}
