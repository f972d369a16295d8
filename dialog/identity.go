package dialog

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"attendant/crm"
	"attendant/dialog/flow"
	"attendant/dialog/guard"
)

const (
	// proofTakes is how long every attempt to prove who calls takes, so that an
	// unknown account cannot be told from a wrong proof by the time it takes.
	proofTakes = 300 * time.Millisecond
	// codeLives is how long a one-time code is good for.
	codeLives = 10 * time.Minute
)

// oneTimeCode is a code that was sent to a customer.
type oneTimeCode struct {
	sum      [sha256.Size]byte
	customer map[string]string // nil where there is nobody: no code fits
	until    time.Time
}

// prove carries out our own operations: identify, send_code, check_code. Wrong
// proofs, unknown accounts and accounts tried too often sound alike.
func (c *conversation) prove(ctx context.Context, a *flow.Act) flow.Result {
	d := c.guard.Prove(a.Model)
	if err := c.decided(ctx, a, d); err != nil {
		return flow.Result{Outcome: "unavailable"}
	}
	if !d.Allowed {
		return flow.Result{Outcome: "refused"}
	}
	if a.Operation == "check_code" {
		return c.checkCode(a)
	}
	enough := time.NewTimer(proofTakes)
	defer enough.Stop()
	r := c.proveBy(ctx, a)
	select {
	case <-enough.C:
	case <-ctx.Done():
	}
	return r
}

func (c *conversation) proveBy(ctx context.Context, a *flow.Act) flow.Result {
	account := "order:" + a.Args["order"]
	tries, err := c.a.Store.Tries(ctx, account, time.Now().Add(-24*time.Hour))
	if err != nil {
		return flow.Result{Outcome: "unavailable"}
	}
	if tries >= c.triesADay() {
		return c.refused(guard.Decision{Rule: "too many failed tries of an account"}, a.Operation)
	}
	if a.Operation == "send_code" {
		return c.sendCode(ctx, a, account)
	}
	if a.Args["postcode"] == "" && a.Args["pin"] == "" {
		return c.refused(guard.Decision{Rule: "an order's number alone proves nothing"}, a.Operation)
	}
	found, err := c.a.CRM.Call(ctx, "", "find_customer", map[string]string{
		"order": a.Args["order"], "postcode": a.Args["postcode"], "pin": c.secret(a.Args["pin"]),
	})
	switch {
	case errors.Is(err, crm.ErrNotFound), errors.Is(err, crm.ErrAmbiguous):
		return c.unproved(ctx, account)
	case err != nil:
		c.a.Log.Warn("customer not looked up", "call", c.record.ID, "error", err)
		return flow.Result{Outcome: "unavailable"}
	}
	return c.proved(found)
}

func (c *conversation) triesADay() int {
	if n := c.content.Flows.Set().Company.Guard.TriesADay; n > 0 {
		return n
	}
	return 5
}

// unproved counts a failed proof, with the call and with the account.
func (c *conversation) unproved(ctx context.Context, account string) flow.Result {
	c.guard.Failed()
	if err := c.a.Store.NoteTry(ctx, account, time.Now()); err != nil {
		c.a.Log.Error("failed proof not counted", "call", c.record.ID, "error", err)
	}
	return flow.Result{Outcome: "not_found"}
}

// proved binds the call to the customer.
func (c *conversation) proved(found map[string]string) flow.Result {
	c.guard.Verify(found["customer"])
	c.guard.Reachable(found["phone"])
	c.guard.Reachable(found["email"])
	c.record.Customer = found["customer"]
	c.personal(found["customer"])
	return flow.Result{Outcome: "ok", Level: "verified", Data: map[string]string{
		"first_name": found["first_name"], "name": found["name"], "phone": found["phone"],
	}}
}

// sendCode sends a one-time code to the customer whose order it is, if there is
// one. The caller hears the same either way, after the same time: the sending is
// not waited for, and every code that is asked for counts as a try of the account.
func (c *conversation) sendCode(ctx context.Context, a *flow.Act, account string) flow.Result {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return flow.Result{Outcome: "unavailable"}
	}
	if err := c.a.Store.NoteTry(ctx, account, time.Now()); err != nil {
		c.a.Log.Error("try of an account not counted", "call", c.record.ID, "error", err)
		return flow.Result{Outcome: "unavailable"}
	}
	code := fmt.Sprintf("%06d", n)
	c.code = &oneTimeCode{sum: sha256.Sum256([]byte(code)), until: time.Now().Add(codeLives)}
	found, err := c.a.CRM.Call(ctx, "", "find_customer", map[string]string{"order": a.Args["order"]})
	switch {
	case errors.Is(err, crm.ErrNotFound), errors.Is(err, crm.ErrAmbiguous):
		return flow.Result{Outcome: "ok"}
	case err != nil:
		c.a.Log.Warn("customer not looked up", "call", c.record.ID, "error", err)
		return flow.Result{Outcome: "unavailable"}
	case found["phone"] == "":
		return flow.Result{Outcome: "ok"}
	}
	c.code.customer = found
	text := fmt.Sprintf("%s: your code is %s. We never ask you for it by telephone unless you call us.", c.content.Flows.Set().Company.Name, code)
	message := map[string]string{"channel": "sms", "to": found["phone"], "text": text}
	key := c.record.ID + "/" + a.ID
	c.sending.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionPatience)
		defer cancel()
		if _, err := c.a.CRM.Call(ctx, key, "notify", message); err != nil {
			c.a.Log.Warn("code not sent", "call", c.record.ID, "error", err)
		}
	})
	return flow.Result{Outcome: "ok"}
}

func (c *conversation) checkCode(a *flow.Act) flow.Result {
	keyed := sha256.Sum256([]byte(c.secret(a.Args["code"])))
	k := c.code
	if k == nil || time.Now().After(k.until) || subtle.ConstantTimeCompare(keyed[:], k.sum[:]) != 1 || k.customer == nil {
		c.guard.Failed()
		return flow.Result{Outcome: "not_found"}
	}
	c.code = nil
	return c.proved(k.customer)
}

// secretMark begins what stands for a sensitive value in slots, records and
// arguments.
const secretMark = "keyed:"

// conceal keeps sensitive digits and returns what stands for them everywhere
// else.
func (c *conversation) conceal(digits string) string {
	c.secrets = append(c.secrets, digits)
	return fmt.Sprintf("%s%d", secretMark, len(c.secrets))
}

// secret is what a concealed value stands for.
func (c *conversation) secret(value string) string {
	var n int
	if _, err := fmt.Sscanf(value, secretMark+"%d", &n); err != nil || !strings.HasPrefix(value, secretMark) || n < 1 || n > len(c.secrets) {
		return ""
	}
	return c.secrets[n-1]
}
