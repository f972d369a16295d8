package dialog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"attendant/dialog/queue"
	"attendant/media"
)

// The codes that a registered phone dials. What follows the first three is an
// agent's extension or name.
var (
	watchCodes = map[string]Verb{"*55": Listen, "*56": Whisper, "*57": Barge}
	stateCodes = map[string]queue.State{"*41": queue.Available, "*42": queue.Away, "*43": queue.Offline}
)

// dialledIn carries out a feature code that an agent's or supervisor's registered
// phone has dialled, and returns when that call is over: it is no caller's, and
// leaves no record but in the audit. It reports false where the call is a
// caller's: no code, or no phone of an agent's.
func (a *Attendant) dialledIn(ctx context.Context, leg media.Leg) bool {
	peer := leg.Peer()
	if a.Desk == nil || peer.Phone == "" || len(peer.Dialled) < len("*41") {
		return false
	}
	code, target := peer.Dialled[:len("*41")], peer.Dialled[len("*41"):]
	verb, watches := watchCodes[code]
	state, changes := stateCodes[code]
	who, known := a.Desk.Board.AgentAt(peer.Phone)
	if !known || !watches && !changes {
		return false
	}
	defer leg.Hangup(media.ErrLocalHangup)
	defer context.AfterFunc(ctx, func() { leg.Hangup(media.ErrShutdown) })()
	if changes {
		err := a.SetAgent(who.Name, state)
		a.Log.Info("agent's state dialled", "agent", who.Name, "state", string(state), "error", err)
		a.announce(leg, "state_"+string(state))
		return true
	}
	o := Order{Verb: verb, By: who.Name, Role: who.Role, Target: strings.TrimSuffix(target, "#")}
	id, err := a.watchAt(leg, who, o)
	a.audited(ctx, id, o, err)
	if err != nil {
		a.announce(leg, refusals[refusal(err)])
		return true
	}
	<-leg.Context().Done() // the call lets its supervisor go, or they hang up
	return true
}

// watchAt lets a supervisor in on an agent's call, by the leg that they have dialled
// in with. It returns the call's ID. ErrRole, ErrTarget, ErrNoCall, ErrNotNow.
func (a *Attendant) watchAt(leg media.Leg, who queue.Agent, o Order) (string, error) {
	if who.Role != "supervisor" {
		return "", fmt.Errorf("%w: %s is for supervisors", ErrRole, o.Verb)
	}
	c, err := a.callOf(o.Target)
	if err != nil {
		return "", err
	}
	if !c.open() {
		return c.id, ErrNoCall
	}
	defer c.watchers.Done()
	if c.supervisor(who.Name) != nil {
		return c.id, fmt.Errorf("%w: %s listens already", ErrNotNow, who.Name)
	}
	m := map[Verb]mode{Listen: listening, Whisper: whispering, Barge: barging}[o.Verb]
	c.seatSupervisor(leg.Context(), who.Name, who.Title, leg, m)
	return c.id, nil
}

// callOf is the call in which an agent has the caller; without an agent the only
// one that goes on. ErrTarget, ErrNoCall.
func (a *Attendant) callOf(target string) (*call, error) {
	agent, known := a.Desk.Board.Agent(target)
	if target != "" && !known {
		return nil, fmt.Errorf("%w: %q", ErrTarget, target)
	}
	var found []*call
	a.calls.Range(func(_, v any) bool {
		c := v.(*call)
		s := c.floor.now()
		if target == "" || s.agent != nil && s.agent.name == agent.Name || s.guest != nil && s.guest.name == agent.Name {
			found = append(found, c)
		}
		return true
	})
	if len(found) != 1 {
		return nil, ErrNoCall
	}
	return found[0], nil
}

// refusals are what who dials in is told, by what Order answers.
var refusals = map[error]string{ErrRole: "not_allowed", ErrTarget: "no_agent", ErrNoCall: "no_call", ErrNotNow: "not_now"}

func refusal(err error) error {
	for known := range refusals {
		if errors.Is(err, known) {
			return known
		}
	}
	return ErrNotNow
}

// announce says a text of ours on a leg that is in no call, and returns when it is
// said or the leg has ended.
func (a *Attendant) announce(leg media.Leg, name string) {
	ctx, cancel := context.WithTimeout(leg.Context(), farewellPatience)
	defer cancel()
	m := &mouth{player: media.NewPlayer(), voice: a.Synthesizer, style: a.Voice}
	bridge := media.NewBridge()
	bridge.Connect(silence{}, leg)
	bridge.Connect(m.player, leg)
	running, end := context.WithCancel(ctx)
	var parts sync.WaitGroup
	parts.Go(func() { bridge.Run(running) })
	sentences := make(chan sentence, 1)
	sentences <- sentence{text: phrase(a.Language, name)}
	close(sentences)
	m.speak(ctx, sentences)
	pause(ctx, 200*time.Millisecond) // the last packets are on their way
	end()
	parts.Wait()
}
