package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
)

const (
	cepstra = 13 // of a frame
	around  = 5  // frames seen before and after
	inputs  = (2*around + 1) * cepstra
	hidden  = 128

	epochs   = 6
	perEpoch = 250_000 // frames
	batch    = 128
)

// network is one hidden layer of rectifiers. What it gives is added to the
// narrow-band cepstrum.
type network struct {
	// usual is the mean of narrow-band cepstra; scale and spread are those of the
	// inputs and outputs, their means taken away.
	usual, scale, spread [cepstra]float32
	// weights are in, hidden bias, out, out bias.
	weights []float32
}

const (
	biasAt = inputs * hidden
	outAt  = biasAt + hidden
	endAt  = outAt + hidden*cepstra
	size   = endAt + cepstra
)

func newNetwork(random *rand.Rand) *network {
	n := &network{weights: make([]float32, size)}
	for i := range biasAt {
		n.weights[i] = float32(random.NormFloat64() * math.Sqrt(2.0/inputs))
	}
	for i := outAt; i < endAt; i++ {
		n.weights[i] = float32(random.NormFloat64() * 0.01)
	}
	return n
}

// bytes is: the count of frames around, of hidden units, the usual mean, the
// scales of inputs and outputs, the weights; all 32 bits, little endian.
func (n *network) bytes() []byte {
	out := binary.LittleEndian.AppendUint32(nil, around)
	out = binary.LittleEndian.AppendUint32(out, hidden)
	for _, part := range [][]float32{n.usual[:], n.scale[:], n.spread[:], n.weights} {
		for _, v := range part {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out
}

type place struct{ utterance, frame int }

// train fits the network with Adam on the mean squared error of the scaled
// cepstra; one utterance of ten is kept to tell the error.
func (n *network) train(pairs []pair, random *rand.Rand) {
	n.measure(pairs)
	var fit, kept []place
	for u, p := range pairs {
		for f := range p.narrow {
			if u%10 == 0 {
				kept = append(kept, place{u, f})
			} else {
				fit = append(fit, place{u, f})
			}
		}
	}
	first, second := make([]float32, size), make([]float32, size)
	step := 0
	for epoch := range epochs {
		shuffle(fit, random)
		rate := 0.001 * math.Pow(0.5, float64(epoch))
		for b := range slices.Chunk(fit[:min(perEpoch, len(fit))], batch) {
			step++
			gradient, _ := n.gradient(pairs, b)
			adam(n.weights, gradient, first, second, rate, step)
		}
		shuffle(kept, random)
		_, e := n.gradient(pairs, kept[:min(20_000, len(kept))])
		fmt.Fprintf(os.Stderr, "epoch %d: error %.4f of the variance of the wide-band cepstra\n", epoch+1, e)
	}
}

func shuffle(p []place, random *rand.Rand) {
	random.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
}

// measure sets the scales to one over the deviation of what comes in, and to
// the deviation of what is to come out.
func (n *network) measure(pairs []pair) {
	var in, out [cepstra]float64
	count := 0.0
	for _, p := range pairs {
		for f := range p.narrow {
			for i := range cepstra {
				in[i] += float64(p.narrow[f][i]) * float64(p.narrow[f][i])
				out[i] += float64(p.wide[f][i]) * float64(p.wide[f][i])
			}
			count++
		}
		for i, v := range p.mean {
			n.usual[i] += v / float32(len(pairs))
		}
	}
	for i := range cepstra {
		n.scale[i] = float32(1 / math.Sqrt(in[i]/count))
		n.spread[i] = float32(math.Sqrt(out[i] / count))
	}
}

// gradient returns the mean gradient over the places and the mean error.
func (n *network) gradient(pairs []pair, places []place) ([]float32, float64) {
	const halves = 2
	var sums [halves][]float32
	var errs [halves]float64
	var both sync.WaitGroup
	for h := range halves {
		both.Go(func() {
			sums[h] = make([]float32, size)
			for i := h; i < len(places); i += halves {
				errs[h] += n.add(sums[h], pairs[places[i].utterance], places[i].frame)
			}
		})
	}
	both.Wait()
	for i := range sums[0] {
		sums[0][i] = (sums[0][i] + sums[1][i]) / float32(len(places))
	}
	return sums[0], (errs[0] + errs[1]) / float64(len(places)) / cepstra
}

// add adds one frame's gradient to sum and returns its squared error.
func (n *network) add(sum []float32, p pair, frame int) float64 {
	var x [inputs]float32
	for k := range 2*around + 1 {
		at := min(max(frame+k-around, 0), len(p.narrow)-1)
		for i, v := range p.narrow[at] {
			x[k*cepstra+i] = v * n.scale[i]
		}
	}
	var units, back [hidden]float32
	for h := range units {
		row := n.weights[h*inputs : (h+1)*inputs]
		v := n.weights[biasAt+h]
		for i, w := range row {
			v += w * x[i]
		}
		units[h] = max(v, 0)
	}
	total := 0.0
	for o := range cepstra {
		row := n.weights[outAt+o*hidden : outAt+(o+1)*hidden]
		v := n.weights[endAt+o]
		for h, w := range row {
			v += w * units[h]
		}
		e := v - (p.wide[frame][o]-p.narrow[frame][o])/n.spread[o]
		total += float64(e) * float64(e)
		sum[endAt+o] += e
		to := sum[outAt+o*hidden : outAt+(o+1)*hidden]
		for h, w := range row {
			to[h] += e * units[h]
			back[h] += e * w
		}
	}
	for h, b := range back {
		if units[h] <= 0 {
			continue
		}
		sum[biasAt+h] += b
		to := sum[h*inputs : (h+1)*inputs]
		for i, v := range x {
			to[i] += b * v
		}
	}
	return total
}

func adam(weights, gradient, first, second []float32, rate float64, step int) {
	unbias1, unbias2 := 1-math.Pow(0.9, float64(step)), 1-math.Pow(0.999, float64(step))
	for i, g := range gradient {
		first[i] = 0.9*first[i] + 0.1*g
		second[i] = 0.999*second[i] + 0.001*g*g
		weights[i] -= float32(rate * (float64(first[i]) / unbias1) / (math.Sqrt(float64(second[i])/unbias2) + 1e-8))
	}
}
