package dsp

import "math"

const (
	// resampleTaps is the filter's length in samples of the lower rate on
	// either side: 48 keep 3.4 kHz within 0.2 dB at 8 kHz and aliases below one
	// bit.
	resampleTaps = 48
	// resampleCutoff is the filter's edge as a share of the lower rate.
	resampleCutoff = 0.475
	// kaiserBeta gives 80 dB of stop band.
	kaiserBeta = 8.0
)

// Resampler changes the sample rate of a stream. It delays by 24 samples of
// the lower rate.
type Resampler struct {
	up, down int         // output rate : input rate, in lowest terms
	phases   [][]float32 // one filter a phase, newest sample first
	history  []float32   // the last len(phases[0])-1 inputs and the current block
	phase    int         // position of the next output within an input step
}

// NewResampler returns a resampler from one rate to the other, both positive.
func NewResampler(fromHz, toHz int) *Resampler {
	g := gcd(fromHz, toHz)
	r := &Resampler{up: toHz / g, down: fromHz / g}
	r.phases = design(r.up, r.down)
	r.history = make([]float32, len(r.phases[0])-1, len(r.phases[0])+1024)
	return r
}

// Resample appends to out what in becomes. It keeps neither; where out has room
// it does not allocate.
func (r *Resampler) Resample(out, in []int16) []int16 {
	if r.up == r.down {
		return append(out, in...)
	}
	taps := len(r.phases[0])
	for _, s := range in {
		r.history = append(r.history, float32(s))
	}
	at := 0 // index of the newest input for the next output, less taps-1
	for ; at+taps <= len(r.history); at++ {
		for ; r.phase < r.up; r.phase += r.down {
			out = append(out, dot(r.phases[r.phase], r.history[at:at+taps]))
		}
		r.phase -= r.up
	}
	r.history = r.history[:copy(r.history, r.history[at:])]
	return out
}

func dot(filter, samples []float32) int16 {
	var sum float32
	samples = samples[:len(filter)]
	for i, c := range filter {
		sum += c * samples[i]
	}
	return clip(float64(sum))
}

// design makes a Kaiser-windowed sinc at up times the input rate and deals it
// out to the phases, oldest sample first.
func design(up, down int) [][]float32 {
	if up == down {
		return [][]float32{{1}}
	}
	widest := max(up, down)
	taps := resampleTaps * widest / up
	length := taps * up
	center := float64(length-1) / 2
	cutoff := resampleCutoff / float64(widest)
	phases := make([][]float32, up)
	for p := range phases {
		phases[p] = make([]float32, taps)
		var sum float64
		for k := range taps {
			n := float64(p + k*up)
			h := 2 * cutoff * sinc(2*cutoff*(n-center)) * kaiser((n-center)/(center+0.5))
			phases[p][taps-1-k] = float32(h * float64(up))
			sum += h * float64(up)
		}
		for k := range phases[p] { // each phase passes a constant unchanged
			phases[p][k] /= float32(sum)
		}
	}
	return phases
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the Kaiser window at x from -1 to 1.
func kaiser(x float64) float64 {
	return bessel(kaiserBeta*math.Sqrt(max(0, 1-x*x))) / bessel(kaiserBeta)
}

// bessel is the modified Bessel function of the first kind and order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= (x / (2 * k)) * (x / (2 * k))
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
