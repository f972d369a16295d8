package dialog

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"attendant/media"
	"attendant/media/wav"
)

// recording is a call's WAV file, begun with its first frame; sealed, where seal
// is set.
type recording struct {
	file *os.File
	seal func(io.Writer) (io.WriteCloser, error)
	log  *slog.Logger

	mu       sync.Mutex     // guards what follows; a span is muted by the call's goroutine
	sealed   io.WriteCloser // nil where it is not
	wav      *wav.Writer
	frames   int64 // written
	from, to int64 // the frames of the span muted last
}

// frameBytes are those of 20 ms of stereo, waveHeader those before the first.
const (
	frameBytes = 4 * media.FrameSamples
	waveHeader = 44
)

// errSealed is a span that is encrypted already.
var errSealed = errors.New("what is sealed cannot be muted")

// WriteStereo implements media.Sink.
func (r *recording) WriteStereo(left, right *media.Frame) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wav == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	if r.frames >= r.from && r.frames < r.to {
		left, right = &media.Frame{}, &media.Frame{}
	}
	r.frames++
	return r.wav.WriteStereo(left, right)
}

func (r *recording) begin() (err error) {
	if r.seal == nil {
		r.wav, err = wav.NewWriter(r.file)
		return err
	}
	if r.sealed, err = r.seal(r.file); err != nil {
		return err
	}
	r.wav, err = wav.NewStream(r.sealed)
	return err
}

// mute makes silence of what was said from and to so long ago, both sides of it.
// waiting is how many frames have been recorded and not written yet. Nothing was
// left out of the recording in that time. What is sealed already stays: errSealed.
func (r *recording) mute(from, to time.Duration, waiting int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wav == nil {
		return nil
	}
	now := r.frames + int64(waiting)
	r.from, r.to = max(0, now-int64(from/media.FrameDuration)), max(0, now-int64(to/media.FrameDuration))
	if r.sealed != nil {
		return errSealed
	}
	if err := r.wav.Close(); err != nil { // what it holds is in the file now
		return err
	}
	silence := make([]byte, max(0, min(r.to, r.frames)-r.from)*frameBytes)
	_, err := r.file.WriteAt(silence, waveHeader+r.from*frameBytes)
	_, e := r.file.Seek(0, io.SeekEnd)
	return errors.Join(err, e)
}

func (r *recording) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	if r.wav != nil {
		errs = append(errs, r.wav.Close())
	}
	if r.sealed != nil {
		errs = append(errs, r.sealed.Close())
	}
	if err := errors.Join(append(errs, r.file.Close())...); err != nil {
		r.log.Error("recording not closed", "error", err)
	}
}
