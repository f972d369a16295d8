package main

import (
	"context"

	"attendant/console"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/sip/provision"
)

// provide gives the console what administrators and designers work with.
func (s *server) provide(cfg *console.Config) {
	s.outgoing = newOutgoing(s)
	cfg.Outgoing, cfg.Presets = s.outgoing, trunkPresets()
	cfg.Numbers = numberShelf(s.telephony, s.cfg.Region, s.library.Flows, s.people.hasQueue)
	cfg.TrunkBook = trunkShelf(s.telephony)
	cfg.Attempts = s.telephony.attempts
	cfg.Content, cfg.Unanswered = s.library, s.store
	s.library.publish = s.publish
}

// attempts are the last calls over a trunk that came to nothing.
func (t *telephony) attempts(name string) []console.TrunkCall {
	var out []console.TrunkCall
	for _, a := range t.group.Attempts(name) {
		out = append(out, console.TrunkCall{At: a.At, Outgoing: a.Outgoing, Number: a.Number, Why: a.Why})
	}
	return out
}

// takeIn makes the company of the folder that of the store, in which the folder's
// changes are taken in.
func (s *server) takeIn(ctx context.Context, loaded *company) (*company, error) {
	kept, err := provision.Open(ctx, s.store.DB())
	if err != nil {
		return nil, err
	}
	if s.library, err = openLibrary(ctx, kept, s.cfg, loaded, s.log); err != nil {
		return nil, err
	}
	s.company = s.library.now.Load()
	return s.company, nil
}

// publish has calls use a company's flows and articles from the next one on. The
// embedded recogniser keeps its vocabulary until the next start.
func (s *server) publish(ctx context.Context, c *company) error {
	articles, err := c.finder(ctx, s.cfg, s.log)
	if err != nil {
		return err
	}
	speaking := c.speaking(s.cfg, s.language.ladder)
	s.attendant.Publish(&dialog.Content{
		Flows: flow.NewEngine(c.flows), Knowledge: articles, Understand: speaking.understand, Writer: speaking.writer,
		Free: func() {
			if err := articles.Close(); err != nil {
				s.log.Warn("articles not closed", "error", err)
			}
		},
	})
	return nil
}
