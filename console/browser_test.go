package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"attendant/dialog"
)

// phone is a Browsers that keeps what it was asked.
type phone struct {
	offer, to, patched, ended string
	fault                     error
}

func (p *phone) Call(_ context.Context, offer, to, _ string) (string, string, error) {
	p.offer, p.to = offer, to
	return "leg1", "v=0 answer", p.fault
}

func (p *phone) Patch(_ context.Context, id, fragment string) (string, error) {
	if id != "leg1" {
		return "", ErrGone
	}
	p.patched = fragment
	if strings.Contains(fragment, "ufrag") {
		return "a=ice-ufrag:ours", nil
	}
	return "", nil
}

func (p *phone) Hangup(id string) error {
	if id != "leg1" {
		return ErrGone
	}
	p.ended = id
	return nil
}

func (p *phone) Watch(_ context.Context, offer, call, _ string, o dialog.Order) (string, string, error) {
	p.offer, p.to = offer, fmt.Sprintf("%s %s %s %s", call, o.Verb, o.By, o.Role)
	return "leg1", "v=0 answer", p.fault
}

const sdp = "application/sdp"

func TestPageCallsWithATicket(t *testing.T) {
	s, p := newConsole(t), &phone{}
	s.cfg.Browsers, s.cfg.Sites = p, []string{"https://shop.example"}
	res, body := s.ask(t, "admin", "POST", "/api/v1/rtc/tickets", `{"to":"support"}`)
	var made struct{ Ticket string }
	if err := json.Unmarshal([]byte(body), &made); err != nil || made.Ticket == "" {
		t.Fatalf("ticket: %d %s", res.StatusCode, body)
	}
	with := []string{"Authorization", "Bearer " + made.Ticket, "Content-Type", sdp, "Origin", "https://shop.example", "Sec-Fetch-Site", "cross-site"}
	res, body = s.ask(t, "", "POST", "/api/v1/rtc/call?to=sip:elsewhere", "v=0 offer", with...)
	if res.StatusCode != 201 || body != "v=0 answer" || res.Header.Get("Location") != "/api/v1/rtc/call/leg1" || res.Header.Get("Content-Type") != sdp {
		t.Errorf("call: %d %q %v", res.StatusCode, body, res.Header)
	}
	if p.offer != "v=0 offer" || p.to != "support" {
		t.Errorf("the phone was asked for %q with %q", p.to, p.offer)
	}
	if res.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Error("the site may not read the answer")
	}
	if res, _ := s.ask(t, "", "POST", "/api/v1/rtc/call", "v=0 offer", with...); res.StatusCode != 401 {
		t.Errorf("the ticket again: %d, want 401", res.StatusCode)
	}
	if res, _ := s.ask(t, "", "GET", "/api/v1/calls", "", with...); res.StatusCode != 401 {
		t.Errorf("calls with a used ticket: %d, want 401", res.StatusCode)
	}
}

func TestTicketIsForCallsOnly(t *testing.T) {
	s := newConsole(t)
	_, body := s.ask(t, "admin", "POST", "/api/v1/rtc/tickets", `{"to":"support"}`)
	var made struct{ Ticket string }
	if err := json.Unmarshal([]byte(body), &made); err != nil {
		t.Fatal(err)
	}
	if res, _ := s.ask(t, "", "GET", "/api/v1/calls", "", "Authorization", "Bearer "+made.Ticket); res.StatusCode != 403 {
		t.Errorf("calls with a ticket: %d, want 403", res.StatusCode)
	}
	s.ask(t, "", "DELETE", "/api/v1/users/admin", "", "Authorization", "Bearer "+made.Ticket)
	if _, audit := s.ask(t, "admin", "GET", "/api/v1/audit", ""); strings.Contains(audit, made.Ticket) || !strings.Contains(audit, "ticket:") {
		t.Errorf("the audit holds a ticket that is still good, or nobody: %s", audit)
	}
}

func TestForeignSitesGetNoAccess(t *testing.T) {
	s := newConsole(t)
	s.cfg.Browsers, s.cfg.Sites = &phone{}, []string{"https://shop.example"}
	res, _ := s.ask(t, "", "OPTIONS", "/api/v1/rtc/call", "", "Origin", "https://evil.example")
	if got := res.Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("a foreign site may read answers: %q", got)
	}
	res, _ = s.ask(t, "", "OPTIONS", "/api/v1/rtc/call", "", "Origin", "https://shop.example")
	if res.StatusCode != 204 || res.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight of our site: %d %v", res.StatusCode, res.Header)
	}
}

func TestLegIsPatchedAndEnded(t *testing.T) {
	s, p := newConsole(t), &phone{}
	s.cfg.Browsers = p
	const trickle = "application/trickle-ice-sdpfrag"
	cases := []struct {
		method, id, body string
		status           int
		answer           string
	}{
		{"PATCH", "leg1", "a=candidate:1", 204, ""},
		{"PATCH", "leg1", "a=ice-ufrag:new", 200, "a=ice-ufrag:ours"},
		{"PATCH", "other", "a=candidate:1", 404, "no such call"},
		{"DELETE", "other", "", 404, "no such call"},
		{"DELETE", "leg1", "", 204, ""},
	}
	for _, c := range cases {
		res, body := s.ask(t, "", c.method, "/api/v1/rtc/call/"+c.id, c.body, "Content-Type", trickle)
		if res.StatusCode != c.status || !strings.Contains(body, c.answer) {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.id, res.StatusCode, body, c.status, c.answer)
		}
	}
	if p.patched != "a=ice-ufrag:new" || p.ended != "leg1" {
		t.Errorf("the phone has %+v", p)
	}
}

func TestRefusedCallsTellWhy(t *testing.T) {
	s := newConsole(t)
	if res, _ := s.ask(t, "admin", "POST", "/api/v1/rtc/call?to=support", "v=0", "Content-Type", sdp); res.StatusCode != 503 {
		t.Errorf("without a port for browsers: %d, want 503", res.StatusCode)
	}
	for fault, want := range map[error]int{ErrFull: 503, ErrOffer: 422, errors.New("other"): 500} {
		s.cfg.Browsers = &phone{fault: fault}
		if res, _ := s.ask(t, "admin", "POST", "/api/v1/rtc/call?to=support", "v=0", "Content-Type", sdp); res.StatusCode != want {
			t.Errorf("%v: %d, want %d", fault, res.StatusCode, want)
		}
	}
}

func TestCaptionsAreOfOneCall(t *testing.T) {
	s := newConsole(t)
	s.cfg.Live = func() map[string]dialog.CallInfo { return map[string]dialog.CallInfo{"mine": {CallID: "leg1"}} }
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", s.url+"/api/v1/rtc/call/leg1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for _, e := range []dialog.Event{
		{Kind: dialog.TurnEnded, Call: "other", Turn: &dialog.Turn{Side: "caller", Text: "not for you"}},
		{Kind: dialog.TurnEnded, Call: "mine", Turn: &dialog.Turn{Side: "attendant", Text: "hello"}},
		{Kind: dialog.CallEnded, Call: "mine"},
	} {
		s.cfg.Hub.Tell(e)
	}
	var got []string
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && data != "{}" {
			got = append(got, data)
		}
	}
	want := `{"kind":"final","side":"attendant","text":"hello"} {"kind":"ended"}`
	if strings.Join(got, " ") != want {
		t.Errorf("captions %q, want %q", got, want)
	}
}
