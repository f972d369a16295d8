package dialog

import (
	"sync"

	"attendant/dialog/flow"
	"attendant/dialog/guard"
	"attendant/dialog/knowledge"
	"attendant/dialog/understand"
)

// Content is what a company says and does. Designers change it while calls go
// on: each call keeps the content that it began with.
type Content struct {
	Flows      *flow.Engine
	Understand understand.Understander
	Knowledge  *knowledge.Finder
	Writer     Writer // optional
	Free       func() // told once another is published and no call uses this one any more; optional

	own   sync.Once
	words *guard.Templates // what the company says, once own is done

	mu      sync.Mutex
	users   int
	retired bool
}

// Publish has calls use c from the next one on.
func (a *Attendant) Publish(c *Content) {
	a.contents.Lock()
	before := a.published
	a.published = c
	a.contents.Unlock()
	if before != nil {
		before.retire()
	}
}

// content is what a call that begins now uses, until it calls leave. What was
// never published is in the attendant's own fields.
func (a *Attendant) content() *Content {
	a.contents.Lock()
	defer a.contents.Unlock()
	if a.published == nil {
		a.published = &Content{Flows: a.Flows, Understand: a.Understand, Knowledge: a.Knowledge, Writer: a.Writer}
	}
	a.published.mu.Lock()
	defer a.published.mu.Unlock()
	a.published.users++
	return a.published
}

// leave gives up what content has returned.
func (c *Content) leave() {
	c.mu.Lock()
	c.users--
	free := c.retired && c.users == 0
	c.mu.Unlock()
	if free && c.Free != nil {
		c.Free()
	}
}

func (c *Content) retire() {
	c.mu.Lock()
	c.retired = true
	free := c.users == 0
	c.mu.Unlock()
	if free && c.Free != nil {
		c.Free()
	}
}

// ownWords are what the company's flows say in a language, the attendant's own,
// in which numbers and names are its own. They are made ready with the first call.
func (c *Content) ownWords(language string) *guard.Templates {
	c.own.Do(func() {
		set := c.Flows.Set()
		c.words = guard.NewTemplates(append(set.Phrases(language), set.Company.Name))
	})
	return c.words
}
