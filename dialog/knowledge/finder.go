package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Found is an article with how likely it is that it answers the question, 0 to 1.
type Found struct {
	Article
	Confidence float64
}

// Answers is the Confidence from which an article counts as the answer.
const Answers = 0.5

// Finder finds the articles that answer a question, by their words and by what
// they mean. Any goroutine may use it.
type Finder struct {
	articles []Article
	byID     map[string]int
	index    *Index
	asked    *questions
	meanings *meanings // nil where the embedder failed
}

// NewFinder indexes articles. Without an embedder the table of package vector
// stands in; one that fails is done without, and logged. The caller calls Close.
func NewFinder(ctx context.Context, b *Base, e Embedder, log *slog.Logger) (*Finder, error) {
	f := &Finder{articles: b.Articles(), byID: map[string]int{}, asked: newQuestions(b.articles)}
	var documents []Document
	for i, a := range f.articles {
		f.byID[a.ID] = i
		documents = append(documents, Document{ID: a.ID, Title: pairs(a.Title), Text: pairs(a.searched())})
	}
	var err error
	if f.index, err = NewIndex(ctx, documents); err != nil {
		return nil, err
	}
	if e == nil {
		e = table{}
	}
	if f.meanings, err = newMeanings(ctx, e, f.articles); err != nil {
		log.Warn("articles are found by their words alone", "error", err)
	}
	return f, nil
}

// searched is what an article is found by.
func (a Article) searched() string {
	text := strings.Join(a.Examples, ". ") + ". " + a.Answer
	if a.Text != a.Answer {
		text += "\n" + a.Text
	}
	return text
}

// Close frees the index.
func (f *Finder) Close() error { return f.index.Close() }

// Article returns the article of that ID.
func (f *Finder) Article(id string) (Article, bool) {
	i, ok := f.byID[id]
	if !ok {
		return Article{}, false
	}
	return f.articles[i], true
}

// Find returns at most that many articles that may answer a question, the
// likeliest first.
func (f *Finder) Find(ctx context.Context, query string, most int) ([]Found, error) {
	hits, err := f.index.Words(ctx, pairs(query), max(most, candidates))
	if err != nil {
		return nil, fmt.Errorf("find an article: %w", err)
	}
	covered := map[int]float64{}
	for _, h := range hits {
		covered[f.byID[h.ID]] = h.Score
	}
	scores, best, second := map[int]float64{}, 0.0, 0.0
	for i, like := range f.asked.likeness(query) {
		scores[i] = coverage*covered[i] + (1-coverage)*like
		best, second = max(best, scores[i]), max(second, min(best, scores[i]))
	}
	likely := map[int]float64{}
	for i, score := range scores { // where two are as good, neither is sure
		likely[i] = calibrated(score - rivalry*second)
	}
	for i, p := range f.meanings.likeness(ctx, query) {
		likely[i] = 1 - (1-likely[i])*(1-p)
	}
	var out []Found
	for i, p := range likely {
		out = append(out, Found{f.articles[i], p})
	}
	slices.SortFunc(out, func(a, b Found) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(most, len(out))], nil
}

// candidates are how many articles are looked at by their words.
const candidates = 8

// calibrated turns an index's score into how likely it is that the document
// answers. Fitted to the demo's articles, each asked for by an example that was
// taken out of it, and to questions of which no article knows: TestCalibration.
func calibrated(score float64) float64 { return 1 / (1 + math.Exp(-(score-scoreMiddle)/scoreSpread)) }

const (
	coverage    = 0.5 // what the words of an article count, beside its questions
	rivalry     = 0.5 // what the second best takes away
	scoreMiddle = 0.32
	scoreSpread = 0.06
)

// pairs puts Chinese, which has no spaces, into pairs of characters: what an
// index takes for words.
func pairs(text string) string {
	if !strings.ContainsFunc(text, isHan) {
		return text
	}
	var b strings.Builder
	runes := []rune(text)
	for i, r := range runes {
		if !isHan(r) {
			b.WriteRune(r)
			continue
		}
		alone := (i == 0 || !isHan(runes[i-1])) && (i+1 == len(runes) || !isHan(runes[i+1]))
		if next := i + 1; next < len(runes) && isHan(runes[next]) {
			fmt.Fprintf(&b, " %c%c ", r, runes[next])
		} else if alone {
			fmt.Fprintf(&b, " %c ", r)
		}
	}
	return b.String()
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }
