package dialog

import (
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/sentiment"
)

// Mood is a change of how the caller feels.
type Mood struct {
	Turn   int           `json:"turn"` // the caller's turn that it is of, from 1
	At     time.Duration `json:"at"`   // since the call was answered
	Score  float64       `json:"score"`
	Trend  float64       `json:"trend"`
	Label  string        `json:"label"`            // "positive", "neutral", "negative"
	Before string        `json:"before,omitempty"` // the label before; empty in the first turn
	Cause  string        `json:"cause,omitempty"`  // words, behaviour, what a model says
	By     string        `json:"by"`               // "turn", or "model" for its later judgement
}

// feel scores a turn, by its words, by how it was spoken and by what it asks for,
// and tells where the mood has changed.
func (c *conversation) feel(t callerTurn, commands []flow.Command) sentiment.Score {
	c.judged()
	s := c.mood.Hear(sentiment.Turn{
		Text: t.Text, Request: requested(commands), Interrupts: t.interrupts, LevelDB: t.levelDB, Length: t.end - t.start,
	})
	c.moved(s, c.mood.Turns(), "turn")
	c.submit(t)
	return s
}

// requested is what a turn asks for, empty where it asks for nothing.
func requested(commands []flow.Command) string {
	for _, k := range commands {
		switch k.Kind {
		case flow.StartFlow:
			return "flow " + k.Flow
		case flow.Answer:
			return "article " + k.Article
		}
	}
	return ""
}

// moved keeps and tells a change of mood.
func (c *conversation) moved(s sentiment.Score, turn int, by string) {
	if !s.Changed {
		return
	}
	m := Mood{Turn: turn, At: c.since(time.Now()), Score: s.Value, Trend: s.Trend, Label: s.Label, Before: s.Before, Cause: s.Cause, By: by}
	c.record.Moods = append(c.record.Moods, m)
	c.event(Event{Kind: SentimentChanged, Mood: &m})
}
