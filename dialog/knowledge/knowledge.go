// Package knowledge answers questions from the company's articles.
//
// An article is a Markdown file with front matter: what it answers, in one to
// three spoken sentences, and questions that it answers. The central type is
// Finder: it finds the articles that a question may be about by their words
// (SQLite's full text index), by the questions that they say they answer, and by
// meaning (an embedder's vectors, or the program's own); and tells how likely each answers it, since
// an honest "I do not know" is worth more than the nearest wrong article.
package knowledge

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Article is one answer.
type Article struct {
	ID       string   `yaml:"-"` // the file's name without its ending
	Title    string   `yaml:"title"`
	Answer   string   `yaml:"answer"` // what is spoken
	Link     string   `yaml:"link"`
	Owner    string   `yaml:"owner"`
	ReviewBy string   `yaml:"review_by"` // a date
	Language string   `yaml:"language"`
	Examples []string `yaml:"examples"`
	Version  string   `yaml:"version"`
	Text     string   `yaml:"-"` // the Markdown below the front matter
}

// Base is a company's articles. It is immutable once loaded.
type Base struct{ articles []Article }

// Load reads articles/*.md. Its error joins all faults, one a line.
func Load(files fs.FS) (*Base, error) {
	names, err := fs.Glob(files, "articles/*.md")
	if err != nil {
		return nil, fmt.Errorf("list articles: %w", err)
	}
	b := &Base{}
	var faults []error
	for _, name := range names {
		a, err := load(files, name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		b.articles = append(b.articles, a)
	}
	return b, errors.Join(faults...)
}

// load reads one article. Its errors name file and line.
func load(files fs.FS, name string) (Article, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return Article{}, err
	}
	head, text, ok := strings.Cut(strings.TrimPrefix(string(data), "---\n"), "\n---\n")
	if !ok || !strings.HasPrefix(string(data), "---\n") {
		return Article{}, fmt.Errorf("%s:1: no front matter between lines of ---", name)
	}
	a := Article{ID: strings.TrimSuffix(path.Base(name), ".md"), Text: strings.TrimSpace(text)}
	if err := yaml.UnmarshalWithOptions([]byte(head), &a, yaml.Strict()); err != nil {
		line := 1
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			line += at.GetToken().Position.Line // below the first ---
		}
		return a, fmt.Errorf("%s:%d: %s", name, line, yaml.FormatError(err, false, true))
	}
	if a.Title == "" || a.Answer == "" || a.Version == "" || len(a.Examples) == 0 {
		return a, fmt.Errorf("%s:1: title, answer, version and examples must be given", name)
	}
	if _, err := time.Parse(time.DateOnly, a.ReviewBy); err != nil {
		return a, fmt.Errorf("%s:%d: review_by %q is no date such as 2027-06-30", name, lineOf(head, "review_by"), a.ReviewBy)
	}
	return a, nil
}

// lineOf is the line of a key in an article's front matter, 1 where it is not
// there.
func lineOf(head, key string) int {
	for i, line := range strings.Split(head, "\n") {
		if strings.HasPrefix(line, key+":") {
			return i + 2
		}
	}
	return 1
}

// Articles returns all articles.
func (b *Base) Articles() []Article { return slices.Clone(b.articles) }
