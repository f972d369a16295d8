package openai

import (
	"bytes"
	"context"
	"math"
	"strings"
	"unicode"

	"github.com/sashabaranov/go-openai"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/media/wav"
	"attendant/speech"
)

const (
	// longestFrames bounds an utterance: 30 s, what whisper takes at once. What is
	// said after it is dropped.
	longestFrames = 1500
	// silent is the level below which a frame holds no speech, and leastLoud is how
	// many louder ones an utterance has: models make up words for silence.
	silent, leastLoud = -60.0, 5
	// supposed is the confidence where the server tells none.
	supposed = 0.8
	// longestPrompt bounds the prompt in characters; whisper reads 224 tokens.
	longestPrompt = 400
)

// RecognizerConfig says whom to ask and how.
type RecognizerConfig struct {
	Server
	// Plain asks for the plain answer where the server or model knows no
	// "verbose_json", which tells how sure it is.
	Plain bool
	// Names are words that callers may say and models do not know, such as the
	// names of products. They go along in every prompt.
	Names []string
}

// Recognizer implements speech.Recognizer. It gives no partial results, and one
// request for each utterance that is not silent. Its words are lower case without
// punctuation; numbers are digits or words as the model writes them ("12345").
type Recognizer struct {
	cfg    RecognizerConfig
	client *openai.Client
}

var _ speech.Recognizer = (*Recognizer)(nil)

// NewRecognizer returns the vendor. It sends nothing yet.
func NewRecognizer(cfg RecognizerConfig) *Recognizer {
	return &Recognizer{cfg: cfg, client: cfg.client()}
}

// Recognize implements speech.Recognizer.
func (r *Recognizer) Recognize(ctx context.Context, hints speech.Hints, audio <-chan media.Frame, results chan<- speech.Result) error {
	frames, err := collect(ctx, audio)
	if err != nil {
		return err
	}
	result := speech.Result{Final: true}
	if !isSilent(frames) {
		if result, err = r.transcribe(ctx, hints, frames); err != nil {
			return err
		}
	}
	select {
	case results <- result:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// collect returns an utterance when it has ended.
func collect(ctx context.Context, audio <-chan media.Frame) ([]media.Frame, error) {
	var frames []media.Frame
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case f, ok := <-audio:
			if !ok {
				return frames, ctx.Err()
			}
			if len(frames) < longestFrames {
				frames = append(frames, f)
			}
		}
	}
}

func isSilent(frames []media.Frame) bool {
	loud := 0
	for i := range frames {
		if dsp.Level(frames[i][:]) > silent {
			loud++
		}
	}
	return loud < leastLoud
}

func (r *Recognizer) transcribe(ctx context.Context, hints speech.Hints, frames []media.Frame) (speech.Result, error) {
	pcm := make([]int16, 0, len(frames)*media.FrameSamples)
	for i := range frames {
		pcm = append(pcm, frames[i][:]...)
	}
	var file bytes.Buffer
	if err := wav.Write(&file, media.SampleRateHz, pcm); err != nil {
		return speech.Result{}, err
	}
	q := openai.AudioRequest{
		Model: r.cfg.Model, FilePath: "utterance.wav", Reader: &file, Format: openai.AudioResponseFormatVerboseJSON,
		Prompt: prompt(hints.Expect, r.cfg.Names),
	}
	q.Language, _, _ = strings.Cut(hints.Language, "-") // ISO 639-1
	if r.cfg.Plain {
		q.Format = openai.AudioResponseFormatJSON
	}
	a, err := r.client.CreateTranscription(ctx, q)
	if err != nil {
		if ctx.Err() != nil {
			return speech.Result{}, ctx.Err()
		}
		return speech.Result{}, Explain(err)
	}
	if a.Text == "" && len(a.Segments) == 0 && !answered(a) {
		return speech.Result{}, fault("the answer is not what this API gives")
	}
	return result(a, q.Prompt), nil
}

// answered reports whether an answer without words is one all the same: silence
// has a duration or a language.
func answered(a openai.AudioResponse) bool {
	return a.Duration > 0 || a.Language != "" || a.Task != ""
}

// result reads an answer. Segments that the model itself takes for silence are left
// out, as whisper's own program does; so is a mere echo of the prompt.
func result(a openai.AudioResponse, prompt string) speech.Result {
	out := speech.Result{Final: true, Confidence: supposed}
	text := a.Text
	if len(a.Segments) > 0 {
		var heard []string
		var sum, weight float64
		for _, s := range a.Segments {
			if s.NoSpeechProb > 0.6 && s.AvgLogprob < -1 {
				continue
			}
			heard = append(heard, s.Text)
			w := max(s.End-s.Start, 0.1)
			sum, weight = sum+w*s.AvgLogprob, weight+w
		}
		text = strings.Join(heard, " ")
		if weight > 0 {
			out.Confidence = min(1, max(0, math.Exp(sum/weight)))
		}
	}
	out.Text = plain(text)
	if out.Text == "" || out.Text == plain(prompt) {
		out.Text, out.Confidence = "", 0
	}
	return out
}

// prompt is what a model of speech would have written just before: it goes on in
// the same style.
func prompt(e speech.Expectation, names []string) string {
	var out []string
	switch e.Kind {
	case speech.ExpectDigits:
		out = append(out, "The number is 4 0 7 1 9 2.")
	case speech.ExpectCode:
		out = append(out, "The code is B 4 7 K 2 X.")
	case speech.ExpectYesNo:
		out = append(out, "Yes, please. No, thank you.")
	case speech.ExpectDate:
		out = append(out, "Tomorrow. Next Tuesday at three in the afternoon. The 3rd of March.")
	case speech.ExpectTime:
		out = append(out, "At half past nine. Three in the afternoon.")
	case speech.ExpectNumber:
		out = append(out, "Two. About 350.")
	case speech.ExpectMoney:
		out = append(out, "20 euros. 49.90.")
	case speech.ExpectChoice:
		if len(e.Choices) > 0 {
			out = append(out, strings.Join(e.Choices, ", ")+".")
		}
	}
	if len(names) > 0 {
		out = append(out, strings.Join(names, ", ")+".")
	}
	text := strings.Join(out, " ")
	for len(text) > longestPrompt {
		text = text[:strings.LastIndexAny(text[:longestPrompt], " ,")]
	}
	return text
}

// plain is written text as the rest of the program takes a recogniser's: lower
// case, without punctuation but what belongs to a word or a number. Digits that
// are grouped ("12,345", "1-2-3") become one or several numbers without marks.
func plain(text string) string {
	runes := []rune(strings.ToLower(text))
	var b strings.Builder
	for i, c := range runes {
		before, after := at(runes, i-1), at(runes, i+1)
		number := unicode.IsDigit(before) && unicode.IsDigit(after)
		word := unicode.IsLetter(before) && unicode.IsLetter(after)
		switch {
		case unicode.IsLetter(c), unicode.IsDigit(c), unicode.IsMark(c), strings.ContainsRune("@$€£%+&", c):
			b.WriteRune(c)
		case c == ',' && number && grouped(runes[i+1:]): // 12,345
		case c == '\'' || c == '’':
			if word {
				b.WriteByte('\'')
			}
		case (c == '.' || c == ':' || c == '/') && number, (c == '.' || c == '_') && inAddress(runes, i):
			b.WriteRune(c)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func at(runes []rune, i int) rune {
	if i < 0 || i >= len(runes) {
		return ' '
	}
	return runes[i]
}

// grouped reports whether three digits and no fourth begin a text.
func grouped(runes []rune) bool {
	n := 0
	for n < len(runes) && unicode.IsDigit(runes[n]) {
		n++
	}
	return n == 3
}

// inAddress reports whether a mark stands inside a word that has an @.
func inAddress(runes []rune, i int) bool {
	from, to := i, i
	for from > 0 && !unicode.IsSpace(runes[from-1]) {
		from--
	}
	for to < len(runes) && !unicode.IsSpace(runes[to]) {
		to++
	}
	return strings.ContainsRune(string(runes[from:to]), '@') && i+1 < to && from < i
}
