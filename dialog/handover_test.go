package dialog_test

// The exits of a hand-over, and where each is tested.
//
// An agent does not take the call, and the next is rung within a second
// (TestAgentWhoDoesNotTakeTheCall, a subtest each): declines by key, busy, no
// answer, unreachable, hangs up during the briefing, network gone then, set away
// while ringing, says nothing. Declines by voice: TestAgentDeclinesByVoice. An
// answering machine: TestAnsweringMachineIsNoAgent. Two accept at once: package
// queue's
// TestClaimsAtOnceHaveOneOutcome and its model.
//
// Nobody takes it: TestOverflowGoesBackToTheAttendant, TestClosedQueueTakesAMessage,
// TestClosedQueueOverflowsIntoAnother, TestCallbackKeepsThePlace; the caller cannot be
// called back: TestOnlyTheOwnNumberIsCalledBack, or does not answer then:
// TestRestartKeepsCallbacksAndClosesTheRest.
//
// The caller hangs up (TestCallerHangsUp, a subtest each): while ringing, during the
// briefing, while nobody is free, while talking, on hold, while the agent consults,
// while a colleague is rung; during a REFER: TestCallerHangsUpDuringATransfer; during
// the introduction: TestIntroduction. Who calls again has the place:
// TestCutOffCallerGetsThePlaceBack. The caller goes back: TestCallerWhoWaitsMayAskAndReturn.
//
// The agent leaves: before the answer, see above; within three seconds of the bridge
// or as the audio stops: TestAgentLostIsReplaced, TestAgentLostBringsTheCallerBack (that
// a phone's silence of six seconds ends its leg: cmd/attendant's
// TestE2EAgentWhosePhoneFallsSilent); in the introduction: TestIntroduction; later:
// TestWarmHandOver; during a consultation: TestHangingUpCompletesAConsultation; while
// moving the call: transfer_test.go.
//
// REFER: TestBlindTransferLeavesTheCallToTheCaller, TestAttendedTransferConnectsTheTwoPhones,
// TestFailedTransferFallsBackToTheBridge. A supervisor takes over: TestSupervisorOfAHumanCall,
// TestSupervisorOfAnAttendedCall. The process ends: TestRestartKeepsCallbacksAndClosesTheRest.
// All of it at random: TestRandomHandOvers.

import (
	"context"
	"strings"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/dialog/queue"
	"attendant/media"
	"attendant/media/mediatest"
)

func TestWarmHandOver(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		h.phones.behave["ann"] = after(3*time.Second, nil)
		h.leg.Press("0")
		time.Sleep(8 * time.Second)
		ann := h.phones.leg(t, "ann")
		h.wants(t, "briefing", map[string]string{"caller": "music", "ann": "voice"})
		ann.Press("1")
		time.Sleep(100 * time.Millisecond)
		h.leg.Say(pitched("caller", time.Minute)...)
		ann.Say(pitched("ann", time.Minute)...)
		h.wants(t, "together", map[string]string{"caller": "ann", "ann": "caller"})
		if silent := longestSilence(h.leg.Heard()[50:]); silent > 2*time.Second {
			t.Errorf("the caller heard nothing for %v", silent)
		}
		time.Sleep(5 * time.Second)
		ann.Leave()
		time.Sleep(time.Second)
		row := h.drawer.last(t)
		if row.Outcome != "answered" || row.Agent != "ann" || row.Stage != "ended" || row.Closed != "agent hung up" || len(row.Tries) != 1 {
			t.Errorf("hand-over %+v", row)
		}
		if r := h.books.record(0); r.Outcome != "escalated" || len(r.HandOvers) != 1 {
			t.Errorf("record: outcome %s, %d hand-overs", r.Outcome, len(r.HandOvers))
		}
	})
}

// longestSilence is the longest run of frames without a sound.
func longestSilence(frames []media.Frame) time.Duration {
	longest, run := 0, 0
	for _, f := range frames {
		if run++; f != (media.Frame{}) {
			run = 0
		}
		longest = max(longest, run)
	}
	return time.Duration(longest) * media.FrameDuration
}

// TestAgentWhoDoesNotTakeTheCall has one subtest for each way in which a first
// agent does not: the second is rung, within a second of it, and takes the call.
func TestAgentWhoDoesNotTakeTheCall(t *testing.T) {
	answersThen := func(do func(*mediatest.Leg)) func(*hall, *testing.T) {
		return func(h *hall, t *testing.T) {
			time.Sleep(6 * time.Second)
			do(h.phones.leg(t, "ann"))
		}
	}
	for _, c := range []struct {
		name   string
		behave func(context.Context) error
		then   func(*hall, *testing.T)
		result queue.Refusal
	}{
		{"declines by key", nil, answersThen(func(l *mediatest.Leg) { l.Press("2") }), queue.Declined},
		{"busy", after(time.Second, media.ErrBusy), nil, queue.IsBusy},
		{"no answer", after(time.Hour, nil), nil, queue.NoAnswer},
		{"unreachable", after(time.Second, media.ErrUnreachable), nil, queue.Unreachable},
		{"hangs up during the briefing", nil, answersThen((*mediatest.Leg).Leave), queue.HungUp},
		{"network gone during the briefing", nil, answersThen((*mediatest.Leg).Break), queue.Unreachable},
		{"goes away while ringing", after(time.Hour, nil), func(h *hall, t *testing.T) {
			time.Sleep(6 * time.Second)
			if err := h.SetAgent("ann", queue.Away); err != nil {
				t.Error(err)
			}
		}, queue.Withdrawn},
		{"says nothing", nil, nil, queue.NoAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, "", func(t *testing.T, h *hall) {
				h.phones.behave["ann"] = c.behave
				h.leg.Press("0")
				if c.then != nil {
					c.then(h, t)
				}
				for range 60 {
					if time.Sleep(time.Second); strings.HasSuffix(h.phones.order(), "bob") {
						break
					}
				}
				time.Sleep(5 * time.Second)
				h.phones.leg(t, "bob").Press("1")
				time.Sleep(time.Second)
				h.leg.Leave()
				time.Sleep(5 * time.Second)
				row := h.drawer.last(t)
				if row.Agent != "bob" || len(row.Tries) != 2 || row.Tries[0].Result != string(c.result) || row.Tries[1].Result != "accepted" {
					t.Fatalf("agent %s, tries %+v", row.Agent, row.Tries)
				}
				first := row.Tries[0]
				if gap := row.Tries[1].At.Sub(first.At.Add(first.Took)); gap > time.Second {
					t.Errorf("the next agent was rung %v after the first had not taken it", gap)
				}
			})
		})
	}
}

func TestAnsweringMachineIsNoAgent(t *testing.T) {
	made := func(t *testing.T) *hall {
		return newHall(t, "", "please leave a message after the tone", "yes")
	}
	in(t, &made, func(t *testing.T, h *hall) {
		h.leg.Press("0")
		time.Sleep(5 * time.Second)
		h.phones.leg(t, "ann").Say(pitched("ann", 2*time.Second)...)
		time.Sleep(8 * time.Second)
		bob := h.phones.leg(t, "bob")
		bob.Say(pitched("bob", time.Second)...) // "yes"
		time.Sleep(5 * time.Second)
		row := h.drawer.last(t)
		if row.Agent != "bob" || row.Tries[0].Result != string(queue.Machine) {
			t.Errorf("agent %s, tries %+v", row.Agent, row.Tries)
		}
	})
}

// TestCallerHangsUp has one subtest for each stage: nobody is left on the line,
// and there is one record.
func TestCallerHangsUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		at      func(t *testing.T, h *hall)
		outcome string
	}{
		{"while ringing", func(_ *testing.T, h *hall) {
			h.phones.behave["ann"] = after(time.Hour, nil)
			h.leg.Press("0")
			time.Sleep(8 * time.Second)
		}, "abandoned"},
		{"during the briefing", func(t *testing.T, h *hall) {
			h.leg.Press("0")
			time.Sleep(8 * time.Second)
			h.phones.leg(t, "ann")
		}, "abandoned"},
		{"while nobody is free", func(t *testing.T, h *hall) {
			for _, a := range []string{"ann", "bob"} {
				if err := h.SetAgent(a, queue.Away); err != nil {
					t.Error(err)
				}
			}
			h.leg.Press("0")
			time.Sleep(30 * time.Second)
		}, "abandoned"},
		{"while talking", func(t *testing.T, h *hall) { h.connect(t) }, "answered"},
		{"on hold", func(t *testing.T, h *hall) { h.connect(t).Press("*1") }, "answered"},
		{"while the agent consults", func(t *testing.T, h *hall) {
			h.connect(t).Press("*2202#")
			time.Sleep(time.Second)
			h.phones.leg(t, "bob")
		}, "answered"},
		{"while a colleague is rung", func(t *testing.T, h *hall) {
			h.phones.behave["bob"] = after(time.Hour, nil)
			h.connect(t).Press("*2202#")
			time.Sleep(time.Second)
		}, "answered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, "", func(t *testing.T, h *hall) {
				c.at(t, h)
				h.leg.Leave()
				time.Sleep(10 * time.Second)
				if row := h.drawer.last(t); row.Outcome != c.outcome || row.Stage != "ended" {
					t.Errorf("hand-over %+v", row)
				}
			})
		})
	}
}

func TestAgentLostIsReplaced(t *testing.T) {
	for name, lose := range map[string]func(*mediatest.Leg){
		"audio stops":                     func(l *mediatest.Leg) { time.Sleep(10 * time.Second); l.Break() },
		"hangs up right after the bridge": func(l *mediatest.Leg) { l.Leave() },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, "", func(t *testing.T, h *hall) {
				lose(h.connect(t))
				time.Sleep(10 * time.Second)
				h.phones.leg(t, "bob").Press("1")
				h.phones.leg(t, "bob").Say(pitched("bob", time.Minute)...)
				h.wants(t, "with the second agent", map[string]string{"caller": "bob", "bob": "caller"})
				if row := h.drawer.last(t); row.Agent != "bob" {
					t.Errorf("hand-over %+v", row)
				}
				if !strings.Contains(h.said(), "the line to my colleague broke") {
					t.Errorf("the caller was not told: %s", h.said())
				}
			})
		})
	}
}

func TestAgentLostBringsTheCallerBack(t *testing.T) {
	play(t, "lost: attendant", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		time.Sleep(5 * time.Second)
		ann.Break()
		time.Sleep(10 * time.Second)
		h.leg.Leave()
		time.Sleep(5 * time.Second)
		if h.phones.order() != "ann" || !strings.Contains(strings.Join(side(h.books.record(0), "attendant"), " "), "anything else") {
			t.Errorf("rung %s, said %v", h.phones.order(), side(h.books.record(0), "attendant"))
		}
	})
}

// said is what the attendant has said so far.
func (h *hall) said() string {
	var out []string
	for _, e := range h.Hub.Recent() {
		if e.Kind == dialog.TurnEnded && e.Turn.Side == "attendant" {
			out = append(out, e.Turn.Text)
		}
	}
	return strings.Join(out, " ")
}

func (h *hall) nobody(t *testing.T) {
	t.Helper()
	for _, a := range []string{"ann", "bob"} {
		if err := h.SetAgent(a, queue.Away); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOverflowGoesBackToTheAttendant(t *testing.T) {
	play(t, "max_wait: 40s", func(t *testing.T, h *hall) {
		h.nobody(t)
		h.leg.Press("0")
		time.Sleep(70 * time.Second)
		if s := h.said(); !strings.Contains(s, "nobody is free for you yet") || !strings.Contains(s, "Shall a colleague call you back?") {
			t.Errorf("said %s", s)
		}
		if row := h.drawer.last(t); row.Outcome != string(queue.Overflowed) {
			t.Errorf("hand-over %+v", row)
		}
		if silent := longestSilence(h.leg.Heard()[250 : 40*50]); silent > 2*time.Second {
			t.Errorf("the caller heard nothing for %v", silent)
		}
	})
}

func TestClosedQueueTakesAMessage(t *testing.T) {
	made := func(t *testing.T) *hall {
		return newHall(t, `overflow: voicemail, hours: {days: []}`, "my kettle leaks please call me")
	}
	in(t, &made, func(t *testing.T, h *hall) {
		h.leg.Press("0")
		time.Sleep(11 * time.Second)
		h.leg.Say(tone(2 * time.Second)...)
		time.Sleep(20 * time.Second)
		if !strings.Contains(h.said(), "not there at this hour") || len(h.books.tickets) != 1 {
			t.Fatalf("said %s, tickets %+v", h.said(), h.books.tickets)
		}
		if k := h.books.tickets[0]; k.Kind != "voicemail" || k.Phone != "+15550100" || !strings.Contains(k.Body, "my kettle leaks") {
			t.Errorf("ticket %+v", k)
		}
	})
}

func TestCallbackKeepsThePlace(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		h.nobody(t)
		h.leg.Press("0")
		time.Sleep(20 * time.Second)
		h.leg.Press("1")
		time.Sleep(10 * time.Second)
		if !strings.Contains(h.said(), "1 5 5 5 0 1 0 0") {
			t.Errorf("the number was not read back: %s", h.said())
		}
		h.leg.Press("1")
		time.Sleep(15 * time.Second)
		if row := h.drawer.last(t); row.Stage != "callback" || row.Outcome != "callback" || !h.leg.HungUp() {
			t.Fatalf("hand-over %+v", row)
		}
		if w := h.board.Queues(time.Now())[0].Waiting; len(w) != 1 || w[0].Waited < 40*time.Second {
			t.Errorf("waiting %+v", w)
		}
		if err := h.SetAgent("ann", queue.Available); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		if h.phones.order() != "tel:+15550100 ann" {
			t.Fatalf("rung %s, want the customer first", h.phones.order())
		}
		h.phones.leg(t, "ann").Press("1")
		h.phones.leg(t, "ann").Say(pitched("ann", time.Minute)...)
		h.wants(t, "called back", map[string]string{"tel:+15550100": "ann"})
		h.phones.leg(t, "tel:+15550100").Leave()
		time.Sleep(5 * time.Second)
		if row := h.drawer.last(t); row.Stage != "ended" || row.Outcome != "answered" || row.Agent != "ann" {
			t.Errorf("hand-over %+v", row)
		}
	})
}

func TestOnlyTheOwnNumberIsCalledBack(t *testing.T) {
	made := func(t *testing.T) *hall {
		h := newHall(t, "")
		h.leg = mediatest.NewLeg(media.Peer{Number: "+15550199"})
		return h
	}
	in(t, &made, func(t *testing.T, h *hall) {
		h.nobody(t)
		h.leg.Press("0")
		time.Sleep(20 * time.Second)
		h.leg.Press("1")
		time.Sleep(10 * time.Second)
		if !strings.Contains(h.said(), "cannot call this number back") || h.phones.order() != "" {
			t.Errorf("said %s, rung %s", h.said(), h.phones.order())
		}
	})
}

func TestCallerWhoWaitsMayAskAndReturn(t *testing.T) {
	made := func(t *testing.T) *hall { return newHall(t, "", "what is your return policy") }
	in(t, &made, func(t *testing.T, h *hall) {
		h.nobody(t)
		h.leg.Press("0")
		time.Sleep(25 * time.Second)
		h.leg.Say(tone(time.Second)...)
		time.Sleep(25 * time.Second)
		if s := h.said(); !strings.Contains(s, "You are the next in line.") || !strings.Contains(s, "30 days") {
			t.Errorf("said %s", s)
		}
		h.leg.Press("3")
		time.Sleep(10 * time.Second)
		if s := h.said(); !strings.HasSuffix(s, "anything else I can do for you?") {
			t.Errorf("said %s", s)
		}
		if row := h.drawer.last(t); row.Outcome != string(queue.Returned) {
			t.Errorf("hand-over %+v", row)
		}
	})
}

func TestCutOffCallerGetsThePlaceBack(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		h.nobody(t)
		h.leg.Press("0")
		time.Sleep(60 * time.Second)
		h.leg.Leave()
		time.Sleep(30 * time.Second)
		again := mediatest.NewLeg(media.Peer{Number: "+15550100"})
		done := make(chan struct{})
		go func() { h.Answer(t.Context(), again); close(done) }()
		time.Sleep(12 * time.Second)
		again.Press("1")
		time.Sleep(10 * time.Second)
		if !strings.Contains(h.said(), "your place in line back") {
			t.Errorf("said %s", h.said())
		}
		w := h.board.Queues(time.Now())[0].Waiting
		if len(w) != 1 || w[0].Waited < 100*time.Second {
			t.Errorf("waiting %+v, want the first wait to count", w)
		}
		again.Leave()
		<-done
		h.books.records = h.books.records[:1] // of two calls
	})
}
