package entity

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var types = []Type{Date, Time, Datetime, DateRange, Money, Number, Ordinal, Duration, Quantity, Phone, Card, Digits, Code, Email, YesNo, Name, Address}

var tags = []string{"en", "en-GB", "de", "fr", "es", "zh"}

// seeds are texts on which most readers have something to do.
var seeds = []string{
	"", "next tuesday at three in the afternoon", "a week from a week from a week from monday", "03/04/2026 3:30 p.m.", "$42.50",
	"twenty five to three", "one two three double four", "b as in boy", "john dot smith at gmail dot com", "12 main street springfield il 62704",
	"three point one four million", "下午三点半", "dreihundertfünfundzwanzig", "quatre vingt dix sept", "no i mean yes", "½ 1/2 -7 +44 (0)",
	"the the the of of of", "World War II & Dr. No. 5", "99999999999999999999", "1.2.3.4.5", "'", "-", "a.m.", "\xff\xfe", "İ", "second",
}

func FuzzFind(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, tag := range tags {
			for _, typ := range types {
				v, ok := Find(text, typ, now, tag)
				if ok && (v.From < 0 || v.To > len(text) || v.From >= v.To || v.Text == "") {
					t.Errorf("%s %s %q: %+v", tag, typ, text, v)
				}
			}
			Choose(text, []Option{{"one", nil}, {"the other", []string{"two"}}}, tag)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, tag := range tags {
			for _, got := range []string{Written(text, tag), Spoken(text, tag)} {
				if utf8.ValidString(text) && !utf8.ValidString(got) {
					t.Errorf("%s %q: invalid %q", tag, text, got)
				}
			}
		}
	})
}

// TestLongTextsEndSoon holds the readers to a bounded time on texts made to
// be slow.
func TestLongTextsEndSoon(t *testing.T) {
	for _, s := range append(seeds, "a week from ", "from monday to ", "half past ", "double ", "a ", "one ", "to ", "dot a at ", "one hundred and ", "三", "undeinhundert", "(5", "1-", "is a ", "first ") {
		text := strings.Repeat(s+" ", 2048/(len(s)+1))
		for _, tag := range tags {
			start := time.Now()
			for _, typ := range types {
				Find(text, typ, now, tag)
			}
			Written(text, tag)
			Spoken(text, tag)
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("%s %.20q took %v", tag, s, d)
			}
		}
	}
}

// A turn of twelve words takes less than 0.1 ms for each type (2 cores of a
// shared machine, 2026).
func BenchmarkFind(b *testing.B) {
	const text = "i would like to come next tuesday at three in the afternoon please"
	for _, typ := range types {
		b.Run(string(typ), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Find(text, typ, now, "en")
			}
		})
	}
}

func BenchmarkWritten(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Written("it costs forty two dollars and fifty cents on march third twenty twenty six", "en")
	}
}

func BenchmarkSpoken(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Spoken("It costs $42.50 on March 3, 2026 at 3:30 p.m.", "en")
	}
}
