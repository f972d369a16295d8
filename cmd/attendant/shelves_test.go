package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"attendant/console"
	"attendant/console/access"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/media"
	"attendant/media/mediatest"
	"attendant/sip"
	"attendant/sip/provision"
	"attendant/sip/trunk"
)

const pagesPassword = "a password for tests"

// pagesConsole is the console over a data folder, for an administrator.
type pagesConsole struct {
	url string
	db  *sql.DB
}

func newPagesConsole(t *testing.T) *pagesConsole {
	t.Helper()
	var out strings.Builder
	p := &program{ctx: t.Context(), environ: []string{"ATTENDANT_REGION=DE"}, out: &out, errout: &out}
	store, kept, c, err := shelf(p, common{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	company, err := loadCompany(c)
	if err != nil {
		t.Fatal(err)
	}
	users, err := access.Open(t.Context(), store.DB())
	if err == nil {
		_, err = users.FirstAdmin(t.Context(), pagesPassword)
	}
	if err != nil {
		t.Fatal(err)
	}
	tel := &telephony{numbers: provision.Numbers(kept, "DE", nil), trunks: provision.Trunks(kept), group: trunk.New(trunk.Config{})}
	server := httptest.NewServer(console.New(console.Config{
		Access: users, Hub: &dialog.Hub{}, Store: store, Live: func() map[string]dialog.CallInfo { return nil }, Ready: func() error { return nil },
		Flows: company.flows, Articles: company.articles, Log: slog.New(slog.DiscardHandler),
		Office: console.Office{Numbers: numberShelf(tel, "DE", func() *flow.Set { return company.flows }, func(string) (bool, error) { return false, nil }), TrunkBook: trunkShelf(tel), Presets: trunkPresets(), Attempts: tel.attempts},
	}))
	t.Cleanup(server.Close)
	return &pagesConsole{server.URL, store.DB()}
}

// ask sends a request and holds its answer against a status and a text.
func (c *pagesConsole) ask(t *testing.T, method, path, body string, status int, want string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", pagesPassword)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status || !strings.Contains(string(got), want) {
		t.Errorf("%s %s: %d %s; want %d with %q", method, path, res.StatusCode, got, status, want)
	}
	if strings.Contains(string(got), "opensesame") {
		t.Errorf("%s %s tells a password: %s", method, path, got)
	}
	return res, string(got)
}

func TestNumbersAndTrunksAreEditedByVersion(t *testing.T) {
	c := newPagesConsole(t)
	const numbers, trunks = "/api/v1/provision/numbers", "/api/v1/provision/trunks"
	c.ask(t, "POST", numbers, `{"number":"030 1234567","flow":"order_status"}`, 201, `"name":"+49301234567"`)
	c.ask(t, "POST", numbers, `{"number":"+49 30 1234567"}`, 409, "already")
	c.ask(t, "POST", numbers, `{"number":"030 1234568","flow":"nowhere"}`, 422, `no flow \"nowhere\"`)
	res, _ := c.ask(t, "GET", numbers+"/030%201234567", "", 200, "order_status")
	if got := res.Header.Get("ETag"); got != `"1"` {
		t.Errorf("ETag %q, want \"1\"", got)
	}
	change := `{"number":"+49301234567","name":"Orders","hours":{"weekly":"mon-fri 09:00-17:00"},"fallback":{"message":"Closed."}}`
	c.ask(t, "PUT", numbers+"/%2B49301234567", change, 428, "If-Match")
	c.ask(t, "PUT", numbers+"/%2B49301234567", change, 200, `"version":2`, "If-Match", `"1"`)
	c.ask(t, "PUT", numbers+"/%2B49301234567", change, 412, "since it was read", "If-Match", `"1"`)
	c.ask(t, "PUT", numbers+"/%2B49301234567", `{"number":"+49301234569"}`, 422, "cannot be changed", "If-Match", `"2"`)
	c.ask(t, "GET", numbers+"/%2B49301234567/history", "", 200, `"version":1`)
	c.ask(t, "DELETE", numbers+"/%2B49301234567", "", 412, "", "If-Match", `"1"`)
	c.ask(t, "DELETE", numbers+"/%2B49301234567", "", 204, "", "If-Match", `"2"`)
	c.ask(t, "GET", numbers+"/%2B49301234567", "", 404, "no such entry")

	c.ask(t, "POST", trunks, `{"name":"carrier","register":true,"host":"sip.carrier.example","user":"u"}`, 422, "a password is needed")
	c.ask(t, "POST", trunks, `{"name":"carrier","register":true,"host":"sip.carrier.example","user":"u","password":"opensesame"}`, 201, `"secret":true`)
	c.ask(t, "PUT", trunks+"/carrier", `{"name":"carrier","register":true,"host":"sip.other.example","user":"u"}`, 200, `"secret":true`, "If-Match", `"1"`)
	c.ask(t, "GET", trunks+"/carrier/history", "", 200, "sip.carrier.example")
	c.ask(t, "GET", "/api/v1/export/trunks", "", 200, "sip.other.example")
	c.ask(t, "GET", "/api/v1/presets/trunks", "", 200, `"name":"register"`)
	c.ask(t, "GET", "/api/v1/trunks/carrier/calls", "", 200, `"items":[]`)
	var kept string
	if err := c.db.QueryRow(`SELECT value FROM provision WHERE kind = 'trunk' ORDER BY version DESC`).Scan(&kept); err != nil || !strings.Contains(kept, "opensesame") {
		t.Errorf("a change without a password has lost it: %s, %v", kept, err)
	}
}

func TestImportsTellEachRowAndExportsAreInert(t *testing.T) {
	c := newPagesConsole(t)
	csv := []string{"Content-Type", "text/csv"}
	c.ask(t, "POST", "/api/v1/import/numbers", "number,flow\n030 1234567,order_status\n030 1234568,nowhere\n+1,\n", 200, `"faults":2`, csv...)
	c.ask(t, "GET", "/api/v1/provision/numbers", "", 200, `"items":[]`)
	good := "number,name\n030 1234567,\"=HYPERLINK(\"\"x\"\")\"\n030 1234568,@SUM(1)\n"
	c.ask(t, "POST", "/api/v1/import/numbers?dry_run=true", good, 200, `"applied":false`, csv...)
	c.ask(t, "POST", "/api/v1/import/numbers", good, 200, `"applied":true`, csv...)
	_, exported := c.ask(t, "GET", "/api/v1/export/numbers", "", 200, "'=HYPERLINK")
	if strings.Contains(exported, ",=") || strings.Contains(exported, ",@") || strings.Contains(exported, `"=`) {
		t.Errorf("a formula is alive: %s", exported)
	}
	_, body := c.ask(t, "POST", "/api/v1/import/numbers", exported, 200, `"applied":true`, csv...)
	if strings.Count(body, `"action":"keep"`) != 2 {
		t.Errorf("what was exported is not what is there: %s", body)
	}
	c.ask(t, "POST", "/api/v1/import/numbers", "colour\nred\n", 422, `no column \"colour\"`, csv...)
}

func TestLongListsComeInPages(t *testing.T) {
	c := newPagesConsole(t)
	var csv strings.Builder
	csv.WriteString("number\n")
	for i := range 1200 {
		fmt.Fprintf(&csv, "+4930%07d\n", 1000000+i)
	}
	c.ask(t, "POST", "/api/v1/import/numbers", csv.String(), 200, `"applied":true`, "Content-Type", "text/csv")
	seen, before := map[string]bool{}, ""
	for range 4 {
		var page struct {
			Items []struct{ Name string }
			Next  string
		}
		_, body := c.ask(t, "GET", "/api/v1/provision/numbers?limit=500&before="+strings.ReplaceAll(before, "+", "%2B"), "", 200, "")
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Items {
			seen[e.Name] = true
		}
		if before = page.Next; before == "" {
			break
		}
	}
	if len(seen) != 1200 || before != "" {
		t.Errorf("%d numbers in pages, then %q; want 1200 and the end", len(seen), before)
	}
}

func TestPlacedCallsTellHowTheyWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		leg := mediatest.NewLeg(media.Peer{CallID: "c1", Number: "+4930111"})
		dialled := make(chan string, 9)
		answered := make(chan media.Peer, 1)
		o := &outgoing{
			orders: make(chan placing), record: func(context.Context, string) string { return "20261125-1" },
			dial: func(ctx context.Context, r trunk.Request) (media.Leg, error) {
				dialled <- r.Number
				switch r.Number {
				case "busy":
					return nil, &sip.CallError{Status: 486, Reason: "Busy Here"}
				case "waits":
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return leg, nil
			},
			answer: func(_ context.Context, l media.Leg) { answered <- l.Peer(); l.Hangup(media.ErrRemoteHangup) },
		}
		running := make(chan struct{})
		go func() { defer close(running); o.run(ctx) }()
		place := func(to, as string) error {
			_, err := o.Place(ctx, "ana", console.OutgoingOrder{To: to, As: as})
			return err
		}
		if err := errors.Join(place("busy", ""), place("+4930111", "+4930222333")); err != nil {
			t.Fatal(err)
		}
		if p := <-answered; p.Dialled != "+4930222333" {
			t.Errorf("the attendant takes the call as one to %q", p.Dialled)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		list := o.Placed()
		if len(list) != 2 || list[0].State != "ended" || list[0].Why != "the other side hung up" || list[0].Call == "" || list[1].State != "failed" || list[1].Why == "" {
			t.Errorf("placed: %+v", list)
		}
		for range maxPlaced {
			if err := place("waits", ""); err != nil {
				t.Fatal(err)
			}
		}
		if err := place("waits", ""); !errors.Is(err, console.ErrFull) {
			t.Errorf("one call too many: %v, want ErrFull", err)
		}
		stop()
		<-running
		if c := o.Placed()[0]; c.State != "failed" || c.Why != "the program is ending" {
			t.Errorf("after the end: %+v", c)
		}
	})
}
