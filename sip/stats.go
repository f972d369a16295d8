package sip

import (
	"errors"
	"sync/atomic"
)

// Stats are a server's counters. All but Active only rise. Each incoming call
// is counted in Invites and, when it is decided, in one of Answered, Rejected,
// Cancelled and NoAck; each rejected one in one of the seven causes.
type Stats struct {
	Active atomic.Int64 // legs up, or being set up

	Invites   atomic.Int64 // incoming calls; repeated INVITEs are one
	Answered  atomic.Int64 // incoming calls answered and acknowledged
	Rejected  atomic.Int64 // incoming calls refused by us
	Cancelled atomic.Int64 // incoming calls that the far end took back before its ACK
	NoAck     atomic.Int64 // answers that were never acknowledged, those to a re-INVITE too

	Refused       atomic.Int64 // rejected: by Config.Invited
	Busy          atomic.Int64 // rejected: too many calls, or we are stopping
	NoPort        atomic.Int64 // rejected: every RTP port is taken
	Unsupported   atomic.Int64 // rejected: an extension or a body that we do not know
	Malformed     atomic.Int64 // rejected: headers missing
	BadSDP        atomic.Int64 // rejected: a description that cannot be read
	NoCommonCodec atomic.Int64 // rejected: no codec of ours, or no audio

	Dialled atomic.Int64 // outgoing calls answered
	Failed  atomic.Int64 // outgoing calls not answered, or not with what we can use
	NoMedia atomic.Int64 // legs whose audio stopped coming

	Glares     atomic.Int64 // changes of a session that crossed each other
	Refreshed  atomic.Int64 // sessions that we have refreshed
	Expired    atomic.Int64 // sessions that were not refreshed in time
	TooBrief   atomic.Int64 // session intervals refused as too small
	NoPrack    atomic.Int64 // provisional responses that were never acknowledged
	Forked     atomic.Int64 // answers beside the one that was taken
	Redirected atomic.Int64 // redirections followed
	Referrals  atomic.Int64 // REFERs accepted
	Replaced   atomic.Int64 // legs that another dialog has taken over
	Untrusted  atomic.Int64 // REFERs and Replaces of those who may not
	Lost       atomic.Int64 // dialogs that the far end had forgotten
	Restored   atomic.Int64 // legs gone on with after a restart

	Late     atomic.Int64 // requests within a dialog whose CSeq does not rise
	Overflow atomic.Int64 // requests within a dialog refused as too many waited
	Foreign  atomic.Int64 // requests within a dialog from another host than its peer
	Garbage  atomic.Int64 // messages that are no SIP, or faulty
	Unknown  atomic.Int64 // requests of those who are not known
	TooMany  atomic.Int64 // connections over a bound, or of banned sources
	Broken   atomic.Int64 // connections that ended in silence, in the middle of a message or in no SIP
	Unsent   atomic.Int64 // messages that could not be sent, or were never answered
	Stray    atomic.Int64 // responses to nothing we have asked, late ones mostly
	Panics   atomic.Int64 // handlers that panicked
}

// reject counts an incoming call that we refuse, and why.
func (s *Stats) reject(cause *atomic.Int64) {
	s.Rejected.Add(1)
	cause.Add(1)
}

// description is the cause of a call whose offer or answer came to err.
func (s *Stats) description(err error) *atomic.Int64 {
	if errors.Is(err, ErrNoCommonCodec) {
		return &s.NoCommonCodec
	}
	return &s.BadSDP
}
