package codec

import "attendant/media"

// G.722 splits 16 kHz audio into two bands with a quadrature mirror filter and
// codes each by adaptive differences: six bits a sample below 4 kHz, two above.
// Names of tables and blocks are those of ITU-T Recommendation G.722 (1988).
var (
	g722QMF = [12]int{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

	g722Q6  = [30]int{0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919}
	g722ILB = [32]int{2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008}
	g722WL  = [8]int{-60, -30, 58, 172, 334, 538, 1198, 3042}
	g722RL4 = [16]int{0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0}
	g722QM4 = [16]int{0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0}
	g722QM6 = [64]int{
		-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
		-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
		24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
		4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
	}
	g722QM2 = [4]int{-7408, -1616, 7408, 1616}
	g722WH  = [4]int{798, -214, 798, -214}
)

// g722Band is the adaptive predictor and quantiser scale of one band.
type g722Band struct {
	s, sz  int // predicted sample; its zero-section part
	r, p   [3]int
	a      [3]int
	d, b   [7]int
	nb     int // logarithmic quantiser scale
	det    int // linear quantiser scale
	limit  int // the largest nb
	offset int // of nb's exponent: 8 for the low band, 10 for the high one
}

func newG722Bands() (low, high g722Band) {
	return g722Band{det: 32, limit: 18432, offset: 8}, g722Band{det: 8, limit: 22528, offset: 10}
}

// scale is blocks LOGSC and SCALE: adapt the quantiser by w.
func (b *g722Band) scale(w int) {
	b.nb = max(0, min(b.limit, (b.nb*127)>>7+w))
	m, e := g722ILB[b.nb>>6&31], b.offset-b.nb>>11
	if e < 0 {
		b.det = m << -e << 2
		return
	}
	b.det = m >> e << 2
}

// adapt is block 4: update both predictors by the difference d and predict the
// next sample.
func (b *g722Band) adapt(d int) {
	b.d[0] = d
	b.r[0] = saturate(b.s + d)
	b.p[0] = saturate(b.sz + d)
	a1, a2 := b.poles()
	b.zeros(d)
	copy(b.d[1:], b.d[:6])
	b.r[2], b.r[1] = b.r[1], b.r[0]
	b.p[2], b.p[1] = b.p[1], b.p[0]
	b.a[1], b.a[2] = a1, a2

	sp := saturate((b.a[1]*saturate(2*b.r[1]))>>15 + (b.a[2]*saturate(2*b.r[2]))>>15)
	b.sz = 0
	for i := 6; i > 0; i-- {
		b.sz += (b.b[i] * saturate(2*b.d[i])) >> 15
	}
	b.sz = saturate(b.sz)
	b.s = saturate(sp + b.sz)
}

// poles is blocks UPPOL1 and UPPOL2.
func (b *g722Band) poles() (a1, a2 int) {
	wd := saturate(b.a[1] << 2)
	if sameSign(b.p[0], b.p[1]) {
		wd = -wd
	}
	a2 = min(wd, 32767) >> 7
	if sameSign(b.p[0], b.p[2]) {
		a2 += 128
	} else {
		a2 -= 128
	}
	a2 = max(-12288, min(12288, a2+(b.a[2]*32512)>>15))

	a1 = -192
	if sameSign(b.p[0], b.p[1]) {
		a1 = 192
	}
	a1 = saturate(a1 + (b.a[1]*32640)>>15)
	bound := saturate(15360 - a2)
	return max(-bound, min(bound, a1)), a2
}

// zeros is block UPZERO.
func (b *g722Band) zeros(d int) {
	step := 128
	if d == 0 {
		step = 0
	}
	for i := 1; i < 7; i++ {
		wd := -step
		if sameSign(d, b.d[i]) {
			wd = step
		}
		b.b[i] = saturate(wd + (b.b[i]*32640)>>15)
	}
}

func sameSign(a, b int) bool { return (a < 0) == (b < 0) }

func saturate(v int) int { return max(-32768, min(32767, v)) }

type g722Encoder struct {
	low, high g722Band
	x         [24]int // the last input samples, the oldest first
}

func newG722Encoder() Encoder {
	e := &g722Encoder{}
	e.low, e.high = newG722Bands()
	return e
}

// Encode appends 160 octets: 64 kbit/s, the high band in the two upper bits.
// RFC 3551 section 4.5.2.
func (e *g722Encoder) Encode(dst []byte, f *media.Frame) []byte {
	for i := 0; i < len(f); i += 2 {
		copy(e.x[:], e.x[2:])
		e.x[22], e.x[23] = int(f[i]), int(f[i+1])
		var even, odd int
		for k, c := range g722QMF {
			odd += e.x[2*k] * c
			even += e.x[2*k+1] * g722QMF[11-k]
		}
		low, high := (even+odd)>>14, (even-odd)>>14
		dst = append(dst, byte(e.encodeHigh(high)<<6|e.encodeLow(low)))
	}
	return dst
}

func (e *g722Encoder) encodeLow(x int) int {
	diff := saturate(x - e.low.s)
	size := magnitude(diff)
	i := 1
	for i < 30 && size >= (g722Q6[i%30]*e.low.det)>>12 {
		i++
	}
	code := lowCode(i, diff < 0)
	e.low.adaptLow(code >> 2)
	return code
}

// lowCode is the table of block QUANTL: interval 1 to 30 and sign to six bits.
func lowCode(interval int, negative bool) int {
	switch {
	case !negative:
		return 62 - interval
	case interval <= 2:
		return 64 - interval
	}
	return 34 - interval
}

// adaptLow adapts by the four upper bits of a low-band code.
func (b *g722Band) adaptLow(code int) {
	d := (b.det * g722QM4[code]) >> 15
	b.scale(g722WL[g722RL4[code]])
	b.adapt(d)
}

func (e *g722Encoder) encodeHigh(x int) int {
	diff := saturate(x - e.high.s)
	code := 1
	if magnitude(diff) >= (564*e.high.det)>>12 {
		code = 0
	}
	if diff >= 0 {
		code += 2
	}
	e.high.adaptHigh(code)
	return code
}

// adaptHigh adapts by a high-band code and returns the difference it stands for.
func (b *g722Band) adaptHigh(code int) int {
	d := (b.det * g722QM2[code]) >> 15
	b.scale(g722WH[code])
	b.adapt(d)
	return d
}

// magnitude is the size of a difference as the quantiser sees it.
func magnitude(d int) int {
	if d < 0 {
		return -(d + 1)
	}
	return d
}

type g722Decoder struct {
	low, high g722Band
	x         [24]int
}

func newG722Decoder() Decoder {
	d := &g722Decoder{}
	d.low, d.high = newG722Bands()
	return d
}

// Decode appends two samples an octet.
func (d *g722Decoder) Decode(dst []int16, payload []byte) []int16 {
	for _, octet := range payload {
		low, high := d.decodeLow(int(octet&0x3f)), d.decodeHigh(int(octet>>6))
		copy(d.x[:], d.x[2:])
		d.x[22], d.x[23] = low+high, low-high
		var first, second int
		for k, c := range g722QMF {
			second += d.x[2*k] * c
			first += d.x[2*k+1] * g722QMF[11-k]
		}
		dst = append(dst, int16(saturate(first>>11)), int16(saturate(second>>11)))
	}
	return dst
}

func (d *g722Decoder) decodeLow(code int) int {
	out := d.low.s + (d.low.det*g722QM6[code])>>15
	d.low.adaptLow(code >> 2)
	return max(-16384, min(16383, out))
}

func (d *g722Decoder) decodeHigh(code int) int {
	s := d.high.s
	return max(-16384, min(16383, s+d.high.adaptHigh(code)))
}
