package main

import (
	"context"
	"time"

	"attendant/sip"
	"attendant/sip/hep"
)

// openCapture has a capture server told of SIP messages, where one is set.
func (s *server) openCapture(cfg *sip.Config) {
	if s.cfg.HEP == "" {
		return
	}
	s.capture = hep.New(hep.Config{Address: s.cfg.HEP, Node: uint32(s.cfg.HEPNode), Log: s.log})
	cfg.Passed = func(p sip.Passed) {
		s.capture.Put(hep.Message{At: time.Now(), From: p.From, To: p.To, Transport: p.Transport, Text: p.Text})
	}
}

// serveCapture sends until ctx ends.
func (s *server) serveCapture(ctx context.Context) {
	if s.capture == nil {
		return
	}
	if err := s.capture.Run(ctx); err != nil {
		s.log.Error("SIP messages are not captured", "error", err)
	}
}

// captureGauges are the exporter's counters by their names as metrics.
func (s *server) captureGauges() map[string]func() float64 {
	if s.capture == nil {
		return nil
	}
	st := s.capture.Stats()
	return map[string]func() float64{
		"attendant_hep_sent":    func() float64 { return float64(st.Sent.Load()) },
		"attendant_hep_dropped": func() float64 { return float64(st.Dropped.Load()) },
		"attendant_hep_failed":  func() float64 { return float64(st.Failed.Load()) },
	}
}
