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

// Hit is a document that was found. Score, 0 to 1, is how much of the question
// it covers, rare words counting more: comparable between questions, so that a
// bar can tell a known answer from none.
type Hit struct {
	ID    string
	Score float64
}

// answerBar is the score from which a question counts as answered.
const answerBar = 0.4

// Index finds documents by their words: SQLite's FTS5, BM25 with Porter's
// stems, documents and their sentences side by side. It lives in memory; any
// goroutine may use it.
type Index struct {
	db        *sql.DB
	ids       []string
	sentences []string
}

// NewIndex indexes documents. The caller calls Close.
func NewIndex(ctx context.Context, documents []Document) (*Index, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("open an index: %w", err)
	}
	db.SetMaxOpenConns(1) // each connection to :memory: is a database of its own
	x := &Index{db: db}
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
		`CREATE VIRTUAL TABLE sentences USING fts5(text, doc UNINDEXED, tokenize = 'porter unicode61')`,
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
		for _, s := range split(d.Text) {
			x.sentences = append(x.sentences, s)
			if _, err := tx.ExecContext(ctx, `INSERT INTO sentences (rowid, text, doc) VALUES (?, ?, ?)`, len(x.sentences), s, i+1); err != nil {
				return err
			}
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

// Search returns at most that many documents, which may be none, the best first, the sentence that
// answers best, and whether the question counts as answered.
func (x *Index) Search(ctx context.Context, query string, most int) (hits []Hit, answer string, answered bool, err error) {
	terms, err := x.terms(ctx, query)
	if err != nil || len(terms) == 0 {
		return nil, "", false, err
	}
	found, err := x.rank(ctx, `SELECT rowid, bm25(docs, 2.0, 1.0) FROM docs WHERE docs MATCH ? ORDER BY 2 LIMIT ?`, either(terms), max(most, 5))
	if err != nil || len(found) == 0 {
		return nil, "", false, err
	}
	best := found[0].score
	for i := range found {
		found[i].score = covered(found[i].row, terms) * (0.7 + 0.3*found[i].score/best)
	}
	sentence, share, err := x.sentence(ctx, found[0].row, terms)
	if err != nil {
		return nil, "", false, err
	}
	for _, f := range found { // BM25 says who is first, coverage how far the others are behind
		hits = append(hits, Hit{x.ids[f.row-1], min(f.score, found[0].score) * (0.75 + 0.25*share)})
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits[:min(most, len(hits))], sentence, hits[0].Score >= answerBar, nil
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

// shared is the part of the terms, by rarity, that a sentence has.
func (x *Index) shared(ctx context.Context, sentence int, terms []term) (float64, error) {
	var has, all float64
	for _, t := range terms {
		var n int
		err := x.db.QueryRowContext(ctx, `SELECT count(*) FROM sentences WHERE sentences MATCH ? AND rowid = ?`, quoted(t.word), sentence).Scan(&n)
		if err != nil {
			return 0, fmt.Errorf("look for a word: %w", err)
		}
		all += t.rarity
		if n > 0 {
			has += t.rarity
		}
	}
	return has / all, nil
}

// sentence is the one of a document that fits best, and the part of the terms
// in it.
func (x *Index) sentence(ctx context.Context, doc int, terms []term) (string, float64, error) {
	found, err := x.rank(ctx, `SELECT rowid, bm25(sentences) FROM sentences WHERE sentences MATCH ? AND doc = ? ORDER BY 2 LIMIT 1`, either(terms), doc)
	if err != nil || len(found) == 0 {
		return "", 0, err
	}
	share, err := x.shared(ctx, found[0].row, terms)
	return x.sentences[found[0].row-1], share, err
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
