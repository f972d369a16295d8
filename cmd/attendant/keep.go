package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"attendant/console"
	"attendant/console/access"
	"attendant/dialog"
	"attendant/dialog/sqlstore"
	"attendant/media/sealed"
)

// box is what recordings are sealed into and opened from.
func (c *config) box() (*sealed.Box, error) { return sealed.New(c.SealFor, c.SealKey) }

// recordings is the folder of recordings.
func (c *config) recordings() string { return filepath.Join(c.Data, "recordings") }

// retention is how long the settings have us keep what.
func (c *config) retention() dialog.Retention {
	days := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	return dialog.Retention{Recordings: days(c.KeepRecordings), Transcripts: days(c.KeepWords), Records: days(c.KeepRecords)}
}

// keepCalls has recordings sealed where there is a recipient, and makes the keeper,
// who notes in the audit what it removes.
func (s *server) keepCalls(users *access.Store, cfg *console.Config) error {
	box, err := s.cfg.box()
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	if box.Seals() {
		s.attendant.Seal = box.Seal
	}
	s.keeper = newKeeper(s.cfg, s.store, users, "retention")
	s.keeper.Log = s.log
	cfg.Recording = func(name string) (io.ReadSeekCloser, error) {
		f, err := box.Open(filepath.Join(s.cfg.recordings(), filepath.Base(name)))
		if errors.Is(err, sealed.ErrLocked) {
			return nil, fmt.Errorf("%w: %w", console.ErrLocked, err)
		}
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	cfg.Erase = s.keeper.Erase
	return nil
}

// newKeeper is the keeper of a data folder, whose deeds are noted in the name of who.
func newKeeper(c config, store *sqlstore.Store, users *access.Store, who string) *dialog.Keeper {
	return &dialog.Keeper{
		Retention: c.retention(), Store: store, Folder: c.recordings(),
		Note: func(ctx context.Context, what string) error {
			return users.Note(ctx, access.Entry{Who: who, Remote: "-", Action: "retention", Outcome: what})
		},
	}
}

type retentionCommand struct {
	common
	DryRun bool `help:"Tell what is too old, and remove nothing."`
}

// Run removes what is too old by the settings, as the server does every hour.
func (f retentionCommand) Run(p *program) error {
	store, c, err := openStore(p, f.common)
	if err != nil {
		return err
	}
	defer store.Close()
	users, err := access.Open(p.ctx, store.DB())
	if err != nil {
		return err
	}
	if c.retention() == (dialog.Retention{}) {
		_, err = fmt.Fprintln(p.out, "keep_recordings, keep_transcripts and keep_records are not set: everything is kept")
		return err
	}
	t, err := newKeeper(c, store, users, author()).Trim(p.ctx, time.Now(), f.DryRun)
	done := "removed"
	if f.DryRun {
		done = "too old"
	}
	fmt.Fprintf(p.out, "%s: %s\n", done, t)
	return err
}

type callsErase struct {
	common
	ID     string `arg:"" optional:"" help:"The call."`
	Number string `help:"All calls of this number, in the form in which calls list shows it."`
}

// Run erases a call, or all calls of a number.
func (f callsErase) Run(p *program) error {
	if (f.ID == "") == (f.Number == "") {
		return fmt.Errorf("%w: name a call, or --number", errSettings)
	}
	store, c, err := openStore(p, f.common)
	if err != nil {
		return err
	}
	defer store.Close()
	users, err := access.Open(p.ctx, store.DB())
	if err != nil {
		return err
	}
	if f.ID != "" {
		r, err := store.Call(p.ctx, f.ID)
		if err != nil {
			return err
		}
		f.ID = r.ID
	}
	n, err := newKeeper(c, store, users, author()).Erase(p.ctx, f.Number, f.ID)
	err = errors.Join(err, users.Note(p.ctx, access.Entry{Who: author(), Remote: "-", Action: "erase", Object: f.ID, Outcome: fmt.Sprintf("%d calls", n)}))
	fmt.Fprintf(p.out, "erased %d calls\n", n)
	return err
}

// copyRecording writes a recording, unsealed, to a file.
func copyRecording(c config, name, to string) error {
	box, err := c.box()
	if err != nil {
		return err
	}
	in, err := box.Open(filepath.Join(c.recordings(), filepath.Base(name)))
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
