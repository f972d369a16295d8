package sip

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/emiago/sipgo/sip"

	"attendant/sip/admit"
)

// FuzzGate gives the gate whatever may come: it must not panic, and what it
// lets through is what sipgo can parse, as a datagram and in a stream.
func FuzzGate(f *testing.F) {
	files, err := filepath.Glob("testdata/rfc*/*.dat")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		message, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(message)
	}
	s, err := Listen(Config{Listen: "127.0.0.1:0", Limits: admit.Limits{Rate: 1e12, Failures: 1 << 30}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, b []byte) {
		plain := s.pass(b, netip.MustParseAddrPort("192.0.2.1:5060"), func([]byte) {})
		if n := s.stats.Panics.Load(); n != 0 {
			t.Fatal("the gate panicked")
		}
		if plain == nil {
			return
		}
		if _, err := sip.ParseMessage(plain); err != nil {
			t.Errorf("not parsed: %v\n%q", err, plain)
		}
		messages := 0
		if err := sip.NewParser().NewSIPStream().ParseSIPStream(plain, func(sip.Message) { messages++ }); err != nil || messages != 1 {
			t.Errorf("%d messages in a stream, error %v\n%q", messages, err, plain)
		}
	})
}
