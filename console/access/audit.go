package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Entry is one thing that somebody did or tried to do. It holds no secret and
// no caller's word.
type Entry struct {
	ID      int64     `json:"id"` // rising
	At      time.Time `json:"at"`
	Who     string    `json:"who"`    // a Principal's name, "-" for a stranger
	Remote  string    `json:"remote"` // the address that it came from
	Action  string    `json:"action"` // the operation's ID, such as "add-user"
	Object  string    `json:"object,omitempty"`
	Outcome string    `json:"outcome"` // the HTTP status, or what happened
}

// Note adds an entry to the audit.
func (s *Store) Note(ctx context.Context, e Entry) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO audit (at, who, remote, action, object, outcome) VALUES (?,?,?,?,?,?)`,
		s.now().UTC().Format(stamp), e.Who, e.Remote, e.Action, e.Object, e.Outcome)
	if err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}

// Audit returns at most limit entries older than before (all where it is 0),
// the newest first.
func (s *Store) Audit(ctx context.Context, before int64, limit int) ([]Entry, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, at, who, remote, action, object, outcome FROM audit
		WHERE ? = 0 OR id < ? ORDER BY id DESC LIMIT ?`, before, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	defer rows.Close()
	out := []Entry{}
	for rows.Next() {
		var e Entry
		var at string
		if err := rows.Scan(&e.ID, &at, &e.Who, &e.Remote, &e.Action, &e.Object, &e.Outcome); err != nil {
			return nil, fmt.Errorf("read audit: %w", err)
		}
		if e.At, err = time.Parse(stamp, at); err != nil {
			return nil, fmt.Errorf("read audit: %w", err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Answer is what a request with an idempotency key was answered.
type Answer struct {
	Status int // 0 while the first request is being answered
	Type   string
	Body   []byte
}

// keptAnswers is how long a repeated request gets the same answer.
const keptAnswers = 24 * time.Hour

// ErrOtherRequest is an idempotency key that was used for another request.
var ErrOtherRequest = errors.New("the idempotency key was used for another request")

// Claim claims an idempotency key of who for the request with that fingerprint.
// It returns nil to whoever is first, else what the first was answered.
func (s *Store) Claim(ctx context.Context, who, key string, fingerprint []byte) (*Answer, error) {
	now := s.now().UTC()
	if _, err := s.db.ExecContext(ctx, `DELETE FROM requests WHERE at < ?`, now.Add(-keptAnswers).Format(stamp)); err != nil {
		return nil, fmt.Errorf("claim request: %w", err)
	}
	r, err := s.db.ExecContext(ctx, `INSERT INTO requests VALUES (?,?,?,?,0,'','') ON CONFLICT DO NOTHING`, who, key, fingerprint, now.Format(stamp))
	if err != nil {
		return nil, fmt.Errorf("claim request: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 1 {
		return nil, err
	}
	var a Answer
	var first []byte
	err = s.db.QueryRowContext(ctx, `SELECT fingerprint, status, type, body FROM requests WHERE who = ? AND key = ?`, who, key).
		Scan(&first, &a.Status, &a.Type, &a.Body)
	switch {
	case errors.Is(err, sql.ErrNoRows): // given back meanwhile
		return &Answer{}, nil
	case err != nil:
		return nil, fmt.Errorf("claim request: %w", err)
	case string(first) != string(fingerprint):
		return nil, ErrOtherRequest
	}
	return &a, nil
}

// Settle keeps what a claimed request was answered; a server's fault gives the
// key back, so that the request may be sent again.
func (s *Store) Settle(ctx context.Context, who, key string, a Answer) error {
	var err error
	if a.Status >= 500 {
		_, err = s.db.ExecContext(ctx, `DELETE FROM requests WHERE who = ? AND key = ?`, who, key)
	} else {
		_, err = s.db.ExecContext(ctx, `UPDATE requests SET status = ?, type = ?, body = ? WHERE who = ? AND key = ?`, a.Status, a.Type, a.Body, who, key)
	}
	if err != nil {
		return fmt.Errorf("settle request: %w", err)
	}
	return nil
}
