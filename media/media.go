// Package media carries audio between the parties of a call.
//
// The central type is the Bridge: one call's clock and its switchboard. Every
// 20 ms it takes one Frame from each Port (GetFrame), mixes what each Port may
// hear, and hands the result over (PutFrame). Bridge.Connect is the only verb
// of mixing: hold, recording, listening, whispering and handing over are all
// connections made and unmade.
//
// Guarantees: a Frame is a value and is never shared between goroutines; the
// bridge's tick never blocks and never allocates; a Port that has nothing to
// say is silence, not a stall.
package media

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// SampleRateHz is the rate of all audio inside the program. Codecs that
	// work at another rate resample at the edge.
	SampleRateHz = 16000
	// FrameDuration is the time that one Frame lasts.
	FrameDuration = 20 * time.Millisecond
	// FrameSamples is the number of samples in a Frame.
	FrameSamples = SampleRateHz / 50
)

// Frame is 20 ms of audio: mono, 16 kHz, signed 16-bit linear PCM. It is a
// value: two goroutines never share one.
type Frame [FrameSamples]int16

// Port is one party's place at a Bridge. The bridge's clock calls both methods
// every 20 ms from one goroutine; neither blocks nor allocates.
type Port interface {
	// GetFrame fills f with what the party says in this tick. It reports false,
	// leaving f undefined, where the party says nothing.
	GetFrame(f *Frame) bool
	// PutFrame gives the party what it hears in this tick, silence included.
	// The port keeps nothing of f after it returns.
	PutFrame(f *Frame)
}

// Leg is a Port with a far end: a SIP dialog, a browser, a registered phone.
type Leg interface {
	Port
	// Peer tells who is at the far end and how it is connected.
	Peer() Peer
	// Digits carries the keys that the far end presses, each once, in order.
	// The leg drops a digit, and counts it, when 32 wait unread. It is never
	// closed; the leg's context tells when no more can come.
	Digits() <-chan Digit
	// Context ends when the leg has ended; context.Cause tells why.
	Context() context.Context
	// Hangup ends the leg for the given cause and returns when its far end has
	// been told and its sockets are closed. Calling it again does nothing.
	Hangup(cause error)
}

// Peer is what is known of a leg's far end. All of it is claimed by the far
// end or its carrier: none of it proves who is calling.
type Peer struct {
	CallID    string    // the signalling's own id, SIP's Call-ID
	Number    string    // who calls, or is called: the user part or E.164 number
	Name      string    // display name, as sent
	Dialled   string    // the number or user that the caller dialled
	Remote    string    // address and port of the signalling peer
	Transport string    // "udp", "tcp", ...
	Codec     string    // the codec in use, "G722/8000"
	Bandwidth Bandwidth // what the codec lets through
	Encrypted bool      // audio goes as SRTP
	Private   bool      // the caller's number must be shown to nobody else, RFC 3323
	Diverted  string    // whom the caller had dialled first, where a trusted peer says so
	Referrer  string    // who has sent the caller to us, or us to the callee; RFC 3892
	Trunk     string    // which trunk the call came over; empty is none
	Phone     string    // which registered phone calls; empty is none
	Caller    string    // what is known of the caller's number, in words; a hint, no proof
}

// Bandwidth is the band of speech that a codec carries.
type Bandwidth int

const (
	// Wideband is 50 to 7,000 Hz: G.722, Opus.
	Wideband Bandwidth = iota
	// Narrowband is 300 to 3,400 Hz: G.711 and the telephone network behind it.
	Narrowband
)

// String returns "wideband" or "narrowband".
func (b Bandwidth) String() string {
	if b == Narrowband {
		return "narrowband"
	}
	return "wideband"
}

// Signal is one message of a leg's signalling, summarised. It has no keys, no
// credentials and nobody's address.
type Signal struct {
	At      time.Time `json:"at"`
	Sent    bool      `json:"sent,omitempty"` // by us
	What    string    `json:"what"`           // "INVITE", "200 OK (INVITE)"
	Summary string    `json:"summary,omitempty"`
}

// Digit is one key press, told when the key goes down: '0' to '9', '*', '#',
// 'A' to 'D'. RFC 4733 section 3.2.
type Digit struct{ Key byte }

// Why a leg ended. Each is the cause of a leg's context, perhaps wrapped.
var (
	// ErrRemoteHangup is a far end that hung up.
	ErrRemoteHangup = errors.New("far end hung up")
	// ErrLocalHangup is our side having ended the leg as part of the call.
	ErrLocalHangup = errors.New("we hung up")
	// ErrNoMedia is a far end whose audio stopped coming.
	ErrNoMedia = errors.New("no media from the far end")
	// ErrNoAnswer is a far end that did not answer in time.
	ErrNoAnswer = errors.New("no answer")
	// ErrBusy is a far end that is busy or declines.
	ErrBusy = errors.New("busy")
	// ErrDeclined is a person who does not want the call, where that is known for
	// sure; it wraps ErrBusy.
	ErrDeclined = fmt.Errorf("declined: %w", ErrBusy)
	// ErrUnreachable is a far end that cannot be reached or refuses.
	ErrUnreachable = errors.New("unreachable")
	// ErrShutdown is a program that is stopping.
	ErrShutdown = errors.New("shutting down")
)
