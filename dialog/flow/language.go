package flow

import (
	"errors"

	"github.com/goccy/go-yaml"
)

// Company is what all flows share: company.yaml.
type Company struct {
	Name     string `yaml:"name"`
	Language string `yaml:"language,omitempty"` // BCP 47; en-US where empty
	Timezone string `yaml:"timezone,omitempty"` // IANA; UTC where empty
	Currency string `yaml:"currency,omitempty"` // ISO 4217; EUR where empty
	Texts    `yaml:",inline"`

	Words  map[string]map[string][]string `yaml:"words,omitempty"` // universal command -> language -> phrases
	Mood   Mood                           `yaml:"mood,omitempty"`
	Severe map[string]Severe              `yaml:"severe,omitempty"` // by case: safety, bereavement, legal, self_harm, abuse
	Limits Limits                         `yaml:"limits,omitempty"`
	Guard  GuardSettings                  `yaml:"guard,omitempty"`
	Stale  string                         `yaml:"stale_articles,omitempty"` // "say" or "hold_back"
}

// Texts are what the engine says of its own accord.
type Texts struct {
	Greeting  Text `yaml:"greeting,omitempty"`
	More      Text `yaml:"more,omitempty"`      // asked when a flow has ended
	Resume    Text `yaml:"resume,omitempty"`    // before an interrupted flow goes on; {flow} is its title
	Sorry     Text `yaml:"sorry,omitempty"`     // a turn was not understood
	Calm      Text `yaml:"calm,omitempty"`      // to a caller who is angry
	Still     Text `yaml:"still,omitempty"`     // after silence
	Unknown   Text `yaml:"unknown,omitempty"`   // no article answers
	Unsure    Text `yaml:"unsure,omitempty"`    // in place of a sentence that the guard stopped
	Which     Text `yaml:"which,omitempty"`     // {first} and {second} are the readings
	Keys      Text `yaml:"keys,omitempty"`      // a sensitive slot was spoken: it must be keyed
	Waiting   Text `yaml:"waiting,omitempty"`   // told to hold on
	Cancelled Text `yaml:"cancelled,omitempty"` // told to cancel
	Restarted Text `yaml:"restarted,omitempty"` // told to start over
	Welcome   Text `yaml:"welcome,omitempty"`   // to thanks
	Hello     Text `yaml:"hello,omitempty"`     // to a greeting
	Ask       Text `yaml:"ask,omitempty"`       // to a yes that answers nothing
	Heard     Text `yaml:"heard,omitempty"`     // {value} does not fit what was asked
	Farewell  Text `yaml:"farewell,omitempty"`  // nobody is there any more
	Limit     Text `yaml:"limit,omitempty"`     // a limit of the call is reached
	Apology   Text `yaml:"apology,omitempty"`   // the call must end for our sake
	Moment    Text `yaml:"moment,omitempty"`    // an answer takes its time
}

// fixed are the texts in the order of Texts, with what is said where a company
// has none.
func (t *Texts) fixed() []struct {
	text *Text
	name string
	own  Text
} {
	type entry = struct {
		text *Text
		name string
		own  Text
	}
	return []entry{
		{&t.Greeting, "greeting", Text{"en": {"Hello, how can I help you?"}, "zh": {"您好，请问有什么可以帮您？"}}},
		{&t.More, "more", Text{"en": {"Is there anything else I can do for you?"}, "zh": {"请问还有什么可以帮您？"}}},
		{&t.Resume, "resume", Text{"en": {"Now back to where we were."}, "zh": {"我们回到刚才的问题。"}}},
		{&t.Sorry, "sorry", Text{"en": {"Sorry, I did not understand that."}, "zh": {"抱歉，我没有听懂。"}}},
		{&t.Calm, "calm", Text{"en": {"I am sorry about the trouble. Let me try to put it right."}, "zh": {"很抱歉给您带来不便，我来想办法解决。"}}},
		{&t.Still, "still", Text{"en": {"Are you still there?"}, "zh": {"您还在吗？"}}},
		{&t.Unknown, "unknown", Text{"en": {"I do not know that."}, "zh": {"这个我不清楚。"}}},
		{&t.Unsure, "unsure", Text{"en": {"Let me check that with a colleague."}, "zh": {"这一点我需要和同事确认。"}}},
		{&t.Which, "which", Text{"en": {"Do you mean {first} or {second}?"}, "zh": {"您是说{first}还是{second}？"}}},
		{&t.Keys, "keys", Text{"en": {"For your safety, please do not say it. Key it in."}, "zh": {"为了您的安全，请用按键输入。"}}},
		{&t.Waiting, "waiting", Text{"en": {"Take your time."}, "zh": {"请慢慢来。"}}},
		{&t.Cancelled, "cancelled", Text{"en": {"Okay."}, "zh": {"好的。"}}},
		{&t.Restarted, "restarted", Text{"en": {"Okay, from the beginning. How can I help you?"}, "zh": {"好的，我们重新开始。请问有什么可以帮您？"}}},
		{&t.Welcome, "welcome", Text{"en": {"You are welcome."}, "zh": {"不客气。"}}},
		{&t.Hello, "hello", Text{"en": {"Hello."}, "zh": {"您好。"}}},
		{&t.Ask, "ask", Text{"en": {"What can I do for you?"}, "zh": {"请问需要什么帮助？"}}},
		{&t.Heard, "heard", Text{"en": {"I heard {value}."}, "zh": {"我听到的是{value}。"}}},
		{&t.Farewell, "farewell", Text{"en": {"I will hang up now. Please call again whenever you like. Goodbye."}, "zh": {"我先挂断了，欢迎您随时再来电。再见。"}}},
		{&t.Limit, "limit", Text{"en": {"I do not want to keep you any longer. A colleague can help you better."}, "zh": {"不再耽误您的时间了，由同事来为您服务更好。"}}},
		{&t.Apology, "apology", Text{"en": {"I am sorry, we have to end this call now. Please call again in a few minutes. Goodbye."}, "zh": {"很抱歉，通话需要结束了，请几分钟后再来电。再见。"}}},
		{&t.Moment, "moment", Text{"en": {"One moment, please."}, "zh": {"请稍等。"}}},
	}
}

// Mood is what is done about an angry caller.
type Mood struct {
	OfferHumanAfter int   `yaml:"offer_human_after,omitempty"` // angry turns; 2 where 0, never where negative
	Apologise       *bool `yaml:"apologise,omitempty"`         // say calm on the first one; true where nil
}

// Severe is what is said in a severe case before a human is called at once.
type Severe struct {
	Say      Text   `yaml:"say"`
	Skill    string `yaml:"skill,omitempty"`
	Priority string `yaml:"priority,omitempty"`
}

// Limits bound one call. 0 is the default.
type Limits struct {
	Turns       int `yaml:"turns,omitempty"`        // of the caller; 80
	Minutes     int `yaml:"minutes,omitempty"`      // 30
	Actions     int `yaml:"actions,omitempty"`      // 40
	Tokens      int `yaml:"tokens,omitempty"`       // of a model; 100,000
	SameRequest int `yaml:"same_request,omitempty"` // the same request so often: a human; 3
}

// GuardSettings are the company's part of the guard's policy. 0 is the default.
type GuardSettings struct {
	RefundLimit float64 `yaml:"refund_limit,omitempty"` // in the company's currency; 100
	TriesACall  int     `yaml:"tries_a_call,omitempty"` // to prove who calls; 3
	TriesADay   int     `yaml:"tries_a_day,omitempty"`  // of an account; 5
}

// Flow is a process that a caller can go through.
type Flow struct {
	Name     string          `yaml:"flow"`
	Title    Text            `yaml:"title,omitempty"`
	Examples []string        `yaml:"examples,omitempty"`
	Slots    map[string]Slot `yaml:"slots"`
	Steps    []Step          `yaml:"steps"`
}

// Slot is something that a flow needs to know.
type Slot struct {
	Type      string   `yaml:"type"`
	Min       float64  `yaml:"min,omitempty"` // fewest digits or letters; the least amount
	Max       float64  `yaml:"max,omitempty"`
	Unit      string   `yaml:"unit,omitempty"`      // of a quantity, where none is said
	After     string   `yaml:"after,omitempty"`     // the first day or time that is possible: "today", "+3d", 2026-11-24, 08:00
	Before    string   `yaml:"before,omitempty"`    // the last one
	Choices   []Choice `yaml:"choices,omitempty"`   // of a choice
	Sensitive bool     `yaml:"sensitive,omitempty"` // by keypad only, and kept nowhere
}

// Choice is one option of a slot of type choice.
type Choice struct {
	Value string   `yaml:"value"`
	Say   Text     `yaml:"say,omitempty"`   // what it is called; Value where empty
	Words []string `yaml:"words,omitempty"` // other words for it
}

// UnmarshalYAML reads an option, or a string that is its value.
func (c *Choice) UnmarshalYAML(unmarshal func(any) error) error {
	if err := unmarshal(&c.Value); err == nil {
		return nil
	}
	type plain Choice
	return unmarshal((*plain)(c))
}

// MarshalYAML is the shortest form that UnmarshalYAML reads back.
func (c Choice) MarshalYAML() (any, error) {
	if len(c.Say) == 0 && len(c.Words) == 0 {
		return c.Value, nil
	}
	type plain Choice
	return plain(c), nil
}

// Step is one step of a flow; one of the fields from Say to End is set.
type Step struct {
	ID       string    `yaml:"id"`
	Say      Text      `yaml:"say,omitempty"`
	Collect  *Collect  `yaml:"collect,omitempty"`
	Confirm  *Confirm  `yaml:"confirm,omitempty"`
	Action   *Action   `yaml:"action,omitempty"`
	Branch   *Branch   `yaml:"branch,omitempty"`
	Answer   *Question `yaml:"answer,omitempty"`
	Verify   *Verify   `yaml:"verify,omitempty"`
	Call     string    `yaml:"call,omitempty"` // another flow, and then on with this one
	Link     string    `yaml:"link,omitempty"` // another flow, in place of this one
	Wait     *Wait     `yaml:"wait,omitempty"`
	Agent    *Agent    `yaml:"agent,omitempty"`
	HandOver *Transfer `yaml:"hand_over,omitempty"`
	End      string    `yaml:"end,omitempty"` // end the call with this outcome

	Forget   []string `yaml:"forget,omitempty"`   // slots that are dropped when the step is done
	Rephrase bool     `yaml:"rephrase,omitempty"` // a model may reword the text
	Next     string   `yaml:"next,omitempty"`     // the step that follows; else the next in the file; "done" ends the flow
}

// Collect asks for a slot that is not known yet.
type Collect struct {
	Slot     string `yaml:"slot"`
	Prompt   Text   `yaml:"prompt"`
	Reprompt []Text `yaml:"reprompt,omitempty"`
	ReadBack Text   `yaml:"read_back,omitempty"` // asked where what was heard is uncertain
	When     string `yaml:"when,omitempty"`      // "unsure" (or empty), "always", "never": when to read back
	Invalid  Text   `yaml:"invalid,omitempty"`   // said of a value that the slot does not allow
	Unknown  string `yaml:"unknown,omitempty"`   // the step for a caller who does not know
}

// Confirm asks a yes-or-no question.
type Confirm struct {
	Prompt Text   `yaml:"prompt"`
	Yes    string `yaml:"yes"`
	No     string `yaml:"no"`
}

// Action calls an operation.
type Action struct {
	Operation string            `yaml:"operation"`
	Args      map[string]string `yaml:"args,omitempty"`
	Result    string            `yaml:"result,omitempty"`
	On        map[string]string `yaml:"on"` // outcome -> step; "other" for the rest
}

// Branch goes on by a value; "none" is for an empty one.
type Branch struct {
	Value string            `yaml:"value"`
	On    map[string]string `yaml:"on"`
}

// Question is answered from the articles.
type Question struct {
	Article string            `yaml:"article,omitempty"`
	Query   string            `yaml:"query,omitempty"`
	On      map[string]string `yaml:"on,omitempty"` // "found", "other"
}

// Verify goes on by whether the caller has proved who they are, to a level of
// identity; the flow "verify" is called if they have not.
type Verify struct {
	Level string            `yaml:"level"`
	On    map[string]string `yaml:"on"` // "ok", "other"
}

// Wait lets the caller do something; silence is fine meanwhile.
type Wait struct {
	Prompt   Text `yaml:"prompt"`
	Seconds  int  `yaml:"seconds"`
	Reprompt Text `yaml:"reprompt,omitempty"`
}

// Agent is a scoped free conversation that a model leads.
type Agent struct {
	Goal     string            `yaml:"goal"`
	Actions  []string          `yaml:"actions,omitempty"`
	Exits    map[string]string `yaml:"exits"`
	Fallback string            `yaml:"fallback"` // the step without a model
}

// Transfer hands the caller over to a human. Its texts may have placeholders.
type Transfer struct {
	Skill    string            `yaml:"skill,omitempty"`
	Priority string            `yaml:"priority,omitempty"`
	Reason   string            `yaml:"reason,omitempty"`
	On       map[string]string `yaml:"on"`
}

// Print is the flow as a file that loads to the same flow.
func (f *Flow) Print() ([]byte, error) { return yaml.Marshal(f) }

// kind is the step's kind; an error where it has none or several.
func (t *Step) kind() (string, error) {
	found := ""
	for _, k := range t.kinds() {
		if !k.is {
			continue
		}
		if found != "" {
			return "", errors.New("is both " + found + " and " + k.name)
		}
		found = k.name
	}
	if found == "" {
		return "", errors.New("is none of say, collect, confirm, action, branch, answer, verify, call, link, wait, agent, hand_over, end")
	}
	return found, nil
}

func (t *Step) kinds() []struct {
	name string
	is   bool
} {
	return []struct {
		name string
		is   bool
	}{
		{"say", len(t.Say) > 0},
		{"collect", t.Collect != nil},
		{"confirm", t.Confirm != nil},
		{"action", t.Action != nil},
		{"branch", t.Branch != nil},
		{"answer", t.Answer != nil},
		{"verify", t.Verify != nil},
		{"call", t.Call != ""},
		{"link", t.Link != ""},
		{"wait", t.Wait != nil},
		{"agent", t.Agent != nil},
		{"hand_over", t.HandOver != nil},
		{"end", t.End != ""},
	}
}

// texts are all texts of a step.
func (t *Step) texts() []Text {
	switch {
	case t.Collect != nil:
		c := t.Collect
		return append([]Text{c.Prompt, c.ReadBack, c.Invalid}, c.Reprompt...)
	case t.Confirm != nil:
		return []Text{t.Confirm.Prompt}
	case t.Wait != nil:
		return []Text{t.Wait.Prompt, t.Wait.Reprompt}
	}
	return []Text{t.Say}
}

// raw are the step's parameters that may hold placeholders.
func (t *Step) raw() []string {
	var out []string
	switch {
	case t.Action != nil:
		for _, v := range t.Action.Args {
			out = append(out, v)
		}
	case t.Branch != nil:
		out = append(out, t.Branch.Value)
	case t.Answer != nil:
		out = append(out, t.Answer.Query)
	case t.HandOver != nil:
		out = append(out, t.HandOver.Skill, t.HandOver.Priority, t.HandOver.Reason)
	}
	return out
}

// targets are all steps of the flow that may follow t.
func (f *Flow) targets(t *Step) []string {
	switch {
	case t.Confirm != nil:
		return []string{t.Confirm.Yes, t.Confirm.No}
	case t.Action != nil:
		return values(t.Action.On)
	case t.Branch != nil:
		return values(t.Branch.On)
	case t.Verify != nil:
		return values(t.Verify.On)
	case t.HandOver != nil:
		return values(t.HandOver.On)
	case t.Answer != nil && len(t.Answer.On) > 0:
		return values(t.Answer.On)
	case t.Agent != nil:
		return append(values(t.Agent.Exits), t.Agent.Fallback)
	case t.Link != "", t.End != "":
		return nil
	case t.Collect != nil && t.Collect.Unknown != "":
		return []string{f.after(t), t.Collect.Unknown}
	}
	return []string{f.after(t)}
}

// step finds a step by its id, nil if there is none.
func (f *Flow) step(id string) *Step {
	for i := range f.Steps {
		if f.Steps[i].ID == id {
			return &f.Steps[i]
		}
	}
	return nil
}

// after is the step that follows t when it does not branch, "done" at the end.
func (f *Flow) after(t *Step) string {
	if t.Next != "" {
		return t.Next
	}
	for i := range f.Steps {
		if f.Steps[i].ID == t.ID && i+1 < len(f.Steps) {
			return f.Steps[i+1].ID
		}
	}
	return "done"
}
