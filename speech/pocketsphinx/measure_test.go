//go:build measure

package pocketsphinx

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/wav"
	"attendant/speech"
	"attendant/speech/espeak"
	"attendant/speech/flite"
)

// measured are sentences that a caller may say, and what is expected then.
var measured = []struct {
	kind speech.ExpectKind
	text string
}{
	{"", "where is my order one two three four five"},
	{"", "i want to know what happened to my package"},
	{"", "order status please"},
	{"", "where is my parcel"},
	{"", "can you tell me where my order is"},
	{"", "i am calling about order five four three two one"},
	{"", "when will my order arrive"},
	{"", "has my package been sent"},
	{"", "what is your return policy"},
	{"", "can i send something back"},
	{"", "when are you open"},
	{"", "what are your opening hours"},
	{"", "how much is delivery"},
	{"", "i want to talk to a human"},
	{"", "agent please"},
	{"", "can i speak to a representative"},
	{"", "this is ridiculous nobody helps me"},
	{"", "goodbye"},
	{"", "thank you very much goodbye"},
	{"", "my order number is nine zero two one oh"},
	{"digits", "one two three four five"},
	{"digits", "five four three two one"},
	{"digits", "nine zero two eight seven"},
	{"digits", "double four six one three"},
	{"digits", "it is two seven one eight two"},
	{"digits", "six six five zero nine"},
	{"digits", "three oh eight four one"},
	{"digits", "human"},
	{"yesno", "yes"},
	{"yesno", "no"},
	{"yesno", "yes that is right"},
	{"yesno", "no that's wrong"},
	{"yesno", "no thank you"},
	{"yesno", "correct"},
}

var voices = []struct {
	name string
	s    speech.Synthesizer
	v    speech.Voice
}{
	{"flite slt", flite.New(), speech.Voice{Name: "slt"}},
	{"flite rms", flite.New(), speech.Voice{Name: "rms"}},
	{"flite awb", flite.New(), speech.Voice{Name: "awb"}},
	{"espeak us", espeak.New(), speech.Voice{Name: "en-us"}},
}

// lines are the ways from a caller to us.
var lines = map[string]func(t *testing.T, frames []media.Frame) []media.Frame{
	"G.722":          through("G722", false),
	"G.711 300-3400": through("PCMU", true),
}

func through(name string, band bool) func(*testing.T, []media.Frame) []media.Frame {
	return func(t *testing.T, frames []media.Frame) []media.Frame {
		if band {
			frames = telephone(t, frames)
		}
		for _, c := range codec.All() {
			if c.Name != name {
				continue
			}
			e, d := c.NewEncoder(), c.NewDecoder()
			var pcm []int16
			for i := range frames {
				pcm = d.Decode(pcm, e.Encode(nil, &frames[i]))
			}
			return wav.Frames(pcm, media.SampleRateHz)
		}
		return nil
	}
}

// telephone limits the band to 300 to 3,400 Hz with sox.
func telephone(t *testing.T, frames []media.Frame) []media.Frame {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.wav"), filepath.Join(dir, "out.wav")
	file, err := os.Create(in)
	if err != nil {
		t.Fatal(err)
	}
	var pcm []int16
	for i := range frames {
		pcm = append(pcm, frames[i][:]...)
	}
	if err := wav.Write(file, media.SampleRateHz, pcm); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if msg, err := exec.Command("sox", in, out, "sinc", "300-3400").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v: %s", err, msg)
	}
	file, err = os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a, err := wav.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return wav.Frames(a.Mono(), a.RateHz)
}

func render(t *testing.T, s speech.Synthesizer, v speech.Voice, text string) []media.Frame {
	in, out := make(chan string, 1), make(chan speech.Segment, 1)
	in <- text
	close(in)
	if err := s.Synthesize(t.Context(), v, in, out); err != nil {
		t.Fatal(err)
	}
	frames := (<-out).Audio
	return append(append(make([]media.Frame, 15), frames...), make([]media.Frame, 20)...)
}

func recognize(t *testing.T, r *Recognizer, h speech.Hints, frames []media.Frame) speech.Result {
	audio, results := make(chan media.Frame, len(frames)), make(chan speech.Result, 1000)
	for _, f := range frames {
		audio <- f
	}
	close(audio)
	if err := r.Recognize(context.Background(), h, audio, results); err != nil {
		t.Fatal(err)
	}
	var last speech.Result
	for len(results) > 0 {
		last = <-results
	}
	return last
}

// TestMeasure prints word errors and number errors for each voice and line.
func TestMeasure(t *testing.T) {
	phrases, err := os.ReadFile(os.Getenv("PHRASES"))
	if err != nil {
		t.Fatal("PHRASES must name a file with the company's phrases")
	}
	r, err := Open(Config{
		Program: "../../bin/attendant-pocketsphinx", ModelDir: "/usr/share/pocketsphinx/model/en-us",
		Phrases: strings.Split(string(phrases), "\n"), Workers: 2, Log: slog.Default(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for line, carry := range lines {
		for _, v := range voices {
			var wrong, total, numbers, right int
			for _, m := range measured {
				h := speech.Hints{Expect: speech.Expectation{Kind: m.kind, Min: 5, Max: 5}}
				if line != "G.722" {
					h.Bandwidth = media.Narrowband
				}
				got := recognize(t, r, h, carry(t, render(t, v.s, v.v, m.text)))
				want := strings.Fields(m.text)
				e := distance(want, strings.Fields(got.Text))
				wrong, total = wrong+e, total+len(want)
				if spoken := onlyDigits(want); spoken != "" {
					numbers++
					if onlyDigits(strings.Fields(got.Text)) == spoken {
						right++
					}
				}
				if e > 0 && testing.Verbose() {
					fmt.Printf("  %s, %s: %q heard as %q (%.2f)\n", line, v.name, m.text, got.Text, got.Confidence)
				}
			}
			fmt.Printf("%s, %s: word errors %.1f %%, numbers right %d of %d\n", line, v.name, 100*float64(wrong)/float64(total), right, numbers)
		}
	}
}

func onlyDigits(words []string) string {
	var out []string
	for _, w := range words {
		if w == "oh" {
			w = "zero"
		}
		for _, d := range append(digitWords, "double") {
			if w == d {
				out = append(out, w)
			}
		}
	}
	return strings.Join(out, " ")
}

// distance is the number of words to change, leave out or put in.
func distance(a, b []string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
