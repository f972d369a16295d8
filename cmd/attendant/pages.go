package main

import (
	"attendant/console"
	"attendant/dialog/flow"
)

// provide gives the console what administrators and designers work with.
func (s *server) provide(cfg *console.Config) {
	s.outgoing = newOutgoing(s)
	cfg.Outgoing, cfg.Presets = s.outgoing, trunkPresets()
	cfg.Numbers = numberShelf(s.telephony, s.cfg.Region, s.company.set)
	cfg.TrunkBook = trunkShelf(s.telephony)
	cfg.Attempts = s.telephony.attempts
}

// attempts are the last calls over a trunk that came to nothing.
func (t *telephony) attempts(name string) []console.TrunkCall {
	var out []console.TrunkCall
	for _, a := range t.group.Attempts(name) {
		out = append(out, console.TrunkCall{At: a.At, Outgoing: a.Outgoing, Number: a.Number, Why: a.Why})
	}
	return out
}

// set is the flows that calls use now.
func (c *company) set() *flow.Set { return c.flows }
