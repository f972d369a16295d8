package entity

import (
	"strings"
	"time"
)

// Option is one of the values that a caller may choose.
type Option struct {
	Value    string
	Synonyms []string // other words for it; Value is one as well
}

// Choose returns which of the options text names: by its words or nearly so,
// by its place ("the second one", "option two", "the last"), or as the only
// one not refused ("not the red one, the blue"). Where it names two of them
// the one that is named last after a correction wins, else the longer name;
// the other is an alternative.
func Choose(text string, options []Option, lang string) (Value, bool) {
	p := newParser(text, time.Time{}, lang)
	var best, second match
	for n, o := range options {
		m := p.named1(o)
		m.option = n
		switch {
		case m.score == 0:
		case best.score > 0 && p.corrected(p.end(best), p.toks[m.from].from), m.score > best.score:
			best, second = m, best
		case m.score > second.score:
			second = m
		}
	}
	if best.score == 0 {
		var ok bool
		if best, ok = p.placed(len(options)); !ok {
			return Value{}, false
		}
	}
	v := Value{Text: options[best.option].Value, Confidence: min(1, best.score), From: p.toks[best.from].from, To: p.end(best)}
	if second.score > 0 {
		v.Alternatives = []string{options[second.option].Value}
		v.Confidence *= 0.7
	}
	return v, true
}

func (p *parser) end(m match) int { return p.toks[max(m.to-1, 0)].to }

// match is where an option is named.
type match struct {
	option   int
	score    float64
	from, to int
}

// named1 finds the option's best name in the text.
func (p *parser) named1(o Option) match {
	var best match
	for _, name := range append([]string{o.Value}, o.Synonyms...) {
		words := lex(strings.ReplaceAll(name, "_", " "), p.lang)
		if len(words) == 0 {
			continue
		}
		for i := range p.toks {
			s := p.alike(i, words)
			if s > 0 && !p.refused(i) && s+0.001*float64(len(name)) > best.score {
				best = match{score: s + 0.001*float64(len(name)), from: i, to: min(i+len(words), len(p.toks))}
			}
		}
	}
	return best
}

// refused tells whether "not" stands before token i.
func (p *parser) refused(i int) bool {
	j := i - 1
	for p.is(j, "the", "a", "an", "want", "like", "need", "to", "that", "my") {
		j--
	}
	return p.is(j, "not", "don't", "isn't", "without", "except", "nicht", "pas", "kein", "keine")
}

// alike is 0.95 where words stand at i, less where they nearly do, else 0.
func (p *parser) alike(i int, words []token) float64 {
	score := 0.95
	for k, w := range words {
		said := p.word(i + k)
		switch {
		case said == w.low:
		case len(w.low) > 3 && (said == w.low+"s" || said+"s" == w.low):
			score -= 0.05
		case len(w.low) >= 5 && len(said) >= 4 && distance(said, w.low) <= 1+len(w.low)/8:
			score -= 0.25 / float64(len(words))
		default:
			return 0
		}
	}
	return score
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	if len(a) > 32 || len(b) > 32 {
		return 32
	}
	var row [33]int
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for k := range len(b) {
			cost := diagonal + b2i(a[i] != b[k])
			diagonal = row[k+1]
			row[k+1] = min(cost, row[k]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// placed reads an option's place among n.
func (p *parser) placed(n int) (match, bool) {
	for i := range p.toks {
		place, j := 0, i
		switch v, k := p.nth(i); {
		case p.is(i, "last", "latter", "letzte", "letzten", "dernier", "dernière", "último", "última", "最"):
			place, j = n, i+1
		case p.is(i, "former"):
			place, j = 1, i+1
		case k > i:
			place, j = int(v), k
		case p.is(i-1, "option", "number", "choice", "nummer", "numéro", "número") || len(p.toks) <= 2:
			c, e := p.cardinal(i)
			place, j = int(c.val), e
		}
		if j > i && place >= 1 && place <= n {
			return match{option: place - 1, score: 0.8, from: i, to: j}, true
		}
	}
	return match{}, false
}
