package understand

import (
	"slices"
	"strings"

	"attendant/dialog/flow"
)

const (
	// doubtful is the confidence below which a recogniser's words are a guess. Of
	// short answers that were heard wrong, most have less.
	doubtful = 0.3
	// certain is the confidence, of words and of what they mean, from which a request
	// is one although free text was asked for.
	certain = 0.6
	plain   = 0.85
	// longest is how many words a request has that is made in place of free text.
	longest = 10
	// longestName is how many words a name or an address has.
	longestName = 8
)

// Settle holds commands against what was asked and how well the words were heard.
// Where a question waits for its answer, a guess begins nothing else and ends
// nothing: it is asked again. Where the answer is free text, what is no clear
// request is that text. A wish for a human always counts, and keys do.
func Settle(v View, t Turn, commands []flow.Command) []flow.Command {
	if t.Keys != "" || t.Text == "" || !waits(v.Expect) || !slices.ContainsFunc(commands, v.leaves) || has(commands, flow.Human) {
		return commands
	}
	guessed := t.Confidence > 0 && t.Confidence < doubtful
	switch {
	case free(v.Expect.Type):
		if requested(v, t, commands) {
			return commands
		}
		return freeText(v.Expect, t)
	case guessed:
		return []flow.Command{{Kind: flow.NotHeard, Words: t.Text, Confidence: t.Confidence}}
	}
	return commands
}

// waits reports whether a question waits for its answer.
func waits(e flow.Expectation) bool { return e.Type != "" && e.Type != "open" }

// free reports whether any words may be the answer.
func free(slotType string) bool {
	return slotType == "text" || slotType == "name" || slotType == "address"
}

// leaves reports whether a command leaves the question that was asked.
func (v View) leaves(c flow.Command) bool {
	switch c.Kind {
	case flow.StartFlow:
		return c.Flow != v.Flow
	case flow.Answer, flow.Cancel, flow.StartOver, flow.Goodbye:
		return true
	}
	return false
}

func has(commands []flow.Command, kind flow.CommandKind) bool {
	return slices.ContainsFunc(commands, func(c flow.Command) bool { return c.Kind == kind })
}

// requested reports whether a turn is a clear request of its own: short, well
// heard, and one that the company knows in about these words; or one of the few
// commands that end something, said alone.
func requested(v View, t Turn, commands []flow.Command) bool {
	words := len(strings.Fields(t.Text))
	if t.Confidence > 0 && t.Confidence < certain || words > longest {
		return false
	}
	for _, c := range commands {
		switch {
		case !v.leaves(c):
		case c.Kind == flow.StartFlow || c.Kind == flow.Answer:
			if c.Confidence < plain {
				return false
			}
		case words > 5:
			return false
		}
	}
	return true
}

// freeText is the turn as the text that was asked for. What is too long for a name
// or an address is asked again.
func freeText(e flow.Expectation, t Turn) []flow.Command {
	c := flow.Command{Kind: flow.SetSlot, Slot: e.Slot, Value: strings.TrimSpace(t.Text), Words: t.Text, Confidence: t.Confidence}
	if e.Type != "text" && len(strings.Fields(t.Text)) > longestName {
		c = flow.Command{Kind: flow.NotHeard, Words: t.Text, Confidence: t.Confidence}
	}
	return []flow.Command{c}
}
