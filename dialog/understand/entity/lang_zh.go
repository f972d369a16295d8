package entity

import "strconv"

var chinese = language{
	code: "zh",
	numerals: numerals(`零 〇;一 壹 幺;二 贰 两 兩;三 叁;四 肆;五 伍;六 陆;七 柒;八 捌;九 玖;十 拾`, ``,
		map[string]int64{"百": 100, "佰": 100, "千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8}),
	points:     []string{"点", "點"},
	minus:      []string{"负", "負"},
	months:     map[string]int{},
	weekdays:   table(0, `日 天;一;二;三;四;五;六`),
	currencies: currencies(`CNY:元 块 塊 圆 cny;USD:usd;EUR:eur`, ``),
	spans:      spans(`1:秒;60:分;86400:天 日;604800:周 週;31536000:年`),
	yesNo:      chineseYesNo,
}

// hanzi reads a whole number in Chinese characters, or in figures with a
// scale: "三千零五十", "二零二六", "3万".
func (p *parser) hanzi(i int) (integer, int) {
	start := i
	var total, section, digit int64
	digit = -1
	figures := p.kindAt(i) == figure
	if figures {
		v, err := strconv.ParseInt(p.word(i), 10, 64)
		if err != nil || v >= 1e12 {
			return integer{}, start
		}
		digit = v
		i++
	} else if v, j := p.hanziDigits(i); j > i+1 {
		return integer{val: v}, j
	}
	last := int64(1)
	for ; i < len(p.toks); i++ {
		n, ok := p.lang.numerals[p.word(i)]
		if !ok {
			break
		}
		switch {
		case n.class == unit && n.val == 0:
			last = 10
		case n.class == unit && digit >= 0:
			return integer{val: total + section + digit, figures: figures}, i
		case n.class == unit:
			digit = n.val
		case n.val >= 1e4:
			section += max(digit, 0)
			if section == 0 && total == 0 {
				return integer{}, start
			}
			total = (total + section) * n.val
			section, digit, last = 0, -1, n.val
		default:
			if digit < 0 {
				if n.val != 10 {
					return p.hanziEnd(total, section, digit, last, start, i, figures)
				}
				digit = 1
			}
			section += digit * n.val
			digit, last = -1, n.val
		}
	}
	return p.hanziEnd(total, section, digit, last, start, i, figures)
}

// hanziEnd adds the last digit: "三百五" is 350.
func (p *parser) hanziEnd(total, section, digit, last int64, start, i int, figures bool) (integer, int) {
	if i == start {
		return integer{}, start
	}
	if digit > 0 && last > 10 && !figures {
		digit *= last / 10
	}
	return integer{val: total + section + max(digit, 0), figures: figures}, i
}

// hanziDigits reads a number said digit by digit.
func (p *parser) hanziDigits(i int) (int64, int) {
	start := i
	var v int64
	for ; i < len(p.toks) && i-start < 15; i++ {
		n, ok := p.lang.numerals[p.word(i)]
		if !ok {
			break
		}
		if n.class != unit {
			return 0, start
		}
		v = v*10 + n.val
	}
	return v, i
}
