package registrar

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"attendant/media"
)

const (
	// pingEvery is how often phones are asked by OPTIONS. NATs forget a UDP
	// mapping after 30 s at the earliest, RFC 4787 section 4.3 asks for 2 minutes.
	pingEvery = 25 * time.Second
	// pingPatience is how long a phone may take to answer.
	pingPatience = 4 * time.Second
	// pingAtOnce is how many phones are asked at the same time.
	pingAtOnce = 16
)

// ErrNotRegistered is a phone that is registered nowhere.
var ErrNotRegistered = errors.New("the phone is not registered")

// Proxy is where requests to the binding go: whatever its Contact says, a phone
// behind a NAT is reached only where its REGISTER came from.
func (b Binding) Proxy() string {
	if b.Transport == "" || b.Transport == "udp" {
		return "sip:" + b.Source
	}
	return "sip:" + b.Source + ";transport=" + b.Transport
}

// Dial rings all of a phone's places at once and returns the leg of the first
// that answers; the others are cancelled. It returns when all have ended. call
// rings one place, as sip.Server.Dial does with the Contact as URI and Proxy as
// its proxy. The error is ErrNotRegistered or what the last place answered.
func (g *Registrar) Dial(ctx context.Context, name string, call func(context.Context, Binding) (media.Leg, error)) (media.Leg, error) {
	places := g.Contacts(name)
	if len(places) == 0 {
		return nil, fmt.Errorf("dial %s: %w", name, errors.Join(ErrNotRegistered, media.ErrUnreachable))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		leg media.Leg
		err error
	}
	outcomes := make(chan outcome, len(places))
	var ringing sync.WaitGroup
	for _, p := range places {
		ringing.Go(func() {
			leg, err := call(ctx, p)
			outcomes <- outcome{leg, err}
		})
	}
	var first media.Leg
	var last error
	for range places {
		switch o := <-outcomes; {
		case o.err != nil:
			// That a phone is busy tells more than that another was cancelled.
			if last == nil || errors.Is(o.err, media.ErrBusy) {
				last = o.err
			}
		case first != nil: // it answered at the same moment
			ringing.Go(func() { o.leg.Hangup(media.ErrLocalHangup) })
		default:
			first = o.leg
			cancel()
		}
	}
	ringing.Wait()
	if first == nil {
		return nil, fmt.Errorf("dial %s: %w", name, last)
	}
	return first, nil
}

// Run keeps the way to the phones open by OPTIONS until ctx ends, and marks those
// that do not answer: they are rung last. ping is sip.Server.Ping.
func (g *Registrar) Run(ctx context.Context, ping func(ctx context.Context, uri, proxy string) error) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			g.pingAll(ctx, ping)
		}
	}
}

func (g *Registrar) pingAll(ctx context.Context, ping func(ctx context.Context, uri, proxy string) error) {
	var asking sync.WaitGroup
	places := make(chan struct{}, pingAtOnce)
	for name, list := range g.Registered() {
		for _, b := range list {
			places <- struct{}{}
			asking.Go(func() {
				defer func() { <-places }()
				patient, stop := context.WithTimeout(ctx, pingPatience)
				defer stop()
				err := ping(patient, b.Contact, b.Proxy())
				if ctx.Err() == nil {
					g.heard(name, b, err == nil)
				}
			})
		}
	}
	asking.Wait()
}

// heard notes whether a phone answers.
func (g *Registrar) heard(name string, b Binding, answers bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := slices.Clone(g.bindings[name])
	for i := range list {
		if list[i].Contact == b.Contact && list[i].Source == b.Source {
			list[i].Silent = !answers
		}
	}
	if list != nil {
		g.bindings[name] = list
	}
}
