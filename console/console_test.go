package console

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"attendant/console/access"
	"attendant/crm"
	"attendant/deploy/demo"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/knowledge"
)

// shelf is a store of one call.
type shelf struct{ record dialog.Record }

func (s shelf) Call(_ context.Context, id string) (*dialog.Record, error) {
	if id != s.record.ID {
		return nil, dialog.ErrNotFound
	}
	return &s.record, nil
}

func (s shelf) Calls(context.Context, dialog.CallQuery) ([]dialog.Record, error) {
	return []dialog.Record{s.record}, nil
}

const adminPassword = "a password for tests"

// company loads the demo company, once for all tests.
var company = sync.OnceValues(func() (*flow.Set, *knowledge.Base) {
	flows, err1 := flow.Load(demo.Files, dialog.Operations(crm.Operate(nil, time.UTC)))
	articles, err2 := knowledge.Load(demo.Files)
	if err := errors.Join(err1, err2); err != nil {
		panic(err)
	}
	return flows, articles
})

// served is a console with its server, its users and a client that keeps
// cookies as a browser does.
type served struct {
	*Console
	url   string
	users *access.Store
}

func newConsole(t *testing.T, options ...func(*Config)) *served {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.wav"), []byte("RIFF"), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "a.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	users, err := access.Open(t.Context(), db)
	if err == nil {
		_, err = users.FirstAdmin(t.Context(), adminPassword)
	}
	if err != nil {
		t.Fatal(err)
	}
	flows, articles := company()
	cfg := Config{
		Access: users, Flows: flows, Articles: articles,
		Hub: &dialog.Hub{}, Store: shelf{dialog.Record{ID: "a", Recording: "a.wav", Legs: []string{"a-1-ann.wav", "gone.wav"}, Turns: []dialog.Turn{{Side: "caller", Text: "<b>hi</b>"}}}},
		Live: func() map[string]dialog.CallInfo { return nil }, Ready: func() error { return errors.New("no recogniser") },
		Recordings: dir, Log: slog.New(slog.DiscardHandler),
		Vendors: func() []Vendor {
			return []Vendor{{Kind: "voice", Name: "near", Used: 3, Late: 2, Left: true, Seconds: 1.5}}
		},
		Trunks: func() []Trunk {
			return []Trunk{{Name: "carrier", Reachable: "answers OPTIONS", Good: true, Active: 2, Failed: 3}}
		},
	}
	for _, o := range options {
		o(&cfg)
	}
	c := New(cfg)
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return &served{c, server.URL, users}
}

// ask sends a request as a user, a stranger where it is empty, and returns the
// answer with its body.
func (s *served) ask(t *testing.T, user, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if user != "" {
		req.SetBasicAuth(user, adminPassword)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(got)
}

func TestPaths(t *testing.T) {
	s := newConsole(t)
	cases := []struct {
		path   string
		status int
		body   string
	}{
		{"/", 200, "<title>Attendant</title>"},
		{"/widget.js", 200, "attendant-call"},
		{"/healthz", 204, ""},
		{"/readyz", 503, "no recogniser"},
		{"/metrics", 200, "attendant_calls_live 0"},
		{"/metrics", 200, `attendant_vendor_steps_total{kind="voice",outcome="late",vendor="near"} 2`},
		{"/metrics", 200, `attendant_vendor_left_out{kind="voice",vendor="near"} 1`},
		{"/metrics", 200, `attendant_vendor_wait_seconds_sum{kind="voice",vendor="near"} 1.5`},
		{"/api/v1/vendors", 200, `"name":"near"`},
		{"/metrics", 200, `attendant_trunk_up{trunk="carrier"} 1`},
		{"/metrics", 200, `attendant_trunk_calls{trunk="carrier"} 2`},
		{"/metrics", 200, `attendant_trunk_calls_total{outcome="failed",trunk="carrier"} 3`},
		{"/api/v1/trunks", 200, `"reachable":"answers OPTIONS"`},
		{"/api/openapi.json", 200, `"openapi":"3.1.0"`},
		{"/api/v1/session", 200, `"name":"admin"`},
		{"/api/v1/live", 200, `"items":[]`},
		{"/api/v1/calls", 200, `"id":"a"`},
		{"/api/v1/calls?limit=x", 422, "limit"},
		{"/api/v1/calls?limit=0", 422, "limit"},
		{"/api/v1/calls?before=x", 422, "before"},
		{"/api/v1/calls/a", 200, `hi`},
		{"/api/v1/calls/b", 404, "no such call"},
		{"/api/v1/calls/a/recording", 200, "RIFF"},
		{"/api/v1/calls/b/recording", 404, "no such call"},
		{"/api/v1/flows", 200, `"name":"order_status"`},
		{"/api/v1/flows/order_status", 200, "flow: order_status"},
		{"/api/v1/flows/none", 404, "no such flow"},
		{"/api/v1/articles", 200, `"review_by"`},
		{"/api/v1/articles/none", 404, "no such article"},
		{"/api/v1/events?after=x", 422, "number"},
		{"/api/v1/nothing", 404, "no such path"},
		{"/nothing", 404, ""},
	}
	for _, c := range cases {
		res, body := s.ask(t, "admin", "GET", c.path, "")
		if res.StatusCode != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s: %d %q; want %d with %q", c.path, res.StatusCode, body, c.status, c.body)
		}
		if strings.HasPrefix(c.path, "/api/") && c.status >= 400 && res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: an error of type %q", c.path, res.Header.Get("Content-Type"))
		}
		if !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'self'") {
			t.Errorf("%s has no content security policy", c.path)
		}
	}
}

func TestEventsStreamAndResume(t *testing.T) {
	c := newConsole(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	defer running.Wait()
	defer cancel()

	c.cfg.Hub.Tell(dialog.Event{Kind: dialog.CallStarted, Call: "x"})
	c.cfg.Hub.Tell(dialog.Event{Kind: dialog.CallEnded, Call: "x", Text: "escalated"})
	req, err := http.NewRequestWithContext(ctx, "GET", c.url+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", "1")
	req.SetBasicAuth("admin", adminPassword)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "{}" {
			continue
		}
		var e dialog.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		if e.Seq <= 1 {
			t.Errorf("event %d was seen before", e.Seq)
		}
		if e.Kind == dialog.CallEnded {
			return
		}
	}
	t.Error("the missed event did not come")
}

// A page that opens in the middle of a call is told what the call has had so
// far, and nothing of calls that have ended.
func TestPageThatOpensLateSeesTheCallGoingOn(t *testing.T) {
	c := &Console{cfg: Config{Hub: &dialog.Hub{}, Live: func() map[string]dialog.CallInfo { return map[string]dialog.CallInfo{"on": {}} }}}
	for _, e := range []dialog.Event{
		{Kind: dialog.CallStarted, Call: "over"},
		{Kind: dialog.CallStarted, Call: "on"},
		{Kind: dialog.Partial, Call: "on"},
		{Kind: dialog.TurnEnded, Call: "on"},
		{Kind: dialog.CallEnded, Call: "over"},
	} {
		c.cfg.Hub.Tell(e)
	}
	numbers := func(events []dialog.Event) (out []uint64) {
		for _, e := range events {
			out = append(out, e.Seq)
		}
		return out
	}
	for _, test := range []struct {
		name   string
		after  uint64
		replay bool
		want   []uint64
	}{
		{"a new page", 0, true, []uint64{2, 4}},
		{"a program that wants only what comes", 0, false, nil},
		{"a page that comes back", 3, true, []uint64{4, 5}},
		{"a page from before the program's start", 500, true, []uint64{2, 4}},
	} {
		if got := numbers(c.missed(test.after, test.replay)); !slices.Equal(got, test.want) {
			t.Errorf("%s: got events %v, want %v", test.name, got, test.want)
		}
	}
}
