package speech

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// breakFor is how long a vendor that failed is passed over before it is tried
// again.
const breakFor = 30 * time.Second

// ladder speaks with the first vendor that works.
type ladder struct {
	log   *slog.Logger
	steps []*step
}

type step struct {
	voice Synthesizer
	until atomic.Int64 // passed over until then, in Unix nanoseconds
}

// Ladder returns a Synthesizer that gives each sentence to the first voice that
// can speak it. A voice that fails is passed over for 30 seconds; a sentence
// that has begun is not begun again by another voice.
func Ladder(log *slog.Logger, voices ...Synthesizer) Synthesizer {
	l := &ladder{log: log}
	for _, v := range voices {
		l.steps = append(l.steps, &step{voice: v})
	}
	return l
}

// Synthesize implements Synthesizer.
func (l *ladder) Synthesize(ctx context.Context, voice Voice, text <-chan string, segments chan<- Segment) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t, ok := <-text:
			if !ok {
				return nil
			}
			if err := l.speak(ctx, voice, t, segments); err != nil {
				return err
			}
		}
	}
}

func (l *ladder) speak(ctx context.Context, voice Voice, text string, segments chan<- Segment) error {
	errs := []error{ErrUnavailable}
	for _, s := range l.steps {
		if time.Now().UnixNano() < s.until.Load() {
			continue
		}
		audio, err := render(ctx, s.voice, voice, text)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			s.until.Store(time.Now().Add(breakFor).UnixNano())
			l.log.Warn("voice failed, trying the next", "error", err)
			errs = append(errs, err)
			continue
		}
		select {
		case segments <- Segment{Text: text, Audio: audio}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.Join(errs...)
}
