package sqlstore

import (
	"context"
	"fmt"
	"time"

	"attendant/dialog"
)

// SaveIntent implements dialog.Store.
func (s *Store) SaveIntent(ctx context.Context, i dialog.Intent) error {
	_, err := s.db.ExecContext(ctx, `INSERT OR REPLACE INTO intents VALUES (?,?,?,?,?,?)`, i.Key, i.Call, i.Operation, i.Args, i.State, i.Outcome)
	if err != nil {
		return fmt.Errorf("save intent: %w", err)
	}
	return nil
}

// Intents implements dialog.Store.
func (s *Store) Intents(ctx context.Context, call string) ([]dialog.Intent, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT key, call, operation, args, state, outcome FROM intents WHERE call = ? ORDER BY rowid`, call)
	if err != nil {
		return nil, fmt.Errorf("list intents: %w", err)
	}
	defer rows.Close()
	var out []dialog.Intent
	for rows.Next() {
		var i dialog.Intent
		if err := rows.Scan(&i.Key, &i.Call, &i.Operation, &i.Args, &i.State, &i.Outcome); err != nil {
			return nil, fmt.Errorf("list intents: %w", err)
		}
		out = append(out, i)
	}
	return out, rows.Err()
}

// NoteTry implements dialog.Store.
func (s *Store) NoteTry(ctx context.Context, account string, at time.Time) error {
	if _, err := s.db.ExecContext(ctx, `INSERT INTO tries VALUES (?,?)`, account, at.UTC().Format(stamp)); err != nil {
		return fmt.Errorf("note try: %w", err)
	}
	return nil
}

// Tries implements dialog.Store.
func (s *Store) Tries(ctx context.Context, account string, since time.Time) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM tries WHERE account = ? AND at >= ?`, account, since.UTC().Format(stamp)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count tries: %w", err)
	}
	return n, nil
}
