package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"attendant/crm"
	"attendant/crm/egress"
)

func TestCalls(t *testing.T) {
	serves := []crm.Operation{{Name: "get_warranty", Risk: crm.Tracking}, {Name: "extend", Risk: crm.Change, Writes: true}}
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); fmt.Fprint(w, body) }
	}
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	for _, test := range []struct {
		name, operation string
		reply           http.HandlerFunc
		want            error
	}{
		{"ok", "get_warranty", answer(200, `{"outcome":"ok","results":{"until":"2027-01-01"}}`), nil},
		{"not found by status", "get_warranty", answer(404, ``), crm.ErrNotFound},
		{"not allowed by word", "extend", answer(200, `{"outcome":"not_allowed"}`), crm.ErrNotAllowed},
		{"conflict", "extend", answer(409, ``), crm.ErrConflict},
		{"busy", "extend", answer(503, ``), crm.ErrUnavailable},
		{"our signature is refused", "extend", answer(401, ``), crm.ErrUnavailable},
		{"server's error after a write", "extend", answer(500, `oops`), crm.ErrUnknownOutcome},
		{"server's error after a read", "get_warranty", answer(500, `oops`), crm.ErrUnavailable},
		{"garbage after a write", "extend", answer(200, `<html>`), crm.ErrUnknownOutcome},
		{"an outcome that does not exist", "extend", answer(200, `{"outcome":"maybe"}`), crm.ErrUnknownOutcome},
		{"no answer to a write", "extend", hang, crm.ErrUnknownOutcome},
		{"no answer to a read", "get_warranty", hang, crm.ErrUnavailable},
		{"an operation that does not exist", "fly", answer(200, `{"outcome":"ok"}`), crm.ErrNotAllowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				signed := "v1," + Signature([]byte("secret"), r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body)
				if err != nil || r.Header.Get("Webhook-Signature") != signed || r.Header.Get("Idempotency-Key") != "k1" {
					t.Errorf("headers %v, %v", r.Header, err)
				}
				test.reply(w, r)
			}))
			defer server.Close()
			s := &System{
				URL: server.URL, Secret: []byte("secret"), Serves: serves,
				Client: egress.New(egress.Config{Hosts: []egress.Host{{Name: "127.0.0.1", Private: true}}, Timeout: 300 * time.Millisecond}),
			}
			results, err := s.Call(t.Context(), "k1", test.operation, map[string]string{"serial": "1"})
			if !errors.Is(err, test.want) || test.want == nil && results["until"] != "2027-01-01" {
				t.Errorf("%v, %v; want %v", results, err, test.want)
			}
		})
	}
	gone := &System{URL: "http://127.0.0.1:1", Serves: serves, Client: egress.New(egress.Config{Hosts: []egress.Host{{Name: "127.0.0.1", Private: true}}})}
	if _, err := gone.Call(t.Context(), "k", "extend", nil); !errors.Is(err, crm.ErrUnavailable) {
		t.Errorf("nobody there: %v, want that nothing was done", err)
	}
}
