package dialog

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"attendant/media"
	"attendant/speech"
)

// mouth speaks to the caller through a player, and knows what was heard.
type mouth struct {
	player *media.Player
	voice  speech.Synthesizer
	style  speech.Voice
	moment *moment // told to wait; nil is never
}

// spoken is what came of speaking.
type spoken struct {
	heard   string    // the words of which the caller heard the audio
	planned string    // all that was to be said
	first   time.Time // when the first frame was played; zero if none was
	moment  time.Time // when the caller was told to wait; zero if not
	last    time.Time // when speaking ended
	vendor  string    // who spoke, in their order
	err     error     // the voice failed: planned was not all said
}

// cut reports whether the caller heard less than was planned.
func (s spoken) cut() bool { return s.heard != s.planned }

// speak says the sentences from text until it is closed and returns when all
// has been played, or as soon as ctx ends. Text is read to its end in any case.
func (m *mouth) speak(ctx context.Context, text <-chan sentence) spoken {
	var s spoken
	var planned []string
	segments := make(chan speech.Segment, 1)
	plain := make(chan string)
	var making sync.WaitGroup
	making.Go(func() {
		s.err = m.voice.Synthesize(ctx, m.style, plain, segments)
		close(segments)
		for range plain { // a voice that failed leaves sentences unread
		}
	})
	making.Go(func() {
		defer close(plain)
		for t := range text {
			planned = append(planned, t.text)
			select {
			case plain <- t.text:
			case <-ctx.Done():
			}
		}
	})
	s.vendor = m.play(ctx, segments)
	making.Wait()

	m.moment.disarm()
	report := m.player.Stop()
	s.planned = strings.Join(planned, " ")
	s.heard, s.first, s.last = report.Heard, report.First, time.Now()
	if m.moment.taken() {
		s.planned = strings.TrimSpace(m.moment.Text + " " + s.planned)
		s.moment, s.first = s.first, time.Time{}
		for _, t := range report.Begun[min(1, len(report.Begun)):] {
			if s.first.IsZero() {
				s.first = t
			}
		}
	}
	if errors.Is(s.err, context.Canceled) {
		s.err = nil
	}
	return s
}

// play hands segments to the player and waits until it has played them. It returns
// who spoke.
func (m *mouth) play(ctx context.Context, segments <-chan speech.Segment) string {
	var vendors []string
	for s := range segments {
		if s.Vendor != "" && !slices.Contains(vendors, s.Vendor) {
			vendors = append(vendors, s.Vendor)
		}
		m.moment.disarm()
		if ctx.Err() == nil {
			m.player.Play(media.PlayItem{Text: s.Text, Audio: s.Audio}) //nolint:errcheck // a full player loses the segment, which then counts as not heard
		}
	}
	// Where it was cut, Stop tells what was heard.
	_ = m.player.Wait(ctx)
	return strings.Join(vendors, ", ")
}

// sentence is one thing to say, with what backs it.
type sentence struct {
	text    string
	sources []string
	flow    string
	step    string
}
