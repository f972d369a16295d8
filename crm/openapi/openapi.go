// Package openapi is a crm.System of any REST system that an OpenAPI 3 file
// describes: an administrator picks its operations and maps them to ours.
//
// New reads the file and holds the settings against it: operations, parameters,
// properties and fields that do not exist, what is required and not given, and
// arguments that are not ours, are faults with their places. A call fills
// parameters and body from its arguments, checks them against the file's schemas,
// sends one request through package egress and reads the answer's JSON by package
// mapping. Values that go nowhere, or into no segment of a path, are refused.
//
// A write carries its key in the header Idempotency-Key, or the one that is set.
// It is told as not done only where it cannot have been: no connection, a status
// below 500 that says so, or 503. All else is crm.ErrUnknownOutcome, and then Done
// asks the operation that the settings name. Where they say that the system is
// idempotent, sending the same key again is the question.
//
// The file is read by kin-openapi: it knows 3.0 to 3.2, keeps the lines of what it
// reads, and checks values against schemas, in one library with few others behind
// it; libopenapi's models are nearer to the text than to what requests need, and
// values need a second library.
//
// Left out: bodies other than JSON, parameters in cookies, lists and objects as
// parameters, servers' variables, and security schemes, in whose place settings
// name the credentials.
package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"time"

	"attendant/crm"
	"attendant/crm/egress"
	"attendant/crm/mapping"
)

// Settings are an administrator's.
type Settings struct {
	File       string            `yaml:"file"`       // the OpenAPI file, in the company's folder
	Server     string            `yaml:"server"`     // the file's first server where empty
	Private    bool              `yaml:"private"`    // it may have a private address, and be reached by http
	Auth       egress.Credential `yaml:"auth"`       // none where empty
	Timeout    time.Duration     `yaml:"timeout"`    // of an operation, with all its requests; 3 s, at most 4 s
	KeyHeader  string            `yaml:"key_header"` // of a write's key; Idempotency-Key
	Idempotent bool              `yaml:"idempotent"` // a write that comes again with its key does nothing and answers as before
	Done       *Lookup           `yaml:"done"`       // asks what became of the write {key}
	Operations []Mapped          `yaml:"operations"`
}

// Request is one call of the other system.
type Request struct {
	Call   string            `yaml:"call"`   // an operationId, or "GET /orders/{number}"
	Params map[string]string `yaml:"params"` // of path, query and headers: templates
	Body   map[string]any    `yaml:"body"`   // a tree of templates
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

// System implements crm.System.
type System struct {
	settings   Settings
	server     string
	client     *http.Client
	operations []crm.Operation
	calls      map[string]*mapped
	done       *mapped
}

var _ crm.System = (*System)(nil)

// mapped is an operation, compiled.
type mapped struct {
	*mapping.Operation
	request *request
	own     *mapped
}

// New compiles settings; files is the company's folder, getenv the environment,
// and moments are told in zone. It contacts nobody. Faults are noted at p.
func New(p mapping.Place, s Settings, files fs.FS, getenv func(string) string, zone *time.Location) *System {
	if s.Timeout == 0 {
		s.Timeout = timeout
	}
	if s.Timeout < 0 || s.Timeout > maxTimeout {
		p.In("timeout").Fault("%v is not within 0 and %v: callers wait", s.Timeout, maxTimeout)
	}
	if s.KeyHeader == "" {
		s.KeyHeader = "Idempotency-Key"
	}
	headers, err := s.Auth.Headers(getenv)
	if err != nil {
		p.In("auth").Fault("%w", err)
	}
	d, err := read(files, s.File)
	if err != nil {
		p.In("file").Fault("%w", err)
		return nil
	}
	out := &System{settings: s, calls: map[string]*mapped{}}
	host := out.locate(p, d)
	out.client = egress.New(egress.Config{Hosts: []egress.Host{{Name: host, Private: s.Private, Header: headers}}, Timeout: s.Timeout})
	if len(s.Operations) == 0 {
		p.Fault("no operations")
	}
	for i, m := range s.Operations {
		o := m.compile(p.Item("operations", i), d, zone)
		if out.calls[o.Name] != nil {
			p.Item("operations", i).Fault("%s is there already", o.Name)
		}
		out.calls[o.Name] = o
		out.operations = append(out.operations, o.Operation.Operation)
	}
	if s.Done != nil {
		out.done = s.Done.compile(p.In("done"), d, mapping.Done(zone))
	}
	return out
}

// locate finds out where requests go, and returns the host.
func (s *System) locate(p mapping.Place, d *document) string {
	where := s.settings.Server
	if where == "" && len(d.Servers) > 0 {
		where = d.Servers[0].URL
	}
	u, err := url.Parse(where)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !s.settings.Private) || u.RawQuery != "" || u.User != nil {
		p.In("server").Fault("server %q: want https://HOST/PATH (http only where private is set)", where)
		return ""
	}
	s.server = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	return u.Hostname()
}

// compile checks one operation.
func (m Mapped) compile(p mapping.Place, d *document, zone *time.Location) *mapped {
	found := d.find(p.In("call"), m.Call)
	o := &mapped{Operation: m.Settings.Operation(p, found.answer(), zone)}
	o.request = m.Request.compile(p, found, d)
	o.Uses(p, o.request.names())
	if m.Own != nil {
		o.own = m.Own.compile(p.In("own"), d, o.Operation)
	}
	o.Bound(p)
	if o.Writes && found.Operation != nil && (found.method == http.MethodGet || found.method == http.MethodHead) {
		p.In("call").Fault("%s writes, but %s only reads", m.Name, found.method)
	}
	if len(o.Results) > 0 && found.silent() {
		p.In("results").Fault("%s answers without JSON", m.Call)
	}
	return o
}

// compile checks a question on behalf of an operation.
func (l Lookup) compile(p mapping.Place, d *document, of *mapping.Operation) *mapped {
	found := d.find(p.In("call"), l.Call)
	asked := mapping.Settings{Answers: l.Answers, Match: l.Match}
	o := &mapped{Operation: asked.Lookup(p, found.answer(), of), request: l.Request.compile(p, found, d)}
	of.Uses(p, o.request.names())
	return o
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
			return nil, fmt.Errorf("%s: whose it is: %w", operation, certain(err))
		}
	}
	return s.ask(ctx, o, key, args)
}

// certain makes of an unknown outcome of a question that nothing was done.
func certain(err error) error {
	if errors.Is(err, crm.ErrUnknownOutcome) {
		return fmt.Errorf("%w: %s", crm.ErrUnavailable, err.Error())
	}
	return err
}

// Done implements crm.System.
func (s *System) Done(ctx context.Context, key, operation string) error {
	switch {
	case s.done != nil:
		ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
		defer cancel()
		_, err := s.ask(ctx, s.done, "", map[string]string{"key": key, "operation": operation})
		return certain(err)
	case s.settings.Idempotent:
		return nil
	}
	return fmt.Errorf("%w: the system cannot be asked what became of %s", crm.ErrUnavailable, operation)
}

// ask sends an operation's request and reads the answer.
func (s *System) ask(ctx context.Context, o *mapped, key string, args map[string]string) (map[string]string, error) {
	with := args
	if key != "" {
		with = map[string]string{"key": key}
		for k, v := range args {
			with[k] = v
		}
	}
	r, err := o.request.build(ctx, s.server, with, o.Zone)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", crm.ErrNotAllowed, o.Name, err)
	}
	if key != "" {
		r.Header.Set(s.settings.KeyHeader, key)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", lost(o.Writes, err), o.Name, quiet(err))
	}
	defer answer.Body.Close()
	body, err := decode(answer.Body)
	if outcome, ruled := o.Outcome(answer.StatusCode, body); ruled {
		if outcome != nil {
			return nil, fmt.Errorf("%w: %s: status %d", outcome, o.Name, answer.StatusCode)
		}
	} else if outcome := usual(answer.StatusCode, o.Writes); outcome != nil {
		return nil, fmt.Errorf("%w: %s: status %d", outcome, o.Name, answer.StatusCode)
	}
	if err != nil && len(o.Results) > 0 {
		return nil, fmt.Errorf("%w: %s: answer: %w", lost(o.Writes, err), o.Name, err)
	}
	return o.Take(args, body)
}

// decode reads an answer's JSON; an empty one is nil.
func decode(r io.Reader) (any, error) {
	data, err := io.ReadAll(r)
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return nil, err
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("it is no JSON") // the decoder's words quote it
	}
	return v, nil
}

// lost is what a request without an answer comes to: nothing was done where it
// was a read, or where there never was a connection.
func lost(writes bool, err error) error {
	var dial *net.OpError
	if !writes || errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, egress.ErrForbidden) && errors.As(err, &dial) {
		return crm.ErrUnavailable
	}
	return crm.ErrUnknownOutcome
}

// quiet drops the address from an error: it holds a caller's data, and errors
// are logged.
func quiet(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// usual is what a status means where the settings do not say.
func usual(status int, writes bool) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusNotFound || status == http.StatusGone:
		return crm.ErrNotFound
	case status == http.StatusConflict || status == http.StatusPreconditionFailed:
		return crm.ErrConflict
	case status == http.StatusUnauthorized || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return crm.ErrUnavailable
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout:
		return crm.ErrNotAllowed
	case writes:
		return crm.ErrUnknownOutcome
	}
	return crm.ErrUnavailable
}
