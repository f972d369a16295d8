package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attendant/deploy/demo"
)

// guide is the indented block of a page that follows a line with mark, without
// its indentation.
func guide(t *testing.T, page, mark string) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(data), mark)
	if !ok {
		t.Fatalf("%s has no %q", page, mark)
	}
	var out []string
	indent := ""
	for line := range strings.Lines(rest) {
		text := strings.TrimLeft(line, " ")
		if indent == "" && strings.HasPrefix(line, "    ") && text != "" {
			indent = line[:len(line)-len(text)]
		}
		cut, in := strings.CutPrefix(line, indent)
		if indent != "" && !in && strings.TrimSpace(line) != "" {
			break
		}
		if indent != "" {
			out = append(out, cut)
		}
	}
	return strings.TrimSpace(strings.Join(out, "")) + "\n"
}

// newcomer copies the demo company, and writes files into it.
func newcomer(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, demo.Files); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// printed is what a command prints.
func printed(t *testing.T, in string, args ...string) string {
	t.Helper()
	var out, errout strings.Builder
	if status := run(t.Context(), args, nil, strings.NewReader(in), &out, &errout); status != 0 {
		t.Fatalf("%v: status %d, %s%s", args, status, out.String(), errout.String())
	}
	return out.String()
}

// TestGuideToARESTSystem follows docs/connectors.md to the letter, but for the port.
func TestGuideToARESTSystem(t *testing.T) {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer let-me-in" || r.URL.Path != "/orders/12345" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`{"id": "12345", "state": "IN_TRANSIT", "parcel": {"where": "the moon depot", "eta": "2026-12-24T11:00:00Z"}}`))
	}))
	defer shop.Close()
	dir := newcomer(t, map[string]string{
		"shop.yaml":       guide(t, "connectors.md", "as `my-company/shop.yaml`:"),
		"connectors.yaml": strings.Replace(guide(t, "connectors.md", "Write `my-company/connectors.yaml`"), "http://127.0.0.1:8090", shop.URL, 1),
	})
	t.Setenv("SHOP_TOKEN", "let-me-in")
	if out := printed(t, "", "check", dir); !strings.Contains(out, "1 connectors: good") {
		t.Errorf("check: %s", out)
	}
	if out := printed(t, "where is order 12345\nno\n", "chat", "--company", dir, "--data", t.TempDir()); !strings.Contains(out, "the moon depot. It should arrive on Thursday, December 24") {
		t.Errorf("said:\n%s", out)
	}
}

// TestGuideToArticlesAndFlows follows docs/company.md to the letter.
func TestGuideToArticlesAndFlows(t *testing.T) {
	dir := newcomer(t, map[string]string{
		"articles/opening_hours.md": guide(t, "company.md", "`articles/opening_hours.md`"),
		"flows/order_status.yaml":   guide(t, "company.md", "`flows/order_status.yaml`. The"),
	})
	if out := printed(t, "", "check", dir); !strings.Contains(out, ": good") {
		t.Errorf("check: %s", out)
	}
	out := printed(t, "where is my order\nbananas\n54321\nwhen are you open\ngoodbye\n", "chat", "--company", dir, "--data", t.TempDir())
	for _, want := range []string{"What is your order number?", "Please say the five digits one by one, or key them in.", "It is at the Hamburg depot", "from Monday to Friday, 9 to 18"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q was not said:\n%s", want, out)
		}
	}
	if out := printed(t, "", "check", dir, "--operations"); !strings.Contains(out, "refund") || !strings.Contains(out, "irreversible") {
		t.Errorf("operations: %s", out)
	}
}
