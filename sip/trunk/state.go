package trunk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"attendant/sip"
)

// State is how it stands with one trunk. It is plain data.
type State struct {
	Trunk      string    `json:"trunk"`
	Registered string    `json:"registered,omitempty"` // in words; empty where it does not register
	Reachable  string    `json:"reachable,omitempty"`  // in words; empty where it is not watched
	Good       bool      `json:"good"`                 // nothing is known against calling it
	Since      time.Time `json:"since"`                // of what Good says
	Active     int64     `json:"active"`               // calls now
	Incoming   int64     `json:"incoming"`
	Outgoing   int64     `json:"outgoing"`
	Failed     int64     `json:"failed"`
	Refused    int64     `json:"refused"`
}

// health is what registering and watching have found out about a trunk.
type health struct {
	registered, reachable string
	unregistered, down    bool
	failures              int // OPTIONS in a row
	since                 time.Time
	lease                 string // address that the registration is at
}

func (h *health) good() bool { return !h.unregistered && !h.down }

// watched takes in what an OPTIONS came to. One that is lost proves nothing:
// a trunk is down after two.
func (h *health) watched(took time.Duration, err error) {
	if err == nil {
		h.failures, h.down = 0, false
		h.reachable = fmt.Sprintf("answers OPTIONS in %v", took.Round(time.Millisecond))
		return
	}
	h.failures++
	h.reachable = "does not answer OPTIONS: " + Words(err)
	h.down = h.failures >= 2
}

// Words says for people why a request failed.
func Words(err error) string {
	var call *sip.CallError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "the name " + dns.Name + " is not known"
	case !errors.As(err, &call):
		return err.Error()
	case call.Status == 401 || call.Status == 407:
		return fmt.Sprintf("the user or the password is wrong (%d)", call.Status)
	case call.Status == 403:
		return "it refuses us: the user, our address or the domain is not known there (403)"
	case call.Status == 404:
		return "it does not know the user or the number (404)"
	case call.Status == 423:
		return "it wants longer registrations than we ask for (423)"
	case call.Status == 0 && errors.Is(err, context.DeadlineExceeded):
		return "there was no answer in time: is the address right, and does a firewall let us through?"
	case call.Status == 0 && strings.Contains(call.Reason, "refused"):
		return "nothing listens at the address"
	case call.Status == 0:
		return "no answer: " + call.Reason
	}
	_, words := sip.Cause(call.Status)
	return fmt.Sprintf("%s (%d %s)", words, call.Status, call.Reason)
}
