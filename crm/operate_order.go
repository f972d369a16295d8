package crm

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

func (o *operator) listOrders(ctx context.Context, _ string, args map[string]string) (map[string]string, error) {
	orders, err := o.ListOrders(ctx, args["customer"])
	if err != nil {
		return nil, err
	}
	if len(orders) == 0 {
		return nil, ErrNotFound
	}
	var numbers []string
	for _, order := range orders {
		numbers = append(numbers, order.Number)
	}
	return map[string]string{
		"count": strconv.Itoa(len(orders)), "numbers": strings.Join(numbers, ", "), "number": orders[0].Number,
		"status": string(orders[0].Status), "items": items(orders[0].Items),
	}, nil
}

func (o *operator) changeOrder(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	if _, err := o.own(ctx, args); err != nil {
		return nil, err
	}
	change := OrderChange{Number: args["number"], Item: args["item"], Street: args["street"], City: args["city"], Postcode: args["postcode"]}
	if q := args["quantity"]; q != "" {
		n, err := strconv.Atoi(q)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%w: quantity %q", ErrNotAllowed, q)
		}
		change.Quantity = n
	}
	if d := args["day"]; d != "" {
		day, err := time.Parse(time.DateOnly, d)
		if err != nil {
			return nil, fmt.Errorf("%w: day %q", ErrNotAllowed, d)
		}
		change.Deliver = day
	}
	return o.changed(ctx, key, change)
}

func (o *operator) cancelOrder(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	if _, err := o.own(ctx, args); err != nil {
		return nil, err
	}
	return o.changed(ctx, key, OrderChange{Number: args["number"], Cancel: true})
}

func (o *operator) changed(ctx context.Context, key string, change OrderChange) (map[string]string, error) {
	order, err := o.ChangeOrder(ctx, key, change)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"number": order.Number, "items": items(order.Items), "total": money(order.TotalCents, order.Currency), "expected": day(order.Expected),
	}, nil
}

func (o *operator) startReturn(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	order, err := o.own(ctx, args)
	if err != nil {
		return nil, err
	}
	r, err := o.StartReturn(ctx, key, Return{Order: order.Number, Item: args["item"], Reason: args["reason"]})
	if err != nil {
		return nil, err
	}
	return map[string]string{"return": r.Number, "order": r.Order, "item": r.Item, "until": day(r.Until)}, nil
}

func (o *operator) refund(ctx context.Context, key string, args map[string]string) (map[string]string, error) {
	order, err := o.own(ctx, args)
	if err != nil {
		return nil, err
	}
	r := Refund{Order: order.Number}
	if a := args["amount"]; a != "" {
		amount, err := strconv.ParseFloat(strings.Fields(a + " x")[0], 64)
		if err != nil || amount <= 0 || amount > 1e9 {
			return nil, fmt.Errorf("%w: amount %q", ErrNotAllowed, a)
		}
		r.AmountCents = int64(math.Round(amount * 100))
	}
	if r, err = o.Refund(ctx, key, r); err != nil {
		return nil, err
	}
	return map[string]string{"refund": r.Number, "order": r.Order, "amount": money(r.AmountCents, r.Currency)}, nil
}
