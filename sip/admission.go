package sip

import "time"

// admit counts a call in, unless there are too many, they come too fast, the
// machine has no head-room, or we are stopping; then it tells when to try again.
// Requests within dialogs are never asked about here: a call that is up goes
// before one that is not.
func (s *Server) admit() (later time.Duration, ok bool) {
	if s.cfg.Calls != nil {
		if later, ok = s.cfg.Calls.Admit(); !ok {
			return later, false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		return drainLater, false
	case s.answer == nil || s.admitted >= s.cfg.MaxCalls:
		return busyLater, false
	}
	s.admitted++
	s.calls.Add(1)
	return 0, true
}

const (
	// drainLater is when one who was refused while we drain may ask again: the
	// program is hardly up again sooner.
	drainLater = time.Minute
	// busyLater is when one who was refused as too many calls are up may ask
	// again: calls last for minutes, so that one of 100 ends every few seconds.
	busyLater = 5 * time.Second
)

func (s *Server) dismiss() {
	s.mu.Lock()
	s.admitted--
	s.mu.Unlock()
	s.calls.Done()
}
