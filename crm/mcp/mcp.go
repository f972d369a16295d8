// Package mcp is a crm.System of any MCP server: an administrator lists its tools
// that may be called and maps our operations to them.
//
// New checks settings and contacts nobody. The first call opens the session, over
// streamable HTTP through package egress or with a process of the server's on its
// pipes, and holds the settings against the tools and their schemas; a session
// that breaks is opened anew by the next call. Calls share one session. Nothing of
// the server's is offered to a model, no tool is called that settings do not name,
// and we offer the server nothing: no sampling, no roots, no questions to callers.
//
// A tool's answer is untrusted: the mapped fields of its structured content, or of
// its text where that is JSON, become results, cut and on one line; all else is
// dropped. Where the text is no JSON it is the field text.
//
// The protocol has no idempotency keys: a write's key goes into the argument that
// the settings give {key}, and into _meta as idempotencyKey. A tool that says that
// it failed may have done its work: for a write that is crm.ErrUnknownOutcome
// unless the settings know better.
//
// It stands on the official Go SDK, which follows the protocol's revisions.
// Close ends the session, and with it the server's process and the SDK's
// goroutines.
package mcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"attendant/crm"
	"attendant/crm/egress"
	"attendant/crm/mapping"
)

// Settings are an administrator's. One of URL and Command is set.
type Settings struct {
	URL        string            `yaml:"url"`     // of streamable HTTP
	Private    bool              `yaml:"private"` // it may have a private address, and be reached by http
	Auth       egress.Credential `yaml:"auth"`
	Command    []string          `yaml:"command"`    // the server's program with its arguments
	Env        []string          `yaml:"env"`        // variables of the environment that the program gets, besides PATH, HOME and TMPDIR
	Timeout    time.Duration     `yaml:"timeout"`    // of an operation, waiting for the session where it opens; 3 s, at most 4 s
	Idempotent bool              `yaml:"idempotent"` // a write that comes again with its key does nothing and answers as before
	Done       *Lookup           `yaml:"done"`       // asks what became of the write {key}
	Operations []Mapped          `yaml:"operations"`
}

// Request is one call of a tool.
type Request struct {
	Tool      string         `yaml:"tool"`
	Arguments map[string]any `yaml:"arguments"` // a tree of templates
}

// Lookup is a question before or after an operation.
type Lookup struct {
	Request `yaml:",inline"`
	Answers []mapping.Answer  `yaml:"answers"`
	Match   map[string]string `yaml:"match"`
}

// Mapped is one of our operations.
type Mapped struct {
	mapping.Settings `yaml:",inline"`
	Request          `yaml:",inline"`
	Own              *Lookup `yaml:"own"` // asked before: its match tells whose data it is
}

const (
	timeout    = 3 * time.Second
	maxTimeout = 4 * time.Second // a turn's budget for an operation is 5 s
)

// System implements crm.System. Close it.
type System struct {
	settings   Settings
	client     *http.Client
	environ    []string
	operations []crm.Operation
	calls      map[string]*mapped
	done       *mapped

	working sync.WaitGroup // sessions that open, or broke and end; Close waits for them

	mu      sync.Mutex
	session *opening // nil until it is needed, and after it broke
	closed  bool
}

var _ crm.System = (*System)(nil)

// mapped is an operation, compiled.
type mapped struct {
	*mapping.Operation
	request Request
	own     *mapped
}

// New compiles settings; getenv reads the environment, and moments are told in
// zone. Faults are noted at p.
func New(p mapping.Place, s Settings, getenv func(string) string, zone *time.Location) *System {
	if s.Timeout == 0 {
		s.Timeout = timeout
	}
	if s.Timeout < 0 || s.Timeout > maxTimeout {
		p.In("timeout").Fault("%v is not within 0 and %v: callers wait", s.Timeout, maxTimeout)
	}
	out := &System{settings: s, calls: map[string]*mapped{}}
	out.reach(p, getenv)
	if len(s.Operations) == 0 {
		p.Fault("no operations")
	}
	for i, m := range s.Operations {
		o := m.compile(p.Item("operations", i), zone)
		if out.calls[o.Name] != nil {
			p.Item("operations", i).Fault("%s is there already", o.Name)
		}
		out.calls[o.Name] = o
		out.operations = append(out.operations, o.Operation.Operation)
	}
	if s.Done != nil {
		out.done = s.Done.compile(p.In("done"), mapping.Done(zone))
	}
	return out
}

// reach finds out how the server is reached.
func (s *System) reach(p mapping.Place, getenv func(string) string) {
	switch {
	case (s.settings.URL == "") == (len(s.settings.Command) == 0):
		p.Fault("want one of url and command")
	case s.settings.URL != "":
		u, err := url.Parse(s.settings.URL)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !s.settings.Private) {
			p.In("url").Fault("url %q: want https://HOST/PATH (http only where private is set)", s.settings.URL)
			return
		}
		headers, err := s.settings.Auth.Headers(getenv)
		if err != nil {
			p.In("auth").Fault("%w", err)
		}
		s.client = egress.New(egress.Config{
			Hosts:   []egress.Host{{Name: u.Hostname(), Private: s.settings.Private, Header: headers}},
			Timeout: maxTimeout + time.Second, // a call has its own; this one holds what the SDK does besides
		})
	}
	for i, name := range slices.Concat([]string{"PATH", "HOME", "TMPDIR"}, s.settings.Env) {
		value := getenv(name)
		if value != "" {
			s.environ = append(s.environ, name+"="+value)
		} else if i >= 3 {
			p.In("env").Fault("%q is not set in the environment", name)
		}
	}
}

func (m Mapped) compile(p mapping.Place, zone *time.Location) *mapped {
	o := &mapped{Operation: m.Settings.Operation(p, nil, zone), request: m.Request}
	m.Request.check(p, o.Operation)
	if m.Own != nil {
		o.own = m.Own.compile(p.In("own"), o.Operation)
	}
	o.Bound(p)
	return o
}

func (l Lookup) compile(p mapping.Place, of *mapping.Operation) *mapped {
	asked := mapping.Settings{Answers: l.Answers, Match: l.Match}
	l.Request.check(p, of)
	return &mapped{Operation: asked.Lookup(p, nil, of), request: l.Request}
}

// check checks what can be checked without the server.
func (q Request) check(p mapping.Place, of *mapping.Operation) {
	if q.Tool == "" {
		p.Fault("%s needs a tool", of.Name)
	}
	of.Uses(p.In("arguments"), mapping.Compile(p.In("arguments"), q.Arguments, nil).Names())
}

// Operations implements crm.System.
func (s *System) Operations() []crm.Operation { return s.operations }

// Call implements crm.System.
func (s *System) Call(ctx context.Context, key, operation string, args map[string]string) (map[string]string, error) {
	o := s.calls[operation]
	if o == nil {
		return nil, fmt.Errorf("%w: no operation %q", crm.ErrNotAllowed, operation)
	}
	if o.Writes == (key == "") {
		return nil, fmt.Errorf("%w: %s and its key", crm.ErrNotAllowed, operation)
	}
	if arg := o.Refuses(args); arg != "" {
		return nil, fmt.Errorf("%w: %s does not look at %s", crm.ErrNotAllowed, operation, arg)
	}
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	if o.own != nil {
		if _, err := s.ask(ctx, o.own, "", args); err != nil {
			return nil, fmt.Errorf("%s: whose it is: %w", operation, err)
		}
	}
	return s.ask(ctx, o, key, args)
}

// Done implements crm.System.
func (s *System) Done(ctx context.Context, key, operation string) error {
	switch {
	case s.done != nil:
		ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
		defer cancel()
		_, err := s.ask(ctx, s.done, "", map[string]string{"key": key, "operation": operation})
		return err
	case s.settings.Idempotent:
		return nil
	}
	return fmt.Errorf("%w: the system cannot be asked what became of %s", crm.ErrUnavailable, operation)
}

// ask calls an operation's tool and reads the answer. A session that turns out to
// be gone before the tool was reached is opened again, once.
func (s *System) ask(ctx context.Context, o *mapped, key string, args map[string]string) (map[string]string, error) {
	for try := 0; ; try++ {
		open, err := s.open(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", crm.ErrUnavailable, o.Name, err)
		}
		params, err := open.params(o, key, args)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Name, err)
		}
		result, err := open.CallTool(ctx, params)
		if err == nil {
			open.late.Store(0)
			return o.read(args, result)
		}
		s.blame(ctx, open, err)
		if try == 0 && ctx.Err() == nil && (errors.Is(err, sdk.ErrSessionMissing) || errors.Is(err, sdk.ErrConnectionClosed) && !o.Writes) {
			continue
		}
		return nil, fmt.Errorf("%w: %s: %w", failed(err, o.Writes), o.Name, quiet(err))
	}
}

// failed is what a call without a result comes to.
func failed(err error, writes bool) error {
	var refused *jsonrpc.Error
	var dial *net.OpError
	switch {
	case errors.As(err, &refused) && refused.Code == jsonrpc.CodeInvalidParams:
		return crm.ErrNotAllowed
	case !writes, errors.As(err, &refused) && refused.Code == jsonrpc.CodeMethodNotFound, errors.Is(err, sdk.ErrSessionMissing),
		errors.As(err, &dial) && dial.Op == "dial":
		return crm.ErrUnavailable
	}
	return crm.ErrUnknownOutcome
}

// refusal reports whether the server answered that it will not.
func refusal(err error) bool {
	var refused *jsonrpc.Error
	return errors.As(err, &refused)
}

// quiet keeps of an error what is ours: the server's words may hold a caller's
// data, and errors are logged.
func quiet(err error) error {
	var refused *jsonrpc.Error
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return context.DeadlineExceeded
	case errors.As(err, &refused):
		return fmt.Errorf("the server refuses, code %d", refused.Code)
	case errors.As(err, &op):
		return op
	case errors.Is(err, sdk.ErrSessionMissing), errors.Is(err, sdk.ErrConnectionClosed), errors.Is(err, egress.ErrForbidden):
		return err
	}
	return errors.New("no answer")
}
