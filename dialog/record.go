package dialog

import (
	"context"
	"errors"
	"time"

	"attendant/media"
)

// Record is what a call leaves behind. It is plain data and is written once,
// when the call has ended.
type Record struct {
	ID        string    `json:"id"` // ours: sortable by time
	CallID    string    `json:"call_id"`
	Number    string    `json:"number"`             // the caller's, as signalled
	Customer  string    `json:"customer,omitempty"` // who proved to be the caller
	Known     string    `json:"known,omitempty"`    // the customer whose number calls: a hint, no proof
	Name      string    `json:"name,omitempty"`
	Dialled   string    `json:"dialled"`
	Remote    string    `json:"remote"`
	Trunk     string    `json:"trunk,omitempty"`  // which trunk it came over
	Caller    string    `json:"caller,omitempty"` // what is known of the caller's number, in words: a hint
	Queue     string    `json:"queue,omitempty"`  // of the number's rule
	Transport string    `json:"transport"`
	Codec     string    `json:"codec"`
	Started   time.Time `json:"started"` // when we answered
	Ended     time.Time `json:"ended"`

	Outcome   string            `json:"outcome"`   // product's partition: "resolved_assumed", "escalated", ...
	EndCause  string            `json:"end_cause"` // why the leg ended, in words
	Flow      string            `json:"flow,omitempty"`
	Flows     []string          `json:"flows,omitempty"` // in the order in which they were started
	Slots     map[string]string `json:"slots,omitempty"` // sensitive ones masked
	Turns     []Turn            `json:"turns"`
	Actions   []ActionRecord    `json:"actions,omitempty"`
	Guard     []GuardRecord     `json:"guard,omitempty"`
	Switches  []SwitchRecord    `json:"switches,omitempty"`
	Sentiment float64           `json:"sentiment"`       // the caller's last score, -1 to 1
	Trend     float64           `json:"trend"`           // the last less the mean of those before
	Moods     []Mood            `json:"moods,omitempty"` // each change
	HandOvers []HandOver        `json:"hand_overs,omitempty"`
	Legs      []string          `json:"legs,omitempty"`      // recordings of the other legs, beside Recording
	Recording string            `json:"recording,omitempty"` // file name in the data folder's recordings

	// Ladder is the signalling of the caller's leg, 100 messages at most: no
	// addresses, credentials or keys.
	Ladder []media.Signal `json:"ladder,omitempty"`
}

// Turn is one side's say, as the other side heard it.
type Turn struct {
	Side        string        `json:"side"`              // "caller", "attendant", "human"
	Text        string        `json:"text"`              // recognised, or heard by the caller
	Planned     string        `json:"planned,omitempty"` // what would have been said, where it was cut
	Keys        bool          `json:"keys,omitempty"`
	Start       time.Duration `json:"start"` // since the call was answered
	End         time.Duration `json:"end"`
	Interrupted bool          `json:"interrupted,omitempty"`
	Confidence  float64       `json:"confidence,omitempty"`
	Vendor      string        `json:"vendor,omitempty"` // who recognised it, or who spoke
	Flow        string        `json:"flow,omitempty"`
	Step        string        `json:"step,omitempty"`
	Commands    []string      `json:"commands,omitempty"`
	Sources     []string      `json:"sources,omitempty"`
	Sentiment   float64       `json:"sentiment,omitempty"`
	Mood        string        `json:"mood,omitempty"`   // label, with what caused it
	Trend       float64       `json:"trend,omitempty"`  // of Sentiment, see Record.Trend
	Delays      *Delays       `json:"delays,omitempty"` // of the attendant's turn
}

// Delays are the parts of the time from the end of the caller's speech to the
// first audio of the answer.
type Delays struct {
	Endpoint   time.Duration `json:"endpoint"`  // silence waited out
	Recognize  time.Duration `json:"recognize"` // end of turn to final words
	Understand time.Duration `json:"understand"`
	Act        time.Duration `json:"act"`   // connectors and knowledge
	Speak      time.Duration `json:"speak"` // text to first frame played
	Total      time.Duration `json:"total"`

	Moment time.Duration `json:"moment,omitempty"` // until the caller was told to wait; 0 is not at all
}

// ActionRecord is one operation of a connector.
type ActionRecord struct {
	ID        string            `json:"id"`
	Operation string            `json:"operation"`
	Args      map[string]string `json:"args,omitempty"`
	Outcome   string            `json:"outcome"`
	Flow      string            `json:"flow"`
	At        time.Duration     `json:"at"`
	Took      time.Duration     `json:"took"`
}

// GuardRecord is one decision of the guard against something.
type GuardRecord struct {
	Rule string        `json:"rule"`
	What string        `json:"what"` // the sentence or operation that was stopped
	At   time.Duration `json:"at"`
}

// SwitchRecord is a vendor of speech that was left for the next one.
type SwitchRecord struct {
	Kind string        `json:"kind"` // "recogniser", "voice"
	From string        `json:"from"`
	To   string        `json:"to,omitempty"`
	Why  string        `json:"why"`
	At   time.Duration `json:"at"`
}

// Store keeps calls. Any goroutine may call it; each method blocks for the
// store's I/O.
type Store interface {
	// SaveCall writes a finished call, all of it or nothing. Writing the same ID
	// again replaces it.
	SaveCall(ctx context.Context, r *Record) error
	// Call returns the call with the given ID or unique beginning of it:
	// ErrNotFound, ErrAmbiguous.
	Call(ctx context.Context, id string) (*Record, error)
	// Calls returns finished calls, the newest first, without their turns.
	Calls(ctx context.Context, q CallQuery) ([]Record, error)

	// SaveIntent writes an intent before its write is sent, and again when its
	// outcome is known: the same key replaces it.
	SaveIntent(ctx context.Context, i Intent) error
	// Intents returns a call's intents in the order in which they were made.
	Intents(ctx context.Context, call string) ([]Intent, error)
	// NoteDecision keeps a decision of the guard; Decisions returns a call's in the
	// order in which they were made.
	NoteDecision(ctx context.Context, row AuditRow) error
	Decisions(ctx context.Context, call string) ([]AuditRow, error)
	// NoteTry counts a failed proof of who a caller is; Tries tells how many there
	// were of an account since then.
	NoteTry(ctx context.Context, account string, at time.Time) error
	Tries(ctx context.Context, account string, since time.Time) (int, error)
}

// CallQuery chooses calls.
type CallQuery struct {
	Before  time.Time // started before; zero is now
	Number  string
	Outcome string
	Limit   int // 0 is 50; at most 1000
}

// What a Store answers.
var (
	ErrNotFound  = errors.New("no such call")
	ErrAmbiguous = errors.New("more than one call begins like that")
)
