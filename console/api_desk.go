package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"attendant/console/access"
	"attendant/dialog"
	"attendant/dialog/knowledge"
	"attendant/dialog/queue"
)

// Desk is the people's side of the attendant.
type Desk interface {
	Agents() []queue.AgentStatus
	Queues() []queue.QueueStatus
	HandOvers(ctx context.Context, q dialog.HandOverQuery) ([]dialog.HandOver, error)
	SetAgent(name string, s queue.State) error
	FinishWrapUp(ctx context.Context, agent, code, notes string) error
	Order(ctx context.Context, call string, o dialog.Order) error
	Queue(name string) (queue.Queue, bool)
	Suggest(ctx context.Context, text string, most int) ([]knowledge.Found, error)
}

type stateInput struct {
	Name string `path:"name" maxLength:"64"`
	Body struct {
		State string `json:"state" enum:"available,away,offline"`
	}
}

type wrapUpInput struct {
	Name string `path:"name" maxLength:"64"`
	Body struct {
		Code  string `json:"code,omitempty" maxLength:"64"`
		Notes string `json:"notes,omitempty" maxLength:"4000"`
	}
}

type orderInput struct {
	ID   string `path:"id" maxLength:"128"`
	Body struct {
		Verb   string `json:"verb" maxLength:"32" doc:"hold, resume, mute, unmute, consult, return, complete, conference, pass, back, stop-recording, start-recording, wrap-up; of supervisors: listen, whisper, barge, leave, take-over, hand-back, suggest, say, end"`
		By     string `json:"by,omitempty" maxLength:"64" doc:"on whose behalf: an administrator may name an agent or supervisor; else who asks"`
		Target string `json:"target,omitempty" maxLength:"64"`
		Text   string `json:"text,omitempty" maxLength:"1000"`
	}
}

type handOversInput struct {
	Call  string `query:"call" maxLength:"64"`
	Open  bool   `query:"open" doc:"only those that go on"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

func (c *Console) deskRoutes(api huma.API) {
	if c.cfg.Desk == nil && !c.describing {
		return
	}
	huma.Register(api, operation("agents", http.MethodGet, "/agents", "desk", "List agents with what they do", access.WorkDesk), c.agents)
	huma.Register(api, operation("set-agent-state", http.MethodPut, "/agents/{name}/state", "desk", "Make an agent available, away or offline; one's own, or anybody's as a supervisor", access.WorkDesk), c.setAgent)
	huma.Register(api, operation("wrap-up", http.MethodPost, "/agents/{name}/wrap-up", "desk", "End an agent's wrap-up with code and notes", access.WorkDesk), c.wrapUp)
	huma.Register(api, operation("queues", http.MethodGet, "/queues", "desk", "List queues with those who wait and their figures", access.WorkDesk), c.queues)
	huma.Register(api, operation("hand-overs", http.MethodGet, "/hand-overs", "desk", "List hand-overs with their briefings, the newest first", access.WorkDesk), c.handOvers)
	huma.Register(api, operation("order", http.MethodPost, "/calls/{id}/order", "desk", "Have a live call do something, as its agent or as a supervisor", access.WorkDesk), c.order)
	c.softphoneRoutes(api)
}

// settingRoutes are the routes by which agents and queues are edited.
func (c *Console) settingRoutes(api huma.API) {
	if (c.cfg.Agents == nil || c.cfg.Queues == nil) && !c.describing {
		return
	}
	huma.Register(api, operation("desk-settings", http.MethodGet, "/desk/settings", "desk", "List the settings of all agents and queues", access.Supervise), c.deskSettings)
	thingRoutes(c, api, "agent", c.cfg.Agents)
	thingRoutes(c, api, "queue", c.cfg.Queues)
}

func (c *Console) agents(context.Context, *struct{}) (*page[queue.AgentStatus], error) {
	out := &page[queue.AgentStatus]{}
	out.Body.Items = append([]queue.AgentStatus{}, c.cfg.Desk.Agents()...)
	return out, nil
}

func (c *Console) queues(context.Context, *struct{}) (*page[queue.QueueStatus], error) {
	out := &page[queue.QueueStatus]{}
	out.Body.Items = append([]queue.QueueStatus{}, c.cfg.Desk.Queues()...)
	return out, nil
}

func (c *Console) handOvers(ctx context.Context, in *handOversInput) (*page[dialog.HandOver], error) {
	rows, err := c.cfg.Desk.HandOvers(ctx, dialog.HandOverQuery{Call: in.Call, Open: in.Open, Limit: in.Limit})
	out := &page[dialog.HandOver]{}
	out.Body.Items = append([]dialog.HandOver{}, rows...)
	return out, c.faultIf(err)
}

// theirs refuses who is neither the agent nor a supervisor.
func theirs(ctx context.Context, agent string) error {
	if p := principal(ctx); p.Name != agent && !p.May(access.Supervise) {
		return huma.Error403Forbidden("this is for the agent, or for a supervisor")
	}
	return nil
}

func (c *Console) setAgent(ctx context.Context, in *stateInput) (*nothing, error) {
	if err := theirs(ctx, in.Name); err != nil {
		return nil, err
	}
	return nil, deskFault(c.cfg.Desk.SetAgent(in.Name, queue.State(in.Body.State)))
}

func (c *Console) wrapUp(ctx context.Context, in *wrapUpInput) (*nothing, error) {
	if err := theirs(ctx, in.Name); err != nil {
		return nil, err
	}
	return nil, deskFault(c.cfg.Desk.FinishWrapUp(ctx, in.Name, in.Body.Code, in.Body.Notes))
}

// order passes an order on in the name of who asks. Only administrators may speak
// for others.
func (c *Console) order(ctx context.Context, in *orderInput) (*nothing, error) {
	p := principal(ctx)
	o := dialog.Order{Verb: dialog.Verb(in.Body.Verb), By: p.Name, Role: "agent", Target: in.Body.Target, Text: strings.TrimSpace(in.Body.Text)}
	admin := slices.Contains(p.Roles, access.Admin)
	switch {
	case admin:
		o.Role = "admin"
	case p.May(access.Supervise):
		o.Role = "supervisor"
	}
	if in.Body.By != "" && in.Body.By != p.Name {
		if !admin {
			return nil, huma.Error403Forbidden("only administrators speak for others")
		}
		o.By = in.Body.By
	}
	return nil, deskFault(c.cfg.Desk.Order(ctx, in.ID, o))
}

// deskFault is the error of the API for an error of the desk.
func deskFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, dialog.ErrNoCall):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, dialog.ErrRole):
		return huma.Error403Forbidden(err.Error())
	case errors.Is(err, dialog.ErrTarget), errors.Is(err, queue.ErrUnknown):
		return huma.Error422UnprocessableEntity(err.Error())
	}
	return huma.Error409Conflict(err.Error())
}

// deskMetrics is a collector of the queues' figures.
type deskMetrics struct{ Desk }

var (
	queueWaiting = prometheus.NewDesc("attendant_queue_waiting", "Callers who wait.", []string{"queue"}, nil)
	queueOldest  = prometheus.NewDesc("attendant_queue_oldest_seconds", "The longest wait of those who wait.", []string{"queue"}, nil)
	queueLeft    = prometheus.NewDesc("attendant_queue_left_total", "Waits that have ended, by outcome.", []string{"queue", "outcome"}, nil)
	queueASA     = prometheus.NewDesc("attendant_queue_asa_seconds", "Average speed of answer.", []string{"queue"}, nil)
	queueLevel   = prometheus.NewDesc("attendant_queue_service_level", "Answered within the goal, by answered and abandoned without short abandons.", []string{"queue"}, nil)
	queueAHT     = prometheus.NewDesc("attendant_queue_aht_seconds", "Average handle time: talk, hold and wrap-up.", []string{"queue"}, nil)
	agentStates  = prometheus.NewDesc("attendant_agents", "Agents by state.", []string{"state"}, nil)
)

// Describe implements prometheus.Collector.
func (deskMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueWaiting, queueOldest, queueLeft, queueASA, queueLevel, queueAHT, agentStates} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (d deskMetrics) Collect(to chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	for _, q := range d.Queues() {
		f := q.Figures
		gauge(queueWaiting, float64(len(q.Waiting)), q.Name)
		gauge(queueOldest, q.Oldest.Seconds(), q.Name)
		gauge(queueASA, f.ASA.Seconds(), q.Name)
		gauge(queueLevel, f.ServiceLevel, q.Name)
		gauge(queueAHT, f.AHT.Seconds(), q.Name)
		for outcome, n := range map[string]int{
			"answered": f.Answered, "abandoned": f.Abandoned, "callback": f.Callbacks, "voicemail": f.Voicemails, "other": f.Overflowed,
		} {
			to <- prometheus.MustNewConstMetric(queueLeft, prometheus.CounterValue, float64(n), q.Name, outcome)
		}
	}
	states := map[queue.State]int{}
	for _, a := range d.Agents() {
		states[a.State]++
	}
	for _, s := range []queue.State{queue.Offline, queue.Available, queue.Away, queue.Ringing, queue.Busy, queue.WrapUp} {
		gauge(agentStates, float64(states[s]), string(s))
	}
}
