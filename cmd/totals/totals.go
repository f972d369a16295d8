// Command totals reads the output of "go test -json", shows what failed, and
// ends with the slowest tests and the totals.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	t, err := count(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "totals:", err)
		os.Exit(1)
	}
	for _, s := range t.slow {
		fmt.Printf("slow  %s %.0fs\n", s.name, s.seconds)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	if t.failed > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

// event is a line of go test's JSON.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// totals are what count adds up.
type totals struct {
	passed, failed, skipped int
	slow                    []timed // the slowest first; tests within others are not told again
}

type timed struct {
	name    string
	seconds float64
}

// mostSlow is how many of the slowest tests are told.
const mostSlow = 12

// count adds up tests and those packages that failed without one, printing the
// output of what failed and a line a package.
func count(r io.Reader, w io.Writer) (t totals, err error) {
	output := map[string][]string{}
	blamed := map[string]bool{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(w, lines.Text()) // what the compiler says is no JSON
			continue
		}
		key := e.Package + " " + e.Test
		if e.Test != "" && !strings.Contains(e.Test, "/") && e.Elapsed >= 1 {
			t.slow = append(t.slow, timed{key, e.Elapsed})
		}
		switch e.Action {
		case "output", "build-output":
			output[key] = append(output[key], e.Output)
		case "pass":
			if e.Test != "" {
				t.passed++
				delete(output, key)
			} else {
				fmt.Fprintf(w, "ok    %-40s %.1fs\n", e.Package, e.Elapsed)
			}
		case "skip":
			if e.Test != "" {
				t.skipped++
				fmt.Fprintln(w, "skip ", key, output[key])
			}
		case "fail":
			if e.Test == "" && blamed[e.Package] {
				continue
			}
			t.failed++
			blamed[e.Package] = true
			fmt.Fprintln(w, "FAIL ", key)
			for _, line := range output[key] {
				fmt.Fprint(w, "    ", line)
			}
		case "build-fail":
			for _, o := range output {
				for _, line := range o {
					fmt.Fprint(w, "    ", line)
				}
			}
		}
	}
	slices.SortFunc(t.slow, func(a, b timed) int { return cmp.Compare(b.seconds, a.seconds) })
	t.slow = t.slow[:min(len(t.slow), mostSlow)]
	return t, lines.Err()
}
