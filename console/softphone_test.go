package console

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/dialog/queue"
	"attendant/dialog/softphone"
	"attendant/media"
	"attendant/media/mediatest"
)

// ringer is a desk whose agent's state the test sets.
type ringer struct {
	counter
	agent queue.AgentStatus
}

func (d *ringer) Agents() []queue.AgentStatus { return []queue.AgentStatus{d.agent, {Name: "bob"}} }

func (d *ringer) HandOvers(_ context.Context, q dialog.HandOverQuery) ([]dialog.HandOver, error) {
	return []dialog.HandOver{{ID: "h1", Call: q.Call, Queue: "support", Reason: "order status", Briefing: &dialog.Briefing{Wanted: "refund", Tried: []string{"find order: ok"}}}}, nil
}

// withPeople is a console with users ann, an agent, and sue, a supervisor.
func withPeople(t *testing.T, options ...func(*Config)) *served {
	t.Helper()
	s := newConsole(t, options...)
	for _, u := range []string{"ann agent", "sue supervisor"} {
		name, role, _ := strings.Cut(u, " ")
		body := fmt.Sprintf(`{"name":%q,"password":%q,"roles":[%q]}`, name, adminPassword, role)
		if res, answer := s.ask(t, "admin", http.MethodPost, "/api/v1/users", body); res.StatusCode >= 300 {
			t.Fatal(res.Status, answer)
		}
	}
	return s
}

// stream follows a stream of events as a user; the test reads its lines.
func (s *served) stream(t *testing.T, user, path string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(user, adminPassword)
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %v", path, res, err)
	}
	lines := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r := bufio.NewScanner(res.Body); r.Scan(); {
			if data, ok := strings.CutPrefix(r.Text(), "data: "); ok && data != "{}" {
				lines <- data
			}
		}
	}()
	t.Cleanup(func() { cancel(); res.Body.Close(); <-done })
	return lines
}

// next is the next line of a stream.
func next(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case l := <-lines:
		return l
	case <-time.After(20 * time.Second):
		t.Fatal("the stream tells nothing")
		return ""
	}
}

// An agent's page is rung, told of that call alone and of what was said in it, and
// answers; another agent cannot.
func TestPageIsAnAgentsPhone(t *testing.T) {
	legs := make(chan media.Leg, 1)
	x := &softphone.Exchange{Connect: func(_ context.Context, offer string, peer media.Peer, use func(media.Leg)) (string, string, error) {
		if offer != "v=0 offer" {
			return "", "", ErrOffer
		}
		leg := mediatest.NewLeg(peer)
		go use(leg) // ends with the leg
		return "leg1", "v=0 answer", nil
	}}
	d := &ringer{agent: queue.AgentStatus{Name: "ann", State: queue.Ringing}}
	s := withPeople(t, func(c *Config) { c.Desk, c.Softphones = d, x })
	s.cfg.Hub.Tell(dialog.Event{Call: "c1", Kind: dialog.TurnEnded, Turn: &dialog.Turn{Side: "caller", Text: "said before"}})
	s.cfg.Hub.Tell(dialog.Event{Call: "c2", Kind: dialog.TurnEnded, Turn: &dialog.Turn{Side: "caller", Text: "of no concern"}})
	lines := s.stream(t, "ann", "/api/v1/desk/events?phone=true")
	for l := next(t, lines); l != "[]"; l = next(t, lines) { // an empty list, perhaps twice
		t.Fatalf("told %q before anything rings", l)
	}
	go func() {
		leg, err := x.Dial(context.Background(), softphone.Address("ann", "c1", softphone.Agent))
		if err != nil {
			t.Error(err)
		}
		legs <- leg
	}()
	var rings []softphone.Ring
	for len(rings) == 0 {
		if err := json.Unmarshal([]byte(next(t, lines)), &rings); err != nil {
			t.Fatal(err)
		}
	}
	if l := next(t, lines); !strings.Contains(l, "said before") {
		t.Errorf("told %q, want what was said before", l)
	}
	s.cfg.Hub.Tell(dialog.Event{Call: "c2", Kind: dialog.TurnEnded, Turn: &dialog.Turn{Side: "caller", Text: "of no concern"}})
	s.cfg.Hub.Tell(dialog.Event{Call: "c1", Kind: dialog.TurnEnded, Turn: &dialog.Turn{Side: "caller", Text: "said now"}})
	if l := next(t, lines); !strings.Contains(l, "said now") {
		t.Errorf("told %q, want what is said in the agent's own call", l)
	}
	_, body := s.ask(t, "ann", "GET", "/api/v1/desk?call=c1", "")
	for _, want := range []string{`"rings":[{`, `"code":"order-status"`, `"back":["survey"]`, `Wanted: refund\nDone: find order: ok`} {
		if !strings.Contains(body, want) {
			t.Errorf("the desk lacks %s: %s", want, body)
		}
	}
	path := "/api/v1/desk/rings/" + rings[0].ID
	for _, c := range []struct {
		user, path, offer string
		status            int
	}{
		{"sue", path + "/answer", "v=0 offer", 410},
		{"", path + "/answer", "v=0 offer", 401},
		{"ann", path + "/answer?keys=x", "v=0 offer", 422},
		{"ann", path + "/answer", "rubbish", 422},
		{"ann", path + "/answer", "v=0 offer", 201},
		{"ann", path + "/answer", "v=0 offer", 410},
		{"ann", path + "/decline", "", 410},
	} {
		res, body := s.ask(t, c.user, "POST", c.path, c.offer, "Content-Type", sdp)
		if res.StatusCode != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.user, c.path, res.StatusCode, body, c.status)
		}
		if c.status == 201 && (body != "v=0 answer" || res.Header.Get("Location") != "/api/v1/rtc/call/leg1") {
			t.Errorf("answered %q %v", body, res.Header)
		}
	}
	(<-legs).Hangup(media.ErrLocalHangup)
}

func TestSupervisorsWatchByRole(t *testing.T) {
	p := &phone{}
	s := withPeople(t, func(c *Config) { c.Desk, c.Browsers = &counter{}, p })
	for _, c := range []struct {
		user, query string
		fault       error
		status      int
		asked       string
	}{
		{"sue", "", nil, 201, "c1 listen sue supervisor"},
		{"admin", "?verb=barge", nil, 201, "c1 barge admin admin"},
		{"sue", "?verb=end", nil, 422, ""},
		{"ann", "", nil, 403, ""},
		{"", "", nil, 401, ""},
		{"sue", "", dialog.ErrNoCall, 404, "c1 listen sue supervisor"},
		{"sue", "", ErrFull, 503, "c1 listen sue supervisor"},
	} {
		p.to, p.fault = "", c.fault
		res, body := s.ask(t, c.user, "POST", "/api/v1/calls/c1/watch"+c.query, "v=0 offer", "Content-Type", sdp)
		if res.StatusCode != c.status || p.to != c.asked {
			t.Errorf("%s %s: %d, asked %q; want %d, %q\n%s", c.user, c.query, res.StatusCode, p.to, c.status, c.asked, body)
		}
	}
	if _, body := s.ask(t, "admin", "GET", "/api/v1/audit", ""); strings.Count(body, `"action":"watch"`) < 5 {
		t.Errorf("the audit lacks who watched, or wanted to: %s", body)
	}
	if _, body := s.ask(t, "ann", "GET", "/api/v1/desk/articles?text=refunds", ""); !strings.Contains(body, `"id":"refunds"`) || strings.Contains(body, `"id":"no"`) {
		t.Errorf("suggested %s", body)
	}
}
