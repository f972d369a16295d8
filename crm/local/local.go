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
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"attendant/crm"
)

//go:embed migrations/*.sql
var migrations embed.FS

// firstTicket makes ticket numbers five digits long, to be told by voice.
const firstTicket = 70000

// CRM implements crm.Connector.
type CRM struct{ db *sql.DB }

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
	return &CRM{db: db}, nil
}

// file is a company's crm.yaml.
type file struct {
	Customers []struct {
		ID, Name, Phone, Email, Street, City, Postcode string
	}
	Orders []struct {
		Number, Customer, Status, Place, Carrier string
		InDays                                   int   `yaml:"in_days"` // expected or, if negative, delivered
		TotalCents                               int64 `yaml:"total_cents"`
		Items                                    []crm.Item
	}
}

// Import reads customers and orders from YAML into an empty CRM; one that has
// customers is left as it is. All or nothing is read.
func (c *CRM) Import(ctx context.Context, data []byte, today time.Time) error {
	var f file
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		return errors.New(yaml.FormatError(err, false, true))
	}
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	// Rolling back after the commit does nothing.
	defer func() { _ = tx.Rollback() }()
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM crm_customers`).Scan(&n); err != nil || n > 0 {
		return err
	}
	for _, p := range f.Customers {
		if _, err := tx.ExecContext(ctx, `INSERT INTO crm_customers VALUES (?,?,?,?,?,?,?)`,
			p.ID, p.Name, p.Phone, p.Email, p.Street, p.City, p.Postcode); err != nil {
			return fmt.Errorf("import customer %s: %w", p.ID, err)
		}
	}
	for _, o := range f.Orders {
		items, err := json.Marshal(o.Items)
		if err != nil {
			return fmt.Errorf("import order %s: %w", o.Number, err)
		}
		expected, delivered := today.AddDate(0, 0, o.InDays).Format(time.DateOnly), ""
		if o.InDays < 0 {
			expected, delivered = "", expected
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO crm_orders VALUES (?,?,?,?,?,?,?,?,?,'EUR')`,
			o.Number, o.Customer, o.Status, o.Place, expected, delivered, o.Carrier, string(items), o.TotalCents); err != nil {
			return fmt.Errorf("import order %s: %w", o.Number, err)
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES ('crm_tickets', ?)`, firstTicket); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	return tx.Commit()
}

// FindCustomer implements crm.Connector.
func (c *CRM) FindCustomer(ctx context.Context, q crm.CustomerQuery) (crm.Customer, error) {
	query, args := `SELECT id, name, phone, email, street, city, postcode FROM crm_customers WHERE 1=1`, []any{}
	add := func(condition, value string) {
		if value != "" {
			query += " AND " + condition
			args = append(args, value)
		}
	}
	add("id = ?", q.ID)
	add("phone = ?", e164(q.Phone))
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
		if err := rows.Scan(&p.ID, &p.Name, &p.Phone, &p.Email, &p.Street, &p.City, &p.Postcode); err != nil {
			return crm.Customer{}, unavailable(err)
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
	o := crm.Order{Number: number}
	var expected, delivered, items string
	err := c.db.QueryRowContext(ctx, `SELECT customer_id, status, place, expected, delivered, carrier, items, total_cents, currency
		FROM crm_orders WHERE number = ?`, number).
		Scan(&o.CustomerID, &o.Status, &o.Place, &expected, &delivered, &o.Carrier, &items, &o.TotalCents, &o.Currency)
	if errors.Is(err, sql.ErrNoRows) {
		return crm.Order{}, crm.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(items), &o.Items)
	}
	if err != nil {
		return crm.Order{}, unavailable(err)
	}
	// A day that does not parse is an unknown one, the zero time.
	o.Expected, _ = time.Parse(time.DateOnly, expected)
	o.Delivered, _ = time.Parse(time.DateOnly, delivered)
	return o, nil
}

// CreateTicket implements crm.Connector.
func (c *CRM) CreateTicket(ctx context.Context, key string, t crm.Ticket) (crm.Ticket, error) {
	_, err := c.db.ExecContext(ctx, `INSERT INTO crm_tickets (idempotency_key, kind, subject, body, customer_id, phone, call_id, created)
		VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (idempotency_key) DO NOTHING`,
		key, t.Kind, t.Subject, t.Body, t.CustomerID, t.Phone, t.CallID, t.Created.UTC().Format(time.RFC3339))
	if err != nil {
		return crm.Ticket{}, unavailable(err)
	}
	var kept crm.Ticket
	var created string
	err = c.db.QueryRowContext(ctx, `SELECT number, kind, subject, body, customer_id, phone, call_id, created FROM crm_tickets WHERE idempotency_key = ?`, key).
		Scan(&kept.Number, &kept.Kind, &kept.Subject, &kept.Body, &kept.CustomerID, &kept.Phone, &kept.CallID, &created)
	if err != nil {
		return crm.Ticket{}, unavailable(err)
	}
	if kept.Kind != t.Kind || kept.Phone != t.Phone {
		return crm.Ticket{}, crm.ErrConflict
	}
	if kept.Created, err = time.Parse(time.RFC3339, created); err != nil {
		return crm.Ticket{}, unavailable(err)
	}
	return kept, nil
}

// LogCall implements crm.Connector.
func (c *CRM) LogCall(ctx context.Context, key string, n crm.CallNote) error {
	_, err := c.db.ExecContext(ctx, `INSERT INTO crm_calls VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (idempotency_key) DO NOTHING`,
		key, n.CallID, n.CustomerID, n.Phone, n.Started.UTC().Format(time.RFC3339), int(n.Duration.Seconds()), n.Outcome, n.Summary)
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// Done implements crm.Connector.
func (c *CRM) Done(ctx context.Context, key string) error {
	var n int
	err := c.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM crm_tickets WHERE idempotency_key = ?) + (SELECT count(*) FROM crm_calls WHERE idempotency_key = ?)`, key, key).Scan(&n)
	switch {
	case err != nil:
		return unavailable(err)
	case n == 0:
		return crm.ErrNotFound
	}
	return nil
}
