package rtp

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"

	"attendant/media/codec"
)

// A far end that names authorities, as linphone 5.1 does, gets our certificate
// although it is of none of them: the fingerprint is what proves it.
func TestWhoNamesAuthoritiesGetsOurCertificate(t *testing.T) {
	ours, err := selfsign.GenerateSelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := selfsign.GenerateSelfSignedWithDNS("authority.example")
	if err != nil {
		t.Fatal(err)
	}
	authority, err := x509.ParseCertificate(theirs.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	named := x509.NewCertPool()
	named.AddCert(authority)
	listener, err := dtls.ListenWithOptions("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)},
		dtls.WithCertificates(theirs), dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithClientCAs(named),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AES128_CM_HMAC_SHA1_80))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()

	session, err := Listen("127.0.0.1", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	print := sha256.Sum256(theirs.Certificate[0])
	session.Set(Stream{
		Remote: listener.Addr().(*net.UDPAddr).AddrPort(), Codec: codec.All()[0], Send: true, Receive: true,
		Crypto: &Crypto{Handshake: &Handshake{Client: true, Hash: "sha-256", Fingerprint: print[:], Certificate: &ours}},
	})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = session.Run(ctx, time.Minute) }) // ends with ctx
	defer running.Wait()
	defer stop()

	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	patient, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	far := conn.(*dtls.Conn)
	if err := far.HandshakeContext(patient); err != nil {
		t.Fatalf("handshake: %v", err)
	}
	state, ok := far.ConnectionState()
	if !ok || len(state.PeerCertificates) != 1 || string(state.PeerCertificates[0]) != string(ours.Certificate[0]) {
		t.Errorf("%d certificates came", len(state.PeerCertificates))
	}
	if from, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err != nil || int(from.Port()) != session.Port() {
		t.Errorf("from %v: %v", from, err)
	}
}
