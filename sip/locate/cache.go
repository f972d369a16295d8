package locate

import (
	"context"
	"sync"
	"time"
)

const (
	// maxEntries is how many answers are kept; one more has the outdated
	// forgotten, or all.
	maxEntries = 4096
	// stale is how long an outdated answer is used where the DNS gives none.
	stale = time.Hour
	// silent is how long a DNS that does not answer is not asked again.
	silent = 5 * time.Second
)

// cache keeps answers. Several that want the same wait for one question.
type cache struct {
	mu      sync.Mutex
	entries map[string]*entry
}

// entry is an answer, or a question under way.
type entry struct {
	value any
	until time.Time
	good  time.Time     // until when value may be used without an answer
	done  chan struct{} // closed when the question is answered; nil is none
}

// get returns the answer to the question called key: one that is kept, or what
// ask returns; nil where there is none.
func (c *cache) get(ctx context.Context, key string, ask func(context.Context) (any, time.Duration, error)) any {
	c.mu.Lock()
	e := c.entry(key)
	now := time.Now()
	if now.Before(e.until) {
		defer c.mu.Unlock()
		return e.value
	}
	if wait := e.done; wait != nil {
		c.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return e.value
	}
	e.done = make(chan struct{})
	c.mu.Unlock()
	value, ttl, err := ask(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now = time.Now(); {
	case err == nil:
		e.value, e.until, e.good = value, now.Add(ttl), now.Add(ttl+stale)
	case now.After(e.good):
		e.value, e.until = nil, now.Add(silent)
	default:
		e.until = now.Add(silent)
	}
	close(e.done)
	e.done = nil
	return e.value
}

// entry finds or makes an entry; the caller holds mu.
func (c *cache) entry(key string) *entry {
	if e := c.entries[key]; e != nil {
		return e
	}
	if len(c.entries) >= maxEntries {
		c.forget()
	}
	if c.entries == nil {
		c.entries = map[string]*entry{}
	}
	e := &entry{}
	c.entries[key] = e
	return e
}

// forget drops the outdated entries and, if that is not enough, all.
func (c *cache) forget() {
	now := time.Now()
	for key, e := range c.entries {
		if now.After(e.until) && e.done == nil {
			delete(c.entries, key)
		}
	}
	if len(c.entries) >= maxEntries {
		clear(c.entries)
	}
}
