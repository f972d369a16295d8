// Package queue decides which human takes which caller, and when.
//
// The central type is Board: agents with their skills and states, queues with
// their rules, and the callers who wait. It is a deterministic state machine:
// every method is given the time, no method blocks, no goroutine runs, and the
// same calls in the same order come to the same end. Whoever drives it (package
// dialog) asks which agents to ring for a caller (Offers), waits for Changed or
// until Wake, and tells what came of it (Accept, Refuse, Leave, Release).
//
// Guarantees: an agent has at most one caller at a time, being rung included; a
// caller who waits gets exactly one Outcome, whoever claims at once; a caller
// who waits is offered to a free agent who may take the call as soon as there is
// one, the first in line first; what happens is told to the observer once and in
// order. Any goroutine may call a Board's methods.
package queue
