package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"attendant/dialog"
	"attendant/media"
	"attendant/media/wav"
	"attendant/sip"
)

type agentCommand struct {
	URI      string        `required:"" help:"The agent's phone at the server that it registers with: sip:ann@host:port, with ;transport=tcp if wanted." placeholder:"URI"`
	Password string        `help:"The phone's password; without one it does not register and is called at --listen." placeholder:"PASSWORD"`
	Script   string        `required:"" help:"What the agent does with a call, a line each: 'answer [after TIME]', 'decline [after TIME] [STATUS]' or 'ignore'; then 'wait TIME', 'hear WORDS', 'press KEYS', 'say TEXT', 'wav FILE', 'hangup'." placeholder:"FILE"`
	Calls    int           `help:"End after so many calls." default:"1"`
	Timeout  time.Duration `help:"End after this time." default:"5m"`
	Record   string        `help:"Record what the agent says, left, and hears, right; of several calls the last." placeholder:"OUT.wav"`
	Voice    string        `help:"Speak with flite or espeak." default:"flite" enum:"flite,espeak"`
	Listen   string        `help:"Our own address." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
}

// agentScript is what a scripted agent does with each call.
type agentScript struct {
	after  time.Duration // before the phone is answered, or declines
	status int           // of a call that is declined; 0 answers
	ignore bool          // it rings for ever
	deeds  []dialog.Deed
}

// agentReport is what a scripted agent tells of a call, one line of JSON.
type agentReport struct {
	From     string        `json:"from"`
	Declined int           `json:"declined,omitempty"` // the status
	Rang     time.Duration `json:"rang"`               // until it was answered, or not
	Talked   time.Duration `json:"talked,omitempty"`
	Turns    []dialog.Turn `json:"turns"`
	Cause    string        `json:"cause,omitempty"` // why it ended
	Fault    string        `json:"fault,omitempty"`
}

// Run registers and takes calls.
func (f agentCommand) Run(p *program) error {
	text, err := os.ReadFile(f.Script)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	script, err := parseAgentScript(string(text))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errSettings, f.Script, err)
	}
	name, registrar, err := splitPhone(f.URI)
	if err != nil {
		return err
	}
	c, err := loadConfig(p.settings, p.environ)
	if err = errors.Join(err, missing(c)); err != nil {
		return err
	}
	company, err := loadCompany(c)
	if err != nil {
		return err
	}
	recognizer, err := openRecognizer(c, vocabulary{phrases: company.attendantPhrases(time.Now())}, 1, 1, p.logger(c))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(p.ctx, f.Timeout)
	defer cancel()
	a := &scriptedAgent{
		agentCommand: f, script: script, out: json.NewEncoder(p.out), enough: cancel,
		human: dialog.Caller{Recognizer: recognizer, Synthesizer: voices()[f.Voice]},
	}
	a.human.Voice.Name = map[string]string{"flite": "rms", "espeak": "en-us"}[f.Voice]
	phone, err := sip.Listen(sip.Config{Listen: f.Listen, User: name, Invited: a.invited, Log: p.logger(c)})
	if err != nil {
		return errors.Join(fmt.Errorf("%w: %w", errSettings, err), recognizer.Close())
	}
	err = a.serve(ctx, phone, sip.Registration{Registrar: registrar, User: name, Password: f.Password, CallID: uuid.NewString()}, p.errout)
	return errors.Join(err, recognizer.Close())
}

// splitPhone takes "sip:ann@host:port;transport=tcp" apart.
func splitPhone(uri string) (name, registrar string, err error) {
	name, registrar, ok := strings.Cut(strings.TrimPrefix(uri, "sip:"), "@")
	if !ok || name == "" || registrar == "" {
		return "", "", fmt.Errorf("%w: %q is not like sip:ann@host:port", errSettings, uri)
	}
	return name, registrar, nil
}

// scriptedAgent is an agent who does with each call what a script says.
type scriptedAgent struct {
	agentCommand
	script agentScript
	human  dialog.Caller
	enough context.CancelFunc

	mu   sync.Mutex
	out  *json.Encoder
	done int // calls
	err  error
}

// serve registers, takes calls until ctx ends, and ends the registration.
func (a *scriptedAgent) serve(ctx context.Context, phone *sip.Server, g sip.Registration, told io.Writer) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	served := make(chan error, 1)
	parts.Go(func() { served <- phone.Serve(serving, a.take) })
	var err error
	if a.Password != "" {
		err = keepRegistered(ctx, phone, g, func() { fmt.Fprintln(told, "registered:", a.URI) })
	} else {
		fmt.Fprintf(told, "listening: sip:%s@%s\n", g.User, phone.Addr())
		<-ctx.Done()
	}
	stop()
	parts.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done < a.Calls && err == nil && a.err == nil {
		err = fmt.Errorf("%d calls came, not %d", a.done, a.Calls)
	}
	return errors.Join(err, a.err, <-served)
}

// phoneLease is how long a scripted agent registers at a time.
const phoneLease = 2 * time.Minute

// keepRegistered registers until ctx ends, and then no more. registered is told of
// the first success.
func keepRegistered(ctx context.Context, phone *sip.Server, g sip.Registration, registered func()) error {
	for first := true; ctx.Err() == nil; first = false {
		g.Expires = phoneLease
		lease, err := phone.Register(ctx, g)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return fmt.Errorf("register: %w", err)
		}
		if g.Seq = lease.Seq; first {
			registered()
		}
		refresh := time.NewTimer(max(lease.Expires*3/4, time.Second))
		select {
		case <-refresh.C:
		case <-ctx.Done():
			refresh.Stop()
		}
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	g.Expires = 0
	// A server that is gone keeps the registration until it is over.
	_, _ = phone.Register(ending, g)
	return nil
}

// invited is the ringing.
func (a *scriptedAgent) invited(ctx context.Context, v sip.Invitation) (sip.Welcome, *sip.Refusal) {
	began := time.Now()
	if a.script.status == 0 {
		ring := a.script.after
		if a.script.ignore {
			ring = a.Timeout
		}
		return sip.Welcome{Early: func(ctx context.Context, _ media.Leg) {
			if !waitFor(ctx, ring) { // given up
				a.report(agentReport{From: v.From, Rang: time.Since(began), Cause: "given up"}, nil)
			}
		}}, nil
	}
	waitFor(ctx, a.script.after)
	a.report(agentReport{From: v.From, Declined: a.script.status, Rang: time.Since(began)}, nil)
	return sip.Welcome{}, &sip.Refusal{Status: a.script.status, Reason: "Declined"}
}

func waitFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// take is a call that was answered.
func (a *scriptedAgent) take(ctx context.Context, leg media.Leg) {
	began := time.Now()
	human := a.human
	var file *os.File
	var recording *wav.Writer
	var err error
	if a.Record != "" {
		if file, err = os.Create(a.Record); err == nil {
			recording, err = wav.NewWriter(file)
		}
		if err == nil {
			human.Recorder = recording
		}
	}
	var out dialog.Outcome
	if err == nil {
		out, err = human.Work(ctx, leg, a.script.deeds)
	}
	if recording != nil {
		err = errors.Join(err, recording.Close())
	}
	if file != nil {
		err = errors.Join(err, file.Close())
	}
	a.report(agentReport{From: leg.Peer().Number, Rang: a.script.after, Talked: time.Since(began), Turns: out.Turns, Cause: out.Cause}, err)
}

// report prints what came of a call; the last one ends the program.
func (a *scriptedAgent) report(r agentReport, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		r.Fault = err.Error()
	}
	r.Turns = append([]dialog.Turn{}, r.Turns...)
	a.err = errors.Join(a.err, err, a.out.Encode(r))
	if a.done++; a.done >= a.Calls {
		a.enough()
	}
}

// parseAgentScript reads a script.
func parseAgentScript(text string) (agentScript, error) {
	var s agentScript
	first := true
	for n, line := range strings.Split(text, "\n") {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if verb == "" || strings.HasPrefix(verb, "#") {
			continue
		}
		err := s.take(verb, strings.TrimSpace(rest), first)
		if err != nil {
			return s, fmt.Errorf("line %d: %w", n+1, err)
		}
		first = false
	}
	return s, nil
}

func (s *agentScript) take(verb, rest string, first bool) (err error) {
	var d dialog.Deed
	switch verb {
	case "answer", "decline", "ignore":
		if !first {
			return fmt.Errorf("%q is the first line or none", verb)
		}
		return s.rings(verb, strings.Fields(rest))
	case "wait":
		if d.Wait, err = time.ParseDuration(rest); err != nil || d.Wait <= 0 {
			return fmt.Errorf("%q is no time like 2s", rest)
		}
	case "hear":
		d.Await = plain(rest)
	case "press":
		d.Digits = rest
	case "say":
		d.Say = rest
	case "wav":
		if d.Audio, err = audioOf(rest); err != nil {
			return err
		}
	case "hangup":
		d.Hangup = true
	default:
		return fmt.Errorf("%q is none of answer, decline, ignore, wait, hear, press, say, wav, hangup", verb)
	}
	if rest == "" && !d.Hangup {
		return fmt.Errorf("%s what?", verb)
	}
	s.deeds = append(s.deeds, d)
	return nil
}

// rings reads how the phone is answered.
func (s *agentScript) rings(verb string, words []string) (err error) {
	s.ignore = verb == "ignore"
	if verb == "decline" {
		s.status = 486
	}
	for i := 0; i < len(words) && err == nil; i++ {
		switch {
		case words[i] == "after" && i+1 < len(words):
			i++
			s.after, err = time.ParseDuration(words[i])
		case verb == "decline":
			s.status, err = strconv.Atoi(words[i])
			if err == nil && (s.status < 400 || s.status > 699) {
				err = fmt.Errorf("%d declines no call", s.status)
			}
		default:
			err = fmt.Errorf("%q is not like 'after 2s'", words[i])
		}
	}
	return err
}
