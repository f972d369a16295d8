package dialog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// AlertKind is why somebody should look at a call.
type AlertKind string

// The kinds of alerts.
const (
	AlertWords     AlertKind = "words"     // the caller has said one of the words to watch for
	AlertSentiment AlertKind = "sentiment" // the caller is upset
	AlertSilence   AlertKind = "silence"   // nobody has said anything for long
	AlertLoop      AlertKind = "loop"      // the attendant says the same thing again and again
	AlertAction    AlertKind = "action"    // an action has failed, or nobody knows whether it has
)

const (
	// upset and calmer are the scores at which a caller counts as upset, and as
	// not upset any more: a second alert needs both.
	upset  = -0.5
	calmer = -0.2
	// deadAir is longer than the attendant lets a silence last, and longer than it
	// speaks at a stretch.
	deadAir = 30 * time.Second
	// loopAfter is how often a sentence is said within the last loopWithin turns of
	// the attendant before it goes in circles.
	loopAfter  = 3
	loopWithin = 8
	// watchEvery is how often silences are looked for.
	watchEvery = time.Second
)

// DefaultAlertWords are those watched for where the settings name none.
func DefaultAlertWords() []string {
	return []string{
		"lawyer", "attorney", "lawsuit", "sue you", "police", "complaint", "complain", "ombudsman", "fraud", "newspaper",
		"投诉", "律师", "报警", "起诉", "媒体", "曝光", "消协",
	}
}

// RunAlerts tells the hub which calls need somebody, from what the hub itself tells
// of them, until ctx ends. words are what is watched for in what callers say.
func (a *Attendant) RunAlerts(ctx context.Context, words []string) {
	w := watchman{words: words, calls: map[string]*watchedCall{}}
	ticks := time.NewTicker(watchEvery)
	defer ticks.Stop()
	for ctx.Err() == nil {
		events, stop := a.Hub.Listen()
		a.alert(ctx, &w, events, ticks.C)
		stop()
	}
}

func (a *Attendant) alert(ctx context.Context, w *watchman, events <-chan Event, ticks <-chan time.Time) {
	for {
		var out []Event
		select {
		case <-ctx.Done():
			return
		case now := <-ticks:
			out = w.silences(now)
		case e, ok := <-events:
			if !ok {
				return // cut off: listen again
			}
			out = w.take(e)
		}
		for _, e := range out {
			a.Hub.Tell(e)
		}
	}
}

// watchman knows of each call what alerts are made of. It has no clock: one
// goroutine tells it what happens, and the time.
type watchman struct {
	words []string
	calls map[string]*watchedCall
}

// watchedCall is what is known of a call going on.
type watchedCall struct {
	last     time.Time // somebody said or did something
	attended bool      // by the attendant, whose words are known
	quiet    bool      // the silence has been told
	upset    bool
	said     []string // by the attendant, the last ones
	looped   string   // what was told to go in circles
}

// take returns the alerts that an event brings about.
func (w *watchman) take(e Event) []Event {
	switch e.Kind {
	case CallStarted:
		w.calls[e.Call] = &watchedCall{last: e.At, attended: true}
		return nil
	case CallEnded:
		delete(w.calls, e.Call)
		return nil
	case Alerted, QueueUpdated, AgentState, Supervised, VendorSwitched:
		return nil
	case HandedOver, TurnStarted, Partial, TurnEnded, ActionDone:
	}
	c := w.calls[e.Call]
	if c == nil {
		return nil
	}
	c.last, c.quiet = e.At, false
	alert := func(kind AlertKind, text string) []Event {
		return []Event{{Kind: Alerted, Call: e.Call, Alert: kind, Text: text}}
	}
	switch {
	case e.Kind == HandedOver:
		c.attended = e.Text == "ended" || e.Text == "no answer" && e.Agent == ""
	case e.Kind == ActionDone && (e.Act.Outcome == "unavailable" || e.Act.Outcome == "unknown_outcome"):
		return alert(AlertAction, e.Act.Operation+": "+e.Act.Outcome)
	case e.Kind == TurnEnded && e.Turn.Side == "caller":
		return w.heard(c, e.Turn, alert)
	case e.Kind == TurnEnded && e.Turn.Side == "attendant":
		if text := c.circles(e.Turn.Text); text != "" {
			return alert(AlertLoop, text)
		}
	}
	return nil
}

// heard returns the alerts of what a caller has said.
func (w *watchman) heard(c *watchedCall, t *Turn, alert func(AlertKind, string) []Event) []Event {
	var out []Event
	text := " " + strings.ToLower(t.Text) + " "
	for _, word := range w.words {
		if spoken := strings.ToLower(word); strings.Contains(text, " "+spoken+" ") || !isLatin(spoken) && strings.Contains(text, spoken) {
			out = append(out, alert(AlertWords, word)...)
			break
		}
	}
	switch {
	case t.Sentiment <= upset && !c.upset:
		c.upset = true
		out = append(out, alert(AlertSentiment, fmt.Sprintf("%.1f", t.Sentiment))...)
	case t.Sentiment >= calmer:
		c.upset = false
	}
	return out
}

// isLatin reports whether a word is written with spaces around it.
func isLatin(word string) bool {
	return !slices.ContainsFunc([]rune(word), func(r rune) bool { return r >= 0x2e80 })
}

// circles returns what the attendant has said again and again, once for each.
func (c *watchedCall) circles(text string) string {
	if text == "" {
		return ""
	}
	if c.said = append(c.said, text); len(c.said) > loopWithin {
		c.said = c.said[1:]
	}
	n := 0
	for _, s := range c.said {
		if s == text {
			n++
		}
	}
	if n < loopAfter || c.looped == text {
		return ""
	}
	c.looped = text
	return text
}

// silences returns the alerts of calls in which nothing is said.
func (w *watchman) silences(now time.Time) []Event {
	var out []Event
	for id, c := range w.calls {
		if c.attended && !c.quiet && now.Sub(c.last) >= deadAir {
			c.quiet = true
			out = append(out, Event{Kind: Alerted, Call: id, Alert: AlertSilence, Text: fmt.Sprintf("%.0f s", now.Sub(c.last).Seconds())})
		}
	}
	return out
}
