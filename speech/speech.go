// Package speech turns a voice into words and words into a voice.
//
// It has three shapes: Recognizer (audio to words), Synthesizer (words to
// audio) and Detector (is this frame speech). A Recognizer or Synthesizer is a
// blocking function from a channel to a channel that returns when its input
// closes or its context ends; the caller owns the goroutine and both channels,
// so a vendor's file has no lifecycle of its own. Each vendor is a package below
// this one and passes the conformance suite in speechtest.
//
// Recognizers and Voices are ladders: vendors over the network in an order, each
// with a budget and a breaker, that end in the embedded ones. A vendor that hangs
// or fails is left for the next within the turn's time.
//
// Words are lower case without punctuation, numbers spelled as they were said
// ("one two three"), unless a Recognizer's documentation says otherwise.
package speech

import (
	"context"
	"errors"
	"time"

	"attendant/media"
)

// Recognizer recognises one utterance per call of Recognize.
//
// Recognize reads frames until audio is closed, sending partial results as they
// change and exactly one final result last, then returns nil; its final result
// has empty Text where nothing was recognised. It returns early with ctx's error
// when ctx ends, and with ErrUnavailable, perhaps wrapped, when the vendor
// fails; no final result is sent then. It never closes results. Many calls may
// run at once.
type Recognizer interface {
	Recognize(ctx context.Context, hints Hints, audio <-chan media.Frame, results chan<- Result) error
}

// Hints tell a Recognizer what is likely to be said. All of it is optional.
type Hints struct {
	Language  string          // BCP 47, "en-US" where empty
	Bandwidth media.Bandwidth // what the caller's codec lets through
	Expect    Expectation     // what the conversation has just asked for
	Sensitive bool            // a secret may be said: it leaves the machine by no vendor
}

// Expectation is what the caller was just asked for. It biases the recogniser
// and sets the patience of the endpointer; it never forbids other words: a
// caller who is asked for digits may still say "human".
type Expectation struct {
	Kind    ExpectKind
	Min     int      // fewest digits, for ExpectDigits; 0 is unknown
	Max     int      // most digits, for ExpectDigits; 0 is unknown
	Choices []string // the phrases to choose from, for ExpectChoice
}

// ExpectKind is the kind of answer that is expected.
type ExpectKind string

// The kinds of answers.
const (
	ExpectOpen   ExpectKind = ""       // anything
	ExpectDigits ExpectKind = "digits" // an order number, a PIN, a phone number
	ExpectYesNo  ExpectKind = "yesno"
	ExpectDate   ExpectKind = "date"
	ExpectTime   ExpectKind = "time"   // of day
	ExpectNumber ExpectKind = "number" // how many, with or without a unit
	ExpectMoney  ExpectKind = "money"
	ExpectChoice ExpectKind = "choice"
	ExpectCode   ExpectKind = "code" // letters and digits, such as a postcode
)

// Result is what has been recognised of an utterance so far, or, if Final, of
// all of it. A partial result replaces the one before.
type Result struct {
	Text         string
	Final        bool
	Confidence   float64       // 0 to 1; 0 in partial results means unknown
	Words        []Word        // final results, where the vendor knows them
	Alternatives []Alternative // other readings, likeliest first, Text not among them
	Vendor       string        // who recognised, where a ladder chose
}

// Word is one recognised word with its place in the utterance.
type Word struct {
	Text       string
	Start, End time.Duration // since the first frame
	Confidence float64
}

// Alternative is another reading of the same utterance.
type Alternative struct {
	Text       string
	Confidence float64
}

// Synthesizer speaks. Synthesize reads sentences from text until it is closed
// and sends each as one or more segments, in order, then returns nil. It returns
// early with ctx's error when ctx ends, with ErrUnavailable, perhaps wrapped,
// when the vendor fails. It never closes segments. Many calls may run at once. The
// words of a sentence's segments, one after the other, are the sentence's.
type Synthesizer interface {
	Synthesize(ctx context.Context, voice Voice, text <-chan string, segments chan<- Segment) error
}

// Voice names how to speak. The zero Voice is the vendor's default.
type Voice struct {
	Name     string  // the vendor's own name of the voice
	Language string  // BCP 47
	Rate     float64 // 1 is normal, 0.8 slower; 0 means 1
}

// Segment is a piece of speech with the words it holds, so that what was heard
// is known as text. The receiver owns Audio.
type Segment struct {
	Text   string
	Audio  []media.Frame
	Vendor string // who speaks, where a ladder chose
}

// Detector tells speech from silence, one frame after the other. It is pure
// state: not safe for several goroutines, never blocks.
type Detector interface {
	// Detect reports whether f holds speech.
	Detect(f *media.Frame) bool
	// Reset forgets what it has learned about the line.
	Reset()
}

// ErrUnavailable is a vendor that cannot serve now: not installed, crashed,
// hanging, overloaded. Another vendor or a later try may work. Errors of vendors
// hold neither a caller's words nor a key: they are logged.
var ErrUnavailable = errors.New("speech vendor unavailable")
