package openai_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/media/wav"
	"attendant/speech"
	"attendant/speech/openai"
	"attendant/speech/openai/openaitest"
	"attendant/speech/speechtest"
)

const key = "sk-0123456789abcdef"

// spoken is a second and a half of sound.
func spoken() []media.Frame {
	frames := make([]media.Frame, 75)
	phase := 0.0
	for i := range frames {
		phase = dsp.Tone(frames[i][:], media.SampleRateHz, 300, 5000, phase)
	}
	return frames
}

// over serves the double over a socket, as vendors are.
func over(t *testing.T, d *openaitest.Server) openai.Server {
	t.Helper()
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	return openai.Server{URL: s.URL + "/v1", Key: key, Model: "m"}
}

// direct reaches the double without a socket, for synctest.
func direct(d *openaitest.Server) openai.Server {
	return openai.Server{URL: openaitest.URL, Key: key, Model: "m", HTTP: d.Client()}
}

func TestRecognizerConforms(t *testing.T) {
	for _, simple := range []bool{false, true} {
		d := &openaitest.Server{Key: key, Hear: func(openaitest.Heard) string { return "Where is my order?" }}
		r := openai.NewRecognizer(openai.RecognizerConfig{Server: over(t, d), Plain: simple})
		speechtest.TestRecognizer(t, r, spoken(), "where is my order")
		if d.Asked(openaitest.Transcriptions) != 4 {
			t.Errorf("asked %d times; silence is not to be uploaded", d.Asked(openaitest.Transcriptions))
		}
	}
}

func TestVoiceConforms(t *testing.T) {
	for _, format := range []openai.Format{openai.PCM, openai.MP3} {
		d := &openaitest.Server{Key: key}
		speechtest.TestSynthesizer(t, openai.NewVoice(openai.VoiceConfig{Server: over(t, d), Speaker: "ann", Format: format}))
	}
}

func TestUploadIsWhatWasSaid(t *testing.T) {
	d := &openaitest.Server{}
	r := openai.NewRecognizer(openai.RecognizerConfig{Server: direct(d), Names: []string{"Heliostat 5"}})
	recognize(t.Context(), r, speech.Hints{Language: "de-DE", Expect: speech.Expectation{Kind: speech.ExpectDigits, Min: 5, Max: 5}}, spoken())
	h := d.LastHeard()
	audio, err := wav.Read(bytes.NewReader(h.WAV))
	if err != nil || audio.RateHz != 16000 || audio.Channels != 1 || len(audio.Samples) != 75*media.FrameSamples || dsp.Power(audio.Samples[:1600], 16000, 300) < 0.9 {
		t.Errorf("%d Hz, %d channels, %d samples, %v", audio.RateHz, audio.Channels, len(audio.Samples), err)
	}
	if h.Model != "m" || h.Language != "de" || h.Format != "verbose_json" || !strings.Contains(h.Prompt, "Heliostat 5") || !strings.Contains(h.Prompt, "number") {
		t.Errorf("asked for %s in %q as %s with %q", h.Model, h.Language, h.Format, h.Prompt)
	}
}

func recognize(ctx context.Context, r speech.Recognizer, hints speech.Hints, frames []media.Frame) (speech.Result, error) {
	audio, results := make(chan media.Frame, len(frames)), make(chan speech.Result, 1)
	for _, f := range frames {
		audio <- f
	}
	close(audio)
	if err := r.Recognize(ctx, hints, audio, results); err != nil {
		return speech.Result{}, err
	}
	return <-results, nil
}

func TestWordsAreAsOtherRecognisersGiveThem(t *testing.T) {
	for written, want := range map[string]string{
		"Where's my order, please?":         "where's my order please",
		"It's 12,345.":                      "it's 12345",
		"One, two, three.":                  "one two three",
		"1-2-3-4-5":                         "1 2 3 4 5",
		"1, 2, 3":                           "1 2 3",
		"At 3:30 p.m. on 12/11.":            "at 3:30 p m on 12/11",
		"jo.doe@example.com!":               "jo.doe@example.com",
		"That is $49.99 — “too much”.":      "that is $49.99 too much",
		" [BLANK_AUDIO] ":                   "blank audio",
		"我想查一下我的订单。":                        "我想查一下我的订单",
		"Yes. No, thank you... Goodbye":     "yes no thank you goodbye",
		"B-4-7 K":                           "b 4 7 k",
		"The caller’s number is 030 / 1234": "the caller's number is 030 1234",
	} {
		d := &openaitest.Server{Hear: func(openaitest.Heard) string { return written }}
		r := openai.NewRecognizer(openai.RecognizerConfig{Server: direct(d)})
		if got, err := recognize(t.Context(), r, speech.Hints{}, spoken()); err != nil || got.Text != want {
			t.Errorf("%q became %q, %v; want %q", written, got.Text, err, want)
		}
	}
}

// TestEchoOfThePromptIsSilence lets the model write its prompt, as models do when
// they hear nothing.
func TestEchoOfThePromptIsSilence(t *testing.T) {
	d := &openaitest.Server{Hear: func(h openaitest.Heard) string { return h.Prompt }}
	r := openai.NewRecognizer(openai.RecognizerConfig{Server: direct(d)})
	got, err := recognize(t.Context(), r, speech.Hints{Expect: speech.Expectation{Kind: speech.ExpectYesNo}}, spoken())
	if err != nil || got.Text != "" || d.LastHeard().Prompt == "" {
		t.Errorf("heard %+v, %v", got, err)
	}
}

// ways are the ways in which servers fail, and what is told of them.
var ways = []struct {
	way  openaitest.Way
	want string
}{
	{openaitest.Status(401), "key was refused (401)"},
	{openaitest.Status(404), "no such model"},
	{openaitest.Status(429), "too many requests"},
	{openaitest.Status(500), "server has a fault (500)"},
	{openaitest.Garbage, "answer is n"},
	{openaitest.Schema, "answer is n"},
	{openaitest.Cut, "cut"},
	{openaitest.CutMidway, "cut"},
}

// TestFaultsAreToldInPlainWordsWithoutTheKey fails in every way; the double's
// errors tell the key.
func TestFaultsAreToldInPlainWordsWithoutTheKey(t *testing.T) {
	for _, w := range ways {
		t.Run(fmt.Sprint(w.way), func(t *testing.T) {
			d := &openaitest.Server{}
			d.SetAll(w.way)
			server := over(t, d)
			_, heard := recognize(t.Context(), openai.NewRecognizer(openai.RecognizerConfig{Server: server}), speech.Hints{}, spoken())
			_, _, said := speak(t.Context(), openai.NewVoice(openai.VoiceConfig{Server: server}), "A sentence of several words.")
			for what, err := range map[string]error{"recogniser": heard, "voice": said} {
				if !errors.Is(err, speech.ErrUnavailable) || !strings.Contains(err.Error(), w.want) {
					t.Errorf("%s: %v, want ErrUnavailable with %q", what, err, w.want)
				}
				if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), key) {
					t.Errorf("%s: the error tells the key: %v", what, err)
				}
			}
		})
	}
	nobody := openai.Server{URL: "http://127.0.0.1:1/v1", Model: "m"}
	if _, err := recognize(t.Context(), openai.NewRecognizer(openai.RecognizerConfig{Server: nobody}), speech.Hints{}, spoken()); !errors.Is(err, speech.ErrUnavailable) || err.Error() != "nobody listens at that address" {
		t.Errorf("error %v", err)
	}
}

// TestHangingServersEndWithTheContext hangs before and within the answer.
func TestHangingServersEndWithTheContext(t *testing.T) {
	for _, way := range []openaitest.Way{openaitest.Hang, openaitest.Midway, openaitest.Slow(time.Hour)} {
		synctest.Test(t, func(t *testing.T) {
			d := &openaitest.Server{}
			d.SetAll(way)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begin := time.Now()
			_, heard := recognize(ctx, openai.NewRecognizer(openai.RecognizerConfig{Server: direct(d)}), speech.Hints{}, spoken())
			_, _, said := speak(ctx, openai.NewVoice(openai.VoiceConfig{Server: direct(d)}), "A sentence.")
			if !errors.Is(heard, context.DeadlineExceeded) || !errors.Is(said, context.DeadlineExceeded) || time.Since(begin) != time.Second {
				t.Errorf("%v: %v and %v after %v", way, heard, said, time.Since(begin))
			}
		})
	}
}

// said is a segment and when it came.
type said struct {
	speech.Segment
	at time.Duration
}

func speak(ctx context.Context, v speech.Synthesizer, text string) (segments []said, frames int, err error) {
	in, out := make(chan string, 1), make(chan speech.Segment)
	in <- text
	close(in)
	begin := time.Now()
	var speaking sync.WaitGroup
	speaking.Go(func() {
		defer close(out)
		err = v.Synthesize(ctx, speech.Voice{}, in, out)
	})
	for s := range out {
		segments = append(segments, said{s, time.Since(begin)})
		frames += len(s.Audio)
	}
	speaking.Wait()
	return segments, frames, err
}

// TestSpeechIsPlayedWhileItArrives drips 100 ms of audio each 50 ms: the first
// comes long before the last, and the words are spread over the segments.
func TestSpeechIsPlayedWhileItArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &openaitest.Server{}
		d.Set(openaitest.Speech, openaitest.Drip(50*time.Millisecond))
		v := openai.NewVoice(openai.VoiceConfig{Server: direct(d), Speaker: "ann"})
		const text = "Your order has been sent and is going to arrive on Thursday morning."
		segments, frames, err := speak(t.Context(), v, text)
		if err != nil || len(segments) < 10 || segments[0].at > 150*time.Millisecond || segments[len(segments)-1].at < 1500*time.Millisecond {
			t.Fatalf("%d segments, the first after %v, %v", len(segments), segments[0].at, err)
		}
		var words []string
		for i, s := range segments {
			if s.Text != "" {
				words = append(words, s.Text)
			}
			if i == len(segments)/2 && (len(words) < 2 || len(words) > 11) {
				t.Errorf("half of the audio holds %q", words)
			}
		}
		if strings.Join(words, " ") != text {
			t.Errorf("said %q", words)
		}
		want := len(text) * 3 // 60 ms a character
		if frames < want-5 || frames > want+15 {
			t.Errorf("%d frames, want about %d", frames, want)
		}
		if q := d.LastSpoken(); q.Voice != "ann" || q.ResponseFormat != "pcm" || q.Input != text {
			t.Errorf("asked for %+v", q)
		}
	})
}

func TestSilenceAtBothEndsIsCut(t *testing.T) {
	d := &openaitest.Server{Speak: func(text string) []int16 {
		pcm := make([]int16, openaitest.RateHz)
		return append(append(pcm, openaitest.Tone(text)...), pcm...)
	}}
	_, frames, err := speak(t.Context(), openai.NewVoice(openai.VoiceConfig{Server: direct(d)}), "Hello there.")
	if err != nil || frames < 36 || frames > 52 { // 36 of sound, 2 before, 8 after
		t.Errorf("%d frames, %v", frames, err)
	}
	d.Speak = func(string) []int16 { return make([]int16, openaitest.RateHz) }
	if _, _, err := speak(t.Context(), openai.NewVoice(openai.VoiceConfig{Server: direct(d)}), "Hello."); !errors.Is(err, speech.ErrUnavailable) {
		t.Errorf("silence for a sentence: %v", err)
	}
	d.Speak = func(string) []int16 { return openaitest.Tone(strings.Repeat("x", 1200)) }
	if _, _, err := speak(t.Context(), openai.NewVoice(openai.VoiceConfig{Server: direct(d)}), "Hello."); !errors.Is(err, speech.ErrUnavailable) {
		t.Errorf("72 s for a word: %v", err)
	}
}
