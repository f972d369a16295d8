package openapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/goccy/go-yaml"

	"attendant/crm"
	"attendant/crm/crmtest"
	"attendant/crm/crmtest/shop"
	"attendant/crm/mapping"
	"attendant/deploy/demo"
)

// open compiles settings, with edits in pairs, and returns the faults.
func open(t *testing.T, server string, edits ...string) (*System, []*mapping.Fault) {
	t.Helper()
	data, err := os.ReadFile("testdata/mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for i := 0; i+1 < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			t.Fatalf("%q is not in the settings", edits[i])
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	var s Settings
	if err := yaml.UnmarshalWithOptions([]byte(text), &s, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	s.Server = server
	root := mapping.Root()
	out := New(root, s, os.DirFS("testdata"), func(name string) string { return map[string]string{"SHOP_TOKEN": "let-me-in"}[name] }, time.UTC)
	return out, root.Faults()
}

func opened(t *testing.T, server string, edits ...string) *System {
	t.Helper()
	s, faults := open(t, server, edits...)
	for _, f := range faults {
		t.Error(f)
	}
	if len(faults) > 0 {
		t.FailNow()
	}
	return s
}

func records(t *testing.T) crm.System {
	t.Helper()
	data, err := demo.Files.ReadFile("crm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return shop.Open(t, data)
}

func TestSystem(t *testing.T) {
	_, url := serveShop(t, records(t))
	crmtest.TestSystem(t, opened(t, url))
}

func TestLostAnswers(t *testing.T) {
	f, url := serveShop(t, records(t))
	lose := func(done bool) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.lose = map[bool]string{true: "done", false: "not done"}[done]
	}
	crmtest.TestLost(t, opened(t, url), lose)
	ask := opened(t, url, "done: {call: requestState, params: {key: \"{key}\"}}", "idempotent: false")
	if err := ask.Done(t.Context(), "k", "refund"); !errors.Is(err, crm.ErrUnavailable) {
		t.Errorf("a system that cannot be asked: %v", err)
	}
	again := opened(t, url, "done: {call: requestState, params: {key: \"{key}\"}}", "idempotent: true")
	if err := again.Done(t.Context(), "k", "refund"); err != nil {
		t.Errorf("a system that takes a key again: %v", err)
	}
}

// TestAnswers has what a status or its body comes to.
func TestAnswers(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); fmt.Fprint(w, body) }
	}
	for _, test := range []struct {
		name   string
		reply  http.HandlerFunc
		reads  error
		writes error
	}{
		{"garbage", answer(200, "<html>"), crm.ErrUnavailable, crm.ErrUnknownOutcome},
		{"cut off", answer(200, `{"id": "1`), crm.ErrUnavailable, crm.ErrUnknownOutcome},
		{"too large", answer(200, strings.Repeat("x", 2<<20)), crm.ErrUnavailable, crm.ErrUnknownOutcome},
		{"a redirect", answer(302, ""), crm.ErrUnavailable, crm.ErrUnknownOutcome},
		{"our key is refused", answer(401, ""), crm.ErrUnavailable, crm.ErrUnavailable},
		{"forbidden", answer(403, ""), crm.ErrNotAllowed, crm.ErrNotAllowed},
		{"not there", answer(404, ""), crm.ErrNotFound, crm.ErrNotFound},
		{"timed out there", answer(408, ""), crm.ErrUnavailable, crm.ErrUnknownOutcome},
		{"taken", answer(409, "{}"), crm.ErrConflict, crm.ErrConflict},
		{"against the rules", answer(422, "{}"), crm.ErrNotAllowed, crm.ErrNotAllowed},
		{"too many", answer(429, ""), crm.ErrUnavailable, crm.ErrUnavailable},
		{"broken", answer(500, ""), crm.ErrUnavailable, crm.ErrUnknownOutcome},
		{"a proxy's error", answer(502, ""), crm.ErrUnavailable, crm.ErrUnknownOutcome},
		{"busy", answer(503, ""), crm.ErrUnavailable, crm.ErrUnavailable},
		{"hangs", hang(5 * time.Second), crm.ErrUnavailable, crm.ErrUnknownOutcome},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.reply)
			defer server.Close()
			s := opened(t, server.URL, "private: true", "private: true\ntimeout: 300ms")
			if _, err := s.Call(t.Context(), "", "get_order", map[string]string{"number": "12345"}); !errors.Is(err, test.reads) {
				t.Errorf("read: %v, want %v", err, test.reads)
			}
			if _, err := s.Call(t.Context(), "k", "create_ticket", map[string]string{"kind": "x"}); !errors.Is(err, test.writes) {
				t.Errorf("write: %v, want %v", err, test.writes)
			}
		})
	}
	gone := opened(t, "http://127.0.0.1:1")
	if _, err := gone.Call(t.Context(), "k", "create_ticket", map[string]string{"kind": "x"}); !errors.Is(err, crm.ErrUnavailable) {
		t.Errorf("nobody there: %v, want that nothing was done", err)
	}
}

// TestRefusedBeforeSent has calls that must never reach the system, and tell
// nothing of a caller in their errors.
func TestRefusedBeforeSent(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent: %s %s", r.Method, r.URL.Path) }))
	defer server.Close()
	s := opened(t, server.URL, "zip: \"{postcode}\", ", "")
	for _, test := range []struct {
		name, key, operation string
		args                 map[string]string
	}{
		{"a customer without the proof that was given", "", "find_customer", map[string]string{"order": "12345", "postcode": "04100"}},
		{"a path that leads elsewhere", "", "get_order", map[string]string{"number": ".."}},
		{"no value for a path", "", "get_order", nil},
		{"an amount that is none", "k", "refund", map[string]string{"number": "12345", "customer": "c1", "amount": "secret"}},
		{"a currency that is not taken", "k", "refund", map[string]string{"number": "12345", "customer": "c1", "amount": "12.50 USD"}},
		{"a write without a key", "", "create_ticket", map[string]string{"kind": "x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.calls["refund"].own = nil
			_, err := s.Call(t.Context(), test.key, test.operation, test.args)
			if !errors.Is(err, crm.ErrNotAllowed) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "12.50") {
				t.Errorf("%v, want not allowed", err)
			}
		})
	}
}

func TestErrorsTellNothingOfCallers(t *testing.T) {
	s := opened(t, "http://127.0.0.1:1")
	_, err := s.Call(t.Context(), "", "list_slots", map[string]string{"service": "secret"})
	if !errors.Is(err, crm.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

// TestFaults has settings that are wrong, each with the place that is told.
func TestFaults(t *testing.T) {
	for _, test := range []struct{ old, edit, want string }{
		{"call: getOrder\n", "call: getOrdr\n", "operations.1.call: call \"getOrdr\": the file has no such operation; there are"},
		{"params: {number: \"{number}\"}\n    results:\n", "params: {numbr: \"{number}\"}\n    results:\n", "operations.1.params.numbr: getOrder has no parameter"},
		{"params: {number: \"{number}\"}\n    results:\n", "results:\n", "operations.1.params: getOrder needs the parameter \"number\", in path"},
		{"place: \"{tracking.place}\"", "place: \"{tracking.plase}\"", "operations.1.results.place: {tracking.plase}: the answer has no such field"},
		{"expected: \"{tracking.eta|date}\"", "expected: \"{tracking.eta|dat}\"", "operations.1.results.expected: {tracking.eta|dat}: no form"},
		{"number: \"{number}\"}\n    match: {customer: \"{customer.id}\"}", "number: \"{number}\"}", "get_delivery works on a customer's data"},
		{"    own: {call: getOrder, params: {number: \"{number}\"}, match: {customer: \"{customer.id}\"}}\n", "", "cancel_order works on a customer's data"},
		{"minor: \"{amount|cents}\", ", "", "operations.7.body: the property \"minor\" is required"},
		{"minor: \"{amount|cents}\"", "minor: \"{sum|cents}\"", "refund has no argument \"sum\""},
		{"tags: [", "tag: [", "operations.10.body.tag: no property \"tag\""},
		{"outcome: ambiguous", "outcome: maybe", "operations.0.answers.1: outcome \"maybe\" is none of"},
		{"status: \"409\"", "status: \"4x9\"", "answers.0.status: \"4x9\" is no status"},
		{"name: get_delivery\n", "name: get_delivery\n    risk: open\n", "risk: open: the risk of get_delivery is personal"},
		{"name: get_order\n", "name: get_warranty\n", "get_warranty: risk \"\" is none of"},
		{"bearer_env: SHOP_TOKEN", "bearer_env: OTHER", "auth: \"OTHER\" is not set"},
		{"private: true", "private: true\ntimeout: 9s", "timeout: 9s is not within"},
		{"file: shop.yaml", "file: ../openapi.go", "file: "},
		{"file: shop.yaml", "file: mapping.yaml", "file: mapping.yaml: "},
		{"      customer: \"{0.id}\"\n", "", "find_customer needs the result customer"},
		{"call: payBack", "call: getOrder", "refund writes, but GET only reads"},
		{"name: list_orders", "name: get_order", "get_order is there already"},
	} {
		s, faults := open(t, "http://127.0.0.1:1", test.old, test.edit)
		var told []string
		for _, f := range faults {
			told = append(told, f.Error())
		}
		if !strings.Contains(strings.Join(told, "\n"), test.want) {
			t.Errorf("%q for %q: system %v, faults %q; want %q", test.edit, test.old, s != nil, told, test.want)
		}
	}
	public, faults := open(t, "http://shop.example", "private: true", "private: false")
	if len(faults) != 1 || !strings.Contains(faults[0].Error(), "server: ") {
		t.Errorf("plain http to the internet: %v, %v", public, faults)
	}
}

// TestFilesWithFaults has OpenAPI files that are wrong.
func TestFilesWithFaults(t *testing.T) {
	for name, want := range map[string]string{
		"openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths:\n  /a:\n    get: {operationId: a}\n":                                        "shop.yaml:4: ",
		"openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths: {}\ncomponents: {schemas: {A: {$ref: 'http://127.0.0.1:1/x.yaml'}}}\n":      "not in the folder",
		"openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths: {}\ncomponents: {schemas: {A: {$ref: '../../../../../etc/hostname#/x'}}}\n": "shop.yaml: ",
		"openapi: [\n": "shop.yaml: ",
	} {
		_, err := read(fstest.MapFS{"shop.yaml": {Data: []byte(name)}}, "shop.yaml")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
}
