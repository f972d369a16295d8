package vad

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"attendant/media"
)

// syllables are so long of something like speech: noise in syllables of 80 to 260 ms
// of different loudness, with pauses, and now and then a longer one.
func syllables(d time.Duration, peak float64, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	total := int(d.Seconds() * media.SampleRateHz)
	var out []float64
	for len(out) < total {
		length := 1300 + r.IntN(2900)
		loud := peak * math.Pow(10, -r.Float64()) // 0 to -20 dB
		for i := range length {
			out = append(out, loud*math.Sin(math.Pi*float64(i)/float64(length))*(2*r.Float64()-1))
		}
		pause := 400 + r.IntN(1600)
		if r.IntN(6) == 0 {
			pause = 6000
		}
		out = append(out, make([]float64, pause)...)
	}
	return out[:total]
}

// duplex is a call of ten seconds in which we speak: what comes back of it, what the
// caller says from the sixth second on, and noise.
func duplex(delay time.Duration, echo, caller float64) (played, heard []media.Frame) {
	ours, theirs := syllables(10*time.Second, 20000, 1), syllables(4*time.Second, 20000, 2)
	r := rand.New(rand.NewPCG(3, 3))
	late := int(delay.Seconds() * media.SampleRateHz)
	for at := 0; at < len(ours); at += media.FrameSamples {
		var p, h media.Frame
		for k := range p {
			p[k] = int16(ours[at+k])
			v := 30 * (2*r.Float64() - 1)
			if j := at + k - late; j >= 0 {
				v += echo * ours[j]
			}
			if j := at + k - 6*media.SampleRateHz; j >= 0 {
				v += caller * theirs[j]
			}
			h[k] = int16(v)
		}
		played, heard = append(played, p), append(heard, h)
	}
	return played, heard
}

func TestOwnVoiceIsNoSpeech(t *testing.T) {
	for _, delay := range []time.Duration{0, 25 * time.Millisecond, 130 * time.Millisecond, 350 * time.Millisecond, 600 * time.Millisecond} {
		for _, c := range []struct {
			name         string
			echo, caller float64
			first        int // the frame of the first speech; 0 is none
		}{
			{"echo at -20 dB", 0.1, 0, 0},
			{"echo at -30 dB", 0.03, 0, 0},
			{"no echo", 0, 0, 0},
			{"caller who interrupts", 0, 1, 300},
			{"quiet caller who interrupts", 0, 0.2, 300},
			{"caller who interrupts in an echo", 0.1, 1, 300},
		} {
			t.Run(fmt.Sprintf("%s after %v", c.name, delay), func(t *testing.T) {
				var e Echo
				d, first := New(Config{}), 0
				played, heard := duplex(delay, c.echo, c.caller)
				for i := range played {
					e.Played(&played[i])
					f := heard[i]
					if e.Returned(&f) {
						f = media.Frame{}
					}
					if d.Detect(&f) && first == 0 {
						first = i
					}
				}
				if first < c.first || first > c.first+25 {
					t.Errorf("speech begins in frame %d, want %d to %d", first, c.first, c.first+25)
				}
				if c.first == 0 && first != 0 {
					t.Errorf("speech in frame %d of a caller who says nothing", first)
				}
			})
		}
	}
}

// BenchmarkEcho is a tick of one call: 5.4 µs and no allocation, on 2 cores that were
// shared with ten other jobs (November 2026).
func BenchmarkEcho(b *testing.B) {
	var e Echo
	played, heard := duplex(130*time.Millisecond, 0.1, 1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.Played(&played[i%len(played)])
		e.Returned(&heard[i%len(heard)])
	}
}
