package vad

import (
	"math"
	"math/rand/v2"
	"testing"

	"attendant/media"
	"attendant/media/dsp"
)

// line makes frames of noise, with bursts of a voice-like sound where talking
// is true.
func line(noiseDB, voiceDB float64, talking func(i int) bool, n int) []media.Frame {
	random := rand.New(rand.NewPCG(3, 4))
	frames := make([]media.Frame, n)
	noise, voice := 32768*math.Pow(10, noiseDB/20), 32768*math.Pow(10, voiceDB/20)*math.Sqrt2
	var phase float64
	for i := range frames {
		if talking(i) {
			phase = dsp.Tone(frames[i][:], media.SampleRateHz, 180, voice, phase)
		}
		for k := range frames[i] {
			frames[i][k] += int16(random.NormFloat64() * noise)
		}
	}
	return frames
}

func TestDetector(t *testing.T) {
	talking := func(i int) bool { return i%100 >= 50 }
	cases := []struct {
		name           string
		noise, voice   float64
		hit, falseRate float64
	}{
		{"quiet line", -75, -25, 0.95, 0.12},
		{"soft voice", -75, -42, 0.95, 0.12},
		{"20 dB over noise", -45, -25, 0.95, 0.12},
		{"12 dB over noise", -40, -28, 0.9, 0.16},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := New(Config{})
			var hits, falses, speech, silence float64
			for i, f := range line(c.noise, c.voice, talking, 2000) {
				found := d.Detect(&f)
				if i < 500 { // the floor is learned
					continue
				}
				if talking(i) {
					speech++
					if found {
						hits++
					}
				} else {
					silence++
					if found {
						falses++
					}
				}
			}
			if hits/speech < c.hit || falses/silence > c.falseRate {
				t.Errorf("hits %.2f, false alarms %.2f; want at least %.2f, at most %.2f", hits/speech, falses/silence, c.hit, c.falseRate)
			}
		})
	}
}

func TestClickIsNoSpeech(t *testing.T) {
	d := New(Config{})
	var f media.Frame
	for range 50 {
		d.Detect(&f)
	}
	f[100] = 32000
	if d.Detect(&f) {
		t.Error("one loud sample is speech")
	}
}

func BenchmarkDetect(b *testing.B) {
	d := New(Config{})
	f := line(-50, -20, func(int) bool { return true }, 1)[0]
	b.ReportAllocs()
	for b.Loop() {
		d.Detect(&f)
	}
}
