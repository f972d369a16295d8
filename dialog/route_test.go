package dialog_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/dialog"
	"attendant/media"
	"attendant/media/mediatest"
)

// desk is a human whose phone is answered, or not.
type desk struct {
	mu      sync.Mutex
	dialled []string
	absent  bool
}

func (d *desk) Dial(_ context.Context, target string) (media.Leg, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dialled = append(d.dialled, target)
	if d.absent {
		return nil, media.ErrNoAnswer
	}
	leg := mediatest.NewLeg(media.Peer{Number: target})
	time.AfterFunc(5*time.Second, leg.Leave)
	return leg, nil
}

func routed(t *testing.T, r dialog.Route, lines ...string) (*scene, *desk) {
	s := newScene(t, lines...)
	d := &desk{}
	s.Language = "en-US"
	s.Dialer, s.Human = d, "sip:everyone@10.0.0.1"
	s.leg = mediatest.NewLeg(media.Peer{Number: "+15550100", Dialled: "+15550199", Codec: "G722/8000", Trunk: "carrier", Caller: "attested"})
	s.Router = func(_ context.Context, dialled string, _ time.Time) dialog.Route {
		if dialled != "+15550199" {
			t.Errorf("asked for the route of %q", dialled)
		}
		return r
	}
	return s, d
}

func TestANumbersFlowBeginsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := routed(t, dialog.Route{Flow: "order_status", Queue: "orders"}, "one two three four five", "goodbye")
		s.say(8*time.Second, 12*time.Second)
		r := s.answer(t, t.Context())
		if first := side(r, "attendant")[0]; !strings.Contains(first, "order number") {
			t.Errorf("the call began with %q", first)
		}
		contains(t, r, "Leipzig depot")
		if r.Trunk != "carrier" || r.Caller != "attested" || r.Queue != "orders" || r.Flow != "order_status" {
			t.Errorf("record %+v", r)
		}
	})
}

func TestAFlowThatDoesNotExistCostsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := routed(t, dialog.Route{Flow: "nowhere"}, "goodbye")
		s.say(8 * time.Second)
		if first := side(s.answer(t, t.Context()), "attendant")[0]; !strings.HasSuffix(first, "How can I help you?") {
			t.Errorf("the call began with %q", first)
		}
	})
}

func TestClosedNumbersFallBack(t *testing.T) {
	const closed = "We are closed. We open again on Monday at 9 in the morning."
	for name, c := range map[string]struct {
		route   dialog.Route
		absent  bool
		said    []string
		outcome string
		dialled int
	}{
		"message": {route: dialog.Route{Closed: true, Message: closed}, said: []string{closed}, outcome: "out_of_scope_closed"},
		"human": {
			route: dialog.Route{Closed: true, Message: closed, Divert: "+49301234567"}, said: []string{closed}, outcome: "escalated", dialled: 1,
		},
		"human away": {
			route: dialog.Route{Closed: true, Divert: "+49301234567"}, absent: true, said: []string{"sorry"}, outcome: "out_of_scope_closed", dialled: 1,
		},
		"flow": {
			route: dialog.Route{Closed: true, Message: closed, Flow: "order_status"}, said: []string{closed, "order number"}, outcome: "abandoned_in_ai",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, d := routed(t, c.route)
				d.absent = c.absent
				time.AfterFunc(30*time.Second, s.leg.Leave)
				r := s.answer(t, t.Context())
				contains(t, r, c.said...)
				if r.Outcome != c.outcome || len(d.dialled) != c.dialled || c.dialled > 0 && d.dialled[0] != c.route.Divert {
					t.Errorf("outcome %s, dialled %v", r.Outcome, d.dialled)
				}
			})
		})
	}
}

func TestANumbersLanguageAndHuman(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := routed(t, dialog.Route{Language: "zh-CN", Human: "sip:zhang@10.0.0.2"})
		time.AfterFunc(8*time.Second, func() { s.leg.Press("0") })
		time.AfterFunc(60*time.Second, s.leg.Leave)
		r := s.answer(t, t.Context())
		if first := side(r, "attendant")[0]; strings.Contains(first, "help you") || first == "" {
			t.Errorf("the call began with %q", first)
		}
		if len(d.dialled) != 1 || d.dialled[0] != "sip:zhang@10.0.0.2" || r.Outcome != "escalated" {
			t.Errorf("dialled %v, outcome %s", d.dialled, r.Outcome)
		}
	})
}

func TestNumberWithAQueueWaitsAtOnce(t *testing.T) {
	made := func(t *testing.T) *hall {
		h := newHall(t, "")
		h.Router = func(context.Context, string, time.Time) dialog.Route { return dialog.Route{Queue: "support"} }
		return h
	}
	in(t, &made, func(t *testing.T, h *hall) {
		time.Sleep(8 * time.Second)
		ann := h.phones.leg(t, "ann")
		ann.Press("1")
		ann.Say(pitched("ann", time.Minute)...)
		h.wants(t, "together", map[string]string{"caller": "ann"})
	})
}
