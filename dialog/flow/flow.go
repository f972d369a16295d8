// Package flow is the flow language and its engine: what happens in a
// conversation, and in which order.
//
// A Flow is data, read from a YAML file that the service team writes. The
// Engine executes flows: it takes a State and an Input and returns the State
// that follows and the Effects to be carried out. It has no clock, does no I/O
// and keeps nothing between two calls of Step, so a State that is written down
// can go on in another process. Whoever drives the engine (package dialog)
// carries the effects out, in order, and feeds the results back as inputs.
//
// Guarantees: a Set that loads has no reachable step without a way out, no
// missing branch, no unknown slot or operation; a caller who asks for a human
// is handed over from every state; Step never loops without an Input.
package flow

// Input is what happened: exactly one of the first three fields is set.
type Input struct {
	Commands []Command `json:"commands,omitempty"` // a turn of the caller, understood
	Silence  bool      `json:"silence,omitempty"`  // the caller was asked and said nothing
	Result   *Result   `json:"result,omitempty"`   // what an effect came to
	Angry    bool      `json:"angry,omitempty"`    // the caller's turn was angry
}

// Command is one thing that the caller wants, as understood from their words
// or keys. Nothing but commands reaches the engine.
type Command struct {
	Kind       CommandKind `json:"kind"`
	Flow       string      `json:"flow,omitempty"`    // StartFlow
	Slot       string      `json:"slot,omitempty"`    // SetSlot, CorrectSlot; empty is the slot being asked for
	Value      string      `json:"value,omitempty"`   // SetSlot, CorrectSlot: in the slot type's written form
	Article    string      `json:"article,omitempty"` // Answer: the article that was matched, if any
	Query      string      `json:"query,omitempty"`   // Answer: the question as it was asked
	Confidence float64     `json:"confidence"`        // 0 to 1
	Words      string      `json:"words,omitempty"`   // the words that it came from
	Keyed      bool        `json:"keyed,omitempty"`   // it was keyed, not spoken
}

// CommandKind says what a Command does.
type CommandKind string

// The commands. All but the first five are universal: they work in every state.
const (
	StartFlow   CommandKind = "start_flow"
	SetSlot     CommandKind = "set_slot"
	CorrectSlot CommandKind = "correct_slot"
	Affirm      CommandKind = "affirm"
	Deny        CommandKind = "deny"
	Answer      CommandKind = "answer"
	Repeat      CommandKind = "repeat"
	Slower      CommandKind = "slower"
	HoldOn      CommandKind = "hold_on"
	Cancel      CommandKind = "cancel"
	StartOver   CommandKind = "start_over"
	Human       CommandKind = "human"
	Goodbye     CommandKind = "goodbye"
	Thank       CommandKind = "thank"
	Greet       CommandKind = "greet"
	Complain    CommandKind = "complain" // anger without a request of its own
	NotHeard    CommandKind = "not_heard"
	OutOfScope  CommandKind = "out_of_scope"
)

// Result is what an effect that has a result came to.
type Result struct {
	Effect  string            `json:"effect"`  // the effect's ID
	Outcome string            `json:"outcome"` // "ok", "not_found", "unavailable", "refused", "no_answer", "found", ...
	Data    map[string]string `json:"data,omitempty"`
	Source  string            `json:"source,omitempty"` // what backs Data: "action:ID", "article:ID@VERSION"
}

// Effect is something for the driver to carry out: exactly one of the pointers
// is set.
type Effect struct {
	Say      *Say      `json:"say,omitempty"`
	Act      *Act      `json:"act,omitempty"`
	Lookup   *Lookup   `json:"lookup,omitempty"`
	HandOver *HandOver `json:"hand_over,omitempty"`
	End      *End      `json:"end,omitempty"`
}

// Say is one or more sentences for the caller. It has no result.
type Say struct {
	Text    string   `json:"text"`
	Sources []string `json:"sources,omitempty"` // what backs the facts in it
	Flow    string   `json:"flow,omitempty"`
	Step    string   `json:"step,omitempty"`
	Slower  bool     `json:"slower,omitempty"`
}

// Act is an operation of a connector. Its Result carries the operation's
// outcome; the guard may answer "refused" in its place.
type Act struct {
	ID        string            `json:"id"`
	Operation string            `json:"operation"`
	Args      map[string]string `json:"args,omitempty"`
	Flow      string            `json:"flow,omitempty"`
	Step      string            `json:"step,omitempty"`
}

// Lookup is a question to the knowledge articles. Its Result's outcome is
// "found" with Data "answer", "article", "link", or "unknown".
type Lookup struct {
	ID      string `json:"id"`
	Query   string `json:"query"`
	Article string `json:"article,omitempty"`
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
	Type    string   `json:"type"`              // "open", "digits", "code", "yesno", "date", "choice"
	Slot    string   `json:"slot,omitempty"`    // the slot being asked for
	Min     int      `json:"min,omitempty"`     // fewest digits
	Max     int      `json:"max,omitempty"`     // most digits
	Choices []string `json:"choices,omitempty"` // what may be chosen
	Hold    bool     `json:"hold,omitempty"`    // the caller asked us to hold on: silence is fine
}

// State is all that a conversation has come to. It is plain data.
type State struct {
	Caller string `json:"caller,omitempty"` // the number that calls
	Narrow bool   `json:"narrow,omitempty"` // a telephone line: what is heard is read back

	Stack   []Place                      `json:"stack,omitempty"` // the flow being followed last
	Slots   map[string]string            `json:"slots,omitempty"`
	Results map[string]map[string]string `json:"results,omitempty"`
	Sources map[string]string            `json:"sources,omitempty"` // of each result
	Waiting Waiting                      `json:"waiting"`
	Last    string                       `json:"last,omitempty"`   // what was said last, for repeating
	Prompt  string                       `json:"prompt,omitempty"` // what the caller was asked last
	Flow    string                       `json:"flow,omitempty"`   // the last flow of the company's own

	Serial   int  `json:"serial,omitempty"`   // of the last effect with a result
	Misses   int  `json:"misses,omitempty"`   // turns not understood, in a row
	Silences int  `json:"silences,omitempty"` // in a row
	Angry    int  `json:"angry,omitempty"`    // angry turns since the last offer
	Hold     bool `json:"hold,omitempty"`
	Slower   bool `json:"slower,omitempty"`
	Resolved bool `json:"resolved,omitempty"` // something was answered or done
	Ended    bool `json:"ended,omitempty"`
}

// Place is a position in a flow.
type Place struct {
	Flow string `json:"flow"`
	Step string `json:"step"`
	Asks int    `json:"asks,omitempty"` // how often this step has asked
}

// Waiting is what the engine waits for.
type Waiting struct {
	For    string `json:"for,omitempty"`    // "slot", "readback", "confirm", "effect"; empty is anything
	Effect string `json:"effect,omitempty"` // the ID of the effect
	Lookup bool   `json:"lookup,omitempty"` // that effect answers a question aside
}

// ActiveFlow is the flow that the conversation is in, empty if none.
func (s *State) ActiveFlow() string {
	if len(s.Stack) == 0 {
		return ""
	}
	return s.Stack[len(s.Stack)-1].Flow
}
