package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"attendant/media"
)

const headerSize = 44

// Writer writes 16 kHz stereo. It is a media.Sink and blocks as its file does.
// One goroutine uses it.
type Writer struct {
	file   io.WriteSeeker // nil where the length cannot be put into the header
	buf    *bufio.Writer
	frames uint32
}

// NewWriter writes an empty file's header and returns the writer. The caller
// closes file after Close.
func NewWriter(file io.WriteSeeker) (*Writer, error) {
	w := &Writer{file: file, buf: bufio.NewWriterSize(file, 64<<10)}
	if _, err := file.Write(header(2, media.SampleRateHz, 0)); err != nil {
		return nil, fmt.Errorf("write WAV header: %w", err)
	}
	return w, nil
}

// NewStream is NewWriter for what cannot seek. The header tells the greatest
// length there is; Close writes what is left, and adds no length.
func NewStream(to io.Writer) (*Writer, error) {
	w := &Writer{buf: bufio.NewWriterSize(to, 64<<10)}
	h := header(2, media.SampleRateHz, 0)
	for _, at := range []int{4, 40} {
		binary.LittleEndian.PutUint32(h[at:], math.MaxUint32)
	}
	if _, err := w.buf.Write(h); err != nil {
		return nil, fmt.Errorf("write WAV header: %w", err)
	}
	return w, nil
}

// WriteStereo writes 20 ms and, every second, the header.
func (w *Writer) WriteStereo(left, right *media.Frame) error {
	var b [4 * media.FrameSamples]byte
	for i := range left {
		binary.LittleEndian.PutUint16(b[4*i:], uint16(left[i]))
		binary.LittleEndian.PutUint16(b[4*i+2:], uint16(right[i]))
	}
	if _, err := w.buf.Write(b[:]); err != nil {
		return fmt.Errorf("write WAV data: %w", err)
	}
	if w.frames++; w.frames%50 == 0 {
		return w.Close()
	}
	return nil
}

// Close makes the file complete. Writing may go on after it.
func (w *Writer) Close() error {
	err := w.buf.Flush()
	if w.file == nil {
		return err
	}
	size := w.frames * 4 * media.FrameSamples
	for _, field := range [][2]int64{{4, int64(size) + headerSize - 8}, {40, int64(size)}} {
		_, e := w.file.Seek(field[0], io.SeekStart)
		err = errors.Join(err, e, binary.Write(w.file, binary.LittleEndian, uint32(field[1])))
	}
	_, e := w.file.Seek(0, io.SeekEnd)
	if err = errors.Join(err, e); err != nil {
		return fmt.Errorf("complete WAV file: %w", err)
	}
	return nil
}

// Write writes a whole mono file.
func Write(w io.Writer, rateHz int, samples []int16) error {
	if _, err := w.Write(header(1, rateHz, uint32(2*len(samples)))); err != nil {
		return fmt.Errorf("write WAV header: %w", err)
	}
	if err := binary.Write(w, binary.LittleEndian, samples); err != nil {
		return fmt.Errorf("write WAV data: %w", err)
	}
	return nil
}

func header(channels uint16, rateHz int, size uint32) []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, size+headerSize-8)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, formatPCM)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, uint32(rateHz))
	b = binary.LittleEndian.AppendUint32(b, uint32(rateHz)*uint32(channels)*2)
	b = binary.LittleEndian.AppendUint16(b, channels*2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, size)
}
