package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"attendant/console/access"
	"attendant/dialog"
)

const (
	// recontact is the window in which the same caller with the same concern counts
	// as not resolved before.
	recontact = 7 * 24 * time.Hour
	// maxCounted bounds the calls of one answer: about a minute of reading.
	maxCounted = 100_000
)

// errMany is a span of time with more than maxCounted calls.
var errMany = errors.New("more calls than can be counted at once: ask for a shorter time")

type analyticsInput struct {
	From time.Time `query:"from" doc:"calls started at or after; a day ago if left out"`
	To   time.Time `query:"to" doc:"calls started before; now if left out"`
}

// figure is a KPI with what it was computed from.
type figure struct {
	Name    string   `json:"name"`
	Value   float64  `json:"value" doc:"0 where there is nothing to divide by"`
	Unit    string   `json:"unit" enum:"calls,share,score"`
	Part    float64  `json:"part"`
	Of      float64  `json:"of"`
	Formula string   `json:"formula"`
	Calls   []string `json:"outcomes,omitempty" doc:"the outcomes whose calls are the part"`
}

type analyticsOutput struct {
	Body struct {
		From     time.Time      `json:"from"`
		To       time.Time      `json:"to"`
		Figures  []figure       `json:"figures"`
		Outcomes map[string]int `json:"outcomes"`
	}
}

func (c *Console) analyticsRoutes(api huma.API) {
	huma.Register(api, operation("analytics", http.MethodGet, "/analytics", "analytics", "Count the calls of a time, with the formula of each figure", access.ReadAnalytics), c.analytics)
}

func (c *Console) analytics(ctx context.Context, in *analyticsInput) (*analyticsOutput, error) {
	out := &analyticsOutput{}
	if out.Body.To = in.To; in.To.IsZero() {
		out.Body.To = time.Now()
	}
	if out.Body.From = in.From; in.From.IsZero() {
		out.Body.From = out.Body.To.Add(-24 * time.Hour)
	}
	if !out.Body.From.Before(out.Body.To) {
		return nil, huma.Error422UnprocessableEntity("from is not before to")
	}
	// What comes within a week after decides on what came before.
	calls, err := c.between(ctx, out.Body.From, out.Body.To.Add(recontact))
	switch {
	case errors.Is(err, errMany):
		return nil, huma.Error422UnprocessableEntity(err.Error())
	case err != nil:
		return nil, c.fault(err)
	}
	out.Body.Outcomes, out.Body.Figures = figures(calls, out.Body.To)
	return out, nil
}

// between are the calls started in a span of time, the newest first.
func (c *Console) between(ctx context.Context, from, to time.Time) ([]dialog.Record, error) {
	var out []dialog.Record
	for {
		page, err := c.cfg.Store.Calls(ctx, dialog.CallQuery{Before: to, Limit: 1000})
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			if r.Started.Before(from) {
				return out, nil
			}
			out = append(out, r)
		}
		if len(page) < 1000 {
			return out, nil
		}
		if len(out) > maxCounted {
			return nil, errMany
		}
		to = page[len(page)-1].Started
	}
}

// figures computes the KPIs of the calls started before to; later ones only tell
// who had to call again. calls are the newest first.
func figures(calls []dialog.Record, to time.Time) (outcomes map[string]int, list []figure) {
	outcomes = map[string]int{}
	later := map[string]time.Time{} // caller and concern -> when they called next
	var again, mood float64
	for _, r := range calls {
		concern := r.Number + "\x00" + r.Flow
		next, called := later[concern]
		if r.Number != "" && r.Flow != "" {
			later[concern] = r.Started
		}
		if !r.Started.Before(to) {
			continue
		}
		outcomes[r.Outcome]++
		mood += r.Sentiment
		if resolved := r.Outcome == "resolved_confirmed" || r.Outcome == "resolved_assumed"; resolved && called && next.Sub(r.Started) <= recontact {
			again++
		}
	}
	n := func(names ...string) float64 {
		sum := 0
		for _, name := range names {
			sum += outcomes[name]
		}
		return float64(sum)
	}
	all := 0.0
	for _, v := range outcomes {
		all += float64(v)
	}
	contacts := all - n("short")
	share := func(name, formula string, part float64, calls ...string) figure {
		f := figure{Name: name, Unit: "share", Part: part, Of: contacts, Formula: formula, Calls: calls}
		if contacts > 0 {
			f.Value = part / contacts
		}
		return f
	}
	sentiment := figure{Name: "sentiment", Unit: "score", Part: mood, Of: all, Formula: "sum of the callers' last scores, -1 to 1 / calls"}
	if all > 0 {
		sentiment.Value = mood / all
	}
	return outcomes, []figure{
		{Name: "contacts", Value: contacts, Unit: "calls", Part: contacts, Of: all, Formula: "calls - short calls (no turn of the caller, under 10 s)"},
		share("strict_containment", "(resolved, confirmed or assumed - same caller and flow again within 7 days) / contacts", n("resolved_confirmed", "resolved_assumed")-again, "resolved_confirmed", "resolved_assumed"),
		share("containment", "(contacts - escalated) / contacts", contacts-n("escalated"), "resolved_confirmed", "resolved_assumed", "abandoned_in_ai", "out_of_scope_closed", "tech_failure"),
		share("escalation", "escalated / contacts", n("escalated"), "escalated"),
		share("abandonment", "abandoned in self-service / contacts", n("abandoned_in_ai"), "abandoned_in_ai"),
		sentiment,
	}
}
