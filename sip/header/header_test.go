package header

import (
	"errors"
	"testing"
	"time"
)

func TestReplaces(t *testing.T) {
	for value, want := range map[string]Replaces{
		"98732@example.org;from-tag=r33th4x0r;to-tag=ff87ff": {CallID: "98732@example.org", ToTag: "ff87ff", FromTag: "r33th4x0r"},
		" a ; to-tag=1 ; from-tag=2 ; early-only ":           {CallID: "a", ToTag: "1", FromTag: "2", EarlyOnly: true},
		"a;To-Tag=1;FROM-TAG=2;x=y":                          {CallID: "a", ToTag: "1", FromTag: "2"},
	} {
		got, err := ParseReplaces(value)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", value, got, err, want)
		}
		if again, err := ParseReplaces(got.String()); err != nil || again != got {
			t.Errorf("%q written as %q", value, got)
		}
	}
	for _, value := range []string{"", "a", "a;to-tag=1", ";to-tag=1;from-tag=2", "a;to-tag=1;from-tag=", "a\r\nX: y;to-tag=1;from-tag=2"} {
		if got, err := ParseReplaces(value); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %+v, %v", value, got, err)
		}
	}
}

func TestReferTo(t *testing.T) {
	for _, c := range []struct {
		value, uri, replaces string
		bad                  bool
	}{
		{"sip:ben@example.org", "sip:ben@example.org", "", false},
		{`"Ben, \"the\" <b>" <sip:ben@example.org;transport=tcp>;x=y`, "sip:ben@example.org;transport=tcp", "", false},
		{"<sip:ben@example.org?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>", "sip:ben@example.org", "a@b;to-tag=1;from-tag=2", false},
		{"<sip:ben@example.org?Subject=x&replaces=a%3Bfrom-tag%3D2%3Bto-tag%3D1>", "sip:ben@example.org", "a;to-tag=1;from-tag=2", false},
		{"<sip:ben@example.org;method=INVITE;transport=udp>", "sip:ben@example.org;transport=udp", "", false},
		{"<tel:+15550100>", "tel:+15550100", "", false},
		{"<sip:ben@example.org;method=BYE>", "", "", true},
		{"<sip:ben@example.org?Replaces=a>", "", "", true},
		{"<sip:ben@example.org?Replaces=%zz>", "", "", true},
		{"<sip:a@example.org>, <sip:b@example.org>", "", "", true},
		{"http://example.org", "", "", true},
		{"", "", "", true},
		{"<>", "", "", true},
		{"sip:", "", "", true},
		{"<sip:a b>", "", "", true},
	} {
		got, err := ParseReferTo(c.value)
		if c.bad {
			if !errors.Is(err, ErrSyntax) {
				t.Errorf("%q: %+v, %v", c.value, got, err)
			}
			continue
		}
		replaces := ""
		if got.Replaces != nil {
			replaces = got.Replaces.String()
		}
		if err != nil || got.URI != c.uri || replaces != c.replaces {
			t.Errorf("%q: %+v %s, %v", c.value, got, replaces, err)
		}
		if again, err := ParseReferTo(got.String()); err != nil || again.URI != got.URI || (again.Replaces == nil) != (got.Replaces == nil) {
			t.Errorf("%q written as %q: %v", c.value, got, err)
		}
	}
}

func TestSessionExpires(t *testing.T) {
	for value, want := range map[string]SessionExpires{
		"1800":                     {1800 * time.Second, ""},
		" 90 ;refresher=UAC":       {90 * time.Second, "uac"},
		"90;refresher=uas;x":       {90 * time.Second, "uas"},
		"4294967295":               {maxSession, ""},
		"120 ; x=y;refresher=":     {120 * time.Second, ""},
		"60;y=\";\";refresher=uas": {60 * time.Second, "uas"},
	} {
		if got, err := ParseSessionExpires(value); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", value, got, err, want)
		}
	}
	for _, value := range []string{"", "0", "-1", "x", "1800;refresher=both", "99999999999"} {
		if got, err := ParseSessionExpires(value); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %+v, %v", value, got, err)
		}
	}
	if s := (SessionExpires{90 * time.Second, "uac"}).String(); s != "90;refresher=uac" {
		t.Error(s)
	}
}

func TestRAck(t *testing.T) {
	if got, err := ParseRAck(" 776656  1 INVITE"); err != nil || got != (RAck{776656, 1, "INVITE"}) || got.String() != "776656 1 INVITE" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, value := range []string{"", "1 1", "0 1 INVITE", "1 x INVITE", "1 1 INVITE x", "4294967296 1 INVITE"} {
		if got, err := ParseRAck(value); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %+v, %v", value, got, err)
		}
	}
}

func TestReason(t *testing.T) {
	for value, want := range map[string]Reason{
		`Q.850;cause=16;text="Normal call clearing"`:                {"Q.850", 16, "Normal call clearing"},
		`SIP ;cause=200 ;text="Call completed elsewhere; by \"x\""`: {"SIP", 200, `Call completed elsewhere; by "x"`},
		`preemption;text="x", Q.850;cause=102`:                      {"Q.850", 102, ""},
	} {
		if got, err := ParseReason(value); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", value, got, err, want)
		}
	}
	for _, value := range []string{"", "SIP", "SIP;cause=x", ";cause=1", `SIP;cause=99999`} {
		if got, err := ParseReason(value); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %+v, %v", value, got, err)
		}
	}
}

func TestStatusLine(t *testing.T) {
	if status, reason, err := ParseStatusLine("SIP/2.0 486 Busy Here\r\nX: y"); err != nil || status != 486 || reason != "Busy Here" {
		t.Errorf("%d %s %v", status, reason, err)
	}
	for _, body := range []string{"", "SIP/2.0", "SIP/2.0 99 x", "SIP/2.0 700 x", "HTTP/1.1 200 OK", "SIP/2.0 abc"} {
		if _, _, err := ParseStatusLine(body); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestLists(t *testing.T) {
	if !Has("timer, 100rel", "100REL") || Has("timer, 100relx", "100rel") || Has("", "timer") {
		t.Error("tokens of a list")
	}
}

func FuzzReplaces(f *testing.F) {
	f.Add("98732@example.org;from-tag=r33th4x0r;to-tag=ff87ff;early-only")
	f.Add(`a;to-tag="`)
	f.Fuzz(func(t *testing.T, value string) {
		if r, err := ParseReplaces(value); err == nil {
			if again, err := ParseReplaces(r.String()); err != nil || again != r {
				t.Errorf("%q is read as %+v, written and read as %+v: %v", value, r, again, err)
			}
		}
	})
}

func FuzzReferTo(f *testing.F) {
	f.Add(`"B" <sip:ben@example.org;method=INVITE?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>;x`)
	f.Add("tel:+1")
	f.Fuzz(func(t *testing.T, value string) {
		r, err := ParseReferTo(value)
		if err != nil {
			return
		}
		again, err := ParseReferTo(r.String())
		if err != nil || again.URI != r.URI || (again.Replaces == nil) != (r.Replaces == nil) || r.Replaces != nil && *r.Replaces != *again.Replaces {
			t.Errorf("%q is read as %+v, written and read as %+v: %v", value, r, again, err)
		}
	})
}

func FuzzSessionExpires(f *testing.F) {
	f.Add("1800;refresher=uac")
	f.Add("90 ;refresher=UAS;x=\";")
	f.Fuzz(func(t *testing.T, value string) {
		if s, err := ParseSessionExpires(value); err == nil {
			if again, err := ParseSessionExpires(s.String()); err != nil || again != s || s.Interval <= 0 {
				t.Errorf("%q is read as %+v, written and read as %+v: %v", value, s, again, err)
			}
		}
	})
}

func FuzzRAck(f *testing.F) {
	f.Add("776656 1 INVITE")
	f.Fuzz(func(t *testing.T, value string) {
		if r, err := ParseRAck(value); err == nil {
			if again, err := ParseRAck(r.String()); err != nil || again != r {
				t.Errorf("%q: %+v, %+v, %v", value, r, again, err)
			}
		}
	})
}

func FuzzReason(f *testing.F) {
	f.Add(`Q.850;cause=16;text="Normal \"call\" clearing"`)
	f.Fuzz(func(_ *testing.T, value string) {
		if r, err := ParseReason(value); err == nil && r.Cause < 0 {
			panic("a reason without a cause")
		}
	})
}
