package dialog

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"attendant/dialog/flow"
	"attendant/media"
	"attendant/media/dsp"
)

const (
	// messageLimit bounds a caller's message.
	messageLimit = 2 * time.Minute
	// messagePause is the silence that ends one.
	messagePause = 6 * time.Second
)

func random() uint32 { return rand.Uint32() }

// host keeps a caller who waits company: it says where they stand, again each
// time that announce has passed, answers what they ask from the articles, and
// returns what they have chosen, or empty when ctx ends. Music plays where nothing
// is said.
func (h *handover) host(ctx context.Context, announce time.Duration) string {
	if h.soon(ctx) {
		return ""
	}
	h.say1(ctx, "wait")
	h.standing(ctx)
	h.say1(ctx, "offers")
	next := time.Now().Add(announce)
	for ctx.Err() == nil {
		t, ok := h.listenFor(ctx, flow.Expectation{Type: "choice"}, max(time.Until(next), time.Second))
		switch {
		case ctx.Err() != nil:
			return ""
		case !ok:
			h.standing(ctx)
			next = time.Now().Add(announce)
		default:
			if chosen := h.heardWaiting(ctx, t); chosen != "" {
				return chosen
			}
		}
	}
	return ""
}

// soon gives an agent who is free a moment to answer before the caller is told of
// a queue. It reports whether that was enough.
func (h *handover) soon(ctx context.Context) bool {
	if len(h.desk.Board.Offers(time.Now(), h.board)) == 0 {
		return false
	}
	_ = pause(ctx, ringPatience)
	return ctx.Err() != nil
}

// ringPatience is two rings: whoever waits longer wants to know why.
const ringPatience = 12 * time.Second

// standing says the caller's place, and the wait where it is known.
func (h *handover) standing(ctx context.Context) {
	p, ok := h.desk.Board.Place(time.Now(), h.board)
	if !ok {
		return
	}
	var texts []string
	if p.Position == 1 {
		texts = append(texts, h.phrase("next"))
	} else {
		texts = append(texts, h.phrase("position", "n", strconv.Itoa(p.Position)))
	}
	switch {
	case p.Less == 1:
		texts = append(texts, h.phrase("less1"))
	case p.Less > 1:
		texts = append(texts, h.phrase("less", "n", strconv.Itoa(p.Less)))
	}
	h.tellCaller(ctx, strings.Join(texts, " "))
}

// heardWaiting takes in what a caller who waits has said or keyed.
func (h *handover) heardWaiting(ctx context.Context, t callerTurn) string {
	text := strings.ToLower(t.Text)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	commands := h.talk.attend(ctx, t, flow.Expectation{Type: "open"})
	switch {
	case strings.HasPrefix(t.Keys, "1"), has("call me back", "callback", "call back", "回电"):
		if h.agreed(ctx) {
			return endCallback
		}
		return ""
	case strings.HasPrefix(t.Keys, "2"), has("leave a message", "voicemail", "voice mail", "留言"):
		return endVoicemail
	case strings.HasPrefix(t.Keys, "3"), has("go back", "never mind", "without a human", "自助"):
		return endReturned
	}
	for _, k := range commands {
		switch k.Kind {
		case flow.Cancel, flow.Back, flow.StartOver:
			return endReturned
		case flow.Answer:
			h.answerFromArticles(ctx, k)
			return ""
		case flow.Human, flow.Affirm, flow.HoldOn, flow.Thank:
			h.say1(ctx, "again")
			h.standing(ctx)
			return ""
		default:
		}
	}
	if t.Text != "" {
		h.say1(ctx, "not_known")
	}
	return ""
}

func (h *handover) answerFromArticles(ctx context.Context, k flow.Command) {
	later := func(sentence) bool { return true } // the whole answer is said below
	r := h.talk.perform(ctx, flow.Effect{Lookup: &flow.Lookup{ID: "waiting", Query: k.Query, Article: k.Article}}, later)
	if r.Outcome != "found" {
		h.say1(ctx, "not_known")
		return
	}
	h.say(ctx, []flow.Effect{{Say: &flow.Say{Text: r.Data["answer"], Sources: []string{r.Source}}}})
	h.say1(ctx, "again")
}

// agreed offers a callback to the caller's own number, which is read back, and
// reports whether the caller wants it. No other number is ever called.
func (h *handover) agreed(ctx context.Context) bool {
	number := h.talk.record.Number
	if h.desk.CallBack == nil {
		h.say1(ctx, "no_callback")
		return false
	}
	if _, allowed := h.desk.CallBack(number); !allowed {
		h.say1(ctx, "no_callback")
		return false
	}
	if h.yes(ctx, h.phrase("callback", "number", flow.Shape(number, "digits", h.talk.state.Language))) {
		return true
	}
	if ctx.Err() == nil {
		h.say1(ctx, "callback_no")
	}
	return false
}

// yes asks a question, twice at most, and reports whether the caller says yes.
func (c *call) yes(ctx context.Context, question string) bool {
	expect := flow.Expectation{Type: "yesno"}
	for range 2 {
		c.tellCaller(ctx, question)
		t, ok := c.listenFor(ctx, expect, silencePatience)
		if ctx.Err() != nil {
			return false
		}
		if !ok {
			continue
		}
		for _, k := range c.talk.attend(ctx, t, expect) {
			switch {
			case k.Kind == flow.Affirm, t.Keys == "1":
				return true
			case k.Kind == flow.Deny, t.Keys == "2":
				return false
			}
		}
	}
	return false
}

// phrase is a text of ours in the caller's language.
func (c *call) phrase(name string, pairs ...string) string {
	return phrase(c.talk.state.Language, name, pairs...)
}

// say1 says a text of ours to the caller.
func (c *call) say1(ctx context.Context, name string, pairs ...string) {
	c.tellCaller(ctx, c.phrase(name, pairs...))
}

// deskSource backs what we say of queues and places: we know it ourselves.
const deskSource = "desk"

func (c *call) tellCaller(ctx context.Context, text string) {
	if ctx.Err() != nil {
		return
	}
	c.talk.guard.Fact(deskSource, text)
	c.say(ctx, []flow.Effect{{Say: &flow.Say{Text: text, Sources: []string{deskSource}}}})
}

// takeMessage records a caller's message, writes it down and files it as a
// ticket, also where the caller hangs up in the middle.
func (h *handover) takeMessage(ctx context.Context) {
	h.say1(ctx, "voicemail")
	if err := h.mouth.player.Play(media.PlayItem{Audio: beep()}); err == nil {
		_ = h.mouth.player.Wait(ctx) // cut off: the message is what was said until then
		h.mouth.player.Stop()
	}
	began := time.Now()
	var said []string
	for time.Since(began) < messageLimit && ctx.Err() == nil {
		t, ok := h.listenFor(ctx, flow.Expectation{Type: "open"}, messagePause)
		if !ok || t.Keys != "" {
			break
		}
		h.talk.overheard(t)
		said = append(said, t.Text)
	}
	h.row.Notes = strings.Join(said, " ")
	h.fileMessage(ctx, h.row.Notes)
	h.say1(ctx, "voicemail_done")
}

// fileMessage makes a ticket of a message.
func (h *handover) fileMessage(ctx context.Context, text string) {
	if text == "" {
		text = "(no words were understood)"
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionPatience)
	defer cancel()
	r := h.talk.noted(ctx, &flow.Act{ID: "voicemail", Operation: "create_ticket", Args: map[string]string{
		"kind": "voicemail", "subject": "Message for " + h.queue.Title, "phone": h.talk.record.Number, "body": text,
	}}, h.talk.act)
	if r.Outcome != "ok" {
		h.a.Log.Error("message not filed", "call", h.id, "outcome", r.Outcome, "error", errors.New("see the call's notes"))
	}
}

// beep is the tone after which a caller speaks.
func beep() []media.Frame {
	frames := make([]media.Frame, 20)
	phase := 0.0
	for i := range frames {
		phase = dsp.Tone(frames[i][:], media.SampleRateHz, 1000, 6000, phase)
	}
	return frames
}
