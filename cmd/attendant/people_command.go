package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"attendant/dialog/queue"
	"attendant/sip/provision"
)

// What these commands change applies within a second in a server that runs with
// the same data folder.

type agentsCommand struct {
	Status  agentsStatus  `cmd:"" default:"withargs" help:"Tell what the agents of a running server do."`
	State   agentsState   `cmd:"" help:"Make an agent of a running server available, away or offline."`
	List    agentsList    `cmd:"" help:"List agents as they are set."`
	Add     agentsAdd     `cmd:"" help:"Add an agent: attendant agents add ann title=Ann extension=201 skills=returns:3."`
	Set     agentsSet     `cmd:"" help:"Change an agent: attendant agents set ann skills= wrap_up=30s."`
	Remove  agentsRemove  `cmd:"" help:"Remove an agent; a call that goes on is finished."`
	Import  agentsImport  `cmd:"" help:"Add and change agents from a CSV or YAML file, such as a queues.yaml."`
	Export  agentsExport  `cmd:"" help:"Write all agents as CSV or YAML."`
	History agentsHistory `cmd:"" help:"Show who has changed an agent, when."`
}

type queuesCommand struct {
	Status  queuesStatus  `cmd:"" default:"withargs" help:"Tell who waits in the queues of a running server."`
	List    queuesList    `cmd:"" help:"List queues as they are set."`
	Add     queuesAdd     `cmd:"" help:"Add a queue: attendant queues add support strategy=best_skill max_wait=10m overflow=callback."`
	Set     queuesSet     `cmd:"" help:"Change a queue."`
	Remove  queuesRemove  `cmd:"" help:"Remove a queue; who waits in it is still served."`
	Import  queuesImport  `cmd:"" help:"Add and change queues from a CSV or YAML file, such as a queues.yaml."`
	Export  queuesExport  `cmd:"" help:"Write all queues as CSV or YAML."`
	History queuesHistory `cmd:"" help:"Show who has changed a queue, when."`
}

type (
	agentsList    struct{ common }
	agentsAdd     struct{ edited }
	agentsSet     struct{ edited }
	agentsRemove  struct{ removed }
	agentsHistory struct{ removed }
	agentsImport  struct{ imported }
	agentsExport  struct{ exported }
	queuesList    struct{ common }
	queuesAdd     struct{ edited }
	queuesSet     struct{ edited }
	queuesRemove  struct{ removed }
	queuesHistory struct{ removed }
	queuesImport  struct{ imported }
	queuesExport  struct{ exported }
)

func agentsBook(s *provision.Store, c config) (*provision.Book[queue.Agent], error) {
	p, err := peopleOf(s, c)
	if err != nil {
		return nil, err
	}
	return p.agents, nil
}

func queuesBook(s *provision.Store, c config) (*provision.Book[queue.Queue], error) {
	p, err := peopleOf(s, c)
	if err != nil {
		return nil, err
	}
	return p.queues, nil
}

// peopleOf are the people of a store, begun with the company's queues.yaml as the
// server would.
func peopleOf(s *provision.Store, c config) (*people, error) {
	company, err := loadCompany(c)
	if err != nil {
		return nil, err
	}
	p := newPeople(s, company.files, nil)
	return p, p.begin(context.Background())
}

// Run lists the agents.
func (f agentsList) Run(p *program) error {
	return with(p, f.common, agentsBook, func(b *provision.Book[queue.Agent], _ *provision.Store) error {
		all, err := b.All(p.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "AGENT\tTITLE\tEXTENSION\tROLE\tADDRESSES\tSKILLS\tLANGUAGES\tQUEUES")
		for _, a := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Name, cmp.Or(a.Title, a.Name), a.Extension, cmp.Or(a.Role, "agent"),
				cmp.Or(strings.Join(a.Addresses, " "), a.Name+" browser"), levels(a.Skills), strings.Join(a.Languages, " "), cmp.Or(levels(a.Queues), "(all)"))
		}
		return w.Flush()
	})
}

func levels(of map[string]int) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		out = append(out, name+":"+strconv.Itoa(of[name]))
	}
	return strings.Join(out, " ")
}

// Run lists the queues.
func (f queuesList) Run(p *program) error {
	return with(p, f.common, queuesBook, func(b *provision.Book[queue.Queue], _ *provision.Store) error {
		all, err := b.All(p.ctx)
		if err != nil {
			return err
		}
		c := queue.Config{Queues: all}
		w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "QUEUE\tTITLE\tDEFAULT\tPRIORITY\tSTRATEGY\tMODE\tSKILLS\tMAX WAIT\tOVERFLOW")
		for _, q := range all {
			wait := ""
			if q.MaxWait > 0 {
				wait = q.MaxWait.String()
			}
			fmt.Fprintf(w, "%s\t%s\t%v\t%d\t%s\t%s\t%s\t%s\t%s\n", q.Name, cmp.Or(q.Title, q.Name), q.Name == c.DefaultQueue(), q.Priority,
				cmp.Or(q.Strategy, queue.LongestIdle), cmp.Or(q.Mode, queue.Warm), levels(q.Skills), wait, cmp.Or(q.Overflow, "attendant"))
		}
		return w.Flush()
	})
}

// Run adds one.
func (f agentsAdd) Run(p *program) error {
	return with(p, f.common, agentsBook, func(b *provision.Book[queue.Agent], _ *provision.Store) error {
		return edit(p, b, f.edited, "name", false)
	})
}

// Run changes one.
func (f agentsSet) Run(p *program) error {
	return with(p, f.common, agentsBook, func(b *provision.Book[queue.Agent], _ *provision.Store) error {
		return edit(p, b, f.edited, "name", true)
	})
}

// Run removes one.
func (f agentsRemove) Run(p *program) error {
	return with(p, f.common, agentsBook, func(b *provision.Book[queue.Agent], _ *provision.Store) error { return remove(p, b, f.Name) })
}

// Run shows who has changed one.
func (f agentsHistory) Run(p *program) error {
	return with(p, f.common, agentsBook, func(b *provision.Book[queue.Agent], _ *provision.Store) error { return history(p, b, f.Name) })
}

// Run writes all.
func (f agentsExport) Run(p *program) error {
	return with(p, f.common, agentsBook, func(b *provision.Book[queue.Agent], _ *provision.Store) error { return exports(p, b, f.exported) })
}

// Run reads a file.
func (f agentsImport) Run(p *program) error {
	f.section = "agents"
	return with(p, f.common, agentsBook, func(b *provision.Book[queue.Agent], _ *provision.Store) error { return imports(p, b, f.imported) })
}

// Run adds one.
func (f queuesAdd) Run(p *program) error {
	return with(p, f.common, queuesBook, func(b *provision.Book[queue.Queue], _ *provision.Store) error {
		return edit(p, b, f.edited, "name", false)
	})
}

// Run changes one.
func (f queuesSet) Run(p *program) error {
	return with(p, f.common, queuesBook, func(b *provision.Book[queue.Queue], _ *provision.Store) error {
		return edit(p, b, f.edited, "name", true)
	})
}

// Run removes one.
func (f queuesRemove) Run(p *program) error {
	return with(p, f.common, queuesBook, func(b *provision.Book[queue.Queue], _ *provision.Store) error { return remove(p, b, f.Name) })
}

// Run shows who has changed one.
func (f queuesHistory) Run(p *program) error {
	return with(p, f.common, queuesBook, func(b *provision.Book[queue.Queue], _ *provision.Store) error { return history(p, b, f.Name) })
}

// Run writes all.
func (f queuesExport) Run(p *program) error {
	return with(p, f.common, queuesBook, func(b *provision.Book[queue.Queue], _ *provision.Store) error { return exports(p, b, f.exported) })
}

// Run reads a file.
func (f queuesImport) Run(p *program) error {
	f.section = "queues"
	return with(p, f.common, queuesBook, func(b *provision.Book[queue.Queue], _ *provision.Store) error { return imports(p, b, f.imported) })
}
