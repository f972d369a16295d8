package rtp

import (
	"context"
	"math"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	pion "github.com/pion/rtp"

	"attendant/media"
	"attendant/media/codec"
)

// arrive takes packets of 20 ms with the given sequence numbers, each delay
// ticks late.
func arrive(r *reception, ssrc uint32, delay func(i int) uint32, seqs ...uint16) {
	for i, seq := range seqs {
		timestamp := uint32(seq) * 160
		r.take(&pion.Header{SSRC: ssrc, SequenceNumber: seq, Timestamp: timestamp}, timestamp+delay(i), true)
	}
}

func even(int) uint32 { return 1000 }

func TestReceptionCountsLoss(t *testing.T) {
	for _, c := range []struct {
		name                  string
		seqs                  []uint16
		lost, fraction, until uint32
	}{
		{"all came", []uint16{1, 2, 3, 4}, 0, 0, 4},
		{"one of four lost", []uint16{1, 2, 4}, 1, 64, 4},
		{"reordered", []uint16{1, 3, 2, 4}, 0, 0, 4},
		{"repeated", []uint16{1, 2, 2, 3}, 0, 0, 3},
		{"repeated and lost", []uint16{1, 1, 2, 4}, 0, 0, 4},
		{"before the first", []uint16{5, 4, 6}, 0, 0, 6},
		{"round the clock", []uint16{65534, 65535, 1, 2}, 1, 51, 1<<16 + 2},
		{"a jump begins anew", []uint16{1, 2, 30000, 30002}, 1, 85, 30002},
		{"all but one lost", []uint16{1, 2, 200}, 197, 252, 200},
	} {
		var r reception
		arrive(&r, 7, even, c.seqs...)
		b := r.block(time.Now())
		if b.SSRC != 7 || b.TotalLost != c.lost || uint32(b.FractionLost) != c.fraction || b.LastSequenceNumber != c.until || b.Jitter != 0 {
			t.Errorf("%s: %+v, want lost %d, fraction %d, until %d", c.name, b, c.lost, c.fraction, c.until)
		}
		if b := r.block(time.Now()); b.FractionLost != 0 || b.TotalLost != c.lost {
			t.Errorf("%s: the next report says %+v", c.name, b)
		}
	}
}

func TestReceptionBeginsAnewWithEachSource(t *testing.T) {
	var r reception
	arrive(&r, 7, even, 1, 9)
	arrive(&r, 8, even, 1, 2)
	if b := r.block(time.Now()); b.SSRC != 8 || b.TotalLost != 0 {
		t.Errorf("%+v: want source 8, none lost", b)
	}
}

func TestReceptionMeasuresJitter(t *testing.T) {
	var r reception
	var seqs []uint16
	for seq := range uint16(400) {
		seqs = append(seqs, seq)
	}
	arrive(&r, 7, func(i int) uint32 { return uint32(i%2) * 80 }, seqs...) // 10 ms to and fro
	r.take(&pion.Header{SSRC: 7, SequenceNumber: 400, Timestamp: 5}, 1<<20, false)
	if j := r.block(time.Now()).Jitter; j < 79 || j > 80 {
		t.Errorf("jitter %d, want 80", j)
	}
}

func TestTicks(t *testing.T) {
	for d, want := range map[time.Duration]uint32{0: 0, time.Second: 8000, 125 * time.Microsecond: 1, 1500 * time.Millisecond: 12000} {
		if got := ticks(d, 8000); got != want {
			t.Errorf("%v is %d ticks, want %d", d, got, want)
		}
	}
}

// eventually waits for what sockets and timers bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s has not come about", what)
		}
	}
}

func TestReportsTellLossAndRoundTrip(t *testing.T) {
	for _, mux := range []bool{false, true} {
		a, b := pair(t, codec.All()[0])
		for _, s := range []*Session{a, b} {
			stream := s.stream
			stream.Mux = mux
			s.Set(stream)
		}
		exchange(t, a, b, 5, func(*media.Frame) {})
		a.mu.Lock()
		a.header.SequenceNumber += 3
		a.mu.Unlock()
		exchange(t, a, b, 5, func(*media.Frame) {})
		eventually(t, "a report", func() bool {
			st := a.Stats().Reports
			return st.FarLost == 3 && st.RoundTrip > 0 && st.Received > 1 && st.Sent > 1
		})
		st := b.Stats()
		if st.Reports.Lost != 3 || st.Foreign != 0 || st.Garbage != 0 || st.Reports.Garbage != 0 || st.Reports.RoundTrip != 0 {
			t.Errorf("mux %v: %+v: want 3 lost and no round trip for who sends nothing", mux, st)
		}
		if rtt := a.Stats().Reports.RoundTrip; rtt > time.Second {
			t.Errorf("mux %v: round trip %v on loopback", mux, rtt)
		}
		if muxed := !b.reportSource().IsValid(); muxed != mux {
			t.Errorf("reports on the audio's port: %v, want %v", muxed, mux)
		}
	}
}

func (s *Session) reportSource() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reports.source
}

func TestReportsBelieveOnlyWhatFits(t *testing.T) {
	far, stranger := netip.MustParseAddrPort("127.0.0.1:4001"), netip.MustParseAddrPort("127.0.0.2:4001")
	s := newSession(nil, nil)
	s.Set(Stream{Remote: netip.MustParseAddrPort("127.0.0.1:4000"), Codec: codec.All()[0], PayloadType: 9})
	now := time.Now()
	at := middle(s.ntp(now))
	s.reports.told[0] = at - 1<<16 // our report is a second old
	report := func(ssrc, last, delay uint32) []byte {
		b, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{
			{SSRC: ssrc, LastSenderReport: last, Delay: delay, TotalLost: 5, FractionLost: 64, Jitter: 160},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	ours := s.header.SSRC
	for _, c := range []struct {
		name   string
		from   netip.AddrPort
		packet []byte
		trip   bool
		far    uint64
	}{
		{"a stranger's", stranger, report(ours, at-1<<16, 1<<15), false, 0},
		{"of somebody else's packets", far, report(ours+1, at-1<<16, 1<<15), false, 0},
		{"cut off", far, report(ours, at-1<<16, 1<<15)[:20], false, 0},
		{"after no report of ours", far, report(ours, 0, 0), false, 1},
		{"after a report that we have not made", far, report(ours, at-1<<17, 0), false, 2},
		{"delayed for longer than can be", far, report(ours, at-1<<16, 1<<20), false, 3},
		{"right", far, report(ours, at-1<<16, 1<<15), true, 4},
	} {
		s.takeReports(c.packet, c.from, false)
		st := s.Stats().Reports
		if (st.RoundTrip != 0) != c.trip || st.FarReports != c.far {
			t.Errorf("%s: %+v", c.name, st)
		}
	}
	st := s.Stats()
	if st.Foreign != 1 || st.Reports.Garbage != 1 || st.Reports.FarLost != 5 || st.Reports.FarLosing != 0.25 || st.Reports.FarJitter != 20*time.Millisecond {
		t.Errorf("%+v", st)
	}
	if rtt := st.Reports.RoundTrip; math.Abs(rtt.Seconds()-0.5) > 0.1 {
		t.Errorf("round trip %v, want half a second", rtt)
	}
}

func TestReportsGoWhereTheyAreWanted(t *testing.T) {
	remote := netip.MustParseAddrPort("10.0.0.1:4000")
	nat, from := netip.MustParseAddrPort("10.0.0.2:7000"), netip.MustParseAddrPort("10.0.0.1:4009")
	for _, c := range []struct {
		name   string
		stream Stream
		source netip.AddrPort // of the audio
		heard  netip.AddrPort // where reports come from
		want   string
	}{
		{"nothing said", Stream{Remote: remote}, netip.AddrPort{}, netip.AddrPort{}, "10.0.0.1:4001"},
		{"a port named", Stream{Remote: remote, ReportPort: 5000}, netip.AddrPort{}, netip.AddrPort{}, "10.0.0.1:5000"},
		{"the same port", Stream{Remote: remote, Mux: true, ReportPort: 5000}, remote, from, "10.0.0.1:4000"},
		{"behind a NAT", Stream{Remote: remote, ReportPort: 5000}, nat, netip.AddrPort{}, "10.0.0.2:7001"},
		{"heard", Stream{Remote: remote, ReportPort: 5000}, remote, from, "10.0.0.1:4009"},
		{"heard from where audio came before", Stream{Remote: remote}, nat, from, "10.0.0.2:7001"},
	} {
		s := newSession(nil, nil)
		c.stream.Codec = codec.All()[0]
		s.Set(c.stream)
		s.source, s.reports.source = c.source, c.heard
		if _, to := s.reportsTo(); to.String() != c.want {
			t.Errorf("%s: %v, want %s", c.name, to, c.want)
		}
	}
	s := newSession(nil, nil)
	for _, nowhere := range []string{"0.0.0.0:4000", "10.0.0.1:65535"} {
		s.Set(Stream{Remote: netip.MustParseAddrPort(nowhere), Codec: codec.All()[0]})
		if _, _, packets := s.compose(false); packets != nil {
			t.Errorf("a report for %s", nowhere)
		}
	}
}

// peer is a far end made of a socket for reports, and the session that reports
// to it. It ends the session as the function is called.
func peer(t *testing.T) (*net.UDPConn, *Session, func()) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s, err := Listen("127.0.0.1", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.reports.every = time.Hour
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	s.Set(Stream{Remote: netip.AddrPortFrom(at.Addr(), 9), ReportPort: at.Port(), Codec: codec.All()[2], PayloadType: 0, Send: true})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx, time.Minute) })
	return conn, s, func() { cancel(); running.Wait() }
}

func TestEndOfASessionIsTold(t *testing.T) {
	conn, s, end := peer(t)
	var f media.Frame
	s.PutFrame(&f)
	s.PutFrame(&f)
	end()
	b := make([]byte, packetLimit)
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	packets, err := rtcp.Unmarshal(b[:n])
	if err != nil || len(packets) != 3 {
		t.Fatalf("%d packets: %v", len(packets), err)
	}
	report, isReport := packets[0].(*rtcp.SenderReport)
	description, isDescription := packets[1].(*rtcp.SourceDescription)
	goodbye, isGoodbye := packets[2].(*rtcp.Goodbye)
	if !isReport || !isDescription || !isGoodbye {
		t.Fatalf("%T, %T, %T: want report, description, goodbye", packets[0], packets[1], packets[2])
	}
	if report.PacketCount != 2 || report.OctetCount != 320 || report.SSRC != s.header.SSRC || len(report.Reports) != 0 {
		t.Errorf("%+v: want 2 packets of 160 octets", report)
	}
	if late := time.Duration(int32(report.RTPTime-s.header.Timestamp)) * time.Second / 8000; late < 0 || late > time.Second {
		t.Errorf("the report's timestamp is %v after the last packet's", late)
	}
	since1900 := time.Duration(report.NTPTime>>32)*time.Second - 2208988800*time.Second
	if d := time.Since(time.Unix(0, 0).Add(since1900)); d < -time.Second || d > 3*time.Second {
		t.Errorf("the report's time is %v ago", d)
	}
	if len(description.Chunks) != 1 || len(description.Chunks[0].Items) != 1 || len(description.Chunks[0].Items[0].Text) < 16 {
		t.Errorf("%+v: want a random name", description)
	}
	if len(goodbye.Sources) != 1 || goodbye.Sources[0] != s.header.SSRC {
		t.Errorf("%+v: want our source", goodbye)
	}
}

func TestSessionThatWasSilentSaysNoGoodbye(t *testing.T) {
	conn, _, end := peer(t)
	end()
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, packetLimit)); err == nil {
		t.Errorf("%d octets, want none", n)
	}
}

func FuzzReports(f *testing.F) {
	far := netip.MustParseAddrPort("127.0.0.1:4000")
	for _, p := range [][]rtcp.Packet{
		{&rtcp.SenderReport{SSRC: 9, NTPTime: 1 << 40, Reports: []rtcp.ReceptionReport{{SSRC: 1, LastSenderReport: 1, Delay: 2}}}},
		{&rtcp.ReceiverReport{SSRC: 9}, rtcp.NewCNAMESourceDescription(9, "x"), &rtcp.Goodbye{Sources: []uint32{9}}},
	} {
		b, err := rtcp.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newSession(nil, nil)
		s.header.SSRC = 1
		s.Set(Stream{Remote: far, Codec: codec.All()[0], PayloadType: 9, Mux: true})
		s.receive([]byte{0x80, 9, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 1}, far)
		s.reports.packets = 1
		for range 2 {
			s.receive(b, far)
			s.takeReports(b, far, false)
			_, _, packets := s.compose(true)
			if _, err := rtcp.Marshal(packets); err != nil {
				t.Fatalf("our report after %x: %v", b, err)
			}
		}
		if st := s.Stats().Reports; st.RoundTrip < 0 || st.FarLosing < 0 || st.FarLosing > 1 || st.FarJitter < 0 {
			t.Errorf("%+v", st)
		}
	})
}
