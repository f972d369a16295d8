package rtp

import (
	"time"

	pion "github.com/pion/rtp"

	"github.com/pion/rtcp"
)

// reception measures what comes from one source. It is pure state. RFC 3550
// appendices A.1, A.3 and A.8.
type reception struct {
	ssrc          uint32
	started       bool
	base, highest uint32 // sequence numbers with the count of their cycles
	received      uint32

	// What was expected and received at the last report.
	expectedBefore, receivedBefore uint32

	timed   bool   // transit is known
	transit uint32 // arrival less timestamp of the last packet, in its clock's ticks
	jitter  float64

	report   uint32 // the middle of the NTP time in their last sender report
	reported time.Time
}

// take counts a packet that came at arrival, in ticks of the packet's clock
// from anywhere. Only packets of audio tell jitter: those of one key share a
// timestamp. A jump of the sequence number begins anew, as in Jitter.
func (r *reception) take(h *pion.Header, arrival uint32, audio bool) {
	ahead := int16(h.SequenceNumber - uint16(r.highest))
	if !r.started || h.SSRC != r.ssrc || ahead > jump || ahead < -jump {
		*r = reception{ssrc: h.SSRC, started: true, base: uint32(h.SequenceNumber), highest: uint32(h.SequenceNumber)}
		ahead = 0
	}
	if ahead > 0 {
		r.highest += uint32(ahead)
	}
	r.received++
	if !audio {
		return
	}
	transit := arrival - h.Timestamp
	if r.timed {
		d := int32(transit - r.transit)
		r.jitter += (float64(max(d, -d)) - r.jitter) / 16
	}
	r.transit, r.timed = transit, true
}

// expected is how many packets the source has sent, as far as we know.
func (r *reception) expected() uint32 { return r.highest - r.base + 1 }

// lost is how many have not come; repeated ones make up for others.
func (r *reception) lost() uint32 {
	if !r.started || r.received >= r.expected() {
		return 0
	}
	return r.expected() - r.received
}

// block is what a report says of the source. It begins the next interval. RFC
// 3550 section 6.4.1.
func (r *reception) block(now time.Time) rtcp.ReceptionReport {
	b := rtcp.ReceptionReport{
		SSRC: r.ssrc, TotalLost: min(r.lost(), 1<<23-1), LastSequenceNumber: r.highest, Jitter: uint32(r.jitter),
	}
	expected, received := r.expected()-r.expectedBefore, r.received-r.receivedBefore
	if expected > received {
		b.FractionLost = uint8(min(255, uint64(expected-received)<<8/uint64(expected)))
	}
	r.expectedBefore, r.receivedBefore = r.expected(), r.received
	if !r.reported.IsZero() {
		b.LastSenderReport, b.Delay = r.report, ticks(now.Sub(r.reported), 1<<16)
	}
	return b
}

// ticks is d in ticks of a clock, as far as they fit.
func ticks(d time.Duration, rateHz int) uint32 {
	return uint32(d/time.Second)*uint32(rateHz) + uint32(d%time.Second*time.Duration(rateHz)/time.Second)
}
