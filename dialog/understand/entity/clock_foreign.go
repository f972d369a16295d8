package entity

// foreignParts are the parts of a day, longest first.
var foreignParts = map[string][]struct {
	phrase string
	part   part
}{
	"de": {
		{"am vormittag", morning},
		{"am morgen", morning},
		{"in der früh", morning},
		{"am nachmittag", afternoon},
		{"am abend", evening},
		{"in der nacht", night},
		{"morgens", morning},
		{"vormittags", morning},
		{"früh", morning},
		{"nachmittags", afternoon},
		{"nachmittag", afternoon},
		{"vormittag", morning},
		{"mittags", afternoon},
		{"abends", evening},
		{"abend", evening},
		{"nachts", night},
	},
	"fr": {
		{"du matin", morning},
		{"de l'après midi", afternoon},
		{"du soir", evening},
		{"de la nuit", night},
		{"le matin", morning},
		{"matin", morning},
		{"l'après midi", afternoon},
		{"après midi", afternoon},
		{"ce soir", evening},
		{"soir", evening},
	},
	"es": {
		{"de la mañana", morning},
		{"de la tarde", afternoon},
		{"de la noche", night},
		{"por la mañana", morning},
		{"por la tarde", afternoon},
		{"por la noche", night},
		{"de la madrugada", morning},
		{"del mediodía", afternoon},
	},
	"zh": {
		{"早 上", morning},
		{"上 午", morning},
		{"凌 晨", morning},
		{"中 午", afternoon},
		{"下 午", afternoon},
		{"傍 晚", evening},
		{"晚 上", evening},
		{"半 夜", night},
		{"早", morning},
		{"晚", evening},
	},
}

func (p *parser) foreignPart(i int) (part, int) {
	for _, n := range foreignParts[p.lang.code] {
		if j := p.seq(i, n.phrase); j > 0 {
			return n.part, j
		}
	}
	if d, j := p.partAfter(i); d == am || d == pm {
		return d, j
	}
	return unknown, i
}

// dayPartForeign reads the part of a day after its name: "morgen abend",
// "明天下午".
func (p *parser) dayPartForeign(i, j int) (part, int) {
	if p.lang.code == "zh" {
		switch {
		case p.is(j-1, "早"):
			return morning, j
		case p.is(j-1, "晚"):
			return evening, j
		}
	}
	if p.is(j-1, "soir") {
		return evening, j
	}
	if p.lang.code == "de" && p.is(j, "morgen") {
		return morning, j + 1
	}
	return p.foreignPart(j)
}

// clockForeign reads a time of day in German, French or Spanish.
func (p *parser) clockForeign(i int) (clock, int) {
	if p.lang.code == "fr" && p.is(i, "moins") {
		return clock{}, i
	}
	d, start := p.foreignPart(i)
	start = p.skip(start, "um", "à", "a")
	start = p.skip(start, "las", "la")
	c, j := p.foreignNoon(start)
	if j == start {
		c, j = p.figureTime(start)
	}
	if j == start && p.lang.code == "de" {
		c, j = p.germanTime(start)
	} else if j == start {
		c, j = p.romanceTime(start)
	}
	if j == start {
		return clock{}, i
	}
	j = p.skip(j, "uhr")
	if e, k := p.foreignPart(j); k > j {
		d, j = e, k
	}
	if !c.half && d != unknown {
		c = c.in(d)
		c.conf = 0.95
	}
	return c, j
}

func (p *parser) foreignNoon(i int) (clock, int) {
	switch {
	case p.is(i, "mittag", "midi", "mediodía"):
		return p.romanceMinutes(clock{hour: 12, half: true, conf: 0.95}, i+1)
	case p.is(i, "mitternacht", "minuit", "medianoche"):
		return p.romanceMinutes(clock{half: true, conf: 0.95}, i+1)
	}
	return clock{}, i
}

// germanTime reads "halb neun", "viertel vor fünf", "zehn nach sechs", "fünf
// vor halb drei", "neun uhr dreißig".
func (p *parser) germanTime(i int) (clock, int) {
	switch {
	case p.is(i, "halb"):
		return p.germanHour(i+1, -30, i)
	case p.seq(i, "drei viertel") > 0:
		return p.germanHour(i+2, -15, i)
	case p.is(i, "dreiviertel"):
		return p.germanHour(i+1, -15, i)
	}
	min, j := 15, i+1
	if !p.is(i, "viertel") {
		n, k := p.cardinal(i)
		if k == i || n.val > 59 {
			return clock{}, i
		}
		min, j = int(n.val), p.skip(k, "minuten")
	}
	switch {
	case p.is(j, "vor") && p.is(j+1, "halb"):
		return p.germanHour(j+2, -30-min, i)
	case p.is(j, "nach") && p.is(j+1, "halb"):
		return p.germanHour(j+2, -30+min, i)
	case p.is(j, "vor"):
		return p.germanHour(j+1, -min, i)
	case p.is(j, "nach"):
		return p.germanHour(j+1, min, i)
	case min == 15 && p.is(i, "viertel"):
		return p.germanHour(j, -45, i)
	}
	return p.germanOclock(min, i, j)
}

// germanHour reads an hour and moves it by minutes.
func (p *parser) germanHour(i, minutes, start int) (clock, int) {
	n, j := p.cardinal(i)
	if j == i || n.val > 24 {
		return clock{}, start
	}
	m := (int(n.val)*60 + minutes + 1440) % 1440
	if n.val <= 12 && m < 60 {
		m += 720
	}
	return clock{hour: m / 60, min: m % 60, half: n.val > 12, conf: 0.9}, j
}

func (p *parser) germanOclock(h, i, j int) (clock, int) {
	if h > 24 {
		return clock{}, i
	}
	c := clock{hour: h % 24, half: h > 12 || h == 0, conf: 0.4}
	if !p.is(j, "uhr") {
		if _, k := p.foreignPart(j); k > j || p.is(i-1, "um", "gegen", "ab") {
			c.conf = 0.8
			return c, j
		}
		if len(p.toks) > 2 {
			return clock{}, i
		}
		return c, j
	}
	c.conf = 0.95
	j++
	if n, k := p.cardinal(j); k > j && n.val < 60 {
		return clock{hour: c.hour, min: int(n.val), half: c.half, conf: 0.95}, k
	}
	return c, j
}

// romanceTime reads "neuf heures et demie", "las nueve y media", "9h30".
func (p *parser) romanceTime(i int) (clock, int) {
	n, j := p.cardinal(i)
	if j == i || n.val > 24 {
		return clock{}, i
	}
	c := clock{hour: int(n.val) % 24, half: n.val > 12 || n.val == 0, conf: 0.4}
	hours := p.is(j, "heures", "heure", "h", "horas")
	article := p.is(i-1, "las", "la")
	if hours {
		j++
	}
	if !hours && !article {
		_, k := p.foreignPart(j)
		if k == j && !p.is(j, "en") && len(p.toks) > 2 {
			return clock{}, i
		}
	}
	if hours || article {
		c.conf = 0.9
	}
	j = p.skip(j, "en")
	j = p.skip(j, "punto")
	return p.romanceMinutes(c, j)
}

func (p *parser) romanceMinutes(c clock, j int) (clock, int) {
	minutes := 0
	switch {
	case p.lang.code == "de":
		return c, j
	case p.anyOf(j, "et demie", "et demi", "y media") > 0:
		minutes, j = 30, j+2
	case p.anyOf(j, "et quart", "y cuarto") > 0:
		minutes, j = 15, j+2
	case p.anyOf(j, "moins le quart") > 0:
		minutes, j = -15, j+3
	case p.anyOf(j, "moins quart", "menos cuarto") > 0:
		minutes, j = -15, j+2
	case p.is(j, "moins", "menos"):
		n, k := p.cardinal(j + 1)
		if k == j+1 || n.val > 30 {
			return c, j
		}
		minutes, j = -int(n.val), k
	default:
		k := p.skip(j, "y", "et", "con")
		n, e := p.cardinal(k)
		if e == k || n.val > 59 {
			return c, j
		}
		minutes, j = int(n.val), p.skip(e, "minutos", "minutes")
	}
	if minutes < 0 {
		c.hour, minutes = (c.hour+23)%24, minutes+60
		if c.hour == 0 && !c.half {
			c.hour = 12
		}
	}
	c.min = minutes
	return c, j
}

// clockChinese reads "下午三点半", "九点三十分", "三点一刻", "差十分五点".
func (p *parser) clockChinese(i int) (clock, int) {
	d, j := p.foreignPart(i)
	early := 0
	if p.is(j, "差") {
		n, k := p.cardinal(j + 1)
		if k == j+1 || n.val > 59 {
			return clock{}, i
		}
		early = int(n.val)
		if p.is(k, "刻") {
			early *= 15
		}
		j = p.skip(k, "分", "刻")
	}
	c, k := p.figureTime(j)
	if k == j {
		c, k = p.pointChinese(j)
	}
	if k == j {
		return clock{}, i
	}
	if early > 0 {
		c.hour, c.min = (c.hour+23)%24, 60-early
	}
	if d != unknown && !c.half {
		if d == afternoon && c.hour == 11 && p.is(i, "中") {
			d = morning
		}
		c = c.in(d)
		c.conf = 0.95
	}
	return c, k
}

func (p *parser) pointChinese(i int) (clock, int) {
	n, j := p.cardinal(i)
	if j == i || n.val > 24 || !p.is(j, "点", "點", "时") {
		return clock{}, i
	}
	c := clock{hour: int(n.val) % 24, half: n.val > 12 || n.val == 0, conf: 0.9}
	j = p.skip(p.skip(j+1, "钟"), "整")
	k := p.skip(j, "过")
	switch m, e := p.cardinal(k); {
	case p.is(k, "半"):
		c.min, j = 30, k+1
	case e > k && p.is(e, "刻"):
		c.min, j = int(m.val)*15%60, e+1
	case e > k && m.val < 60:
		c.min, j = int(m.val), p.skip(e, "分")
	}
	return c, j
}
