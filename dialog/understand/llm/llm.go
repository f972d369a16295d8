// Package llm understands callers with a language model behind any
// OpenAI-compatible endpoint, and with the rules where the model is slow, down or
// talks nonsense.
//
// Model implements understand.Understander. A turn goes to the rules first, which
// take microseconds: what is keyed, a wish for a human, a goodbye, and the yes or
// no to a question, a value with two readings never reach the model. For the rest
// the endpoints of a model.Ladder are asked in order, within a budget and at most
// twice. The model is told the few flows and articles that are near the caller's
// words, what was asked, and the last turns as they were heard; what the caller
// said, with other readings of it, stands between marks that it cannot guess. The
// answer is read while it is written: the first part that makes no sense ends the
// attempt, the last brace ends the wait, and when the budget ends in the middle,
// the commands that are whole are used. An answer is used only where every command
// is of a known kind, names a flow, article or slot that was offered, and has a
// value of the slot's type; digits must be the caller's own.
//
// Any goroutine may use a Model. It logs no words.
package llm

import (
	"context"
	"slices"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/model"
	"attendant/dialog/understand"
)

// defaultBudget is what a caller may wait for the model's first usable answer.
const defaultBudget = 900 * time.Millisecond

// maxAttempts bounds the requests of one turn.
const maxAttempts = 2

// Config says whom to ask.
type Config struct {
	Ladder   *model.Ladder
	Budget   time.Duration // 900 ms where 0
	Rules    Rules
	Flows    *flow.Set
	Articles map[string]string // ID -> title
}

// Rules is what understands without a model, and knows what is near a text.
type Rules interface {
	understand.Understander
	Near(text string, most int) []understand.Candidate
}

// Model implements understand.Understander.
type Model struct{ cfg Config }

var _ understand.Understander = (*Model)(nil)

// New returns a Model. It sends nothing yet.
func New(cfg Config) *Model {
	if cfg.Budget == 0 {
		cfg.Budget = defaultBudget
	}
	return &Model{cfg}
}

// Digits implements understand.Understander.
func (m *Model) Digits(text string) string { return m.cfg.Rules.Digits(text) }

// Understand implements understand.Understander. It returns within the budget.
func (m *Model) Understand(ctx context.Context, v understand.View, t understand.Turn) ([]flow.Command, error) {
	ruled, err := m.cfg.Rules.Understand(ctx, v, t)
	if err != nil || t.Keys != "" || v.Expect.Sensitive || decided(v, ruled) {
		return ruled, err
	}
	p := m.prompt(v, t)
	q := model.Request{Chat: p.request(), First: m.cfg.Budget, Attempts: maxAttempts, Spent: v.Spent}
	r, err := m.cfg.Ladder.Ask(ctx, q, func() model.Reader { return &reader{prompt: &p, turn: t} })
	if err != nil { // the ladder has counted it; the caller does not wait for it
		return ruled, nil //nolint:nilerr // the rules answer in the model's place
	}
	return r.(*reader).commands, nil
}

// decided reports whether the rules alone decide: what a caller must never be
// denied, what must be recognised outside of any model, and what has several
// readings, which are asked about and not guessed.
func decided(v understand.View, ruled []flow.Command) bool {
	return slices.ContainsFunc(ruled, func(c flow.Command) bool {
		switch c.Kind {
		case flow.Human, flow.Goodbye, flow.Repeat, flow.HoldOn, flow.Slower, flow.Spell, flow.Back, flow.StartOver, flow.Cancel, flow.NotHeard:
			return true
		case flow.Affirm, flow.Deny:
			return v.Expect.Type == "yesno"
		}
		return len(c.Options) > 0
	})
}
