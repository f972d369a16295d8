package sip

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Each message is told of once as it comes and once as it goes, over every
// transport, with where it came from and went.
func TestMessagesThatPassAreTold(t *testing.T) {
	var mu sync.Mutex
	var told []Passed
	s := serve(t, Config{Passed: func(p Passed) {
		mu.Lock()
		defer mu.Unlock()
		p.Text = []byte(strings.Clone(string(p.Text)))
		told = append(told, p)
	}}, nil)
	for _, network := range []string{"udp", "tcp"} {
		conn, err := net.Dial(network, s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		own := conn.LocalAddr().String()
		request := "OPTIONS sip:support@" + s.Addr() + " SIP/2.0\r\nVia: SIP/2.0/" + strings.ToUpper(network) + " " + own + ";branch=z9hG4bKp" + network +
			"\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:support@h>\r\nCall-ID: p" + network + "\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
		if _, err := conn.Write([]byte(request)); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for r := bufio.NewReader(conn); ; { // a pong may come first
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, "SIP/2.0 200") {
				break
			}
		}
		mu.Lock()
		in, out := told[len(told)-2], told[len(told)-1]
		mu.Unlock()
		if in.From.String() != own || in.To.String() != s.Addr() || in.Transport != strings.ToUpper(network) || !strings.HasPrefix(string(in.Text), "OPTIONS ") {
			t.Errorf("%s came as %+v %q", network, in, in.Text)
		}
		if out.From.String() != s.Addr() || out.To.String() != own || out.Transport != strings.ToUpper(network) || !strings.HasPrefix(string(out.Text), "SIP/2.0 200") {
			t.Errorf("%s went as %+v %q", network, out, out.Text)
		}
	}
}
