package sip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"
	"github.com/icholy/digest"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/rtp"
	"attendant/sip/header"
	"attendant/sip/locate"
	"attendant/sip/sdp"
)

// DialOptions say how to call. All are optional.
type DialOptions struct {
	From     string // user part of our URI
	Name     string // display name
	Domain   string // host of our From; our address where empty
	Asserted string // our number that the far end may believe, RFC 3325; none where empty
	Private  bool   // the callee must not learn who calls, RFC 3323

	AssertedAs string // in which header: "pai" (where empty), "ppi" or "rpid"

	Proxy    string // where the INVITE goes: HOST, HOST:PORT or a sip: URI; the URI's host where empty
	Codecs   []codec.Codec
	User     string // for digest authentication
	Password string

	SRTP         sdp.Policy // the server's where it is sdp.Taken
	DTLS         bool       // offer keys by DTLS, not by SDES
	DelayedOffer bool       // let the callee make the offer

	Keys Keys // how keys are sent

	NoMedia time.Duration // how long the callee may send nothing; the server's where 0

	Replaces   *header.Replaces // the callee's dialog that this call takes the place of, RFC 3891
	ReferredBy string           // a URI, RFC 3892: who asked us to call

	// Progress is told of each provisional response, in order; it must not
	// block.
	Progress func(Progress)
}

// Progress is what a callee tells before it answers.
type Progress struct {
	Status int // 180 rings, 183 has early media, 181 is forwarded, ...
	Reason string
	// Early is what can be heard already: a ring tone, an announcement. It is the
	// leg that Dial is going to return, for GetFrame and PutFrame only. Nil where
	// there is nothing. Of several forks the last one to tell is heard.
	Early media.Port
}

// Dial calls a SIP URI ("sip:user@host:port;transport=tcp") and returns the leg
// when it is answered; whoever dials hangs up. When ctx ends first the call is
// cancelled. The error is a *CallError, which wraps media.ErrBusy,
// media.ErrNoAnswer or media.ErrUnreachable and, where ctx ended, its cause.
// Serve must be running. Names are looked up as RFC 3263 says, and
// where a server does not answer or says 503 the next one is tried.
func (s *Server) Dial(ctx context.Context, uri string, o DialOptions) (*Leg, error) {
	d := &dialing{
		Server: s, DialOptions: o, transport: "UDP", callID: uuid.NewString(), tag: sip.GenerateTagN(16),
		repeats: make(chan *sip.Response, 8), // more forks than that hardly answer within a moment
		early:   map[string]*early{},
	}
	leg, err := d.place(ctx, uri)
	if err != nil {
		s.stats.Failed.Add(1)
		var failure *CallError
		if errors.As(err, &failure) && d.leg != nil {
			failure.Ladder = d.leg.Ladder()
		}
		return nil, err
	}
	s.stats.Dialled.Add(1)
	return leg, nil
}

// place finds out where to call, and from where, and calls.
func (d *dialing) place(ctx context.Context, uri string) (*Leg, error) {
	if err := d.aimAt(uri); err != nil {
		return nil, unreachable(err)
	}
	d.to = d.target
	if d.Codecs == nil {
		d.Codecs = d.cfg.Codecs
	}
	if d.SRTP == sdp.Taken {
		d.SRTP = d.cfg.SRTP
	}
	if err := d.listening(ctx); err != nil {
		return nil, err
	}
	ctx, end, err := d.begin(ctx)
	if err != nil {
		return nil, unreachable(err)
	}
	defer end()
	if err := d.resolve(ctx); err != nil {
		return nil, unreachable(err)
	}
	return d.anyOf(ctx)
}

// attempt calls the current hop. The leg is nobody's until the call is
// answered.
func (d *dialing) attempt(ctx context.Context) (*Leg, error) {
	session, err := rtp.Listen(d.rtpHost(d.peer), d.cfg.RTPFirst, d.cfg.RTPLast)
	if err != nil {
		return nil, unreachable(err)
	}
	d.leg = d.newLeg(session, media.Peer{
		CallID: d.callID, Number: d.target.User, Dialled: d.target.User, Remote: d.peer, Transport: strings.ToLower(d.transport), Referrer: d.ReferredBy,
	}, d.side(d.peer, session.Port(), d.Codecs, d.SRTP), cmp.Or(d.NoMedia, d.cfg.NoMedia))
	d.leg.local.DTLS = d.DTLS
	d.leg.useKeys(d.Keys)
	d.leg.account = account{d.User, d.Password}
	d.leg.gone = true // there is no dialog to end yet
	err = d.dial(ctx)
	d.asking.Wait() // no PRACK outlives the dialling
	if err != nil {
		d.leg.Hangup(err)
		return nil, err
	}
	d.leg.confirm()
	return d.leg, nil
}

// side is our side of a session with peer.
func (s *Server) side(peer string, port int, codecs []codec.Codec, srtp sdp.Policy) sdp.Local {
	return sdp.Local{
		Address: s.localIP(peer), Port: port, ID: uint64(time.Now().UnixNano()),
		Codecs: codecs, SRTP: srtp, Certificate: s.certificate,
	}
}

// aimAt sets whom to call.
func (d *dialing) aimAt(uri string) error {
	var target sip.Uri
	if err := sip.ParseUri(uri, &target); err != nil || target.Host == "" || (target.Scheme != "sip" && target.Scheme != "sips") {
		return fmt.Errorf("%q is no sip: URI", uri)
	}
	target.Headers = nil
	d.target = target
	return nil
}

// listening waits until requests can be sent. One that is sent before sipgo
// reads our socket would bind the port again.
func (s *Server) listening(ctx context.Context) error {
	select {
	case <-s.ready:
		return nil
	case <-time.After(time.Second):
		return unreachable(errNotServing)
	case <-ctx.Done():
		return givenUp(ctx)
	}
}

// begin counts an outgoing call in, and has it end with Serve.
func (s *Server) begin(ctx context.Context) (context.Context, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return nil, nil, media.ErrShutdown
	}
	s.calls.Add(1)
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.ctx, func() { cancel(media.ErrShutdown) })
	return ctx, func() {
		stop()
		cancel(nil)
		s.calls.Done()
	}, nil
}

var errNotServing = errors.New("our SIP server is not running")

// dialing is one outgoing INVITE with its retries.
type dialing struct {
	*Server
	DialOptions
	leg       *Leg
	target    sip.Uri // Request-URI
	to        sip.Uri // whom we have called first
	transport string
	callID    string
	tag       string
	hops      []locate.Hop // where the request may go, the best first
	current   locate.Hop
	last      bool   // nothing is left after the current hop
	peer      string // where the INVITE goes: IP address and port
	seq       uint32
	minSE     time.Duration // what a 422 has asked for
	visited   []string      // where redirections have led
	authorize sip.Header
	repeats   chan *sip.Response // further 2xx, see repeated
	early     map[string]*early  // early dialogs by their tag
	asking    sync.WaitGroup     // PRACKs
}

// invite builds the INVITE with the next CSeq.
func (d *dialing) invite() *sip.Request {
	d.seq++
	r := sip.NewRequest(sip.INVITE, d.target)
	user := d.From
	if user == "" {
		user = d.cfg.User
	}
	host, port := d.sentBy(d.transport, d.peer)
	from := &sip.FromHeader{DisplayName: d.Name, Address: sip.Uri{Scheme: "sip", User: user, Host: bracket(host), Port: port}, Params: sip.NewParams()}
	from.Params.Add("tag", d.tag)
	to := &sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: d.to.User, Host: d.to.Host, Port: d.to.Port}, Params: sip.NewParams()}
	d.address(r, d.transport, d.peer, from, to, d.callID, d.seq)
	r.AppendHeader(sip.NewHeader("Allow", allowed))
	r.AppendHeader(sip.NewHeader("Supported", supported))
	d.offerTimer(r)
	if d.authorize != nil {
		r.AppendHeader(d.authorize)
	}
	d.identify(r)
	d.hide(r)
	if d.Replaces != nil {
		r.AppendHeader(sip.NewHeader("Replaces", d.Replaces.String()))
		r.AppendHeader(sip.NewHeader("Require", "replaces"))
	}
	if d.ReferredBy != "" {
		r.AppendHeader(sip.NewHeader("Referred-By", "<"+d.ReferredBy+">"))
	}
	if !d.DelayedOffer {
		d.leg.mu.Lock()
		setSDP(r, d.leg.local.Offer())
		d.leg.mu.Unlock()
	}
	r.SetDestination(d.peer)
	return r
}

// dial sends the INVITE, again where it is challenged, redirected, asked for a
// longer session or, over UDP, too large: then TCP is tried. RFC 3261 sections
// 8.1.3.4, 18.1.1 and 22.2; RFC 4028 section 7.4.
func (d *dialing) dial(ctx context.Context) error {
	for {
		r := d.invite()
		i, err := d.sendInvite(ctx, r, &d.leg.ladder, d.repeated)
		if errors.Is(err, sip.ErrUDPMTUCongestion) && d.transport == "UDP" {
			d.transport = "TCP"
			continue
		}
		if err != nil {
			d.stats.Unsent.Add(1)
			return unreachable(err)
		}
		i.provisional = func(res *sip.Response) { d.proceed(ctx, r, res) }
		silent, stop := d.silent()
		i.silent = silent
		res, err := i.final(ctx)
		stop()
		if err != nil {
			if res != nil {
				d.release(r, res)
			}
			i.tx.Terminate()
			return err
		}
		if res.IsSuccess() {
			return d.answered(r, res, i.tx)
		}
		// The transaction stays for a while, to acknowledge retransmissions.
		if err := d.again(ctx, r, res); err != nil {
			return err
		}
	}
}

// again prepares another INVITE after a refusal, or returns why there is none.
func (d *dialing) again(ctx context.Context, r *sip.Request, res *sip.Response) error {
	clear(d.early)
	switch {
	case (res.StatusCode == 401 || res.StatusCode == 407) && d.authorize == nil && d.User != "":
		if d.authorize = authorization(r, res, d.User, d.Password); d.authorize == nil {
			return callError(res.StatusCode, "no challenge that we know")
		}
		return nil
	case res.StatusCode == 422:
		if least, err := header.ParseSeconds(value(res, "Min-SE")); err == nil && least > d.minSE {
			d.minSE = least
			return nil
		}
	case res.StatusCode/100 == 3:
		return d.redirected(ctx, res)
	}
	return refused(res)
}

// answered acknowledges the 2xx and makes the leg what it says. Other answers
// to the same INVITE, from a fork, are acknowledged and hung up.
func (d *dialing) answered(r *sip.Request, ok *sip.Response, tx sip.ClientTransaction) error {
	dialog, err := d.dialogOf(r, ok)
	if err != nil {
		tx.Terminate()
		return unreachable(err)
	}
	d.leg.establish(dialog)
	d.leg.mu.Lock()
	d.leg.gone = false
	d.leg.mu.Unlock()
	answer, err := d.agree(ok)
	seq := r.CSeq().SeqNo
	d.ack(&dialog, seq, answer, &d.leg.ladder)
	d.legs.Go(func() { d.others(r, answer, tx) })
	if err != nil {
		return unreachable(err)
	}
	d.leg.timeBy(ok, "uac")
	return nil
}

// agree takes in the description of a 2xx: our answer, or the offer that we
// have left to the callee, which is answered in the ACK. One that has none has
// settled all before, reliably. RFC 3261 section 13.2.1.
func (d *dialing) agree(ok *sip.Response) (answer []byte, err error) {
	settled := d.leg.settled()
	switch {
	case len(ok.Body()) == 0 && settled:
		return nil, nil
	case d.DelayedOffer && settled:
		return nil, nil // answered by PRACK
	case d.DelayedOffer && len(ok.Body()) == 0:
		return nil, fmt.Errorf("%w: none at all", sdp.ErrSyntax)
	case d.DelayedOffer:
		return d.leg.negotiate(ok.Body())
	}
	return nil, d.leg.conclude(ok.Body())
}

// settled reports whether a stream is agreed on.
func (l *Leg) settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peer.Codec != ""
}

// others acknowledges repeated 2xx and releases those of other forks until the
// transaction or the leg ends.
func (d *dialing) others(r *sip.Request, answer []byte, tx sip.ClientTransaction) {
	defer tx.Terminate()
	first := d.leg.Dialog()
	for {
		select {
		case res := <-d.repeats:
			if tag, _ := res.To().Params.Get("tag"); tag == first.RemoteTag {
				d.ack(&first, r.CSeq().SeqNo, answer, &d.leg.ladder)
			} else {
				d.release(r, res)
			}
		case <-tx.Done():
			return
		case <-d.leg.ctx.Done():
			return
		}
	}
}

// repeated takes in a 2xx after the first. One more than fit is dropped: its
// sender repeats it.
func (d *dialing) repeated(res *sip.Response) {
	if !res.IsSuccess() || res.To() == nil {
		return
	}
	select {
	case d.repeats <- res:
	default:
	}
}

// release acknowledges and hangs up an answer that nobody wants. One that made
// the offer gets no answer to it, and the BYE at once.
func (d *dialing) release(r *sip.Request, ok *sip.Response) {
	dialog, err := d.dialogOf(r, ok)
	if err != nil {
		return
	}
	d.stats.Forked.Add(1)
	d.ack(&dialog, r.CSeq().SeqNo, nil, &d.leg.ladder)
	d.bye(&dialog, `SIP;cause=487;text="Not wanted any more"`, &d.leg.ladder)
}

// authorization answers the first challenge that we know, over however many
// that we do not. RFC 3261 section 22; RFC 8760 for SHA-256.
func authorization(r *sip.Request, res *sip.Response, user, password string) sip.Header {
	challenge, answer := "WWW-Authenticate", "Authorization"
	if res.StatusCode == 407 {
		challenge, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	for _, h := range res.GetHeaders(challenge) {
		c, err := digest.ParseChallenge(h.Value())
		if err != nil || !digest.CanDigest(c) {
			continue
		}
		credentials, err := digest.Digest(c, digest.Options{
			Method: string(r.Method), URI: r.Recipient.String(), Username: user, Password: password,
		})
		if err == nil {
			return sip.NewHeader(answer, credentials.String())
		}
	}
	return nil
}
