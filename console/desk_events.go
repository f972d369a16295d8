package console

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"attendant/console/access"
	"attendant/dialog"
	"attendant/dialog/queue"
	"attendant/dialog/softphone"
)

// deskStream is the stream of one agent's page. Agents may not read calls: they
// are told of those that ring for them, and of the one that they have, and of no
// other.
type deskStream struct {
	console *Console
	me      string
	w       http.ResponseWriter
	rings   []softphone.Ring
	told    map[string]uint64 // the calls that are the agent's now, with the last event told
}

// run streams until the page is gone or too slow, or its user may not work at a
// desk any more.
func (s *deskStream) run(r *http.Request, phone bool) {
	flusher := http.NewResponseController(s.w)
	events, stop := s.console.cfg.Hub.Listen()
	defer stop()
	var changed <-chan struct{}
	if phone && s.console.cfg.Softphones != nil {
		open := s.console.cfg.Softphones.Open(s.me)
		defer open.Close()
		changed = open.Changed
	}
	s.w.Header().Set("Content-Type", "text/event-stream")
	s.w.Header().Set("X-Accel-Buffering", "no")
	beats := time.NewTicker(beat)
	defer beats.Stop()
	checks := time.NewTicker(checkAgain)
	defer checks.Stop()
	if s.ring() != nil {
		return
	}
	for flusher.Flush() == nil {
		var err error
		select {
		case <-r.Context().Done():
			return
		case <-beats.C:
			_, err = s.w.Write([]byte("event: beat\ndata: {}\n\n"))
		case <-checks.C:
			if p, err := s.console.gate.identify(r); err != nil || !p.May(access.WorkDesk) {
				return
			}
		case <-changed:
			err = s.ring()
		case e, ok := <-events:
			if !ok {
				return
			}
			err = s.pass(e)
		}
		if err != nil {
			return // the page is gone
		}
	}
}

// ring tells what rings, and what was said so far in the calls that do.
func (s *deskStream) ring() error {
	s.rings = []softphone.Ring{}
	if x := s.console.cfg.Softphones; x != nil {
		s.rings = x.Ringing(s.me)
	}
	data, err := json.Marshal(s.rings)
	if err != nil {
		return err
	}
	if _, err := s.w.Write([]byte("event: rings\ndata: " + string(data) + "\n\n")); err != nil {
		return err
	}
	return s.refresh()
}

// pass tells an event of the agent's own, or of the agent's calls.
func (s *deskStream) pass(e dialog.Event) error {
	mine := e.Kind == dialog.AgentState && e.Agent == s.me
	if mine || e.Kind == dialog.HandedOver {
		if err := s.refresh(); err != nil {
			return err
		}
	}
	last, on := s.told[e.Call]
	switch {
	case mine:
	case !on, e.Seq <= last:
		return nil
	}
	if on {
		s.told[e.Call] = max(last, e.Seq)
	}
	return send(s.w, e)
}

// refresh finds out which calls are the agent's now. Of a call that becomes the
// agent's it tells what has happened so far.
func (s *deskStream) refresh() error {
	calls := map[string]bool{}
	for _, r := range s.rings {
		calls[r.Call] = true
	}
	for _, a := range s.console.cfg.Desk.Agents() {
		if a.Name != s.me || a.State != queue.Busy && a.State != queue.Ringing {
			continue
		}
		for call := range s.told { // it has rung, and was answered
			calls[call] = true
		}
		if call, _, _ := strings.Cut(a.Call, "+"); call != "" && !strings.Contains(call, ":") { // of a callback the ring told
			calls[call] = true
		}
	}
	for call := range s.told {
		if !calls[call] {
			delete(s.told, call)
		}
	}
	for call := range calls {
		if _, known := s.told[call]; known {
			continue
		}
		s.told[call] = 0
		for _, e := range s.console.cfg.Hub.Recent() {
			if e.Call != call || e.Kind == dialog.Partial {
				continue
			}
			if err := send(s.w, e); err != nil {
				return err
			}
			s.told[call] = e.Seq
		}
	}
	return nil
}
