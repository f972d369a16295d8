package local

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"attendant/crm"
)

// firstAppointment makes appointment numbers five digits long.
const firstAppointment = 60000

// ListSlots implements crm.Connector.
func (c *CRM) ListSlots(ctx context.Context, q crm.SlotQuery) ([]crm.Slot, error) {
	from, to, limit := q.From, q.To, q.Limit
	if now := c.now(); from.Before(now) {
		from = now
	}
	if to.IsZero() {
		to = from.AddDate(0, 0, 30)
	}
	if limit <= 0 {
		limit = 3
	}
	rows, err := c.db.QueryContext(ctx, `SELECT id, specialist, service, start, minutes FROM crm_slots
		WHERE appointment IS NULL AND start >= ? AND start <= ? AND (? = '' OR service = ?) AND lower(specialist) LIKE ? ORDER BY start, id LIMIT ?`,
		stampOf(from), stampOf(to), q.Service, q.Service, strings.ToLower(strings.ReplaceAll(q.Specialist, "%", ""))+"%", limit)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	var out []crm.Slot
	for rows.Next() {
		var s crm.Slot
		var start string
		var minutes int
		if err := rows.Scan(&s.ID, &s.Specialist, &s.Service, &start, &minutes); err != nil {
			return nil, unavailable(err)
		}
		if s.Start, err = time.Parse(time.RFC3339, start); err != nil {
			return nil, unavailable(err)
		}
		s.Duration = time.Duration(minutes) * time.Minute
		out = append(out, s)
	}
	if rows.Err() != nil {
		return nil, unavailable(rows.Err())
	}
	return out, nil
}

func stampOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Book implements crm.Connector.
func (c *CRM) Book(ctx context.Context, key string, a crm.Appointment) (crm.Appointment, error) {
	return write(ctx, c, key, "book", a, func(tx *sql.Tx) (crm.Appointment, error) {
		row, err := tx.ExecContext(ctx, `INSERT INTO crm_appointments (slot_id, customer_id, name, phone, note) SELECT id, ?, ?, ?, ? FROM crm_slots WHERE id = ?`,
			a.CustomerID, a.Name, a.Phone, a.Note, a.SlotID)
		if err != nil {
			return a, err
		}
		if n, err := row.RowsAffected(); err != nil || n == 0 {
			return a, crm.ErrNotFound
		}
		id, err := row.LastInsertId()
		if err == nil {
			err = take(ctx, tx, a.SlotID, id)
		}
		if err != nil {
			return a, err
		}
		return appointment(ctx, tx, id)
	})
}

// take gives a slot to an appointment: crm.ErrConflict where it is taken.
func take(ctx context.Context, tx *sql.Tx, slot string, appointment int64) error {
	row, err := tx.ExecContext(ctx, `UPDATE crm_slots SET appointment = ? WHERE id = ? AND appointment IS NULL`, appointment, slot)
	if err != nil {
		return err
	}
	if n, err := row.RowsAffected(); err != nil || n == 0 {
		return crm.ErrConflict
	}
	return nil
}

const appointmentColumns = `SELECT a.number, a.slot_id, a.customer_id, a.name, a.phone, a.note, a.cancelled, s.specialist, s.service, s.start
	FROM crm_appointments a JOIN crm_slots s ON s.id = a.slot_id`

func scanAppointment(row scanner) (crm.Appointment, error) {
	var a crm.Appointment
	var number int64
	var start string
	err := row.Scan(&number, &a.SlotID, &a.CustomerID, &a.Name, &a.Phone, &a.Note, &a.Cancelled, &a.Specialist, &a.Service, &start)
	if err != nil {
		return a, err
	}
	a.Number = fmt.Sprint(firstAppointment + number)
	a.Start, err = time.Parse(time.RFC3339, start)
	return a, err
}

func appointment(ctx context.Context, tx *sql.Tx, id int64) (crm.Appointment, error) {
	return scanAppointment(tx.QueryRowContext(ctx, appointmentColumns+` WHERE a.number = ?`, id))
}

// rowOf is the row of an appointment's number.
func rowOf(number string) int64 {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return -1
	}
	return n - firstAppointment
}

// Reschedule implements crm.Connector.
func (c *CRM) Reschedule(ctx context.Context, key, number, slot string) (crm.Appointment, error) {
	return write(ctx, c, key, "reschedule", []string{number, slot}, func(tx *sql.Tx) (crm.Appointment, error) {
		a, err := appointment(ctx, tx, rowOf(number))
		if err != nil || a.Cancelled {
			return a, crm.ErrNotFound
		}
		if err := take(ctx, tx, slot, rowOf(number)); err != nil {
			return a, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE crm_slots SET appointment = NULL WHERE id = ?`, a.SlotID); err != nil {
			return a, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE crm_appointments SET slot_id = ? WHERE number = ?`, slot, rowOf(number)); err != nil {
			return a, err
		}
		return appointment(ctx, tx, rowOf(number))
	})
}

// Cancel implements crm.Connector.
func (c *CRM) Cancel(ctx context.Context, key, number string) (crm.Appointment, error) {
	return write(ctx, c, key, "cancel_appointment", number, func(tx *sql.Tx) (crm.Appointment, error) {
		a, err := appointment(ctx, tx, rowOf(number))
		if err != nil || a.Cancelled {
			return a, crm.ErrNotFound
		}
		a.Cancelled = true
		_, err = tx.ExecContext(ctx, `UPDATE crm_slots SET appointment = NULL WHERE id = ?`, a.SlotID)
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE crm_appointments SET cancelled = 1 WHERE number = ?`, rowOf(number))
		}
		return a, err
	})
}

// ListAppointments implements crm.Connector.
func (c *CRM) ListAppointments(ctx context.Context, q crm.AppointmentQuery) ([]crm.Appointment, error) {
	rows, err := c.db.QueryContext(ctx, appointmentColumns+` WHERE a.cancelled = 0 AND s.start >= ?
		AND (? = '' OR a.number = ?) AND (? = '' OR a.customer_id = ?) AND (? = '' OR a.phone = ?) ORDER BY s.start LIMIT 20`,
		stampOf(c.now()), q.Number, rowOf(q.Number), q.CustomerID, q.CustomerID, q.Phone, q.Phone)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	var out []crm.Appointment
	for rows.Next() {
		a, err := scanAppointment(rows)
		if err != nil {
			return nil, known(err)
		}
		out = append(out, a)
	}
	if rows.Err() != nil {
		return nil, unavailable(rows.Err())
	}
	return out, nil
}
