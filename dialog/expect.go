package dialog

import (
	"strings"
	"time"

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

// keysComplete reports whether no further key is to be waited for.
func keysComplete(keys string, expect flow.Expectation) bool {
	switch {
	case keys == "":
		return false
	case strings.HasSuffix(keys, "#"):
		return true
	case expect.Type == "digits" || expect.Type == "code" || expect.Type == "phone":
		return expect.Max > 0 && len(keys) >= expect.Max
	}
	return expect.Type == "yesno" || expect.Type == "choice" || keys == "0"
}

func patience(e flow.Expectation) time.Duration {
	return max(silencePatience, time.Duration(e.Patience)*time.Second)
}
