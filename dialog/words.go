package dialog

import (
	"context"
	"strings"

	"attendant/dialog/flow"
	"attendant/dialog/guard"
	"attendant/dialog/reply"
)

// sentences splits what is to be said and lets the guard check each sentence.
func (c *conversation) sentences(ctx context.Context, s *flow.Say) []sentence {
	c.slotsAreFacts()
	if out := c.reworded(ctx, s); out != nil {
		return out
	}
	var out []sentence
	for _, text := range splitSentences(s.Text) {
		d := c.guard.Sentence(guard.Sentence{Text: text, Sources: s.Sources, Model: s.Model})
		if !d.Allowed {
			c.note(ctx, text, d)
			text = d.Instead
		}
		if text != "" {
			out = append(out, sentence{text: text, sources: s.Sources, flow: s.Flow, step: s.Step})
		}
	}
	return out
}

// slotsAreFacts lets the caller's own values be said.
func (c *conversation) slotsAreFacts() {
	for _, v := range c.state.Slots {
		c.guard.Fact("caller", v)
	}
	for _, name := range []string{"tried", "which"} {
		for _, v := range c.state.Results[name] {
			c.guard.Fact("caller", v)
		}
	}
	c.guard.Fact("caller", c.state.Caller)
}

// heardFacts lets a model that answers the caller say what the caller said.
func (c *conversation) heardFacts(text string) {
	c.guard.Fact("caller", text)
	c.guard.Fact("caller", c.a.Understand.Digits(text))
}

// reworded is a text in the model's words, nil where it is to be said as it is
// written: a step did not ask for other words, there is no model, it is late, or
// the guard finds a fact missing or added. A question whose yes is a proof is
// never reworded, since what was agreed to is what was asked.
func (c *conversation) reworded(ctx context.Context, s *flow.Say) []sentence {
	proof := s.Text == c.state.Prompt && (c.state.Waiting.For == "confirm" || c.state.Waiting.For == "readback")
	if !s.Rephrase || c.a.Writer == nil || proof {
		return nil
	}
	text, err := c.a.Writer.Reword(ctx, reply.Rewording{Text: s.Text, Language: c.state.Language, History: c.history(), Until: c.until, Spent: c.guard.Spent})
	if err != nil {
		c.a.Log.Debug("not reworded", "call", c.record.ID, "error", err)
		return nil
	}
	parts := splitSentences(text)
	if d := c.guard.Reworded(s.Text, parts, s.Sources); !d.Allowed {
		c.note(ctx, text, d)
		return nil
	}
	var out []sentence
	for _, part := range parts {
		out = append(out, sentence{text: strings.TrimSpace(part), sources: s.Sources, flow: s.Flow, step: s.Step})
	}
	return out
}

// ownWords are what the company's flows say, in which numbers and names are its
// own. They are made ready with the first call.
func (a *Attendant) ownWords() *guard.Templates {
	a.own.Do(func() {
		set := a.Flows.Set()
		a.words = guard.NewTemplates(append(set.Phrases(a.Language), set.Company.Name))
	})
	return a.words
}
