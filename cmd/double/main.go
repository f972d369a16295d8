// Command double is a server of OpenAI's API for tests and demonstrations: what it
// answers is scripted, or, for speech, the embedded vendors' own; how it answers is
// changed while it runs (docs/vendors.md).
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	openai "github.com/sashabaranov/go-openai"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/media/wav"
	"attendant/speech"
	"attendant/speech/flite"
	"attendant/speech/openai/openaitest"
	"attendant/speech/pocketsphinx"
)

type flags struct {
	Listen     string   `help:"Address." default:"127.0.0.1:8000"`
	Key        string   `help:"The key that callers must send; without it none is asked for."`
	Way        string   `help:"How all endpoints answer at first." default:"well"`
	Transcript []string `help:"What is recognised, one an utterance; the last one again and again. Without it and --phrases, 'where is my order'." sep:"none"`
	Phrases    string   `help:"Recognise truly, with the embedded recogniser and the phrases of FILE, one a line." type:"existingfile"`
	Worker     string   `help:"The recogniser's program." default:"bin/attendant-pocketsphinx"`
	Model      string   `help:"The recogniser's model." default:"/usr/share/pocketsphinx/model/en-us"`
	Voice      string   `help:"Speak truly, with this voice of flite; without it tones." placeholder:"slt"`
	Reply      string   `help:"What the model answers." default:"ok"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	var f flags
	kong.Parse(&f, kong.Name("double"), kong.Description("A double of a server with OpenAI's API."))
	if err := f.serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "double:", err)
		os.Exit(1)
	}
}

// serve answers until ctx ends.
func (f flags) serve(ctx context.Context) error {
	d := &openaitest.Server{Key: f.Key, Reply: func(openai.ChatCompletionRequest) string { return f.Reply }}
	way, err := openaitest.ParseWay(f.Way)
	if err != nil {
		return err
	}
	d.SetAll(way)
	if len(f.Transcript) > 0 {
		d.Hear = scripted(f.Transcript)
	}
	if f.Voice != "" {
		d.Speak = speaks(ctx, f.Voice)
	}
	if f.Phrases != "" {
		r, err := f.recognizer()
		if err != nil {
			return err
		}
		defer func() {
			if err := r.Close(); err != nil {
				slog.Error("recogniser not closed well", "error", err)
			}
		}()
		d.Hear = hears(ctx, r)
	}
	listener, err := net.Listen("tcp", f.Listen)
	if err != nil {
		return err
	}
	fmt.Printf("url: http://%s/v1\n", listener.Addr())
	server := &http.Server{Handler: d, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })() // its listener is closed, which Serve tells
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// scripted recognises the lines one after the other.
func scripted(lines []string) func(openaitest.Heard) string {
	var mu sync.Mutex
	return func(openaitest.Heard) string {
		mu.Lock()
		defer mu.Unlock()
		line := lines[0]
		if len(lines) > 1 {
			lines = lines[1:]
		}
		return line
	}
}

func (f flags) recognizer() (*pocketsphinx.Recognizer, error) {
	data, err := os.ReadFile(f.Phrases)
	if err != nil {
		return nil, err
	}
	var phrases []string
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		phrases = append(phrases, lines.Text())
	}
	return pocketsphinx.Open(pocketsphinx.Config{Program: f.Worker, ModelDir: f.Model, Phrases: phrases, Log: slog.Default()})
}

// hears recognises what is uploaded, and writes it as models do.
func hears(ctx context.Context, r speech.Recognizer) func(openaitest.Heard) string {
	return func(h openaitest.Heard) string {
		a, err := wav.Read(bytes.NewReader(h.WAV))
		if err != nil {
			return ""
		}
		frames := wav.Frames(a.Mono(), a.RateHz)
		audio, results := make(chan media.Frame, len(frames)), make(chan speech.Result, 8)
		for _, frame := range frames {
			audio <- frame
		}
		close(audio)
		var recognizing sync.WaitGroup
		recognizing.Go(func() {
			defer close(results)
			if err := r.Recognize(ctx, speech.Hints{}, audio, results); err != nil {
				slog.Error("not recognised", "error", err)
			}
		})
		text := ""
		for result := range results {
			text = result.Text
		}
		recognizing.Wait()
		if text == "" {
			return ""
		}
		return strings.ToUpper(text[:1]) + text[1:] + "."
	}
}

// speaks speaks with flite.
func speaks(ctx context.Context, name string) func(string) []int16 {
	voice := flite.New()
	return func(text string) []int16 {
		in, out := make(chan string, 1), make(chan speech.Segment, 1) // a sentence is one segment of flite's
		in <- text
		close(in)
		if err := voice.Synthesize(ctx, speech.Voice{Name: name}, in, out); err != nil {
			slog.Error("not spoken", "error", err)
			return nil
		}
		close(out)
		var pcm []int16
		for s := range out {
			for i := range s.Audio {
				pcm = append(pcm, s.Audio[i][:]...)
			}
		}
		return dsp.NewResampler(media.SampleRateHz, openaitest.RateHz).Resample(nil, pcm)
	}
}
