package dialog

import (
	"context"
	"slices"
	"testing"

	"attendant/dialog/flow"
	"attendant/media"
	"attendant/media/mediatest"
)

// TestWhatIsSaidForASecretIsMarked holds what keeps it from vendors: the
// recognisers' ladder gives marked audio to the embedded one alone.
func TestWhatIsSaidForASecretIsMarked(t *testing.T) {
	a := &Attendant{Language: "en-US"}
	c := &call{a: a, leg: mediatest.NewLeg(media.Peer{}), talk: &conversation{a: a}}
	for _, sensitive := range []bool{true, false} {
		if h := c.hints(flow.Expectation{Type: "digits", Sensitive: sensitive}); h.Sensitive != sensitive {
			t.Errorf("a slot that is sensitive: %v has hints %+v", sensitive, h)
		}
	}
}

// TestNothingIsRecordedOfASecret plays a caller through the floor: while a
// sensitive value is asked for, neither the recording nor a supervisor has what is
// said; before and after both do.
func TestNothingIsRecordedOfASecret(t *testing.T) {
	a := &Attendant{Language: "en-US"}
	leg, watching := mediatest.NewLeg(media.Peer{}), mediatest.NewLeg(media.Peer{})
	var said media.Frame
	said[0] = 1000
	c := &call{a: a, leg: leg, bridge: media.NewBridge(), talk: &conversation{a: a}, ear: newEar(nil, newDetector())}
	player := media.NewPlayer()
	c.floor = &floor{bridge: c.bridge, caller: leg, voice: player, ear: c.ear}
	kept := &keptAudio{}
	recorder := media.NewRecorder(kept)
	c.floor.record(&tape{recorder: recorder})
	sue := &party{name: "sue", leg: watching, mouth: &mouth{player: media.NewPlayer()}, ear: newEar(nil, newDetector())}
	c.floor.change(func(s *scene) { s.supervisors = append(s.supervisors, sue) })
	for _, sensitive := range []bool{false, true, false} {
		c.await(flow.Expectation{Type: "digits", Sensitive: sensitive})
		leg.Say(slices.Repeat([]media.Frame{said}, 10)...)
		for range 10 {
			c.bridge.Tick()
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if err := recorder.Run(ended); err != nil { // writes what has come
			t.Fatal(err)
		}
		heard := watching.Heard()
		last := heard[len(heard)-1][0] != 0
		if want := map[bool]int{false: 10, true: 0}[sensitive]; kept.sound != want || last == sensitive {
			t.Errorf("sensitive %v: %d frames with sound were kept, the supervisor heard it: %v", sensitive, kept.sound, last)
		}
		if kept.all != 10 {
			t.Errorf("sensitive %v: %d frames were kept, want the time to go on", sensitive, kept.all)
		}
		*kept = keptAudio{}
	}
}

// keptAudio counts the frames of a recording, and those with the caller's voice.
type keptAudio struct{ all, sound int }

func (k *keptAudio) WriteStereo(left, _ *media.Frame) error {
	if k.all++; *left != (media.Frame{}) {
		k.sound++
	}
	return nil
}
