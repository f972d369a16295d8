package access

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

func open(t *testing.T) *Store {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "a.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFirstStartMakesAnAdministrator(t *testing.T) {
	s := open(t)
	password, err := s.FirstAdmin(t.Context(), "")
	if err != nil || len(password) < MinPassword {
		t.Fatalf("FirstAdmin = %q, %v; want a password", password, err)
	}
	u, err := s.Login(t.Context(), "admin", password)
	if err != nil || !u.Principal().May(ManageUsers) {
		t.Fatalf("Login = %+v, %v; want an administrator", u, err)
	}
	if again, err := s.FirstAdmin(t.Context(), ""); again != "" || err != nil {
		t.Errorf("second FirstAdmin = %q, %v; want nothing", again, err)
	}
	if _, err := s.FirstAdmin(t.Context(), "given by settings"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Login(t.Context(), "admin", password); !errors.Is(err, ErrWrong) {
		t.Errorf("the old password: %v, want ErrWrong", err)
	}
	if v, err := s.Login(t.Context(), "admin", "given by settings"); err != nil || v.Generation == u.Generation {
		t.Errorf("the given password: %+v, %v; want a new generation", v, err)
	}
}

func TestWhoCannotBeAUser(t *testing.T) {
	s := open(t)
	cases := []struct {
		name, password string
		roles          []Role
		want           error
	}{
		{"ana", "long enough", []Role{Agent}, nil},
		{"ana", "long enough", []Role{Agent}, ErrExists},
		{"Ana", "long enough", []Role{Agent}, ErrInvalid},
		{"", "long enough", []Role{Agent}, ErrInvalid},
		{"<b>", "long enough", []Role{Agent}, ErrInvalid},
		{"ben", "short", []Role{Agent}, ErrInvalid},
		{"ben", strings.Repeat("x", MaxPassword+1), []Role{Agent}, ErrInvalid},
		{"ben", "long enough", nil, ErrInvalid},
		{"ben", "long enough", []Role{"root"}, ErrInvalid},
	}
	for _, c := range cases {
		if _, err := s.AddUser(t.Context(), User{Name: c.name, Roles: c.roles}, c.password); !errors.Is(err, c.want) {
			t.Errorf("AddUser(%q, %d bytes, %v) = %v, want %v", c.name, len(c.password), c.roles, err, c.want)
		}
	}
}

func TestLastAdministratorStays(t *testing.T) {
	s := open(t)
	if _, err := s.FirstAdmin(t.Context(), "the first one"); err != nil {
		t.Fatal(err)
	}
	changes := map[string]func() error{
		"remove": func() error { return s.RemoveUser(t.Context(), "admin") },
		"disable": func() error {
			return s.Change(t.Context(), User{Name: "admin", Roles: []Role{Admin}, Disabled: true}, "")
		},
		"demote": func() error { return s.Change(t.Context(), User{Name: "admin", Roles: []Role{Analyst}}, "") },
	}
	for name, change := range changes {
		if err := change(); !errors.Is(err, ErrLastAdmin) {
			t.Errorf("%s the last administrator: %v, want ErrLastAdmin", name, err)
		}
	}
	if u, err := s.Login(t.Context(), "admin", "the first one"); err != nil || !u.Principal().May(ManageUsers) {
		t.Fatalf("after refused changes: %+v, %v", u, err)
	}
	if _, err := s.AddUser(t.Context(), User{Name: "second", Roles: []Role{Admin}}, "long enough"); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveUser(t.Context(), "admin"); err != nil {
		t.Errorf("remove one of two administrators: %v", err)
	}
}

func TestPasswordsAndKeysAreNotKept(t *testing.T) {
	s := open(t)
	if _, err := s.FirstAdmin(t.Context(), "planted password"); err != nil {
		t.Fatal(err)
	}
	u, err := s.User(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := s.AddKey(t.Context(), Key{Name: "n", Scopes: []Permission{ReadCalls}, Expires: time.Now().Add(time.Hour)}, u.Principal())
	if err != nil {
		t.Fatal(err)
	}
	var hash string
	var key []byte
	if err := s.db.QueryRow(`SELECT u.hash, k.hash FROM users u, api_keys k`).Scan(&hash, &key); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(hash, "planted") {
		t.Errorf("password kept as %q", hash)
	}
	if len(key) != 32 || strings.Contains(string(key), secret) {
		t.Errorf("key kept as %q", key)
	}
}

func TestKeys(t *testing.T) {
	s := open(t)
	maker := Principal{Name: "eve", Permissions: []Permission{ReadCalls, ManageKeys}}
	if _, _, err := s.AddKey(t.Context(), Key{Name: "n", Scopes: []Permission{EraseCalls}, Expires: time.Now().Add(time.Hour)}, maker); !errors.Is(err, ErrInvalid) {
		t.Errorf("a key with more than its maker has: %v, want ErrInvalid", err)
	}
	k, secret, err := s.AddKey(t.Context(), Key{Name: "n", Scopes: []Permission{ReadCalls}, Expires: time.Now().Add(time.Hour)}, maker)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Holder(t.Context(), secret)
	if err != nil || !p.May(ReadCalls) || p.May(ManageKeys) || p.Name != "key:"+k.ID {
		t.Errorf("Holder = %+v, %v", p, err)
	}
	s.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	if _, err := s.Holder(t.Context(), secret); !errors.Is(err, ErrWrong) {
		t.Errorf("an expired key: %v, want ErrWrong", err)
	}
	s.now = time.Now
	if err := s.RemoveKey(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{secret, "", "attendant_", "attendant_" + Secret(32)} {
		if _, err := s.Holder(t.Context(), wrong); !errors.Is(err, ErrWrong) {
			t.Errorf("Holder(%.12q…) = %v, want ErrWrong", wrong, err)
		}
	}
}

func TestEachPermissionBelongsToARole(t *testing.T) {
	for _, p := range Permissions() {
		if !(Principal{Permissions: grants([]Role{Admin})}).May(p) {
			t.Errorf("no administrator may %s", p)
		}
	}
	for r, list := range Roles() {
		if r != Admin && (Principal{Permissions: list}).May(ManageUsers) {
			t.Errorf("%s may manage users", r)
		}
	}
}

func TestAuditPages(t *testing.T) {
	s := open(t)
	for _, what := range []string{"a", "b", "c"} {
		if err := s.Note(t.Context(), Entry{Who: "ana", Action: what, Outcome: "200"}); err != nil {
			t.Fatal(err)
		}
	}
	first, err := s.Audit(t.Context(), 0, 2)
	if err != nil || len(first) != 2 || first[0].Action != "c" {
		t.Fatalf("Audit = %+v, %v; want c and b", first, err)
	}
	rest, err := s.Audit(t.Context(), first[1].ID, 2)
	if err != nil || len(rest) != 1 || rest[0].Action != "a" {
		t.Errorf("next page = %+v, %v; want a", rest, err)
	}
}
