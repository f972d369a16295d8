// Package dsp is the arithmetic of audio that the media path needs: changing
// the sample rate, measuring levels, making and finding tones.
//
// All of it is pure state: nothing blocks, nothing allocates once made, and a
// value belongs to one goroutine. Samples are signed 16-bit linear PCM.
package dsp

import "math"

// Level returns the root mean square of samples in dB relative to full scale:
// 0 is a full-scale square wave, -96 is silence.
func Level(samples []int16) float64 {
	if len(samples) == 0 {
		return -96
	}
	var sum float64
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	rms := math.Sqrt(sum / float64(len(samples)))
	if rms < 0.5 {
		return -96
	}
	return 20 * math.Log10(rms/32768)
}

// Gain scales samples in place by dB, saturating.
func Gain(samples []int16, dB float64) {
	g := math.Pow(10, dB/20)
	for i, s := range samples {
		samples[i] = clip(float64(s) * g)
	}
}

// Tone fills samples with a sine wave of the given frequency and peak
// amplitude, beginning at the phase in radians, and returns the phase that
// continues it.
func Tone(samples []int16, rateHz int, frequencyHz, amplitude, phase float64) float64 {
	step := 2 * math.Pi * frequencyHz / float64(rateHz)
	for i := range samples {
		samples[i] = clip(amplitude * math.Sin(phase))
		phase += step
	}
	return math.Mod(phase, 2*math.Pi)
}

// Power returns the share, 0 to 1, of samples' energy that lies at the given
// frequency, by Goertzel's algorithm.
func Power(samples []int16, rateHz int, frequencyHz float64) float64 {
	w := 2 * math.Cos(2*math.Pi*frequencyHz/float64(rateHz))
	var s1, s2, energy float64
	for _, x := range samples {
		s0 := float64(x) + w*s1 - s2
		s2, s1 = s1, s0
		energy += float64(x) * float64(x)
	}
	if energy == 0 {
		return 0
	}
	return 2 * (s1*s1 + s2*s2 - w*s1*s2) / (energy * float64(len(samples)))
}

func clip(v float64) int16 {
	switch {
	case v > 32767:
		return 32767
	case v < -32768:
		return -32768
	}
	return int16(math.Round(v))
}
