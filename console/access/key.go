package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Key lets a program use the API with some permissions.
type Key struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Scopes    []Permission `json:"scopes"`
	CreatedBy string       `json:"created_by"`
	Created   time.Time    `json:"created"`
	Expires   time.Time    `json:"expires"`
}

// keyPrefix marks our keys, so that scanners of leaked secrets find them.
const keyPrefix = "attendant_"

// AddKey makes a key with permissions that its maker holds, and returns its
// secret, which is kept nowhere; ErrInvalid.
func (s *Store) AddKey(ctx context.Context, k Key, maker Principal) (Key, string, error) {
	k.Created, k.CreatedBy, k.ID = s.now(), maker.Name, Secret(6)
	switch {
	case k.Name == "" || len(k.Name) > 100:
		return k, "", fmt.Errorf("%w: a key's name has 1 to 100 bytes", ErrInvalid)
	case len(k.Scopes) == 0:
		return k, "", fmt.Errorf("%w: a key has at least one scope", ErrInvalid)
	case !k.Expires.After(k.Created):
		return k, "", fmt.Errorf("%w: a key expires in the future", ErrInvalid)
	}
	for _, p := range k.Scopes {
		if !maker.May(p) {
			return k, "", fmt.Errorf("%w: scope %q is none that its maker has", ErrInvalid, p)
		}
	}
	secret := keyPrefix + Secret(32)
	_, err := s.db.ExecContext(ctx, `INSERT INTO api_keys VALUES (?,?,?,?,?,?,?)`, k.ID, digest(secret), k.Name, joined(k.Scopes),
		k.CreatedBy, k.Created.UTC().Format(stamp), k.Expires.UTC().Format(stamp))
	if err != nil {
		return k, "", fmt.Errorf("add key: %w", err)
	}
	return k, secret, nil
}

// Keys returns all keys, the newest first.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, scopes, created_by, created, expires FROM api_keys ORDER BY created DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	defer rows.Close()
	out := []Key{}
	for rows.Next() {
		k, err := scanKey(rows)
		if err != nil {
			return nil, fmt.Errorf("read keys: %w", err)
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// RemoveKey removes a key; ErrNotFound.
func (s *Store) RemoveKey(ctx context.Context, id string) error {
	r, err := s.db.ExecContext(ctx, `DELETE FROM api_keys WHERE id = ?`, id)
	return one(r, err)
}

// Holder is the principal that a key's secret stands for; ErrWrong where there
// is no such key or it has expired.
func (s *Store) Holder(ctx context.Context, secret string) (Principal, error) {
	if !strings.HasPrefix(secret, keyPrefix) {
		return Principal{}, ErrWrong
	}
	row := s.db.QueryRowContext(ctx, `SELECT id, name, scopes, created_by, created, expires FROM api_keys WHERE hash = ?`, digest(secret))
	k, err := scanKey(row)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && !k.Expires.After(s.now()):
		return Principal{}, ErrWrong
	case err != nil:
		return Principal{}, fmt.Errorf("read key: %w", err)
	}
	slices.Sort(k.Scopes)
	return Principal{Name: "key:" + k.ID, Permissions: k.Scopes}, nil
}

func scanKey(row scanner) (Key, error) {
	var k Key
	var scopes, created, expires string
	if err := row.Scan(&k.ID, &k.Name, &scopes, &k.CreatedBy, &created, &expires); err != nil {
		return k, err
	}
	for _, p := range strings.Fields(scopes) {
		k.Scopes = append(k.Scopes, Permission(p))
	}
	var err1, err2 error
	k.Created, err1 = time.Parse(stamp, created)
	k.Expires, err2 = time.Parse(stamp, expires)
	return k, errors.Join(err1, err2)
}
