package wav

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"attendant/media"
)

func TestWrittenFileReadsBack(t *testing.T) {
	want := []int16{0, 1, -1, 32767, -32768, 1234}
	var b bytes.Buffer
	if err := Write(&b, 8000, want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&b)
	if err != nil || got.RateHz != 8000 || !slices.Equal(got.Samples, want) {
		t.Fatalf("read %+v, %v; want %v at 8000 Hz", got, err, want)
	}
}

// TestKilledWriterLeavesPlayableFile reads the file of a writer that was never
// closed.
func TestKilledWriterLeavesPlayableFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "call.wav")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := NewWriter(file)
	if err != nil {
		t.Fatal(err)
	}
	var left, right media.Frame
	left[0], right[0] = 7, -7
	for range 120 {
		if err := w.WriteStereo(&left, &right); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Read(bytes.NewReader(data))
	if err != nil || a.Channels != 2 || len(a.Samples) != 100*2*media.FrameSamples {
		t.Fatalf("read %d samples of %d channels, %v; want two seconds of stereo", len(a.Samples), a.Channels, err)
	}
	if a.Channel(0)[0] != 7 || a.Channel(1)[0] != -7 {
		t.Errorf("channels begin with %d and %d, want 7 and -7", a.Channel(0)[0], a.Channel(1)[0])
	}
}

func TestReadFormats(t *testing.T) {
	cases := []struct {
		name      string
		tag, bits byte
		data      []byte
		want      int16
	}{
		{"8-bit PCM", 1, 8, []byte{0xc0}, 0x4000},
		{"24-bit PCM", 1, 24, []byte{9, 0, 0x40}, 0x4000},
		{"float", 3, 32, []byte{0, 0, 0, 0x3f}, 16383},
		{"A-law", 6, 8, []byte{0xd5}, 8},
		{"µ-law", 7, 8, []byte{0xff}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := header(1, 8000, uint32(len(c.data)))
			b[20], b[34] = c.tag, c.bits
			a, err := Read(bytes.NewReader(append(b, c.data...)))
			if err != nil || len(a.Samples) != 1 || a.Samples[0] != c.want {
				t.Errorf("read %v, %v; want [%d]", a.Samples, err, c.want)
			}
		})
	}
}

func TestReadRefusesRubbish(t *testing.T) {
	three := header(3, 8000, 0)
	huge := header(1, 8000, 4)
	huge[16], huge[17], huge[18] = 0xff, 0xff, 0xff
	cases := []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, ErrFormat},
		{"text", []byte("this is no audio at all"), ErrFormat},
		{"three channels", three, ErrUnsupported},
		{"huge format chunk", huge, ErrFormat},
		{"no data", header(1, 8000, 0)[:36], ErrFormat},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Read(bytes.NewReader(c.data)); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(header(1, 8000, 4))
	f.Add(append(header(2, 16000, 0xffffffff), 1, 2, 3, 4, 5))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Read(bytes.NewReader(data))
		if err == nil && len(a.Samples) > len(data) {
			t.Errorf("%d octets became %d samples", len(data), len(a.Samples))
		}
	})
}
