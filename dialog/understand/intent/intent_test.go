package intent

import (
	"testing"
)

var taught = map[string][]string{
	"card_arrival":   {"when will my card arrive", "i am waiting for my new card", "my card has not come in the mail", "how long until the card is delivered", "track the card you sent me", "is my card on its way"},
	"card_lost":      {"i lost my card", "my card was stolen", "i cannot find my card anywhere", "somebody took my card", "i left my card somewhere", "report a missing card"},
	"card_blocked":   {"my card does not work", "the machine rejects my card", "why is my card blocked", "my card was declined", "unblock my card please", "the shop could not charge my card"},
	"pin_change":     {"i want to change my pin", "how do i set a new pin", "can i choose another pin", "where can i change the pin of my card", "give me a new pin", "i forgot my pin"},
	"transfer_time":  {"how long does a transfer take", "when will my transfer arrive", "my transfer is still pending", "the money i sent has not arrived", "how many days for a bank transfer", "is my transfer on its way"},
	"transfer_fee":   {"what does a transfer cost", "is there a fee for transfers", "why was i charged for a transfer", "how much do you charge for sending money", "are bank transfers free", "extra fee on my transfer"},
	"exchange_rate":  {"what is your exchange rate", "how do you set exchange rates", "which rate do i get for dollars", "the exchange rate was wrong", "current rate for euros", "rate for foreign currency"},
	"close_account":  {"close my account", "i want to delete my account", "how do i leave your bank", "cancel my account please", "i do not want to be a customer any more", "terminate my account"},
	"change_address": {"i moved to a new house", "change my address", "update where i live", "my address is different now", "how do i tell you my new address", "edit my home address"},
}

func trained() *Classifier {
	var all []Example
	for _, label := range []string{"card_arrival", "card_lost", "card_blocked", "pin_change", "transfer_time", "transfer_fee", "exchange_rate", "close_account", "change_address"} {
		for _, text := range taught[label] {
			all = append(all, Example{text, label})
		}
	}
	return Train(all)
}

func TestUnseenWordingsFindTheirLabel(t *testing.T) {
	c := trained()
	for text, want := range map[string]string{
		"when is the new card going to arrive":         "card_arrival",
		"has my card been sent yet":                    "card_arrival",
		"i think someone stole my card":                "card_lost",
		"the card machine declined my card":            "card_blocked",
		"please let me pick a new pin":                 "pin_change",
		"why is the transfer i made still not there":   "transfer_time",
		"do you charge a fee when i transfer money":    "transfer_fee",
		"what rate do you use for exchanging dollars":  "exchange_rate",
		"i would like to close the account":            "close_account",
		"we moved so please change our address":        "change_address",
		"how many days until the transfer arrives":     "transfer_time",
		"i can't find the card, it may be lost":        "card_lost",
		"can the pin be changed":                       "pin_change",
		"is it free to send a bank transfer":           "transfer_fee",
		"delete everything and terminate the account!": "close_account",
	} {
		guesses, believed := c.Classify(text, 3)
		if len(guesses) == 0 || guesses[0].Label != want {
			t.Errorf("%q: %v, want %s", text, guesses, want)
		} else if !believed {
			t.Errorf("%q: right with %.2f, but not believed (bar %.2f)", text, guesses[0].Confidence, c.bar)
		}
	}
}

// With six examples a label a few of ten may still share enough words with one.
func TestOtherTopicsAreOutOfScope(t *testing.T) {
	c := trained()
	taken := 0
	for _, text := range []string{
		"what will the weather be like tomorrow", "tell me a joke", "who won the football game last night", "book a table for two at eight",
		"play some jazz music", "how tall is the eiffel tower", "xyzzy", "", "is it going to rain", "translate hello into french",
	} {
		if guesses, believed := c.Classify(text, 1); believed {
			taken++
			t.Logf("%q was taken for %v (bar %.2f)", text, guesses, c.bar)
		}
	}
	if taken > 3 {
		t.Errorf("%d texts of other topics were taken for known ones", taken)
	}
}

func TestNothingLearntGuessesNothing(t *testing.T) {
	if guesses, believed := Train(nil).Classify("hello", 3); len(guesses) > 0 || believed {
		t.Errorf("guessed %v", guesses)
	}
	if guesses, _ := Train([]Example{{"only one", "one"}}).Classify("only one", 3); len(guesses) != 1 || guesses[0].Label != "one" {
		t.Errorf("guessed %v", guesses)
	}
}

func FuzzClassify(f *testing.F) {
	c := trained()
	f.Add("where is my card")
	f.Add("\xff\x00 card")
	f.Fuzz(func(t *testing.T, text string) {
		for _, g := range func() []Guess { g, _ := c.Classify(text, 5); return g }() {
			if !(g.Confidence >= 0 && g.Confidence <= 1) {
				t.Errorf("confidence %v", g.Confidence)
			}
		}
	})
}

func BenchmarkClassify(b *testing.B) {
	c := trained()
	b.ReportAllocs()
	for b.Loop() {
		c.Classify("why is the transfer i made still not there", 3)
	}
}
