// Package understand turns what a caller said into commands for the flow
// engine.
//
// The central type is Understander; the embedded one is rules. An Understander
// is told what the engine expects and which flow is going on, so that "one two
// three" means a number where one was asked for.
package understand

import (
	"context"
	"time"

	"attendant/dialog/flow"
)

// Turn is what the caller said or keyed.
type Turn struct {
	Text         string   // as recognised: lower case, numbers in words
	Confidence   float64  // 0 to 1
	Alternatives []string // other readings, likeliest first
	Keys         string   // what was keyed, in place of Text
}

// View is what an Understander may know of the conversation.
type View struct {
	Expect flow.Expectation
	Flow   string // the flow going on, empty if none

	Language string    // BCP 47
	At       time.Time // the moment of speaking, in the company's zone
	History  []Line    // the turns before, as they were heard

	Spent func(tokens int) // told what a model took; optional
}

// Line is one turn of either side.
type Line struct {
	Side string // "caller", "attendant"
	Text string
}

// Candidate is a flow or an article that a turn may be about.
type Candidate struct {
	Flow    string
	Article string
}

// Understander finds what a turn means. It returns at least one command;
// flow.OutOfScope is one. Any goroutine may call it.
type Understander interface {
	Understand(ctx context.Context, v View, t Turn) ([]flow.Command, error)
	// Digits are those that a text holds, spoken or written: what must not be kept
	// of a turn that was to be keyed.
	Digits(text string) string
}

// Article is what understanding needs of a knowledge article.
type Article struct {
	ID       string
	Examples []string
}
