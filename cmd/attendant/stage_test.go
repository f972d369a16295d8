package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/dialog/sqlstore"
)

// demoCompany is the demo company, loaded once for all tests: it is immutable.
var demoCompany = sync.OnceValues(func() (*company, error) { return loadCompany(config{}) })

// demoArticles makes the index of the demo's articles. It is called outside of
// bubbles, since what it makes is used by several.
func demoArticles(t *testing.T) *company {
	t.Helper()
	company, err := demoCompany()
	if err == nil {
		_, err = company.finder(context.Background(), config{}, slog.New(slog.DiscardHandler))
	}
	if err != nil {
		t.Fatal(err)
	}
	return company
}

// demoDatabase is a database with the demo company's records as they stand at
// the moment of all conversations.
var demoDatabase struct {
	once  sync.Once
	bytes []byte
	err   error
}

// writeDemo makes that database, in a folder of its own.
func writeDemo(t *testing.T) ([]byte, error) {
	company, err := demoCompany()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(t.TempDir(), "demo.db")
	store, err := sqlstore.Open(t.Context(), path)
	if err != nil {
		return nil, err
	}
	if _, err := chatAttendant(t.Context(), config{}, company, store); err != nil {
		return nil, err
	}
	if _, err := store.DB().ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// demoAttendant is the demo company's attendant with a fresh copy of its
// records. It is called within a bubble of package synctest, whose clock it sets
// to the moment of all conversations.
func demoAttendant(t *testing.T) (*dialog.Attendant, *company, *sqlstore.Store) {
	t.Helper()
	time.Sleep(time.Until(tuesday))
	company, err := demoCompany()
	if err != nil {
		t.Fatal(err)
	}
	demoDatabase.once.Do(func() { demoDatabase.bytes, demoDatabase.err = writeDemo(t) })
	if demoDatabase.err != nil {
		t.Fatal(demoDatabase.err)
	}
	path := filepath.Join(t.TempDir(), "attendant.db")
	if err := os.WriteFile(path, demoDatabase.bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := company.attendant(t.Context(), config{}, store)
	if err != nil {
		t.Fatal(err)
	}
	a.Log = (&program{errout: t.Output()}).logger(config{LogLevel: "error"})
	return a, company, store
}
