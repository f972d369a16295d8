package dsp

import (
	"fmt"
	"math"
	"testing"
)

func TestResamplerKeepsSpeechBandAndRemovesAliases(t *testing.T) {
	cases := []struct {
		from, to  int
		frequency float64
		minDB     float64
		maxDB     float64
	}{
		{8000, 16000, 300, -0.1, 0.1},
		{8000, 16000, 3400, -0.5, 0.1},
		{16000, 8000, 1000, -0.1, 0.1},
		{16000, 8000, 3400, -0.5, 0.1},
		{16000, 8000, 5200, -200, -65},
		{22050, 16000, 1000, -0.1, 0.1},
		{22050, 16000, 6500, -0.5, 0.1},
		{48000, 16000, 10400, -200, -65},
		{16000, 48000, 6000, -0.3, 0.1},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%d to %d at %.0f Hz", c.from, c.to, c.frequency), func(t *testing.T) {
			in := make([]int16, c.from)
			Tone(in, c.from, c.frequency, 16000, 0)
			r := NewResampler(c.from, c.to)
			var out []int16
			for i := 0; i < len(in); i += c.from / 50 {
				out = r.Resample(out, in[i:min(i+c.from/50, len(in))])
			}
			if len(out) < c.to-c.to/100 || len(out) > c.to+1 {
				t.Fatalf("one second became %d samples, want about %d", len(out), c.to)
			}
			got := Level(out[c.to/10:]) - Level(in)
			if got < c.minDB || got > c.maxDB {
				t.Errorf("gain %.2f dB, want %.1f to %.1f", got, c.minDB, c.maxDB)
			}
		})
	}
}

func TestResamplerIsTheSameForAnyBlockSize(t *testing.T) {
	in := make([]int16, 1600)
	Tone(in, 16000, 440, 9000, 0)
	whole := NewResampler(16000, 22050).Resample(nil, in)
	var pieces []int16
	r := NewResampler(16000, 22050)
	for i := 0; i < len(in); i += 7 {
		pieces = r.Resample(pieces, in[i:min(i+7, len(in))])
	}
	if fmt.Sprint(whole) != fmt.Sprint(pieces) {
		t.Error("blocks of 7 samples give another result than one block")
	}
}

func TestPowerFindsTone(t *testing.T) {
	s := make([]int16, 320)
	Tone(s, 16000, 1000, 8000, 0.3)
	if p := Power(s, 16000, 1000); math.Abs(p-1) > 0.05 {
		t.Errorf("share at the tone is %.3f, want 1", p)
	}
	if p := Power(s, 16000, 1500); p > 0.01 {
		t.Errorf("share beside the tone is %.3f, want 0", p)
	}
}

func BenchmarkResample8To16(b *testing.B) {
	in, out := make([]int16, 160), make([]int16, 0, 400)
	r := NewResampler(8000, 16000)
	b.ReportAllocs()
	for b.Loop() {
		r.Resample(out, in)
	}
}
