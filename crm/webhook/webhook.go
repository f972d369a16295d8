// Package webhook is a crm.System of signed HTTP calls: each operation is a POST
// of its name and arguments to a company's own URL.
//
// The body is {"operation", "args"}; the answer is {"outcome", "results"}, both of
// words. Headers are those of Standard Webhooks: webhook-id (the idempotency key,
// or a random one), webhook-timestamp (seconds) and webhook-signature, "v1," and
// the Base64 of HMAC-SHA256 over "id.timestamp.body". Idempotency-Key repeats the
// key of a write. Done is a call of the operation "done" with the key.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"attendant/crm"
)

// System implements crm.System.
type System struct {
	URL    string
	Secret []byte
	Client *http.Client // package egress's
	Serves []crm.Operation
}

var _ crm.System = (*System)(nil)

type request struct {
	Operation string            `json:"operation"`
	Args      map[string]string `json:"args"`
}

type answer struct {
	Outcome string            `json:"outcome"`
	Results map[string]string `json:"results"`
}

// Operations implements crm.System.
func (s *System) Operations() []crm.Operation { return s.Serves }

// Call implements crm.System.
func (s *System) Call(ctx context.Context, key, operation string, args map[string]string) (map[string]string, error) {
	i := slices.IndexFunc(s.Serves, func(o crm.Operation) bool { return o.Name == operation })
	if i < 0 {
		return nil, fmt.Errorf("%w: no operation %q", crm.ErrNotAllowed, operation)
	}
	return s.post(ctx, key, request{operation, args}, s.Serves[i].Writes)
}

// Done implements crm.System.
func (s *System) Done(ctx context.Context, key, operation string) error {
	_, err := s.post(ctx, "", request{"done", map[string]string{"key": key, "operation": operation}}, false)
	return err
}

func (s *System) post(ctx context.Context, key string, q request, writes bool) (map[string]string, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("webhook %s: %w", q.Operation, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("webhook %s: %w", q.Operation, err)
	}
	s.sign(r, key, body)
	sent, err := s.Client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: webhook %s: %w", lost(writes, err), q.Operation, err)
	}
	defer sent.Body.Close()
	var a answer
	if err := json.NewDecoder(sent.Body).Decode(&a); err != nil && sent.StatusCode < 300 {
		return nil, fmt.Errorf("%w: webhook %s: %w", lost(writes, err), q.Operation, err)
	}
	return a.Results, outcome(sent.StatusCode, a.Outcome, writes)
}

// sign adds the headers of Standard Webhooks.
func (s *System) sign(r *http.Request, key string, body []byte) {
	r.Header.Set("Content-Type", "application/json")
	id := key
	if id == "" {
		id = rand.Text()
	} else {
		r.Header.Set("Idempotency-Key", key)
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", "v1,"+Signature(s.Secret, id, at, body))
}

// Signature is what a receiver compares webhook-signature with, after "v1,".
func Signature(secret []byte, id, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "%s.%s.", id, timestamp)
	h.Write(body)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// lost is what a request without an answer comes to: nothing was done where it
// was a read, or where there never was a connection.
func lost(writes bool, err error) error {
	var dial *net.OpError
	if !writes || errors.As(err, &dial) && dial.Op == "dial" {
		return crm.ErrUnavailable
	}
	return crm.ErrUnknownOutcome
}

// outcomes are the words of answers.
var outcomes = map[string]error{
	"ok": nil, "not_found": crm.ErrNotFound, "not_allowed": crm.ErrNotAllowed, "conflict": crm.ErrConflict, "unavailable": crm.ErrUnavailable,
}

func outcome(status int, word string, writes bool) error {
	err, known := outcomes[word]
	switch {
	case status == http.StatusNotFound:
		return crm.ErrNotFound
	case status == http.StatusConflict:
		return crm.ErrConflict
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == http.StatusUnauthorized:
		return crm.ErrUnavailable
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout:
		return crm.ErrNotAllowed
	case status < 300 && known:
		return err
	case writes:
		return fmt.Errorf("%w: status %d, outcome %q", crm.ErrUnknownOutcome, status, word)
	}
	return fmt.Errorf("%w: status %d, outcome %q", crm.ErrUnavailable, status, word)
}
