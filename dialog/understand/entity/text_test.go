package entity

import (
	"strings"
	"testing"
)

func TestWritten(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"en", "it costs forty two dollars on march third", "it costs $42 on march 3"},
		{"en", "it costs forty two dollars and fifty cents", "it costs $42.50"},
		{"en", "the meeting is at three thirty p m", "the meeting is at 3:30 p.m."},
		{"en", "at half past nine", "at 9:30"},
		{"en", "quarter to five", "4:45"},
		{"en", "five o'clock", "5:00"},
		{"en", "three p m tomorrow", "3:00 p.m. tomorrow"},
		{"en", "march third twenty twenty six", "march 3 2026"},
		{"en", "the twenty third of march two thousand and six", "23 march 2006"},
		{"en", "july twenty fifth two thousand twelve", "july 25 2012"},
		{"en", "in twenty twenty six we met", "in 2026 we met"},
		{"en", "back in nineteen ninety nine", "back in 1999"},
		{"en", "the nineteen eighties", "the 1980s"},
		{"en", "the twenty third floor", "the 23rd floor"},
		{"en", "i have two dogs", "i have two dogs"},
		{"en", "i have twenty three dogs", "i have 23 dogs"},
		{"en", "one hundred and twenty people", "120 people"},
		{"en", "two thousand and six people", "2006 people"},
		{"en", "minus twenty three", "-23"},
		{"en", "two million", "2 million"},
		{"en", "two point five million dollars", "$2.5 million"},
		{"en", "two and a half million euros", "€2.5 million"},
		{"en", "three point one four", "3.14"},
		{"en", "fifty cents", "$0.50"},
		{"en", "twenty pounds", "£20"},
		{"en", "three hundred fifty kilowatt hours", "350 kWh"},
		{"en", "twenty percent off", "20% off"},
		{"en", "sixty miles per hour", "60 mph"},
		{"en", "two hundred meters", "200 m"},
		{"en", "call five five five one two three four five six seven", "call 555-123-4567"},
		{"en", "plus one five five five one two three four five six seven", "+1 555-123-4567"},
		{"en", "my pin is four seven one one", "my pin is 4711"},
		{"en", "write to john dot smith at gmail dot com please", "write to john.smith@gmail.com please"},
		{"en", "visit w w w dot example dot com", "visit www.example.com"},
		{"en", "go to example dot org now", "go to example.org now"},
		{"en", "two thirds of them", "2/3 of them"},
		{"en", "mister jones", "mr. jones"},
		{"en", "wait a second please", "wait a second please"},
		{"en", "nothing to do", "nothing to do"},
		{"en", "one hundred", "100"},
		{"en", "five million people", "5 million people"},
		{"en", "", ""},
		{"en", "i would like three of them for the two of us", "i would like three of them for the two of us"},
		{"de", "es kostet zweiundvierzig euro", "es kostet 42 €"},
		{"de", "zwölf euro fünfzig", "12,50 €"},
		{"de", "am dritten märz zweitausendsechsundzwanzig", "am 3. märz 2026"},
		{"de", "um neun uhr dreißig", "um 9:30 uhr"},
		{"de", "zwanzig prozent", "20 %"},
		{"fr", "quarante deux euros", "42 €"},
		{"fr", "le trois mars deux mille vingt six", "le 3 mars 2026"},
		{"es", "cuarenta y dos euros", "42 €"},
		{"es", "el tres de marzo de dos mil veintiséis", "el 3 de marzo de 2026"},
		{"zh", "我有四十二个苹果", "我有42个苹果"},
		{"zh", "二零二六年三月四号", "2026年3月4号"},
		{"zh", "百分之二十", "20%"},
		{"zh", "下午三点半", "下午3:30"},
		{"zh", "一百二十元", "¥120"},
		{"zh", "三点一四", "3.14"},
	} {
		if got := Written(c.text, c.lang); got != c.want {
			t.Errorf("Written(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestWrittenStyles(t *testing.T) {
	for _, c := range []struct {
		style      Style
		text, want string
	}{
		{Style{PadHours: true}, "three thirty p m", "03:30 p.m."},
		{Style{SmallFigures: true}, "i have two dogs", "i have 2 dogs"},
		{Style{SpacedPercent: true}, "twenty percent", "20 %"},
		{Style{ShortTimes: true}, "five minutes", "5 min"},
	} {
		if got := c.style.Written(c.text, "en"); got != c.want {
			t.Errorf("%+v.Written(%q) = %q, want %q", c.style, c.text, got, c.want)
		}
	}
}

func TestSpoken(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"en", "It costs $42 on March 3.", "It costs forty two dollars on March third."},
		{"en", "$42.50", "forty two dollars and fifty cents"},
		{"en", "$5 million", "five million dollars"},
		{"en", "$0.50", "fifty cents"},
		{"en", "$1", "one dollar"},
		{"en", "£20", "twenty pounds"},
		{"en", "€1,234.56", "one thousand two hundred thirty four euros and fifty six cents"},
		{"en", "March 3, 2026", "March third twenty twenty six"},
		{"en", "3 March 2006", "the third of March two thousand six"},
		{"en", "on Jan. 5", "on January fifth"},
		{"en", "03/04/2026", "march fourth twenty twenty six"},
		{"en", "2026-03-04", "march fourth twenty twenty six"},
		{"en", "In 1999 it was", "In nineteen ninety nine it was"},
		{"en", "in 2026", "in twenty twenty six"},
		{"en", "2026 people", "two thousand twenty six people"},
		{"en", "3:30 p.m.", "three thirty p m"},
		{"en", "15:00", "fifteen o'clock"},
		{"en", "3:05 pm", "three oh five p m"},
		{"en", "at 3pm", "at three p m"},
		{"en", "123", "one hundred twenty three"},
		{"en", "1,234", "one thousand two hundred thirty four"},
		{"en", "1000000", "one million"},
		{"en", "-7", "minus seven"},
		{"en", "3.14", "three point one four"},
		{"en", "0.5", "zero point five"},
		{"en", "23rd", "twenty third"},
		{"en", "the 101st", "the one hundred first"},
		{"en", "1/2", "one half"},
		{"en", "3/4 cup", "three quarters cup"},
		{"en", "1 1/2 cups", "one and a half cups"},
		{"en", "5%", "five percent"},
		{"en", "5 km", "five kilometers"},
		{"en", "1 km", "one kilometer"},
		{"en", "350 kWh", "three hundred fifty kilowatt hours"},
		{"en", "60 mph", "sixty miles per hour"},
		{"en", "20°C", "twenty degrees celsius"},
		{"en", "Call 555-123-4567 now", "Call five five five, one two three, four five six seven now"},
		{"en", "+44 20 7946 0958", "plus four four, two zero, seven nine four six, zero nine five eight"},
		{"en", "order 00412", "order zero zero four one two"},
		{"en", "Dr. Smith", "doctor Smith"},
		{"en", "Mr. Jones lives on Main St.", "mister Jones lives on Main street."},
		{"en", "St. Mary", "saint Mary"},
		{"en", "The BBC and NASA", "The b b c and NASA"},
		{"en", "Henry VIII", "Henry the eighth"},
		{"en", "World War II", "World War two"},
		{"en", "john.smith@gmail.com", "john dot smith at gmail dot com"},
		{"en", "www.example.com", "w w w dot example dot com"},
		{"en", "code AB-1234", "code a b one two three four"},
		{"en", "MP3", "m p three"},
		{"en", "the 1990s", "the nineteen nineties"},
		{"en", "10-20 people", "ten to twenty people"},
		{"en", "you & me", "you and me"},
		{"en", "#5", "number five"},
		{"en", "plain words, nothing else!", "plain words, nothing else!"},
		{"en", "No. 7", "number seven"},
		{"en", "1st", "first"},
		{"en", "12th", "twelfth"},
		{"en", "100", "one hundred"},
		{"de", "42", "zweiundvierzig"},
		{"de", "12,50 €", "zwölf euro fünfzig"},
		{"de", "3. März 2026", "dritten märz zweitausendsechsundzwanzig"},
		{"de", "15:30 Uhr", "fünfzehn uhr dreißig"},
		{"de", "21", "einundzwanzig"},
		{"de", "101", "einhunderteins"},
		{"fr", "97", "quatre-vingt-dix-sept"},
		{"fr", "71", "soixante et onze"},
		{"fr", "12,50 €", "douze euros cinquante"},
		{"fr", "80", "quatre-vingts"},
		{"es", "42", "cuarenta y dos"},
		{"es", "1.234", "mil doscientos treinta y cuatro"},
		{"es", "21", "veintiuno"},
		{"zh", "42", "四十二"},
		{"zh", "305", "三百零五"},
		{"zh", "15:30", "十五点三十分"},
		{"zh", "2026年3月4日", "二零二六年三月四日"},
		{"zh", "20%", "百分之二十"},
		{"zh", "3.14", "三点一四"},
		{"zh", "10010", "一万零一十"},
	} {
		if got := Spoken(c.text, c.lang); got != c.want {
			t.Errorf("Spoken(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

// TestNumbersBothWays says numbers in every language and reads them again.
func TestNumbersBothWays(t *testing.T) {
	for lang, s := range sayers {
		for _, n := range []int64{
			0, 1, 2, 7, 10, 11, 12, 16, 17, 19, 20, 21, 22, 29, 30, 31, 42, 60, 61, 69, 70, 71, 72, 76, 77, 79, 80, 81, 88, 90,
			91, 95, 99, 100, 101, 110, 111, 117, 120, 121, 180, 199, 200, 201, 222, 300, 305, 342, 555, 700, 777, 900, 999, 1000, 1001, 1010, 1100,
			1234, 1999, 2000, 2006, 2026, 4711, 9999, 10000, 10001, 12345, 21000, 80000, 100000, 100001, 123456, 200000, 999999, 1000000, 1000001, 1234567, 2000000, 21000000,
		} {
			words := s.cardinal(n)
			p := newParser(words, now, lang)
			got, next := p.cardinal(0)
			if got.val != n || next != len(p.toks) {
				t.Errorf("%s: %d is said %q, read %d", lang, n, words, got.val)
			}
		}
	}
}

func TestSpansAreInTheText(t *testing.T) {
	text := "so next tuesday at three in the afternoon please"
	v, ok := Find(text, Datetime, now, "en")
	if got := text[v.From:v.To]; !ok || got != "next tuesday at three in the afternoon" {
		t.Errorf("span of %q is %q", text, got)
	}
	if strings.Contains(v.Text, " ") || v.Confidence < 0.7 {
		t.Errorf("got %+v", v)
	}
}
