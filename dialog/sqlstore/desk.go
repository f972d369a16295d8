package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"attendant/dialog"
)

var _ dialog.DeskStore = (*Store)(nil)

// SaveHandOver implements dialog.DeskStore.
func (s *Store) SaveHandOver(ctx context.Context, h dialog.HandOver) error {
	row, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("save hand-over: %w", err)
	}
	ended := ""
	if !h.Ended.IsZero() {
		ended = h.Ended.UTC().Format(stamp)
	}
	_, err = s.db.ExecContext(ctx, `INSERT OR REPLACE INTO hand_overs VALUES (?,?,?,?,?,?,?)`,
		h.ID, h.Call, h.Number, h.Stage != "ended", h.Since.UTC().Format(stamp), ended, string(row))
	if err != nil {
		return fmt.Errorf("save hand-over: %w", err)
	}
	return nil
}

// HandOvers implements dialog.DeskStore.
func (s *Store) HandOvers(ctx context.Context, q dialog.HandOverQuery) ([]dialog.HandOver, error) {
	where, args := []string{"1=1"}, []any{}
	if q.Call != "" {
		where, args = append(where, "call = ?"), append(args, q.Call)
	}
	if q.Number != "" {
		where, args = append(where, "number = ?"), append(args, q.Number)
	}
	if q.Open {
		where = append(where, "open = 1")
	}
	if !q.Since.IsZero() {
		since := q.Since.UTC().Format(stamp)
		where, args = append(where, "(ended >= ? OR began >= ?)"), append(args, since, since)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	query := `SELECT row FROM hand_overs WHERE ` + strings.Join(where, " AND ") + ` ORDER BY id DESC LIMIT ?`
	return rows[dialog.HandOver](ctx, s, "list hand-overs", query, append(args, min(limit, 1000))...)
}

// NoteAudit implements dialog.DeskStore.
func (s *Store) NoteAudit(ctx context.Context, a dialog.Audit) error {
	row, err := json.Marshal(a)
	if err == nil {
		_, err = s.db.ExecContext(ctx, `INSERT INTO audits VALUES (?,?,?)`, a.At.UTC().Format(stamp), a.Call, string(row))
	}
	if err != nil {
		return fmt.Errorf("note audit: %w", err)
	}
	return nil
}

// Audits implements dialog.DeskStore.
func (s *Store) Audits(ctx context.Context, call string, limit int) ([]dialog.Audit, error) {
	if limit <= 0 {
		limit = 50
	}
	out, err := rows[dialog.Audit](ctx, s, "list audits", `SELECT row FROM audits WHERE ? IN ('', call) ORDER BY rowid DESC LIMIT ?`, call, min(limit, 1000))
	slices.Reverse(out)
	return out, err
}

// rows are the rows of a query, each one column of JSON.
func rows[T any](ctx context.Context, s *Store, what, query string, args ...any) ([]T, error) {
	found, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer found.Close()
	var out []T
	for found.Next() {
		var text string
		var one T
		if err := found.Scan(&text); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		out = append(out, one)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}
