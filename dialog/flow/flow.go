// Package flow is the flow language and its engine: what happens in a
// conversation, and in which order.
//
// A Flow is data, read from a YAML file that the service team writes
// (docs/flows.md). The Engine executes flows: it takes a State and an Input and
// returns the State that follows and the Effects to be carried out. It has no
// clock, does no I/O and keeps nothing between two calls of Step, so a State
// that is written down can go on in another process. Whoever drives the engine
// (package dialog) carries the effects out, in order, and feeds the results back
// as inputs.
//
// Guarantees: a Set that loads has no reachable step without a way out, no
// missing branch, no unknown slot, operation or placeholder, and no operation
// that cannot be undone without a yes before it; a caller who asks for a human
// is handed over from every state; Step never loops without an Input.
package flow

import "time"

// Input is what happened: exactly one of Commands, Silence and Result is set.
type Input struct {
	At       time.Time `json:"at"`                 // now, in the company's time zone
	Commands []Command `json:"commands,omitempty"` // a turn of the caller, understood
	Silence  bool      `json:"silence,omitempty"`  // the caller was asked and said nothing
	Result   *Result   `json:"result,omitempty"`   // what an effect came to
	Angry    bool      `json:"angry,omitempty"`    // the caller's turn was angry
	Severe   string    `json:"severe,omitempty"`   // the caller's turn is a severe case: "safety", ...
	Limit    bool      `json:"limit,omitempty"`    // a limit of the call is reached
}

// Command is one thing that the caller wants, as understood from their words
// or keys. Nothing but commands reaches the engine.
type Command struct {
	Kind       CommandKind `json:"kind"`
	Flow       string      `json:"flow,omitempty"`    // StartFlow
	Slot       string      `json:"slot,omitempty"`    // SetSlot, CorrectSlot; empty is the slot being asked for
	Value      string      `json:"value,omitempty"`   // SetSlot, CorrectSlot: in the slot type's written form
	Options    []string    `json:"options,omitempty"` // SetSlot, CorrectSlot: other readings that are as likely
	Article    string      `json:"article,omitempty"` // Answer: the article that was matched, if any
	Query      string      `json:"query,omitempty"`   // Answer: the question as it was asked
	Confidence float64     `json:"confidence"`        // 0 to 1
	Words      string      `json:"words,omitempty"`   // the words that it came from
	Keyed      bool        `json:"keyed,omitempty"`   // it was keyed, not spoken
	Model      bool        `json:"model,omitempty"`   // a model understood it, not a rule
}

// CommandKind says what a Command does.
type CommandKind string

// The commands. Those from Repeat on are universal: they work in every state.
const (
	StartFlow   CommandKind = "start_flow"
	SetSlot     CommandKind = "set_slot"
	CorrectSlot CommandKind = "correct_slot"
	Affirm      CommandKind = "affirm"
	Deny        CommandKind = "deny"
	Answer      CommandKind = "answer"
	DontKnow    CommandKind = "dont_know"
	Repeat      CommandKind = "repeat"
	Slower      CommandKind = "slower"
	Spell       CommandKind = "spell"
	HoldOn      CommandKind = "hold_on"
	Back        CommandKind = "back"
	Cancel      CommandKind = "cancel"
	StartOver   CommandKind = "start_over"
	Human       CommandKind = "human"
	Goodbye     CommandKind = "goodbye"
	Thank       CommandKind = "thank"
	Greet       CommandKind = "greet"
	Complain    CommandKind = "complain" // anger without a request of its own
	NotHeard    CommandKind = "not_heard"
	OutOfScope  CommandKind = "out_of_scope"
	NotKeyed    CommandKind = "not_keyed" // a sensitive slot was spoken
)

// Result is what an effect that has a result came to.
type Result struct {
	Effect  string            `json:"effect"`  // the effect's ID
	Outcome string            `json:"outcome"` // "ok", "not_found", "unavailable", "refused", "no_answer", "found", ...
	Data    map[string]string `json:"data,omitempty"`
	Source  string            `json:"source,omitempty"` // what backs Data: "action:ID", "article:ID@VERSION"
	Level   string            `json:"level,omitempty"`  // the caller's level of identity from now on, if it changed
}

// Effect is something for the driver to carry out: exactly one of the pointers
// is set.
type Effect struct {
	Say      *Say      `json:"say,omitempty"`
	Act      *Act      `json:"act,omitempty"`
	Lookup   *Lookup   `json:"lookup,omitempty"`
	Consult  *Consult  `json:"consult,omitempty"`
	HandOver *HandOver `json:"hand_over,omitempty"`
	End      *End      `json:"end,omitempty"`
}

// Say is one or more sentences for the caller. It has no result.
type Say struct {
	Text     string   `json:"text"`
	Sources  []string `json:"sources,omitempty"` // what backs the facts in it
	Flow     string   `json:"flow,omitempty"`
	Step     string   `json:"step,omitempty"`
	Slower   bool     `json:"slower,omitempty"`
	Rephrase bool     `json:"rephrase,omitempty"` // a model may reword it
	Model    bool     `json:"model,omitempty"`    // a model wrote it
}

// Act is an operation of a connector. Its Result carries the operation's
// outcome; the guard may answer "refused" in its place.
type Act struct {
	ID        string            `json:"id"`
	Operation string            `json:"operation"`
	Args      map[string]string `json:"args,omitempty"`
	Flow      string            `json:"flow,omitempty"`
	Step      string            `json:"step,omitempty"`
	Confirmed *Confirmation     `json:"confirmed,omitempty"` // the yes just before, if there was one
	Model     bool              `json:"model,omitempty"`     // a model asked for it
}

// Confirmation is a caller's yes.
type Confirmation struct {
	Prompt string `json:"prompt"`          // the question as it was put
	Words  string `json:"words"`           // the answer
	Keyed  bool   `json:"keyed,omitempty"` // by a key
	Model  bool   `json:"model,omitempty"` // understood by a model
}

// Lookup is a question to the knowledge articles. Its Result's outcome is
// "found" with Data "answer", "id", "title", "link", and "spoken" where the answer
// has been said already; or "unknown".
type Lookup struct {
	ID      string `json:"id"`
	Query   string `json:"query"`
	Article string `json:"article,omitempty"`
}

// Consult asks a model for its next move in a scoped conversation. Its Result's
// outcome is "say" with Data "text" and, as its Source, what backs it, several
// sources apart by spaces; "act" with Data "operation" and the arguments, "exit"
// with Data "exit", or "unavailable".
type Consult struct {
	ID      string   `json:"id"`
	Goal    string   `json:"goal"`
	Actions []string `json:"actions,omitempty"`
	Exits   []string `json:"exits"`
	Words   string   `json:"words,omitempty"` // of the caller; empty at the beginning
	Flow    string   `json:"flow"`
	Step    string   `json:"step"`
}

// HandOver connects the caller to a human. Its Result's outcome is "done"
// when the human and the caller have talked, "no_answer", or "unavailable".
type HandOver struct {
	ID       string `json:"id"`
	Skill    string `json:"skill,omitempty"`
	Priority string `json:"priority,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// End ends the call with an outcome of section 3.1's partition, such as
// "resolved_assumed", "escalated", "abandoned".
type End struct {
	Outcome string `json:"outcome"`
}

// Expectation is what the engine waits for.
type Expectation struct {
	Type      string   `json:"type"`              // "open", "yesno", or a slot's type
	Slot      string   `json:"slot,omitempty"`    // the slot being asked for
	Min       int      `json:"min,omitempty"`     // fewest digits or letters
	Max       int      `json:"max,omitempty"`     // most
	Unit      string   `json:"unit,omitempty"`    // of a quantity
	Choices   []Choice `json:"choices,omitempty"` // what may be chosen
	Sensitive bool     `json:"sensitive,omitempty"`
	Patience  int      `json:"patience,omitempty"` // seconds of silence that are fine; 0 is the usual
}

// State is all that a conversation has come to. It is plain data.
type State struct {
	Caller   string `json:"caller,omitempty"`   // the number that calls
	Narrow   bool   `json:"narrow,omitempty"`   // a telephone line: what is heard is read back
	Language string `json:"language,omitempty"` // BCP 47; the company's where empty
	Level    string `json:"level,omitempty"`    // identity: "", "hint", "verified", "human"

	Stack   []Place                      `json:"stack,omitempty"` // the flow being followed last
	Slots   map[string]string            `json:"slots,omitempty"`
	Unsure  map[string]bool              `json:"unsure,omitempty"` // slots to be read back
	Results map[string]map[string]string `json:"results,omitempty"`
	Sources map[string]string            `json:"sources,omitempty"` // of each result
	Waiting Waiting                      `json:"waiting"`
	Paused  *Waiting                     `json:"paused,omitempty"` // what a question aside interrupts
	Queue   []Command                    `json:"queue,omitempty"`  // commands of the turn that are still to be done
	Trail   []Place                      `json:"trail,omitempty"`  // the questions asked, for going back

	Confirmed *Confirmation `json:"confirmed,omitempty"` // the yes just said, until anything else is asked

	Last   string   `json:"last,omitempty"`   // what was said last, for repeating
	Values []string `json:"values,omitempty"` // what was filled in last, for spelling
	Prompt string   `json:"prompt,omitempty"` // what the caller was asked last
	Flow   string   `json:"flow,omitempty"`   // the last flow of the company's own

	Serial   int            `json:"serial,omitempty"`   // of the last effect with a result
	Said     map[string]int `json:"said,omitempty"`     // how often each text that has variants
	Misses   int            `json:"misses,omitempty"`   // turns not understood, in a row
	Silences int            `json:"silences,omitempty"` // in a row
	Angry    int            `json:"angry,omitempty"`    // angry turns since the last offer
	Asked    map[string]int `json:"asked,omitempty"`    // how often each request was made
	Hold     bool           `json:"hold,omitempty"`
	Slower   bool           `json:"slower,omitempty"`
	Resolved bool           `json:"resolved,omitempty"` // something was answered or done
	Ended    bool           `json:"ended,omitempty"`
}

// Place is a position in a flow.
type Place struct {
	Flow   string `json:"flow"`
	Step   string `json:"step"`
	Asks   int    `json:"asks,omitempty"`   // how often this step has asked
	Called bool   `json:"called,omitempty"` // by the flow below, which goes on without a word
}

// Waiting is what the engine waits for.
type Waiting struct {
	For     string   `json:"for,omitempty"`     // "slot", "readback", "which", "confirm", "wait", "agent", "effect"; empty is anything
	Effect  string   `json:"effect,omitempty"`  // the ID of the effect
	Options []string `json:"options,omitempty"` // the readings to choose from
}

// ActiveFlow is the flow that the conversation is in, empty if none.
func (s *State) ActiveFlow() string {
	if len(s.Stack) == 0 {
		return ""
	}
	return s.Stack[len(s.Stack)-1].Flow
}

// level is the rank of a level of identity, 0 if there is none of that name.
func level(name string) int {
	switch name {
	case "hint":
		return 1
	case "verified":
		return 2
	case "human":
		return 3
	}
	return 0
}
