package dialog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"attendant/media"
)

// Deed is one thing that a scripted agent does; one field is set.
type Deed struct {
	Wait   time.Duration // let so much time pass
	Await  string        // wait until these words have been heard since the last deed
	Say    string
	Audio  []media.Frame
	Digits string
	Hangup bool
}

// awaitPatience bounds the wait for words.
const awaitPatience = time.Minute

// ErrUnheard is a line on which the words that were waited for were not said.
var ErrUnheard = errors.New("the awaited words were not heard")

// Work does deeds on leg, one after another, whatever the other side does
// meanwhile, and then stays until the other side hangs up or ctx ends; a hang-up
// among the deeds ends it as well. Of the turns in the outcome those of the side
// "human" are its own, those of "line" what it has heard. It is the scripted agent
// of tests; Lines are not used. ErrUnheard.
func (c *Caller) Work(ctx context.Context, leg media.Leg, deeds []Deed) (Outcome, error) {
	out, err := c.on(ctx, leg, func(s *scripted, ctx context.Context) error { return s.work(ctx, deeds) })
	for i := range out.Turns {
		out.Turns[i].Side = map[string]string{"caller": "human", "attendant": "line"}[out.Turns[i].Side]
	}
	return out, err
}

func (s *scripted) work(ctx context.Context, deeds []Deed) error {
	for _, d := range deeds {
		var err error
		switch {
		case d.Hangup:
			return nil
		case d.Wait > 0:
			s.hearFor(ctx, d.Wait, func() bool { return false })
		case d.Await != "":
			from := len(s.out.Turns)
			found := s.hearFor(ctx, awaitPatience, func() bool { return strings.Contains(heardSince(s.out.Turns[from:]), d.Await) })
			if !found && ctx.Err() == nil {
				err = fmt.Errorf("%w: %q", ErrUnheard, d.Await)
			}
		default:
			err = s.perform(ctx, Line{Say: d.Say, Audio: d.Audio, Digits: d.Digits})
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	for ctx.Err() == nil {
		s.hearFor(ctx, time.Hour, func() bool { return false })
	}
	return nil
}

// hearFor takes in what is heard for a while, or until enough; it reports whether
// it was.
func (s *scripted) hearFor(ctx context.Context, d time.Duration, enough func() bool) bool {
	over := time.NewTimer(d)
	defer over.Stop()
	for !enough() {
		select {
		case <-ctx.Done():
			return false
		case <-over.C:
			return false
		case h := <-s.ear.events:
			s.overhear(h)
		}
	}
	return true
}

func heardSince(turns []Turn) string {
	var words []string
	for _, t := range turns {
		if t.Side == "attendant" {
			words = append(words, t.Text)
		}
	}
	return strings.Join(words, " ")
}
