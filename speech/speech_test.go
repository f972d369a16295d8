package speech

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"attendant/media"
)

// parrot renders a frame a word, and fails while broken.
type parrot struct {
	rendered int
	broken   bool
}

func (p *parrot) Synthesize(ctx context.Context, _ Voice, text <-chan string, segments chan<- Segment) error {
	for t := range text {
		if p.broken {
			return ErrUnavailable
		}
		p.rendered++
		select {
		case segments <- Segment{Text: t, Audio: make([]media.Frame, len(strings.Fields(t)))}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// speak returns the frames of a sentence.
func speak(ctx context.Context, s Synthesizer, text string) (int, error) {
	audio, err := render(ctx, s, Voice{}, text)
	return len(audio), err
}

func TestCacheRendersOnceAndForgetsTheOldest(t *testing.T) {
	p := &parrot{}
	c := NewCache(p, 3*2*media.FrameSamples)
	for _, text := range []string{"one two", "one two", "three", "one two", "four five", "three"} {
		if _, err := speak(t.Context(), c, text); err != nil {
			t.Fatal(err)
		}
	}
	// "four five" pushed "three" out, which was used least recently.
	if p.rendered != 4 || c.Hits.Load() != 2 {
		t.Errorf("%d rendered, %d hits; want 4 and 2", p.rendered, c.Hits.Load())
	}
	p.broken = true
	if _, err := speak(t.Context(), c, "new"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
}

func TestCacheServesManyAtOnce(t *testing.T) {
	c := NewCache(NewVoices(slog.New(slog.DiscardHandler), RungVoice{Name: "locked", Synthesizer: &locked{}}), 1<<20)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 20 {
				if _, err := speak(t.Context(), c, "hello there"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
}

// locked is a parrot for many callers.
type locked struct {
	mu sync.Mutex
	parrot
}

func (l *locked) Synthesize(ctx context.Context, v Voice, text <-chan string, segments chan<- Segment) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.parrot.Synthesize(ctx, v, text, segments)
}
