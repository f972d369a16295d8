package local

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"attendant/crm"
)

// write carries a write out once for its key: the key's row, with the request's
// hash and the result, is in the same transaction. The same key again gives the
// same result; with another request it is crm.ErrConflict.
func write[T any](ctx context.Context, c *CRM, key, operation string, request any, do func(tx *sql.Tx) (T, error)) (result T, err error) {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return result, unavailable(err)
	}
	defer func() {
		if end := tx.Rollback(); end != nil && !errors.Is(end, sql.ErrTxDone) {
			err = errors.Join(err, unavailable(end))
		}
	}()
	sum, err := digest(operation, request)
	if err != nil {
		return result, err
	}
	// The first statement writes, so that two writers wait for one another here.
	row, err := tx.ExecContext(ctx, `INSERT INTO crm_keys VALUES (?,?,'') ON CONFLICT (key) DO NOTHING`, key, sum)
	if err != nil {
		return result, unavailable(err)
	}
	if n, err := row.RowsAffected(); err != nil || n == 0 {
		return before[T](ctx, tx, key, sum)
	}
	if result, err = do(tx); err != nil {
		return result, known(err)
	}
	kept, err := json.Marshal(result)
	if err != nil {
		return result, fmt.Errorf("keep result: %w", err)
	}
	if _, err = tx.ExecContext(ctx, `UPDATE crm_keys SET result = ? WHERE key = ?`, string(kept), key); err != nil {
		return result, unavailable(err)
	}
	if err = tx.Commit(); err != nil {
		return result, fmt.Errorf("%w: %w", crm.ErrUnknownOutcome, err)
	}
	return result, nil
}

// before is what a key's request came to.
func before[T any](ctx context.Context, tx *sql.Tx, key, sum string) (result T, err error) {
	var was, kept string
	if err := tx.QueryRowContext(ctx, `SELECT request, result FROM crm_keys WHERE key = ?`, key).Scan(&was, &kept); err != nil {
		return result, unavailable(err)
	}
	if was != sum {
		return result, crm.ErrConflict
	}
	if err := json.Unmarshal([]byte(kept), &result); err != nil {
		return result, unavailable(err)
	}
	return result, nil
}

func digest(operation string, request any) (string, error) {
	data, err := json.Marshal(request)
	if err != nil {
		return "", fmt.Errorf("key of request: %w", err)
	}
	sum := sha256.Sum256(append([]byte(operation+" "), data...))
	return hex.EncodeToString(sum[:]), nil
}

// known leaves the contract's errors as they are; all others are ours.
func known(err error) error {
	for _, k := range []error{crm.ErrNotFound, crm.ErrNotAllowed, crm.ErrConflict, crm.ErrAmbiguous, crm.ErrUnavailable} {
		if errors.Is(err, k) {
			return err
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return crm.ErrNotFound
	}
	return unavailable(err)
}

// Done implements crm.Connector.
func (c *CRM) Done(ctx context.Context, key string) error {
	var n int
	if err := c.db.QueryRowContext(ctx, `SELECT count(*) FROM crm_keys WHERE key = ?`, key).Scan(&n); err != nil {
		return unavailable(err)
	}
	if n == 0 {
		return crm.ErrNotFound
	}
	return nil
}
