package local

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"attendant/crm"
)

// slotDays is how many days ahead specialists can be booked.
const slotDays = 30

// file is a company's crm.yaml.
type file struct {
	Customers []struct {
		ID, Name, Phone, Email, Street, City, Postcode, PIN, Language string
	}
	Orders []struct {
		Number, Customer, Status, Place, Carrier string
		InDays                                   int   `yaml:"in_days"` // expected or, if negative, delivered
		TotalCents                               int64 `yaml:"total_cents"`
		Items                                    []crm.Item
	}
	Specialists  []specialist
	Appointments []struct {
		Customer, Specialist, Note string
		InDays                     int `yaml:"in_days"` // the first free slot from then on
	}
	History []struct {
		Customer, Outcome, Summary string
		DaysAgo                    int `yaml:"days_ago"`
	}
}

// specialist works at the same hours every working day.
type specialist struct {
	Name     string
	Services []string
	Hours    []string // "09:00"
	Minutes  int
}

// Import reads customers, orders, specialists and what else there is from YAML
// into an empty CRM; one that has customers is left as it is. All or nothing is
// read; Check tells what is wrong. Days are counted from today, whose location is the company's zone.
func (c *CRM) Import(ctx context.Context, data []byte, today time.Time) error {
	f, err := read(data)
	if err != nil {
		return err
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
	for _, part := range []func(context.Context, *sql.Tx, time.Time) error{f.customers, f.orders, f.slots, f.appointments, f.history} {
		if err := part(ctx, tx, today); err != nil {
			return fmt.Errorf("import %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES ('crm_tickets', ?)`, firstTicket); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	return tx.Commit()
}

func (f *file) customers(ctx context.Context, tx *sql.Tx, _ time.Time) error {
	for _, p := range f.Customers {
		pin, err := hidden(p.PIN)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO crm_customers VALUES (?,?,?,?,?,?,?,?,?)`,
			p.ID, p.Name, p.Phone, p.Email, p.Street, p.City, p.Postcode, pin, p.Language); err != nil {
			return fmt.Errorf("customer %s: %w", p.ID, err)
		}
	}
	return nil
}

func (f *file) orders(ctx context.Context, tx *sql.Tx, today time.Time) error {
	for _, o := range f.Orders {
		items, err := json.Marshal(o.Items)
		if err != nil {
			return fmt.Errorf("order %s: %w", o.Number, err)
		}
		expected, delivered := today.AddDate(0, 0, o.InDays).Format(time.DateOnly), ""
		if o.InDays < 0 {
			expected, delivered = "", expected
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO crm_orders VALUES (?,?,?,?,?,?,?,?,?,'EUR')`,
			o.Number, o.Customer, o.Status, o.Place, expected, delivered, o.Carrier, string(items), o.TotalCents); err != nil {
			return fmt.Errorf("order %s: %w", o.Number, err)
		}
	}
	return nil
}

// slots are the hours of all specialists on the working days ahead.
func (f *file) slots(ctx context.Context, tx *sql.Tx, today time.Time) error {
	for _, s := range f.Specialists {
		for day := 1; day <= slotDays; day++ {
			date := today.AddDate(0, 0, day)
			if w := date.Weekday(); w == time.Saturday || w == time.Sunday {
				continue
			}
			if err := s.offer(ctx, tx, date); err != nil {
				return fmt.Errorf("specialist %s: %w", s.Name, err)
			}
		}
	}
	return nil
}

func (s *specialist) offer(ctx context.Context, tx *sql.Tx, date time.Time) error {
	for i, hour := range s.Hours {
		clock, err := time.Parse("15:04", hour)
		if err != nil || len(s.Services) == 0 || s.Minutes <= 0 {
			return fmt.Errorf("hour %q, services %v, minutes %d", hour, s.Services, s.Minutes)
		}
		start := time.Date(date.Year(), date.Month(), date.Day(), clock.Hour(), clock.Minute(), 0, 0, date.Location())
		id := strings.ToLower(s.Name) + "-" + start.Format("0102-1504")
		if _, err := tx.ExecContext(ctx, `INSERT INTO crm_slots (id, specialist, service, start, minutes) VALUES (?,?,?,?,?)`,
			id, s.Name, s.Services[i%len(s.Services)], stampOf(start), s.Minutes); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) appointments(ctx context.Context, tx *sql.Tx, today time.Time) error {
	for _, a := range f.Appointments {
		row, err := tx.ExecContext(ctx, `INSERT INTO crm_appointments (slot_id, customer_id, name, phone, note)
			SELECT (SELECT id FROM crm_slots WHERE specialist = ? AND appointment IS NULL AND start >= ? ORDER BY start LIMIT 1), c.id, c.name, c.phone, ?
			FROM crm_customers c WHERE c.id = ?`, a.Specialist, stampOf(today.AddDate(0, 0, a.InDays)), a.Note, a.Customer)
		if err != nil {
			return fmt.Errorf("appointment of %s: %w", a.Customer, err)
		}
		id, err := row.LastInsertId()
		if err != nil {
			return fmt.Errorf("appointment of %s: %w", a.Customer, err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE crm_slots SET appointment = ? WHERE id = (SELECT slot_id FROM crm_appointments WHERE number = ?)`, id, id); err != nil {
			return fmt.Errorf("appointment of %s: %w", a.Customer, err)
		}
	}
	return nil
}

func (f *file) history(ctx context.Context, tx *sql.Tx, today time.Time) error {
	for i, h := range f.History {
		key := fmt.Sprintf("import/%d", i)
		if _, err := tx.ExecContext(ctx, `INSERT INTO crm_calls SELECT ?, ?, id, phone, ?, 120, ?, ? FROM crm_customers WHERE id = ?`,
			key, key, stampOf(today.AddDate(0, 0, -h.DaysAgo)), h.Outcome, h.Summary, h.Customer); err != nil {
			return fmt.Errorf("history of %s: %w", h.Customer, err)
		}
	}
	return nil
}

// rounds make guessing a PIN from its hash slow, and one call's check not.
const rounds = 20_000

// hidden is a PIN as it is kept: salt and PBKDF2 hash. RFC 8018 section 5.2.
func hidden(pin string) (string, error) {
	if pin == "" {
		return "", nil
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("hide PIN: %w", err)
	}
	return sealed(pin, salt)
}

func sealed(pin string, salt []byte) (string, error) {
	sum, err := pbkdf2.Key(sha256.New, pin, salt, rounds, 32)
	if err != nil {
		return "", fmt.Errorf("hide PIN: %w", err)
	}
	return base64.StdEncoding.EncodeToString(salt) + " " + base64.StdEncoding.EncodeToString(sum), nil
}

func rightPIN(kept, pin string) bool {
	text, _, _ := strings.Cut(kept, " ")
	salt, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(salt) == 0 {
		return false
	}
	again, err := sealed(pin, salt)
	return err == nil && subtle.ConstantTimeCompare([]byte(again), []byte(kept)) == 1
}
