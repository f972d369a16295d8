package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"time"

	"attendant/crm"
	"attendant/deploy/demo"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/knowledge"
	"attendant/dialog/understand"
	"attendant/dialog/understand/rules"
	"attendant/speech"
	"attendant/speech/espeak"
	"attendant/speech/flite"
	"attendant/speech/pocketsphinx"
)

// voices are the vendors of voices, by the name in the settings.
func voices() map[string]speech.Synthesizer {
	return map[string]speech.Synthesizer{"flite": flite.New(), "espeak": espeak.New()}
}

// programs are what must be installed, and how.
var programs = []struct{ name, how string }{
	{"flite", "apt-get install flite"},
	{"espeak-ng", "apt-get install espeak-ng"},
}

// missing tells what is not installed, one fault each.
func missing(c config) error {
	var faults []error
	for _, p := range programs {
		if _, err := exec.LookPath(p.name); err != nil {
			faults = append(faults, fmt.Errorf("%w: %s is not installed: %s", errSettings, p.name, p.how))
		}
	}
	if _, err := exec.LookPath(c.Worker); err != nil {
		faults = append(faults, fmt.Errorf("%w: the recogniser %s is missing: make build", errSettings, c.Worker))
	}
	if !exists(c.Model) {
		faults = append(faults, fmt.Errorf("%w: the recogniser's model %s is missing: apt-get install pocketsphinx-en-us", errSettings, c.Model))
	}
	return errors.Join(faults...)
}

// company is a company's folder, loaded.
type company struct {
	files    fs.FS
	flows    *flow.Set
	articles *knowledge.Base
	rules    *rules.Rules

	connectors []crm.System // that serve operations before the embedded CRM

	mu    sync.Mutex
	found *knowledge.Finder
}

// loadCompany loads the folder of the settings, or the demo company.
func loadCompany(c config) (*company, error) {
	var files fs.FS = demo.Files
	if c.Company != "" {
		files = os.DirFS(c.Company)
	}
	connectors, connectorErr := loadConnectors(files, zoneOf(files))
	operations := dialog.Operations(crm.Join(append(slices.Clone(connectors), crm.Operate(nil, time.UTC))...))
	flows, flowErr := flow.Load(files, operations)
	articles, articleErr := knowledge.Load(files)
	if err := errors.Join(connectorErr, flowErr, articleErr, checkRecords(files)); err != nil {
		return nil, fmt.Errorf("%w: company: %w", errSettings, err)
	}
	return &company{files: files, flows: flows, articles: articles, rules: rules.New(flows, asked(articles)), connectors: connectors}, nil
}

func asked(b *knowledge.Base) []understand.Article {
	var out []understand.Article
	for _, a := range b.Articles() {
		out = append(out, understand.Article{ID: a.ID, Examples: a.Examples})
	}
	return out
}

// vocabulary is what a recogniser is to expect.
type vocabulary struct {
	phrases []string // whole sentences
	answers []string // what questions offer to choose from
}

// callers is what callers of the company say.
func (c *company) callers() vocabulary { return vocabulary{c.callerPhrases(), c.answers()} }

// callerPhrases are what callers of the company are likely to say.
func (c *company) callerPhrases() []string {
	var out []string
	for _, f := range c.flows.Flows() {
		out = append(out, f.Examples...)
	}
	for _, a := range c.articles.Articles() {
		out = append(out, a.Examples...)
	}
	return append(out, rules.Phrases()...)
}

// answers are what the company's questions offer to choose from.
func (c *company) answers() []string {
	var out []string
	for _, f := range c.flows.Flows() {
		for _, name := range slices.Sorted(maps.Keys(f.Slots)) {
			for _, answer := range dialog.Names(f.Slots[name].Choices) {
				if !slices.Contains(out, answer) {
					out = append(out, answer)
				}
			}
		}
	}
	return out
}

// attendantPhrases are what the company's attendant is likely to say: what a
// scripted caller hears. Placeholders become what may stand there.
func (c *company) attendantPhrases(today time.Time) []string {
	var out []string
	for _, t := range c.flows.Phrases("en-US") {
		t = digitsPlaceholder.ReplaceAllString(t, "{digits}")
		if !datePlaceholder.MatchString(t) {
			out = append(out, c.withPlaces(t)...)
			continue
		}
		for day := -7; day < 14; day++ {
			date := today.AddDate(0, 0, day).Format("Monday, January 2")
			out = append(out, c.withPlaces(datePlaceholder.ReplaceAllString(t, date))...)
		}
	}
	for _, a := range c.articles.Articles() {
		out = append(out, a.Answer)
	}
	return dialog.Sentences(out...)
}

var (
	digitsPlaceholder = regexp.MustCompile(`\{[^}]*\|digits\}`)
	datePlaceholder   = regexp.MustCompile(`\{[^}]*\|date\}`)
	placePlaceholder  = regexp.MustCompile(`\{[a-z]+\.place\}`)
	otherPlaceholder  = regexp.MustCompile(`\{[a-z_]+(\.[a-z_]+)?\}`)
	places            = regexp.MustCompile(`place: ([^,"}]+)`)
)

func (c *company) withPlaces(text string) []string {
	if !placePlaceholder.MatchString(text) {
		return []string{keepDigits(text)}
	}
	// A company whose records are elsewhere has no crm.yaml.
	data, _ := fs.ReadFile(c.files, "crm.yaml")
	seen := map[string]bool{}
	var out []string
	for _, m := range places.FindAllStringSubmatch(string(data), -1) {
		if !seen[m[1]] {
			seen[m[1]] = true
			out = append(out, keepDigits(placePlaceholder.ReplaceAllString(text, m[1])))
		}
	}
	return out
}

// keepDigits drops all placeholders but "{digits}".
func keepDigits(text string) string {
	return otherPlaceholder.ReplaceAllStringFunc(text, func(p string) string {
		if p == "{digits}" {
			return p
		}
		return ""
	})
}

func openRecognizer(c config, v vocabulary, workers, warm int, log *slog.Logger) (*pocketsphinx.Recognizer, error) {
	r, err := pocketsphinx.Open(pocketsphinx.Config{
		Program: c.Worker, ModelDir: c.Model, Phrases: v.phrases, Answers: v.answers, Workers: workers, Warm: warm, Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("recogniser: %w", err)
	}
	return r, nil
}

// say renders a sentence whole.
func say(ctx context.Context, s speech.Synthesizer, v speech.Voice, text string) (speech.Segment, error) {
	in, out := make(chan string, 1), make(chan speech.Segment)
	in <- text
	close(in)
	var err error
	var speaking sync.WaitGroup
	speaking.Go(func() {
		defer close(out)
		err = s.Synthesize(ctx, v, in, out)
	})
	whole := speech.Segment{Text: text}
	for part := range out {
		whole.Audio = append(whole.Audio, part.Audio...)
	}
	speaking.Wait()
	return whole, err
}
