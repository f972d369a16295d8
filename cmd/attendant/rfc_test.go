package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	citation = regexp.MustCompile(`RFC (\d{3,5})(?:,? sections? (\d+(?:\.\d+)*(?:(?:, | and | to )\d+(?:\.\d+)*)*))?`)
	section  = regexp.MustCompile(`\d+(?:\.\d+)*`)
	lineEnd  = regexp.MustCompile(`\n\s*(?://|\*)?\s*`)
)

// citations are the faults in a text's citations of RFCs: a document or a
// section that the index does not have. Lines of a comment are one text.
func citations(text string, index map[string][]string) (faults []string) {
	for _, m := range citation.FindAllStringSubmatch(lineEnd.ReplaceAllString(text, " "), -1) {
		known, ok := index[m[1]]
		if !ok {
			faults = append(faults, "RFC "+m[1])
		}
		for _, s := range section.FindAllString(m[2], -1) {
			if ok && !slices.Contains(known, s) {
				faults = append(faults, fmt.Sprintf("RFC %s section %s", m[1], s))
			}
		}
	}
	return faults
}

// TestCitations holds every citation in the tree against docs/rfc.txt.
func TestCitations(t *testing.T) {
	data, err := os.ReadFile("../../docs/rfc.txt")
	if err != nil {
		t.Fatal(err)
	}
	index := map[string][]string{}
	for row := range strings.Lines(string(data)) {
		if f := strings.Split(strings.TrimRight(row, "\n"), "\t"); len(f) == 3 {
			index[f[0]] = strings.Fields(f[2])
		} else if !strings.HasPrefix(row, "#") {
			t.Errorf("docs/rfc.txt: %q is not 'number TAB title TAB sections'", row)
		}
	}
	read := 0
	err = filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "bin" || d.Name() == "data" || len(d.Name()) > 2 && d.Name()[0] == '.') {
			return filepath.SkipDir
		}
		if filepath.Base(name) == "rfc_test.go" || !slices.Contains([]string{".go", ".md", ".c", ".h"}, filepath.Ext(name)) {
			return nil
		}
		text, err := os.ReadFile(name)
		read++
		for _, fault := range citations(string(text), index) {
			t.Errorf("%s cites %s, which docs/rfc.txt does not have", strings.TrimPrefix(name, "../../"), fault)
		}
		return err
	})
	if err != nil || read < 100 {
		t.Errorf("%d files read, error %v", read, err)
	}
}

func TestCitationsAreFoundAcrossLines(t *testing.T) {
	index := map[string][]string{"3261": {"8.1.1", "12.1.2"}}
	for text, want := range map[string][]string{
		"// as RFC 3261 section\n// 12.1.2 says":              nil,
		"RFC 3261 sections 8.1.1 and 12.1.2":                  nil,
		"// RFC 3261 section 99.1":                            {"RFC 3261 section 99.1"},
		"see RFC 9999 section 1":                              {"RFC 9999"},
		"RFC 3261, sections 8.1.1 and 8.1.9 and no more than": {"RFC 3261 section 8.1.9"},
	} {
		if got := citations(text, index); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
