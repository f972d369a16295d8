package media

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// PlayItem is audio with the words that it says.
type PlayItem struct {
	Text  string
	Audio []Frame // the player owns it from Play on
}

// playLimit bounds what waits to be played: five minutes, more than any caller
// listens to.
const playLimit = 5 * 60 * 50

// ErrPlayerFull is a player that has five minutes of audio waiting.
var ErrPlayerFull = errors.New("player has too much to play")

// Player is a Port that plays items one after the other and knows exactly what
// of them was played. Any goroutine may call its methods.
type Player struct {
	mu      sync.Mutex // held for microseconds, never with I/O
	items   []PlayItem
	item    int // the item being played
	frame   int // the next frame of that item
	waiting int // frames not played
	paused  bool
	first   time.Time
	begun   []time.Time   // of each item, when its first frame was played
	drained chan struct{} // closed while nothing waits
}

// PlayReport tells what was played since the last report.
type PlayReport struct {
	Heard   string      // the words whose audio was played
	Planned string      // all words that were given to Play
	First   time.Time   // when the first frame was played; zero is never
	Begun   []time.Time // of each item that was given to Play, the same
}

// NewPlayer returns a player with nothing to play.
func NewPlayer() *Player {
	p := &Player{drained: make(chan struct{})}
	close(p.drained)
	return p
}

// Play appends an item. It never blocks: ErrPlayerFull where too much waits.
func (p *Player) Play(item PlayItem) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting+len(item.Audio) > playLimit {
		return ErrPlayerFull
	}
	if p.waiting == 0 && len(item.Audio) > 0 {
		p.drained = make(chan struct{})
	}
	p.items = append(p.items, item)
	p.begun = append(p.begun, time.Time{})
	p.waiting += len(item.Audio)
	return nil
}

// Pause keeps silent from the next frame on, until Resume.
func (p *Player) Pause() { p.setPaused(true) }

// Resume goes on with the frame that Pause held back.
func (p *Player) Resume() { p.setPaused(false) }

func (p *Player) setPaused(paused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = paused
}

// Wait returns nil when all has been played, or ctx's error.
func (p *Player) Wait(ctx context.Context) error {
	p.mu.Lock()
	drained := p.drained
	p.mu.Unlock()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop drops what was not played and reports what was.
func (p *Player) Stop() PlayReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := PlayReport{First: p.first, Begun: p.begun}
	var heard, planned []string
	for i, item := range p.items {
		planned = append(planned, item.Text)
		played := 0
		switch {
		case i > p.item && p.waiting > 0:
			continue // even where it has no audio
		case i < p.item:
			played = len(item.Audio)
		case i == p.item:
			played = p.frame
		}
		if words := HeardText(item.Text, played, len(item.Audio)); words != "" {
			heard = append(heard, words)
		}
	}
	r.Heard, r.Planned = strings.Join(heard, " "), strings.Join(planned, " ")
	if p.waiting > 0 {
		close(p.drained)
	}
	p.items, p.begun, p.item, p.frame, p.waiting, p.first = nil, nil, 0, 0, 0, time.Time{}
	return r
}

// GetFrame plays the next frame.
func (p *Player) GetFrame(f *Frame) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused || p.waiting == 0 {
		return false
	}
	for p.frame >= len(p.items[p.item].Audio) {
		p.item, p.frame = p.item+1, 0
	}
	if p.frame == 0 {
		p.begun[p.item] = time.Now()
	}
	if p.first.IsZero() {
		p.first = p.begun[p.item]
	}
	*f = p.items[p.item].Audio[p.frame]
	p.frame++
	if p.waiting--; p.waiting == 0 {
		close(p.drained)
	}
	return true
}

// PutFrame hears nothing.
func (p *Player) PutFrame(*Frame) {}

// HeardText returns the words of text that were heard when played of total
// frames were: words in proportion to their letters, a word counting as heard
// once half of it was.
func HeardText(text string, played, total int) string {
	if played >= total {
		return text
	}
	words := strings.Fields(text)
	letters := 0
	for _, w := range words {
		letters += len(w) + 1
	}
	at := float64(letters) * float64(played) / float64(total)
	passed := 0.0
	for i, w := range words {
		if passed+float64(len(w)+1)/2 > at {
			return strings.Join(words[:i], " ")
		}
		passed += float64(len(w) + 1)
	}
	return text
}

// Loop is a Port that plays the same audio again and again, such as music for
// those who wait. One bridge uses it.
type Loop struct {
	audio []Frame
	next  int
}

// NewLoop returns a loop of audio, which it does not change. Empty audio is
// silence.
func NewLoop(audio []Frame) *Loop { return &Loop{audio: audio} }

// GetFrame plays the next frame.
func (l *Loop) GetFrame(f *Frame) bool {
	if len(l.audio) == 0 {
		return false
	}
	*f = l.audio[l.next]
	l.next = (l.next + 1) % len(l.audio)
	return true
}

// PutFrame hears nothing.
func (l *Loop) PutFrame(*Frame) {}
