package webrtc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	pion "github.com/pion/webrtc/v4"
)

const (
	// maxFragment and maxCandidates bound what one Patch may bring; a browser with
	// many networks has about twenty candidates.
	maxFragment   = 16 << 10
	maxCandidates = 64
)

// ErrBadFragment is a fragment that cannot be used.
var ErrBadFragment = errors.New("no usable fragment of a description")

// fragment is part of a description: RFC 8840 section 9.
type fragment struct {
	user, password string
	candidates     []pion.ICECandidateInit
}

// parseFragment reads a fragment; lines that it does not know are passed over.
func parseFragment(text string) (fragment, error) {
	var f fragment
	if len(text) > maxFragment {
		return f, fmt.Errorf("%w: it has over %d bytes", ErrBadFragment, maxFragment)
	}
	var mid *string
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		switch name {
		case "a=ice-ufrag":
			f.user = value
		case "a=ice-pwd":
			f.password = value
		case "a=mid":
			mid = &value
		case "a=candidate":
			if len(f.candidates) == maxCandidates {
				return f, fmt.Errorf("%w: it has over %d candidates", ErrBadFragment, maxCandidates)
			}
			f.candidates = append(f.candidates, pion.ICECandidateInit{Candidate: "candidate:" + value, SDPMid: mid})
		}
	}
	if (f.user == "") != (f.password == "") || len(f.user) > 256 || len(f.password) > 256 {
		return f, fmt.Errorf("%w: a user without a password, or the other way round", ErrBadFragment)
	}
	return f, nil
}

// Patch takes a fragment of the browser's description: further candidates, or a
// new user and password, which restart ICE. It returns the fragment of ours that
// answers a restart, else nothing. It blocks as Accept does. ErrBadFragment.
// RFC 9725 section 4.3.
func (l *Leg) Patch(ctx context.Context, text string) (string, error) {
	f, err := parseFragment(text)
	if err != nil {
		return "", err
	}
	l.patching.Lock()
	defer l.patching.Unlock()
	remote := l.pc.RemoteDescription()
	if remote == nil || l.ctx.Err() != nil {
		return "", ErrNoLeg
	}
	if f.user != "" && f.user != attribute(remote.SDP, "ice-ufrag") {
		return l.restart(ctx, remote.SDP, f)
	}
	for _, c := range f.candidates {
		if err := l.pc.AddICECandidate(c); err != nil {
			return "", fmt.Errorf("%w: %w", ErrBadFragment, err)
		}
	}
	return "", nil
}

// restart answers the last offer anew, with the browser's new user, password and
// candidates.
func (l *Leg) restart(ctx context.Context, offer string, f fragment) (string, error) {
	var b strings.Builder
	for line := range strings.Lines(offer) {
		switch name, _, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); name {
		case "a=ice-ufrag":
			line = "a=ice-ufrag:" + f.user + "\r\n"
		case "a=ice-pwd":
			line = "a=ice-pwd:" + f.password + "\r\n"
		case "a=candidate", "a=end-of-candidates":
			continue
		}
		b.WriteString(line)
	}
	if err := l.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: b.String()}); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadFragment, err)
	}
	ctx, cancel := context.WithTimeout(ctx, acceptPatience)
	defer cancel()
	answer, err := l.describe(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range f.candidates {
		if err := l.pc.AddICECandidate(c); err != nil {
			return "", fmt.Errorf("%w: %w", ErrBadFragment, err)
		}
	}
	return cut(answer), nil
}

// cut is the fragment of a description that tells of ICE.
func cut(description string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:%s\r\n",
		attribute(description, "ice-ufrag"), attribute(description, "ice-pwd"), attribute(description, "mid"))
	for line := range strings.Lines(description) {
		if strings.HasPrefix(line, "a=candidate:") {
			b.WriteString(strings.TrimRight(line, "\r\n") + "\r\n")
		}
	}
	b.WriteString("a=end-of-candidates\r\n")
	return b.String()
}

// attribute is the first value of an attribute in a description.
func attribute(description, name string) string {
	_, rest, _ := strings.Cut(description, "a="+name+":")
	value, _, _ := strings.Cut(rest, "\n")
	return strings.TrimRight(value, "\r")
}
