package rules

import (
	"strings"
	"testing"
	"time"

	"attendant/crm"
	"attendant/deploy/demo"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/knowledge"
	"attendant/dialog/understand"
)

func demoRules(t testing.TB) *Rules {
	t.Helper()
	set, err := flow.Load(demo.Files, dialog.Operations(crm.Operate(nil, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	base, err := knowledge.Load(demo.Files)
	if err != nil {
		t.Fatal(err)
	}
	var articles []understand.Article
	for _, a := range base.Articles() {
		articles = append(articles, understand.Article{ID: a.ID, Examples: a.Examples})
	}
	return New(set, articles)
}

var (
	open    = understand.View{Expect: flow.Expectation{Type: "open"}}
	digits  = understand.View{Expect: flow.Expectation{Type: "digits", Slot: "order", Min: 5, Max: 5}, Flow: "order_status"}
	yesno   = understand.View{Expect: flow.Expectation{Type: "yesno"}, Flow: "order_status"}
	askCode = understand.View{Expect: flow.Expectation{Type: "code", Min: 4, Max: 6}, Flow: "delivery_details"}
)

// brief writes commands as "kind:target=value".
func brief(commands []flow.Command) string {
	var out []string
	for _, c := range commands {
		s := string(c.Kind)
		if c.Flow+c.Article != "" {
			s += ":" + c.Flow + c.Article
		}
		if c.Value != "" {
			s += "=" + c.Value
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestTurns(t *testing.T) {
	cases := []struct {
		view understand.View
		text string
		want string
	}{
		{open, "where is my order one two three four five", "start_flow:order_status set_slot=12345"},
		{open, "i want to know what happened to my package", "start_flow:order_status"},
		{open, "order status please", "start_flow:order_status"},
		{open, "my parcel never showed up", "start_flow:order_status"},
		{open, "hello can you tell me where my parcel is please", "start_flow:order_status"},
		{open, "one two three four five", "start_flow:order_status set_slot=12345"},
		{open, "my order number is double four six one three", "start_flow:order_status set_slot=44613"},
		{open, "what is your return policy", "answer:return_policy"},
		{open, "can i send something back", "answer:return_policy"},
		{open, "when are you open", "answer:opening_hours"},
		{open, "what time do you close", "answer:opening_hours"},
		{open, "how much is delivery", "answer:delivery_cost"},
		{open, "do you sell heat pumps", "answer:heat_pump"},
		{open, "what is the delivery address of my order", "start_flow:delivery_details"},
		{open, "human", "human"},
		{open, "agent please", "human"},
		{open, "i want to talk to someone", "human"},
		{open, "can i speak to a representative", "human"},
		{open, "goodbye", "goodbye"},
		{open, "no thank you goodbye", "goodbye"},
		{open, "no that's all", "goodbye"},
		{open, "this is ridiculous", "complain"},
		{open, "nobody helps me", "complain"},
		{open, "thank you very much", "thank"},
		{open, "can you repeat that", "repeat"},
		{open, "hold on please", "hold_on"},
		{open, "hello", "greet"},
		{open, "what is the capital of france", "out_of_scope"},
		{open, "sing me a song about the sea", "out_of_scope"},
		{open, "", "not_heard"},
		{digits, "one two three four five", "set_slot=12345"},
		{digits, "it is two seven one eight two", "set_slot=27182"},
		{digits, "twenty seven one eighty two", "set_slot=27182"},
		{digits, "three oh eight four one", "set_slot=30841"},
		{digits, "one two three", "set_slot=123"},
		{digits, "no i said five four three two one", "correct_slot=54321"},
		{digits, "what time do you close", "answer:opening_hours"},
		{digits, "human", "human"},
		{yesno, "yes", "affirm"},
		{yesno, "yes that's right", "affirm"},
		{yesno, "no", "deny"},
		{yesno, "no that's wrong", "deny"},
		{yesno, "okay is wrong", "deny"},
		{open, "something is wrong with my heating", "out_of_scope"},
		{yesno, "no i meant five four three two one", "correct_slot=54321"},
		{yesno, "yes and what time do you close", "affirm answer:opening_hours"},
		{askCode, "zero four one zero nine", "set_slot=04109"},
		{askCode, "b as in bravo one two three", "set_slot=B123"},
	}
	r := demoRules(t)
	for _, c := range cases {
		got, err := r.Understand(t.Context(), c.view, understand.Turn{Text: c.text, Confidence: 0.9})
		if err != nil {
			t.Fatal(err)
		}
		if brief(got) != c.want {
			t.Errorf("%q (%s): %s, want %s", c.text, c.view.Expect.Type, brief(got), c.want)
		}
	}
}

func TestAnotherReadingThatFitsIsTakenWithDoubt(t *testing.T) {
	turn := understand.Turn{
		Text: "zero eight four one", Confidence: 0.9,
		Alternatives: []string{"oh eight four one", "three zero eight four one", "six zero eight four one"},
	}
	got, err := demoRules(t).Understand(t.Context(), digits, turn)
	if err != nil || brief(got) != "set_slot=30841" || got[0].Confidence > 0.5 {
		t.Errorf("%s (%.1f), %v; want 30841 with doubt", brief(got), got[0].Confidence, err)
	}
	turn.Text = "one two three four five"
	if got, _ := demoRules(t).Understand(t.Context(), digits, turn); brief(got) != "set_slot=12345" {
		t.Errorf("%s, want the first reading", brief(got))
	}
}

func TestKeys(t *testing.T) {
	cases := []struct {
		view       understand.View
		keys, want string
	}{
		{digits, "12345", "set_slot=12345"},
		{digits, "12345#", "set_slot=12345"},
		{digits, "0", "human"},
		{open, "0", "human"},
		{open, "12345", "start_flow:order_status set_slot=12345"},
		{yesno, "1", "affirm"},
		{yesno, "2", "deny"},
		{open, "7", "not_heard"},
		{open, "#", "not_heard"},
	}
	r := demoRules(t)
	for _, c := range cases {
		got, err := r.Understand(t.Context(), c.view, understand.Turn{Keys: c.keys})
		if err != nil {
			t.Fatal(err)
		}
		if brief(got) != c.want {
			t.Errorf("%s (%s): %s, want %s", c.keys, c.view.Expect.Type, brief(got), c.want)
		}
	}
}

func BenchmarkUnderstand(b *testing.B) {
	r := demoRules(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Understand(b.Context(), open, understand.Turn{Text: "can you please tell me where my parcel is"})
	}
}
