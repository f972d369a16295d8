// Package wav reads and writes WAV files.
//
// Read takes PCM of 8, 16 and 24 bits, 32-bit float, A-law and µ-law, one or
// two channels, from any source: sizes in the file are not believed, memory is
// bounded by a limit. Writer writes 16-bit stereo and keeps the header true
// every second, so that a file whose writer was killed still plays.
//
// RIFF WAVE as in Microsoft's multimedia programming interface, 1991.
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/dsp"
)

// What is wrong with a file.
var (
	// ErrFormat is data that is no WAV file.
	ErrFormat = errors.New("not a WAV file")
	// ErrUnsupported is a WAV file of a kind that Read does not know.
	ErrUnsupported = errors.New("unsupported WAV file")
	// ErrTooLong is a file of more than 512 MiB of audio.
	ErrTooLong = errors.New("WAV file too long")
)

// maxData is an hour of 48 kHz stereo.
const maxData = 512 << 20

// Audio is what a file holds.
type Audio struct {
	RateHz   int
	Channels int     // 1 or 2
	Samples  []int16 // channels interleaved
}

const (
	formatPCM        = 1
	formatFloat      = 3
	formatALaw       = 6
	formatULaw       = 7
	formatExtensible = 0xfffe
)

type format struct {
	tag, channels int
	rateHz        int
	bits          int
}

// Read reads a whole file. A data chunk that is cut short gives what is there.
// Errors wrap ErrFormat, ErrUnsupported or ErrTooLong, or are r's.
func Read(r io.Reader) (Audio, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return Audio{}, ErrFormat
	}
	var f format
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return Audio{}, fmt.Errorf("%w: no data", ErrFormat)
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			var err error
			if f, err = readFormat(r, size); err != nil {
				return Audio{}, err
			}
		case "data":
			return readData(r, f, size)
		default:
			if _, err := io.CopyN(io.Discard, r, size+size&1); err != nil {
				return Audio{}, fmt.Errorf("%w: cut short", ErrFormat)
			}
		}
	}
}

func readFormat(r io.Reader, size int64) (format, error) {
	if size < 16 || size > 256 {
		return format{}, fmt.Errorf("%w: format of %d octets", ErrFormat, size)
	}
	b := make([]byte, size+size&1)
	if _, err := io.ReadFull(r, b); err != nil {
		return format{}, fmt.Errorf("%w: cut short", ErrFormat)
	}
	f := format{
		tag: int(binary.LittleEndian.Uint16(b)), channels: int(binary.LittleEndian.Uint16(b[2:])),
		rateHz: int(binary.LittleEndian.Uint32(b[4:])), bits: int(binary.LittleEndian.Uint16(b[14:])),
	}
	if f.tag == formatExtensible && size >= 26 {
		f.tag = int(binary.LittleEndian.Uint16(b[24:]))
	}
	if f.channels < 1 || f.channels > 2 || f.rateHz < 4000 || f.rateHz > 192000 || f.decoder() == nil {
		return format{}, fmt.Errorf("%w: format %d, %d channels, %d Hz, %d bits", ErrUnsupported, f.tag, f.channels, f.rateHz, f.bits)
	}
	return f, nil
}

// decoder returns the function that reads one sample, nil if there is none.
func (f format) decoder() func([]byte) int16 {
	switch [2]int{f.tag, f.bits} {
	case [2]int{formatPCM, 8}:
		return func(b []byte) int16 { return (int16(b[0]) - 128) << 8 }
	case [2]int{formatPCM, 16}:
		return func(b []byte) int16 { return int16(binary.LittleEndian.Uint16(b)) }
	case [2]int{formatPCM, 24}:
		return func(b []byte) int16 { return int16(binary.LittleEndian.Uint16(b[1:])) }
	case [2]int{formatFloat, 32}:
		return func(b []byte) int16 { return fromFloat(math.Float32frombits(binary.LittleEndian.Uint32(b))) }
	case [2]int{formatALaw, 8}:
		return func(b []byte) int16 { return codec.FromALaw(b[0]) }
	case [2]int{formatULaw, 8}:
		return func(b []byte) int16 { return codec.FromULaw(b[0]) }
	}
	return nil
}

func fromFloat(v float32) int16 {
	switch {
	case v != v:
		return 0
	case v >= 1:
		return 32767
	case v <= -1:
		return -32768
	}
	return int16(v * 32767)
}

func readData(r io.Reader, f format, size int64) (Audio, error) {
	decode := f.decoder()
	if decode == nil {
		return Audio{}, fmt.Errorf("%w: data before format", ErrFormat)
	}
	// A writer that streams states 0 or 2^32-1: then the data ends with the file.
	if size == 0 || size == math.MaxUint32 {
		size = maxData + 1
	}
	data, err := io.ReadAll(io.LimitReader(r, min(size, maxData+1)))
	if err != nil {
		return Audio{}, fmt.Errorf("read WAV data: %w", err)
	}
	if len(data) > maxData {
		return Audio{}, ErrTooLong
	}
	width := f.bits / 8
	block := width * f.channels
	a := Audio{RateHz: f.rateHz, Channels: f.channels, Samples: make([]int16, 0, len(data)/block*f.channels)}
	for ; len(data) >= block; data = data[block:] {
		for c := range f.channels {
			a.Samples = append(a.Samples, decode(data[c*width:]))
		}
	}
	return a, nil
}

// Channel returns one channel's samples, 0 being the left one.
func (a Audio) Channel(n int) []int16 {
	if a.Channels == 1 {
		return a.Samples
	}
	out := make([]int16, 0, len(a.Samples)/2)
	for i := n; i < len(a.Samples); i += 2 {
		out = append(out, a.Samples[i])
	}
	return out
}

// Mono returns the mean of the channels.
func (a Audio) Mono() []int16 {
	if a.Channels == 1 {
		return a.Samples
	}
	out := make([]int16, len(a.Samples)/2)
	for i := range out {
		out[i] = int16((int(a.Samples[2*i]) + int(a.Samples[2*i+1])) / 2)
	}
	return out
}

// Frames returns samples of the given rate as frames, the last one filled up
// with silence.
func Frames(samples []int16, rateHz int) []media.Frame {
	pcm := dsp.NewResampler(rateHz, media.SampleRateHz).Resample(nil, samples)
	frames := make([]media.Frame, (len(pcm)+media.FrameSamples-1)/media.FrameSamples)
	for i := range frames {
		copy(frames[i][:], pcm[i*media.FrameSamples:])
	}
	return frames
}
