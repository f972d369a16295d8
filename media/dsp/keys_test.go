package dsp

import (
	"math/rand/v2"
	"testing"
)

// said is all that v says, in frames of 16 kHz.
func said(v *KeyVoice) (frames [][]int16) {
	for {
		f := make([]int16, 320)
		if !v.Say(f, 16000) {
			return frames
		}
		frames = append(frames, f)
	}
}

func hear(e *KeyEar, frames [][]int16) (keys string) {
	for _, f := range frames {
		if key, ok := e.Hear(f, 16000); ok {
			keys += string(key)
		}
	}
	return keys
}

func TestKeysAreSaidAndHeard(t *testing.T) {
	const all = "1234567890*#ABCD1100##"
	random := rand.New(rand.NewPCG(1, 2))
	for name, change := range map[string]func([]int16){
		"as they are": func([]int16) {},
		"faint":       func(f []int16) { Gain(f, -22) },
		"with noise": func(f []int16) {
			for i := range f {
				f[i] = clip(float64(f[i]) + random.NormFloat64()*700)
			}
		},
	} {
		var v KeyVoice
		done, ok := v.Press(all)
		if !ok {
			t.Fatal("the keys were refused")
		}
		frames := said(&v)
		for _, f := range frames {
			change(f)
		}
		if got := hear(&KeyEar{}, frames); got != all {
			t.Errorf("%s: heard %q, want %q", name, got, all)
		}
		select {
		case <-done:
		default:
			t.Error("the end was not told")
		}
	}
}

// A press need not begin with a frame.
func TestShortPressesBetweenFrames(t *testing.T) {
	for offset := range 16 {
		var v KeyVoice
		if _, ok := v.Press("5"); !ok {
			t.Fatal("refused")
		}
		audio := make([]int16, offset*20)
		for _, f := range said(&v)[:3] { // 60 ms
			audio = append(audio, f...)
		}
		audio = append(audio, make([]int16, 960)...)
		var frames [][]int16
		for ; len(audio) >= 320; audio = audio[320:] {
			frames = append(frames, audio[:320])
		}
		if got := hear(&KeyEar{}, frames); got != "5" {
			t.Errorf("begun %d samples into a frame: heard %q", offset*20, got)
		}
	}
}

func TestOtherSoundsAreNoKeys(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for name, make := range map[string]func(n int, f []int16){
		"noise":        func(_ int, f []int16) { _ = fill(f, func() float64 { return random.NormFloat64() * 5000 }) },
		"one tone":     func(_ int, f []int16) { Tone(f, 16000, 697, 8000, 0) },
		"dial tone":    func(_ int, f []int16) { mix(f, 16000, 350, 0); mix(f, 16000, 440, 0) },
		"two of a row": func(_ int, f []int16) { mix(f, 16000, 697, 0); mix(f, 16000, 941, 0) },
		"a vowel": func(n int, f []int16) { // harmonics of a voice that glides
			for h := 1; h < 20; h++ {
				Gain(f, -0.5)
				mix(f, 16000, float64(h)*(110+float64(n%60)), float64(n))
			}
		},
		"silence": func(int, []int16) {},
	} {
		var e KeyEar
		for n := range 500 {
			f := [320]int16{}
			make(n, f[:])
			if key, ok := e.Hear(f[:], 16000); ok {
				t.Errorf("%s: heard %q in frame %d", name, key, n)
				break
			}
		}
	}
}

func fill(f []int16, next func() float64) []int16 {
	for i := range f {
		f[i] = clip(next())
	}
	return f
}

func TestWhatCannotBePressed(t *testing.T) {
	var v KeyVoice
	if _, ok := v.Press("12x"); ok {
		t.Error("x was taken")
	}
	if done, ok := v.Press(""); !ok {
		t.Error("nothing was refused")
	} else {
		<-done
	}
	if _, ok := v.Press("1"); !ok {
		t.Error("a key was refused")
	}
	if _, ok := v.Press("2"); ok {
		t.Error("a key was taken while one is said")
	}
}

func BenchmarkKeyEar(b *testing.B) {
	b.ReportAllocs()
	var v KeyVoice
	v.Press("5")
	frames := said(&v)
	var e KeyEar
	for i := 0; b.Loop(); i++ {
		e.Hear(frames[i%len(frames)], 16000)
	}
}
