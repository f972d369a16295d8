package dialog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Retention says for how long what is kept of calls is kept; 0 is for ever. What
// goes is gone: a recording's file with those of its legs, a transcript with what
// it says in briefings, notes and audits, a record with all rows of its call.
type Retention struct {
	Recordings  time.Duration
	Transcripts time.Duration
	Records     time.Duration
}

// Trimmer is a store that forgets. Each method tells how many calls it concerns,
// and where dry changes nothing. Hand-overs that are open stay.
type Trimmer interface {
	// TrimRecordings forgets that calls which began before have recordings.
	TrimRecordings(ctx context.Context, before time.Time, dry bool) (int, error)
	// TrimTranscripts drops the words of calls that began before.
	TrimTranscripts(ctx context.Context, before time.Time, dry bool) (int, error)
	// TrimCalls drops calls that began before, with all that belongs to them.
	TrimCalls(ctx context.Context, before time.Time, dry bool) (int, error)
	// EraseCalls drops calls at once, by the caller's number or their ID; one of the
	// two is set. It returns their IDs.
	EraseCalls(ctx context.Context, number, id string) ([]string, error)
}

// Trimmed is what a retention has come to.
type Trimmed struct {
	Files       int `json:"files"` // of recordings
	Recordings  int `json:"recordings"`
	Transcripts int `json:"transcripts"`
	Records     int `json:"records"`
}

// String is the same in words, for the audit.
func (t Trimmed) String() string {
	return fmt.Sprintf("%d recordings (%d files), %d transcripts, %d records", t.Recordings, t.Files, t.Transcripts, t.Records)
}

// Keeper sees to retention and erasure.
type Keeper struct {
	Retention
	Store  Trimmer
	Folder string                                       // of recordings
	Note   func(ctx context.Context, what string) error // in the audit; optional
	Log    *slog.Logger
}

// trimEvery is how often what is too old is looked for.
const trimEvery = time.Hour

// Run trims at once and then every hour, until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	if k.Retention == (Retention{}) {
		return
	}
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for {
		t, err := k.Trim(ctx, time.Now(), false)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			k.Log.Error("what is too old was not all removed", "error", err)
		}
		if t != (Trimmed{}) {
			k.Log.Info("removed what is too old", "what", t.String())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Trim removes what is too old by now, or where dry only tells what that is. What
// was removed is noted.
func (k *Keeper) Trim(ctx context.Context, now time.Time, dry bool) (Trimmed, error) {
	var t Trimmed
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	// A recording does not outlive its record.
	if age := shorter(k.Recordings, k.Records); age > 0 {
		files, err := k.files(func(began time.Time, _ string) bool { return began.Before(now.Add(-age)) })
		note(err)
		t.Files = len(files)
		if !dry {
			note(k.remove(files))
		}
		t.Recordings, err = k.Store.TrimRecordings(ctx, now.Add(-age), dry)
		note(err)
	}
	if k.Transcripts > 0 {
		n, err := k.Store.TrimTranscripts(ctx, now.Add(-k.Transcripts), dry)
		t.Transcripts = n
		note(err)
	}
	if k.Records > 0 {
		n, err := k.Store.TrimCalls(ctx, now.Add(-k.Records), dry)
		t.Records = n
		note(err)
	}
	if t != (Trimmed{}) && !dry && k.Note != nil {
		note(k.Note(ctx, t.String()))
	}
	return t, errors.Join(errs...)
}

// shorter is the shorter of two times, of which 0 is for ever.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// Erase removes all that is kept of a call, or of all calls of a number: records,
// hand-overs, audits, decisions, and recordings with those of their legs. It
// returns how many calls that were. A call that goes on is written when it ends.
func (k *Keeper) Erase(ctx context.Context, number, id string) (int, error) {
	calls, err := k.Store.EraseCalls(ctx, number, id)
	if err != nil {
		return 0, err
	}
	erased := map[string]bool{}
	for _, c := range calls {
		erased[c] = true
	}
	files, err := k.files(func(_ time.Time, call string) bool { return erased[call] })
	return len(calls), errors.Join(err, k.remove(files))
}

// files are the recordings that fit, by when their call began and its ID, with
// which their names begin.
func (k *Keeper) files(fits func(began time.Time, call string) bool) ([]string, error) {
	entries, err := os.ReadDir(k.Folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		if began, call, ok := recordingOf(e.Name()); ok && fits(began, call) {
			out = append(out, e.Name())
		}
	}
	return out, err
}

// recordingOf takes the name of a recording apart.
func recordingOf(name string) (began time.Time, call string, ok bool) {
	const begins = "20060102-150405"
	if !strings.Contains(name, ".wav") || len(name) < len(begins)+len("-000000") {
		return time.Time{}, "", false
	}
	began, err := time.Parse(begins, name[:len(begins)])
	return began, name[:len(begins)+len("-000000")], err == nil
}

func (k *Keeper) remove(files []string) error {
	var errs []error
	for _, name := range files {
		if err := os.Remove(filepath.Join(k.Folder, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
