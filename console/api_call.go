package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"attendant/console/access"
	"attendant/dialog"
)

// liveCall is a call that is going on.
type liveCall struct {
	ID string `json:"id"`
	dialog.CallInfo
}

type callsInput struct {
	Before  time.Time `query:"before" doc:"calls started before this moment"`
	Number  string    `query:"number" maxLength:"64"`
	Outcome string    `query:"outcome" maxLength:"64"`
	Limit   int       `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

type callOutput struct{ Body *dialog.Record }

func (c *Console) callRoutes(api huma.API) {
	huma.Register(api, operation("live-calls", http.MethodGet, "/live", "calls", "List the calls going on, the oldest first", access.ReadCalls), c.live)
	huma.Register(api, operation("calls", http.MethodGet, "/calls", "calls", "List finished calls, the newest first, without their turns", access.ReadCalls), c.list)
	huma.Register(api, operation("call", http.MethodGet, "/calls/{id}", "calls", "Tell all of a finished call; a unique beginning of its ID will do", access.ReadCalls), c.call)
	heard := operation("recording", http.MethodGet, "/calls/{id}/recording", "calls", "Play a call's recording: the caller left, our side right", access.HearCalls)
	heard.Metadata[metaAudited] = true
	heard.Responses = map[string]*huma.Response{"200": {Description: "WAV; ranges are served", Content: map[string]*huma.MediaType{"audio/wav": {}}}}
	huma.Register(api, heard, c.recording)
	leg := operation("leg-recording", http.MethodGet, "/calls/{id}/legs/{leg}/recording", "calls", "Play the recording of a further leg, an agent's or a supervisor's: its voice left, what it heard right", access.HearCalls)
	leg.Metadata[metaAudited] = true
	leg.Responses = heard.Responses
	huma.Register(api, leg, c.legRecording)
	huma.Register(api, operation("erase-call", http.MethodDelete, "/calls/{id}", "calls", "Erase all that is kept of a call", access.EraseCalls), c.eraseCall)
	huma.Register(api, operation("erase-caller", http.MethodPost, "/calls/erase", "calls", "Erase all that is kept of a number's calls", access.EraseCalls), c.eraseCaller)
	stream := operation("events", http.MethodGet, "/events", "calls", "Follow what happens, as server-sent events, each numbered", access.ReadCalls)
	stream.Responses = map[string]*huma.Response{"200": {Description: "events", Content: map[string]*huma.MediaType{"text/event-stream": {}}}}
	huma.Register(api, stream, c.events)
}

func (c *Console) live(context.Context, *struct{}) (*page[liveCall], error) {
	out := &page[liveCall]{}
	out.Body.Items = []liveCall{}
	for id, info := range c.cfg.Live() {
		out.Body.Items = append(out.Body.Items, liveCall{id, info})
	}
	slices.SortFunc(out.Body.Items, func(a, b liveCall) int { return a.Started.Compare(b.Started) })
	return out, nil
}

func (c *Console) list(ctx context.Context, in *callsInput) (*page[dialog.Record], error) {
	calls, err := c.cfg.Store.Calls(ctx, dialog.CallQuery{Before: in.Before, Number: in.Number, Outcome: in.Outcome, Limit: in.Limit})
	if err != nil {
		return nil, c.fault(err)
	}
	out := &page[dialog.Record]{}
	out.Body.Items = append([]dialog.Record{}, calls...)
	if n := len(calls); n == in.Limit {
		out.Body.Next = calls[n-1].Started.Format(time.RFC3339Nano)
	}
	return out, nil
}

func (c *Console) call(ctx context.Context, in *identified) (*callOutput, error) {
	record, err := c.cfg.Store.Call(ctx, in.ID)
	return &callOutput{record}, c.faultIf(err)
}

// ErrLocked is a recording that is sealed and cannot be opened here.
var ErrLocked = errors.New("the recording is sealed: this server has no key to it")

func (c *Console) recording(ctx context.Context, in *identified) (*huma.StreamResponse, error) {
	record, err := c.cfg.Store.Call(ctx, in.ID)
	if err != nil {
		return nil, c.fault(err)
	}
	return c.played(record, record.Recording)
}

type furtherLegInput struct {
	ID  string `path:"id" maxLength:"128"`
	Leg int    `path:"leg" minimum:"1" maximum:"1000" doc:"by its place in the call's legs, 1 on"`
}

func (c *Console) legRecording(ctx context.Context, in *furtherLegInput) (*huma.StreamResponse, error) {
	record, err := c.cfg.Store.Call(ctx, in.ID)
	if err != nil {
		return nil, c.fault(err)
	}
	if in.Leg > len(record.Legs) {
		return nil, huma.Error404NotFound("the call has no recording of such a leg")
	}
	return c.played(record, record.Legs[in.Leg-1])
}

// played answers with a recording of a call.
func (c *Console) played(record *dialog.Record, name string) (*huma.StreamResponse, error) {
	file, err := c.openRecording(name)
	switch {
	case errors.Is(err, ErrLocked):
		return nil, huma.Error409Conflict(ErrLocked.Error())
	case err != nil:
		return nil, huma.Error404NotFound("there is no recording of this call")
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer file.Close()
		r, w := humago.Unwrap(ctx)
		w.Header().Set("Content-Type", "audio/wav")
		http.ServeContent(w, r, record.Recording, record.Ended, file)
	}}, nil
}

func (c *Console) openRecording(name string) (io.ReadSeekCloser, error) {
	switch {
	case name == "":
		return nil, os.ErrNotExist
	case c.cfg.Recording != nil:
		return c.cfg.Recording(name)
	}
	return os.Open(filepath.Join(c.cfg.Recordings, filepath.Base(name)))
}

type erasure struct {
	Body struct {
		Calls int `json:"calls" doc:"how many were erased"`
	}
}

type eraseInput struct {
	Body struct {
		Number string `json:"number" minLength:"1" maxLength:"64" doc:"as calls have it"`
	}
}

// eraseCall erases a call: record, recordings, hand-overs, audits.
func (c *Console) eraseCall(ctx context.Context, in *identified) (*erasure, error) {
	record, err := c.cfg.Store.Call(ctx, in.ID)
	if err != nil {
		return nil, c.fault(err)
	}
	return c.erased(ctx, "", record.ID)
}

func (c *Console) eraseCaller(ctx context.Context, in *eraseInput) (*erasure, error) {
	return c.erased(ctx, in.Body.Number, "")
}

func (c *Console) erased(ctx context.Context, number, id string) (*erasure, error) {
	if c.cfg.Erase == nil {
		return nil, huma.Error404NotFound("nothing can be erased here")
	}
	n, err := c.cfg.Erase(ctx, number, id)
	out := &erasure{}
	out.Body.Calls = n
	return out, c.faultIf(err)
}
