// Package flite speaks with CMU Flite: English voices slt (the default), rms,
// awb and kal.
package flite

import (
	"fmt"
	"slices"

	"attendant/speech"
	"attendant/speech/process"
)

// New returns the vendor. Names that flite does not know become slt.
func New() speech.Synthesizer {
	return process.Voice{Program: "flite", Args: func(v speech.Voice, path string) []string {
		name := v.Name
		if !slices.Contains([]string{"slt", "rms", "awb", "kal", "kal16"}, name) {
			name = "slt"
		}
		stretch := 1.0
		if v.Rate > 0 {
			stretch = 1 / v.Rate
		}
		return []string{"-voice", name, "--setf", fmt.Sprintf("duration_stretch=%.2f", stretch), "-o", path, "-f", "/dev/stdin"}
	}}
}
