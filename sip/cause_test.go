package sip

import "testing"

func TestCausesOfResponses(t *testing.T) {
	for _, c := range []struct {
		status, q850 int
		words        string
	}{
		{486, 17, "busy"},
		{404, 1, "the number does not exist"},
		{480, 18, "nobody can be reached there now"},
		{200, 16, "answered"},
		{302, 23, "the far end has moved"},
		{499, 41, "the far end refuses the request"},
		{599, 41, "the far end has a fault"},
		{699, 21, "the call is refused everywhere"},
		{0, 38, "no answer came"},
	} {
		if q, words := Cause(c.status); q != c.q850 || words != c.words {
			t.Errorf("%d is cause %d, %q; want %d, %q", c.status, q, words, c.q850, c.words)
		}
	}
	for q850, want := range map[int]int{1: 404, 16: 480, 17: 486, 28: 484, 34: 503, 127: 500, 99: 500} {
		if got := Status(q850); got != want {
			t.Errorf("cause %d is %d, want %d", q850, got, want)
		}
	}
}
