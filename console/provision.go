package console

import (
	"context"
	"errors"
	"time"

	"attendant/dialog"
)

// What a Shelf and an Outgoing answer, besides what is wrong in words.
var (
	ErrNoEntry = errors.New("there is no such entry")
	ErrTaken   = errors.New("there is an entry of this name already")
	ErrStale   = errors.New("somebody has changed it since it was read")
	ErrFaults  = errors.New("not as it can be used")
)

// Office is what administrators and designers edit. Every part is optional:
// without Content flows and articles stay as they are.
type Office struct {
	Numbers   Shelf[NumberRule]
	TrunkBook Shelf[TrunkSettings] // the trunks as they are set
	Presets   []TrunkSettings
	Attempts  func(trunk string) []TrunkCall // the last calls over it that came to nothing
	Outgoing  Outgoing
	Content   Content

	Unanswered interface {
		Unanswered(ctx context.Context, limit int) ([]dialog.Record, error)
	}
}

// Shelf is one kind of what administrators set: versions by name. Any goroutine
// may use it; its methods block for the store. ErrNoEntry, ErrTaken, ErrStale, and
// ErrFaults with one fault a line.
type Shelf[T any] interface {
	// All are the entries as they are now, by name, without their secrets.
	All(ctx context.Context) ([]Entry[T], error)
	// Entry is the one of a name, typed in any way.
	Entry(ctx context.Context, name string) (Entry[T], error)
	// Add and Set keep a thing in the author's name; Set where it is still of the
	// version was, 0 being any, with the secrets it had where thing has none.
	Add(ctx context.Context, author string, thing T) (Entry[T], error)
	Set(ctx context.Context, author, name string, thing T, was int) (Entry[T], error)
	Remove(ctx context.Context, author, name string, was int) error
	// Past are all versions of a name, the newest first.
	Past(ctx context.Context, name string) ([]Past[T], error)
	// Import reads CSV, tells what each row does and, unless it only tries or a row
	// has a fault, does it all.
	Import(ctx context.Context, author string, csv []byte, o Importing) ([]ImportRow, error)
	// Export is all of it as Import reads it, without secrets.
	Export(ctx context.Context) ([]byte, error)
}

// Entry is a thing with its version.
type Entry[T any] struct {
	Name    string    `json:"name"`
	Version int       `json:"version" doc:"the ETag"`
	Author  string    `json:"author"`
	At      time.Time `json:"at"`
	Secret  bool      `json:"secret" doc:"a secret is kept with it, which never comes back"`
	Value   T         `json:"value"`
}

// Past is a version of a thing.
type Past[T any] struct {
	Version int       `json:"version"`
	Author  string    `json:"author"`
	At      time.Time `json:"at"`
	Removed bool      `json:"removed,omitempty"`
	Value   *T        `json:"value,omitempty"`
}

// Importing says how a file is read.
type Importing struct {
	Try   bool // change nothing
	Prune bool // remove what the file does not have
}

// ImportRow is what one row of a file does.
type ImportRow struct {
	Line   int    `json:"line,omitempty"`
	Name   string `json:"name"`
	Action string `json:"action" enum:"add,change,keep,remove,fault"`
	Fault  string `json:"fault,omitempty"`
}

// NumberRule is what a call to a number does.
type NumberRule struct {
	Number   string     `json:"number" maxLength:"64" doc:"E.164 as a person writes it, a short number or extension, or *"`
	Name     string     `json:"name,omitempty" maxLength:"100"`
	Flow     string     `json:"flow,omitempty" maxLength:"100" doc:"which flow a call begins with; the greeting where empty"`
	Language string     `json:"language,omitempty" maxLength:"35"`
	Queue    string     `json:"queue,omitempty" maxLength:"100"`
	Human    string     `json:"human,omitempty" maxLength:"200"`
	Hours    OpenHours  `json:"hours,omitzero"`
	Fallback OutOfHours `json:"fallback,omitzero"`
}

// OpenHours are when a number is answered; always where empty.
type OpenHours struct {
	Zone     string   `json:"zone,omitempty" maxLength:"64"`
	Weekly   string   `json:"weekly,omitempty" maxLength:"1000" doc:"mon-fri 09:00-17:00; sat 10:00-14:00"`
	Holidays []string `json:"holidays,omitempty" maxItems:"400"`
}

// OutOfHours is what callers get outside of the hours.
type OutOfHours struct {
	Message string `json:"message,omitempty" maxLength:"500"`
	Flow    string `json:"flow,omitempty" maxLength:"100"`
	Human   string `json:"human,omitempty" maxLength:"200"`
}

// TrunkSettings is a carrier or PBX as an administrator sets it.
type TrunkSettings struct {
	Name     string `json:"name" maxLength:"64"`
	About    string `json:"about,omitempty" maxLength:"500"`
	Preset   string `json:"preset,omitempty" maxLength:"64" doc:"fills in what is left open"`
	Disabled bool   `json:"disabled,omitempty"`
	Priority int    `json:"priority,omitempty" doc:"outgoing calls take the lowest first"`

	Host      string   `json:"host,omitempty" maxLength:"260"`
	Transport string   `json:"transport,omitempty" maxLength:"8" doc:"udp, tcp or tls"`
	Proxy     string   `json:"proxy,omitempty" maxLength:"260"`
	Allow     []string `json:"allow,omitempty" maxItems:"200" doc:"addresses and networks that its calls come from"`
	Trusted   bool     `json:"trusted,omitempty" doc:"believe its P-Asserted-Identity"`

	Certificate string `json:"certificate,omitempty" maxLength:"260" doc:"a name of the certificate that its calls must come with"`

	Register        bool     `json:"register,omitempty"`
	Registrars      []string `json:"registrars,omitempty" maxItems:"20"`
	User            string   `json:"user,omitempty" maxLength:"200"`
	AuthUser        string   `json:"auth_user,omitempty" maxLength:"200"`
	Password        string   `json:"password,omitempty" maxLength:"200" doc:"env:NAME takes it from the environment; never told; the kept one stays where empty"`
	Domain          string   `json:"domain,omitempty" maxLength:"260"`
	RegisterSeconds int      `json:"register_seconds,omitempty"`

	From     string `json:"from,omitempty" maxLength:"16"`
	Identity string `json:"identity,omitempty" maxLength:"16"`
	CallerID string `json:"caller_id,omitempty" maxLength:"64"`

	Region string   `json:"region,omitempty" maxLength:"2"`
	Send   string   `json:"send,omitempty" maxLength:"16"`
	Dial   []string `json:"dial,omitempty" maxItems:"100"`

	Codecs []string `json:"codecs,omitempty" maxItems:"20" doc:"in the order of preference"`
	DTMF   string   `json:"dtmf,omitempty" maxLength:"16"`
	SRTP   string   `json:"srtp,omitempty" maxLength:"16" doc:"off, preferred or required"`

	MaxCalls       int     `json:"max_calls,omitempty"`
	CallsPerSecond float64 `json:"calls_per_second,omitempty"`
	OptionsSeconds int     `json:"options_seconds,omitempty"`

	Outbound   []string `json:"outbound,omitempty" maxItems:"500" doc:"prefixes (+4930) and regions (DE) that may be called; none where empty"`
	Deny       []string `json:"deny,omitempty" maxItems:"500"`
	MaxPerHour int      `json:"max_per_hour,omitempty"`
	MaxPerDay  int      `json:"max_per_day,omitempty"`
}

// Outgoing places calls from the console. Any goroutine may use it.
type Outgoing interface {
	// Place begins a call and returns at once. ErrFull, ErrFaults.
	Place(ctx context.Context, by string, o OutgoingOrder) (OutgoingCall, error)
	// Placed are the last calls placed, the newest first.
	Placed() []OutgoingCall
}

// OutgoingOrder says whom to call.
type OutgoingOrder struct {
	To string `json:"to" minLength:"1" maxLength:"64" doc:"the number to call, as a person writes it"`
	As string `json:"as,omitempty" maxLength:"64" doc:"the number of ours whose rule the attendant follows with whoever answers"`
}

// OutgoingCall is a call that the console has placed.
type OutgoingCall struct {
	ID    string    `json:"id"`
	To    string    `json:"to"`
	As    string    `json:"as,omitempty"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	State string    `json:"state" enum:"dialling,talking,ended,failed"`
	Why   string    `json:"why,omitempty" doc:"how it ended, in words"`
	Call  string    `json:"call,omitempty" doc:"its record"`
	Trunk string    `json:"trunk,omitempty"`
}
