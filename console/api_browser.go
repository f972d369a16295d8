package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"attendant/console/access"
	"attendant/dialog"
)

// What Browsers answer.
var (
	ErrOffer = errors.New("the description cannot be used")
	ErrFull  = errors.New("all lines are busy")
	ErrGone  = errors.New("no such call")
)

// Browsers connects calls from browsers. Any goroutine may use it. ErrOffer,
// ErrFull, ErrGone.
type Browsers interface {
	// Call answers a browser's offer with a call to a number or name. The ID is
	// unguessable, and the call's signalling ID in events and records.
	Call(ctx context.Context, offer, to, remote string) (id, answer string, err error)
	// Patch takes a fragment of the browser's description and returns ours, empty
	// where none is due.
	Patch(ctx context.Context, id, fragment string) (string, error)
	// Hangup ends the call for the browser.
	Hangup(id string) error
	// Watch lets o.By listen to a live call, as o.Verb says. Besides the errors
	// above: dialog.ErrNoCall, dialog.ErrRole, dialog.ErrTarget.
	Watch(ctx context.Context, offer, call, remote string, o dialog.Order) (id, answer string, err error)
}

type ticketInput struct {
	Body struct {
		To string `json:"to" minLength:"1" maxLength:"64" doc:"the number or name that the page may call"`
	}
}

type ticketOutput struct {
	Secret string `header:"Attendant-Secret"`
	Body   struct {
		Ticket  string    `json:"ticket" doc:"for one call, as Bearer"`
		Expires time.Time `json:"expires"`
	}
}

type offerInput struct {
	Resolved
	To      string `query:"to" maxLength:"64" doc:"whom to call; a ticket knows it"`
	RawBody []byte `contentType:"application/sdp"`
}

// Resolved is an input that knows where its request came from.
type Resolved struct{ remote string }

// Resolve implements huma.Resolver.
func (i *Resolved) Resolve(ctx huma.Context) []error {
	i.remote = ctx.RemoteAddr()
	return nil
}

type answerOutput struct {
	Status   int
	Type     string `header:"Content-Type"`
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     []byte
}

type fragmentInput struct {
	ID      string `path:"id" maxLength:"64"`
	RawBody []byte `contentType:"application/trickle-ice-sdpfrag"`
}

type legInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (c *Console) browserRoutes(api huma.API) {
	huma.Register(api, operation("add-ticket", http.MethodPost, "/rtc/tickets", "browser", "Make a ticket with which a page may place one call, within two minutes", access.PlaceCalls), c.addTicket)
	call := operation("browser-call", http.MethodPost, "/rtc/call", "browser", "Call from a browser: an offer in, the answer out (WHIP, RFC 9725)", access.PlaceCalls)
	call.DefaultStatus, call.MaxBodyBytes = http.StatusCreated, 64<<10
	huma.Register(api, call, c.browserCall)
	patch := operation("browser-patch", http.MethodPatch, "/rtc/call/{id}", "browser", "Tell candidates, or restart ICE (RFC 9725 section 4.3)", open)
	patch.MaxBodyBytes = 16 << 10
	huma.Register(api, patch, c.browserPatch)
	huma.Register(api, operation("browser-hangup", http.MethodDelete, "/rtc/call/{id}", "browser", "Hang up", open),
		func(_ context.Context, in *legInput) (*nothing, error) {
			if c.cfg.Browsers == nil {
				return nil, browserFault(ErrGone)
			}
			return nil, browserFault(c.cfg.Browsers.Hangup(in.ID))
		})
	captions := operation("browser-captions", http.MethodGet, "/rtc/call/{id}/events", "browser", "Follow what is said in the call, as server-sent events", open)
	captions.Responses = map[string]*huma.Response{"200": {Description: "captions", Content: map[string]*huma.MediaType{"text/event-stream": {}}}}
	huma.Register(api, captions, c.captions)
}

func browserFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrGone):
		return huma.Error404NotFound(ErrGone.Error())
	case errors.Is(err, ErrFull):
		return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable(ErrFull.Error()), http.Header{"Retry-After": {"10"}})
	case errors.Is(err, ErrOffer):
		return huma.Error422UnprocessableEntity(err.Error())
	}
	return huma.Error500InternalServerError("the call cannot be connected now")
}

func (c *Console) addTicket(ctx context.Context, in *ticketInput) (*ticketOutput, error) {
	secret, expires, err := c.tickets.give(in.Body.To, principal(ctx).Name)
	if err != nil {
		return nil, huma.Error503ServiceUnavailable(err.Error())
	}
	out := &ticketOutput{Secret: "once"}
	out.Body.Ticket, out.Body.Expires = secret, expires
	return out, nil
}

func (c *Console) browserCall(ctx context.Context, in *offerInput) (*answerOutput, error) {
	if c.cfg.Browsers == nil {
		return nil, huma.Error503ServiceUnavailable("browsers cannot call: no port is set for them")
	}
	to := in.To
	if p := principal(ctx); strings.HasPrefix(p.Name, ticketHolder) {
		t, ok := c.tickets.use(p.Name)
		if !ok {
			return nil, huma.Error401Unauthorized("the ticket has been used, or is too old")
		}
		to = t.to
	}
	if to == "" {
		return nil, huma.Error422UnprocessableEntity("to: whom to call")
	}
	id, answer, err := c.cfg.Browsers.Call(ctx, string(in.RawBody), to, in.remote)
	if err != nil {
		return nil, browserFault(err)
	}
	return legOutput(id, answer), nil
}

func (c *Console) browserPatch(ctx context.Context, in *fragmentInput) (*answerOutput, error) {
	if c.cfg.Browsers == nil {
		return nil, browserFault(ErrGone)
	}
	ours, err := c.cfg.Browsers.Patch(ctx, in.ID, string(in.RawBody))
	switch {
	case err != nil:
		return nil, browserFault(err)
	case ours == "":
		return &answerOutput{Status: http.StatusNoContent}, nil
	}
	return &answerOutput{Status: http.StatusOK, Type: "application/trickle-ice-sdpfrag", ETag: `"2"`, Body: []byte(ours)}, nil
}

// caption is what a caller's page is told: what both sides say, and no more.
type caption struct {
	Kind string `json:"kind"` // "partial", "final", "handed_over", "ended"
	Side string `json:"side,omitempty"`
	Text string `json:"text,omitempty"`
}

// captions streams what is said in the call of a leg, whose name is the secret
// between the page and us.
func (c *Console) captions(_ context.Context, in *legInput) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		events, stop := c.cfg.Hub.Listen()
		defer stop()
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no")
		c.caption(w, r, in.ID, events)
	}}, nil
}

func (c *Console) caption(w http.ResponseWriter, r *http.Request, leg string, events <-chan dialog.Event) {
	flusher := http.NewResponseController(w)
	call := ""
	for id, info := range c.cfg.Live() {
		if info.CallID == leg {
			call = id
		}
	}
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for {
		if flusher.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-beats.C:
			if _, err := w.Write([]byte("event: beat\ndata: {}\n\n")); err != nil {
				return
			}
		case e, ok := <-events:
			if ok && e.Kind == dialog.CallStarted && e.Info != nil && e.Info.CallID == leg {
				call = e.Call
			}
			if !ok || call != "" && e.Call == call && !tell(w, e) {
				return
			}
		}
	}
}

// tell passes an event on as a caption. It reports false where no more can come.
func tell(w http.ResponseWriter, e dialog.Event) bool {
	var out caption
	switch e.Kind {
	case dialog.Partial:
		out = caption{"partial", e.Turn.Side, e.Turn.Text}
	case dialog.TurnEnded:
		out = caption{"final", e.Turn.Side, e.Turn.Text}
	case dialog.HandedOver:
		out = caption{Kind: "handed_over", Text: e.Text}
	case dialog.CallEnded:
		out = caption{Kind: "ended"}
	default:
		return true
	}
	data, err := json.Marshal(out)
	if err != nil {
		return false
	}
	_, err = w.Write([]byte("data: " + string(data) + "\n\n"))
	return err == nil && e.Kind != dialog.CallEnded
}
