package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"attendant/console/access"
	"attendant/dialog"
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
	huma.Register(api, operation("trunk-calls", http.MethodGet, "/trunks/{name}/calls", "health", "List the last calls over a trunk, the newest first, and why they ended", access.ReadTelephony), c.trunkCalls)
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

// TrunkCall is a call over a trunk.
type TrunkCall struct {
	At       time.Time `json:"at"`
	Outgoing bool      `json:"outgoing"`
	Number   string    `json:"number" doc:"of the far end"`
	Answered bool      `json:"answered"`
	Why      string    `json:"why" doc:"how it ended, in plain words"`
	Call     string    `json:"call,omitempty" doc:"its record"`
}

// trunkCallsShown bounds what is shown of a trunk's last calls.
const trunkCallsShown = 20

func (c *Console) trunkCalls(ctx context.Context, in *named) (*page[TrunkCall], error) {
	name := nameOf(in.Name)
	records, err := c.cfg.Store.Calls(ctx, dialog.CallQuery{Trunk: name, Limit: trunkCallsShown})
	if err != nil {
		return nil, c.fault(err)
	}
	out := &page[TrunkCall]{}
	out.Body.Items = []TrunkCall{}
	for _, r := range records {
		out.Body.Items = append(out.Body.Items, TrunkCall{At: r.Started, Number: r.Number, Answered: true, Why: r.EndCause, Call: r.ID})
	}
	if c.cfg.Attempts != nil {
		out.Body.Items = append(out.Body.Items, c.cfg.Attempts(name)...)
	}
	slices.SortStableFunc(out.Body.Items, func(a, b TrunkCall) int { return b.At.Compare(a.At) })
	out.Body.Items = out.Body.Items[:min(trunkCallsShown, len(out.Body.Items))]
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
