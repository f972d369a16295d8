package intent

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas/blas32"

	meaning "attendant/dialog/vector"
)

const (
	// work bounds the multiplications of one training.
	work      = 4e9
	mostTurns = 30
	// little is an error that is not worth a step.
	little = 1e-3
	rate   = 0.5
	// depth is how much a text's vector counts beside its features, which are of
	// length one together.
	depth float32 = 3
)

// linear is a multinomial logistic regression over a text's features and its
// vector.
type linear struct {
	labels  int
	weights []float32 // [feature][label]
	places  []float32 // [dimension][label]
	bias    []float32
}

// fit minimises the logistic loss by AdaGrad, an example at a time.
func fit(examples []reading, label []int, features, labels int) linear {
	l := linear{labels, make([]float32, features*labels), make([]float32, meaning.Dims*labels), make([]float32, labels)}
	total := 0
	for _, r := range examples {
		total += len(r.features) + meaning.Dims
	}
	turns := min(mostTurns, max(3, int(work/float64(1+2*total*labels))))
	random := rand.New(rand.NewPCG(1, 2))
	order := random.Perm(len(examples))
	t := trainer{linear: l, scores: make([]float32, labels), squares: make([]float32, features), dimensions: make([]float32, meaning.Dims)}
	for range turns {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			t.step(examples[i], label[i])
		}
	}
	return l
}

type trainer struct {
	linear
	scores              []float32
	squares, dimensions []float32 // sums of squared gradients, one a feature or dimension
}

func (t *trainer) step(r reading, label int) {
	t.linear.scores(r, t.scores)
	softmax(t.scores)
	t.scores[label]--
	var size float32
	for k, g := range t.scores {
		t.bias[k] -= 0.01 * g
		size += g * g
		if g < little && g > -little {
			t.scores[k] = 0
		}
	}
	if size < little {
		return
	}
	for _, e := range r.features {
		t.move(t.weights, t.squares, e.feature, e.weight, size)
	}
	if !r.placed {
		return
	}
	for d, x := range r.place {
		t.move(t.places, t.dimensions, int32(d), depth*x, size)
	}
}

func (t *trainer) move(weights, squares []float32, row int32, x, size float32) {
	squares[row] += size * x * x
	by := rate * x / float32(math.Sqrt(float64(squares[row])+1e-6))
	w := blas32.Vector{N: t.labels, Inc: 1, Data: weights[int(row)*t.labels:][:t.labels]}
	blas32.Axpy(-by, blas32.Vector{N: t.labels, Inc: 1, Data: t.scores}, w)
}

// probabilities of each label.
func (l *linear) probabilities(r reading) []float32 {
	out := make([]float32, l.labels)
	l.scores(r, out)
	softmax(out)
	return out
}

func (l *linear) scores(r reading, scores []float32) {
	copy(scores, l.bias)
	to := blas32.Vector{N: l.labels, Inc: 1, Data: scores}
	for _, e := range r.features {
		blas32.Axpy(e.weight, blas32.Vector{N: l.labels, Inc: 1, Data: l.weights[int(e.feature)*l.labels:][:l.labels]}, to)
	}
	if !r.placed {
		return
	}
	for d, x := range r.place {
		blas32.Axpy(depth*x, blas32.Vector{N: l.labels, Inc: 1, Data: l.places[d*l.labels:][:l.labels]}, to)
	}
}

func softmax(s []float32) {
	top, sum := slices.Max(s), float32(0)
	for i := range s {
		s[i] = float32(math.Exp(float64(s[i] - top)))
		sum += s[i]
	}
	for i := range s {
		s[i] /= sum
	}
}
