package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"attendant/console"
	"attendant/crm"
	"attendant/crm/local"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/sqlstore"
)

// draftTalk is a conversation by files that no call uses yet. All that it does
// happens in a database of its own, which goes with it.
type draftTalk struct {
	*dialog.Talk
	company *company
	store   *sqlstore.Store
	folder  string
}

// talkByDraft begins a conversation with a company as it would be.
func talkByDraft(ctx context.Context, cfg config, c *company, log *slog.Logger, o dialog.Chat, tell func(dialog.Exchange)) (console.Talk, error) {
	folder, err := os.MkdirTemp("", "attendant-draft-")
	if err != nil {
		return nil, fmt.Errorf("try a draft: %w", err)
	}
	t := &draftTalk{company: c, folder: folder}
	if t.store, err = sqlstore.Open(ctx, filepath.Join(folder, "draft.db")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	a, err := t.attendant(ctx, cfg, log)
	if err == nil {
		t.Talk, err = a.Begin(ctx, o, tell)
	}
	if err != nil {
		return nil, errors.Join(err, t.clear())
	}
	return t, nil
}

func (t *draftTalk) attendant(ctx context.Context, cfg config, log *slog.Logger) (*dialog.Attendant, error) {
	records, err := local.Open(ctx, t.store.DB())
	if err != nil {
		return nil, err
	}
	if data, err := fs.ReadFile(t.company.files, "crm.yaml"); err == nil {
		if err := records.Import(ctx, data, time.Now().In(t.company.flows.Zone())); err != nil {
			return nil, err
		}
	}
	articles, err := t.company.finder(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	embedded := crm.Operate(records, t.company.flows.Zone())
	a := &dialog.Attendant{
		Flows: flow.NewEngine(t.company.flows), Knowledge: articles, CRM: dry{t.company.records(records), embedded},
		Store: t.store, Hub: &dialog.Hub{}, Language: "en-US", Log: log,
	}
	t.company.language(cfg).speak(a)
	return a, nil
}

// Close implements console.Talk.
func (t *draftTalk) Close(ctx context.Context) error {
	return errors.Join(t.Talk.Close(ctx), t.clear())
}

func (t *draftTalk) clear() error {
	t.company.mu.Lock()
	found := t.company.found
	t.company.found = nil
	t.company.mu.Unlock()
	var err error
	if found != nil {
		err = found.Close()
	}
	return errors.Join(err, t.store.Close(), os.RemoveAll(t.folder))
}

// dry offers what a company's systems do, and does it in the embedded one alone:
// what only others can do is unavailable.
type dry struct {
	all, embedded crm.System
}

// Operations implements crm.System.
func (d dry) Operations() []crm.Operation { return d.all.Operations() }

// Call implements crm.System.
func (d dry) Call(ctx context.Context, key, operation string, args map[string]string) (map[string]string, error) {
	for _, o := range d.embedded.Operations() {
		if o.Name == operation {
			return d.embedded.Call(ctx, key, operation, args)
		}
	}
	return nil, fmt.Errorf("%w: %s is not tried with a draft", crm.ErrUnavailable, operation)
}

// Done implements crm.System.
func (d dry) Done(ctx context.Context, key, operation string) error {
	return d.embedded.Done(ctx, key, operation)
}

// Talk implements console.Content.
func (l *library) Talk(ctx context.Context, changes map[string]*string, o dialog.Chat, tell func(dialog.Exchange)) (console.Talk, error) {
	c, err := l.draft(ctx, changes)
	if err != nil {
		return nil, err
	}
	return talkByDraft(ctx, l.cfg, c, l.log, o, tell)
}
