package dialog

import (
	"sync"
	"sync/atomic"

	"attendant/media"
)

// stage is what goes on in a call, as far as who hears whom is concerned.
type stage int

const (
	attended   stage = iota // the caller talks with the attendant
	waiting                 // the caller hears music, and the attendant over it
	together                // the caller talks with an agent
	onHold                  // the caller hears music, the agent nothing
	consulting              // the caller hears music, the agent talks with a colleague
	conference              // the caller, the agent and a colleague talk
)

// String is the stage as the console shows it.
func (s stage) String() string {
	return [...]string{"attended", "waiting", "together", "on hold", "consulting", "conference"}[s]
}

// scene is who takes part in a call, and how.
type scene struct {
	stage       stage
	agent       *party   // the human whom the caller is given to
	guest       *party   // a colleague whom the agent has called in
	briefed     []*party // agents who are being told of the call
	supervisors []*party
	introducing bool // the attendant speaks to caller and agent at once
	muted       bool // the agent is not heard
	notes       bool // the attendant listens to caller and agent
	secret      bool // what the caller says is for the ear alone
	paused      bool // nothing is recorded
}

// link lets 'to' hear 'from'.
type link struct{ from, to media.Port }

// floor is a call's switchboard: it holds who takes part and connects them
// accordingly. Any goroutine may change it; what has changed is heard from the
// bridge's next tick on.
type floor struct {
	bridge *media.Bridge
	caller media.Port
	voice  media.Port // the attendant's
	bed    *bed       // the attendant's voice, and music where it is silent
	ear    media.Port
	echo   media.Port // hears what the caller hears, for the ear to know it again; optional

	mu    sync.Mutex // held for the time of a change, never with I/O
	tape  *tape      // of caller and attendant; nil where nothing is recorded
	scene scene
	links map[link]bool
}

// change lets do alter the scene and connects everybody accordingly.
func (f *floor) change(do func(*scene)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do(&f.scene)
	wanted := f.wanted()
	for l := range f.links {
		if !wanted[l] {
			f.bridge.Disconnect(l.from, l.to)
		}
	}
	for l := range wanted {
		if !f.links[l] {
			f.bridge.Connect(l.from, l.to)
		}
	}
	f.links = wanted
}

// now is a copy of the scene.
func (f *floor) now() scene {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.scene
}

// record begins the recording of caller and attendant, or ends it with nil.
func (f *floor) record(t *tape) {
	f.change(func(*scene) { f.tape = t })
}

// wanted are the connections of the scene. Who hears whom is said here and
// nowhere else.
func (f *floor) wanted() map[link]bool {
	s := &f.scene
	links := map[link]bool{}
	hears := func(to media.Port, from ...media.Port) {
		for _, p := range from {
			if to != nil && p != nil && to != p {
				links[link{p, to}] = true
			}
		}
	}
	f.conversation(s, hears)
	f.supervision(s, hears)
	for _, p := range s.briefed {
		hears(p.leg, p.mouth.player)
		hears(p.ear, p.leg)
	}
	f.tapes(s, links, hears)
	// A leg to whom nobody speaks is sent silence: a stream that stops is taken
	// for a line that broke.
	hears(f.caller, silence{})
	for _, p := range s.all() {
		hears(p.leg, silence{})
	}
	for l := range links {
		if l.to == f.caller {
			hears(f.echo, l.from)
		}
	}
	return links
}

// conversation connects caller, attendant, agent and colleague.
func (f *floor) conversation(s *scene, hears func(media.Port, ...media.Port)) {
	if s.stage == attended || s.stage == waiting || s.notes {
		hears(f.ear, f.caller)
	}
	switch s.stage {
	case attended:
		hears(f.caller, f.voice)
	case waiting:
		hears(f.caller, f.bed)
	case onHold:
		hears(f.caller, f.bed)
	case consulting:
		hears(f.caller, f.bed)
		hears(s.agent.leg, s.guest.leg)
		hears(s.guest.leg, s.agent.leg)
	case together, conference:
		all := []*party{s.agent}
		if s.stage == conference {
			all = append(all, s.guest)
		}
		for _, p := range all {
			hears(p.leg, f.caller)
			if p != s.agent || !s.muted {
				hears(f.caller, p.leg)
				f.others(all, p, hears)
			}
		}
	}
	if s.agent == nil {
		return
	}
	hears(s.agent.leg, s.agent.mouth.player)
	if s.introducing {
		hears(f.caller, f.voice)
		hears(s.agent.leg, f.voice)
	}
	if s.notes && s.stage == together {
		hears(s.agent.ear, s.agent.leg)
	}
}

// others lets all hear p.
func (f *floor) others(all []*party, p *party, hears func(media.Port, ...media.Port)) {
	for _, q := range all {
		hears(q.leg, p.leg)
	}
}

// supervision connects those who watch. A supervisor who listens is connected
// from nobody's side: nobody can hear them.
func (f *floor) supervision(s *scene, hears func(media.Port, ...media.Port)) {
	for _, p := range s.supervisors {
		hears(p.leg, p.mouth.player)
		if !s.secret {
			hears(p.leg, f.caller)
		}
		if s.stage == attended || s.introducing {
			hears(p.leg, f.voice)
		}
		for _, other := range []*party{s.agent, s.guest} {
			if other == nil {
				continue
			}
			hears(p.leg, other.leg)
			if p.mode == whispering || p.mode == barging {
				hears(other.leg, p.leg)
			}
		}
		if p.mode == barging {
			hears(f.caller, p.leg)
		}
	}
}

// tapes record each leg: what it says on the left, all that it hears on the
// right. The call's own tape has the caller on the left and all whom the caller
// hears on the right. A tape hears silence too, so that it keeps the time.
func (f *floor) tapes(s *scene, links map[link]bool, hears func(media.Port, ...media.Port)) {
	record := func(t *tape, leg media.Port) {
		if t == nil {
			return
		}
		hears(t.left(), silence{})
		hears(t.right(), silence{})
		if s.paused || s.secret {
			return
		}
		hears(t.left(), leg)
		for l := range links {
			if l.to == leg {
				hears(t.right(), l.from)
			}
		}
	}
	record(f.tape, f.caller)
	for _, p := range s.all() {
		record(p.tape, p.leg)
	}
}

// all are the humans besides the caller.
func (s *scene) all() []*party {
	out := append(append([]*party(nil), s.briefed...), s.supervisors...)
	for _, p := range []*party{s.agent, s.guest} {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

// drop takes a party out of the scene, wherever it is.
func (s *scene) drop(p *party) {
	s.briefed = without(s.briefed, p)
	s.supervisors = without(s.supervisors, p)
	if s.guest == p {
		s.guest = nil
		if s.stage == consulting || s.stage == conference {
			s.stage = together
		}
	}
	if s.agent == p {
		s.agent, s.introducing, s.muted = nil, false, false
		if s.stage != attended {
			s.stage = waiting
		}
	}
}

func without(list []*party, p *party) []*party {
	var out []*party
	for _, q := range list {
		if q != p {
			out = append(out, q)
		}
	}
	return out
}

// silence is a port that says and hears nothing.
type silence struct{}

// GetFrame says nothing.
func (silence) GetFrame(*media.Frame) bool { return false }

// PutFrame hears nothing.
func (silence) PutFrame(*media.Frame) {}

// bed is the attendant's voice, and music where it is silent: a caller who waits
// always hears something.
type bed struct {
	voice media.Port
	music atomic.Pointer[media.Loop]
}

// GetFrame is the voice's frame, or the music's.
func (b *bed) GetFrame(f *media.Frame) bool { return b.voice.GetFrame(f) || b.music.Load().GetFrame(f) }

// PutFrame hears nothing.
func (b *bed) PutFrame(*media.Frame) {}
