package console

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"attendant/console/access"
)

type loginInput struct {
	request *http.Request
	Body    struct {
		Name     string `json:"name" maxLength:"64"`
		Password string `json:"password" maxLength:"256"`
	}
}

// Resolve implements huma.Resolver.
func (i *loginInput) Resolve(ctx huma.Context) []error {
	i.request, _ = humago.Unwrap(ctx)
	return nil
}

// whoami is who is signed in.
type whoami struct {
	Body struct {
		Name        string              `json:"name"`
		Roles       []access.Role       `json:"roles"`
		Permissions []access.Permission `json:"permissions"`
	}
}

func told(p access.Principal) *whoami {
	out := &whoami{}
	out.Body.Name, out.Body.Roles, out.Body.Permissions = p.Name, p.Roles, p.Permissions
	return out
}

func (c *Console) sessionRoutes(api huma.API) {
	huma.Register(api, operation("sign-in", http.MethodPost, "/session", "session", "Sign in with name and password", open), c.signIn)
	huma.Register(api, operation("session", http.MethodGet, "/session", "session", "Tell who is signed in", anyone),
		func(ctx context.Context, _ *struct{}) (*whoami, error) { return told(principal(ctx)), nil })
	huma.Register(api, operation("sign-out", http.MethodDelete, "/session", "session", "Sign out", anyone),
		func(ctx context.Context, _ *struct{}) (*nothing, error) { return nil, c.gate.sessions.Destroy(ctx) })
	huma.Register(api, operation("set-password", http.MethodPut, "/session/password", "session", "Change one's own password; it ends the sessions", anyone), c.setPassword)
}

func (c *Console) signIn(ctx context.Context, in *loginInput) (*whoami, error) {
	u, err := c.gate.login(in.request, in.Body.Name, in.Body.Password)
	switch {
	case errors.Is(err, errTooMany):
		return nil, huma.Error429TooManyRequests("too many tries; try again in a few seconds")
	case errors.Is(err, access.ErrWrong):
		return nil, huma.Error401Unauthorized("wrong name or password")
	case err != nil:
		return nil, c.fault(err)
	}
	// A new token: the old one might have been planted.
	if err := c.gate.sessions.RenewToken(ctx); err != nil {
		return nil, c.fault(err)
	}
	c.gate.sessions.Put(ctx, "user", u.Name)
	c.gate.sessions.Put(ctx, "generation", u.Generation)
	return told(u.Principal()), nil
}

type passwordInput struct {
	loginInput
	Body struct {
		Old string `json:"old" maxLength:"256"`
		New string `json:"new" minLength:"10" maxLength:"256"`
	}
}

func (c *Console) setPassword(ctx context.Context, in *passwordInput) (*nothing, error) {
	p := principal(ctx)
	if len(p.Roles) == 0 {
		return nil, huma.Error403Forbidden("a key has no password")
	}
	if _, err := c.gate.login(in.request, p.Name, in.Body.Old); err != nil {
		return nil, huma.Error403Forbidden("the old password is wrong, or there were too many tries")
	}
	if err := c.cfg.Access.SetPassword(ctx, p.Name, in.Body.New); err != nil {
		return nil, c.fault(err)
	}
	return nil, c.gate.sessions.Destroy(ctx)
}

// hostOf is an address without its port.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
