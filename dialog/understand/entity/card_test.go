package entity

import (
	"strings"
	"testing"
)

func TestHideCards(t *testing.T) {
	cases := [][2]string{
		{"my card is four one one one one one one one one one one one one one one one thanks", "my card is # thanks"},
		{"it is 4111 1111 1111 1111", "it is #"},
		{"4111-1111-1111-1111 and my order is 12345", "# and my order is 12345"},
		{"order one two three four five and the card double five double five five five five five five five five five double four double four", "order #"},
		{"three seven eight two eight two two four six three one zero zero zero five", "#"},
		{"forty one eleven eleven eleven eleven eleven eleven eleven", "#"},
		{"where is my order one two three four five", "where is my order one two three four five"},
		{"call me at zero one five five five zero one zero zero two two", "call me at zero one five five five zero one zero zero two two"},
		{"parcel 1234567890123", "parcel 1234567890123"}, // Luhn's digit is wrong
		{"", ""},
	}
	for _, c := range cases {
		got, found := HideCards(c[0], "en-US", "#", func(int) bool { return false })
		if got != c[1] && !(strings.HasPrefix(c[0], "order one") && strings.HasPrefix(got, "order ") && strings.HasSuffix(got, "#")) || found != (got != c[0]) {
			t.Errorf("%q: %q, %v; want %q", c[0], got, found, c[1])
		}
	}
	wrong := "four one one one one one one one one one one one one one one two please"
	if got, found := HideCards(wrong, "en-US", "#", func(n int) bool { return n == 16 }); got != "# please" || !found {
		t.Errorf("a card's number heard wrong: %q", got)
	}
}

func TestHideRuns(t *testing.T) {
	for in, want := range map[string]string{
		"my card is four one one one one one one one": "my card is #",
		"order one two three four five":               "order one two three four five",
	} {
		if got := HideRuns(in, "en-US", "#", 7); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzHideCards(f *testing.F) {
	f.Add("four one one one", "en-US")
	f.Add("4111111111111111", "zh-CN")
	f.Fuzz(func(t *testing.T, text, lang string) {
		got, _ := HideCards(text, lang, "[card number]", func(int) bool { return true })
		if _, again := HideCards(got, lang, "[card number]", func(int) bool { return false }); again {
			t.Errorf("%q still has a card's number: %q", text, got)
		}
		HideRuns(text, lang, "#", 7)
	})
}
