package dsp

import "sync"

// The tones of a telephone's keys: one of each group at a time. ITU-T Q.23.
var (
	lowTones  = [4]float64{697, 770, 852, 941}
	highTones = [4]float64{1209, 1336, 1477, 1633}
	keypad    = [4]string{"123A", "456B", "789C", "*0#D"}
)

const (
	// keyShare is how much of the energy the two tones must have: speech has its
	// energy in many.
	keyShare = 0.75
	// keyTwist bounds how much stronger one of them may be, 9 dB: ITU-T Q.24 has
	// lines that weaken the high group by up to 8 dB.
	keyTwist = 8
	// keyLevel is the faintest that counts, in dB relative to full scale.
	keyLevel = -40
	// pressFrames and releaseFrames are how many frames of 20 ms begin a press and
	// end it: ITU-T Q.24 has presses of 40 ms and pauses of 40 ms.
	pressFrames   = 2
	releaseFrames = 2
)

// KeyEar hears keys in audio, for far ends that have no other way to send them.
// Its zero value is ready; it belongs to one goroutine.
type KeyEar struct {
	last   byte // of the frame before; 0 is none
	same   int  // frames with it
	down   byte // what is pressed
	silent int  // frames without it
}

// Hear takes in 20 ms of audio and returns the key whose press has begun with
// it, if one has.
func (e *KeyEar) Hear(samples []int16, rateHz int) (key byte, pressed bool) {
	heard := toneOf(samples, rateHz)
	if heard == e.last {
		e.same++
	} else {
		e.last, e.same = heard, 1
	}
	if heard == e.down {
		e.silent = 0
		return 0, false
	}
	if e.silent++; e.silent >= releaseFrames {
		e.down = 0
	}
	if heard == 0 || e.same < pressFrames || e.down != 0 {
		return 0, false
	}
	e.down, e.silent = heard, 0
	return heard, true
}

// toneOf is the key whose tones samples are; 0 is none.
func toneOf(samples []int16, rateHz int) byte {
	if Level(samples) < keyLevel {
		return 0
	}
	strongest := func(tones *[4]float64) (at int, share float64) {
		for i, hz := range tones {
			if p := Power(samples, rateHz, hz); p > share {
				at, share = i, p
			}
		}
		return at, share
	}
	row, low := strongest(&lowTones)
	column, high := strongest(&highTones)
	if low+high < keyShare || low > keyTwist*high || high > keyTwist*low {
		return 0
	}
	return keypad[row][column]
}

const (
	// keyFrames and gapFrames are how long a key sounds, and the pause after it:
	// 100 ms and 80 ms, which every far end hears.
	keyFrames = 5
	gapFrames = 4
	// keyAmplitude of each tone: -9 dB of full scale together.
	keyAmplitude = 8000
)

// KeyVoice says keys in the place of other audio. Its zero value is ready; any
// goroutine may call its methods.
type KeyVoice struct {
	mu        sync.Mutex
	keys      string
	frame     int // of the first key
	low, high float64
	done      chan struct{}
}

// Press has keys said after one another, and returns a channel that is closed when
// all are. It reports false where the keys before are not said yet, or one is
// none.
func (v *KeyVoice) Press(keys string) (done <-chan struct{}, ok bool) {
	for i := range len(keys) {
		if _, _, known := place(keys[i]); !known {
			return nil, false
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys != "" {
		return nil, false
	}
	v.keys, v.frame, v.low, v.high, v.done = keys, 0, 0, 0, make(chan struct{})
	if keys == "" {
		close(v.done)
	}
	return v.done, true
}

// Say fills samples, 20 ms, with what is to be said, and reports whether anything
// is. It neither blocks nor allocates.
func (v *KeyVoice) Say(samples []int16, rateHz int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys == "" {
		return false
	}
	clear(samples)
	if v.frame < keyFrames {
		row, column, _ := place(v.keys[0])
		v.low = mix(samples, rateHz, lowTones[row], v.low)
		v.high = mix(samples, rateHz, highTones[column], v.high)
	}
	if v.frame++; v.frame == keyFrames+gapFrames {
		v.keys, v.frame, v.low, v.high = v.keys[1:], 0, 0, 0
		if v.keys == "" {
			close(v.done)
		}
	}
	return true
}

// mix adds a tone to samples and returns the phase that continues it.
func mix(samples []int16, rateHz int, hz, phase float64) float64 {
	var tone [320]int16
	part := tone[:min(len(samples), len(tone))]
	phase = Tone(part, rateHz, hz, keyAmplitude, phase)
	for i, s := range part {
		samples[i] = clip(float64(samples[i]) + float64(s))
	}
	return phase
}

// place is a key's row and column.
func place(key byte) (row, column int, ok bool) {
	for r, keys := range keypad {
		for c := range len(keys) {
			if keys[c] == key {
				return r, c, true
			}
		}
	}
	return 0, 0, false
}
