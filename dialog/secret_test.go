package dialog

import (
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
