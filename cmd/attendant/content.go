package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"attendant/console"
	"attendant/dialog/flow"
	"attendant/dialog/knowledge"
	"attendant/sip/provision"
)

// fileKind is the kind of a company's files in the store of what is edited.
const fileKind = "file"

// fileValue is a file as it is kept.
type fileValue struct {
	Text string `json:"text"`
}

// library is a company's flows and articles. The store is the truth: its first
// versions come from the company's folder, and a file that was never edited here
// follows the folder from start to start.
type library struct {
	cfg    config
	log    *slog.Logger
	store  *provision.Store
	folder fs.FS
	source string // of the folder, for the history

	changing sync.Mutex // one change at a time: it is checked against what it changes
	now      atomic.Pointer[company]
	publish  func(context.Context, *company) error // has calls use it; nil before there are any
}

// folderName is how versions from a folder are signed.
func folderName(c config) string {
	if c.Company == "" {
		return "folder:demo"
	}
	if name, err := filepath.Abs(c.Company); err == nil {
		return "folder:" + name
	}
	return "folder:" + c.Company
}

// openLibrary takes the folder of a loaded company in and returns the library
// with the company as it is in the store.
func openLibrary(ctx context.Context, store *provision.Store, cfg config, loaded *company, log *slog.Logger) (*library, error) {
	l := &library{cfg: cfg, log: log, store: store, folder: loaded.files, source: folderName(cfg)}
	if err := l.adopt(ctx); err != nil {
		return nil, err
	}
	texts, err := l.texts(ctx)
	if err != nil {
		return nil, err
	}
	files, err := managedFiles(loaded.files)
	if err != nil {
		return nil, err
	}
	if maps.Equal(texts, files) {
		l.now.Store(loaded)
		return l, nil
	}
	c, err := companyOf(overlay{loaded.files, texts}, loaded.connectors, nil)
	if err != nil {
		return nil, fmt.Errorf("%w\n(these are the files in the data folder; attendant import replaces them)", err)
	}
	l.now.Store(c)
	return l, nil
}

// adopt brings what has changed in the folder into the store.
func (l *library) adopt(ctx context.Context) error {
	files, err := managedFiles(l.folder)
	if err != nil {
		return err
	}
	kept, err := l.store.List(ctx, fileKind)
	if err != nil {
		return err
	}
	last, err := l.fromFolders(ctx)
	if err != nil {
		return err
	}
	moved := false // to another company's folder, which replaces all
	for _, v := range last {
		moved = moved || v.Author != l.source
	}
	current := map[string]provision.Version{}
	for _, v := range kept {
		current[v.Name] = v
	}
	var changes []provision.Change
	for _, name := range slices.Sorted(maps.Keys(files)) {
		before, known := last[name]
		now, is := current[name]
		switch {
		case is && textOf(now) == files[name], known && !moved && textOf(before) == files[name]:
			// it is as here, or has not changed there
		case !moved && known && now.Author != l.source:
			l.log.Warn("a file was changed in the company's folder and in the console: the console's stays", "file", name)
		default:
			changes = append(changes, provision.Change{Kind: fileKind, Name: name, Value: fileValue{files[name]}})
		}
	}
	for name, v := range current {
		if _, there := files[name]; !there && (moved || v.Author == l.source) {
			changes = append(changes, provision.Change{Kind: fileKind, Name: name})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return l.store.Apply(ctx, l.source, changes...)
}

// fromFolders are the last versions that came from a folder, by path.
func (l *library) fromFolders(ctx context.Context) (map[string]provision.Version, error) {
	all, err := l.store.ByAuthor(ctx, fileKind, "folder:")
	out := map[string]provision.Version{}
	for _, v := range all {
		out[v.Name] = v
	}
	return out, err
}

func textOf(v provision.Version) string {
	var f fileValue
	if len(v.Value) == 0 || json.Unmarshal(v.Value, &f) != nil {
		return ""
	}
	return f.Text
}

// texts are the files as they are in the store.
func (l *library) texts(ctx context.Context) (map[string]string, error) {
	kept, err := l.store.List(ctx, fileKind)
	out := map[string]string{}
	for _, v := range kept {
		out[v.Name] = textOf(v)
	}
	return out, err
}

// Flows implements console.Content.
func (l *library) Flows() *flow.Set { return l.now.Load().flows }

// Articles implements console.Content.
func (l *library) Articles() *knowledge.Base { return l.now.Load().articles }

func fileOf(v provision.Version) console.File {
	return console.File{Path: v.Name, Version: v.Number, Author: v.Author, At: v.At, Removed: v.Removed, Text: textOf(v)}
}

// File implements console.Content.
func (l *library) File(ctx context.Context, name string) (console.File, error) {
	v, err := l.store.Latest(ctx, fileKind, name)
	if err != nil {
		return console.File{}, shelfError(err)
	}
	return fileOf(v), nil
}

// Past implements console.Content.
func (l *library) Past(ctx context.Context, name string) ([]console.File, error) {
	versions, err := l.store.History(ctx, fileKind, name)
	if err == nil && len(versions) == 0 {
		err = provision.ErrNotFound
	}
	var out []console.File
	for _, v := range versions {
		out = append(out, fileOf(v))
	}
	return out, shelfError(err)
}

// draft is the company as it would be after changes: *console.FileFaults.
func (l *library) draft(ctx context.Context, changes map[string]*string) (*company, error) {
	for name := range changes {
		if !managed(name) {
			return nil, &console.FileFaults{List: []console.FileFault{{Path: name, Text: name + " is neither company.yaml, flows/NAME.yaml nor articles/NAME.md"}}}
		}
	}
	texts, err := l.texts(ctx)
	if err != nil {
		return nil, err
	}
	c, err := companyOf(overlay{l.folder, texts}.with(changes), l.now.Load().connectors, nil)
	if err != nil {
		return nil, &console.FileFaults{List: fileFaults(err)}
	}
	return c, nil
}

// fileFaults are the faults of a company's files with their places, which the
// loaders tell as "FILE:LINE: TEXT", one a line.
func fileFaults(err error) []console.FileFault {
	var out []console.FileFault
	for line := range strings.Lines(strings.TrimPrefix(err.Error(), errSettings.Error()+": company: ")) {
		line = strings.TrimRight(line, "\n")
		name, rest, _ := strings.Cut(line, ":")
		number, text, found := strings.Cut(rest, ": ")
		n, err := strconv.Atoi(number)
		switch {
		case managed(name) && found && err == nil:
			out = append(out, console.FileFault{Path: name, Line: n, Text: text})
		case managed(name):
			out = append(out, console.FileFault{Path: name, Text: strings.TrimSpace(rest)})
		case strings.HasPrefix(line, " ") && len(out) > 0: // an excerpt of the file
		case strings.TrimSpace(line) != "":
			out = append(out, console.FileFault{Text: line})
		}
	}
	return out
}

// Check implements console.Content.
func (l *library) Check(ctx context.Context, changes map[string]*string) error {
	_, err := l.draft(ctx, changes)
	return err
}

// Save implements console.Content.
func (l *library) Save(ctx context.Context, author, name string, text *string, was int) (console.File, error) {
	l.changing.Lock()
	defer l.changing.Unlock()
	if err := l.fresh(ctx, name, text, was); err != nil {
		return console.File{}, err
	}
	c, err := l.draft(ctx, map[string]*string{name: text})
	if err != nil {
		return console.File{}, err
	}
	change := provision.Change{Kind: fileKind, Name: name, Exact: was > 0, Was: was}
	if text != nil {
		change.Value = fileValue{*text}
	}
	if err := l.store.Apply(ctx, author, change); err != nil {
		return console.File{}, shelfError(err)
	}
	l.now.Store(c)
	if l.publish != nil {
		// The change is made: who goes away now does not undo it.
		if err := l.publish(context.WithoutCancel(ctx), c); err != nil {
			return console.File{}, err
		}
	}
	if text == nil {
		return console.File{Path: name, Removed: true}, nil
	}
	return l.File(ctx, name)
}

// fresh refuses a change that was made of another version, before it is checked.
func (l *library) fresh(ctx context.Context, name string, text *string, was int) error {
	now, err := l.store.Latest(ctx, fileKind, name)
	switch {
	case errors.Is(err, provision.ErrNotFound) && (was > 0 || text == nil):
		return fmt.Errorf("%w: %s", console.ErrNoEntry, name)
	case err != nil && !errors.Is(err, provision.ErrNotFound):
		return err
	case err == nil && was == provision.Absent:
		return fmt.Errorf("%w: %s", console.ErrTaken, name)
	case was > 0 && now.Number != was:
		return console.ErrStale
	}
	return nil
}

var _ console.Content = (*library)(nil)
