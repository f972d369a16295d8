package dialog_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sashabaranov/go-openai"

	"attendant/dialog"
	"attendant/dialog/model"
	"attendant/dialog/model/modeltest"
	"attendant/dialog/reply"
)

// modelled is a scene whose replies are worded by a model that answers so.
func modelled(t *testing.T, answer func(openai.ChatCompletionRequest) modeltest.Reply, lines ...string) *scene {
	t.Helper()
	s := newScene(t, lines...)
	server := modeltest.New(answer)
	t.Cleanup(server.Close)
	s.Attendant.Writer = reply.New(reply.Config{Ladder: model.New(server.Endpoint("m"))})
	return s
}

func always(r modeltest.Reply) func(openai.ChatCompletionRequest) modeltest.Reply {
	return func(openai.ChatCompletionRequest) modeltest.Reply { return r }
}

// TestAnswerIsSpokenWhileItIsWritten has a model that takes two seconds between
// sentences: the first is heard long before the second is written.
func TestAnswerIsSpokenWhileItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := modeltest.Reply{Text: "We are here.  That is all.", Pieces: 2, Every: 2 * time.Second}
		s := modelled(t, always(r), "when are you open", "goodbye")
		s.say(6*time.Second, 20*time.Second)
		record := s.answer(t, t.Context())
		contains(t, record, "We are here. That is all.")
		answer := record.Turns[2]
		if answer.Delays == nil || answer.Delays.Total > 1200*time.Millisecond || !slices.ContainsFunc(answer.Sources, isArticle) {
			t.Errorf("delays %+v, sources %v", answer.Delays, answer.Sources)
		}
	})
}

func isArticle(source string) bool { return strings.HasPrefix(source, "article:opening_hours@") }

// TestUnbackedAnswerIsReplaced has models that lie, fail or hang: the caller hears
// the article's own answer, and no lie.
func TestUnbackedAnswerIsReplaced(t *testing.T) {
	for name, r := range map[string]modeltest.Reply{
		"a lie":               {Text: "We are open from 3 to 5 on Sundays."},
		"a promise":           {Text: "I promise that we will call you back."},
		"a lie after a truth": {Text: "Thank you for asking. We are open from 3 to 5."},
		"no answer":           {Text: "NO_ANSWER"},
		"an error":            {Status: 500},
		"hanging":             {Hang: true},
		"a broken sentence":   {Text: "We are op", Cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := modelled(t, always(r), "when are you open", "goodbye")
				s.say(6*time.Second, 20*time.Second)
				record := s.answer(t, t.Context())
				heard := strings.Join(side(record, "attendant"), "\n")
				if strings.Contains(heard, "3 to 5") || strings.Contains(heard, "call you back") {
					t.Errorf("a lie was spoken: %s", heard)
				}
				lied := strings.Contains(r.Text, "3 to 5") || strings.Contains(r.Text, "promise")
				if lied != (len(record.Guard) == 1) {
					t.Errorf("decisions against: %+v", record.Guard)
				}
				if name != "a lie after a truth" {
					contains(t, record, "day and night")
				}
			})
		})
	}
}

// TestInterruptedAnswerStopsTheModel lets the caller speak into an endless answer.
func TestInterruptedAnswerStopsTheModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := modeltest.Reply{Text: "We are here for you whenever you like to talk to us. And we like it. And so on.", Every: 50 * time.Millisecond}
		s := modelled(t, always(r), "when are you open", "goodbye")
		s.say(6*time.Second, 3*time.Second)
		record := s.answer(t, t.Context())
		if i := slices.IndexFunc(record.Turns, func(x dialog.Turn) bool { return x.Interrupted && strings.HasPrefix(x.Planned, "We are here") }); i < 0 {
			t.Errorf("turns %+v", record.Turns)
		}
		contains(t, record, "Goodbye.")
	})
}

// chatted holds a chat and returns what the attendant said.
func chatted(t *testing.T, a *dialog.Attendant, lines ...string) []dialog.Exchange {
	t.Helper()
	var out []dialog.Exchange
	next := func() (string, bool) {
		if len(lines) == 0 {
			return "", false
		}
		line := lines[0]
		lines = lines[1:]
		return line, true
	}
	err := a.Chat(context.WithoutCancel(t.Context()), dialog.Chat{Number: "+15550100"}, next, func(x dialog.Exchange) {
		if x.Side == "attendant" {
			out = append(out, x)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAgentTalks leads the demo's scoped conversation with a model, and without a
// usable move by its fallback.
func TestAgentTalks(t *testing.T) {
	for name, test := range map[string]struct {
		move, want string
	}{
		"it asks":                  {`{"move":"say","text":"How is your home heated?"}`, "How is your home heated?"},
		"it leaves":                {`{"move":"exit","exit":"done"}`, "Small steps add up."},
		"it lies in part":          {`{"move":"say","text":"You save 900 euros. How is your home heated?"}`, "How is your home heated?"},
		"it lies":                  {`{"move":"say","text":"You save 900 euros."}`, "Shall we see together"},
		"it wants what it may not": {`{"move":"act","operation":"refund","args":[]}`, "Shall we see together"},
		"it talks nonsense":        {`nonsense`, "Shall we see together"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := modelled(t, func(q openai.ChatCompletionRequest) modeltest.Reply {
					if q.ResponseFormat == nil {
						return modeltest.Reply{Status: 503}
					}
					return modeltest.Reply{Text: test.move}
				}, "")
				said := chatted(t, s.Attendant, "give me some advice on saving energy")
				last := said[len(said)-1]
				if !strings.Contains(last.Text, test.want) || strings.Contains(last.Text, "900") {
					t.Errorf("%q; want %q", last.Text, test.want)
				}
			})
		})
	}
}

// TestRewordedText rewords the demo's complaint, and only where the facts stay.
func TestRewordedText(t *testing.T) {
	for name, test := range map[string]struct{ reply, want string }{
		"other words":      {"I am really sorry that something went wrong there. One of our colleagues should hear this.", "really sorry"},
		"a promise":        {"I am sorry that something went wrong. You get a voucher.", "A colleague should hear this."},
		"something else":   {"Nice weather today.", "A colleague should hear this."},
		"another question": {"Something went wrong? A colleague should hear this.", "I am sorry that something went wrong."},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := modelled(t, always(modeltest.Reply{Text: test.reply}), "")
				said := chatted(t, s.Attendant, "i want to complain")
				if last := said[len(said)-1].Text; !strings.Contains(last, test.want) || strings.Contains(last, "voucher") {
					t.Errorf("%q; want %q", last, test.want)
				}
			})
		})
	}
}
