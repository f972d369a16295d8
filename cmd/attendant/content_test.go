package main

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attendant/console"
	"attendant/deploy/demo"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/sqlstore"
	"attendant/sip/provision"
)

// shelfOfFiles is a library over a folder and a database that tests may change.
type shelfOfFiles struct {
	folder string
	db     *sqlstore.Store
	log    strings.Builder
}

func newShelfOfFiles(t *testing.T) *shelfOfFiles {
	t.Helper()
	s := &shelfOfFiles{folder: t.TempDir()}
	if err := os.CopyFS(s.folder, demo.Files); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.db, err = sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "a.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// open starts with the folder as it is now.
func (s *shelfOfFiles) open(t *testing.T) *library {
	t.Helper()
	cfg := defaults()
	cfg.Company = s.folder
	loaded, err := loadCompany(cfg)
	if err != nil {
		t.Fatal(err)
	}
	store, err := provision.Open(t.Context(), s.db.DB())
	if err != nil {
		t.Fatal(err)
	}
	l, err := openLibrary(t.Context(), store, cfg, loaded, slog.New(slog.NewTextHandler(&s.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (s *shelfOfFiles) write(t *testing.T, name string, change func(string) string) {
	t.Helper()
	file := filepath.Join(s.folder, name)
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(change(string(data))), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func swap(old, text string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, text, 1) }
}

const hoursFile, returnsFile = "articles/opening_hours.md", "articles/return_policy.md"

func TestFilesFollowTheFolderUntilTheyAreEdited(t *testing.T) {
	s := newShelfOfFiles(t)
	l := s.open(t)
	f, err := l.File(t.Context(), hoursFile)
	if err != nil || f.Version != 1 || !strings.HasPrefix(f.Author, "folder:") {
		t.Fatalf("first import: %+v, %v", f, err)
	}
	edited := strings.Replace(f.Text, "title: Opening hours", "title: When we are here", 1)
	if _, err := l.Save(t.Context(), "ana", hoursFile, &edited, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Save(t.Context(), "ben", hoursFile, &f.Text, 1); !errors.Is(err, console.ErrStale) {
		t.Errorf("a change of an old version: %v, want ErrStale", err)
	}
	if _, err := l.Save(t.Context(), "ben", hoursFile, &f.Text, -1); !errors.Is(err, console.ErrTaken) {
		t.Errorf("a new file that is there: %v, want ErrTaken", err)
	}
	s.write(t, hoursFile, swap("title: Opening hours", "title: Hours"))
	s.write(t, returnsFile, swap("title: ", "title: About "))
	if err := os.Remove(filepath.Join(s.folder, "articles/kettle.md")); err != nil {
		t.Fatal(err)
	}
	l = s.open(t)
	titles := map[string]string{}
	for _, a := range l.Articles().Articles() {
		titles[a.ID] = a.Title
	}
	if titles["opening_hours"] != "When we are here" || !strings.HasPrefix(titles["return_policy"], "About ") || titles["kettle"] != "" {
		t.Errorf("after changes in the folder: %q, %q, %q", titles["opening_hours"], titles["return_policy"], titles["kettle"])
	}
	if !strings.Contains(s.log.String(), hoursFile) || strings.Contains(s.log.String(), returnsFile) {
		t.Errorf("told of: %s", s.log.String())
	}
	if past, err := l.Past(t.Context(), hoursFile); err != nil || len(past) != 2 || past[0].Author != "ana" {
		t.Errorf("history: %+v, %v", past, err)
	}
}

func TestFaultsOfFilesHaveTheirLines(t *testing.T) {
	l := newShelfOfFiles(t).open(t)
	f, err := l.File(t.Context(), "flows/order_status.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(f.Text, "operation: get_order", "operation: get_odrer", 1)
	line := strings.Count(f.Text[:strings.Index(f.Text, "operation: get_order")], "\n")
	_, err = l.Save(t.Context(), "ana", f.Path, &broken, 1)
	var faults *console.FileFaults
	if !errors.As(err, &faults) || faults.List[0].Path != f.Path || faults.List[0].Line == 0 || faults.List[0].Line > line+1 || !strings.Contains(faults.List[0].Text, "get_odrer") {
		t.Errorf("faults %+v (%v), want one of %s at or before line %d", faults, err, f.Path, line+1)
	}
	if err := l.Check(t.Context(), map[string]*string{"flows/human.yaml": nil}); !errors.As(err, &faults) {
		t.Errorf("without a flow that every company has: %v", err)
	}
	elsewhere := "x"
	if err := l.Check(t.Context(), map[string]*string{"../secret": &elsewhere}); !errors.As(err, &faults) {
		t.Errorf("a file elsewhere: %v", err)
	}
	if now, err := l.File(t.Context(), f.Path); err != nil || now.Version != 1 {
		t.Errorf("a fault was kept: %+v, %v", now, err)
	}
}

func TestDraftIsTriedWithoutAnythingHappening(t *testing.T) {
	s := newShelfOfFiles(t)
	l := s.open(t)
	f, err := l.File(t.Context(), hoursFile)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(f.Text, "answer:")
	draft := before + "answer: We are open on the moon from 5 to 7 o'clock.\n" + f.Text[strings.Index(f.Text, "owner:"):]
	var said []string
	talk, err := l.Talk(t.Context(), map[string]*string{hoursFile: &draft}, dialog.Chat{}, func(e dialog.Exchange) { said = append(said, e.Text) })
	if err != nil {
		t.Fatal(err)
	}
	talk.Say(t.Context(), "when are you open")
	if !strings.Contains(strings.Join(said, "\n"), "on the moon from 5 to 7") {
		t.Errorf("said: %q", said)
	}
	if err := talk.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if calls, err := s.db.Calls(t.Context(), dialog.CallQuery{}); err != nil || len(calls) != 0 {
		t.Errorf("a draft left %d records, %v", len(calls), err)
	}
	if now, err := l.File(t.Context(), hoursFile); err != nil || now.Version != 1 {
		t.Errorf("the draft was kept: %+v, %v", now, err)
	}
}

func TestCallsKeepTheContentTheyBeganWith(t *testing.T) {
	s := newShelfOfFiles(t)
	l := s.open(t)
	a, err := l.now.Load().attendant(t.Context(), l.cfg, s.db)
	if err != nil {
		t.Fatal(err)
	}
	a.Log = slog.New(slog.DiscardHandler)
	freed := 0
	publish := func(c *company) {
		articles, err := c.finder(t.Context(), l.cfg, a.Log)
		if err != nil {
			t.Fatal(err)
		}
		a.Publish(&dialog.Content{Flows: flow.NewEngine(c.flows), Understand: c.rules, Knowledge: articles, Free: func() { freed++ }})
	}
	publish(l.now.Load())
	var said string
	tell := func(e dialog.Exchange) {
		if e.Side == "attendant" {
			said = e.Text
		}
	}
	old, err := a.Begin(t.Context(), dialog.Chat{}, tell)
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.File(t.Context(), hoursFile)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(f.Text, "answer: ", "answer: Listen well. ", 1)
	if _, err := l.Save(t.Context(), "ana", hoursFile, &text, 0); err != nil {
		t.Fatal(err)
	}
	publish(l.now.Load())
	if old.Say(t.Context(), "when are you open"); strings.Contains(said, "Listen well") || said == "" {
		t.Errorf("a call from before says %q", said)
	}
	if freed != 0 {
		t.Error("content that a call uses was freed")
	}
	if err := old.Close(t.Context()); err != nil || freed != 1 {
		t.Errorf("after the call's end it was freed %d times, %v", freed, err)
	}
	next, err := a.Begin(t.Context(), dialog.Chat{}, tell)
	if err != nil {
		t.Fatal(err)
	}
	if next.Say(t.Context(), "when are you open"); !strings.Contains(said, "Listen well") {
		t.Errorf("the next call says %q", said)
	}
	if err := next.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCompanyGoesInAndOutAsAFolder(t *testing.T) {
	data, folder, out := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "out")
	if status, said := cli(t, data, "export", out); status != 1 || !strings.Contains(said, "no server has run") {
		t.Errorf("export of nothing: status %d, %s", status, said)
	}
	if err := os.CopyFS(folder, demo.Files); err != nil {
		t.Fatal(err)
	}
	if status, said := cli(t, data, "import", folder); status != 0 {
		t.Fatalf("import: status %d, %s", status, said)
	}
	if status, said := cli(t, data, "import", folder); status != 0 || !strings.Contains(said, "0 files changed") {
		t.Errorf("import again: status %d, %s", status, said)
	}
	if err := os.MkdirAll(filepath.Join(out, "articles"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "articles/old.md"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, said := cli(t, data, "export", out); status != 0 {
		t.Fatalf("export: status %d, %s", status, said)
	}
	want, err1 := managedFiles(os.DirFS(folder))
	got, err2 := managedFiles(os.DirFS(out))
	if err := errors.Join(err1, err2); err != nil || !maps.Equal(want, got) {
		t.Errorf("%d files out of %d, %v", len(got), len(want), err)
	}
}
