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
