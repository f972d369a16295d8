package sealed_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"attendant/media"
	"attendant/media/sealed"
	"attendant/media/wav"
)

// keys makes a recipient and the file of its identity.
func keys(t *testing.T) (recipient, file string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(file, []byte("# a comment\n"+id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), file
}

func box(t *testing.T, recipients, identity string) *sealed.Box {
	t.Helper()
	b, err := sealed.New(recipients, identity)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// record seals seconds of a recording whose frames count up, and ends it or not.
func record(t *testing.T, b *sealed.Box, frames int, end bool) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.wav"+sealed.Suffix)
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seal, err := b.Seal(file)
	if err != nil {
		t.Fatal(err)
	}
	w, err := wav.NewStream(seal)
	for i := range frames {
		var f media.Frame
		f[0] = int16(i)
		if err == nil {
			err = w.WriteStereo(&f, &f)
		}
	}
	if end {
		err = errors.Join(err, w.Close(), seal.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSealedRecordingIsPlayedByItsIdentityAlone(t *testing.T) {
	recipient, identity := keys(t)
	other, foreign := keys(t)
	name := record(t, box(t, recipient+", "+other, ""), 300, true)
	raw, err := os.ReadFile(name)
	if err != nil || bytes.Contains(raw, []byte("RIFF")) {
		t.Errorf("the file is not sealed: %v", err)
	}
	for _, id := range []string{identity, foreign} {
		f, err := box(t, "", id).Open(name)
		if err != nil {
			t.Fatal(err)
		}
		a, err := wav.Read(f)
		if err != nil || a.RateHz != media.SampleRateHz || a.Channels != 2 || len(a.Samples) != 600*media.FrameSamples || a.Samples[598*media.FrameSamples] != 299 {
			t.Errorf("read %d samples in %d channels at %d Hz, %v", len(a.Samples), a.Channels, a.RateHz, err)
		}
		// As a browser asks for a part of it.
		part := make([]byte, 8)
		if _, err = f.Seek(38, io.SeekStart); err == nil {
			_, err = io.ReadFull(f, part)
		}
		if err != nil || part[2] != byte(300*1280&0xff) || part[3] != byte(300*1280>>8&0xff) || part[4] != byte(300*1280>>16) {
			t.Errorf("length in the header % x, %v", part, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	_, stranger := keys(t)
	for _, b := range []*sealed.Box{box(t, recipient, ""), box(t, "", stranger), nil} {
		if _, err := b.Open(name); !errors.Is(err, sealed.ErrLocked) {
			t.Errorf("opened without the identity: %v", err)
		}
	}
}

// TestUnfinishedRecordingIsReadUpToItsEnd kills the writer after each of several
// lengths: all but the last two seconds can be heard.
func TestUnfinishedRecordingIsReadUpToItsEnd(t *testing.T) {
	recipient, identity := keys(t)
	b := box(t, recipient, identity)
	for _, frames := range []int{101, 250, 1000} {
		f, err := b.Open(record(t, b, frames, false))
		if frames < 105 && errors.Is(err, sealed.ErrBroken) {
			continue
		}
		if err != nil {
			t.Fatalf("%d frames: %v", frames, err)
		}
		a, err := wav.Read(f)
		if err != nil || a.Channels != 2 || len(a.Samples) < 2*(frames-105)*media.FrameSamples {
			t.Errorf("of %d frames %d samples are left, %v", frames, len(a.Samples), err)
		}
		f.Close()
	}
	file := filepath.Join(t.TempDir(), "x.age")
	if err := os.WriteFile(file, []byte("noise"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(file); !errors.Is(err, sealed.ErrBroken) {
		t.Errorf("noise was opened: %v", err)
	}
}

func TestFaultyKeysAreTold(t *testing.T) {
	recipient, identity := keys(t)
	if _, err := sealed.New("age1nonsense", ""); err == nil {
		t.Error("a faulty recipient was taken")
	}
	if _, err := sealed.New(recipient, "/nowhere"); err == nil {
		t.Error("an identity file that is not there was taken")
	}
	text, err := os.ReadFile(identity)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(identity, append(text, "AGE-SECRET-KEY-1WRONG\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.New("", identity); err == nil || bytes.Contains([]byte(err.Error()), []byte("WRONG")) {
		t.Errorf("a faulty identity: %v", err)
	}
}
