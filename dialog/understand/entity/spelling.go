package entity

// alphabets has the words that stand for letters: NATO's and older ones, and
// the German ones (DIN 5009).
var alphabets = map[string]byte{
	"alpha": 'a', "alfa": 'a', "able": 'a', "apple": 'a', "bravo": 'b', "charlie": 'c', "delta": 'd', "echo": 'e', "foxtrot": 'f', "fox": 'f',
	"golf": 'g', "hotel": 'h', "india": 'i', "juliet": 'j', "juliett": 'j', "juliette": 'j', "kilo": 'k', "lima": 'l',
	"leema": 'l', "mike": 'm', "november": 'n', "oscar": 'o', "papa": 'p', "quebec": 'q', "romeo": 'r', "sierra": 's', "tango": 't',
	"uniform": 'u', "victor": 'v', "viktor": 'v', "whiskey": 'w', "whisky": 'w', "xray": 'x', "yankee": 'y', "zulu": 'z', "zebra": 'z',
	"anton": 'a', "berta": 'b', "bertha": 'b', "cäsar": 'c', "caesar": 'c', "dora": 'd', "emil": 'e', "friedrich": 'f',
	"gustav": 'g', "heinrich": 'h', "ida": 'i', "julius": 'j', "kaufmann": 'k', "konrad": 'k', "ludwig": 'l', "martha": 'm',
	"nordpol": 'n', "otto": 'o', "paula": 'p', "quelle": 'q', "richard": 'r', "samuel": 's', "siegfried": 's', "theodor": 't',
	"ulrich": 'u', "wilhelm": 'w', "xanthippe": 'x', "ypsilon": 'y', "zacharias": 'z', "zeppelin": 'z',
}

// letterNames has letters' names as recognisers write them. Those in
// weakNames are words of their own.
var letterNames = map[string]byte{
	"ay": 'a', "bee": 'b', "be": 'b', "cee": 'c', "see": 'c', "sea": 'c', "dee": 'd', "ee": 'e', "eff": 'f', "ef": 'f', "gee": 'g',
	"jee": 'g', "aitch": 'h', "haitch": 'h', "eye": 'i', "jay": 'j', "kay": 'k', "cay": 'k', "okay": 0, "ell": 'l', "el": 'l', "elle": 'l',
	"em": 'm', "en": 'n', "pee": 'p', "pea": 'p', "cue": 'q', "queue": 'q', "are": 'r', "ar": 'r', "ess": 's', "es": 's', "tee": 't',
	"tea": 't', "you": 'u', "yew": 'u', "ewe": 'u', "vee": 'v', "ex": 'x', "why": 'y', "wye": 'y', "zee": 'z', "zed": 'z', "zet": 'z',
}

func weakName(w string) bool {
	switch w {
	case "a", "i", "be", "see", "sea", "are", "you", "why", "tea", "eye", "ay", "el", "es", "en", "ex", "em", "ar", "pea":
		return true
	}
	return false
}

// element is one piece of a code.
type element struct {
	text string
	weak bool // it may as well be a word of the sentence
	oh   bool // letter O or digit 0
}

// letterAt reads one letter at i: "b", "bee", "bravo", "b as in boy", "capital
// b", "double u".
func (p *parser) letterAt(i int) (element, int) {
	j := i
	for n := 0; n < 3 && p.is(j, "capital", "uppercase", "lowercase", "upper", "lower", "case", "small", "big", "letter", "the"); n++ {
		if p.is(j, "the") && !p.is(j+1, "letter") {
			break
		}
		j++
	}
	if p.anyOf(j, "double u", "double you", "double yu") > 0 {
		return p.exampleOf(element{text: "W"}, j+2)
	}
	w := p.word(j)
	switch {
	case w == "doubleyou" || w == "dubya":
		return element{text: "W"}, j + 1
	case w == "x" && p.is(j+1, "ray"):
		return element{text: "X"}, j + 2
	case len(w) == 1 && w[0] >= 'a' && w[0] <= 'z' && p.kindAt(j) == word:
		e := element{text: upper(w[0]), weak: weakName(w) && j == i, oh: w == "o"}
		return p.exampleOf(e, j+1)
	}
	if c := alphabets[w]; c > 0 {
		return element{text: upper(c)}, j + 1
	}
	if c := letterNames[w]; c > 0 {
		return p.exampleOf(element{text: upper(c), weak: weakName(w) && j == i}, j+1)
	}
	if p.anyOf(j+1, "as in") > 0 && p.kindAt(j) == word {
		return p.exampleOf(element{}, j+1)
	}
	return element{}, i
}

func upper(c byte) string { return string(c &^ 0x20) }

// exampleOf reads "as in boy" after a letter. The example tells the letter
// more surely than its name, which rhymes with others.
func (p *parser) exampleOf(e element, i int) (element, int) {
	j := p.anyOf(i, "as in", "like in", "as an", "wie", "comme", "como", "de")
	switch {
	case j > 0 && (p.is(i, "de", "comme", "como") && (p.lang.code == "en" || p.lang.code == "de")):
		return e, i
	case j == 0 && p.is(i, "for", "like", "as", "in") && len(p.word(i+1)) > 2 && !p.digitAhead(i+1) && !p.is(i+1, "the", "and", "you", "that", "this"):
		j = i + 1
	case j == 0:
		return e, i
	}
	w := p.word(j)
	if w == "" || w[0] < 'a' || w[0] > 'z' {
		return e, i
	}
	if e.text == "X" || e.text == "" && len(w) < 3 {
		return e, j + 1
	}
	return element{text: upper(w[0])}, j + 1
}
