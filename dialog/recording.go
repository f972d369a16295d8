package dialog

import (
	"log/slog"
	"os"

	"attendant/media"
	"attendant/media/wav"
)

// recording is a call's WAV file, begun with its first frame.
type recording struct {
	file *os.File
	wav  *wav.Writer
	log  *slog.Logger
}

// WriteStereo implements media.Sink.
func (r *recording) WriteStereo(left, right *media.Frame) (err error) {
	if r.wav == nil {
		if r.wav, err = wav.NewWriter(r.file); err != nil {
			return err
		}
	}
	return r.wav.WriteStereo(left, right)
}

func (r *recording) close() {
	var err error
	if r.wav != nil {
		err = r.wav.Close()
	}
	if e := r.file.Close(); err == nil {
		err = e
	}
	if err != nil {
		r.log.Error("recording not closed", "error", err)
	}
}
