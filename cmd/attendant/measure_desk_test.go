//go:build measure

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"attendant/deploy/demo"
	"attendant/dialog"
)

// keyTime is for how long a phone that presses a key sends nothing else: the key and
// the pause after it.
const keyTime = 180 * time.Millisecond

// TestMeasureAccept prints how long it takes from the agent's key, by which a call is
// accepted, until caller and agent hear each other; what the agent says can go
// out only when their phone has sent the key.
func TestMeasureAccept(t *testing.T) {
	tones := []float64{450, 750}
	caller, ann := newPhone(t, 450, tones), newPhone(t, 750, tones)
	company := t.TempDir()
	if err := os.CopyFS(company, demo.Files); err != nil {
		t.Fatal(err)
	}
	queues := fmt.Sprintf("queues: [{name: support}]\nagents: [{name: ann, addresses: [\"sip:ann@%s\"], state: available}]", ann.server.Addr())
	if err := os.WriteFile(filepath.Join(company, "queues.yaml"), []byte(queues), 0o600); err != nil {
		t.Fatal(err)
	}
	l := start(t, "ATTENDANT_COMPANY="+company)
	var both, bridged []time.Duration
	for range 20 {
		began := time.Now()
		d := takeCall(t, l, caller, ann)
		both = append(both, max(d[0]-keyTime, d[1]))
		leave(t, l, caller, ann)
		var rows []dialog.HandOver
		l.get(t, "/api/v1/hand-overs?limit=1", &rows)
		if len(rows) != 1 || rows[0].Answered.Before(began) {
			t.Fatalf("hand-over %+v", rows)
		}
		bridged = append(bridged, rows[0].Answered.Sub(ann.pressed))
	}
	t.Logf("of these, until the two are connected: median %v, p95 %v", percentile(bridged, 0.5), percentile(bridged, 0.95))
	p95 := percentile(both, 0.95)
	t.Logf("accept to audio both ways, of %d hand-overs: median %v, p95 %v", len(both), percentile(both, 0.5), p95)
	if p95 > 150*time.Millisecond {
		t.Errorf("p95 %v", p95)
	}
}
