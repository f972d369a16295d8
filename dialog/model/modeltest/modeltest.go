// Package modeltest is a double of a language model's server, in memory: it
// streams or not, is slow, hangs, fails and talks nonsense as a test wants.
//
// The central type is Server, an http.RoundTripper that an endpoint is given as
// its transport. Nothing of it touches a socket, so that it works under
// testing/synctest.
package modeltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sashabaranov/go-openai"

	"attendant/dialog/model"
)

// Reply is how the server answers one request.
type Reply struct {
	Text   string        // what the model writes
	Tokens int           // what it says it used
	Whole  bool          // in one piece, although a stream was asked for
	Pieces int           // how many pieces a stream has; one a word where 0
	Delay  time.Duration // before the first octet
	Every  time.Duration // between pieces
	Hang   bool          // after the text nothing comes, nor does the stream end
	Cut    bool          // after the text the connection breaks
	Status int           // an HTTP status other than 200, without a text
	Raw    string        // this body, whatever it is
}

// Server answers by a script. It is safe for concurrent use.
type Server struct {
	answer func(openai.ChatCompletionRequest) Reply
	closed context.Context //nolint:containedctx // the server's lifetime, which ends with Close
	close  context.CancelFunc
	bodies sync.WaitGroup

	mu    sync.Mutex
	asked []openai.ChatCompletionRequest
}

// New returns a server that answers as answer says. The test calls Close.
func New(answer func(openai.ChatCompletionRequest) Reply) *Server {
	s := &Server{answer: answer}
	s.closed, s.close = context.WithCancel(context.Background())
	return s
}

// Endpoint is the server as an endpoint, with a model of that name.
func (s *Server) Endpoint(name string) model.Endpoint {
	return model.Endpoint{URL: "http://model.invalid/v1", Model: name, HTTP: s}
}

// Close breaks all connections and waits for them.
func (s *Server) Close() {
	s.close()
	s.bodies.Wait()
}

// Asked is how many requests came.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// Last is the request that came last.
func (s *Server) Last() openai.ChatCompletionRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[len(s.asked)-1]
}

// errBroken is how a connection ends that is cut.
var errBroken = errors.New("connection reset by peer")

// RoundTrip implements http.RoundTripper.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	var q openai.ChatCompletionRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || !strings.HasSuffix(r.URL.Path, "/chat/completions") {
		return response(r, http.StatusNotFound, "text/plain", strings.NewReader("no such thing")), nil
	}
	s.mu.Lock()
	s.asked = append(s.asked, q)
	s.mu.Unlock()
	reply := s.answer(q)
	if err := s.wait(r.Context(), reply.Delay); err != nil {
		return nil, err
	}
	switch {
	case reply.Status != 0:
		return response(r, reply.Status, "application/json", strings.NewReader(`{"error":{"message":"no","type":"server_error"}}`)), nil
	case reply.Raw != "":
		return response(r, http.StatusOK, "text/event-stream", strings.NewReader(reply.Raw)), nil
	case reply.Whole:
		text, _ := json.Marshal(reply.Text)
		body := fmt.Sprintf(`{"choices":[{"message":{"role":"assistant","content":%s}}],"usage":{"total_tokens":%d}}`, text, reply.Tokens)
		return response(r, http.StatusOK, "application/json", strings.NewReader(body)), nil
	}
	body, to := io.Pipe()
	s.bodies.Go(func() { to.CloseWithError(s.stream(r.Context(), to, reply)) })
	return response(r, http.StatusOK, "text/event-stream", body), nil
}

func response(r *http.Request, status int, kind string, body io.Reader) *http.Response {
	closer, ok := body.(io.ReadCloser)
	if !ok {
		closer = io.NopCloser(body)
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {kind}}, Body: closer, ContentLength: -1, Request: r,
	}
}

// wait lets time pass.
func (s *Server) wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed.Done():
		return errBroken
	}
}

// stream writes a reply's events.
func (s *Server) stream(ctx context.Context, w io.Writer, reply Reply) error {
	for i, piece := range pieces(reply.Text, reply.Pieces) {
		if i > 0 {
			if err := s.wait(ctx, reply.Every); err != nil {
				return err
			}
		}
		text, _ := json.Marshal(piece)
		if _, err := fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s}}]}\n\n", text); err != nil {
			return err
		}
	}
	switch {
	case reply.Cut:
		return errBroken
	case reply.Hang:
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closed.Done():
			return errBroken
		}
	}
	_, err := fmt.Fprintf(w, "data: {\"choices\":[],\"usage\":{\"total_tokens\":%d}}\n\ndata: [DONE]\n\n", reply.Tokens)
	return err
}

// pieces cuts a text into so many, or into words.
func pieces(text string, n int) []string {
	if n <= 0 {
		return strings.SplitAfter(text, " ")
	}
	var out []string
	runes := []rune(text)
	for i := range n {
		from, to := len(runes)*i/n, len(runes)*(i+1)/n
		if to > from {
			out = append(out, string(runes[from:to]))
		}
	}
	return out
}
