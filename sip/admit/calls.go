package admit

import (
	"math"
	"sync"
	"time"
)

// Calls admits new calls by their rate and by the machine's head-room. The zero
// value admits all.
type Calls struct {
	Rate  float64 // new calls a second, and as many at once; 0 is any
	Probe *Probe  // nil is none

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// Admit reports whether a call may begin and, where not, when to try again.
func (c *Calls) Admit() (retryAfter time.Duration, ok bool) {
	if wait := c.Probe.wait(); wait > 0 {
		return wait, false
	}
	if c.Rate == 0 {
		return 0, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t, burst := time.Now(), math.Max(1, c.Rate)
	if c.filled.IsZero() {
		c.tokens = burst
	} else {
		c.tokens = min(burst, c.tokens+c.Rate*t.Sub(c.filled).Seconds())
	}
	c.filled = t
	if c.tokens < 1 {
		// Those who come again in a second would all come at once.
		return time.Duration(math.Ceil(1+1/c.Rate)) * time.Second, false
	}
	c.tokens--
	return 0, true
}
