package dialog

import (
	"strings"
	"time"

	"attendant/dialog/understand/entity"
	"attendant/speech"
)

const (
	// cardMask stands for the number of a payment card in a caller's words.
	cardMask = "[card number]"
	// numberMask stands for a number that is still being said, from so many digits
	// on: it may become a card's.
	numberMask  = "[number]"
	unsaidYet   = 9
	likelyCard  = 15 // digits from which a number heard wrong is taken for a card's
	muteAround  = 400 * time.Millisecond
	cardPadding = " #*"
)

// withoutCards takes the numbers of payment cards out of what was heard, other
// readings included, and reports whether there was one. Where one reading is a
// card's number, so is each of about its length. It is the only way from an ear to
// anything else.
func withoutCards(r speech.Result, h speech.Hints) (speech.Result, bool) {
	wanted := func(n int) bool { // as many digits as were asked for
		e := h.Expect
		return (e.Kind == speech.ExpectDigits || e.Kind == speech.ExpectCode) && (e.Max == 0 || n <= e.Max)
	}
	hide := func(n int) bool { return n >= likelyCard && !wanted(n) }
	for _, a := range append([]speech.Alternative{{Text: r.Text}}, r.Alternatives...) {
		if _, is := entity.HideCards(a.Text, h.Language, cardMask, hide); is {
			hide = func(int) bool { return true }
		}
	}
	text, hidden := entity.HideCards(r.Text, h.Language, cardMask, hide)
	if !r.Final {
		text = entity.HideRuns(text, h.Language, numberMask, unsaidYet)
	}
	others := r.Alternatives
	r.Text, r.Alternatives = text, nil
	for _, a := range others {
		masked, is := entity.HideCards(a.Text, h.Language, cardMask, hide)
		hidden = hidden || is
		if masked != text {
			a.Text = masked
			r.Alternatives = append(r.Alternatives, a)
		}
	}
	if hidden || !r.Final {
		r.Words = nil
	}
	return r, hidden
}

// concealCards takes the numbers of payment cards out of a turn that was typed or
// keyed. What an ear heard has none any more.
func (c *conversation) concealCards(t *callerTurn) {
	never := func(int) bool { return false }
	t.Text, _ = entity.HideCards(t.Text, c.state.Language, cardMask, never)
	for i, a := range t.Alternatives {
		t.Alternatives[i], _ = entity.HideCards(a, c.state.Language, cardMask, never)
	}
	if entity.IsCard(strings.Trim(t.Keys, cardPadding)) {
		t.Keys, t.Text = "", cardMask
	}
}

// unmasked is a turn for understanding: a mask is not what the caller said.
func unmasked(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, cardMask, " "))
}
