// Package trunk connects us with carriers and PBXs.
//
// Trunk is what an administrator sets for one of them: plain data. Group runs
// all of them: it keeps registrations alive, watches by OPTIONS who can be
// called, says of an incoming call which trunk it comes over, and places calls
// within the limits.
//
// An administrator's change comes in as a new list of trunks from Config.Trunks;
// Group takes it up with the next call and, for registrations and watching,
// within a second. Incoming calls: source address -> trunk -> limits -> the
// caller's and the dialled number as E.164. Outgoing calls: number -> Outbound
// rules -> the trunks in the order of their priority, the next one where one
// cannot be reached -> the form of number that it wants.
//
// Guarantees: Run alone starts goroutines and waits for them; a call is counted
// against its trunk until its Release; nothing is dialled unless a rule allows
// it; emergency and short numbers never are.
//
// RFC 3261 section 10, RFC 3325, RFC 3966 (numbers only).
package trunk

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"attendant/media/codec"
	"attendant/sip/number"
)

// ErrTrunk is a trunk's settings that cannot be used.
var ErrTrunk = errors.New("trunk")

// Trunk is one carrier or PBX. Name and Host or Allow are required.
type Trunk struct {
	Name     string `json:"name" yaml:"name"`
	About    string `json:"about,omitempty" yaml:"about,omitempty"`   // for people
	Preset   string `json:"preset,omitempty" yaml:"preset,omitempty"` // fills in what is left open
	Disabled bool   `json:"disabled,omitempty" yaml:"disabled,omitempty"`
	Priority int    `json:"priority,omitempty" yaml:"priority,omitempty"` // outgoing calls take the lowest first

	Host      string   `json:"host,omitempty" yaml:"host,omitempty"`           // HOST or HOST:PORT that takes our calls
	Transport string   `json:"transport,omitempty" yaml:"transport,omitempty"` // udp, tcp or tls; udp where empty
	Proxy     string   `json:"proxy,omitempty" yaml:"proxy,omitempty"`         // where all requests go first
	Allow     []string `json:"allow,omitempty" yaml:"allow,omitempty"`         // addresses and networks that its calls come from
	Trusted   bool     `json:"trusted,omitempty" yaml:"trusted,omitempty"`     // believe its P-Asserted-Identity

	// Certificate is a name of the certificate that its calls must come with, over
	// a listener that verifies clients; then Allow may be empty.
	Certificate string `json:"certificate,omitempty" yaml:"certificate,omitempty"`

	Register        bool     `json:"register,omitempty" yaml:"register,omitempty"`
	Registrars      []string `json:"registrars,omitempty" yaml:"registrars,omitempty"` // tried in this order; Host where empty
	User            string   `json:"user,omitempty" yaml:"user,omitempty"`
	AuthUser        string   `json:"auth_user,omitempty" yaml:"auth_user,omitempty"` // User where empty
	Password        string   `json:"password,omitempty" yaml:"password,omitempty"`   // "env:NAME" takes it from the environment
	Domain          string   `json:"domain,omitempty" yaml:"domain,omitempty"`       // of our address of record; the host where empty
	RegisterSeconds int      `json:"register_seconds,omitempty" yaml:"register_seconds,omitempty"`

	From     string `json:"from,omitempty" yaml:"from,omitempty"`           // number (where empty) or user: what stands in From
	Identity string `json:"identity,omitempty" yaml:"identity,omitempty"`   // pai (where empty), ppi, rpid or none: how our number is asserted
	CallerID string `json:"caller_id,omitempty" yaml:"caller_id,omitempty"` // our number, where a call has none of its own

	Region string   `json:"region,omitempty" yaml:"region,omitempty"` // of national numbers, "DE"
	Send   string   `json:"send,omitempty" yaml:"send,omitempty"`     // e164 (where empty), digits (no plus), national, raw
	Dial   []string `json:"dial,omitempty" yaml:"dial,omitempty"`     // "PREFIX=REPLACEMENT", on what would be sent; the first that fits

	Codecs []string `json:"codecs,omitempty" yaml:"codecs,omitempty"` // in the order of preference
	DTMF   string   `json:"dtmf,omitempty" yaml:"dtmf,omitempty"`     // how keys are sent: rfc4733 (where empty), info or inband, which hears tones too
	SRTP   string   `json:"srtp,omitempty" yaml:"srtp,omitempty"`     // off, preferred or required; the server's own where empty

	MaxCalls       int     `json:"max_calls,omitempty" yaml:"max_calls,omitempty"` // at once, both directions; 0 is no limit
	CallsPerSecond float64 `json:"calls_per_second,omitempty" yaml:"calls_per_second,omitempty"`
	OptionsSeconds int     `json:"options_seconds,omitempty" yaml:"options_seconds,omitempty"` // between OPTIONS; 0 is none

	Outbound   []string `json:"outbound,omitempty" yaml:"outbound,omitempty"` // prefixes (+4930) and regions (DE) that may be called; none where empty
	Deny       []string `json:"deny,omitempty" yaml:"deny,omitempty"`         // prefixes that may not
	MaxPerHour int      `json:"max_per_hour,omitempty" yaml:"max_per_hour,omitempty"`
	MaxPerDay  int      `json:"max_per_day,omitempty" yaml:"max_per_day,omitempty"`
}

//go:embed presets.yaml
var presetFile []byte

// Presets are the presets, in the order of their file.
func Presets() []Trunk {
	var out []Trunk
	if err := yaml.UnmarshalWithOptions(presetFile, &out, yaml.Strict()); err != nil {
		panic(err) // the file is ours, and a test reads it
	}
	return out
}

// Filled returns the trunk with what its preset says where it says nothing.
func (t Trunk) Filled() Trunk {
	for _, p := range Presets() {
		if p.Name != t.Preset {
			continue
		}
		p.About = ""
		to, from := reflect.ValueOf(&t).Elem(), reflect.ValueOf(p)
		for i := range to.NumField() {
			if to.Field(i).IsZero() {
				to.Field(i).Set(from.Field(i))
			}
		}
	}
	return t
}

// choices are what fields with few values may have; empty is the first.
func (t *Trunk) choices() map[string]struct {
	value string
	of    []string
} {
	return map[string]struct {
		value string
		of    []string
	}{
		"transport": {t.Transport, []string{"udp", "tcp", "tls"}},
		"from":      {t.From, []string{"number", "user"}},
		"identity":  {t.Identity, []string{"pai", "ppi", "rpid", "none"}},
		"send":      {t.Send, []string{"e164", "digits", "national", "raw"}},
		"dtmf":      {t.DTMF, []string{"rfc4733", "info", "inband"}},
		"srtp":      {t.SRTP, []string{"off", "preferred", "required"}},
	}
}

// Check returns what is wrong with the trunk, all at once: ErrTrunk.
func (t Trunk) Check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w %s: "+format, append([]any{ErrTrunk, t.Name}, args...)...))
	}
	if t.Name == "" || len(t.Name) > 64 || strings.ContainsAny(t.Name, " \t\n\"<>;,") {
		fault("the name is empty, too long or has spaces or marks in it")
	}
	if t.Preset != "" && !slices.ContainsFunc(Presets(), func(p Trunk) bool { return p.Name == t.Preset }) {
		fault("there is no preset %q", t.Preset)
	}
	t = t.Filled()
	if t.Host == "" && len(t.Allow) == 0 && t.Certificate == "" {
		fault("host or allow must be given, or a certificate")
	}
	if strings.ContainsAny(t.Certificate, " */@:") {
		fault("certificate: %q is no name of a host", t.Certificate)
	}
	for _, h := range append([]string{t.Host, t.Proxy}, t.Registrars...) {
		if h != "" && !isHost(h) {
			fault("%q is not HOST or HOST:PORT", h)
		}
	}
	for name, c := range t.choices() {
		if c.value != "" && !slices.Contains(c.of, c.value) {
			fault("%s: %q is none of %s", name, c.value, strings.Join(c.of, ", "))
		}
	}
	if t.Register && (t.User == "" || t.Password == "" || t.Host == "" && len(t.Registrars) == 0) {
		fault("register needs user, password and host or registrars")
	}
	if _, err := t.networks(); err != nil {
		fault("allow: %w", err)
	}
	if _, err := t.codecs(); err != nil {
		fault("%w", err)
	}
	t.checkNumbers(fault)
	for name, n := range map[string]int{
		"max_calls": t.MaxCalls, "options_seconds": t.OptionsSeconds, "register_seconds": t.RegisterSeconds,
		"max_per_hour": t.MaxPerHour, "max_per_day": t.MaxPerDay, "calls_per_second": int(t.CallsPerSecond),
	} {
		if n < 0 || n > 1_000_000 {
			fault("%s: %d is out of range", name, n)
		}
	}
	return errors.Join(faults...)
}

// checkNumbers checks what has to do with numbers.
func (t *Trunk) checkNumbers(fault func(string, ...any)) {
	if _, err := number.Read("+12015550123", t.Region); err != nil {
		fault("region: %q is no country", t.Region)
	}
	if t.Send == "national" && t.Region == "" {
		fault("send: national numbers need a region")
	}
	if n, err := number.Read(t.CallerID, t.Region); t.CallerID != "" && (err != nil || n.Kind() == number.Premium) {
		fault("caller_id: %q is no number of ours", t.CallerID)
	}
	for _, r := range t.Dial {
		if from, to, ok := strings.Cut(r, "="); !ok || !isDialled(from) || !isDialled(to) || from == to {
			fault("dial: %q is not PREFIX=REPLACEMENT", r)
		}
	}
	for _, p := range append(slices.Clone(t.Outbound), t.Deny...) {
		if _, err := number.Read("1", p); !isPrefix(p) && (err != nil || len(p) != 2) {
			fault("outbound, deny: %q is neither a prefix like +4930 nor a region like DE", p)
		}
	}
}

func isDialled(s string) bool { return strings.Trim(s, "0123456789+*#") == "" && len(s) <= 20 }

func isPrefix(p string) bool {
	return strings.HasPrefix(p, "+") && len(p) > 1 && len(p) < 17 && strings.Trim(p[1:], "0123456789") == ""
}

// isHost reports whether h is HOST, HOST:PORT or, in brackets, an IPv6 address.
func isHost(h string) bool {
	if strings.ContainsAny(h, " @/;<>\"") {
		return false
	}
	if host, port, err := net.SplitHostPort(h); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		return host != "" && err == nil && n > 0
	}
	inner, bracketed := strings.CutPrefix(h, "[")
	if !bracketed {
		return !strings.Contains(h, ":")
	}
	_, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
	return err == nil
}

// networks are the addresses that the trunk's calls may come from.
func (t *Trunk) networks() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range t.Allow {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network like 192.0.2.0/24", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// codecs are the trunk's codecs in its order; nil is the server's own order.
func (t *Trunk) codecs() ([]codec.Codec, error) {
	var out []codec.Codec
	for _, name := range t.Codecs {
		at := slices.IndexFunc(codec.All(), func(c codec.Codec) bool { return strings.EqualFold(c.Name, name) })
		if at < 0 {
			return nil, fmt.Errorf("there is no codec %q", name)
		}
		out = append(out, codec.All()[at])
	}
	return out, nil
}

// uri is the address of a user at the trunk's host.
func (t *Trunk) uri(user string) string {
	host := cmp.Or(t.Host, t.Domain)
	if user != "" {
		user += "@"
	}
	return "sip:" + user + host + t.parameter()
}

// parameter is the transport of the trunk's URIs.
func (t *Trunk) parameter() string {
	if t.Transport == "" || t.Transport == "udp" {
		return ""
	}
	return ";transport=" + t.Transport
}
