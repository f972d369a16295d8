// Package intent tells which of a set of labels a text means, from example
// texts of each label, or that it means none of them.
//
// The central type is Classifier. Train learns two views of the examples: a
// linear classifier (multinomial logistic regression over words, pairs of words
// and pieces of words), which tells near-by labels apart, and the examples
// themselves, whose likeness tells whether a text belongs to any label at all:
// a classifier alone is sure of itself also far from all it has seen.
//
// Guarantees: the same examples give the same Classifier; Classify neither
// blocks nor changes anything, and any goroutine may call it.
package intent

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"attendant/dialog/understand/concept"
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
	weights  []float32        // [feature][label]
	bias     []float32
	examples []vector
	postings [][]posting // of each feature
	label    []int       // of each example
	spelling spelling
	bar      float64
}

// entry is one feature of a text. The entries of a vector rise in number.
type entry struct {
	feature int32
	weight  float32
}

type vector []entry

// posting is one example that has a feature.
type posting struct {
	example int32
	weight  float32
}

const (
	// work bounds training: multiplications, about two seconds of a core.
	work      = 1.5e9
	mostTurns = 30
	rate      = 0.5
	decay     = 2e-5
	// little is an error that is not worth a step.
	little = 1e-3
	// rejected is the part of the examples that may fall below the bar.
	rejected = 0.03
)

// Train learns from examples. Labels without an example are never guessed.
func Train(examples []Example) *Classifier {
	c := learn(examples)
	c.bar = calibrate(examples)
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
	for _, t := range texts {
		c.examples = append(c.examples, c.vector(t))
	}
	c.postings = make([][]posting, len(c.rarity))
	for i, v := range c.examples {
		for _, e := range v {
			c.postings[e.feature] = append(c.postings[e.feature], posting{int32(i), e.weight})
		}
	}
	c.fit()
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

// read is a text's vector.
func (c *Classifier) read(text string) vector {
	return c.vector(pieces(c.spelling.correct(concept.Words(text))))
}

// fit minimises the logistic loss by AdaGrad, an example at a time.
func (c *Classifier) fit() {
	n := len(c.labels)
	c.weights = make([]float32, len(c.rarity)*n)
	c.bias = make([]float32, n)
	squares := make([]float32, len(c.rarity)) // one a feature
	total := 0
	for _, v := range c.examples {
		total += len(v)
	}
	turns := min(mostTurns, max(3, int(work/float64(1+4*total*n))))
	random := rand.New(rand.NewPCG(1, 2))
	order := random.Perm(len(c.examples))
	scores := make([]float32, n)
	var moved []int
	for range turns {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			moved = c.step(c.examples[i], c.label[i], scores, squares, moved)
		}
	}
}

func (c *Classifier) step(v vector, label int, scores, squares []float32, moved []int) []int {
	c.scores(v, scores)
	softmax(scores)
	scores[label]--
	var size float32
	moved = moved[:0]
	for k, g := range scores {
		c.bias[k] -= 0.01 * g
		size += g * g
		if g > little || g < -little {
			moved = append(moved, k)
		}
	}
	for _, e := range v {
		squares[e.feature] += size * e.weight * e.weight
		by := float32(rate) * e.weight / float32(math.Sqrt(float64(squares[e.feature])+1e-6))
		row := c.weights[int(e.feature)*len(scores):][:len(scores)]
		for _, k := range moved {
			row[k] -= by*scores[k] + decay*row[k]
		}
	}
	return moved
}

func (c *Classifier) scores(v vector, scores []float32) {
	copy(scores, c.bias)
	for _, e := range v {
		row := c.weights[int(e.feature)*len(scores):][:len(scores)]
		for k, w := range row {
			scores[k] += e.weight * w
		}
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

// likeness is how like the text is to each label's most similar examples: the
// mean of the best and the two best.
func (c *Classifier) likeness(v vector) []float64 {
	best := make([][2]float64, len(c.labels))
	dots := make([]float32, len(c.examples))
	for _, e := range v {
		for _, p := range c.postings[e.feature] {
			dots[p.example] += e.weight * p.weight
		}
	}
	for i, d := range dots {
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
	v := c.read(text)
	if len(v) == 0 {
		return nil, false
	}
	guesses = c.guess(v)
	return guesses[:min(most, len(guesses))], guesses[0].Confidence >= c.bar
}

// guess ranks by what classifier and likeness say together; the confidence is
// mostly likeness, lowered where the classifier hesitates.
func (c *Classifier) guess(v vector) []Guess {
	scores := make([]float32, len(c.labels))
	c.scores(v, scores)
	softmax(scores)
	like := c.likeness(v)
	out := make([]Guess, len(scores))
	for k, p := range scores {
		out[k] = Guess{c.labels[k], math.Pow(float64(p)+1e-9, 0.5) * (like[k] + 0.05) / 1.05}
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
// where examples are many, two folds tell enough.
func calibrate(examples []Example) float64 {
	folds := min(5, len(examples))
	judged := folds
	if len(examples) > 1000 {
		judged = 2
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
			if v := c.read(e.Text); len(v) > 0 && len(c.labels) > 0 {
				own = append(own, c.guess(v)[0].Confidence)
			}
		}
	}
	if len(own) == 0 {
		return 0
	}
	slices.Sort(own)
	return own[int(rejected*float64(len(own)))]
}
