package softphone

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/media"
	"attendant/media/mediatest"
)

// world is an exchange whose browsers connect at once, or after a while.
type world struct {
	*Exchange
	slow  time.Duration
	fault error
	legs  sync.WaitGroup
	last  *pressed
}

// pressed is a leg that keeps the keys pressed for its user.
type pressed struct {
	*mediatest.Leg
	keys string
}

func (p *pressed) Press(key byte) { p.keys += string(key) }

func newWorld() *world {
	w := &world{}
	w.Exchange = &Exchange{Connect: func(_ context.Context, _ string, peer media.Peer, use func(media.Leg)) (string, string, error) {
		if w.fault != nil {
			return "", "", w.fault
		}
		leg := &pressed{Leg: mediatest.NewLeg(peer)}
		w.last = leg
		w.legs.Go(func() {
			time.Sleep(w.slow)
			use(leg)
			leg.Hangup(media.ErrLocalHangup)
		})
		return "leg", "answer", nil
	}}
	return w
}

// dial rings ann for at most 20 s and returns what came of it.
func (w *world) dial(t *testing.T) (result func() (media.Leg, error)) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	var leg media.Leg
	var err error
	var dialling sync.WaitGroup
	dialling.Go(func() {
		defer cancel()
		leg, err = w.Dial(ctx, Address("ann", "call1", Agent))
	})
	return func() (media.Leg, error) {
		dialling.Wait()
		return leg, err
	}
}

func TestPageAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		page, other := w.Open("ann"), w.Open("ann")
		defer page.Close()
		defer other.Close()
		result := w.dial(t)
		synctest.Wait()
		<-page.Changed
		rings := w.Ringing("ann")
		if len(rings) != 1 || rings[0].Call != "call1" || rings[0].As != Agent || rings[0].Answered || len(w.Ringing("bob")) != 0 {
			t.Fatalf("rings %+v", rings)
		}
		if _, _, err := w.Answer(t.Context(), "bob", rings[0].ID, "offer", "", ""); !errors.Is(err, ErrGone) {
			t.Errorf("bob answers ann's ring: %v", err)
		}
		w.slow = time.Second
		if leg, answer, err := w.Answer(t.Context(), "ann", rings[0].ID, "offer", "1", "here"); err != nil || leg != "leg" || answer != "answer" {
			t.Fatalf("answer: %q %q %v", leg, answer, err)
		}
		if !w.Ringing("ann")[0].Answered {
			t.Error("the other page still rings")
		}
		if _, _, err := w.Answer(t.Context(), "ann", rings[0].ID, "offer", "", ""); !errors.Is(err, ErrGone) {
			t.Errorf("answered twice: %v", err)
		}
		if err := w.Decline("ann", rings[0].ID); !errors.Is(err, ErrGone) {
			t.Errorf("declined after it was answered: %v", err)
		}
		leg, err := result()
		if err != nil || leg.Context().Err() != nil || leg.Peer().Number != "ann" || w.last.keys != "1" {
			t.Fatalf("leg %v, keys %q, error %v", leg, w.last.keys, err)
		}
		if len(w.Ringing("ann")) != 0 {
			t.Error("it still rings")
		}
		leg.Hangup(media.ErrLocalHangup)
		w.legs.Wait()
	})
}

func TestHowARingEndsWithoutAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*world, *Page, string)
		want error
		took time.Duration
	}{
		{"nobody answers", func(*world, *Page, string) {}, media.ErrNoAnswer, 20 * time.Second},
		{"declined", func(w *world, _ *Page, id string) { _ = w.Decline("ann", id) }, media.ErrDeclined, 0},
		{"page closed", func(_ *world, p *Page, _ string) { p.Close() }, media.ErrUnreachable, reload},
		{"page loaded again", func(w *world, p *Page, _ string) {
			p.Close()
			time.Sleep(reload / 2)
			w.Open("ann")
		}, media.ErrNoAnswer, 20 * time.Second},
		{"no connection", func(w *world, _ *Page, id string) {
			w.fault = errors.New("no ICE")
			_, _, _ = w.Answer(context.Background(), "ann", id, "offer", "", "")
		}, media.ErrNoAnswer, 20 * time.Second},
		{"connected too late", func(w *world, _ *Page, id string) {
			w.slow = time.Minute
			_, _, _ = w.Answer(context.Background(), "ann", id, "offer", "", "")
		}, media.ErrNoAnswer, 20 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				page := w.Open("ann")
				began := time.Now()
				result := w.dial(t)
				synctest.Wait()
				c.do(w, page, w.Ringing("ann")[0].ID)
				leg, err := result()
				if leg != nil || !errors.Is(err, c.want) || time.Since(began) != c.took {
					t.Errorf("%v after %v, want %v after %v", err, time.Since(began), c.want, c.took)
				}
				w.legs.Wait() // a leg that came too late is hung up
				if len(w.Ringing("ann")) != 0 {
					t.Error("it still rings")
				}
			})
		})
	}
}

func TestWithoutAPageNobodyIsRung(t *testing.T) {
	w := newWorld()
	for _, target := range []string{Address("ann", "call1", Agent), "browser:ann"} {
		if _, err := w.Dial(t.Context(), target); !errors.Is(err, media.ErrUnreachable) {
			t.Errorf("%s: %v, want ErrUnreachable", target, err)
		}
	}
	if !errors.Is(media.ErrDeclined, media.ErrBusy) {
		t.Error("who declines counts as busy where nothing else is known")
	}
}
