package flow

import (
	"maps"
	"slices"
	"strings"
)

// agentTurns bounds how often one agent step asks the model.
const agentTurns = 24

// execute does one step and reports whether it waits.
func (r *run) execute(f *Flow, t *Step) bool {
	switch {
	case len(t.Say) > 0:
		r.sayAs(t.Say, t.Rephrase)
		r.leave(f, t, f.after(t))
	case t.Collect != nil:
		return r.collect(f, t)
	case t.Confirm != nil:
		r.note(t)
		r.askAs(t.Confirm.Prompt, t.Rephrase)
		r.state.Waiting = Waiting{For: "confirm"}
		return true
	case t.Action != nil:
		r.act(f, t)
		return true
	case t.Branch != nil:
		r.leave(f, t, chooseBranch(t.Branch.On, r.literal(t.Branch.Value)))
	case t.Answer != nil:
		r.effects = append(r.effects, Effect{Lookup: &Lookup{ID: r.wait(), Query: r.literal(t.Answer.Query), Article: t.Answer.Article}})
		return true
	case t.Verify != nil:
		r.verify(f, t)
	case t.Call != "":
		r.leave(f, t, f.after(t))
		r.push(t.Call)
	case t.Link != "":
		called := r.top().Called
		*r.top() = Place{Flow: t.Link, Step: r.set.flows[t.Link].Steps[0].ID, Called: called}
	case t.Wait != nil:
		r.ask(t.Wait.Prompt)
		r.state.Waiting = Waiting{For: "wait"}
		return true
	case t.Agent != nil:
		r.consult(t, "")
		return true
	case t.HandOver != nil:
		h := t.HandOver
		r.effects = append(r.effects, Effect{HandOver: &HandOver{
			ID: r.wait(), Skill: r.literal(h.Skill), Priority: r.literal(h.Priority), Reason: r.literal(h.Reason),
		}})
		return true
	default:
		r.end(t.End)
		return true
	}
	return false
}

// leave goes on to another step of the flow.
func (r *run) leave(f *Flow, t *Step, to string) {
	r.drop(t.Forget)
	r.top().Step, r.top().Asks = to, 0
}

// drop forgets slots; their values stay as {tried.slot}.
func (r *run) drop(slots []string) {
	if len(slots) == 0 {
		return
	}
	tried := copied(r.state.Results["tried"])
	for _, name := range slots {
		if v := r.state.Slots[name]; v != "" {
			tried[name] = v
		}
		delete(r.state.Slots, name)
		delete(r.state.Unsure, name)
	}
	r.keep("tried", tried, "caller")
}

// push calls a flow: the one below goes on when it is done.
func (r *run) push(name string) {
	r.state.Stack = append(r.state.Stack, Place{Flow: name, Step: r.set.flows[name].Steps[0].ID, Called: true})
}

// verify goes on by the caller's level; the flow verify may raise it once.
func (r *run) verify(f *Flow, t *Step) {
	switch {
	case level(r.state.Level) >= level(t.Verify.Level):
		r.leave(f, t, t.Verify.On["ok"])
	case r.top().Asks > 0:
		r.leave(f, t, t.Verify.On["other"])
	default:
		r.top().Asks = 1
		r.push("verify")
	}
}

func (r *run) act(f *Flow, t *Step) {
	args := map[string]string{}
	for k, v := range t.Action.Args {
		if v = r.literal(v); v != "" {
			args[k] = v
		}
	}
	r.effects = append(r.effects, Effect{Act: &Act{
		ID: r.wait(), Operation: t.Action.Operation, Args: args, Flow: f.Name, Step: t.ID, Confirmed: r.state.Confirmed,
	}})
	r.state.Confirmed = nil
}

// consult asks the model for the next move of an agent step.
func (r *run) consult(t *Step, words string) {
	a := t.Agent
	r.top().Asks++
	r.effects = append(r.effects, Effect{Consult: &Consult{
		ID: r.wait(), Goal: a.Goal, Actions: a.Actions, Exits: slices.Sorted(maps.Keys(a.Exits)), Words: words,
		Flow: r.top().Flow, Step: t.ID,
	}})
}

// advised takes in the model's move.
func (r *run) advised(f *Flow, t *Step, res *Result) {
	exit, isExit := t.Agent.Exits[res.Data["exit"]]
	switch {
	case r.top().Asks > agentTurns:
	case res.Outcome == "say" && res.Data["text"] != "":
		r.utter(Say{Text: res.Data["text"], Sources: append(r.allSources(), strings.Fields(res.Source)...), Model: true}, nil)
		r.state.Prompt = r.state.Last
		r.state.Waiting = Waiting{For: "agent"}
		return
	case res.Outcome == "act" && slices.Contains(t.Agent.Actions, res.Data["operation"]):
		args := maps.Clone(res.Data)
		delete(args, "operation")
		r.effects = append(r.effects, Effect{Act: &Act{
			ID: r.wait(), Operation: res.Data["operation"], Args: args, Flow: f.Name, Step: t.ID, Model: true,
		}})
		return
	case res.Outcome == "exit" && isExit:
		r.leave(f, t, exit)
		r.follow()
		return
	}
	r.leave(f, t, t.Agent.Fallback)
	r.follow()
}

func chooseBranch(on map[string]string, value string) string {
	if step, ok := on[value]; ok {
		return step
	}
	if step, ok := on["none"]; ok && strings.TrimSpace(value) == "" {
		return step
	}
	return on["other"]
}

// result takes in what an effect came to. One that is not waited for is old.
func (r *run) result(res *Result) {
	if r.state.Waiting.For != "effect" || res.Effect != r.state.Waiting.Effect {
		return
	}
	if res.Level != "" {
		r.state.Level = res.Level
		r.keep("customer", res.Data, res.Source)
	}
	if r.state.Paused != nil {
		r.answeredAside(res)
	} else {
		r.resultOfStep(res)
	}
	r.proceed()
}

func (r *run) resultOfStep(res *Result) {
	f, t := r.place(&r.state)
	switch {
	case t == nil: // a question without a flow
		r.state.Waiting = Waiting{}
		r.answered(res)
		return
	case t.Action != nil:
		if t.Action.Result != "" {
			r.keep(t.Action.Result, res.Data, res.Source)
		}
		r.state.Resolved = r.state.Resolved || res.Outcome == "ok"
		r.leave(f, t, chooseBranch(t.Action.On, res.Outcome))
	case t.HandOver != nil:
		r.leave(f, t, chooseBranch(t.HandOver.On, res.Outcome))
	case t.Answer != nil:
		r.answerStep(f, t, res)
	case t.Agent != nil && (res.Outcome == "say" || res.Outcome == "act" || res.Outcome == "exit" || !strings.HasPrefix(res.Source, "action:")):
		r.advised(f, t, res)
		return
	case t.Agent != nil: // what an action of the model came to
		r.keep("agent", res.Data, res.Source)
		r.consult(t, "")
		return
	}
	r.follow()
}

// answerStep says what an answer step asked the articles for.
func (r *run) answerStep(f *Flow, t *Step, res *Result) {
	found := res.Outcome == "found"
	if found {
		r.tell(res)
	}
	switch {
	case len(t.Answer.On) == 0:
		if !found {
			r.say(r.set.Company.Unknown)
		}
		r.leave(f, t, f.after(t))
	case found:
		r.leave(f, t, t.Answer.On["found"])
	default:
		r.leave(f, t, t.Answer.On["other"])
	}
}

// tell says an article's answer and remembers the article.
func (r *run) tell(res *Result) {
	r.state.Resolved = true
	r.keep("article", res.Data, res.Source)
	if res.Data["spoken"] != "" { // said already, sentence by sentence as a model wrote it
		r.state.Last = res.Data["answer"]
		return
	}
	r.utter(Say{Text: res.Data["answer"], Sources: []string{res.Source}}, nil)
}
