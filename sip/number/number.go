// Package number reads telephone numbers and says what a call to one of ours
// is to do.
//
// Number is a number as E.164 has it, or a short one that means something in
// its region only: Read tells them apart before anything turns an emergency
// number into one with a country code. Rule is what an administrator sets for
// one number: flow, language, hours, fallback. Hours are opening times in a
// time zone, with holidays.
//
// Guarantees: everything here is a value without I/O, safe from any goroutine;
// what Read accepts is at most 15 digits, ITU-T E.164 section 6.
package number

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// What Read and Destination answer.
var (
	// ErrNumber is text that is no telephone number in its region.
	ErrNumber = errors.New("no telephone number")
	// ErrRegion is a region that is no ISO 3166 code that numbers are known of.
	ErrRegion = errors.New("no region")
)

// maxText is how long a number with its separators may be.
const maxText = 64

// Number is a telephone number. Exactly one of the fields is set.
type Number struct {
	E164  string // "+4930100000"
	Short string // "112", "1190", an extension
}

// String is the number as it is written down.
func (n Number) String() string { return n.E164 + n.Short }

// IsZero reports whether there is no number.
func (n Number) IsZero() bool { return n == Number{} }

// emergency are the numbers that call for help wherever one is; those of a
// region are known besides.
var emergency = map[string]bool{"112": true, "911": true, "999": true, "000": true, "110": true, "118": true, "119": true, "08": true}

var (
	separators = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "/", "", "\u00a0", "", "[", "", "]", "")
	digits     = regexp.MustCompile(`^\+?[0-9*#]+$`)
)

// Read reads a number as people, phones and carriers write it: with or without
// separators, as tel: or sip: URI, in national or international form of the
// region ("DE"; empty where only "+" forms are to be read). ErrNumber, ErrRegion.
func Read(text, region string) (Number, error) {
	clean, err := bare(text)
	if err != nil {
		return Number{}, err
	}
	region = strings.ToUpper(region)
	if region != "" && phonenumbers.GetCountryCodeForRegion(region) == 0 {
		return Number{}, fmt.Errorf("%w: %q", ErrRegion, region)
	}
	if isShort(clean, region) {
		return Number{Short: clean}, nil
	}
	p, err := phonenumbers.Parse(clean, region)
	if err != nil || !phonenumbers.IsPossibleNumber(p) {
		return Number{}, fmt.Errorf("%w: %q", ErrNumber, text)
	}
	return Number{E164: phonenumbers.Format(p, phonenumbers.E164)}, nil
}

// bare takes separators, scheme and parameters off.
func bare(text string) (string, error) {
	if len(text) > maxText {
		return "", fmt.Errorf("%w: too long", ErrNumber)
	}
	clean := strings.TrimSpace(text)
	for _, scheme := range []string{"tel:", "sip:", "sips:"} {
		if len(clean) >= len(scheme) && strings.EqualFold(clean[:len(scheme)], scheme) {
			clean = clean[len(scheme):]
		}
	}
	clean, _, _ = strings.Cut(clean, ";")
	clean, _, _ = strings.Cut(clean, "@")
	clean = separators.Replace(clean)
	if !digits.MatchString(clean) || len(clean) > 20 {
		return "", fmt.Errorf("%w: %q", ErrNumber, text)
	}
	return clean, nil
}

// isShort reports whether digits without a plus mean something only where they
// are dialled: emergency numbers first of all, which a parser of national
// numbers would give a country code.
func isShort(clean, region string) bool {
	switch {
	case strings.HasPrefix(clean, "+"):
		return false
	case emergency[clean], strings.ContainsAny(clean, "*#"), len(clean) <= 4:
		return true
	case region == "":
		return len(clean) <= 6
	case phonenumbers.IsEmergencyNumber(clean, region):
		return true
	}
	p, err := phonenumbers.Parse(clean, region)
	return err != nil || len(clean) <= 6 && !phonenumbers.IsValidNumber(p)
}

// IsEmergency reports whether the number calls for help in region, or anywhere.
func (n Number) IsEmergency(region string) bool {
	return n.Short != "" && (emergency[n.Short] || region != "" && phonenumbers.IsEmergencyNumber(n.Short, strings.ToUpper(region)))
}

// Kind is what a number is for, as far as the numbering plan says.
type Kind string

// The kinds that matter to whoever pays.
const (
	Ordinary  Kind = "ordinary"
	Premium   Kind = "premium rate"
	Satellite Kind = "satellite or international network"
	Short     Kind = "short"
	Invalid   Kind = "not in use"
)

// networks are country codes that belong to no country: satellites,
// international networks and premium rate services. ITU-T E.164 section 6.2.
var networks = []string{"+870", "+878", "+881", "+882", "+883", "+888", "+979", "+991"}

// Kind tells what the number is for. Numbers that no plan has in use are
// Invalid: a call to one is a mistake or an attempt at fraud.
func (n Number) Kind() Kind {
	if n.Short != "" {
		return Short
	}
	for _, p := range networks {
		if strings.HasPrefix(n.E164, p) {
			return Satellite
		}
	}
	p, err := phonenumbers.Parse(n.E164, "")
	if err != nil || !phonenumbers.IsValidNumber(p) {
		return Invalid
	}
	switch phonenumbers.GetNumberType(p) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		return Premium
	}
	return Ordinary
}

// Region is the country or territory that an E.164 number belongs to ("DE"), or
// empty.
func (n Number) Region() string {
	p, err := phonenumbers.Parse(n.E164, "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(p)
}

// In returns the number as it is dialled within region, "030100000", and
// whether it belongs there.
func (n Number) In(region string) (string, bool) {
	p, err := phonenumbers.Parse(n.E164, "")
	if err != nil || int(p.GetCountryCode()) != phonenumbers.GetCountryCodeForRegion(strings.ToUpper(region)) {
		return "", false
	}
	return phonenumbers.NormalizeDigitsOnly(phonenumbers.Format(p, phonenumbers.NATIONAL)), true
}
