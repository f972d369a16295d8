package codec

import (
	"math/bits"

	"attendant/media"
	"attendant/media/dsp"
)

// g711Encoder is either law's encoder: it resamples to 8 kHz and maps each
// sample to an octet.
type g711Encoder struct {
	resampler *dsp.Resampler
	law       func(int16) byte
	narrow    []int16
}

// Encode appends 160 octets. ITU-T G.711; RFC 3551 section 4.5.14.
func (e *g711Encoder) Encode(dst []byte, f *media.Frame) []byte {
	e.narrow = e.resampler.Resample(e.narrow[:0], f[:])
	for _, s := range e.narrow {
		dst = append(dst, e.law(s))
	}
	return dst
}

type g711Decoder struct {
	resampler *dsp.Resampler
	table     *[256]int16
	narrow    []int16
}

// Decode appends two samples an octet.
func (d *g711Decoder) Decode(dst []int16, payload []byte) []int16 {
	d.narrow = d.narrow[:0]
	for _, b := range payload {
		d.narrow = append(d.narrow, d.table[b])
	}
	return d.resampler.Resample(dst, d.narrow)
}

func newG711Encoder(law func(int16) byte) Encoder {
	return &g711Encoder{resampler: dsp.NewResampler(16000, 8000), law: law, narrow: make([]int16, 0, 192)}
}

func newG711Decoder(law func(byte) int16) Decoder {
	d := &g711Decoder{resampler: dsp.NewResampler(8000, 16000), table: new([256]int16), narrow: make([]int16, 0, 512)}
	for i := range d.table {
		d.table[i] = law(byte(i))
	}
	return d
}

func newALawEncoder() Encoder { return newG711Encoder(ALaw) }
func newALawDecoder() Decoder { return newG711Decoder(FromALaw) }
func newULawEncoder() Encoder { return newG711Encoder(ULaw) }
func newULawDecoder() Decoder { return newG711Decoder(FromULaw) }

const uLawBias = 132

// ULaw returns sample's µ-law octet. ITU-T G.711 table 2a.
func ULaw(sample int16) byte {
	v, sign := int(sample), byte(0x80)
	if v < 0 {
		v, sign = -v, 0
	}
	v = min(v, 32635) + uLawBias
	segment := bits.Len(uint(v)) - 8
	return ^(byte(segment<<4)|byte(v>>(segment+3))&0x0f)&0x7f | sign
}

// FromULaw returns the sample of a µ-law octet, at most ±32124.
func FromULaw(b byte) int16 {
	b = ^b
	v := (int(b&0x0f)<<3+uLawBias)<<(b>>4&7) - uLawBias
	if b&0x80 != 0 {
		v = -v
	}
	return int16(v)
}

// ALaw returns sample's A-law octet. ITU-T G.711 table 1a.
func ALaw(sample int16) byte {
	v, mask := int(sample)>>3, byte(0xd5)
	if v < 0 {
		v, mask = -v-1, 0x55
	}
	segment := max(0, bits.Len(uint(v))-5)
	b := byte(segment << 4)
	if segment > 0 {
		b |= byte(v>>segment) & 0x0f
	} else {
		b |= byte(v>>1) & 0x0f
	}
	return b ^ mask
}

// FromALaw returns the sample of an A-law octet, at most ±32256.
func FromALaw(b byte) int16 {
	b ^= 0x55
	v := int(b&0x0f)<<4 + 8
	if segment := b >> 4 & 7; segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		v = -v
	}
	return int16(v)
}
