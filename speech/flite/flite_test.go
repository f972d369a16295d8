package flite_test

import (
	"os/exec"
	"testing"

	"attendant/speech/flite"
	"attendant/speech/speechtest"
)

func TestVoice(t *testing.T) {
	if _, err := exec.LookPath("flite"); err != nil {
		t.Skip("flite is not installed; make test installs it")
	}
	speechtest.TestSynthesizer(t, flite.New())
}
