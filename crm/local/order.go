package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"attendant/crm"
)

// returnDays is how long after its delivery an order can be returned.
const returnDays = 30

// ListOrders implements crm.Connector.
func (c *CRM) ListOrders(ctx context.Context, customer string) ([]crm.Order, error) {
	rows, err := c.db.QueryContext(ctx, orderColumns+` WHERE customer_id = ? ORDER BY rowid DESC LIMIT 50`, customer)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	var out []crm.Order
	for rows.Next() {
		o, err := scanOrder(rows)
		if err != nil {
			return nil, known(err)
		}
		out = append(out, o)
	}
	if rows.Err() != nil {
		return nil, unavailable(rows.Err())
	}
	return out, nil
}

const orderColumns = `SELECT number, customer_id, status, place, expected, delivered, carrier, items, total_cents, currency FROM crm_orders`

type scanner interface{ Scan(to ...any) error }

func scanOrder(row scanner) (crm.Order, error) {
	var o crm.Order
	var expected, delivered, items string
	err := row.Scan(&o.Number, &o.CustomerID, &o.Status, &o.Place, &expected, &delivered, &o.Carrier, &items, &o.TotalCents, &o.Currency)
	if err != nil {
		return o, err
	}
	// A day that does not parse is an unknown one, the zero time.
	o.Expected, _ = time.Parse(time.DateOnly, expected)
	o.Delivered, _ = time.Parse(time.DateOnly, delivered)
	return o, json.Unmarshal([]byte(items), &o.Items)
}

func order(ctx context.Context, tx *sql.Tx, number string) (crm.Order, error) {
	return scanOrder(tx.QueryRowContext(ctx, orderColumns+` WHERE number = ?`, number))
}

// ChangeOrder implements crm.Connector.
func (c *CRM) ChangeOrder(ctx context.Context, key string, change crm.OrderChange) (crm.Order, error) {
	return write(ctx, c, key, "change_order", change, func(tx *sql.Tx) (crm.Order, error) {
		o, err := order(ctx, tx, change.Number)
		if err != nil {
			return o, err
		}
		if o.Status != crm.Processing {
			return o, fmt.Errorf("%w: the order is %s", crm.ErrNotAllowed, o.Status)
		}
		if err := apply(&o, change); err != nil {
			return o, err
		}
		items, err := json.Marshal(o.Items)
		if err != nil {
			return o, err
		}
		_, err = tx.ExecContext(ctx, `UPDATE crm_orders SET status = ?, expected = ?, items = ?, total_cents = ? WHERE number = ?`,
			o.Status, o.Expected.Format(time.DateOnly), string(items), o.TotalCents, o.Number)
		if err == nil && change.Street+change.City+change.Postcode != "" {
			_, err = tx.ExecContext(ctx, `UPDATE crm_customers SET street = coalesce(nullif(?,''), street), city = coalesce(nullif(?,''), city),
				postcode = coalesce(nullif(?,''), postcode) WHERE id = ?`, change.Street, change.City, change.Postcode, o.CustomerID)
		}
		return o, err
	})
}

// apply changes an order. What a piece costs is its share of the total.
func apply(o *crm.Order, change crm.OrderChange) error {
	if change.Cancel {
		o.Status = crm.Cancelled
	}
	if !change.Deliver.IsZero() {
		o.Expected = change.Deliver
	}
	if change.Quantity == 0 {
		return nil
	}
	pieces, at := 0, -1
	for i, item := range o.Items {
		pieces += item.Quantity
		if item.Name == change.Item || change.Item == "" && len(o.Items) == 1 {
			at = i
		}
	}
	if at < 0 || change.Quantity < 0 || change.Quantity > 100 || pieces == 0 {
		return fmt.Errorf("%w: no such item or quantity", crm.ErrNotAllowed)
	}
	each := o.TotalCents / int64(pieces)
	o.TotalCents += each * int64(change.Quantity-o.Items[at].Quantity)
	o.Items[at].Quantity = change.Quantity
	return nil
}

// StartReturn implements crm.Connector.
func (c *CRM) StartReturn(ctx context.Context, key string, r crm.Return) (crm.Return, error) {
	return write(ctx, c, key, "start_return", r, func(tx *sql.Tx) (crm.Return, error) {
		o, err := order(ctx, tx, r.Order)
		if err != nil {
			return r, err
		}
		r.Until = o.Delivered.AddDate(0, 0, returnDays)
		if o.Status != crm.Delivered || c.today().After(r.Until) {
			return r, fmt.Errorf("%w: the order is %s, to be returned until %s", crm.ErrNotAllowed, o.Status, r.Until.Format(time.DateOnly))
		}
		row, err := tx.ExecContext(ctx, `INSERT INTO crm_returns (order_number, item, reason, until) VALUES (?,?,?,?)`, r.Order, r.Item, r.Reason, r.Until.Format(time.DateOnly))
		if err != nil {
			return r, err
		}
		if r.Number, err = numbered(row, 40000); err != nil {
			return r, err
		}
		_, err = tx.ExecContext(ctx, `UPDATE crm_orders SET status = 'returned' WHERE number = ?`, r.Order)
		return r, err
	})
}

// Refund implements crm.Connector.
func (c *CRM) Refund(ctx context.Context, key string, r crm.Refund) (crm.Refund, error) {
	return write(ctx, c, key, "refund", r, func(tx *sql.Tx) (crm.Refund, error) {
		o, err := order(ctx, tx, r.Order)
		if err != nil {
			return r, err
		}
		var paid int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(sum(cents), 0) FROM crm_refunds WHERE order_number = ?`, r.Order).Scan(&paid); err != nil {
			return r, err
		}
		if r.AmountCents == 0 {
			r.AmountCents = o.TotalCents - paid
		}
		r.Currency = o.Currency
		if o.Status != crm.Returned && o.Status != crm.Cancelled || r.AmountCents <= 0 || paid+r.AmountCents > o.TotalCents {
			return r, fmt.Errorf("%w: the order is %s, %d of %d are paid back", crm.ErrNotAllowed, o.Status, paid, o.TotalCents)
		}
		row, err := tx.ExecContext(ctx, `INSERT INTO crm_refunds (order_number, cents, currency) VALUES (?,?,?)`, r.Order, r.AmountCents, r.Currency)
		if err != nil {
			return r, err
		}
		r.Number, err = numbered(row, 50000)
		return r, err
	})
}

// numbered is a new row's number, above first so that it has five digits.
func numbered(row sql.Result, first int64) (string, error) {
	id, err := row.LastInsertId()
	return fmt.Sprint(first + id), err
}

// today is the day, midnight UTC, as days of orders are kept.
func (c *CRM) today() time.Time {
	y, m, d := c.now().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
