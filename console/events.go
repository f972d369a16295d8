package console

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"attendant/console/access"
	"attendant/dialog"
)

const (
	// beat tells a page that the connection lives; without one for 5 s it shows
	// that what it has is old.
	beat = 2 * time.Second
	// checkAgain is how soon a stream ends whose listener may no longer listen.
	checkAgain = 30 * time.Second
)

type eventsInput struct {
	LastEventID string `header:"Last-Event-ID" doc:"go on after this event"`
	After       string `query:"after" doc:"the same, where a header cannot be set"`
	Replay      string `query:"replay" enum:"live" doc:"begin with what the calls going on have had so far"`
}

// events streams what happens, from the event after Last-Event-ID on. Without
// one, "?replay=live" begins with what the calls going on have had so far.
func (c *Console) events(_ context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	last := in.LastEventID
	if last == "" {
		last = in.After
	}
	after, err := strconv.ParseUint(last, 10, 64)
	if err != nil && last != "" {
		return nil, huma.Error422UnprocessableEntity("Last-Event-ID is no number of an event")
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		c.stream(w, r, after, in.Replay == "live")
	}}, nil
}

func (c *Console) stream(w http.ResponseWriter, r *http.Request, after uint64, replay bool) {
	flusher := http.NewResponseController(w)
	events, stop := c.cfg.Hub.Listen()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events back
	var replayed uint64
	for _, e := range c.missed(after, replay) {
		if send(w, e) != nil {
			return
		}
		replayed = e.Seq
	}
	beats := time.NewTicker(beat)
	defer beats.Stop()
	checks := time.NewTicker(checkAgain)
	defer checks.Stop()
	for {
		if flusher.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-beats.C:
			if _, err := w.Write([]byte("event: beat\ndata: {}\n\n")); err != nil {
				return
			}
		case <-checks.C:
			if p, err := c.gate.identify(r); err != nil || !p.May(access.ReadCalls) {
				return
			}
		case e, ok := <-events:
			if ok && e.Seq <= replayed {
				continue
			}
			if !ok || send(w, e) != nil {
				return
			}
		}
	}
}

// missed are the kept events after that number; where it is none, those of the
// calls going on if they are wanted. A number that has not been reached is from
// before the program's last start, which counts as none.
func (c *Console) missed(after uint64, wanted bool) []dialog.Event {
	live, recent := c.cfg.Live(), c.cfg.Hub.Recent()
	if len(recent) == 0 || after > recent[len(recent)-1].Seq {
		after = 0
	}
	if after == 0 && !wanted {
		return nil
	}
	var out []dialog.Event
	for _, e := range recent {
		_, on := live[e.Call]
		if after > 0 && e.Seq > after || after == 0 && on && e.Kind != dialog.Partial {
			out = append(out, e)
		}
	}
	return out
}

func send(w http.ResponseWriter, e dialog.Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = w.Write(append(append([]byte("id: "+strconv.FormatUint(e.Seq, 10)+"\ndata: "), data...), "\n\n"...))
	return err
}
