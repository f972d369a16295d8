package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"attendant/console/access"
	"attendant/dialog"
	"attendant/dialog/knowledge"
	"attendant/dialog/queue"
	"attendant/dialog/softphone"
)

// suggestions is how many articles an agent is offered at once.
const suggestions = 3

type deskOutput struct{ Body deskBody }

// deskBody is what an agent's page shows.
type deskBody struct {
	Agent      *queue.AgentStatus  `json:"agent,omitempty" doc:"the agent of the user's name; none where there is none"`
	Rings      []softphone.Ring    `json:"rings" doc:"what rings at the agent's pages"`
	HandOver   *dialog.HandOver    `json:"hand_over,omitempty" doc:"the last one of the call asked for, or of the agent's call"`
	Draft      string              `json:"draft,omitempty" doc:"notes for the wrap-up, made from the record"`
	Code       string              `json:"code,omitempty" doc:"the wrap-up code that fits best, if one does"`
	Codes      []string            `json:"codes" doc:"wrap-up codes of the call's queue"`
	Back       []string            `json:"back" doc:"flows that the caller may be given back to"`
	Colleagues []queue.AgentStatus `json:"colleagues"`
	Queues     []string            `json:"queues"`
}

type deskInput struct {
	Call string `query:"call" maxLength:"64" doc:"the call; the agent's own where empty"`
}

type articleQuery struct {
	Text string `query:"text" maxLength:"1000" doc:"what the caller says"`
}

// suggestion is an article that may help.
type suggestion struct {
	ID         string  `json:"id"`
	Title      string  `json:"title"`
	Answer     string  `json:"answer"`
	Confidence float64 `json:"confidence"`
}

type ringInput struct {
	ID string `path:"id" maxLength:"64"`
}

type ringAnswerInput struct {
	Resolved
	ID      string `path:"id" maxLength:"64"`
	Keys    string `query:"keys" maxLength:"8" pattern:"^[0-9*#]*$" doc:"pressed as soon as the leg is up: 1 takes the caller without the spoken briefing"`
	RawBody []byte `contentType:"application/sdp"`
}

type watchInput struct {
	Resolved
	ID      string `path:"id" maxLength:"64"`
	Verb    string `query:"verb" enum:"listen,whisper,barge" default:"listen"`
	RawBody []byte `contentType:"application/sdp"`
}

// softphoneRoutes are what makes a page an agent's phone, and a supervisor's ear.
func (c *Console) softphoneRoutes(api huma.API) {
	huma.Register(api, operation("desk", http.MethodGet, "/desk", "desk", "Tell what an agent's page shows: state, rings, hand-over, colleagues", access.WorkDesk), c.desk)
	huma.Register(api, operation("desk-articles", http.MethodGet, "/desk/articles", "desk", "Suggest articles for what a caller says", access.WorkDesk), c.suggest)
	stream := operation("desk-events", http.MethodGet, "/desk/events", "desk", "Follow one's own rings and calls, as server-sent events; with phone=true the page is the agent's phone", access.WorkDesk)
	stream.Responses = map[string]*huma.Response{"200": {Description: "events", Content: map[string]*huma.MediaType{"text/event-stream": {}}}}
	huma.Register(api, stream, c.deskEvents)
	answer := operation("answer-ring", http.MethodPost, "/desk/rings/{id}/answer", "desk", "Answer a ring: a browser's offer in, the answer out (as WHIP, RFC 9725)", access.WorkDesk)
	answer.DefaultStatus, answer.MaxBodyBytes = http.StatusCreated, 64<<10
	huma.Register(api, answer, c.answerRing)
	huma.Register(api, operation("decline-ring", http.MethodPost, "/desk/rings/{id}/decline", "desk", "Decline a ring: the next agent is rung", access.WorkDesk), c.declineRing)
	watch := operation("watch", http.MethodPost, "/calls/{id}/watch", "desk", "Listen to a live call in a browser: an offer in, the answer out; orders change it to whisper, barge and take-over", access.Supervise)
	watch.DefaultStatus, watch.MaxBodyBytes = http.StatusCreated, 64<<10
	huma.Register(api, watch, c.watch)
}

func (c *Console) desk(ctx context.Context, in *deskInput) (*deskOutput, error) {
	me := principal(ctx).Name
	out := &deskOutput{}
	b := &out.Body
	b.Rings, b.Codes, b.Back, b.Colleagues, b.Queues = []softphone.Ring{}, []string{}, []string{}, []queue.AgentStatus{}, []string{}
	for _, a := range c.cfg.Desk.Agents() {
		if a.Name == me {
			b.Agent = &a
			continue
		}
		b.Colleagues = append(b.Colleagues, a)
	}
	for _, q := range c.cfg.Desk.Queues() {
		b.Queues = append(b.Queues, q.Name)
	}
	if c.cfg.Softphones != nil {
		b.Rings = c.cfg.Softphones.Ringing(me)
	}
	call := in.Call
	if call == "" && b.Agent != nil {
		call, _, _ = strings.Cut(b.Agent.Call, "+")
	}
	if call == "" {
		return out, nil
	}
	rows, err := c.cfg.Desk.HandOvers(ctx, dialog.HandOverQuery{Call: call, Limit: 1})
	if err != nil {
		return nil, c.fault(err)
	}
	if len(rows) > 0 {
		h := &rows[0]
		q, _ := c.cfg.Desk.Queue(h.Queue)
		b.HandOver, b.Draft, b.Code = h, h.Draft(), h.FittingCode(q.WrapUpCodes)
		b.Codes, b.Back = append(b.Codes, q.WrapUpCodes...), append(b.Back, q.Back...)
	}
	return out, nil
}

func (c *Console) suggest(ctx context.Context, in *articleQuery) (*page[suggestion], error) {
	out := &page[suggestion]{}
	out.Body.Items = []suggestion{}
	if strings.TrimSpace(in.Text) == "" {
		return out, nil
	}
	found, err := c.cfg.Desk.Suggest(ctx, in.Text, suggestions)
	if err != nil {
		return nil, c.fault(err)
	}
	found = slices.DeleteFunc(found, func(f knowledge.Found) bool { return f.Confidence < likely })
	for _, f := range found {
		out.Body.Items = append(out.Body.Items, suggestion{f.ID, f.Title, f.Answer, f.Confidence})
	}
	return out, nil
}

// likely is the confidence from which on an article is shown to an agent, who can
// judge it: less than what the attendant asks for before it answers.
const likely = 0.2

func (c *Console) answerRing(ctx context.Context, in *ringAnswerInput) (*answerOutput, error) {
	if c.cfg.Softphones == nil {
		return nil, browserFault(ErrGone)
	}
	id, answer, err := c.cfg.Softphones.Answer(ctx, principal(ctx).Name, in.ID, string(in.RawBody), in.Keys, in.remote)
	if errors.Is(err, softphone.ErrGone) {
		return nil, huma.Error410Gone(err.Error())
	}
	if err != nil {
		return nil, browserFault(err)
	}
	return legOutput(id, answer), nil
}

// legOutput is the answer to an offer that has become a leg.
func legOutput(id, answer string) *answerOutput {
	return &answerOutput{
		Status: http.StatusCreated, Type: "application/sdp", Location: "/api/v1/rtc/call/" + id, ETag: `"1"`, Body: []byte(answer),
	}
}

func (c *Console) declineRing(ctx context.Context, in *ringInput) (*nothing, error) {
	if c.cfg.Softphones == nil || c.cfg.Softphones.Decline(principal(ctx).Name, in.ID) != nil {
		return nil, huma.Error410Gone(softphone.ErrGone.Error())
	}
	return nil, nil
}

func (c *Console) watch(ctx context.Context, in *watchInput) (*answerOutput, error) {
	if c.cfg.Browsers == nil {
		return nil, huma.Error503ServiceUnavailable("browsers cannot call: no port is set for them")
	}
	p := principal(ctx)
	o := dialog.Order{Verb: dialog.Verb(in.Verb), By: p.Name, Role: "supervisor"}
	if slices.Contains(p.Roles, access.Admin) {
		o.Role = "admin"
	}
	id, answer, err := c.cfg.Browsers.Watch(ctx, string(in.RawBody), in.ID, in.remote, o)
	switch {
	case errors.Is(err, dialog.ErrNoCall), errors.Is(err, dialog.ErrRole), errors.Is(err, dialog.ErrTarget):
		return nil, deskFault(err)
	case err != nil:
		return nil, browserFault(err)
	}
	return legOutput(id, answer), nil
}

type deskEventsInput struct {
	Phone bool `query:"phone" doc:"ring here"`
}

// deskEvents streams an agent's rings, as events of the kind "rings", and what
// happens in the agent's calls while they are the agent's.
func (c *Console) deskEvents(ctx context.Context, in *deskEventsInput) (*huma.StreamResponse, error) {
	me := principal(ctx).Name
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		s := &deskStream{console: c, me: me, told: map[string]uint64{}, w: w}
		s.run(r, in.Phone)
	}}, nil
}
