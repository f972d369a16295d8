package rtp

import "attendant/media"

const (
	// ringSize is the number of packets a buffer can hold: 1.28 s of 20 ms.
	ringSize = 64
	// minDepth and maxDepth bound how many packets wait before playout begins.
	minDepth, maxDepth = 2, 10
	// calmFrames without an underrun lower the depth by one: 10 s.
	calmFrames = 500
	// fadeFrames is how long a loss is hidden before silence takes over.
	fadeFrames = 4
	// jump is a step of the sequence number that means a new stream rather than
	// loss or reordering.
	jump = 200
)

// Jitter reorders packets and plays them out evenly. It is pure state: Put and
// Get never block and never look at a clock; Get is called every 20 ms. The
// depth adapts: an underrun raises it, ten calm seconds lower it.
type Jitter struct {
	decode func(dst []int16, payload []byte) []int16

	packets [ringSize]packet
	waiting int // packets in the ring
	next    uint16
	started bool // next is known
	playing bool
	depth   int
	calm    int
	pcm     []int16 // decoded and not yet played
	last    media.Frame
	hidden  int // frames concealed in a row
	stats   JitterStats
}

type packet struct {
	sequence uint16
	full     bool
	payload  []byte // empty: a packet that carries no audio, such as a digit
}

// JitterStats count what happened to packets.
type JitterStats struct {
	Received, Lost, Late, Duplicate, Overflow, Concealed uint64
	Depth                                                int // in packets, now
}

// NewJitter returns a buffer that decodes packets, in order, with decode.
func NewJitter(decode func(dst []int16, payload []byte) []int16) *Jitter {
	return &Jitter{decode: decode, depth: minDepth, hidden: fadeFrames, pcm: make([]int16, 0, 8*media.FrameSamples)}
}

// Put takes a packet. It copies payload.
func (j *Jitter) Put(sequence uint16, payload []byte) {
	j.stats.Received++
	ahead := int16(sequence - j.next)
	switch {
	case !j.started || ahead > jump || ahead < -jump:
		j.restart(sequence)
	case ahead < 0 && !j.playing && j.waiting > 0 && int(j.newest()-sequence) < ringSize:
		j.next = sequence // reordered before playout began
	case ahead < 0:
		j.stats.Late++
		return
	case ahead >= ringSize:
		j.skipTo(sequence - ringSize/2)
	}
	p := &j.packets[sequence%ringSize]
	if p.full && p.sequence == sequence {
		j.stats.Duplicate++
		return
	}
	p.payload = append(p.payload[:0], payload...)
	p.sequence, p.full = sequence, true
	j.waiting++
}

func (j *Jitter) newest() uint16 {
	newest := j.next
	for _, p := range j.packets {
		if p.full && int16(p.sequence-newest) > 0 {
			newest = p.sequence
		}
	}
	return newest
}

func (j *Jitter) restart(sequence uint16) {
	for i := range j.packets {
		j.packets[i].full = false
	}
	j.waiting, j.next, j.started, j.playing = 0, sequence, true, false
}

// skipTo drops what is older than sequence.
func (j *Jitter) skipTo(sequence uint16) {
	for ; j.next != sequence; j.next++ {
		if p := &j.packets[j.next%ringSize]; p.full {
			p.full = false
			j.waiting--
			j.stats.Overflow++
		}
	}
}

// Get fills f with the next 20 ms. It reports false, leaving f undefined, where
// there is nothing to hear.
func (j *Jitter) Get(f *media.Frame) bool {
	j.adapt()
	for len(j.pcm) < media.FrameSamples && j.playing {
		j.take()
	}
	if len(j.pcm) < media.FrameSamples {
		return j.conceal(f)
	}
	copy(f[:], j.pcm)
	j.pcm = j.pcm[:copy(j.pcm, j.pcm[media.FrameSamples:])]
	j.last, j.hidden = *f, 0
	return true
}

// adapt begins playout at the wanted depth and shortens a queue that has grown.
func (j *Jitter) adapt() {
	if !j.playing && j.waiting >= j.depth {
		j.playing = true
	}
	if j.calm++; j.calm >= calmFrames {
		j.calm, j.depth = 0, max(minDepth, j.depth-1)
	}
	if j.waiting > j.depth+8 {
		j.skipTo(j.next + uint16(j.waiting-j.depth))
	}
}

// take decodes the next packet, or what stands in for it.
func (j *Jitter) take() {
	if j.waiting == 0 { // underrun
		j.playing, j.calm = false, 0
		j.depth = min(maxDepth, j.depth+1)
		return
	}
	p := &j.packets[j.next%ringSize]
	j.next++
	if !p.full {
		j.stats.Lost++
		j.pcm = append(j.pcm, j.fade()...)
		return
	}
	p.full = false
	j.waiting--
	if len(p.payload) == 0 {
		j.pcm = append(j.pcm, make([]int16, media.FrameSamples)...)
		return
	}
	j.pcm = j.decode(j.pcm, p.payload)
}

// conceal hides a gap: the last frame, fading, then nothing.
func (j *Jitter) conceal(f *media.Frame) bool {
	if !j.started || j.hidden >= fadeFrames {
		return false
	}
	copy(f[:], j.fade())
	return true
}

// fade returns the last frame, weaker each time.
func (j *Jitter) fade() []int16 {
	j.hidden++
	j.stats.Concealed++
	for i := range j.last {
		j.last[i] = j.last[i] / 5 * 3
	}
	return j.last[:]
}

// Stats returns the counters.
func (j *Jitter) Stats() JitterStats {
	s := j.stats
	s.Depth = j.depth
	return s
}
