package rtp

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/pion/rtcp"
	pion "github.com/pion/rtp"
)

// reportInterval is how often reports are sent, on average. RFC 3550 section
// 6.2; for two parties the share of the bandwidth asks for no more.
const reportInterval = 5 * time.Second

// ReportStats are what RTCP has told, and what we have told by it.
type ReportStats struct {
	Sent, Received, Garbage uint64

	Lost   uint32        // packets of the far end's that have not come
	Jitter time.Duration // of those that have, as RFC 3550 section 6.4.1 has it

	RoundTrip  time.Duration // network only; 0 is not known
	FarLost    uint32        // packets of ours that the far end has not got
	FarLosing  float64       // the share of them between its last two reports, 0 to 1
	FarJitter  time.Duration // of ours, as the far end sees it
	FarReports uint64        // how many reports these are from
}

// reports is a session's RTCP state; the session's mu guards it.
type reports struct {
	name    string // RFC 7022 section 4.2
	every   time.Duration
	source  netip.AddrPort // where their reports come from
	from    reception
	packets uint32 // sent, and their octets without headers
	octets  uint32
	sampled time.Time // when the last packet sent was sampled
	before  [2]uint32 // packets at our last reports, the latest first
	told    [2]uint32 // the middles of the NTP times in our last sender reports
	stats   ReportStats
}

// exchangeReports reads and sends reports until ctx ends, and then says
// goodbye. Those that share the port with the audio come by receive.
func (s *Session) exchangeReports(ctx context.Context) {
	// A deadline error would show in the read that follows.
	stop := context.AfterFunc(ctx, func() { _ = s.control.SetReadDeadline(time.Now()) })
	defer stop()
	b := make([]byte, packetLimit)
	next := time.Now().Add(s.pause() / 2)
	for {
		_ = s.control.SetReadDeadline(next)
		if ctx.Err() != nil {
			s.sendReport(true)
			return
		}
		n, from, err := s.control.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			s.takeReports(b[:n], plain(from), false)
		}
		if !time.Now().Before(next) {
			s.sendReport(false)
			next = time.Now().Add(s.pause())
		}
	}
}

// pause is the time to the next report: half of the interval to one and a half,
// so that parties do not fall into step. RFC 3550 section 6.2.
func (s *Session) pause() time.Duration { return s.reports.every/2 + rand.N(s.reports.every) }

// takeReports takes one datagram of RTCP.
func (s *Session) takeReports(b []byte, from netip.AddrPort, muxed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ready || from.Addr() != s.farEnd().Addr() {
		s.foreign.Add(1)
		return
	}
	b, ok := s.openReport(b)
	if !ok {
		s.unsealed.Add(1)
		return
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		s.reports.stats.Garbage++
		return
	}
	s.reports.stats.Received++
	if !muxed {
		s.reports.source = from
	}
	now := time.Now()
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			if p.SSRC == s.reports.from.ssrc {
				s.reports.from.report, s.reports.from.reported = middle(p.NTPTime), now
			}
			s.learn(p.Reports, now)
		case *rtcp.ReceiverReport:
			s.learn(p.Reports, now)
		}
	}
}

// learn takes in what the far end says of our packets.
func (s *Session) learn(blocks []rtcp.ReceptionReport, now time.Time) {
	r := &s.reports
	for _, b := range blocks {
		if b.SSRC != s.header.SSRC {
			continue
		}
		r.stats.FarReports++
		r.stats.FarLost, r.stats.FarLosing = b.TotalLost, float64(b.FractionLost)/256
		r.stats.FarJitter = s.duration(float64(b.Jitter))
		// A delay that is longer than the time since our report is no delay.
		ours := b.LastSenderReport != 0 && (b.LastSenderReport == r.told[0] || b.LastSenderReport == r.told[1])
		if took := int32(middle(s.ntp(now)) - b.LastSenderReport - b.Delay); ours && took >= 0 {
			r.stats.RoundTrip = time.Duration(took) * time.Second >> 16
		}
	}
}

// sendReport sends one report, to where the far end's come from.
func (s *Session) sendReport(goodbye bool) {
	conn, to, packets := s.compose(goodbye)
	if packets == nil {
		return
	}
	b, err := rtcp.Marshal(packets)
	if err == nil {
		var ok bool
		if b, ok = s.closeReport(b); !ok {
			return
		}
		_, err = conn.WriteToUDPAddrPort(b, to)
	}
	if err != nil {
		s.sendErrors.Add(1)
	}
}

// compose makes a report, of no packets where there is nobody to tell. Who has
// sent nothing says no goodbye, RFC 3550 section 6.3.7.
func (s *Session) compose(goodbye bool) (*net.UDPConn, netip.AddrPort, []rtcp.Packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.reports
	conn, to := s.reportsTo()
	if !s.ready || !to.IsValid() || to.Port() == 0 || to.Addr().IsUnspecified() || (goodbye && r.packets == 0 && r.stats.Sent == 0) {
		return nil, netip.AddrPort{}, nil
	}
	now := time.Now()
	var blocks []rtcp.ReceptionReport
	if r.from.started {
		blocks = []rtcp.ReceptionReport{r.from.block(now)}
	}
	var report rtcp.Packet = &rtcp.ReceiverReport{SSRC: s.header.SSRC, Reports: blocks}
	if r.packets != r.before[1] { // sent since the report before the last
		report = s.senderReport(now, blocks)
	}
	r.before = [2]uint32{r.packets, r.before[0]}
	r.stats.Sent++
	packets := []rtcp.Packet{report, rtcp.NewCNAMESourceDescription(s.header.SSRC, r.name)}
	if goodbye {
		packets = append(packets, &rtcp.Goodbye{Sources: []uint32{s.header.SSRC}})
	}
	return conn, to, packets
}

func (s *Session) senderReport(now time.Time, blocks []rtcp.ReceptionReport) *rtcp.SenderReport {
	r := &s.reports
	at := s.ntp(now)
	r.told = [2]uint32{middle(at), r.told[0]}
	return &rtcp.SenderReport{
		SSRC: s.header.SSRC, NTPTime: at, RTPTime: s.header.Timestamp + ticks(now.Sub(r.sampled), s.clockRateHz()),
		PacketCount: r.packets, OctetCount: r.octets, Reports: blocks,
	}
}

// reportsTo is where reports go: where theirs come from, else where the far end
// wants them, else the port after its audio's. RFC 3605; RFC 3550 section 11.
func (s *Session) reportsTo() (*net.UDPConn, netip.AddrPort) {
	far, named := s.farEnd(), s.stream.ReportPort
	switch {
	case s.stream.Mux:
		return s.conn, far
	case s.reports.source.IsValid() && s.reports.source.Addr() == far.Addr():
		return s.control, s.reports.source
	case named > 0 && far == s.stream.Remote:
		return s.control, netip.AddrPortFrom(far.Addr(), named)
	}
	return s.control, netip.AddrPortFrom(far.Addr(), far.Port()+1)
}

// isReport tells RTCP from RTP on the same port. RFC 5761 section 4.
func isReport(b []byte) bool { return len(b) >= 8 && b[0]>>6 == 2 && b[1] >= 192 && b[1] <= 223 }

// measure takes a packet of the far end into account.
func (s *Session) measure(h *pion.Header, now time.Time) {
	s.reports.from.take(h, ticks(now.Sub(s.began), s.clockRateHz()), h.PayloadType == s.stream.PayloadType)
}

// reportStats returns what is known by now; the caller holds mu.
func (s *Session) reportStats() ReportStats {
	st := s.reports.stats
	st.Lost, st.Jitter = s.reports.from.lost(), s.duration(s.reports.from.jitter)
	return st
}

func (s *Session) clockRateHz() int { return s.stream.Codec.ClockRateHz }

// duration is a number of ticks of the stream's clock.
func (s *Session) duration(ticks float64) time.Duration {
	if s.clockRateHz() == 0 {
		return 0
	}
	return time.Duration(ticks / float64(s.clockRateHz()) * float64(time.Second))
}

// ntp is a time as NTP has it, in 2^-32 s since 1900. It runs evenly, whatever
// is done to the machine's clock. RFC 3550 section 4.
func (s *Session) ntp(t time.Time) uint64 {
	t = s.began.Add(t.Sub(s.began)).UTC()
	const to1970 = 2208988800
	return uint64(t.Unix()+to1970)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// middle is the part of an NTP time that reports repeat, in 2^-16 s.
func middle(ntp uint64) uint32 { return uint32(ntp >> 16) }

// plain is an address without its being IPv4 in IPv6.
func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
