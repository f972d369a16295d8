package dialog_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/dialog/queue"
	"attendant/media"
	"attendant/media/mediatest"
)

// dial has a registered phone call a code, and says so in its own pitch. The call
// is answered by others while the test goes on; wait waits for its end.
func (h *hall) dial(t *testing.T, phone, code string) (leg *mediatest.Leg, wait func()) {
	t.Helper()
	leg = mediatest.NewLeg(media.Peer{Number: phone, Phone: phone, Dialled: code})
	var going sync.WaitGroup
	going.Go(func() { h.Answer(t.Context(), leg) })
	return leg, going.Wait
}

// TestSupervisorDialsIn checks each pair both ways while a supervisor who has dialled
// in listens, whispers, barges in and takes over.
func TestSupervisorDialsIn(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		sue, wait := h.dial(t, "sue", "*55201")
		sue.Say(pitched("sue", 2*time.Minute)...)
		hear := func(when string, want map[string]string, sues string) {
			t.Helper()
			h.wants(t, when, want)
			if got := hears(sue); got != sues {
				t.Errorf("%s: sue hears %q, want %q", when, got, sues)
			}
		}
		hear("listening", map[string]string{"caller": "ann", "ann": "caller"}, "ann caller")
		sue.Press("2")
		hear("whispering", map[string]string{"caller": "ann", "ann": "caller sue"}, "ann caller")
		sue.Press("3")
		hear("barging", map[string]string{"caller": "ann sue", "ann": "caller sue"}, "ann caller")
		again, refused := h.dial(t, "sue", "*55201")
		refused()
		if !again.HungUp() {
			t.Error("a second phone of the supervisor's is on the line")
		}
		sue.Press("4")
		hear("taken over", map[string]string{"caller": "sue"}, "caller")
		if !ann.HungUp() {
			t.Error("the agent is still on the line")
		}
		sue.Leave()
		wait()
		var audited []string
		for _, a := range h.drawer.audits {
			audited = append(audited, a.By+" "+a.Verb+" "+a.Result)
		}
		want := "sue listen ok, sue whisper ok, sue barge ok, sue listen not possible now: sue listens already, sue take-over ok"
		if got := strings.Join(audited, ", "); got != want {
			t.Errorf("audited %s, want %s", got, want)
		}
	})
}

func TestCodesOfAgents(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		h.connect(t)
		for _, c := range []struct{ phone, code, audited string }{
			{"bob", "*42", ""},
			{"bob", "*55201", "not allowed: listen is for supervisors"},
			{"sue", "*55999", `unknown target: "999"`},
			{"sue", "*55202", "no such call is going on"},
		} {
			before := len(h.drawer.audits)
			leg, wait := h.dial(t, c.phone, c.code)
			wait()
			got := ""
			for _, a := range h.drawer.audits[before:] {
				got += a.Result
			}
			if got != c.audited || !leg.HungUp() || len(leg.Heard()) < 20 {
				t.Errorf("%s dials %s: audited %q, want %q; told in %d frames", c.phone, c.code, got, c.audited, len(leg.Heard()))
			}
		}
		if h.state("bob") != queue.Away {
			t.Errorf("bob is %s", h.state("bob"))
		}
		if len(h.books.records) != 0 {
			t.Error("a feature code has left a record of a call")
		}
	})
}

// TestCodesOfStrangersAreNumbers lets a caller who only says that they are a phone
// of ours dial a code.
func TestCodesOfStrangersAreNumbers(t *testing.T) {
	for _, peer := range []media.Peer{{Number: "sue", Dialled: "*55201"}, {Number: "eve", Phone: "eve", Dialled: "*55201"}} {
		made := func(t *testing.T) *hall {
			h := newHall(t, "")
			h.leg = mediatest.NewLeg(peer)
			return h
		}
		in(t, &made, func(t *testing.T, h *hall) {
			time.Sleep(8 * time.Second)
			if !strings.Contains(h.said(), "How can I help you?") || len(h.drawer.audits) != 0 {
				t.Errorf("said %s, audited %+v", h.said(), h.drawer.audits)
			}
		})
	}
}
