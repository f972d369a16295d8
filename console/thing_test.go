package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"attendant/console/access"
	"attendant/dialog/queue"
)

// cupboard is Things in memory.
type cupboard[T any] struct {
	key func(T) string

	mu   sync.Mutex
	have map[string]T
	at   map[string]int
	by   []string
}

func newCupboard[T any](key func(T) string) *cupboard[T] {
	return &cupboard[T]{key: key, have: map[string]T{}, at: map[string]int{}}
}

func (c *cupboard[T]) All(context.Context) ([]T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []T
	for _, t := range c.have {
		out = append(out, t)
	}
	slices.SortFunc(out, func(x, y T) int { return strings.Compare(c.key(x), c.key(y)) })
	return out, nil
}

func (c *cupboard[T]) Find(_ context.Context, name string) (T, int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.have[name]
	if !ok {
		return t, 0, ErrNoThing
	}
	return t, c.at[name], nil
}

func (c *cupboard[T]) Add(_ context.Context, author string, t T) (T, int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := c.key(t)
	if _, ok := c.have[name]; ok {
		return t, 0, ErrThingExists
	}
	return c.put(author, name, t)
}

func (c *cupboard[T]) put(author, name string, t T) (T, int, error) {
	if name == "" {
		return t, 0, ErrThingUnfit
	}
	c.at[name]++
	c.have[name], c.by = t, append(c.by, author+" "+name)
	return t, c.at[name], nil
}

func (c *cupboard[T]) Change(_ context.Context, author, name string, version int, to *T) (t T, number int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.at[name] != version:
		return t, 0, errors.Join(ErrThingChanged)
	case to == nil:
		delete(c.have, name)
		c.at[name]++
		c.by = append(c.by, author+" -"+name)
		return t, c.at[name], nil
	}
	return c.put(author, name, *to)
}

func TestAgentsAreEditedByTheirVersion(t *testing.T) {
	agents := newCupboard(func(a queue.Agent) string { return a.Name })
	queues := newCupboard(func(q queue.Queue) string { return q.Name })
	s := newConsole(t, func(c *Config) { c.Agents, c.Queues = agents, queues })
	body := `{"name":"sue","password":"` + adminPassword + `","roles":["supervisor"]}`
	if res, answer := s.ask(t, "admin", http.MethodPost, "/api/v1/users", body); res.StatusCode >= 300 {
		t.Fatal(res.Status, answer)
	}
	for _, c := range []struct {
		user, method, path, body string
		match                    string
		status                   int
		want, etag               string
	}{
		{"sue", "POST", "/agents", `{"name":"ann"}`, "", 403, "telephony.write", ""},
		{"admin", "POST", "/agents", `{"name":"ann","extension":"201","skills":{"returns":3},"wrap_up":20000000000}`, "", 201, `"extension":"201"`, `"1"`},
		{"admin", "POST", "/agents", `{"name":"ann"}`, "", 409, "there is one", ""},
		{"admin", "POST", "/agents", `{"name":"bob","colour":"red"}`, "", 422, "colour", ""},
		{"sue", "GET", "/agents/ann", "", "", 200, `"returns":3`, `"1"`},
		{"sue", "GET", "/agents/eve", "", "", 404, "none", ""},
		{"sue", "PATCH", "/agents/ann", `{"title":"A"}`, "", 403, "telephony.write", ""},
		{"admin", "PATCH", "/agents/ann", `{"title":"Ann","skills":{"returns":null,"billing":1}}`, `"1"`, 200, `"skills":{"billing":1},"wrap_up":20000000000`, `"2"`},
		{"admin", "PATCH", "/agents/ann", `{"title":"Anna"}`, `"1"`, 412, "meanwhile", ""},
		{"admin", "PATCH", "/agents/ann", `{"title":"Anna"}`, `"7", "2"`, 200, "Anna", `"3"`},
		{"admin", "PATCH", "/agents/ann", `{"extension":null}`, "", 200, `{"name":"ann","title":"Anna","skills"`, `"4"`},
		{"admin", "PATCH", "/agents/ann", `{"colour":"red"}`, "", 422, "colour", ""},
		{"admin", "PATCH", "/agents/ann", `{"extension":201}`, "", 422, "extension", ""},
		{"admin", "PATCH", "/agents/eve", `{"title":"Eve"}`, "", 404, "none", ""},
		{"admin", "POST", "/queues", `{"name":"support","tiers":[{"after":0},{"after":30000000000,"slack":1}],"hours":{"zone":"UTC","days":[{"on":["mon"],"hours":["09:00-18:00"]}]}}`, "", 201, `"slack":1`, `"1"`},
		{"sue", "GET", "/desk/settings", "", "", 200, `"queues":[{"name":"support"`, ""},
		{"", "GET", "/desk/settings", "", "", 401, "", ""},
		{"admin", "DELETE", "/queues/support", "", `"9"`, 412, "meanwhile", ""},
		{"admin", "DELETE", "/queues/support", "", `"1"`, 204, "", ""},
		{"admin", "DELETE", "/queues/support", "", "", 404, "none", ""},
	} {
		var headers []string
		if c.match != "" {
			headers = []string{"If-Match", c.match}
		}
		res, answer := s.ask(t, c.user, c.method, "/api/v1"+c.path, c.body, headers...)
		if res.StatusCode != c.status || !strings.Contains(answer, c.want) || res.Header.Get("ETag") != c.etag {
			t.Errorf("%s %s %s: %s, ETag %s, %s; want %d, %s, %s", c.user, c.method, c.path, res.Status, res.Header.Get("ETag"), answer, c.status, c.etag, c.want)
		}
	}
	if got := strings.Join(agents.by, ","); got != "admin ann,admin ann,admin ann,admin ann" {
		t.Errorf("changed by %s", got)
	}
	again := []string{"Idempotency-Key", "k1"}
	for range 2 {
		if res, answer := s.ask(t, "admin", "POST", "/api/v1/agents", `{"name":"cid"}`, again...); res.StatusCode != 201 {
			t.Errorf("repeated: %s %s", res.Status, answer)
		}
	}
	entries, err := s.users.Audit(t.Context(), 0, 100)
	if err != nil || !strings.Contains(actions(entries), "add-agent 403,add-agent 201,add-agent 409,add-agent 422,change-agent 403,change-agent 200,change-agent 412") {
		t.Errorf("audit %s, %v", actions(entries), err)
	}
}

// actions are audit entries, the oldest first.
func actions(entries []access.Entry) string {
	var out []string
	for _, e := range slices.Backward(entries) {
		out = append(out, e.Action+" "+e.Outcome)
	}
	return strings.Join(out, ",")
}

func TestLegsArePlayedAndCallsErased(t *testing.T) {
	var erased []string
	s := newConsole(t, func(c *Config) {
		c.Recording = func(name string) (io.ReadSeekCloser, error) {
			if name == "a-1-ann.wav" {
				return os.Open(filepath.Join(c.Recordings, "a.wav"))
			}
			return nil, fmt.Errorf("%s: %w", name, ErrLocked)
		}
		c.Erase = func(_ context.Context, number, id string) (int, error) {
			erased = append(erased, number+" "+id)
			return 2, nil
		}
	})
	body := `{"name":"sue","password":"` + adminPassword + `","roles":["supervisor"]}`
	if res, answer := s.ask(t, "admin", http.MethodPost, "/api/v1/users", body); res.StatusCode >= 300 {
		t.Fatal(res.Status, answer)
	}
	for _, c := range []struct {
		user, method, path, body string
		status                   int
		want                     string
	}{
		{"sue", "GET", "/calls/a/legs/1/recording", "", 200, "RIFF"},
		{"sue", "GET", "/calls/a/legs/2/recording", "", 409, "sealed"},
		{"sue", "GET", "/calls/a/recording", "", 409, "sealed"},
		{"sue", "GET", "/calls/a/legs/3/recording", "", 404, "no recording"},
		{"sue", "GET", "/calls/b/legs/1/recording", "", 404, ""},
		{"", "GET", "/calls/a/legs/1/recording", "", 401, ""},
		{"sue", "DELETE", "/calls/a", "", 403, ""},
		{"admin", "DELETE", "/calls/b", "", 404, ""},
		{"admin", "DELETE", "/calls/a", "", 200, `"calls":2`},
		{"sue", "POST", "/calls/erase", `{"number":"+1"}`, 403, ""},
		{"admin", "POST", "/calls/erase", `{"number":"+1"}`, 200, `"calls":2`},
		{"admin", "POST", "/calls/erase", `{"number":""}`, 422, ""},
	} {
		if res, answer := s.ask(t, c.user, c.method, "/api/v1"+c.path, c.body); res.StatusCode != c.status || !strings.Contains(answer, c.want) {
			t.Errorf("%s %s %s: %s %s; want %d, %s", c.user, c.method, c.path, res.Status, answer, c.status, c.want)
		}
	}
	if got := strings.Join(erased, ","); got != " a,+1 " {
		t.Errorf("erased %q", got)
	}
	entries, err := s.users.Audit(t.Context(), 0, 100)
	if err != nil || !strings.Contains(actions(entries), "leg-recording streamed") || !strings.Contains(actions(entries), "erase-caller 200") {
		t.Errorf("audit %s, %v", actions(entries), err)
	}
}
