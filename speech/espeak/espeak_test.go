package espeak_test

import (
	"os/exec"
	"testing"

	"attendant/speech/espeak"
	"attendant/speech/speechtest"
)

func TestVoice(t *testing.T) {
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		t.Skip("espeak-ng is not installed; make test installs it")
	}
	speechtest.TestSynthesizer(t, espeak.New())
}
