// Package crm is the contract between the attendant and a company's systems of
// record: customers, orders, tickets.
//
// The central type is Connector. One folder below this one is one connector;
// crm/local is the embedded one. Every method blocks until the system has
// answered or ctx ends; any goroutine may call it. Every write carries an
// idempotency key: a connector that sees the same key again does nothing and
// returns what it returned the first time.
package crm

import (
	"context"
	"errors"
	"time"
)

// Connector is a company's system of record.
type Connector interface {
	// FindCustomer finds the customer that q describes: ErrNotFound, ErrAmbiguous.
	FindCustomer(ctx context.Context, q CustomerQuery) (Customer, error)
	// GetOrder returns the order with the given number: ErrNotFound.
	GetOrder(ctx context.Context, number string) (Order, error)
	// CreateTicket files a ticket, such as a callback, and returns it with its number.
	CreateTicket(ctx context.Context, key string, t Ticket) (Ticket, error)
	// LogCall notes a finished call with the customer it belongs to, if known.
	LogCall(ctx context.Context, key string, c CallNote) error
}

// CustomerQuery describes a customer by one or more of its fields; all that are
// set must match.
type CustomerQuery struct {
	ID       string
	Phone    string // E.164, or as typed
	Order    string // the number of one of the customer's orders
	Postcode string
}

// Customer is a person or company that has bought something.
type Customer struct {
	ID       string
	Name     string
	Phone    string // E.164
	Email    string
	Street   string
	City     string
	Postcode string
}

// Order is a purchase. Place and Expected are what a caller is told who asks
// where it is.
type Order struct {
	Number     string
	CustomerID string
	Status     OrderStatus
	Place      string    // where the parcel is now, in words: "the Leipzig depot"
	Expected   time.Time // the day of delivery, midnight UTC; zero is unknown
	Delivered  time.Time // zero is not yet
	Carrier    string
	Items      []Item
	TotalCents int64
	Currency   string // ISO 4217
}

// OrderStatus is where an order stands.
type OrderStatus string

// The states of an order.
const (
	Processing OrderStatus = "processing"
	Shipped    OrderStatus = "shipped"
	Delayed    OrderStatus = "delayed"
	Delivered  OrderStatus = "delivered"
	Cancelled  OrderStatus = "cancelled"
)

// Item is one line of an order.
type Item struct {
	Name     string
	Quantity int
}

// Ticket is a task for a human, filed by the attendant.
type Ticket struct {
	Number     string // given by the system
	Kind       string // "callback", "complaint", ...
	Subject    string
	Body       string
	CustomerID string
	Phone      string // whom to call back
	CallID     string // the call that it came from
	Created    time.Time
}

// CallNote is what a system of record keeps of a call.
type CallNote struct {
	CallID     string
	CustomerID string
	Phone      string
	Started    time.Time
	Duration   time.Duration
	Outcome    string
	Summary    string
}

// What a connector answers when it cannot do as asked.
var (
	// ErrNotFound is a customer or an order that does not exist.
	ErrNotFound = errors.New("not found")
	// ErrAmbiguous is a query that fits more than one.
	ErrAmbiguous = errors.New("more than one fits")
	// ErrConflict is an idempotency key that came before with other arguments.
	ErrConflict = errors.New("conflict")
	// ErrUnavailable is a system that cannot be reached now.
	ErrUnavailable = errors.New("system of record unavailable")
)
