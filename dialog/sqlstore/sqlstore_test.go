package sqlstore_test

import (
	"path/filepath"
	"testing"

	"attendant/dialog"
	"attendant/dialog/dialogtest"
	"attendant/dialog/sqlstore"
)

func TestStore(t *testing.T) {
	s, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dialogtest.TestStore(t, s)
	dialogtest.TestDeskStore(t, s)
}

func TestWhatWasSavedIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	for i := range 2 {
		s, err := sqlstore.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			err = s.SaveCall(t.Context(), &dialog.Record{ID: "x"})
		} else {
			_, err = s.Call(t.Context(), "x")
		}
		if err != nil {
			t.Error(err)
		}
		s.Close()
	}
}
