// Package dialog talks with callers.
//
// The central type is Attendant; its method Answer is one call, from the
// greeting to the record, as one function on one goroutine. Below it, a
// conversation decides (understand, flow, guard, crm) and a call carries out
// (ear, mouth, bridge). The same conversation without a call is a chat.
//
// What is heard becomes commands (understand), commands move the flow engine
// (flow), the engine's effects are checked (guard) and carried out, and their
// results go back into the engine until it waits for the caller.
//
// Guarantees: Answer returns only when everything that it started has ended; a
// call that was answered leaves exactly one record, whatever ended it; the
// transcript holds what was heard, not what was planned; no sentence with an
// unbacked fact is spoken; each write to a connector is sent at most once.
package dialog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"attendant/crm"
	"attendant/dialog/flow"
	"attendant/dialog/guard"
	"attendant/dialog/knowledge"
	"attendant/dialog/understand"
	"attendant/media"
	"attendant/speech"
)

// Dialer calls a human. Dial blocks until the human has answered or ctx ends;
// its error wraps media.ErrBusy, media.ErrNoAnswer or media.ErrUnreachable.
type Dialer interface {
	Dial(ctx context.Context, target string) (media.Leg, error)
}

// Attendant answers calls. All fields but the marked ones are required; none
// changes after the first call.
type Attendant struct {
	Flows       *flow.Engine
	Understand  understand.Understander
	Knowledge   *knowledge.Finder
	Writer      Writer // optional: without it everything is said as it is written
	Recognizer  speech.Recognizer
	Synthesizer speech.Synthesizer
	Voice       speech.Voice // optional
	Language    string       // BCP 47
	CRM         crm.System
	Store       Store
	Hub         *Hub
	Log         *slog.Logger

	Dialer      Dialer        // optional: without it nobody is connected to a human
	Human       string        // whom to dial; optional
	RingTimeout time.Duration // how long a human's phone rings
	Router      Router        // what a call to a number is to do; optional
	Music       []media.Frame // for callers who wait; optional
	Recordings  string        // folder for recordings; none are made where empty
	// Seal returns what encrypts a recording into a file; Close ends it and leaves
	// the file open. Optional: without it recordings are plain WAV files.
	Seal    func(io.Writer) (io.WriteCloser, error)
	Apology string // said when a call must end for our sake
	// Trace is told each step of the engine, with the state before it; optional.
	Trace func(before flow.State, in flow.Input, after flow.State, effects []flow.Effect)
	// TurnBudget bounds what vendors over the network may take, all together, from
	// the end of a caller's turn to the first audio of the answer; 0 is no bound.
	TurnBudget time.Duration
	Judging    *Judging // has moods judged by a model, besides; optional
	Moment     Moment   // said where an answer takes its time; optional

	Clock ClockStats // of all calls that have ended

	Consent string // to being recorded: "announce" tells callers, "ask" records who says yes; else nothing is said
	Desk    *Desk  // agents and queues; optional: without it Human is dialled

	live  sync.Map // call ID -> CallInfo
	calls sync.Map // call ID -> *call
	own   sync.Once
	words *guard.Templates // what the company says, once own is done

	looking sync.WaitGroup
	ringsMu sync.Mutex
	rings   map[string]ring // Call-ID -> look-up that began with the INVITE
}

// ClockStats count what the calls' clocks and ears could not keep up with.
type ClockStats struct{ Ticks, Late, Deaf, Lost atomic.Uint64 }

func (s *ClockStats) add(c *call) {
	b := c.bridge.Stats()
	s.Ticks.Add(b.Ticks.Load())
	s.Late.Add(b.Late.Load())
	s.Deaf.Add(c.ear.dropped.Load())
}

// Live returns the calls that are going on, by ID.
func (a *Attendant) Live() map[string]CallInfo {
	calls := map[string]CallInfo{}
	a.live.Range(func(id, info any) bool {
		calls[id.(string)] = info.(CallInfo)
		return true
	})
	return calls
}

// Answer talks with the caller at leg until the call has ended and its record
// is written. When ctx ends first the caller is told so, politely. An agent's phone
// that dials a feature code is no caller.
func (a *Attendant) Answer(ctx context.Context, leg media.Leg) {
	if a.dialledIn(ctx, leg) {
		return
	}
	a.answer(ctx, leg, (*call).converse)
}

// answer is Answer with what is to be talked of.
func (a *Attendant) answer(ctx context.Context, leg media.Leg, talk func(*call, context.Context)) {
	c := a.newCall(leg)
	record := c.talk.record
	a.live.Store(record.ID, CallInfo{CallID: record.CallID, Number: record.Number, Dialled: record.Dialled, Codec: record.Codec, Started: record.Started})
	defer a.live.Delete(record.ID)
	a.calls.Store(record.ID, c)
	defer a.calls.Delete(record.ID)
	log := a.Log.With("call", record.ID)
	log.Info("call answered", "codec", record.Codec, "transport", record.Transport)
	c.talk.event(Event{Kind: CallStarted, Info: &CallInfo{CallID: record.CallID, Number: record.Number, Dialled: record.Dialled, Codec: record.Codec, Started: record.Started}})

	running, end := context.WithCancel(speech.Watch(context.WithoutCancel(ctx), c.switched))
	var parts sync.WaitGroup
	c.start(running, &parts)
	c.script(ctx, talk)
	c.mouth.moment.disarm()
	leg.Hangup(media.ErrLocalHangup)
	c.dismissSupervisors()
	end()
	parts.Wait()
	a.Clock.add(c)
	record.Switches = c.switches

	if traced, ok := leg.(interface{ Ladder() []media.Signal }); ok {
		record.Ladder = traced.Ladder()
	}
	c.talk.close(cause(context.Cause(leg.Context())))
	if err := c.talk.file(context.WithoutCancel(ctx)); err != nil {
		log.Error("call record lost", "error", err)
	}
	c.talk.event(Event{Kind: CallEnded, Text: record.Outcome})
	log.Info("call ended", "outcome", record.Outcome, "cause", record.EndCause, "turns", len(record.Turns),
		"frames dropped by ear", c.ear.dropped.Load())
}

// script is the call as the caller lives it.
func (c *call) script(ctx context.Context, talk func(*call, context.Context)) {
	talking, hangup := context.WithCancelCause(c.leg.Context())
	defer hangup(nil)
	stop := context.AfterFunc(ctx, func() { hangup(media.ErrShutdown) })
	defer stop()
	talk(c, speech.Watch(talking, c.switched))
	if ctx.Err() != nil && c.leg.Context().Err() == nil {
		c.talk.end("tech_failure")
		c.farewell(c.a.Apology)
	}
}

func (a *Attendant) newCall(leg media.Leg) *call {
	c := &call{
		a: a, leg: leg, began: time.Now(),
		bridge: media.NewBridge(),
		ear:    newEar(a.Recognizer, newDetector()),
		mouth:  &mouth{player: media.NewPlayer(), voice: a.Synthesizer, style: a.Voice},
		orders: make(chan placed), prompts: make(chan string, maxPrompts),
	}
	c.mouth.moment = newMoment(a.Moment, c.mouth.player)
	c.talk = a.newConversation(leg.Peer(), c.since)
	c.id = c.talk.record.ID
	music := &bed{voice: c.mouth.player}
	music.music.Store(media.NewLoop(a.Music))
	c.floor = &floor{bridge: c.bridge, caller: leg, voice: c.mouth.player, bed: music, ear: c.ear, echo: loudspeaker{c.ear}}
	c.mouth.style = c.talk.voice()
	return c
}

// start runs the parts of a call that have a clock of their own.
func (c *call) start(ctx context.Context, parts *sync.WaitGroup) {
	c.floor.change(func(*scene) {})
	c.startRecorder(ctx, parts)
	callID, number := c.talk.record.CallID, c.talk.record.Number // of a callback the number is known only later
	parts.Go(func() { c.talk.knowing <- c.a.whoCalls(ctx, c.id, callID, number) })
	parts.Go(func() { c.bridge.Run(ctx) })
	parts.Go(func() { c.ear.listen(ctx) })
}

// startRecorder records the caller on the left and all whom the caller hears on
// the right.
func (c *call) startRecorder(ctx context.Context, parts *sync.WaitGroup) {
	name := c.a.tapeName(c.id)
	t, file := c.newTape(name)
	if t == nil {
		return
	}
	c.talk.record.Recording = name
	c.floor.record(t)
	c.tape, c.file = t, file
	if c.a.Consent == "ask" {
		c.floor.change(func(s *scene) { s.paused = true })
	}
	parts.Go(func() { c.runTape(ctx, t, file) })
}

// newID returns an ID that sorts by time.
func newID(t time.Time, random uint32) string {
	return fmt.Sprintf("%s-%06x", t.UTC().Format("20060102-150405"), random&0xffffff)
}
