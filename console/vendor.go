package console

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"attendant/console/access"
)

// Vendor is how a vendor of speech on a ladder is doing.
type Vendor struct {
	Kind    string  `json:"kind"` // "recogniser", "voice", "model"
	Name    string  `json:"name"`
	Used    uint64  `json:"used"`    // utterances, sentences or requests that it served
	Failed  uint64  `json:"failed"`  // it gave an error, or broke off
	Late    uint64  `json:"late"`    // its budget was spent
	Skipped uint64  `json:"skipped"` // passed over: sick, or no time left in the turn
	Left    bool    `json:"left"`    // it is being left out as sick
	Seconds float64 `json:"seconds"` // sum of what callers waited for it, over Used
}

func (c *Console) healthRoutes(api huma.API) {
	huma.Register(api, operation("vendors", http.MethodGet, "/vendors", "health", "Tell how the vendors of speech and of the model are doing, in the order in which they are tried", access.ReadHealth), c.vendors)
}

func (c *Console) vendors(context.Context, *struct{}) (*page[Vendor], error) {
	out := &page[Vendor]{}
	out.Body.Items = []Vendor{}
	if c.cfg.Vendors != nil {
		out.Body.Items = append(out.Body.Items, c.cfg.Vendors()...)
	}
	return out, nil
}

// vendors is a collector of the vendors' metrics.
type vendors func() []Vendor

var (
	vendorSteps = prometheus.NewDesc("attendant_vendor_steps_total",
		"Utterances and sentences given to a vendor, by what came of it.", []string{"kind", "vendor", "outcome"}, nil)
	vendorLeft = prometheus.NewDesc("attendant_vendor_left_out",
		"1 while a vendor is left out as sick.", []string{"kind", "vendor"}, nil)
	vendorSeconds = prometheus.NewDesc("attendant_vendor_wait_seconds",
		"What callers waited for a vendor: end of speech to words, or text to first audio.", []string{"kind", "vendor"}, nil)
)

// Describe implements prometheus.Collector.
func (vendors) Describe(to chan<- *prometheus.Desc) {
	to <- vendorSteps
	to <- vendorLeft
	to <- vendorSeconds
}

// Collect implements prometheus.Collector.
func (f vendors) Collect(to chan<- prometheus.Metric) {
	for _, v := range f() {
		for outcome, n := range map[string]uint64{"used": v.Used, "failed": v.Failed, "late": v.Late, "skipped": v.Skipped} {
			to <- prometheus.MustNewConstMetric(vendorSteps, prometheus.CounterValue, float64(n), v.Kind, v.Name, outcome)
		}
		left := 0.0
		if v.Left {
			left = 1
		}
		to <- prometheus.MustNewConstMetric(vendorLeft, prometheus.GaugeValue, left, v.Kind, v.Name)
		to <- prometheus.MustNewConstSummary(vendorSeconds, v.Used, v.Seconds, nil, v.Kind, v.Name)
	}
}
