// Package sealed keeps recordings encrypted, as files of age.
//
// The central type is Box: it seals what is written for its recipients, and opens
// with its identities what was sealed. A server that only records needs no
// identity. Recordings are sealed while they are made, in pieces of 64 KiB, about a
// second of a stereo recording: the words of a call are never on the disk
// unsealed, and of a file that was not finished, since its process was killed, all
// whole pieces can be read. What is opened is a WAV file whose header tells its
// length, sealed or not. Any goroutine may use a Box.
package sealed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
)

// Suffix ends the names of sealed files.
const Suffix = ".age"

// What Open answers.
var (
	// ErrLocked is a sealed file for which there is no identity.
	ErrLocked = errors.New("the recording is sealed, and no identity opens it")
	// ErrBroken is a sealed file of which nothing can be read.
	ErrBroken = errors.New("the sealed recording cannot be read")
)

// Box seals and opens.
type Box struct {
	recipients []age.Recipient
	identities []age.Identity
}

// New returns a box for recipients, "age1…" with spaces or commas between them,
// and with the identities of a file, as age-keygen writes it. Either may be empty.
func New(recipients, identityFile string) (*Box, error) {
	b := &Box{}
	for _, text := range strings.FieldsFunc(recipients, func(r rune) bool { return r == ',' || r == ' ' }) {
		list, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("recipient %q: %w", text, err)
		}
		b.recipients = append(b.recipients, list...)
	}
	if identityFile == "" {
		return b, nil
	}
	file, err := os.Open(identityFile)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if b.identities, err = age.ParseIdentities(file); err != nil {
		return nil, fmt.Errorf("identities of %s: %w", identityFile, err) // which tells a line, never the key
	}
	return b, nil
}

// Seals reports whether there is anybody to seal for.
func (b *Box) Seals() bool { return b != nil && len(b.recipients) > 0 }

// Seal returns what seals into w. Close ends the sealed file and leaves w open.
func (b *Box) Seal(w io.Writer) (io.WriteCloser, error) {
	if !b.Seals() {
		return nil, errors.New("there is nobody to seal for")
	}
	return age.Encrypt(w, b.recipients...)
}

// File is an opened recording.
type File struct {
	io.ReadSeeker
	file *os.File
}

// Close closes it.
func (f *File) Close() error { return f.file.Close() }

// Open opens a recording, which is sealed where its name ends with Suffix.
// ErrLocked, ErrBroken, or why the file cannot be opened.
func (b *Box) Open(name string) (*File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(name, Suffix) {
		return &File{file, file}, nil
	}
	opened, err := b.unseal(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &File{opened, file}, nil
}

// mostBroken bounds what is read of a file that was not finished: two hours.
const mostBroken = 512 << 20

func (b *Box) unseal(file *os.File) (io.ReadSeeker, error) {
	if b == nil || len(b.identities) == 0 {
		return nil, ErrLocked
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	whole, size, err := age.DecryptReaderAt(file, info.Size(), b.identities...)
	var strange *age.NoIdentityMatchError
	switch {
	case errors.As(err, &strange):
		return nil, ErrLocked
	case err == nil:
		return withLength(whole, size), nil
	}
	// It was not finished: age tells so at its end, after all that is whole.
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	plain, err := age.Decrypt(file, b.identities...)
	if errors.As(err, &strange) {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	data, _ := io.ReadAll(io.LimitReader(plain, mostBroken))
	if len(data) < headerSize {
		return nil, ErrBroken
	}
	data = data[:len(data)-(len(data)-headerSize)%sampleSize]
	return withLength(bytes.NewReader(data), int64(len(data))), nil
}

const (
	headerSize = 44 // of our WAV files
	sampleSize = 4  // 16 bits, left and right
)

// measured is a WAV file with its length in the header, which was not known when
// that was written.
type measured struct {
	io.ReaderAt
	size int64
}

func withLength(r io.ReaderAt, size int64) io.ReadSeeker {
	return io.NewSectionReader(&measured{r, size}, 0, size)
}

// ReadAt implements io.ReaderAt.
func (m *measured) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.ReaderAt.ReadAt(p, off)
	m.write(p[:n], off, 4, uint32(max(m.size-8, 0)))
	m.write(p[:n], off, 40, uint32(max(m.size-headerSize, 0)))
	return n, err
}

// write puts a field of the header into what was read from off.
func (m *measured) write(p []byte, off, field int64, value uint32) {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], value)
	for i, v := range b {
		if at := field + int64(i) - off; at >= 0 && at < int64(len(p)) && m.size >= headerSize {
			p[at] = v
		}
	}
}
