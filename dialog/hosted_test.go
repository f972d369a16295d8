package dialog_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/understand"
	"attendant/media"
	"attendant/speech"
	"attendant/speech/openai"
	"attendant/speech/openai/openaitest"
)

// hangingModel is a model that hangs until its budget is spent.
type hangingModel struct{ understand.Understander }

func (m hangingModel) Understand(ctx context.Context, v understand.View, t understand.Turn) ([]flow.Command, error) {
	waiting, cancel := context.WithTimeout(ctx, 900*time.Millisecond)
	defer cancel()
	<-waiting.Done()
	return m.Understander.Understand(context.WithoutCancel(ctx), v, t)
}

// host puts vendors behind the double before the scene's own recogniser and voice.
func host(s *scene, d *openaitest.Server) {
	quiet := slog.New(slog.DiscardHandler)
	server := openai.Server{URL: openaitest.URL, Model: "m", HTTP: d.Client()}
	recognizer := openai.NewRecognizer(openai.RecognizerConfig{Server: server})
	voice := openai.NewVoice(openai.VoiceConfig{Server: server, Speaker: "ann"})
	s.Recognizer = speech.NewRecognizers(speech.RecognizersConfig{
		Hosted: []speech.HostedRecognizer{{Name: "hosted", Recognizer: recognizer, Budget: 800 * time.Millisecond}},
		Own:    s.Recognizer, Name: "own", Log: quiet,
	})
	s.Synthesizer = speech.NewVoices(quiet,
		speech.RungVoice{Name: "hosted", Synthesizer: voice, Budget: 600 * time.Millisecond},
		speech.RungVoice{Name: "own", Synthesizer: s.Synthesizer})
	s.TurnBudget = 1500 * time.Millisecond
	s.Moment = dialog.Moment{Text: "One moment, please.", Audio: tone(600 * time.Millisecond)}
}

// talk plays a caller who says something each time when the attendant has been
// silent for a second, and hangs up after the last answer.
func talk(s *scene, turns int) *sync.WaitGroup {
	var caller sync.WaitGroup
	caller.Go(func() {
		for range turns {
			silentFor(s, time.Second)
			s.leg.Say(tone(time.Second)...)
			time.Sleep(2500 * time.Millisecond) // said, and the answer has begun
		}
		silentFor(s, time.Second)
		s.leg.Leave()
	})
	return &caller
}

func silentFor(s *scene, d time.Duration) {
	for quiet := time.Duration(0); quiet < d; quiet += 20 * time.Millisecond {
		time.Sleep(20 * time.Millisecond)
		heard := s.leg.Heard()
		if len(heard) == 0 || heard[len(heard)-1] != (media.Frame{}) {
			quiet = 0
		}
	}
}

// waits are how long the caller waited for anything after each turn, and for the
// answer.
func waits(r *dialog.Record) (first, answers []time.Duration) {
	for _, turn := range r.Turns {
		if d := turn.Delays; d != nil {
			answers = append(answers, d.Total)
			first = append(first, d.Total)
			if d.Moment > 0 {
				first[len(first)-1] = d.Moment
			}
		}
	}
	return first, answers
}

// TestEveryVendorHanging holds a call whose recogniser, voice and model hang: each
// turn the caller hears something within 1.5 s, and the embedded parts serve.
func TestEveryVendorHanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := []string{"what is your return policy", "when are you open", "how can i pay", "where is my order one two three four five", "when are you open", "how can i pay"}
		s := newScene(t, lines...)
		d := &openaitest.Server{}
		d.SetAll(openaitest.Hang)
		host(s, d)
		s.Understand = hangingModel{s.Understand}
		events, stop := s.Hub.Listen()
		caller := talk(s, len(lines))
		r := s.answer(t, t.Context())
		caller.Wait()
		stop()

		first, answers := waits(r)
		for _, turn := range r.Turns {
			if turn.Vendor != "own" || turn.Interrupted {
				t.Errorf("%s turn %q of %q by %q", turn.Side, turn.Text, turn.Planned, turn.Vendor)
			}
		}
		t.Logf("something after %v, the answer after %v", first, answers)
		if len(first) != len(lines) || slices.Max(first) > 1500*time.Millisecond || slices.Max(answers) > 2400*time.Millisecond {
			t.Errorf("something after %v, the answer after %v", first, answers)
		}
		contains(t, r, "One moment, please.", "30 days", "day and night", "Leipzig depot")
		if n := d.Asked(openaitest.Transcriptions); n < 2 || n > 4 {
			t.Errorf("the hanging recogniser was asked %d times; want two and a probe each 20 s", n)
		}
		var switched []string
		for e := range events {
			if e.Kind == dialog.VendorSwitched && e.Call == r.ID {
				switched = append(switched, e.Text)
			}
		}
		if len(switched) != len(r.Switches) || len(switched) < 3 || !slices.Contains(switched, "recogniser: hosted -> own: no answer in time") || r.Switches[0].Kind != "voice" {
			t.Errorf("events %q, record %+v", switched, r.Switches)
		}
	})
}

// lateModel understands nothing, and takes all the time it is given.
type lateModel struct{ understand.Understander }

func (lateModel) Understand(ctx context.Context, _ understand.View, _ understand.Turn) ([]flow.Command, error) {
	<-ctx.Done()
	return []flow.Command{{Kind: flow.OutOfScope, Confidence: 1}}, nil
}

// TestArticlesAreSearchedAfterTheTurnsTime lets a model spend the turn's time: the
// time is the vendors', not that of what is here.
func TestArticlesAreSearchedAfterTheTurnsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "how much is delivery")
		s.TurnBudget = 1500 * time.Millisecond
		s.Understand = lateModel{s.Understand}
		caller := talk(s, 1)
		r := s.answer(t, t.Context())
		caller.Wait()
		if answer := r.Turns[2]; answer.Flow != "" || len(answer.Sources) == 0 || !strings.HasPrefix(answer.Sources[0], "article:") {
			t.Errorf("answer %+v", answer)
		}
	})
}

// TestHostedVendorsServe holds a call with vendors that are well, and then break
// off in a sentence: nothing is said twice.
func TestHostedVendorsServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "wrong", "wrong")
		asked := 0
		d := &openaitest.Server{}
		d.Hear = func(openaitest.Heard) string {
			if asked++; asked > 1 {
				d.Set(openaitest.Speech, openaitest.CutMidway)
				return "When are you open?"
			}
			return "What is your return policy?"
		}
		host(s, d)
		caller := talk(s, 2)
		r := s.answer(t, t.Context())
		caller.Wait()
		contains(t, r, "30 days")
		var said []dialog.Turn
		for _, turn := range r.Turns {
			if turn.Side == "attendant" {
				said = append(said, turn)
			} else if turn.Vendor != "hosted" {
				t.Errorf("%q was recognised by %s", turn.Text, turn.Vendor)
			}
		}
		if len(said) < 3 || said[1].Vendor != "hosted" || said[2].Vendor != "hosted, own" {
			t.Fatalf("said %+v", said)
		}
		if said[1].Delays.Moment != 0 || said[1].Delays.Total > time.Second {
			t.Errorf("delays %+v", said[1].Delays)
		}
		// What the second answer is, from the same conversation without vendors.
		plain := newScene(t, "what is your return policy", "when are you open")
		caller = talk(plain, 2)
		want := plain.answer(t, t.Context())
		caller.Wait()
		if a, b := strings.Join(side(r, "attendant"), "|"), strings.Join(side(want, "attendant"), "|"); a != b {
			t.Errorf("said  %s\nwant %s", a, b)
		}
	})
}

// TestMomentIsSaidOnceAndOnlyWhereNeeded has quick answers, and one that hangs.
func TestMomentIsSaidOnceAndOnlyWhereNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "what is your return policy", "when are you open")
		s.Moment = dialog.Moment{Text: "One moment, please.", Audio: tone(600 * time.Millisecond)}
		caller := talk(s, 2)
		r := s.answer(t, t.Context())
		caller.Wait()
		if all := strings.Join(side(r, "attendant"), " "); strings.Contains(all, "One moment") {
			t.Errorf("quick answers: %s", all)
		}
		s = newScene(t, "where is my order one two three four five")
		s.books.slow = true
		s.Moment = dialog.Moment{Text: "One moment, please.", Audio: tone(600 * time.Millisecond)}
		caller = talk(s, 1)
		r = s.answer(t, t.Context())
		caller.Wait()
		if all := strings.Join(side(r, "attendant"), " "); strings.Count(all, "One moment") != 1 {
			t.Errorf("a system of record that hangs: %s", all)
		}
	})
}
