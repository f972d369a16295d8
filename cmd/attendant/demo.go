package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"attendant/console/access"
	"attendant/dialog"
)

// portFree reports why an address cannot be listened on.
func portFree(network, address string) error {
	if network == "udp" {
		conn, err := net.ListenPacket(network, address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	return l.Close()
}

type demoCommand struct {
	serveCommand
	Once bool `help:"End after the call; exit with status 0 only if the order was found and heard."`
}

// The demonstration's call: what the caller says, and what it must hear.
var (
	demoLines = []dialog.Line{
		{Say: "where is my order one two three four five"},
		{Say: "when are you open"},
		{Say: "no thank you goodbye"},
	}
	demoAnswer = "leipzig depot"
)

// Run serves, calls itself over SIP and RTP, and then goes on serving.
func (f demoCommand) Run(p *program) error {
	c, err := loadConfig(p.settings, p.environ)
	c.LogLevel = "warn"
	if f.Once { // a demonstration that ends needs no fixed port
		c.ListenSIP, c.ListenHTTP = "127.0.0.1:0", "127.0.0.1:0"
	}
	f.apply(&c)
	if c.Password == "" { // a new one each time, so that it can be shown each time
		c.Password = access.Secret(9)
	}
	if err = errors.Join(err, c.validate()); err != nil {
		return err
	}
	s, err := openServer(p.ctx, c, p.logger(c))
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(p.ctx)
	defer end()
	var parts sync.WaitGroup
	served := make(chan error, 1)
	parts.Go(func() { served <- s.run(ctx) })
	err = f.demonstrate(ctx, p, s)
	if err == nil && !f.Once {
		fmt.Fprintf(p.out, "\nCall it yourself:  sip:support@%s  (UDP or TCP, any softphone)\nWatch it:          http://%s/  (user admin, password %s)\nStop it:           Ctrl-C\n", s.sip.Addr(), s.listener.Addr(), c.Password)
		<-p.ctx.Done()
	}
	end()
	parts.Wait()
	return errors.Join(err, <-served)
}

// demonstrate places the call and prints both sides as the attendant's record
// has them, with the delays.
func (f demoCommand) demonstrate(ctx context.Context, p *program, s *server) error {
	company, err := loadCompany(s.cfg)
	if err != nil {
		return err
	}
	recognizer, err := openRecognizer(s.cfg, vocabulary{phrases: company.attendantPhrases(time.Now())}, 1, 1, s.log)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "A caller phones sip:support@%s\n\n", s.sip.Addr())
	events, stop := s.hub.Listen()
	var printing sync.WaitGroup
	printing.Go(func() {
		for e := range events {
			if e.Kind == dialog.TurnEnded {
				printTurn(p.out, *e.Turn)
			}
		}
	})
	caller := &dialog.Caller{Recognizer: recognizer, Synthesizer: voices()["flite"], Voice: voiceNamed("rms"), Lines: demoLines, WaitFor: demoAnswer}
	call := callCommand{URI: "sip:support@" + s.sip.Addr(), From: "+15550100", Listen: "127.0.0.1:0", Timeout: 2 * time.Minute}
	out, err := call.place(ctx, caller, s.log)
	stop()
	printing.Wait()
	if err = errors.Join(err, recognizer.Close()); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "\nThe caller heard:")
	for _, t := range out.Turns {
		if t.Side == "attendant" {
			fmt.Fprintf(p.out, "%7.2f  %s\n", t.Start.Seconds(), t.Text)
		}
	}
	if !out.Found {
		return fmt.Errorf("the caller did not hear %q", demoAnswer)
	}
	return nil
}
