package console

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "note that the pages were built of these sources")

// What the program embeds (web/dist) was built of the sources beside it: "make
// web" builds it and notes their sum, so that Go alone builds the program.
func TestPagesAreBuiltOfTheirSources(t *testing.T) {
	sum := sha256.New()
	err := filepath.WalkDir("web", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist"):
			return fs.SkipDir
		case d.IsDir() || d.Name() == "sources.sum":
			return nil
		}
		data, err := os.ReadFile(name)
		fmt.Fprintf(sum, "%s %d\n%s", filepath.ToSlash(name), len(data), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const file = "web/sources.sum"
	got := hex.EncodeToString(sum.Sum(nil))
	if *update {
		if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil || strings.TrimSpace(string(want)) != got {
		t.Errorf("web/dist was built of other sources (%v): run \"make web\"", err)
	}
}

// No page's first load is above 300 kB of compressed script; here, uncompressed
// and of all pages, it is bounded by three times that.
func TestPagesAreSmall(t *testing.T) {
	files, err := filepath.Glob("web/dist/assets/*.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no script in web/dist: %v", err)
	}
	size := int64(0)
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > 900<<10 {
		t.Errorf("the pages' script has %d bytes", size)
	}
}
