package sip

import (
	"fmt"

	"attendant/media"
)

// CallError is an outgoing call that was not answered.
type CallError struct {
	Status int    // the final response; 0 where there was none
	Reason string // in the far end's words, or ours
	kind   error
}

// Error says what was answered.
func (e *CallError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%v: %s", e.kind, e.Reason)
	}
	return fmt.Sprintf("%v: %d %s", e.kind, e.Status, e.Reason)
}

// Unwrap returns media.ErrBusy, media.ErrNoAnswer or media.ErrUnreachable.
func (e *CallError) Unwrap() error { return e.kind }

// Fault tells whose fault it was: "callee", "peer" or "us".
func (e *CallError) Fault() string {
	switch {
	case e.Status == 486 || e.Status == 600 || e.Status == 603 || e.Status == 480 || e.Status == 408 || e.Status == 487:
		return "callee"
	case e.Status >= 500 || e.Status == 0:
		return "peer"
	}
	return "us"
}

// callError classifies a final response. RFC 3261 section 21.
func callError(status int, reason string) *CallError {
	kind := media.ErrUnreachable
	switch status {
	case 486, 600, 603:
		kind = media.ErrBusy
	case 408, 480, 487:
		kind = media.ErrNoAnswer
	}
	return &CallError{Status: status, Reason: reason, kind: kind}
}
