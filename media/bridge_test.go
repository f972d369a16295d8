package media

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// talker says a constant and keeps what it last heard.
type talker struct {
	says  int16
	heard int16
	count int
}

func (t *talker) GetFrame(f *Frame) bool {
	for i := range f {
		f[i] = t.says
	}
	return t.says != 0
}

func (t *talker) PutFrame(f *Frame) { t.heard = f[0]; t.count++ }

func TestBridgeMixesForEachListener(t *testing.T) {
	caller, agent, supervisor := &talker{says: 1000}, &talker{says: 200}, &talker{says: 30000}
	b := NewBridge()
	b.Connect(caller, agent)
	b.Connect(agent, caller)
	b.Connect(caller, supervisor)
	b.Connect(agent, supervisor)
	b.Tick()
	if caller.heard != 200 || agent.heard != 1000 || supervisor.heard != 1200 {
		t.Errorf("listening: heard %d, %d, %d; want 200, 1000, 1200", caller.heard, agent.heard, supervisor.heard)
	}
	b.Connect(supervisor, agent)
	b.Tick()
	if caller.heard != 200 || agent.heard != 31000 {
		t.Errorf("whisper: heard %d, %d; want 200, 31000", caller.heard, agent.heard)
	}
	caller.says = 10000
	b.Tick()
	if agent.heard != 32767 {
		t.Errorf("loud: heard %d, want saturation", agent.heard)
	}
	b.Disconnect(supervisor, agent)
	b.Disconnect(caller, agent)
	ticks := agent.count
	b.Tick()
	if agent.count != ticks {
		t.Error("a port that hears nobody was served")
	}
}

func TestBridgeKeepsTimeFromItsStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &talker{}
		b := NewBridge()
		b.Connect(p, p)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		b.Run(ctx)
		if p.count < 499 || p.count > 500 {
			t.Errorf("%d ticks in 10 s, want 500", p.count)
		}
		if n := b.Stats().Late.Load(); n != 0 {
			t.Errorf("%d ticks late on an idle clock", n)
		}
	})
}

func TestPlayerKnowsWhatWasHeard(t *testing.T) {
	p := NewPlayer()
	var f Frame
	if p.GetFrame(&f) {
		t.Error("an empty player plays")
	}
	p.Play(PlayItem{Text: "Order twelve is on its way.", Audio: make([]Frame, 100)})
	p.Play(PlayItem{Text: "Anything else?", Audio: make([]Frame, 50)})
	for range 50 {
		p.GetFrame(&f)
	}
	p.Pause()
	if p.GetFrame(&f) {
		t.Error("a paused player plays")
	}
	p.Resume()
	r := p.Stop()
	if r.Heard != "Order twelve" || r.Planned != "Order twelve is on its way. Anything else?" {
		t.Errorf("heard %q of %q", r.Heard, r.Planned)
	}
	if err := p.Wait(t.Context()); err != nil {
		t.Error("a stopped player is not drained")
	}
}

func TestPlayerIsBounded(t *testing.T) {
	p := NewPlayer()
	if err := p.Play(PlayItem{Audio: make([]Frame, playLimit)}); err != nil {
		t.Fatal(err)
	}
	if err := p.Play(PlayItem{Audio: make([]Frame, 1)}); !errors.Is(err, ErrPlayerFull) {
		t.Errorf("error %v, want ErrPlayerFull", err)
	}
}

func TestHeardText(t *testing.T) {
	for _, c := range []struct {
		played int
		want   string
	}{{0, ""}, {10, "one"}, {50, "one two three"}, {100, "one two three four five six"}} {
		if got := HeardText("one two three four five six", c.played, 100); got != c.want {
			t.Errorf("%d %%: %q, want %q", c.played, got, c.want)
		}
	}
}

type sink struct{ left, right []int16 }

func (s *sink) WriteStereo(left, right *Frame) error {
	s.left, s.right = append(s.left, left[0]), append(s.right, right[0])
	return nil
}

func TestRecorderKeepsSidesAligned(t *testing.T) {
	caller, us := &talker{says: 5}, &talker{says: 0}
	s := &sink{}
	r := NewRecorder(s)
	b := NewBridge()
	b.Connect(caller, r.Left())
	b.Connect(us, r.Right())
	b.Tick()
	us.says = 9
	b.Tick()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ended); err != nil {
		t.Fatal(err)
	}
	if len(s.left) != 2 || s.left[1] != 5 || s.right[0] != 0 || s.right[1] != 9 {
		t.Errorf("left %v, right %v; want [5 5] and [0 9]", s.left, s.right)
	}
}

func TestRecorderKeepsTimeWithOneSideGone(t *testing.T) {
	caller, us := &talker{says: 5}, &talker{says: 9}
	s := &sink{}
	r := NewRecorder(s)
	b := NewBridge()
	b.Connect(us, r.Right())
	b.Connect(caller, r.Left())
	b.Tick()
	b.Disconnect(caller, r.Left())
	b.Tick()
	b.Tick()
	b.Remove(r.Right())
	b.Connect(caller, r.Left())
	b.Tick()
	b.Tick()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ended); err != nil {
		t.Fatal(err)
	}
	left, right := []int16{5, 0, 5}, []int16{9, 9, 9}
	if !slices.Equal(s.left, left) || !slices.Equal(s.right, right) {
		t.Errorf("left %v, right %v; want %v and %v", s.left, s.right, left, right)
	}
}

func TestPlayerDoesNotReportWhatWasNotReached(t *testing.T) {
	p := NewPlayer()
	p.Play(PlayItem{Text: "One two.", Audio: make([]Frame, 10)})
	p.Play(PlayItem{Text: "Silent words."})
	if r := p.Stop(); r.Heard != "" {
		t.Errorf("heard %q before anything was played", r.Heard)
	}
}

func BenchmarkTick(b *testing.B) {
	bridge := NewBridge()
	x, y, z := &talker{says: 1}, &talker{says: 2}, &talker{}
	bridge.Connect(x, y)
	bridge.Connect(y, x)
	bridge.Connect(x, z)
	bridge.Connect(y, z)
	b.ReportAllocs()
	for b.Loop() {
		bridge.Tick()
	}
}
