// Package mp3 reads MP3: files, such as music for callers who wait, and speech
// that is still arriving.
//
// The central type is Decoder. Decoding is go-mp3's, which panics on some
// corrupted files, refuses 8, 11.025 and 12 kHz and garbles 22.05 kHz (v0.3.4,
// 2026-11-24: a 440 Hz tone comes out with less than half its energy there; at 16,
// 24 and 32 to 48 kHz with all of it); a Decoder turns all of it into errors, and
// Read bounds what it takes in.
package mp3

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	decoder "github.com/hajimehoshi/go-mp3"

	"attendant/media"
	"attendant/media/wav"
)

// ErrFormat is data that is no MP3 file, or a corrupted one.
var ErrFormat = errors.New("not readable as MP3")

// maxSamples bounds what Read unpacks: half an hour at 48 kHz.
const maxSamples = 30 * 60 * 48000

// Decoder decodes MP3 while it arrives. It belongs to one goroutine.
type Decoder struct {
	RateHz int

	in     *source
	d      *decoder.Decoder
	stereo []byte // go-mp3's output, always two channels
	have   int    // octets of stereo that wait
}

// source remembers why its reader ended: go-mp3 takes every end for a good one.
type source struct {
	io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// NewDecoder reads up to the first audio of r and returns its decoder. Errors are
// r's, or wrap ErrFormat.
func NewDecoder(r io.Reader) (d *Decoder, err error) {
	d = &Decoder{in: &source{Reader: r}, stereo: make([]byte, 8192)}
	defer d.recovered(&err)
	if d.d, err = decoder.NewDecoder(d.in); err != nil {
		return nil, d.fault(err)
	}
	switch d.RateHz = d.d.SampleRate(); d.RateHz {
	case 16000, 24000, 32000, 44100, 48000:
		return d, nil
	}
	return nil, fmt.Errorf("%w: %d Hz; use 16, 24, 32, 44.1 or 48 kHz", ErrFormat, d.RateHz)
}

// Read fills pcm with mono samples at RateHz and returns how many there are, at
// least one without an error. It blocks for the source. The end is io.EOF; other
// errors are the source's, or wrap ErrFormat.
func (d *Decoder) Read(pcm []int16) (n int, err error) {
	defer d.recovered(&err)
	for n == 0 && len(pcm) > 0 {
		got, err := d.d.Read(d.stereo[d.have:min(len(d.stereo), 4*len(pcm)+d.have%4)])
		d.have += got
		for n < len(pcm) && 4*n+4 <= d.have {
			left := int16(binary.LittleEndian.Uint16(d.stereo[4*n:]))
			right := int16(binary.LittleEndian.Uint16(d.stereo[4*n+2:]))
			pcm[n] = int16((int(left) + int(right)) / 2)
			n++
		}
		d.have = copy(d.stereo, d.stereo[4*n:d.have])
		if err != nil && n == 0 {
			return 0, d.fault(err)
		}
	}
	return n, nil
}

// fault tells a source that failed from data that is no MP3.
func (d *Decoder) fault(err error) error {
	switch {
	case d.in.err != nil:
		return d.in.err
	case errors.Is(err, io.EOF) && d.RateHz > 0:
		return io.EOF
	}
	return fmt.Errorf("%w: %w", ErrFormat, err)
}

func (*Decoder) recovered(err *error) {
	if p := recover(); p != nil { // go-mp3 v0.3.4 on corrupted files
		*err = fmt.Errorf("%w: %v", ErrFormat, p)
	}
}

// Read reads a whole file, at most 30 minutes, as frames. Errors wrap
// ErrFormat.
func Read(r io.Reader) ([]media.Frame, error) {
	d, err := NewDecoder(r)
	if err != nil {
		return nil, err
	}
	var mono []int16
	block := make([]int16, 2048)
	for len(mono) < maxSamples {
		n, err := d.Read(block)
		mono = append(mono, block[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return wav.Frames(mono, d.RateHz), nil
}
