package dialog

import (
	"context"
	"sync/atomic"
	"time"

	"attendant/dialog/understand"
)

// Judge tells how the caller of a conversation feels in the last of its lines, -1
// to 1, and in a few words why. It blocks until it knows or ctx ends.
type Judge interface {
	Judge(ctx context.Context, lines []understand.Line) (score float64, cause string, err error)
}

const (
	// judgesWaiting is how many turns of all calls may wait to be judged: a model
	// that takes two seconds is then a minute behind, and what is older is of no use
	// to anyone. A turn that finds the queue full is not judged, and counted.
	judgesWaiting = 32
	// judgePatience bounds one judgement.
	judgePatience = 5 * time.Second
	// judgementsWaiting is how many judgements may wait for a call's next turn; more
	// are not taken in, and counted.
	judgementsWaiting = 8
)

// Judging has callers' turns judged beside the conversation, which never waits
// for it. Run is its goroutine.
type Judging struct {
	Judged, Failed, Dropped atomic.Uint64

	judge Judge
	turns chan judging
}

// judging is one turn to be judged.
type judging struct {
	lines []understand.Line
	turn  int
	back  chan<- judgement // has room, or the judgement is dropped
}

// judgement is what came of it.
type judgement struct {
	turn  int
	score float64
	cause string
}

// NewJudging returns what has turns judged once Run is called.
func NewJudging(j Judge) *Judging {
	return &Judging{judge: j, turns: make(chan judging, judgesWaiting)}
}

// Run judges one turn after the other until ctx ends. Of a nil j there is nothing
// to do.
func (j *Judging) Run(ctx context.Context) {
	if j == nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-j.turns:
			j.one(ctx, t)
		}
	}
}

func (j *Judging) one(ctx context.Context, t judging) {
	ctx, cancel := context.WithTimeout(ctx, judgePatience)
	defer cancel()
	score, cause, err := j.judge.Judge(ctx, t.lines)
	if err != nil {
		j.Failed.Add(1) // the score of words and behaviour stands
		return
	}
	select {
	case t.back <- judgement{t.turn, score, cause}:
		j.Judged.Add(1)
	default:
		j.Dropped.Add(1)
	}
}

// offer has a turn judged if there is room. It never blocks.
func (j *Judging) offer(t judging) {
	select {
	case j.turns <- t:
	default:
		j.Dropped.Add(1)
	}
}

// submit has the caller's words judged; keys and secrets never are.
func (c *conversation) submit(t callerTurn) {
	if c.a.Judging == nil || t.Text == "" || t.Keys != "" || t.lost || t.withheld {
		return
	}
	lines := append(c.history(), understand.Line{Side: "caller", Text: t.Text})
	c.a.Judging.offer(judging{lines: lines, turn: c.mood.Turns(), back: c.judgements})
}

// judged takes in the judgements that have come since, without waiting for any.
func (c *conversation) judged() {
	for {
		select {
		case j := <-c.judgements:
			if s, ok := c.mood.Judge(j.turn, j.score, j.cause); ok {
				c.moved(s, j.turn, "model")
			}
		default:
			return
		}
	}
}
