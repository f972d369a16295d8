package sqlstore_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attendant/dialog"
	"attendant/dialog/sqlstore"
)

// shelf is a store with three calls, of 10, 40 and 100 days ago, and their files.
type shelf struct {
	*sqlstore.Store
	dialog.Keeper
	noted []string
}

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func newShelf(t *testing.T, r dialog.Retention) *shelf {
	t.Helper()
	dir := t.TempDir()
	store, err := sqlstore.Open(t.Context(), filepath.Join(dir, "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s := &shelf{Store: store}
	s.Keeper = dialog.Keeper{Retention: r, Store: store, Folder: dir, Log: slog.New(slog.DiscardHandler)}
	s.Note = func(_ context.Context, what string) error {
		s.noted = append(s.noted, what)
		return nil
	}
	for i, days := range []int{10, 40, 100} {
		began := now.AddDate(0, 0, -days)
		id := began.Format("20060102-150405") + "-00000" + string(rune('a'+i))
		number := []string{"+1", "+2", "+1"}[i]
		h := dialog.HandOver{ID: "h" + id, Call: id, Number: number, Stage: "ended", Since: began, Ended: began, Notes: "a secret", Briefing: &dialog.Briefing{Wanted: "a secret"}}
		err := errors.Join(
			s.SaveCall(t.Context(), &dialog.Record{
				ID: id, Number: number, Started: began, Ended: began, Recording: id + ".wav.age", Legs: []string{id + "-1-ann.wav.age"},
				Turns: []dialog.Turn{{Side: "caller", Text: "a secret"}}, Slots: map[string]string{"x": "a secret"}, HandOvers: []dialog.HandOver{h},
			}),
			s.SaveHandOver(t.Context(), h),
			s.NoteAudit(t.Context(), dialog.Audit{At: began, Call: id, Verb: "suggest", Detail: "a secret"}),
			s.SaveIntent(t.Context(), dialog.Intent{Key: "k" + id, Call: id}),
			os.WriteFile(filepath.Join(dir, id+".wav.age"), nil, 0o600),
			os.WriteFile(filepath.Join(dir, id+"-1-ann.wav.age"), nil, 0o600),
		)
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// left is what is there: calls, the files of recordings, hand-overs and audits, and
// how many calls have words.
func (s *shelf) left(t *testing.T) [5]int {
	t.Helper()
	calls, err := s.Calls(t.Context(), dialog.CallQuery{})
	rows, err2 := s.HandOvers(t.Context(), dialog.HandOverQuery{})
	audits, err3 := s.Audits(t.Context(), "", 0)
	files, err4 := filepath.Glob(filepath.Join(s.Folder, "*.wav*"))
	words := 0
	for _, c := range calls {
		r, err := s.Call(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Turns) > 0 {
			words++
		}
		if gone := !slices.ContainsFunc(files, func(f string) bool { return strings.Contains(f, c.ID) }); gone != (r.Recording == "") || gone != (r.Legs == nil) {
			t.Errorf("the record names %q and %v, but the files are gone: %v", r.Recording, r.Legs, gone)
		}
	}
	if err := errors.Join(err, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return [5]int{len(calls), len(files), len(rows), len(audits), words}
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func TestWhatIsTooOldGoes(t *testing.T) {
	for _, c := range []struct {
		keep dialog.Retention
		want dialog.Trimmed
		left [5]int
	}{
		{dialog.Retention{}, dialog.Trimmed{}, [5]int{3, 6, 3, 3, 3}},
		{dialog.Retention{Recordings: days(30)}, dialog.Trimmed{Files: 4, Recordings: 2}, [5]int{3, 2, 3, 3, 3}},
		{dialog.Retention{Transcripts: days(50)}, dialog.Trimmed{Transcripts: 1}, [5]int{3, 6, 3, 3, 2}},
		{dialog.Retention{Records: days(50)}, dialog.Trimmed{Files: 2, Recordings: 1, Records: 1}, [5]int{2, 4, 2, 2, 2}},
		{dialog.Retention{Recordings: days(5), Transcripts: days(30), Records: days(90)}, dialog.Trimmed{Files: 6, Recordings: 3, Transcripts: 2, Records: 1}, [5]int{2, 0, 2, 2, 1}},
	} {
		s := newShelf(t, c.keep)
		dry, err := s.Trim(t.Context(), now, true)
		if err != nil || dry != c.want || s.left(t) != [5]int{3, 6, 3, 3, 3} || len(s.noted) != 0 {
			t.Errorf("%+v, dry: %+v, %v, left %v", c.keep, dry, err, s.left(t))
		}
		got, err := s.Trim(t.Context(), now, false)
		if err != nil || got != c.want || s.left(t) != c.left {
			t.Errorf("%+v: %+v, %v, left %v; want %+v, %v", c.keep, got, err, s.left(t), c.want, c.left)
		}
		if len(s.noted) != min(1, c.want.Files+c.want.Transcripts) {
			t.Errorf("%+v: noted %q", c.keep, s.noted)
		}
		if again, err := s.Trim(t.Context(), now, false); err != nil || again != (dialog.Trimmed{}) {
			t.Errorf("%+v, again: %+v, %v", c.keep, again, err)
		}
	}
}

// TestNoWordOutlivesItsTranscript looks for a caller's word in the whole database.
func TestNoWordOutlivesItsTranscript(t *testing.T) {
	s := newShelf(t, dialog.Retention{Transcripts: days(5)})
	if _, err := s.Trim(t.Context(), now, false); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{`SELECT record FROM calls`, `SELECT row FROM hand_overs`, `SELECT row FROM audits`} {
		rows, err := s.DB().QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil || strings.Contains(text, "secret") {
				t.Errorf("%s: %s, %v", q, text, err)
			}
		}
		rows.Close()
	}
}

func TestCallersAreErased(t *testing.T) {
	s := newShelf(t, dialog.Retention{})
	if n, err := s.Erase(t.Context(), "+1", ""); n != 2 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
	if got := s.left(t); got != [5]int{1, 2, 1, 1, 1} {
		t.Errorf("left %v", got)
	}
	if n, err := s.Erase(t.Context(), "+1", ""); n != 0 || err != nil {
		t.Errorf("again: erased %d, %v", n, err)
	}
	if _, err := s.Erase(t.Context(), "", "nothing"); !errors.Is(err, dialog.ErrNotFound) {
		t.Errorf("error %v", err)
	}
	calls, err := s.Calls(t.Context(), dialog.CallQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Erase(t.Context(), "", calls[0].ID); n != 1 || err != nil || s.left(t) != [5]int{} {
		t.Errorf("erased %d, %v, left %v", n, err, s.left(t))
	}
}
