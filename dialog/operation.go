package dialog

import (
	"slices"

	"attendant/crm"
	"attendant/dialog/flow"
	"attendant/dialog/guard"
)

// own are the operations that prove who calls: they are ours, and no connector
// sees them.
var own = []flow.Operation{
	{Name: "identify", Args: []string{"order", "postcode?", "pin?"}, Results: []string{"first_name", "name", "phone"}, Outcomes: []string{"not_found"}},
	{Name: "send_code", Args: []string{"order"}},
	{Name: "check_code", Args: []string{"code"}, Results: []string{"first_name", "name", "phone"}, Outcomes: []string{"not_found"}},
}

// internal are operations that only the program itself calls.
var internal = []string{"find_customer", "log_call", "history"}

// Operations are those that flows may call: a system's and our own.
func Operations(s crm.System) []flow.Operation {
	out := slices.Clone(own)
	for _, o := range s.Operations() {
		if slices.Contains(internal, o.Name) {
			continue
		}
		args := o.Args
		if o.Name == "upsert_lead" {
			args = append(slices.Clone(args), "*")
		}
		out = append(out, flow.Operation{
			Name: o.Name, Args: args, Results: o.Results, Outcomes: o.Outcomes, Irreversible: o.Risk == crm.Irreversible,
		})
	}
	return out
}

// policy is the guard's policy for a company and a system of record.
func policy(c flow.Company, s crm.System) guard.Policy {
	p := guard.Policy{
		Operations: map[string]guard.Risk{}, Tries: c.Guard.TriesACall, RefundLimit: c.Guard.RefundLimit,
		Actions: c.Limits.Actions, Turns: c.Limits.Turns, Tokens: c.Limits.Tokens,
		Duration: minutes(c.Limits.Minutes),
	}
	for _, o := range s.Operations() {
		if !slices.Contains(internal, o.Name) {
			p.Operations[o.Name] = guard.Risk(o.Risk)
		}
	}
	return p
}
