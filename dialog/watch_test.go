package dialog_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/dialog/softphone"
	"attendant/media"
	"attendant/media/mediatest"
)

// A supervisor who is no agent is let in by a leg that is up, heard by nobody
// until they whisper or barge, takes the caller over, and leaves no trace but the
// audit's.
func TestSupervisorWatchesFromTheBrowser(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		by := dialog.Order{Verb: dialog.Listen, By: "eve", Role: "admin"}
		for _, c := range []struct {
			call string
			o    dialog.Order
			want error
		}{
			{"gone", by, dialog.ErrNoCall},
			{h.id(t), dialog.Order{Verb: dialog.Listen, By: "ann", Role: "agent"}, dialog.ErrRole},
			{h.id(t), dialog.Order{Verb: dialog.End, By: "eve", Role: "admin"}, dialog.ErrTarget},
		} {
			if err := h.MayWatch(c.call, c.o); !errors.Is(err, c.want) {
				t.Errorf("%s by %s: %v, want %v", c.o.Verb, c.o.By, err, c.want)
			}
		}
		var watching sync.WaitGroup
		defer watching.Wait()
		watch := func() *mediatest.Leg {
			leg := mediatest.NewLeg(media.Peer{Number: "eve"})
			watching.Go(func() {
				if err := h.Watch(t.Context(), h.id(t), by, leg); err != nil {
					t.Error(err)
				}
			})
			leg.Say(pitched("sue", time.Minute)...)
			time.Sleep(time.Second)
			h.phones.legs["eve"] = leg
			return leg
		}
		first := watch()
		h.wants(t, "listening", map[string]string{"eve": "ann caller", "caller": "ann", "ann": "caller"})
		watch() // the page was loaded again
		if !first.HungUp() {
			t.Error("the former line is still up")
		}
		h.order(t, dialog.Order{Verb: dialog.Whisper, By: "eve", Role: "admin"})
		h.wants(t, "whispering", map[string]string{"eve": "ann caller", "caller": "ann", "ann": "caller sue"})
		h.order(t, dialog.Order{Verb: dialog.Barge, By: "eve", Role: "admin"})
		h.wants(t, "barging", map[string]string{"caller": "ann sue", "ann": "caller sue"})
		h.order(t, dialog.Order{Verb: dialog.TakeOver, By: "eve", Role: "admin"})
		h.wants(t, "taken over", map[string]string{"caller": "sue", "eve": "caller"})
		if !ann.HungUp() {
			t.Error("ann's line is still up")
		}
		h.leg.Leave()
		time.Sleep(time.Second)
		verbs := ""
		for _, a := range h.drawer.audits {
			verbs += string(a.Verb) + " "
		}
		if verbs != "listen listen whisper barge take-over " {
			t.Errorf("audited %q", verbs)
		}
	})
}

// An agent whose address is the page is rung there, for this call; who declines
// is not rung at the other address either, and the next agent is, within a second.
func TestAgentDeclinesAtThePage(t *testing.T) {
	yaml := strings.Replace(strings.ReplaceAll(twoAgents, "QUEUE", "max_size: 100"), "addresses: [ann]", "addresses: [desk, browser]", 1)
	made := func(t *testing.T) *hall { return hallOf(t, yaml) }
	in(t, &made, func(t *testing.T, h *hall) {
		page := softphone.Address("ann", h.id(t), softphone.Agent)
		h.phones.behave["desk"] = after(time.Hour, nil)
		h.phones.behave[page] = after(3*time.Second, media.ErrDeclined)
		h.phones.behave["bob"] = after(time.Second, nil)
		h.leg.Press("0")
		time.Sleep(12 * time.Second)
		h.phones.leg(t, "bob").Press("1")
		time.Sleep(time.Second)
		row := h.drawer.last(t)
		if row.Agent != "bob" || len(row.Tries) != 2 || row.Tries[0].Agent != "ann" || row.Tries[0].Result != "declined" {
			t.Errorf("hand-over %+v; rung %s", row, h.phones.order())
		}
		if gap := row.Tries[1].At.Sub(row.Tries[0].At.Add(row.Tries[0].Took)); gap > time.Second {
			t.Errorf("the next agent was rung %v after the first had declined", gap)
		}
	})
}
