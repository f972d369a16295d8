package knowledge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Embedder turns texts into vectors whose nearness is nearness of meaning: one a
// text, all of one length. It blocks until they are there or ctx ends.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

const (
	// queryPatience is how long a caller waits for their question's vector; without
	// it the words decide.
	queryPatience = 300 * time.Millisecond
	// loadPatience bounds the vectors of all articles.
	loadPatience = 30 * time.Second
	// compared is about how many vectors calibrate compares with all others.
	compared = 500
	// batch is how many texts are sent at once.
	batch = 96
)

// meanings are the vectors of articles: several each, one an example, one for
// the title with the answer.
type meanings struct {
	embedder Embedder
	vectors  [][]float32
	owner    []int   // of each vector: the article's index
	middle   float64 // the likeness at which an article answers as likely as not
	spread   float64
	articles int
}

func newMeanings(ctx context.Context, e Embedder, articles []Article) (*meanings, error) {
	ctx, cancel := context.WithTimeout(ctx, loadPatience)
	defer cancel()
	m := &meanings{embedder: e, articles: len(articles)}
	var texts []string
	for i, a := range articles {
		for _, text := range append(slices.Clone(a.Examples), a.Title+". "+a.Answer) {
			texts, m.owner = append(texts, text), append(m.owner, i)
		}
	}
	for part := range slices.Chunk(texts, batch) {
		vectors, err := e.Embed(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("embed articles: %w", err)
		}
		if len(vectors) != len(part) {
			return nil, errors.New("embed articles: another number of vectors than of texts")
		}
		m.vectors = append(m.vectors, vectors...)
	}
	if err := m.straighten(); err != nil {
		return nil, err
	}
	m.calibrate()
	return m, nil
}

// straighten makes vectors one long and leaves those out that have no direction:
// of texts in a language that the embedder does not know.
func (m *meanings) straighten() error {
	kept, owner := m.vectors[:0], m.owner[:0]
	for i, v := range m.vectors {
		if len(v) != len(m.vectors[0]) {
			return fmt.Errorf("embed articles: vector %d has another length", i)
		}
		if normalise(v) {
			kept, owner = append(kept, v), append(owner, m.owner[i])
		}
	}
	if len(kept) == 0 && len(m.vectors) > 0 {
		return errors.New("embed articles: no vector has a direction")
	}
	m.vectors, m.owner = kept, owner
	return nil
}

// normalise makes a vector one long; it reports false where it has no direction.
func normalise(v []float32) bool {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return false
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return true
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// calibrate learns how alike, with this embedder, are questions that one article
// answers, and those that another does: each example looks for its nearest
// neighbour in its own article and in all others.
func (m *meanings) calibrate() {
	var same, other []float64
	step := 1 + len(m.vectors)/compared // of many some tell enough
	for i := 0; i < len(m.vectors); i += step {
		v := m.vectors[i]
		own, foreign := -1.0, -1.0
		for j, w := range m.vectors {
			switch d := dot(v, w); {
			case i == j:
			case m.owner[i] == m.owner[j]:
				own = max(own, d)
			default:
				foreign = max(foreign, d)
			}
		}
		if own > -1 {
			same = append(same, own)
		}
		if foreign > -1 {
			other = append(other, foreign)
		}
	}
	// A question that no article answers is about as far as one that another does;
	// so the bar is high among those: the ninth tenth.
	slices.Sort(same)
	slices.Sort(other)
	bar := func(sorted []float64, part float64) float64 {
		if len(sorted) == 0 {
			return 0.8
		}
		return sorted[int(part*float64(len(sorted)-1))]
	}
	m.middle = max(bar(other, 0.9), (bar(same, 0.5)+bar(other, 0.5))/2)
	m.spread = max(0.01, (bar(same, 0.9)-bar(other, 0.5))/8)
}

// likeness is how likely each article answers a question, by meaning; empty
// where that cannot be told in time. A nil m knows nothing.
func (m *meanings) likeness(ctx context.Context, query string) map[int]float64 {
	if m == nil || query == "" || len(m.vectors) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, queryPatience)
	defer cancel()
	vectors, err := m.embedder.Embed(ctx, []string{query})
	if err != nil || len(vectors) != 1 || len(vectors[0]) != len(m.vectors[0]) || !normalise(vectors[0]) {
		return nil // counted by the embedder; the words decide
	}
	best := map[int]float64{}
	for i, v := range m.vectors {
		d := dot(vectors[0], v)
		if known, ok := best[m.owner[i]]; !ok || d > known {
			best[m.owner[i]] = d
		}
	}
	for i, d := range best {
		best[i] = 1 / (1 + math.Exp(-(d-m.middle)/m.spread))
	}
	return best
}
