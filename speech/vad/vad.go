// Package vad tells speech from silence by energy over an adaptive floor.
//
// The central type is Detector, a speech.Detector: it follows the line's noise
// floor, which falls quickly and rises slowly, and calls a frame speech when it
// is well above the floor and not a mere click. Echo tells our own voice that comes
// back from a caller's. Both are pure state; one goroutine uses one.
package vad

import (
	"attendant/media"
	"attendant/media/dsp"
)

// Config sets a Detector. Zero fields have the defaults in brackets, which were
// set on telephone and wideband speech with and without noise.
type Config struct {
	OverFloorDB float64 // how far above the floor speech begins [9]
	LowestDB    float64 // the level below which nothing is speech [-47]
	Onset       int     // frames above the threshold before speech is believed [2]
	Hangover    int     // frames that speech goes on after the last loud one [4]
}

// Detector implements speech.Detector.
type Detector struct {
	cfg   Config
	floor float64
	loud  int // loud frames in a row
	hang  int
}

// New returns a detector that knows nothing of the line yet.
func New(cfg Config) *Detector {
	set := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&cfg.OverFloorDB, 9)
	set(&cfg.LowestDB, -47)
	if cfg.Onset == 0 {
		cfg.Onset = 2
	}
	if cfg.Hangover == 0 {
		cfg.Hangover = 4
	}
	d := &Detector{cfg: cfg}
	d.Reset()
	return d
}

// Reset forgets the line.
func (d *Detector) Reset() { d.floor, d.loud, d.hang = -60, 0, 0 }

// Detect reports whether f holds speech.
func (d *Detector) Detect(f *media.Frame) bool {
	level := dsp.Level(f[:])
	loud := level > max(d.cfg.LowestDB, d.floor+d.cfg.OverFloorDB)
	d.follow(level, loud)
	if !loud {
		d.loud = 0
		d.hang = max(0, d.hang-1)
		return d.hang > 0
	}
	if d.loud++; d.loud >= d.cfg.Onset {
		d.hang = d.cfg.Hangover + 1
	}
	return d.hang > 0
}

// follow moves the floor: down within 100 ms, up by 3 dB a second, in speech by
// a third of that, so that a hum that begins is no speech for ever.
func (d *Detector) follow(level float64, loud bool) {
	level = max(level, -75)
	switch {
	case level < d.floor:
		d.floor += 0.2 * (level - d.floor)
	case loud:
		d.floor += 0.02
	default:
		d.floor += min(0.06, level-d.floor)
	}
}
