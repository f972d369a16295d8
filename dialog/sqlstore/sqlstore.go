// Package sqlstore is the dialog.Store on SQLite.
//
// A call's record is one row, written in one transaction: the columns that are
// searched for, and the whole record as JSON. What SaveCall has written
// survives a kill of the process and a loss of power (WAL with full
// synchronisation).
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // the driver "sqlite": pure Go, so that the binary stays static

	"attendant/dialog"
)

//go:embed migrations/*.sql
var migrations embed.FS

// stamp sorts as text.
const stamp = "2006-01-02T15:04:05.000Z"

// Store implements dialog.Store.
type Store struct{ db *sql.DB }

var _ dialog.Store = (*Store)(nil)

// Open opens or makes the database file and brings its tables up to date. The
// caller calls Close.
func Open(ctx context.Context, path string) (*Store, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=busy_timeout(5000)&_pragma=synchronous(full)&_pragma=foreign_keys(1)")
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Store{db: db}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.Close())
	}
	return s, nil
}

func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	store, err := database.NewStore(database.DialectSQLite3, "dialog_migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider("", s.db, files, goose.WithStore(store))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// DB is the database, for others that keep tables in it.
func (s *Store) DB() *sql.DB { return s.db }

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// SaveCall implements dialog.Store.
func (s *Store) SaveCall(ctx context.Context, r *dialog.Record) error {
	record, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("save call: %w", err)
	}
	_, err = s.db.ExecContext(ctx, `INSERT OR REPLACE INTO calls VALUES (?,?,?,?,?,?,?)`,
		r.ID, r.Number, r.Outcome, r.Flow, r.Started.UTC().Format(stamp), r.Ended.UTC().Format(stamp), string(record))
	if err != nil {
		return fmt.Errorf("save call: %w", err)
	}
	return nil
}

// Call implements dialog.Store.
func (s *Store) Call(ctx context.Context, id string) (*dialog.Record, error) {
	// The IDs that begin with id are those up to id and the highest character.
	records, err := s.records(ctx, `SELECT record FROM calls WHERE id >= ? AND id < ? LIMIT 2`, id, id+"\U0010ffff")
	switch {
	case err != nil:
		return nil, fmt.Errorf("read call: %w", err)
	case len(records) == 0 || id == "":
		return nil, dialog.ErrNotFound
	case len(records) > 1:
		return nil, dialog.ErrAmbiguous
	}
	return &records[0], nil
}

// Calls implements dialog.Store.
func (s *Store) Calls(ctx context.Context, q dialog.CallQuery) ([]dialog.Record, error) {
	where, args := []string{"1=1"}, []any{}
	for _, c := range []struct{ condition, value string }{{"number = ?", q.Number}, {"outcome = ?", q.Outcome}, {"json_extract(record, '$.trunk') = ?", q.Trunk}} {
		if c.value != "" {
			where, args = append(where, c.condition), append(args, c.value)
		}
	}
	if !q.Before.IsZero() {
		where, args = append(where, "started < ?"), append(args, q.Before.UTC().Format(stamp))
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	query := `SELECT record FROM calls WHERE ` + strings.Join(where, " AND ") + ` ORDER BY started DESC LIMIT ?`
	records, err := s.records(ctx, query, append(args, min(limit, 1000))...)
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	for i := range records {
		records[i].Turns = nil
	}
	return records, nil
}

// Unanswered implements dialog.Store.
func (s *Store) Unanswered(ctx context.Context, limit int) ([]dialog.Record, error) {
	records, err := s.records(ctx, `SELECT record FROM calls WHERE json_extract(record, '$.unknown') IS NOT NULL ORDER BY started DESC LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("list unanswered questions: %w", err)
	}
	for i := range records {
		records[i].Turns = nil
	}
	return records, nil
}

func (s *Store) records(ctx context.Context, query string, args ...any) ([]dialog.Record, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []dialog.Record
	for rows.Next() {
		var text string
		var r dialog.Record
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
