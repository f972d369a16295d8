package media

import (
	"context"
	"sync/atomic"
)

// Sink stores stereo audio, 20 ms at a time. It may block.
type Sink interface {
	WriteStereo(left, right *Frame) error
}

// recorderBacklog is 10 s: what a slow disk may hold up.
const recorderBacklog = 500

// Recorder writes two sides of a call to a Sink: connect one side's ports to
// Left and the other's to Right. The bridge's tick only hands frames over; Run
// writes them. What a full backlog cannot take is dropped and counted.
type Recorder struct {
	Dropped atomic.Uint64 // frames that the sink was too slow for
	sink    Sink
	tick    [2]Frame // what has come of this tick, left and right; the bridge's goroutine only
	came    [2]bool
	frames  chan [2]Frame
}

// NewRecorder returns a recorder that writes to sink.
func NewRecorder(sink Sink) *Recorder {
	return &Recorder{sink: sink, frames: make(chan [2]Frame, recorderBacklog)}
}

// Left is the port that hears the left side. A side that is connected to
// nobody is silence; while neither is, nothing is recorded.
func (r *Recorder) Left() Port { return (*recorderLeft)(r) }

// Right is the port that hears the right side.
func (r *Recorder) Right() Port { return (*recorderRight)(r) }

// Waiting is how many frames are handed over and not written yet. Any goroutine may
// call it.
func (r *Recorder) Waiting() int { return len(r.frames) }

// Run writes until ctx ends and everything handed over is written, or the sink
// fails.
func (r *Recorder) Run(ctx context.Context) error {
	for {
		select {
		case f := <-r.frames:
			if err := r.sink.WriteStereo(&f[0], &f[1]); err != nil {
				return err
			}
		case <-ctx.Done():
			return r.flush()
		}
	}
}

func (r *Recorder) flush() error {
	for {
		select {
		case f := <-r.frames:
			if err := r.sink.WriteStereo(&f[0], &f[1]); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// put takes one side's frame of a tick. The tick is handed over when both sides
// have come; a side that comes twice found the other silent.
func (r *Recorder) put(side int, f *Frame) {
	if r.came[side] {
		r.handOver()
	}
	r.tick[side], r.came[side] = *f, true
	if r.came[0] && r.came[1] {
		r.handOver()
	}
}

// handOver queues the tick and begins the next one with silence.
func (r *Recorder) handOver() {
	select {
	case r.frames <- r.tick:
	default:
		r.Dropped.Add(1)
	}
	r.tick, r.came = [2]Frame{}, [2]bool{}
}

type recorderLeft Recorder

func (*recorderLeft) GetFrame(*Frame) bool { return false }
func (l *recorderLeft) PutFrame(f *Frame)  { (*Recorder)(l).put(0, f) }

type recorderRight Recorder

func (*recorderRight) GetFrame(*Frame) bool { return false }
func (r *recorderRight) PutFrame(f *Frame)  { (*Recorder)(r).put(1, f) }
