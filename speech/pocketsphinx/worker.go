package pocketsphinx

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"attendant/media"
	"attendant/speech"
)

const (
	// maxFrame bounds what a worker may send at once.
	maxFrame = 64 << 10
	// startPatience bounds a worker's start: loading the model takes about a
	// second on a busy machine.
	startPatience = 20 * time.Second
)

// worker is one process. One goroutine uses it at a time.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	buf []byte

	choices string // those that its model is for
	lm      string // the file of that model
}

// message is one frame from a worker.
type message struct {
	kind byte
	text string
}

func startWorker(program string, args []string, lm string) (*worker, error) {
	w := &worker{cmd: exec.Command(program, args...), lm: lm}
	var err error
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("open worker's input: %w", err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("open worker's output: %w", err)
	}
	w.out = bufio.NewReader(out)
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start recogniser: %w", err)
	}
	// A process that hangs is killed, which ends the read.
	watchdog := time.AfterFunc(startPatience, w.kill)
	defer watchdog.Stop()
	if m, err := w.read(); err != nil || m.kind != 'R' {
		w.stop()
		return nil, fmt.Errorf("start recogniser: %w: %s", errors.Join(speech.ErrUnavailable, err), m.text)
	}
	return w, nil
}

// kill ends the process at once; reads and writes in progress fail.
func (w *worker) kill() {
	// A process that is gone already is what is wanted.
	_ = w.cmd.Process.Kill()
}

// stop ends the process and waits for it.
func (w *worker) stop() {
	w.kill()
	// Closing a pipe to a killed process and its exit status tell nothing new.
	_, _ = w.in.Close(), w.cmd.Wait()
}

func (w *worker) send(kind byte, payload []byte) error {
	w.buf = append(w.buf[:0], kind)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(len(payload)))
	w.buf = append(w.buf, payload...)
	_, err := w.in.Write(w.buf)
	return err
}

func (w *worker) sendFrame(f *media.Frame) error {
	w.buf = append(w.buf[:0], 'A')
	w.buf = binary.LittleEndian.AppendUint32(w.buf, 2*media.FrameSamples)
	for _, s := range f {
		w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(s))
	}
	_, err := w.in.Write(w.buf)
	return err
}

func (w *worker) read() (message, error) { return readMessage(w.out) }

func readMessage(r io.Reader) (message, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return message{}, err
	}
	n := binary.LittleEndian.Uint32(head[1:])
	if n > maxFrame {
		return message{}, fmt.Errorf("frame of %d octets", n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return message{}, err
	}
	return message{kind: head[0], text: string(text)}, nil
}

// follow passes a worker's results on until the last one.
func (w *worker) follow(ctx context.Context, results chan<- speech.Result) error {
	for {
		m, err := w.read()
		if err != nil {
			return fmt.Errorf("%w: %w", speech.ErrUnavailable, err)
		}
		var r speech.Result
		switch m.kind {
		case 'P':
			r = speech.Result{Text: words(m.text)}
		case 'F':
			r = final(m.text)
		default:
			return fmt.Errorf("%w: recogniser says %q", speech.ErrUnavailable, m.text)
		}
		select {
		case results <- r:
		case <-ctx.Done():
			return ctx.Err()
		}
		if r.Final {
			return nil
		}
	}
}

// final reads the lines "score confidence text", the best reading first.
func final(text string) speech.Result {
	r := speech.Result{Final: true}
	seen := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.SplitN(line, " ", 3)
		if len(f) < 3 {
			continue
		}
		said := words(f[2])
		if i == 0 {
			r.Text = said
			r.Confidence, _ = strconv.ParseFloat(f[1], 64) // 0, unknown, where it is no number
		} else if said != "" && !seen[said] {
			r.Alternatives = append(r.Alternatives, speech.Alternative{Text: said})
		}
		seen[said] = true
	}
	return r
}

// words leaves out what is no word: sentence marks, noises, the number of a
// pronunciation.
func words(text string) string {
	var out []string
	for _, w := range strings.Fields(text) {
		if strings.HasPrefix(w, "<") || strings.HasPrefix(w, "[") || strings.HasPrefix(w, "++") {
			continue
		}
		w, _, _ = strings.Cut(w, "(")
		if len(w) == 2 && w[1] == '.' {
			w = w[:1] // a letter
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}
