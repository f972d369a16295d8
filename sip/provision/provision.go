// Package provision keeps what administrators set: numbers, trunks, agents'
// phones, and whatever other kinds the program has.
//
// Store is the truth, in SQLite. Each change is a new row with author and time;
// what was before stays, and History shows it. Several processes may use one
// database at once: what one has written the others read with their next call.
// Book is one kind of things in it, typed, with a copy in memory that is read
// again only when something has changed. Table reads and writes the things as
// CSV and YAML and by "name=value".
//
// Guarantees: a change is written whole or not at all; of two changes at once one
// is made and the other told ErrConflict, never lost silently; reading what has
// not changed costs one query of the newest row's number.
package provision

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"attendant/sip/trunk"
)

//go:embed migrations/*.sql
var migrations embed.FS

// stamp sorts as text.
const stamp = "2006-01-02T15:04:05.000Z"

// What a Store answers.
var (
	// ErrNotFound is a thing that is not set.
	ErrNotFound = errors.New("there is no such entry")
	// ErrConflict is a change that came in between.
	ErrConflict = errors.New("somebody else has changed it at the same time")
)

// Version is one state of one thing.
type Version struct {
	Kind    string          `json:"kind"`
	Name    string          `json:"name"`
	Number  int             `json:"version"` // from 1
	Author  string          `json:"author"`
	At      time.Time       `json:"at"`
	Removed bool            `json:"removed,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
}

// Store keeps versions. Any goroutine may use it; its methods block for the
// database.
type Store struct{ db *sql.DB }

// Open brings the tables of db, which stays the caller's, up to date.
func Open(ctx context.Context, db *sql.DB) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	store, err := database.NewStore(database.DialectSQLite3, "provision_migrations")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider("", db, files, goose.WithStore(store))
	if err != nil {
		return nil, err
	}
	if _, err := p.Up(ctx); err != nil {
		return nil, fmt.Errorf("open provisioning: %w", err)
	}
	return &Store{db: db}, nil
}

// Revision rises with each change of anything.
func (s *Store) Revision(ctx context.Context) (n int64, err error) {
	if err = s.db.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM provision`).Scan(&n); err != nil {
		return 0, fmt.Errorf("read revision: %w", err)
	}
	return n, nil
}

// newest chooses the newest version of each thing of a kind.
const newest = `SELECT kind, name, version, author, at, value FROM provision p
	WHERE kind = ? AND version = (SELECT max(version) FROM provision q WHERE q.kind = p.kind AND q.name = p.name)`

// List returns the things of a kind as they are now, by name.
func (s *Store) List(ctx context.Context, kind string) ([]Version, error) {
	return s.versions(ctx, newest+` AND value <> '' ORDER BY name`, kind)
}

// Latest returns one thing as it is now: ErrNotFound.
func (s *Store) Latest(ctx context.Context, kind, name string) (Version, error) {
	found, err := s.versions(ctx, newest+` AND value <> '' AND name = ?`, kind, name)
	if err == nil && len(found) == 0 {
		return Version{}, fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	if err != nil {
		return Version{}, err
	}
	return found[0], nil
}

// Known reports whether anything of a kind is set, or ever was.
func (s *Store) Known(ctx context.Context, kind string) (known bool, err error) {
	if err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM provision WHERE kind = ?)`, kind).Scan(&known); err != nil {
		return false, fmt.Errorf("read provisioning: %w", err)
	}
	return known, nil
}

// History returns all versions of a thing, the newest first.
func (s *Store) History(ctx context.Context, kind, name string) ([]Version, error) {
	return s.versions(ctx, `SELECT kind, name, version, author, at, value FROM provision WHERE kind = ? AND name = ? ORDER BY version DESC`, kind, name)
}

func (s *Store) versions(ctx context.Context, query string, args ...any) ([]Version, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read provisioning: %w", err)
	}
	defer rows.Close()
	var out []Version
	for rows.Next() {
		var v Version
		var at, value string
		if err := rows.Scan(&v.Kind, &v.Name, &v.Number, &v.Author, &at, &value); err != nil {
			return nil, fmt.Errorf("read provisioning: %w", err)
		}
		if v.At, err = time.Parse(stamp, at); err != nil {
			return nil, fmt.Errorf("read provisioning: %w", err)
		}
		v.Removed, v.Value = value == "", json.RawMessage(value)
		out = append(out, v)
	}
	return out, rows.Err()
}

// Change is one thing as it is to be; Value nil removes it. Where Exact, it is made
// only if the thing's last version, the one that removed it included, is Was; 0 is
// none.
type Change struct {
	Kind, Name string
	Value      any
	Exact      bool
	Was        int
}

// Apply makes all changes or none, in the author's name. ErrConflict.
func (s *Store) Apply(ctx context.Context, author string, changes ...Change) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("change provisioning: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	at := time.Now().UTC().Format(stamp)
	for _, c := range changes {
		value := []byte{}
		if c.Value != nil {
			if value, err = json.Marshal(c.Value); err != nil {
				return fmt.Errorf("change %s: %w", c.Name, err)
			}
		}
		made, err := tx.ExecContext(ctx, `INSERT INTO provision (kind, name, version, author, at, value)
			SELECT ?, ?, coalesce(max(version), 0) + 1, ?, ?, ? FROM provision WHERE kind = ? AND name = ?
			HAVING NOT ? OR coalesce(max(version), 0) = ?`,
			c.Kind, c.Name, author, at, string(value), c.Kind, c.Name, c.Exact, c.Was)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrConflict, err)
		}
		if n, err := made.RowsAffected(); err != nil || n != 1 {
			return fmt.Errorf("%w: %s", ErrConflict, c.Name)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return nil
}

// SaveStates keeps how it stands with the trunks, for others to see.
func (s *Store) SaveStates(ctx context.Context, states []trunk.State) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keep states: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	if _, err := tx.ExecContext(ctx, `DELETE FROM trunk_states`); err != nil {
		return fmt.Errorf("keep states: %w", err)
	}
	at := time.Now().UTC().Format(stamp)
	for _, state := range states {
		text, err := json.Marshal(state)
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO trunk_states VALUES (?,?,?)`, state.Trunk, at, string(text))
		}
		if err != nil {
			return fmt.Errorf("keep states: %w", err)
		}
	}
	return tx.Commit()
}

// States returns what SaveStates has kept, by trunk, and when that was.
func (s *Store) States(ctx context.Context) (map[string]trunk.State, time.Time, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT at, state FROM trunk_states`)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read states: %w", err)
	}
	defer rows.Close()
	out := map[string]trunk.State{}
	var when time.Time
	for rows.Next() {
		var at, text string
		var state trunk.State
		if err := rows.Scan(&at, &text); err != nil {
			return nil, when, fmt.Errorf("read states: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &state); err != nil {
			return nil, when, fmt.Errorf("read states: %w", err)
		}
		if when, err = time.Parse(stamp, at); err != nil {
			return nil, when, fmt.Errorf("read states: %w", err)
		}
		out[state.Trunk] = state
	}
	return out, when, rows.Err()
}

// NoteDialled implements trunk.Ledger. What is older than two days is forgotten:
// no cap looks back farther.
func (s *Store) NoteDialled(ctx context.Context, name string, at time.Time) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO dialled VALUES (?,?)`, name, at.UTC().Format(stamp))
	if err == nil {
		_, err = s.db.ExecContext(ctx, `DELETE FROM dialled WHERE at < ?`, at.Add(-48*time.Hour).UTC().Format(stamp))
	}
	if err != nil {
		return fmt.Errorf("note outgoing call: %w", err)
	}
	return nil
}

// Dialled implements trunk.Ledger.
func (s *Store) Dialled(ctx context.Context, name string, since time.Time) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM dialled WHERE trunk = ? AND at > ?`, name, since.UTC().Format(stamp)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count outgoing calls: %w", err)
	}
	return n, nil
}
