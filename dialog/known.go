package dialog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"attendant/crm"
	"attendant/dialog/guard"
)

// knownPatience bounds the look-up of who may be calling: it is over before the
// greeting is.
const knownPatience = 800 * time.Millisecond

// known is what the system of record tells of the customer whose number calls. A
// number can be forged: until the caller has proved to be that customer it is a
// hint for colleagues, and nothing of it is said.
type known struct {
	customer string
	facts    map[string]string // order, status, contacts, last, outcome, summary: as far as there is one
}

// know looks up whose number calls, what is open there, and what there was
// before. It returns nil where nobody is found in time; any goroutine may call it.
func (a *Attendant) know(ctx context.Context, call, number string) *known {
	if digits := strings.TrimPrefix(number, "+"); len(digits) < 4 || strings.Trim(digits, "0123456789") != "" {
		return nil // withheld, or a name
	}
	ctx, cancel := context.WithTimeout(ctx, knownPatience)
	defer cancel()
	found, err := a.CRM.Call(ctx, "", "find_customer", map[string]string{"phone": number})
	if err != nil || found["customer"] == "" {
		if err != nil && !errors.Is(err, crm.ErrNotFound) && !errors.Is(err, crm.ErrAmbiguous) {
			a.Log.Info("caller not looked up", "call", call, "error", err)
		}
		return nil
	}
	k := &known{customer: found["customer"], facts: map[string]string{}}
	who := map[string]string{"customer": k.customer}
	if orders, err := a.CRM.Call(ctx, "", "list_orders", who); err == nil && slices.Contains([]string{"processing", "shipped", "delayed"}, orders["status"]) {
		k.facts["order"], k.facts["status"] = orders["number"], orders["status"]
	}
	if past, err := a.CRM.Call(ctx, "", "history", who); err == nil {
		k.facts["contacts"], k.facts["last"], k.facts["outcome"], k.facts["summary"] = past["count"], past["last"], past["outcome"], past["summary"]
	}
	maps.DeleteFunc(k.facts, func(_, v string) bool { return v == "" })
	return k
}

const (
	// rungPatience is how long a look-up is kept for a call that is not answered.
	rungPatience = time.Minute
	// mostRinging bounds the look-ups kept; beyond it a caller is looked up when the
	// call is answered.
	mostRinging = 256
)

// ring is a look-up that began before its call was answered.
type ring struct {
	began  time.Time
	number string
	found  chan *known // gets one
}

// Ring begins to look up who may be calling as soon as an INVITE has come, so
// that it is known by the time the call is answered. callID is the call's
// media.Peer.CallID. It does not block; what it began ends within the look-up's
// time, and Wait waits for it.
func (a *Attendant) Ring(ctx context.Context, callID, number string) {
	a.ringsMu.Lock()
	defer a.ringsMu.Unlock()
	maps.DeleteFunc(a.rings, func(_ string, r ring) bool { return time.Since(r.began) > rungPatience })
	if _, rings := a.rings[callID]; rings || len(a.rings) >= mostRinging {
		return
	}
	if a.rings == nil {
		a.rings = map[string]ring{}
	}
	r := ring{time.Now(), number, make(chan *known, 1)}
	a.rings[callID] = r
	a.looking.Go(func() { r.found <- a.know(context.WithoutCancel(ctx), callID, number) })
}

// Wait waits for what Ring began. No call may come any more.
func (a *Attendant) Wait() { a.looking.Wait() }

// whoCalls is the look-up that began with the INVITE, or else one that begins
// now. It blocks for at most the look-up's time.
func (a *Attendant) whoCalls(ctx context.Context, id, callID, number string) *known {
	a.ringsMu.Lock()
	r, rings := a.rings[callID]
	delete(a.rings, callID)
	a.ringsMu.Unlock()
	if !rings || r.number != number { // a trusted peer may assert another
		return a.know(ctx, id, number)
	}
	return <-r.found
}

// recall takes in who may be calling, once that is known. It never waits.
func (c *conversation) recall() {
	select {
	case c.caller = <-c.knowing:
	default:
		return
	}
	if c.caller == nil {
		return
	}
	c.record.Known = c.caller.customer
	if c.state.Level == "" {
		c.state.Level = guard.Hint
	}
}

// personal lets flows use what is known of the caller, who has just proved to be
// that customer: as {known.order} and so on.
func (c *conversation) personal(customer string) {
	c.recall()
	if c.caller == nil || c.caller.customer != customer || len(c.caller.facts) == 0 {
		return
	}
	results, sources := maps.Clone(c.state.Results), maps.Clone(c.state.Sources)
	if results == nil {
		results, sources = map[string]map[string]string{}, map[string]string{}
	}
	results["known"], sources["known"] = c.caller.facts, "known"
	c.state.Results, c.state.Sources = results, sources
	for _, v := range c.caller.facts {
		c.guard.Fact("known", v)
	}
}

// earlier is what earlier contacts were about, for a model that answers in place
// of a flow; empty until the caller has proved to be the customer.
func (c *conversation) earlier() string {
	if c.caller == nil || c.guard.Customer() != c.caller.customer || c.caller.facts["contacts"] == "" {
		return ""
	}
	f := c.caller.facts
	return fmt.Sprintf("%s contacts, the last on %s: %s %s", f["contacts"], f["last"], f["outcome"], f["summary"])
}

// before tells a colleague of earlier contacts, empty where none are known.
func (c *conversation) before() string {
	if c.caller == nil || c.caller.facts["contacts"] == "" {
		return ""
	}
	whose := "the customer whose number calls"
	if c.guard.Customer() == c.caller.customer {
		whose = "the customer"
	}
	f := c.caller.facts
	return fmt.Sprintf("Earlier contacts with %s (%s): %s, the last on %s: %s %s\n", whose, c.caller.customer, f["contacts"], f["last"], f["outcome"], f["summary"])
}
