package entity

import (
	"regexp"
	"strconv"
	"strings"
)

// streetTypes end the name of a street in English.
var streetTypes = table(1, `street st road rd avenue ave av lane ln drive dr boulevard blvd court ct place pl way circle cir terrace close
	square sq highway hwy parkway pkwy crescent cres gardens row mews alley trail plaza grove hill walk wharf quay park broadway loop pike turnpike run`)

// germanStreet ends a German street's name in one word.
var germanStreet = regexp.MustCompile(`(straße|strasse|str|weg|platz|allee|gasse|ring|ufer|damm|markt|hof)$`)

// ukPostcode is one without its space.
var ukPostcode = regexp.MustCompile(`^([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})$`)

// states are those of the USA.
var states = func() map[string]string {
	m := map[string]string{}
	for _, s := range strings.Split(`AL:alabama;AK:alaska;AZ:arizona;AR:arkansas;CA:california;CO:colorado;CT:connecticut;DE:delaware;
		FL:florida;GA:georgia;HI:hawaii;ID:idaho;IL:illinois;IN:indiana;IA:iowa;KS:kansas;KY:kentucky;LA:louisiana;ME:maine;MD:maryland;
		MA:massachusetts;MI:michigan;MN:minnesota;MS:mississippi;MO:missouri;MT:montana;NE:nebraska;NV:nevada;NH:new hampshire;NJ:new jersey;
		NM:new mexico;NY:new york;NC:north carolina;ND:north dakota;OH:ohio;OK:oklahoma;OR:oregon;PA:pennsylvania;RI:rhode island;
		SC:south carolina;SD:south dakota;TN:tennessee;TX:texas;UT:utah;VT:vermont;VA:virginia;WA:washington;WV:west virginia;
		WI:wisconsin;WY:wyoming;DC:d c`, ";") {
		code, name, _ := strings.Cut(strings.TrimSpace(s), ":")
		m[name] = code
	}
	return m
}()

// findAddress finds a street with its number, and what of flat, city, state
// and postcode stands around it.
func findAddress(p *parser) (Value, bool) {
	a := addressReader{p: p}
	if !a.german() && !a.street() {
		return Value{}, false
	}
	a.unit()
	a.postcode()
	a.cityAndState()
	v := Value{Text: a.place.String(), Place: a.place, Confidence: 0.6, From: p.toks[a.from].from, To: p.toks[max(a.to, a.last)-1].to}
	if a.place.City != "" {
		v.Confidence = 0.75
	}
	if a.place.Postcode != "" {
		v.Confidence = 0.9
	}
	return v, true
}

// String writes the place in one line: "12 Main Street Apt 4, Springfield, IL
// 62704", "Lindenweg 5, 80331 München".
func (a Place) String() string {
	line := strings.TrimSpace(a.Number + " " + a.Street)
	if a.State == "" && germanStreet.MatchString(strings.ToLower(a.Street)) {
		line = a.Street + " " + a.Number
		a.City, a.Postcode = strings.TrimSpace(a.Postcode+" "+a.City), ""
	}
	if a.Unit != "" {
		line += " " + a.Unit
	}
	last := strings.TrimSpace(a.State + " " + a.Postcode)
	for _, part := range []string{a.City, last} {
		if part != "" {
			line += ", " + part
		}
	}
	return line
}

type addressReader struct {
	p        *parser
	place    Place
	from, to int // tokens of street and flat
	last     int // the token after all of it
	limit    int // where the city ends
}

// street reads the number and the street's name.
func (a *addressReader) street() bool {
	p := a.p
	for i := range p.toks {
		r := p.digitRunAt(i)
		if r.text == "" || len(r.text) > 6 || p.find(r.from, r.to, ",") >= 0 {
			continue
		}
		number, next := p.houseNumber(r)
		end := p.streetEnd(next)
		if end == 0 || number == "" {
			continue
		}
		a.place.Number = number
		a.place.Street = p.streetName(next, end)
		a.from, a.to, a.limit = i, end, len(p.toks)
		return true
	}
	return false
}

// houseNumber leaves to the street what is an ordinal: "twelve | twenty first
// street"; a letter after it belongs to it.
func (p *parser) houseNumber(r run) (string, int) {
	for k := r.from + 1; k < r.to; k++ {
		if _, e := p.nth(k); e > r.to {
			q := *p
			q.toks = p.toks[:k]
			if first := q.digitRunAt(r.from); len(first.text) > 1 {
				r = first
				break
			}
		}
	}
	if r.to == r.from+1 && p.is(r.to, "st", "nd", "rd", "th") && p.toks[r.to].glued {
		return "", r.to
	}
	if w := p.word(r.to); len(w) == 1 && w >= "a" && w <= "h" && p.kindAt(r.to) == word {
		return r.text + upper(w[0]), r.to + 1
	}
	return r.text, r.to
}

// streetEnd returns the token after the street's type, within five words.
func (p *parser) streetEnd(i int) int {
	for j := i; j < min(i+6, len(p.toks)); j++ {
		if p.is(j, ",", "and", "is", "my") {
			return 0
		}
		if streetTypes[p.word(j)] == 0 || j == i && !p.is(j, "broadway") || p.is(j, "st") && j == i+1 && len(p.word(i)) == 2 {
			continue
		}
		if j+1 < len(p.toks) && streetTypes[p.word(j+1)] > 0 && p.is(j, "park", "hill", "court", "st", "run", "grove", "square", "row", "close") {
			j++
		}
		j++
		if p.gluedTo(j, ".") {
			j++
		}
		return p.skip(j, "north", "south", "east", "west", "northwest", "northeast", "southwest", "southeast", "nw", "ne", "sw", "se")
	}
	return 0
}

// streetName writes the words from i to j with capitals and ordinals in
// figures.
func (p *parser) streetName(i, j int) string {
	var words []string
	for i < j {
		if n, k := p.nth(i); k > i && k <= j {
			words = append(words, strconv.FormatInt(n, 10)+suffixOf(n))
			i = k
			continue
		}
		if p.kindAt(i) == word {
			words = append(words, title(p.word(i)))
		} else if p.kindAt(i) == figure {
			words = append(words, p.word(i))
		}
		i++
	}
	return strings.Join(words, " ")
}

// suffixOf is the ending of an ordinal in figures.
func suffixOf(n int64) string {
	if n%100 >= 11 && n%100 <= 13 {
		return "th"
	}
	switch n % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}

// german reads "hauptstraße zwölf", "am markt 3".
func (a *addressReader) german() bool {
	p := a.p
	for i := range p.toks {
		if p.lang.code != "de" && !strings.Contains(p.word(i), "straße") && !strings.HasSuffix(p.word(i), "strasse") || !germanStreet.MatchString(p.word(i)) {
			continue
		}
		n, j := p.cardinal(i + 1)
		if j == i+1 || n.val == 0 || n.val > 9999 {
			continue
		}
		a.place.Street, a.place.Number = title(p.word(i)), strconv.FormatInt(n.val, 10)
		if w := p.word(j); len(w) == 1 && w >= "a" && w <= "h" {
			a.place.Number += w
			j++
		}
		a.from, a.to, a.limit = i, j, len(p.toks)
		return true
	}
	return false
}

// unit reads a flat before or after the street.
func (a *addressReader) unit() {
	p := a.p
	i := p.skip(a.to, ",")
	words := []string{"apartment", "apt", "unit", "suite", "flat", "room", "#", "ste", "floor"}
	if j := a.from - 1; j > 0 && p.is(j, ",") {
		a.from--
	}
	if !p.is(i, words...) {
		for back := a.from - 1; back >= 0 && back > a.from-4; back-- {
			if p.is(back, "flat", "apartment", "unit", "apt") {
				q := *p
				q.toks = p.toks[:a.from]
				if e, j := q.piece(back+1, true); j > back+1 {
					a.place.Unit = title(p.word(back)) + " " + e.text
					a.from = back
				}
			}
		}
		return
	}
	name := p.word(i)
	i = p.skip(p.skip(i+1, "number"), ".")
	e, j := p.piece(i, true)
	if j == i {
		return
	}
	text := e.text
	if f, k := p.piece(j, true); k > j && len(f.text) == 1 && len(p.word(j)) == 1 {
		text, j = text+f.text, k
	}
	a.place.Unit, a.to = title(name)+" "+text, j
}

// postcode reads five digits (or nine), or a British one, after the street.
func (a *addressReader) postcode() {
	p := a.p
	for i := a.to; i < len(p.toks); i++ {
		if p.is(i, "zip", "postcode", "postal", "code") && a.limit == len(p.toks) {
			a.limit = i
		}
		if r := p.digitRunAt(i); len(r.text) == 5 || len(r.text) == 9 || len(r.text) == 6 && p.lang.code == "zh" {
			a.place.Postcode = r.text
			if len(r.text) == 9 {
				a.place.Postcode = r.text[:5] + "-" + r.text[5:]
			}
			a.limit = min(a.limit, i)
			a.after(r.to)
			return
		}
		c := p.codeAt(i)
		if m := ukPostcode.FindStringSubmatch(strings.ReplaceAll(c.b.String(), "-", "")); m != nil {
			a.place.Postcode = m[1] + " " + m[2]
			a.limit = min(a.limit, i)
			a.after(c.to)
			return
		}
	}
}

// after notes that the address goes on to token i, and reads the city there
// where none stands before the postcode.
func (a *addressReader) after(i int) {
	if a.p.skip(a.to, ",") >= a.limit && i < len(a.p.toks) {
		a.place.City, i = a.words(i, len(a.p.toks))
	}
	a.last = max(a.last, i)
	if a.place.City != "" {
		a.limit = 0
	}
}

// words joins what may be a city's name from i to limit.
func (a *addressReader) words(i, limit int) (string, int) {
	var words []string
	for i = a.p.skip(i, ","); i < limit && len(words) < 4; i++ {
		w := a.p.word(i)
		if a.p.kindAt(i) != word || a.p.is(i, "please", "thanks", "thank", "and", "my", "is", "that", "zip", "with", "for", "i") {
			break
		}
		if len(words) == 0 && a.p.is(i, "in") {
			continue
		}
		words = append(words, title(w))
	}
	return strings.Join(words, " "), i
}

// cityAndState reads what stands between the street and the postcode.
func (a *addressReader) cityAndState() {
	p := a.p
	if a.place.City != "" || a.limit == 0 {
		return
	}
	start := a.to
	end := a.limit
	for end > start && p.is(end-1, ",", "the", "and") {
		end--
	}
	for _, n := range []int{1, 2} {
		k := end - n
		if k < start || end > len(p.toks) {
			continue
		}
		name := p.word(k)
		if n == 2 {
			name += " " + p.word(k+1)
		}
		code := states[name]
		if len(name) == 2 && p.stateCode(name) {
			code = strings.ToUpper(name)
		}
		if code != "" && (k > start || n == 2) && !(n == 1 && states[p.word(k-1)+" "+name] != "") {
			a.place.State, end = code, k
			a.last = max(a.last, k+n)
			break
		}
	}
	city, to := a.words(start, end)
	a.place.City = city
	if city != "" {
		a.last = max(a.last, to)
	}
}

func (p *parser) stateCode(w string) bool {
	for _, code := range states {
		if strings.EqualFold(code, w) {
			return true
		}
	}
	return false
}
