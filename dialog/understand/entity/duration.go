package entity

import "strings"

// span is a unit of time.
type span struct {
	seconds float64
	symbol  byte // s, m, h, d, w, o (month), q, y
}

// spans makes a table from "seconds:word word;…".
func spans(groups string) map[string]span {
	symbols := map[string]byte{
		"1": 's', "60": 'm', "3600": 'h', "86400": 'd', "604800": 'w', "1209600": 'f',
		"2592000": 'o', "7776000": 'q', "31536000": 'y', "315360000": 'e', "3153600000": 'c',
	}
	m := map[string]span{}
	for _, group := range strings.Split(groups, ";") {
		seconds, words, _ := strings.Cut(strings.TrimSpace(group), ":")
		for _, w := range strings.Fields(words) {
			m[w] = span{atof(seconds), symbols[seconds]}
		}
	}
	return m
}

// length is a duration as it was said: a number of one unit, or several.
type length struct {
	count   float64
	span    span
	seconds float64 // all of it
	mixed   bool    // more than one unit
}

// spanAt returns the unit of time at i and the token after it.
func (p *parser) spanAt(i int) (span, int) {
	if p.lang.code == "zh" {
		return p.spanChinese(i)
	}
	w := p.word(i)
	s, ok := p.lang.spans[strings.TrimSuffix(w, "'")]
	if !ok || len(w) == 1 && (p.kindAt(i-1) != figure || !p.toks[i].glued) {
		return span{}, i
	}
	if p.is(i+1, ".") && len(w) < 4 && i+2 < len(p.toks) && p.toks[i+1].glued {
		return s, i + 2
	}
	return s, i + 1
}

func (p *parser) spanChinese(start int) (span, int) {
	i := p.skip(start, "个", "個")
	switch {
	case p.seq(i, "小 时") > 0, p.seq(i, "钟 头") > 0:
		return span{3600, 'h'}, i + 2
	case p.seq(i, "分 钟") > 0:
		return span{60, 'm'}, i + 2
	case p.seq(i, "星 期") > 0, p.seq(i, "礼 拜") > 0:
		return span{604800, 'w'}, i + 2
	case p.is(i, "月") && p.is(i-1, "个", "個"):
		return span{2592000, 'o'}, p.skip(i + 1)
	}
	if s, ok := p.lang.spans[p.word(i)]; ok && !p.is(i, "分", "日") {
		return s, p.skip(i+1, "钟")
	}
	return span{}, start
}

// length reads a duration at i: "an hour and a half", "half an hour", "two
// and a half minutes", "one hour thirty", "1h30".
func (p *parser) length(i int) (length, int) {
	l, j := p.simpleLength(i)
	if j == i {
		return length{}, i
	}
	for j < len(p.toks) {
		k := j
		if p.is(k, ",") || has(p.lang.ands, p.word(k)) {
			k++
		}
		next, m := p.simpleLength(k)
		if m == k || next.span.seconds >= l.span.seconds {
			break
		}
		l.seconds += next.seconds
		l.span = next.span
		l.mixed = true
		j = m
	}
	return p.minutesAfter(l, j)
}

// minutesAfter reads a number without its unit: "an hour (and) thirty".
func (p *parser) minutesAfter(l length, i int) (length, int) {
	if l.span.symbol != 'h' && l.span.symbol != 'm' {
		return l, i
	}
	j := p.skip(i, "and")
	n, k := p.cardinal(j)
	if k == j || n.val < 5 || n.val > 59 || p.is(j, "a") {
		return l, i
	}
	if s, m := p.spanAt(k); m > k && s.seconds*60 != l.span.seconds || p.is(k, "minutes") {
		return l, i
	}
	if k < len(p.toks) && j == i && !p.is(k, "or", "then", "please", ".") && !n.figures {
		return l, i
	}
	l.seconds += float64(n.val) * l.span.seconds / 60
	l.mixed = true
	return l, k
}

// simpleLength reads one number and one unit.
func (p *parser) simpleLength(i int) (length, int) {
	if l, j := p.partLength(i); j > i {
		return l, j
	}
	q, j := p.number(i)
	if j == i && p.is(i, "a", "an", "another", "one", "eine", "einer", "einem", "ein", "une", "un", "una") {
		q, j = quantity{val: 1}, i+1
	}
	if j == i || q.val < 0 {
		return length{}, i
	}
	if p.is(j, "个", "個") && p.is(j+1, "半") {
		q.val, j = q.val+0.5, j+2
	}
	j = p.skip(p.skip(p.skip(j, "more"), "full", "whole", "business", "working"), "of")
	s, k := p.spanAt(j)
	if k == j {
		return length{}, i
	}
	l := length{count: q.val, span: s, seconds: q.val * s.seconds}
	return p.andHalf(l, k)
}

// andHalf reads "and a half" after the unit: "an hour and a half".
func (p *parser) andHalf(l length, i int) (length, int) {
	part, j := 0.0, 0
	switch {
	case p.seq(i, "and a half") > 0:
		part, j = 0.5, i+3
	case p.seq(i, "and a quarter") > 0:
		part, j = 0.25, i+3
	case p.seq(i, "and three quarters") > 0:
		part, j = 0.75, i+3
	case p.anyOf(i, "et demie", "et demi", "y media", "y medio") > 0:
		part, j = 0.5, i+2
	case p.is(i, "半"):
		part, j = 0.5, i+1
	}
	if j == 0 {
		return l, i
	}
	if _, k := p.spanAt(j); k > j && part == 0.5 && p.lang.code == "en" {
		return l, i
	}
	l.count += part
	l.seconds += part * l.span.seconds
	return l, j
}

// partLength reads a part of a unit: "half an hour", "a quarter of an hour",
// "three quarters of an hour", "half hour".
func (p *parser) partLength(i int) (length, int) {
	part, j := 0.0, 0
	switch {
	case p.lang.code == "de" && p.is(i, "dreiviertelstunde", "viertelstunde"):
		n := map[string]float64{"dreiviertelstunde": 0.75, "viertelstunde": 0.25}[p.word(i)]
		return length{count: n, span: span{3600, 'h'}, seconds: n * 3600}, i + 1
	case p.lang.code == "de" && p.is(i, "eine", "einer") && p.is(i+1, "halbe", "halben", "viertelstunde", "dreiviertelstunde"):
		return p.simpleLength(i + 1)
	case p.lang.code == "fr" && p.is(i, "une") && p.is(i+1, "demi", "demie"):
		return p.simpleLength(i + 1)
	case p.lang.code == "fr" && p.seq(i, "un quart d'heure") > 0:
		return length{count: 0.25, span: span{3600, 'h'}, seconds: 900}, i + 3
	case p.anyOf(i, "half a", "half an", "half of an") > 0:
		part, j = 0.5, p.anyOf(i, "half a", "half an", "half of an")
	case p.anyOf(i, "a quarter of an", "quarter of an", "a quarter of a") > 0:
		part, j = 0.25, p.anyOf(i, "a quarter of an", "quarter of an", "a quarter of a")
	case p.anyOf(i, "three quarters of an", "three quarters of a") > 0:
		part, j = 0.75, i+4
	case p.anyOf(i, "a half", "half") > 0:
		part, j = 0.5, p.anyOf(i, "a half", "half")
	}
	if j == 0 {
		return length{}, i
	}
	s, k := p.spanAt(j)
	if k == j {
		return length{}, i
	}
	return length{count: part, span: s, seconds: part * s.seconds}, k
}

func readDuration(p *parser, i int) (Value, int, bool) {
	l, j := p.length(i)
	if j == i {
		return Value{}, i, false
	}
	return Value{Text: formatFloat(l.seconds), Number: l.seconds, Unit: "s", Confidence: 0.95}, j, true
}
