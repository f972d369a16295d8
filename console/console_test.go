package console

import (
	"bufio"
	"context"
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

	"attendant/dialog"
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

func newConsole(t *testing.T, password string) (*Console, *httptest.Server) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.wav"), []byte("RIFF"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := New(Config{
		Hub: &dialog.Hub{}, Store: shelf{dialog.Record{ID: "a", Recording: "a.wav", Turns: []dialog.Turn{{Side: "caller", Text: "<b>hi</b>"}}}},
		Live: func() map[string]dialog.CallInfo { return nil }, Ready: func() error { return errors.New("no recogniser") },
		Recordings: dir, Password: password, Log: slog.New(slog.DiscardHandler),
	})
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server
}

func TestPaths(t *testing.T) {
	_, server := newConsole(t, "")
	cases := []struct {
		path   string
		status int
		body   string
	}{
		{"/", 200, "<title>Attendant</title>"},
		{"/page.js", 200, "textContent"},
		{"/healthz", 204, ""},
		{"/readyz", 503, "no recogniser"},
		{"/metrics", 200, "attendant_calls_live 0"},
		{"/api/v1/calls", 200, `"id":"a"`},
		{"/api/v1/calls?limit=x", 400, "limit"},
		{"/api/v1/calls?before=x", 400, "before"},
		{"/api/v1/calls/a", 200, `\u003cb\u003ehi`},
		{"/api/v1/calls/b", 404, "no such call"},
		{"/api/v1/calls/a/recording", 200, "RIFF"},
		{"/nothing", 404, ""},
	}
	for _, c := range cases {
		res, err := http.Get(server.URL + c.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != c.status || !strings.Contains(string(body), c.body) {
			t.Errorf("%s: %d %q, %v; want %d with %q", c.path, res.StatusCode, body, err, c.status, c.body)
		}
		if !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'self'") {
			t.Errorf("%s has no content security policy", c.path)
		}
	}
}

func TestPasswordGuardsAllButHealthAndMetrics(t *testing.T) {
	_, server := newConsole(t, "secret")
	for path, want := range map[string]int{"/": 401, "/events": 401, "/api/v1/calls": 401, "/api/v1/calls/a/recording": 401, "/healthz": 204, "/metrics": 200} {
		res, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
	req, err := http.NewRequest("GET", server.URL+"/api/v1/calls", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("", "secret")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("with the password: %d", res.StatusCode)
	}
}

func TestEventsStreamAndResume(t *testing.T) {
	c, server := newConsole(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	defer running.Wait()
	defer cancel()

	c.cfg.Hub.Tell(dialog.Event{Kind: dialog.CallStarted, Call: "x"})
	c.cfg.Hub.Tell(dialog.Event{Kind: dialog.CallEnded, Call: "x", Text: "escalated"})
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", "1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
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
