package dialog

import (
	"context"
	"fmt"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/guard"
)

// AuditRow is one decision of the guard on something to be done, for or against,
// or one sentence that it stopped. It is written before what it allows is sent.
type AuditRow struct {
	Call     string    `json:"call"`
	At       time.Time `json:"at"`
	What     string    `json:"what"` // the operation; "speak" for a sentence
	Args     string    `json:"args,omitempty"`
	Flow     string    `json:"flow,omitempty"`
	Model    bool      `json:"model,omitempty"` // a model asked for it
	Level    string    `json:"level"`           // the caller's identity then
	Customer string    `json:"customer,omitempty"`
	Allowed  bool      `json:"allowed"`
	Rule     string    `json:"rule"`
}

// decided writes a decision on an action down. Its error keeps the action from
// being sent: nothing is done of which no trace is left.
func (c *conversation) decided(ctx context.Context, a *flow.Act, d guard.Decision) error {
	row := AuditRow{
		Call: c.record.ID, At: time.Now(), What: a.Operation, Args: hash(a.Args), Flow: a.Flow, Model: a.Model,
		Level: c.guard.Level(), Customer: c.guard.Customer(), Allowed: d.Allowed, Rule: d.Rule,
	}
	if err := c.a.Store.NoteDecision(context.WithoutCancel(ctx), row); err != nil {
		c.a.Log.Error("decision not noted", "call", c.record.ID, "operation", a.Operation, "error", err)
		return fmt.Errorf("note a decision: %w", err)
	}
	if !d.Allowed {
		c.refused(d, a.Operation)
	}
	return nil
}

// note notes a decision on something said in the record and in the audit; that
// it was stopped stands even where the audit cannot be written.
func (c *conversation) note(ctx context.Context, what string, d guard.Decision) {
	c.record.Guard = append(c.record.Guard, GuardRecord{Rule: d.Rule, What: what, At: c.since(time.Now())})
	err := c.a.Store.NoteDecision(context.WithoutCancel(ctx), AuditRow{
		Call: c.record.ID, At: time.Now(), What: "speak", Level: c.guard.Level(), Customer: c.guard.Customer(), Allowed: d.Allowed, Rule: d.Rule,
	})
	if err != nil {
		c.a.Log.Error("decision not noted", "call", c.record.ID, "error", err)
	}
}
