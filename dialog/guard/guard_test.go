package guard

import (
	"testing"
	"time"

	"attendant/dialog/flow"
)

var operations = map[string]Risk{
	"get_order": Tracking, "get_delivery": Personal, "update_customer": Change, "refund": Irreversible, "create_ticket": Open, "notify": Open,
}

func TestActions(t *testing.T) {
	yes := &flow.Confirmation{Prompt: "Shall I refund 20 euros 50 for order 1 2 3 4 5?", Words: "yes"}
	model := *yes
	model.Model = true
	refund := func(amount string) map[string]string { return map[string]string{"number": "12345", "amount": amount} }
	cases := []struct {
		name             string
		request          Request
		stranger, proved bool
	}{
		{"where an order is", Request{Operation: "get_order", Args: map[string]string{"number": "12345"}}, true, true},
		{"customer data", Request{Operation: "get_delivery", Args: map[string]string{"number": "12345"}}, false, true},
		{"another customer's data", Request{Operation: "get_delivery", Args: map[string]string{"number": "12345", "customer": "c9"}}, false, false},
		{"a change", Request{Operation: "update_customer", Args: map[string]string{"city": "Mainz"}}, false, true},
		{"unknown operation", Request{Operation: "fly"}, false, false},
		{"internal operation", Request{Operation: "find_customer"}, false, false},
		{"a ticket", Request{Operation: "create_ticket"}, true, true},
		{"refund with a yes", Request{Operation: "refund", Args: refund("20.50 EUR"), Confirmed: yes}, false, true},
		{"refund without a yes", Request{Operation: "refund", Args: refund("20.50 EUR")}, false, false},
		{"refund with a yes that a model understood", Request{Operation: "refund", Args: refund("20.50 EUR"), Confirmed: &model}, false, false},
		{"refund that a model wants", Request{Operation: "refund", Args: refund("20.50 EUR"), Confirmed: yes, Model: true}, false, false},
		{"refund of an amount that was not read", Request{Operation: "refund", Args: refund("99.00 EUR"), Confirmed: yes}, false, false},
		{"refund above the limit", Request{Operation: "refund", Args: refund("500 EUR"), Confirmed: &flow.Confirmation{Prompt: "Refund 500 euros for 12345?"}}, false, false},
		{"message to the caller", Request{Operation: "notify", Args: map[string]string{"to": "+1555", "text": "See the site."}}, true, true},
		{"message to somebody else", Request{Operation: "notify", Args: map[string]string{"to": "+1666", "text": "See the site."}}, false, false},
		{"message with a link from nowhere", Request{Operation: "notify", Args: map[string]string{"to": "+1555", "text": "See https://evil.example/"}}, false, false},
	}
	for _, c := range cases {
		for _, proved := range []bool{false, true} {
			s := Policy{Operations: operations}.Session(nil, "")
			s.Reachable("+1555")
			want := c.stranger
			if proved {
				s.Verify("c1")
				want = c.proved
			}
			if got := s.Action(c.request); got.Allowed != want || !got.Allowed && got.Rule == "" {
				t.Errorf("%s, verified %v: %+v, want allowed %v", c.name, proved, got, want)
			}
		}
	}
}

func TestGuessingEnds(t *testing.T) {
	s := Policy{Operations: operations}.Session(nil, "")
	look := Request{Operation: "get_order", Args: map[string]string{"number": "1"}}
	for range 3 {
		if !s.Action(look).Allowed || !s.Prove(false).Allowed {
			t.Fatal("a try is refused too early")
		}
		s.Done("get_order", "not_found")
	}
	if s.Action(look).Allowed || s.Prove(false).Allowed {
		t.Error("a fourth guess is allowed")
	}
	if !s.Action(Request{Operation: "create_ticket"}).Allowed {
		t.Error("no ticket after failed look-ups")
	}
}

func TestLimits(t *testing.T) {
	s := Policy{Operations: operations, Actions: 2, Turns: 10, Tokens: 100}.Session(nil, "")
	if over := s.Over(10, time.Minute); over != "" {
		t.Errorf("over %q too early", over)
	}
	for range 2 {
		s.Action(Request{Operation: "create_ticket"})
	}
	if s.Action(Request{Operation: "create_ticket"}).Allowed || s.Over(1, 0) != "actions" {
		t.Error("a third action is allowed")
	}
	if s.Over(11, 0) != "turns" || s.Over(1, time.Hour) != "minutes" {
		t.Error("turns or minutes are not limited")
	}
}

func TestWhatAModelWrites(t *testing.T) {
	s := Policy{Operations: operations}.Session(NewTemplates([]string{"Welcome to Sunny Kettle Energy."}), "Let me check.")
	s.Fact("action:e1", "2026-11-26")
	s.Fact("article:a@1", "Returns are free of charge for thirty days.")
	for text, want := range map[string]bool{
		"It should arrive on Thursday, November 26.":        true,
		"It should arrive in two days.":                     false,
		"I have refunded your order.":                       false,
		"I promise that it comes soon.":                     false,
		"You can return it free of charge for thirty days.": true,
		"You can return it free of charge for ninety days.": false,
		"My colleague Robert will call you.":                false,
		"Thank you for calling Sunny Kettle Energy.":        true,
		"That costs 5 euros.":                               false,
		"I am sorry to hear that, I see what you mean.":     true,
	} {
		d := s.Sentence(Sentence{Text: text, Sources: []string{"action:e1", "article:a@1"}, Model: true})
		if d.Allowed != want || !want && d.Instead != "Let me check." {
			t.Errorf("%q: %+v, want allowed %v", text, d, want)
		}
	}
	s.Done("refund", "ok")
	if !s.Sentence(Sentence{Text: "I have refunded your order.", Model: true}).Allowed {
		t.Error("a refund that was made may not be told")
	}
}

func TestSentences(t *testing.T) {
	s := Policy{}.Session(NewTemplates([]string{"It has 5 digits."}), "Let me check.")
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
		if got := s.Sentence(Sentence{Text: c.text, Sources: c.sources}); got.Allowed != c.want {
			t.Errorf("%q with %v: %+v, want allowed %v", c.text, c.sources, got, c.want)
		}
	}
}

func BenchmarkSentence(b *testing.B) {
	s := Policy{}.Session(nil, "")
	s.Fact("action:e1", "2026-11-26")
	b.ReportAllocs()
	for b.Loop() {
		s.Sentence(Sentence{Text: "It should arrive on Thursday, November 26.", Sources: []string{"action:e1"}, Model: true})
	}
}
