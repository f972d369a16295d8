package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"attendant/crm"
	"attendant/crm/mapping"
)

const (
	// maxLate is how many calls in a row may run out of time before the session
	// is taken to hang.
	maxLate = 3
	// opens is how long a session may take to open: a program may have to start.
	opens = 30 * time.Second
	// maxTools bounds what is read of a server's list.
	maxTools = 1000
	// terminate is how long a process may take to end before it is killed.
	terminate = time.Second
)

// session is an open session, with what its server has of our tools.
type session struct {
	*sdk.ClientSession
	tools map[*mapped]*tool
	late  atomic.Int32 // calls in a row that ran out of time
}

// tool is a tool's request, held against the tool.
type tool struct {
	tree   *mapping.Tree
	checks *jsonschema.Resolved // nil where the schema is not understood
	err    error                // why it cannot be called
}

// opening is a session on its way.
type opening struct {
	cancel context.CancelFunc
	ready  chan struct{} // closed when the next two are set
	open   *session
	err    error
}

// open returns the session, waiting for it where it is on its way. It is opened
// beside the call, so that a server that starts slowly is there for the next one.
func (s *System) open(ctx context.Context) (*session, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, errors.New("closed")
	}
	if s.session == nil {
		s.session = s.begin()
	}
	o := s.session
	s.mu.Unlock()
	select {
	case <-o.ready:
	case <-ctx.Done():
		return nil, fmt.Errorf("open the session: %w", ctx.Err())
	}
	if o.err != nil {
		s.forget(o)
	}
	return o.open, o.err
}

// begin opens a session. Close waits for the goroutine.
func (s *System) begin() *opening {
	ctx, cancel := context.WithTimeout(context.Background(), opens)
	o := &opening{cancel: cancel, ready: make(chan struct{})}
	s.working.Go(func() {
		defer cancel()
		o.open, o.err = s.connect(ctx)
		close(o.ready)
	})
	return o
}

// forget has the next call open another session. It reports whether o was still
// the one.
func (s *System) forget(o *opening) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session != o {
		return false
	}
	s.session = nil
	return true
}

func (s *System) connect(ctx context.Context) (*session, error) {
	client := sdk.NewClient(&sdk.Implementation{Name: "attendant", Version: "1"}, &sdk.ClientOptions{
		Capabilities: &sdk.ClientCapabilities{}, MultiRoundTrip: &sdk.MultiRoundTripOptions{Disabled: true},
	})
	open, err := client.Connect(ctx, s.transport(), nil)
	if err != nil {
		return nil, fmt.Errorf("open the session: %w", quiet(err))
	}
	offered := map[string]*sdk.Tool{}
	for t, err := range open.Tools(ctx, nil) {
		if err != nil {
			return nil, errors.Join(fmt.Errorf("list the tools: %w", quiet(err)), open.Close())
		}
		if offered[t.Name] = t; len(offered) > maxTools {
			return nil, errors.Join(fmt.Errorf("the server has more than %d tools", maxTools), open.Close())
		}
	}
	out := &session{ClientSession: open, tools: map[*mapped]*tool{}}
	for _, o := range s.all() {
		out.tools[o] = o.request.hold(offered[o.request.Tool])
	}
	return out, nil
}

// all are the operations and the questions around them.
func (s *System) all() []*mapped {
	var out []*mapped
	for _, o := range s.operations {
		m := s.calls[o.Name]
		if out = append(out, m); m.own != nil {
			out = append(out, m.own)
		}
	}
	if s.done != nil {
		out = append(out, s.done)
	}
	return out
}

func (s *System) transport() sdk.Transport {
	if s.settings.URL != "" {
		return &sdk.StreamableClientTransport{Endpoint: s.settings.URL, HTTPClient: s.client, MaxRetries: -1, DisableStandaloneSSE: true, MaxEventSize: 1 << 20}
	}
	// The process outlives the call that starts it: Close ends it.
	c := exec.Command(s.settings.Command[0], s.settings.Command[1:]...) //nolint:gosec,noctx // the administrator's own program
	c.Env = s.environ
	return &sdk.CommandTransport{Command: c, TerminateDuration: terminate}
}

// hold compiles a request against the tool, nil if the server has none.
func (q Request) hold(t *sdk.Tool) *tool {
	if t == nil {
		return &tool{err: fmt.Errorf("%w: the server has no tool %q", crm.ErrUnavailable, q.Tool)}
	}
	data, err := json.Marshal(t.InputSchema)
	if err != nil {
		return &tool{err: fmt.Errorf("%w: tool %s: %w", crm.ErrUnavailable, q.Tool, err)}
	}
	out := &tool{}
	var s *mapping.Schema
	var js jsonschema.Schema
	if json.Unmarshal(data, &js) == nil {
		s = convert(&js, 0)
		out.checks, err = js.Resolve(nil) // without it the server checks alone
		if err != nil {
			out.checks = nil
		}
	}
	root := mapping.Root()
	out.tree = mapping.Compile(root, q.Arguments, s)
	for _, f := range root.Faults() {
		out.err = errors.Join(out.err, fmt.Errorf("%w: tool %s: %w", crm.ErrUnavailable, q.Tool, f))
	}
	return out
}

// depth bounds what is looked at of schemas, which may hold themselves.
const depth = 12

func convert(s *jsonschema.Schema, level int) *mapping.Schema {
	if s == nil || level > depth || s.Ref != "" {
		return &mapping.Schema{Open: true}
	}
	out := &mapping.Schema{Type: s.Type, Properties: map[string]*mapping.Schema{}, Required: s.Required}
	for _, t := range s.Types {
		if t != "null" && out.Type == "" {
			out.Type = t
		}
	}
	for name, p := range s.Properties {
		out.Properties[name] = convert(p, level+1)
	}
	if s.Items != nil {
		out.Items = convert(s.Items, level+1)
	}
	out.Open = len(s.Properties) == 0 || s.AdditionalProperties != nil && s.AdditionalProperties.Not == nil
	return out
}

// params are a call's, or why it must not be made.
func (s *session) params(o *mapped, key string, args map[string]string) (*sdk.CallToolParams, error) {
	t := s.tools[o]
	if t.err != nil {
		return nil, t.err
	}
	with := map[string]string{}
	for k, v := range args {
		with[k] = v
	}
	out := &sdk.CallToolParams{Name: o.request.Tool}
	if key != "" {
		with["key"] = key
		out.Meta = sdk.Meta{"idempotencyKey": key}
	}
	v, err := t.tree.Fill(with, o.Zone)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", crm.ErrNotAllowed, err)
	}
	if v == nil {
		v = map[string]any{}
	}
	if t.checks != nil && t.checks.Validate(plain(v)) != nil {
		return nil, fmt.Errorf("%w: the arguments do not fit the tool's schema", crm.ErrNotAllowed)
	}
	out.Arguments = v
	return out, nil
}

// plain is a value as encoding/json decodes it by itself.
func plain(v any) any {
	data, err := json.Marshal(v)
	var out any
	if err != nil || json.Unmarshal(data, &out) != nil {
		return v
	}
	return out
}

// read makes results of a tool's answer.
func (o *mapped) read(args map[string]string, r *sdk.CallToolResult) (map[string]string, error) {
	body := content(r)
	status := 0
	if r.IsError {
		status = mapping.Failed
	}
	outcome, ruled := o.Outcome(status, body)
	switch {
	case ruled && outcome != nil:
		return nil, fmt.Errorf("%w: %s", outcome, o.Name)
	case !ruled && (r.IsError || r.NeedsInput()) && o.Writes:
		return nil, fmt.Errorf("%w: %s: the tool failed", crm.ErrUnknownOutcome, o.Name)
	case !ruled && (r.IsError || r.NeedsInput()):
		return nil, fmt.Errorf("%w: %s: the tool failed", crm.ErrUnavailable, o.Name)
	}
	return o.Take(args, body)
}

// content is what a tool's answer holds.
func content(r *sdk.CallToolResult) any {
	if r.StructuredContent != nil {
		if data, err := json.Marshal(r.StructuredContent); err == nil {
			if v, ok := decode(data); ok {
				return v
			}
		}
	}
	var text strings.Builder
	for _, c := range r.Content {
		if t, ok := c.(*sdk.TextContent); ok {
			text.WriteString(t.Text)
		}
	}
	if v, ok := decode([]byte(text.String())); ok {
		return v
	}
	return map[string]any{"text": text.String()}
}

// decode reads an object or a list.
func decode(data []byte) (any, bool) {
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&v) != nil || d.More() {
		return nil, false
	}
	switch v.(type) {
	case map[string]any, []any:
		return v, true
	}
	return nil, false
}

// blame drops a session that broke, or in which too many calls in a row ran out
// of time. Its end may take seconds: no call waits for it, Close does.
func (s *System) blame(ctx context.Context, bad *session, err error) {
	if ctx.Err() != nil && bad.late.Add(1) < maxLate || !broken(ctx, err) {
		return
	}
	s.mu.Lock()
	o := s.session
	s.mu.Unlock()
	if o == nil || !o.is(bad) || !s.forget(o) {
		return
	}
	s.working.Go(func() { _ = bad.Close() }) // it is broken
}

func (o *opening) is(open *session) bool {
	select {
	case <-o.ready:
		return o.open == open
	default:
		return false
	}
}

// broken reports whether an error tells of the session, not of the call.
func broken(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, sdk.ErrSessionMissing) || errors.Is(err, sdk.ErrConnectionClosed) || !refusal(err)
}

// Probe opens the session and tells which tools cannot be called as the settings
// want.
func (s *System) Probe(ctx context.Context) error {
	open, err := s.open(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, o := range s.all() {
		faults = append(faults, open.tools[o].err)
	}
	return errors.Join(faults...)
}

// Close ends the session and waits for its end, and that of sessions that broke.
// Later calls are refused.
func (s *System) Close() error {
	s.mu.Lock()
	o := s.session
	s.session, s.closed = nil, true
	s.mu.Unlock()
	defer s.working.Wait()
	if o == nil {
		return nil
	}
	o.cancel()
	<-o.ready
	if o.open == nil {
		return nil
	}
	err := o.open.Close()
	var exit *exec.ExitError
	if err == nil || errors.Is(err, sdk.ErrConnectionClosed) || errors.As(err, &exit) { // it ended as it was told to
		return nil
	}
	return fmt.Errorf("close the MCP session: %w", quiet(err))
}
