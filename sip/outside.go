package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"
)

// Registration is what we register: RFC 3261 section 10.
type Registration struct {
	Registrar string // HOST, HOST:PORT or a sip: URI
	Proxy     string // where the REGISTER goes; the registrar where empty
	User      string // of the address of record
	Domain    string // of the address of record; the registrar's host where empty
	AuthUser  string // for digest authentication; User where empty
	Password  string
	Expires   time.Duration // asked for; 0 ends the registration

	// CallID and Seq are the same and rising over all that is registered for one
	// address of record, RFC 3261 section 10.2.
	CallID string
	Seq    uint32
}

// Lease is a registration that was granted.
type Lease struct {
	Expires time.Duration // from now on
	Seq     uint32        // the last CSeq used
	Peer    string        // address and port of the registrar
}

// Register sends a REGISTER, again where it is challenged or asks for longer,
// and returns what was granted. It blocks until the registrar has answered or
// ctx ends. The error is a *CallError. Serve must be running.
func (s *Server) Register(ctx context.Context, g Registration) (Lease, error) {
	o := &outside{dialing: dialing{
		Server: s, DialOptions: DialOptions{From: g.User, Domain: g.Domain, Proxy: g.Proxy, User: g.AuthUser, Password: g.Password},
		transport: "UDP", callID: g.CallID, tag: sip.GenerateTagN(16), seq: g.Seq,
	}, method: sip.REGISTER}
	if o.User == "" {
		o.User = g.User
	}
	if err := o.aim(ctx, g.Registrar); err != nil {
		return Lease{Seq: o.seq}, err
	}
	if o.Domain == "" {
		o.Domain = o.target.Host
	}
	for tries := 0; ; tries++ {
		res, err := o.exchange(ctx, sip.NewHeader("Expires", seconds(g.Expires)))
		if err != nil {
			return Lease{Seq: o.seq}, err
		}
		if least := res.GetHeader("Min-Expires"); res.StatusCode == 423 && least != nil && tries == 0 {
			if n, err := strconv.Atoi(strings.TrimSpace(least.Value())); err == nil && n > 0 && n <= 86400 {
				g.Expires = time.Duration(n) * time.Second
				continue
			}
		}
		if !res.IsSuccess() {
			return Lease{Seq: o.seq}, callError(res.StatusCode, res.Reason)
		}
		s.accounts.Store(g.User, true)
		return Lease{Expires: granted(res, o.ownContact(), g.Expires), Seq: o.seq, Peer: o.peer}, nil
	}
}

// Ping sends an OPTIONS to a sip: URI, by way of proxy unless that is empty, and
// returns when it is answered. Any answer but 408, 5xx and 6xx shows a far end
// that can be called: many refuse OPTIONS itself. The error is a *CallError.
func (s *Server) Ping(ctx context.Context, uri, proxy string) error {
	o := &outside{dialing: dialing{
		Server: s, DialOptions: DialOptions{Proxy: proxy}, transport: "UDP", callID: uuid.NewString(), tag: sip.GenerateTagN(16),
	}, method: sip.OPTIONS}
	if err := o.aim(ctx, uri); err != nil {
		return err
	}
	res, err := o.exchange(ctx)
	switch {
	case err != nil:
		return err
	case res.StatusCode == 408 || res.StatusCode >= 500:
		return callError(res.StatusCode, res.Reason)
	}
	return nil
}

// outside is a request outside of dialogs with its retries.
type outside struct {
	dialing
	method sip.RequestMethod
}

// aim finds where the requests go.
func (o *outside) aim(ctx context.Context, uri string) error {
	if !strings.HasPrefix(uri, "sip:") && !strings.HasPrefix(uri, "sips:") {
		uri = "sip:" + uri
	}
	if err := sip.ParseUri(uri, &o.target); err != nil || o.target.Host == "" {
		return unreachable(fmt.Errorf("%q is no sip: URI", uri))
	}
	if err := o.listening(ctx); err != nil {
		return err
	}
	if err := o.resolve(ctx); err != nil {
		return unreachable(err)
	}
	return nil
}

// exchange sends the request and returns the final response; a challenge is
// answered, and once more where its nonce was stale.
func (o *outside) exchange(ctx context.Context, headers ...sip.Header) (*sip.Response, error) {
	o.authorize = nil
	for challenged := 0; ; challenged++ {
		r := o.request(headers)
		res, err := o.once(ctx, r)
		if err != nil || challenged == 2 || (res.StatusCode != 401 && res.StatusCode != 407) {
			return res, err
		}
		if o.Password == "" || challenged == 1 && !stale(res) {
			return res, nil
		}
		if o.authorize = authorization(r, res, o.User, o.Password); o.authorize == nil {
			return nil, callError(res.StatusCode, "no challenge that we know")
		}
	}
}

// stale reports whether a challenge says that the answer was good but too late.
func stale(res *sip.Response) bool {
	for _, name := range []string{"WWW-Authenticate", "Proxy-Authenticate"} {
		for _, h := range res.GetHeaders(name) {
			if strings.Contains(strings.ToLower(strings.ReplaceAll(h.Value(), `"`, "")), "stale=true") {
				return true
			}
		}
	}
	return false
}

// request builds the request with the next CSeq. RFC 3261 section 10.2: a
// REGISTER's Request-URI has no user.
func (o *outside) request(headers []sip.Header) *sip.Request {
	o.seq++
	target := o.target
	if o.method == sip.REGISTER {
		target.User = ""
	}
	r := sip.NewRequest(o.method, target)
	host, port := o.sentBy(o.transport, o.peer)
	self := sip.Uri{Scheme: "sip", User: o.From, Host: bracket(host), Port: port}
	if self.User == "" {
		self.User = o.cfg.User
	}
	if o.Domain != "" {
		self.Host, self.Port = o.Domain, 0
	}
	from := &sip.FromHeader{Address: self, Params: sip.NewParams()}
	from.Params.Add("tag", o.tag)
	to := &sip.ToHeader{Address: o.target, Params: sip.NewParams()}
	if o.method == sip.REGISTER {
		to.Address = self
	}
	o.address(r, o.transport, o.peer, from, to, o.callID, o.seq)
	if o.method == sip.REGISTER { // calls come to the Contact: they tell whose they are
		r.Contact().Address.User = self.User
	}
	for _, h := range headers {
		r.AppendHeader(h)
	}
	if o.authorize != nil {
		r.AppendHeader(o.authorize)
	}
	r.SetDestination(o.peer)
	return r
}

// once sends r and waits for its final response.
func (o *outside) once(ctx context.Context, r *sip.Request) (*sip.Response, error) {
	tx, err := o.transact(ctx, r)
	if err != nil {
		o.resolver.Failed(o.current)
		o.stats.Unsent.Add(1)
		return nil, unreachable(err)
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			o.resolver.Failed(o.current) // the next try goes elsewhere, if there is another
			return nil, unreachable(errors.Join(errNoResponse, tx.Err()))
		case <-ctx.Done():
			return nil, unreachable(errors.Join(errNoResponse, context.Cause(ctx)))
		}
	}
}

// ownContact is host and port of the Contact that we register.
func (o *outside) ownContact() string {
	host, port := o.sentBy(o.transport, o.peer)
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// granted is how long the registrar keeps our Contact: what it says of it, of
// all, or what we asked for. RFC 3261 section 10.2.4.
func granted(res *sip.Response, own string, asked time.Duration) time.Duration {
	for _, h := range res.GetHeaders("Contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok || c.Params == nil || net.JoinHostPort(strings.Trim(c.Address.Host, "[]"), strconv.Itoa(c.Address.Port)) != own {
			continue
		}
		if text, ok := c.Params.Get("expires"); ok {
			if n, err := strconv.Atoi(text); err == nil && n >= 0 {
				return time.Duration(n) * time.Second
			}
		}
	}
	if h := res.GetHeader("Expires"); h != nil {
		if n, err := strconv.Atoi(strings.TrimSpace(h.Value())); err == nil && n >= 0 {
			return time.Duration(n) * time.Second
		}
	}
	return asked
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
