//go:build e2e

package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"attendant/media"
	"attendant/sip"
)

// answeringPhone is a telephone that answers, waits for a voice, and hangs up.
func answeringPhone(t *testing.T) string {
	t.Helper()
	phone, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0", User: "phone", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := phone.Serve(ctx, hearAVoice); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); serving.Wait() })
	return phone.Addr()
}

// hearAVoice takes part in a call until half a second of sound was heard.
func hearAVoice(ctx context.Context, leg media.Leg) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for heard := 0; heard < 25; {
		select {
		case <-ctx.Done():
			return
		case <-leg.Context().Done():
			return
		case <-tick.C:
		}
		var f media.Frame
		leg.PutFrame(&f)
		if leg.GetFrame(&f) && loud(f) {
			heard++
		}
	}
	leg.Hangup(media.ErrLocalHangup)
}

func loud(f media.Frame) bool {
	for _, v := range f {
		if v > 1000 || v < -1000 {
			return true
		}
	}
	return false
}

// An administrator sets up a trunk and a number in a real Chromium, imports a
// table, and hears that a telephone is called by the number's rule.
func TestE2EAdministratorSetsUpTelephony(t *testing.T) {
	l := start(t, "ATTENDANT_REGION=DE")
	var got struct{ Conflict, Fault, Kept, Called bool }
	line := node(t, "admin.mjs", "http://"+l.http+"/", password, answeringPhone(t))
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	if !got.Conflict || !got.Fault || !got.Kept || !got.Called {
		t.Errorf("the administrator saw %+v", got)
	}
	r := l.record(t, 1)
	if r.Dialled != "+49301234569" || r.Trunk != "carrier" || r.Flow != "opening_hours" {
		t.Errorf("record: to %q over %q, flow %q\n%s", r.Dialled, r.Trunk, r.Flow, text(r, "attendant"))
	}
}
