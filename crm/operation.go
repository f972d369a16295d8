package crm

import "context"

// Operation is something that a flow can have done, by name.
type Operation struct {
	Name     string   `json:"name"`
	Does     string   `json:"does"`               // one sentence
	Args     []string `json:"args"`               // names; those that end in "?" may be left out
	Results  []string `json:"results"`            // names of what comes back
	Outcomes []string `json:"outcomes,omitempty"` // besides ok, refused, unavailable and unknown_outcome
	Risk     Risk     `json:"risk"`
	Writes   bool     `json:"writes"` // it changes something, and is sent with an idempotency key
}

// Risk is how much harm an operation can do to someone if the caller is not
// who they say. The guard decides by it.
type Risk string

// The classes of risk, the least first.
const (
	// Open reveals nothing about anybody: free appointments, a new ticket.
	Open Risk = "open"
	// Tracking reveals what a parcel's tracking page does to who knows a number.
	Tracking Risk = "tracking"
	// Personal reveals a customer's own data.
	Personal Risk = "personal"
	// Change changes a customer's data in a way that can be undone.
	Change Risk = "change"
	// Irreversible cannot be undone: money, cancellations.
	Irreversible Risk = "irreversible"
)

// System is a table of operations.
type System interface {
	// Operations are those that can be called; the same ones each time.
	Operations() []Operation
	// Call does one. args has the operation's arguments; for operations above
	// Tracking it has "customer", the ID that the guard has bound, which never
	// comes from a flow or a model. Results are words: numbers as digits, days
	// 2006-01-02, moments 2006-01-02T15:04 in the company's time zone, money
	// "12.50 EUR", lists joined by ", " or numbered names (slot1, slot2, ...).
	// Errors are the package's.
	Call(ctx context.Context, key, operation string, args map[string]string) (map[string]string, error)
	// Done tells whether a write of an operation has been carried out, as in
	// Connector.
	Done(ctx context.Context, key, operation string) error
}

// Standard are the operations of a Connector.
func Standard() []Operation {
	return []Operation{
		{"find_customer", "finds the customer by what the caller knows; for the guard only", []string{"customer?", "phone?", "email?", "order?", "postcode?", "pin?"}, []string{"customer", "name", "first_name", "phone", "email", "street", "city", "postcode", "language"}, []string{"not_found"}, Open, false},
		{"get_order", "tells where an order is", []string{"number"}, []string{"number", "status", "place", "expected", "delivered", "carrier"}, []string{"not_found"}, Tracking, false},
		{"get_delivery", "tells what an order holds and where it goes", []string{"number"}, []string{"number", "status", "items", "total", "name", "street", "city", "postcode"}, []string{"not_found"}, Personal, false},
		{"list_orders", "tells a customer's orders", nil, []string{"count", "numbers", "number", "status", "items"}, []string{"not_found"}, Personal, false},
		{"change_order", "changes an order that is being prepared", []string{"number", "item?", "quantity?", "day?", "street?", "city?", "postcode?"}, []string{"number", "items", "total", "expected"}, []string{"not_found", "not_allowed"}, Change, true},
		{"cancel_order", "cancels an order that is being prepared", []string{"number"}, []string{"number", "total"}, []string{"not_found", "not_allowed"}, Irreversible, true},
		{"start_return", "registers a return", []string{"number", "item?", "reason?"}, []string{"return", "order", "item", "until"}, []string{"not_found", "not_allowed"}, Change, true},
		{"refund", "pays an order back, whole or in part", []string{"number", "amount?"}, []string{"refund", "order", "amount"}, []string{"not_found", "not_allowed"}, Irreversible, true},
		{"update_customer", "changes a customer's data", []string{"street?", "city?", "postcode?", "phone?", "email?"}, []string{"name", "phone", "email", "street", "city", "postcode"}, []string{"not_found"}, Change, true},
		{"reset_password", "sends a link to choose a new password", nil, []string{"sent"}, []string{"not_found"}, Change, true},
		{"list_slots", "finds up to three free appointments", []string{"service?", "specialist?", "day?", "time?", "after?"}, []string{"count", "slot1", "start1", "specialist1", "slot2", "start2", "specialist2", "slot3", "start3", "specialist3"}, []string{"not_found"}, Open, false},
		{"book", "takes a free appointment", []string{"slot", "name?", "phone?", "note?"}, []string{"appointment", "start", "specialist", "service"}, []string{"not_found", "conflict"}, Open, true},
		{"list_appointments", "finds a customer's next appointment", []string{"appointment?"}, []string{"count", "appointment", "start", "specialist", "service"}, []string{"not_found"}, Personal, false},
		{"reschedule", "moves an appointment to another slot", []string{"appointment", "slot"}, []string{"appointment", "start", "specialist", "service"}, []string{"not_found", "conflict"}, Change, true},
		{"cancel_appointment", "cancels an appointment", []string{"appointment"}, []string{"appointment", "start", "specialist"}, []string{"not_found"}, Irreversible, true},
		{"create_ticket", "files a ticket for a human", []string{"kind", "subject", "phone?", "body?"}, []string{"number"}, nil, Open, true},
		{"upsert_lead", "notes a possible customer; arguments that are not listed become answers", []string{"name?", "phone?", "email?", "company?", "interest"}, []string{"number"}, nil, Open, true},
		{"notify", "sends a text message or an email", []string{"channel", "to", "text", "subject?"}, []string{"to"}, nil, Open, true},
		{"log_call", "notes a finished call; for the program only", []string{"call", "phone", "outcome", "summary", "started", "seconds", "customer?"}, nil, nil, Open, true},
		{"history", "tells the last contacts with a customer; for the program only", nil, []string{"count", "last", "summary", "outcome"}, []string{"not_found"}, Personal, false},
	}
}
