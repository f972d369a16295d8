package pocketsphinx

import (
	"slices"
	"strconv"
	"strings"
)

// choiceFrames are the sentences in which a caller names a choice, with their
// weights.
var choiceFrames = []struct {
	text   string
	weight float64
}{
	{"%", 12},
	{"% please", 2},
	{"the %", 3},
	{"a %", 2},
	{"an %", 1},
	{"the % please", 1},
	{"the % one", 0.5},
	{"i will %", 1},
	{"i would like %", 0.5},
	{"i would like the %", 0.5},
	{"i want %", 0.5},
	{"i want the %", 0.5},
	{"it is %", 1},
	{"it's %", 1},
	{"it is the %", 0.5},
	{"it's the %", 0.5},
	{"it is a %", 0.5},
	{"i think %", 0.3},
	{"i %", 0.5},
	{"i do %", 0.3},
	{"that %", 0.2},
	{"my %", 0.5},
	{"let's take the %", 0.2},
	{"i'll take %", 0.3},
	{"i'll take the %", 0.3},
	{"to %", 0.3},
	{"i have %", 0.3},
	{"i am %", 0.3},
}

// choices is the model of an answer that names one of the phrases. known tells
// which words have a pronunciation; a phrase with another cannot be heard.
// It is nil where none can.
func choices(phrases []string, known map[string]bool) *model {
	m := newModel()
	heard := map[string]bool{}
	for _, p := range phrases {
		p = normalize(p)
		words := strings.Fields(p)
		if heard[p] || len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return !known[w] }) {
			continue
		}
		heard[p] = true
		for _, f := range choiceFrames {
			m.add(strings.ReplaceAll(f.text, "%", p), f.weight)
		}
	}
	if len(heard) == 0 {
		return nil
	}
	for _, s := range []string{"the first one", "the second one", "the last one", "yes", "no"} {
		m.add(s, 1)
	}
	m.addAsides(false)
	return m
}

func dates() *model {
	m := newModel()
	dayParts := []string{"morning", "afternoon", "evening"}
	for _, d := range weekdays {
		for _, s := range []string{d, "next " + d, "on " + d, "this " + d, d + " next week", d + " please", "next " + d + " please"} {
			m.add(s, 3)
		}
		for _, part := range dayParts {
			m.add(d+" "+part, 3)
			m.add("next "+d+" "+part, 1)
		}
		for h := range 12 {
			m.add(d+" at "+spoken12(h), 0.2)
			m.add("next "+d+" at "+spoken12(h), 0.2)
		}
	}
	for _, month := range months {
		for _, o := range ordinals {
			for _, s := range []string{"the " + o + " of " + month, month + " " + o, month + " the " + o, "on " + month + " " + o} {
				m.add(s, 0.2)
			}
		}
	}
	for _, o := range ordinals {
		m.add("the "+o, 1)
		m.add("on the "+o, 1)
	}
	for _, s := range []string{
		"today", "tomorrow", "the day after tomorrow", "next week", "as soon as possible", "in two weeks", "in a week", "in three days", "in two days",
		"next month", "this week", "any day", "tomorrow morning", "tomorrow afternoon", "at the weekend", "this afternoon",
	} {
		m.add(s, 6)
	}
	return m
}

func spoken12(hour int) string { return upToNineteen[hour+1] }

func times() *model {
	m := newModel()
	for h := range 12 {
		hour := spoken12(h)
		for _, s := range []string{
			hour, "at " + hour, hour + " o'clock", "at " + hour + " o'clock", "around " + hour, "about " + hour, "after " + hour, "half past " + hour,
			"at half past " + hour, "quarter past " + hour, "a quarter past " + hour, "quarter to " + hour, "a quarter to " + hour, hour + " thirty",
			"at " + hour + " thirty", hour + " fifteen", hour + " forty five", hour + " please", hour + " a. m.", hour + " p. m.", hour + " sharp",
			hour + " in the morning", hour + " in the afternoon", hour + " in the evening", "at " + hour + " in the morning", "at " + hour + " in the afternoon",
			"twenty past " + hour, "ten past " + hour, "ten to " + hour, "twenty to " + hour,
		} {
			m.add(s, 1)
		}
		m.add(hour+" o'clock", 3)
		m.add("half past "+hour, 2)
	}
	for _, s := range []string{"in the morning", "in the afternoon", "in the evening", "morning", "afternoon", "evening", "noon", "at noon", "midday", "any time", "midnight", "early", "late"} {
		m.add(s, 4)
	}
	return m
}

// cardinals are whole numbers as they are said, with how often.
func cardinals() map[string]float64 {
	out := map[string]float64{}
	for n := range 100 {
		w := spoken(strconv.Itoa(n))
		out[w] = 1
		if n <= 12 {
			out[w] = 40
		}
		if n > 0 && n%10 == 0 {
			out[w] = 3
		}
	}
	for n := 1; n < 10; n++ {
		for _, h := range []string{upToNineteen[n] + " hundred", upToNineteen[n] + " thousand"} {
			out[h] = 2
			for _, t := range []string{"ten", "twenty", "twenty five", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"} {
				out[h+" "+t], out[h+" and "+t] = 0.4, 0.6
			}
		}
		out[upToNineteen[n]+" thousand five hundred"] = 0.6
	}
	out["a hundred"], out["a thousand"], out["a couple"], out["a dozen"], out["none"] = 2, 2, 1, 1, 1
	return out
}

func numbers() *model {
	m := newModel()
	units := []string{"kilowatt hours", "kilowatts", "percent", "pieces", "of them", "people", "square meters", "meters", "kilos", "liters", "years", "months", "days", "hours", "minutes"}
	for n, w := range cardinals() {
		m.add(n, w)
		m.add(n+" please", w/8)
		m.add("a "+n, w/20)
		for _, f := range []string{"about ", "around ", "maybe ", "roughly ", "it is ", "i think ", "make it ", "in all "} {
			m.add(f+n, w/20)
		}
		w = min(w, 4)
		for i, u := range units {
			m.add(n+" "+u, w/(8+4*float64(i)))
		}
	}
	return m
}

func money() *model {
	m := newModel()
	for n, w := range cardinals() {
		w = min(w, 4)
		m.add(n, w/4)
		for _, currency := range []string{"euros", "dollars", "pounds"} {
			m.add(n+" "+currency, w)
			m.add("about "+n+" "+currency, w/10)
			for _, cents := range []string{"fifty", "ninety nine", "ninety", "twenty", "forty five"} {
				m.add(n+" "+currency+" and "+cents+" cents", w/20)
				m.add(n+" "+currency+" "+cents, w/20)
			}
		}
	}
	return m
}
