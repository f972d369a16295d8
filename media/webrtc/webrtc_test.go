package webrtc

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	prtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"attendant/media"
	"attendant/media/codec"
)

func listen(t *testing.T, cfg Config) *Server {
	t.Helper()
	cfg.Listen, cfg.Log = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	s, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Serve(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); serving.Wait() })
	for { // Serve has begun once it takes legs
		s.mu.Lock()
		begun := s.ctx != nil
		s.mu.Unlock()
		if begun {
			return s
		}
	}
}

// browser is a far end made of the same library; Chromium is in the end-to-end
// tests.
type browser struct {
	pc    *pion.PeerConnection
	track *pion.TrackLocalStaticRTP
	heard chan *prtp.Packet
}

func newBrowser(t *testing.T, mime string) *browser {
	t.Helper()
	var settings pion.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	engine := &pion.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	if err := engine.RegisterCodec(events, pion.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	pc, err := pion.NewAPI(pion.WithMediaEngine(engine), pion.WithSettingEngine(settings)).NewPeerConnection(pion.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{pc: pc, heard: make(chan *prtp.Packet, 1000)}
	t.Cleanup(func() { pc.Close() })
	if b.track, err = pion.NewTrackLocalStaticRTP(pion.RTPCodecCapability{MimeType: mime, ClockRate: 8000}, "a", "b"); err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(b.track); err != nil {
		t.Fatal(err)
	}
	pc.OnTrack(func(track *pion.TrackRemote, _ *pion.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			b.heard <- p
		}
	})
	return b
}

func (b *browser) offer(t *testing.T) string {
	t.Helper()
	offer, err := b.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := pion.GatheringCompletePromise(b.pc)
	if err := b.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return b.pc.LocalDescription().SDP
}

func (b *browser) accept(t *testing.T, answer string) {
	t.Helper()
	if err := b.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
}

// tone is a port that says a tone of 1 kHz and notes the level of what it hears.
type tone struct {
	mu    sync.Mutex
	phase float64
	level float64
}

func (p *tone) GetFrame(f *media.Frame) bool {
	for i := range f {
		p.phase += 2 * math.Pi * 1000 / media.SampleRateHz
		f[i] = int16(8000 * math.Sin(p.phase))
	}
	return true
}

func (p *tone) PutFrame(f *media.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.level = max(p.level, level(f[:]))
}

func level(pcm []int16) float64 {
	sum := 0.0
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(pcm)))
}

func TestBothSidesHearEachOther(t *testing.T) {
	for _, mime := range []string{"audio/G722", "audio/PCMU", "audio/PCMA"} {
		t.Run(mime, func(t *testing.T) {
			s := listen(t, Config{})
			b := newBrowser(t, mime)
			offer := b.offer(t)
			if mime != "audio/G722" { // a far end without it
				offer = strings.ReplaceAll(offer, "G722/8000", "XXXX/8000")
			}
			if mime == "audio/PCMU" {
				offer = strings.ReplaceAll(offer, "PCMA/8000", "XXXX/8000")
			}
			port := &tone{}
			left := make(chan error, 1)
			leg, answer, err := s.Accept(t.Context(), offer, media.Peer{Number: "web"}, func(_ context.Context, l *Leg) {
				bridge := media.NewBridge()
				bridge.Connect(port, l)
				bridge.Connect(l, port)
				bridge.Run(l.Context())
				left <- context.Cause(l.Context())
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := leg.Peer(); !strings.EqualFold("audio/"+got.Codec, mime+"/8000") || got.Transport != "webrtc" {
				t.Errorf("peer %+v, want codec %s", got, mime)
			}
			b.accept(t, answer)
			speak(t, b, mime, leg)
			hear(t, b, mime)
			if err := b.pc.Close(); err != nil {
				t.Fatal(err)
			}
			if err := <-left; !errors.Is(err, media.ErrRemoteHangup) {
				t.Errorf("the leg ended with %v, want %v", err, media.ErrRemoteHangup)
			}
			port.mu.Lock()
			defer port.mu.Unlock()
			if port.level < 3000 {
				t.Errorf("heard the browser at level %.0f, want over 3000", port.level)
			}
		})
	}
}

// speak sends a second of a tone and the key 5, three packets of it.
func speak(t *testing.T, b *browser, mime string, leg *Leg) {
	t.Helper()
	<-leg.up
	var encoder codec.Encoder
	for _, c := range codec.All() {
		if strings.EqualFold("audio/"+c.Name, mime) {
			encoder = c.NewEncoder()
		}
	}
	source := &tone{}
	p := &prtp.Packet{Header: prtp.Header{Version: 2}}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 50 {
		<-tick.C
		var f media.Frame
		source.GetFrame(&f)
		p.SequenceNumber++
		p.Timestamp += 160
		p.Payload = encoder.Encode(nil, &f)
		if err := b.track.WriteRTP(p); err != nil {
			t.Fatal(err)
		}
	}
}

// hear waits for audio of the tone's level.
func hear(t *testing.T, b *browser, mime string) {
	t.Helper()
	var decoder codec.Decoder
	for _, c := range codec.All() {
		if strings.EqualFold("audio/"+c.Name, mime) {
			decoder = c.NewDecoder()
		}
	}
	deadline := time.After(10 * time.Second)
	for {
		select {
		case p := <-b.heard:
			if level(decoder.Decode(nil, p.Payload)) > 3000 {
				return
			}
		case <-deadline:
			t.Fatal("the browser does not hear the tone")
		}
	}
}

func TestKeysAreToldOnce(t *testing.T) {
	l := &Leg{digits: make(chan media.Digit, digitBacklog), audio: 9, events: 101}
	c := codec.All()[0]
	l.codec, l.jitter = c, newJitter(c)
	for _, e := range []struct {
		timestamp uint32
		payload   []byte
	}{{1000, []byte{5, 10, 0, 160}}, {1000, []byte{5, 10, 1, 64}}, {1000, []byte{5, 138, 3, 32}}, {3000, []byte{11, 10, 0, 160}}, {900, []byte{7, 10, 0, 160}}} {
		l.take(&prtp.Packet{Header: prtp.Header{PayloadType: 101, Timestamp: e.timestamp}, Payload: e.payload})
	}
	close(l.digits)
	got := ""
	for d := range l.digits {
		got += string(d.Key)
	}
	if got != "5#" {
		t.Errorf("keys %q, want 5#", got)
	}
}

func TestBadOffers(t *testing.T) {
	s := listen(t, Config{})
	good := newBrowser(t, "audio/G722").offer(t)
	for name, offer := range map[string]string{
		"nothing":         "",
		"garbage":         "v=0\r\nrubbish",
		"too large":       strings.Repeat("a=x\r\n", 20000),
		"no common codec": strings.NewReplacer("G722/", "X/", "PCMU/", "X/", "PCMA/", "X/").Replace(good),
		"no fingerprint":  strings.ReplaceAll(good, "a=fingerprint", "a=no-fingerprint"),
		"no credentials":  strings.ReplaceAll(good, "a=ice-ufrag", "a=no-ufrag"),
		"video only":      strings.ReplaceAll(good, "m=audio", "m=video"),
	} {
		if _, _, err := s.Accept(t.Context(), offer, media.Peer{}, nil); !errors.Is(err, ErrBadOffer) {
			t.Errorf("%s: %v, want ErrBadOffer", name, err)
		}
	}
	if n := s.Stats().Active.Load(); n != 0 {
		t.Errorf("%d legs are left", n)
	}
}

func TestFullServerRefuses(t *testing.T) {
	s := listen(t, Config{MaxLegs: 1})
	wait := func(_ context.Context, l *Leg) { <-l.Context().Done() }
	if _, _, err := s.Accept(t.Context(), newBrowser(t, "audio/G722").offer(t), media.Peer{}, wait); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Accept(t.Context(), newBrowser(t, "audio/G722").offer(t), media.Peer{}, wait); !errors.Is(err, ErrFull) {
		t.Errorf("a second browser: %v, want ErrFull", err)
	}
}

func TestNetworkChangeRestartsICE(t *testing.T) {
	s := listen(t, Config{})
	b := newBrowser(t, "audio/G722")
	leg, answer, err := s.Accept(t.Context(), b.offer(t), media.Peer{}, func(_ context.Context, l *Leg) { <-l.Context().Done() })
	if err != nil {
		t.Fatal(err)
	}
	b.accept(t, answer)
	<-leg.up
	before := attribute(answer, "ice-ufrag")
	offer, err := b.pc.CreateOffer(&pion.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	gathered := pion.GatheringCompletePromise(b.pc)
	if err := b.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	ours, err := leg.Patch(t.Context(), cut(b.pc.LocalDescription().SDP))
	if err != nil {
		t.Fatal(err)
	}
	after := attribute(ours, "ice-ufrag")
	if after == "" || after == before || !strings.Contains(ours, "a=candidate:") {
		t.Fatalf("our fragment %q, before the restart %q", ours, before)
	}
	restarted := strings.NewReplacer(before, after, attribute(answer, "ice-pwd"), attribute(ours, "ice-pwd")).Replace(answer)
	b.accept(t, restarted)
	up := make(chan struct{})
	var once sync.Once
	b.pc.OnICEConnectionStateChange(func(state pion.ICEConnectionState) {
		if state == pion.ICEConnectionStateConnected || state == pion.ICEConnectionStateCompleted {
			once.Do(func() { close(up) })
		}
	})
	select {
	case <-up:
	case <-time.After(10 * time.Second):
		if state := b.pc.ICEConnectionState(); state != pion.ICEConnectionStateConnected {
			t.Errorf("after the restart the browser is %s", state)
		}
	}
	if leg.Context().Err() != nil {
		t.Errorf("the leg ended: %v", context.Cause(leg.Context()))
	}
}

func TestFragments(t *testing.T) {
	for name, c := range map[string]struct {
		text       string
		candidates int
		bad        bool
	}{
		"nothing":             {"", 0, false},
		"two candidates":      {"a=ice-ufrag:u\r\na=ice-pwd:p\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=candidate:2 1 udp 1 ::1 9 typ host\r\n", 2, false},
		"a user alone":        {"a=ice-ufrag:u\r\n", 0, true},
		"too many candidates": {strings.Repeat("a=candidate:1\n", maxCandidates+1), 0, true},
		"too large":           {strings.Repeat("x", maxFragment+1), 0, true},
	} {
		f, err := parseFragment(c.text)
		if (err != nil) != c.bad || !c.bad && len(f.candidates) != c.candidates {
			t.Errorf("%s: %d candidates, %v", name, len(f.candidates), err)
		}
	}
}

func FuzzFragment(f *testing.F) {
	f.Add("a=ice-ufrag:u\r\na=ice-pwd:p\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseFragment(text)
		if err == nil && (len(got.candidates) > maxCandidates || (got.user == "") != (got.password == "")) {
			t.Errorf("%q yields %+v", text, got)
		}
	})
}

// A page that is closed without a goodbye is a line that broke, where the leg is
// told so.
func TestClosedPageIsABrokenLine(t *testing.T) {
	s := listen(t, Config{})
	b := newBrowser(t, "audio/G722")
	up, left := make(chan struct{}), make(chan error, 1)
	_, answer, err := s.Accept(t.Context(), b.offer(t), media.Peer{}, func(_ context.Context, l *Leg) {
		l.MustSayGoodbye()
		close(up)
		<-l.Context().Done()
		left <- context.Cause(l.Context())
	})
	if err != nil {
		t.Fatal(err)
	}
	b.accept(t, answer)
	<-up
	if err := b.pc.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-left; !errors.Is(err, media.ErrNoMedia) {
		t.Errorf("the leg ended with %v, want %v", err, media.ErrNoMedia)
	}
}
