package pocketsphinx

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// model counts word sequences and writes them as a trigram language model.
type model struct {
	counts [3]map[string]float64 // n-gram, words joined by a space -> weight
}

func newModel() *model {
	m := &model{}
	for i := range m.counts {
		m.counts[i] = map[string]float64{}
	}
	return m
}

// add counts a sentence, already in words, weight times.
func (m *model) add(sentence string, weight float64) {
	words := append(append([]string{"<s>"}, strings.Fields(sentence)...), "</s>")
	if len(words) == 2 {
		return
	}
	for i := range words {
		for n := 1; n <= 3 && i+n <= len(words); n++ {
			m.counts[n-1][strings.Join(words[i:i+n], " ")] += weight
		}
	}
}

// history is what is known of the words that follow a sequence.
type history struct{ total, kinds float64 }

// arpa writes the model in the ARPA format with Witten-Bell smoothing: the
// weight of what was never seen is that of how often something new was seen.
func (m *model) arpa() []byte {
	after := [2]map[string]history{{}, {}} // by the length of the sequence
	for n := 1; n < 3; n++ {
		for gram, c := range m.counts[n] {
			h := gram[:strings.LastIndexByte(gram, ' ')]
			s := after[n-1][h]
			s.total, s.kinds = s.total+c, s.kinds+1
			after[n-1][h] = s
		}
	}
	p := &probabilities{model: m, after: after}
	for gram, c := range m.counts[0] {
		if gram != "<s>" {
			p.total += c
		}
	}
	p.kinds = float64(len(m.counts[0]) - 1)

	var b bytes.Buffer
	b.WriteString("\\data\\\n")
	for n := range 3 {
		fmt.Fprintf(&b, "ngram %d=%d\n", n+1, len(m.counts[n]))
	}
	for n := range 3 {
		fmt.Fprintf(&b, "\n\\%d-grams:\n", n+1)
		for _, gram := range sorted(m.counts[n]) {
			p.write(&b, gram, n)
		}
	}
	b.WriteString("\n\\end\\\n")
	return b.Bytes()
}

func sorted(counts map[string]float64) []string {
	grams := make([]string, 0, len(counts))
	for g := range counts {
		grams = append(grams, g)
	}
	slices.SortFunc(grams, cmp.Compare[string])
	return grams
}

type probabilities struct {
	*model
	after        [2]map[string]history
	total, kinds float64 // of single words
}

func (p *probabilities) write(b *bytes.Buffer, gram string, n int) {
	probability := -99.0 // nothing precedes <s>
	if gram != "<s>" {
		probability = math.Log10(p.of(gram, n))
	}
	fmt.Fprintf(b, "%.4f %s", probability, gram)
	if n < 2 {
		backoff := 0.0
		if h, ok := p.after[n][gram]; ok {
			backoff = math.Log10(h.kinds / (h.total + h.kinds))
		}
		fmt.Fprintf(b, " %.4f", backoff)
	}
	b.WriteByte('\n')
}

// of is the probability of a seen n-gram's last word after the words before.
func (p *probabilities) of(gram string, n int) float64 {
	if n == 0 {
		return (p.counts[0][gram] + 1) / (p.total + p.kinds)
	}
	h := p.after[n-1][gram[:strings.LastIndexByte(gram, ' ')]]
	lower := p.of(gram[strings.IndexByte(gram, ' ')+1:], n-1)
	return (p.counts[n][gram] + h.kinds*lower) / (h.total + h.kinds)
}
