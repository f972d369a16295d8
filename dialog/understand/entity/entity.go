package entity

import (
	"time"
)

// Type is a kind of value.
type Type string

// The types, and what Value.Text holds for each.
const (
	Date      Type = "date"      // 2026-03-23
	Time      Type = "time"      // 15:30
	Datetime  Type = "datetime"  // 2026-03-23T15:30
	DateRange Type = "daterange" // 2026-03-23/2026-03-27, both included
	Money     Type = "money"     // 42.50 USD, or 42.50
	Number    Type = "number"    // 42, -3.14
	Ordinal   Type = "ordinal"   // 23
	Duration  Type = "duration"  // 5400, in seconds
	Quantity  Type = "quantity"  // 350 kWh
	Phone     Type = "phone"     // +442079460000, 5551234
	Card      Type = "card"      // 4111111111111111; none where Luhn's digit is wrong
	Digits    Type = "digits"    // 00412
	Code      Type = "code"      // AB-12
	Email     Type = "email"     // john.smith@gmail.com
	YesNo     Type = "yesno"     // yes, no
	Name      Type = "name"      // John Smith
	Address   Type = "address"   // 12 Main Street, Springfield 62704
)

// Value is one that was found.
type Value struct {
	Type Type
	// Text is the value in its canonical form, see the constants.
	Text string
	// Number is the amount of Money, Number, Ordinal, Duration (seconds) and
	// Quantity.
	Number float64
	// Unit is the ISO 4217 currency of Money and the symbol of a Quantity.
	Unit string
	// Place are the parts of an Address.
	Place Place
	// From and To are the bytes of the text that the value was read from.
	From, To int
	// Confidence is 0 to 1: 0.9 and more is explicit, 0.5 a guess.
	Confidence float64
	// Alternatives are other readings in the form of Text, likeliest first.
	Alternatives []string
}

// Place are the parts of an address; what was not said is empty.
type Place struct {
	Number, Street, Unit, City, State, Postcode string
}

// maxText is how much of a text is read; a turn on the telephone is far
// shorter.
const maxText = 4096

// reader reads one value from the tokens that begin at i. next is the first
// token that it did not use.
type reader func(p *parser, i int) (v Value, next int, ok bool)

// readers has the types that are tried at every token. The others look at the
// text as a whole: see whole.
var readers = map[Type]reader{
	Date:      readDate,
	Time:      readTime,
	Datetime:  readDatetime,
	DateRange: readRange,
	Money:     readMoney,
	Number:    readNumber,
	Ordinal:   readOrdinal,
	Duration:  readDuration,
	Quantity:  readQuantity,
}

// whole has the types that are found by looking at all tokens.
var whole = map[Type]func(p *parser) (Value, bool){
	Phone:   findPhone,
	Card:    findCard,
	Digits:  findDigits,
	Code:    findCode,
	Email:   findEmail,
	YesNo:   findYesNo,
	Name:    findName,
	Address: findAddress,
}

// parser is one text being read.
type parser struct {
	text string
	toks []token
	at   time.Time
	lang *language
	// depth is how many dates are being read within one another.
	depth int
}

func newParser(text string, at time.Time, lang string) *parser {
	text = clip(text)
	l := languageOf(lang)
	return &parser{text: text, toks: lex(text, l), at: at, lang: l}
}

// Find returns the value of the type in text, and false where there is none.
// at is the moment to which "tomorrow" and the like refer.
func Find(text string, typ Type, at time.Time, lang string) (Value, bool) {
	p := newParser(text, at, lang)
	if f := whole[typ]; f != nil {
		v, ok := f(p)
		v.Type = typ
		return v, ok
	}
	vs := p.all(typ)
	if len(vs) == 0 {
		return Value{Type: typ}, false
	}
	best := vs[0]
	for _, v := range vs[1:] {
		if p.corrected(best.To, v.From) || v.Confidence > best.Confidence+0.25 {
			best = v
		}
	}
	return best, true
}

// All returns every value of the type in text, in order; at most one of the
// types that are read from a whole turn (YesNo, Name, Address and so on).
func All(text string, typ Type, at time.Time, lang string) []Value {
	p := newParser(text, at, lang)
	if f := whole[typ]; f != nil {
		v, ok := f(p)
		if !ok {
			return nil
		}
		v.Type = typ
		return []Value{v}
	}
	return p.all(typ)
}

func (p *parser) all(typ Type) []Value {
	read := readers[typ]
	if read == nil {
		return nil
	}
	var vs []Value
	for i := 0; i < len(p.toks); {
		v, next, ok := read(p, i)
		if !ok || next <= i {
			i++
			continue
		}
		v.Type = typ
		v.From, v.To = p.toks[i].from, p.toks[next-1].to
		vs = append(vs, v)
		i = next
	}
	return vs
}

// corrected tells whether what stands between two values takes the first one
// back.
func (p *parser) corrected(from, to int) bool {
	if from >= to {
		return false
	}
	// A correction stands close to what it brings; a bound keeps long texts
	// from taking quadratic time.
	between := p.text[max(from, to-64):to]
	for _, t := range lex(between, p.lang) {
		switch t.low {
		case "no", "sorry", "mean", "meant", "actually", "rather", "wait", "correction", "scratch", "oops", "make", "nein", "non", "perdón", "不", "错":
			return true
		}
	}
	return false
}

func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	text = text[:maxText]
	for len(text) > 0 && text[len(text)-1]&0xC0 == 0x80 {
		text = text[:len(text)-1]
	}
	return text
}
