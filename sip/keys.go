package sip

import (
	"context"
	"errors"
	"fmt"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/media/rtp"
)

// Keys says how keys of the telephone go to a far end. Those that come by RFC
// 4733 or by INFO are taken from everybody.
type Keys int

const (
	// KeyEvents sends them by RFC 4733, or where the far end takes no
	// telephone-event by INFO.
	KeyEvents Keys = iota
	// KeyInfo sends them by INFO alone, as application/dtmf-relay.
	KeyInfo
	// KeyTones sends them as tones within the audio, and hears those that come so.
	KeyTones
)

// tones are the keys that are part of the audio.
type tones struct {
	ear   dsp.KeyEar // of the bridge's clock
	voice dsp.KeyVoice
}

// useKeys sets how keys are sent, before the leg is anybody's.
func (l *Leg) useKeys(k Keys) {
	l.keys = k
	if k == KeyTones {
		l.tones = &tones{}
	}
}

// GetFrame implements media.Port.
func (l *Leg) GetFrame(f *media.Frame) bool {
	came := l.Session.GetFrame(f)
	if l.tones == nil || !came {
		return came
	}
	if key, pressed := l.tones.ear.Hear(f[:], media.SampleRateHz); pressed {
		l.Press(key)
	}
	return came
}

// PutFrame implements media.Port.
func (l *Leg) PutFrame(f *media.Frame) {
	if l.tones != nil {
		var keys media.Frame
		if l.tones.voice.Say(keys[:], media.SampleRateHz) {
			f = &keys
		}
	}
	l.Session.PutFrame(f)
}

// SendDigits presses keys, as the far end wants them, and returns when all are
// sent, ctx ends or the leg does. Tones and events need a bridge that calls PutFrame.
func (l *Leg) SendDigits(ctx context.Context, digits string) error {
	switch l.keys {
	case KeyInfo:
		return l.sendInfo(ctx, digits)
	case KeyTones:
		return l.sendTones(ctx, digits)
	}
	// Nobody calls PutFrame any more when the leg has ended.
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	switch err := l.Session.SendDigits(sending, digits); {
	case errors.Is(err, rtp.ErrNoEvents):
		return l.sendInfo(ctx, digits)
	case err != nil && l.ctx.Err() != nil:
		return errLegEnded
	default:
		return err
	}
}

func (l *Leg) sendTones(ctx context.Context, digits string) error {
	said, ok := l.tones.voice.Press(digits)
	if !ok {
		return rtp.ErrBadDigit
	}
	select {
	case <-said:
		return nil
	case <-l.ctx.Done():
		return errLegEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *Leg) sendInfo(ctx context.Context, digits string) error {
	for _, key := range digits {
		res, err := l.ask(ctx, sip.INFO, func(r *sip.Request) {
			r.AppendHeader(sip.NewHeader("Content-Type", "application/dtmf-relay"))
			r.SetBody(fmt.Appendf(nil, "Signal=%c\r\nDuration=160\r\n", key))
		})
		if err != nil {
			return err
		}
		if !res.IsSuccess() {
			return refused(res)
		}
	}
	return nil
}
