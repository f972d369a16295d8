package number

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestNumbersAreReadAsTheirRegionDialsThem(t *testing.T) {
	for _, c := range []struct{ text, region, want string }{
		{"+49 30 1234567", "", "+49301234567"},
		{"030/123 45 67", "DE", "+49301234567"},
		{"0049 (30) 1234567", "DE", "+49301234567"},
		{"tel:+1-201-555-0123;phone-context=x", "", "+12015550123"},
		{"sip:+12015550123@carrier.example;user=phone", "", "+12015550123"},
		{"(201) 555-0123", "us", "+12015550123"},
		{"011 49 30 1234567", "US", "+49301234567"},
		{"112", "DE", "112"},
		{"911", "GB", "911"},
		{"911", "US", "911"},
		{"999", "", "999"},
		{"110", "CN", "110"},
		{"116117", "DE", "116117"},
		{"4711", "DE", "4711"},
		{"*21#", "DE", "*21#"},
		{"2001", "", "2001"},
	} {
		got, err := Read(c.text, c.region)
		if err != nil || got.String() != c.want {
			t.Errorf("Read(%q, %q) = %q, %v; want %q", c.text, c.region, got, err, c.want)
		}
	}
	for text, want := range map[string]error{
		"": ErrNumber, "anonymous": ErrNumber, "+": ErrNumber, "+999999999999999999": ErrNumber, "12a": ErrNumber,
		strings.Repeat("1", 65): ErrNumber, "+12": ErrNumber,
	} {
		if got, err := Read(text, "DE"); !errors.Is(err, want) {
			t.Errorf("Read(%q) = %q, %v; want %v", text, got, err, want)
		}
	}
	if _, err := Read("030 1", "XX"); !errors.Is(err, ErrRegion) {
		t.Errorf("region XX: %v", err)
	}
}

func TestKindsOfNumbers(t *testing.T) {
	for text, want := range map[string]Kind{
		"+49301234567": Ordinary, "+12015550123": Ordinary, "+881612345678": Satellite, "+8821234567": Satellite, "+979123456789": Satellite,
		"+499001234567": Premium, "+19005550123": Premium, "+449098790123": Premium, "+4411": Invalid, "+19995550123": Invalid, "112": Short,
	} {
		n := Number{E164: text}
		if !strings.HasPrefix(text, "+") {
			n = Number{Short: text}
		}
		if got := n.Kind(); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
	if r := (Number{E164: "+18765550123"}).Region(); r != "JM" {
		t.Errorf("+1 876 is of %q, want JM", r)
	}
	if n, ok := (Number{E164: "+49301234567"}).In("DE"); n != "0301234567" || !ok {
		t.Errorf("in Germany %q, %v", n, ok)
	}
	if n, ok := (Number{E164: "+49301234567"}).In("FR"); ok {
		t.Errorf("in France %q", n)
	}
	if !(Number{Short: "112"}).IsEmergency("") || !(Number{Short: "15"}).IsEmergency("FR") || (Number{Short: "4711"}).IsEmergency("DE") {
		t.Error("emergency numbers are not told from others")
	}
}

func TestHours(t *testing.T) {
	h := Hours{
		Zone: "Europe/Berlin", Weekly: "mon-fri 09:00-12:00 13:00-17:00; sat 10:00-14:00; fri 22:00-02:00",
		Holidays: []string{"12-25", "2026-05-01", "2026-12-30..2027-01-01"},
	}
	for at, want := range map[string]bool{
		"2026-11-23T08:00:00Z": true,  // Monday 9:00
		"2026-11-23T07:59:00Z": false, // 8:59
		"2026-11-23T11:00:00Z": false, // 12:00, lunch
		"2026-11-23T15:59:59Z": true,
		"2026-11-23T16:00:00Z": false,
		"2026-11-22T10:00:00Z": false, // Sunday
		"2026-07-06T07:00:00Z": true,  // Monday 9:00, summer time
		"2026-11-28T00:30:00Z": true,  // Saturday 1:30, Friday's night
		"2026-11-28T01:00:00Z": false,
		"2025-12-25T10:00:00Z": false, // Thursday, every year
		"2026-05-01T08:00:00Z": false,
		"2026-12-31T10:00:00Z": false, // within a range
		"2026-12-29T10:00:00Z": true,
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.Open(moment); err != nil || got != want {
			t.Errorf("open at %s: %v, %v; want %v", at, got, err, want)
		}
	}
	over := Hours{Holidays: []string{"12-24..01-01"}}
	if got, err := over.Open(time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC)); got || err != nil {
		t.Errorf("open on New Year's Eve: %v, %v", got, err)
	}
	if got, err := (Hours{}).Open(time.Now()); !got || err != nil {
		t.Errorf("hours of nothing are closed: %v", err)
	}
	for _, bad := range []Hours{
		{Zone: "Mars/Olympus"},
		{Weekly: "mon"},
		{Weekly: "mon 9-17"},
		{Weekly: "someday 09:00-17:00"},
		{Weekly: "mon 24:00-01:00"},
		{Weekly: ";"},
		{Holidays: []string{"25.12."}},
		{Holidays: []string{"13-40"}},
		{Zone: "Local"},
	} {
		if err := bad.Check(); !errors.Is(err, ErrHours) {
			t.Errorf("%+v: %v, want ErrHours", bad, err)
		}
	}
}

func TestRulesAreCheckedWhole(t *testing.T) {
	r, err := Rule{Number: "030 1234567", Hours: Hours{Weekly: "daily 08:00-20:00"}, Fallback: Fallback{Message: "We are closed."}}.Clean("DE")
	if err != nil || r.Number != "+49301234567" {
		t.Errorf("%+v, %v", r, err)
	}
	for name, ok := range map[string]string{"extension": "2001", "user": "support", "any": "*"} {
		if r, err := (Rule{Number: ok}).Clean("DE"); err != nil || r.Number != ok {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	_, err = Rule{Number: "+1 2", Hours: Hours{Weekly: "x"}, Fallback: Fallback{Flow: "a", Human: "b"}}.Clean("")
	for _, want := range []error{ErrNumber, ErrHours, ErrRule} {
		if !errors.Is(err, want) {
			t.Errorf("%v does not tell %v", err, want)
		}
	}
	for _, bad := range []Rule{{Number: "1", Hours: Hours{Weekly: "mon 09:00-10:00"}}, {Number: "1", Fallback: Fallback{Message: "x"}}, {}} {
		if _, err := bad.Clean(""); err == nil {
			t.Errorf("%+v is good", bad)
		}
	}
}

// FuzzRead looks for numbers that Read takes and cannot read again, or that are
// longer than E.164 allows.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"+49 30 1234567", "911", "tel:+1;x", "00 1 201 555 0123", "*21#", "sip:030@x", "+870123456789"} {
		f.Add(s, "DE")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		n, err := Read(text, region)
		if err != nil {
			return
		}
		if len(n.E164) > 18 || n.IsZero() || n.E164 != "" && n.Short != "" {
			t.Errorf("%q became %+v", text, n)
		}
		if n.E164 != "" {
			if again, err := Read(n.E164, region); err != nil || again.E164 == "" {
				t.Errorf("%q became %q, then %q, %v", text, n, again, err)
			}
		}
		n.Kind()
	})
}
