// Package registrar lets agents' phones register with us, and finds them.
//
// Registrar answers REGISTER; its bindings say where a phone can be called
// (Contacts) and whose phone an address belongs to (Owner). Who may register is
// data: Phone, with the hashes of its password for digest authentication.
//
// A REGISTER is challenged with SHA-256 and MD5, the phone chooses. The nonce is
// made by us alone, holds for minutes, for one address, and each use of it must
// have a higher count than the one before: an Authorization that was overheard
// is worth nothing.
//
// Guarantees: Register never blocks for longer than Config.Phones does; no
// request makes the memory grow beyond the bounds below; an unknown phone, a
// wrong password and a foreign address of record get the same answer after the
// same work (a phone whose Digest is set is told from others by its challenge); a binding ends when its time is over, whether or not anybody looks.
//
// RFC 3261 section 10.3, RFC 3581, RFC 7616, RFC 8760. Left out: Path, GRUU,
// third-party registrations, the registration event package.
package registrar

import (
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Realm is what our challenges ask for; the hashes of passwords belong to it.
const Realm = "attendant"

const (
	minExpires     = 60 * time.Second
	maxExpires     = time.Hour
	usualExpires   = time.Hour
	maxContacts    = 5    // of one phone; the one that was refreshed longest ago goes
	maxRequestUses = 8    // Contact headers of one REGISTER
	maxPhones      = 5000 // with bindings
)

// ErrPhone is a phone's settings that cannot be used.
var ErrPhone = errors.New("phone")

// Phone is an agent's phone that may register.
type Phone struct {
	Name     string `json:"name" yaml:"name"`                             // user part of its address
	Agent    string `json:"agent,omitempty" yaml:"agent,omitempty"`       // whose it is, for people
	Password string `json:"password,omitempty" yaml:"password,omitempty"` // as it is set; only its hashes are kept
	MD5      string `json:"md5,omitempty" yaml:"md5,omitempty"`           // of name:realm:password
	SHA256   string `json:"sha256,omitempty" yaml:"sha256,omitempty"`
	Digest   string `json:"digest,omitempty" yaml:"digest,omitempty"` // md5 for phones that give up where SHA-256 is offered besides; both where empty
	Disabled bool   `json:"disabled,omitempty" yaml:"disabled,omitempty"`
}

// minPassword is the shortest password that is taken: an overheard answer to a
// challenge can be tried against all shorter ones at home.
const minPassword = 8

// Clean returns the phone with hashes in its password's place: ErrPhone.
func (p Phone) Clean() (Phone, error) {
	var faults []error
	if p.Name == "" || len(p.Name) > 64 || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+") != "" {
		faults = append(faults, fmt.Errorf("%w: the name %q is empty, too long or has more than letters, digits and -_.+", ErrPhone, p.Name))
	}
	if p.Digest != "" && p.Digest != "md5" && p.Digest != "sha256" {
		faults = append(faults, fmt.Errorf("%w %s: digest %q is neither md5 nor sha256", ErrPhone, p.Name, p.Digest))
	}
	if p.Password != "" && len(p.Password) < minPassword {
		faults = append(faults, fmt.Errorf("%w %s: the password has fewer than %d characters", ErrPhone, p.Name, minPassword))
	}
	if p.Password != "" {
		secret := p.Name + ":" + Realm + ":" + p.Password
		p.MD5, p.SHA256 = hashMD5(secret), hashSHA256(secret)
	}
	for text, size := range map[string]int{p.MD5: md5.Size, p.SHA256: sha256.Size} {
		if b, err := hex.DecodeString(text); text != "" && (err != nil || len(b) != size) {
			faults = append(faults, fmt.Errorf("%w %s: md5 or sha256 is no hash", ErrPhone, p.Name))
		}
	}
	p.Password = ""
	return p, errors.Join(faults...)
}

// hashMD5 is weak, and all that many phones know.
func hashMD5(s string) string {
	h := md5.Sum([]byte(s))
	return hex.EncodeToString(h[:])
}

func hashSHA256(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// Binding is one place where a phone can be called.
type Binding struct {
	Contact   string    `json:"contact"`   // its Contact, a sip: URI
	Source    string    `json:"source"`    // address and port that the REGISTER came from: where requests go
	Transport string    `json:"transport"` // "udp", "tcp", ...
	Agent     string    `json:"agent"`     // User-Agent, as sent
	Behind    bool      `json:"behind"`    // a NAT stands in between
	Silent    bool      `json:"silent"`    // it does not answer OPTIONS
	Expires   time.Time `json:"expires"`

	callID   string
	seq      uint32
	instance string
	since    time.Time
}

// Stats count what has come of REGISTERs.
type Stats struct {
	Granted    atomic.Int64
	Challenged atomic.Int64
	Denied     atomic.Int64 // unknown phone, wrong password, foreign address of record
	Replayed   atomic.Int64 // a nonce count that does not rise
	Faulty     atomic.Int64 // cannot be read, or over a bound
}

// Config says what a Registrar works with.
type Config struct {
	Phones func(ctx context.Context, name string) (Phone, bool, error) // who may register; quick
	Saved  func(name string, bindings []Binding)                       // told of each change; may be nil
	Denied func(source string)                                         // told of each failed proof; may be nil
	Log    *slog.Logger                                                // slog.Default where nil
}

// Registrar answers REGISTERs. Any goroutine may call its methods.
type Registrar struct {
	cfg    Config
	nonces *nonces
	stats  Stats

	mu       sync.Mutex
	bindings map[string][]Binding // by phone
}

// New returns a registrar without bindings.
func New(cfg Config) *Registrar {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Registrar{cfg: cfg, nonces: newNonces(), bindings: map[string][]Binding{}}
}

// Stats returns the counters.
func (g *Registrar) Stats() *Stats { return &g.stats }

// Restore puts back the bindings of an earlier run; those that are over are
// left out.
func (g *Registrar) Restore(bindings map[string][]Binding) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, b := range bindings {
		if b = current(b, time.Now()); len(b) > 0 && len(g.bindings) < maxPhones {
			g.bindings[name] = b[:min(len(b), maxContacts)]
		}
	}
}

// current are the bindings whose time is not over.
func current(list []Binding, now time.Time) []Binding {
	return slices.DeleteFunc(slices.Clone(list), func(b Binding) bool { return !now.Before(b.Expires) })
}

// Contacts returns where the phone of a name can be called, the latest
// registered first.
func (g *Registrar) Contacts(name string) []Binding {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := current(g.bindings[name], time.Now())
	slices.SortStableFunc(out, func(a, b Binding) int {
		if a.Silent != b.Silent {
			return cmp.Compare(truth(a.Silent), truth(b.Silent))
		}
		return b.since.Compare(a.since)
	})
	return out
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Owner returns the phone that is registered from an address (HOST:PORT), as a
// request's source has it. Over UDP an address can be forged: it proves no more
// than that.
func (g *Registrar) Owner(source string) (name string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for name, list := range g.bindings {
		for _, b := range list {
			if b.Source == source && now.Before(b.Expires) {
				return name, true
			}
		}
	}
	return "", false
}

// Registered returns all phones with bindings.
func (g *Registrar) Registered() map[string][]Binding {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[string][]Binding{}
	for name, list := range g.bindings {
		if b := current(list, time.Now()); len(b) > 0 {
			out[name] = b
		}
	}
	return out
}

// Register answers a REGISTER. RFC 3261 section 10.3.
func (g *Registrar) Register(r *sip.Request) *sip.Response {
	if r.To() == nil || r.From() == nil || r.CallID() == nil || r.CSeq() == nil || len(r.GetHeaders("Contact")) > maxRequestUses {
		g.stats.Faulty.Add(1)
		return sip.NewResponseFromRequest(r, 400, "Bad Request", nil)
	}
	name, res := g.authenticate(r)
	if res != nil {
		return res
	}
	changed, res := g.bind(name, r)
	if res != nil {
		return res
	}
	if changed && g.cfg.Saved != nil {
		g.cfg.Saved(name, g.Contacts(name))
	}
	g.stats.Granted.Add(1)
	ok := sip.NewResponseFromRequest(r, 200, "OK", nil)
	for _, b := range g.Contacts(name) {
		left := int(time.Until(b.Expires).Round(time.Second).Seconds())
		ok.AppendHeader(sip.NewHeader("Contact", fmt.Sprintf("<%s>;expires=%d", b.Contact, left)))
	}
	return ok
}

// bind takes in what a REGISTER asks for, all of it or nothing. It reports
// whether anything but times has changed.
func (g *Registrar) bind(name string, r *sip.Request) (changed bool, refusal *sip.Response) {
	wanted, res := g.wanted(r)
	if res != nil {
		return false, res
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	before := current(g.bindings[name], now)
	after := slices.Clone(before)
	for _, w := range wanted {
		at := slices.IndexFunc(after, w.same)
		// Step 7 of RFC 3261 section 10.3: what is older than what we know is late.
		if at >= 0 && after[at].callID == w.callID && w.seq <= after[at].seq {
			g.stats.Faulty.Add(1)
			return false, sip.NewResponseFromRequest(r, 500, "Server Internal Error", nil)
		}
		if at >= 0 {
			after = slices.Delete(after, at, at+1)
		}
		if now.Before(w.Expires) {
			after = append(after, w)
		}
	}
	if isStar(r) {
		after = nil
	}
	if len(after) > maxContacts {
		after = after[len(after)-maxContacts:]
	}
	if len(after) == 0 {
		delete(g.bindings, name)
		return len(before) > 0, nil
	}
	if len(before) == 0 && len(g.bindings) >= maxPhones {
		g.stats.Faulty.Add(1)
		return false, sip.NewResponseFromRequest(r, 503, "Service Unavailable", nil)
	}
	g.bindings[name] = after
	return len(wanted) > 0, nil
}

// same reports whether b stands for the same phone as a: by its instance where
// it has one (RFC 5626 section 4.1), else by its Contact.
func (b Binding) same(a Binding) bool {
	if b.instance != "" && b.instance == a.instance {
		return true
	}
	return a.Contact == b.Contact
}

// wanted are the bindings that a REGISTER asks for; one whose time is over is to
// be removed.
func (g *Registrar) wanted(r *sip.Request) ([]Binding, *sip.Response) {
	if isStar(r) {
		if expiresOf(r, "") != 0 { // only to end all
			g.stats.Faulty.Add(1)
			return nil, sip.NewResponseFromRequest(r, 400, "Bad Request", nil)
		}
		return nil, nil
	}
	var out []Binding
	for _, h := range r.GetHeaders("Contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok || c.Address.Host == "" || c.Address.Scheme != "sip" && c.Address.Scheme != "sips" || len(c.Address.String()) > 300 {
			g.stats.Faulty.Add(1)
			return nil, sip.NewResponseFromRequest(r, 400, "Bad Request", nil)
		}
		param, _ := c.Params.Get("expires")
		expires := expiresOf(r, param)
		if expires > 0 && expires < minExpires {
			res := sip.NewResponseFromRequest(r, 423, "Interval Too Brief", nil)
			res.AppendHeader(sip.NewHeader("Min-Expires", strconv.Itoa(int(minExpires.Seconds()))))
			return nil, res
		}
		out = append(out, binding(r, c, min(expires, maxExpires)))
	}
	return out, nil
}

func binding(r *sip.Request, c *sip.ContactHeader, expires time.Duration) Binding {
	now := time.Now()
	b := Binding{
		Contact: c.Address.String(), Source: r.Source(), Transport: strings.ToLower(r.Transport()), Expires: now.Add(expires), since: now,
		callID: r.CallID().Value(), seq: r.CSeq().SeqNo,
	}
	if ua := r.GetHeader("User-Agent"); ua != nil {
		b.Agent = ua.Value()[:min(len(ua.Value()), 100)]
	}
	if instance, ok := c.Params.Get("+sip.instance"); ok {
		b.instance = instance
	}
	port := c.Address.Port
	if port == 0 {
		port = 5060
	}
	b.Behind = net.JoinHostPort(strings.Trim(c.Address.Host, "[]"), strconv.Itoa(port)) != b.Source
	return b
}

// isStar reports whether the REGISTER is about all bindings at once.
func isStar(r *sip.Request) bool {
	c, ok := r.GetHeader("Contact").(*sip.ContactHeader)
	return ok && c.Address.Wildcard
}

// expiresOf is for how long a binding is asked: its own parameter, the header's
// value, or what is usual. What cannot be read counts as the header's or usual
// value, RFC 3261 section 10.3.
func expiresOf(r *sip.Request, param string) time.Duration {
	texts := []string{param}
	if h := r.GetHeader("Expires"); h != nil {
		texts = append(texts, h.Value())
	}
	for _, t := range texts {
		if n, err := strconv.ParseUint(strings.TrimSpace(t), 10, 32); err == nil {
			return time.Duration(n) * time.Second
		}
	}
	return usualExpires
}
