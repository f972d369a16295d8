package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// allowed says which of our packages a package may import, by prefix, the
// longest prefix first.
var allowed = []struct {
	pkg     string
	imports []string
}{
	{"attendant/cmd", []string{"attendant"}},
	{"attendant/console/access", nil},
	{"attendant/console", []string{"attendant/dialog", "attendant/crm", "attendant/console/access", "attendant/deploy"}},
	{"attendant/crm", []string{"attendant/crm"}},
	{"attendant/deploy", nil},
	{"attendant/dialog/flow", nil},
	{"attendant/dialog/vector", nil},
	{"attendant/dialog/understand/llm", []string{"attendant/dialog/flow", "attendant/dialog/understand", "attendant/dialog/model"}},
	{"attendant/dialog/understand", []string{"attendant/dialog/vector", "attendant/dialog/flow", "attendant/dialog/understand"}},
	{"attendant/dialog/model", []string{"attendant/dialog/model", "attendant/speech"}},
	{"attendant/dialog/reply", []string{"attendant/dialog/flow", "attendant/dialog/understand", "attendant/dialog/model"}},
	{"attendant/dialog/knowledge", []string{"attendant/dialog/flow", "attendant/dialog/vector", "attendant/dialog/understand/concept"}},
	{"attendant/dialog/guard", []string{"attendant/dialog/flow"}},
	{"attendant/dialog/sentiment", []string{"attendant/dialog/flow"}},
	{"attendant/dialog/queue", nil},
	{"attendant/dialog/softphone", []string{"attendant/media"}},
	{"attendant/dialog/sqlstore", []string{"attendant/dialog"}},
	{"attendant/dialog/dialogtest", []string{"attendant/dialog"}},
	{"attendant/dialog", []string{"attendant/dialog/flow", "attendant/dialog/reply", "attendant/dialog/understand", "attendant/dialog/knowledge", "attendant/dialog/guard", "attendant/dialog/sentiment", "attendant/dialog/queue", "attendant/dialog/softphone", "attendant/speech", "attendant/crm", "attendant/media"}},
	{"attendant/sip", []string{"attendant/sip", "attendant/media"}},
	{"attendant/media", []string{"attendant/media"}},
	{"attendant/speech", []string{"attendant/speech", "attendant/media"}},
}

func TestImportsGoOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "attendant/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		rule := -1
		for i, a := range allowed {
			if f[0] == a.pkg || strings.HasPrefix(f[0], a.pkg+"/") {
				rule = i
				break
			}
		}
		if rule < 0 {
			t.Errorf("no rule for %s", f[0])
			continue
		}
		for _, imported := range f[1:] {
			if strings.HasPrefix(imported, "attendant/") && !permits(allowed[rule].imports, imported) {
				t.Errorf("%s imports %s", f[0], imported)
			}
		}
	}
	// The vendors are for the wiring alone.
	vendors, err := exec.Command("go", "list", "-f", "{{join .Deps \"\\n\"}}", "attendant/dialog").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"speech/pocketsphinx", "speech/flite", "speech/espeak", "speech/openai", "attendant/sip", "dialog/sqlstore", "crm/local"} {
		if strings.Contains(string(vendors), v) {
			t.Errorf("dialog depends on %s", v)
		}
	}
}

func permits(list []string, imported string) bool {
	for _, p := range list {
		if imported == p || strings.HasPrefix(imported, p+"/") {
			return true
		}
	}
	return false
}

func TestEveryPackageHasOneComment(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "attendant/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dir := range strings.Lines(string(out)) {
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(dir), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		comments := 0
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			var f *ast.File
			if f, err = parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly|parser.ParseComments); err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil {
				comments++
			}
		}
		if comments != 1 {
			t.Errorf("%s has %d package comments, want 1", strings.TrimSpace(dir), comments)
		}
	}
}
