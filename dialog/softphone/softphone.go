// Package softphone makes browsers the phones of agents.
//
// The central type is Exchange: a page of an agent's that is open (Open) rings
// when the agent is dialled (Dial), and answers with an offer, which Connect
// turns into a leg. The agent's other pages, and whoever dials, learn in the
// same moment what has become of the ring.
//
// Guarantees: a ring is answered by one page at most; the leg of a page that
// answered too late is hung up; an agent all of whose pages have closed counts as
// unreachable after a moment, in which a page may be loaded again. The package
// starts no goroutine.
package softphone

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"attendant/media"
)

// scheme begins the addresses of agents' pages.
const scheme = "browser:"

// reload is how long a page that rings may be away: as long as it takes to load
// it again. A caller does not wait longer for a page that was closed.
const reload = 2 * time.Second

// ErrGone is a ring that is over, or is answered by another page.
var ErrGone = errors.New("it does not ring any more")

// Connect answers a browser's offer. use is called with the leg once it is
// connected; when it returns the leg is hung up. Connect itself returns before.
type Connect func(ctx context.Context, offer string, peer media.Peer, use func(media.Leg)) (leg, answer string, err error)

// As is what an agent is rung for.
type As string

// The reasons.
const (
	Agent      As = "agent"      // to take a caller
	Colleague  As = "colleague"  // to be consulted by another agent
	Supervisor As = "supervisor" // to listen
)

// Ring is an agent's page that rings.
type Ring struct {
	ID       string    `json:"id"`
	Agent    string    `json:"agent"`
	Call     string    `json:"call"` // the Record's ID
	As       As        `json:"as"`
	At       time.Time `json:"at"`
	Answered bool      `json:"answered,omitempty"` // and not connected yet
}

// ring is a Ring with what whoever dials waits for. The exchange's lock guards it.
type ring struct {
	Ring
	declined bool
	changed  chan struct{}  // has one when there is something to look at
	leg      chan media.Leg // taken by Dial as long as it waits
	over     chan struct{}  // closed when Dial has returned
}

// Exchange rings pages. Any goroutine may use it. Connect is required.
type Exchange struct {
	Connect Connect

	mu    sync.Mutex // held for moments
	pages map[string]map[*Page]bool
	rings map[string]*ring
}

// Page is an agent's page that is open and may ring.
type Page struct {
	Changed  <-chan struct{} // has one when Ringing may have changed
	agent    string
	changed  chan struct{}
	exchange *Exchange
}

// Open lets an agent be rung at a page, until the page is closed.
func (x *Exchange) Open(agent string) *Page {
	changed := make(chan struct{}, 1)
	p := &Page{Changed: changed, agent: agent, changed: changed, exchange: x}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.pages == nil {
		x.pages = map[string]map[*Page]bool{}
	}
	if x.pages[agent] == nil {
		x.pages[agent] = map[*Page]bool{}
	}
	x.pages[agent][p] = true
	x.told(agent)
	return p
}

// Close ends that the page may ring; it may be called again.
func (p *Page) Close() {
	p.exchange.mu.Lock()
	defer p.exchange.mu.Unlock()
	delete(p.exchange.pages[p.agent], p)
	if len(p.exchange.pages[p.agent]) == 0 {
		delete(p.exchange.pages, p.agent)
	}
	p.exchange.told(p.agent)
}

// Present reports whether a page of an agent's is open.
func (x *Exchange) Present(agent string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.pages[agent]) > 0
}

// told has the agent's pages, and whoever dials them, look; the caller holds mu.
func (x *Exchange) told(agent string) {
	for p := range x.pages[agent] {
		hint(p.changed)
	}
	for _, r := range x.rings {
		if r.Agent == agent {
			hint(r.changed)
		}
	}
}

func hint(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is known already
	}
}

// Ringing is what rings at an agent's pages, the oldest first.
func (x *Exchange) Ringing(agent string) []Ring {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := []Ring{}
	for _, r := range x.rings {
		if r.Agent == agent {
			out = append(out, r.Ring)
		}
	}
	slices.SortFunc(out, func(a, b Ring) int { return a.At.Compare(b.At) })
	return out
}

// Address is where an agent's pages are dialled for a call.
func Address(agent, call string, as As) string { return scheme + agent + ";" + call + ";" + string(as) }

// IsAddress reports whether target is one that Address has made.
func IsAddress(target string) bool { return strings.HasPrefix(target, scheme) }

// Dial rings an agent's pages until one has answered and is connected, whose leg
// is returned, or ctx ends. The error wraps media.ErrNoAnswer, media.ErrDeclined
// or media.ErrUnreachable. It implements dialog.Dialer for addresses of Address.
func (x *Exchange) Dial(ctx context.Context, target string) (media.Leg, error) {
	parts := strings.Split(strings.TrimPrefix(target, scheme), ";")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: %q is no page's address", media.ErrUnreachable, target)
	}
	r := &ring{
		Ring:    Ring{ID: crand.Text(), Agent: parts[0], Call: parts[1], As: As(parts[2]), At: time.Now()},
		changed: make(chan struct{}, 1), leg: make(chan media.Leg), over: make(chan struct{}),
	}
	if !x.begin(r) {
		return nil, fmt.Errorf("%w: %s has no page open", media.ErrUnreachable, r.Agent)
	}
	defer x.end(r)
	away := time.NewTimer(time.Hour)
	away.Stop()
	defer away.Stop()
	for {
		select {
		case leg := <-r.leg:
			return leg, nil
		case <-ctx.Done():
			return nil, media.ErrNoAnswer
		case <-away.C:
			if !x.Present(r.Agent) {
				return nil, fmt.Errorf("%w: %s has closed the page", media.ErrUnreachable, r.Agent)
			}
		case <-r.changed:
			if x.isDeclined(r) {
				return nil, media.ErrDeclined
			}
			if !x.Present(r.Agent) {
				away.Reset(reload)
			}
		}
	}
}

func (x *Exchange) begin(r *ring) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.pages[r.Agent]) == 0 {
		return false
	}
	if x.rings == nil {
		x.rings = map[string]*ring{}
	}
	x.rings[r.ID] = r
	x.told(r.Agent)
	return true
}

func (x *Exchange) end(r *ring) {
	x.mu.Lock()
	defer x.mu.Unlock()
	close(r.over)
	delete(x.rings, r.ID)
	x.told(r.Agent)
}

func (x *Exchange) isDeclined(r *ring) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return r.declined
}

// Answer answers an agent's ring with a browser's offer and returns the leg's
// name and our answer. With keys they are pressed for the agent as soon as the leg
// is connected: "1" takes the caller without a spoken briefing. ErrGone, and the
// errors of Connect, after which it rings on.
func (x *Exchange) Answer(ctx context.Context, agent, id, offer, keys, remote string) (leg, answer string, err error) {
	r, err := x.claim(agent, id)
	if err != nil {
		return "", "", err
	}
	peer := media.Peer{Number: agent, Dialled: r.Call, Remote: remote}
	leg, answer, err = x.Connect(ctx, offer, peer, func(l media.Leg) { r.connected(l, keys) })
	if err != nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		r.Answered = false
		x.told(agent)
	}
	return leg, answer, err
}

// connected hands the leg to whoever dials and keeps it until it has ended.
func (r *ring) connected(leg media.Leg, keys string) {
	if p, ok := leg.(interface{ Press(key byte) }); ok {
		for _, k := range []byte(keys) {
			p.Press(k)
		}
	}
	select {
	case r.leg <- leg:
		<-leg.Context().Done()
	case <-r.over: // too late
	case <-leg.Context().Done():
	}
}

func (x *Exchange) claim(agent, id string) (*ring, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rings[id]
	if r == nil || r.Agent != agent || r.Answered || r.declined {
		return nil, ErrGone
	}
	r.Answered = true
	x.told(agent)
	return r, nil
}

// Decline ends an agent's ring. ErrGone.
func (x *Exchange) Decline(agent, id string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rings[id]
	if r == nil || r.Agent != agent || r.Answered {
		return ErrGone
	}
	r.declined = true
	x.told(agent)
	return nil
}
