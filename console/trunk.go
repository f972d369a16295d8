package console

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"attendant/console/access"
)

// Trunk is how it stands with a carrier or a PBX.
type Trunk struct {
	Name       string    `json:"name"`
	Registered string    `json:"registered,omitempty"` // in words; empty where it does not register
	Reachable  string    `json:"reachable,omitempty"`  // in words; empty where it is not watched
	Good       bool      `json:"good"`
	Since      time.Time `json:"since"` // of what good says
	Active     int64     `json:"active"`
	Incoming   int64     `json:"incoming"`
	Outgoing   int64     `json:"outgoing"`
	Failed     int64     `json:"failed"`
	Refused    int64     `json:"refused"`
}

func (c *Console) trunkRoutes(api huma.API) {
	huma.Register(api, operation("trunks", http.MethodGet, "/trunks", "health", "Tell how it stands with the trunks", access.ReadHealth), c.trunks)
}

func (c *Console) trunks(context.Context, *struct{}) (*page[Trunk], error) {
	out := &page[Trunk]{}
	out.Body.Items = []Trunk{}
	if c.cfg.Trunks != nil {
		out.Body.Items = append(out.Body.Items, c.cfg.Trunks()...)
	}
	return out, nil
}

// trunks is a collector of the trunks' metrics.
type trunks func() []Trunk

var (
	trunkUp = prometheus.NewDesc("attendant_trunk_up",
		"1 while nothing is known against calling over a trunk: it is registered and answers OPTIONS.", []string{"trunk"}, nil)
	trunkActive = prometheus.NewDesc("attendant_trunk_calls", "Calls of a trunk now.", []string{"trunk"}, nil)
	trunkCalls  = prometheus.NewDesc("attendant_trunk_calls_total",
		"Calls of a trunk: incoming taken, outgoing answered, failed, refused over a limit.", []string{"trunk", "outcome"}, nil)
)

// Describe implements prometheus.Collector.
func (trunks) Describe(to chan<- *prometheus.Desc) {
	to <- trunkUp
	to <- trunkActive
	to <- trunkCalls
}

// Collect implements prometheus.Collector.
func (f trunks) Collect(to chan<- prometheus.Metric) {
	for _, t := range f() {
		up := 0.0
		if t.Good {
			up = 1
		}
		to <- prometheus.MustNewConstMetric(trunkUp, prometheus.GaugeValue, up, t.Name)
		to <- prometheus.MustNewConstMetric(trunkActive, prometheus.GaugeValue, float64(t.Active), t.Name)
		for outcome, n := range map[string]int64{"incoming": t.Incoming, "outgoing": t.Outgoing, "failed": t.Failed, "refused": t.Refused} {
			to <- prometheus.MustNewConstMetric(trunkCalls, prometheus.CounterValue, float64(n), t.Name, outcome)
		}
	}
}
