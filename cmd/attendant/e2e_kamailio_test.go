//go:build e2e

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// kamailio runs Debian's with our configuration in front of the lines, and
// returns its address.
func kamailio(t *testing.T, lines ...*line) string {
	t.Helper()
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.LocalAddr().String()
	free.Close()
	dir := t.TempDir()
	list := filepath.Join(dir, "dispatcher.list")
	var text strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&text, "1 sip:%s 0 0\n", l.sip)
	}
	if err := os.WriteFile(list, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "kamailio", "-f", "../../deploy/kamailio/kamailio.cfg", "-DD", "-E", "-m", "64", "-M", "8",
		"-Y", dir, "-P", filepath.Join(dir, "pid"), "-l", "udp:"+address, "-A", `DISPATCHER_LIST="`+list+`"`)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // so that it ends its children
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // by our signal
		if t.Failed() {
			t.Logf("kamailio: %s", log.Bytes()[max(0, log.Len()-4000):])
		}
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if exec.Command("sipp", "-sf", "testdata/alive.xml", "-i", "127.0.0.1", "-nostdin", "-m", "1", "-timeout", "1s", address).Run() == nil {
			return address
		}
		if time.Now().After(deadline) {
			t.Fatalf("kamailio does not answer: %s", log.String())
		}
	}
}

// TestE2EKamailioTakesADrainingNodeOutAndNoCallFails has Kamailio spread calls
// over two nodes. One is told to end meanwhile: two seconds later it gets no
// more calls, those that it has go on to their end, and every call succeeds.
func TestE2EKamailioTakesADrainingNodeOutAndNoCallFails(t *testing.T) {
	signals := make(chan os.Signal, 2)
	draining, staying := startSignalled(t, signals), start(t)
	proxy := kamailio(t, draining, staying)
	const calls = 48
	var calling sync.WaitGroup
	calling.Go(func() {
		// A 200 may overtake its 180 between Kamailio's workers: what SIPp does not
		// expect is passed over, and a call that is gone fails at its BYE.
		play(t, proxy, "uac_routed.xml", []string{"ACTION", "", "PAUSE", "3000"}, "-m", fmt.Sprint(calls), "-r", "4", "-l", "30", "-default_behaviors", "all,-abortunexp")
	})
	for deadline := time.Now().Add(15 * time.Second); draining.gauge(t, "attendant_sip_calls_answered") < 6; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the node gets no calls")
		}
	}
	signals <- syscall.SIGTERM
	signals <- syscall.SIGTERM  // a second one changes nothing
	time.Sleep(2 * time.Second) // what the test is about
	invites, answered := draining.gauge(t, "attendant_sip_invites"), draining.gauge(t, "attendant_sip_calls_answered")
	live := draining.gauge(t, "attendant_sip_legs")
	if live == 0 {
		t.Error("no call was up on the node: nothing was shown")
	}
	time.Sleep(800 * time.Millisecond) // three calls' time; the node is still there
	if now := draining.gauge(t, "attendant_sip_invites"); now != invites {
		t.Errorf("%v calls were offered more than 2 s after the signal", now-invites)
	}
	calling.Wait() // fails the test where a call fails
	total := answered + staying.gauge(t, "attendant_sip_calls_answered")
	if total != calls {
		t.Errorf("%v calls answered by the two nodes, want %d", total, calls)
	}
	if status := draining.stop(); status != 0 {
		t.Errorf("the node ended with status %d", status)
	}
}
