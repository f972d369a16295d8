package sentiment

import (
	"testing"
	"time"
)

func TestScores(t *testing.T) {
	cases := []struct {
		text  string
		label string
		angry bool
	}{
		{"where is my order", "neutral", false},
		{"this is ridiculous", "negative", true},
		{"third time i am calling and nobody helps", "negative", true},
		{"i am very disappointed", "negative", true},
		{"that is not a problem", "neutral", false},
		{"thank you that was great", "positive", false},
		{"not good", "negative", false},
		{"", "neutral", false},
		{"no", "neutral", false},
		{"yes please", "neutral", false},
		{"i need help with my order please", "neutral", false},
		{"one two three four five", "neutral", false},
		{"what is your return policy", "neutral", false},
		{"i want to talk to a human", "neutral", false},
		{"can i pay by credit card", "neutral", false},
		{"do you fly to denver on sundays", "neutral", false},
		{"what time does the flight leave tomorrow", "neutral", false},
		{"you cancelled my flight and no one is answering the phone", "negative", false},
		{"been on hold for two hours still no answer", "negative", false},
		{"my bag is still missing after three days why can't anyone help", "negative", false},
		{"your staff was rude and unhelpful", "negative", false},
		{"flight delayed again missed my connection", "negative", false},
		{"i hate this airline", "negative", true},
		{"why did you charge me twice i am not happy", "negative", false},
		{"the app crashes and your website does not work", "negative", false},
		{"thanks for the quick reply", "positive", false},
		{"amazing crew today you made my day", "positive", false},
		{"i love your service best flight ever", "positive", false},
	}
	for _, c := range cases {
		if got := New().Score(c.text); got.Label != c.label || got.Angry != c.angry {
			t.Errorf("%q: %+v, want %s, angry %v", c.text, got, c.label, c.angry)
		}
	}
}

func TestThanksTurnTheTrendUp(t *testing.T) {
	s := New()
	s.Score("this is terrible")
	s.Score("thank you wonderful")
	if s.Trend() <= 0 || s.Last() <= 0 {
		t.Errorf("last %.2f, trend %.2f; want both up", s.Last(), s.Trend())
	}
}

// TestBehaviour holds that what a caller does counts beside what they say, against
// how they spoke at first, and that the cause is told.
func TestBehaviour(t *testing.T) {
	calm := func(text string) Turn { return Turn{Text: text, LevelDB: -30, Length: 2 * time.Second} }
	with := func(t Turn, change func(*Turn)) Turn { change(&t); return t }
	where := calm("where is my order please")
	for _, test := range []struct {
		name  string
		turns []Turn
		label string
		angry bool
		cause string
	}{
		{"calm", []Turn{where, calm("it is one two three four"), calm("and when does it come")}, "neutral", false, ""},
		{"one interruption", []Turn{where, with(calm("it is four four one two"), func(t *Turn) { t.Interrupts = true })}, "neutral", false, ""},
		{"interrupts again and again", []Turn{
			with(where, func(t *Turn) { t.Interrupts = true }), with(where, func(t *Turn) { t.Interrupts = true }), with(where, func(t *Turn) { t.Interrupts = true }),
		}, "negative", false, "interrupted 3 times"},
		{"asks for the same again", []Turn{{Text: "where is it", Request: "order_status"}, {Text: "so where is it", Request: "order_status"}}, "negative", false, "asked again"},
		{"asks for the same a third time", []Turn{
			{Text: "where is it", Request: "order_status"}, {Text: "so where is it", Request: "order_status"}, {Text: "where is it", Request: "order_status"},
		}, "negative", true, "asked 3 times"},
		{"asks for something else", []Turn{{Text: "where is it", Request: "order_status"}, {Text: "when are you open", Request: "hours"}}, "neutral", false, ""},
		{"louder", []Turn{where, where, with(where, func(t *Turn) { t.LevelDB = -22 })}, "negative", false, "louder by 8 dB"},
		{"shouts", []Turn{where, where, with(where, func(t *Turn) { t.LevelDB = -18 })}, "negative", true, "louder by 12 dB"},
		{"loud from the first turn on", []Turn{{Text: "hello", LevelDB: -10}, {Text: "my order", LevelDB: -10}, {Text: "my order", LevelDB: -10}}, "neutral", false, ""},
		{"faster", []Turn{where, where, with(where, func(t *Turn) { t.Length = time.Second })}, "negative", false, "faster by 100 %"},
		{"loud with joy", []Turn{where, where, {Text: "thank you that is wonderful", LevelDB: -18, Length: 2 * time.Second}}, "positive", false, "thank you, wonderful"},
		{"too short to tell a rate", []Turn{where, where, {Text: "yes", LevelDB: -30, Length: 100 * time.Millisecond}}, "neutral", false, ""},
		{"the fifth call", []Turn{{Text: "this is the fifth time i am calling"}}, "negative", true, "fifth time"},
		{"called several times", []Turn{{Text: "i have called several times"}}, "negative", true, "several times"},
		{"two times a day", []Turn{{Text: "do i take it two times a day"}}, "neutral", false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New()
			var got Score
			for _, turn := range test.turns {
				got = s.Hear(turn)
			}
			if got.Label != test.label || got.Angry != test.angry || got.Cause != test.cause {
				t.Errorf("got %+v; want %s, angry %v, from %q", got, test.label, test.angry, test.cause)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	s := New()
	for _, turn := range []struct {
		text, before string
		changed      bool
	}{
		{"where is my order", "", false},
		{"this is ridiculous", "neutral", true},
		{"this is ridiculous", "negative", false},
		{"thank you that is great", "negative", true},
	} {
		if got := s.Score(turn.text); got.Changed != turn.changed || got.Before != turn.before {
			t.Errorf("%q: %+v, want changed %v from %q", turn.text, got, turn.changed, turn.before)
		}
	}
}

func TestJudgement(t *testing.T) {
	s := New()
	s.Score("well that is just fine then")
	first := s.Last()
	got, ok := s.Judge(1, -0.9, "sarcasm")
	if !ok || got.Label != "negative" || !got.Changed || got.Cause != "model: sarcasm" || s.Last() >= first {
		t.Errorf("got %+v, %v", got, ok)
	}
	s.Score("where is it")
	if got, ok := s.Judge(1, 1, "joy"); !ok || got.Changed || s.Last() != 0 {
		t.Errorf("a turn before the last: %+v, %v, last %v", got, ok, s.Last())
	}
	if _, ok := s.Judge(3, 1, ""); ok {
		t.Error("a turn that was not heard was judged")
	}
	if got, _ := s.Judge(2, 7, ""); got.Value > 1 {
		t.Errorf("value %v", got.Value)
	}
}

// BenchmarkScore: about 15 µs a turn on a 2-core EPYC, 2026-11-25.
func BenchmarkScore(b *testing.B) {
	b.ReportAllocs()
	s := New()
	for b.Loop() {
		s.scores = s.scores[:0]
		s.Hear(Turn{Text: "you cancelled my flight and no one is answering the phone", Request: "x", Interrupts: true, LevelDB: -20, Length: time.Second})
	}
}
