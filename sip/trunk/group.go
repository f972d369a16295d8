package trunk

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"attendant/media"
	"attendant/sip"
)

// pollEvery is how soon a change of the settings reaches registrations and
// watching; calls see it at once.
const pollEvery = time.Second

// Phone is what the group talks SIP with: *sip.Server, with Dial's result as a
// media.Leg.
type Phone interface {
	Register(ctx context.Context, g sip.Registration) (sip.Lease, error)
	Ping(ctx context.Context, uri, proxy string) error
	Dial(ctx context.Context, uri string, o sip.DialOptions) (media.Leg, error)
}

// Ledger keeps the outgoing calls over all processes and restarts, for the caps
// a trunk has by hour and day.
type Ledger interface {
	// NoteDialled counts a call in before it is dialled.
	NoteDialled(ctx context.Context, trunk string, at time.Time) error
	// Dialled tells how many there were since.
	Dialled(ctx context.Context, trunk string, since time.Time) (int, error)
}

// Config says what a Group works with.
type Config struct {
	Phone  Phone
	Trunks func(context.Context) ([]Trunk, error) // the trunks as they are set now; called for each call, so it is quick
	Ledger Ledger
	// Certified tells the names of the verified certificate that a source has come
	// with; nil where none is ever verified.
	Certified func(source string) []string
	Saved     func(context.Context, []State) error // keeps the states for others to see; may be nil
	Log       *slog.Logger                         // slog.Default where nil
}

// Group runs trunks. Any goroutine may call its methods.
type Group struct {
	cfg Config

	mu     sync.Mutex
	health map[string]*health
	limits map[string]*limiter
}

// New returns a group; Run makes its registrations.
func New(cfg Config) *Group {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Group{cfg: cfg, health: map[string]*health{}, limits: map[string]*limiter{}}
}

// keptFor is how old the states that are kept may become while they do not change.
const keptFor = 5 * time.Second

// Run registers and watches the trunks, as they are set at each time, until ctx
// ends; then it ends the registrations, for which it takes up to two seconds.
func (g *Group) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	running := map[string]*keeper{}
	var kept []State
	var at time.Time
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		g.adopt(ctx, running, &all)
		if time.Since(at) >= keptFor {
			kept = nil // others see by their age whether a server runs
		}
		if now := g.keepStates(ctx, kept); !reflect.DeepEqual(now, kept) {
			kept, at = now, time.Now()
		}
		select {
		case <-ctx.Done():
			for _, k := range running {
				k.stop()
			}
			return
		case <-tick.C:
		}
	}
}

// keepStates gives the states to others where they are not those kept last, and
// returns those that are.
func (g *Group) keepStates(ctx context.Context, kept []State) []State {
	states := g.States(ctx)
	if g.cfg.Saved == nil || reflect.DeepEqual(states, kept) {
		return kept
	}
	if err := g.cfg.Saved(ctx, states); err != nil {
		if ctx.Err() == nil {
			g.cfg.Log.Warn("states of trunks not kept", "error", err)
		}
		return kept
	}
	return states
}

// keeper is a trunk that is being registered and watched.
type keeper struct {
	trunk Trunk
	stop  context.CancelFunc
	ended chan struct{}
}

// adopt starts keepers for what is new or changed and stops those of what is
// gone or changed. A trunk's old keeper has ended before its new one begins, so
// that the end of the old registration does not undo the new one.
func (g *Group) adopt(ctx context.Context, running map[string]*keeper, all *sync.WaitGroup) {
	trunks, err := g.trunks(ctx)
	if err != nil {
		if ctx.Err() == nil {
			g.cfg.Log.Error("trunks not read", "error", err)
		}
		return
	}
	for name, k := range running {
		at := slices.IndexFunc(trunks, func(t Trunk) bool { return t.Name == name })
		if at >= 0 && reflect.DeepEqual(trunks[at], k.trunk) {
			continue
		}
		k.stop()
		select {
		case <-k.ended:
			delete(running, name)
			g.forget(name)
		default: // it ends its registration; the next tick goes on
		}
	}
	for _, t := range trunks {
		if running[t.Name] != nil {
			continue
		}
		keeping, stop := context.WithCancel(ctx)
		k := &keeper{trunk: t, stop: stop, ended: make(chan struct{})}
		running[t.Name] = k
		all.Go(func() {
			defer close(k.ended)
			g.keep(keeping, t)
		})
	}
}

// trunks are the trunks in use, with their presets filled in.
func (g *Group) trunks(ctx context.Context) ([]Trunk, error) {
	set, err := g.cfg.Trunks(ctx)
	if err != nil {
		return nil, err
	}
	var out []Trunk
	for _, t := range set {
		if !t.Disabled {
			out = append(out, t.Filled())
		}
	}
	slices.SortStableFunc(out, func(a, b Trunk) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}

func (g *Group) forget(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.health, name)
}

// know changes what is known of a trunk, and tells the operator where that
// decides whether it can be called.
func (g *Group) know(name string, change func(*health)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.health[name]
	if h == nil {
		h = &health{since: time.Now()}
		g.health[name] = h
	}
	before := h.good()
	if change(h); h.good() == before {
		return
	}
	h.since = time.Now()
	if h.good() {
		g.cfg.Log.Info("trunk is back", "trunk", name)
		return
	}
	g.cfg.Log.Warn("trunk is down", "trunk", name, "registered", h.registered, "reachable", h.reachable)
}

// limiter returns the counters of a trunk, which outlive changes of it.
func (g *Group) limiter(name string) *limiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.limits[name]
	if l == nil {
		l = &limiter{}
		g.limits[name] = l
	}
	return l
}

// States tells how it stands with each trunk in use.
func (g *Group) States(ctx context.Context) []State {
	trunks, err := g.trunks(ctx)
	if err != nil {
		return nil
	}
	var out []State
	for _, t := range trunks {
		l := g.limiter(t.Name)
		s := State{
			Trunk: t.Name, Good: true, Active: l.Active.Load(), Incoming: l.Incoming.Load(), Outgoing: l.Outgoing.Load(),
			Failed: l.Failed.Load(), Refused: l.Refused.Load(),
		}
		g.mu.Lock()
		if h := g.health[t.Name]; h != nil {
			s.Registered, s.Reachable, s.Good, s.Since = h.registered, h.reachable, h.good(), h.since
		}
		g.mu.Unlock()
		out = append(out, s)
	}
	return out
}

// errStranger is a call from an address of no trunk.
var errStranger = errors.New("no trunk has this address")

// Find returns the trunk that a source address (HOST:PORT) belongs to, and
// whether there is one: the one whose certificate it has come with, that names
// it most closely, or is registered there. A trunk that has a certificate is
// found by nothing else.
func (g *Group) Find(ctx context.Context, source string) (Trunk, bool, error) {
	trunks, err := g.trunks(ctx)
	if err != nil {
		return Trunk{}, false, err
	}
	from, err := netip.ParseAddrPort(source)
	if err != nil {
		return Trunk{}, false, errStranger
	}
	address := from.Addr().Unmap()
	var names []string
	if g.cfg.Certified != nil {
		names = g.cfg.Certified(source)
	}
	var best Trunk
	bits := -1
	for _, t := range trunks {
		if t.Certificate != "" {
			if t.certifies(names) && t.contains(address) {
				return t, true, nil
			}
			continue
		}
		networks, err := t.networks()
		if err != nil {
			continue // it was checked when it was set
		}
		for _, n := range networks {
			if n.Contains(address) && n.Bits() > bits {
				best, bits = t, n.Bits()
			}
		}
		if bits < 0 && g.isRegisteredAt(t.Name, address) {
			best, bits = t, 0
		}
	}
	return best, bits >= 0, nil
}

// certifies reports whether one of a certificate's names is the trunk's.
func (t *Trunk) certifies(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, t.Certificate) })
}

// contains reports whether an address is of the trunk's networks; it is where
// there are none.
func (t *Trunk) contains(a netip.Addr) bool {
	networks, err := t.networks()
	return err == nil && (len(networks) == 0 || slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) }))
}

func (g *Group) isRegisteredAt(name string, address netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.health[name]
	if h == nil || h.lease == "" {
		return false
	}
	at, err := netip.ParseAddrPort(h.lease)
	return err == nil && at.Addr().Unmap() == address
}

// secret is a password as it is, or from the environment.
func secret(text string) string {
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		return os.Getenv(name)
	}
	return text
}
