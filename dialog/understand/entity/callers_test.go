package entity

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// spokenAt is the moment to which testdata/callers.txt refers.
var spokenAt = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)

// callersFloors are the parts of testdata/callers.txt that must be right, a little
// below what was measured (docs/measurements.md).
var callersFloors = map[Type]float64{
	Date: 0.8, Time: 0.8, Datetime: 0.8, Money: 0.8, Number: 0.8, Ordinal: 0.8, Duration: 0.8,
	Phone: 0.9, Card: 0.95, Code: 0.95, Digits: 0.9, Email: 0.9, YesNo: 0.9,
}

// TestCallers measures values as callers say them: type, text, value. Odd lines
// were looked at while the code was mended, even ones were not.
func TestCallers(t *testing.T) {
	right, all := map[Type]*[2]float64{}, map[Type]*[2]float64{}
	for i, c := range lines(t, "testdata/callers.txt", 3) {
		typ := Type(c[0])
		if all[typ] == nil {
			right[typ], all[typ] = &[2]float64{}, &[2]float64{}
		}
		all[typ][i%2]++
		v, ok := Find(c[1], typ, spokenAt, "en")
		if same(v, ok, c[2]) {
			right[typ][i%2]++
		} else if i%2 == 0 && os.Getenv("WRONG") != "" {
			t.Logf("%s of %q is %q, want %q", typ, c[1], v.Text, c[2])
		}
		if typ == Digits && strings.Trim(c[1], "0123456789 ") == "" && !same(v, ok, c[2]) {
			t.Errorf("plain digits %q are %q, want %q", c[1], v.Text, c[2])
		}
	}
	var ids, rightIDs float64
	for _, typ := range []Type{Phone, Card, Code, Digits} {
		ids += all[typ][0] + all[typ][1]
		rightIDs += right[typ][0] + right[typ][1]
	}
	t.Logf("telephone and card numbers, codes, digits: %.3f of %.0f right", rightIDs/ids, ids)
	if rightIDs/ids < 0.95 {
		t.Errorf("%.3f of telephone and card numbers, codes and digits right", rightIDs/ids)
	}
	for typ, floor := range callersFloors {
		r, n := right[typ], all[typ]
		if n == nil {
			t.Fatalf("no lines of %s", typ)
		}
		t.Logf("%s: %d lines, %.3f right of those looked at, %.3f of the others", typ, int(n[0]+n[1]), r[0]/n[0], r[1]/n[1])
		if got := (r[0] + r[1]) / (n[0] + n[1]); got < floor {
			t.Errorf("%s: %.3f right, want %.2f", typ, got, floor)
		}
	}
}

// same compares as an operator's data would: numbers as numbers, a telephone
// number without its plus.
func same(v Value, found bool, want string) bool {
	if !found || want == "" {
		return !found && want == ""
	}
	switch v.Type {
	case Number, Ordinal, Duration:
		n, err := strconv.ParseFloat(want, 64)
		return err == nil && math.Abs(v.Number-n) < 1e-3
	case Money:
		amount, currency, _ := strings.Cut(want, " ")
		n, err := strconv.ParseFloat(amount, 64)
		return err == nil && math.Abs(v.Number-n) < 1e-6 && v.Unit == currency
	case Phone:
		return strings.TrimPrefix(v.Text, "+") == strings.TrimPrefix(want, "+")
	}
	return v.Text == want
}

// TestFormsOfText measures Written and Spoken on texts with their other form.
func TestFormsOfText(t *testing.T) {
	for file, write := range map[string]func(string, string) string{"written": Written, "spoken": Spoken} {
		var right, all [2]float64
		for i, c := range lines(t, "testdata/"+file+".txt", 2) {
			all[i%2]++
			if got := write(c[0], "en"); got == c[1] {
				right[i%2]++
			} else if i%2 == 0 && os.Getenv("WRONG") != "" {
				t.Logf("%s of %q is %q, want %q", file, c[0], got, c[1])
			}
		}
		t.Logf("%s: %d lines, %.3f right of those looked at, %.3f of the others", file, int(all[0]+all[1]), right[0]/all[0], right[1]/all[1])
		if got := (right[0] + right[1]) / (all[0] + all[1]); got < formsFloor {
			t.Errorf("%s: %.3f right, want %.2f", file, got, formsFloor)
		}
	}
}

const formsFloor = 0.85

func lines(t *testing.T, file string, parts int) (out [][]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n") {
		c := strings.Split(line, "|")
		if len(c) != parts {
			t.Fatalf("%s: %q", file, line)
		}
		out = append(out, slices.Clone(c))
	}
	return out
}
