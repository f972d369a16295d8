package entity

import (
	"strings"
	"time"
)

// dateWords says a date that has the month's name: "March 3, 2026", "3 March".
func (s *speller) dateWords(i int) (string, int) {
	if m, j := s.month(i); m > 0 {
		if m == time.May && s.raw(i) == "may" && s.kindAt(j) != figure {
			return "", i
		}
		return s.monthFirst(s.monthName(i, m), i, j)
	}
	n, ok := s.integerAt(i)
	if !ok || n < 1 || n > 31 || len(s.word(i)) > 2 {
		return "", i
	}
	j := i + 1
	if s.is(j, "st", "nd", "rd", "th") && s.glue(j) {
		j++
	}
	of := s.skip(j, "of")
	m, k := s.month(of)
	if m == 0 || s.is(of, "may", "march", "mar") && s.raw(of) == s.word(of) && of == j && !s.glue(j) && s.kindAt(k) != figure {
		return "", i
	}
	out := "the " + sayEnglishNth(n) + " of " + s.monthName(of, m)
	if s.is(i-1, "the") {
		out = out[4:]
	}
	return s.addYear(out, k)
}

// monthName keeps a month as it was written, and writes an abbreviation out.
func (s *speller) monthName(i int, m time.Month) string {
	if len(s.word(i)) > 4 || strings.EqualFold(s.word(i), m.String()) {
		return s.raw(i)
	}
	return m.String()
}

func (s *speller) monthFirst(name string, i, j int) (string, int) {
	n, ok := s.integerAt(j)
	if !ok {
		if j > i+1 || name != s.raw(i) && s.abbreviated(i) && s.kindAt(i-1) == figure {
			return name, j
		}
		return "", i
	}
	if n >= 1000 && n < 2200 && len(s.word(j)) == 4 {
		return name + " " + sayYear(n), j + 1
	}
	if n < 1 || n > 31 {
		return "", i
	}
	k := j + 1
	if s.is(k, "st", "nd", "rd", "th") && s.glue(k) {
		k++
	}
	return s.addYear(name+" "+sayEnglishNth(n), k)
}

// addYear adds the year that may follow a date.
func (s *speller) addYear(out string, i int) (string, int) {
	j := s.skip(i, ",")
	n, ok := s.integerAt(j)
	if ok && len(s.word(j)) == 4 && n >= 1000 && n < 2200 {
		return out + " " + sayYear(n), j + 1
	}
	return out, i
}

// dateFigures says 03/04/2026, 2026-03-04 and 4.3.2026.
func (s *speller) dateFigures(i int) (string, int) {
	if s.kindAt(i) != figure || !s.is(i+1, "/", "-", ".") || !s.glue(i+1) || s.word(i+3) != s.word(i+1) {
		return "", i
	}
	d, j := s.figureDate(i)
	if j <= i || d.conf < 0.8 {
		return "", i
	}
	out := strings.ToLower(d.t.Month().String()) + " " + sayEnglishNth(int64(d.t.Day())) + " " + sayYear(int64(d.t.Year()))
	if s.is(j, "t") && s.glue(j) {
		if c, k := s.clockFigures(j + 1); k > j+1 {
			return out + " " + c, k
		}
	}
	return out, j
}

// clockFigures says 3:30 p.m., 15:00, 3 pm.
func (s *speller) clockFigures(i int) (string, int) {
	h, ok := s.integerAt(i)
	if !ok || h > 24 || len(s.word(i)) > 2 {
		return "", i
	}
	j, m := i+1, int64(0)
	minutes := s.is(j, ":") && s.glue(j) && s.glue(j+1) && len(s.word(j+1)) == 2
	if minutes {
		if m, ok = s.integerAt(j + 1); !ok || m > 59 {
			return "", i
		}
		j += 2
	}
	seconds := ""
	if sec, ok := s.integerAt(j + 1); minutes && s.is(j, ":") && s.glue(j) && ok && sec < 60 {
		seconds, j = " and "+sayEnglish(sec)+" seconds", j+2
	}
	d, k := s.partAfter(j)
	half := d == am || d == pm
	if !minutes && !half || !minutes && h > 12 {
		return "", i
	}
	out := sayEnglish(h)
	switch {
	case seconds != "":
		out += " hours " + sayEnglish(m) + " minutes" + seconds
	case m > 9:
		out += " " + sayEnglish(m)
	case m > 0:
		out += " oh " + sayEnglish(m)
	case !half && h == 0:
		out = "midnight"
	case !half:
		out += " o'clock"
	}
	if half {
		return out + " " + string(rune(d)) + " m", k
	}
	return out, j
}

// yearFigure says four digits as a year, where they are one.
func (s *speller) yearFigure(i int) (string, int) {
	n, ok := s.integerAt(i)
	if !ok || len(s.word(i)) != 4 || s.toks[i].grouped || n < 1100 || n > 2099 {
		return "", i
	}
	said := s.is(i-1, "in", "since", "of", "year", "until", "till", "during", "circa", "by", "from", "before", "after", "late", "early", "summer", "winter", "spring", "fall", "autumn", "season", "the", "and", "to")
	ends := i+1 >= len(s.toks) || s.kindAt(i+1) == symbol && !s.glue(i+2)
	if said && (ends || n >= 1500 && !s.nounAt(i+1)) || ends && n >= 1900 {
		return sayYear(n), i + 1
	}
	return "", i
}

// nounAt guesses whether token i is a plural noun, which is counted.
func (s *speller) nounAt(i int) bool {
	w := s.word(i)
	return len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "was")
}

// decade says 1990s and '90s.
func (s *speller) decade(i int) (string, int) {
	j := i
	if s.is(i, "'", "’") && s.glue(i+1) {
		j++
	}
	n, ok := s.integerAt(j)
	if !ok || !s.is(j+1, "s", "'s") || !s.glue(j+1) || n%10 != 0 || n < 10 || n > 90 && n < 1100 || n > 2090 {
		return "", i
	}
	out := sayEnglish(n % 100)
	switch {
	case n%100 == 0 && n%1000 == 0:
		return sayEnglish(n) + "s", j + 2
	case n%100 == 0:
		return sayEnglish(n/100) + " hundreds", j + 2
	}
	if rest, ok := strings.CutSuffix(out, "y"); ok {
		out = rest + "ies"
	} else {
		out += "s"
	}
	if n > 100 {
		out = sayEnglish(n/100) + " " + out
	}
	return out, j + 2
}
