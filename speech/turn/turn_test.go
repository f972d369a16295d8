package turn

import (
	"testing"
	"time"

	"attendant/media"
	"attendant/speech"
)

// silenceUntilEnd says words, falls silent and returns how long it took until
// the turn ended.
func silenceUntilEnd(t *testing.T, words string, expect speech.Expectation) time.Duration {
	t.Helper()
	e := New(Config{})
	started := false
	for range 50 {
		started = e.Feed(true, words, expect).Kind == StartOfInput || started
	}
	if !started {
		t.Fatal("a second of speech begins no turn")
	}
	for i := 1; i < 200; i++ {
		if e.Feed(false, words, expect).Kind == EndOfTurn {
			return time.Duration(i) * media.FrameDuration
		}
	}
	t.Fatal("four seconds of silence end no turn")
	return 0
}

func TestPatience(t *testing.T) {
	five := speech.Expectation{Kind: speech.ExpectDigits, Min: 5, Max: 5}
	cases := []struct {
		words  string
		expect speech.Expectation
		want   time.Duration
	}{
		{"one two three four five", five, 400 * time.Millisecond},
		{"one double two four five", five, 400 * time.Millisecond},
		{"one two three", five, 1300 * time.Millisecond},
		{"human", five, 800 * time.Millisecond},
		{"yes", speech.Expectation{Kind: speech.ExpectYesNo}, 400 * time.Millisecond},
		{"where is my order", speech.Expectation{}, 640 * time.Millisecond},
		{"where is my", speech.Expectation{}, 1300 * time.Millisecond},
		{"where is my order one two", speech.Expectation{}, 1300 * time.Millisecond},
		{"where is my order one two three four five", speech.Expectation{}, 640 * time.Millisecond},
		{"", speech.Expectation{}, 800 * time.Millisecond},
		{"the first one", speech.Expectation{Kind: speech.ExpectChoice}, 640 * time.Millisecond},
		{"five", speech.Expectation{Kind: speech.ExpectNumber}, 640 * time.Millisecond},
		{"about", speech.Expectation{}, 640 * time.Millisecond},
	}
	for _, c := range cases {
		if got := silenceUntilEnd(t, c.words, c.expect); got != c.want {
			t.Errorf("%q, expecting %q: ended after %v, want %v", c.words, c.expect.Kind, got, c.want)
		}
	}
}

func TestClickBeginsNoTurn(t *testing.T) {
	e := New(Config{})
	for i := range 100 {
		if e.Feed(i%20 < 3, "", speech.Expectation{}).Kind == StartOfInput {
			t.Fatal("60 ms of sound began a turn")
		}
	}
}

func TestEndlessTurnIsCut(t *testing.T) {
	e := New(Config{})
	for i := range 1100 {
		if e.Feed(true, "well", speech.Expectation{}).Kind == EndOfTurn {
			if i < 1000 {
				t.Fatalf("ended after %d frames", i)
			}
			return
		}
	}
	t.Error("22 s of speech ended no turn")
}
