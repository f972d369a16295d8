package flow

import (
	"maps"
	"slices"
	"strings"
)

// turn takes in a turn of the caller.
func (r *run) turn(in Input) {
	r.state.Silences, r.state.Hold, r.state.Confirmed = 0, false, nil
	severe, isSevere := r.set.Company.Severe[in.Severe]
	switch {
	case isSevere:
		r.say(severe.Say)
		r.toHuman(severe.Skill, severe.Priority, in.Severe)
		return
	case has(in.Commands, Human):
		r.toHuman("", "", "asked")
		return
	case in.Limit:
		r.say(r.set.Company.Limit)
		r.toHuman("", "", "limit")
		return
	case r.upset(in):
		return
	}
	if !has(in.Commands, NotHeard) && !has(in.Commands, OutOfScope) {
		r.state.Misses = 0
	}
	r.state.Queue = r.givenSlots(in.Commands)
	r.proceed()
}

// upset counts angry turns, and offers a human to a caller who stays angry.
func (r *run) upset(in Input) bool {
	mood := r.set.Company.Mood
	if in.Angry {
		r.state.Angry++
	}
	after := mood.OfferHumanAfter
	if after < 0 || r.state.Angry < after || r.state.ActiveFlow() == "offer_human" {
		return false
	}
	r.state.Angry = 0
	r.apologise()
	r.start("offer_human")
	return true
}

func (r *run) apologise() {
	if a := r.set.Company.Mood.Apologise; a == nil || *a {
		r.say(r.set.Company.Calm)
	}
}

// proceed does the commands of the turn that are still to be done, up to one
// that waits for an effect.
func (r *run) proceed() {
	for len(r.state.Queue) > 0 && !r.state.Ended && r.state.Waiting.For != "effect" {
		c := r.state.Queue[0]
		r.state.Queue = r.state.Queue[1:]
		r.command(c)
	}
	if len(r.state.Queue) == 0 {
		r.state.Queue = nil
	}
}

func has(commands []Command, kind CommandKind) bool {
	return slices.ContainsFunc(commands, func(c Command) bool { return c.Kind == kind })
}

// givenSlots notes slots that came together with the flow that needs them, and
// returns the other commands.
func (r *run) givenSlots(commands []Command) []Command {
	i := slices.IndexFunc(commands, func(c Command) bool { return c.Kind == StartFlow })
	if i < 0 {
		return slices.Clone(commands)
	}
	f := r.set.flows[commands[i].Flow]
	var rest []Command
	for _, c := range commands {
		if c.Kind != SetSlot || c.Slot == "" || f == nil || r.check(f, c.Slot, c.Value) != "" || f.Slots[c.Slot].Sensitive {
			if c.Kind != SetSlot || c.Slot == "" {
				rest = append(rest, c)
			}
			continue
		}
		r.state.Slots[c.Slot] = c.Value
		r.unsure(c)
	}
	return rest
}

func (r *run) command(c Command) {
	if c.Kind != Affirm {
		r.state.Confirmed = nil
	}
	switch c.Kind {
	case StartFlow:
		r.startAsked(c)
	case SetSlot, CorrectSlot:
		r.set1(c)
	case Affirm, Deny:
		r.decide(c)
	case Answer:
		r.lookUp(c)
	case DontKnow:
		r.dontKnow()
	case Goodbye:
		r.state.Stack, r.state.Queue = nil, nil
		r.start("goodbye")
	case Repeat, Slower, Spell, HoldOn, Back, Cancel, StartOver, Thank, Greet, Complain, NotKeyed:
		r.universal(c)
	default:
		r.words(c)
	}
}

// universal are commands that change the conversation, not the business.
func (r *run) universal(c Command) {
	switch c.Kind {
	case Repeat:
		r.sayAgain(r.state.Last)
	case Slower:
		r.state.Slower = true
		r.sayAgain(r.state.Last)
	case Spell:
		r.spell()
	case HoldOn:
		r.state.Hold = true
		r.say(r.set.Company.Waiting)
	case Back:
		r.back()
	case Cancel:
		r.state.Stack, r.state.Waiting, r.state.Trail = nil, Waiting{}, nil
		r.say(r.set.Company.Cancelled)
		r.ask(r.set.Company.More)
	case StartOver:
		r.state.Stack, r.state.Waiting, r.state.Trail = nil, Waiting{}, nil
		clear(r.state.Slots)
		clear(r.state.Unsure)
		r.ask(r.set.Company.Restarted)
	case Thank:
		r.say(r.set.Company.Welcome)
		r.again()
	case Greet:
		r.say(r.set.Company.Hello)
		r.again()
	case Complain:
		r.apologise()
		r.again()
	default: // NotKeyed
		r.say(r.set.Company.Keys)
		r.again()
	}
}

// spell says letter by letter what was filled into the last words.
func (r *run) spell() {
	values := r.state.Values
	if len(values) == 0 {
		r.sayAgain(r.state.Last)
		return
	}
	var spelled []string
	for _, v := range values {
		spelled = append(spelled, Shape(v, "spell", r.language(&r.state)))
	}
	last := r.state.Last
	r.utter(Say{Text: strings.Join(spelled, ". ") + ".", Sources: r.allSources()}, values)
	r.state.Last = last
	if r.state.Waiting.For != "" && r.state.Prompt != last {
		r.sayAgain(r.state.Prompt)
	}
}

// again asks what was asked last, or what else there is.
func (r *run) again() {
	if r.state.Waiting.For == "" {
		r.ask(r.set.Company.More)
		return
	}
	r.sayAgain(r.state.Prompt)
}

// words takes in a turn that asks for nothing: an answer to an agent or to a
// wait, or not understood.
func (r *run) words(c Command) {
	f, t := r.place(&r.state)
	switch {
	case r.state.Waiting.For == "agent" && t != nil && t.Agent != nil && c.Kind != NotHeard:
		r.consult(t, c.Words)
	case r.state.Waiting.For == "wait" && t != nil && t.Wait != nil:
		r.leave(f, t, f.after(t))
		r.follow()
	default:
		r.miss()
	}
}

// miss takes in a turn that was not understood: say so, then offer a human.
func (r *run) miss() {
	if r.state.Misses++; r.state.Misses >= 2 && r.state.ActiveFlow() != "offer_human" {
		r.state.Misses = 0
		r.start("offer_human")
		return
	}
	r.say(r.set.Company.Sorry)
	if f, t := r.place(&r.state); r.state.Waiting.For == "slot" && t != nil && t.Collect != nil {
		r.reprompt(f, t)
		return
	}
	r.again()
}

// startAsked begins a flow that the caller asked for; asking for the one that
// is waiting for an answer changes nothing. Who asks for the same again and
// again is not helped by it, and gets a human.
func (r *run) startAsked(c Command) {
	if r.set.flows[c.Flow] == nil {
		r.miss()
		return
	}
	if r.state.ActiveFlow() == c.Flow && r.state.Waiting.For != "" {
		f, t := r.place(&r.state)
		if t != nil && t.Collect != nil && r.state.Slots[t.Collect.Slot] != "" {
			r.follow()
			return
		}
		if r.state.Waiting.For == "agent" || r.state.Waiting.For == "wait" || f == nil {
			r.words(c)
			return
		}
		r.again()
		return
	}
	if r.insists(c.Flow) {
		r.toHuman("", "", "same request")
		return
	}
	r.start(c.Flow)
}

// insists counts a request with the slots that it comes with, and reports
// whether it has been made too often.
func (r *run) insists(flow string) bool {
	f := r.set.flows[flow]
	key := flow
	for _, name := range slices.Sorted(maps.Keys(f.Slots)) {
		key += " " + r.state.Slots[name]
	}
	r.state.Asked[key]++
	return r.state.Asked[key] > r.set.Company.Limits.SameRequest && !slices.Contains(Required(), flow)
}

// decide takes in a yes or a no.
func (r *run) decide(c Command) {
	yes := c.Kind == Affirm
	f, t := r.place(&r.state)
	switch waiting := r.state.Waiting.For; {
	case c.Model && (waiting == "confirm" || waiting == "readback"):
		r.again() // a yes counts only where a rule or a key says so
	case waiting == "confirm" && t != nil && t.Confirm != nil:
		to := t.Confirm.No
		if yes {
			to = t.Confirm.Yes
			r.state.Confirmed = &Confirmation{Prompt: r.state.Prompt, Words: c.Words, Keyed: c.Keyed, Model: c.Model}
		}
		r.leave(f, t, to)
		r.follow()
	case waiting == "readback" && t != nil && t.Collect != nil:
		r.readBack(f, t, yes)
	case waiting == "slot" && t != nil && t.Collect != nil && f.Slots[t.Collect.Slot].Type == "yesno":
		r.fillSlot(f, t, Command{Kind: SetSlot, Value: map[bool]string{true: "yes", false: "no"}[yes], Confidence: 1, Keyed: c.Keyed})
	case waiting == "agent":
		r.words(c)
	case waiting == "wait" && t != nil && t.Wait != nil:
		r.waited(f, t, yes)
	case waiting == "slot", waiting == "which":
		if len(r.state.Queue) == 0 { // yes, and then something else: the yes is manners
			r.miss()
		}
	case yes:
		if len(r.state.Queue) == 0 {
			r.ask(r.set.Company.Ask)
		}
	case len(r.state.Queue) == 0:
		r.state.Stack = nil
		r.start("goodbye")
	}
}

// waited takes in whether the caller is ready.
func (r *run) waited(f *Flow, t *Step, ready bool) {
	if !ready {
		r.say(r.set.Company.Waiting)
		return
	}
	r.leave(f, t, f.after(t))
	r.follow()
}

// lookUp asks the articles aside; the flow waits meanwhile.
func (r *run) lookUp(c Command) {
	if n := len(r.effects); n > 0 && r.state.Waiting.For != "" && r.effects[n-1].Say != nil && r.effects[n-1].Say.Text == r.state.Prompt {
		r.effects = r.effects[:n-1] // asked again after the answer
	}
	paused := r.state.Waiting
	r.state.Paused = &paused
	r.effects = append(r.effects, Effect{Lookup: &Lookup{ID: r.wait(), Query: c.Query, Article: c.Article}})
}

// answeredAside says what the articles say and goes back to what was going on.
func (r *run) answeredAside(res *Result) {
	r.state.Waiting, r.state.Paused = *r.state.Paused, nil
	r.answered(res)
}

func (r *run) answered(res *Result) {
	if res.Outcome != "found" {
		r.say(r.set.Company.Unknown)
		r.start("offer_human")
		return
	}
	prompt := r.state.Prompt
	r.tell(res)
	answer := r.state.Last
	if r.state.Waiting.For == "" {
		if len(r.state.Queue) == 0 {
			r.ask(r.set.Company.More)
			r.state.Last = answer
		}
		return
	}
	if f, _ := r.place(&r.state); f != nil {
		r.resume(f)
	}
	r.sayAgain(prompt)
	r.state.Last = answer + " " + prompt
}
