package dialog

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAlerts(t *testing.T) {
	said := func(side, text string, sentiment float64) Event {
		return Event{Kind: TurnEnded, Turn: &Turn{Side: side, Text: text, Sentiment: sentiment}}
	}
	acted := func(outcome string) Event {
		return Event{Kind: ActionDone, Act: &ActionRecord{Operation: "pay_back", Outcome: outcome}}
	}
	sorry := said("attendant", "Sorry, which order is it?", 0)
	for _, c := range []struct {
		name string
		told []any // events, and times that pass
		want string
	}{
		{"nothing", []any{said("caller", "where is my order", 0), said("attendant", "It is in Leipzig.", 0)}, ""},
		{"a word to watch for", []any{said("caller", "I will call my Lawyer now", 0)}, "words:lawyer"},
		{"a part of a word", []any{said("caller", "the press-ure is pressing", 0), said("caller", "lawyers", 0)}, ""},
		{"a word of a language without spaces", []any{said("caller", "我要投诉你们", 0)}, "words:投诉"},
		{"what the attendant says is not watched", []any{said("attendant", "Is it a complaint?", 0)}, ""},
		{"upset once", []any{said("caller", "a", -0.6), said("caller", "b", -0.9), said("caller", "c", -0.4)}, "sentiment:-0.6"},
		{"upset, calm, upset", []any{said("caller", "a", -0.6), said("caller", "b", 0), said("caller", "c", -0.5)}, "sentiment:-0.6 sentiment:-0.5"},
		{"a circle", []any{sorry, said("caller", "mumble", 0), sorry, sorry, sorry}, "loop:Sorry, which order is it?"},
		{"twice is no circle", []any{sorry, sorry}, ""},
		{"failed action", []any{acted("ok"), acted("refused"), acted("unknown_outcome")}, "action:pay_back: unknown_outcome"},
		{"dead air", []any{said("attendant", "And?", 0), 29 * time.Second, said("caller", "hm", 0), 29 * time.Second, 2 * time.Second, time.Minute}, "silence:31 s"},
		{"music is no dead air", []any{Event{Kind: HandedOver, Text: "waiting"}, time.Minute}, ""},
		{"back from a human", []any{Event{Kind: HandedOver, Text: "together"}, time.Minute, Event{Kind: HandedOver, Text: "ended"}, 31 * time.Second}, "silence:31 s"},
		{"an ended call", []any{Event{Kind: CallEnded}, time.Minute, said("caller", "lawyer", -1)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Now()
			w := watchman{words: DefaultAlertWords(), calls: map[string]*watchedCall{}}
			w.take(Event{Kind: CallStarted, Call: "c", At: now})
			var got []string
			for _, told := range c.told {
				var out []Event
				switch v := told.(type) {
				case time.Duration:
					now = now.Add(v)
					out = w.silences(now)
				case Event:
					v.Call, v.At = "c", now
					out = w.take(v)
				}
				for _, e := range out {
					if e.Kind != Alerted || e.Call != "c" {
						t.Errorf("told %+v", e)
					}
					got = append(got, fmt.Sprintf("%s:%s", e.Alert, e.Text))
				}
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("alerts %q, want %q", got, c.want)
			}
		})
	}
}

// Alerts are told through the hub, those of silences by the clock, and end with ctx.
func TestAlertsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &Attendant{Hub: &Hub{}}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { a.RunAlerts(ctx, []string{"lawyer"}) })
		synctest.Wait()
		events, stop := a.Hub.Listen()
		defer stop()
		a.Hub.Tell(Event{Kind: CallStarted, Call: "c"})
		a.Hub.Tell(Event{Kind: TurnEnded, Call: "c", Turn: &Turn{Side: "caller", Text: "lawyer"}})
		var kinds []string
		for len(kinds) < 2 {
			if e := <-events; e.Kind == Alerted {
				kinds = append(kinds, string(e.Alert))
			}
		}
		if got := strings.Join(kinds, " "); got != "words silence" {
			t.Errorf("alerts %q", got)
		}
		cancel()
		running.Wait()
	})
}
