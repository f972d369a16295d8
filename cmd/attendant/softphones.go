package main

import (
	"context"
	"strings"

	"attendant/console"
	"attendant/dialog"
	"attendant/dialog/softphone"
	"attendant/media"
	"attendant/media/webrtc"
)

// openSoftphones lets agents' pages be their phones, where browsers can call.
func (s *server) openSoftphones() {
	if s.browsers == nil {
		return
	}
	s.telephony.softphones = &softphone.Exchange{Connect: func(ctx context.Context, offer string, peer media.Peer, use func(media.Leg)) (string, string, error) {
		leg, answer, err := s.browsers.Accept(ctx, offer, peer, func(_ context.Context, l *webrtc.Leg) {
			l.MustSayGoodbye()
			use(l)
		})
		if err != nil {
			return "", "", browserError(err)
		}
		return leg.ID(), answer, nil
	}}
}

// Watch implements console.Browsers.
func (b browsers) Watch(ctx context.Context, offer, call, remote string, o dialog.Order) (id, answer string, err error) {
	if err := b.attendant.MayWatch(call, o); err != nil {
		return "", "", err
	}
	leg, answer, err := b.Accept(ctx, offer, media.Peer{Number: o.By, Dialled: call, Remote: remote}, func(ctx context.Context, l *webrtc.Leg) {
		if err := b.attendant.Watch(ctx, call, o, l); err != nil { // the call has ended meanwhile; it is audited
			l.Hangup(media.ErrLocalHangup)
		}
	})
	if err != nil {
		return "", "", browserError(err)
	}
	return leg.ID(), answer, nil
}

var _ console.Browsers = browsers{}

// alertWords are what is watched for in what callers say.
func (c *config) alertWords() []string {
	if c.AlertWords == "" {
		return dialog.DefaultAlertWords()
	}
	var out []string
	for word := range strings.SplitSeq(c.AlertWords, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}
