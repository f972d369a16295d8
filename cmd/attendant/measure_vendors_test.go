//go:build measure

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"attendant/speech/openai/openaitest"
)

// TestMeasureHangingVendors prints when callers hear something, and the answer,
// while recogniser, voice and model hang.
func TestMeasureHangingVendors(t *testing.T) {
	d := &openaitest.Server{}
	d.SetAll(openaitest.Hang)
	l := vendored(t, d, false)
	questions := []string{"what is your return policy", "when are you open", "how much is delivery", "how can i pay", "where is my order one two three four five"}
	var something, answers []time.Duration
	told, embedded := 0, 0
	for call := range 2 {
		var script strings.Builder
		for i := range 6 {
			fmt.Fprintln(&script, "say", questions[(call+i)%len(questions)])
		}
		l.call(t, script.String()+"say goodbye\n", "--timeout", "4m")
		for _, turn := range l.record(t, call+1).Turns {
			if turn.Delays == nil {
				continue
			}
			something, answers = append(something, first(*turn.Delays)), append(answers, turn.Delays.Total)
			if turn.Delays.Moment > 0 {
				told++
			}
			if strings.HasSuffix(turn.Vendor, "flite") {
				embedded++
			}
		}
	}
	fmt.Printf("every vendor hanging: %d turns, %d by the embedded voice, %d told to wait; something after p50 %v, p95 %v; the answer after p50 %v, p95 %v\n",
		len(something), embedded, told, percentile(something, .5), percentile(something, .95), percentile(answers, .5), percentile(answers, .95))
}
