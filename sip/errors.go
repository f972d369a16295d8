package sip

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/sip/header"
	"attendant/sip/sdp"
)

// What is wrong with a description; see package sdp.
var (
	ErrSDP           = sdp.ErrSyntax
	ErrNoCommonCodec = sdp.ErrNoCommonCodec
)

// ErrForbidden is a referral that may not be carried out: the far end is told
// 403.
var ErrForbidden = errors.New("not allowed")

// CallError is an outgoing call that was not answered.
type CallError struct {
	Status int    // the final response; 0 where there was none
	Reason string // in the far end's words, or ours
	Q850   int    // the cause that the far end names, ITU-T Q.850; 0 is none

	Ladder []media.Signal // what was said; none where nothing could be sent

	kind  error
	cause error // beneath; may be nil
}

// Error says what was answered.
func (e *CallError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%v: %s", e.kind, e.Reason)
	}
	return fmt.Sprintf("%v: %d %s", e.kind, e.Status, e.Reason)
}

// Unwrap returns media.ErrBusy, media.ErrNoAnswer or media.ErrUnreachable, and
// what is beneath, such as the cause of a context that ended.
func (e *CallError) Unwrap() []error {
	if e.cause == nil {
		return []error{e.kind}
	}
	return []error{e.kind, e.cause}
}

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

// refused is a request that res refuses, with the cause that res tells of.
func refused(res *sip.Response) *CallError {
	e := callError(res.StatusCode, clean(res.Reason))
	if why, err := header.ParseReason(value(res, "Reason")); err == nil && strings.EqualFold(why.Protocol, "Q.850") {
		e.Q850 = why.Cause
	}
	return e
}

// outranks reports whether e tells more than o of why nobody has answered: a
// refusal for all phones, then another's answer, then our own trouble. RFC 3261
// section 16.7.
func (e *CallError) outranks(o *CallError) bool {
	rank := func(e *CallError) int {
		switch {
		case e.Status >= 600:
			return 0
		case e.Status == 0:
			return 7
		}
		return e.Status / 100
	}
	return rank(e) < rank(o)
}

// Farewell is a far end that has hung up and said why. It is
// media.ErrRemoteHangup. RFC 3326.
type Farewell struct {
	Protocol string // "Q.850", "SIP"
	Cause    int
	Text     string // theirs; may be empty
}

// Error says what the far end has said.
func (f *Farewell) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%v: %s %d %s", media.ErrRemoteHangup, f.Protocol, f.Cause, f.Text))
}

// Unwrap returns media.ErrRemoteHangup.
func (f *Farewell) Unwrap() error { return media.ErrRemoteHangup }

// unreachable is a call that failed before any final response.
func unreachable(err error) *CallError {
	return &CallError{Reason: err.Error(), kind: media.ErrUnreachable, cause: err}
}

// givenUp is a call that ctx ended before it was answered.
func givenUp(ctx context.Context) *CallError {
	cause := context.Cause(ctx)
	return &CallError{Reason: cause.Error(), kind: media.ErrNoAnswer, cause: cause}
}

// reason tells the far end why we end a call. RFC 3326; the numbers are those
// of ITU-T Q.850.
func reason(cause error) string {
	switch {
	case errors.Is(cause, errElsewhere):
		return `SIP;cause=200;text="Call completed elsewhere"`
	case errors.Is(cause, ErrExpired):
		return `Q.850;cause=102;text="Session expired"`
	case errors.Is(cause, media.ErrNoMedia):
		return `Q.850;cause=102;text="No media"`
	case errors.Is(cause, media.ErrShutdown):
		return `Q.850;cause=41;text="Shutting down"`
	case errors.Is(cause, ErrNoCommonCodec):
		return `Q.850;cause=88;text="Incompatible media"`
	}
	return `Q.850;cause=16;text="Normal call clearing"`
}
