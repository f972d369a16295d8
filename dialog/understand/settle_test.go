package understand

import (
	"strings"
	"testing"

	"attendant/dialog/flow"
)

func TestGuessesAndFreeTextLeaveNoQuestion(t *testing.T) {
	start := func(name string, like float64) []flow.Command {
		return []flow.Command{{Kind: flow.StartFlow, Flow: name, Confidence: like}, {Kind: flow.SetSlot, Slot: "order", Value: "12345"}}
	}
	answer := []flow.Command{{Kind: flow.Answer, Article: "payment", Confidence: 0.9}}
	one := func(k flow.CommandKind) []flow.Command { return []flow.Command{{Kind: k}} }
	cases := []struct {
		name, asked string
		text        string
		heard       float64
		commands    []flow.Command
		want        string // kinds, or a value
	}{
		{"a guess begins no flow", "choice", "late", 0.28, start("delayed_delivery", 0.9), "not_heard"},
		{"a guess gives no answer", "number", "the pay", 0.2, answer, "not_heard"},
		{"a guess cancels nothing", "number", "forget it", 0.1, one(flow.Cancel), "not_heard"},
		{"a guess says no goodbye", "yesno", "bye", 0.1, one(flow.Goodbye), "not_heard"},
		{"a guess is an answer", "choice", "wait", 0.1, []flow.Command{{Kind: flow.SetSlot, Value: "wait"}}, "wait"},
		{"a guess may repeat", "number", "repeat", 0.1, one(flow.Repeat), "repeat"},
		{"a guess may be a wish for a human", "number", "human", 0.05, one(flow.Human), "human"},
		{"what was heard may begin a flow", "choice", "where is my order", 0.7, start("order_status", 0.9), "start_flow set_slot"},
		{"unknown confidence counts", "choice", "where is my order", 0, start("order_status", 0.9), "start_flow set_slot"},
		{"the flow going on is no other", "choice", "change my order", 0.1, start("change_order", 0.9), "start_flow set_slot"},
		{"nothing was asked", "open", "late", 0.1, start("delayed_delivery", 0.5), "start_flow set_slot"},
		{"a complaint is no request", "text", "the man said my parcel is delayed and laughed", 0.9, start("delayed_delivery", 0.7), "the man said my parcel is delayed and laughed"},
		{"a complaint heard badly is a complaint", "text", "my parcel was late", 0.2, start("delayed_delivery", 1), "my parcel was late"},
		{"a long text is no request", "text", "where is my order is what i asked your people again and again", 0.9, start("order_status", 1), "where is my order is what i asked your people again and again"},
		{"a text with a goodbye in it", "text", "he said bye and hung up on me", 0.9, one(flow.Goodbye), "he said bye and hung up on me"},
		{"a clear request", "text", "where is my order", 0.9, start("order_status", 1), "start_flow set_slot"},
		{"never mind, said alone", "text", "never mind", 0.9, one(flow.Cancel), "cancel"},
		{"a human, whatever is asked", "text", "my technician was rude i want a human now please", 0.2, one(flow.Human), "human"},
		{"a name is no article", "name", "carla payton", 0.8, []flow.Command{{Kind: flow.Answer, Article: "payment", Confidence: 0.7}}, "carla payton"},
		{"too long a name", "name", "i do not see why you want to know that of me", 0.8, start("order_status", 0.7), "not_heard"},
	}
	for _, c := range cases {
		v := View{Expect: flow.Expectation{Type: c.asked}, Flow: "change_order"}
		var got []string
		for _, k := range Settle(v, Turn{Text: c.text, Confidence: c.heard}, c.commands) {
			got = append(got, string(k.Kind))
			if k.Kind == flow.SetSlot && k.Value == c.want {
				got = []string{k.Value}
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q heard with %.2f where %s was asked: %s, want %s", c.name, c.text, c.heard, c.asked, s, c.want)
		}
	}
	keyed := Settle(View{Expect: flow.Expectation{Type: "choice"}}, Turn{Keys: "9", Confidence: 0.1}, start("order_status", 1))
	if len(keyed) != 2 {
		t.Errorf("keys: %+v", keyed)
	}
}
