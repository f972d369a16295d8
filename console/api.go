package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"attendant/console/access"
	"attendant/dialog"
)

// open marks the operations that strangers may use, anyone those that whoever is
// known may use; all others need one permission.
const (
	open   access.Permission = "open"
	anyone access.Permission = "anyone"
)

// metaPermission and metaHeard are the keys of an operation's metadata.
const (
	metaPermission = "permission"
	metaAudited    = "audited" // although it only reads
)

// newAPI registers the API on mux. Its description is at /api/openapi.json.
func (c *Console) newAPI(mux *http.ServeMux) huma.API {
	cfg := huma.DefaultConfig("Attendant", "1")
	cfg.Info.Description = "Everything that the console does. Sign in by POST /api/v1/session, by Basic, or with an API key as Bearer. " +
		"Writes may carry an Idempotency-Key: a repetition within a day gets the first answer. Times are RFC 3339, durations nanoseconds."
	cfg.OpenAPIPath, cfg.SchemasPath = "/api/openapi", "/api/schemas"
	cfg.DocsPath = ""     // it would load scripts from elsewhere
	cfg.CreateHooks = nil // no $schema in answers
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: "__Host-attendant"},
		"key":     {Type: "http", Scheme: "bearer"},
		"basic":   {Type: "http", Scheme: "basic"},
	}
	api := humago.New(mux, cfg)
	api.UseMiddleware(c.audit, c.authorize(api)) // what is refused is noted too
	c.sessionRoutes(api)
	c.userRoutes(api)
	c.callRoutes(api)
	c.contentRoutes(api)
	c.browserRoutes(api)
	c.analyticsRoutes(api)
	c.healthRoutes(api)
	c.trunkRoutes(api)
	c.deskRoutes(api)
	c.settingRoutes(api)
	return api
}

// Description is the API's description, OpenAPI 3.1 as JSON.
func Description() ([]byte, error) {
	c := &Console{describing: true}
	return json.MarshalIndent(c.newAPI(http.NewServeMux()).OpenAPI(), "", "  ")
}

// operation describes a route of the API and what it needs.
func operation(id, method, path, tag, summary string, need access.Permission) huma.Operation {
	o := huma.Operation{
		OperationID: id, Method: method, Path: "/api/v1" + path, Tags: []string{tag}, Summary: summary,
		Metadata: map[string]any{metaPermission: need}, MaxBodyBytes: maxRequest,
	}
	if need != open {
		o.Security = []map[string][]string{{"session": {}}, {"key": {string(need)}}, {"basic": {}}}
		o.Errors = append(o.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	return o
}

// authorize lets through who has the permission that an operation needs.
func (c *Console) authorize(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		need, _ := ctx.Operation().Metadata[metaPermission].(access.Permission)
		p := principal(ctx.Context())
		switch {
		case need == open, need == anyone && p.Name != "", p.May(need):
			next(ctx)
		case p.Name == "":
			_ = huma.WriteErr(api, ctx, http.StatusUnauthorized, "sign in first") // the client may be gone
		default:
			_ = huma.WriteErr(api, ctx, http.StatusForbidden, "this needs the permission "+string(need))
		}
	}
}

// audit notes every write, and what is marked as heard, with how it ended.
func (c *Console) audit(ctx huma.Context, next func(huma.Context)) {
	o := ctx.Operation()
	next(ctx)
	if o.Method == http.MethodGet && o.Metadata[metaAudited] == nil {
		return
	}
	e := access.Entry{Who: principal(ctx.Context()).Name, Remote: hostOf(ctx.RemoteAddr()), Action: o.OperationID, Outcome: "streamed"}
	if ctx.Status() != 0 { // 0 where the handler wrote the response itself
		e.Outcome = strconv.Itoa(ctx.Status())
	}
	if e.Who == "" {
		e.Who = "-"
	}
	for _, name := range []string{"id", "name"} {
		if v := ctx.Param(name); v != "" {
			e.Object = v
		}
	}
	if err := c.cfg.Access.Note(context.WithoutCancel(ctx.Context()), e); err != nil {
		c.cfg.Log.Error("audit entry lost", "error", err)
	}
}

// fault is the error of the API for an error of a store.
func (c *Console) fault(err error) error {
	switch {
	case errors.Is(err, dialog.ErrNotFound), errors.Is(err, access.ErrNotFound):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, dialog.ErrAmbiguous), errors.Is(err, access.ErrExists), errors.Is(err, access.ErrLastAdmin):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, access.ErrInvalid):
		return huma.Error422UnprocessableEntity(err.Error())
	}
	c.cfg.Log.Error("console request failed", "error", err)
	return huma.Error500InternalServerError("the store cannot be used now")
}

// problem writes an error as RFC 9457 has it.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// The client may be gone.
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail})
}

// page is a list's page; Next asks for the one after it, empty at the end.
type page[T any] struct {
	Body struct {
		Items []T    `json:"items"`
		Next  string `json:"next,omitempty" doc:"the value of before that asks for the next page"`
	}
}

// nothing is an answer without a body.
type nothing struct{}
