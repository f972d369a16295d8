// Package speechtest is the conformance suite of speech's three shapes: what
// every Recognizer, Synthesizer and Detector promises, as tests.
package speechtest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/speech"
)

// TestRecognizer checks a recogniser with a spoken sentence and its words.
func TestRecognizer(t *testing.T, r speech.Recognizer, spoken []media.Frame, words string) {
	t.Run("one final result, last", func(t *testing.T) {
		results, err := recognize(t.Context(), r, spoken)
		if err != nil || len(results) == 0 {
			t.Fatalf("%d results, %v", len(results), err)
		}
		for i, x := range results {
			if x.Final != (i == len(results)-1) {
				t.Errorf("result %d of %d: final %v", i+1, len(results), x.Final)
			}
		}
		if last := results[len(results)-1]; last.Text != words || last.Confidence < 0 || last.Confidence > 1 {
			t.Errorf("heard %+v, want %q", last, words)
		}
	})
	t.Run("silence has no words", func(t *testing.T) {
		results, err := recognize(t.Context(), r, make([]media.Frame, 50))
		if err != nil || len(results) == 0 || results[len(results)-1].Text != "" {
			t.Errorf("heard %+v, %v", results, err)
		}
	})
	t.Run("no audio at all", func(t *testing.T) {
		results, err := recognize(t.Context(), r, nil)
		if err != nil || len(results) == 0 || results[len(results)-1].Text != "" {
			t.Errorf("heard %+v, %v", results, err)
		}
	})
	t.Run("context ends it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Recognize(ctx, speech.Hints{}, make(chan media.Frame), make(chan speech.Result)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
	})
	t.Run("several at once", func(t *testing.T) {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if results, err := recognize(t.Context(), r, spoken); err != nil || results[len(results)-1].Text != words {
					t.Errorf("heard %+v, %v", results, err)
				}
			})
		}
		all.Wait()
	})
}

func recognize(ctx context.Context, r speech.Recognizer, frames []media.Frame) ([]speech.Result, error) {
	audio, results := make(chan media.Frame, len(frames)), make(chan speech.Result)
	for _, f := range frames {
		audio <- f
	}
	close(audio)
	var err error
	var running sync.WaitGroup
	running.Go(func() {
		defer close(results)
		err = r.Recognize(ctx, speech.Hints{}, audio, results)
	})
	var all []speech.Result
	for x := range results {
		all = append(all, x)
	}
	running.Wait()
	return all, err
}

// TestSynthesizer checks a voice.
func TestSynthesizer(t *testing.T, s speech.Synthesizer) {
	t.Run("sentences in order, each heard", func(t *testing.T) {
		sentences := []string{"Welcome.", "How can I help you today?", "-v is no option; $(reboot) is no command."}
		segments, err := synthesize(t.Context(), s, sentences...)
		if err != nil || len(segments) < len(sentences) {
			t.Fatalf("%d segments, %v", len(segments), err)
		}
		for _, text := range sentences {
			pcm, said := sentence(&segments, text)
			if said != text || dsp.Level(pcm) < -35 || dsp.Level(pcm) > -10 {
				t.Errorf("%q became %q of %d samples at %.0f dB", text, said, len(pcm), dsp.Level(pcm))
			}
		}
		if len(segments) > 0 {
			t.Errorf("%d segments too many, the first %q", len(segments), segments[0].Text)
		}
	})
	t.Run("nothing to say", func(t *testing.T) {
		for _, texts := range [][]string{nil, {""}, {" "}} {
			if segments, err := synthesize(t.Context(), s, texts...); err != nil || len(segments) > len(texts) {
				t.Errorf("%q: %d segments, %v", texts, len(segments), err)
			}
		}
	})
	t.Run("context ends it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := synthesize(ctx, s, "Hello."); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
	})
}

// sentence takes the segments of one sentence off the front.
func sentence(segments *[]speech.Segment, text string) (pcm []int16, said string) {
	var words []string
	for len(*segments) > 0 && said != text {
		s := (*segments)[0]
		*segments = (*segments)[1:]
		for k := range s.Audio {
			pcm = append(pcm, s.Audio[k][:]...)
		}
		if s.Text != "" {
			words = append(words, s.Text)
		}
		said = strings.Join(words, " ")
	}
	return pcm, said
}

func synthesize(ctx context.Context, s speech.Synthesizer, texts ...string) ([]speech.Segment, error) {
	in, out := make(chan string, len(texts)), make(chan speech.Segment)
	for _, text := range texts {
		in <- text
	}
	close(in)
	var err error
	var running sync.WaitGroup
	running.Go(func() {
		defer close(out)
		err = s.Synthesize(ctx, speech.Voice{}, in, out)
		if err == nil {
			err = ctx.Err() // a voice may have been done before it saw the end
		}
	})
	var all []speech.Segment
	for x := range out {
		all = append(all, x)
	}
	running.Wait()
	return all, err
}

// TestDetector checks that d finds a sentence between silences, and nothing
// else.
func TestDetector(t *testing.T, d speech.Detector, spoken []media.Frame) {
	d.Reset()
	found := 0
	for range 100 {
		if d.Detect(&media.Frame{}) {
			t.Fatal("silence is speech")
		}
	}
	for i := range spoken {
		if d.Detect(&spoken[i]) {
			found++
		}
	}
	if found < len(spoken)/2 {
		t.Errorf("%d of %d frames of a sentence are speech", found, len(spoken))
	}
	late := 0
	for range 50 {
		if d.Detect(&media.Frame{}) {
			late++
		}
	}
	if late > 10 {
		t.Errorf("speech goes on for %d frames of silence", late)
	}
}
