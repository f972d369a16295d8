package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"attendant/console/access"
	"attendant/dialog/queue"
)

// Things are one kind of things that administrators set: agents, or queues. Each
// has a name and a version that rises with every change. Any goroutine may call
// it; each method blocks for the store.
type Things[T any] interface {
	All(ctx context.Context) ([]T, error)
	// Find returns a thing with its version: ErrNoThing.
	Find(ctx context.Context, name string) (T, int, error)
	// Add adds a thing: ErrThingExists, ErrThingUnfit.
	Add(ctx context.Context, author string, t T) (T, int, error)
	// Change puts to in the place of a version of a thing, or removes the thing where
	// to is nil: ErrNoThing, ErrThingChanged, ErrThingUnfit.
	Change(ctx context.Context, author, name string, version int, to *T) (T, int, error)
}

// What Things answer.
var (
	ErrNoThing      = errors.New("there is none of this name")
	ErrThingExists  = errors.New("there is one of this name")
	ErrThingChanged = errors.New("somebody else has changed it meanwhile")
	ErrThingUnfit   = errors.New("it cannot be so")
)

type thingInput[T any] struct{ Body T }

// ThingName names a thing, in the version that is meant.
type ThingName struct {
	Name    string `path:"name" maxLength:"64"`
	IfMatch string `header:"If-Match" doc:"the ETag of the version that is meant; whichever there is where left out"`
}

type thingChange struct {
	ThingName
	Body map[string]any `doc:"the settings to change; null takes one away"`
}

type thingOutput[T any] struct {
	ETag string `header:"ETag" doc:"the version"`
	Body T
}

type deskSettings struct {
	Body struct {
		Agents []queue.Agent `json:"agents"`
		Queues []queue.Queue `json:"queues"`
	}
}

// thingRoutes are the routes by which one kind of things is edited.
func thingRoutes[T any](c *Console, api huma.API, kind string, things Things[T]) {
	path := "/" + kind + "s"
	huma.Register(api, operation(kind, http.MethodGet, path+"/{name}", "desk", "Show the settings of one "+kind, access.Supervise),
		func(ctx context.Context, in *named) (*thingOutput[T], error) {
			t, version, err := things.Find(ctx, in.Name)
			return thingAnswer(c, t, version, err)
		})
	add := operation("add-"+kind, http.MethodPost, path, "desk", "Add one "+kind+"; it applies at once", access.WriteTelephony)
	add.DefaultStatus = http.StatusCreated
	huma.Register(api, add, func(ctx context.Context, in *thingInput[T]) (*thingOutput[T], error) {
		t, version, err := things.Add(ctx, principal(ctx).Name, in.Body)
		return thingAnswer(c, t, version, err)
	})
	huma.Register(api, operation("change-"+kind, http.MethodPatch, path+"/{name}", "desk", "Change settings of one "+kind+"; what is left out stays (RFC 7396)", access.WriteTelephony),
		func(ctx context.Context, in *thingChange) (*thingOutput[T], error) {
			was, version, err := meant(ctx, things, in.ThingName)
			if err != nil {
				return nil, c.thingFault(err, in.IfMatch)
			}
			is, err := merged(was, in.Body)
			if err != nil {
				return nil, huma.Error422UnprocessableEntity(err.Error())
			}
			t, version, err := things.Change(ctx, principal(ctx).Name, in.Name, version, &is)
			if err != nil {
				return nil, c.thingFault(err, in.IfMatch)
			}
			return thingAnswer(c, t, version, nil)
		})
	huma.Register(api, operation("remove-"+kind, http.MethodDelete, path+"/{name}", "desk", "Remove one "+kind, access.WriteTelephony),
		func(ctx context.Context, in *ThingName) (*nothing, error) {
			_, version, err := meant(ctx, things, *in)
			if err == nil {
				_, _, err = things.Change(ctx, principal(ctx).Name, in.Name, version, nil)
			}
			return nil, c.thingFault(err, in.IfMatch)
		})
}

func (c *Console) deskSettings(ctx context.Context, _ *struct{}) (*deskSettings, error) {
	agents, err := c.cfg.Agents.All(ctx)
	queues, err2 := c.cfg.Queues.All(ctx)
	out := &deskSettings{}
	out.Body.Agents, out.Body.Queues = append([]queue.Agent{}, agents...), append([]queue.Queue{}, queues...)
	return out, c.faultIf(errors.Join(err, err2))
}

func thingAnswer[T any](c *Console, t T, version int, err error) (*thingOutput[T], error) {
	if err != nil {
		return nil, c.thingFault(err, "")
	}
	return &thingOutput[T]{ETag: strconv.Quote(strconv.Itoa(version)), Body: t}, nil
}

// meant is the thing that a request names, in the version that it means:
// ErrThingChanged where there is another one. RFC 9110 section 13.1.1.
func meant[T any](ctx context.Context, things Things[T], in ThingName) (t T, version int, err error) {
	if t, version, err = things.Find(ctx, in.Name); err != nil || in.IfMatch == "" || in.IfMatch == "*" {
		return t, version, err
	}
	for tag := range strings.SplitSeq(in.IfMatch, ",") {
		if strings.TrimSpace(tag) == strconv.Quote(strconv.Itoa(version)) {
			return t, version, nil
		}
	}
	return t, version, ErrThingChanged
}

// merged is a thing with some settings changed: a merge patch, RFC 7396 section 2.
func merged[T any](was T, patch map[string]any) (is T, err error) {
	data, err := json.Marshal(was)
	if err != nil {
		return is, err
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		return is, err
	}
	if data, err = json.Marshal(mergePatch(all, patch)); err != nil {
		return is, err
	}
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&is); err != nil {
		return is, fmt.Errorf("%w: %w", ErrThingUnfit, err)
	}
	return is, nil
}

func mergePatch(all, patch map[string]any) map[string]any {
	if all == nil {
		all = map[string]any{}
	}
	for name, value := range patch {
		switch v := value.(type) {
		case nil:
			delete(all, name)
		case map[string]any:
			within, _ := all[name].(map[string]any)
			all[name] = mergePatch(within, v)
		default:
			all[name] = v
		}
	}
	return all
}

// thingFault is the error of the API for an error of Things.
func (c *Console) thingFault(err error, condition string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoThing):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, ErrThingChanged) && condition != "":
		return huma.Error412PreconditionFailed(err.Error())
	case errors.Is(err, ErrThingExists), errors.Is(err, ErrThingChanged):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, ErrThingUnfit):
		return huma.Error422UnprocessableEntity(err.Error())
	}
	return c.fault(err)
}
