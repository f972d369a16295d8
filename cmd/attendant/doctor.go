package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"attendant/media"
	"attendant/speech"
	"attendant/speech/openai"
)

// doctorPatience bounds each try of a vendor: a server may load its model first.
const doctorPatience = 20 * time.Second

// checkup is the trying of vendors over the network.
type checkup struct {
	report func(name string, err error, good string)
	ill    bool
}

// hosted tries every vendor of the settings twice and tells how long it took, or
// what is wrong. Spoken is a sentence as the embedded voice says it.
func (d *checkup) hosted(ctx context.Context, c config, spoken []media.Frame) error {
	for i := range c.Ladder.Recognisers {
		r := &c.Ladder.Recognisers[i]
		d.try(ctx, "recogniser "+r.Name, r.Budget, func(ctx context.Context) (time.Duration, string, error) {
			return hearing(ctx, r.open(), spoken)
		})
	}
	for i := range c.Ladder.Voices {
		v := &c.Ladder.Voices[i]
		d.try(ctx, "voice "+v.Name, v.Budget, func(ctx context.Context) (time.Duration, string, error) {
			return speaking(ctx, v.open())
		})
	}
	models := c.Ladder.Models
	if c.ModelURL != "" {
		models = append([]Vendor{{Name: c.ModelName, URL: c.ModelURL, Model: c.ModelName, Key: secret(c.ModelKey)}}, models...)
	}
	for i := range models {
		m := &models[i]
		budget := m.Budget
		if budget == 0 {
			budget = c.ModelBudget
		}
		d.try(ctx, "model "+m.Name, budget, func(ctx context.Context) (time.Duration, string, error) {
			return answering(ctx, m.server())
		})
	}
	if d.ill {
		return errVendors
	}
	return nil
}

var errVendors = errors.New("a vendor does not serve; callers get the next one on its ladder")

// try reports the second of two tries: the first may load a model or make a
// connection.
func (d *checkup) try(ctx context.Context, name string, budget time.Duration, f func(context.Context) (time.Duration, string, error)) {
	var first, took time.Duration
	var did string
	var err error
	for n := range 2 {
		trying, cancel := context.WithTimeout(ctx, doctorPatience)
		took, did, err = f(trying)
		if trying.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %v", doctorPatience)
		}
		cancel()
		if err != nil {
			d.ill = true
			break
		}
		if n == 0 {
			first = took
		}
	}
	good := fmt.Sprintf("%s in %v, at first in %v", did, took.Round(time.Millisecond), first.Round(time.Millisecond))
	if took > budget {
		good += fmt.Sprintf("; that is over its budget of %v, callers would mostly be served by the next", budget)
	}
	d.report(name, err, good)
}

const doctorSentence = "where is my order"

// hearing lets a recogniser hear a sentence.
func hearing(ctx context.Context, r speech.Recognizer, spoken []media.Frame) (time.Duration, string, error) {
	audio, results := make(chan media.Frame, len(spoken)), make(chan speech.Result, 1) // these give one result
	for _, f := range spoken {
		audio <- f
	}
	close(audio)
	begin := time.Now()
	if err := r.Recognize(ctx, speech.Hints{Language: "en-US"}, audio, results); err != nil {
		return 0, "", err
	}
	took := time.Since(begin)
	switch heard := (<-results).Text; heard {
	case doctorSentence:
		return took, "hears a sentence", nil
	case "":
		return took, "", errors.New("heard nothing in a sentence")
	default:
		return took, fmt.Sprintf("heard %q for %q", heard, doctorSentence), nil
	}
}

// speaking lets a voice say a sentence; what counts is its first audio.
func speaking(ctx context.Context, v speech.Synthesizer) (time.Duration, string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, out, failed := make(chan string, 1), make(chan speech.Segment), make(chan error, 1)
	in <- "Your order is on its way."
	close(in)
	begin := time.Now()
	go func() { failed <- v.Synthesize(ctx, speech.Voice{Language: "en-US"}, in, out) }()
	var first, all time.Duration
	for {
		select {
		case s := <-out:
			if first == 0 {
				first = time.Since(begin)
			}
			all += time.Duration(len(s.Audio)) * media.FrameDuration
		case err := <-failed: // awaited in any case: it ends with ctx
			whole := time.Since(begin)
			return first, fmt.Sprintf("speaks a sentence of %.1f s, whole in %v, begun", all.Seconds(), whole.Round(time.Millisecond)), err
		}
	}
}

// answering asks a model for a word.
func answering(ctx context.Context, s openai.Server) (time.Duration, string, error) {
	settings := goopenai.DefaultConfig(s.Key)
	settings.BaseURL, settings.HTTPClient = s.URL, s.HTTP
	begin := time.Now()
	answer, err := goopenai.NewClientWithConfig(settings).CreateChatCompletion(ctx, goopenai.ChatCompletionRequest{
		Model: s.Model, MaxCompletionTokens: 8,
		Messages: []goopenai.ChatCompletionMessage{{Role: goopenai.ChatMessageRoleUser, Content: "Answer with the word ok."}},
	})
	if err == nil && len(answer.Choices) == 0 {
		err = errors.New("the answer is not what this API gives")
	}
	return time.Since(begin), "answers a question", openai.Explain(err)
}
