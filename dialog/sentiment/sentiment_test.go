package sentiment

import "testing"

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

// BenchmarkScore: about 10 µs a turn on a 2-core EPYC, 2026-11-24.
func BenchmarkScore(b *testing.B) {
	b.ReportAllocs()
	s := New()
	for b.Loop() {
		s.scores = s.scores[:0]
		s.Score("you cancelled my flight and no one is answering the phone")
	}
}
