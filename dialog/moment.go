package dialog

import (
	"sync"
	"time"

	"attendant/media"
)

const (
	// momentAfter is how long after a caller's last word something is to be heard.
	momentAfter = 1200 * time.Millisecond
	// momentLeast is what the answer has at least from the end of the turn on: a
	// turn may end long after the last word, within a number.
	momentLeast = 350 * time.Millisecond
)

// Moment is what callers hear while an answer takes its time: "One moment,
// please."
type Moment struct {
	Text  string
	Audio []media.Frame
}

// moment says so once a turn, unless the answer begins before. It is nil where
// there is nothing to say. Any goroutine may use it.
type moment struct {
	Moment
	player *media.Player

	mu    sync.Mutex
	timer *time.Timer // while armed
	said  bool        // since taken
}

func newMoment(m Moment, player *media.Player) *moment {
	if len(m.Audio) == 0 {
		return nil
	}
	return &moment{Moment: m, player: player}
}

// arm begins the wait for the answer to a turn whose last word was said then.
func (m *moment) arm(lastWord time.Time) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.timer != nil || m.said {
		return
	}
	m.timer = time.AfterFunc(max(time.Until(lastWord.Add(momentAfter)), momentLeast), m.say)
}

// say runs on the timer's goroutine; it never blocks.
func (m *moment) say() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.timer == nil {
		return // the answer was quicker by a hair
	}
	m.timer, m.said = nil, true
	// A player that is full has more to say than this.
	_ = m.player.Play(media.PlayItem{Text: m.Text, Audio: m.Audio})
}

// disarm is called before the answer is played: nothing is said after it returns.
func (m *moment) disarm() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.timer != nil {
		m.timer.Stop()
		m.timer = nil
	}
}

// taken reports whether it was said since the last time.
func (m *moment) taken() bool {
	if m == nil {
		return false
	}
	m.disarm()
	m.mu.Lock()
	defer m.mu.Unlock()
	said := m.said
	m.said = false
	return said
}
