package knowledge

import (
	"log/slog"
	"slices"
	"testing"

	"attendant/deploy/demo"
)

// unknown are questions to a shop for home energy of which its articles know
// nothing, some of them near.
var unknown = []string{
	"who won the football match", "what is the capital of france", "tell me a joke", "what will the weather be tomorrow",
	"do you sell washing machines", "is your company listed on the stock exchange", "who is your chief executive",
	"can i bring my dog to the shop", "do you have vegan food", "how old is the universe", "can you help me with my tax return",
	"do you repair bicycles", "what do you think about politics", "how many people work for you", "are you hiring electricians",
	"can i rent a van from you", "do you take old phones in exchange", "is there parking near your office",
	"can you translate a letter for me", "what is the meaning of life", "do you sell insurance for pets",
	"how do i file for divorce", "which vaccine should i get", "can i pay with bitcoin in space", "what is your favourite colour",
	"how tall is mount everest", "do you have a swimming pool", "how do i bake a cake", "can you book me a flight to rome",
	"who painted the mona lisa", "is the moon made of cheese", "what are the lottery numbers", "do you offer piano lessons",
	"can i adopt a wind turbine", "how much does a lawyer cost", "do you sponsor local sports clubs", "what is a good name for a cat",
	"do you print business cards", "can i hire a wedding band", "how do i learn spanish",
}

// held asks for each article of the demo by an example that was taken out of it,
// and by what no article knows, and returns the confidences.
func held(t *testing.T) (right, wrong, none []float64) {
	t.Helper()
	b, err := Load(demo.Files)
	if err != nil {
		t.Fatal(err)
	}
	for turn := range 3 { // one example of each article at a time
		less := &Base{}
		asked := map[string]string{}
		for _, a := range b.Articles() {
			if i := turn * 2; i < len(a.Examples) && len(a.Examples) > 3 && a.Language != "zh-CN" {
				asked[a.ID] = a.Examples[i]
				a.Examples = slices.Delete(slices.Clone(a.Examples), i, i+1)
			}
			less.articles = append(less.articles, a)
		}
		f, err := NewFinder(t.Context(), less, nil, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for id, query := range asked {
			found, err := f.Find(t.Context(), query, 1)
			switch {
			case err != nil:
				t.Fatal(err)
			case len(found) == 0:
			case found[0].ID == id:
				right = append(right, found[0].Confidence)
			default:
				t.Logf("%q: %s %.2f, want %s", query, found[0].ID, found[0].Confidence, id)
				wrong = append(wrong, found[0].Confidence)
			}
		}
		if turn > 0 {
			continue
		}
		for _, query := range unknown {
			found, err := f.Find(t.Context(), query, 1)
			if err != nil {
				t.Fatal(err)
			}
			confidence := 0.0
			if len(found) > 0 {
				confidence = found[0].Confidence
				t.Logf("unknown %q: %s %.2f", query, found[0].ID, confidence)
			}
			none = append(none, confidence)
		}
	}
	return right, wrong, none
}

// above is the part that counts as an answer.
func above(confidences []float64) float64 {
	n := 0
	for _, c := range confidences {
		if c >= Answers {
			n++
		}
	}
	return float64(n) / float64(max(1, len(confidences)))
}

func TestCalibration(t *testing.T) {
	right, wrong, none := held(t)
	t.Logf("right %d, of which %.2f answered; wrong %d, %.2f; unknown %d, %.2f", len(right), above(right), len(wrong), above(wrong), len(none), above(none))
}
