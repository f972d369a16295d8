package dialog

import (
	"errors"
	"io"
	"log/slog"
	"os"

	"attendant/media"
	"attendant/media/wav"
)

// recording is a call's WAV file, begun with its first frame; sealed, where seal
// is set.
type recording struct {
	file   *os.File
	seal   func(io.Writer) (io.WriteCloser, error)
	sealed io.WriteCloser // nil where it is not
	wav    *wav.Writer
	log    *slog.Logger
}

// WriteStereo implements media.Sink.
func (r *recording) WriteStereo(left, right *media.Frame) error {
	if r.wav == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
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

func (r *recording) close() {
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
