package dialog

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"attendant/media"
	"attendant/media/dsp"
	"attendant/speech"
	"attendant/speech/turn"
	"attendant/speech/vad"
)

const (
	// earBacklog is 5 s of frames: longer than a recogniser may take for its
	// last result, so that the start of the next turn is not lost meanwhile.
	earBacklog = 250
	// preRoll is the audio from before a detector's decision that belongs to
	// the utterance: its onset latency and a soft first consonant.
	preRoll = 20
	// finalPatience bounds the wait for a recogniser's last result.
	finalPatience = 12 * time.Second
)

// ear is a Port that listens to one party. listen turns what it hears into
// events: a start, partials, and an end with the final words.
type ear struct {
	dropped    atomic.Uint64 // frames lost because nobody listened for 5 s
	recognizer speech.Recognizer
	detector   speech.Detector
	endpointer *turn.Endpointer
	hints      atomic.Pointer[speech.Hints]
	frames     chan media.Frame
	events     chan heard
	echo       vad.Echo             // of what its party hears; the bridge's clock alone uses it
	recent     [preRoll]media.Frame // a ring; recent[ticks%preRoll] is the oldest
	ticks      int
}

// heard is one event of an ear.
type heard struct {
	kind       heardKind
	result     speech.Result
	start      time.Time // the first speech
	speechEnd  time.Time // the last speech
	endpointed time.Time // the turn was taken to have ended
	recognized time.Time // the final words were known
	err        error     // the recogniser failed: the words are lost
	hidden     bool      // a card's number was taken out of the words

	levels float64 // sum of the levels of the frames with speech, in dB
	voiced int     // their number
}

// levelDB is the mean level of the speech, 0 where there was none.
func (h heard) levelDB() float64 { return h.levels / float64(max(1, h.voiced)) }

type heardKind int

const (
	heardStart heardKind = iota
	heardPartial
	heardEndpoint // the turn is over, its final words are awaited
	heardEnd
)

func newEar(r speech.Recognizer, d speech.Detector) *ear {
	e := &ear{
		recognizer: r,
		detector:   d,
		endpointer: turn.New(turn.Config{}),
		frames:     make(chan media.Frame, earBacklog),
		// A turn has one start, one endpoint, one end and a partial about each 100 ms;
		// partials are dropped where nobody reads, the others wait.
		events: make(chan heard, 16),
	}
	e.hints.Store(&speech.Hints{})
	return e
}

// GetFrame says nothing.
func (e *ear) GetFrame(*media.Frame) bool { return false }

// PutFrame takes what the party says. What it hears of us by an echo is silence. It
// never blocks: a frame that finds the backlog full is dropped and counted.
func (e *ear) PutFrame(f *media.Frame) {
	said := *f
	if e.echo.Returned(f) {
		said = media.Frame{}
	}
	select {
	case e.frames <- said:
	default:
		e.dropped.Add(1)
	}
}

// loudspeaker is a port that hears what the ear's party hears.
type loudspeaker struct{ ear *ear }

// GetFrame says nothing.
func (loudspeaker) GetFrame(*media.Frame) bool { return false }

// PutFrame takes what the party is sent, on the bridge's clock, as the ear does.
func (l loudspeaker) PutFrame(f *media.Frame) { l.ear.echo.Played(f) }

// expect tells what is likely to be said from the next utterance on.
func (e *ear) expect(h speech.Hints) { e.hints.Store(&h) }

// listen listens until ctx ends or frames is closed. Events are read from
// e.events by one reader at a time.
func (e *ear) listen(ctx context.Context) {
	for e.awaitSpeech(ctx) {
		e.utterance(ctx)
	}
}

// awaitSpeech returns true when speech has begun.
func (e *ear) awaitSpeech(ctx context.Context) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case f, ok := <-e.frames:
			if !ok {
				return false
			}
			if e.feed(&f, "").Kind == turn.StartOfInput {
				return true
			}
		}
	}
}

func (e *ear) feed(f *media.Frame, partial string) turn.Event {
	e.recent[e.ticks%preRoll] = *f
	e.ticks++
	return e.endpointer.Feed(e.detector.Detect(f), partial, e.hints.Load().Expect)
}

// utterance recognises from the pre-roll to the end of the turn.
func (e *ear) utterance(ctx context.Context) {
	u := heard{kind: heardStart, start: time.Now(), speechEnd: time.Now()}
	e.tell(ctx, u)

	ctx, cancel := context.WithCancel(ctx)
	audio := make(chan media.Frame, earBacklog) // full: the recogniser is slower than life, frames are dropped
	results := make(chan speech.Result, 8)
	failed := make(chan error, 1)
	var recognizing sync.WaitGroup
	recognizing.Go(func() { failed <- e.recognizer.Recognize(ctx, *e.hints.Load(), audio, results) })
	defer recognizing.Wait()
	defer cancel()

	for i := range min(e.ticks, preRoll) {
		audio <- e.recent[(e.ticks-min(e.ticks, preRoll)+i)%preRoll]
	}
	e.follow(ctx, &u, audio, results, failed)
	close(audio)
	if u.err == nil {
		e.tell(ctx, heard{kind: heardEndpoint, start: u.start, speechEnd: u.speechEnd, endpointed: u.endpointed})
	}
	e.finish(ctx, &u, results, failed)
	e.tell(ctx, u)
}

// follow feeds the recogniser until the endpointer says that the turn is over.
func (e *ear) follow(ctx context.Context, u *heard, audio chan<- media.Frame, results <-chan speech.Result, failed <-chan error) {
	for {
		select {
		case <-ctx.Done():
			u.err = ctx.Err()
			return
		case u.err = <-failed:
			failed = nil // the turn's end is still awaited, for manners
		case r := <-results:
			u.result = r
			e.tell(ctx, heard{kind: heardPartial, result: r, start: u.start})
		case f, ok := <-e.frames:
			if !ok {
				u.endpointed = time.Now()
				return
			}
			event := e.feed(&f, u.result.Text)
			if event.Speech {
				u.speechEnd = time.Now()
				u.levels += dsp.Level(f[:])
				u.voiced++
			}
			e.forward(audio, f)
			if event.Kind == turn.EndOfTurn {
				u.endpointed = time.Now()
				return
			}
		}
	}
}

func (e *ear) forward(audio chan<- media.Frame, f media.Frame) {
	select {
	case audio <- f:
	default:
		e.dropped.Add(1)
	}
}

// finish waits for the final words.
func (e *ear) finish(ctx context.Context, u *heard, results <-chan speech.Result, failed <-chan error) {
	u.kind, u.recognized = heardEnd, time.Now()
	if u.err != nil {
		return
	}
	patience := time.NewTimer(finalPatience)
	defer patience.Stop()
	for {
		select {
		case r := <-results:
			u.result, u.recognized = r, time.Now()
			if r.Final {
				return
			}
		case err := <-failed:
			if u.err = err; err != nil {
				return
			}
			failed = nil
		case <-patience.C:
			u.err = speech.ErrUnavailable
			return
		case <-ctx.Done():
			u.err = ctx.Err()
			return
		}
	}
}

// tell passes an event on, without card numbers. A partial that nobody waits for
// is dropped: the next one replaces it.
func (e *ear) tell(ctx context.Context, h heard) {
	h.result, h.hidden = withoutCards(h.result, *e.hints.Load())
	if h.kind == heardPartial {
		select {
		case e.events <- h:
		default:
		}
		return
	}
	select {
	case e.events <- h:
	case <-ctx.Done():
	}
}
