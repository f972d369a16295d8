package model

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sashabaranov/go-openai"
	"github.com/sony/gobreaker/v2"
)

// Embedder asks an OpenAI-compatible server for vectors of texts. It is a
// knowledge.Embedder. Any goroutine may use it.
type Embedder struct {
	endpoint Endpoint
	client   *openai.Client
	breaker  *gobreaker.CircuitBreaker[[][]float32]
}

// NewEmbedder returns an Embedder. It sends nothing yet.
func NewEmbedder(e Endpoint) *Embedder {
	settings := openai.DefaultConfig(e.Key)
	settings.BaseURL = e.URL
	if e.HTTP != nil {
		settings.HTTPClient = &http.Client{Transport: e.HTTP}
	}
	return &Embedder{e, openai.NewClientWithConfig(settings), gobreaker.NewCircuitBreaker[[][]float32](gobreaker.Settings{
		Name: e.URL, MaxRequests: 1, Timeout: 10 * time.Second,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 3 },
	})}
}

// Embed returns a vector for each text. It blocks until they are there or ctx
// ends; it fails at once while the breaker keeps the server out.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	out, err := e.breaker.Execute(func() ([][]float32, error) {
		r, err := e.client.CreateEmbeddings(ctx, openai.EmbeddingRequestStrings{Input: texts, Model: openai.EmbeddingModel(e.endpoint.Model)})
		if err != nil {
			return nil, err
		}
		vectors := make([][]float32, len(texts))
		for _, d := range r.Data {
			if d.Index < 0 || d.Index >= len(vectors) {
				return nil, fmt.Errorf("a vector of text %d of %d", d.Index, len(vectors))
			}
			vectors[d.Index] = d.Embedding
		}
		return vectors, nil
	})
	if err != nil {
		return nil, fmt.Errorf("embed with %s: %w", e.endpoint.Model, err)
	}
	return out, nil
}
