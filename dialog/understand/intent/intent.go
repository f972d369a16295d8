// Package intent tells which of a set of labels a text means, from example
// texts of each label, or that it means none of them.
//
// The central type is Classifier. Train learns two views of the examples: a
// linear classifier (multinomial logistic regression over words, pairs of words,
// pieces of words and the text's vector of package vector), which tells near-by
// labels apart, and the examples themselves, whose likeness, by words and by
// meaning, tells whether a text belongs to any label at all: a classifier alone is
// sure of itself also far from all it has seen.
//
// Guarantees: the same examples give the same Classifier; Classify neither
// blocks nor changes anything, and any goroutine may call it.
package intent

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"attendant/dialog/understand/concept"
	meaning "attendant/dialog/vector"
)

// Example is a text with its label.
type Example struct{ Text, Label string }

// Guess is a label and how likely it is, 0 to 1.
type Guess struct {
	Label      string
	Confidence float64
}

// Classifier is what Train has learnt.
type Classifier struct {
	labels   []string
	features map[string]int32 // a feature's number
	rarity   []float32        // of each feature
	linear   linear
	examples []reading
	places   blas32.General // the examples' vectors, a row each
	postings [][]posting    // of each feature
	label    []int          // of each example
	spelling spelling
	bar      float64
}

// entry is one feature of a text. The entries of a vector rise in number.
type entry struct {
	feature int32
	weight  float32
}

type vector []entry

// reading is what a text is judged by.
type reading struct {
	features vector
	place    []float32 // by meaning (package vector), all 0 where no word is known
	placed   bool
}

// posting is one example that has a feature.
type posting struct {
	example int32
	weight  float32
}

const (
	// rejected is the part of the examples that may fall below the bar.
	rejected = 0.03
	// wording is how much likeness by words counts beside likeness by meaning.
	wording = 0.3
)

// Train learns from examples, on two processors where they are free. Labels
// without an example are never guessed.
func Train(examples []Example) *Classifier {
	var bar float64
	var calibrating sync.WaitGroup
	calibrating.Go(func() { bar = calibrate(examples) })
	c := learn(examples)
	calibrating.Wait()
	c.bar = bar
	return c
}

func learn(examples []Example) *Classifier {
	c := &Classifier{features: map[string]int32{}, spelling: newSpelling()}
	numbers := map[string]int{}
	var counts []float32
	texts := make([][]string, len(examples))
	for i, e := range examples {
		n, known := numbers[e.Label]
		if !known {
			n = len(c.labels)
			numbers[e.Label] = n
			c.labels = append(c.labels, e.Label)
		}
		c.label = append(c.label, n)
		words := concept.Words(e.Text)
		c.spelling.learn(words)
		texts[i] = pieces(words)
		for _, f := range unique(texts[i]) {
			k, known := c.features[f]
			if !known {
				k = int32(len(counts))
				c.features[f] = k
				counts = append(counts, 0)
			}
			counts[k]++
		}
	}
	for _, n := range counts {
		c.rarity = append(c.rarity, float32(math.Log((1+float64(len(examples)))/(1+float64(n)))+1))
	}
	for f, k := range c.features {
		c.rarity[k] *= trust(f)
	}
	c.places = blas32.General{Rows: len(examples), Cols: meaning.Dims, Stride: meaning.Dims, Data: make([]float32, len(examples)*meaning.Dims)}
	for i, t := range texts {
		r := reading{features: c.vector(t), place: c.places.Data[i*meaning.Dims:][:meaning.Dims]}
		var place meaning.Vector
		place, r.placed = meaning.Of(examples[i].Text)
		copy(r.place, place[:])
		c.examples = append(c.examples, r)
	}
	c.postings = make([][]posting, len(c.rarity))
	for i, r := range c.examples {
		for _, e := range r.features {
			c.postings[e.feature] = append(c.postings[e.feature], posting{int32(i), e.weight})
		}
	}
	c.linear = fit(c.examples, c.label, len(c.rarity), len(c.labels))
	return c
}

// vector weighs a text's features by how rare they are; its length is one
// where all of them are known, and shorter where some are not: words that no
// example has make a text less like any.
func (c *Classifier) vector(features []string) vector {
	counts := map[int32]float32{}
	var strange float64
	for _, f := range features {
		k, known := c.features[f]
		if !known {
			strange += strangeness(f)
			continue
		}
		counts[k]++
	}
	v := make(vector, 0, len(counts))
	for k, n := range counts {
		v = append(v, entry{k, float32(1+math.Log(float64(n))) * c.rarity[k]})
	}
	slices.SortFunc(v, func(a, b entry) int { return cmp.Compare(a.feature, b.feature) })
	var sum float64
	for _, e := range v {
		sum += float64(e.weight) * float64(e.weight)
	}
	rare := math.Log(float64(len(c.label))+1) + 1
	sum += strange * rare * rare
	for i := range v {
		v[i].weight /= float32(math.Sqrt(sum))
	}
	return v
}

// strangeness is how much a word that no example has tells of another topic.
func strangeness(feature string) float64 {
	stem, isWord := strings.CutPrefix(feature, "w:")
	switch {
	case !isWord:
		return 0
	case common[stem]:
		return 0.2
	case len(concept.In([]string{stem})) > 0:
		return 0.8
	}
	return 1.7
}

// read is what a text is judged by. It reports false where nothing in it is known.
func (c *Classifier) read(text string) (reading, bool) {
	place, placed := meaning.Of(text)
	r := reading{features: c.vector(pieces(c.spelling.correct(concept.Words(text)))), place: place[:], placed: placed}
	return r, placed || len(r.features) > 0
}

// likeness is how like the text is to each label's most similar examples, by
// words and by meaning: two thirds of the best and one of the second.
func (c *Classifier) likeness(r reading) (byWords, byMeaning []float64) {
	dots := make([]float32, len(c.examples))
	for _, e := range r.features {
		for _, p := range c.postings[e.feature] {
			dots[p.example] += e.weight * p.weight
		}
	}
	near := blas32.Vector{N: len(c.examples), Inc: 1, Data: make([]float32, len(c.examples))}
	blas32.Gemv(blas.NoTrans, 1, c.places, blas32.Vector{N: meaning.Dims, Inc: 1, Data: r.place}, 0, near)
	return c.best(dots), c.best(near.Data)
}

func (c *Classifier) best(likeness []float32) []float64 {
	best := make([][2]float64, len(c.labels))
	for i, d := range likeness {
		dot := float64(d)
		b := &best[c.label[i]]
		if dot > b[0] {
			b[0], b[1] = dot, b[0]
		} else if dot > b[1] {
			b[1] = dot
		}
	}
	out := make([]float64, len(best))
	for k, b := range best {
		out[k] = (2*b[0] + b[1]) / 3
	}
	return out
}

// Classify returns the labels that a text may mean, the likeliest first, and
// whether the first is believed: where it is not, the text is out of scope.
func (c *Classifier) Classify(text string, most int) (guesses []Guess, believed bool) {
	if len(c.labels) == 0 {
		return nil, false
	}
	r, known := c.read(text)
	if !known {
		return nil, false
	}
	guesses = c.guess(r)
	return guesses[:min(most, len(guesses))], guesses[0].Confidence >= c.bar
}

// guess ranks by what classifier and likeness say together; the confidence is
// mostly likeness, lowered where the classifier hesitates.
func (c *Classifier) guess(r reading) []Guess {
	scores := c.linear.probabilities(r)
	words, near := c.likeness(r)
	out := make([]Guess, len(scores))
	for k, p := range scores {
		out[k] = Guess{c.labels[k], math.Sqrt(float64(p)+1e-9) * (wording*words[k] + (1-wording)*max(0, near[k]) + 0.05) / 1.05}
	}
	slices.SortFunc(out, func(a, b Guess) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Label, b.Label))
	})
	for k := range out {
		out[k].Confidence = min(1, math.Pow(out[k].Confidence, 0.7))
	}
	return out
}

// calibrate sets the bar so that few texts of known labels would be rejected.
// What a classifier says of its own examples tells nothing of that, so each
// fold of the examples is judged by a classifier that learnt from the others;
// where examples are many, one fold tells enough.
func calibrate(examples []Example) float64 {
	folds := min(5, len(examples))
	judged := folds
	if len(examples) > 1000 {
		judged = 1
	}
	var own []float64
	for f := range judged {
		var rest, held []Example
		seen := map[string]int{}
		for _, e := range examples {
			if seen[e.Label]++; seen[e.Label]%folds == f && folds > 1 {
				held = append(held, e)
			} else {
				rest = append(rest, e)
			}
		}
		c := learn(rest)
		for _, e := range held {
			if r, known := c.read(e.Text); known && len(c.labels) > 0 {
				own = append(own, c.guess(r)[0].Confidence)
			}
		}
	}
	if len(own) == 0 {
		return 0
	}
	slices.Sort(own)
	return own[int(rejected*float64(len(own)))]
}
