package entity

import "strings"

// unitNames has the words of each unit's symbol, the singular first, the
// plural after it where it is not the singular with s.
var unitNames = []struct{ symbol, names string }{
	{"%", "percent/percent/per cent/percentage points"},
	{"kWh", "kilowatt hour/kilowatt hours/kilo watt hour/kilo watt hours/k w h/kwh"},
	{"MWh", "megawatt hour/megawatt hours/mwh"},
	{"Wh", "watt hour/watt hours/wh"},
	{"kW", "kilowatt/kilowatts/kw/k w"},
	{"MW", "megawatt/megawatts"},
	{"GW", "gigawatt/gigawatts"},
	{"W", "watt/watts/w"},
	{"km/h", "kilometer per hour/kilometers per hour/kilometre per hour/kilometres per hour/km h/kmh/kph"},
	{"mph", "mile per hour/miles per hour/mph"},
	{"m/s", "meter per second/meters per second/metres per second"},
	{"km²", "square kilometer/square kilometers/square kilometres"},
	{"m²", "square meter/square meters/square metres/sqm"},
	{"sq ft", "square foot/square feet/sq ft"},
	{"sq mi", "square mile/square miles"},
	{"m³", "cubic meter/cubic meters/cubic metre/cubic metres"},
	{"km", "kilometer/kilometers/kilometre/kilometres/km/kms/k m"},
	{"cm", "centimeter/centimeters/centimetre/centimetres/cm"},
	{"mm", "millimeter/millimeters/millimetre/millimetres/mm"},
	{"m", "meter/meters/metre/metres/m"},
	{"mi", "mile/miles/mi"},
	{"ft", "foot/feet/ft"},
	{"in", "inch/inches"},
	{"yd", "yard/yards/yd"},
	{"kg", "kilogram/kilograms/kilo/kilos/kg/kgs/kilogramme/kilogrammes"},
	{"mg", "milligram/milligrams/mg"},
	{"g", "gram/grams/g/gramme/grammes"},
	{"t", "ton/tons/tonne/tonnes"},
	{"lb", "pound/pounds/lb/lbs"},
	{"oz", "ounce/ounces/oz"},
	{"st", "stone/stones"},
	{"l", "liter/liters/litre/litres/l"},
	{"ml", "milliliter/milliliters/millilitre/millilitres/ml"},
	{"gal", "gallon/gallons"},
	{"°C", "degree celsius/degrees celsius/celsius/degrees centigrade/centigrade/degrees c"},
	{"°F", "degree fahrenheit/degrees fahrenheit/fahrenheit/degrees f"},
	{"°", "degree/degrees"},
	{"Hz", "hertz/hertz/hz"},
	{"kHz", "kilohertz/kilohertz/khz"},
	{"MHz", "megahertz/megahertz/mhz"},
	{"GHz", "gigahertz/gigahertz/ghz"},
	{"V", "volt/volts/v"},
	{"A", "amp/amps/ampere/amperes"},
	{"mA", "milliamp/milliamps"},
	{"Ω", "ohm/ohms"},
	{"hp", "horsepower/horsepower/hp"},
	{"Mbps", "megabit per second/megabits per second/mbps/meg per second"},
	{"Gbps", "gigabit per second/gigabits per second/gbps"},
	{"kbps", "kilobit per second/kilobits per second/kbps"},
	{"KB", "kilobyte/kilobytes/kb"},
	{"MB", "megabyte/megabytes/mb/megs"},
	{"GB", "gigabyte/gigabytes/gb/gigs/gig"},
	{"TB", "terabyte/terabytes/tb"},
	{"dB", "decibel/decibels/db"},
	{"kcal", "kilocalorie/kilocalories/kcal"},
	{"cal", "calorie/calories"},
	{"ha", "hectare/hectares"},
	{"ac", "acre/acres"},
	{"psi", "psi"},
	{"rpm", "revolution per minute/revolutions per minute/rpm"},
	{"kWh", "kilowattstunde/kilowattstunden"},
	{"%", "prozent/pour cent/por ciento"},
	{"km", "kilometern/kilómetro/kilómetros/kilomètre/kilomètres"},
	{"m", "metern/metro/metros/mètre/mètres"},
	{"kg", "kilogramm/kilogramo/kilogramos"},
	{"g", "gramm/gramo/gramos"},
	{"l", "litro/litros"},
	{"GB", "giga"},
}

type unitWords struct {
	words  []string
	symbol string
}

// unitsBy has the units by the first word of their names, longest first.
var unitsBy = func() map[string][]unitWords {
	m := map[string][]unitWords{}
	for _, u := range unitNames {
		for _, name := range strings.Split(u.names, "/") {
			words := strings.Fields(name)
			list := append(m[words[0]], unitWords{words, u.symbol})
			for k := len(list) - 1; k > 0 && len(list[k].words) > len(list[k-1].words); k-- {
				list[k], list[k-1] = list[k-1], list[k]
			}
			m[words[0]] = list
		}
	}
	return m
}()

// unitAt returns the symbol of the unit at i.
func (p *parser) unitAt(i int) (string, int) {
	if p.is(i, "%") {
		return "%", i + 1
	}
	if p.is(i, "°") {
		switch {
		case p.gluedTo(i+1, "c"):
			return "°C", i + 2
		case p.gluedTo(i+1, "f"):
			return "°F", i + 2
		}
		return "°", i + 1
	}
	if p.is(i, "km") && p.gluedTo(i+1, "/") && p.gluedTo(i+2, "h") {
		return "km/h", i + 3
	}
	for _, u := range unitsBy[p.word(i)] {
		if len(u.words[0]) == 1 && len(u.words) == 1 && p.kindAt(i-1) != figure {
			continue
		}
		if p.hasWords(i, u.words) {
			return u.symbol, i + len(u.words)
		}
	}
	return "", i
}

func (p *parser) hasWords(i int, words []string) bool {
	for k, w := range words {
		if p.word(i+k) != w {
			return false
		}
	}
	return true
}

func readQuantity(p *parser, i int) (Value, int, bool) {
	q, j := p.number(i)
	if j == i && p.is(i, "a", "an") {
		q, j = quantity{val: 1}, i+1
	}
	if j == i {
		return Value{}, i, false
	}
	k := p.skip(j, "a", "of")
	if p.is(j, "a") && q.val != 0.5 {
		k = j
	}
	symbol, end := p.unitAt(k)
	if end == k {
		return p.otherUnit(q, j)
	}
	v := Value{Text: trimZeros(q.String()) + " " + symbol, Number: q.val, Unit: symbol, Confidence: 0.95}
	if j == i+1 && p.is(i, "a", "an") {
		v.Confidence = 0.6
	}
	return v, end, true
}

// otherUnit takes a unit of time or money, or any plural noun, for the unit.
func (p *parser) otherUnit(q quantity, i int) (Value, int, bool) {
	v := Value{Text: trimZeros(q.String()), Number: q.val, Confidence: 0.6}
	w := p.word(i)
	switch _, isTime := p.lang.spans[w]; {
	case isTime && len(w) > 1:
		v.Unit = w
	case p.lang.code == "en" && p.kindAt(i) == word && len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss"):
		v.Unit = w
	default:
		return Value{}, i, false
	}
	v.Text += " " + v.Unit
	return v, i + 1, true
}
