package provision

import (
	"context"
	"encoding/json"
	"fmt"

	"attendant/sip/registrar"
)

// SaveBindings keeps where a phone is registered, so that it is found after a
// restart; no bindings remove it.
func (s *Store) SaveBindings(ctx context.Context, phone string, bindings []registrar.Binding) error {
	text, err := json.Marshal(bindings)
	if err == nil && len(bindings) == 0 {
		_, err = s.db.ExecContext(ctx, `DELETE FROM phone_bindings WHERE phone = ?`, phone)
	} else if err == nil {
		_, err = s.db.ExecContext(ctx, `INSERT OR REPLACE INTO phone_bindings VALUES (?,?)`, phone, string(text))
	}
	if err != nil {
		return fmt.Errorf("keep registration: %w", err)
	}
	return nil
}

// Bindings returns what SaveBindings has kept, by phone; some may be over.
func (s *Store) Bindings(ctx context.Context) (map[string][]registrar.Binding, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT phone, bindings FROM phone_bindings`)
	if err != nil {
		return nil, fmt.Errorf("read registrations: %w", err)
	}
	defer rows.Close()
	out := map[string][]registrar.Binding{}
	for rows.Next() {
		var phone, text string
		var list []registrar.Binding
		if err := rows.Scan(&phone, &text); err != nil {
			return nil, fmt.Errorf("read registrations: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, fmt.Errorf("read registrations: %w", err)
		}
		out[phone] = list
	}
	return out, rows.Err()
}
