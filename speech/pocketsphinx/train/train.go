// Train makes narrowband.net, with which the recogniser restores what a
// telephone line takes from speech.
//
//	train CORPUS OUT
//
// The acoustic model knows wide-band speech only; a line of 300 to 3,400 Hz
// moves its features so far that words are lost. Train takes each wide-band
// recording of CORPUS (WAV, 16 kHz, one utterance a file), sends a copy of it
// through a telephone line, and fits a network that gives the wide-band
// cepstrum of a frame from the narrow-band cepstra around it, both with their
// utterance's mean taken away. The features are sphinx_fe's (Debian's
// sphinxbase-utils), the same as the recogniser's.
//
// `make narrowband` collects the corpus and runs it.
package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/wav"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: train CORPUS OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(corpus, out string) error {
	files, err := filepath.Glob(filepath.Join(corpus, "*.wav"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no recordings in %s: %w", corpus, err)
	}
	work, err := os.MkdirTemp("", "attendant-train-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // a temporary folder
	random := rand.New(rand.NewPCG(1, 2))
	for _, f := range files {
		if err := degrade(f, work, random); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	pairs, err := features(files, work)
	if err != nil {
		return err
	}
	n := newNetwork(random)
	n.train(pairs, random)
	return os.WriteFile(out, n.bytes(), 0o600)
}

// degrade writes to dir/wide the recording with silence around it, as calls
// have, and to dir/narrow the same at another level through a telephone line.
func degrade(file, dir string, random *rand.Rand) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	a, err := wav.Read(in)
	if err != nil {
		return err
	}
	frames := wav.Frames(a.Mono(), a.RateHz)
	frames = append(append(make([]media.Frame, 15), frames...), make([]media.Frame, 20)...)
	gain := math.Pow(10, (random.Float64()*16-12)/20) // -12 to +4 dB
	wide := make([]float64, 0, len(frames)*media.FrameSamples)
	for i := range frames {
		for _, s := range frames[i] {
			wide = append(wide, float64(s)*gain)
		}
	}
	narrow := wide
	if random.Float64() < 0.8 {
		low, high := 150+random.Float64()*200, 3300+random.Float64()*300
		narrow = bandPass(wide, low, high)
	}
	if err := write(filepath.Join(dir, "wide"), file, pcm(wide)); err != nil {
		return err
	}
	return write(filepath.Join(dir, "narrow"), file, coded(pcm(narrow), random.IntN(2)))
}

func pcm(in []float64) []int16 {
	out := make([]int16, len(in))
	for i, v := range in {
		out[i] = int16(min(max(math.Round(v), -32768), 32767))
	}
	return out
}

// coded sends audio through one of the two G.711 codecs.
func coded(in []int16, which int) []int16 {
	c := codec.All()[1+which]
	e, d := c.NewEncoder(), c.NewDecoder()
	var out []int16
	for _, f := range wav.Frames(in, media.SampleRateHz) {
		out = d.Decode(out, e.Encode(nil, &f))
	}
	return out
}

// bandPass is a windowed-sinc filter of 401 taps: 12 dB down at the edges,
// over 50 dB 80 Hz further.
func bandPass(in []float64, low, high float64) []float64 {
	const half = 200
	var taps [2*half + 1]float64
	for i := range taps {
		t := float64(i - half)
		v := 2 * (high - low) / media.SampleRateHz
		if t != 0 {
			v = (math.Sin(2*math.Pi*high*t/media.SampleRateHz) - math.Sin(2*math.Pi*low*t/media.SampleRateHz)) / (math.Pi * t)
		}
		taps[i] = v * (0.54 + 0.46*math.Cos(math.Pi*t/half))
	}
	out := make([]float64, len(in))
	for i := range in {
		sum := 0.0
		for k := max(0, half-i); k < min(len(taps), len(in)-i+half); k++ {
			sum += taps[k] * in[i+k-half]
		}
		out[i] = sum
	}
	return out
}

func write(dir, name string, samples []int16) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(dir, filepath.Base(name)))
	if err != nil {
		return err
	}
	if err := wav.Write(file, media.SampleRateHz, samples); err != nil {
		return err
	}
	return file.Close()
}

// pair is an utterance's cepstra on both sides of the line, without their mean;
// mean is the narrow-band side's.
type pair struct {
	narrow, wide [][cepstra]float32
	mean         [cepstra]float32
}

func features(files []string, dir string) ([]pair, error) {
	var control strings.Builder
	for _, f := range files {
		fmt.Fprintln(&control, strings.TrimSuffix(filepath.Base(f), ".wav"))
	}
	list := filepath.Join(dir, "list")
	if err := os.WriteFile(list, []byte(control.String()), 0o600); err != nil {
		return nil, err
	}
	for _, side := range []string{"wide", "narrow"} {
		at := filepath.Join(dir, side)
		cmd := exec.Command("sphinx_fe", "-c", list, "-di", at, "-ei", "wav", "-mswav", "yes", "-do", at, "-eo", "mfc",
			"-samprate", "16000", "-lowerf", "130", "-upperf", "6800", "-nfilt", "25", "-transform", "dct", "-lifter", "22", "-remove_silence", "no")
		if msg, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("sphinx_fe: %w: %s", err, msg[max(0, len(msg)-300):])
		}
	}
	var out []pair
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".wav") + ".mfc"
		narrow, err := read(filepath.Join(dir, "narrow", name))
		if err != nil {
			return nil, err
		}
		wide, err := read(filepath.Join(dir, "wide", name))
		if err != nil {
			return nil, err
		}
		n := min(len(narrow), len(wide))
		p := pair{narrow: narrow[:n], wide: wide[:n]}
		p.mean = centre(p.narrow)
		centre(p.wide)
		out = append(out, p)
	}
	return out, nil
}

func read(file string) ([][cepstra]float32, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out [][cepstra]float32
	order := binary.ByteOrder(binary.LittleEndian)
	if len(raw) >= 4 && int(order.Uint32(raw)) != (len(raw)-4)/4 {
		order = binary.BigEndian
	}
	for raw = raw[min(4, len(raw)):]; len(raw) >= 4*cepstra; raw = raw[4*cepstra:] {
		var c [cepstra]float32
		for i := range c {
			c[i] = math.Float32frombits(order.Uint32(raw[4*i:]))
		}
		out = append(out, c)
	}
	return out, nil
}

// centre takes the mean away and returns it.
func centre(c [][cepstra]float32) (mean [cepstra]float32) {
	for i := range cepstra {
		sum := 0.0
		for t := range c {
			sum += float64(c[t][i])
		}
		mean[i] = float32(sum / float64(max(1, len(c))))
		for t := range c {
			c[t][i] -= mean[i]
		}
	}
	return mean
}
