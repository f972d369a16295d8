package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"attendant/dialog"
)

var _ dialog.Trimmer = (*Store)(nil)

// trimBatch is how many records are changed in one transaction: calls that end
// meanwhile are not to wait for long.
const trimBatch = 100

// TrimRecordings implements dialog.Trimmer.
func (s *Store) TrimRecordings(ctx context.Context, before time.Time, dry bool) (int, error) {
	return s.trim(ctx, `json_extract(record, '$.recording') <> '' OR json_array_length(record, '$.legs') > 0`, before, dry,
		func(r *dialog.Record) { r.Recording, r.Legs = "", nil })
}

// TrimTranscripts implements dialog.Trimmer.
func (s *Store) TrimTranscripts(ctx context.Context, before time.Time, dry bool) (int, error) {
	n, err := s.trim(ctx, `json_array_length(record, '$.turns') > 0`, before, dry, func(r *dialog.Record) {
		r.Turns, r.Slots, r.Guard = nil, nil, nil
		for i := range r.Actions {
			r.Actions[i].Args = nil
		}
		for i := range r.HandOvers {
			r.HandOvers[i].Briefing, r.HandOvers[i].Notes, r.HandOvers[i].Reason = nil, "", ""
		}
	})
	if err != nil || dry {
		return n, err
	}
	at := before.UTC().Format(stamp)
	return n, s.inOne(ctx, "drop transcripts", func(tx *sql.Tx) error {
		for _, q := range []string{
			`UPDATE hand_overs SET row = json_remove(row, '$.briefing', '$.notes', '$.reason') WHERE open = 0 AND began < ?`,
			`UPDATE audits SET row = json_remove(row, '$.detail') WHERE at < ?`,
			`UPDATE decisions SET what = '', args = '' WHERE at < ?`,
			`UPDATE intents SET args = '' WHERE call IN (SELECT id FROM calls WHERE started < ?)`,
		} {
			if _, err := tx.ExecContext(ctx, q, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// trim changes the records of calls that began before and fit.
func (s *Store) trim(ctx context.Context, fits string, before time.Time, dry bool, change func(*dialog.Record)) (int, error) {
	at := before.UTC().Format(stamp)
	if dry {
		var n int
		err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM calls WHERE started < ? AND (`+fits+`)`, at).Scan(&n)
		if err != nil {
			return 0, fmt.Errorf("count what is too old: %w", err)
		}
		return n, nil
	}
	for total := 0; ; {
		list, err := s.records(ctx, `SELECT record FROM calls WHERE started < ? AND (`+fits+`) LIMIT ?`, at, trimBatch)
		if err != nil || len(list) == 0 {
			return total, err
		}
		err = s.inOne(ctx, "trim calls", func(tx *sql.Tx) error {
			for i := range list {
				change(&list[i])
				text, err := json.Marshal(list[i])
				if err == nil {
					_, err = tx.ExecContext(ctx, `UPDATE calls SET record = ? WHERE id = ?`, string(text), list[i].ID)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		total += len(list)
	}
}

// belongings are the rows that belong to a call.
var belongings = []string{
	`DELETE FROM hand_overs WHERE call = ? AND open = 0`, `DELETE FROM audits WHERE call = ?`, `DELETE FROM intents WHERE call = ?`,
	`DELETE FROM decisions WHERE call = ?`, `DELETE FROM calls WHERE id = ?`,
}

// TrimCalls implements dialog.Trimmer.
func (s *Store) TrimCalls(ctx context.Context, before time.Time, dry bool) (int, error) {
	at := before.UTC().Format(stamp)
	for total := 0; ; {
		limit := trimBatch
		if dry {
			limit = -1
		}
		ids, err := s.texts(ctx, `SELECT id FROM calls WHERE started < ? LIMIT ?`, at, limit)
		if err != nil || dry {
			return len(ids), err
		}
		if len(ids) == 0 {
			_, err = s.db.ExecContext(ctx, `DELETE FROM tries WHERE at < ?`, at)
			return total, err
		}
		if err := s.drop(ctx, ids, nil); err != nil {
			return total, err
		}
		total += len(ids)
	}
}

// drop removes calls with what belongs to them, in one transaction with what else
// is to be done.
func (s *Store) drop(ctx context.Context, ids []string, also func(*sql.Tx) error) error {
	return s.inOne(ctx, "drop calls", func(tx *sql.Tx) error {
		for _, id := range ids {
			for _, q := range belongings {
				if _, err := tx.ExecContext(ctx, q, id); err != nil {
					return err
				}
			}
		}
		if also == nil {
			return nil
		}
		return also(tx)
	})
}

// EraseCalls implements dialog.Trimmer. Of a number its hand-overs go, open ones
// too: who is erased is not called back.
func (s *Store) EraseCalls(ctx context.Context, number, id string) ([]string, error) {
	if number == "" {
		if _, err := s.Call(ctx, id); err != nil {
			return nil, err
		}
		return []string{id}, s.drop(ctx, []string{id}, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM hand_overs WHERE call = ?`, id)
			return err
		})
	}
	ids, err := s.texts(ctx, `SELECT id FROM calls WHERE number = ? UNION SELECT call FROM hand_overs WHERE number = ?`, number, number)
	if err != nil {
		return nil, err
	}
	return ids, s.drop(ctx, ids, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM hand_overs WHERE number = ?`, number)
		return err
	})
}

// inOne does something in one transaction.
func (s *Store) inOne(ctx context.Context, what string, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	if err := do(tx); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// texts are the rows of a query, each one column of text.
func (s *Store) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read calls: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read calls: %w", err)
		}
		out = append(out, text)
	}
	return out, rows.Err()
}
