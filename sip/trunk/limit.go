package trunk

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Counters count one trunk's calls since the program's start.
type Counters struct {
	Active   atomic.Int64 // calls now
	Incoming atomic.Int64 // taken
	Outgoing atomic.Int64 // answered
	Failed   atomic.Int64 // outgoing, not answered
	Refused  atomic.Int64 // over a limit, either direction
}

// limiter holds one trunk to its calls at once and a second. Its bucket holds a
// second's worth, at least one call.
type limiter struct {
	Counters

	mu     sync.Mutex
	active int
	tokens float64
	last   time.Time
	failed []Attempt // the oldest first
}

// Attempt is a call over a trunk that nobody answered, or that was refused.
type Attempt struct {
	At       time.Time
	Outgoing bool
	Number   string // of the far end
	Why      string // in plain words
}

// keptAttempts is how many of a trunk's last failed calls are remembered.
const keptAttempts = 20

func (l *limiter) note(a Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed = append(l.failed, a); len(l.failed) > keptAttempts {
		l.failed = slices.Delete(l.failed, 0, 1)
	}
}

// Attempts are a trunk's last calls that came to nothing, the newest first.
func (g *Group) Attempts(name string) []Attempt {
	l := g.limiter(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Clone(l.failed)
	slices.Reverse(out)
	return out
}

// take counts a call in and returns how to count it out: ErrLimit.
func (l *limiter) take(t Trunk) (release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if rate := t.CallsPerSecond; rate > 0 {
		if l.last.IsZero() {
			l.tokens = math.Max(1, rate)
		}
		l.tokens = math.Min(math.Max(1, rate), l.tokens+now.Sub(l.last).Seconds()*rate)
		l.last = now
		if l.tokens < 1 {
			l.Refused.Add(1)
			return nil, fmt.Errorf("%w: %s has %g calls a second", ErrLimit, t.Name, rate)
		}
	}
	if t.MaxCalls > 0 && l.active >= t.MaxCalls {
		l.Refused.Add(1)
		return nil, fmt.Errorf("%w: %s has %d calls", ErrLimit, t.Name, l.active)
	}
	if t.CallsPerSecond > 0 {
		l.tokens--
	}
	l.active++
	l.Active.Store(int64(l.active))
	return sync.OnceFunc(l.release), nil
}

func (l *limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	l.Active.Store(int64(l.active))
}
