package knowledge

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	_ "modernc.org/sqlite" // FTS5
)

// Document is a text to be found.
type Document struct{ ID, Title, Text string }

// Hit is a document that was found. Score, 0 to 1, is how well it fits the
// question, by words and by meaning: comparable between questions, so that a bar
// can tell a known answer from none.
type Hit struct {
	ID    string
	Score float64
}

// answerBar is the score from which a question counts as answered.
const answerBar = 0.4

// Index finds documents by their words and by what they mean: SQLite's FTS5,
// BM25 with Porter's stems, and the vectors of package vector. It lives in memory;
// any goroutine may use it.
type Index struct {
	db     *sql.DB
	ids    []string
	places *places
}

// NewIndex indexes documents. The caller calls Close.
func NewIndex(ctx context.Context, documents []Document) (*Index, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("open an index: %w", err)
	}
	db.SetMaxOpenConns(1) // each connection to :memory: is a database of its own
	x := &Index{db: db, places: newPlaces(documents)}
	if err := x.fill(ctx, documents); err != nil {
		return nil, errors.Join(fmt.Errorf("index documents: %w", err), db.Close())
	}
	return x, nil
}

func (x *Index) fill(ctx context.Context, documents []Document) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing is left to be rolled back after Commit
	for _, statement := range []string{
		`CREATE VIRTUAL TABLE docs USING fts5(title, text, tokenize = 'porter unicode61')`,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	for i, d := range documents {
		x.ids = append(x.ids, d.ID)
		if _, err := tx.ExecContext(ctx, `INSERT INTO docs (rowid, title, text) VALUES (?, ?, ?)`, i+1, d.Title, d.Text); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Close frees the index.
func (x *Index) Close() error { return x.db.Close() }

// split cuts a text into sentences.
func split(text string) []string {
	var out []string
	from := 0
	runes := []rune(text)
	for i, r := range runes {
		ends := r == '\n' || strings.ContainsRune(".!?", r) && (i+1 == len(runes) || unicode.IsSpace(runes[i+1])) || strings.ContainsRune("。！？", r)
		if !ends && i+1 < len(runes) {
			continue
		}
		if s := strings.TrimSpace(string(runes[from : i+1])); s != "" {
			out = append(out, s)
		}
		from = i + 1
	}
	return out
}

// term is a word of a question, how rare it is, and the documents that have it.
type term struct {
	word   string
	rarity float64
	in     []int // ascending
}

// Search returns at most that many documents, which may be none, the best first,
// the sentence that answers best, and whether the question counts as answered.
func (x *Index) Search(ctx context.Context, query string, most int) (hits []Hit, answer string, answered bool, err error) {
	terms, err := x.terms(ctx, query)
	if err != nil {
		return nil, "", false, err
	}
	q := x.places.ask(query, terms)
	if !q.known && len(terms) == 0 {
		return nil, "", false, nil
	}
	best, score := 0, 0.0
	for i, id := range x.ids {
		s := x.places.score(q, i)
		if s > score {
			best, score = i, s
		}
		if s > 0 {
			hits = append(hits, Hit{id, s})
		}
	}
	if len(hits) == 0 {
		return nil, "", false, nil
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits[:min(most, len(hits))], x.places.sentence(q, best), score >= answerBar, nil
}

// Words returns at most that many documents by their words alone. The score is
// how much of the question a document covers, rare words counting more.
func (x *Index) Words(ctx context.Context, query string, most int) ([]Hit, error) {
	terms, err := x.terms(ctx, query)
	if err != nil || len(terms) == 0 {
		return nil, err
	}
	found, err := x.rank(ctx, `SELECT rowid, bm25(docs, 2.0, 1.0) FROM docs WHERE docs MATCH ? ORDER BY 2 LIMIT ?`, either(terms), max(most, 5))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var hits []Hit
	best := found[0].score
	for _, f := range found { // BM25 says who is first, coverage how far the others are behind
		score := covered(f.row, terms) * (0.7 + 0.3*f.score/best)
		if len(hits) > 0 {
			score = min(score, hits[0].Score)
		}
		hits = append(hits, Hit{x.ids[f.row-1], score})
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits[:min(most, len(hits))], nil
}

// terms are the words that carry meaning. One that no document has counts as
// one that a single document has.
func (x *Index) terms(ctx context.Context, query string) ([]term, error) {
	words := strings.FieldsFunc(strings.ToLower(query), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(words)
	words = slices.Compact(words)
	carrying := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return carriesNothing[w] })
	var out []term
	for _, w := range carrying[:min(len(carrying), 40)] {
		in, err := x.with(ctx, w)
		if err != nil {
			return nil, err
		}
		out = append(out, term{w, math.Log(1 + (float64(len(x.ids))+0.5)/(float64(max(len(in), 1))+0.5)), in})
	}
	return out, nil
}

// with are the documents that have a word, in ascending order.
func (x *Index) with(ctx context.Context, word string) ([]int, error) {
	rows, err := x.db.QueryContext(ctx, `SELECT rowid FROM docs WHERE docs MATCH ? ORDER BY rowid`, quoted(word))
	if err != nil {
		return nil, fmt.Errorf("look for a word: %w", err)
	}
	defer rows.Close()
	var out []int
	for rows.Next() {
		var row int
		if err := rows.Scan(&row); err != nil {
			return nil, fmt.Errorf("look for a word: %w", err)
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

func quoted(word string) string { return `"` + strings.ReplaceAll(word, `"`, `""`) + `"` }

func either(terms []term) string {
	var out []string
	for _, t := range terms {
		out = append(out, quoted(t.word))
	}
	return strings.Join(out, " OR ")
}

type ranked struct {
	row   int
	score float64
}

// rank returns rows with their BM25, which SQLite gives as a negative number,
// turned.
func (x *Index) rank(ctx context.Context, statement string, args ...any) ([]ranked, error) {
	rows, err := x.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	defer rows.Close()
	var out []ranked
	for rows.Next() {
		var r ranked
		if err := rows.Scan(&r.row, &r.score); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		r.score = -r.score
		out = append(out, r)
	}
	return out, rows.Err()
}

// covered is the part of the terms, by rarity, that a document has.
func covered(row int, terms []term) float64 {
	var has, all float64
	for _, t := range terms {
		all += t.rarity
		if _, found := slices.BinarySearch(t.in, row); found {
			has += t.rarity
		}
	}
	return has / all
}

// carriesNothing are words that a question has whatever it is about.
var carriesNothing = func() map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(`a an the and or but if of to in on at by for with from as is are was were be been am do does did can could
		will would shall should may might must have has had i me my mine we us our you your yours he she it its they them their this that these those
		what which who whom whose when where why how not no so than then there here please tell know want need like get got about into up down out
		just any some s t m re ve ll d don doesn didn isn aren can't im ive id hi hello thanks thank`) {
		out[w] = true
	}
	return out
}()
