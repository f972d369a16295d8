package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"attendant/dialog/knowledge"
	"attendant/dialog/sentiment"
	"attendant/dialog/understand/entity"
	"attendant/dialog/understand/intent"
	"attendant/dialog/understand/rules"
)

// evaluateCommand lets operators measure the parts on their own data: JSON
// lines in, one JSON line out for each, in order.
type evaluateCommand struct {
	Intents   evaluateIntents   `cmd:"" help:"Which label a text has: {id, text} -> {id, intent, confidence, alternatives}."`
	Control   evaluateControl   `cmd:"" help:"What a turn does whatever the flow: {id, text, prev} -> {id, act}."`
	Sentiment evaluateSentiment `cmd:"" help:"How a text sounds: {id, text} -> {id, score, label}."`
	Knowledge evaluateKnowledge `cmd:"" help:"Which document answers a question: {id, query} -> {id, hits, answered, answer}."`
	Entities  evaluateEntities  `cmd:"" help:"A typed value in a text: {id, text, type, ref, lang} -> {id, value}."`
	Written   evaluateWritten   `cmd:"" help:"Spoken to written text: {id, text, lang} -> {id, text}."`
	Spoken    evaluateSpoken    `cmd:"" help:"Written to spoken text: {id, text, lang} -> {id, text}."`
}

// question is one line of input; every kind reads what it needs of it.
type question struct {
	ID   json.RawMessage `json:"id"`
	Text string          `json:"text"`
	Prev string          `json:"prev"`
	Type string          `json:"type"`
	Ref  string          `json:"ref"`
	Lang string          `json:"lang"`

	Query string `json:"query"`
}

// answers reads questions and writes what answer makes of each, until the input
// ends. A line that is no JSON ends it with the line's number. With a test file
// it prints a summary instead; got is what of an answer is compared.
func (t tested) answers(p *program, answer func(q question) (any, error), got func(any) any) error {
	if t.Test != "" {
		return t.measure(p, answer, got)
	}
	in := bufio.NewReaderSize(p.in, 1<<16)
	out := bufio.NewWriter(p.out)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for n := 1; ; n++ {
		line, readErr := in.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var q question
			err := json.Unmarshal([]byte(line), &q)
			if err == nil {
				var a any
				if a, err = answer(q); err == nil {
					err = encoder.Encode(a)
				}
			}
			if err != nil {
				return errors.Join(fmt.Errorf("%w: line %d: %w", errSettings, n, err), out.Flush())
			}
		}
		if in.Buffered() == 0 { // someone may wait for the answer
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write an answer: %w", err)
			}
		}
		switch {
		case errors.Is(readErr, io.EOF):
			return out.Flush()
		case readErr != nil:
			return fmt.Errorf("read a question: %w", readErr)
		}
	}
}

type evaluateIntents struct {
	tested
	Examples string `required:"" help:"Examples: text TAB label, a line each." type:"existingfile"`
}

type intentAnswer struct {
	ID           json.RawMessage `json:"id"`
	Intent       *string         `json:"intent"` // null is out of scope
	Confidence   float64         `json:"confidence"`
	Alternatives []alternative   `json:"alternatives"`
}

type alternative struct {
	Intent     string  `json:"intent"`
	Confidence float64 `json:"confidence"`
}

// Run learns the examples and labels each text.
func (f evaluateIntents) Run(p *program) error {
	examples, err := readExamples(f.Examples)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	c := intent.Train(examples)
	return f.answers(p, func(q question) (any, error) {
		a := intentAnswer{ID: q.ID, Alternatives: []alternative{}}
		guesses, believed := c.Classify(q.Text, 5)
		for i, g := range guesses {
			if i == 0 {
				a.Confidence = g.Confidence
			}
			if i == 0 && believed {
				a.Intent = &g.Label
				continue
			}
			a.Alternatives = append(a.Alternatives, alternative{g.Label, g.Confidence})
		}
		return a, nil
	}, func(a any) any { return a.(intentAnswer).Intent })
}

func readExamples(file string) ([]intent.Example, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []intent.Example
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		text, label, ok := strings.Cut(line, "\t")
		if !ok || label == "" {
			return nil, fmt.Errorf("%s:%d: want 'text TAB label'", file, n)
		}
		out = append(out, intent.Example{Text: text, Label: label})
	}
	return out, nil
}

type evaluateControl struct{ tested }

type actAnswer struct {
	ID  json.RawMessage `json:"id"`
	Act string          `json:"act"`
}

// Run tells each turn's act.
func (f evaluateControl) Run(p *program) error {
	return f.answers(p, func(q question) (any, error) {
		return actAnswer{q.ID, rules.Act(q.Text, q.Prev)}, nil
	}, func(a any) any { return a.(actAnswer).Act })
}

type evaluateSentiment struct{ tested }

type moodAnswer struct {
	ID    json.RawMessage `json:"id"`
	Score float64         `json:"score"`
	Label string          `json:"label"`
}

// Run scores each text as the first turn of a call.
func (f evaluateSentiment) Run(p *program) error {
	return f.answers(p, func(q question) (any, error) {
		s := sentiment.New().Score(q.Text)
		return moodAnswer{q.ID, s.Value, s.Label}, nil
	}, func(a any) any { return a.(moodAnswer).Label })
}

type evaluateKnowledge struct {
	tested
	Docs string `required:"" help:"Documents: {id, title, text}, a line each." type:"existingfile"`
}

type hitAnswer struct {
	ID       json.RawMessage `json:"id"`
	Hits     []hit           `json:"hits"` // the best first
	Answered bool            `json:"answered"`
	Answer   string          `json:"answer"`
}

type hit struct {
	Doc   string  `json:"doc"`
	Score float64 `json:"score"`
}

// Run indexes the documents and answers each question with a sentence of the
// best.
func (f evaluateKnowledge) Run(p *program) error {
	documents, err := readDocuments(f.Docs)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	index, err := knowledge.NewIndex(p.ctx, documents)
	if err != nil {
		return err
	}
	defer index.Close()
	return f.answers(p, func(q question) (any, error) {
		hits, answer, answered, err := index.Search(p.ctx, q.Query, 10)
		a := hitAnswer{ID: q.ID, Hits: []hit{}, Answered: answered, Answer: answer}
		for _, h := range hits {
			a.Hits = append(a.Hits, hit{h.ID, h.Score})
		}
		return a, err
	}, func(a any) any { return a.(hitAnswer).first() })
}

// first is the document that answers, nil where the question is not answered.
func (a hitAnswer) first() any {
	if !a.Answered || len(a.Hits) == 0 {
		return nil
	}
	return a.Hits[0].Doc
}

func readDocuments(file string) ([]knowledge.Document, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []knowledge.Document
	n := 0
	for line := range strings.Lines(string(data)) {
		if n++; strings.TrimSpace(line) == "" {
			continue
		}
		var d struct{ ID, Title, Text string }
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		out = append(out, knowledge.Document(d))
	}
	return out, nil
}

type evaluateEntities struct{ tested }

type valueAnswer struct {
	ID    json.RawMessage `json:"id"`
	Value any             `json:"value"` // null where there is none
}

// money is an amount of money; no currency where none was said.
type money struct {
	Amount   float64 `json:"amount"`
	Currency *string `json:"currency"`
}

// Run finds each text's value.
func (f evaluateEntities) Run(p *program) error {
	return f.answers(p, func(q question) (any, error) {
		at, err := moment(q.Ref)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(entityTypes, entity.Type(q.Type)) {
			return nil, fmt.Errorf("type %q is none of %v", q.Type, entityTypes)
		}
		v, ok := entity.Find(q.Text, entity.Type(q.Type), at, q.Lang)
		if !ok {
			return valueAnswer{q.ID, nil}, nil
		}
		return valueAnswer{q.ID, written(v)}, nil
	}, func(a any) any { return a.(valueAnswer).Value })
}

// entityTypes are what Find finds.
var entityTypes = []entity.Type{
	entity.Date, entity.Time, entity.Datetime, entity.DateRange, entity.Money, entity.Number, entity.Ordinal, entity.Duration, entity.Quantity,
	entity.Phone, entity.Card, entity.Digits, entity.Code, entity.Email, entity.YesNo, entity.Name, entity.Address,
}

// written is a value as operators' data has it.
func written(v entity.Value) any {
	switch v.Type {
	case entity.Money:
		m := money{Amount: v.Number}
		if v.Unit != "" {
			m.Currency = &v.Unit
		}
		return m
	case entity.Number, entity.Ordinal, entity.Duration:
		return v.Number
	case entity.Phone:
		return strings.TrimPrefix(v.Text, "+")
	}
	return v.Text
}

// moment reads when something was said; empty is now.
func moment(ref string) (time.Time, error) {
	if ref == "" {
		return time.Now(), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, ref); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("ref %q is no moment: want YYYY-MM-DDTHH:MM", ref)
}

type evaluateWritten struct{ tested }

type textAnswer struct {
	ID   json.RawMessage `json:"id"`
	Text string          `json:"text"`
}

func saidText(a any) any { return a.(textAnswer).Text }

// Run writes what was spoken.
func (f evaluateWritten) Run(p *program) error {
	return f.answers(p, func(q question) (any, error) { return textAnswer{q.ID, entity.Written(q.Text, q.Lang)}, nil }, saidText)
}

type evaluateSpoken struct{ tested }

// Run writes texts as they are spoken.
func (f evaluateSpoken) Run(p *program) error {
	return f.answers(p, func(q question) (any, error) { return textAnswer{q.ID, entity.Spoken(q.Text, q.Lang)}, nil }, saidText)
}
