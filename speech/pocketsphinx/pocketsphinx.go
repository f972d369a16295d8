// Package pocketsphinx recognises speech with CMU pocketsphinx, in worker
// processes.
//
// The central type is Recognizer, a speech.Recognizer over a pool of workers.
// A worker (worker/worker.c) holds the acoustic model and one language model
// for each kind of expectation, built here from the company's phrases, and
// recognises one utterance at a time. Where an answer is expected, its model,
// which for a choice is made of the choice's words, competes with the open one in
// the same decoding, so that callers may say what they want whatever is asked, and
// the confidence counts both.
//
// Guarantees: a worker that crashes or hangs is killed and costs its utterance
// at most a repetition: the audio, up to 20 s, is given to another worker once.
// The pool grows up to its limit; an utterance that finds no worker within
// its wait fails with speech.ErrUnavailable. While more utterances end than there
// are cores, the rest take the running result (counted as Quick). Close waits for all processes.
package pocketsphinx

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"attendant/media"
	"attendant/speech"
)

const (
	// keptFrames is the audio kept for another worker: 20 s.
	keptFrames = 1000
)

// narrowband restores the features of telephone speech; train makes it.
//
//go:embed narrowband.net
var narrowband []byte

// Config says how to recognise.
type Config struct {
	Program  string   // the worker
	ModelDir string   // Debian's /usr/share/pocketsphinx/model/en-us
	Phrases  []string // what callers are likely to say; "{digits}" is a number
	Answers  []string // what the company's questions offer to choose from
	Workers  int      // most processes; 0 is 8
	Warm     int      // processes started at once; 0 is 1
	// Wait bounds the wait for a free worker; 0 is 2 s.
	Wait time.Duration
	// Patience is how long a worker may take for the last result after the
	// audio's end, or take in no audio; 0 is 8 s, what twenty turns that end at
	// once need on two cores.
	Patience time.Duration
	Log      *slog.Logger
}

// Stats are a recogniser's counters.
type Stats struct{ Utterances, Crashes, Exhausted, Quick atomic.Int64 }

// Recognizer is a pool of workers.
type Recognizer struct {
	cfg   Config
	dir   string // of the language models
	args  []string
	known map[string]bool // the words that have a pronunciation
	stats Stats
	idle  chan *worker  // as many places as workers: putting back never blocks
	slots chan struct{} // one token a living worker

	started   atomic.Int64 // workers, so far
	finishing atomic.Int32 // utterances whose last result is awaited
}

var _ speech.Recognizer = (*Recognizer)(nil)

// Open builds the language models and starts the first workers. The caller
// calls Close.
func Open(cfg Config) (*Recognizer, error) {
	if cfg.Workers == 0 {
		cfg.Workers = 8
	}
	if cfg.Patience == 0 {
		cfg.Patience = 8 * time.Second
	}
	if cfg.Wait == 0 {
		cfg.Wait = 2 * time.Second
	}
	r := &Recognizer{cfg: cfg, idle: make(chan *worker, cfg.Workers), slots: make(chan struct{}, cfg.Workers)}
	var err error
	if r.dir, err = os.MkdirTemp("", "attendant-lm-"); err != nil {
		return nil, fmt.Errorf("make a folder for language models: %w", err)
	}
	searches := models(cfg.Phrases)
	dictionary, err := r.dictionary(searches)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	network := filepath.Join(r.dir, "narrowband.net")
	if err := os.WriteFile(network, narrowband, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("write the network for narrow-band speech: %w", err), r.Close())
	}
	r.args = []string{filepath.Join(cfg.ModelDir, "en-us"), dictionary, network}
	for name, m := range searches {
		file := filepath.Join(r.dir, name+".lm")
		if err := os.WriteFile(file, m.arpa(), 0o600); err != nil {
			return nil, errors.Join(fmt.Errorf("write a language model: %w", err), r.Close())
		}
		if name == searchOpen { // the others are mixed with it
			r.args = slices.Insert(r.args, 3, name+"="+file)
			continue
		}
		r.args = append(r.args, name+"="+file)
	}
	if err := r.warm(max(1, min(cfg.Warm, cfg.Workers))); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// dictionary writes the pronunciations of the words that occur and tells of
// those that have none: they cannot be recognised.
func (r *Recognizer) dictionary(searches map[string]*model) (string, error) {
	known, err := os.Open(filepath.Join(r.cfg.ModelDir, "cmudict-en-us.dict"))
	if err != nil {
		return "", fmt.Errorf("open the pronunciations: %w", err)
	}
	defer known.Close()
	missing := map[string]bool{}
	for _, m := range searches {
		for w := range m.counts[0] {
			missing[w] = w != "<s>" && w != "</s>"
		}
	}
	for _, a := range r.cfg.Answers { // their models are made when they are asked for
		for _, w := range strings.Fields(normalize(a)) {
			missing[w] = true
		}
	}
	var lines strings.Builder
	r.known = map[string]bool{}
	scanner := bufio.NewScanner(known)
	for scanner.Scan() {
		w, _, _ := strings.Cut(scanner.Text(), " ")
		w, _, _ = strings.Cut(w, "(")
		if _, ok := missing[w]; ok {
			missing[w], r.known[w] = false, true
			lines.WriteString(scanner.Text() + "\n")
		}
	}
	if err := scanner.Err(); err != nil {
		return "", fmt.Errorf("read the pronunciations: %w", err)
	}
	for w, yes := range missing {
		if yes {
			r.cfg.Log.Debug("word without a pronunciation", "word", w)
		}
	}
	file := filepath.Join(r.dir, "words.dict")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		return "", fmt.Errorf("write the pronunciations: %w", err)
	}
	return file, nil
}

// warm starts n workers side by side.
func (r *Recognizer) warm(n int) error {
	var starting sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		r.slots <- struct{}{}
		starting.Go(func() {
			w, err := r.start()
			if errs[i] = err; err != nil {
				<-r.slots
				return
			}
			r.idle <- w
		})
	}
	starting.Wait()
	return errors.Join(errs...)
}

// Close ends the workers, which must all be idle, and removes what Open wrote.
func (r *Recognizer) Close() error {
	for {
		select {
		case w := <-r.idle:
			w.stop()
		default:
			return os.RemoveAll(r.dir)
		}
	}
}

// Stats returns the counters.
func (r *Recognizer) Stats() *Stats { return &r.stats }

// take returns an idle worker or starts one.
func (r *Recognizer) take(ctx context.Context) (*worker, error) {
	select {
	case w := <-r.idle:
		return w, nil
	default:
	}
	patience := time.NewTimer(r.cfg.Wait)
	defer patience.Stop()
	select {
	case w := <-r.idle:
		return w, nil
	case r.slots <- struct{}{}:
		w, err := r.start()
		if err != nil {
			<-r.slots
			return nil, err
		}
		return w, nil
	case <-patience.C:
		r.stats.Exhausted.Add(1)
		return nil, fmt.Errorf("%w: all recognisers are busy", speech.ErrUnavailable)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// start starts a worker; the caller has taken a slot for it.
func (r *Recognizer) start() (*worker, error) {
	lm := filepath.Join(r.dir, fmt.Sprintf("choice-%d.lm", r.started.Add(1)))
	return startWorker(r.cfg.Program, r.args, lm)
}

// drop ends a worker that cannot be used again.
func (r *Recognizer) drop(w *worker) {
	w.stop()
	_ = os.Remove(w.lm) // Close removes what is left
	<-r.slots
}

// Recognize implements speech.Recognizer.
func (r *Recognizer) Recognize(ctx context.Context, hints speech.Hints, audio <-chan media.Frame, results chan<- speech.Result) error {
	r.stats.Utterances.Add(1)
	u := &utterance{finishing: &r.finishing, quick: &r.stats.Quick, patience: r.cfg.Patience, begin: 'U', search: searchFor(hints.Expect), audio: audio, results: results}
	u.choose(hints.Expect.Choices, r.known)
	if hints.Bandwidth == media.Narrowband {
		u.begin = 'N'
	}
	err := r.attempt(ctx, u)
	if err != nil && ctx.Err() == nil && len(u.kept) < keptFrames {
		r.cfg.Log.Warn("recogniser failed, trying another", "error", err)
		err = r.attempt(ctx, u)
	}
	return err
}

// utterance is what one call of Recognize is about.
type utterance struct {
	finishing *atomic.Int32
	quick     *atomic.Int64
	patience  time.Duration
	begin     byte // the worker's word for its line
	search    string
	choices   string // what the search for a choice is for
	model     *model // of those choices
	audio     <-chan media.Frame
	results   chan<- speech.Result
	kept      []media.Frame
	ended     bool // audio has been closed
}

// choose makes the model of a choice. Where none of the choices can be heard,
// anything is expected.
func (u *utterance) choose(phrases []string, known map[string]bool) {
	if u.search != searchChoice {
		return
	}
	u.choices, u.model = strings.Join(phrases, "\n"), choices(phrases, known)
	if u.model == nil {
		u.search = searchOpen
	}
}

// prepare gives a worker the model of the choices, if its last one was another.
func (u *utterance) prepare(w *worker) error {
	if u.model == nil || w.choices == u.choices {
		return nil
	}
	if err := os.WriteFile(w.lm, u.model.arpa(), 0o600); err != nil {
		return fmt.Errorf("write a language model: %w", err)
	}
	w.choices = u.choices
	return w.send('L', []byte(w.lm))
}

// attempt gives the utterance to one worker. A worker that fails is dropped.
func (r *Recognizer) attempt(ctx context.Context, u *utterance) error {
	w, err := r.take(ctx)
	if err != nil {
		return err
	}
	// Ending the context kills the process, which ends every read and write.
	stop := context.AfterFunc(ctx, w.kill)
	defer stop()
	following, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	var reading sync.WaitGroup
	reading.Go(func() { done <- w.follow(following, u.results) })
	err = u.feed(w, done)
	if err != nil {
		w.kill()
		cancel()
	}
	reading.Wait()
	if err != nil || !stop() {
		r.stats.Crashes.Add(1)
		r.drop(w)
		return errors.Join(ctx.Err(), err)
	}
	r.idle <- w
	return nil
}

// feed sends the utterance and waits for the end of its results. A worker that
// takes nothing for its patience, or is silent for so long at the end, is
// killed.
func (u *utterance) feed(w *worker, done <-chan error) error {
	watchdog := time.AfterFunc(u.patience, w.kill)
	defer watchdog.Stop()
	if err := u.speak(w, done, watchdog); err != nil {
		return fmt.Errorf("%w: %w", speech.ErrUnavailable, err)
	}
	watchdog.Reset(u.patience)
	defer u.finishing.Add(-1)
	if err := w.send(u.ending(), nil); err != nil {
		return fmt.Errorf("%w: %w", speech.ErrUnavailable, err)
	}
	return <-done
}

// ending is the worker's word for the end of an utterance. Decoding it again
// takes about 0.3 s of a core: while more utterances end than there are cores to
// do so, a reply in time is worth more than the last words' accuracy.
func (u *utterance) ending() byte {
	if u.finishing.Add(1) <= int32(runtime.NumCPU()) {
		return 'E'
	}
	u.quick.Add(1)
	return 'Q'
}

func (u *utterance) speak(w *worker, done <-chan error, watchdog *time.Timer) error {
	if err := u.prepare(w); err != nil {
		return err
	}
	if err := w.send(u.begin, []byte(u.search)); err != nil {
		return err
	}
	for i := range u.kept {
		if err := w.sendFrame(&u.kept[i]); err != nil {
			return err
		}
	}
	for !u.ended {
		watchdog.Stop()
		select {
		case err := <-done:
			return errors.Join(errEarly, err)
		case f, ok := <-u.audio:
			if u.ended = !ok; !ok {
				break
			}
			watchdog.Reset(u.patience)
			if len(u.kept) < keptFrames {
				u.kept = append(u.kept, f)
			}
			if err := w.sendFrame(&f); err != nil {
				return err
			}
		}
	}
	return nil
}

var errEarly = errors.New("results ended before the audio")
