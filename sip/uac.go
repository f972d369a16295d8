package sip

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"
	"github.com/icholy/digest"

	"attendant/media"
	"attendant/media/codec"
	"attendant/media/rtp"
)

// cancelPatience bounds how long a cancelled INVITE's final response is waited
// for.
const cancelPatience = 3 * time.Second

// DialOptions say how to call. All are optional.
type DialOptions struct {
	From     string // user part of our URI
	Name     string // display name
	Codecs   []codec.Codec
	User     string // for digest authentication
	Password string
}

// Dial calls a SIP URI ("sip:user@host:port;transport=tcp") and returns the leg
// when it is answered. When ctx ends first the call is cancelled and ctx's
// cause returned; otherwise the error is a *CallError. Serve must be running.
func (s *Server) Dial(ctx context.Context, uri string, o DialOptions) (*Leg, error) {
	d := &dialing{Server: s, DialOptions: o, transport: "UDP", callID: uuid.NewString(), tag: sip.GenerateTagN(16)}
	if err := sip.ParseUri(uri, &d.target); err != nil || d.target.Host == "" {
		return nil, &CallError{Reason: fmt.Sprintf("%q is no SIP URI", uri), kind: media.ErrUnreachable}
	}
	if t, _ := d.target.UriParams.Get("transport"); strings.EqualFold(t, "tcp") {
		d.transport = "TCP"
	}
	if d.Codecs == nil {
		d.Codecs = s.cfg.Codecs
	}
	if err := s.listening(ctx); err != nil {
		return nil, err
	}
	session, err := rtp.Listen(s.rtpHost(), s.cfg.RTPFirst, s.cfg.RTPLast)
	if err != nil {
		return nil, &CallError{Reason: err.Error(), kind: media.ErrUnreachable}
	}
	d.local = local{address: s.localIP(d.peer()), port: session.Port(), id: uint64(time.Now().UnixNano())}
	leg, err := d.dial(ctx, session)
	if err != nil {
		// Nothing was sent from the session's port.
		_ = session.Close()
		return nil, err
	}
	return leg, nil
}

// listening waits until sipgo knows our UDP socket, which it does not tell: a
// request sent before would try to bind the port again.
func (s *Server) listening(ctx context.Context) error {
	for range 500 {
		if c, err := s.ua.TransportLayer().GetConnection("udp", s.Addr()); err == nil && c != nil {
			return nil
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return &CallError{Reason: "our SIP listener is not running", kind: media.ErrUnreachable}
}

// dialing is one outgoing INVITE with its retries.
type dialing struct {
	*Server
	DialOptions
	target    sip.Uri
	transport string
	callID    string
	tag       string
	seq       uint32
	local     local
	authorize sip.Header
}

// peer is where the INVITE goes.
func (d *dialing) peer() string {
	port := d.target.Port
	if port == 0 {
		port = 5060
	}
	return net.JoinHostPort(strings.Trim(d.target.Host, "[]"), fmt.Sprint(port))
}

func (d *dialing) invite() *sip.Request {
	d.seq++
	d.local.version++
	r := sip.NewRequest(sip.INVITE, d.target)
	user := d.From
	if user == "" {
		user = d.cfg.User
	}
	host, port := d.sentBy(d.transport, d.peer())
	from := &sip.FromHeader{DisplayName: d.Name, Address: sip.Uri{Scheme: "sip", User: user, Host: bracket(host), Port: port}, Params: sip.NewParams()}
	from.Params.Add("tag", d.tag)
	to := &sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: d.target.User, Host: d.target.Host, Port: d.target.Port}, Params: sip.NewParams()}
	d.address(r, d.transport, d.peer(), from, to, d.callID, d.seq)
	r.AppendHeader(sip.NewHeader("Allow", allowed))
	r.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	if d.authorize != nil {
		r.AppendHeader(d.authorize)
	}
	r.SetBody(d.local.offer(d.Codecs))
	r.SetDestination(d.peer())
	return r
}

// dial sends the INVITE, once more where it is challenged.
func (d *dialing) dial(ctx context.Context, session *rtp.Session) (*Leg, error) {
	for {
		r := d.invite()
		// The transaction outlives ctx: a cancelled INVITE still has an end.
		tx, err := d.client.TransactionRequest(context.WithoutCancel(ctx), r, asIs)
		if err != nil {
			return nil, &CallError{Reason: err.Error(), kind: media.ErrUnreachable}
		}
		res, err := d.final(ctx, r, tx)
		if err != nil {
			tx.Terminate()
			return nil, err
		}
		if res.IsSuccess() {
			return d.answered(session, r, res, tx)
		}
		tx.Terminate()
		if (res.StatusCode != 401 && res.StatusCode != 407) || d.authorize != nil || d.User == "" {
			return nil, callError(res.StatusCode, res.Reason)
		}
		if d.authorize = d.credentials(r, res); d.authorize == nil {
			return nil, callError(res.StatusCode, "no challenge that we know")
		}
	}
}

// final waits for the final response, however many provisional ones come.
func (d *dialing) final(ctx context.Context, r *sip.Request, tx sip.ClientTransaction) (*sip.Response, error) {
	done := ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case res := <-tx.Responses():
			switch {
			case res.IsProvisional():
			case done == nil && res.IsSuccess():
				d.release(r, res) // answered while being cancelled
				return nil, context.Cause(ctx)
			case done == nil:
				return nil, context.Cause(ctx)
			default:
				return res, nil
			}
		case <-tx.Done():
			if done == nil {
				return nil, context.Cause(ctx)
			}
			return nil, &CallError{Reason: fmt.Sprint(tx.Err()), kind: media.ErrUnreachable}
		case <-done:
			done = nil
			patience := time.NewTimer(cancelPatience)
			defer patience.Stop()
			late = patience.C
			d.cancel(r)
		case <-late:
			return nil, context.Cause(ctx)
		}
	}
}

// cancel sends the CANCEL of an INVITE. RFC 3261 section 9.1.
func (d *dialing) cancel(invite *sip.Request) {
	r := sip.NewRequest(sip.CANCEL, invite.Recipient)
	r.AppendHeader(sip.HeaderClone(invite.Via()))
	for _, name := range []string{"Max-Forwards", "From", "To", "Call-ID"} {
		sip.CopyHeaders(name, invite, r)
	}
	r.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	r.SetTransport(invite.Transport())
	r.SetDestination(invite.Destination())
	r.SetBody(nil)
	r.Laddr = invite.Laddr
	ctx, stop := context.WithTimeout(context.Background(), byePatience)
	defer stop()
	if err := d.exchange(ctx, r); err != nil {
		d.cfg.Log.Info("CANCEL not confirmed", "error", err)
	}
}

// answered acknowledges the 2xx and makes the leg. Other answers to the same
// INVITE, from a fork, are acknowledged and hung up.
func (d *dialing) answered(session *rtp.Session, r *sip.Request, ok *sip.Response, tx sip.ClientTransaction) (*Leg, error) {
	dialog, err := uacDialog(r, ok)
	if err != nil {
		tx.Terminate()
		return nil, &CallError{Status: ok.StatusCode, Reason: err.Error(), kind: media.ErrUnreachable}
	}
	leg := d.newLeg(session, dialog, media.Peer{
		CallID: d.callID, Number: d.target.User, Dialled: d.target.User, Remote: d.peer(), Transport: strings.ToLower(d.transport),
	})
	leg.local = d.local
	d.ack(dialog, r.CSeq().SeqNo)
	d.legs.Go(func() { d.others(leg, r, tx) })
	if err := leg.conclude(ok.Body()); err != nil {
		leg.Hangup(err)
		return nil, &CallError{Status: ok.StatusCode, Reason: err.Error(), kind: media.ErrUnreachable}
	}
	return leg, nil
}

// others acknowledges retransmitted 2xx and releases those of other forks
// until the transaction ends.
func (d *dialing) others(leg *Leg, r *sip.Request, tx sip.ClientTransaction) {
	defer tx.Terminate()
	again := func(res *sip.Response) {
		if tag, _ := res.To().Params.Get("tag"); tag == leg.dialog.RemoteTag {
			d.ack(leg.dialog, r.CSeq().SeqNo)
			return
		}
		d.release(r, res)
	}
	tx.OnRetransmission(func(res *sip.Response) {
		if res.IsSuccess() {
			again(res)
		}
	})
	for {
		select {
		case res := <-tx.Responses():
			if res.IsSuccess() {
				again(res)
			}
		case <-tx.Done():
			return
		case <-leg.ctx.Done():
			return
		}
	}
}

// release acknowledges and hangs up an answer that nobody wants.
func (d *dialing) release(r *sip.Request, ok *sip.Response) {
	dialog, err := uacDialog(r, ok)
	if err != nil {
		return
	}
	d.ack(dialog, r.CSeq().SeqNo)
	ctx, cancel := context.WithTimeout(context.Background(), byePatience)
	defer cancel()
	bye, err := d.request(&dialog, sip.BYE, 0)
	if err == nil {
		err = d.exchange(ctx, bye)
	}
	if err != nil {
		d.cfg.Log.Info("fork not released", "error", err)
	}
}

// ack acknowledges a 2xx: a request of its own, with the INVITE's number. RFC
// 3261 section 13.2.2.4.
func (d *dialing) ack(dialog Dialog, seq uint32) {
	r, err := d.request(&dialog, sip.ACK, seq)
	if err == nil {
		err = d.client.WriteRequest(r, asIs)
	}
	if err != nil {
		d.cfg.Log.Info("ACK not sent", "error", err)
	}
}

// credentials answers the first challenge that we know. RFC 3261 section 22;
// RFC 8760 for SHA-256.
func (d *dialing) credentials(r *sip.Request, res *sip.Response) sip.Header {
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
			Method: "INVITE", URI: r.Recipient.String(), Username: d.User, Password: d.Password,
		})
		if err == nil {
			return sip.NewHeader(answer, credentials.String())
		}
	}
	return nil
}

func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}
