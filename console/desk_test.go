package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"attendant/dialog"
	"attendant/dialog/knowledge"
	"attendant/dialog/queue"
)

// counter is a Desk that writes down what it is asked.
type counter struct{ asked []string }

func (d *counter) Agents() []queue.AgentStatus {
	return []queue.AgentStatus{{Name: "ann", State: queue.Busy, Call: "c1"}}
}

func (d *counter) Queues() []queue.QueueStatus {
	return []queue.QueueStatus{{Name: "support", Waiting: []queue.Waiting{{Call: "c2"}}, Figures: queue.Figures{Answered: 4}}}
}

func (d *counter) HandOvers(context.Context, dialog.HandOverQuery) ([]dialog.HandOver, error) {
	return []dialog.HandOver{{ID: "h1"}}, nil
}

func (d *counter) SetAgent(name string, s queue.State) error {
	d.asked = append(d.asked, fmt.Sprint(name, " ", s))
	return nil
}

func (d *counter) FinishWrapUp(_ context.Context, agent, code, notes string) error {
	d.asked = append(d.asked, agent+" "+code+" "+notes)
	return nil
}

func (d *counter) Order(_ context.Context, call string, o dialog.Order) error {
	d.asked = append(d.asked, fmt.Sprintf("%s %s %s %s", call, o.Verb, o.By, o.Role))
	if call == "gone" {
		return dialog.ErrNoCall
	}
	return nil
}

func (d *counter) Queue(name string) (queue.Queue, bool) {
	return queue.Queue{Name: name, WrapUpCodes: []string{"order-status", "other"}, Back: []string{"survey"}}, true
}

func (d *counter) Suggest(_ context.Context, text string, _ int) ([]knowledge.Found, error) {
	return []knowledge.Found{{Article: knowledge.Article{ID: text}, Confidence: 0.9}, {Article: knowledge.Article{ID: "no"}, Confidence: 0.1}}, nil
}

func TestDeskIsServedByRole(t *testing.T) {
	d := &counter{}
	s := newConsole(t, func(c *Config) { c.Desk = d })
	for _, u := range []string{"ann agent", "sue supervisor"} {
		name, role, _ := strings.Cut(u, " ")
		body := fmt.Sprintf(`{"name":%q,"password":%q,"roles":[%q]}`, name, adminPassword, role)
		if res, answer := s.ask(t, "admin", http.MethodPost, "/api/v1/users", body); res.StatusCode >= 300 {
			t.Fatal(res.Status, answer)
		}
	}
	for _, c := range []struct {
		user, method, path, body string
		status                   int
		asked                    string
	}{
		{"ann", "GET", "/api/v1/agents", "", 200, ""},
		{"ann", "GET", "/api/v1/queues", "", 200, ""},
		{"sue", "GET", "/api/v1/hand-overs", "", 200, ""},
		{"", "GET", "/api/v1/agents", "", 401, ""},
		{"ann", "PUT", "/api/v1/agents/ann/state", `{"state":"away"}`, 204, "ann away"},
		{"ann", "PUT", "/api/v1/agents/bob/state", `{"state":"away"}`, 403, ""},
		{"sue", "PUT", "/api/v1/agents/bob/state", `{"state":"available"}`, 204, "bob available"},
		{"ann", "PUT", "/api/v1/agents/ann/state", `{"state":"busy"}`, 422, ""},
		{"ann", "POST", "/api/v1/agents/ann/wrap-up", `{"code":"sold","notes":"two"}`, 204, "ann sold two"},
		{"ann", "POST", "/api/v1/calls/c1/order", `{"verb":"hold"}`, 204, "c1 hold ann agent"},
		{"sue", "POST", "/api/v1/calls/c1/order", `{"verb":"listen"}`, 204, "c1 listen sue supervisor"},
		{"sue", "POST", "/api/v1/calls/c1/order", `{"verb":"hold","by":"ann"}`, 403, ""},
		{"admin", "POST", "/api/v1/calls/c1/order", `{"verb":"listen","by":"sue"}`, 204, "c1 listen sue admin"},
		{"admin", "POST", "/api/v1/calls/gone/order", `{"verb":"end"}`, 404, "gone end admin admin"},
	} {
		d.asked = nil
		res, answer := s.ask(t, c.user, c.method, c.path, c.body)
		if got := strings.Join(d.asked, ";"); res.StatusCode != c.status || got != c.asked {
			t.Errorf("%s %s %s %s: %s, asked %q; want %d, %q\n%s", c.user, c.method, c.path, c.body, res.Status, got, c.status, c.asked, answer)
		}
	}
	_, metrics := s.ask(t, "", http.MethodGet, "/metrics", "")
	for _, want := range []string{`attendant_queue_waiting{queue="support"} 1`, `attendant_queue_left_total{outcome="answered",queue="support"} 4`, `attendant_agents{state="busy"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}
