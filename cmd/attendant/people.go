package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"attendant/console"
	"attendant/dialog/queue"
	"attendant/media"
	"attendant/sip/provision"
)

// people are the agents and queues that administrators have set, and the board
// that works by them. The store is the truth; a company's queues.yaml is where a
// store begins that has never had any.
type people struct {
	store  *provision.Store
	agents *provision.Book[queue.Agent]
	queues *provision.Book[queue.Queue]
	files  fs.FS // of the company, for music
	log    *slog.Logger

	mu       sync.Mutex // held while the board is set up again
	board    *queue.Board
	revision int64
	music    map[string][]media.Frame // by file
}

func newPeople(store *provision.Store, files fs.FS, log *slog.Logger) *people {
	p := &people{store: store, files: files, log: log, revision: -1, music: map[string][]media.Frame{}}
	p.agents = provision.NewBook(store, provision.Kind[queue.Agent]{
		Name: "agent", Key: func(a queue.Agent) string { return a.Name }, Clean: cleanAgent,
		Together: func(ctx context.Context, agents []queue.Agent) error {
			queues, err := p.queues.All(ctx)
			return errors.Join(err, fit(queues, agents))
		},
	})
	p.queues = provision.NewBook(store, provision.Kind[queue.Queue]{
		Name: "queue", Key: func(q queue.Queue) string { return q.Name }, Clean: p.cleanQueue,
		Together: func(ctx context.Context, queues []queue.Queue) error {
			agents, err := p.agents.All(ctx)
			return errors.Join(err, fit(queues, agents))
		},
	})
	return p
}

func fit(queues []queue.Queue, agents []queue.Agent) error {
	c := queue.Config{Queues: queues, Agents: agents}
	return c.Complete()
}

// cleanAgent tells what is wrong with an agent alone; which queues there are is
// asked where all are known.
func cleanAgent(a queue.Agent) (queue.Agent, error) {
	var queues []queue.Queue
	for name := range a.Queues {
		queues = append(queues, queue.Queue{Name: name})
	}
	return a, fit(queues, []queue.Agent{a})
}

func (p *people) cleanQueue(q queue.Queue) (queue.Queue, error) {
	queues := []queue.Queue{q}
	if other, ok := strings.CutPrefix(q.Overflow, "queue "); ok && other != q.Name {
		queues = append(queues, queue.Queue{Name: other})
	}
	err := fit(queues, nil)
	if q.Music != "" {
		if _, e := musicOf(p.files, q.Music); e != nil {
			err = errors.Join(err, fmt.Errorf("queue %s: music %s: %w", q.Name, q.Music, e))
		}
	}
	return q, err
}

// begin takes a company's queues.yaml over into a store that has never had agents
// or queues.
func (p *people) begin(ctx context.Context) error {
	for _, kind := range []string{"agent", "queue"} {
		if known, err := p.store.Known(ctx, kind); err != nil || known {
			return err
		}
	}
	data, err := fs.ReadFile(p.files, "queues.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: queues.yaml: %w", errSettings, err)
	}
	cfg, err := queue.Load(data)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	var raw queue.Config // as it is written, without defaults: Load has checked it
	if err := yaml.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("%w: queues.yaml: %w", errSettings, err)
	}
	first := cfg.DefaultQueue()
	for i := range raw.Queues {
		raw.Queues[i].Default = raw.Queues[i].Name == first
	}
	if err := take(ctx, p.queues, raw.Queues); err != nil {
		return err
	}
	return take(ctx, p.agents, raw.Agents)
}

func take[T any](ctx context.Context, b *provision.Book[T], things []T) error {
	rows, changes, err := b.Plan(ctx, things, nil)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Err != nil {
			err = errors.Join(err, fmt.Errorf("%w: queues.yaml: %w", errSettings, r.Err))
		}
	}
	if err != nil {
		return err
	}
	return unfit(b.Apply(ctx, "queues.yaml", changes))
}

// hasQueue reports whether a queue is set, or will be with the first start, by
// queues.yaml.
func (p *people) hasQueue(name string) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpPatience)
	defer cancel()
	queues, err := p.queues.All(ctx)
	if err != nil {
		return false, err
	}
	if len(queues) == 0 {
		data, err := fs.ReadFile(p.files, "queues.yaml")
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		cfg, loadErr := queue.Load(data)
		if err = errors.Join(err, loadErr); err != nil {
			return false, err
		}
		queues = cfg.Queues
	}
	return slices.ContainsFunc(queues, func(q queue.Queue) bool { return q.Name == name }), nil
}

// config is what is set now. An agent's phone is registered under the agent's
// name, unless addresses are set.
func (p *people) config(ctx context.Context) (queue.Config, error) {
	queues, err := p.queues.All(ctx)
	agents, err2 := p.agents.All(ctx)
	if err = errors.Join(err, err2); err != nil {
		return queue.Config{}, err
	}
	agents = slices.Clone(agents)
	for i := range agents {
		if len(agents[i].Addresses) == 0 {
			agents[i].Addresses = []string{agents[i].Name, "browser"}
		}
	}
	return queue.Config{Queues: queues, Agents: agents}, nil
}

// apply sets the board up by what is set now, where anything has changed. A
// configuration that two processes have broken together changes nothing.
func (p *people) apply(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	revision, err := p.store.Revision(ctx)
	if err != nil || revision == p.revision || p.board == nil {
		return err
	}
	cfg, err := p.config(ctx)
	if err == nil {
		p.revision = revision
		err = p.board.Configure(time.Now(), cfg)
	}
	if err != nil {
		return fmt.Errorf("set agents and queues up: %w", err)
	}
	return nil
}

// peopleEvery is how soon what another process has changed applies.
const peopleEvery = time.Second

// follow applies what other processes change, until ctx ends.
func (p *people) follow(ctx context.Context) {
	tick := time.NewTicker(peopleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := p.apply(ctx); err != nil && ctx.Err() == nil {
				p.log.Error("agents and queues stay as they are", "error", err)
			}
		}
	}
}

// musicFor is the music of a queue's file, read once.
func (p *people) musicFor(file string) []media.Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	if frames, ok := p.music[file]; ok {
		return frames
	}
	frames, err := musicOf(p.files, file)
	if err != nil {
		p.log.Error("a queue's music cannot be played", "file", file, "error", err)
	}
	p.music[file] = frames
	return frames
}

// things are a kind of things as the API edits them.
type things[T any] struct {
	book *provision.Book[T]
	done func(ctx context.Context) error // after each change
}

// All implements console.Things.
func (t things[T]) All(ctx context.Context) ([]T, error) { return t.book.All(ctx) }

// Find implements console.Things.
func (t things[T]) Find(ctx context.Context, name string) (T, int, error) {
	found, version, err := t.book.Version(ctx, name)
	return found, version, thingFault(err)
}

// Add implements console.Things.
func (t things[T]) Add(ctx context.Context, author string, one T) (T, int, error) {
	kept, version, err := t.book.Add(ctx, author, one)
	if err == nil {
		err = t.done(ctx)
	}
	return kept, version, thingFault(err)
}

// Change implements console.Things.
func (t things[T]) Change(ctx context.Context, author, name string, version int, to *T) (T, int, error) {
	kept, number, err := t.book.Change(ctx, author, name, version, to)
	if err == nil {
		err = t.done(ctx)
	}
	return kept, number, thingFault(err)
}

// thingFault is the console's error for one of the book's.
func thingFault(err error) error {
	for from, to := range map[error]error{
		provision.ErrNotFound: console.ErrNoThing, provision.ErrExists: console.ErrThingExists,
		provision.ErrConflict: console.ErrThingChanged, provision.ErrTogether: console.ErrThingUnfit,
	} {
		if errors.Is(err, from) {
			return fmt.Errorf("%w: %w", to, err)
		}
	}
	return err
}

// sectionOf is one list of a YAML file that has several, such as the agents of a
// queues.yaml; of another file, all of it.
func sectionOf(data []byte, name string) ([]byte, error) {
	var sections map[string]any
	if name == "" || yaml.Unmarshal(data, &sections) != nil {
		return data, nil
	}
	return yaml.Marshal(cmp.Or[any](sections[name], []any{}))
}
