// Package access knows who may use the console and its API, and keeps what they
// did.
//
// The central type is Store, on tables of its own in the program's database. A
// Principal is whoever a request comes from: a user with a session or a password,
// or the holder of an API key. Roles are sets of permissions; each route of the
// API asks for one permission, and a key holds a list of them.
//
// Guarantees: passwords are kept as argon2id, keys and session tokens only as
// their SHA-256; a user who is disabled or gets another password or other roles
// loses every session at once; the last administrator can be neither removed nor
// disabled; an audit entry is never changed. Any goroutine may use a Store; each
// method blocks for the database.
package access

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// What a Store answers.
var (
	ErrNotFound  = errors.New("no such user or key")
	ErrExists    = errors.New("there is one of this name already")
	ErrWrong     = errors.New("wrong name or password")
	ErrLastAdmin = errors.New("the last administrator stays")
	ErrInvalid   = errors.New("not allowed here")
)

// stamp sorts as text.
const stamp = "2006-01-02T15:04:05.000Z"

// Store keeps users, keys, sessions and the audit.
type Store struct {
	db   *sql.DB
	slow chan struct{} // bounds the memory of argon2id
	now  func() time.Time
}

// hashing bounds the passwords that are hashed at once, 19 MiB each; a request
// beyond them waits.
const hashing = 2

// Open brings the tables in db up to date. The caller keeps and closes db.
func Open(ctx context.Context, db *sql.DB) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	versions, err := database.NewStore(database.DialectSQLite3, "access_migrations")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider("", db, files, goose.WithStore(versions))
	if err != nil {
		return nil, err
	}
	if _, err := p.Up(ctx); err != nil {
		return nil, fmt.Errorf("bring the tables of users up to date: %w", err)
	}
	return &Store{db: db, slow: make(chan struct{}, hashing), now: time.Now}, nil
}

// DB is the database, for the store of sessions.
func (s *Store) DB() *sql.DB { return s.db }

// Sweep forgets sessions that have expired.
func (s *Store) Sweep(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM sessions WHERE expiry < julianday('now')`)
	if err != nil {
		return fmt.Errorf("forget old sessions: %w", err)
	}
	return nil
}

// Permission is what a route asks for.
type Permission string

// The permissions.
const (
	ReadCalls      Permission = "calls.read"
	HearCalls      Permission = "calls.hear" // recordings
	Supervise      Permission = "calls.supervise"
	EraseCalls     Permission = "calls.erase"
	ReadAnalytics  Permission = "analytics.read"
	ReadContent    Permission = "content.read"
	WriteContent   Permission = "content.write"
	ReadTelephony  Permission = "telephony.read"
	WriteTelephony Permission = "telephony.write"
	WorkDesk       Permission = "desk.work"
	PlaceCalls     Permission = "calls.place" // from a browser
	ReadHealth     Permission = "health.read"
	ManageUsers    Permission = "users.manage"
	ManageKeys     Permission = "keys.manage"
	ReadAudit      Permission = "audit.read"
)

// Role is a named set of permissions.
type Role string

// The roles.
const (
	Admin      Role = "admin"
	Supervisor Role = "supervisor"
	Agent      Role = "agent"
	Designer   Role = "designer"
	Analyst    Role = "analyst"
)

// Roles are all roles, with what each may do.
func Roles() map[Role][]Permission {
	return map[Role][]Permission{
		Admin:      Permissions(),
		Supervisor: {ReadCalls, HearCalls, Supervise, ReadAnalytics, ReadContent, WorkDesk, PlaceCalls, ReadHealth},
		Agent:      {WorkDesk, PlaceCalls, ReadContent},
		Designer:   {ReadContent, WriteContent, ReadCalls, ReadAnalytics, PlaceCalls},
		Analyst:    {ReadCalls, HearCalls, ReadAnalytics, ReadContent},
	}
}

// Permissions are all permissions.
func Permissions() []Permission {
	return []Permission{
		ReadCalls, HearCalls, Supervise, EraseCalls, ReadAnalytics, ReadContent, WriteContent,
		ReadTelephony, WriteTelephony, WorkDesk, PlaceCalls, ReadHealth, ManageUsers, ManageKeys, ReadAudit,
	}
}

// Principal is whoever a request comes from.
type Principal struct {
	Name        string       // a user's name, or "key:" and the key's ID
	Roles       []Role       // of a user
	Permissions []Permission // sorted
}

// May reports whether p holds a permission. The empty Principal holds none.
func (p Principal) May(need Permission) bool { return slices.Contains(p.Permissions, need) }

// grants are the permissions of roles, sorted.
func grants(roles []Role) []Permission {
	all := Roles()
	var out []Permission
	for _, r := range roles {
		out = append(out, all[r]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
