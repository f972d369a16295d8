package dialog_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/dialog"
	"attendant/dialog/understand"
	"attendant/media"
	"attendant/media/dsp"
)

// causes are those of a record's changes of mood.
func causes(r *dialog.Record) (out []string) {
	for _, m := range r.Moods {
		out = append(out, m.Label+": "+m.Cause)
	}
	return out
}

func TestMoodIsToldAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "where is my order one two three four five", "this is ridiculous", "thank you that is wonderful", "goodbye")
		s.say(6*time.Second, 12*time.Second, 20*time.Second, 20*time.Second)
		events, done := s.Hub.Listen()
		defer done()
		r := s.answer(t, t.Context())
		var told []dialog.Mood
		for len(events) > 0 {
			if e := <-events; e.Kind == dialog.SentimentChanged {
				if e.Call != r.ID || e.Mood == nil {
					t.Fatalf("event %+v", e)
				}
				told = append(told, *e.Mood)
			}
		}
		if len(told) < 2 || !slices.Equal(told, r.Moods) {
			t.Fatalf("told %+v, kept %+v", told, r.Moods)
		}
		if m := told[0]; m.Label != "negative" || m.Before != "neutral" || m.Cause != "ridiculous" || m.Turn != 2 || m.By != "turn" || m.Trend >= 0 {
			t.Errorf("first change %+v", m)
		}
		if m := told[1]; m.Label != "positive" || m.Before != "negative" || m.Trend <= 0 || !strings.Contains(m.Cause, "thank you") {
			t.Errorf("second change %+v", m)
		}
		for _, turn := range r.Turns {
			if turn.Text == "thank you that is wonderful" && (turn.Trend != told[1].Trend || turn.Sentiment != told[1].Score) {
				t.Errorf("turn %+v", turn)
			}
		}
	})
}

// TestLouderThanAtFirst has a caller say the third sentence four times as loud.
func TestLouderThanAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "when are you open", "what is your return policy", "what does delivery cost", "goodbye")
		s.say(6*time.Second, 20*time.Second)
		loud := tone(time.Second)
		for i := range loud {
			dsp.Gain(loud[i][:], 12)
		}
		s.leg.Say(make([]media.Frame, 20*time.Second/media.FrameDuration)...)
		s.leg.Say(loud...)
		s.say(20 * time.Second)
		r := s.answer(t, t.Context())
		if got := causes(r); len(got) == 0 || !strings.HasPrefix(got[0], "negative: louder by 1") {
			t.Errorf("moods %q, turns %q", got, side(r, "caller"))
		}
	})
}

func TestInterruptingAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "when are you open", "what is your return policy", "what does delivery cost", "goodbye")
		s.say(time.Second, 3*time.Second, 30*time.Second, 30*time.Second)
		r := s.answer(t, t.Context())
		if got := causes(r); !slices.Contains(got, "negative: interrupted twice") {
			t.Errorf("moods %q, turns %+v", got, r.Turns)
		}
	})
}

// opinion is a judge that takes its time.
type opinion struct {
	mu    sync.Mutex
	after time.Duration
	score float64
	fails bool
	asked [][]understand.Line
}

func (o *opinion) Judge(ctx context.Context, lines []understand.Line) (float64, string, error) {
	o.mu.Lock()
	o.asked = append(o.asked, lines)
	o.mu.Unlock()
	select {
	case <-time.After(o.after):
	case <-ctx.Done():
		return 0, "", ctx.Err()
	}
	if o.fails {
		return 0, "", errors.New("no opinion")
	}
	return o.score, "sarcasm", nil
}

// judged answers a call while moods are judged.
func (s *scene) judged(t *testing.T, o *opinion) *dialog.Record {
	t.Helper()
	s.Judging = dialog.NewJudging(o)
	ctx, stop := context.WithCancel(t.Context())
	var judging sync.WaitGroup
	judging.Go(func() { s.Judging.Run(ctx) })
	r := s.answer(t, t.Context())
	stop()
	judging.Wait()
	return r
}

func TestModelsJudgementComesLater(t *testing.T) {
	for _, test := range []struct {
		name string
		*opinion
		label string
	}{
		{"in time", &opinion{after: time.Second, score: -0.9}, "negative"},
		{"fails", &opinion{after: time.Second, fails: true}, ""},
		{"hangs", &opinion{after: time.Hour}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, "when are you open", "what does delivery cost", "goodbye")
				s.say(6*time.Second, 20*time.Second, 20*time.Second)
				r := s.judged(t, test.opinion)
				var label string
				if len(r.Moods) > 0 {
					if m := r.Moods[0]; m.By == "model" && m.Turn == 1 && m.Cause == "model: sarcasm" {
						label = m.Label
					}
				}
				if label != test.label {
					t.Errorf("moods %+v", r.Moods)
				}
				if d := r.Turns[2].Delays; d == nil || d.Total > 900*time.Millisecond {
					t.Errorf("the judge delayed the answer: %+v", d)
				}
				if lines := test.asked[0]; len(lines) != 2 || lines[1] != (understand.Line{Side: "caller", Text: "when are you open"}) {
					t.Errorf("judged were %+v", lines)
				}
			})
		})
	}
}

// TestJudgingIsBounded has nobody judge: what does not fit is dropped and counted,
// and no turn waits.
func TestJudgingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		o := &opinion{}
		s.Judging = dialog.NewJudging(o) // and is not run
		n := 0
		err := s.Chat(t.Context(), dialog.Chat{}, func() (string, bool) {
			n++
			return []string{"when are you open", "do you sell heat pumps", "what does delivery cost", "what is your return policy"}[n%4], n <= 40
		}, func(dialog.Exchange) {})
		if err != nil {
			t.Fatal(err)
		}
		if dropped := s.Judging.Dropped.Load(); dropped != 40-32 || len(o.asked) > 0 {
			t.Errorf("%d dropped, %d judged", dropped, len(o.asked))
		}
	})
}

// TestSecretsAreNotJudged has a PIN spoken where it was to be keyed.
func TestSecretsAreNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "i want to change my address", "one two three four five six", "goodbye")
		s.say(6*time.Second, 20*time.Second, 20*time.Second)
		o := &opinion{}
		r := s.judged(t, o)
		for _, lines := range o.asked {
			for _, l := range lines {
				if strings.Contains(l.Text, "withheld") && l == lines[len(lines)-1] {
					t.Errorf("a withheld turn was judged: %+v", lines)
				}
			}
		}
		if len(o.asked) == 0 {
			t.Errorf("nothing was judged of %q", side(r, "caller"))
		}
	})
}
