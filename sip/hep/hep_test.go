package hep

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// decode reads a HEP3 datagram: its chunks by their types.
func decode(t *testing.T, b []byte) map[uint16][]byte {
	t.Helper()
	if len(b) < 6 || string(b[:4]) != "HEP3" || int(binary.BigEndian.Uint16(b[4:])) != len(b) {
		t.Fatalf("no HEP3 of its length: % x", b[:min(len(b), 12)])
	}
	chunks := map[uint16][]byte{}
	for rest := b[6:]; len(rest) > 0; {
		size := int(binary.BigEndian.Uint16(rest[4:]))
		if size < 6 || size > len(rest) || binary.BigEndian.Uint16(rest) != 0 {
			t.Fatalf("a chunk of %d octets in %d", size, len(rest))
		}
		chunks[binary.BigEndian.Uint16(rest[2:])] = rest[6:size]
		rest = rest[size:]
	}
	return chunks
}

const invite = "INVITE sip:b@h SIP/2.0\r\nProxy-Authorization: Digest username=\"ana\", response=\"0123\"\r\nContent-Type: application/sdp\r\nContent-Length: 72\r\n\r\n" +
	"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\na=sendrecv\r\n"

func TestMessagesReachTheServer(t *testing.T) {
	sink, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	e := New(Config{Address: sink.LocalAddr().String(), Node: 7, Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := e.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	at := time.Unix(1_790_000_000, 123_456_000)
	text := []byte(invite)
	e.Put(Message{At: at, From: netip.MustParseAddrPort("192.0.2.1:5060"), To: netip.MustParseAddrPort("[::ffff:192.0.2.2]:5070"), Transport: "UDP", Text: text})
	e.Put(Message{At: at, From: netip.MustParseAddrPort("[2001:db8::1]:5061"), To: netip.MustParseAddrPort("[2001:db8::2]:6000"), Transport: "TLS", Text: text})
	if string(text) != invite {
		t.Error("the caller's memory was changed")
	}
	b := make([]byte, 1<<16)
	for i, want := range []map[uint16]string{
		{family: "\x02", protocol: "\x11", source4: "\xc0\x00\x02\x01", target4: "\xc0\x00\x02\x02", sourcePort: "\x13\xc4", targetPort: "\x13\xce", kind: "\x01", node: "\x00\x00\x00\x07", micros: "\x00\x01\xe2\x40"},
		{family: "\x0a", protocol: "\x06", source6: "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01", targetPort: "\x17\x70"},
	} {
		if err := sink.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, _, err := sink.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		got := decode(t, b[:n])
		for is, value := range want {
			if string(got[is]) != value {
				t.Errorf("message %d, chunk %d: % x, want % x", i, is, got[is], value)
			}
		}
		if s := binary.BigEndian.Uint32(got[seconds]); int64(s) != at.Unix() {
			t.Errorf("at %d", s)
		}
		if p := string(got[payload]); len(p) != len(invite) || strings.Contains(p, "0123") || strings.Contains(p, "c2VjcmV0") || !strings.Contains(p, "a=sendrecv") {
			t.Errorf("payload %q", p)
		}
	}
	stop()
	running.Wait()
	if e.Stats().Sent.Load() != 2 || e.Stats().Dropped.Load() != 0 {
		t.Errorf("%d sent, %d dropped", e.Stats().Sent.Load(), e.Stats().Dropped.Load())
	}
}

func TestTooManyMessagesAreDropped(t *testing.T) {
	e := New(Config{Address: "127.0.0.1:9"})
	for range Backlog + 5 {
		e.Put(Message{Text: []byte("x")})
	}
	if n := e.Stats().Dropped.Load(); n != 5 {
		t.Errorf("%d dropped, want 5", n)
	}
}

func TestSecretsAreStruckOut(t *testing.T) {
	for text, gone := range map[string]string{
		"REGISTER sip:h SIP/2.0\r\nauthorization : Digest nonce=\"secret\"\r\nTo: <sip:ana@h>\r\n\r\n":             "secret",
		"INFO sip:h SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5\r\nDuration=160\r\n":           "5",
		"INFO sip:h SIP/2.0\r\nc: application/DTMF\r\n\r\n7":                                                       "7",
		"SIP/2.0 200 OK\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nA=crypto:1 X inline:secret|2^20\r\nm=audio": "secret",
		"SIP/2.0 200 OK\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nk=clear:secret\r\n":                         "secret",
	} {
		got := string(strike([]byte(text)))
		if strings.Contains(got, gone) || len(got) != len(text) || strings.Count(got, "\r\n") != strings.Count(text, "\r\n") {
			t.Errorf("%q became %q", text, got)
		}
	}
	plain := "OPTIONS sip:h SIP/2.0\r\nSubject: key=5\r\n\r\na=5"
	if got := string(strike([]byte(plain))); got != plain {
		t.Errorf("%q became %q", plain, got)
	}
}

func FuzzStrike(f *testing.F) {
	f.Add([]byte(invite))
	f.Add([]byte("\r\n\r\n:=\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		was := bytes.Clone(b)
		if got := strike(b); len(got) != len(was) {
			t.Error("the length changed")
		}
		m := Message{From: netip.MustParseAddrPort("192.0.2.1:1"), To: netip.MustParseAddrPort("[2001:db8::1]:2"), Text: b[:min(len(b), maxMessage)]}
		if got := decode(t, m.Append(nil, 1)); !bytes.Equal(got[payload], m.Text) {
			t.Error("the payload changed")
		}
	})
}

func ExampleCheck() {
	fmt.Println(Check("10.0.0.9:9060"), Check("10.0.0.9") != nil)
	// Output: <nil> true
}
