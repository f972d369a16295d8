package main

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sashabaranov/go-openai"

	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/model/modeltest"
	"attendant/dialog/understand"
)

// scriptedModel is a model's server that understands as well as the rules do, and
// answers as its dice fall: streaming, in one piece, slowly, too late, never,
// halfway, with an error, garbage, another schema, or names that do not exist.
type scriptedModel struct {
	rules understand.Understander
	dice  *rand.Rand

	view understand.View // of the turn that is being understood
	turn understand.Turn
}

// faults are the ways in which the server answers, besides well.
var faults = map[string]func(good string) modeltest.Reply{
	"slow":         func(good string) modeltest.Reply { return modeltest.Reply{Text: good, Delay: 500 * time.Millisecond} },
	"in one piece": func(good string) modeltest.Reply { return modeltest.Reply{Text: good, Whole: true} },
	"too late":     func(good string) modeltest.Reply { return modeltest.Reply{Text: good, Delay: 3 * time.Second} },
	"hanging":      func(string) modeltest.Reply { return modeltest.Reply{Hang: true} },
	"hanging mid-stream": func(good string) modeltest.Reply {
		return modeltest.Reply{Text: good[:len(good)/2], Pieces: 5, Hang: true}
	},
	"cut mid-stream": func(good string) modeltest.Reply { return modeltest.Reply{Text: good[:len(good)/3], Cut: true} },
	"429":            func(string) modeltest.Reply { return modeltest.Reply{Status: 429} },
	"500":            func(string) modeltest.Reply { return modeltest.Reply{Status: 500} },
	"garbage":        func(string) modeltest.Reply { return modeltest.Reply{Raw: "data: }{\n\n<html>"} },
	"prose":          func(string) modeltest.Reply { return modeltest.Reply{Text: "I am happy to help with order 99999!"} },
	"another schema": func(string) modeltest.Reply { return modeltest.Reply{Text: `{"intent":"refund","amount":900}`} },
	"a tool that does not exist": func(string) modeltest.Reply {
		return modeltest.Reply{Text: `{"commands":[{"kind":"refund_everything","flow":"","slot":"","value":"","article":""}]}`}
	},
	"a flow that does not exist": func(string) modeltest.Reply {
		return modeltest.Reply{Text: `{"commands":[{"kind":"start_flow","flow":"root_shell","slot":"","value":"","article":""}]}`}
	},
}

// answerTally counts how often each kind of answer was given, over all conversations.
type answerTally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *answerTally) add(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[kind]++
}

// answer is how the server replies to a request: well in half of the cases.
func (m *scriptedModel) answer(seen *answerTally) func(openai.ChatCompletionRequest) modeltest.Reply {
	kinds := slices.Sorted(maps.Keys(faults))
	return func(q openai.ChatCompletionRequest) modeltest.Reply {
		good := m.good(q)
		if good == "" { // a scoped conversation: the demo's scripts are written for its fallback
			return modeltest.Reply{Status: 503}
		}
		kind := ""
		if m.dice.IntN(2) == 0 {
			kind = kinds[m.dice.IntN(len(kinds))]
		}
		seen.add(kind)
		if kind == "" {
			return modeltest.Reply{Text: good, Pieces: 1 + m.dice.IntN(30), Tokens: 200}
		}
		return faults[kind](good)
	}
}

// good is what a good model answers: to a question the first passage, which is
// the article's answer; to a turn what the rules understand.
func (m *scriptedModel) good(q openai.ChatCompletionRequest) string {
	switch f := q.ResponseFormat; {
	case f == nil && strings.Contains(q.Messages[1].Content, "\nSay this:\n"):
		_, text, _ := strings.Cut(q.Messages[1].Content, "\nSay this:\n")
		return strings.TrimSpace(text)
	case f == nil:
		lines := strings.Split(q.Messages[1].Content, "\n")
		_, text, _ := strings.Cut(lines[1], ": ")
		return text
	case f.JSONSchema.Name != "commands":
		return ""
	}
	commands, err := m.rules.Understand(context.Background(), m.view, m.turn)
	if err != nil {
		return ""
	}
	type written struct {
		Kind    flow.CommandKind `json:"kind"`
		Flow    string           `json:"flow"`
		Slot    string           `json:"slot"`
		Value   string           `json:"value"`
		Article string           `json:"article"`
	}
	var list []written
	for _, c := range commands {
		w := written{c.Kind, c.Flow, c.Slot, c.Value, c.Article}
		if w.Slot == "" && (c.Kind == flow.SetSlot || c.Kind == flow.CorrectSlot) {
			w.Slot = m.view.Expect.Slot
		}
		list = append(list, w)
	}
	data, err := json.Marshal(map[string]any{"commands": list})
	if err != nil {
		return ""
	}
	return string(data)
}

// watched tells the scripted model which turn it is asked about, and counts what
// the model understood.
type watched struct {
	understand.Understander
	model *scriptedModel
	seen  *answerTally
}

func (w watched) Understand(ctx context.Context, v understand.View, t understand.Turn) ([]flow.Command, error) {
	w.model.view, w.model.turn = v, t
	commands, err := w.Understander.Understand(ctx, v, t)
	for _, c := range commands {
		if c.Model {
			w.seen.add("understood by the model")
		}
	}
	return commands, err
}

// TestConversationsWithModel holds all conversations with a model that often
// fails: each comes to the same end, with the same things said and done.
func TestConversationsWithModel(t *testing.T) {
	demoArticles(t)
	seen := &answerTally{counts: map[string]int{}}
	for name, c := range scripts(t) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sum := fnv.New64()
				sum.Write([]byte(name))
				m := &scriptedModel{dice: rand.New(rand.NewPCG(sum.Sum64(), 1))}
				s := modeltest.New(m.answer(seen))
				defer s.Close()
				hold(t, c, func(a *dialog.Attendant, company *company) {
					m.rules = company.rules
					l := company.language(config{ModelBudget: 900 * time.Millisecond}, s.Endpoint("m"))
					l.understand = watched{l.understand, m, seen}
					l.speak(a)
				})
			})
		})
	}
	t.Logf("answers: %v", seen.counts)
	for kind := range faults {
		if seen.counts[kind] < 10 {
			t.Errorf("%d answers were %s; want 10 or more", seen.counts[kind], kind)
		}
	}
	if seen.counts["understood by the model"] < 200 {
		t.Errorf("the model understood %d commands; want 200 or more", seen.counts["understood by the model"])
	}
}
