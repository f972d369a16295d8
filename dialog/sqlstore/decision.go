package sqlstore

import (
	"context"
	"fmt"
	"time"

	"attendant/dialog"
)

// NoteDecision implements dialog.Store.
func (s *Store) NoteDecision(ctx context.Context, r dialog.AuditRow) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO decisions (call, at, what, args, flow, model, level, customer, allowed, rule) VALUES (?,?,?,?,?,?,?,?,?,?)`,
		r.Call, r.At.UTC().Format(stamp), r.What, r.Args, r.Flow, r.Model, r.Level, r.Customer, r.Allowed, r.Rule)
	if err != nil {
		return fmt.Errorf("note decision: %w", err)
	}
	return nil
}

// Decisions implements dialog.Store.
func (s *Store) Decisions(ctx context.Context, call string) ([]dialog.AuditRow, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT call, at, what, args, flow, model, level, customer, allowed, rule FROM decisions WHERE call = ? ORDER BY id`, call)
	if err != nil {
		return nil, fmt.Errorf("list decisions: %w", err)
	}
	defer rows.Close()
	var out []dialog.AuditRow
	for rows.Next() {
		var r dialog.AuditRow
		var at string
		if err := rows.Scan(&r.Call, &at, &r.What, &r.Args, &r.Flow, &r.Model, &r.Level, &r.Customer, &r.Allowed, &r.Rule); err != nil {
			return nil, fmt.Errorf("list decisions: %w", err)
		}
		if r.At, err = time.Parse(stamp, at); err != nil {
			return nil, fmt.Errorf("list decisions: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
