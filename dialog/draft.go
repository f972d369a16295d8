package dialog

import (
	"context"
	"strings"

	"attendant/dialog/knowledge"
	"attendant/dialog/queue"
)

// Draft are notes for an agent's wrap-up, made from the record: what the caller
// wanted, what was done about it and what was promised. The agent's own notes, if
// there are any, take its place.
func (h *HandOver) Draft() string {
	if h.Notes != "" || h.Briefing == nil {
		return h.Notes
	}
	b := h.Briefing
	var lines []string
	add := func(what string, values ...string) {
		if text := strings.Join(values, "; "); text != "" {
			lines = append(lines, what+": "+text)
		}
	}
	add("Wanted", b.Wanted)
	add("Done", b.Tried...)
	var promised []string
	for _, p := range b.Promised {
		promised = append(promised, p.Text)
	}
	add("Told", promised...)
	return strings.Join(lines, "\n")
}

// FittingCode is the wrap-up code whose words all occur in what was wanted; the
// hand-over's own code where it has one. Empty where none fits.
func (h *HandOver) FittingCode(codes []string) string {
	if h.Code != "" || h.Briefing == nil {
		return h.Code
	}
	about := " " + strings.ToLower(strings.ReplaceAll(h.Briefing.Wanted+" "+h.Reason+" "+h.Skill, "_", " ")) + " "
	for _, code := range codes {
		words := strings.Fields(strings.ToLower(strings.NewReplacer("_", " ", "-", " ").Replace(code)))
		fits := len(words) > 0
		for _, w := range words {
			fits = fits && strings.Contains(about, " "+w+" ")
		}
		if fits {
			return code
		}
	}
	return ""
}

// Queue is a queue as it is configured; false where there is none of that name, or
// no desk.
func (a *Attendant) Queue(name string) (queue.Queue, bool) {
	if a.Desk == nil {
		return queue.Queue{}, false
	}
	return a.Desk.Board.Queue(name)
}

// Suggest finds articles for what a caller says, for the agent who has them.
func (a *Attendant) Suggest(ctx context.Context, text string, most int) ([]knowledge.Found, error) {
	return a.Knowledge.Find(ctx, text, most)
}
