package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"attendant/console"
	"attendant/dialog"
	"attendant/media"
	"attendant/media/webrtc"
)

// browsers connects the console's calls from browsers with the attendant.
type browsers struct {
	*webrtc.Server
	attendant *dialog.Attendant
	ready     func() error // why no new calls are taken; nil where they are
}

// openBrowsers opens the port for browsers, none where no address is set.
func openBrowsers(s *server) (*webrtc.Server, error) {
	if s.cfg.ListenRTC == "" {
		return nil, nil
	}
	var relays []webrtc.Relay
	if s.cfg.Relay != "" {
		relays = append(relays, webrtc.Relay{URL: s.cfg.Relay, User: s.cfg.RelayUser, Password: s.cfg.RelaySecret})
	}
	var external []string
	if s.cfg.External != "" {
		external = append(external, s.cfg.External)
	}
	b, err := webrtc.Listen(webrtc.Config{
		Listen: s.cfg.ListenRTC, ListenTCP: s.cfg.RTCOverTCP, External: external, Relays: relays, MaxLegs: s.cfg.MaxCalls, Log: s.log,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSettings, err)
	}
	return b, nil
}

// serveBrowsers serves until ctx ends and browsers' calls have ended.
func (s *server) serveBrowsers(ctx context.Context) error {
	if s.browsers == nil {
		return nil
	}
	return s.browsers.Serve(ctx)
}

// origins are the sites of a list with commas.
func origins(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// browserCounters are the counters of package webrtc by their names as metrics.
func browserCounters(st *webrtc.Stats) map[string]*atomic.Int64 {
	return map[string]*atomic.Int64{
		"attendant_browser_legs":           &st.Active,
		"attendant_browser_calls_accepted": &st.Accepted,
		"attendant_browser_calls_refused":  &st.Refused,
		"attendant_browser_calls_failed":   &st.Failed,
		"attendant_browser_frames_dropped": &st.Dropped,
	}
}

// Call implements console.Browsers.
func (b browsers) Call(ctx context.Context, offer, to, remote string) (id, answer string, err error) {
	if err := b.ready(); err != nil {
		return "", "", fmt.Errorf("%w: %w", console.ErrFull, err)
	}
	peer := media.Peer{Number: "web", Dialled: to, Remote: remote}
	leg, answer, err := b.Accept(ctx, offer, peer, func(ctx context.Context, l *webrtc.Leg) { b.attendant.Answer(ctx, l) })
	if err != nil {
		return "", "", browserError(err)
	}
	return leg.ID(), answer, nil
}

// Patch implements console.Browsers.
func (b browsers) Patch(ctx context.Context, id, fragment string) (string, error) {
	leg, err := b.Leg(id)
	if err != nil {
		return "", browserError(err)
	}
	ours, err := leg.Patch(ctx, fragment)
	return ours, browserError(err)
}

// Hangup implements console.Browsers.
func (b browsers) Hangup(id string) error {
	leg, err := b.Leg(id)
	if err != nil {
		return browserError(err)
	}
	leg.Hangup(media.ErrRemoteHangup)
	return nil
}

// browserError is the console's word for an error of package webrtc.
func browserError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, webrtc.ErrNoLeg):
		return console.ErrGone
	case errors.Is(err, webrtc.ErrFull):
		return console.ErrFull
	case errors.Is(err, webrtc.ErrBadOffer), errors.Is(err, webrtc.ErrBadFragment):
		return fmt.Errorf("%w: %w", console.ErrOffer, err)
	}
	return err
}
