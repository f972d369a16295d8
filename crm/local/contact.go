package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"attendant/crm"
)

// UpdateCustomer implements crm.Connector.
func (c *CRM) UpdateCustomer(ctx context.Context, key string, p crm.Customer) (crm.Customer, error) {
	return write(ctx, c, key, "update_customer", p, func(tx *sql.Tx) (crm.Customer, error) {
		for column, v := range map[string]string{"name": p.Name, "phone": e164(p.Phone), "email": p.Email, "street": p.Street, "city": p.City, "postcode": p.Postcode, "language": p.Language} {
			if v == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE crm_customers SET `+column+` = ? WHERE id = ?`, v, p.ID); err != nil {
				return p, err
			}
		}
		out := crm.Customer{ID: p.ID}
		err := tx.QueryRowContext(ctx, `SELECT name, phone, email, street, city, postcode, language FROM crm_customers WHERE id = ?`, p.ID).
			Scan(&out.Name, &out.Phone, &out.Email, &out.Street, &out.City, &out.Postcode, &out.Language)
		return out, err
	})
}

// ResetPassword implements crm.Connector: the link goes to the outbox.
func (c *CRM) ResetPassword(ctx context.Context, key, customer string) error {
	_, err := write(ctx, c, key, "reset_password", customer, func(tx *sql.Tx) (string, error) {
		var email string
		if err := tx.QueryRowContext(ctx, `SELECT email FROM crm_customers WHERE id = ?`, customer).Scan(&email); err != nil {
			return "", err
		}
		return email, c.post(ctx, tx, crm.Message{Channel: "email", To: email, Subject: "Choose a new password", Text: "Follow the link in your account to choose a new password."})
	})
	return err
}

// Notify implements crm.Connector: the message goes to the outbox.
func (c *CRM) Notify(ctx context.Context, key string, m crm.Message) error {
	if m.Channel != "sms" && m.Channel != "email" || m.To == "" {
		return fmt.Errorf("%w: channel %q", crm.ErrNotAllowed, m.Channel)
	}
	_, err := write(ctx, c, key, "notify", m, func(tx *sql.Tx) (string, error) { return m.To, c.post(ctx, tx, m) })
	return err
}

func (c *CRM) post(ctx context.Context, tx *sql.Tx, m crm.Message) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO crm_outbox (channel, recipient, subject, text, at) VALUES (?,?,?,?,?)`, m.Channel, m.To, m.Subject, m.Text, stampOf(c.now()))
	return err
}

// Outbox returns the messages that were sent, the newest first. The embedded
// CRM has no gateway: who runs one reads them here.
func (c *CRM) Outbox(ctx context.Context, limit int) ([]crm.Message, error) {
	rows, err := c.db.QueryContext(ctx, `SELECT channel, recipient, subject, text FROM crm_outbox ORDER BY id DESC LIMIT ?`, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	var out []crm.Message
	for rows.Next() {
		var m crm.Message
		if err := rows.Scan(&m.Channel, &m.To, &m.Subject, &m.Text); err != nil {
			return nil, unavailable(err)
		}
		out = append(out, m)
	}
	if rows.Err() != nil {
		return nil, unavailable(rows.Err())
	}
	return out, nil
}

// UpsertLead implements crm.Connector.
func (c *CRM) UpsertLead(ctx context.Context, key string, l crm.Lead) (crm.Lead, error) {
	return write(ctx, c, key, "upsert_lead", l, func(tx *sql.Tx) (crm.Lead, error) {
		var id int64
		var answers string
		err := tx.QueryRowContext(ctx, `SELECT number, answers FROM crm_leads WHERE interest = ? AND (phone != '' AND phone = ? OR email != '' AND email = ?)`,
			l.Interest, l.Phone, l.Email).Scan(&id, &answers)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return l, err
		}
		all := map[string]string{}
		if answers != "" {
			if err := json.Unmarshal([]byte(answers), &all); err != nil {
				return l, err
			}
		}
		maps.Copy(all, l.Answers)
		text, err := json.Marshal(all)
		if err != nil {
			return l, err
		}
		l.Answers = all
		return c.putLead(ctx, tx, id, l, string(text))
	})
}

func (c *CRM) putLead(ctx context.Context, tx *sql.Tx, id int64, l crm.Lead, answers string) (crm.Lead, error) {
	if id != 0 {
		l.Number = fmt.Sprint(80000 + id)
		_, err := tx.ExecContext(ctx, `UPDATE crm_leads SET answers = ?, name = coalesce(nullif(?,''), name), company = coalesce(nullif(?,''), company) WHERE number = ?`,
			answers, l.Name, l.Company, id)
		return l, err
	}
	row, err := tx.ExecContext(ctx, `INSERT INTO crm_leads (name, phone, email, company, interest, answers, call_id) VALUES (?,?,?,?,?,?,?)`,
		l.Name, l.Phone, l.Email, l.Company, l.Interest, answers, l.CallID)
	if err != nil {
		return l, err
	}
	l.Number, err = numbered(row, 80000)
	return l, err
}

// History implements crm.Connector.
func (c *CRM) History(ctx context.Context, customer string, limit int) ([]crm.CallNote, error) {
	rows, err := c.db.QueryContext(ctx, `SELECT call_id, phone, started, seconds, outcome, summary FROM crm_calls WHERE customer_id = ? ORDER BY started DESC LIMIT ?`, customer, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	var out []crm.CallNote
	for rows.Next() {
		n := crm.CallNote{CustomerID: customer}
		var started string
		var seconds int
		if err := rows.Scan(&n.CallID, &n.Phone, &started, &seconds, &n.Outcome, &n.Summary); err != nil {
			return nil, unavailable(err)
		}
		if n.Started, err = time.Parse(time.RFC3339, started); err != nil {
			return nil, unavailable(err)
		}
		n.Duration = time.Duration(seconds) * time.Second
		out = append(out, n)
	}
	if rows.Err() != nil {
		return nil, unavailable(rows.Err())
	}
	return out, nil
}
