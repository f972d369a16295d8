package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"attendant/crm"
	"attendant/crm/crmtest/shop"
	"attendant/deploy/demo"
)

// tools are the fake server's: ours by other names, with an argument's name for
// each of ours.
var tools = map[string]struct {
	operation string
	args      string // theirs=ours
}{
	"customer_find":   {"find_customer", "id=customer phone=phone order_no=order zip=postcode pin=pin"},
	"order_lookup":    {"get_order", "order_no=number"},
	"delivery_lookup": {"get_delivery", "order_no=number id=customer"},
	"order_list":      {"list_orders", "id=customer"},
	"contact_list":    {"history", "id=customer"},
	"order_cancel":    {"cancel_order", "order_no=number id=customer"},
	"return_start":    {"start_return", "order_no=number id=customer reason=reason"},
	"refund":          {"refund", "order_no=number id=customer amount=amount"},
	"slot_list":       {"list_slots", "service=service"},
	"slot_book":       {"book", "slot=slot id=customer name=name phone=phone"},
	"ticket_open":     {"create_ticket", "kind=kind subject=subject phone=phone body=body"},
	"request_state":   {"done", "key=key"},
}

// fake is an MCP server before a system of ours.
type fake struct {
	shop crm.System

	mu   sync.Mutex
	lose string // "done" or "not done": what becomes of the next write, whose answer is lost
}

func (f *fake) server() *sdk.Server {
	s := sdk.NewServer(&sdk.Implementation{Name: "fake", Version: "1"}, nil)
	for name, tool := range tools {
		properties := map[string]any{}
		ours := map[string]string{}
		for pair := range strings.FieldsSeq(tool.args) {
			theirs, our, _ := strings.Cut(pair, "=")
			kind := "string"
			if theirs == "amount" {
				kind = "number"
			}
			properties[theirs], ours[theirs] = map[string]any{"type": kind}, our
		}
		schema := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
		s.AddTool(&sdk.Tool{Name: name, InputSchema: schema}, func(ctx context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
			return f.call(ctx, r, tool.operation, ours)
		})
	}
	return s
}

func (f *fake) call(ctx context.Context, r *sdk.CallToolRequest, operation string, ours map[string]string) (*sdk.CallToolResult, error) {
	var in map[string]any
	if err := json.Unmarshal(r.Params.Arguments, &in); err != nil {
		return nil, err
	}
	args := map[string]string{}
	for theirs, v := range in {
		args[ours[theirs]] = fmt.Sprint(v)
	}
	if operation == "done" {
		if f.shop.Done(ctx, args["key"], "") != nil {
			return answer(map[string]any{"state": "never"}, false)
		}
		return answer(map[string]any{"state": "done"}, false)
	}
	key, _ := r.Params.Meta["idempotencyKey"].(string)
	f.mu.Lock()
	lose := f.lose
	if key != "" {
		f.lose = ""
	}
	f.mu.Unlock()
	if key != "" && lose == "not done" {
		return nil, errors.New("lost") // an error of the protocol that tells nothing
	}
	found, err := f.shop.Call(ctx, key, operation, args)
	if key != "" && lose == "done" {
		return nil, errors.New("lost")
	}
	if err != nil {
		return answer(map[string]any{"problem": problem(err)}, key != "")
	}
	return answer(map[string]any{"found": found}, false)
}

func problem(err error) string {
	for word, is := range map[string]error{"not_found": crm.ErrNotFound, "not_allowed": crm.ErrNotAllowed, "conflict": crm.ErrConflict} {
		if errors.Is(err, is) {
			return word
		}
	}
	return "unavailable"
}

// answer is structured, or as servers without that do it, JSON in a text.
func answer(v map[string]any, failed bool) (*sdk.CallToolResult, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	r := &sdk.CallToolResult{IsError: failed, Content: []sdk.Content{&sdk.TextContent{Text: string(data)}}}
	if !failed {
		r.StructuredContent = v
	}
	return r, nil
}

func records(t *testing.T) crm.System {
	t.Helper()
	data, err := demo.Files.ReadFile("crm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return shop.Open(t, data)
}

// serve serves a server over streamable HTTP.
func serve(t *testing.T, s *sdk.Server) string {
	handler := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, nil)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "let-me-in" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	return web.URL
}

// TestServeOnPipes is the fake as a program: the tests start themselves with it.
func TestServeOnPipes(t *testing.T) {
	if os.Getenv("FAKE_MCP_SERVER") == "" {
		t.Skip("not started as a server")
	}
	f := &fake{shop: records(t)}
	if err := f.server().Run(t.Context(), &sdk.StdioTransport{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
