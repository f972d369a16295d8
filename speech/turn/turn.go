// Package turn finds where a caller's turn begins and ends.
//
// The central type is Endpointer, a pure state machine that is fed once a
// frame, every 20 ms, with whether the frame is speech, the words recognised so
// far and what is expected. Its patience after the last speech depends on the
// words: short where what was asked for is complete, long within digits and
// after words that cannot end a sentence.
package turn

import (
	"strings"
	"time"

	"attendant/media"
	"attendant/speech"
)

// Config sets an Endpointer. Zero fields have the defaults in brackets.
type Config struct {
	Complete   time.Duration // patience where the expected answer is complete [400 ms]
	Plausible  time.Duration // after what may be a whole sentence [640 ms]
	Unknown    time.Duration // while no words are known [800 ms]
	Incomplete time.Duration // after an unfinished sentence or number [1.3 s]
	Longest    time.Duration // of a turn [20 s]
}

// Event is what a frame brought about.
type Event struct {
	Kind   Kind
	Speech bool // the frame is speech
}

// Kind is the kind of an Event.
type Kind int

// The kinds of events.
const (
	Nothing Kind = iota
	StartOfInput
	EndOfTurn
)

const (
	// startFrames of speech within startWindow frames begin a turn: 80 ms of
	// 160 ms.
	startFrames = 4
	startWindow = 8
)

// Endpointer holds the state of one party's turns.
type Endpointer struct {
	cfg     Config
	window  uint8 // the last startWindow frames, a bit each
	turn    bool
	frames  int // of the turn
	silence int // frames since the last speech
}

// New returns an endpointer that waits for a turn to begin.
func New(cfg Config) *Endpointer {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{{&cfg.Complete, 400}, {&cfg.Plausible, 640}, {&cfg.Unknown, 800}, {&cfg.Incomplete, 1300}, {&cfg.Longest, 20000}} {
		if *f.field == 0 {
			*f.field = f.value * time.Millisecond
		}
	}
	return &Endpointer{cfg: cfg}
}

// Feed takes in a frame.
func (e *Endpointer) Feed(isSpeech bool, words string, expect speech.Expectation) Event {
	event := Event{Speech: isSpeech}
	if !e.turn {
		event.Kind = e.begin(isSpeech)
		return event
	}
	e.frames++
	e.silence++
	if isSpeech {
		e.silence = 0
	}
	if e.after(e.silence) >= e.patience(words, expect) || e.after(e.frames) >= e.cfg.Longest {
		e.turn, e.window = false, 0
		event.Kind = EndOfTurn
	}
	return event
}

func (e *Endpointer) after(frames int) time.Duration {
	return time.Duration(frames) * media.FrameDuration
}

func (e *Endpointer) begin(isSpeech bool) Kind {
	e.window <<= 1
	if isSpeech {
		e.window |= 1
	}
	count := 0
	for w := e.window; w != 0; w &= w - 1 {
		count++
	}
	if count < startFrames {
		return Nothing
	}
	e.turn, e.frames, e.silence = true, 0, 0
	return StartOfInput
}

// patience is how long silence must last for the turn to be over.
func (e *Endpointer) patience(words string, expect speech.Expectation) time.Duration {
	if words == "" {
		return e.cfg.Unknown
	}
	f := strings.Fields(words)
	n := trailingDigits(f)
	switch expect.Kind {
	case speech.ExpectYesNo:
		return e.cfg.Complete
	case speech.ExpectDigits, speech.ExpectCode:
		return e.forDigits(CountDigits(f), n, expect)
	case speech.ExpectChoice, speech.ExpectNumber, speech.ExpectTime: // "the first one", "five", "at nine"
		n = 0
	}
	if n > 0 && n < 5 { // a number that is perhaps not all said yet
		return e.cfg.Incomplete
	}
	if hanging(f[len(f)-1]) {
		return e.cfg.Incomplete
	}
	return e.cfg.Plausible
}

func (e *Endpointer) forDigits(n, trailing int, expect speech.Expectation) time.Duration {
	switch {
	case expect.Max > 0 && n >= expect.Max:
		return e.cfg.Complete
	case trailing > 0 || expect.Kind == speech.ExpectCode:
		return e.cfg.Incomplete
	}
	return e.cfg.Unknown // words that are no digits: "human"
}

// CountDigits returns the number of digits in spoken words: "double four" is
// two.
func CountDigits(words []string) int {
	n, times := 0, 1
	for _, w := range words {
		switch {
		case w == "double":
			times = 2
			continue
		case w == "triple":
			times = 3
			continue
		case isDigit(w):
			n += times
		}
		times = 1
	}
	return n
}

// trailingDigits is CountDigits of the digits that words end with.
func trailingDigits(words []string) int {
	i := len(words)
	for i > 0 && (isDigit(words[i-1]) || words[i-1] == "double" || words[i-1] == "triple") {
		i--
	}
	return CountDigits(words[i:])
}

func isDigit(w string) bool {
	switch w {
	case "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine":
		return true
	}
	return false
}

// hanging reports whether a sentence cannot well end with w.
func hanging(w string) bool {
	switch w {
	case "a", "an", "the", "my", "your", "and", "or", "but", "to", "of", "for", "with", "is", "are", "was", "i", "number",
		"because", "if", "where", "when", "in", "on", "at", "from", "double", "triple", "um", "uh":
		return true
	}
	return false
}
