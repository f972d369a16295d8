// Package espeak speaks with espeak-ng, which knows many languages.
package espeak

import (
	"regexp"
	"strconv"

	"attendant/speech"
	"attendant/speech/process"
)

// wordsPerMinute is an unhurried telephone voice.
const wordsPerMinute = 150

var plainName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+_-]*$`)

// New returns the vendor. The voice's name is espeak-ng's, "en-us+f3"; where it
// has none, its language.
func New() speech.Synthesizer {
	return process.Voice{Program: "espeak-ng", Args: func(v speech.Voice, path string) []string {
		name := v.Name
		if !plainName.MatchString(name) {
			name = v.Language
		}
		if !plainName.MatchString(name) {
			name = "en-us"
		}
		rate := 1.0
		if v.Rate > 0 {
			rate = v.Rate
		}
		return []string{"-v", name, "-s", strconv.Itoa(int(wordsPerMinute * rate)), "-w", path, "--stdin"}
	}}
}
