package dialog_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/dialog/queue"
	"attendant/media/mediatest"
)

// TestWhoHearsWhom checks each pair both ways in each state that an agent can
// bring about by keys, by the tones that they say.
func TestWhoHearsWhom(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		press := func(keys string) {
			ann.Press(keys)
			time.Sleep(time.Second)
		}
		h.wants(t, "together", map[string]string{"caller": "ann", "ann": "caller"})
		press("*1")
		h.wants(t, "on hold", map[string]string{"caller": "music", "ann": ""})
		press("*1")
		h.wants(t, "resumed", map[string]string{"caller": "ann", "ann": "caller"})
		press("*8")
		h.wants(t, "muted", map[string]string{"caller": "", "ann": "caller"})
		press("*8")
		press("*2202#")
		bob := h.phones.leg(t, "bob")
		bob.Say(pitched("bob", 2*time.Minute)...)
		h.wants(t, "consulting", map[string]string{"caller": "music", "ann": "bob", "bob": "ann"})
		press("*0")
		h.wants(t, "consulted", map[string]string{"caller": "ann", "ann": "caller"})
		if !bob.HungUp() {
			t.Error("the colleague is still on the line")
		}
		press("*2202#")
		bob = h.phones.leg(t, "bob")
		bob.Say(pitched("bob", 2*time.Minute)...)
		press("*4")
		h.wants(t, "conference", map[string]string{"caller": "ann bob", "ann": "bob caller", "bob": "ann caller"})
		press("*3")
		h.wants(t, "completed", map[string]string{"caller": "bob", "bob": "caller"})
		if !ann.HungUp() {
			t.Error("the first agent is still on the line")
		}
		for _, a := range h.board.Agents(time.Now()) {
			if want := map[string]queue.State{"ann": queue.Available, "bob": queue.Busy, "sue": queue.Offline}[a.Name]; a.State != want {
				t.Errorf("%s is %s, want %s", a.Name, a.State, want)
			}
		}
	})
}

func TestHangingUpCompletesAConsultation(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		ann.Press("*2202#")
		time.Sleep(time.Second)
		h.phones.leg(t, "bob").Say(pitched("bob", time.Minute)...)
		ann.Leave()
		h.wants(t, "completed", map[string]string{"caller": "bob", "bob": "caller"})
	})
}

func TestColleagueWhoDoesNotAnswer(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		h.phones.behave["bob"] = after(time.Hour, nil)
		ann := h.connect(t)
		ann.Press("*2202#")
		h.wants(t, "ringing the colleague", map[string]string{"caller": "music"})
		time.Sleep(30 * time.Second)
		h.wants(t, "nobody answered", map[string]string{"caller": "ann", "ann": "caller"})
	})
}

func TestPassedOnByExtension(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		ann.Press("*5202#")
		time.Sleep(8 * time.Second)
		bob := h.phones.leg(t, "bob")
		bob.Press("1")
		bob.Say(pitched("bob", time.Minute)...)
		h.wants(t, "passed on", map[string]string{"caller": "bob", "bob": "caller"})
		if !ann.HungUp() || h.drawer.last(t).Agent != "bob" {
			t.Errorf("first agent down %v, row %+v", ann.HungUp(), h.drawer.last(t))
		}
	})
}

func TestBackToTheAttendantAtAFlow(t *testing.T) {
	play(t, "back: [order_status]", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		time.Sleep(5 * time.Second)
		ann.Press("*61#")
		time.Sleep(6 * time.Second)
		if s := h.said(); !strings.Contains(s, "order number") || !ann.HungUp() {
			t.Errorf("said %s", s)
		}
		if row := h.drawer.last(t); row.Closed != "back to the attendant" {
			t.Errorf("row %+v", row)
		}
	})
}

func TestWrapUpCodeAndNotes(t *testing.T) {
	play(t, "wrap_up_codes: [sold, complaint]", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		ann.Press("*92#")
		time.Sleep(time.Second)
		h.order(t, dialog.Order{Verb: dialog.WrapUp, By: "ann", Role: "agent", Target: "complaint", Text: "wants a new kettle"})
		time.Sleep(5 * time.Second)
		ann.Leave()
		time.Sleep(5 * time.Second)
		if row := h.drawer.last(t); row.Code != "complaint" || row.Notes != "wants a new kettle" {
			t.Errorf("code %q, notes %q", row.Code, row.Notes)
		}
	})
}

// TestSupervisorOfAHumanCall checks each pair both ways while a supervisor
// listens, whispers, barges in and takes over.
func TestSupervisorOfAHumanCall(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		ann := h.connect(t)
		h.order(t, dialog.Order{Verb: dialog.Listen, By: "sue", Role: "supervisor"})
		sue := h.phones.leg(t, "sue")
		sue.Say(pitched("sue", 2*time.Minute)...)
		h.wants(t, "listening", map[string]string{"caller": "ann", "ann": "caller", "sue": "ann caller"})
		h.order(t, dialog.Order{Verb: dialog.Whisper, By: "sue", Role: "supervisor"})
		h.wants(t, "whispering", map[string]string{"caller": "ann", "ann": "caller sue", "sue": "ann caller"})
		sue.Press("3")
		h.wants(t, "barging", map[string]string{"caller": "ann sue", "ann": "caller sue", "sue": "ann caller"})
		sue.Press("1")
		h.wants(t, "listening again", map[string]string{"caller": "ann", "ann": "caller", "sue": "ann caller"})
		sue.Press("4")
		h.wants(t, "taken over", map[string]string{"caller": "sue", "sue": "caller"})
		if !ann.HungUp() {
			t.Error("the agent is still on the line")
		}
		sue.Press("*6#")
		time.Sleep(5 * time.Second)
		if !sue.HungUp() || !strings.HasSuffix(h.said(), "anything else I can do for you?") {
			t.Errorf("supervisor down %v, said %s", sue.HungUp(), h.said())
		}
		var verbs []string
		for _, a := range h.drawer.audits {
			verbs = append(verbs, a.By+" "+a.Verb+" "+a.Result)
		}
		want := "sue listen ok, sue whisper ok, sue barge ok, sue listen ok, sue take-over ok, sue back ok"
		if got := strings.Join(verbs, ", "); got != want {
			t.Errorf("audited %s, want %s", got, want)
		}
	})
}

func TestSupervisorOfAnAttendedCall(t *testing.T) {
	made := func(t *testing.T) *hall { return newHall(t, "", "when are you open") }
	in(t, &made, func(t *testing.T, h *hall) {
		h.order(t, dialog.Order{Verb: dialog.Listen, By: "sue", Role: "supervisor"})
		sue := h.phones.leg(t, "sue")
		sue.Say(pitched("sue", 2*time.Minute)...)
		h.wants(t, "listening", map[string]string{"caller": "voice", "sue": "voice"})
		time.Sleep(5 * time.Second)
		h.order(t, dialog.Order{Verb: dialog.Suggest, By: "sue", Role: "supervisor", Text: "offer free shipping"})
		h.leg.Say(tone(time.Second)...)
		time.Sleep(14 * time.Second)
		if s := h.said(); !strings.Contains(s, "I can offer you free shipping. The automatic attendant is here day and night.") {
			t.Errorf("said %s", s)
		}
		h.order(t, dialog.Order{Verb: dialog.Say, By: "sue", Role: "supervisor", Text: "We have 3 kettles left."})
		time.Sleep(5 * time.Second)
		if s := h.said(); !strings.HasSuffix(s, "We have 3 kettles left.") {
			t.Errorf("said %s", s)
		}
		h.leg.Say(pitched("caller", 2*time.Minute)...)
		h.order(t, dialog.Order{Verb: dialog.TakeOver, By: "sue", Role: "supervisor"})
		h.wants(t, "taken over", map[string]string{"caller": "sue", "sue": "caller"})
		h.order(t, dialog.Order{Verb: dialog.HandBack, By: "sue", Role: "supervisor"})
		time.Sleep(3 * time.Second)
		if s := h.said(); !sue.HungUp() || !strings.HasSuffix(s, "Can I help you with anything else?") {
			t.Errorf("supervisor down %v, said %s", sue.HungUp(), s)
		}
		h.order(t, dialog.Order{Verb: dialog.End, By: "sue", Role: "supervisor"})
		time.Sleep(5 * time.Second)
		if !h.leg.HungUp() {
			t.Error("the call was not ended")
		}
	})
}

func TestOrdersAreForThoseWhoMay(t *testing.T) {
	play(t, "", func(t *testing.T, h *hall) {
		h.connect(t)
		for _, c := range []struct {
			o    dialog.Order
			want error
		}{
			{dialog.Order{Verb: dialog.Listen, By: "ann", Role: "agent"}, dialog.ErrRole},
			{dialog.Order{Verb: dialog.Hold, By: "bob", Role: "agent"}, dialog.ErrRole},
			{dialog.Order{Verb: "dance", By: "sue", Role: "supervisor"}, dialog.ErrTarget},
			{dialog.Order{Verb: dialog.Listen, By: "bob", Role: "supervisor"}, dialog.ErrTarget},
			{dialog.Order{Verb: dialog.TakeOver, By: "sue", Role: "supervisor"}, dialog.ErrNotNow},
			{dialog.Order{Verb: dialog.Leave, By: "sue", Role: "supervisor"}, dialog.ErrNotNow},
			{dialog.Order{Verb: dialog.Consult, By: "ann", Role: "agent", Target: "sip:+19005550100@x"}, dialog.ErrTarget},
			{dialog.Order{Verb: dialog.Pass, By: "ann", Role: "agent", Target: "nobody"}, dialog.ErrTarget},
			{dialog.Order{Verb: dialog.Back, By: "ann", Role: "agent", Target: "nowhere"}, dialog.ErrTarget},
			{dialog.Order{Verb: dialog.Complete, By: "ann", Role: "agent"}, dialog.ErrNotNow},
			{dialog.Order{Verb: dialog.Suggest, By: "sue", Role: "supervisor", Text: "x"}, dialog.ErrNotNow},
			{dialog.Order{Verb: dialog.Hold, By: "ann", Role: "agent"}, nil},
		} {
			if err := h.Order(t.Context(), h.id(t), c.o); !errors.Is(err, c.want) {
				t.Errorf("%+v: %v, want %v", c.o, err, c.want)
			}
		}
		if err := h.Order(t.Context(), "nothing", dialog.Order{Verb: dialog.Hold, Role: "admin"}); !errors.Is(err, dialog.ErrNoCall) {
			t.Errorf("error %v, want ErrNoCall", err)
		}
		if n := len(h.drawer.audits); n != 13 {
			t.Errorf("%d orders audited, want all 13", n)
		}
	})
}

var handOvers = flag.Int("handovers", 30, "how many random hand-overs to try; 1000 take a minute")

// TestRandomHandOvers has caller, agents and a supervisor do things at random
// moments: whatever happens no leg is left, no agent is stuck, there is one
// record, and every goroutine has ended.
func TestRandomHandOvers(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := range *handOvers {
		play(t, "max_wait: 60s", func(t *testing.T, h *hall) { disturb(t, h, uint64(i)) })
		if t.Failed() {
			t.Fatalf("run %d", i)
		}
	}
	if n := runtime.NumGoroutine(); n > before+2 {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

func disturb(t *testing.T, h *hall, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 7))
	for _, who := range []string{"ann", "bob"} {
		switch random.IntN(6) {
		case 0:
			h.phones.behave[who] = after(time.Duration(random.IntN(40))*time.Second, nil)
		case 1:
			h.phones.behave[who] = after(time.Second, errors.New("no route"))
		}
	}
	h.leg.Press("0")
	agents := func(do func(*mediatest.Leg)) func() {
		return func() {
			h.phones.mu.Lock()
			defer h.phones.mu.Unlock()
			if n := len(h.phones.all); n > 0 {
				do(h.phones.all[random.IntN(n)])
			}
		}
	}
	deeds := []func(){
		agents((*mediatest.Leg).Leave),
		agents((*mediatest.Leg).Break),
		agents(func(l *mediatest.Leg) { l.Press("2") }),
		func() { _ = h.SetAgent("ann", queue.Away) },
		func() { _ = h.SetAgent("bob", queue.Available) },
		func() { h.leg.Press("1") },
		func() { h.leg.Press("3") },
		func() {
			for id := range h.Live() {
				verbs := []dialog.Verb{dialog.Listen, dialog.Barge, dialog.TakeOver, dialog.HandBack, dialog.Hold, dialog.Conference}
				_ = h.Order(t.Context(), id, dialog.Order{Verb: verbs[random.IntN(len(verbs))], By: "sue", Role: "supervisor"})
			}
		},
	}
	for _, keys := range []string{"1", "1", "1", "*1", "*2202#", "*2201#", "*3", "*4", "*5202#", "*6#", "*0"} {
		deeds = append(deeds, agents(func(l *mediatest.Leg) { l.Press(keys) }))
	}
	for range 3 + random.IntN(15) {
		time.Sleep(time.Duration(random.IntN(6000)) * time.Millisecond)
		deeds[random.IntN(len(deeds))]()
	}
}
