package pocketsphinx

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"attendant/media"
	"attendant/speech"
	"attendant/speech/flite"
	"attendant/speech/speechtest"
	"attendant/speech/vad"
)

func TestModelIsAProbability(t *testing.T) {
	m := newModel()
	m.add("where is my order", 3)
	m.add("where is my parcel", 1)
	m.add("order status", 2)
	text := string(m.arpa())
	for _, want := range []string{"ngram 1=8", "\\3-grams:", "where is my", "\\end\\"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	after := map[string]history{"my": {total: 4, kinds: 2}}
	p := &probabilities{model: m, after: [2]map[string]history{after, {}}, total: 22, kinds: 7}
	if order, parcel := p.of("my order", 1), p.of("my parcel", 1); order <= parcel || order+parcel >= 1 {
		t.Errorf("after my: order %.2f, parcel %.2f", order, parcel)
	}
}

func TestNormalize(t *testing.T) {
	cases := map[string]string{
		"When are you open, please?":         "when are you open please",
		"It's {digits}.":                     "it's {digits}",
		"within 30 days, from 9 to 18":       "within thirty days from nine to eighteen",
		"Order 12345 costs 21":               "order one two three four five costs twenty one",
		"Thursday, November 26. Goodbye... ": "thursday november twenty six goodbye",
	}
	for in, want := range cases {
		if got := normalize(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add([]byte{'F', 3, 0, 0, 0, 'a', 'b', 'c'})
	f.Add([]byte{'P', 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := readMessage(bytes.NewReader(data))
		if err == nil && len(m.text) > len(data) {
			t.Error("more text than data")
		}
		final(m.text)
	})
}

// real opens a recogniser over real workers.
func real(t *testing.T, workers int) *Recognizer {
	t.Helper()
	return patient(t, workers, 30*time.Second) // a busy machine is no crash
}

func patient(t *testing.T, workers int, patience time.Duration) *Recognizer {
	t.Helper()
	const program = "../../bin/attendant-pocketsphinx"
	if _, err := os.Stat(program); err != nil {
		t.Skip("the worker is not built; make test builds it")
	}
	r, err := Open(Config{
		Program: program, ModelDir: "/usr/share/pocketsphinx/model/en-us", Workers: workers, Patience: patience, Wait: 30 * time.Second, Log: slog.New(slog.DiscardHandler),
		Phrases: []string{"where is my order {digits}", "where is my order", "what is your return policy", "when are you open"},
		Answers: []string{"wait", "text message", "colleague"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if n := len(r.slots); n != len(r.idle) && n > workers {
			t.Errorf("%d workers left", n)
		}
	})
	return r
}

func voice(t *testing.T, text string) []media.Frame {
	t.Helper()
	in, out := make(chan string, 1), make(chan speech.Segment, 1)
	in <- text
	close(in)
	if err := flite.New().Synthesize(t.Context(), speech.Voice{Name: "rms"}, in, out); err != nil {
		t.Fatal(err)
	}
	frames := (<-out).Audio
	return append(append(make([]media.Frame, 15), frames...), make([]media.Frame, 20)...)
}

// hear recognises frames; at is called with each frame's number before it is
// given.
func hear(t *testing.T, r *Recognizer, h speech.Hints, frames []media.Frame, at func(i int)) ([]speech.Result, error) {
	t.Helper()
	audio, results := make(chan media.Frame), make(chan speech.Result, 1000)
	var feeding sync.WaitGroup
	feeding.Go(func() {
		defer close(audio)
		for i, f := range frames {
			at(i)
			audio <- f
		}
	})
	err := r.Recognize(t.Context(), h, audio, results)
	for range audio { // what a failed recogniser has left
	}
	feeding.Wait()
	close(results)
	var all []speech.Result
	for x := range results {
		all = append(all, x)
	}
	return all, err
}

func nothing(int) {}

func TestSentenceWithPartialsAndFinal(t *testing.T) {
	r := real(t, 1)
	all, err := hear(t, r, speech.Hints{}, voice(t, "where is my order one two three four five"), nothing)
	if err != nil || len(all) < 2 {
		t.Fatalf("%d results, %v", len(all), err)
	}
	last := all[len(all)-1]
	if !last.Final || last.Text != "where is my order one two three four five" || last.Confidence <= 0 || last.Confidence > 1 {
		t.Errorf("last result %+v", last)
	}
	for _, x := range all[:len(all)-1] {
		if x.Final {
			t.Errorf("a final result before the last: %+v", x)
		}
	}
}

func TestExpectationsHearDigitsAndAsides(t *testing.T) {
	r := real(t, 1)
	digits := speech.Hints{Expect: speech.Expectation{Kind: speech.ExpectDigits, Min: 5, Max: 5}}
	for _, text := range []string{"six six five zero nine", "human"} {
		all, err := hear(t, r, digits, voice(t, text), nothing)
		if err != nil || all[len(all)-1].Text != text {
			t.Errorf("%q heard as %+v, %v", text, all[len(all)-1], err)
		}
	}
	all, err := hear(t, r, speech.Hints{}, make([]media.Frame, 100), nothing)
	if err != nil || all[len(all)-1].Text != "" {
		t.Errorf("silence heard as %+v, %v", all, err)
	}
}

// sabotage sends a signal to the only idle worker's process while it works.
func sabotage(t *testing.T, r *Recognizer, signal syscall.Signal) func(int) {
	w := <-r.idle
	r.idle <- w
	return func(i int) {
		if i == 40 {
			if err := w.cmd.Process.Signal(signal); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestCrashAndHangCostARepetition(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
		r := patient(t, 2, 8*time.Second)
		all, err := hear(t, r, speech.Hints{}, voice(t, "what is your return policy"), sabotage(t, r, signal))
		if err != nil || all[len(all)-1].Text != "what is your return policy" {
			t.Errorf("after signal %v: %+v, %v", signal, all, err)
		}
		if n := r.Stats().Crashes.Load(); n != 1 {
			t.Errorf("after signal %v: %d crashes counted, want 1", signal, n)
		}
	}
}

func TestContextEndsRecognition(t *testing.T) {
	r := real(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := r.Recognize(ctx, speech.Hints{}, make(chan media.Frame), make(chan speech.Result))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
}

func TestFourAtOnceOverTwoWorkers(t *testing.T) {
	r := real(t, 2)
	frames := voice(t, "when are you open")
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			all, err := hear(t, r, speech.Hints{}, frames, nothing)
			if err != nil || all[len(all)-1].Text != "when are you open" {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
	calls.Wait()
}

func TestRecognizer(t *testing.T) {
	spoken := voice(t, "when are you open")
	speechtest.TestRecognizer(t, real(t, 3), spoken, "when are you open")
	speechtest.TestDetector(t, vad.New(vad.Config{}), spoken[15:len(spoken)-20])
}

// TestAnswersAndOtherWishesAreHeard asks for a choice, a number, yes or no: short
// answers are heard, and so is whatever else a caller says then.
func TestAnswersAndOtherWishesAreHeard(t *testing.T) {
	r := real(t, 1)
	wish := speech.Expectation{Kind: speech.ExpectChoice, Choices: []string{"wait", "text message", "colleague", "继续等"}}
	for _, c := range []struct {
		expect speech.Expectation
		said   string
	}{
		{wish, "wait"},
		{wish, "colleague"},
		{wish, "human"},
		{wish, "what is your return policy"},
		{speech.Expectation{Kind: speech.ExpectNumber}, "twelve"},
		{speech.Expectation{Kind: speech.ExpectNumber}, "when are you open"},
		{speech.Expectation{Kind: speech.ExpectYesNo}, "where is my order"},
		{speech.Expectation{Kind: speech.ExpectTime}, "half past nine"},
		{speech.Expectation{Kind: speech.ExpectChoice, Choices: []string{"继续等"}}, "when are you open"},
	} {
		all, err := hear(t, r, speech.Hints{Expect: c.expect}, voice(t, c.said), nothing)
		if err != nil {
			t.Fatalf("%s asked for: %q, %v", c.expect.Kind, c.said, err)
		}
		if got := all[len(all)-1]; got.Text != c.said {
			t.Errorf("%s asked for: %q heard as %+v", c.expect.Kind, c.said, got)
		}
	}
}
