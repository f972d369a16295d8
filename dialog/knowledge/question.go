package knowledge

import (
	"math"
	"strings"
	"unicode"
)

// questions tell how much a question is like those that articles say they
// answer: the cosine of stems, rare ones counting more. It is immutable.
type questions struct {
	rarity   map[string]float64
	examples []example
}

type example struct {
	owner int // the article's index
	stems map[string]float64
}

func newQuestions(articles []Article) *questions {
	q := &questions{rarity: map[string]float64{}}
	total := 0.0
	for _, a := range articles {
		for _, text := range append([]string{a.Title}, a.Examples...) {
			total++
			for s := range stems(text) {
				q.rarity[s]++
			}
		}
	}
	for s, n := range q.rarity {
		q.rarity[s] = math.Log(1 + total/n)
	}
	for i, a := range articles {
		for _, text := range append([]string{a.Title}, a.Examples...) {
			q.examples = append(q.examples, example{i, q.weighed(text)})
		}
	}
	return q
}

// strange is the rarity of a word that no example has.
const strange = 5

// weighed are a text's stems with their weights, of length one.
func (q *questions) weighed(text string) map[string]float64 {
	out := stems(text)
	var sum float64
	for s := range out {
		w, known := q.rarity[s]
		if !known {
			w = strange
		}
		out[s] = w
		sum += w * w
	}
	for s := range out {
		out[s] /= math.Sqrt(sum)
	}
	return out
}

// likeness is the best cosine of a question with an example of each article.
func (q *questions) likeness(query string) map[int]float64 {
	asked := q.weighed(query)
	out := map[int]float64{}
	for _, e := range q.examples {
		var sum float64
		for s, w := range asked {
			sum += w * e.stems[s]
		}
		if sum > out[e.owner] {
			out[e.owner] = sum
		}
	}
	return out
}

// stems are the beginnings of a text's words, Chinese in pairs of characters.
func stems(text string) map[string]float64 {
	out := map[string]float64{}
	for _, w := range strings.FieldsFunc(strings.ToLower(pairs(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		for _, end := range []string{"ings", "ing", "ies", "ied", "ed", "es", "s", "y", "e"} {
			if stem, ok := strings.CutSuffix(w, end); ok && len(stem) > 2 {
				w = stem
				break
			}
		}
		out[w] = 1
	}
	return out
}
