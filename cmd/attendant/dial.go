package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"attendant/dialog"
	"attendant/media"
	"attendant/sip"
	"attendant/sip/trunk"
)

type dialCommand struct {
	common
	Number  string        `arg:"" help:"The number to call, as a person writes it."`
	From    string        `help:"Our number, where it is not the trunk's." placeholder:"NUMBER"`
	Ring    time.Duration `help:"How long it may ring." default:"45s"`
	Listen  string        `help:"Our own address; carriers that know us by address want the server's." default:"0.0.0.0:0" placeholder:"HOST:PORT"`
	Company string        `help:"The company's folder." placeholder:"DIR"`
}

// Run calls a number and talks with whoever answers as the server would with a
// caller. The call leaves a record. It works beside a running server; the caps
// of a trunk by hour and day hold for both together.
func (f dialCommand) Run(p *program) error {
	c, err := loadConfig(p.settings, p.environ)
	f.apply(&c)
	c.ListenSIP, c.ListenHTTP, c.ListenRTC = f.Listen, "127.0.0.1:0", "127.0.0.1:0"
	if f.Company != "" {
		c.Company = f.Company
	}
	if err = errors.Join(err, c.validate()); err != nil {
		return err
	}
	s, err := openServer(p.ctx, c, p.logger(c))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(p.ctx))
	var serving sync.WaitGroup
	served := make(chan error, 1)
	serving.Go(func() { served <- s.sip.Serve(ctx, nil) })
	err = s.callOut(p.ctx, trunk.Request{Number: f.Number, From: f.From, Ring: f.Ring})
	stop()
	serving.Wait()
	if err = errors.Join(err, <-served, s.close()); err != nil {
		return explained(err)
	}
	_, err = fmt.Fprintln(p.out, "the call has ended: attendant calls")
	return err
}

// callOut calls a number over a trunk and holds the attendant's conversation
// with whoever answers. It returns when the call has ended. The error wraps
// trunk.ErrForbidden, trunk.ErrLimit, trunk.ErrNoTrunk or a *sip.CallError. It is
// what an API's operation for outgoing calls calls.
func (s *server) callOut(ctx context.Context, r trunk.Request) error {
	began := time.Now()
	leg, err := s.telephony.group.Dial(ctx, r)
	if err != nil {
		return errors.Join(err, s.notReached(ctx, r, began, err))
	}
	defer leg.Hangup(media.ErrLocalHangup)
	s.attendant.Answer(ctx, leg)
	return nil
}

// notReached leaves a record of a call that was dialled and not answered: whom we
// have called, why it came to nothing and what was said to find out. One that no
// rule allows has not been dialled.
func (s *server) notReached(ctx context.Context, r trunk.Request, began time.Time, cause error) error {
	var call *sip.CallError
	if !errors.As(cause, &call) {
		return nil
	}
	record := &dialog.Record{
		ID:     fmt.Sprintf("%s-%06x", began.UTC().Format("20060102-150405"), rand.Uint32()&0xffffff), // as those of other calls
		Number: r.Number, Dialled: r.Number, Started: began, Ended: time.Now(), Slots: map[string]string{},
		Outcome: "not_reached", EndCause: cause.Error(), Ladder: call.Ladder,
	}
	if err := s.store.SaveCall(context.WithoutCancel(ctx), record); err != nil {
		return fmt.Errorf("record of a call that was not answered: %w", err)
	}
	s.hub.Tell(dialog.Event{At: record.Ended, Call: record.ID, Kind: dialog.CallEnded, Text: record.Outcome})
	return nil
}

// explained says in plain words why a call was not answered.
func explained(err error) error {
	var call *sip.CallError
	if !errors.As(err, &call) {
		return err
	}
	cause, _ := sip.Cause(call.Status)
	return fmt.Errorf("%s (Q.850 cause %d): %w", trunk.Words(call), cause, err)
}
