package trunk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"attendant/sip"
)

const (
	// answerPatience is how long a registrar or a watched trunk may take.
	answerPatience = 5 * time.Second
	// leavePatience bounds the end of a registration when we stop.
	leavePatience = 2 * time.Second
	// firstRetry and lastRetry bound the pause after a registration that failed;
	// it doubles in between.
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
	// refusedRetry is the pause after wrong credentials: trying often gets the
	// address banned.
	refusedRetry = 2 * time.Minute
	// usualRegistration is what is asked for where the trunk does not say.
	usualRegistration = 600
)

// keep registers and watches one trunk until ctx ends.
func (g *Group) keep(ctx context.Context, t Trunk) {
	var parts sync.WaitGroup
	if t.Register {
		parts.Go(func() { g.keepRegistered(ctx, t) })
	}
	if t.OptionsSeconds > 0 && t.Host != "" {
		parts.Go(func() { g.watch(ctx, t) })
	}
	parts.Wait()
}

// registration is a trunk's registration through its refreshes and failures.
type registration struct {
	*Group
	trunk      Trunk
	registrars []string
	at         int // which registrar
	callID     string
	seq        uint32
	failures   int // in a row
}

// keepRegistered registers, refreshes in time and, where it fails, tries the
// next registrar at once and all of them again after a pause that grows.
func (g *Group) keepRegistered(ctx context.Context, t Trunk) {
	r := &registration{Group: g, trunk: t, registrars: t.Registrars, callID: uuid.NewString()}
	if len(r.registrars) == 0 {
		r.registrars = []string{t.Host}
	}
	registered := false
	for ctx.Err() == nil {
		lease, err := r.send(ctx, r.expires())
		if ctx.Err() != nil {
			break
		}
		registered = registered || err == nil
		if !pause(ctx, r.next(lease, err)) {
			break
		}
	}
	if !registered {
		return
	}
	leaving, stop := context.WithTimeout(context.WithoutCancel(ctx), leavePatience)
	defer stop()
	if _, err := r.send(leaving, 0); err != nil {
		g.cfg.Log.Info("registration not ended", "trunk", t.Name, "error", err)
	}
}

func (r *registration) expires() time.Duration {
	if r.trunk.RegisterSeconds > 0 {
		return time.Duration(r.trunk.RegisterSeconds) * time.Second
	}
	return usualRegistration * time.Second
}

func (r *registration) send(ctx context.Context, expires time.Duration) (sip.Lease, error) {
	ctx, stop := context.WithTimeout(ctx, answerPatience)
	defer stop()
	t := r.trunk
	lease, err := r.cfg.Phone.Register(ctx, sip.Registration{
		Registrar: r.registrars[r.at] + t.parameter(), Proxy: t.proxy(), User: t.User, Domain: t.Domain,
		AuthUser: t.AuthUser, Password: secret(t.Password), Expires: expires, CallID: r.callID, Seq: r.seq,
	})
	r.seq = max(r.seq, lease.Seq)
	return lease, err
}

// next takes in what a registration came to and returns how long to wait before
// the next one.
func (r *registration) next(lease sip.Lease, err error) time.Duration {
	name, where := r.trunk.Name, r.registrars[r.at]
	if err == nil && lease.Expires > 0 {
		r.failures = 0
		r.know(name, func(h *health) {
			h.registered, h.unregistered, h.lease = fmt.Sprintf("registered at %s for %v", where, lease.Expires), false, lease.Peer
		})
		// Early enough for a refresh that is lost and repeated.
		return jitter(max(lease.Expires*3/4, time.Second))
	}
	if err == nil {
		err = errors.New("the registrar keeps nothing")
	}
	r.failures++
	r.know(name, func(h *health) {
		h.registered, h.unregistered, h.lease = fmt.Sprintf("not registered at %s: %s", where, Words(err)), true, ""
	})
	var refused *sip.CallError
	if errors.As(err, &refused) && (refused.Status == 401 || refused.Status == 403 || refused.Status == 404 || refused.Status == 407) {
		return jitter(refusedRetry)
	}
	r.at = (r.at + 1) % len(r.registrars)
	if r.at != 0 {
		return 0 // the next registrar at once
	}
	rounds := r.failures / len(r.registrars)
	return jitter(min(lastRetry, firstRetry<<min(rounds-1, 10)))
}

// watch asks the trunk by OPTIONS whether it can be called.
func (g *Group) watch(ctx context.Context, t Trunk) {
	every := time.Duration(t.OptionsSeconds) * time.Second
	for {
		begin := time.Now()
		asking, stop := context.WithTimeout(ctx, min(answerPatience, every))
		err := g.cfg.Phone.Ping(asking, t.uri(""), t.proxy())
		stop()
		if ctx.Err() != nil {
			return
		}
		took := time.Since(begin)
		g.know(t.Name, func(h *health) { h.watched(took, err) })
		wait := jitter(every)
		if err != nil {
			wait = min(wait, answerPatience) // to know sooner
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// proxy is where the trunk's requests go first, with its transport.
func (t *Trunk) proxy() string {
	if t.Proxy == "" {
		return ""
	}
	return "sip:" + t.Proxy + t.parameter()
}

// jitter is d give or take a tenth, so that what was begun together does not
// come back together.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + time.Duration(rand.Int64N(int64(d/5)+1))
}

// pause waits, and reports whether ctx has not ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
