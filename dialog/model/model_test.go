package model_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sashabaranov/go-openai"

	"attendant/dialog/model"
	"attendant/dialog/model/modeltest"
	"attendant/speech"
)

// words reads an answer of words; it has enough of it at "stop", and no use for
// one with "nonsense".
type words struct{ text strings.Builder }

func (w *words) Read(piece string) (model.Progress, error) {
	w.text.WriteString(piece)
	switch {
	case strings.Contains(w.text.String(), "nonsense"):
		return model.More, fmt.Errorf("%w: nonsense", model.ErrUseless)
	case strings.Contains(w.text.String(), "stop"):
		return model.Enough, nil
	case strings.Contains(w.text.String(), "."):
		return model.Usable, nil
	}
	return model.More, nil
}

func (w *words) End(cut bool) error {
	if cut && !strings.Contains(w.text.String(), ".") {
		return errors.New("cut before anything of use")
	}
	return nil
}

var question = model.Request{
	Chat:  openai.ChatCompletionRequest{Messages: []openai.ChatCompletionMessage{{Role: "user", Content: "hello"}}},
	First: 900 * time.Millisecond, Whole: 5 * time.Second,
}

// asked asks servers that answer in these ways, in this order, and returns what
// was read, how long it took, and the ladder.
func asked(t *testing.T, q model.Request, replies ...modeltest.Reply) (text string, took time.Duration, l *model.Ladder, err error) {
	t.Helper()
	l = ladder(t, replies...)
	began := time.Now()
	r, err := l.Ask(t.Context(), q, func() model.Reader { return &words{} })
	if err == nil {
		text = r.(*words).text.String()
	}
	return text, time.Since(began), l, err
}

func ladder(t *testing.T, replies ...modeltest.Reply) *model.Ladder {
	var endpoints []model.Endpoint
	for i, reply := range replies {
		s := modeltest.New(func(openai.ChatCompletionRequest) modeltest.Reply { return reply })
		t.Cleanup(s.Close)
		endpoints = append(endpoints, s.Endpoint(fmt.Sprint("m", i)))
	}
	return model.New(endpoints...)
}

func TestWatchersAreToldWhichEndpointWasLeft(t *testing.T) {
	good := modeltest.Reply{Text: "One. Two."}
	for _, test := range []struct {
		name    string
		replies []modeltest.Reply
		want    string
		status  string // used, failed, late of each
	}{
		{"all is well", []modeltest.Reply{good, good}, "", "1/0/0 0/0/0"},
		{"down", []modeltest.Reply{{Status: 500}, good}, "model: m0 -> m1: it failed", "0/1/0 1/0/0"},
		{"hanging", []modeltest.Reply{{Hang: true}, good}, "model: m0 -> m1: no answer in time", "0/0/1 1/0/0"},
		{"useless", []modeltest.Reply{{Text: "nonsense"}, good}, "model: m0 -> m1: its answer is of no use", "0/1/0 1/0/0"},
		{"nobody", []modeltest.Reply{{Status: 500}, {Hang: true}}, "model: m0 -> m1: it failed, model: m1 -> : no answer in time", "0/1/0 0/0/1"},
		{"one alone is asked again", []modeltest.Reply{{Status: 500}}, "model: m0 -> : it failed", "0/2/0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := ladder(t, test.replies...)
				var told []string
				ctx := speech.Watch(t.Context(), func(s speech.Switch) { told = append(told, s.String()) })
				_, err := l.Ask(ctx, question, func() model.Reader { return &words{} })
				if got := strings.Join(told, ", "); got != test.want {
					t.Errorf("told %q, want %q (%v)", got, test.want, err)
				}
				var status []string
				for _, s := range l.Status() {
					status = append(status, fmt.Sprintf("%d/%d/%d", s.Used, s.Failed, s.Late))
				}
				if got := strings.Join(status, " "); got != test.status {
					t.Errorf("status %s, want %s", got, test.status)
				}
			})
		})
	}
}

func TestAnswers(t *testing.T) {
	good := modeltest.Reply{Text: "One. Two."}
	for _, test := range []struct {
		name    string
		replies []modeltest.Reply
		want    string
		within  time.Duration
	}{
		{"streamed", []modeltest.Reply{good}, "One. Two.", 50 * time.Millisecond},
		{"in one piece", []modeltest.Reply{{Text: "One. Two.", Whole: true}}, "One. Two.", 50 * time.Millisecond},
		{"letter by letter", []modeltest.Reply{{Text: "One. Two.", Pieces: 9, Every: 10 * time.Millisecond}}, "One. Two.", 200 * time.Millisecond},
		{"enough before the end", []modeltest.Reply{{Text: "One. stop and so on", Hang: true}}, "One. stop ", time.Second},
		{"slow, but in time", []modeltest.Reply{{Text: "One.", Delay: 800 * time.Millisecond}}, "One.", 850 * time.Millisecond},
		{"usable in time, then slow", []modeltest.Reply{{Text: "One. Two. Three.", Pieces: 3, Every: 700 * time.Millisecond}}, "One. Two. Three.", 2500 * time.Millisecond},
		{"usable, then hanging", []modeltest.Reply{{Text: "One. Two", Hang: true}}, "One. Two", 5100 * time.Millisecond},
		{"too slow", []modeltest.Reply{{Text: "One.", Delay: 2 * time.Second}}, "", 950 * time.Millisecond},
		{"hanging", []modeltest.Reply{{Hang: true}}, "", 950 * time.Millisecond},
		{"hanging in the middle of a sentence", []modeltest.Reply{{Text: "One", Hang: true}}, "", 950 * time.Millisecond},
		{"429", []modeltest.Reply{{Status: 429}}, "", 50 * time.Millisecond},
		{"500", []modeltest.Reply{{Status: 500}}, "", 50 * time.Millisecond},
		{"not JSON", []modeltest.Reply{{Raw: "<html>"}}, "", 950 * time.Millisecond},
		{"events of garbage", []modeltest.Reply{{Raw: "data: {]\n\n"}}, "", 50 * time.Millisecond},
		{"an error in the stream", []modeltest.Reply{{Raw: "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"}}, "", 50 * time.Millisecond},
		{"nonsense", []modeltest.Reply{{Text: "nonsense"}}, "", 50 * time.Millisecond},
		{"the first hangs, the second answers", []modeltest.Reply{{Hang: true}, good}, "One. Two.", 600 * time.Millisecond},
		{"the first is down, the second answers", []modeltest.Reply{{Status: 500}, good}, "One. Two.", 50 * time.Millisecond},
		{"both hang", []modeltest.Reply{{Hang: true}, {Hang: true}}, "", 950 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				text, took, l, err := asked(t, question, test.replies...)
				if text != test.want || (err == nil) != (test.want != "") || took > test.within {
					t.Errorf("%q after %v, %v; want %q within %v", text, took, err, test.want, test.within)
				}
				if n := l.Stats().Asked.Load(); n < 1 || n > 2 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// TestSickEndpointIsProbed watches a breaker: three failures open it, ten
// seconds later one probe is sent, and a good one closes it.
func TestSickEndpointIsProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reply := modeltest.Reply{Status: 503}
		sick := modeltest.New(func(openai.ChatCompletionRequest) modeltest.Reply { return reply })
		defer sick.Close()
		l := model.New(sick.Endpoint("m"))
		q := question
		q.Attempts = 1
		ask := func() error {
			_, err := l.Ask(t.Context(), q, func() model.Reader { return &words{} })
			return err
		}
		for range 10 {
			if ask() == nil {
				t.Fatal("an answer of a sick endpoint")
			}
		}
		if n := sick.Asked(); n != 3 || l.Stats().Opened.Load() != 1 {
			t.Fatalf("%d requests, opened %d times; want 3, 1", n, l.Stats().Opened.Load())
		}
		time.Sleep(10*time.Second + time.Millisecond)
		probe, kept := ask(), ask()
		if probe == nil || kept == nil || sick.Asked() != 4 {
			t.Errorf("%d requests after a probe that failed; want 4", sick.Asked())
		}
		time.Sleep(10*time.Second + time.Millisecond)
		reply = modeltest.Reply{Text: "Well."}
		for range 3 {
			if err := ask(); err != nil {
				t.Error(err)
			}
		}
		if sick.Asked() != 7 {
			t.Errorf("%d requests after a probe that succeeded; want 7", sick.Asked())
		}
	})
}

// TestHangupIsNoFailure ends the caller's context in the middle of answers: the
// breaker stays closed.
func TestHangupIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ladder(t, modeltest.Reply{Hang: true})
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			if _, err := l.Ask(ctx, question, func() model.Reader { return &words{} }); err == nil {
				t.Error("an answer from a server that hangs")
			}
			cancel()
		}
		if l.Stats().Skipped.Load() != 0 || l.Stats().Asked.Load() != 5 {
			t.Errorf("%d asked, %d skipped; want 5, 0", l.Stats().Asked.Load(), l.Stats().Skipped.Load())
		}
	})
}

func TestTokensAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			reply modeltest.Reply
			want  int
		}{
			{modeltest.Reply{Text: "One.", Tokens: 77}, 77},
			{modeltest.Reply{Text: "One. stop", Tokens: 77}, 4}, // left before it told: "hello" and what was written
		} {
			q, spent := question, 0
			q.Spent = func(n int) { spent += n }
			if _, _, _, err := asked(t, q, test.reply); err != nil || spent != test.want {
				t.Errorf("%+v: %d tokens, %v; want %d", test.reply, spent, err, test.want)
			}
		}
	})
}

func TestNobodyToAsk(t *testing.T) {
	if _, err := model.New().Ask(t.Context(), question, func() model.Reader { return &words{} }); !errors.Is(err, model.ErrNobody) {
		t.Errorf("error %v, want ErrNobody", err)
	}
}

// TestEndlessAnswerIsLeft bounds what a server can make us read.
func TestEndlessAnswerIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, _, err := asked(t, question, modeltest.Reply{Text: strings.Repeat("word ", 20_000), Pieces: 100})
		if !errors.Is(err, model.ErrUseless) {
			t.Errorf("error %v, want ErrUseless", err)
		}
	})
}

var _ http.RoundTripper = (*modeltest.Server)(nil)
