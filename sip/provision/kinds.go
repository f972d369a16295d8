package provision

import (
	"errors"
	"fmt"

	"attendant/sip/number"
	"attendant/sip/registrar"
	"attendant/sip/trunk"
)

// Numbers are the rules of numbers, read in region; check says what else is
// wrong with one, such as a flow that does not exist, and may be nil.
func Numbers(s *Store, region string, check func(number.Rule) error) *Book[number.Rule] {
	return NewBook(s, Kind[number.Rule]{
		Name: "number", Key: func(r number.Rule) string { return r.Number },
		Clean: func(r number.Rule) (number.Rule, error) {
			clean, err := r.Clean(region)
			if check != nil {
				err = errors.Join(err, check(clean))
			}
			return clean, err
		},
	})
}

// Trunks are the trunks.
func Trunks(s *Store) *Book[trunk.Trunk] {
	return NewBook(s, Kind[trunk.Trunk]{
		Name: "trunk", Key: func(t trunk.Trunk) string { return t.Name },
		Clean: func(t trunk.Trunk) (trunk.Trunk, error) {
			// An import leaves the password out that Keep takes over.
			checked := t
			if checked.Register && checked.Password == "" {
				checked.Password = "kept"
			}
			return t, checked.Check()
		},
		Keep: func(was, is *trunk.Trunk) {
			if is.Password == "" {
				is.Password = was.Password
			}
		},
		Hidden: []string{"password"},
	})
}

// Phones are the phones of agents that may register.
func Phones(s *Store) *Book[registrar.Phone] {
	return NewBook(s, Kind[registrar.Phone]{
		Name: "phone", Key: func(p registrar.Phone) string { return p.Name },
		Clean: func(p registrar.Phone) (registrar.Phone, error) { return p.Clean() },
		Keep: func(was, is *registrar.Phone) {
			if is.MD5 == "" && is.SHA256 == "" {
				is.MD5, is.SHA256 = was.MD5, was.SHA256
			}
		},
		Hidden: []string{"password", "md5", "sha256"},
	})
}

// ErrSecret is an entry that is new and has no password.
var ErrSecret = errors.New("a password is needed")

// missingSecret reports what a new thing lacks that an old one would keep.
func missingSecret(thing any) error {
	switch t := thing.(type) {
	case trunk.Trunk:
		if t.Register && t.Password == "" {
			return fmt.Errorf("%s: %w", t.Name, ErrSecret)
		}
	case registrar.Phone:
		if t.MD5 == "" {
			return fmt.Errorf("%s: %w", t.Name, ErrSecret)
		}
	}
	return nil
}
