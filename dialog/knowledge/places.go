package knowledge

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"attendant/dialog/understand/concept"
	"attendant/dialog/vector"
)

// What each likeness counts in a document's score. They were chosen on odd
// questions of testdata (TestCollections) and rounded.
const (
	byText     = 1.0 // the whole text's vector
	byTitle    = 0.4
	bySentence = 0.3 // the most alike sentence's
	byWords    = 1.0
	// shared is how much of what all documents share is taken off a vector, so
	// that what tells them apart counts.
	shared = 0.7
	// like is the cosine above which words are taken to mean something alike.
	like = 0.3
)

// places are where documents, their titles, sentences and words stand by their
// meaning. It is immutable.
type places struct {
	mean      vector.Vector
	documents []place
	stems     map[string]int32
	words     blas32.General // the vector of each word, a row each
}

// place is one document's.
type place struct {
	text, title vector.Vector
	sentences   []sentence
	words       []int32 // distinct
}

type sentence struct {
	text  string
	place vector.Vector
	words []int32
}

func newPlaces(documents []Document) *places {
	p := &places{stems: map[string]int32{}}
	var rows []float32
	learn := func(text string) []int32 {
		var out []int32
		for _, w := range concept.Words(text) {
			if carriesNothing[w] {
				continue
			}
			stem := concept.Stem(w)
			n, known := p.stems[stem]
			if !known {
				n = int32(len(p.stems))
				p.stems[stem] = n
				v, _ := vector.Of(w)
				rows = append(rows, v[:]...)
			}
			out = append(out, n)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	for _, d := range documents {
		all := place{words: learn(d.Title + ". " + d.Text)}
		all.text, _ = vector.Of(d.Title + ". " + d.Text)
		all.title, _ = vector.Of(d.Title)
		for _, s := range split(d.Text) {
			at, _ := vector.Of(s)
			all.sentences = append(all.sentences, sentence{s, at, learn(s)})
		}
		for i := range p.mean {
			p.mean[i] += all.text[i] / float32(len(documents))
		}
		p.documents = append(p.documents, all)
	}
	for i := range p.documents {
		d := &p.documents[i]
		d.text, d.title = p.apart(d.text), p.apart(d.title)
		for k := range d.sentences {
			d.sentences[k].place = p.apart(d.sentences[k].place)
		}
	}
	p.words = blas32.General{Rows: len(p.stems), Cols: vector.Dims, Stride: vector.Dims, Data: rows}
	return p
}

// apart takes off a vector what all documents share; its length stays 1, or 0.
func (p *places) apart(v vector.Vector) vector.Vector {
	if v == (vector.Vector{}) {
		return v
	}
	var sum float64
	for i := range v {
		v[i] -= shared * p.mean[i]
		sum += float64(v[i]) * float64(v[i])
	}
	if sum == 0 {
		return v
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// asking is a question being looked for.
type asking struct {
	place vector.Vector
	known bool // it has a place
	terms []term
	near  [][]float32 // of each term: how alike each word of the documents is
}

func (p *places) ask(query string, terms []term) asking {
	q := asking{terms: terms}
	q.place, q.known = vector.Of(query)
	q.place = p.apart(q.place)
	for _, t := range terms {
		near := make([]float32, len(p.stems))
		v, known := vector.Of(t.word)
		if known && len(near) > 0 {
			blas32.Gemv(blas.NoTrans, 1, p.words, blas32.Vector{N: vector.Dims, Inc: 1, Data: v[:]}, 0, blas32.Vector{N: len(near), Inc: 1, Data: near})
		}
		q.near = append(q.near, near)
	}
	return q
}

// score is how well a document fits, 0 to 1.
func (p *places) score(q asking, document int) float64 {
	d := &p.documents[document]
	best := float32(0)
	for i := range d.sentences {
		best = max(best, q.place.Like(&d.sentences[i].place))
	}
	sum := byText*float64(q.place.Like(&d.text)) + byTitle*float64(q.place.Like(&d.title)) + bySentence*float64(best)
	sum += byWords * q.covered(d.words, document+1)
	return min(1, max(0, sum/(byText+byTitle+bySentence+byWords)))
}

// covered is the part of the question's words, by rarity, that words have or
// have something alike for. row is the document whose words they are in the
// index, 0 for a sentence.
func (q asking) covered(words []int32, row int) float64 {
	var has, all float64
	for i, t := range q.terms {
		best := float32(0)
		if _, found := slices.BinarySearch(t.in, row); found {
			best = 1
		}
		for _, w := range words {
			best = max(best, q.near[i][w])
		}
		all += t.rarity
		has += t.rarity * max(0, float64(best)-like) / (1 - like)
	}
	if all == 0 {
		return 0
	}
	return min(1, has/all)
}

// sentence is the one of a document that fits a question best.
func (p *places) sentence(q asking, document int) string {
	best, score := "", math.Inf(-1)
	for i := range p.documents[document].sentences {
		s := &p.documents[document].sentences[i]
		if v := float64(q.place.Like(&s.place)) + 2*q.covered(s.words, 0); v > score {
			best, score = s.text, v
		}
	}
	return best
}

// table is the embedder that is part of the program.
type table struct{}

// Embed implements Embedder. A text without a known word has no place.
func (table) Embed(_ context.Context, texts []string) ([][]float32, error) {
	var out [][]float32
	for _, t := range texts {
		v, _ := vector.Of(t)
		out = append(out, v[:])
	}
	return out, nil
}
