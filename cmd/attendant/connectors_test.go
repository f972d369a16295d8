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

// TestCheckNamesFileAndLine has a folder with a fault in each kind of file.
func TestCheckNamesFileAndLine(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, demo.Files); err != nil {
		t.Fatal(err)
	}
	edit := func(name, old, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		data, err := os.ReadFile(file)
		if err != nil && old != "" || !strings.Contains(string(data), old) {
			t.Fatalf("%s: %v, or no %q", name, err, old)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(data), old, text, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit("shop.yaml", "", "openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths:\n  /orders/{no}:\n    get:\n      operationId: order\n      parameters:\n"+
		"        - {name: no, in: path, required: true, schema: {type: string}}\n      responses:\n        '200': {description: x}\n")
	edit("connectors.yaml", "", "openapi:\n  - file: shop.yaml\n    server: https://shop.example\n    operations:\n      - name: get_order\n        call: order\n"+
		"        params:\n          nr: \"{number}\"\nmcp:\n  - url: https://shop.example/mcp\n    operations:\n      - name: get_delivery\n        tool: x\n        risk: open\n"+
		"webhooks:\n  - url: ftp://shop.example\n")
	edit("crm.yaml", "customer: c2, status: delayed", "customer: c2, status: lost")
	edit("articles/warranty.md", "review_by: ", "review_by: soon ")
	edit("flows/survey.yaml", "id:", "ident:")
	var out, errout strings.Builder
	status := run(t.Context(), []string{"check", dir}, nil, nil, &out, &errout)
	for _, want := range []string{
		"connectors.yaml:8: order has no parameter \"nr\"", "connectors.yaml:8: order needs the parameter \"no\"",
		"connectors.yaml:14: open: the risk of get_delivery is personal", "connectors.yaml:16: url \"ftp://shop.example\"",
		"crm.yaml:17: order 54321: status \"lost\"", "articles/warranty.md:", ": review_by", "flows/survey.yaml:",
	} {
		if status != 2 || !strings.Contains(errout.String(), want) {
			t.Errorf("status %d, no word of %q in:\n%s", status, want, errout.String())
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "connectors.yaml"), []byte("openapi:\n  - fil: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadCompany(config{Company: dir}); err == nil || !strings.Contains(err.Error(), "connectors.yaml:2: ") {
		t.Errorf("an unknown key: %v", err)
	}
}
