package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attendant/crm/egress"
	"attendant/sip"
)

func TestSignaturesAreLookedAtOnlyWhereRootsAreSet(t *testing.T) {
	if v, err := openVerifier(config{}); v != nil || err != nil {
		t.Errorf("without roots: %v, %v", v, err)
	}
	file := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, file + ".missing"} {
		if _, err := openVerifier(config{StirRoots: name}); !errors.Is(err, errSettings) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := (&telephony{}).attest(t.Context(), sip.Invitation{Identity: []string{"x"}}, sip.Welcome{})
	if w.Caller != "" {
		t.Errorf("without a verifier: %q", w.Caller)
	}
}

func TestCertificatesAreFetchedThroughTheOneClient(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/good" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("certificate"))
	}))
	defer server.Close()
	near := egress.New(egress.Config{Hosts: []egress.Host{{Name: "127.0.0.1", Private: true}}})
	if got, err := fetch(t.Context(), near, server.URL+"/good"); err != nil || string(got) != "certificate" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := fetch(t.Context(), near, server.URL+"/bad"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := fetch(context.Background(), egress.New(egress.Config{}), server.URL+"/good"); !errors.Is(err, egress.ErrForbidden) {
		t.Errorf("a host that is not allowed: %v", err)
	}
}
