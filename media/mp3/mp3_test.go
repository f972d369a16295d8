package mp3

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"attendant/media"
	"attendant/media/dsp"
)

func tone(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/tone.mp3") // 0.6 s of 440 Hz
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadTone(t *testing.T) {
	frames, err := Read(bytes.NewReader(tone(t)))
	if err != nil || len(frames) < 30 || len(frames) > 40 {
		t.Fatalf("%d frames, %v; want about 0.6 s", len(frames), err)
	}
	if p := dsp.Power(frames[15][:], media.SampleRateHz, 440); p < 0.9 {
		t.Errorf("share of 440 Hz is %.2f, want all", p)
	}
}

// TestRates reads a second of 440 Hz at every rate that is taken.
func TestRates(t *testing.T) {
	for _, name := range []string{"tone16.mp3", "tone24.mp3"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		frames, err := Read(bytes.NewReader(data))
		if err != nil || len(frames) < 45 || len(frames) > 65 {
			t.Fatalf("%s: %d frames, %v; want about 1 s", name, len(frames), err)
		}
		if p := dsp.Power(frames[25][:], media.SampleRateHz, 440); p < 0.9 {
			t.Errorf("%s: share of 440 Hz is %.2f, want all", name, p)
		}
	}
}

// TestDecodesWhileItArrives gives half a file and holds the rest back: what is
// there is decoded, and the reader's own end is told from a good one.
func TestDecodesWhileItArrives(t *testing.T) {
	data := tone(t)
	gone := errors.New("gone")
	r, w := io.Pipe()
	go func() {
		w.Write(data[:len(data)/2])
		w.CloseWithError(gone)
	}()
	d, err := NewDecoder(r)
	if err != nil || d.RateHz != 44100 {
		t.Fatalf("%+v, %v", d, err)
	}
	samples, block := 0, make([]int16, 1000)
	for err == nil {
		var n int
		n, err = d.Read(block)
		samples += n
	}
	if !errors.Is(err, gone) || samples < 44100/5 {
		t.Errorf("%d samples, then %v; want a fifth of a second at least, then the reader's error", samples, err)
	}
}

// TestCorruptedFilesAreErrors breaks a good file in 300 ways: each is read or
// refused, none panics.
func TestCorruptedFilesAreErrors(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	good := tone(t)
	for range 300 {
		bad := bytes.Clone(good)
		for range 1 + random.IntN(20) {
			bad[random.IntN(len(bad))] = byte(random.Uint32())
		}
		if _, err := Read(bytes.NewReader(bad[:random.IntN(len(bad))])); err != nil && !errors.Is(err, ErrFormat) {
			t.Fatalf("error %v, want ErrFormat", err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(tone(f))
	f.Add([]byte("ID3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Read(bytes.NewReader(data)); err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("error %v, want ErrFormat", err)
		}
	})
}
