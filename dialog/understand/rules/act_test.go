package rules

import "testing"

func TestActs(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"yes", "affirm"},
		{"yeah that's right", "affirm"},
		{"sure go ahead", "affirm"},
		{"of course", "affirm"},
		{"yes thank you", "affirm"},
		{"no", "deny"},
		{"nope", "deny"},
		{"no thanks", "deny"},
		{"not really", "deny"},
		{"of course not", "deny"},
		{"no i don't want that", "deny"},
		{"thank you so much", "thank"},
		{"thanks a lot", "thank"},
		{"i really appreciate your help", "thank"},
		{"goodbye", "end"},
		{"thanks bye", "end"},
		{"no that's all", "end"},
		{"nothing else thank you", "end"},
		{"have a nice day", "end"},
		{"can you repeat that", "repeat"},
		{"sorry what", "repeat"},
		{"i didn't catch that", "repeat"},
		{"pardon", "repeat"},
		{"i want to talk to a human", "handoff"},
		{"representative", "handoff"},
		{"let me speak to your manager", "handoff"},
		{"transfer me please", "handoff"},
		{"i don't know", "dont_know"},
		{"i'm not sure", "dont_know"},
		{"no idea", "dont_know"},
		{"i can't remember it", "dont_know"},
		{"hello", "greet"},
		{"good morning", "greet"},
		{"hi there", "greet"},
		{"i want to return my kettle", "other"},
		{"where is my order", "other"},
		{"i do not know why you charge me twice", "other"},
		{"", "other"},
	} {
		if got := Act(test.text, ""); got != test.want {
			t.Errorf("Act(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}
