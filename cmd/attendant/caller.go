package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"attendant/dialog"
	"attendant/media"
	"attendant/media/codec"
	"attendant/media/wav"
	"attendant/sip"
)

type callCommand struct {
	URI     string        `arg:"" help:"Whom to call: sip:user@host:port, with ;transport=tcp if wanted."`
	Say     []string      `help:"Say TEXT when the other side falls silent. May be repeated; what is said, played and keyed is done in this order: --say, --wav, --dtmf, unless --script is given." placeholder:"TEXT" sep:"none"`
	Wav     []string      `help:"Play FILE." placeholder:"FILE" sep:"none"`
	DTMF    []string      `name:"dtmf" help:"Press DIGITS." placeholder:"DIGITS" sep:"none"`
	Script  string        `help:"Do the lines of FILE in their order: 'say TEXT', 'wav FILE', 'dtmf DIGITS', 'interrupt MILLISECONDS TEXT'." placeholder:"FILE"`
	WaitFor string        `help:"Stay until the other side says TEXT; exit with status 1 if it does not." placeholder:"TEXT"`
	Record  string        `help:"Record both sides." placeholder:"OUT.wav"`
	JSON    bool          `name:"json" help:"Print the outcome as JSON."`
	Codec   string        `help:"Offer only this codec: G722, PCMA or PCMU." placeholder:"NAME"`
	Voice   string        `help:"Speak with flite or espeak." default:"flite" enum:"flite,espeak"`
	Name    string        `help:"The voice's own name." default:"rms"`
	From    string        `help:"The calling number." default:"+15550100"`
	Timeout time.Duration `help:"End the call after this time." default:"2m"`
	Listen  string        `help:"Our own address." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
}

// errNotHeard is a call in which the awaited words were not heard.
var errNotHeard = errors.New("the awaited words were not heard")

// Run places the call and prints both sides' words.
func (f callCommand) Run(p *program) error {
	c, err := loadConfig(p.settings, p.environ)
	if err = errors.Join(err, missing(c)); err != nil {
		return err
	}
	lines, err := f.lines()
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	company, err := loadCompany(c)
	if err != nil {
		return err
	}
	log := p.logger(c)
	recognizer, err := openRecognizer(c, vocabulary{phrases: company.attendantPhrases(time.Now())}, 1, 1, log)
	if err != nil {
		return err
	}
	caller := &dialog.Caller{
		Recognizer: recognizer, Synthesizer: voices()[f.Voice], Lines: lines, WaitFor: plain(f.WaitFor),
		Heard: func(t dialog.Turn) { f.print(p.out, t) },
	}
	caller.Voice.Name = f.Name
	out, err := f.place(p.ctx, caller, log)
	err = errors.Join(err, recognizer.Close())
	if f.JSON {
		err = errors.Join(err, json.NewEncoder(p.out).Encode(out))
	}
	if err == nil && f.WaitFor != "" && !out.Found {
		return errNotHeard
	}
	return err
}

func (f callCommand) print(w io.Writer, t dialog.Turn) {
	if !f.JSON {
		fmt.Fprintf(w, "%6.2f  %-9s  %s\n", t.Start.Seconds(), t.Side, t.Text)
	}
}

// place dials and plays the script, recording if asked to.
func (f callCommand) place(ctx context.Context, caller *dialog.Caller, log *slog.Logger) (dialog.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	if f.Record != "" {
		file, err := os.Create(f.Record)
		if err != nil {
			return dialog.Outcome{}, err
		}
		defer file.Close()
		w, err := wav.NewWriter(file)
		if err != nil {
			return dialog.Outcome{}, err
		}
		caller.Recorder = w
		defer func() {
			if err := w.Close(); err != nil {
				log.Warn("recording not complete", "error", err)
			}
		}()
	}
	var codecs []codec.Codec
	for _, c := range codec.All() {
		if f.Codec == "" || strings.EqualFold(f.Codec, c.Name) {
			codecs = append(codecs, c)
		}
	}
	if len(codecs) == 0 {
		return dialog.Outcome{}, fmt.Errorf("%w: no codec %q", errSettings, f.Codec)
	}
	phone, err := sip.Listen(sip.Config{Listen: f.Listen, User: f.From, Codecs: codecs, Log: log})
	if err != nil {
		return dialog.Outcome{}, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	served := make(chan error, 1)
	parts.Go(func() { served <- phone.Serve(serving, nil) })
	out, err := f.talk(ctx, phone, caller)
	stop()
	parts.Wait()
	return out, errors.Join(err, <-served)
}

func (f callCommand) talk(ctx context.Context, phone *sip.Server, caller *dialog.Caller) (dialog.Outcome, error) {
	leg, err := phone.Dial(ctx, f.URI, sip.DialOptions{From: f.From})
	if err != nil {
		return dialog.Outcome{}, fmt.Errorf("call %s: %w", f.URI, err)
	}
	return caller.Call(ctx, leg)
}

// lines are what the flags or the script say.
func (f callCommand) lines() ([]dialog.Line, error) {
	if f.Script != "" {
		data, err := os.ReadFile(f.Script)
		if err != nil {
			return nil, err
		}
		return script(string(data))
	}
	var out []dialog.Line
	for _, s := range f.Say {
		out = append(out, dialog.Line{Say: s})
	}
	for _, name := range f.Wav {
		audio, err := audioOf(name)
		if err != nil {
			return nil, err
		}
		out = append(out, dialog.Line{Audio: audio})
	}
	for _, d := range f.DTMF {
		out = append(out, dialog.Line{Digits: d})
	}
	return out, nil
}

func script(text string) ([]dialog.Line, error) {
	var out []dialog.Line
	for n, line := range strings.Split(text, "\n") {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var l dialog.Line
		switch verb {
		case "", "#":
			continue
		case "say":
			l.Say = rest
		case "dtmf":
			l.Digits = rest
		case "wav":
			audio, err := audioOf(rest)
			if err != nil {
				return nil, err
			}
			l.Audio = audio
		case "interrupt":
			after, words, _ := strings.Cut(rest, " ")
			d, err := time.ParseDuration(after + "ms")
			if err != nil || words == "" {
				return nil, fmt.Errorf("script line %d: want 'interrupt MILLISECONDS TEXT'", n+1)
			}
			l.Say, l.Interrupt = words, d
		default:
			return nil, fmt.Errorf("script line %d: %q is none of say, wav, dtmf, interrupt", n+1, verb)
		}
		out = append(out, l)
	}
	return out, nil
}

func audioOf(name string) ([]media.Frame, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	frames, err := readWAV(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return frames, nil
}

// plain is text as a recogniser gives it.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}

type sayCommand struct {
	Text  string `arg:"" help:"What to say."`
	Out   string `short:"o" help:"The WAV file to write." required:"" placeholder:"FILE.wav"`
	Voice string `help:"flite or espeak." default:"flite" enum:"flite,espeak"`
	Name  string `help:"The voice's own name." default:"slt"`
}

// Run speaks into a file.
func (f sayCommand) Run(p *program) error {
	style := voiceNamed(f.Name)
	segment, err := say(p.ctx, voices()[f.Voice], style, f.Text)
	if err != nil {
		return err
	}
	file, err := os.Create(f.Out)
	if err != nil {
		return err
	}
	var pcm []int16
	for i := range segment.Audio {
		pcm = append(pcm, segment.Audio[i][:]...)
	}
	return errors.Join(wav.Write(file, media.SampleRateHz, pcm), file.Close())
}
