package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of argon2id: 19 MiB and two passes, OWASP's first recommendation (2024).
const (
	passes    = 2
	memoryKiB = 19 << 10
	threads   = 1
	keyLen    = 32
	saltLen   = 16
)

// MinPassword and MaxPassword bound a password's length in bytes.
const (
	MinPassword = 10
	MaxPassword = 256
)

// hash is the PHC string of a password. RFC 9106.
func (s *Store) hash(password string) string {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails: crypto/rand
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(s.derive(password, salt, passes, memoryKiB, threads)))
}

func (s *Store) derive(password string, salt []byte, t, m uint32, p uint8) []byte {
	s.slow <- struct{}{}
	defer func() { <-s.slow }()
	return argon2.IDKey([]byte(password), salt, t, m, p, keyLen)
}

// matches reports whether password has that hash. A hash of another kind
// matches nothing.
func (s *Store) matches(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || len(password) > MaxPassword {
		return false
	}
	var m, t uint32
	var p uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil {
		return false
	}
	return subtle.ConstantTimeCompare(s.derive(password, salt, t, m, p), want) == 1
}

// Secret returns n random bytes as text that is safe in a URL.
func Secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
