package dialog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"attendant/dialog/flow"
	"attendant/dialog/queue"
	"attendant/speech"
)

const (
	// briefingWords are what is said in 15 s at 2.4 words a second, the pace of our
	// slowest voice (flite's rms, November 2026), less the choice that follows.
	briefingWords = 24
	// decisionPatience is how long an agent may think when the briefing is over
	// before it is repeated, once.
	decisionPatience = 8 * time.Second
	// machineSpeech is how long a person who answers a phone speaks at most
	// without a pause; an answering machine goes on.
	machineSpeech = 5 * time.Second
)

// Briefing is what an agent is told of a caller, spoken in short and in full on
// the screen. All of it comes from the call's record.
type Briefing struct {
	Name     string            `json:"name,omitempty"`
	Number   string            `json:"number"`
	Level    string            `json:"level,omitempty"` // of identity
	Customer string            `json:"customer,omitempty"`
	Reason   string            `json:"reason,omitempty"` // of the hand-over
	Wanted   string            `json:"wanted,omitempty"`
	Tried    []string          `json:"tried,omitempty"`
	Mood     string            `json:"mood,omitempty"`
	Slots    map[string]string `json:"slots,omitempty"`
	Promised []Promise         `json:"promised,omitempty"`
	Turns    []Turn            `json:"turns,omitempty"`
}

// Promise is something that the caller was told, with what backs it.
type Promise struct {
	Text    string   `json:"text"`
	Sources []string `json:"sources"`
}

// describe fills a briefing in from the conversation.
func (c *conversation) describe(b *Briefing) {
	r := c.record
	b.Number, b.Customer, b.Name = r.Number, r.Customer, r.Name
	if name := c.state.Results["customer"]["name"]; name != "" {
		b.Name = name
	}
	b.Level, b.Slots, b.Turns = c.state.Level, maps.Clone(c.state.Slots), slices.Clone(r.Turns)
	switch last := c.mood.Last(); {
	case last <= -0.5:
		b.Mood = "upset"
	case last < 0:
		b.Mood = "annoyed"
	case last >= 0.5:
		b.Mood = "friendly"
	default:
		b.Mood = "calm"
	}
	for _, f := range r.Flows {
		if !slices.Contains(flow.Required(), f) && f != "callback" && f != "verify" {
			b.Wanted = strings.ReplaceAll(f, "_", " ")
		}
	}
	if b.Wanted == "" {
		b.Wanted = lastWords(r.Turns)
	}
	for _, a := range r.Actions {
		b.Tried = append(b.Tried, strings.ReplaceAll(a.Operation, "_", " ")+": "+strings.ReplaceAll(a.Outcome, "_", " "))
	}
	for _, t := range r.Turns {
		if t.Side == "attendant" && len(t.Sources) > 0 {
			b.Promised = append(b.Promised, Promise{Text: t.Text, Sources: t.Sources})
		}
	}
}

// lastWords are what the caller said last that is more than asking for a human.
func lastWords(turns []Turn) string {
	for _, t := range slices.Backward(turns) {
		if t.Side == "caller" && !t.Keys && !slices.Contains(t.Commands, string(flow.Human)) {
			return t.Text
		}
	}
	return ""
}

// Spoken is the briefing in at most 15 s: name, verified or not, what is wanted,
// what was tried, the mood.
func (b *Briefing) Spoken(language string) string {
	var parts []string
	add := func(name string, pairs ...string) { parts = append(parts, phrase(language, name, pairs...)) }
	switch {
	case b.Name != "" && (b.Level == "verified" || b.Level == "human"):
		add("brief_verified", "name", b.Name)
	case b.Name != "":
		add("brief_named", "name", b.Name)
	default:
		add("brief_unknown")
	}
	if b.Wanted != "" {
		add("brief_wants", "what", short(b.Wanted, 8))
	}
	if n := len(b.Tried); n > 0 {
		add("brief_tried", "what", short(b.Tried[n-1], 6))
	}
	if b.Mood != "" && b.Mood != "calm" {
		add("brief_mood", "what", b.Mood)
	}
	return short(strings.Join(parts, " "), briefingWords)
}

// short is the beginning of a text, at most so many words.
func short(text string, words int) string {
	f := strings.Fields(text)
	if len(f) > words {
		return strings.TrimRight(strings.Join(f[:words], " "), ".,;:") + "."
	}
	return strings.Join(f, " ")
}

// asked answers an agent's question about the caller from the record.
func (b *Briefing) asked(question, language string) string {
	q := strings.ToLower(question)
	is := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(q, w) })
	}
	var text string
	switch {
	case is("name", "who"):
		text = b.Name
	case is("number", "phone"):
		text = flow.Shape(b.Number, "digits", language)
	case is("promise", "told"):
		for _, p := range b.Promised {
			text += " " + p.Text
		}
	case is("said", "say", "transcript", "conversation"):
		for _, t := range b.Turns[max(0, len(b.Turns)-4):] {
			text += fmt.Sprintf(" %s: %s.", t.Side, strings.TrimRight(t.Text, "."))
		}
	case is("detail", "order", "know", "slot"):
		for _, name := range slices.Sorted(maps.Keys(b.Slots)) {
			text += fmt.Sprintf(" %s: %s.", strings.ReplaceAll(name, "_", " "), b.Slots[name])
		}
	case is("tried", "done"):
		text = strings.Join(b.Tried, ". ")
	case is("mood", "angry", "upset"):
		text = b.Mood
	case is("want", "about", "why"):
		text = b.Wanted
	default:
		return phrase(language, "brief_ask")
	}
	if text = strings.TrimSpace(text); text == "" {
		return phrase(language, "brief_nothing")
	}
	return text
}

// decide briefs an agent and returns empty when they take the call, else why
// not. They may interrupt at any time, by key or voice.
func (h *handover) decide(ctx context.Context, p *party) queue.Refusal {
	q, _ := h.desk.Board.Queue(h.queueNow())
	if q.Mode == queue.Plain {
		return ""
	}
	p.ear.expect(speech.Hints{Language: h.a.Language, Bandwidth: p.leg.Peer().Bandwidth})
	h.floor.change(func(s *scene) { s.briefed = append(without(s.briefed, p), p) })
	h.talk.event(Event{Kind: HandedOver, Text: "briefing", Agent: p.name, Queue: q.Name})
	b := h.row.Briefing
	text := phrase(h.a.Language, "brief") + " " + b.Spoken(h.a.Language) + " " + phrase(h.a.Language, "brief_choose")
	for repeats := 0; repeats < 4; {
		said := h.hearOut(ctx, p, text)
		switch {
		case ctx.Err() != nil:
			return queue.Withdrawn
		case p.leg.Context().Err() != nil:
			return hungUp(p)
		case said.machine:
			return queue.Machine
		}
		switch choice := said.choice(); choice {
		case "accept":
			return ""
		case "decline":
			return queue.Declined
		case "repeat", "":
			repeats++
			if choice == "" && repeats > 1 {
				return queue.NoAnswer
			}
			text = b.Spoken(h.a.Language) + " " + phrase(h.a.Language, "brief_choose")
		case "ask":
			text = phrase(h.a.Language, "brief_ask")
		default:
			text = b.asked(choice, h.a.Language)
		}
	}
	return queue.NoAnswer
}

func (h *handover) queueNow() string {
	if p, ok := h.desk.Board.Place(time.Now(), h.board); ok {
		return p.Queue
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.row.Queue
}

func hungUp(p *party) queue.Refusal {
	if broken(p.leg) {
		return queue.Unreachable
	}
	return queue.HungUp
}

// decision is what an agent answered to a briefing.
type decision struct {
	key     byte
	words   string
	machine bool // an answering machine
}

// hearOut says text to an agent until they press a key or say something, or for
// a while longer. What is still being said then is cut; a voice that takes its time
// to end is waited for only before something else is said, not by a caller who is
// to be connected.
func (h *handover) hearOut(ctx context.Context, p *party, text string) decision {
	p.speaking.Wait()
	speaking, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	p.speaking.Go(func() {
		defer close(done)
		p.tell(speaking, text)
	})
	defer p.mouth.player.Stop()
	defer stop()
	patience := time.NewTimer(time.Hour)
	defer patience.Stop()
	long := time.NewTimer(time.Hour)
	defer long.Stop()
	over := (<-chan struct{})(done)
	for {
		select {
		case <-ctx.Done():
			return decision{}
		case <-p.leg.Context().Done():
			return decision{}
		case <-over:
			over = nil
			patience.Reset(decisionPatience)
		case <-patience.C:
			return decision{}
		case <-long.C:
			return decision{machine: true}
		case d := <-p.leg.Digits():
			return decision{key: d.Key}
		case e := <-p.ear.events:
			switch {
			case e.kind == heardStart:
				long.Reset(machineSpeech)
			case isMachine(e.result.Text):
				return decision{machine: true}
			case e.kind == heardEnd:
				long.Stop()
				if r := (decision{words: e.result.Text}); r.choice() != "" {
					return r
				}
			}
		}
	}
}

// isMachine reports whether a text is an answering machine's.
func isMachine(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"leave a message", "leave your message", "voicemail", "voice mail", "after the tone", "after the beep", "not available", "留言"},
		func(w string) bool { return strings.Contains(text, w) })
}

// choice is what an agent wants: accept, decline, repeat, ask, a question as it
// was asked, or empty for a greeting.
func (r decision) choice() string {
	switch r.key {
	case '1':
		return "accept"
	case '2':
		return "decline"
	case '3':
		return "repeat"
	case '4':
		return "ask"
	case 0:
	default:
		return "ask"
	}
	text := " " + strings.ToLower(r.words) + " "
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, " "+w+" ") })
	}
	switch {
	case has("decline", "no", "not now", "cannot", "can't", "拒绝"):
		return "decline"
	case has("accept", "yes", "okay", "ok", "sure", "put them through", "i take it", "i'll take it", "connect", "接受"):
		return "accept"
	case has("repeat", "again", "pardon", "重复"):
		return "repeat"
	case has("ask", "question"):
		return "ask"
	case has("what", "who", "which", "how", "name", "number", "order", "details", "promised", "said", "mood"):
		return r.words
	}
	return ""
}
