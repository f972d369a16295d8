package openai

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"mime"
	"strings"
	"sync/atomic"

	"github.com/sashabaranov/go-openai"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/media/mp3"
	"attendant/speech"
)

const (
	// longestText is the longest sentence in octets that is asked for; longer ones
	// are cut. longestAudio bounds what a sentence may take: a minute.
	longestText, longestAudio = 2000, 60 * 50
	// chunk is the audio that is handed on at once: 200 ms, enough for what follows
	// to arrive meanwhile.
	chunk = 10
	// quiet is the level below which a frame at either end of a sentence is cut
	// off; lead and tail of them stay: a soft beginning, a pause to the next.
	quiet, lead, tail = -50.0, 2, 8
	// usualPace is how many frames a character takes: 15 characters a second.
	usualPace = 50.0 / 15
)

// Format is how a server is asked for speech.
type Format string

// The formats.
const (
	PCM Format = "pcm" // 16-bit little-endian mono
	MP3 Format = "mp3"
)

// VoiceConfig says whom to ask and how.
type VoiceConfig struct {
	Server
	Speaker      string // the server's name of the voice; replaces the one asked for
	Format       Format // PCM where empty
	RateHz       int    // of PCM; 24,000 where 0
	Instructions string // how to speak, for models that take it
}

// Voice implements speech.Synthesizer. A sentence comes as several segments while
// it arrives; which of its words a segment holds is an estimate by the pace of the
// sentences before, the last segment having the rest.
type Voice struct {
	cfg    VoiceConfig
	client *openai.Client
	pace   atomic.Uint64 // frames a character, as the bits of a float64
}

var _ speech.Synthesizer = (*Voice)(nil)

// NewVoice returns the vendor. It sends nothing yet.
func NewVoice(cfg VoiceConfig) *Voice {
	if cfg.Format == "" {
		cfg.Format = PCM
	}
	if cfg.RateHz == 0 {
		cfg.RateHz = 24000
	}
	v := &Voice{cfg: cfg, client: cfg.client()}
	v.pace.Store(math.Float64bits(usualPace))
	return v
}

// Synthesize implements speech.Synthesizer.
func (v *Voice) Synthesize(ctx context.Context, voice speech.Voice, text <-chan string, segments chan<- speech.Segment) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t, ok := <-text:
			if !ok {
				return nil
			}
			if strings.TrimSpace(t) == "" {
				continue
			}
			if err := v.sentence(ctx, voice, t, segments); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return Explain(err)
			}
		}
	}
}

func (v *Voice) sentence(ctx context.Context, voice speech.Voice, text string, segments chan<- speech.Segment) error {
	q := openai.CreateSpeechRequest{
		Model: openai.SpeechModel(v.cfg.Model), Input: strings.ToValidUTF8(text[:min(len(text), longestText)], ""), Voice: openai.SpeechVoice(v.cfg.Speaker),
		ResponseFormat: openai.SpeechResponseFormat(v.cfg.Format), Instructions: v.cfg.Instructions, Speed: voice.Rate,
	}
	if v.cfg.Speaker == "" {
		q.Voice = openai.SpeechVoice(voice.Name)
	}
	answer, err := v.client.CreateSpeech(ctx, q)
	if err != nil {
		return err
	}
	defer answer.Close()
	in, err := v.open(answer)
	if err != nil {
		return err
	}
	s := &stream{in: in, resample: dsp.NewResampler(in.rateHz(), media.SampleRateHz)}
	m := &marker{text: text, pace: math.Float64frombits(v.pace.Load())}
	for {
		audio, err := s.next()
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return err
		}
		if len(audio) > 0 || last {
			if err := hand(ctx, segments, speech.Segment{Text: m.words(len(audio), last), Audio: audio}); err != nil {
				return err
			}
		}
		if last {
			v.learn(m)
			return nil
		}
	}
}

func hand(ctx context.Context, segments chan<- speech.Segment, s speech.Segment) error {
	select {
	case segments <- s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// learn takes a finished sentence's pace into account.
func (v *Voice) learn(m *marker) {
	if n := len(m.text); n >= 20 {
		v.pace.Store(math.Float64bits(0.7*m.pace + 0.3*float64(m.frames)/float64(n)))
	}
}

// samples is speech as it arrives.
type samples interface {
	// read fills pcm with mono samples and returns how many there are, at least
	// one without an error; the end is io.EOF.
	read(pcm []int16) (int, error)
	rateHz() int
}

// open looks at what a server has sent: what it calls it counts more than what was
// asked for.
func (v *Voice) open(answer openai.RawResponse) (samples, error) {
	kind, _, _ := mime.ParseMediaType(answer.Header().Get("Content-Type"))
	in := bufio.NewReaderSize(answer, 4096)
	switch {
	case strings.HasPrefix(kind, "text/") || kind == "application/json":
		return nil, fault("the answer is no audio but %s", strings.ToValidUTF8(kind[:min(len(kind), 40)], ""))
	case kind == "audio/mpeg" || kind == "audio/mp3" || v.cfg.Format == MP3:
		d, err := mp3.NewDecoder(in)
		if err != nil {
			return nil, unreadable(err)
		}
		return mp3Samples{d}, nil
	}
	if head, _ := in.Peek(4); string(head) == "RIFF" {
		return nil, fault("the answer is a WAV file; ask for pcm or mp3")
	}
	return &pcmSamples{in: in, rate: v.cfg.RateHz}, nil
}

func unreadable(err error) error {
	if errors.Is(err, mp3.ErrFormat) {
		return fault("the answer is no MP3 of 16, 24, 32, 44.1 or 48 kHz")
	}
	return err
}

type mp3Samples struct{ d *mp3.Decoder }

func (m mp3Samples) rateHz() int { return m.d.RateHz }

func (m mp3Samples) read(pcm []int16) (int, error) {
	n, err := m.d.Read(pcm)
	if err != nil && !errors.Is(err, io.EOF) {
		err = unreadable(err)
	}
	return n, err
}

type pcmSamples struct {
	in   io.Reader
	rate int
	odd  []byte // half a sample
}

func (p *pcmSamples) rateHz() int { return p.rate }

func (p *pcmSamples) read(pcm []int16) (int, error) {
	buf := make([]byte, 2*len(pcm))
	have := copy(buf, p.odd)
	p.odd = nil
	for have < 2 {
		n, err := p.in.Read(buf[have:])
		if have += n; err != nil && have < 2 {
			return 0, err
		}
	}
	n := have / 2
	for i := range n {
		pcm[i] = int16(binary.LittleEndian.Uint16(buf[2*i:]))
	}
	p.odd = buf[2*n : have]
	return n, nil
}

// stream makes frames of samples, without the silence at either end.
type stream struct {
	in       samples
	resample *dsp.Resampler
	block    [480]int16    // 20 ms at 24 kHz
	pcm      []int16       // resampled, less than a frame after next
	held     []media.Frame // quiet ones, which are kept only where speech follows
	begun    bool
	total    int
}

// next returns some audio, the last with io.EOF.
func (s *stream) next() ([]media.Frame, error) {
	var out []media.Frame
	for len(out) < chunk {
		n, err := s.in.read(s.block[:])
		s.pcm = s.resample.Resample(s.pcm, s.block[:n])
		if err != nil {
			if errors.Is(err, io.EOF) {
				return s.end(out)
			}
			return out, err
		}
		for len(s.pcm) >= media.FrameSamples {
			out = s.frame(out, media.Frame(s.pcm[:media.FrameSamples]))
			s.pcm = s.pcm[media.FrameSamples:]
		}
		if s.total > longestAudio {
			return nil, fault("the answer is more than a minute of audio for a sentence")
		}
	}
	return out, nil
}

// frame adds a frame to out, or holds it back where it is quiet.
func (s *stream) frame(out []media.Frame, f media.Frame) []media.Frame {
	s.total++
	if dsp.Level(f[:]) <= quiet {
		if s.held = append(s.held, f); !s.begun && len(s.held) > lead {
			s.held = s.held[1:]
		}
		return out
	}
	s.begun = true
	out = append(append(out, s.held...), f)
	s.held = nil
	return out
}

func (s *stream) end(out []media.Frame) ([]media.Frame, error) {
	if len(s.pcm) > 0 {
		var f media.Frame
		copy(f[:], s.pcm)
		out = s.frame(out, f)
	}
	if !s.begun {
		return nil, fault("the answer holds no sound")
	}
	out = append(out, s.held[:min(len(s.held), tail)]...)
	for range tail - len(s.held) {
		out = append(out, media.Frame{})
	}
	return out, io.EOF
}

// marker says which words of a sentence a piece of its audio holds.
type marker struct {
	text   string
	pace   float64 // frames a character
	frames int     // so far
	from   int     // the first octet of text that was not given
}

// words are those of the next frames of audio: at least one in the first piece,
// all that remain in the last.
func (m *marker) words(frames int, last bool) string {
	m.frames += frames
	to := len(m.text)
	if !last {
		to = min(to, max(m.from, int(float64(m.frames)/m.pace)))
		if end := strings.LastIndexByte(m.text[:to], ' '); end > m.from {
			to = end
		} else if m.from == 0 {
			to = max(0, strings.IndexByte(m.text+" ", ' '))
		} else {
			to = m.from
		}
	}
	words := strings.TrimSpace(m.text[m.from:to])
	m.from = to
	return words
}
