package rtp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/dsp"
)

// pair returns two sessions that send to each other, and a function that ends
// them.
func pair(t *testing.T, c codec.Codec) (a, b *Session) {
	t.Helper()
	var sessions [2]*Session
	for i := range sessions {
		s, err := Listen("127.0.0.1", 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.reports.every = 20 * time.Millisecond
		sessions[i] = s
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for i, s := range sessions {
		other := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(sessions[1-i].Port()))
		s.Set(Stream{Remote: other, Codec: c, PayloadType: c.PayloadType, Events: []uint8{101}, Send: true, Receive: true})
		running.Go(func() { s.Run(ctx, time.Minute) })
	}
	t.Cleanup(func() { cancel(); running.Wait() })
	return sessions[0], sessions[1]
}

// bridged runs both sessions' ticks as fast as the sockets carry packets.
func exchange(t *testing.T, a, b *Session, ticks int, say func(*media.Frame)) []int16 {
	t.Helper()
	var heard []int16
	for range ticks {
		var f media.Frame
		say(&f)
		before := b.received.Load()
		sent := a.sent.Load()
		a.PutFrame(&f)
		want := before + a.sent.Load() - sent
		for deadline := time.Now().Add(2 * time.Second); b.received.Load() < want; {
			if time.Now().After(deadline) {
				t.Fatal("packet lost on loopback")
			}
			time.Sleep(50 * time.Microsecond) // a real socket's reader is awaited
		}
		if b.GetFrame(&f) {
			heard = append(heard, f[:]...)
		}
	}
	return heard
}

func TestSessionCarriesToneInEveryCodec(t *testing.T) {
	for _, c := range codec.All() {
		t.Run(c.Name, func(t *testing.T) {
			a, b := pair(t, c)
			var phase float64
			heard := exchange(t, a, b, 50, func(f *media.Frame) { phase = dsp.Tone(f[:], 16000, 1000, 8000, phase) })
			if len(heard) < 45*media.FrameSamples {
				t.Fatalf("%d samples heard of 50 frames", len(heard))
			}
			if p := dsp.Power(heard[3200:], 16000, 1000); p < 0.98 {
				t.Errorf("%.2f of what is heard is the tone", p)
			}
		})
	}
}

func TestKeysArriveOnce(t *testing.T) {
	a, b := pair(t, codec.All()[0])
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	sent := make(chan error, 1)
	var sending sync.WaitGroup
	sending.Go(func() { sent <- a.SendDigits(ctx, "12#a") })
	defer sending.Wait()
	for len(sent) == 0 {
		exchange(t, a, b, 1, func(*media.Frame) {})
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	got := ""
	for len(b.digits) > 0 {
		got += string((<-b.digits).Key)
	}
	if got != "12#A" {
		t.Errorf("keys %q, want 12#A", got)
	}
	if err := a.SendDigits(ctx, "1x"); !errors.Is(err, ErrBadDigit) {
		t.Errorf("error %v, want ErrBadDigit", err)
	}
}

func TestLateEndOfAnEarlierKeyIsNoKey(t *testing.T) {
	from := netip.MustParseAddrPort("127.0.0.1:4000")
	s := newSession(nil, nil)
	s.Set(Stream{Remote: from, Codec: codec.All()[0], PayloadType: 9, Events: []uint8{101}, Receive: true})
	for i, p := range []struct{ timestamp, key byte }{{10, 1}, {10, 1}, {50, 2}, {10, 1}, {50, 2}, {90, 2}} {
		s.receive([]byte{0x80, 101, 0, byte(i), 0, 0, 0, p.timestamp, 0, 0, 0, 9, p.key, 0x8a, 3, 0}, from)
	}
	got := ""
	for len(s.digits) > 0 {
		got += string((<-s.digits).Key)
	}
	if got != "122" {
		t.Errorf("keys %q, want 122", got)
	}
}

func TestKeysAreSentOneCallAtATime(t *testing.T) {
	s := newSession(nil, nil)
	s.Set(Stream{Codec: codec.All()[0], Events: []uint8{101}})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.SendDigits(ended, "1"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want Canceled", err)
	}
	if err := s.SendDigits(t.Context(), "2"); !errors.Is(err, ErrSendingDigits) {
		t.Errorf("error %v, want ErrSendingDigits", err)
	}
}

func TestGarbageAndStrangersAreDropped(t *testing.T) {
	a, b := pair(t, codec.All()[2])
	exchange(t, a, b, 5, func(*media.Frame) {})
	stranger, err := net.Dial("udp", b.conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	packet := append([]byte{0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9}, make([]byte, 160)...)
	for _, p := range [][]byte{{1}, []byte("INVITE sip:x"), packet} {
		if _, err := stranger.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(2 * time.Second); b.Stats().Garbage+b.Stats().Foreign < 3; {
		if time.Now().After(deadline) {
			t.Fatalf("%+v: want 2 garbage and 1 foreign", b.Stats())
		}
		time.Sleep(time.Millisecond)
	}
}

// A stranger that is quicker than the far end must not keep it out.
func TestStrangersDoNotTakeOver(t *testing.T) {
	named, nat, stranger := netip.MustParseAddrPort("127.0.0.1:4000"), netip.MustParseAddrPort("127.0.0.1:4002"), netip.MustParseAddrPort("127.0.0.1:4004")
	packet := func(payloadType, sequence byte) []byte {
		return append([]byte{0x80, payloadType, 0, sequence, 0, 0, 0, 1, 0, 0, 0, 9}, make([]byte, 160)...)
	}
	s := newSession(nil, nil)
	s.Set(Stream{Remote: named, Codec: codec.All()[0], PayloadType: 9, Receive: true})
	for i, c := range []struct {
		from        netip.AddrPort
		payloadType byte
		source      netip.AddrPort
	}{
		{stranger, 126, netip.AddrPort{}}, // nobody has agreed on 126
		{nat, 9, nat},
		{stranger, 9, nat},
		{named, 9, named},
		{nat, 9, named},
	} {
		s.receive(packet(c.payloadType, byte(i)), c.from)
		if s.source != c.source {
			t.Errorf("packet %d from %v of type %d: source %v, want %v", i, c.from, c.payloadType, s.source, c.source)
		}
	}
	if st := s.Stats(); st.Garbage != 1 || st.Foreign != 2 || st.Received != 2 {
		t.Errorf("%+v: want 1 garbage, 2 foreign, 2 received", st)
	}
}

func TestSilentFarEndIsNoticed(t *testing.T) {
	s, err := Listen("127.0.0.1", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Set(Stream{Remote: netip.MustParseAddrPort("127.0.0.1:9"), Codec: codec.All()[0], Receive: true})
	s.Watch()
	if err := s.Run(t.Context(), time.Millisecond); !errors.Is(err, media.ErrNoMedia) {
		t.Errorf("error %v, want ErrNoMedia", err)
	}
}

func TestPortsComeFromTheRange(t *testing.T) {
	s, err := Listen("127.0.0.1", 41000, 41019)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if p := s.Port(); p < 41000 || p > 41019 || p%2 != 0 {
		t.Errorf("port %d, want an even one of the range", p)
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3})
	f.Add([]byte{0x80, 101, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 5, 0x8a, 3, 0})
	from := netip.MustParseAddrPort("127.0.0.1:4000")
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newSession(nil, nil)
		s.Set(Stream{Remote: from, Codec: codec.All()[0], PayloadType: 9, Events: []uint8{101}, Receive: true})
		var frame media.Frame
		for range 4 {
			s.receive(b, from)
			s.GetFrame(&frame)
		}
	})
}

func BenchmarkPutFrame(b *testing.B) {
	s, err := Listen("127.0.0.1", 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for _, c := range codec.All() {
		b.Run(c.Name, func(b *testing.B) {
			s.Set(Stream{Remote: netip.MustParseAddrPort("127.0.0.1:9"), Codec: c, PayloadType: c.PayloadType, Send: true})
			var f media.Frame
			b.ReportAllocs()
			for b.Loop() {
				s.PutFrame(&f)
			}
		})
	}
}
