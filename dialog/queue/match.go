package queue

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// match offers those who wait to the agents who are free, the first in line
// first; the caller holds mu.
func (b *Board) match(now time.Time) {
	inLine := slices.Clone(b.waiting)
	slices.SortStableFunc(inLine, b.before)
	for _, e := range inLine {
		l := b.queues[e.Queue]
		standing := b.of(func(o *Offer) bool { return o.Call == e.Call })
		if len(standing) > 0 && (l.Strategy != RingAll || slices.ContainsFunc(standing, func(o *Offer) bool { return o.answered })) {
			continue
		}
		for _, c := range b.chosen(now, e, l) {
			b.offer(now, e, c)
		}
	}
}

// before orders those who wait: priority, then the longest wait.
func (b *Board) before(x, y *entry) int {
	if d := b.priority(y) - b.priority(x); d != 0 {
		return d
	}
	if d := x.Since.Compare(y.Since); d != 0 {
		return d
	}
	return int(x.seq) - int(y.seq)
}

func (b *Board) priority(e *entry) int { return b.queues[e.Queue].Priority + e.Priority }

// choice is an agent who may take a caller, and why.
type choice struct {
	*seat
	level int // of skills, above what is required
	why   string
}

// chosen are the agents to ring for e, by the queue's strategy.
func (b *Board) chosen(now time.Time, e *entry, l *line) []choice {
	var able []choice
	for _, name := range b.order {
		if c, ok := b.able(now, b.agents[name], e, l); ok {
			able = append(able, c)
		}
	}
	if len(able) == 0 || l.Strategy == RingAll {
		for i := range able {
			able[i].why = "all ring"
		}
		return able
	}
	slices.SortStableFunc(able, func(x, y choice) int { return b.rank(e, l, x, y) })
	c := able[0]
	switch {
	case l.Strategy == LastAgent && b.last[e.Number] == c.Name:
		c.why = "spoke with the caller last"
	case l.Strategy == BestSkill:
		c.why = fmt.Sprintf("best skill: %d above what is required", c.level)
	case l.Strategy == RoundRobin:
		c.why = "next in turn"
	default:
		c.why = "idle for " + now.Sub(c.idle).Round(time.Second).String()
	}
	return []choice{c}
}

func (b *Board) rank(e *entry, l *line, x, y choice) int {
	switch l.Strategy {
	case RoundRobin:
		return int(x.turn) - int(y.turn)
	case BestSkill:
		if d := y.level - x.level; d != 0 {
			return d
		}
	case LastAgent:
		last := b.last[e.Number]
		if (x.Name == last) != (y.Name == last) {
			if x.Name == last {
				return -1
			}
			return 1
		}
	case LongestIdle, RingAll:
	}
	return x.idle.Compare(y.idle)
}

// able reports whether a may take e now.
func (b *Board) able(now time.Time, a *seat, e *entry, l *line) (choice, bool) {
	if a.state != Available || now.Before(a.refused) || now.Before(e.refused[a.Name]) {
		return choice{}, false
	}
	if e.Only != "" && e.Only != a.Name && now.Before(e.OnlyUntil) {
		return choice{}, false
	}
	tier, number := l.tier(now.Sub(e.Since))
	own, serves := a.Queues[l.Name]
	if len(a.Queues) == 0 {
		own, serves = 1, true
	}
	// Tiers that a queue does not have count as its last.
	if !serves || min(own, len(l.Tiers)) > number || !tier.AnyLanguage && !a.speaks(e.Language) {
		return choice{}, false
	}
	above := 0
	for _, need := range []map[string]int{l.Skills, e.Skills} {
		for skill, level := range need {
			if a.Skills[skill] < max(level-tier.Slack, 1) {
				return choice{}, false
			}
			above += a.Skills[skill] - level
		}
	}
	return choice{seat: a, level: above}, true
}

// tier is how wide the circle is after a wait, and the tier's number.
func (l *line) tier(waited time.Duration) (Tier, int) {
	n := 1
	for n < len(l.Tiers) && waited >= l.Tiers[n].After {
		n++
	}
	return l.Tiers[n-1], n
}

// speaks compares the primary language.
func (a *Agent) speaks(language string) bool {
	if language == "" || len(a.Languages) == 0 {
		return true
	}
	want, _, _ := strings.Cut(strings.ToLower(language), "-")
	return slices.ContainsFunc(a.Languages, func(s string) bool {
		has, _, _ := strings.Cut(strings.ToLower(s), "-")
		return has == want
	})
}

func (b *Board) offer(now time.Time, e *entry, c choice) {
	b.serial++
	b.turn++
	o := &Offer{
		ID: b.serial, Call: e.Call, Agent: c.Name, Queue: e.Queue, Why: c.why, At: now,
		until: now.Add(c.Ring + ringGrace),
	}
	c.turn = b.turn
	b.offers[o.ID] = o
	b.tell(Event{At: now, Kind: Offered, Queue: e.Queue, Call: e.Call, Agent: c.Name})
	b.become(now, c.seat, Ringing)
}

// Wake is when the board changes by itself for a caller who waits: ask for
// Offers and the Place again then.
func (b *Board) Wake(now time.Time, call string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := now.Add(time.Minute)
	sooner := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	for _, a := range b.agents {
		if a.state == WrapUp {
			sooner(a.until)
		}
		sooner(a.refused)
	}
	for _, o := range b.offers {
		sooner(o.until)
	}
	if e := b.entry(call); e != nil {
		l := b.queues[e.Queue]
		for _, t := range l.Tiers {
			sooner(e.Since.Add(t.After))
		}
		for _, t := range e.refused {
			sooner(t)
		}
		sooner(e.OnlyUntil)
		if l.MaxWait > 0 && !e.Patient {
			sooner(e.Since.Add(l.MaxWait))
		}
	}
	return next
}

// Tick lets time pass for all and offers what has become possible.
func (b *Board) Tick(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := len(b.offers)
	changed := b.advance(now)
	b.match(now)
	if changed || len(b.offers) != before {
		b.touch()
	}
}
