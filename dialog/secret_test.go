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
	c := &call{a: &Attendant{Language: "en-US"}, leg: mediatest.NewLeg(media.Peer{})}
	for _, sensitive := range []bool{true, false} {
		if h := c.hints(flow.Expectation{Type: "digits", Sensitive: sensitive}); h.Sensitive != sensitive {
			t.Errorf("a slot that is sensitive: %v has hints %+v", sensitive, h)
		}
	}
}
