package dialog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestConsentDecidesWhatIsKept(t *testing.T) {
	for _, c := range []struct {
		mode, keys string
		said       string
		files      int
	}{
		{"", "", "", 1},
		{"announce", "", "This call may be recorded.", 1},
		{"ask", "1", "May we record this call?", 1},
		{"ask", "2", "All right, this call is not recorded.", 0},
		{"ask", "", "All right, this call is not recorded.", 0},
	} {
		t.Run(c.mode+c.keys, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				s.Recordings, s.Consent = t.TempDir(), c.mode
				time.AfterFunc(2*time.Second, func() { s.leg.Press(c.keys) })
				time.AfterFunc(50*time.Second, s.leg.Leave)
				r := s.answer(t, t.Context())
				files, err := filepath.Glob(filepath.Join(s.Recordings, "*.wav"))
				if err != nil || len(files) != c.files || (r.Recording != "") != (c.files == 1) {
					t.Errorf("files %v, %v, record's %q", files, err, r.Recording)
				}
				if said := strings.Join(side(r, "attendant"), " "); !strings.Contains(said, c.said) {
					t.Errorf("said %s", said)
				}
				if c.files == 1 {
					if info, err := os.Stat(files[0]); err != nil || info.Size() < 1_000_000 {
						t.Errorf("recording %v, %v", info, err)
					}
				}
			})
		})
	}
}
