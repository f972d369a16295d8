package dialog_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/dialog"
	"attendant/dialog/queue"
	"attendant/media"
	"attendant/speech"
)

// referee is a Referrer whose phones take their time and then do, or do not, what
// they are asked.
type referee struct {
	takes time.Duration
	err   error

	mu    sync.Mutex
	asked []string
}

func (r *referee) ask(ctx context.Context, what string) error {
	r.mu.Lock()
	r.asked = append(r.asked, what)
	r.mu.Unlock()
	select {
	case <-time.After(r.takes): // the NOTIFYs until the final one
		return r.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *referee) Refer(ctx context.Context, leg media.Leg, target string) error {
	return r.ask(ctx, leg.Peer().Number+" to "+target)
}

func (r *referee) ReferReplaces(ctx context.Context, leg, other media.Leg) error {
	return r.ask(ctx, leg.Peer().Number+" to "+other.Peer().Number)
}

// referring is a hall in which r transfers.
func referring(r *referee, queueYAML string) func(t *testing.T) *hall {
	return func(t *testing.T) *hall {
		h := newHall(t, queueYAML)
		h.Desk.Referrer = r
		return h
	}
}

func TestBlindTransferLeavesTheCallToTheCaller(t *testing.T) {
	for _, c := range []struct{ queue, asked string }{
		{"mode: blind", "+15550100 to ann"},
		{"mode: blind, target: sip:queue@pbx.example", "+15550100 to sip:queue@pbx.example"},
	} {
		r := &referee{takes: 3 * time.Second}
		made := referring(r, c.queue)
		in(t, &made, func(t *testing.T, h *hall) {
			h.leg.Press("0")
			time.Sleep(3 * time.Second)
			h.wants(t, "while the caller's phone calls", map[string]string{"caller": "music"})
			time.Sleep(5 * time.Second)
			row := h.drawer.last(t)
			if strings.Join(r.asked, ",") != c.asked || h.phones.order() != "" || !h.leg.HungUp() {
				t.Errorf("asked %v, rung %q, caller's leg down: %v", r.asked, h.phones.order(), h.leg.HungUp())
			}
			if row.Outcome != "answered" || row.Agent != "ann" || row.Closed != "transferred" || row.Stage != "ended" || h.books.record(0).Outcome != "escalated" {
				t.Errorf("hand-over %+v", row)
			}
			if h.state("ann") != queue.Available {
				t.Errorf("ann is %s", h.state("ann"))
			}
		})
	}
}

func TestFailedTransferFallsBackToTheBridge(t *testing.T) {
	for _, mode := range []string{"blind", "attended"} {
		r := &referee{takes: time.Second, err: errors.New("603 Decline")}
		made := referring(r, "mode: "+mode)
		in(t, &made, func(t *testing.T, h *hall) {
			h.leg.Press("0")
			time.Sleep(8 * time.Second)
			ann := h.phones.leg(t, "ann")
			ann.Press("1")
			time.Sleep(2 * time.Second)
			h.leg.Say(pitched("caller", time.Minute)...)
			ann.Say(pitched("ann", time.Minute)...)
			h.wants(t, mode, map[string]string{"caller": "ann", "ann": "caller"})
			if len(r.asked) != 1 || !told(h, "transfer failed") {
				t.Errorf("%s: asked %v; told that it failed: %v", mode, r.asked, told(h, "transfer failed"))
			}
		})
	}
}

// told reports whether the hub has told so of a hand-over.
func told(h *hall, text string) bool {
	return slices.ContainsFunc(h.Hub.Recent(), func(e dialog.Event) bool { return e.Kind == dialog.HandedOver && e.Text == text })
}

func TestAttendedTransferConnectsTheTwoPhones(t *testing.T) {
	r := &referee{takes: time.Second}
	made := referring(r, "mode: attended")
	in(t, &made, func(t *testing.T, h *hall) {
		h.phones.behave["ann"] = after(3*time.Second, nil)
		h.leg.Press("0")
		time.Sleep(8 * time.Second)
		ann := h.phones.leg(t, "ann")
		h.wants(t, "briefing", map[string]string{"ann": "voice"})
		ann.Press("1")
		time.Sleep(5 * time.Second)
		row := h.drawer.last(t)
		if strings.Join(r.asked, ",") != "+15550100 to ann" || !ann.HungUp() || !h.leg.HungUp() {
			t.Errorf("asked %v, legs down: %v, %v", r.asked, ann.HungUp(), h.leg.HungUp())
		}
		if row.Outcome != "answered" || row.Closed != "transferred" || h.state("ann") != queue.Available {
			t.Errorf("hand-over %+v, ann is %s", row, h.state("ann"))
		}
	})
}

func TestCallerHangsUpDuringATransfer(t *testing.T) {
	for _, mode := range []string{"blind", "attended"} {
		made := referring(&referee{takes: time.Minute}, "mode: "+mode)
		in(t, &made, func(t *testing.T, h *hall) {
			h.leg.Press("0")
			time.Sleep(8 * time.Second)
			if mode == "attended" {
				h.phones.leg(t, "ann").Press("1")
				time.Sleep(time.Second)
			}
			h.leg.Leave()
			time.Sleep(5 * time.Second)
			if row := h.drawer.last(t); row.Stage != "ended" {
				t.Errorf("%s: hand-over %+v", mode, row)
			}
		})
	}
}

// TestIntroduction has the attendant present the agent to both, and either of them
// leave meanwhile.
func TestIntroduction(t *testing.T) {
	for _, leaves := range []string{"nobody", "caller", "ann"} {
		play(t, "introduce: true", func(t *testing.T, h *hall) {
			h.leg.Press("0")
			time.Sleep(6 * time.Second)
			ann := h.phones.leg(t, "ann")
			ann.Press("1")
			h.wants(t, "introduced", map[string]string{"caller": "voice", "ann": "voice"})
			switch leaves {
			case "caller":
				h.leg.Leave()
				time.Sleep(5 * time.Second)
				if row := h.drawer.last(t); row.Outcome != "answered" || row.Stage != "ended" {
					t.Errorf("hand-over %+v", row)
				}
				return
			case "ann":
				ann.Leave() // within three seconds: a slip of the hand
				time.Sleep(8 * time.Second)
				h.phones.leg(t, "bob").Press("1")
				time.Sleep(time.Second)
				if row := h.drawer.last(t); row.Agent != "bob" {
					t.Errorf("hand-over %+v", row)
				}
				return
			}
			time.Sleep(5 * time.Second)
			h.leg.Say(pitched("caller", time.Minute)...)
			ann.Say(pitched("ann", time.Minute)...)
			h.wants(t, "after it", map[string]string{"caller": "ann", "ann": "caller"})
			if !strings.Contains(h.said(), "Ann") {
				t.Errorf("said %s", h.said())
			}
		})
	}
}

// TestNotesAreTakenWhereAllowed has the attendant write down what caller and agent
// say, or nothing of it.
func TestNotesAreTakenWhereAllowed(t *testing.T) {
	for _, notes := range []bool{true, false} {
		made := func(t *testing.T) *hall {
			yaml := "notes: true"
			if !notes {
				yaml = "notes: false"
			}
			return newHall(t, yaml, "the kettle is red", "i send you a new one")
		}
		in(t, &made, func(t *testing.T, h *hall) {
			h.leg.Press("0")
			time.Sleep(6 * time.Second)
			ann := h.phones.leg(t, "ann")
			ann.Press("1")
			time.Sleep(time.Second)
			h.leg.Say(tone(time.Second)...)
			time.Sleep(4 * time.Second)
			ann.Say(tone(time.Second)...)
			time.Sleep(4 * time.Second)
			h.leg.Leave()
			time.Sleep(5 * time.Second)
			r := h.books.record(0)
			caller, human := strings.Join(side(r, "caller"), " "), strings.Join(side(r, "human"), " ")
			if strings.Contains(caller, "kettle") != notes || strings.Contains(human, "new one") != notes {
				t.Errorf("notes %v: caller %q, human %q", notes, caller, human)
			}
		})
	}
}

// TestAgentsAreToldOfSupervisorsWhereVisible checks both policies, both ways: the
// caller is never told.
func TestAgentsAreToldOfSupervisorsWhereVisible(t *testing.T) {
	for yaml, heard := range map[string]string{"visible: true": "caller voice", "visible: false": "caller"} {
		play(t, yaml, func(t *testing.T, h *hall) {
			h.connect(t)
			h.order(t, dialog.Order{Verb: dialog.Listen, By: "sue", Role: "supervisor"})
			h.wants(t, yaml, map[string]string{"ann": heard, "caller": "ann", "sue": "ann caller"})
		})
	}
}

// TestRestartKeepsCallbacksAndClosesTheRest begins with what a process that was
// killed has left behind.
func TestRestartKeepsCallbacksAndClosesTheRest(t *testing.T) {
	made := func(t *testing.T) *hall {
		h := newHall(t, "")
		ago := time.Now().Add(-time.Minute)
		h.drawer.rows = []dialog.HandOver{
			{ID: "1", Call: "a", Number: "+15550111", Queue: "support", Stage: "waiting", Since: ago},
			{ID: "2", Call: "b", Number: "+15550112", Queue: "support", Stage: "together", Outcome: "answered", Agent: "ann", Since: ago, Answered: ago},
			{ID: "3", Call: "c", Number: "+15550100", Queue: "support", Stage: "callback", Outcome: "callback", Language: "en-US", Since: ago},
			{ID: "4", Call: "d", Number: "+15550100", Queue: "gone", Stage: "callback", Outcome: "callback", Language: "en-US", Since: ago},
		}
		h.phones.behave["tel:+15550100"] = after(time.Second, media.ErrNoAnswer)
		return h
	}
	in(t, &made, func(t *testing.T, h *hall) {
		time.Sleep(time.Second)
		for i, want := range []dialog.HandOver{{Outcome: "abandoned"}, {Outcome: "answered"}} {
			if row := h.drawer.row(i); row.Stage != "ended" || row.Closed != "the program stopped" || row.Outcome != want.Outcome {
				t.Errorf("row %+v", row)
			}
		}
		time.Sleep(100 * time.Second) // three tries each, of a phone that nobody answers
		if n := strings.Count(h.phones.order(), "tel:+15550100"); n != 6 || strings.Contains(h.phones.order(), "ann") {
			t.Errorf("rung %s", h.phones.order())
		}
		for _, i := range []int{2, 3} {
			if row := h.drawer.row(i); row.Stage != "ended" || row.Outcome != string(queue.Failed) || row.Closed != "not reached" {
				t.Errorf("row %+v", row)
			}
		}
		if len(h.board.Queues(time.Now())[0].Waiting) != 0 || h.state("ann") != queue.Available {
			t.Errorf("waiting %+v, ann is %s", h.board.Queues(time.Now())[0].Waiting, h.state("ann"))
		}
	})
}

func (d *drawer) row(i int) dialog.HandOver {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rows[i]
}

func TestClosedQueueOverflowsIntoAnother(t *testing.T) {
	made := func(t *testing.T) *hall {
		return hallOf(t, `
queues: [{name: support, hours: {days: []}, overflow: queue other}, {name: other}]
agents: [{name: ann, addresses: [ann], state: available, queues: {other: 1}}, {name: bob, addresses: [bob], state: available, queues: {support: 1}}]`)
	}
	in(t, &made, func(t *testing.T, h *hall) {
		h.connect(t)
		h.wants(t, "in the other queue", map[string]string{"caller": "ann", "ann": "caller"})
		if row := h.drawer.last(t); row.Queue != "other" || row.Agent != "ann" {
			t.Errorf("hand-over %+v", row)
		}
	})
}

func TestAgentDeclinesByVoice(t *testing.T) {
	made := func(t *testing.T) *hall { return newHall(t, "", "no not now") }
	in(t, &made, func(t *testing.T, h *hall) {
		h.leg.Press("0")
		time.Sleep(6 * time.Second)
		h.phones.leg(t, "ann").Say(tone(time.Second)...)
		time.Sleep(4 * time.Second)
		h.phones.leg(t, "bob")
		h.leg.Leave()
		time.Sleep(5 * time.Second)
		if row := h.drawer.last(t); row.Tries[0].Result != string(queue.Declined) {
			t.Errorf("tries %+v", row.Tries)
		}
	})
}

// TestAcceptDoesNotWaitForTheVoice has a voice that takes a second to end: caller
// and agent hear each other within three ticks all the same.
func TestAcceptDoesNotWaitForTheVoice(t *testing.T) {
	made := func(t *testing.T) *hall {
		h := newHall(t, "")
		h.Synthesizer = lingering{}
		return h
	}
	in(t, &made, func(t *testing.T, h *hall) {
		h.leg.Press("0")
		time.Sleep(8 * time.Second)
		ann := h.phones.leg(t, "ann")
		ann.Say(pitched("ann", 30*time.Second)...)
		h.leg.Say(pitched("caller", 30*time.Second)...)
		time.Sleep(time.Second)
		ann.Press("1")
		time.Sleep(60 * time.Millisecond)
		before := len(ann.Heard())
		time.Sleep(300 * time.Millisecond)
		if got := hears(ann); got != "caller" || len(ann.Heard()) <= before {
			t.Errorf("ann hears %q", got)
		}
		if got := hears(h.leg); got != "ann" {
			t.Errorf("the caller hears %q", got)
		}
	})
}

// lingering is a voice that makes a sentence while the one before is played, and
// takes a second to end when it is cut.
type lingering struct{}

// Synthesize implements speech.Synthesizer.
func (lingering) Synthesize(ctx context.Context, _ speech.Voice, text <-chan string, segments chan<- speech.Segment) error {
	for t := range text {
		audio := tone(200 * time.Millisecond * time.Duration(len(strings.Fields(t))))
		select {
		case segments <- speech.Segment{Text: t, Audio: audio}:
		case <-ctx.Done():
		}
		select {
		case <-time.After(time.Duration(len(audio)) * media.FrameDuration):
		case <-ctx.Done():
			time.Sleep(time.Second)
			return ctx.Err()
		}
	}
	return nil
}

// TestSealedRecordings has every file of a call pass through the seal.
func TestSealedRecordings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.Recordings = t.TempDir()
		var seals []*seal
		s.Seal = func(w io.Writer) (io.WriteCloser, error) {
			seals = append(seals, &seal{to: w})
			return seals[len(seals)-1], nil
		}
		time.AfterFunc(10*time.Second, s.leg.Leave)
		r := s.answer(t, t.Context())
		data, err := os.ReadFile(filepath.Join(s.Recordings, r.Recording))
		if err != nil || !strings.HasSuffix(r.Recording, ".wav.age") || len(data) < 500_000 || strings.Contains(string(data), "RIFF") {
			t.Errorf("%s: %d octets, %v", r.Recording, len(data), err)
		}
		if len(seals) != 1 || !seals[0].closed {
			t.Errorf("seals %+v", seals)
		}
	})
}

// seal turns every bit over.
type seal struct {
	to     io.Writer
	closed bool
}

func (s *seal) Write(p []byte) (int, error) {
	turned := make([]byte, len(p))
	for i, b := range p {
		turned[i] = ^b
	}
	return s.to.Write(turned)
}

func (s *seal) Close() error {
	s.closed = true
	return nil
}
