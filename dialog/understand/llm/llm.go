// Package llm understands callers with a language model behind any
// OpenAI-compatible endpoint, and with the rules where the model is slow, down or
// talks nonsense.
//
// Model implements understand.Understander. A turn goes to the rules first, which
// take microseconds: what is keyed, a wish for a human, a goodbye, and the yes or
// no to a question never reach the model. For the rest the endpoints are asked in
// order, within a budget and at most twice; an endpoint that keeps failing is left
// out by its breaker until a probe succeeds. The model is told the few flows and
// articles that are near the caller's words, what was asked, and the last turns as
// they were heard; the caller's words stand between marks that it cannot guess. An
// answer is used only where every command is of a known kind, names a flow,
// article or slot that was offered, and has a value of the slot's type.
//
// Any goroutine may use a Model. It logs no words.
package llm

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sashabaranov/go-openai"
	"github.com/sony/gobreaker/v2"

	"attendant/dialog/flow"
	"attendant/dialog/understand"
)

// defaultBudget is what a caller may wait for the model's first usable answer.
const defaultBudget = 900 * time.Millisecond

// maxAttempts bounds the requests of one turn.
const maxAttempts = 2

// Endpoint is one server of a model.
type Endpoint struct {
	URL     string // up to and with /v1
	Model   string
	Key     string        // empty where none is needed
	Timeout time.Duration // of one request; the budget where 0
}

// Config says whom to ask.
type Config struct {
	Endpoints []Endpoint // in the order in which they are asked
	Budget    time.Duration
	Rules     Rules
	Flows     *flow.Set
	Articles  map[string]string // ID -> title
}

// Rules is what understands without a model, and knows what is near a text.
type Rules interface {
	understand.Understander
	Near(text string, most int) []understand.Candidate
}

// Stats count what came of turns. Any goroutine may read them.
type Stats struct {
	Asked   atomic.Uint64 // requests sent
	Used    atomic.Uint64 // turns that the model understood
	Failed  atomic.Uint64 // requests that came to nothing: errors, time-outs
	Garbage atomic.Uint64 // answers that could not be used
	Skipped atomic.Uint64 // requests that a breaker kept back
	Tokens  atomic.Uint64
}

// Model implements understand.Understander.
type Model struct {
	cfg       Config
	endpoints []endpoint
	stats     Stats
}

var _ understand.Understander = (*Model)(nil)

type endpoint struct {
	Endpoint
	client  *openai.Client
	breaker *gobreaker.CircuitBreaker[openai.ChatCompletionResponse]
}

// New returns a Model. It sends nothing yet.
func New(cfg Config) *Model {
	if cfg.Budget == 0 {
		cfg.Budget = defaultBudget
	}
	m := &Model{cfg: cfg}
	for _, e := range cfg.Endpoints {
		settings := openai.DefaultConfig(e.Key)
		settings.BaseURL = e.URL
		m.endpoints = append(m.endpoints, endpoint{e, openai.NewClientWithConfig(settings), newBreaker(e.URL)})
	}
	return m
}

// newBreaker opens after three failures in a row, for ten seconds; then one
// probe decides.
func newBreaker(name string) *gobreaker.CircuitBreaker[openai.ChatCompletionResponse] {
	return gobreaker.NewCircuitBreaker[openai.ChatCompletionResponse](gobreaker.Settings{
		Name: name, MaxRequests: 1, Timeout: 10 * time.Second,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 3 },
	})
}

// Stats returns the live counters.
func (m *Model) Stats() *Stats { return &m.stats }

// Digits implements understand.Understander.
func (m *Model) Digits(text string) string { return m.cfg.Rules.Digits(text) }

// Understand implements understand.Understander. It returns within the budget.
func (m *Model) Understand(ctx context.Context, v understand.View, t understand.Turn) ([]flow.Command, error) {
	ruled, err := m.cfg.Rules.Understand(ctx, v, t)
	if err != nil || t.Keys != "" || v.Expect.Sensitive || decided(v, ruled) {
		return ruled, err
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Budget)
	defer cancel()
	p := m.prompt(v, t)
	attempts := 0
	for _, e := range slices.Concat(m.endpoints, m.endpoints) {
		if attempts == maxAttempts || ctx.Err() != nil {
			break
		}
		answer, sent := m.ask(ctx, e, p, v.Spent)
		if !sent {
			continue
		}
		attempts++
		if commands, ok := p.commands(answer, t); ok {
			m.stats.Used.Add(1)
			return commands, nil
		}
		if answer != "" {
			m.stats.Garbage.Add(1)
		}
	}
	return ruled, nil
}

// decided reports whether the rules alone decide: what a caller must never be
// denied, and what must be recognised outside of any model.
func decided(v understand.View, ruled []flow.Command) bool {
	return slices.ContainsFunc(ruled, func(c flow.Command) bool {
		switch c.Kind {
		case flow.Human, flow.Goodbye, flow.Repeat, flow.HoldOn, flow.Slower, flow.Spell, flow.Back, flow.StartOver, flow.Cancel, flow.NotHeard:
			return true
		case flow.Affirm, flow.Deny:
			return v.Expect.Type == "yesno"
		}
		return false
	})
}

// ask sends one request. It reports whether one was sent; an empty answer is a
// failure.
func (m *Model) ask(ctx context.Context, e endpoint, p prompt, spent func(int)) (answer string, sent bool) {
	if e.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.Timeout)
		defer cancel()
	}
	r, err := e.breaker.Execute(func() (openai.ChatCompletionResponse, error) {
		m.stats.Asked.Add(1)
		return e.client.CreateChatCompletion(ctx, p.request(e.Model))
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		m.stats.Skipped.Add(1)
		return "", false
	}
	if err != nil || len(r.Choices) == 0 {
		m.stats.Failed.Add(1)
		return "", true
	}
	if tokens := max(r.Usage.TotalTokens, 0); spent != nil {
		m.stats.Tokens.Add(uint64(tokens))
		spent(tokens)
	}
	return r.Choices[0].Message.Content, true
}
