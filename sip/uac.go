package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
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
	Domain   string // host of our From; our address where empty
	Asserted string // our number for P-Asserted-Identity, RFC 3325; none where empty
	Proxy    string // where the INVITE goes: HOST, HOST:PORT or a sip: URI; the URI's host where empty
	Codecs   []codec.Codec
	User     string // for digest authentication
	Password string
}

// Dial calls a SIP URI ("sip:user@host:port;transport=tcp") and returns the leg
// when it is answered; whoever dials hangs up. When ctx ends first the call is
// cancelled. The error is a *CallError, which wraps media.ErrBusy,
// media.ErrNoAnswer or media.ErrUnreachable and, where ctx ended, its cause.
// Serve must be running. Names are looked up by address records only.
func (s *Server) Dial(ctx context.Context, uri string, o DialOptions) (*Leg, error) {
	d := &dialing{
		Server: s, DialOptions: o, transport: "UDP", callID: uuid.NewString(), tag: sip.GenerateTagN(16),
		repeats: make(chan *sip.Response, 8),
	} // more forks than that hardly answer within a moment
	leg, err := d.place(ctx, uri)
	if err != nil {
		s.stats.Failed.Add(1)
		return nil, err
	}
	s.stats.Dialled.Add(1)
	return leg, nil
}

// place finds out where to call, and from where, and calls.
func (d *dialing) place(ctx context.Context, uri string) (*Leg, error) {
	if err := sip.ParseUri(uri, &d.target); err != nil || d.target.Host == "" || d.target.Scheme != "sip" {
		return nil, unreachable(fmt.Errorf("%q is no sip: URI", uri))
	}
	if t, _ := d.target.UriParams.Get("transport"); strings.EqualFold(t, "tcp") {
		d.transport = "TCP"
	}
	if d.Codecs == nil {
		d.Codecs = d.cfg.Codecs
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
	session, err := rtp.Listen(d.rtpHost(), d.cfg.RTPFirst, d.cfg.RTPLast)
	if err != nil {
		return nil, unreachable(err)
	}
	d.local = local{address: d.localIP(d.peer), port: session.Port(), id: uint64(time.Now().UnixNano())}
	leg, err := d.dial(ctx, session)
	if err != nil {
		_ = session.Close() // nothing was sent from it
		return nil, err
	}
	return leg, nil
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
	if s.draining {
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
	target    sip.Uri
	transport string
	callID    string
	tag       string
	peer      string // where the INVITE goes: IP address and port
	seq       uint32
	local     local
	authorize sip.Header
	repeats   chan *sip.Response // further 2xx, see repeated
}

// resolve finds where the INVITE goes. sipgo would prefer IPv4 whatever our
// socket is.
func (d *dialing) resolve(ctx context.Context) error {
	hop, err := d.hop()
	if err != nil {
		return err
	}
	family := "ip"
	if d.udp.LocalAddr().(*net.UDPAddr).IP.To4() != nil {
		family = "ip4"
	}
	host := strings.Trim(hop.Host, "[]")
	ips, err := net.DefaultResolver.LookupNetIP(ctx, family, host)
	if err != nil {
		return fmt.Errorf("look up %s: %w", host, err)
	}
	port := hop.Port
	if port == 0 {
		port = sip.DefaultUdpPort
	}
	d.peer = netip.AddrPortFrom(ips[0].Unmap(), uint16(port)).String()
	return nil
}

func (d *dialing) invite() *sip.Request {
	d.seq++
	d.local.version++
	r := sip.NewRequest(sip.INVITE, d.target)
	user := d.From
	if user == "" {
		user = d.cfg.User
	}
	host, port := d.sentBy(d.transport, d.peer)
	from := &sip.FromHeader{DisplayName: d.Name, Address: sip.Uri{Scheme: "sip", User: user, Host: bracket(host), Port: port}, Params: sip.NewParams()}
	from.Params.Add("tag", d.tag)
	to := &sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: d.target.User, Host: d.target.Host, Port: d.target.Port}, Params: sip.NewParams()}
	d.address(r, d.transport, d.peer, from, to, d.callID, d.seq)
	r.AppendHeader(sip.NewHeader("Allow", allowed))
	r.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	if d.authorize != nil {
		r.AppendHeader(d.authorize)
	}
	d.identify(r)
	r.SetBody(d.local.offer(d.Codecs))
	r.SetDestination(d.peer)
	return r
}

// dial sends the INVITE, once more where it is challenged or, over UDP, too
// large: then TCP is tried. RFC 3261 sections 18.1.1 and 22.2.
func (d *dialing) dial(ctx context.Context, session *rtp.Session) (*Leg, error) {
	for {
		r := d.invite()
		// The transaction outlives ctx: a cancelled INVITE still has an end.
		tx, err := d.client.TransactionRequest(context.WithoutCancel(ctx), r, asIs)
		if errors.Is(err, sip.ErrUDPMTUCongestion) && d.transport == "UDP" {
			d.transport = "TCP"
			continue
		}
		if err != nil {
			d.stats.Unsent.Add(1)
			return nil, unreachable(err)
		}
		tx.OnRetransmission(d.repeated)
		res, err := d.final(ctx, r, tx)
		if err != nil {
			tx.Terminate()
			return nil, err
		}
		if res.IsSuccess() {
			return d.answered(session, r, res, tx) //nolint:contextcheck // what is released outlives the dialling, with a timeout of its own
		}
		// The transaction stays for a while, to acknowledge retransmissions.
		if (res.StatusCode != 401 && res.StatusCode != 407) || d.authorize != nil || d.User == "" {
			return nil, callError(res.StatusCode, res.Reason)
		}
		if d.authorize = d.credentials(r, res); d.authorize == nil {
			return nil, callError(res.StatusCode, "no challenge that we know")
		}
	}
}

// final waits for the final response, however many provisional ones come. When
// ctx ends it cancels, which must wait for a provisional response, and hangs up
// what was answered meanwhile. RFC 3261 section 9.1.
func (d *dialing) final(ctx context.Context, r *sip.Request, tx sip.ClientTransaction) (*sip.Response, error) {
	done, proceeding := ctx.Done(), false
	var late <-chan time.Time
	for {
		select {
		case res := <-tx.Responses():
			if res.IsProvisional() {
				if !proceeding && done == nil {
					d.cancel(ctx, r)
				}
				proceeding = true
				continue
			}
			if done != nil {
				return res, nil
			}
			if res.IsSuccess() {
				d.release(r, res) //nolint:contextcheck // ctx has ended; BYE has a timeout of its own
			}
			return nil, givenUp(ctx)
		case <-tx.Done():
			if done == nil {
				return nil, givenUp(ctx)
			}
			d.stats.Unsent.Add(1)
			return nil, unreachable(errors.Join(errNoResponse, tx.Err()))
		case <-done:
			done = nil
			late = time.After(cancelPatience)
			if proceeding {
				d.cancel(ctx, r)
			}
		case <-late:
			return nil, givenUp(ctx)
		}
	}
}

// cancel sends the CANCEL of an INVITE. RFC 3261 section 9.1.
func (d *dialing) cancel(ended context.Context, invite *sip.Request) {
	r := sip.NewRequest(sip.CANCEL, invite.Recipient)
	r.AppendHeader(sip.HeaderClone(invite.Via()))
	for _, name := range []string{"Max-Forwards", "From", "To", "Call-ID"} {
		sip.CopyHeaders(name, invite, r)
	}
	r.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	r.SetTransport(invite.Transport())
	r.SetDestination(invite.Destination())
	r.AppendHeader(sip.NewHeader("Reason", reason(context.Cause(ended))))
	r.SetBody(nil)
	r.Laddr = invite.Laddr
	ctx, stop := context.WithTimeout(context.Background(), d.cfg.ByeTimeout)
	defer stop()
	if err := d.exchange(ctx, r); err != nil { //nolint:contextcheck // ctx has ended; CANCEL has a timeout of its own
		d.cfg.Log.Info("CANCEL not confirmed", "error", err)
	}
}

// answered acknowledges the 2xx and makes the leg. Other answers to the same
// INVITE, from a fork, are acknowledged and hung up.
func (d *dialing) answered(session *rtp.Session, r *sip.Request, ok *sip.Response, tx sip.ClientTransaction) (*Leg, error) {
	dialog, err := uacDialog(r, ok)
	if err != nil {
		tx.Terminate()
		return nil, unreachable(err)
	}
	leg := d.newLeg(session, dialog, media.Peer{
		CallID: d.callID, Number: d.target.User, Dialled: d.target.User, Remote: d.peer, Transport: strings.ToLower(d.transport),
	})
	leg.mu.Lock()
	leg.local, leg.codecs = d.local, d.Codecs
	leg.mu.Unlock()
	d.ack(dialog, r.CSeq().SeqNo)
	d.legs.Go(func() { d.others(leg, r, tx) })
	if err := leg.conclude(ok.Body()); err != nil {
		leg.Hangup(err)
		return nil, unreachable(err)
	}
	leg.Watch()
	return leg, nil
}

// others acknowledges repeated 2xx and releases those of other forks until the
// transaction or the leg ends.
func (d *dialing) others(leg *Leg, r *sip.Request, tx sip.ClientTransaction) {
	defer tx.Terminate()
	for {
		select {
		case res := <-d.repeats:
			if tag, _ := res.To().Params.Get("tag"); tag == leg.dialog.RemoteTag {
				d.ack(leg.Dialog(), r.CSeq().SeqNo)
			} else {
				d.release(r, res)
			}
		case <-tx.Done():
			return
		case <-leg.ctx.Done():
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

// release acknowledges and hangs up an answer that nobody wants.
func (d *dialing) release(r *sip.Request, ok *sip.Response) {
	dialog, err := uacDialog(r, ok)
	if err != nil {
		return
	}
	d.ack(dialog, r.CSeq().SeqNo)
	ctx, cancel := context.WithTimeout(context.Background(), d.cfg.ByeTimeout)
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
			Method: string(r.Method), URI: r.Recipient.String(), Username: d.User, Password: d.Password,
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
