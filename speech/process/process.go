// Package process renders sentences with a program that writes a WAV file: one
// process a sentence.
//
// The central type is Voice, which a vendor's package fills in. A program that
// hangs is killed after ten seconds; text reaches it through standard input,
// never through a shell or an argument.
package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/media/wav"
	"attendant/speech"
)

const (
	// patience bounds the rendering of a sentence: a second is usual on a busy
	// machine.
	patience = 10 * time.Second
	// longest is the longest sentence in octets; longer ones are cut.
	longest = 2000
	// speechLevel is where rendered speech is set, in dB of full scale.
	speechLevel = -20.0
	// quiet is the level below which a frame at either end is cut off.
	quiet = -50.0
	// lead and tail are the frames of silence that stay: a soft consonant's
	// beginning, and a pause between sentences.
	lead, tail = 2, 8
)

// Voice is a program that speaks.
type Voice struct {
	Program string
	// Args returns the program's arguments. Text comes on standard input; the
	// WAV file goes to the given path.
	Args func(voice speech.Voice, path string) []string
}

var _ speech.Synthesizer = Voice{}

// Synthesize implements speech.Synthesizer, a segment a sentence.
func (v Voice) Synthesize(ctx context.Context, voice speech.Voice, text <-chan string, segments chan<- speech.Segment) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t, ok := <-text:
			if !ok {
				return nil
			}
			audio, err := v.render(ctx, voice, t)
			if err != nil {
				return err
			}
			select {
			case segments <- speech.Segment{Text: t, Audio: audio}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func (v Voice) render(ctx context.Context, voice speech.Voice, text string) ([]media.Frame, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dir, err := os.MkdirTemp("", "attendant-voice-")
	if err != nil {
		return nil, errors.Join(speech.ErrUnavailable, err)
	}
	// What cannot be removed stays in the system's folder for such files.
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "speech.wav")
	cmd := exec.CommandContext(limited, v.Program, v.Args(voice, path)...)
	cmd.Stdin = strings.NewReader(text[:min(len(text), longest)])
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(speech.ErrUnavailable, fmt.Errorf("run %s: %w", v.Program, err))
	}
	a, err := read(path)
	if err != nil {
		return nil, errors.Join(speech.ErrUnavailable, fmt.Errorf("read what %s says: %w", v.Program, err))
	}
	return finish(wav.Frames(a.Mono(), a.RateHz)), nil
}

func read(path string) (wav.Audio, error) {
	file, err := os.Open(path)
	if err != nil {
		return wav.Audio{}, err
	}
	defer file.Close()
	return wav.Read(bufio.NewReader(file))
}

// finish cuts silence off both ends and sets the level.
func finish(frames []media.Frame) []media.Frame {
	first, last := len(frames), 0
	var all []int16
	for i := range frames {
		if dsp.Level(frames[i][:]) > quiet {
			first, last = min(first, i), i
			all = append(all, frames[i][:]...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	gain := min(speechLevel-dsp.Level(all), -1-peak(all))
	frames = frames[max(0, first-lead):min(len(frames), last+1+tail)]
	for i := range frames {
		dsp.Gain(frames[i][:], gain)
	}
	for len(frames) < last+1+tail-max(0, first-lead) { // a voice that ends at once still pauses
		frames = append(frames, media.Frame{})
	}
	return frames
}

// peak is the largest sample in dB of full scale.
func peak(samples []int16) float64 {
	var top int
	for _, s := range samples {
		top = max(top, int(s), -int(s))
	}
	return dsp.Level([]int16{int16(min(top, 32767))})
}
