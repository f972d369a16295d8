package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Kind says what a kind of things is.
type Kind[T any] struct {
	Name  string             // in the store: "number", "trunk", "phone"
	Key   func(T) string     // the thing's name
	Clean func(T) (T, error) // the thing as it is kept, or all that is wrong with it
	Keep  func(was, is *T)   // takes over from what was what an import leaves out; may be nil
	// Together is what is wrong with the things of this kind as they are going to
	// be, all of them; may be nil.
	Together func(ctx context.Context, all []T) error
	Hidden   []string // columns that are not written out: secrets
}

// Book is one kind of things in a store. Any goroutine may use it.
type Book[T any] struct {
	Kind[T]
	store *Store

	mu       sync.Mutex
	revision int64
	all      []T
	byName   map[string]T
}

// NewBook returns the book of a kind.
func NewBook[T any](store *Store, kind Kind[T]) *Book[T] {
	return &Book[T]{Kind: kind, store: store, revision: -1}
}

// All returns the things as they are now, by name. The caller must not change
// them.
func (b *Book[T]) All(ctx context.Context) ([]T, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.read(ctx)
	return b.all, err
}

// Find returns the thing of a name: ErrNotFound.
func (b *Book[T]) Find(ctx context.Context, name string) (T, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.read(ctx)
	found, ok := b.byName[name]
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	return found, err
}

// read reads the things again where something has changed; the caller holds mu,
// since all that ask meanwhile need the same.
func (b *Book[T]) read(ctx context.Context) error {
	revision, err := b.store.Revision(ctx)
	if err != nil || revision == b.revision {
		return err
	}
	versions, err := b.store.List(ctx, b.Name)
	if err != nil {
		return err
	}
	all, byName := make([]T, 0, len(versions)), make(map[string]T, len(versions))
	for _, v := range versions {
		var t T
		if err := json.Unmarshal(v.Value, &t); err != nil {
			return fmt.Errorf("%s %s: %w", b.Name, v.Name, err)
		}
		all, byName[v.Name] = append(all, t), t
	}
	b.revision, b.all, b.byName = revision, all, byName
	return nil
}

// Row is what an import makes of one entry.
type Row struct {
	Line   int    // of the file; 0 where that has none
	Name   string // of the thing
	Action string // "add", "change", "keep" or, with Err, "fault"
	Err    error
}

// Plan tells for each thing what setting it would do. The changes are to be
// applied only where no row has a fault.
func (b *Book[T]) Plan(ctx context.Context, things []T, lines []int) ([]Row, []Change, error) {
	rows := make([]Row, len(things))
	var changes []Change
	seen := map[string]bool{}
	if _, err := b.All(ctx); err != nil {
		return nil, nil, err
	}
	for i, t := range things {
		r := &rows[i]
		if i < len(lines) {
			r.Line = lines[i]
		}
		r.Name = b.Key(t)
		clean, err := b.Clean(t)
		if err == nil {
			r.Name = b.Key(clean)
		}
		was, ok := b.current(r.Name)
		if ok && err == nil && b.Keep != nil {
			b.Keep(&was, &clean)
		}
		if err == nil {
			err = missingSecret(clean)
		}
		switch {
		case err != nil:
			r.Action, r.Err = "fault", err
		case seen[r.Name]:
			r.Action, r.Err = "fault", fmt.Errorf("%s is set twice", r.Name)
		case !ok:
			r.Action = "add"
		case reflect.DeepEqual(was, clean):
			r.Action = "keep"
		default:
			r.Action = "change"
		}
		if seen[r.Name] = true; r.Action == "add" || r.Action == "change" {
			changes = append(changes, Change{Kind: b.Name, Name: r.Name, Value: clean})
		}
	}
	return rows, changes, nil
}

func (b *Book[T]) current(name string) (T, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.byName[name]
	return t, ok
}

// ErrTogether is a change by which things would not fit together any more.
var ErrTogether = errors.New("it does not fit together")

// Apply makes changes that Plan has told of. ErrTogether, ErrConflict.
func (b *Book[T]) Apply(ctx context.Context, author string, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	if err := b.Fit(ctx, changes); err != nil {
		return err
	}
	return b.store.Apply(ctx, author, changes...)
}

// Fit tells whether the things fit together as the changes make them:
// ErrTogether.
func (b *Book[T]) Fit(ctx context.Context, changes []Change) error {
	if b.Together == nil {
		return nil
	}
	now, err := b.All(ctx)
	if err != nil {
		return err
	}
	all := slices.Clone(now)
	for _, c := range changes {
		all = slices.DeleteFunc(all, func(t T) bool { return b.Key(t) == c.Name })
		if t, ok := c.Value.(T); ok {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(x, y T) int { return strings.Compare(b.Key(x), b.Key(y)) })
	if err := b.Together(ctx, all); err != nil {
		return fmt.Errorf("%w: %w", ErrTogether, err)
	}
	return nil
}

// Remove removes a thing: ErrNotFound, ErrTogether.
func (b *Book[T]) Remove(ctx context.Context, author, name string) error {
	if _, err := b.Find(ctx, name); err != nil {
		return err
	}
	return b.Apply(ctx, author, []Change{{Kind: b.Name, Name: name}})
}

// ErrExists is a thing that is to be added and is there.
var ErrExists = errors.New("there is one of this name already")

// Version returns a thing with the number of its version, for who edits it:
// ErrNotFound.
func (b *Book[T]) Version(ctx context.Context, name string) (t T, version int, err error) {
	v, err := b.store.Latest(ctx, b.Kind.Name, name)
	if err == nil {
		err = json.Unmarshal(v.Value, &t)
	}
	return t, v.Number, err
}

// Add adds a thing and returns it as it is kept, with its version: ErrExists, or
// what is wrong with it.
func (b *Book[T]) Add(ctx context.Context, author string, t T) (T, int, error) {
	clean, err := b.Clean(t)
	if err == nil {
		err = missingSecret(clean)
	}
	if err != nil {
		return t, 0, fmt.Errorf("%w: %w", ErrTogether, err)
	}
	versions, err := b.History(ctx, b.Key(clean))
	if err != nil {
		return t, 0, err
	}
	was := 0
	if len(versions) > 0 {
		if was = versions[0].Number; !versions[0].Removed {
			return t, 0, fmt.Errorf("%w: %s", ErrExists, b.Key(clean))
		}
	}
	err = b.Apply(ctx, author, []Change{{Kind: b.Name, Name: b.Key(clean), Value: clean, Exact: true, Was: was}})
	return clean, was + 1, err
}

// Change puts t in the place of the thing's version, or removes the thing where t
// is nil. It returns what is kept, with its version: ErrNotFound, ErrConflict
// where there is another version, or what is wrong with t.
func (b *Book[T]) Change(ctx context.Context, author, name string, version int, t *T) (kept T, number int, err error) {
	was, number, err := b.Version(ctx, name)
	switch {
	case err != nil:
		return kept, 0, err
	case number != version:
		return kept, 0, fmt.Errorf("%w: %s", ErrConflict, name)
	}
	change := Change{Kind: b.Name, Name: name, Exact: true, Was: version}
	if t != nil {
		kept, err = b.Clean(*t)
		if err == nil && b.Keep != nil {
			b.Keep(&was, &kept)
		}
		if err == nil && b.Key(kept) != name {
			err = fmt.Errorf("the name %s stays", name)
		}
		if err != nil {
			return kept, 0, fmt.Errorf("%w: %w", ErrTogether, err)
		}
		change.Value = kept
	}
	return kept, version + 1, b.Apply(ctx, author, []Change{change})
}

// History returns a thing's versions, the newest first.
func (b *Book[T]) History(ctx context.Context, name string) ([]Version, error) {
	return b.store.History(ctx, b.Name, name)
}
