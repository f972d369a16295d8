package console

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"attendant/console/access"
)

type userInput struct {
	Body struct {
		Name     string        `json:"name" maxLength:"64" pattern:"^[a-z0-9][a-z0-9._@-]*$"`
		Display  string        `json:"display,omitempty" maxLength:"200"`
		Roles    []access.Role `json:"roles" minItems:"1"`
		Password string        `json:"password,omitempty" maxLength:"256" doc:"10 to 256 bytes; none for users that another system lets in"`
	}
}

type userChange struct {
	Name string `path:"name" maxLength:"64"`
	Body struct {
		Display  string        `json:"display,omitempty" maxLength:"200"`
		Roles    []access.Role `json:"roles" minItems:"1"`
		Disabled bool          `json:"disabled,omitempty"`
		Password string        `json:"password,omitempty" maxLength:"256"`
	}
}

type userOutput struct{ Body access.User }

type named struct {
	Name string `path:"name" maxLength:"64"`
}

type keyInput struct {
	Body struct {
		Name   string              `json:"name" maxLength:"100" minLength:"1"`
		Scopes []access.Permission `json:"scopes" minItems:"1"`
		Days   int                 `json:"days,omitempty" minimum:"1" maximum:"3650" default:"365"`
	}
}

type keyOutput struct {
	Secret string `header:"Attendant-Secret" doc:"set, since the answer holds a secret that is kept nowhere"`
	Body   struct {
		access.Key
		Secret string `json:"secret" doc:"the key itself, told only now"`
	}
}

type identified struct {
	ID string `path:"id" maxLength:"128"`
}

type auditInput struct {
	Before string `query:"before" doc:"entries older than the one with this ID"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (c *Console) userRoutes(api huma.API) {
	huma.Register(api, operation("users", http.MethodGet, "/users", "users", "List users", access.ManageUsers), c.users)
	huma.Register(api, operation("add-user", http.MethodPost, "/users", "users", "Add a user", access.ManageUsers), c.addUser)
	huma.Register(api, operation("change-user", http.MethodPut, "/users/{name}", "users", "Change a user; it ends their sessions", access.ManageUsers), c.changeUser)
	huma.Register(api, operation("remove-user", http.MethodDelete, "/users/{name}", "users", "Remove a user", access.ManageUsers),
		func(ctx context.Context, in *named) (*nothing, error) {
			return nil, c.faultIf(c.cfg.Access.RemoveUser(ctx, in.Name))
		})
	huma.Register(api, operation("keys", http.MethodGet, "/keys", "users", "List API keys", access.ManageKeys), c.keys)
	huma.Register(api, operation("add-key", http.MethodPost, "/keys", "users", "Make an API key", access.ManageKeys), c.addKey)
	huma.Register(api, operation("remove-key", http.MethodDelete, "/keys/{id}", "users", "Remove an API key", access.ManageKeys),
		func(ctx context.Context, in *identified) (*nothing, error) {
			return nil, c.faultIf(c.cfg.Access.RemoveKey(ctx, in.ID))
		})
	huma.Register(api, operation("audit", http.MethodGet, "/audit", "users", "List what was done, the newest first", access.ReadAudit), c.auditList)
}

func (c *Console) faultIf(err error) error {
	if err != nil {
		return c.fault(err)
	}
	return nil
}

func (c *Console) users(ctx context.Context, _ *struct{}) (*page[access.User], error) {
	out := &page[access.User]{}
	var err error
	out.Body.Items, err = c.cfg.Access.Users(ctx)
	return out, c.faultIf(err)
}

func (c *Console) addUser(ctx context.Context, in *userInput) (*userOutput, error) {
	u := access.User{Name: in.Body.Name, Display: in.Body.Display, Roles: in.Body.Roles}
	u, err := c.cfg.Access.AddUser(ctx, u, in.Body.Password)
	return &userOutput{u}, c.faultIf(err)
}

func (c *Console) changeUser(ctx context.Context, in *userChange) (*userOutput, error) {
	u := access.User{Name: in.Name, Display: in.Body.Display, Roles: in.Body.Roles, Disabled: in.Body.Disabled}
	if err := c.cfg.Access.Change(ctx, u, in.Body.Password); err != nil {
		return nil, c.fault(err)
	}
	u, err := c.cfg.Access.User(ctx, in.Name)
	return &userOutput{u}, c.faultIf(err)
}

func (c *Console) keys(ctx context.Context, _ *struct{}) (*page[access.Key], error) {
	out := &page[access.Key]{}
	var err error
	out.Body.Items, err = c.cfg.Access.Keys(ctx)
	return out, c.faultIf(err)
}

func (c *Console) addKey(ctx context.Context, in *keyInput) (*keyOutput, error) {
	k := access.Key{Name: in.Body.Name, Scopes: in.Body.Scopes, Expires: time.Now().AddDate(0, 0, in.Body.Days)}
	k, secret, err := c.cfg.Access.AddKey(ctx, k, principal(ctx))
	if err != nil {
		return nil, c.fault(err)
	}
	out := &keyOutput{Secret: "once"}
	out.Body.Key, out.Body.Secret = k, secret
	return out, nil
}

func (c *Console) auditList(ctx context.Context, in *auditInput) (*page[access.Entry], error) {
	before, err := strconv.ParseInt(in.Before, 10, 64)
	if err != nil && in.Before != "" {
		return nil, huma.Error422UnprocessableEntity("before is no ID of an entry")
	}
	out := &page[access.Entry]{}
	if out.Body.Items, err = c.cfg.Access.Audit(ctx, before, in.Limit); err != nil {
		return nil, c.fault(err)
	}
	if n := len(out.Body.Items); n == in.Limit {
		out.Body.Next = strconv.FormatInt(out.Body.Items[n-1].ID, 10)
	}
	return out, nil
}
