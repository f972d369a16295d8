package knowledge

import (
	"strings"
	"testing"
	"testing/fstest"

	"attendant/deploy/demo"
)

func TestFind(t *testing.T) {
	b, err := Load(demo.Files)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ query, article, want string }{
		{"", "opening_hours", "opening_hours"},
		{"how long is the warranty", "", "warranty"},
		{"which payments methods are accepted", "", "payment"},
		{"who won the football match", "", ""},
		{"", "", ""},
	}
	for _, c := range cases {
		a, ok := b.Find(c.query, c.article)
		if ok != (c.want != "") || a.ID != c.want && ok {
			t.Errorf("%q: %s, %v; want %q", c.query, a.ID, ok, c.want)
		}
	}
}

func TestLoadTellsAllFaults(t *testing.T) {
	_, err := Load(fstest.MapFS{
		"articles/a.md": {Data: []byte("no front matter")},
		"articles/b.md": {Data: []byte("---\ntitle: B\nanswer: x\nversion: \"1\"\nreview_by: soon\nexamples: [y]\n---\n")},
		"articles/c.md": {Data: []byte("---\ntitle: C\n---\n")},
		"articles/d.md": {Data: []byte("---\ntitel: D\n---\n")},
	})
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, want := range []string{"a.md", "b.md: review_by", "c.md: title, answer", "d.md", "titel"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in:\n%v", want, err)
		}
	}
}
