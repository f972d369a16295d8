//go:build e2e

package main

import (
	"sync"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/media"
	"attendant/sip"
)

// room is a phone's user who says nothing, in a room where the loudspeaker is
// heard by the microphone: later, and 20 dB more softly.
type room struct {
	mu    sync.Mutex
	air   []media.Frame // on its way; as many frames as the delay has
	heard int
}

func newRoom(delay time.Duration) *room {
	return &room{air: make([]media.Frame, delay/media.FrameDuration)}
}

// PutFrame hears what the phone plays.
func (r *room) PutFrame(f *media.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	echo := *f
	for i := range echo {
		echo[i] /= 10 // -20 dB
	}
	r.air = append(r.air, echo)
	r.heard++
}

// GetFrame is what comes back.
func (r *room) GetFrame(f *media.Frame) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.air) == 0 {
		return false
	}
	*f = r.air[0]
	r.air = r.air[1:]
	return true
}

// TestE2EEchoIsNoBargeIn has the attendant's own voice come back at -20 dB, as by a
// phone without echo cancellation, sooner and later: nothing is cut, paused or
// taken for words.
func TestE2EEchoIsNoBargeIn(t *testing.T) {
	l := start(t)
	greet := func(r *room) {
		leg, err := newPhone(t, 0, nil).server.Dial(t.Context(), "sip:support@"+l.sip, sip.DialOptions{From: "+15550100"})
		if err != nil {
			t.Error(err)
			return
		}
		b := media.NewBridge()
		b.Connect(leg, r)
		b.Connect(r, leg)
		var talking sync.WaitGroup
		talking.Go(func() { b.Run(leg.Context()) })
		time.Sleep(12 * time.Second) // the greeting, and its repetition after silence begins
		leg.Hangup(media.ErrLocalHangup)
		talking.Wait()
	}
	var calls sync.WaitGroup
	delays := []time.Duration{0, 60 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond}
	for _, d := range delays {
		calls.Go(func() { greet(newRoom(d)) })
	}
	calls.Wait()
	l.record(t, len(delays))
	var list []dialog.Record
	l.get(t, "/api/v1/calls", &list)
	for _, head := range list {
		var r dialog.Record
		l.get(t, "/api/v1/calls/"+head.ID, &r)
		for _, turn := range r.Turns {
			if turn.Interrupted || turn.Side != "attendant" {
				t.Errorf("%s %v-%v %q interrupted %v", turn.Side, turn.Start, turn.End, turn.Text, turn.Interrupted)
			}
		}
		if len(r.Turns) == 0 {
			t.Error("nothing was said")
		}
	}
}
