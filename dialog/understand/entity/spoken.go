package entity

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Spoken writes text as it is said: figures, dates, money, times, units,
// abbreviations and addresses of the web become words, all else stays as it
// is. It follows the text normalisation challenge of Sproat and Jaitly (2016)
// where that is fit to be spoken:
//
//   - 123 is "one hundred twenty three"; 2026 after "in" and the like, or
//     where no noun follows, "twenty twenty six".
//   - "$42.50" is "forty two dollars and fifty cents", "3:30 p.m." is "three
//     thirty p m", "15:00" "fifteen o'clock".
//   - Dates are "march third twenty twenty six" and "the third of march";
//     03/04/2026 is read in the order of the language (see the package).
//   - Telephone numbers, figures with a leading zero and those of seven digits
//     and more are said digit by digit, with commas between groups.
//   - Capitals of two to five letters are spelled, "b b c", but for those that
//     are words (NASA). "Henry VIII" is "Henry the eighth".
func Spoken(text, lang string) string {
	s := speller{parser: newParser(text, time.Time{}, lang)}
	s.say = sayers[s.lang.code]
	rules := []rewriter{s.foreignDate, s.foreignClock, s.foreignMoney, s.foreignPercent, s.foreignUnit, s.figure}
	if s.lang.code == "en" {
		rules = []rewriter{
			s.web, s.dateFigures, s.telephone, s.dateWords, s.clockFigures, s.moneyFigures, s.rangeFigures, s.fractionFigures,
			s.measureFigures, s.ordinalFigures, s.decade, s.mixedCode, s.yearFigure, s.figure, s.roman, s.acronym, s.abbreviation, s.sign,
		}
	}
	return s.rewrite(rules)
}

// rewriter reads something at token i and returns what to write for it and
// the token after it.
type rewriter func(i int) (string, int)

// rewrite replaces what the rules read, the first that reads anything at each
// token; all else is copied.
func (p *parser) rewrite(rules []rewriter) string {
	var b strings.Builder
	b.Grow(len(p.text) + len(p.text)/2)
	done := 0
	for i := 0; i < len(p.toks); {
		next := i
		for _, rule := range rules {
			s, j := rule(i)
			if j <= i {
				continue
			}
			b.WriteString(p.text[done:p.toks[i].from])
			p.writeApart(&b, s, j)
			done, next = p.toks[j-1].to, j
			break
		}
		i = max(next, i+1)
	}
	b.WriteString(p.text[done:])
	return b.String()
}

// writeApart writes s, with the spaces that keep words apart.
func (p *parser) writeApart(b *strings.Builder, s string, next int) {
	if last := b.String(); last != "" && s != "" && p.lang.code != "zh" {
		if r := last[len(last)-1]; isAlnum(r) && isAlnum(s[0]) {
			b.WriteByte(' ')
		}
	}
	b.WriteString(s)
	if next < len(p.toks) && p.toks[next].glued && p.kindAt(next) != symbol && p.lang.code != "zh" && s != "" {
		b.WriteByte(' ')
	}
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// speller is a parser that writes words.
type speller struct {
	*parser
	say *sayer
}

// raw is token i as it stands in the text.
func (p *parser) raw(i int) string {
	if i < 0 || i >= len(p.toks) {
		return ""
	}
	return p.text[p.toks[i].from:p.toks[i].to]
}

// glue tells whether token i stands right after the one before.
func (p *parser) glue(i int) bool { return i >= 0 && i < len(p.toks) && p.toks[i].glued }

// integerAt returns the whole figure at i.
func (p *parser) integerAt(i int) (int64, bool) {
	if p.kindAt(i) != figure {
		return 0, false
	}
	n, err := strconv.ParseInt(p.word(i), 10, 64)
	return n, err == nil && n < 1e18
}

// spell says digits one by one.
func (s *speller) spell(digits string) string {
	words := make([]string, 0, len(digits))
	for _, c := range []byte(digits) {
		switch {
		case c >= '0' && c <= '9':
			words = append(words, s.say.digits[c-'0'])
		case c == '.':
			words = append(words, s.say.point)
		default:
			words = append(words, string(unicode.ToLower(rune(c))))
		}
	}
	if s.lang.code == "zh" {
		return strings.Join(words, "")
	}
	return strings.Join(words, " ")
}

// amount says a figure, with its decimals.
func (s *speller) amount(w string) string {
	whole, decimals, ok := strings.Cut(w, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n >= 1e18 {
		return s.spell(w)
	}
	out := s.say.cardinal(n)
	if !ok {
		return out
	}
	if s.lang.code == "zh" {
		return out + s.say.point + s.spell(decimals)
	}
	return out + " " + s.say.point + " " + s.spell(decimals)
}

// figure says any figure, with its sign.
func (s *speller) figure(i int) (string, int) {
	sign := ""
	j := i
	if s.is(i, "-", "−", "+") && s.kindAt(i+1) == figure && s.glue(i+1) && !s.glue(i) {
		sign = s.say.minus
		if s.is(i, "+") {
			sign = "plus"
		}
		if s.lang.code != "zh" {
			sign += " "
		}
		j++
	}
	if s.kindAt(j) != figure {
		return "", i
	}
	w := s.word(j)
	long := !s.toks[j].grouped && !strings.Contains(w, ".") && (len(w) >= 7 && !strings.HasSuffix(w, "000") || len(w) > 1 && w[0] == '0')
	if long {
		return sign + s.spell(w), j + 1
	}
	out := sign + s.amount(w)
	if s.lang.code == "en" && s.is(j+1, "k") && s.glue(j+1) {
		return out + " thousand", j + 2
	}
	return out, j + 1
}
