package console

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"attendant/console/access"
)

const (
	// ticketPrefix tells a ticket from an API key.
	ticketPrefix = "ticket_"
	// ticketHolder begins the name of whoever holds a ticket.
	ticketHolder = "ticket:"
	// ticketLife is the time from the page's button to its call.
	ticketLife = 2 * time.Minute
	// maxTickets bounds the tickets that are not used yet; one more is refused.
	maxTickets = 10_000
)

// errTickets is a server with maxTickets tickets that are not used yet.
var errTickets = errors.New("too many tickets are waiting to be used")

// tickets let pages of other sites place one call each. A ticket is used up by
// its call. They live in memory: a restart ends them, as it ends calls.
type tickets struct {
	mu    sync.Mutex
	given map[string]ticket // by ticketName
}

type ticket struct {
	to      string // the number or name that it may call
	by      string // who asked for it
	expires time.Time
}

// ticketName names a ticket in the audit, which must not hold what still opens a
// door.
func ticketName(secret string) string {
	digest := sha256.Sum256([]byte(secret))
	return ticketHolder + hex.EncodeToString(digest[:12])
}

// give makes a ticket.
func (t *tickets) give(to, by string) (secret string, expires time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for name, old := range t.given {
		if now.After(old.expires) {
			delete(t.given, name)
		}
	}
	if len(t.given) >= maxTickets {
		return "", now, errTickets
	}
	if t.given == nil {
		t.given = map[string]ticket{}
	}
	secret, expires = ticketPrefix+access.Secret(24), now.Add(ticketLife)
	t.given[ticketName(secret)] = ticket{to, by, expires}
	return secret, expires, nil
}

// holder is the principal that a ticket stands for, until it is used.
func (t *tickets) holder(secret string) (access.Principal, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := ticketName(secret)
	given, ok := t.given[name]
	if !ok || time.Now().After(given.expires) {
		return access.Principal{}, access.ErrWrong
	}
	return access.Principal{Name: name, Permissions: []access.Permission{access.PlaceCalls}}, nil
}

// use takes the ticket of that name and tells whom it may call; ok is false where
// it is gone.
func (t *tickets) use(name string) (used ticket, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	used, ok = t.given[name]
	delete(t.given, name)
	return used, ok && time.Now().Before(used.expires)
}

// sites lets pages of the configured origins ask for calls: CORS, without
// cookies.
func (c *Console) sites(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" || !slices.Contains(c.cfg.Sites, origin) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
		h.Set("Access-Control-Expose-Headers", "Location, ETag")
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "POST, PATCH, DELETE, GET")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}
