package speech

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"attendant/media"
)

// Cache is a Synthesizer that remembers what another one has rendered, up to a
// limit of memory; what was not used for longest goes first. Any goroutine may
// use it.
type Cache struct {
	Hits, Misses atomic.Uint64

	voice Synthesizer
	limit int // octets of audio

	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	recent  *list.List // of *cached, the last used first
	size    int
}

type cacheKey struct {
	voice Voice
	text  string
}

type cached struct {
	key   cacheKey
	audio []media.Frame
}

var _ Synthesizer = (*Cache)(nil)

// NewCache returns a cache of the given size in octets over voice.
func NewCache(voice Synthesizer, limit int) *Cache {
	return &Cache{voice: voice, limit: limit, entries: map[cacheKey]*list.Element{}, recent: list.New()}
}

// Synthesize implements Synthesizer. What is remembered comes as one segment, its
// audio perhaps shared: the receiver plays it and does not change it. What is not
// passes through as it comes.
func (c *Cache) Synthesize(ctx context.Context, voice Voice, text <-chan string, segments chan<- Segment) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t, ok := <-text:
			if !ok {
				return nil
			}
			if err := c.speak(ctx, voice, t, segments); err != nil {
				return err
			}
		}
	}
}

// Has reports whether a sentence is remembered.
func (c *Cache) Has(voice Voice, text string) bool {
	_, ok := c.find(cacheKey{voice, text})
	return ok
}

// Warm renders sentences before they are needed.
func (c *Cache) Warm(ctx context.Context, voice Voice, texts []string) error {
	for _, t := range texts {
		if _, err := render(ctx, c, voice, t); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cache) speak(ctx context.Context, voice Voice, text string, segments chan<- Segment) error {
	k := cacheKey{voice, text}
	if audio, ok := c.find(k); ok {
		c.Hits.Add(1)
		return send(ctx, segments, Segment{Text: text, Audio: audio})
	}
	c.Misses.Add(1)
	var all []media.Frame
	err := each(ctx, c.voice, voice, text, func(s Segment) error {
		all = append(all, s.Audio...)
		return send(ctx, segments, s)
	})
	if err == nil {
		c.keep(k, all)
	}
	return err
}

func send(ctx context.Context, segments chan<- Segment, s Segment) error {
	select {
	case segments <- s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Cache) find(k cacheKey) ([]media.Frame, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[k]
	if !ok {
		return nil, false
	}
	c.recent.MoveToFront(e)
	return slices.Clip(e.Value.(*cached).audio), true
}

func (c *Cache) keep(k cacheKey, audio []media.Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[k]; ok {
		return // another call was quicker
	}
	c.entries[k] = c.recent.PushFront(&cached{k, audio})
	c.size += octets(audio)
	for c.size > c.limit && c.recent.Len() > 0 {
		last := c.recent.Back()
		gone := c.recent.Remove(last).(*cached)
		delete(c.entries, gone.key)
		c.size -= octets(gone.audio)
	}
}

func octets(audio []media.Frame) int { return len(audio) * 2 * media.FrameSamples }

// render speaks one sentence to its end.
func render(ctx context.Context, s Synthesizer, voice Voice, text string) ([]media.Frame, error) {
	var audio []media.Frame
	err := each(ctx, s, voice, text, func(segment Segment) error {
		audio = append(audio, segment.Audio...)
		return nil
	})
	return audio, err
}

// each speaks one sentence and hands its segments to f until that fails.
func each(ctx context.Context, s Synthesizer, voice Voice, text string, f func(Segment) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, out := make(chan string, 1), make(chan Segment)
	in <- text
	close(in)
	var err error
	var speaking sync.WaitGroup
	speaking.Go(func() {
		defer close(out)
		err = s.Synthesize(ctx, voice, in, out)
	})
	var failed error
	for segment := range out {
		if failed == nil {
			if failed = f(segment); failed != nil {
				cancel()
			}
		}
	}
	speaking.Wait()
	if failed != nil {
		return failed
	}
	return err
}
