package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each kind answers every line in order and keeps its id, whatever the id is.
func TestEvaluateAnswersEachLine(t *testing.T) {
	examples := filepath.Join(t.TempDir(), "t.tsv")
	if err := os.WriteFile(examples, []byte("where is my card\tcard\nmy card is late\tcard\nclose my account\tclose\ndelete the account\tclose\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	docs := filepath.Join(t.TempDir(), "d.jsonl")
	if err := os.WriteFile(docs, []byte(`{"id":"7","title":"Hours","text":"We are open from 9 to 18."}`+"\n"+`{"id":"8","title":"Pay","text":"By card."}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ args, in, want string }{
		{"control", `{"id":1,"text":"yes please"}` + "\n" + `{"id":"b","text":"goodbye","prev":"Anything else?"}`, `{"id":1,"act":"affirm"}` + "\n" + `{"id":"b","act":"end"}`},
		{"entities", `{"id":1,"text":"next tuesday","type":"date","ref":"2026-11-24T10:00"}`, `{"id":1,"value":"2026-12-01"}`},
		{"entities", `{"id":1,"text":"forty two dollars and fifty cents","type":"money","ref":"2026-11-24T10:00"}`, `{"id":1,"value":{"amount":42.5,"currency":"USD"}}`},
		{"entities", `{"id":1,"text":"an hour and a half","type":"duration"}`, `{"id":1,"value":5400}`},
		{"entities", `{"id":1,"text":"four one one one","type":"card"}`, `{"id":1,"value":null}`},
		{"knowledge --docs " + docs, `{"id":1,"query":"when are you open"}`, `{"id":1,"hits":[{"doc":"7","score":`},
		{"written", `{"id":1,"text":"the twenty third of march"}`, `{"id":1,"text":"23 march"}`},
		{"spoken", `{"id":1,"text":"It costs $5"}`, `{"id":1,"text":"It costs five dollars"}`},
		{"sentiment", `{"id":1,"text":"this is terrible"}`, `"label":"negative"`},
		{"intents --examples " + examples, `{"id":1,"text":"please close the account"}`, `{"id":1,"intent":"close","confidence":`},
		{"intents --examples " + examples, `{"id":1,"text":"tell me about football"}`, `{"id":1,"intent":null,"confidence":`},
	} {
		var out, errout bytes.Buffer
		status := run(t.Context(), append([]string{"evaluate"}, strings.Fields(test.args)...), nil, strings.NewReader(test.in+"\n"), &out, &errout)
		if status != 0 || !strings.Contains(out.String(), test.want) {
			t.Errorf("evaluate %s < %s: status %d, got %s%s, want %s", test.args, test.in, status, out.String(), errout.String(), test.want)
		}
	}
}

func TestEvaluateNamesTheBadLine(t *testing.T) {
	for _, in := range []string{"{\"id\":1,\"text\":\"yes\"}\nnot json\n", "{\"id\":1,\"text\":\"yes\"}\n[1]\n"} {
		var out, errout bytes.Buffer
		status := run(t.Context(), []string{"evaluate", "control"}, nil, strings.NewReader(in), &out, &errout)
		if status != 2 || !strings.Contains(errout.String(), "line 2") || !strings.Contains(out.String(), "affirm") {
			t.Errorf("%q: status %d, out %s, error %s", in, status, out.String(), errout.String())
		}
	}
	var errout bytes.Buffer
	if status := run(t.Context(), []string{"evaluate", "entities"}, nil, strings.NewReader(`{"id":1,"text":"x","type":"color"}`), &bytes.Buffer{}, &errout); status != 2 || !strings.Contains(errout.String(), "color") {
		t.Errorf("status %d, error %s", status, errout.String())
	}
}

// With a file of questions and what is wanted, each kind tells how many of its
// answers are right.
func TestEvaluateSummary(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	examples := write("t.tsv", "where is my card\tcard\nmy card is late\tcard\nclose my account\tclose\ndelete the account\tclose\n")
	docs := write("d.jsonl", `{"id":"7","title":"Hours","text":"We are open from 9 to 18."}`+"\n"+`{"id":"8","title":"Pay","text":"By card."}`+"\n")
	for _, test := range []struct{ args, file, lines, want string }{
		{"control", "control.jsonl", `{"id":1,"text":"yes please","want":"affirm"}` + "\n" + `{"id":2,"text":"goodbye","want":"affirm"}` + "\n", `"asked": 2, "right": 1, "accuracy": 0.5,`},
		{"control", "control.tsv", "yes please\taffirm\ngoodbye\tend\n", `"asked": 2, "right": 2, "accuracy": 1, "macro_f1": 1,`},
		{"intents --examples " + examples, "i.tsv", "please close the account\tclose\ntell me about football\t\n", `"right": 2,`},
		{"sentiment", "s.tsv", "this is terrible\tnegative\n", `"right": 1,`},
		{"knowledge --docs " + docs, "k.jsonl", `{"id":1,"query":"when are you open","want":["6","7"]}` + "\n" + `{"id":2,"query":"who won the football","want":null}` + "\n", `"right": 2,`},
		{"entities", "e.jsonl", `{"id":1,"text":"forty two dollars and fifty cents","type":"money","want":{"amount":42.5,"currency":"USD"}}` + "\n" + `{"id":2,"text":"four one one one","type":"card","want":null}` + "\n", `"right": 2,`},
		{"written", "w.tsv", "the twenty third of march\t23 march\n", `"right": 1,`},
		{"spoken", "p.tsv", "It costs $5\tIt costs five dollars\n", `"right": 1,`},
	} {
		var out, errout bytes.Buffer
		args := append([]string{"evaluate"}, strings.Fields(test.args)...)
		args = append(args, "--test", write(test.file, test.lines), "--json")
		status := run(t.Context(), args, nil, strings.NewReader(""), &out, &errout)
		if got := strings.Join(strings.Fields(out.String()), " "); status != 0 || !strings.Contains(got, test.want) {
			t.Errorf("evaluate %s with %q: status %d, got %s%s, want %s", test.args, test.lines, status, got, errout.String(), test.want)
		}
	}
	for name, lines := range map[string]string{"a.jsonl": `{"id":1,"text":"yes"}`, "b.tsv": "no tab\n", "c.jsonl": "\n", "d2.jsonl": "no json\n"} {
		var out, errout bytes.Buffer
		if status := run(t.Context(), []string{"evaluate", "control", "--test", write(name, lines)}, nil, strings.NewReader(""), &out, &errout); status != 2 || !strings.Contains(errout.String(), name) {
			t.Errorf("%s: status %d, %s", name, status, errout.String())
		}
	}
	var out bytes.Buffer
	if status := run(t.Context(), []string{"evaluate", "control", "--test", filepath.Join(dir, "control.jsonl")}, nil, strings.NewReader(""), &out, &out); status != 0 || !strings.Contains(out.String(), "1 of 2, 50.0 %") {
		t.Errorf("for people: status %d, %s", status, out.String())
	}
}
