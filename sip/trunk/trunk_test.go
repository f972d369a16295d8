package trunk

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"attendant/sip/number"
	"attendant/sip/sdp"
)

func TestPresetsFillInWhatIsLeftOpen(t *testing.T) {
	for _, p := range Presets() {
		tr := Trunk{Name: "x", Preset: p.Name, Host: "carrier.example", User: "u", Password: "p", Region: p.Region}
		if tr.Region == "" {
			tr.Region = "US"
		}
		if err := tr.Check(); err != nil {
			t.Errorf("preset %s: %v", p.Name, err)
		}
		if p.About == "" || tr.Filled().About != "" {
			t.Errorf("preset %s says nothing of itself, or its text goes into trunks", p.Name)
		}
	}
	got := Trunk{Name: "x", Preset: "twilio", Codecs: []string{"PCMA"}}.Filled()
	if got.Name != "x" || !got.Trusted || !slices.Equal(got.Codecs, []string{"PCMA"}) || got.OptionsSeconds != 60 {
		t.Errorf("%+v", got)
	}
}

func TestTrunksAreCheckedWhole(t *testing.T) {
	good := Trunk{
		Name: "carrier", Host: "[2001:db8::1]:5070", Allow: []string{"192.0.2.0/24", "2001:db8::1"}, Region: "DE", Dial: []string{"+49=0", "0=00"},
		Outbound: []string{"DE", "+4143"}, CallerID: "030 1234567", Registrars: []string{"a.example", "b.example:5080"},
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for want, bad := range map[string]Trunk{
		"name":           {Host: "a"},
		"host or allow":  {Name: "a"},
		"preset":         {Name: "a", Host: "a", Preset: "nobody"},
		"HOST:PORT":      {Name: "a", Host: "sip:a@b"},
		"transport":      {Name: "a", Host: "a", Transport: "smoke"},
		"register needs": {Name: "a", Host: "a", Register: true},
		"allow":          {Name: "a", Allow: []string{"everyone"}},
		"codec":          {Name: "a", Host: "a", Codecs: []string{"MP3"}},
		"region":         {Name: "a", Host: "a", Region: "ZZ"},
		"national":       {Name: "a", Host: "a", Send: "national"},
		"caller_id":      {Name: "a", Host: "a", CallerID: "me"},
		"dial":           {Name: "a", Host: "a", Dial: []string{"00"}},
		"outbound":       {Name: "a", Host: "a", Outbound: []string{"everywhere"}},
		"max_calls":      {Name: "a", Host: "a", MaxCalls: -1},
		"srtp":           {Name: "a", Host: "a", SRTP: "always"},
	} {
		if err := bad.Check(); !errors.Is(err, ErrTrunk) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want a fault of %s", bad, err, want)
		}
	}
}

func TestNumbersTakeTheTrunksForm(t *testing.T) {
	n := number.Number{E164: "+49301234567"}
	for _, c := range []struct {
		trunk Trunk
		want  string
	}{
		{Trunk{}, "+49301234567"},
		{Trunk{Send: "digits"}, "49301234567"},
		{Trunk{Send: "national", Region: "DE"}, "0301234567"},
		{Trunk{Send: "national", Region: "FR"}, "+49301234567"},
		{Trunk{Dial: []string{"+1=1", "+=00"}}, "0049301234567"},
		{Trunk{Send: "national", Region: "DE", Dial: []string{"0=90"}}, "90301234567"},
	} {
		if got := c.trunk.Form(n); got != c.want {
			t.Errorf("%+v sends %q, want %q", c.trunk, got, c.want)
		}
	}
	for _, c := range []struct {
		trunk      Trunk
		text, want string
	}{
		{Trunk{}, "+49301234567", "+49301234567"},
		{Trunk{Region: "DE"}, "0301234567", "+49301234567"},
		{Trunk{Region: "DE"}, "0049301234567", "+49301234567"},
		{Trunk{Send: "digits"}, "49301234567", "+49301234567"},
		{Trunk{Region: "US"}, "2015550123", "+12015550123"},
		{Trunk{Region: "DE"}, "anonymous", "anonymous"},
		{Trunk{Region: "DE"}, "4711", "4711"},
		{Trunk{}, "", ""},
	} {
		if got := c.trunk.Incoming(c.text); got != c.want {
			t.Errorf("%+v reads %q as %q, want %q", c.trunk, c.text, got, c.want)
		}
	}
}

func TestNothingIsDialledThatNoRuleAllows(t *testing.T) {
	us := Trunk{Name: "t", Region: "US", Outbound: []string{"US", "+4930"}, Deny: []string{"+1900", "+4930110"}}
	for text, ok := range map[string]bool{
		"+12015550123": true, "+49301234567": true,
		"+18765550123":  false, // Jamaica, by a prefix of +1
		"+49891234567":  false,
		"+49301101234":  false, // denied within what is allowed
		"+881612345678": false, "+19005550123": false, "+4911": false,
	} {
		err := us.Permits(number.Number{E164: text})
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v, want allowed %v", text, err, ok)
		}
	}
	for _, short := range []string{"911", "112", "4711"} {
		if err := us.Permits(number.Number{Short: short}); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", short, err)
		}
	}
	all := Trunk{Outbound: []string{"+8816"}}
	if err := all.Permits(number.Number{E164: "+881612345678"}); !errors.Is(err, ErrForbidden) {
		t.Errorf("a satellite that the list names: %v", err)
	}
	if err := (Trunk{}).Permits(number.Number{E164: "+12015550123"}); !errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "off") {
		t.Errorf("without a list: %v", err)
	}
}

func TestEncryptionIsTheTrunksPolicy(t *testing.T) {
	for text, want := range map[string]sdp.Policy{"": sdp.Taken, "off": sdp.Off, "preferred": sdp.Preferred, "required": sdp.Required} {
		tr := Trunk{SRTP: text}
		if o := tr.options(Request{}); tr.policy() != want || o.SRTP != want {
			t.Errorf("srtp %q: %v, calls out %v; want %v", text, tr.policy(), o.SRTP, want)
		}
	}
}
