package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"attendant/console"
	"attendant/dialog/flow"
	"attendant/sip/number"
	"attendant/sip/provision"
	"attendant/sip/trunk"
)

// bookshelf is a book as the console edits it: K is the book's type, T the console's.
type bookshelf[K, T any] struct {
	book   *provision.Book[K]
	in     func(T) K
	out    func(K) T                      // without secrets
	secret func(K) bool                   // one is kept with it
	known  func(name string) string       // the name as it is kept
	check  func(context.Context, K) error // what else is wrong; may be nil
}

// numberShelf is the numbers; flows are those that calls use now.
func numberShelf(t *telephony, region string, flows func() *flow.Set, hasQueue func(string) (bool, error)) console.Shelf[console.NumberRule] {
	return bookshelf[number.Rule, console.NumberRule]{
		book: t.numbers, out: ruleOut, in: ruleIn,
		secret: func(number.Rule) bool { return false },
		known: func(name string) string {
			if clean, err := (number.Rule{Number: name}).Clean(region); err == nil {
				return clean.Number
			}
			return name
		},
		check: func(_ context.Context, r number.Rule) error { return checkRule(flows(), hasQueue)(r) },
	}
}

func ruleOut(r number.Rule) console.NumberRule {
	return console.NumberRule{
		Number: r.Number, Name: r.Name, Flow: r.Flow, Language: r.Language, Queue: r.Queue, Human: r.Human,
		Hours: console.OpenHours(r.Hours), Fallback: console.OutOfHours(r.Fallback),
	}
}

func ruleIn(r console.NumberRule) number.Rule {
	return number.Rule{
		Number: r.Number, Name: r.Name, Flow: r.Flow, Language: r.Language, Queue: r.Queue, Human: r.Human,
		Hours: number.Hours(r.Hours), Fallback: number.Fallback(r.Fallback),
	}
}

func trunkShelf(t *telephony) console.Shelf[console.TrunkSettings] {
	return bookshelf[trunk.Trunk, console.TrunkSettings]{
		book: t.trunks, out: trunkOut,
		in:     func(t console.TrunkSettings) trunk.Trunk { return trunk.Trunk(t) },
		secret: func(t trunk.Trunk) bool { return t.Password != "" },
		known:  strings.TrimSpace,
	}
}

func trunkOut(t trunk.Trunk) console.TrunkSettings {
	t.Password = ""
	return console.TrunkSettings(t)
}

func trunkPresets() []console.TrunkSettings {
	var out []console.TrunkSettings
	for _, p := range trunk.Presets() {
		out = append(out, trunkOut(p))
	}
	return out
}

// shelfError is the console's word for an error of package provision.
func shelfError(err error) error {
	switch {
	case errors.Is(err, provision.ErrNotFound):
		return fmt.Errorf("%w: %w", console.ErrNoEntry, err)
	case errors.Is(err, provision.ErrConflict):
		return console.ErrStale
	case errors.Is(err, provision.ErrTable):
		return fmt.Errorf("%w: %w", console.ErrFaults, err)
	}
	return err
}

func (s bookshelf[K, T]) shown(e provision.Entry[K]) console.Entry[T] {
	return console.Entry[T]{Name: e.Name, Version: e.Number, Author: e.Author, At: e.At, Secret: s.secret(e.Thing), Value: s.out(e.Thing)}
}

// All implements console.Shelf.
func (s bookshelf[K, T]) All(ctx context.Context) ([]console.Entry[T], error) {
	entries, err := s.book.Entries(ctx)
	out := make([]console.Entry[T], 0, len(entries))
	for _, e := range entries {
		out = append(out, s.shown(e))
	}
	return out, err
}

// Entry implements console.Shelf.
func (s bookshelf[K, T]) Entry(ctx context.Context, name string) (console.Entry[T], error) {
	e, err := s.book.Entry(ctx, s.known(name))
	if err != nil {
		return console.Entry[T]{}, shelfError(err)
	}
	return s.shown(e), nil
}

// Add implements console.Shelf.
func (s bookshelf[K, T]) Add(ctx context.Context, author string, thing T) (console.Entry[T], error) {
	k := s.in(thing)
	if _, err := s.book.Entry(ctx, s.known(s.book.Key(k))); err == nil {
		return console.Entry[T]{}, fmt.Errorf("%w: %s", console.ErrTaken, s.book.Key(k))
	}
	e, err := s.keep(ctx, author, k, provision.Absent)
	if errors.Is(err, console.ErrStale) {
		err = console.ErrTaken
	}
	return e, err
}

// Set implements console.Shelf.
func (s bookshelf[K, T]) Set(ctx context.Context, author, name string, thing T, was int) (console.Entry[T], error) {
	k := s.in(thing)
	e, err := s.book.Entry(ctx, s.known(name))
	switch {
	case err != nil:
		return console.Entry[T]{}, shelfError(err)
	case s.known(s.book.Key(k)) != e.Name:
		return console.Entry[T]{}, fmt.Errorf("%w: an entry's name cannot be changed: add another and remove this one", console.ErrFaults)
	case was > 0 && was != e.Number:
		return console.Entry[T]{}, console.ErrStale
	}
	return s.keep(ctx, author, k, e.Number)
}

func (s bookshelf[K, T]) keep(ctx context.Context, author string, k K, was int) (console.Entry[T], error) {
	rows, changes, err := s.plan(ctx, []K{k}, nil)
	if err != nil {
		return console.Entry[T]{}, shelfError(err)
	}
	if rows[0].Err != nil {
		return console.Entry[T]{}, fmt.Errorf("%w: %w", console.ErrFaults, rows[0].Err)
	}
	for i := range changes {
		changes[i].Exact, changes[i].Was = was > 0, was
	}
	if err := s.book.Apply(ctx, author, changes); err != nil {
		return console.Entry[T]{}, shelfError(err)
	}
	return s.Entry(ctx, rows[0].Name)
}

// plan is the book's, with what else is wrong.
func (s bookshelf[K, T]) plan(ctx context.Context, things []K, lines []int) ([]provision.Row, []provision.Change, error) {
	rows, changes, err := s.book.Plan(ctx, things, lines)
	if err != nil || s.check == nil {
		return rows, changes, err
	}
	for i := range rows {
		if fault := s.check(ctx, things[i]); fault != nil {
			rows[i].Action, rows[i].Err = "fault", errors.Join(rows[i].Err, fault)
		}
	}
	return rows, changes, nil
}

// Remove implements console.Shelf.
func (s bookshelf[K, T]) Remove(ctx context.Context, author, name string, was int) error {
	return shelfError(s.book.RemoveVersion(ctx, author, s.known(name), was))
}

// Past implements console.Shelf.
func (s bookshelf[K, T]) Past(ctx context.Context, name string) ([]console.Past[T], error) {
	versions, err := s.book.History(ctx, s.known(name))
	if err == nil && len(versions) == 0 {
		err = fmt.Errorf("%w: %s", console.ErrNoEntry, name)
	}
	var out []console.Past[T]
	for _, v := range versions {
		p := console.Past[T]{Version: v.Number, Author: v.Author, At: v.At, Removed: v.Removed}
		if !v.Removed {
			var k K
			if err := json.Unmarshal(v.Value, &k); err != nil {
				return nil, fmt.Errorf("%s, version %d: %w", name, v.Number, err)
			}
			t := s.out(k)
			p.Value = &t
		}
		out = append(out, p)
	}
	return out, err
}

// Import implements console.Shelf.
func (s bookshelf[K, T]) Import(ctx context.Context, author string, csv []byte, o console.Importing) ([]console.ImportRow, error) {
	things, lines, unread, err := provision.ParseCSV[K](csv)
	if err != nil {
		return nil, shelfError(err)
	}
	rows, changes, err := s.plan(ctx, things, lines)
	if err == nil && o.Prune {
		rows, changes, err = prune(ctx, s.book, rows, changes)
	}
	if err != nil {
		return nil, shelfError(err)
	}
	out, faulty := make([]console.ImportRow, 0, len(rows)), false
	for i, r := range rows {
		row := console.ImportRow{Line: r.Line, Name: r.Name, Action: r.Action}
		if fault := errors.Join(unread[i], r.Err); fault != nil {
			row.Action, row.Fault, faulty = "fault", strings.ReplaceAll(fault.Error(), "\n", "; "), true
		}
		out = append(out, row)
	}
	if faulty || o.Try {
		return out, nil
	}
	return out, shelfError(s.book.Apply(ctx, author, changes))
}

// Export implements console.Shelf.
func (s bookshelf[K, T]) Export(ctx context.Context) ([]byte, error) {
	all, err := s.book.All(ctx)
	if err != nil {
		return nil, err
	}
	return provision.FormatCSV(all, s.book.Hidden)
}
