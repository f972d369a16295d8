package dialog_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/dialog"
	"attendant/dialog/queue"
	"attendant/media"
	"attendant/media/dsp"
	"attendant/media/mediatest"
)

// Each party says a tone of its own, so that what a party hears tells whom.
var pitch = map[string]float64{"caller": 500, "ann": 900, "bob": 1300, "sue": 1700, "music": 2300, "voice": 220} // all but the voice have whole periods in 20 ms

// pitched is at most two minutes of a party's tone.
func pitched(who string, d time.Duration) []media.Frame {
	var one media.Frame
	dsp.Tone(one[:], media.SampleRateHz, pitch[who], 3000, 0)
	return slices.Repeat([]media.Frame{one}, int(d/media.FrameDuration))
}

// hears reports who is in the last fifth of a second of what a leg heard.
func hears(l *mediatest.Leg) string {
	all := l.Heard()
	if len(all) < 10 {
		return ""
	}
	var who []string
	for name, hz := range pitch {
		sum := 0.0
		for _, f := range all[len(all)-10:] {
			sum += dsp.Power(f[:], media.SampleRateHz, hz)
		}
		if sum/10 > 0.15 {
			who = append(who, name)
		}
	}
	slices.Sort(who)
	return strings.Join(who, " ")
}

// phones are the agents' phones. behave says what one does when it rings; a phone
// without behaviour answers with a leg that says nothing.
type phones struct {
	behave map[string]func(ctx context.Context) error

	mu   sync.Mutex
	legs map[string]*mediatest.Leg // the last one of each
	all  []*mediatest.Leg
	rung []rung
}

type rung struct {
	who string
	at  time.Time
}

func newPhones() *phones {
	return &phones{behave: map[string]func(context.Context) error{}, legs: map[string]*mediatest.Leg{}}
}

func (p *phones) Dial(ctx context.Context, target string) (media.Leg, error) {
	p.mu.Lock()
	p.rung = append(p.rung, rung{target, time.Now()})
	behave := p.behave[target]
	p.mu.Unlock()
	if behave != nil {
		if err := behave(ctx); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	leg := mediatest.NewLeg(media.Peer{Number: target})
	p.legs[target], p.all = leg, append(p.all, leg)
	return leg, nil
}

func (p *phones) leg(t *testing.T, who string) *mediatest.Leg {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.legs[who] == nil {
		t.Fatalf("%s has not answered; rung %v", who, p.rung)
	}
	return p.legs[who]
}

func (p *phones) order() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var who []string
	for _, r := range p.rung {
		who = append(who, r.who)
	}
	return strings.Join(who, " ")
}

// up counts the legs that nobody has hung up.
func (p *phones) up() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.all {
		if !l.HungUp() {
			n++
		}
	}
	return n
}

func after(d time.Duration, err error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// drawer is a DeskStore in memory.
type drawer struct {
	mu     sync.Mutex
	rows   []dialog.HandOver
	audits []dialog.Audit
}

func (d *drawer) SaveHandOver(_ context.Context, h dialog.HandOver) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.rows {
		if d.rows[i].ID == h.ID {
			d.rows[i] = h
			return nil
		}
	}
	d.rows = append(d.rows, h)
	return nil
}

func (d *drawer) HandOvers(_ context.Context, q dialog.HandOverQuery) ([]dialog.HandOver, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []dialog.HandOver
	for _, h := range d.rows {
		old := !q.Since.IsZero() && h.Ended.Before(q.Since) && h.Since.Before(q.Since)
		if q.Call != "" && h.Call != q.Call || q.Number != "" && h.Number != q.Number || q.Open && h.Stage == "ended" || old {
			continue
		}
		out = append(out, h)
	}
	slices.SortFunc(out, func(x, y dialog.HandOver) int { return cmp.Compare(y.ID, x.ID) })
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

func (d *drawer) NoteAudit(_ context.Context, a dialog.Audit) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.audits = append(d.audits, a)
	return nil
}

func (d *drawer) Audits(context.Context, string, int) ([]dialog.Audit, error) { return d.audits, nil }

// last is the hand-over written down last.
func (d *drawer) last(t *testing.T) dialog.HandOver {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.rows) == 0 {
		t.Fatal("no hand-over was written down")
	}
	return d.rows[len(d.rows)-1]
}

const twoAgents = `
queues: [{name: support, QUEUE}]
agents:
  - {name: ann, title: Ann, extension: "201", addresses: [ann], state: available}
  - {name: bob, title: Bob, extension: "202", addresses: [bob], state: available}
  - {name: sue, title: Sue, addresses: [sue], role: supervisor}
`

// hall is a scene with agents.
type hall struct {
	*scene
	phones *phones
	drawer *drawer
	board  *queue.Board
}

func newHall(t *testing.T, queueYAML string, lines ...string) *hall {
	t.Helper()
	return hallOf(t, strings.ReplaceAll(twoAgents, "QUEUE", cmp.Or(queueYAML, "max_size: 100")), lines...)
}

func hallOf(t *testing.T, yaml string, lines ...string) *hall {
	t.Helper()
	cfg, err := queue.Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{scene: newScene(t, lines...), phones: newPhones(), drawer: &drawer{}}
	if h.board, err = queue.New(cfg, time.Now(), h.Tell); err != nil {
		t.Fatal(err)
	}
	h.Dialer, h.Music = h.phones, pitched("music", time.Second)
	h.Desk = &dialog.Desk{
		Board: h.board, Store: h.drawer,
		CallBack: func(number string) (string, bool) { return "tel:" + number, number == "+15550100" },
	}
	return h
}

// in runs a test of a call in a bubble: play is the caller and all others, and
// the call has ended when it returns.
func in(t *testing.T, h *func(t *testing.T) *hall, play func(t *testing.T, h *hall)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		scene := (*h)(t)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { scene.RunDesk(ctx) })
		running.Go(func() { scene.Answer(t.Context(), scene.leg) })
		time.Sleep(time.Second)
		play(t, scene)
		scene.leg.Leave()
		time.Sleep(10 * time.Second)
		cancel()
		running.Wait()
		scene.check(t)
	})
}

// check is what holds when a call is over: no leg is left, no agent is stuck,
// nobody waits who is not to be called back, there is one record.
func (h *hall) check(t *testing.T) {
	t.Helper()
	if n := h.phones.up(); n != 0 {
		t.Errorf("%d legs are left", n)
	}
	for _, a := range h.board.Agents(time.Now()) {
		if a.State == queue.Busy || a.State == queue.Ringing {
			t.Errorf("%s is stuck: %s in %q", a.Name, a.State, a.Call)
		}
	}
	for _, q := range h.board.Queues(time.Now()) {
		for _, w := range q.Waiting {
			if !strings.HasPrefix(w.Call, "callback:") {
				t.Errorf("%s still waits", w.Call)
			}
		}
	}
	want := 1
	for _, l := range h.phones.all {
		if strings.HasPrefix(l.Peer().Number, "tel:") { // called back: a call of its own
			want++
		}
	}
	if len(h.books.records) != want {
		t.Errorf("%d records, want %d", len(h.books.records), want)
	}
}

// play is in with a new hall.
func play(t *testing.T, queueYAML string, do func(t *testing.T, h *hall)) {
	t.Helper()
	made := func(t *testing.T) *hall { return newHall(t, queueYAML) }
	in(t, &made, do)
}

// id is the ID of the call that is going on.
func (h *hall) id(t *testing.T) string {
	t.Helper()
	for id := range h.Live() {
		return id
	}
	t.Fatal("no call is going on")
	return ""
}

func (h *hall) order(t *testing.T, o dialog.Order) {
	t.Helper()
	if err := h.Order(t.Context(), h.id(t), o); err != nil {
		t.Errorf("%s: %v", o.Verb, err)
	}
}

// connect has the caller ask for a human and ann take the call, and everybody
// begin to speak.
func (h *hall) connect(t *testing.T) *mediatest.Leg {
	t.Helper()
	h.leg.Press("0")
	time.Sleep(6 * time.Second) // "one moment please", and the briefing's beginning
	ann := h.phones.leg(t, "ann")
	ann.Press("1")
	time.Sleep(100 * time.Millisecond)
	h.leg.Say(pitched("caller", 2*time.Minute)...)
	ann.Say(pitched("ann", 2*time.Minute)...)
	time.Sleep(time.Second)
	return ann
}

// wants compares what parties hear with what they should.
func (h *hall) wants(t *testing.T, when string, want map[string]string) {
	t.Helper()
	time.Sleep(500 * time.Millisecond)
	for who, heard := range want {
		leg := h.leg
		if who != "caller" {
			leg = h.phones.leg(t, who)
		}
		if got := hears(leg); got != heard {
			t.Errorf("%s: %s hears %q, want %q", when, who, got, heard)
		}
	}
}
