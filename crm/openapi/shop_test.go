package openapi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"attendant/crm"
)

// rest is a fake REST system: the shapes of testdata/shop.yaml before a system of
// ours.
type rest struct {
	t    *testing.T
	shop crm.System
	mux  *http.ServeMux

	mu   sync.Mutex
	lose string // "done" or "not done": what becomes of the next write, whose answer is lost
}

type object = map[string]any

func serveShop(t *testing.T, shop crm.System) (*rest, string) {
	f := &rest{t: t, shop: shop, mux: http.NewServeMux()}
	f.routes()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL + "/v1"
}

func (f *rest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer let-me-in" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	f.mu.Lock()
	lose := f.lose
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		f.lose = ""
	} else {
		lose = ""
	}
	f.mu.Unlock()
	if lose == "not done" {
		panic(http.ErrAbortHandler)
	}
	f.mux.ServeHTTP(w, r)
	if lose == "done" {
		panic(http.ErrAbortHandler)
	}
}

// route answers a request by one of our operations: args makes its arguments of
// path, query and body, shape the answer of its results.
func (f *rest) route(pattern, operation string, args func(r *http.Request, body object) map[string]string, shape func(map[string]string) any) {
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		var body object
		data, err := io.ReadAll(r.Body)
		if err != nil || len(data) > 0 && json.Unmarshal(data, &body) != nil {
			f.t.Errorf("%s: body %q, %v", pattern, data, err)
		}
		results, err := f.shop.Call(r.Context(), r.Header.Get("Idempotency-Key"), operation, args(r, body))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status(err))
		_ = json.NewEncoder(w).Encode(shape(results))
	})
}

func status(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, crm.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, crm.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, crm.ErrNotAllowed):
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

func text(v any) string { s, _ := v.(string); return s }

// owner is whose an order is: the fake trusts its client, as such systems do.
func (f *rest) owner(number string) string {
	c, err := f.shop.Call(f.t.Context(), "", "find_customer", map[string]string{"order": number})
	if err != nil {
		return ""
	}
	return c["customer"]
}

func (f *rest) byNumber(r *http.Request, body object) map[string]string {
	n := r.PathValue("number")
	return map[string]string{"number": n, "customer": f.owner(n), "item": text(body["item"]), "reason": text(body["reason"])}
}

var states = map[string]string{"shipped": "IN_TRANSIT", "delayed": "LATE", "processing": "PACKING", "delivered": "DONE", "returned": "BACK", "cancelled": "VOID"}

func (f *rest) order(m map[string]string) any {
	if m == nil {
		return object{"message": "no"}
	}
	who := f.owner(m["number"])
	out := object{
		"id": m["number"], "state": states[m["status"]], "customer": object{"id": who},
		"tracking": object{"place": m["place"], "carrier": m["carrier"], "eta": m["expected"] + "T12:00:00Z"},
	}
	if d, err := f.shop.Call(f.t.Context(), "", "get_delivery", map[string]string{"number": m["number"], "customer": who}); err == nil {
		minor, _ := strconv.Atoi(strings.ReplaceAll(strings.Fields(d["total"])[0], ".", ""))
		out["lines"], out["total"] = []any{object{"title": d["items"]}}, object{"minor": minor, "currency": "EUR"}
	}
	return out
}

func (f *rest) routes() {
	f.mux.HandleFunc("POST /v1/customers/search", f.search)
	f.route("GET /v1/orders/{number}", "get_order", f.byNumber, f.order)
	f.mux.HandleFunc("POST /v1/orders/{number}/cancel", f.cancel)
	f.route("POST /v1/orders/{number}/returns", "start_return", f.byNumber, func(m map[string]string) any {
		return object{"rma": m["return"], "item": m["item"], "until": m["until"] + "T00:00:00Z"}
	})
	f.route("POST /v1/orders/{number}/refunds", "refund", func(r *http.Request, b object) map[string]string {
		out := f.byNumber(r, b)
		minor, _ := b["minor"].(float64)
		out["amount"] = strconv.FormatFloat(minor/100, 'f', 2, 64)
		return out
	}, func(m map[string]string) any {
		minor, _ := strconv.Atoi(strings.ReplaceAll(strings.TrimSuffix(m["amount"], " EUR"), ".", ""))
		return object{"id": m["refund"], "minor": minor, "currency": "EUR"}
	})
	f.lists()
	f.route("POST /v1/bookings", "book", func(_ *http.Request, b object) map[string]string {
		contact, _ := b["contact"].(object)
		return map[string]string{"slot": text(b["slot"]), "customer": text(b["customer"]), "name": text(contact["name"]), "phone": text(contact["phone"])}
	}, func(m map[string]string) any {
		return object{"id": m["appointment"], "begins": m["start"] + ":00Z", "staff": m["specialist"], "service": m["service"]}
	})
	f.route("POST /v1/tickets", "create_ticket", func(_ *http.Request, b object) map[string]string {
		return map[string]string{"kind": text(b["type"]), "subject": text(b["title"]), "phone": text(b["phone"]), "body": text(b["text"])}
	}, func(m map[string]string) any {
		n, _ := strconv.Atoi(m["number"])
		return object{"no": n}
	})
	f.mux.HandleFunc("GET /v1/requests/{key}", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status(f.shop.Done(r.Context(), r.PathValue("key"), "create_ticket")))
	})
}

func (f *rest) lists() {
	byID := func(r *http.Request, _ object) map[string]string {
		return map[string]string{"customer": r.PathValue("id"), "service": r.URL.Query().Get("service"), "specialist": r.URL.Query().Get("staff")}
	}
	f.route("GET /v1/customers/{id}/orders", "list_orders", byID, func(m map[string]string) any {
		out := []any{}
		for n := range strings.SplitSeq(m["numbers"], ", ") {
			out = append(out, object{"id": n})
		}
		return object{"orders": out}
	})
	f.route("GET /v1/customers/{id}/calls", "history", byID, func(m map[string]string) any {
		return []any{object{"at": m["last"] + ":00Z", "result": m["outcome"], "note": m["summary"]}}
	})
	f.mux.HandleFunc("GET /v1/slots", func(w http.ResponseWriter, r *http.Request) {
		m, _ := f.shop.Call(r.Context(), "", "list_slots", byID(r, nil))
		out := []any{}
		for _, n := range []string{"1", "2", "3"} {
			if m["slot"+n] != "" {
				out = append(out, object{"id": m["slot"+n], "begins": m["start"+n] + ":00Z", "staff": m["specialist"+n]})
			}
		}
		_ = json.NewEncoder(w).Encode(object{"slots": out})
	})
}

func (f *rest) search(w http.ResponseWriter, r *http.Request) {
	var b object
	if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
		f.t.Error(err)
	}
	m, err := f.shop.Call(r.Context(), "", "find_customer", map[string]string{
		"customer": text(b["id"]), "phone": text(b["phone"]), "order": text(b["order"]), "postcode": text(b["zip"]), "pin": text(b["pin"]),
	})
	out := []any{}
	if err == nil {
		out = append(out, object{"id": m["customer"], "fullName": m["name"], "phone": m["phone"], "email": m["email"], "address": object{"zip": m["postcode"]}})
	}
	_ = json.NewEncoder(w).Encode(out)
}

// cancel says in its own words that it is too late.
func (f *rest) cancel(w http.ResponseWriter, r *http.Request) {
	m, err := f.shop.Call(r.Context(), r.Header.Get("Idempotency-Key"), "cancel_order", f.byNumber(r, nil))
	if errors.Is(err, crm.ErrNotAllowed) {
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(object{"code": "gone"})
		return
	}
	w.WriteHeader(status(err))
	_ = json.NewEncoder(w).Encode(object{"id": m["number"]})
}

// hang answers late.
func hang(d time.Duration) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-time.After(d):
		}
	}
}
