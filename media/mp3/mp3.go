// Package mp3 reads MP3 files, such as music for callers who wait.
//
// Decoding is go-mp3's, which panics on some corrupted files, refuses 8 and
// 11.025 kHz and garbles 22.05 kHz (v0.3.4, 2026-11-24: a 440 Hz tone comes out
// with less than half its energy there); Read turns all of it into errors and
// bounds what it takes in.
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
var ErrFormat = errors.New("not a readable MP3 file")

// maxPCM bounds what a file may unpack to: half an hour at 48 kHz.
const maxPCM = 30 * 60 * 48000 * 4

// Read reads a whole file, at most 30 minutes, as frames. Errors wrap
// ErrFormat.
func Read(r io.Reader) (frames []media.Frame, err error) {
	defer func() {
		if p := recover(); p != nil { // go-mp3 v0.3.4 on corrupted files
			frames, err = nil, fmt.Errorf("%w: %v", ErrFormat, p)
		}
	}()
	d, err := decoder.NewDecoder(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if d.SampleRate() < 32000 {
		return nil, fmt.Errorf("%w: %d Hz; use 32, 44.1 or 48 kHz", ErrFormat, d.SampleRate())
	}
	data, err := io.ReadAll(io.LimitReader(d, maxPCM))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	mono := make([]int16, len(data)/4) // go-mp3's output is always stereo
	for i := range mono {
		left := int16(binary.LittleEndian.Uint16(data[4*i:]))
		right := int16(binary.LittleEndian.Uint16(data[4*i+2:]))
		mono[i] = int16((int(left) + int(right)) / 2)
	}
	return wav.Frames(mono, d.SampleRate()), nil
}
