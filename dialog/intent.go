package dialog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Intent is a write to a system of record that we are about to make, or made.
// It is committed before the write is sent, so that a call that goes on in
// another process knows what may have been done.
type Intent struct {
	Key       string      `json:"key"` // the idempotency key
	Call      string      `json:"call"`
	Operation string      `json:"operation"`
	Args      string      `json:"args"` // their hash
	State     IntentState `json:"state"`
	Outcome   string      `json:"outcome,omitempty"`
}

// IntentState is how far an intent has come.
type IntentState string

// The states of an intent.
const (
	Sent    IntentState = "sent"    // it may have been done
	Settled IntentState = "settled" // the outcome is known
	Unknown IntentState = "unknown" // the system could not tell: for a human
)

// hash identifies an operation's arguments without telling them.
func hash(args map[string]string) string {
	data, err := json.Marshal(args) // sorted by key
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
