package egress

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhereCallsMayGo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat("x", 2000))
		case "/slow":
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	open := Config{Hosts: []Host{{Name: "127.0.0.1", Private: true}, {Name: "LOCALHOST", Private: true}}, MaxBody: 1000, Timeout: 500 * time.Millisecond}
	strict := Config{Hosts: []Host{{Name: "127.0.0.1"}, {Name: "localhost"}}}
	port := strings.TrimPrefix(server.URL, "http://127.0.0.1")
	for _, test := range []struct {
		name, url string
		cfg       Config
		forbidden bool
		fails     bool
	}{
		{"an allowed private host", server.URL, open, false, false},
		{"a host that is not listed", "http://elsewhere.example/", open, true, true},
		{"a private address that was not allowed", server.URL, strict, true, true},
		{"a name that points inside", "http://localhost" + port, strict, true, true},
		{"another scheme", "ftp://127.0.0.1/", open, true, true},
		{"an answer that is too large", server.URL + "/large", open, true, true},
		{"an answer that never comes", server.URL + "/slow", open, false, true},
		{"a redirect is not followed", server.URL + "/away", open, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := New(test.cfg).Get(test.url)
			if err == nil {
				_, err = io.ReadAll(r.Body)
				r.Body.Close()
			}
			if (err != nil) != test.fails || errors.Is(err, ErrForbidden) != test.forbidden {
				t.Errorf("error %v, want forbidden %v", err, test.forbidden)
			}
		})
	}
}

func TestSpecialAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"10.1.2.3": true, "192.168.0.1": true, "172.20.0.1": true, "127.0.0.1": true, "169.254.169.254": true, "100.64.1.1": true, "0.0.0.0": true,
		"224.0.0.1": true, "::1": true, "fe80::1": true, "fd00::1": true, "64:ff9b::a00:1": true, "8.8.8.8": false, "2606:4700::1111": false,
	} {
		if got := special(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: special %v, want %v", address, got, want)
		}
	}
}

// TestWritesAreSentOnce has a server that reads a request and hangs up: a kept
// connection must not make net/http send the write again.
func TestWritesAreSentOnce(t *testing.T) {
	var writes atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "k" {
			t.Errorf("%s without the host's header", r.Method)
		}
		if r.Method == http.MethodGet {
			return
		}
		if writes.Add(1); r.URL.Path == "/fails" {
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	c := New(Config{Hosts: []Host{{Name: "127.0.0.1", Private: true, Header: http.Header{"X-Api-Key": {"k"}}}}})
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		for _, path := range []string{"/", "/fails"} {
			r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Idempotency-Key", "1")
			if method == http.MethodPost {
				r.Body, r.GetBody = io.NopCloser(strings.NewReader("x")), func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }
			}
			answer, err := c.Do(r)
			if fails := path == "/fails" && method != http.MethodGet; (err != nil) != fails {
				t.Errorf("%s %s: %v", method, path, err)
			}
			if err == nil {
				answer.Body.Close()
			}
		}
	}
	if writes.Load() != 4 {
		t.Errorf("%d writes arrived, want 4", writes.Load())
	}
}
