package speech_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"attendant/media"
	"attendant/speech"
	"attendant/speech/speechtest"
)

var quiet = slog.New(slog.DiscardHandler)

// ear is a recogniser that answers a while after the end of the utterance, or
// fails, or hangs.
type ear struct {
	says  string
	after time.Duration
	fails error // at the end; at the start where early
	early bool
	hangs bool

	asked  atomic.Int32
	frames atomic.Int32 // of the last utterance
	ended  atomic.Int32 // utterances heard to their last words
}

func (e *ear) Recognize(ctx context.Context, _ speech.Hints, audio <-chan media.Frame, results chan<- speech.Result) error {
	e.asked.Add(1)
	if e.early {
		return e.fails
	}
	var n int32
	for open := true; open; {
		select {
		case _, open = <-audio:
			if open {
				n++
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	e.frames.Store(n)
	if e.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-time.After(e.after):
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.fails != nil {
		return e.fails
	}
	words := e.says
	if n == 0 || words == "silence" {
		words = ""
	}
	results <- speech.Result{Text: words, Final: true, Confidence: 0.9}
	e.ended.Add(1)
	return nil
}

// own hears partial words at once.
type own struct{ ear }

func (o *own) Recognize(ctx context.Context, h speech.Hints, audio <-chan media.Frame, results chan<- speech.Result) error {
	results <- speech.Result{Text: "partial"}
	return o.ear.Recognize(ctx, h, audio, results)
}

// heard is what came of an utterance.
type heard struct {
	results []speech.Result
	took    time.Duration // from the end of the audio to the last words
	err     error
}

func (h heard) last() speech.Result {
	if len(h.results) == 0 {
		return speech.Result{}
	}
	return h.results[len(h.results)-1]
}

// utter says an utterance of n frames in real time.
func utter(ctx context.Context, r speech.Recognizer, hints speech.Hints, n int) heard {
	audio, results := make(chan media.Frame), make(chan speech.Result)
	var h heard
	var parts sync.WaitGroup
	var ended time.Time
	parts.Go(func() {
		defer close(audio)
		for range n {
			select {
			case audio <- media.Frame{}:
				time.Sleep(media.FrameDuration)
			case <-ctx.Done():
				return
			}
		}
		ended = time.Now()
	})
	parts.Go(func() {
		defer close(results)
		h.err = r.Recognize(ctx, hints, audio, results)
	})
	for x := range results {
		h.results = append(h.results, x)
		if x.Final {
			h.took = time.Since(ended)
		}
	}
	parts.Wait()
	return h
}

func ladder(o speech.Recognizer, hosted ...*ear) *speech.Recognizers {
	cfg := speech.RecognizersConfig{Own: o, Name: "own", Budget: 900 * time.Millisecond, Log: quiet}
	for i, e := range hosted {
		cfg.Hosted = append(cfg.Hosted, speech.HostedRecognizer{Name: string(rune('a' + i)), Recognizer: e, Budget: 600 * time.Millisecond})
	}
	return speech.NewRecognizers(cfg)
}

// TestRecognizersLeaveAVendorWithinTheBudget goes through the ways in which
// vendors fail: who serves, how long the caller waits, who is left for whom.
func TestRecognizersLeaveAVendorWithinTheBudget(t *testing.T) {
	down := errors.New("status 500")
	for _, test := range []struct {
		name     string
		first    *ear
		second   *ear
		want     string
		within   time.Duration
		switches string
	}{
		{"well", &ear{says: "hosted"}, &ear{}, "a", 0, ""},
		{"slower than the embedded one, in time", &ear{says: "hosted", after: 500 * time.Millisecond}, &ear{}, "a", 500 * time.Millisecond, ""},
		{"hanging", &ear{hangs: true}, &ear{says: "second", after: 100 * time.Millisecond}, "b", 700 * time.Millisecond, "recogniser: a -> b: no answer in time"},
		{"failing at the end", &ear{fails: down}, &ear{says: "second", after: 100 * time.Millisecond}, "b", 100 * time.Millisecond, "recogniser: a -> b: status 500"},
		{"failing at once", &ear{fails: down, early: true}, &ear{says: "second"}, "b", 0, "recogniser: a -> b: status 500"},
		{"both hanging", &ear{hangs: true}, &ear{hangs: true}, "own", 900 * time.Millisecond, "recogniser: a -> b: no answer in time, recogniser: b -> own: no answer in time"},
		{"both failing", &ear{fails: down}, &ear{fails: down}, "own", 200 * time.Millisecond, "recogniser: a -> b: status 500, recogniser: b -> own: status 500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				embedded := &own{ear{says: "embedded", after: 200 * time.Millisecond}}
				l := ladder(embedded, test.first, test.second)
				var mu sync.Mutex
				var switches []string
				ctx := speech.Watch(t.Context(), func(s speech.Switch) {
					mu.Lock()
					defer mu.Unlock()
					switches = append(switches, s.String())
				})
				h := utter(ctx, l, speech.Hints{}, 50)
				if h.err != nil || len(h.results) != 2 || h.results[0].Text != "partial" || h.results[0].Final {
					t.Fatalf("%+v", h)
				}
				if last := h.last(); last.Vendor != test.want || !last.Final || h.took != test.within {
					t.Errorf("%q by %s after %v; want %s after %v", last.Text, last.Vendor, h.took, test.want, test.within)
				}
				if got := strings.Join(switches, ", "); got != test.switches {
					t.Errorf("switches %q, want %q", got, test.switches)
				}
				if test.want == "b" && test.second.frames.Load() != 50 {
					t.Errorf("the second heard %d frames, want all 50", test.second.frames.Load())
				}
				if embedded.ended.Load() != 1 {
					t.Error("the embedded one was cut off, which costs a process")
				}
			})
		})
	}
}

// TestSickRecogniserIsLeftOutAndProbed counts what a hanging vendor costs: two
// budgets, then nothing until a probe, one at a time.
func TestSickRecogniserIsLeftOutAndProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sick := &ear{hangs: true}
		l := ladder(&own{ear{says: "embedded", after: 100 * time.Millisecond}}, sick)
		var waits []time.Duration
		for range 6 {
			waits = append(waits, utter(t.Context(), l, speech.Hints{}, 10).took)
		}
		if sick.asked.Load() != 2 || waits[1] != 600*time.Millisecond || waits[2] != 100*time.Millisecond || waits[5] != waits[2] {
			t.Errorf("asked %d times, waits %v", sick.asked.Load(), waits)
		}
		s := l.Status()
		if s[0].Late != 2 || s[0].Skipped != 4 || !s[0].Left || s[1].Used != 6 {
			t.Errorf("status %+v", s)
		}
		time.Sleep(21 * time.Second)
		utter(t.Context(), l, speech.Hints{}, 10) // a probe, in vain
		utter(t.Context(), l, speech.Hints{}, 10)
		if sick.asked.Load() != 3 {
			t.Errorf("asked %d times, want one probe", sick.asked.Load())
		}
		time.Sleep(21 * time.Second)
		sick.hangs, sick.says = false, "hosted"
		for range 2 {
			if h := utter(t.Context(), l, speech.Hints{}, 10); h.last().Vendor != "a" {
				t.Errorf("heard by %s, want the vendor that is well again", h.last().Vendor)
			}
		}
	})
}

func TestLongUtterancesAreNotReplayedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := &ear{says: "second"}
		l := ladder(&own{ear{says: "embedded"}}, &ear{hangs: true}, second)
		if h := utter(t.Context(), l, speech.Hints{}, 600); h.last().Vendor != "own" || second.asked.Load() != 0 {
			t.Errorf("heard by %s; the second was asked %d times", h.last().Vendor, second.asked.Load())
		}
	})
}

func TestSecretsAreHeardByTheEmbeddedRecogniserAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosted := &ear{says: "hosted"}
		l := ladder(&own{ear{says: "embedded"}}, hosted)
		if h := utter(t.Context(), l, speech.Hints{Sensitive: true}, 10); h.last().Vendor != "own" || hosted.asked.Load() != 0 {
			t.Errorf("heard by %s; the hosted one was asked %d times", h.last().Vendor, hosted.asked.Load())
		}
	})
}

func TestHostedRecogniserServesWhereTheEmbeddedFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ladder(&ear{fails: speech.ErrUnavailable, early: true}, &ear{says: "hosted", after: time.Millisecond})
		if h := utter(t.Context(), l, speech.Hints{}, 10); h.err != nil || h.last().Vendor != "a" {
			t.Errorf("%+v", h)
		}
		l = ladder(&ear{fails: speech.ErrUnavailable, early: true}, &ear{hangs: true})
		if h := utter(t.Context(), l, speech.Hints{}, 10); !errors.Is(h.err, speech.ErrUnavailable) {
			t.Errorf("error %v, want ErrUnavailable", h.err)
		}
	})
}

func TestRecognizersConform(t *testing.T) {
	// The suite's silence is told from its speech by its length.
	l := ladder(&shortIsSilence{}, &ear{fails: speech.ErrUnavailable})
	speechtest.TestRecognizer(t, l, make([]media.Frame, 60), "hello")
}

type shortIsSilence struct{}

func (shortIsSilence) Recognize(ctx context.Context, h speech.Hints, audio <-chan media.Frame, results chan<- speech.Result) error {
	e := &ear{}
	n := 0
	heard := make(chan media.Frame, 100)
	for open := true; open; {
		var f media.Frame
		select {
		case f, open = <-audio:
			if open {
				n++
				heard <- f
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	close(heard)
	if n > 50 {
		e.says = "hello"
	}
	return e.Recognize(ctx, h, heard, results)
}

// mouth is a voice that gives a segment a word.
type mouth struct {
	first    time.Duration // before the first segment
	later    time.Duration // before the first segment of later sentences
	between  time.Duration
	breaks   int // segments before it fails; 0 is never
	hangs    int // segments before it hangs, less one; 0 is never
	rendered atomic.Int32
}

func (m *mouth) Synthesize(ctx context.Context, _ speech.Voice, text <-chan string, segments chan<- speech.Segment) error {
	for t := range text {
		m.rendered.Add(1)
		wait := m.first
		if m.rendered.Load() > 1 {
			wait = m.later
		}
		for i, word := range strings.Fields(t) {
			if m.breaks > 0 && i == m.breaks-1 {
				return speech.ErrUnavailable
			}
			if m.hangs > 0 && i == m.hangs-1 {
				<-ctx.Done()
				return ctx.Err()
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return ctx.Err()
			}
			wait = m.between
			select {
			case segments <- speech.Segment{Text: word, Audio: make([]media.Frame, 10)}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return ctx.Err()
}

// speak says sentences and tells "vendor: words" of what was said, and when the
// first came.
func speak(ctx context.Context, s speech.Synthesizer, sentences ...string) (said string, first time.Duration, err error) {
	in, out := make(chan string, len(sentences)), make(chan speech.Segment)
	for _, t := range sentences {
		in <- t
	}
	close(in)
	begin := time.Now()
	var parts sync.WaitGroup
	parts.Go(func() {
		defer close(out)
		err = s.Synthesize(ctx, speech.Voice{}, in, out)
	})
	vendor := ""
	for x := range out {
		if said == "" {
			first = time.Since(begin)
		}
		if x.Vendor != vendor {
			vendor = x.Vendor
			said += " [" + vendor + "]"
		}
		said += " " + x.Text
	}
	parts.Wait()
	return strings.TrimSpace(said), first, err
}

func voices(hosted ...*mouth) (*speech.Voices, *mouth) {
	var all []speech.RungVoice
	for i, m := range hosted {
		all = append(all, speech.RungVoice{Name: string(rune('a' + i)), Synthesizer: m, Budget: 500 * time.Millisecond})
	}
	own := &mouth{}
	return speech.NewVoices(quiet, append(all, speech.RungVoice{Name: "own", Synthesizer: own})...), own
}

// TestVoicesSayEachWordOnce goes through the ways in which voices fail: every
// word is said once, by whom, and how long the caller waits for the first.
func TestVoicesSayEachWordOnce(t *testing.T) {
	for _, test := range []struct {
		name   string
		voices []*mouth
		want   string
		first  time.Duration
	}{
		{"well", []*mouth{{first: 300 * time.Millisecond, later: 300 * time.Millisecond}}, "[a] one two three four five six", 300 * time.Millisecond},
		{"failing at once", []*mouth{{breaks: 1}}, "[own] one two three four five six", 0},
		{"hanging", []*mouth{{hangs: 1}}, "[own] one two three four five six", 500 * time.Millisecond},
		{"too slow for the first word", []*mouth{{first: time.Second}}, "[own] one two three four five six", 500 * time.Millisecond},
		{"breaking off", []*mouth{{breaks: 3}}, "[a] one two [own] three four five six", 0},
		{"stalling", []*mouth{{hangs: 3}}, "[a] one two [own] three four five six", 0},
		{"slower than speech, but going on", []*mouth{{between: 250 * time.Millisecond}}, "[a] one two three four five six", 0},
		{"slow while the sentence before is played", []*mouth{{later: 1200 * time.Millisecond}}, "[a] one two three four five six", 0},
		{"slower than that", []*mouth{{later: 1400 * time.Millisecond}}, "[a] one two three four [own] five six", 0},
		{"two failing", []*mouth{{breaks: 1}, {breaks: 2}}, "[b] one [own] two three four five six", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, _ := voices(test.voices...)
				said, first, err := speak(t.Context(), l, "one two three four", "five six")
				if err != nil || said != test.want || first != test.first {
					t.Errorf("said %q after %v, %v; want %q after %v", said, first, err, test.want, test.first)
				}
			})
		})
	}
}

func TestVoicesHaveTheTurnsTimeOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := voices(&mouth{hangs: 1})
		said, first, err := speak(speech.Until(t.Context(), time.Now().Add(200*time.Millisecond)), l, "one")
		if err != nil || said != "[own] one" || first != 200*time.Millisecond {
			t.Errorf("said %q after %v, %v", said, first, err)
		}
		slow := &mouth{first: time.Millisecond}
		l, _ = voices(slow)
		said, first, err = speak(speech.Until(t.Context(), time.Now()), l, "one")
		if err != nil || said != "[own] one" || first != 0 || slow.rendered.Load() != 0 || l.Status()[0].Skipped != 1 {
			t.Errorf("with no time left: said %q after %v, %v, %+v", said, first, err, l.Status())
		}
	})
}

func TestSickVoiceIsLeftOutAndProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sick := &mouth{breaks: 1}
		l, _ := voices(sick)
		for range 5 {
			if said, _, err := speak(t.Context(), l, "one"); said != "[own] one" || err != nil {
				t.Fatalf("said %q, %v", said, err)
			}
		}
		if sick.rendered.Load() != 2 || !l.Status()[0].Left {
			t.Errorf("tried %d times, %+v", sick.rendered.Load(), l.Status()[0])
		}
		time.Sleep(21 * time.Second)
		sick.breaks = 0
		if said, _, _ := speak(t.Context(), l, "one"); said != "[a] one" {
			t.Errorf("said %q by a voice that is well again", said)
		}
	})
}

// TestInterruptionsTellNothingOfAVoice interrupts a voice often: it is not left.
func TestInterruptionsTellNothingOfAVoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := voices(&mouth{first: 100 * time.Millisecond})
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			speak(ctx, l, "one")
			cancel()
		}
		if said, _, _ := speak(t.Context(), l, "one"); said != "[a] one" {
			t.Errorf("said %q", said)
		}
	})
}

// TestRememberedSentencesNeedNoVendor lets a cached voice fail: what it has said
// once it says again.
func TestRememberedSentencesNeedNoVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosted := &mouth{}
		l := speech.NewVoices(quiet,
			speech.RungVoice{Name: "a", Synthesizer: speech.NewCache(hosted, 1<<20), Budget: 500 * time.Millisecond, Speaker: "ann"},
			speech.RungVoice{Name: "own", Synthesizer: &mouth{}})
		speak(t.Context(), l, "hello there")
		hosted.breaks = 1
		for range 3 {
			speak(t.Context(), l, "new words")
		}
		if said, _, err := speak(t.Context(), l, "hello there"); said != "[a] hello there" || err != nil || hosted.rendered.Load() != 3 {
			t.Errorf("said %q, %v, rendered %d times", said, err, hosted.rendered.Load())
		}
	})
}
