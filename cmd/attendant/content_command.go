package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"attendant/sip/provision"
)

type importCommand struct {
	common
	Dir string `arg:"" help:"A company's folder." type:"existingdir"`
}

// Run makes a folder's flows and articles those of the data folder; what was
// there stays in the history. A server that is running takes them up when it is
// started again.
func (f importCommand) Run(p *program) error {
	c, err := p.load(f.common)
	if err != nil {
		return err
	}
	c.Company = f.Dir
	if _, err := loadCompany(c); err != nil {
		return err
	}
	db, store, _, err := shelf(p, f.common)
	if err != nil {
		return err
	}
	defer db.Close()
	files, err := managedFiles(os.DirFS(f.Dir))
	if err != nil {
		return err
	}
	kept, err := store.List(p.ctx, fileKind)
	if err != nil {
		return err
	}
	var changes []provision.Change
	was := map[string]string{}
	for _, v := range kept {
		was[v.Name] = textOf(v)
		if _, there := files[v.Name]; !there {
			changes = append(changes, provision.Change{Kind: fileKind, Name: v.Name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if text, there := was[name]; !there || text != files[name] {
			changes = append(changes, provision.Change{Kind: fileKind, Name: name, Value: fileValue{files[name]}})
		}
	}
	if len(changes) > 0 {
		err = store.Apply(p.ctx, author(), changes...)
	}
	if err == nil {
		_, err = fmt.Fprintf(p.out, "%d files changed\n", len(changes))
	}
	return err
}

type exportCommand struct {
	common
	Dir string `arg:"" help:"The folder to write; it is made where it does not exist." type:"path"`
}

// Run writes the flows and articles of the data folder as a company's folder,
// whose other files stay.
func (f exportCommand) Run(p *program) error {
	db, store, _, err := shelf(p, f.common)
	if err != nil {
		return err
	}
	defer db.Close()
	kept, err := store.List(p.ctx, fileKind)
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		return errors.New("there are none: no server has run with this data folder")
	}
	names := map[string]bool{}
	for _, v := range kept {
		names[v.Name] = true
		file := filepath.Join(f.Dir, filepath.FromSlash(v.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(textOf(v)), 0o644); err != nil {
			return err
		}
	}
	there, err := managedFiles(os.DirFS(f.Dir))
	for name := range there {
		if !names[name] { // removed in the console
			err = errors.Join(err, os.Remove(filepath.Join(f.Dir, filepath.FromSlash(name))))
		}
	}
	if err == nil {
		_, err = fmt.Fprintf(p.out, "%d files written\n", len(kept))
	}
	return err
}
