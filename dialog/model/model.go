// Package model asks language models behind OpenAI-compatible servers, one
// after the other, and reads their answers while they are written.
//
// The central type is Ladder, an ordered list of endpoints. Ask sends a request
// to the first endpoint that its breaker lets through and hands each piece of
// the answer to a Reader, which says when it has enough; a failure, or an answer
// of no use, costs an attempt and goes on to the next endpoint. Package
// understand/llm reads commands this way, package reply sentences.
//
// Guarantees: Ask returns when its context or its request's patience ends,
// whatever a server does; it makes no more attempts than it is allowed; an
// endpoint that fails three times in a row is left out for ten seconds, and then
// one probe decides; a caller who hangs up is not held against an endpoint.
// Nothing that is sent or received is logged. Any goroutine may use a Ladder.
package model

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sashabaranov/go-openai"
	"github.com/sony/gobreaker/v2"

	"attendant/speech"
)

// Endpoint is one server of a model.
type Endpoint struct {
	Name    string // as operators know it; the model where empty
	URL     string // up to and with /v1
	Model   string
	Key     string            // empty where none is needed
	Timeout time.Duration     // of one attempt; the request's own where 0
	HTTP    http.RoundTripper // optional
}

// What Ask fails with.
var (
	// ErrUseless is a Reader's verdict on an answer of no use.
	ErrUseless = errors.New("the answer is of no use")
	// ErrNobody is returned where no endpoint may be asked: there is none, or the
	// breakers keep all of them out.
	ErrNobody = errors.New("no endpoint to ask")
)

// Reader takes in one answer while it is written. Each attempt has its own.
type Reader interface {
	// Read takes in the next piece and reports how far the answer is. An error
	// ends the attempt; what can be put down to the answer wraps ErrUseless.
	Read(piece string) (Progress, error)
	// End is told that nothing more comes; cut, that the answer was not whole. It
	// returns nil where what came is of use.
	End(cut bool) error
}

// Progress is how far an answer is.
type Progress int

// The stages of an answer.
const (
	More   Progress = iota // nothing of use yet
	Usable                 // something of use: the patience for the first ends
	Enough                 // the rest is not needed
)

// Request is what is asked.
type Request struct {
	Chat     openai.ChatCompletionRequest // its model is the endpoint's
	First    time.Duration                // patience until something of use has come, over all attempts
	Whole    time.Duration                // patience until the end of the answer; First where 0
	Attempts int                          // 2 where 0
	Spent    func(tokens int)             // told what was used; optional
}

// Stats count what came of requests. Any goroutine may read them.
type Stats struct {
	Asked   atomic.Uint64 // requests sent
	Used    atomic.Uint64 // answers of use
	Failed  atomic.Uint64 // requests that came to nothing: errors, time-outs
	Garbage atomic.Uint64 // answers of no use
	Skipped atomic.Uint64 // requests that a breaker kept back
	Opened  atomic.Uint64 // times that a breaker began to keep an endpoint out
	Tokens  atomic.Uint64
}

// Ladder is an ordered list of endpoints.
type Ladder struct {
	rungs []*rung
	stats Stats
}

type rung struct {
	Endpoint
	client  *openai.Client
	breaker *gobreaker.CircuitBreaker[Reader]

	used, failed, late, skipped atomic.Uint64
	took                        atomic.Int64 // nanoseconds, until something of use had come, over used
}

// New returns a Ladder. It sends nothing yet.
func New(endpoints ...Endpoint) *Ladder {
	l := &Ladder{}
	for _, e := range endpoints {
		settings := openai.DefaultConfig(e.Key)
		settings.BaseURL = e.URL
		transport := e.HTTP
		if transport == nil {
			transport = http.DefaultTransport
		}
		settings.HTTPClient = &http.Client{Transport: streaming{transport}}
		if e.Name == "" {
			e.Name = e.Model
		}
		l.rungs = append(l.rungs, &rung{Endpoint: e, client: openai.NewClientWithConfig(settings), breaker: l.newBreaker(e.URL)})
	}
	return l
}

// errLeft is why an attempt ends whose caller has gone.
var errLeft = errors.New("the caller has gone")

func (l *Ladder) newBreaker(name string) *gobreaker.CircuitBreaker[Reader] {
	return gobreaker.NewCircuitBreaker[Reader](gobreaker.Settings{
		Name: name, MaxRequests: 1, Timeout: 10 * time.Second,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 3 },
		IsExcluded:  func(err error) bool { return errors.Is(err, errLeft) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				l.stats.Opened.Add(1)
			}
		},
	})
}

// Stats returns the live counters.
func (l *Ladder) Stats() *Stats { return &l.stats }

// Status is how each endpoint is doing, in their order.
func (l *Ladder) Status() []speech.Status {
	var out []speech.Status
	for _, r := range l.rungs {
		out = append(out, speech.Status{
			Kind: "model", Name: r.Name, Used: r.used.Load(), Failed: r.failed.Load(), Late: r.late.Load(), Skipped: r.skipped.Load(),
			Left: r.breaker.State() == gobreaker.StateOpen, Took: time.Duration(r.took.Load()),
		})
	}
	return out
}

// Ask asks the endpoints in order, and over again, until a Reader made by start
// has read something of use, which it returns. It fails with ErrNobody, or with
// what the last attempt failed with. Who watches ctx (speech.Watch) is told of
// each endpoint that was left for another, or for none.
func (l *Ladder) Ask(ctx context.Context, q Request, start func() Reader) (Reader, error) {
	if q.Attempts == 0 {
		q.Attempts = 2
	}
	first := time.Now().Add(q.First)
	whole := time.Now().Add(max(q.Whole, q.First))
	failed, left := error(ErrNobody), (*rung)(nil)
	for attempt, i := 0, 0; attempt < q.Attempts && i < 2*len(l.rungs); i++ {
		patient := time.Until(first)
		if ctx.Err() != nil || patient <= 0 {
			break
		}
		if attempt+1 < q.Attempts && len(l.rungs) > 1 { // leave time for another
			patient = patient * 3 / 5
		}
		e := l.rungs[i%len(l.rungs)]
		r, err := l.try(ctx, e, q, patience{time.Now().Add(patient), whole}, start)
		if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
			l.stats.Skipped.Add(1)
			e.skipped.Add(1)
			continue
		}
		if left != nil && left != e {
			leave(ctx, left, e.Name, failed)
		}
		if err == nil {
			l.stats.Used.Add(1)
			return r, nil
		}
		attempt, failed, left = attempt+1, err, e
		l.count(e, err)
	}
	if left != nil && !errors.Is(failed, errLeft) {
		leave(ctx, left, "", failed)
	}
	return nil, failed
}

// leave tells of an endpoint that was left. Errors of servers may quote what was
// sent, so only their kind is told.
func leave(ctx context.Context, from *rung, to string, why error) {
	reason := "it failed"
	switch {
	case errors.Is(why, ErrUseless):
		reason = "its answer is of no use"
	case late(why):
		reason = "no answer in time"
	}
	speech.Tell(ctx, speech.Switch{Kind: "model", From: from.Name, To: to, Why: reason})
}

// late reports whether an attempt ended because its time was spent.
func late(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) && !errors.Is(err, errLeft)
}

func (l *Ladder) count(e *rung, err error) {
	switch {
	case errors.Is(err, errLeft):
		l.stats.Failed.Add(1)
		return
	case late(err):
		e.late.Add(1)
	default:
		e.failed.Add(1)
	}
	if errors.Is(err, ErrUseless) {
		l.stats.Garbage.Add(1)
		return
	}
	l.stats.Failed.Add(1)
}

// patience is until when an attempt may take to come to something, and to the end.
type patience struct{ first, whole time.Time }

// try makes one attempt at one endpoint.
func (l *Ladder) try(ctx context.Context, e *rung, q Request, p patience, start func() Reader) (Reader, error) {
	if own := time.Now().Add(e.Timeout); e.Timeout > 0 && own.Before(p.first) {
		p.first = own
	}
	return e.breaker.Execute(func() (Reader, error) {
		l.stats.Asked.Add(1)
		r, asked := start(), time.Now()
		err := l.answer(ctx, e, q, p, r)
		if err != nil && errors.Is(ctx.Err(), context.Canceled) { // a deadline of the turn is the endpoint's failure
			err = fmt.Errorf("%w: %w", errLeft, err)
		}
		if err == nil {
			e.used.Add(1)
			e.took.Add(int64(time.Since(asked)))
		}
		return r, err
	})
}

// answer sends a request and hands the answer to r while it comes.
func (l *Ladder) answer(ctx context.Context, e *rung, q Request, p patience, r Reader) error {
	ctx, cancel := context.WithDeadline(ctx, p.whole)
	defer cancel()
	slow := time.AfterFunc(time.Until(p.first), cancel)
	defer slow.Stop()
	chat := q.Chat
	chat.Model, chat.StreamOptions = e.Model, &openai.StreamOptions{IncludeUsage: true}
	s, err := e.client.CreateChatCompletionStream(ctx, chat)
	if err != nil {
		return fmt.Errorf("ask %s: %w", e.Model, err)
	}
	defer s.Close()
	used, written := 0, 0
	defer func() { l.spent(q, used, written) }()
	for {
		part, err := s.Recv()
		if err != nil {
			if written == 0 && errors.Is(err, io.EOF) {
				return fmt.Errorf("%w: it is empty", ErrUseless)
			}
			if ended := r.End(!errors.Is(err, io.EOF)); ended != nil {
				return errors.Join(ended, fmt.Errorf("read the answer of %s: %w", e.Model, err))
			}
			return nil
		}
		if part.Usage != nil {
			used = part.Usage.TotalTokens
		}
		if len(part.Choices) == 0 || part.Choices[0].Delta.Content == "" {
			continue
		}
		piece := part.Choices[0].Delta.Content
		written += len(piece)
		switch progress, err := r.Read(piece); {
		case err != nil:
			return err
		case progress == Enough:
			return nil
		case progress == Usable:
			slow.Stop()
		}
		if written > mostWritten {
			return fmt.Errorf("%w: it is endless", ErrUseless)
		}
	}
}

// mostWritten bounds an answer, in octets: nothing that is asked for is longer.
const mostWritten = 16 << 10

// spent counts tokens: those told by the server, or, where the answer was left
// before it told them, one for four octets.
func (l *Ladder) spent(q Request, used, written int) {
	if used <= 0 {
		for _, m := range q.Chat.Messages {
			written += len(m.Content)
		}
		used = (written + 3) / 4
	}
	l.stats.Tokens.Add(uint64(used))
	if q.Spent != nil {
		q.Spent(used)
	}
}
