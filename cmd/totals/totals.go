// Command totals reads the output of "go test -json", shows what failed, and
// ends with the totals.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	passed, failed, skipped, err := count(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "totals:", err)
		os.Exit(1)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

// event is a line of go test's JSON.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// count adds up tests and those packages that failed without one, printing the
// output of what failed and a line a package.
func count(r io.Reader, w io.Writer) (passed, failed, skipped int, err error) {
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
		switch e.Action {
		case "output", "build-output":
			output[key] = append(output[key], e.Output)
		case "pass":
			if e.Test != "" {
				passed++
				delete(output, key)
			} else {
				fmt.Fprintf(w, "ok    %-40s %.1fs\n", e.Package, e.Elapsed)
			}
		case "skip":
			if e.Test != "" {
				skipped++
				fmt.Fprintln(w, "skip ", key, output[key])
			}
		case "fail":
			if e.Test == "" && blamed[e.Package] {
				continue
			}
			failed++
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
	return passed, failed, skipped, lines.Err()
}
