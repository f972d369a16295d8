package guard

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// amount is a number with what it counts: "30", "day". The unit is empty where
// none is told.
type amount struct{ number, unit string }

// numeral finds numbers: digits apart by single spaces are one, read out.
var numeral = regexp.MustCompile(`\b\d(?: \d)+\b|\d+(?:[.,:]\d+)*`)

// unitAfter finds what a number counts, right after it.
var unitAfter = regexp.MustCompile(`^[ -]?(?:(working|business) )?(euros?|eur|€|dollars?|usd|\$|pounds?|gbp|£|yuan|cny|cents?|pence|%|percent|per cent|kwh|kilowatt hours?|kw|kilowatts?|watts?|days?|weeks?|months?|years?|hours?|minutes?|seconds?|kilometers?|kilometres?|km|kilos?|kg|meters?|metres?|a\.?m\b|p\.?m\b|o'clock|times|digits|欧元|元|块|美元|天|周|个月|年|小时|分钟|点|折|公里)`)

// before finds a currency in front of its number.
var before = regexp.MustCompile(`([€$£]) ?$`)

// units are units by all their names.
var units = func() map[string]string {
	out := map[string]string{}
	for unit, names := range map[string]string{
		"eur": "euro euros eur € 欧元", "usd": "dollar dollars usd $ 美元", "gbp": "pound pounds gbp £", "cny": "yuan cny 元 块", "cent": "cent cents pence",
		"%": "% percent", "kwh": "kwh", "kw": "kw kilowatt kilowatts", "w": "watt watts", "day": "day days 天", "week": "week weeks 周", "month": "month months 个月",
		"year": "year years 年", "hour": "hour hours 小时", "minute": "minute minutes 分钟", "second": "second seconds",
		"km": "kilometer kilometers kilometre kilometres km 公里", "kg": "kilo kilos kg", "m": "meter meters metre metres",
		"am": "am a.m", "pm": "pm p.m", "o'clock": "o'clock 点", "times": "times", "digits": "digits", "折": "折",
	} {
		for name := range strings.FieldsSeq(names) {
			out[name] = unit
		}
	}
	out["per cent"], out["kilowatt hour"], out["kilowatt hours"] = "%", "kwh", "kwh"
	return out
}()

// money are the units that may not come out of a number that counts nothing.
var money = []string{"eur", "usd", "gbp", "cny", "cent", "%", "折"}

// amounts are the numbers in a text, which is in lower case.
func amounts(text string) []amount {
	var out []amount
	for _, at := range numeral.FindAllStringIndex(text, -1) {
		number := strings.ReplaceAll(strings.TrimRight(text[at[0]:at[1]], ".:,"), " ", "")
		if thousands.MatchString(number) {
			number = strings.ReplaceAll(number, ",", "")
		}
		if strings.Count(number, ".") == 1 { // 20.50 is 20.5
			number = strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
		}
		out = append(out, amount{number, unitAt(text, at[0], at[1])})
	}
	return out
}

var thousands = regexp.MustCompile(`^\d{1,3}(?:,\d{3})+$`)

func unitAt(text string, from, to int) string {
	if m := unitAfter.FindStringSubmatch(text[to:]); m != nil {
		unit := units[m[2]]
		if unit == "day" && m[1] != "" {
			return "workday"
		}
		return unit
	}
	if m := before.FindStringSubmatch(text[:from]); m != nil {
		return units[m[1]]
	}
	return ""
}

// counts is what each number counts, in what a source says.
type counts map[string][]string

func (c counts) add(list []amount) {
	for _, a := range list {
		if !slices.Contains(c[a.number], a.unit) {
			c[a.number] = append(c[a.number], a.unit)
		}
	}
}

// back reports whether an amount in a source backs one in a sentence: the same
// number of the same thing, or of a thing that the source does not name. Money
// and parts of a whole must be named by both. What a person wrote is held to the
// number alone.
func (c counts) back(said amount, written bool) bool {
	units, known := c[said.number]
	switch {
	case !known:
		return false
	case !written, slices.Contains(units, said.unit):
		return true
	case said.unit == "": // an hour of the day may be told without its "o'clock"
		return slices.Contains(units, "o'clock") || slices.Contains(units, "digits")
	}
	return slices.Contains(units, "") && !slices.Contains(money, said.unit)
}

// inWords finds numbers in words, and one of a thing.
var inWords = regexp.MustCompile(`\b(?:(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million)(?:[ -]|\b))+|\ban? (?:hundred |thousand |million |week|month|year|day|hour|minute|fortnight|quarter|third)|\b(?:half|double|triple|dozen|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|twentieth|thirtieth)\b`)

var values = func() map[string]int {
	out := map[string]int{"hundred": 100, "thousand": 1000, "million": 1_000_000, "a": 1, "an": 1}
	for i, w := range strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen") {
		out[w] = i
	}
	for i, w := range strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety") {
		out[w] = 20 + 10*i
	}
	for i, w := range strings.Fields("third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth") {
		out[w] = i + 3
	}
	return out
}()

// spelledAmounts are the numbers in words in a text in lower case, each with the
// words themselves. "One" alone counts only in front of a unit: it is a pronoun.
func spelledAmounts(text string) (found []amount, words []string) {
	for _, at := range inWords.FindAllStringIndex(text, -1) {
		said := strings.TrimRight(text[at[0]:at[1]], " -")
		end := at[0] + len(said)
		if strings.HasPrefix(said, "a ") || strings.HasPrefix(said, "an ") { // a week: the unit is in the words
			if _, thing, _ := strings.Cut(said, " "); units[thing] != "" {
				found, words = append(found, amount{"1", units[thing]}), append(words, said)
				continue
			}
		}
		unit := unitAt(text, at[0], end)
		if said == "one" && unit == "" {
			continue
		}
		found, words = append(found, amount{count(said), unit}), append(words, said)
	}
	return found, words
}

// count is what words count up to, empty where they are no plain number.
func count(words string) string {
	total, part := 0, 0
	for _, w := range strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == '-' }) {
		v, ok := values[w]
		switch {
		case !ok:
			return ""
		case v == 100:
			part = max(part, 1) * v
		case v >= 1000:
			total, part = total+max(part, 1)*v, 0
		default:
			part += v
		}
	}
	return strconv.Itoa(total + part)
}
