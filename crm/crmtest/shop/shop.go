// Package shop is a system of record for fakes of other systems to stand before.
package shop

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver

	"attendant/crm"
	"attendant/crm/local"
)

// Open opens the embedded CRM with the data of a crm.yaml.
func Open(t *testing.T, data []byte) crm.System {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "crm.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := local.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Import(context.Background(), data, time.Now()); err != nil {
		t.Fatal(err)
	}
	return crm.Operate(c, time.UTC)
}
