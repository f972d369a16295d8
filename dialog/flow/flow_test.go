package flow

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"attendant/crm"
	"attendant/deploy/demo"
)

// operations are those of a system of record, and the guard's own.
var operations = func() []Operation {
	out := []Operation{
		{Name: "identify", Args: []string{"order", "postcode?", "pin?"}, Results: []string{"first_name", "name"}, Outcomes: []string{"not_found"}},
		{Name: "send_code", Args: []string{"order"}},
		{Name: "check_code", Args: []string{"code"}, Results: []string{"first_name", "name"}, Outcomes: []string{"not_found"}},
	}
	for _, o := range crm.Standard() {
		out = append(out, Operation{Name: o.Name, Args: append(o.Args, "*"), Results: o.Results, Outcomes: o.Outcomes, Irreversible: o.Risk == crm.Irreversible})
	}
	return out
}()

func demoEngine(t *testing.T) *Engine {
	t.Helper()
	set, err := Load(demo.Files, operations)
	if err != nil {
		t.Fatal(err)
	}
	return NewEngine(set)
}

// told takes a step, with the state written down and read again before it.
func told(t *testing.T, e *Engine, s State, in Input) (State, []Effect) {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var again State
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	direct, effects := e.Step(s, in)
	restored, others := e.Step(again, in)
	if written(t, effects) != written(t, others) || written(t, direct) != written(t, restored) {
		t.Fatalf("a state that was written down goes on otherwise:\n%+v\n%+v", effects, others)
	}
	return direct, effects
}

func written(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func saidIn(effects []Effect) string {
	var b strings.Builder
	for _, e := range effects {
		if e.Say != nil {
			b.WriteString(e.Say.Text + " ")
		}
	}
	return b.String()
}

func commands(c ...Command) Input { return Input{Commands: c} }

// talk is a scripted conversation: each step's input, what is said then, and
// the operation or kind of effect that is asked for.
type talk struct {
	name  string
	state State
	steps []step
}

type step struct {
	in   Input
	says string
	asks string
}

func result(outcome string, data map[string]string) Input {
	return Input{Result: &Result{Effect: "?", Outcome: outcome, Data: data, Source: "action:e1"}}
}

var (
	start   = Command{Kind: StartFlow, Flow: "order_status", Confidence: 0.9}
	number  = Command{Kind: SetSlot, Slot: "order", Value: "12345", Confidence: 0.9}
	bare    = Command{Kind: SetSlot, Value: "12345", Confidence: 0.9}
	yes     = Command{Kind: Affirm}
	no      = Command{Kind: Deny}
	shipped = map[string]string{"number": "12345", "status": "shipped", "place": "the Leipzig depot", "expected": "2026-11-26"}
)

func TestConversations(t *testing.T) {
	talks := []talk{
		{"number given at once", State{}, []step{
			{commands(start, number), "", "get_order"},
			{result("ok", shipped), "Order 1 2 3 4 5 is at the Leipzig depot. It should arrive on Thursday, November 26. Is there anything else", ""},
			{commands(no), "Goodbye", "end"},
		}},
		{"number asked for", State{}, []step{
			{commands(start), "What is your order number", ""},
			{commands(bare), "", "get_order"},
		}},
		{"telephone line reads back", State{Narrow: true}, []step{
			{commands(start, number), "I heard 1 2 3 4 5. Is that right?", ""},
			{commands(no), "one by one, or key them in", ""},
			{commands(Command{Kind: SetSlot, Value: "12345", Keyed: true}), "", "get_order"},
		}},
		{"doubtful words are read back", State{}, []step{
			{commands(start, Command{Kind: SetSlot, Slot: "order", Value: "12345", Confidence: 0.3}), "I heard 1 2 3 4 5", ""},
			{commands(yes), "", "get_order"},
		}},
		{"too few digits", State{}, []step{
			{commands(start), "order number", ""},
			{commands(Command{Kind: SetSlot, Value: "123", Confidence: 0.9}), "I heard 1 2 3. Please say the five digits", ""},
		}},
		{"unknown order is asked for again", State{}, []step{
			{commands(start, number), "", "get_order"},
			{result("not_found", nil), "I cannot find an order 1 2 3 4 5. What is your order number?", ""},
		}},
		{"correction after the answer", State{}, []step{
			{commands(start, number), "", "get_order"},
			{result("ok", shipped), "Leipzig", ""},
			{commands(Command{Kind: CorrectSlot, Value: "54321", Confidence: 0.9}), "", "get_order"},
		}},
		{"digression is answered and the question asked again", State{}, []step{
			{commands(start), "order number", ""},
			{commands(Command{Kind: Answer, Article: "opening_hours", Query: "when are you open"}), "", "lookup"},
			{Input{Result: &Result{Effect: "?", Outcome: "found", Data: map[string]string{"answer": "Day and night."}, Source: "article:opening_hours@1"}}, "Day and night. Now back to where we were. What is your order number", ""},
			{commands(bare), "", "get_order"},
		}},
		{"unknown question offers a human", State{}, []step{
			{commands(Command{Kind: Answer, Query: "who won"}), "", "lookup"},
			{result("unknown", nil), "I do not know that. Shall I connect you", ""},
			{commands(no), "anything else", ""},
		}},
		{"two misunderstandings offer a human", State{}, []step{
			{commands(Command{Kind: OutOfScope}), "did not understand", ""},
			{commands(Command{Kind: OutOfScope}), "Shall I connect you with a colleague?", ""},
			{commands(yes), "I will connect you", "handover"},
		}},
		{"two angry turns bring an apology and the offer", State{}, []step{
			{Input{Commands: []Command{{Kind: Complain}}, Angry: true}, "sorry about the trouble", ""},
			{Input{Commands: []Command{{Kind: Complain}}, Angry: true}, "Shall I connect you", ""},
		}},
		{"nobody answers and a callback is taken", State{}, []step{
			{commands(Command{Kind: Human}), "I will connect you", "handover"},
			{result("no_answer", nil), "Shall a colleague call you back?", ""},
			{commands(yes), "Under which number", ""},
			{commands(Command{Kind: SetSlot, Value: "15550199", Keyed: true}), "", "create_ticket"},
			{result("ok", map[string]string{"number": "70001"}), "Your ticket number is 7 0 0 0 1.", ""},
		}},
		{"human talked and the call ends", State{}, []step{
			{commands(Command{Kind: Human}), "I will connect you", "handover"},
			{result("done", nil), "", "end"},
		}},
		{"silence asks again and then ends", State{}, []step{
			{Input{Silence: true}, "Are you still there? Welcome", ""},
			{Input{Silence: true}, "still there?", ""},
			{Input{Silence: true}, "Goodbye", "end"},
		}},
		{"universal commands while a slot is asked for", State{}, []step{
			{commands(start), "order number", ""},
			{commands(Command{Kind: Repeat}), "What is your order number?", ""},
			{commands(Command{Kind: HoldOn}), "Take your time", ""},
			{commands(Command{Kind: Slower}), "Take your time", ""},
			{commands(Command{Kind: Thank}), "What is your order number", ""},
			{commands(Command{Kind: Cancel}), "Okay. Is there anything else", ""},
		}},
		{"start over forgets", State{}, []step{
			{commands(start), "order number", ""},
			{commands(Command{Kind: StartOver}), "from the beginning", ""},
			{commands(Command{Kind: Goodbye}), "Goodbye", "end"},
		}},
		{"guard refuses", State{}, []step{
			{commands(start, number), "", "get_order"},
			{result("refused", nil), "I cannot look that up now. Shall I connect you", ""},
		}},
		{"what is told needs number and postcode", State{}, []step{
			{commands(Command{Kind: StartFlow, Flow: "delivery_details"}), "order number", ""},
			{commands(bare), "postcode", ""},
			{commands(Command{Kind: SetSlot, Value: "04100", Keyed: true}), "", "identify"},
			{result("not_found", nil), "do not belong together", ""},
		}},
	}
	e := demoEngine(t)
	for _, k := range talks {
		t.Run(k.name, func(t *testing.T) {
			s, _ := e.Start(k.state)
			for i, step := range k.steps {
				in := step.in
				if in.Result != nil {
					r := *in.Result
					r.Effect = s.Waiting.Effect
					in.Result = &r
				}
				var effects []Effect
				s, effects = told(t, e, s, in)
				if got := saidIn(effects); !strings.Contains(got, step.says) {
					t.Fatalf("step %d says %q, want %q", i+1, got, step.says)
				}
				if got := asked(effects); got != step.asks {
					t.Fatalf("step %d asks for %q, want %q", i+1, got, step.asks)
				}
			}
		})
	}
}

func asked(effects []Effect) string {
	for _, e := range effects {
		switch {
		case e.Act != nil:
			return e.Act.Operation
		case e.Lookup != nil:
			return "lookup"
		case e.HandOver != nil:
			return "handover"
		case e.End != nil:
			return "end"
		}
	}
	return ""
}

// TestHumanFromEveryState walks the states that the demo's flows can be in and
// asks for a human in each.
func TestHumanFromEveryState(t *testing.T) {
	e := demoEngine(t)
	inputs := []Input{
		commands(yes), commands(no), commands(bare), commands(Command{Kind: OutOfScope}),
		{Silence: true},
		result("ok", shipped), result("not_found", nil), result("refused", nil), result("no_answer", nil), result("found", map[string]string{"answer": "x"}),
		commands(Command{Kind: Answer, Query: "x"}), commands(Command{Kind: CorrectSlot, Value: "54321"}),
		{Commands: []Command{{Kind: Complain}}, Angry: true},
	}
	for _, f := range e.Set().Flows() {
		inputs = append(inputs, commands(Command{Kind: StartFlow, Flow: f.Name}))
	}
	first, _ := e.Start(State{})
	seen := map[string]bool{}
	queue := []State{first}
	for len(queue) > 0 && len(seen) < 3000 {
		s := queue[0]
		queue = queue[1:]
		if s.Ended {
			continue
		}
		if s.Waiting.For != "effect" { // while an action runs the caller's turn waits
			_, effects := told(t, e, s, commands(Command{Kind: Human}))
			if asked(effects) != "handover" {
				t.Fatalf("no way to a human from %+v: %+v", s, effects)
			}
		}
		for _, in := range inputs {
			if in.Result != nil {
				r := *in.Result
				r.Effect = s.Waiting.Effect
				in.Result = &r
			}
			next, _ := told(t, e, s, in)
			if k := shapeOf(next); !seen[k] && len(next.Stack) < 5 {
				seen[k] = true
				queue = append(queue, next)
			}
		}
	}
	if len(seen) < 50 {
		t.Errorf("only %d states were reached", len(seen))
	}
}

// shapeOf leaves out what only counts.
func shapeOf(s State) string {
	s.Serial, s.Silences, s.Said, s.Last, s.Prompt, s.Results, s.Sources, s.Asked, s.Values, s.Trail = 0, 0, nil, "", "", nil, nil, nil, nil, nil
	s.Waiting.Effect, s.Confirmed = "", nil
	data, _ := json.Marshal(s)
	return string(data)
}

func TestLoadTellsAllFaultsAtOnce(t *testing.T) {
	files := fstest.MapFS{
		"company.yaml":   {Data: []byte("name: X\nvolume: 11\n")},
		"flows/a.yaml":   {Data: []byte("flow: a\nsteps:\n  - {id: one, say: hi, next: nowhere}\n  - {id: two, action: {operation: fly, on: {ok: one}}}\n  - {id: three, collect: {slot: size, prompt: x}}\n  - {id: three, link: moon}\n")},
		"flows/b.yaml":   {Data: []byte("flow: b\nsteps:\n  - {id: one, say: hi, next: two}\n  - {id: two, say: ho, next: one}\n")},
		"flows/bad.yaml": {Data: []byte("flow: [\n")},
		"flows/c.yaml":   {Data: []byte("flow: c\nslots:\n  one: {type: digits}\n  two:\n    type: volume\n  three: {type: choice}\nsteps:\n  - {id: one, say: hi}\n")},
	}
	_, err := Load(files, operations)
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, want := range []string{"company.yaml:2: ", "volume", `flows/a.yaml:3: step "one"`, `flows/a.yaml:4: step "two"`, `flows/b.yaml:3: step "one"`, "flows/bad.yaml:1: ", `flows/c.yaml:4: slot "two"`, `flows/c.yaml:6: slot "three"`, `"nowhere"`, `"fly"`, `"size"`, `"moon"`, "taken", "leads back", "bad.yaml", `"goodbye" is missing`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in:\n%v", want, err)
		}
	}
}

// TestFaultsOfPaths holds what is told about paths against small flows.
func TestFaultsOfPaths(t *testing.T) {
	const rest = "flow: human\nslots: {}\nsteps: [{id: a, end: escalated}]\n"
	for _, test := range []struct{ name, flow, want string }{
		{"endless loop through a known slot", `flow: a
slots: {n: {type: digits}}
steps:
  - {id: ask, collect: {slot: n, prompt: "?"}}
  - {id: look, action: {operation: get_order, args: {number: "{n}"}, on: {ok: done, other: sorry}}}
  - {id: sorry, say: no, next: ask}
`, `flows/a.yaml:4: step "ask": leads back to itself without asking the caller: a.ask -> a.look -> a.sorry -> a.ask`},
		{"forgetting asks again", `flow: a
slots: {n: {type: digits}}
steps:
  - {id: ask, collect: {slot: n, prompt: "?"}}
  - {id: look, action: {operation: get_order, args: {number: "{n}"}, on: {ok: done, other: sorry}}}
  - {id: sorry, say: no, forget: [n], next: ask}
`, ""},
		{"no way out", `flow: a
slots: {}
steps:
  - {id: in, confirm: {prompt: "?", yes: trap, no: done}}
  - {id: trap, confirm: {prompt: "?", yes: trap, no: trap}}
`, `step "trap": has no way out; it is reached by in -> trap`},
		{"never reached", "flow: a\nslots: {}\nsteps:\n  - {id: one, say: hi, next: done}\n  - {id: two, say: ho}\n", `flows/a.yaml:5: step "two": is never reached`},
		{"refund without a yes", `flow: a
slots: {n: {type: digits}}
steps:
  - {id: sure, confirm: {prompt: "Pay {n} back?", yes: ask, no: done}}
  - {id: ask, collect: {slot: n, prompt: "?"}}
  - {id: pay, action: {operation: refund, args: {number: "{n}"}, on: {ok: done, other: done}}}
`, `step "pay": cannot be undone, and is reached without a confirm: sure -> ask -> pay`},
		{"refund without its number read", `flow: a
slots: {n: {type: digits}}
steps:
  - {id: ask, collect: {slot: n, prompt: "?"}}
  - {id: sure, confirm: {prompt: "Sure?", yes: pay, no: done}}
  - {id: pay, action: {operation: refund, args: {number: "{n}"}, on: {ok: done, other: done}}}
`, `the confirm "sure" must name {n}`},
		{"unknown placeholder and form", "flow: a\nslots: {}\nsteps:\n  - {id: one, say: 'It is {moon.phase|loud}.'}\n", "{moon.phase} is neither a slot nor a result"},
		{"circle through another flow", "flow: a\nslots: {}\nsteps:\n  - {id: one, say: hi}\n  - {id: two, link: b}\n", "a.one -> a.two -> b.one -> a.one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := fstest.MapFS{
				"company.yaml": {Data: []byte("name: X\n")}, "flows/a.yaml": {Data: []byte(test.flow)},
				"flows/b.yaml":     {Data: []byte("flow: b\nslots: {}\nsteps: [{id: one, link: a}]\n")},
				"flows/human.yaml": {Data: []byte(rest)}, "flows/goodbye.yaml": {Data: []byte(strings.Replace(rest, "human", "goodbye", 1))},
				"flows/offer.yaml": {Data: []byte(strings.Replace(rest, "human", "offer_human", 1))},
			}
			if !strings.Contains(test.name, "another flow") {
				delete(files, "flows/b.yaml")
			}
			_, err := Load(files, operations)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestPrintedFlowsLoadTheSame prints every flow of the demo company and reads
// it again.
func TestPrintedFlowsLoadTheSame(t *testing.T) {
	set := demoEngine(t).Set()
	for _, f := range set.Flows() {
		printed, err := f.Print()
		if err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{"f.yaml": {Data: printed}}
		again := &Flow{}
		if err := decode(files, "f.yaml", again); err != nil {
			t.Fatalf("%s does not load again: %v\n%s", f.Name, err, printed)
		}
		if !reflect.DeepEqual(f, again) {
			t.Errorf("%s is another flow when printed and loaded:\n%s", f.Name, printed)
		}
	}
}

// TestHumanFromEveryStepOfEveryFlow puts a caller at each step of each flow of the
// demo, waiting for whatever that step can wait for, alone and above another flow,
// and asks for a human: there is a hand-over in that turn.
func TestHumanFromEveryStepOfEveryFlow(t *testing.T) {
	e := demoEngine(t)
	placed := 0
	for _, f := range e.Set().Flows() {
		for i := range f.Steps {
			for _, waiting := range waits(&f.Steps[i]) {
				for _, below := range []string{"", "order_status", "human"} {
					s, _ := e.Start(State{})
					if below != "" {
						s.Stack = append(s.Stack, Place{Flow: below, Step: e.Set().Flow(below).Steps[0].ID})
					}
					s.Stack, s.Waiting = append(s.Stack, Place{Flow: f.Name, Step: f.Steps[i].ID, Asks: 2}), waiting
					placed++
					next, effects := told(t, e, s, commands(Command{Kind: Human}))
					if asked(effects) != "handover" || next.Ended {
						t.Errorf("no human from %s.%s, waiting %+v above %q: %+v", f.Name, f.Steps[i].ID, waiting, below, effects)
					}
				}
			}
		}
	}
	if placed < 500 {
		t.Errorf("only %d places", placed)
	}
}

// waits is what a step can wait for from the caller.
func waits(t *Step) []Waiting {
	switch {
	case t.Collect != nil:
		return []Waiting{{For: "slot"}, {For: "readback"}, {For: "which", Options: []string{"a", "b"}}}
	case t.Confirm != nil:
		return []Waiting{{For: "confirm"}}
	case t.Wait != nil:
		return []Waiting{{For: "wait"}}
	case t.Agent != nil:
		return []Waiting{{For: "agent"}, {}}
	}
	return []Waiting{{}}
}

// TestAgent follows a scoped conversation: what the model says is said with what
// backs it, operations and exits that were not offered lead to the fallback.
func TestAgent(t *testing.T) {
	e := demoEngine(t)
	begin := func() State {
		s, _ := e.Start(State{})
		s, effects := e.Step(s, commands(Command{Kind: StartFlow, Flow: "energy_advice"}))
		if len(effects) != 1 || effects[0].Consult == nil || effects[0].Consult.Words != "" || len(effects[0].Consult.Exits) != 3 {
			t.Fatalf("effects %+v", effects)
		}
		return s
	}
	move := func(s State, r Result) (State, []Effect) {
		r.Effect = s.Waiting.Effect
		return told(t, e, s, Input{Result: &r})
	}
	s, effects := move(begin(), Result{Outcome: "say", Data: map[string]string{"text": "How is it heated?"}, Source: "article:a@1 article:b@2"})
	if len(effects) != 1 || effects[0].Say == nil || !effects[0].Say.Model || !reflect.DeepEqual(effects[0].Say.Sources, []string{"caller", "article:a@1", "article:b@2"}) {
		t.Fatalf("effects %+v", effects)
	}
	s, effects = told(t, e, s, commands(Command{Kind: OutOfScope, Words: "with gas"}))
	if len(effects) != 1 || effects[0].Consult == nil || effects[0].Consult.Words != "with gas" {
		t.Fatalf("effects %+v", effects)
	}
	s, effects = move(s, Result{Outcome: "act", Data: map[string]string{"operation": "list_slots", "service": "advice"}})
	if len(effects) != 1 || effects[0].Act == nil || !effects[0].Act.Model || effects[0].Act.Args["service"] != "advice" || effects[0].Act.Args["operation"] != "" {
		t.Fatalf("effects %+v", effects)
	}
	s, effects = move(s, Result{Outcome: "ok", Source: "action:e3", Data: map[string]string{"slot1": "x"}})
	if len(effects) != 1 || effects[0].Consult == nil || s.Results["agent"]["slot1"] != "x" {
		t.Fatalf("effects %+v", effects)
	}
	if _, effects = move(s, Result{Outcome: "exit", Data: map[string]string{"exit": "done"}}); len(effects) == 0 || effects[0].Say == nil || !strings.Contains(effects[0].Say.Text, "Small steps") {
		t.Errorf("effects %+v", effects)
	}
	for name, r := range map[string]Result{
		"no model":                    {Outcome: "unavailable"},
		"an exit that does not exist": {Outcome: "exit", Data: map[string]string{"exit": "vault"}},
		"an operation not offered":    {Outcome: "act", Data: map[string]string{"operation": "refund"}},
		"nothing to say":              {Outcome: "say"},
	} {
		if _, effects := move(begin(), r); len(effects) == 0 || effects[0].Lookup == nil || effects[0].Lookup.Article != "energy_tips" {
			t.Errorf("%s: %+v; want the fallback", name, effects)
		}
	}
}
