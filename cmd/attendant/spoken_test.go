//go:build measure

package main

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/sqlstore"
	"attendant/dialog/understand"
	"attendant/media"
	"attendant/media/codec"
	"attendant/media/wav"
	"attendant/speech"
	"attendant/speech/espeak"
	"attendant/speech/flite"
	"attendant/speech/pocketsphinx"
)

// spoken is what callers say: the expectation, the meaning, the words.
//
//go:embed testdata/spoken.tsv
var spoken string

type sentence struct {
	expect        flow.Expectation
	meaning, text string
}

func sentences(t *testing.T) []sentence {
	var out []sentence
	for row := range strings.Lines(spoken) {
		f := strings.Split(strings.TrimRight(row, "\n"), "\t")
		if strings.HasPrefix(row, "#") {
			continue
		}
		if len(f) != 3 {
			t.Fatalf("spoken.tsv: %q", row)
		}
		s := sentence{flow.Expectation{Type: "open"}, f[1], f[2]}
		switch f[0] {
		case "digits":
			s.expect = flow.Expectation{Type: "digits", Slot: "order", Min: 5, Max: 5}
		case "yesno":
			s.expect = flow.Expectation{Type: "yesno"}
		}
		out = append(out, s)
	}
	return out
}

// meant is what commands come to, as spoken.tsv writes it.
func meant(commands []flow.Command) string {
	var out []string
	for _, c := range commands {
		switch c.Kind {
		case flow.StartFlow:
			out = append(out, c.Flow)
		case flow.Answer:
			out = append(out, c.Article)
		case flow.SetSlot, flow.CorrectSlot:
			out = append(out, c.Value)
		case flow.Affirm:
			out = append(out, "yes")
		case flow.Deny:
			out = append(out, "no")
		default:
			out = append(out, string(c.Kind))
		}
	}
	return strings.Join(out, " ")
}

var measuredVoices = []struct {
	name string
	s    speech.Synthesizer
	v    speech.Voice
}{
	{"flite slt", flite.New(), speech.Voice{Name: "slt"}},
	{"flite rms", flite.New(), speech.Voice{Name: "rms"}},
	{"flite awb", flite.New(), speech.Voice{Name: "awb"}},
	{"espeak en-us", espeak.New(), speech.Voice{Name: "en-us"}},
}

// lines are the ways from a caller to us.
var lines = []struct {
	name  string
	codec string
	band  bool
}{{"G.722", "G722", false}, {"G.711 300-3400", "PCMU", true}}

// TestMeasureSpoken prints, for each line and voice, the word errors and how
// often the meaning of the spoken set was understood at the first try.
func TestMeasureSpoken(t *testing.T) {
	r, company := spokenRecognizer(t)
	for _, line := range lines {
		t.Run(line.name, func(t *testing.T) {
			var all tally
			for _, v := range measuredVoices {
				t.Run(v.name, func(t *testing.T) {
					var one tally
					for _, s := range sentences(t) {
						audio := through(t, line.codec, line.band, render(t, v.s, v.v, s.text))
						one.add(t, line.name+", "+v.name, s, hear(t, r, s.expect, line.band, audio), company)
					}
					fmt.Printf("%s, %s: %s\n", line.name, v.name, one)
					all.merge(one)
				})
			}
			fmt.Printf("%s, all of these: %s\n", line.name, all)
		})
	}
}

// TestMeasureOrders prints how many callers over a telephone line end with the
// right order: at the first try, after read-back and one retry by voice, and in
// the end, with keys. Both sides' turns are real speech over the line; only the
// clock of a call is left out.
func TestMeasureOrders(t *testing.T) {
	r, company := spokenRecognizer(t)
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "attendant.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	a, err := chatAttendant(t.Context(), config{}, company, store)
	if err != nil {
		t.Fatal(err)
	}
	a.Log = slog.Default()
	var calls, first, retried, final int
	for _, o := range orders {
		for _, v := range measuredVoices {
			c := orderCaller{number: o.number, speak: func(e, text string) string {
				audio := through(t, "PCMU", true, render(t, v.s, v.v, text))
				return hear(t, r, flow.Expectation{Type: string(e), Min: 5, Max: 5}, true, audio).Text
			}}
			c.spoken = o.spoken
			if err := a.Chat(t.Context(), dialog.Chat{Line: media.Narrowband}, c.next, c.tell); err != nil {
				t.Fatal(err)
			}
			calls++
			switch {
			case !c.found:
			case c.tries == 1:
				first, retried, final = first+1, retried+1, final+1
			case c.tries == 2:
				retried, final = retried+1, final+1
			default:
				final++
			}
			fmt.Printf("  %s, %s: %s\n", v.name, o.number, strings.Join(c.log, " / "))
		}
	}
	fmt.Printf("G.711 300-3400, %d calls for an order: right at the first try %d, with a second %d, in the end with keys %d (%.1f %%)\n",
		calls, first, retried, final, 100*float64(final)/float64(calls))
}

// orderCaller asks for an order, says whether a number that is read back is
// theirs, says it again once, then keys it.
type orderCaller struct {
	speak          func(expect, text string) string
	number, spoken string
	heard          string // the attendant's last turn
	tries, turns   int
	found          bool
	log            []string
}

func (c *orderCaller) tell(t dialog.Exchange) {
	if t.Side == "attendant" {
		c.heard = t.Text
		c.found = c.found || strings.Contains(digitsOf(t.Text), c.number) && !strings.Contains(t.Text, "I heard")
	}
	c.log = append(c.log, t.Text)
}

func (c *orderCaller) next() (string, bool) {
	if c.turns++; c.found || c.turns > 12 {
		return "", false
	}
	switch {
	case strings.Contains(c.heard, "I heard") && strings.Contains(digitsOf(c.heard), c.number):
		return c.speak("yesno", "yes that is right"), true
	case strings.Contains(c.heard, "I heard"):
		return c.speak("yesno", "no that is wrong"), true
	case c.turns == 1:
		c.tries++
		return c.speak("", "where is my order "+c.spoken), true
	case c.tries < 2:
		c.tries++
		return c.speak("digits", c.spoken), true
	}
	c.tries++
	return "#" + c.number, true
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// TestMeasurePeople is the same for recordings of people: single digits of
// asterisk-core-sounds joined to numbers, phrases of it, and sentences of
// pocketsphinx-testdata, each as recorded (16 kHz) and over a telephone line.
func TestMeasurePeople(t *testing.T) {
	r, company := spokenRecognizer(t)
	dir := t.TempDir()
	for _, line := range lines {
		var numbers tally
		for i := range 20 {
			number := fmt.Sprintf("%05d", (i*48611+12345)%100000)
			var args, words []string
			for _, d := range number {
				out := filepath.Join(dir, string(d)+".wav")
				convert(t, "/usr/share/asterisk/sounds/en_US_f_Allison/digits/"+string(d)+".g722", out)
				args = append(args, out)
				words = append(words, strings.Fields("zero one two three four five six seven eight nine")[d-'0'])
			}
			joined(t, filepath.Join(dir, "n.wav"), args)
			s := sentence{flow.Expectation{Type: "digits", Slot: "order", Min: 5, Max: 5}, number, strings.Join(words, " ")}
			audio := through(t, line.codec, line.band, readFrames(t, filepath.Join(dir, "n.wav")))
			numbers.add(t, line.name+", people", s, hear(t, r, s.expect, line.band, audio), company)
		}
		fmt.Printf("%s, joined digits of a person: %s\n", line.name, numbers)
	}
	measurePhrases(t)
}

// phrases are sentences of people with what is said in them. The recogniser is
// given each group's sentences as its phrases.
var phrases = []struct {
	group, file, text string
}{
	{"prompts", "en_US_f_Allison/vm-goodbye.g722", "goodbye"},
	{"prompts", "en_US_f_Allison/agent-pass.g722", "please enter your password followed by the pound key"},
	{"prompts", "en_US_f_Allison/agent-user.g722", "agent login please enter your agent number followed by the pound key"},
	{"prompts", "en_US_f_Allison/auth-thankyou.g722", "thank you"},
	{"prompts", "en_US_f_Allison/all-circuits-busy-now.g722", "all circuits are busy now"},
	{"prompts", "en_US_f_Allison/call-forwarding.g722", "call forwarding"},
	{"prompts", "en_US_f_Allison/please-try-again.g722", "please try again"},
	{"prompts", "en_US_f_Allison/cannot-complete-as-dialed.g722", "your call cannot be completed as dialed"},
	{"prompts", "en_US_f_Allison/check-number-dial-again.g722", "please check the number and dial again"},
	{"prompts", "en_US_f_Allison/one-moment-please.g722", "one moment please"},
	{"prompts", "en_US_f_Allison/im-sorry.g722", "i'm sorry"},
	{"prompts", "en_US_f_Allison/please-try-call-later.g722", "please try your call later"},
	{"cards", "/usr/share/pocketsphinx/test/data/cards/001.wav", ""},
	{"cards", "/usr/share/pocketsphinx/test/data/cards/002.wav", ""},
	{"cards", "/usr/share/pocketsphinx/test/data/cards/003.wav", ""},
	{"cards", "/usr/share/pocketsphinx/test/data/cards/004.wav", ""},
	{"cards", "/usr/share/pocketsphinx/test/data/cards/005.wav", ""},
	{"cards", "/usr/share/pocketsphinx/test/data/goforward.raw", "go forward ten meters"},
}

func measurePhrases(t *testing.T) {
	transcripts := cards(t)
	dir := t.TempDir()
	groups := map[string][]string{}
	for i := range phrases {
		p := &phrases[i]
		if p.text == "" {
			p.text = transcripts[strings.TrimSuffix(filepath.Base(p.file), ".wav")]
		}
		groups[p.group] = append(groups[p.group], p.text)
	}
	for group, texts := range groups {
		r := openMeasured(t, vocabulary{phrases: texts})
		for _, line := range lines {
			var sum tally
			for i, p := range phrases {
				if p.group != group {
					continue
				}
				file := p.file
				if !filepath.IsAbs(file) {
					file = "/usr/share/asterisk/sounds/" + file
				}
				out := filepath.Join(dir, strconv.Itoa(i)+".wav")
				convert(t, file, out)
				audio := through(t, line.codec, line.band, readFrames(t, out))
				sum.words(t, line.name+", "+group, p.text, hear(t, r, flow.Expectation{Type: "open"}, line.band, audio).Text)
			}
			fmt.Printf("%s, %s of people: %s\n", line.name, group, sum)
		}
	}
}

// cards reads the transcription of pocketsphinx-testdata: "<s> words </s> (id)".
func cards(t *testing.T) map[string]string {
	raw, err := os.ReadFile("/usr/share/pocketsphinx/test/data/cards/cards.transcription")
	if err != nil {
		t.Skip("pocketsphinx-testdata is not installed")
	}
	out := map[string]string{}
	for row := range strings.Lines(string(raw)) {
		text, id, ok := strings.Cut(row, "(")
		if ok {
			text = strings.NewReplacer("<s>", "", "</s>", "").Replace(text)
			out[strings.Trim(id, ")\n ")] = strings.ToLower(strings.TrimSpace(text))
		}
	}
	return out
}

func spokenRecognizer(t *testing.T) (*pocketsphinx.Recognizer, *company) {
	t.Helper()
	company, err := loadCompany(config{})
	if err != nil {
		t.Fatal(err)
	}
	return openMeasured(t, company.callers()), company
}

func openMeasured(t *testing.T, v vocabulary) *pocketsphinx.Recognizer {
	t.Helper()
	r, err := pocketsphinx.Open(pocketsphinx.Config{
		Program: "../../bin/attendant-pocketsphinx", ModelDir: "/usr/share/pocketsphinx/model/en-us",
		Phrases: v.phrases, Answers: v.answers, Workers: 1, Log: slog.Default(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// tally counts.
type tally struct {
	wrong, said          int // words
	right, meanings      int
	numbersRight, number int
}

func (c *tally) words(t *testing.T, where, want, got string) {
	e := distance(strings.Fields(want), strings.Fields(got))
	c.wrong, c.said = c.wrong+e, c.said+len(strings.Fields(want))
	if e > 0 && testing.Verbose() {
		fmt.Printf("  %s: %q heard as %q\n", where, want, got)
	}
}

func (c *tally) add(t *testing.T, where string, s sentence, got speech.Result, company *company) {
	c.words(t, where, s.text, got.Text)
	turn := understand.Turn{Text: got.Text, Confidence: got.Confidence}
	for _, a := range got.Alternatives {
		turn.Alternatives = append(turn.Alternatives, a.Text)
	}
	commands, err := company.rules.Understand(t.Context(), understand.View{Expect: s.expect}, turn)
	if err != nil {
		t.Fatal(err)
	}
	meaning := meant(commands)
	kind, number := split(s.meaning)
	gotKind, gotNumber := split(meaning)
	if number != "" {
		c.number++
		if number == gotNumber {
			c.numbersRight++
		}
	}
	if kind == "" {
		return
	}
	c.meanings++
	if kind == gotKind {
		c.right++
	} else if testing.Verbose() {
		fmt.Printf("  %s: %q understood as %q\n", where, s.text, meaning)
	}
}

// split parts "order_status 12345".
func split(meaning string) (kind, number string) {
	for f := range strings.FieldsSeq(meaning) {
		if _, err := strconv.Atoi(f); err == nil {
			number = f
		} else if kind == "" {
			kind = f
		}
	}
	return kind, number
}

func (c *tally) merge(o tally) {
	c.wrong, c.said = c.wrong+o.wrong, c.said+o.said
	c.right, c.meanings = c.right+o.right, c.meanings+o.meanings
	c.numbersRight, c.number = c.numbersRight+o.numbersRight, c.number+o.number
}

func (c tally) String() string {
	return fmt.Sprintf("word errors %.1f %% of %d, meanings right %d of %d (%.0f %%), numbers right %d of %d (%.0f %%)",
		100*float64(c.wrong)/float64(max(1, c.said)), c.said, c.right, c.meanings, 100*float64(c.right)/float64(max(1, c.meanings)),
		c.numbersRight, c.number, 100*float64(c.numbersRight)/float64(max(1, c.number)))
}

func hear(t *testing.T, r *pocketsphinx.Recognizer, e flow.Expectation, narrow bool, frames []media.Frame) speech.Result {
	t.Helper()
	h := speech.Hints{Expect: dialog.Expected(e)}
	if narrow {
		h.Bandwidth = media.Narrowband
	}
	frames = slices.Concat(make([]media.Frame, 15), frames, make([]media.Frame, 20))
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

func render(t *testing.T, s speech.Synthesizer, v speech.Voice, text string) []media.Frame {
	t.Helper()
	in, out := make(chan string, 1), make(chan speech.Segment, 1)
	in <- text
	close(in)
	if err := s.Synthesize(t.Context(), v, in, out); err != nil {
		t.Fatal(err)
	}
	return (<-out).Audio
}

// through sends audio over a line.
func through(t *testing.T, name string, band bool, frames []media.Frame) []media.Frame {
	t.Helper()
	if band {
		frames = telephone(t, frames)
	}
	all := codec.All()
	c := all[slices.IndexFunc(all, func(c codec.Codec) bool { return c.Name == name })]
	e, d := c.NewEncoder(), c.NewDecoder()
	var pcm []int16
	for i := range frames {
		pcm = d.Decode(pcm, e.Encode(nil, &frames[i]))
	}
	return wav.Frames(pcm, media.SampleRateHz)
}

// telephone limits the band to 300 to 3,400 Hz with sox.
func telephone(t *testing.T, frames []media.Frame) []media.Frame {
	t.Helper()
	in, out := filepath.Join(t.TempDir(), "in.wav"), filepath.Join(t.TempDir(), "out.wav")
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
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command("sox", in, out, "sinc", "300-3400").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v: %s", err, msg)
	}
	return readFrames(t, out)
}

// convert makes 16 kHz WAV of what ffmpeg reads; .raw is 16 kHz PCM.
func convert(t *testing.T, in, out string) {
	t.Helper()
	args := []string{"-y", "-loglevel", "error"}
	switch filepath.Ext(in) {
	case ".g722":
		args = append(args, "-f", "g722")
	case ".raw":
		args = append(args, "-f", "s16le", "-ar", "16000", "-ac", "1")
	}
	if msg, err := exec.Command("ffmpeg", append(args, "-i", in, "-ar", "16000", "-ac", "1", out)...).CombinedOutput(); err != nil {
		t.Skipf("ffmpeg: %v: %s", err, msg)
	}
}

func readFrames(t *testing.T, name string) []media.Frame {
	t.Helper()
	file, err := os.Open(name)
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
