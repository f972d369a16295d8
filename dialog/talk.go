package dialog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"attendant/dialog/queue"
	"attendant/dialog/softphone"
	"attendant/media"
)

const (
	// slip is how soon after the bridge an agent who hangs up has not talked: the
	// caller is not to pay for a slip of the hand.
	slip = 3 * time.Second
	// featurePause ends a feature code that has no pound key.
	featurePause = 4 * time.Second
)

// talk is caller and agent talking. run is one function on the call's goroutine,
// which alone changes it; what agents and supervisors want comes as orders.
type talk struct {
	*handover
	agent *party

	keys     string // of a feature code
	keysOver *time.Timer
	calling  string             // the colleague being rung
	giveUp   context.CancelFunc // of ringing the colleague
	called   chan *party        // the colleague who has answered; nil where none did
	dialling sync.WaitGroup

	moving succession // of a phone that moves its call
}

// speakWith lets the caller talk with the agent who has taken the call and
// returns how that ended: the agent's leg is down by then.
func (h *handover) speakWith(ctx context.Context, p *party) string {
	p.call = h.board
	h.talk.handed()
	if p.leg == nil { // transferred by REFER
		h.release(p)
		h.closed("transferred")
		h.stage(ctx, "ended")
		h.talk.finish("escalated")
		return endAway
	}
	t := &talk{handover: h, agent: p, keysOver: time.NewTimer(time.Hour), called: make(chan *party, 1)}
	t.hintEars()
	h.stage(ctx, "together")
	if h.transferred(ctx, p) {
		h.release(p)
		h.dismiss(p, media.ErrLocalHangup)
		return endAway
	}
	if h.queue.Introduce {
		h.introduce(ctx, p)
	}
	end := t.run(ctx)
	t.over()
	return end
}

// introduce presents the agent to the caller, both hearing it, and ends as soon
// as either is gone.
func (h *handover) introduce(ctx context.Context, p *party) {
	speaking, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(p.leg.Context(), stop)()
	h.tellCaller(speaking, h.phrase("introduce", "agent", p.title))
	h.floor.change(func(s *scene) { s.introducing = false })
}

// transferred hands the agent's leg and the caller's to each other by REFER with
// Replaces, where the queue says so. Where that fails our bridge stays.
func (h *handover) transferred(ctx context.Context, p *party) bool {
	if h.queue.Mode != queue.Attended || h.desk.Referrer == nil {
		return false
	}
	if err := h.desk.Referrer.ReferReplaces(ctx, h.leg, p.leg); err != nil {
		h.a.Log.Info("transfer failed, the bridge stays", "call", h.id, "error", err)
		h.talk.event(Event{Kind: HandedOver, Text: "transfer failed", Agent: p.name})
		return false
	}
	h.closed("transferred")
	h.talk.finish("escalated")
	return true
}

// run serves caller and agent until their talk ends.
func (t *talk) run(ctx context.Context) string {
	began := time.Now()
	for {
		end := ""
		select {
		case <-ctx.Done():
			t.closed("caller hung up")
			return endDone
		case <-t.moving.left(t.agent):
			end = t.agentGone(ctx, began)
		case <-t.guestGone():
			t.guestLeft()
		case d := <-t.agent.leg.Digits():
			end = t.key(ctx, d.Key)
		case <-t.keysOver.C:
			end = t.feature(ctx, t.keys)
		case <-t.leg.Digits(): // between the two of them
		case e := <-t.ear.events:
			t.noted(e, "caller")
		case e := <-t.agent.ear.events:
			t.noted(e, "human")
		case p := <-t.called:
			t.answeredBy(p)
		case r := <-t.orders:
			var err error
			if isMove(r.Verb) {
				end, err = t.move(ctx, r)
			} else {
				end, err = t.carryOut(ctx, r)
			}
			r.done <- err
		}
		if end != "" {
			return end
		}
	}
}

func (t *talk) hintEars() {
	t.agent.ear.expect(t.hints(t.talk.expecting()))
	t.ear.expect(t.hints(t.talk.expecting()))
}

// noted writes down what was said, where the attendant listens.
func (t *talk) noted(e heard, side string) {
	if e.kind != heardEnd || e.result.Text == "" {
		return
	}
	t.muteCard(e)
	t.talk.spoke(Turn{Side: side, Text: e.result.Text, Confidence: e.result.Confidence, Start: t.since(e.start), End: t.since(e.speechEnd)})
}

// agentGone says what follows when the agent's leg has ended.
func (t *talk) agentGone(ctx context.Context, began time.Time) string {
	s := t.floor.now()
	switch {
	case t.moving.keeps(t.call, t.agent):
		t.stage(ctx, onHold.String())
		return ""
	case s.guest != nil && (s.stage == consulting || s.stage == conference): // hanging up completes it
		t.complete()
		return ""
	case broken(t.agent.leg), time.Since(began) < slip:
		t.closed("agent's line broke")
		return endLost
	}
	t.closed("agent hung up")
	return endDone
}

func (h *handover) closed(how string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.row.Closed = how
}

// guestGone ends when the colleague's leg does; nil where there is none.
func (t *talk) guestGone() <-chan struct{} {
	if g := t.floor.now().guest; g != nil {
		return t.moving.left(g)
	}
	return nil
}

func (t *talk) guestLeft() {
	g := t.floor.now().guest
	if t.moving.keeps(t.call, g) {
		return
	}
	t.release(g)
	t.dismiss(g, media.ErrLocalHangup)
	t.stage(t.agent.leg.Context(), "together")
}

// over ends what is left of the talk.
func (t *talk) over() {
	t.keysOver.Stop()
	if t.giveUp != nil {
		t.giveUp()
	}
	t.dialling.Wait()
	select {
	case p := <-t.called:
		t.answeredBy(p)
	default:
	}
	s := t.floor.now()
	for _, p := range []*party{s.guest, t.agent} {
		if p != nil {
			t.release(p)
			t.dismiss(p, media.ErrLocalHangup)
		}
	}
}

// release tells the board that a party's talk is over.
func (h *handover) release(p *party) {
	if p.call != "" {
		h.desk.Board.Release(time.Now(), p.name, p.call)
		p.call = ""
	}
}

// key takes in a key of the agent's. A feature code begins with a star.
func (t *talk) key(ctx context.Context, key byte) string {
	if t.keys == "" && key != '*' {
		return ""
	}
	t.keys += string(key)
	t.keysOver.Reset(featurePause)
	if key == '#' || len(t.keys) == 2 && strings.ContainsRune("134780", rune(key)) {
		return t.feature(ctx, t.keys)
	}
	return ""
}

// feature carries a feature code out: *1 hold or resume, *2EXT# consult, *3
// complete, *4 conference, *5EXT# pass on, *6N# back to the attendant, *7
// recording off or on, *8 mute or unmute, *9CODE# wrap-up code, *0 end the
// consultation.
func (t *talk) feature(ctx context.Context, keys string) string {
	t.keys = ""
	t.keysOver.Reset(time.Hour)
	code := strings.TrimSuffix(strings.TrimPrefix(keys, "*"), "#")
	if code == "" {
		return ""
	}
	s := t.floor.now()
	o := Order{By: t.agent.name, Role: "agent", Target: code[1:]}
	either := func(is bool, yes, no Verb) Verb {
		if is {
			return yes
		}
		return no
	}
	switch code[0] {
	case '0':
		o.Verb = Return
	case '1':
		o.Verb = either(s.stage == onHold, Resume, Hold)
	case '2':
		o.Verb = Consult
	case '3':
		o.Verb = Complete
	case '4':
		o.Verb = Conference
	case '5':
		o.Verb = Pass
	case '6':
		o.Verb = Back
		o.Target = nth(t.queue.Back, code[1:])
	case '7':
		o.Verb = either(s.paused, StartRecording, StopRecording)
	case '8':
		o.Verb = either(s.muted, Unmute, Mute)
	case '9':
		o.Verb = WrapUp
		if o.Text = nth(t.queue.WrapUpCodes, code[1:]); o.Text == "" {
			o.Text = code[1:]
		}
	}
	end, err := t.carryOut(ctx, placed{Order: o})
	t.a.audited(ctx, t.id, o, err)
	return end
}

// nth is the entry of a list by its number, 1 on; empty where there is none.
func nth(list []string, number string) string {
	for i, s := range list {
		if fmt.Sprint(i+1) == number {
			return s
		}
	}
	return ""
}

// carryOut does what an agent or supervisor wants and returns how the talk ends
// by it, if it does. ErrNotNow, ErrTarget.
func (t *talk) carryOut(ctx context.Context, o placed) (string, error) {
	s := t.floor.now()
	switch o.Verb {
	case Hold, Resume:
		if s.stage != together && s.stage != onHold {
			return "", fmt.Errorf("%w: the call is %s", ErrNotNow, s.stage)
		}
		t.setStage(ctx, map[Verb]stage{Hold: onHold, Resume: together}[o.Verb])
	case Mute, Unmute:
		t.floor.change(func(s *scene) { s.muted = o.Verb == Mute })
	case Consult:
		return "", t.consult(ctx, o.Target)
	case Return:
		return "", t.endConsult(ctx)
	case Complete:
		return "", t.completeOrder()
	case Conference:
		if s.guest == nil {
			return "", fmt.Errorf("%w: no colleague is on the line", ErrNotNow)
		}
		t.setStage(ctx, conference)
	case Pass:
		return t.pass(o.Target)
	case Back, HandBack:
		return t.back(o.Target)
	case StopRecording, StartRecording:
		t.floor.change(func(s *scene) { s.paused = o.Verb == StopRecording })
	case WrapUp:
		t.mu.Lock()
		t.row.Code, t.row.Notes = o.Target, strings.TrimSpace(t.row.Notes+" "+o.Text)
		if o.Role == "agent" && o.Target != "" && slices.Contains(t.queue.WrapUpCodes, o.Text) {
			t.row.Code, t.row.Notes = o.Text, strings.TrimSpace(strings.TrimSuffix(t.row.Notes, o.Text))
		}
		t.mu.Unlock()
	case TakeOver:
		return "", t.takeOver(o.party, o.key)
	default:
		return "", fmt.Errorf("%w: %s", ErrNotNow, o.Verb)
	}
	return "", nil
}

func (t *talk) setStage(ctx context.Context, to stage) {
	t.floor.change(func(s *scene) { s.stage = to })
	t.stage(ctx, to.String())
}

// pass gives the caller to another agent or queue; the caller waits again, in
// front.
func (t *talk) pass(target string) (string, error) {
	_, isAgent := t.desk.Board.Agent(target)
	if _, isQueue := t.desk.Board.Queue(target); !isAgent && !isQueue {
		return "", fmt.Errorf("%w: %q", ErrTarget, target)
	}
	t.target = target
	t.closed("passed on to " + target)
	return endPassed, nil
}

// back gives the caller back to the attendant, at a flow if one is named.
func (t *talk) back(name string) (string, error) {
	if name != "" && t.a.Flows.Set().Flow(name) == nil {
		return "", fmt.Errorf("%w: there is no flow %q", ErrTarget, name)
	}
	t.flow = name
	t.closed("back to the attendant")
	return endBack, nil
}

// consult rings a colleague while the caller hears music. Only agents of the
// company are rung.
func (t *talk) consult(ctx context.Context, target string) error {
	colleague, ok := t.desk.Board.Agent(target)
	switch {
	case !ok || colleague.Name == t.agent.name:
		return fmt.Errorf("%w: %q", ErrTarget, target)
	case t.calling != "" || t.floor.now().guest != nil:
		return fmt.Errorf("%w: a colleague is called already", ErrNotNow)
	}
	call := t.board + "+" + colleague.Name
	if err := t.desk.Board.Take(time.Now(), colleague.Name, call, t.row.Number); err != nil {
		return fmt.Errorf("%w: %w", ErrNotNow, err)
	}
	t.setStage(ctx, onHold)
	dialling, giveUp := context.WithCancel(ctx)
	t.calling, t.giveUp = colleague.Name, giveUp
	t.dialling.Go(func() {
		leg, _ := t.dial(dialling, colleague, softphone.Colleague)
		if leg == nil {
			t.desk.Board.Release(time.Now(), colleague.Name, call)
			t.called <- nil
			return
		}
		p := t.admit(ctx, colleague.Name, colleague.Title, leg)
		p.call = call
		t.called <- p
	})
	return nil
}

// answeredBy takes in whether the colleague has answered.
func (t *talk) answeredBy(p *party) {
	t.calling = ""
	t.giveUp()
	if p == nil {
		t.floor.change(func(s *scene) { s.stage = together })
		t.dialling.Go(func() { t.agent.tell(t.agent.leg.Context(), phrase(t.a.Language, "no_colleague")) })
		return
	}
	t.floor.change(func(s *scene) { s.guest, s.stage = p, consulting })
	t.stage(p.leg.Context(), consulting.String())
}

// endConsult lets the colleague go, or stops ringing them.
func (t *talk) endConsult(ctx context.Context) error {
	g := t.floor.now().guest
	switch {
	case t.calling != "":
		t.giveUp()
		return nil
	case g == nil:
		return fmt.Errorf("%w: no colleague is on the line", ErrNotNow)
	}
	t.release(g)
	t.dismiss(g, media.ErrLocalHangup)
	t.setStage(ctx, together)
	return nil
}

func (t *talk) completeOrder() error {
	if t.floor.now().guest == nil {
		return fmt.Errorf("%w: no colleague is on the line", ErrNotNow)
	}
	t.complete()
	return nil
}

// complete gives the caller to the colleague; the agent is free.
func (t *talk) complete() {
	was := t.agent
	t.floor.change(func(s *scene) {
		s.agent, s.guest, s.stage, s.muted = s.guest, nil, together, false
	})
	t.agent = t.floor.now().agent
	t.changed(was)
}

// takeOver gives the caller to a supervisor, unless they have just left.
func (t *talk) takeOver(p *party, key string) error {
	if !t.unseat(p) {
		return fmt.Errorf("%w: %s has left", ErrNotNow, p.name)
	}
	was := t.agent
	t.floor.change(func(s *scene) { s.agent, s.stage, s.muted = p, together, false })
	p.call = key
	close(p.moved)
	t.agent = p
	t.changed(was)
	return nil
}

// move takes in how a phone moves its call, and returns how the talk ends by it,
// if it does. ErrNotNow.
func (t *talk) move(ctx context.Context, r placed) (string, error) {
	gone := t.moving.gone
	was, err := t.moving.follow(t.call, r)
	switch {
	case r.Verb == stayed && gone && r.party == t.agent:
		t.closed("transfer failed")
		return endLost, nil
	case r.Verb == stayed && gone:
		t.guestLeft()
		return "", nil
	case was == nil:
		return "", err
	}
	if was == t.agent {
		t.agent = r.party
	}
	t.noteChange(was)
	t.succeededBy(ctx, was, r.party)
	return "", nil
}

// changed notes that another agent has the call and lets the former one go.
func (t *talk) changed(was *party) {
	t.noteChange(was)
	t.dismiss(was, media.ErrLocalHangup)
}

// noteChange notes who has the call now.
func (t *talk) noteChange(was *party) {
	t.mu.Lock()
	t.row.Agent = t.agent.name
	t.mu.Unlock()
	t.hintEars()
	t.stage(t.agent.leg.Context(), t.floor.now().stage.String())
	t.release(was)
}
