package main

import (
	"context"
	"log/slog"
	"sync/atomic"

	"attendant/dialog"
	"attendant/dialog/knowledge"
	"attendant/dialog/model"
	"attendant/dialog/reply"
	"attendant/dialog/understand"
	"attendant/dialog/understand/llm"
	"attendant/speech"
)

// language is what a language model does for a company, and, without one, what
// is done in its place.
type language struct {
	understand understand.Understander
	writer     dialog.Writer // nil without a model
	ladder     *model.Ladder // nil without a model
}

// language uses the endpoints of the settings, or those given.
func (c *company) language(cfg config, endpoints ...model.Endpoint) language {
	endpoints = append(cfg.endpoints(), endpoints...)
	if len(endpoints) == 0 {
		return language{understand: c.rules}
	}
	titles := map[string]string{}
	for _, a := range c.articles.Articles() {
		titles[a.ID] = a.Title
	}
	ladder := model.New(endpoints...)
	return language{
		understand: llm.New(llm.Config{Ladder: ladder, Budget: cfg.ModelBudget, Rules: c.rules, Flows: c.flows, Articles: titles}),
		writer:     reply.New(reply.Config{Ladder: ladder, Budget: cfg.ModelBudget}),
		ladder:     ladder,
	}
}

// speak lets an attendant use the language model.
func (l language) speak(a *dialog.Attendant) {
	a.Understand, a.Writer = l.understand, l.writer
}

// status is how each endpoint of the model is doing.
func (l language) status() []speech.Status {
	if l.ladder == nil {
		return nil
	}
	return l.ladder.Status()
}

// gauges are the model's counters by their names as metrics.
func (l language) gauges() map[string]func() float64 {
	out := map[string]func() float64{}
	if l.ladder == nil {
		return out
	}
	st := l.ladder.Stats()
	for name, count := range map[string]*atomic.Uint64{
		"attendant_model_requests": &st.Asked, "attendant_model_answers_used": &st.Used, "attendant_model_failures": &st.Failed,
		"attendant_model_answers_useless": &st.Garbage, "attendant_model_kept_out": &st.Skipped, "attendant_model_breaker_opened": &st.Opened,
		"attendant_model_tokens": &st.Tokens,
	} {
		out[name] = func() float64 { return float64(count.Load()) }
	}
	return out
}

// finder finds the company's articles. It is made with the first use, and lives
// as long as the company.
func (c *company) finder(ctx context.Context, cfg config, log *slog.Logger) (*knowledge.Finder, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found != nil {
		return c.found, nil
	}
	var embedder knowledge.Embedder
	if cfg.EmbeddingsURL != "" {
		embedder = model.NewEmbedder(model.Endpoint{URL: cfg.EmbeddingsURL, Model: cfg.EmbeddingsName, Key: cfg.EmbeddingsKey})
	}
	var err error
	c.found, err = knowledge.NewFinder(ctx, c.articles, embedder, log)
	return c.found, err
}
