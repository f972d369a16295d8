package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
	"golang.org/x/time/rate"

	"attendant/console/access"
)

const (
	// sessionLife is a long shift.
	sessionLife = 12 * time.Hour
	// maxRequest bounds a request's body.
	maxRequest = 4 << 20
	// loginRate and requestRate bound what one address may try and one principal
	// may ask, each with a burst.
	loginEvery  = 3 * time.Second
	loginBurst  = 8
	requestRate = 50
	requests    = 200
	// maxLimited bounds the addresses and principals whose rates are remembered;
	// one more forgets all that are at rest.
	maxLimited = 10_000
)

// gate knows who a request comes from and lets through what may pass.
type gate struct {
	tickets  *tickets
	store    *access.Store
	sessions *scs.SessionManager
	logins   limiter
	asking   limiter
	known    proven
}

func newGate(store *access.Store, tickets *tickets) *gate {
	sessions := scs.New()
	// Sessions that have expired are removed by sweep: no goroutine of the library's.
	sessions.Store = sqlite3store.NewWithCleanupInterval(store.DB(), 0)
	sessions.HashTokenInStore = true
	sessions.Lifetime = sessionLife
	sessions.Cookie.Name = "__Host-attendant"
	sessions.Cookie.Path = "/"
	sessions.Cookie.Secure = true
	sessions.Cookie.HttpOnly = true
	sessions.Cookie.SameSite = http.SameSiteStrictMode
	return &gate{
		tickets: tickets, store: store, sessions: sessions,
		logins: limiter{limit: rate.Every(loginEvery), burst: loginBurst},
		asking: limiter{limit: requestRate, burst: requests},
	}
}

type principalKey struct{}

// principal is whoever sent the request of ctx; empty for a stranger.
func principal(ctx context.Context) access.Principal {
	p, _ := ctx.Value(principalKey{}).(access.Principal)
	return p
}

// wrap returns next behind the gate: writes from other sites are refused
// (http.CrossOriginProtection), bodies and rates bounded, and who asks is known.
// Strangers get through to what is public; the API tells them 401 elsewhere.
func (g *gate) wrap(next http.Handler, log func(string, error)) http.Handler {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := g.identify(r)
		switch {
		case errors.Is(err, access.ErrWrong):
			problem(w, http.StatusUnauthorized, "who are you? The key or password is wrong, or has expired")
			return
		case errors.Is(err, errTooMany):
			tooMany(w)
			return
		case err != nil:
			log("access could not be checked", err)
			problem(w, http.StatusInternalServerError, "access cannot be checked now")
			return
		}
		if p.Name != "" && !g.asking.allow(p.Name) {
			tooMany(w)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		g.once(w, r.WithContext(context.WithValue(r.Context(), principalKey{}, p)), next, log)
	})
	protection := http.NewCrossOriginProtection()
	// What needs a ticket or a leg's unguessable name needs no cookie, which other
	// sites' requests do not carry anyway (SameSite).
	protection.AddInsecureBypassPattern("/api/v1/rtc/call")
	protection.AddInsecureBypassPattern("/api/v1/rtc/call/{id}")
	return g.sessions.LoadAndSave(protection.Handler(h))
}

var errTooMany = errors.New("too many requests")

// identify tells who sent r: the holder of a key or ticket (Bearer), a user by password
// (Basic), or by the session's cookie. Nobody is the empty Principal.
func (g *gate) identify(r *http.Request) (access.Principal, error) {
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		if strings.HasPrefix(secret, ticketPrefix) {
			return g.tickets.holder(secret)
		}
		return g.store.Holder(r.Context(), secret)
	}
	if name, password, ok := r.BasicAuth(); ok {
		return g.basic(r, name, password)
	}
	name := g.sessions.GetString(r.Context(), "user")
	if name == "" {
		return access.Principal{}, nil
	}
	u, err := g.store.User(r.Context(), name)
	switch {
	case errors.Is(err, access.ErrNotFound) || err == nil && (u.Disabled || u.Generation != g.sessions.GetInt(r.Context(), "generation")):
		return access.Principal{}, g.sessions.Destroy(r.Context())
	case err != nil:
		return access.Principal{}, err
	}
	return u.Principal(), nil
}

// basic knows a user by password. Who has been proven is remembered for a minute,
// since a password takes long to check.
func (g *gate) basic(r *http.Request, name, password string) (access.Principal, error) {
	proof := sha256.Sum256([]byte(name + "\x00" + password))
	if known, generation, ok := g.known.get(proof); ok {
		u, err := g.store.User(r.Context(), known)
		if err == nil && !u.Disabled && u.Generation == generation {
			return u.Principal(), nil
		}
	}
	u, err := g.login(r, name, password)
	if err != nil {
		return access.Principal{}, err
	}
	g.known.put(proof, u.Name, u.Generation)
	return u.Principal(), nil
}

// login checks a name and a password, at the rate that its address may try.
func (g *gate) login(r *http.Request, name, password string) (access.User, error) {
	if !g.logins.allow(remote(r)) {
		return access.User{}, errTooMany
	}
	return g.store.Login(r.Context(), name, password)
}

// once answers a repeated write with what the first was answered, by its
// Idempotency-Key.
func (g *gate) once(w http.ResponseWriter, r *http.Request, next http.Handler, log func(string, error)) {
	key, who := r.Header.Get("Idempotency-Key"), principal(r.Context()).Name
	if key == "" || who == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
		next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || len(key) > 200 {
		problem(w, http.StatusBadRequest, "the request is too large, or its Idempotency-Key longer than 200 bytes")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	fingerprint := sha256.Sum256([]byte(r.Method + " " + r.URL.RequestURI() + "\x00" + string(body)))
	first, err := g.store.Claim(r.Context(), who, key, fingerprint[:])
	switch {
	case errors.Is(err, access.ErrOtherRequest):
		problem(w, http.StatusUnprocessableEntity, err.Error())
	case err != nil:
		log("idempotency key could not be claimed", err)
		problem(w, http.StatusInternalServerError, "the request cannot be kept now")
	case first != nil && (first.Status == 0 || first.Body == nil):
		problem(w, http.StatusConflict, "the first request with this key is being answered, or its answer was a secret")
	case first != nil:
		w.Header().Set("Content-Type", first.Type)
		w.Header().Set("Idempotency-Replayed", "true")
		w.WriteHeader(first.Status)
		_, _ = w.Write(first.Body) // the client may be gone
	default:
		g.first(w, r, next, key, log)
	}
}

// first answers a write and keeps the answer for those that repeat it.
func (g *gate) first(w http.ResponseWriter, r *http.Request, next http.Handler, key string, log func(string, error)) {
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	settled := access.Answer{Status: http.StatusInternalServerError}
	who := principal(r.Context()).Name
	defer func() { // also where the handler panics
		if err := g.store.Settle(context.WithoutCancel(r.Context()), who, key, settled); err != nil {
			log("idempotency key could not be settled", err)
		}
	}()
	next.ServeHTTP(rec, r)
	settled = access.Answer{Status: rec.status, Type: w.Header().Get("Content-Type"), Body: rec.body.Bytes()}
	if w.Header().Get(secretHeader) != "" {
		settled.Body = nil
	} else if settled.Body == nil {
		settled.Body = []byte{}
	}
}

// secretHeader marks a response that holds a secret, which is not kept.
const secretHeader = "Attendant-Secret"

// recorder passes a response on and keeps it.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// remote is the address that r came from, without its port.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	problem(w, http.StatusTooManyRequests, "too many requests; try again in a few seconds")
}

// limiter bounds rates by name.
type limiter struct {
	limit rate.Limit
	burst int

	mu    sync.Mutex
	rates map[string]*rate.Limiter
}

func (l *limiter) allow(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rates == nil {
		l.rates = map[string]*rate.Limiter{}
	}
	if len(l.rates) >= maxLimited {
		for n, r := range l.rates {
			if r.Tokens() >= float64(l.burst) {
				delete(l.rates, n)
			}
		}
	}
	r := l.rates[name]
	if r == nil {
		if len(l.rates) >= maxLimited {
			return false
		}
		r = rate.NewLimiter(l.limit, l.burst)
		l.rates[name] = r
	}
	return r.Allow()
}

// proven remembers for a minute which names and passwords were right, by their
// digest.
type proven struct {
	mu    sync.Mutex
	users map[[32]byte]proof
}

type proof struct {
	name       string
	generation int
	until      time.Time
}

const (
	provenFor = time.Minute
	maxProven = 1000 // more than users: beyond it all are forgotten
)

func (p *proven) get(digest [32]byte) (name string, generation int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u, ok := p.users[digest]
	return u.name, u.generation, ok && time.Now().Before(u.until)
}

func (p *proven) put(digest [32]byte, name string, generation int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users == nil || len(p.users) >= maxProven {
		p.users = map[[32]byte]proof{}
	}
	p.users[digest] = proof{name, generation, time.Now().Add(provenFor)}
}
