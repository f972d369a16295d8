package entity

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// nameLeads are what callers say before their name, longest first.
var nameLeads = []string{
	"my full name is", "my first name is", "my last name is", "my name is", "my name's", "the name is", "the name's", "name is", "you're speaking with",
	"you are speaking with", "you're talking to", "you can call me", "this is", "i am called", "they call me", "call me", "i am", "i'm", "it is", "it's",
	"that is", "that's", "under the name of", "under the name", "under", "mein name ist", "ich heiße", "ich bin", "hier ist", "hier spricht",
	"je m'appelle", "je suis", "mon nom est", "c'est", "me llamo", "mi nombre es", "soy", "我 叫", "我 的 名 字 是", "我 是", "我 姓",
	"name", "speaking is",
}

// notNames are words that end or never belong to a name.
var notNames = table(1, `and und et y speaking here calling from with please is the a an i i'm my about at on to for spelled spelt thats that's
	that's it this uh um er well hello hi hey yes yeah no okay ok sure calling, of in by but so not thanks thank sorry it it's first last name middle
	surname family given mr mrs ms miss mister dr doctor sir madam professor herr frau madame monsieur señor señora good morning
	afternoon evening you can are was have want need would like just um, like your me we am im phone number today looking trying
	hoping having using wondering who what where when because actually born live older years old`)

// findName finds a person's name: after "my name is" and the like, or the
// whole turn where it is at most four words. Letters that spell it win over
// the words. Titles are dropped.
func findName(p *parser) (Value, bool) {
	if p.lang.code == "zh" {
		return p.nameChinese()
	}
	if v, ok := p.firstAndLast(); ok {
		return v, true
	}
	start, conf := p.nameStart()
	for start < len(p.toks) && p.nameSkip(start) {
		start++
	}
	words, end := p.nameWords(start)
	if len(words) == 0 || conf < 0.5 && (len(words) > 4 || end < len(p.toks) && !p.is(end, "speaking", "here", "calling", "and", "please", ".", "thanks", "spelled")) {
		return Value{}, false
	}
	text := strings.Join(words, " ")
	v := Value{Text: text, Confidence: conf, From: p.toks[start].from, To: p.toks[end-1].to}
	if spelled, from, to := p.spelledName(end); spelled != "" {
		v.Alternatives = []string{text}
		words[p.nearest(words, spelled)] = spelled
		v.Text, v.To = strings.Join(words, " "), p.toks[to-1].to
		_ = from
	}
	return v, true
}

func (p *parser) nameSkip(i int) bool {
	return p.is(i, "uh", "um", "er", "mr", "mrs", "ms", "miss", "mister", "dr", "doctor", "professor", "herr", "frau", "madame", "monsieur",
		"señor", "señora", ".", ",", ":", "-", "just", "actually", "yes", "yeah", "hi", "hello", "well", "sure", "okay", "ok", "so", "is", "oh", "no")
}

// nameStart returns the token after the last lead that a name follows.
func (p *parser) nameStart() (int, float64) {
	start, conf := 0, 0.45
	for i := 0; i < len(p.toks); i++ {
		for _, lead := range nameLeads {
			j := p.seq(i, lead)
			if j == 0 || j >= len(p.toks) {
				continue
			}
			strong := strings.Contains(lead, "name") || strings.Contains(lead, "call") || strings.Contains(lead, "heiße") || strings.Contains(lead, "llamo") || strings.Contains(lead, "appelle")
			k := j
			for p.nameSkip(k) {
				k++
			}
			if notNames[p.word(k)] > 0 && !strong || conf > 0.8 && !strong {
				break
			}
			start, conf = j, 0.7
			if strong {
				conf = 0.9
			}
			i = j - 1
			break
		}
	}
	return start, conf
}

// nameWords reads up to four words of a name, or the letters that spell one.
func (p *parser) nameWords(i int) ([]string, int) {
	if s, _, to := p.spelledName(i); s != "" {
		return []string{s}, to
	}
	var words []string
	for i < len(p.toks) && len(words) < 4 && p.kindAt(i) == word && notNames[p.word(i)] == 0 {
		if s, _, _ := p.spelledName(i); s != "" {
			break
		}
		if len(p.word(i)) == 1 && i+1 < len(p.toks) && p.gluedTo(i+1, ".") {
			words = append(words, title(p.word(i))+".")
			i += 2
			continue
		}
		words = append(words, p.nameWord(i))
		i++
	}
	return words, i
}

// nameWord is the word at i as a name is written; typed capitals are kept.
func (p *parser) nameWord(i int) string {
	raw := p.text[p.toks[i].from:p.toks[i].to]
	if strings.ToLower(raw) != raw && strings.ToUpper(raw) != raw {
		return raw
	}
	return title(p.word(i))
}

// title writes a name with capitals: "o'brien" is O'Brien, "mcdonald"
// McDonald.
func title(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	out := string(unicode.ToUpper(r)) + s[n:]
	for _, prefix := range []string{"O'", "D'", "Mc"} {
		if rest, ok := strings.CutPrefix(out, prefix); ok && len(rest) > 2 {
			r, n := utf8.DecodeRuneInString(rest)
			return prefix + string(unicode.ToUpper(r)) + rest[n:]
		}
	}
	return out
}

// spelledName reads a name that is spelled: "s m i t h", "spelled s m y t h
// e". It takes at least three letters.
func (p *parser) spelledName(i int) (name string, from, to int) {
	j := i
	for n := 0; n < 4 && p.is(j, "spelled", "spelt", "that's", "thats", "spelling", "which", "is", "it's", "and", ",", "buchstabiert", "."); n++ {
		j++
	}
	from = j
	var b strings.Builder
	for j < len(p.toks) {
		if p.is(j, "-", ",", ".") && b.Len() > 0 {
			j++
			continue
		}
		if n := p.lang.repeats[p.word(j)]; n > 0 && len(p.word(j+1)) == 1 && p.anyOf(j, "double u") == 0 {
			e, k := p.letterAt(j + 1)
			b.WriteString(strings.Repeat(strings.ToLower(e.text), n))
			j = k
			continue
		}
		e, k := p.letterAt(j)
		if k == j || e.text == "" || k == j+1 && len(p.word(j)) > 3 && alphabets[p.word(j)] == 0 || k == j+1 && b.Len() == 0 && len(p.word(j)) > 1 {
			break
		}
		b.WriteString(strings.ToLower(e.text))
		j = k
	}
	if b.Len() < 3 {
		return "", i, i
	}
	return title(b.String()), from, j
}

// nearest is which word a spelled name stands for.
func (p *parser) nearest(words []string, spelled string) int {
	best := len(words) - 1
	for k, w := range words {
		if distance(strings.ToLower(w), strings.ToLower(spelled)) < distance(strings.ToLower(words[best]), strings.ToLower(spelled)) {
			best = k
		}
	}
	return best
}

// firstAndLast reads "first name john last name smith".
func (p *parser) firstAndLast() (Value, bool) {
	first, last := -1, -1
	for i := range p.toks {
		switch {
		case p.anyOf(i, "first name", "given name", "prénom", "vorname", "nombre") > 0:
			first = p.anyOf(i, "first name", "given name", "prénom", "vorname", "nombre")
		case p.anyOf(i, "last name", "surname", "family name", "nachname", "apellido") > 0:
			last = p.anyOf(i, "last name", "surname", "family name", "nachname", "apellido")
		}
	}
	if first < 0 || last < 0 {
		return Value{}, false
	}
	for p.nameSkip(first) {
		first++
	}
	for p.nameSkip(last) {
		last++
	}
	a, endA := p.nameWords(first)
	b, endB := p.nameWords(last)
	if len(a) == 0 || len(b) == 0 {
		return Value{}, false
	}
	from, to := min(first, last), max(endA, endB)
	return Value{Text: strings.Join(append(a[:1:1], b...), " "), Confidence: 0.9, From: p.toks[from].from, To: p.toks[to-1].to}, true
}

// nameChinese takes two to four characters after the lead.
func (p *parser) nameChinese() (Value, bool) {
	start, conf := p.nameStart()
	end := start
	for end < len(p.toks) && end-start < 4 && p.kindAt(end) == word && !p.is(end, "的", "先", "女", "是", "我", "你", "这", "在", "想") {
		end++
	}
	if end-start < 1 || conf < 0.5 && (end-start < 2 || end < len(p.toks)) {
		return Value{}, false
	}
	from, to := p.toks[start].from, p.toks[end-1].to
	return Value{Text: p.text[from:to], Confidence: conf, From: from, To: to}, true
}
