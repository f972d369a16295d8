package knowledge

import (
	"strings"
	"testing"
	"testing/fstest"
)

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
	for _, want := range []string{"a.md:1: no front", "b.md:5: review_by", "c.md:1: title, answer", "d.md:2: ", "titel"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in:\n%v", want, err)
		}
	}
}
