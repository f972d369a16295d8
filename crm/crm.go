// Package crm is the contract between the attendant and a company's systems of
// record: customers, orders, returns, appointments, tickets, leads.
//
// There are two ways to be one. A Connector is written in Go, with a type for
// each thing; crm/local is the embedded one. A System is a table of named
// Operations with words for arguments, as flows call them; Operate makes a
// System of a Connector, and crm/openapi, crm/mcp and crm/webhook are Systems
// that an administrator describes in settings.
//
// Every method blocks until the system has answered or ctx ends; any goroutine
// may call it. Every write carries an idempotency key: a system that sees the
// same key again does nothing and returns what it returned the first time, or
// ErrConflict where the arguments differ.
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
	// UpdateCustomer changes the fields of c that are set and returns the whole:
	// ErrNotFound.
	UpdateCustomer(ctx context.Context, key string, c Customer) (Customer, error)
	// ResetPassword sends the customer a link to choose a new password: ErrNotFound.
	ResetPassword(ctx context.Context, key, customer string) error

	// GetOrder returns the order with the given number: ErrNotFound.
	GetOrder(ctx context.Context, number string) (Order, error)
	// ListOrders returns a customer's orders, the newest first.
	ListOrders(ctx context.Context, customer string) ([]Order, error)
	// ChangeOrder changes or cancels an order that is still being prepared:
	// ErrNotFound, ErrNotAllowed once it has left.
	ChangeOrder(ctx context.Context, key string, c OrderChange) (Order, error)
	// StartReturn registers a return: ErrNotFound, ErrNotAllowed for what has not
	// been delivered or was delivered too long ago.
	StartReturn(ctx context.Context, key string, r Return) (Return, error)
	// Refund pays back: ErrNotFound, ErrNotAllowed for more than was paid or what
	// was not returned.
	Refund(ctx context.Context, key string, r Refund) (Refund, error)

	// ListSlots returns free appointments in the order of their times.
	ListSlots(ctx context.Context, q SlotQuery) ([]Slot, error)
	// Book takes a free slot: ErrConflict where it is taken, ErrNotFound.
	Book(ctx context.Context, key string, a Appointment) (Appointment, error)
	// Reschedule moves an appointment to another slot and frees the first one:
	// ErrNotFound, ErrConflict, in which case the appointment stays.
	Reschedule(ctx context.Context, key, appointment, slot string) (Appointment, error)
	// Cancel cancels an appointment and frees its slot: ErrNotFound.
	Cancel(ctx context.Context, key, appointment string) (Appointment, error)
	// ListAppointments returns a customer's or a number's appointments to come.
	ListAppointments(ctx context.Context, q AppointmentQuery) ([]Appointment, error)

	// CreateTicket files a ticket, such as a callback, and returns it with its number.
	CreateTicket(ctx context.Context, key string, t Ticket) (Ticket, error)
	// UpsertLead notes a possible customer, or adds to what is known of one with
	// the same phone or email.
	UpsertLead(ctx context.Context, key string, l Lead) (Lead, error)
	// Notify sends a text message or an email.
	Notify(ctx context.Context, key string, m Message) error
	// LogCall notes a finished call with the customer it belongs to, if known.
	LogCall(ctx context.Context, key string, c CallNote) error
	// History returns the contacts with a customer, the newest first.
	History(ctx context.Context, customer string, limit int) ([]CallNote, error)

	// Done tells whether a write with the key has been carried out: nil if so,
	// ErrNotFound if not, ErrUnavailable if the system cannot tell. It is asked
	// after ErrUnknownOutcome, before anything is sent again.
	Done(ctx context.Context, key string) error
}

// CustomerQuery describes a customer by one or more of its fields; all that are
// set must match.
type CustomerQuery struct {
	ID       string
	Phone    string // E.164, or as typed
	Email    string
	Order    string // the number of one of the customer's orders
	Postcode string
	PIN      string // the customer's telephone PIN
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
	Language string // BCP 47, empty is the company's
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
	Returned   OrderStatus = "returned"
	Cancelled  OrderStatus = "cancelled"
)

// Item is one line of an order.
type Item struct {
	Name     string
	Quantity int
}

// OrderChange is what shall be different about an order; empty fields stay.
type OrderChange struct {
	Number   string
	Cancel   bool
	Item     string    // whose quantity changes; empty is the only item
	Quantity int       // 0 leaves it
	Deliver  time.Time // another day of delivery
	Street   string
	City     string
	Postcode string
}

// Return is goods on their way back.
type Return struct {
	Number string // given by the system
	Order  string
	Item   string // empty is all of it
	Reason string
	Until  time.Time // the last day to send it
}

// Refund is money on its way back.
type Refund struct {
	Number      string // given by the system
	Order       string
	AmountCents int64 // 0 is the order's total
	Currency    string
}

// SlotQuery chooses free appointments.
type SlotQuery struct {
	Service    string    // "installation", "repair", "advice", "demo"; empty is any
	Specialist string    // name or beginning of it; empty is any
	From       time.Time // first moment; zero is now
	To         time.Time // last moment; zero is 30 days on
	Limit      int       // 0 is 3
}

// Slot is a time at which a specialist is free.
type Slot struct {
	ID         string
	Specialist string
	Service    string
	Start      time.Time // in the company's time zone
	Duration   time.Duration
}

// Appointment is a slot that is taken.
type Appointment struct {
	Number     string // given by the system
	SlotID     string
	CustomerID string // empty for a lead
	Name       string
	Phone      string
	Specialist string
	Service    string
	Start      time.Time
	Note       string
	Cancelled  bool
}

// AppointmentQuery chooses appointments by one of its fields.
type AppointmentQuery struct {
	Number     string
	CustomerID string
	Phone      string
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

// Lead is someone who may become a customer.
type Lead struct {
	Number   string // given by the system
	Name     string
	Phone    string
	Email    string
	Company  string
	Interest string            // "solar_panels", "heat_pump", "ev_charger", "demo", ...
	Answers  map[string]string // to the questions that were asked, by slot
	CallID   string
}

// Message is a text message or an email.
type Message struct {
	Channel string // "sms", "email"
	To      string
	Subject string // email only
	Text    string
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

// What a system answers when it cannot do as asked.
var (
	// ErrNotFound is a customer, an order, ... that does not exist.
	ErrNotFound = errors.New("not found")
	// ErrAmbiguous is a query that fits more than one.
	ErrAmbiguous = errors.New("more than one fits")
	// ErrNotAllowed is a request against the system's own rules.
	ErrNotAllowed = errors.New("not allowed")
	// ErrConflict is a slot that is taken, or an idempotency key that came before
	// with other arguments.
	ErrConflict = errors.New("conflict")
	// ErrUnavailable is a system that cannot be reached now: nothing was done.
	ErrUnavailable = errors.New("system of record unavailable")
	// ErrUnknownOutcome is a write of which it is not known whether it was done.
	ErrUnknownOutcome = errors.New("unknown outcome")
)
