package dialog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"attendant/dialog"
	"attendant/media/wav"
)

const spokenCard = "four one one one one one one one one one one one one one one one"

// TestCardNumberIsKeptNowhere has a caller say a card's number that nobody asked
// for, and key one: neither is in the record or in an event, and the recording has
// silence where it was said, and nowhere else.
func TestCardNumberIsKeptNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "my card is "+spokenCard, "where is my order", "goodbye")
		s.Recordings = t.TempDir()
		heard, stop := s.Hub.Listen()
		defer stop()
		s.say(6*time.Second, 18*time.Second, 20*time.Second)
		time.AfterFunc(15*time.Second, func() { s.leg.Press("4111111111111111#") })
		r := s.answer(t, t.Context())
		said := strings.Join(side(r, "caller"), "\n")
		if !strings.HasPrefix(said, "my card is [card number]\n") || strings.Count(said, "[card number]") != 2 {
			t.Errorf("the caller said %q", said)
		}
		kept, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		partials := 0
		for len(heard) > 0 {
			e := <-heard
			if e.Kind == dialog.Partial {
				partials++
			}
			event, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, event...)
		}
		for _, trace := range []string{"one one one", "11111", "1 1 1"} {
			if strings.Contains(string(kept), trace) {
				t.Errorf("%q is kept", trace)
			}
		}
		if partials == 0 {
			t.Error("no partials")
		}
		left := loudSeconds(t, filepath.Join(s.Recordings, r.Recording))
		if len(left) != 2 || left[0] != 25 {
			t.Errorf("the caller is heard from seconds %v on, want the second and the third utterance alone", left)
		}
	})
}

// loudSeconds are the seconds at which the caller begins to be heard.
func loudSeconds(t *testing.T, name string) []int {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a, err := wav.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	quiet := a.RateHz
	for i := 0; i < len(a.Samples); i += 2 {
		if a.Samples[i] < 1000 && a.Samples[i] > -1000 {
			quiet++
			continue
		}
		if quiet > a.RateHz/2 {
			out = append(out, i/2/a.RateHz)
		}
		quiet = 0
	}
	return out
}
