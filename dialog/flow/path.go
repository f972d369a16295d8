package flow

import (
	"maps"
	"slices"
	"strings"
)

// node is a step as a place in the graph of all flows.
type node struct{ flow, step string }

func (n node) String() string { return n.flow + "." + n.step }

// paths checks what depends on how steps follow one another.
func (c *checker) paths() {
	c.unsound = maps.Clone(c.broken)
	var sound []*Flow
	for _, f := range c.Flows() {
		if !c.unsound[f.Name] {
			sound = append(sound, f)
		}
	}
	out := c.wayOut(sound)
	for _, f := range sound {
		from := c.reach(f)
		for i := range f.Steps {
			t := &f.Steps[i]
			n := node{f.Name, t.ID}
			switch path, reached := from[t.ID]; {
			case !reached:
				c.fault(f, t, "is never reached")
			case !out[n]:
				c.fault(f, t, "has no way out; it is reached by %s", strings.Join(path, " -> "))
			}
			c.loop(n)
			c.unconfirmed(f, t)
		}
	}
}

// next are the places that may follow a place, none in a flow with a fault.
func (c *checker) next(n node) []node {
	if c.unsound[n.flow] {
		return nil
	}
	f := c.flows[n.flow]
	t := f.step(n.step)
	if t.Link != "" {
		if len(c.flows[t.Link].Steps) == 0 {
			return nil
		}
		return []node{{t.Link, c.flows[t.Link].Steps[0].ID}}
	}
	var out []node
	for _, target := range f.targets(t) {
		if target != "done" {
			out = append(out, node{n.flow, target})
		}
	}
	return out
}

// reach are the steps that a flow's first step leads to within the flow, each
// with the path to it.
func (c *checker) reach(f *Flow) map[string][]string {
	paths := map[string][]string{f.Steps[0].ID: {f.Steps[0].ID}}
	queue := []string{f.Steps[0].ID}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		for _, n := range c.next(node{f.Name, id}) {
			if n.flow == f.Name && paths[n.step] == nil {
				paths[n.step] = append(slices.Clone(paths[id]), n.step)
				queue = append(queue, n.step)
			}
		}
	}
	return paths
}

// wayOut are the places from which the flow's end or the call's can be reached.
func (c *checker) wayOut(sound []*Flow) map[node]bool {
	out := map[node]bool{}
	for name := range c.unsound { // told already
		for _, t := range c.flows[name].Steps {
			out[node{name, t.ID}] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, f := range sound {
			for i := range f.Steps {
				n := node{f.Name, f.Steps[i].ID}
				if !out[n] && c.leaves(n, out) {
					out[n], grown = true, true
				}
			}
		}
	}
	return out
}

func (c *checker) leaves(n node, out map[node]bool) bool {
	f := c.flows[n.flow]
	t := f.step(n.step)
	if t.End != "" || t.Link != "" && c.unsound[t.Link] || slices.Contains(f.targets(t), "done") {
		return true
	}
	return slices.ContainsFunc(c.next(n), func(m node) bool { return out[m] })
}

// loop finds a way from a place back to itself on which the caller is not
// asked. A collect asks only where its slot is not known: a way past it asks
// where some step of the way forgets the slot.
func (c *checker) loop(from node) {
	start := c.flows[from.flow].step(from.step)
	if asks(start) || start.Collect != nil && start.Collect.Unknown != "" {
		return
	}
	slot := ""
	if start.Collect != nil {
		slot = start.Collect.Slot
	}
	path := c.silent(from, from, slot, map[node]bool{})
	if path == nil {
		return
	}
	var names []string
	for _, n := range path {
		names = append(names, n.String())
	}
	c.fault(c.flows[from.flow], start, "leads back to itself without asking the caller: %s", strings.Join(names, " -> "))
}

// silent is a path from a place to another on which nothing is asked.
func (c *checker) silent(at, to node, slot string, seen map[node]bool) []node {
	seen[at] = true
	t := c.flows[at.flow].step(at.step)
	if asks(t) || slot != "" && slices.Contains(t.Forget, slot) || slot == "" && t.Collect != nil {
		return nil
	}
	for _, n := range c.next(at) {
		if n == to {
			return []node{at, to}
		}
		if seen[n] {
			continue
		}
		if path := c.silent(n, to, slot, seen); path != nil {
			return append([]node{at}, path...)
		}
	}
	return nil
}

// asks reports whether a step always waits for the caller.
func asks(t *Step) bool {
	return t.Confirm != nil || t.Wait != nil || t.Agent != nil || t.Verify != nil
}

// unconfirmed finds a way to an operation that cannot be undone on which the
// caller has not just said yes to a question that names its arguments.
func (c *checker) unconfirmed(f *Flow, t *Step) {
	if t.Action == nil || !c.operations[t.Action.Operation].Irreversible {
		return
	}
	type state struct{ step, confirm string }
	seen := map[state]bool{}
	var walk func(s state, path []string)
	walk = func(s state, path []string) {
		if seen[s] || s.step == "done" {
			return
		}
		seen[s] = true
		path = append(slices.Clone(path), s.step)
		at := f.step(s.step)
		if at == t {
			c.confirmed(f, t, f.step(s.confirm), path)
			return
		}
		if at.Confirm != nil {
			walk(state{at.Confirm.Yes, at.ID}, path)
			walk(state{at.Confirm.No, ""}, path)
			return
		}
		if at.Collect != nil || at.Wait != nil || at.Agent != nil {
			s.confirm = ""
		}
		for _, target := range f.targets(at) {
			walk(state{target, s.confirm}, path)
		}
	}
	walk(state{f.Steps[0].ID, ""}, nil)
}

func (c *checker) confirmed(f *Flow, t, confirm *Step, path []string) {
	if confirm == nil {
		c.fault(f, t, "cannot be undone, and is reached without a confirm: %s", strings.Join(path, " -> "))
		return
	}
	named := map[string]bool{}
	for _, text := range confirm.Confirm.Prompt.All() {
		_, holes := pieces(text)
		for _, h := range holes {
			named[h.name] = true
		}
	}
	for _, arg := range slices.Sorted(maps.Keys(t.Action.Args)) {
		_, holes := pieces(t.Action.Args[arg])
		for _, h := range holes {
			if !named[h.name] {
				c.fault(f, t, "cannot be undone: the confirm %q must name {%s}", confirm.ID, h.name)
			}
		}
	}
}
