package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attendant/deploy/demo"
	"attendant/dialog"
	"attendant/dialog/sqlstore"
)

// TestWebhookServesAnOperation talks with a company whose orders are elsewhere.
func TestWebhookServesAnOperation(t *testing.T) {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Webhook-Signature") == "" {
			t.Error("not signed")
		}
		_, _ = w.Write([]byte(`{"outcome":"ok","results":{"number":"12345","status":"shipped","place":"the moon depot","expected":"2026-12-24"}}`))
	}))
	defer shop.Close()
	dir := t.TempDir()
	if err := os.CopyFS(dir, demo.Files); err != nil {
		t.Fatal(err)
	}
	settings := "webhooks:\n  - url: " + shop.URL + "\n    private: true\n    secret_env: TEST_SHOP_SECRET\n    operations:\n" +
		"      - {name: get_order, does: where an order is, args: [number], results: [number, status, place, carrier, expected, delivered], outcomes: [not_found], risk: tracking}\n"
	if err := os.WriteFile(filepath.Join(dir, "connectors.yaml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadCompany(config{Company: dir}); err == nil || !strings.Contains(err.Error(), "TEST_SHOP_SECRET") {
		t.Errorf("without the secret: %v", err)
	}
	t.Setenv("TEST_SHOP_SECRET", "x")
	company, err := loadCompany(config{Company: dir})
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "attendant.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	a, err := chatAttendant(t.Context(), config{}, company, store)
	if err != nil {
		t.Fatal(err)
	}
	a.Log = (&program{errout: t.Output()}).logger(config{LogLevel: "error"})
	lines := []string{"where is order 12345"}
	next := func() (string, bool) {
		if len(lines) == 0 {
			return "", false
		}
		line := lines[0]
		lines = lines[1:]
		return line, true
	}
	var said strings.Builder
	if err := a.Chat(t.Context(), dialog.Chat{}, next, func(x dialog.Exchange) { said.WriteString(x.Text + "\n") }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "the moon depot. It should arrive on Thursday, December 24") {
		t.Errorf("said:\n%s", said.String())
	}
}
