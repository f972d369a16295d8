package sip

import (
	"errors"
	"strings"
	"testing"

	"attendant/media/codec"
)

func TestAnswers(t *testing.T) {
	const head = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
	cases := []struct {
		name, offer string
		want        []string // lines of the answer
		remote      string
		err         error
	}{
		{"ours first", head + "m=audio 4000 RTP/AVP 0 8 9\r\n", []string{"m=audio 6000 RTP/AVP 9", "a=rtpmap:9 G722/8000", "a=sendrecv"}, "10.0.0.1:4000", nil},
		{"dynamic type of a known codec", head + "m=audio 4000 RTP/AVP 96\na=rtpmap:96 pcmu/8000/1\n", []string{"m=audio 6000 RTP/AVP 96"}, "10.0.0.1:4000", nil},
		{"events of both clocks", head + "m=audio 4000 RTP/AVP 0 110 126\na=rtpmap:110 telephone-event/48000\na=rtpmap:126 telephone-event/8000\n", []string{"m=audio 6000 RTP/AVP 0 126 110"}, "10.0.0.1:4000", nil},
		{"no s= or t=, LF, no final newline", "v=0\nc=IN IP4 10.0.0.2\nm=audio 4002 RTP/AVP 8", []string{"m=audio 6000 RTP/AVP 8"}, "10.0.0.2:4002", nil},
		{"video refused in its place", head + "m=video 4004 RTP/AVP 96\nm=audio 4000 RTP/AVP 0\n", []string{"m=video 0 RTP/AVP 96", "m=audio 6000 RTP/AVP 0"}, "10.0.0.1:4000", nil},
		{"address of the media line", head + "m=audio 4000 RTP/AVP 0\nc=IN IP4 10.0.0.9\n", nil, "10.0.0.9:4000", nil},
		{"hold", head + "m=audio 4000 RTP/AVP 0\na=sendonly\n", []string{"a=recvonly"}, "10.0.0.1:4000", nil},
		{"hold by zeros", "v=0\nc=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 0\n", []string{"a=recvonly"}, "0.0.0.0:4000", nil},
		{"hold for all lines", "v=0\nc=IN IP4 10.0.0.1\na=sendonly\nm=audio 4000 RTP/AVP 0\n", []string{"a=recvonly"}, "10.0.0.1:4000", nil},
		{"a name for an address", "v=0\nc=IN IP4 phone.example\nm=audio 4000 RTP/AVP 0\n", []string{"m=audio 6000 RTP/AVP 0"}, "invalid AddrPort", nil},
		{"unknown and misplaced lines", head + "x=1\nm=audio 4000 RTP/AVP 0\nb=AS:64\no=late\ni=title\n", []string{"m=audio 6000 RTP/AVP 0"}, "10.0.0.1:4000", nil},
		{"refused line shortened", head + "m=audio 4000 RTP/AVP 8\nm=video 4004 RTP/SAVPF 96 97 98\n", []string{"m=audio 6000 RTP/AVP 8", "m=video 0 RTP/SAVPF 96"}, "10.0.0.1:4000", nil},
		{"IPv6", "v=0\nc=IN IP6 ::1\nm=audio 4000 RTP/AVP 0\n", nil, "[::1]:4000", nil},
		{"reports on the same port", head + "m=audio 4000 RTP/AVP 0\na=rtcp:4000\na=rtcp-mux\n", []string{"a=rtcp-mux"}, "10.0.0.1:4000", nil},
		{"fax only", head + "m=image 4000 udptl t38\n", nil, "", ErrNoCommonCodec},
		{"encrypted only", head + "m=audio 4000 RTP/SAVP 0\n", nil, "", ErrNoCommonCodec},
		{"switched off", head + "m=audio 0 RTP/AVP 0\n", nil, "", ErrNoCommonCodec},
		{"nothing", "", nil, "", ErrSDP},
		{"port out of range", head + "m=audio 70000 RTP/AVP 0\n", nil, "", ErrSDP},
		{"nine media lines", head + strings.Repeat("m=audio 4000 RTP/AVP 0\n", 9), nil, "", ErrSDP},
		{"no address", "v=0\nm=audio 4000 RTP/AVP 0\n", nil, "", ErrSDP},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, err := parseSDP([]byte(c.offer))
			var s settled
			if err == nil {
				s, err = d.choose(codec.All())
			}
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			answer := string(local{address: "127.0.0.1", port: 6000}.answer(d, s))
			for _, line := range c.want {
				if !strings.Contains(answer, line+"\r\n") {
					t.Errorf("answer lacks %q:\n%s", line, answer)
				}
			}
			if got := s.stream.Remote.String(); got != c.remote {
				t.Errorf("sends to %s, want %s", got, c.remote)
			}
		})
	}
}

func TestWhereReportsGo(t *testing.T) {
	const audio = "v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0\n"
	for _, c := range []struct {
		name, offer string
		mux         bool
		port        uint16
	}{
		{"nothing said", audio, false, 0},
		{"a port", audio + "a=rtcp:4010\n", false, 4010},
		{"another address", audio + "a=rtcp:4010 IN IP4 10.0.0.7\n", false, 4010},
		{"no port", audio + "a=rtcp:x\n", false, 0},
		{"port out of range", audio + "a=rtcp:70000\n", false, 0},
		{"mux", audio + "a=rtcp-mux\n", true, 0},
	} {
		d, err := parseSDP([]byte(c.offer))
		if err != nil {
			t.Fatal(err)
		}
		chosen, err := d.choose(codec.All())
		taken, err2 := d.take(codec.All())
		if err != nil || err2 != nil || chosen.stream.Mux != c.mux || chosen.stream.ReportPort != c.port {
			t.Errorf("%s: mux %v, port %d, want %v and %d (%v, %v)", c.name, chosen.stream.Mux, chosen.stream.ReportPort, c.mux, c.port, err, err2)
		}
		if answer := string(local{}.answer(d, chosen)); strings.Contains(answer, "rtcp-mux") != c.mux {
			t.Errorf("%s: answer %s", c.name, answer)
		}
		if taken.stream.Mux {
			t.Errorf("%s: mux taken from an answer, although we do not offer it", c.name)
		}
	}
}

func FuzzOffer(f *testing.F) {
	f.Add([]byte("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"))
	f.Add([]byte("m=audio 1 RTP/AVP 9\na=rtcp-mux\na=rtcp:2\nc=IN IP4 10.0.0.1"))
	f.Add([]byte("m=audio 1 RTP/AVP 9\nc=IN IP6 ::1\na=inactive"))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := parseSDP(body)
		if err != nil {
			return
		}
		if s, err := d.choose(codec.All()); err == nil {
			answer := local{address: "127.0.0.1", port: 2}.answer(d, s)
			if back, err := parseSDP(answer); err != nil || len(back.media) != len(d.media) {
				t.Errorf("answer of %d lines for %d: %v", len(back.media), len(d.media), err)
			}
		}
	})
}
