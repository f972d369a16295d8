package codec

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"attendant/media"
	"attendant/media/dsp"
)

func TestG711RoundTripsEveryCode(t *testing.T) {
	for i := range 256 {
		b := byte(i)
		if got := ULaw(FromULaw(b)); got != b && b != 0x7f { // 0x7f and 0xff are both zero
			t.Errorf("µ-law %#x decodes to %d, encodes to %#x", b, FromULaw(b), got)
		}
		if got := ALaw(FromALaw(b)); got != b {
			t.Errorf("A-law %#x decodes to %d, encodes to %#x", b, FromALaw(b), got)
		}
	}
}

func TestG711ErrorIsWithinHalfAStep(t *testing.T) {
	for v := -32768; v <= 32767; v += 7 {
		s := int16(v)
		size := math.Abs(float64(v))
		if d := math.Abs(float64(FromULaw(ULaw(s))) - float64(v)); d > size/16+132 && size < 32000 {
			t.Fatalf("µ-law: %d became %d", s, FromULaw(ULaw(s)))
		}
		if d := math.Abs(float64(FromALaw(ALaw(s))) - float64(v)); d > size/16+132 && size < 32000 {
			t.Fatalf("A-law: %d became %d", s, FromALaw(ALaw(s)))
		}
	}
}

// speechLike is two seconds of a gliding harmonic sound with pauses.
func speechLike() []media.Frame {
	frames := make([]media.Frame, 100)
	var phase float64
	for i := range frames {
		pitch := 110 + 60*math.Sin(float64(i)/15)
		for n := range frames[i] {
			phase += 2 * math.Pi * pitch / media.SampleRateHz
			var v float64
			for h := 1.0; h*pitch < 6500; h++ {
				v += math.Sin(h*phase) / h
			}
			frames[i][n] = int16(5000 * v * max(0, math.Sin(float64(i)/9)))
		}
	}
	return frames
}

// TestRoundTripKeepsTheSignal compares what comes out with what went in, at
// the delay that fits best.
func TestRoundTripKeepsTheSignal(t *testing.T) {
	least := map[string]float64{"G722": 14, "PCMA": 12, "PCMU": 12} // dB; G.711 loses all above 4 kHz
	for _, c := range All() {
		t.Run(c.Name, func(t *testing.T) {
			encoder, decoder := c.NewEncoder(), c.NewDecoder()
			var in, out []int16
			for _, f := range speechLike() {
				in = append(in, f[:]...)
				payload := encoder.Encode(nil, &f)
				if len(payload) != 160 {
					t.Fatalf("payload of %d octets, want 160", len(payload))
				}
				out = decoder.Decode(out, payload)
			}
			best := math.Inf(-1)
			for delay := range 150 {
				best = max(best, ratio(in, out, delay))
			}
			if best < least[c.Name] {
				t.Errorf("signal to error %.1f dB, want at least %.0f", best, least[c.Name])
			}
		})
	}
}

func ratio(in, out []int16, delay int) float64 {
	var signal, noise float64
	for i := range min(len(in), len(out)-delay) {
		d := float64(in[i]) - float64(out[i+delay])
		signal += float64(in[i]) * float64(in[i])
		noise += d * d
	}
	return 10 * math.Log10(signal/(noise+1))
}

// TestG722AgreesWithFFmpeg decodes our stream with ffmpeg and ffmpeg's with
// ours: decoders are specified to the bit.
func TestG722AgreesWithFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed; make test installs it")
	}
	var pcm bytes.Buffer
	var stream []byte
	encoder := newG722Encoder()
	for _, f := range speechLike() {
		binary.Write(&pcm, binary.LittleEndian, f[:])
		stream = encoder.Encode(stream, &f)
	}
	dir := t.TempDir()
	theirs := convert(t, ffmpeg, dir, pcm.Bytes(), "s16le", "g722")
	for name, payload := range map[string][]byte{"our stream": stream, "their stream": theirs} {
		want := samples(convert(t, ffmpeg, dir, payload, "g722", "s16le"))
		got := newG722Decoder().Decode(nil, payload)
		compare(t, name, got, want)
	}
	if same := sameShare(stream, theirs); same < 0.98 {
		t.Errorf("%.3f of our octets are ffmpeg's, want at least 0.98", same)
	}
}

// compare allows the constant output delay by which decoders may differ.
func compare(t *testing.T, name string, got, want []int16) {
	best := math.Inf(-1)
	for delay := range 64 {
		best = max(best, ratio(want, got, delay), ratio(got, want, delay))
	}
	if best < 70 {
		t.Errorf("%s: decoded %.1f dB from ffmpeg's, want the same", name, best)
	}
}

func sameShare(a, b []byte) float64 {
	same := 0
	n := min(len(a), len(b))
	for i := range n {
		if a[i] == b[i] {
			same++
		}
	}
	return float64(same) / float64(n)
}

func convert(t *testing.T, ffmpeg, dir string, data []byte, from, to string) []byte {
	t.Helper()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-v", "error", "-y", "-f", from}
	if from == "s16le" {
		args = append(args, "-ar", "16000", "-ac", "1")
	}
	args = append(args, "-i", in, "-f", to, out)
	if msg, err := exec.Command(ffmpeg, args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s to %s: %v: %s", from, to, err, msg)
	}
	converted, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return converted
}

func samples(data []byte) []int16 {
	out := make([]int16, len(data)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return out
}

func TestLevelSurvivesG711(t *testing.T) {
	var f media.Frame
	encoder, decoder := newULawEncoder(), newULawDecoder()
	var out []int16
	var phase float64
	for range 25 {
		phase = dsp.Tone(f[:], media.SampleRateHz, 1000, 8000, phase)
		out = decoder.Decode(out, encoder.Encode(nil, &f))
	}
	if d := dsp.Level(out[3200:]) - dsp.Level(f[:]); math.Abs(d) > 0.2 {
		t.Errorf("level changed by %.2f dB", d)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 0xff, 0x55, 0x80})
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, c := range All() {
			if got := len(c.NewDecoder().Decode(nil, payload)); got > 2*len(payload) {
				t.Errorf("%s: %d octets became %d samples", c.Name, len(payload), got)
			}
		}
	})
}

func BenchmarkEncodeDecode(b *testing.B) {
	f := speechLike()[30]
	for _, c := range All() {
		b.Run(c.Name, func(b *testing.B) {
			encoder, decoder := c.NewEncoder(), c.NewDecoder()
			payload, out := make([]byte, 0, 200), make([]int16, 0, 400)
			b.ReportAllocs()
			for b.Loop() {
				out = decoder.Decode(out[:0], encoder.Encode(payload[:0], &f))
			}
		})
	}
}
