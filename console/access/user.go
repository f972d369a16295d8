package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// User may use the console.
type User struct {
	Name       string    `json:"name"`
	Display    string    `json:"display,omitempty"`
	Roles      []Role    `json:"roles"`
	Disabled   bool      `json:"disabled,omitempty"`
	Created    time.Time `json:"created"`
	Generation int       `json:"-"` // rises with each change that ends sessions
}

// Principal is the user as the source of requests.
func (u *User) Principal() Principal {
	return Principal{Name: u.Name, Roles: u.Roles, Permissions: grants(u.Roles)}
}

var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// checked returns why a user cannot be as asked.
func checked(u User) error {
	switch {
	case !userName.MatchString(u.Name):
		return fmt.Errorf("%w: a name has 1 to 64 of a-z, 0-9, '.', '_', '@', '-'", ErrInvalid)
	case len(u.Display) > 200:
		return fmt.Errorf("%w: a display name has at most 200 bytes", ErrInvalid)
	case len(u.Roles) == 0:
		return fmt.Errorf("%w: a user has at least one role", ErrInvalid)
	}
	for _, r := range u.Roles {
		if _, ok := Roles()[r]; !ok {
			return fmt.Errorf("%w: %q is no role", ErrInvalid, r)
		}
	}
	return nil
}

func checkedPassword(password string) error {
	if len(password) < MinPassword || len(password) > MaxPassword {
		return fmt.Errorf("%w: a password has %d to %d bytes", ErrInvalid, MinPassword, MaxPassword)
	}
	return nil
}

// FirstAdmin makes the user "admin" where there is no user at all, and returns
// the password: the given one, or a random one where it is empty. Where there are
// users, a given password becomes admin's; what is returned then is empty.
func (s *Store) FirstAdmin(ctx context.Context, given string) (string, error) {
	users, err := s.Users(ctx)
	if err != nil {
		return "", err
	}
	if len(users) > 0 {
		return "", s.resetAdmin(ctx, given)
	}
	password := given
	if password == "" {
		password = Secret(12)
	}
	u := User{Name: "admin", Roles: []Role{Admin}, Created: s.now()}
	return password, s.insert(ctx, u, s.hash(password))
}

func (s *Store) resetAdmin(ctx context.Context, password string) error {
	if password == "" {
		return nil
	}
	if _, err := s.Login(ctx, "admin", password); !errors.Is(err, ErrWrong) {
		return err
	}
	_, err := s.db.ExecContext(ctx, `UPDATE users SET hash = ?, generation = generation + 1 WHERE name = 'admin'`, s.hash(password))
	return err
}

// AddUser adds a user with a password; ErrExists, ErrInvalid. An empty password
// is for users that another system lets in.
func (s *Store) AddUser(ctx context.Context, u User, password string) (User, error) {
	hash := ""
	if password != "" {
		if err := checkedPassword(password); err != nil {
			return u, err
		}
		hash = s.hash(password)
	}
	if err := checked(u); err != nil {
		return u, err
	}
	u.Created, u.Generation = s.now(), 0
	return u, s.insert(ctx, u, hash)
}

func (s *Store) insert(ctx context.Context, u User, hash string) error {
	result, err := s.db.ExecContext(ctx, `INSERT INTO users VALUES (?,?,?,?,?,0,?) ON CONFLICT DO NOTHING`,
		u.Name, u.Display, hash, joined(u.Roles), u.Disabled, u.Created.UTC().Format(stamp))
	if err != nil {
		return fmt.Errorf("add user: %w", err)
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return ErrExists
	}
	return nil
}

// Change gives a user another display name, roles, state and, where it is not
// empty, password; it ends the user's sessions. ErrNotFound, ErrInvalid,
// ErrLastAdmin.
func (s *Store) Change(ctx context.Context, u User, password string) error {
	if err := checked(u); err != nil {
		return err
	}
	hash := sql.NullString{}
	if password != "" {
		if err := checkedPassword(password); err != nil {
			return err
		}
		hash = sql.NullString{String: s.hash(password), Valid: true}
	}
	return s.keepingAdmin(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE users SET display = ?, roles = ?, disabled = ?, hash = coalesce(?, hash), generation = generation + 1 WHERE name = ?`,
			u.Display, joined(u.Roles), u.Disabled, hash, u.Name)
		return one(r, err)
	})
}

// SetPassword changes a user's own password; it ends the user's sessions.
func (s *Store) SetPassword(ctx context.Context, name, password string) error {
	if err := checkedPassword(password); err != nil {
		return err
	}
	r, err := s.db.ExecContext(ctx, `UPDATE users SET hash = ?, generation = generation + 1 WHERE name = ?`, s.hash(password), name)
	return one(r, err)
}

// RemoveUser removes a user; ErrNotFound, ErrLastAdmin.
func (s *Store) RemoveUser(ctx context.Context, name string) error {
	return s.keepingAdmin(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM users WHERE name = ?`, name)
		return one(r, err)
	})
}

// keepingAdmin runs change and takes it back where no administrator is left.
func (s *Store) keepingAdmin(ctx context.Context, change func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("change users: %w", err)
	}
	if err := change(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	var left int
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE disabled = 0 AND ' ' || roles || ' ' LIKE '% admin %'`).Scan(&left)
	if err == nil && left == 0 {
		err = ErrLastAdmin
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Users returns all users, by name.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT name, display, roles, disabled, generation, created FROM users ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	defer rows.Close()
	out := []User{}
	for rows.Next() {
		u, err := scanUser(rows)
		if err != nil {
			return nil, fmt.Errorf("read users: %w", err)
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

// User returns a user; ErrNotFound.
func (s *Store) User(ctx context.Context, name string) (User, error) {
	u, err := scanUser(s.db.QueryRowContext(ctx, `SELECT name, display, roles, disabled, generation, created FROM users WHERE name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return u, ErrNotFound
	}
	return u, err
}

// Login returns the user whose name and password these are; ErrWrong. It takes
// the same time whether there is such a user or not.
func (s *Store) Login(ctx context.Context, name, password string) (User, error) {
	var hash string
	err := s.db.QueryRowContext(ctx, `SELECT hash FROM users WHERE name = ? AND disabled = 0`, name).Scan(&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, fmt.Errorf("log in: %w", err)
	}
	if hash == "" {
		s.derive(password[:min(len(password), MaxPassword)], make([]byte, saltLen), passes, memoryKiB, threads)
		return User{}, ErrWrong
	}
	if !s.matches(hash, password) {
		return User{}, ErrWrong
	}
	return s.User(ctx, name)
}

type scanner interface{ Scan(...any) error }

func scanUser(row scanner) (User, error) {
	var u User
	var roles, created string
	if err := row.Scan(&u.Name, &u.Display, &roles, &u.Disabled, &u.Generation, &created); err != nil {
		return u, err
	}
	for _, r := range strings.Fields(roles) {
		u.Roles = append(u.Roles, Role(r))
	}
	var err error
	u.Created, err = time.Parse(stamp, created)
	return u, err
}

func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

func one(r sql.Result, err error) error {
	if err != nil {
		return fmt.Errorf("change users: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrNotFound, err)
	}
	return nil
}
