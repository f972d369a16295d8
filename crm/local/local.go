// Package local is the embedded system of record: customers, orders, tickets
// and call notes in the program's own database.
//
// It implements crm.Connector on SQLite. Writes are durable when they return;
// an idempotency key that comes again changes nothing.
package local

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"attendant/crm"
)

//go:embed migrations/*.sql
var migrations embed.FS

// firstTicket makes ticket numbers five digits long, to be told by voice.
const firstTicket = 70000

// CRM implements crm.Connector.
type CRM struct {
	db  *sql.DB
	now func() time.Time // the clock; in the company's zone
}

var _ crm.Connector = (*CRM)(nil)

// Open brings the tables in db up to date. The caller closes db.
func Open(ctx context.Context, db *sql.DB) (*CRM, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("CRM migrations: %w", err)
	}
	store, err := database.NewStore(database.DialectSQLite3, "crm_migrations")
	if err != nil {
		return nil, fmt.Errorf("CRM migrations: %w", err)
	}
	p, err := goose.NewProvider("", db, files, goose.WithStore(store))
	if err != nil {
		return nil, fmt.Errorf("CRM migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return nil, fmt.Errorf("CRM migrations: %w", err)
	}
	return &CRM{db: db, now: time.Now}, nil
}

// FindCustomer implements crm.Connector.
func (c *CRM) FindCustomer(ctx context.Context, q crm.CustomerQuery) (crm.Customer, error) {
	query, args := `SELECT id, name, phone, email, street, city, postcode, language, pin FROM crm_customers WHERE 1=1`, []any{}
	add := func(condition, value string) {
		if value != "" {
			query += " AND " + condition
			args = append(args, value)
		}
	}
	add("id = ?", q.ID)
	add("phone = ?", e164(q.Phone))
	add("lower(email) = ?", strings.ToLower(q.Email))
	add("id = (SELECT customer_id FROM crm_orders WHERE number = ?)", q.Order)
	add("upper(replace(postcode, ' ', '')) = ?", strings.ToUpper(strings.ReplaceAll(q.Postcode, " ", "")))
	if len(args) == 0 {
		return crm.Customer{}, crm.ErrAmbiguous
	}
	rows, err := c.db.QueryContext(ctx, query+" LIMIT 2", args...)
	if err != nil {
		return crm.Customer{}, unavailable(err)
	}
	defer rows.Close()
	var found []crm.Customer
	for rows.Next() {
		var p crm.Customer
		var pin string
		if err := rows.Scan(&p.ID, &p.Name, &p.Phone, &p.Email, &p.Street, &p.City, &p.Postcode, &p.Language, &pin); err != nil {
			return crm.Customer{}, unavailable(err)
		}
		if q.PIN != "" && !rightPIN(pin, q.PIN) {
			continue
		}
		found = append(found, p)
	}
	switch {
	case rows.Err() != nil:
		return crm.Customer{}, unavailable(rows.Err())
	case len(found) == 0:
		return crm.Customer{}, crm.ErrNotFound
	case len(found) > 1:
		return crm.Customer{}, crm.ErrAmbiguous
	}
	return found[0], nil
}

// e164 drops what people write between digits.
func e164(phone string) string {
	return strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(phone)
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", crm.ErrUnavailable, err) }

// GetOrder implements crm.Connector.
func (c *CRM) GetOrder(ctx context.Context, number string) (crm.Order, error) {
	o, err := scanOrder(c.db.QueryRowContext(ctx, orderColumns+` WHERE number = ?`, number))
	if err != nil {
		return crm.Order{}, known(err)
	}
	return o, nil
}

// CreateTicket implements crm.Connector. When a ticket was made does not tell
// two requests apart.
func (c *CRM) CreateTicket(ctx context.Context, key string, t crm.Ticket) (crm.Ticket, error) {
	request := []string{t.Kind, t.Subject, t.CustomerID, t.Phone, t.CallID}
	return write(ctx, c, key, "create_ticket", request, func(tx *sql.Tx) (crm.Ticket, error) {
		row, err := tx.ExecContext(ctx, `INSERT INTO crm_tickets (idempotency_key, kind, subject, body, customer_id, phone, call_id, created) VALUES (?,?,?,?,?,?,?,?)`,
			key, t.Kind, t.Subject, t.Body, t.CustomerID, t.Phone, t.CallID, stampOf(t.Created))
		if err != nil {
			return t, err
		}
		t.Number, err = numbered(row, 0)
		return t, err
	})
}

// LogCall implements crm.Connector.
func (c *CRM) LogCall(ctx context.Context, key string, n crm.CallNote) error {
	_, err := write(ctx, c, key, "log_call", n.CallID, func(tx *sql.Tx) (string, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO crm_calls VALUES (?,?,?,?,?,?,?,?)`,
			key, n.CallID, n.CustomerID, n.Phone, stampOf(n.Started), int(n.Duration.Seconds()), n.Outcome, n.Summary)
		return "", err
	})
	return err
}
