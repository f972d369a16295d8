package rtp

import "strings"

// keys are the telephone events in the order of their numbers. RFC 4733
// section 3.2, table 3.
const keys = "0123456789*#ABCD"

const (
	// A key is sent for 100 ms and followed by 80 ms of silence: what PBXs
	// accept. RFC 4733 section 2.5.1.
	keyTicks, gapTicks = 5, 4
	// The last packet is sent three times. RFC 4733 section 2.5.1.4.
	endPackets = 3
	// eventVolume is 10 dB below full scale.
	eventVolume = 10
)

// event is a telephone event's payload. RFC 4733 section 2.3.
type event struct {
	number   byte
	end      bool
	duration uint16 // in timestamp units
}

// parseEvent reads a payload; ok is false where it is none.
func parseEvent(b []byte) (e event, ok bool) {
	if len(b) < 4 {
		return event{}, false
	}
	return event{number: b[0], end: b[1]&0x80 != 0, duration: uint16(b[2])<<8 | uint16(b[3])}, true
}

func (e event) append(dst []byte) []byte {
	flags := byte(eventVolume)
	if e.end {
		flags |= 0x80
	}
	return append(dst, e.number, flags, byte(e.duration>>8), byte(e.duration))
}

// keySender is the state of keys being sent, one step a tick.
type keySender struct {
	pending   []byte // event numbers
	tick      int    // within the key being sent and its gap
	timestamp uint32 // of the key being sent
	done      chan struct{}
}

// eventNumbers returns the events of keys, or false for a key that is none.
func eventNumbers(digits string) ([]byte, bool) {
	var out []byte
	for _, r := range strings.ToUpper(digits) {
		n := strings.IndexRune(keys, r)
		if n < 0 {
			return nil, false
		}
		out = append(out, byte(n))
	}
	return out, true
}

// step returns the packets to send in this tick: how many copies of which
// event, and whether the first of a key.
func (k *keySender) step(now uint32, ticksPerFrame uint32) (e event, copies int, first, busy bool) {
	if len(k.pending) == 0 {
		return event{}, 0, false, false
	}
	if first = k.tick == 0; first {
		k.timestamp = now
	}
	k.tick++
	e = event{number: k.pending[0], duration: uint16(uint32(min(k.tick, keyTicks)) * ticksPerFrame)}
	switch {
	case k.tick < keyTicks:
		copies = 1
	case k.tick == keyTicks:
		e.end, copies = true, endPackets
	case k.tick >= keyTicks+gapTicks:
		k.pending, k.tick = k.pending[1:], 0
		if len(k.pending) == 0 {
			close(k.done)
		}
	}
	return e, copies, first, true
}
