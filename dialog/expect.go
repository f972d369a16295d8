package dialog

import (
	"strings"

	"attendant/dialog/flow"
	"attendant/speech"
)

// Expected is what a recogniser is told of what the engine expects.
func Expected(e flow.Expectation) speech.Expectation {
	return speech.Expectation{Kind: expectKind(e.Type), Min: e.Min, Max: e.Max, Choices: Names(e.Choices)}
}

// Names are the words for what may be chosen, in every language.
func Names(choices []flow.Choice) []string {
	var out []string
	for _, c := range choices {
		out = append(out, strings.ReplaceAll(c.Value, "_", " "))
		out = append(append(out, c.Words...), c.Say.All()...)
	}
	return out
}

// expectKind is what a recogniser can expect; of other types it hears words.
func expectKind(t string) speech.ExpectKind {
	switch t {
	case "digits", "code", "yesno", "date", "time", "number", "money", "choice":
		return speech.ExpectKind(t)
	case "phone":
		return speech.ExpectDigits
	case "quantity":
		return speech.ExpectNumber
	case "datetime", "daterange":
		return speech.ExpectDate
	}
	return speech.ExpectOpen
}
