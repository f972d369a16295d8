package rules

import (
	"cmp"
	"slices"

	"attendant/dialog/understand"
)

// Near are the flows and articles whose examples are most like a text, the
// likest first, however unlike.
func (r *Rules) Near(text string, most int) []understand.Candidate {
	sums := r.likeness(tokens(text))
	order := make([]int, len(sums))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sums[b], sums[a]) })
	var out []understand.Candidate
	for _, i := range order {
		c := understand.Candidate{Flow: r.examples[i].flow, Article: r.examples[i].article}
		if len(out) == most || sums[i] == 0 {
			break
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}
