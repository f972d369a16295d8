package dialog

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/guard"
	"attendant/dialog/knowledge"
	"attendant/dialog/reply"
)

// Writer words replies with a language model. Each method blocks until it has
// something or its own budget ends. Whatever it writes passes the guard.
type Writer interface {
	// Answer answers from passages, sentence by sentence, until say reports false.
	Answer(ctx context.Context, q reply.Question, say func(sentence string) bool) error
	Reword(ctx context.Context, q reply.Rewording) (string, error)
	Move(ctx context.Context, s reply.Scene) (reply.Move, error)
}

const (
	// passages is how many articles a model is given to answer from.
	passages = 3
	// plausible is how likely a further article must be the answer to be among them.
	plausible = 0.2
	// doubtful is the likeness to an example below which an article that was
	// recognised by it must be the one that its words lead to as well.
	doubtful = 0.55
)

// teller says a sentence at once. It reports false where the caller does not
// listen any more.
type teller func(sentence) bool

// lookUp answers a question from the articles, or says that it cannot. With a
// model it tells the answer sentence by sentence as it is written.
func (c *conversation) lookUp(ctx context.Context, l *flow.Lookup, tell teller) flow.Result {
	found := c.articles(ctx, l.Query, l.Article)
	if len(found) == 0 {
		return flow.Result{Effect: l.ID, Outcome: "unknown"}
	}
	a := found[0]
	if a.ReviewBy < c.today() {
		c.note(ctx, "article:"+a.ID, guard.Decision{Allowed: true, Rule: "past its review date"})
	}
	r := flow.Result{Effect: l.ID, Outcome: "found", Source: cite(a), Data: map[string]string{
		"answer": a.Answer, "id": a.ID, "title": a.Title, "link": a.Link,
	}}
	if said := c.compose(ctx, l.Query, found, tell); len(said) > 0 {
		r.Data["answer"], r.Data["spoken"] = strings.Join(said, " "), "yes"
	}
	return r
}

// articles are those that may be told about a question, the one that answers it
// first; none where no answer is known. What is told from is known to the guard.
func (c *conversation) articles(ctx context.Context, query, recognised string) []knowledge.Article {
	var out []knowledge.Article
	if a, ok := c.a.Knowledge.Article(recognised); ok {
		if out = c.add(nil, a); len(out) == 0 { // held back
			return nil
		}
		if c.a.Writer == nil || query == "" {
			return out
		}
	}
	found, err := c.a.Knowledge.Find(ctx, query, passages)
	if err != nil {
		c.a.Log.Error("articles not searched", "call", c.record.ID, "error", err)
	}
	for _, f := range found {
		if len(out) == 0 && f.Confidence < knowledge.Answers {
			return nil
		}
		if f.Confidence >= plausible && len(out) < passages {
			out = c.add(out, f.Article)
		}
	}
	return out
}

// add adds an article in the caller's language, unless it is there or held back.
func (c *conversation) add(list []knowledge.Article, a knowledge.Article) []knowledge.Article {
	a = c.translated(a)
	if c.a.Flows.Set().Company.Stale == "hold_back" && a.ReviewBy < c.today() {
		return list
	}
	for _, known := range list {
		if known.ID == a.ID {
			return list
		}
	}
	for _, text := range []string{a.Answer, a.Title, a.Link, a.Text} {
		c.guard.Fact(cite(a), text)
	}
	return append(list, a)
}

func (c *conversation) today() string { return c.now().Format(time.DateOnly) }

// cite names an article as a source, with its version.
func cite(a knowledge.Article) string { return "article:" + a.ID + "@" + a.Version }

// translated is the article in the caller's language, where there is one: its ID
// ends with the language.
func (c *conversation) translated(a knowledge.Article) knowledge.Article {
	spoken, _, _ := strings.Cut(c.state.Language, "-")
	if written, _, _ := strings.Cut(a.Language, "-"); written == spoken {
		return a
	}
	if other, ok := c.a.Knowledge.Article(a.ID + "_" + spoken); ok {
		return other
	}
	return a
}

// known reads what is not understood as a question, where an article answers it,
// and doubts an article that a turn is only vaguely like, where its words lead
// elsewhere.
func (c *conversation) known(ctx context.Context, commands []flow.Command, words string) []flow.Command {
	if waiting := c.state.Waiting.For; len(commands) != 1 || waiting == "agent" || waiting == "wait" { // any words go on there
		return commands
	}
	k := commands[0]
	vague := k.Kind == flow.Answer && k.Confidence < doubtful && !k.Model
	if k.Kind != flow.OutOfScope && !vague {
		return commands
	}
	found, err := c.a.Knowledge.Find(ctx, words, 1)
	if err != nil {
		c.a.Log.Error("articles not searched", "call", c.record.ID, "error", err)
	}
	if len(found) == 0 || found[0].Confidence < knowledge.Answers {
		return commands
	}
	k.Kind, k.Article, k.Query, k.Confidence = flow.Answer, found[0].ID, words, found[0].Confidence
	return []flow.Command{k}
}

// compose lets the model answer from articles and tells each sentence that the
// guard lets through. It returns what was told; nothing, where the article's own
// answer is to be said.
func (c *conversation) compose(ctx context.Context, query string, from []knowledge.Article, tell teller) []string {
	if c.a.Writer == nil || query == "" || tell == nil {
		return nil
	}
	sources := cites(from)
	where := sentence{flow: c.state.ActiveFlow()}
	if n := len(c.state.Stack); n > 0 {
		where.step = c.state.Stack[n-1].Step
	}
	var said []string
	err := c.a.Writer.Answer(ctx, reply.Question{
		Query: query, Language: c.state.Language, Passages: passagesOf(from), History: c.history(), Until: c.until, Spent: c.guard.Spent,
	}, func(text string) bool {
		d := c.guard.Sentence(guard.Sentence{Text: text, Sources: sources, Model: true})
		if !d.Allowed {
			c.note(ctx, text, d)
			return false
		}
		s := where
		if s.text, s.sources = text, d.Sources; len(s.sources) == 0 {
			s.sources = sources[:1]
		}
		said = append(said, text)
		return tell(s)
	})
	if err != nil && !errors.Is(err, reply.ErrNoAnswer) {
		c.a.Log.Debug("no answer composed", "call", c.record.ID, "error", err)
	}
	return said
}

func cites(articles []knowledge.Article) []string {
	var out []string
	for _, a := range articles {
		out = append(out, cite(a))
	}
	return out
}

func passagesOf(articles []knowledge.Article) []reply.Passage {
	var out []reply.Passage
	for _, a := range articles {
		text := a.Text
		if text == "" || text == a.Answer {
			text = a.Answer
		} else {
			text = a.Answer + " " + text
		}
		out = append(out, reply.Passage{Source: cite(a), Title: a.Title, Text: text})
	}
	return out
}

// consult asks the model for its next move in a scoped conversation. Without
// one, and where all that it would say is stopped, the flow's fallback goes on.
func (c *conversation) consult(ctx context.Context, e *flow.Consult) flow.Result {
	r := flow.Result{Effect: e.ID, Outcome: "unavailable"}
	if c.a.Writer == nil {
		return r
	}
	about := e.Words
	if about == "" {
		about = e.Goal
	}
	var from []knowledge.Article
	found, err := c.a.Knowledge.Find(ctx, about, passages)
	if err != nil {
		c.a.Log.Error("articles not searched", "call", c.record.ID, "error", err)
	}
	for _, f := range found {
		from = c.add(from, f.Article)
	}
	m, err := c.a.Writer.Move(ctx, reply.Scene{
		Consult: *e, Operations: c.operations(e.Actions), Passages: passagesOf(from), Found: c.state.Results["agent"],
		Earlier: c.earlier(), History: c.history(), Language: c.state.Language, At: c.now(), Spent: c.guard.Spent,
	})
	switch {
	case err != nil:
		c.a.Log.Warn("no move of the model", "call", c.record.ID, "error", err)
	case m.Exit != "":
		r.Outcome, r.Data = "exit", map[string]string{"exit": m.Exit}
	case m.Operation != "":
		r.Outcome, r.Data = "act", maps.Clone(m.Args)
		r.Data["operation"] = m.Operation
	default:
		sources := append(cites(from), c.sources()...)
		if text := c.sayable(ctx, m.Text, sources); text != "" {
			r.Outcome, r.Data, r.Source = "say", map[string]string{"text": text}, strings.Join(cites(from), " ")
		}
	}
	return r
}

// sayable is what the guard lets through of a model's text.
func (c *conversation) sayable(ctx context.Context, text string, sources []string) string {
	var out []string
	for _, s := range splitSentences(text) {
		d := c.guard.Sentence(guard.Sentence{Text: s, Sources: sources, Model: true})
		if !d.Allowed {
			c.note(ctx, s, d)
			continue
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// sources are those of every result, and the caller's own words.
func (c *conversation) sources() []string {
	out := []string{"caller"}
	for _, s := range c.state.Sources {
		out = append(out, s)
	}
	return out
}

// operations are those of the names, as flows may call them.
func (c *conversation) operations(names []string) []flow.Operation {
	var out []flow.Operation
	for _, o := range Operations(c.a.CRM) {
		for _, name := range names {
			if o.Name == name {
				out = append(out, o)
			}
		}
	}
	return out
}
