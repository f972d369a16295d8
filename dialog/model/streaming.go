package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/sashabaranov/go-openai"
)

// mostRead bounds what is read of one answer, in octets, with all that a server
// wraps its words in.
const mostRead = 4 << 20

// streaming lets a server that answers in one piece look like one that streams,
// and bounds what is read of either.
type streaming struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s streaming) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := s.next.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusOK {
		return res, err
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if kind != "application/json" || r.Header.Get("Accept") != "text/event-stream" {
		res.Body = bounded{io.LimitReader(res.Body, mostRead), res.Body}
		return res, nil
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, mostRead))
	if err != nil {
		return nil, fmt.Errorf("read an answer in one piece: %w", err)
	}
	events, err := asEvents(data)
	if err != nil {
		return nil, err
	}
	res.Header.Set("Content-Type", "text/event-stream")
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(events)), int64(len(events))
	return res, nil
}

// bounded is a body of which no more than so much is read.
type bounded struct {
	io.Reader
	io.Closer
}

// asEvents is an answer in one piece as the events of a stream.
func asEvents(data []byte) ([]byte, error) {
	var whole openai.ChatCompletionResponse
	if err := json.Unmarshal(data, &whole); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUseless, err)
	}
	part := openai.ChatCompletionStreamResponse{ID: whole.ID, Model: whole.Model, Usage: &whole.Usage}
	for _, c := range whole.Choices {
		part.Choices = append(part.Choices, openai.ChatCompletionStreamChoice{Delta: openai.ChatCompletionStreamChoiceDelta{Content: c.Message.Content}})
	}
	event, err := json.Marshal(part)
	if err != nil {
		return nil, fmt.Errorf("pass an answer on: %w", err)
	}
	return append(append([]byte("data: "), event...), "\n\ndata: [DONE]\n\n"...), nil
}
