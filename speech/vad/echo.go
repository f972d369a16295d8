package vad

import (
	"math"

	"attendant/media"
	"attendant/media/dsp"
)

// What an Echo goes by. Levels are in dB of full scale, delays in frames.
const (
	// farthest is the longest way of our voice to the far end and back: 700 ms.
	farthest = 35
	// spoken is the level from which on what we play says something of an echo.
	spoken = -45
	// unheard is how far below what we have played lately a sound is taken for its
	// echo as long as nothing is known of the line. Callers speak about as loudly as
	// we do; telephones without echo cancellation return -15 dB and less.
	unheard = 12
	// learning is how much of our speech tells whether there is an echo, memory the
	// time over which the line is looked at: 0.8 and 2 s.
	learning, memory = 40, 100
	// alike is the correlation of levels from which on what comes back is an echo:
	// one of speech has 0.9 and more at its delay, independent speech under 0.6.
	alike = 0.8
	// unlike is the correlation below which there is none any more.
	unlike = 0.4
	// loudest is the strongest echo believed in; a caller who happens to speak with us
	// is louder.
	loudest = -8
	// spread is how far above the echo expected a frame may be: its samples lie across
	// two of ours, and rooms ring.
	spread = 7
)

// Echo tells our own voice that comes back from what a caller says, by levels: what
// comes back follows what was played, later and more softly. It begins careful,
// and lets everything pass on a line without an echo once it knows that. It is
// pure state; one goroutine uses it. Neither method blocks or allocates.
type Echo struct {
	played [farthest + 1]float64 // levels, a ring
	tick   int
	lines  [farthest]likeness
	known  bool    // whether there is an echo
	there  bool    // there is one
	gain   float64 // by which it is louder than what was played
}

// likeness is how what is heard follows what was played a while before.
type likeness struct{ n, x, y, xx, yy, xy float64 }

// add takes in a pair of levels.
func (l *likeness) add(x, y float64) {
	l.n = min(l.n+1, memory)
	w := 1 / l.n
	for _, s := range []struct {
		mean  *float64
		value float64
	}{{&l.x, x}, {&l.y, y}, {&l.xx, x * x}, {&l.yy, y * y}, {&l.xy, x * y}} {
		*s.mean += w * (s.value - *s.mean)
	}
}

// correlation is that of the levels; 0 where either does not change.
func (l *likeness) correlation() float64 {
	vx, vy := l.xx-l.x*l.x, l.yy-l.y*l.y
	if vx < 4 || vy < 4 {
		return 0
	}
	return (l.xy - l.x*l.y) / math.Sqrt(vx*vy)
}

// gain is by how much what is heard is louder than what was played.
func (l *likeness) gain() float64 { return l.y - l.x }

// Played takes the frame that the caller is sent now.
func (e *Echo) Played(f *media.Frame) {
	e.tick++
	e.played[e.tick%len(e.played)] = max(dsp.Level(f[:]), -90)
}

// ago is the level of what was played so many frames ago.
func (e *Echo) ago(frames int) float64 {
	if frames < 0 || frames >= e.tick || frames > farthest {
		return -90
	}
	return e.played[(e.tick-frames)%len(e.played)]
}

// Returned reports whether f, which is heard now, is what was played.
func (e *Echo) Returned(f *media.Frame) bool {
	level := max(dsp.Level(f[:]), -90)
	e.learn(level)
	gain := -float64(unheard)
	switch {
	case e.there:
		gain = e.gain + spread
	case e.known:
		return false
	}
	// Whatever was played within the longest way may come back now: clocks drift, and
	// jitter buffers change the delay in the middle of a call.
	lately := -90.0
	for d := range farthest {
		lately = max(lately, e.ago(d))
	}
	return lately > spoken && level < lately+gain
}

// learn looks for a delay at which what is heard follows what was played. An echo
// that was found is believed in until no delay has anything of it any more.
func (e *Echo) learn(level float64) {
	most := 0.0
	for d := range farthest {
		l := &e.lines[d]
		if x := e.ago(d); x > spoken {
			l.add(x, level)
		}
		if c := l.correlation(); l.n >= learning/2 && c > most && l.gain() <= loudest {
			most = c
			if c >= alike {
				e.gain = l.gain()
			}
		}
	}
	e.known = e.known || e.lines[farthest-1].n >= learning
	switch {
	case most >= alike:
		e.there = true
	case most < unlike:
		e.there = false
	}
}
