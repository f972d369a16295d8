package knowledge

import "testing"

var library = []Document{
	{"returns", "Return policy", "You can return anything unused within 30 days. The return is free. We pay the money back within 5 working days."},
	{"hours", "Opening hours", "Colleagues answer from Monday to Friday. The office closes at 18 o'clock."},
	{"delivery", "Delivery cost", "Delivery costs 5 euros. It is free for orders above 50 euros."},
	{"warranty", "Warranty", "All devices have a warranty of 2 years. Heat pumps have 5 years."},
	{"password", "Reset a password", "Open the sign-in page and choose forgotten password. A link comes by email."},
}

func TestIndexFindsTheDocumentAndItsSentence(t *testing.T) {
	x, err := NewIndex(t.Context(), library)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for _, test := range []struct{ query, id, answer string }{
		{"within how many days can I return something unused", "returns", "You can return anything unused within 30 days."},
		{"when does the office close", "hours", "The office closes at 18 o'clock."},
		{"what does delivery cost", "delivery", "Delivery costs 5 euros."},
		{"how many years of warranty do heat pumps have", "warranty", "Heat pumps have 5 years."},
		{"how do I reset a forgotten password", "password", "Open the sign-in page and choose forgotten password."},
	} {
		hits, answer, answered, err := x.Search(t.Context(), test.query, 3)
		if err != nil || len(hits) == 0 || hits[0].ID != test.id || answer != test.answer || !answered {
			t.Errorf("%q: hits %v, answer %q, answered %v, error %v; want %s %q", test.query, hits, answer, answered, err, test.id, test.answer)
		}
	}
	if hits, _, answered, err := x.Search(t.Context(), "what does delivery cost", 0); len(hits) > 0 || !answered || err != nil {
		t.Errorf("no documents wanted: hits %v, answered %v, error %v", hits, answered, err)
	}
	for _, query := range []string{"who won the football game", "what is the capital of France", "", "???", `") OR (`, "the a of"} {
		if hits, answer, answered, err := x.Search(t.Context(), query, 3); answered || err != nil {
			t.Errorf("%q: hits %v, answer %q, error %v", query, hits, answer, err)
		}
	}
}

func FuzzSearch(f *testing.F) {
	x, err := NewIndex(f.Context(), library)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`return "policy" NEAR(`)
	f.Fuzz(func(t *testing.T, query string) {
		hits, _, _, err := x.Search(t.Context(), query, 3)
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range hits {
			if !(h.Score >= 0 && h.Score <= 1) || i > 0 && h.Score > hits[i-1].Score {
				t.Errorf("scores %v", hits)
			}
		}
	})
}
