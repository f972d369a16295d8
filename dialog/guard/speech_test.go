package guard

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// telling is a session with what a call may tell.
func telling() *Session {
	s := Policy{Operations: operations}.Session(NewTemplates([]string{"Welcome to Sunny Kettle Energy.", "It has 5 digits.", "Call 112."}), "Let me check.")
	s.Fact("action:e1", "2026-11-26")
	s.Fact("action:e1", "12345")
	s.Fact("action:e1", "20.50 EUR")
	s.Fact("action:e1", "Maria Muster")
	s.Fact("action:e2", "cancelled")
	s.Fact("article:a@1", "Returns are free of charge within 30 days. We pay the money back within 5 working days. It costs 1,500 euros and lasts two years.")
	s.Fact("caller", "i use three hundred and fifty kilowatt hours")
	return s
}

func TestFactsOfAModel(t *testing.T) {
	s := telling()
	sources := []string{"action:e1", "article:a@1", "caller"}
	for text, want := range map[string]bool{
		"You have 30 days.":                               true,
		"You have thirty days.":                           true,
		"We are open from 30 on.":                         false,
		"You have 30 weeks.":                              false,
		"You get 30 euros.":                               false,
		"You get thirty euros.":                           false,
		"You get 30% off.":                                false,
		"It lasts 2 years.":                               false, // the article says it in words, and of words
		"It lasts two years.":                             true,
		"It costs 1500 euros.":                            true,
		"It costs 1,500 euros.":                           true,
		"It costs €1500.":                                 true,
		"It costs $1500.":                                 false,
		"It costs 500 euros.":                             false,
		"The money comes within 5 working days.":          true,
		"The money comes within 5 days.":                  false,
		"It is about order 12345.":                        true,
		"It is about order 1 2 3 4 5.":                    true,
		"It is about order 1 2 3.":                        false,
		"That costs 5 euros.":                             false,
		"That costs 12345 euros.":                         false,
		"It has 3 parts.":                                 false,
		"The price was 20 euros 50.":                      true,
		"The price was 20.50 euros.":                      true,
		"The price was 50 euros.":                         false,
		"It comes on Thursday, November 26.":              true,
		"It comes on Friday.":                             false,
		"It comes next week.":                             false,
		"It takes a week.":                                false,
		"It takes an hour.":                               false,
		"One moment please.":                              true,
		"Maria expects you.":                              true,
		"Robert expects you.":                             false,
		"Ask for Robert.":                                 false,
		"Sunny Kettle Energy is glad to help.":            true,
		"You use three hundred and fifty kilowatt hours.": true,
		"You use nine hundred kilowatt hours.":            false,
		"You can call 112.":                               true,
		"You can call 113.":                               false,
		"Your order is cancelled.":                        false,
		"Your order has been shipped.":                    false,
		"We will call you back.":                          false,
		"I have approved it.":                             false,
		"Returns are free of charge.":                     true,
		"See www.evil.example.":                           false,
		"Half of it is paid by us.":                       false,
		"What kind of home is it, and how is it heated?":  true,
		"I am sorry to hear that.":                        true,
		"您有30天。":                                          true,
		"您有30元。":                                          false,
		"您有三十天。":                                          false,
		"保证明天送到。":                                         false,
	} {
		if d := s.Sentence(Sentence{Text: text, Sources: sources, Model: true}); d.Allowed != want {
			t.Errorf("%q: %+v, want allowed %v", text, d, want)
		}
	}
	if d := s.Sentence(Sentence{Text: "Your order is cancelled.", Sources: []string{"action:e2"}, Model: true}); !d.Allowed || len(d.Sources) != 1 {
		t.Errorf("a status that a result tells: %+v", d)
	}
}

// Amounts are the article's own in each sentence; only what is said of them differs.
func TestAmountsAreSaidTheSameWayRound(t *testing.T) {
	s := Policy{}.Session(NewTemplates(nil), "Let me check.")
	s.Fact("article:fee@1", "Express delivery costs 30 euros. You have 14 days to return it. We do not collect it after 60 days. A friend whom you bring earns you a bonus of 50 euros. 退货收费10元。")
	for text, want := range map[string]bool{
		"Express delivery is 30 euros.":                     true,
		"You pay 30 euros for express delivery.":            true,
		"You get 30 euros for express delivery.":            false,
		"We give you thirty euros back.":                    false,
		"Express delivery does not cost 30 euros.":          false,
		"You can return it within 14 days.":                 true,
		"You cannot return it within 14 days.":              false,
		"After 60 days we do not collect it.":               true,
		"After 60 days we collect it.":                      false,
		"You get a bonus of 50 euros for a friend.":         true,
		"You are charged 50 euros when you bring a friend.": false,
		"退货收费10元。":                                          true,
		"退货返您10元。":                                          false,
	} {
		if d := s.Sentence(Sentence{Text: text, Sources: []string{"article:fee@1"}, Model: true}); d.Allowed != want {
			t.Errorf("%q: %+v, want allowed %v", text, d, want)
		}
	}
}

func TestSourcesThatBack(t *testing.T) {
	s := telling()
	d := s.Sentence(Sentence{Text: "You have 30 days for order 12345.", Sources: []string{"caller", "article:a@1", "action:e1"}, Model: true})
	if fmt.Sprint(d.Sources) != "[article:a@1 action:e1]" {
		t.Errorf("sources %v", d.Sources)
	}
}

func TestDigitsReadOutAreOneNumber(t *testing.T) {
	s := Policy{}.Session(nil, "")
	s.Fact("action:e1", "12345")
	if s.Sentence(Sentence{Text: "It costs 5 euros.", Sources: []string{"action:e1"}}).Allowed {
		t.Error("a digit of a number counts as a number")
	}
}

func TestReworded(t *testing.T) {
	s := telling()
	const original = "I have found order 1 2 3 4 5 of Maria. Shall I go on?"
	for text, want := range map[string]bool{
		"Good news, order 1 2 3 4 5 of Maria is here. Shall I go on?":  true,
		"I found Maria's order 12345. Would you like me to go on?":     true,
		"I have found the order of Maria. Shall I go on?":              false,
		"I have found order 1 2 3 4 5. Shall I go on?":                 false,
		"I have found order 1 2 3 4 5 of Maria. I go on.":              false,
		"I have found order 1 2 3 4 5 of Maria. Shall I pay 9 euros?":  false,
		"Order 1 2 3 4 5 of Maria: nice weather today, is it not?":     false,
		`{"text":"I have found order 12345 of Maria. Shall I go on?"}`: false,
		"": false,
		strings.Repeat("I have found order 1 2 3 4 5 of Maria. ", 5) + "Shall I go on?": false,
	} {
		var parts []string
		if text != "" {
			parts = strings.SplitAfter(text, ". ")
		}
		if d := s.Reworded(original, parts, []string{"action:e1"}); d.Allowed != want {
			t.Errorf("%q: %+v, want allowed %v", text, d, want)
		}
	}
}

func TestNumbersInWords(t *testing.T) {
	for words, want := range map[string]string{
		"thirty": "30", "twenty-five": "25", "three hundred and fifty": "", "three hundred fifty": "350", "two thousand": "2000", "one million": "1000000", "third": "3", "half": "",
	} {
		if got := count(words); got != want {
			t.Errorf("%q counts up to %q, want %q", words, got, want)
		}
	}
}

// crowded is a session of a long call: a large company's texts, fifty articles,
// forty results.
func crowded() (*Session, []string) {
	var texts []string
	for i := range 800 {
		texts = append(texts, fmt.Sprintf("This is text %d of the company, said on occasion %d.", i, i*7))
	}
	s := Policy{}.Session(NewTemplates(texts), "Let me check.")
	var sources []string
	for i := range 90 {
		source := fmt.Sprintf("article:a%d@1", i)
		s.Fact(source, strings.Repeat(fmt.Sprintf("Something costs %d euros and takes %d days. ", i*13, i*17), 20))
		sources = append(sources, source)
	}
	s.Fact("action:e1", "2026-11-26")
	return s, append(sources, "action:e1")
}

// TestSentenceIsCheckedInTime holds a sentence to 2 ms in a call that has come to
// know much. The quickest of many counts, so that a busy machine does not fail it.
func TestSentenceIsCheckedInTime(t *testing.T) {
	s, sources := crowded()
	quickest := time.Hour
	for range 50 {
		began := time.Now()
		if !s.Sentence(Sentence{Text: "It should arrive on Thursday, November 26, and Something costs 1157 euros.", Sources: sources, Model: true}).Allowed {
			t.Fatal("stopped")
		}
		quickest = min(quickest, time.Since(began))
	}
	if quickest > slowed*2*time.Millisecond {
		t.Errorf("a sentence takes %v, want 2 ms at most", quickest)
	}
}

// BenchmarkSentenceOfALongCall: 0.1 ms where everything must be looked through.
func BenchmarkSentenceOfALongCall(b *testing.B) {
	s, sources := crowded()
	b.ReportAllocs()
	for b.Loop() {
		s.Sentence(Sentence{Text: "It should arrive on Thursday, November 26, and Something costs 1157 euros.", Sources: sources, Model: true})
	}
}
