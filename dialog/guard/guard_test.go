package guard

import "testing"

func TestActions(t *testing.T) {
	s := Policy{}.Session(nil)
	both := map[string]string{"number": "12345", "postcode": "04109"}
	cases := []struct {
		name    string
		request Request
		want    bool
	}{
		{"where an order is", Request{"get_order", map[string]string{"number": "12345"}}, true},
		{"customer data with number and postcode", Request{"get_delivery", both}, true},
		{"customer data without postcode", Request{"get_delivery", map[string]string{"number": "12345"}}, false},
		{"unknown operation", Request{"refund", both}, false},
		{"a ticket", Request{"create_ticket", nil}, true},
	}
	for _, c := range cases {
		if got := s.Action(c.request); got.Allowed != c.want || !got.Allowed && got.Rule == "" {
			t.Errorf("%s: %+v, want allowed %v", c.name, got, c.want)
		}
	}
	for range 3 {
		s.Done("get_order", "not_found")
	}
	if s.Action(cases[0].request).Allowed || s.Action(cases[1].request).Allowed {
		t.Error("a fourth guess is allowed")
	}
	if !s.Action(cases[4].request).Allowed {
		t.Error("no ticket after failed look-ups")
	}
}

func TestSentences(t *testing.T) {
	s := Policy{}.Session([]string{"It has 5 digits."})
	s.Fact("action:e1", "2026-11-26")
	s.Fact("action:e1", "12345")
	s.Fact("article:a@1", "You can return it within 30 days. See https://shop.example/returns")
	cases := []struct {
		text    string
		sources []string
		want    bool
	}{
		{"It should arrive on Thursday, November 26.", []string{"action:e1"}, true},
		{"It should arrive on Friday, November 27.", []string{"action:e1"}, false},
		{"It should arrive on Thursday.", nil, false},
		{"Order 1 2 3 4 5 is there.", []string{"action:e1"}, true},
		{"Order 9 is there.", []string{"action:e1"}, false},
		{"You have 30 days.", []string{"article:a@1"}, true},
		{"You have 60 days.", []string{"article:a@1"}, false},
		{"See https://shop.example/returns", []string{"article:a@1"}, true},
		{"See https://evil.example/", []string{"article:a@1"}, false},
		{"It has 5 digits.", nil, true},
		{"How can I help you?", nil, true},
		{"You may ask.", nil, true},
	}
	for _, c := range cases {
		if got := s.Sentence(c.text, c.sources); got.Allowed != c.want {
			t.Errorf("%q with %v: %+v, want allowed %v", c.text, c.sources, got, c.want)
		}
	}
}

func BenchmarkSentence(b *testing.B) {
	s := Policy{}.Session(nil)
	s.Fact("action:e1", "2026-11-26")
	b.ReportAllocs()
	for b.Loop() {
		s.Sentence("It should arrive on Thursday, November 26.", []string{"action:e1"})
	}
}
