package sip

import (
	"context"
	"strings"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/media/codec"
	"attendant/sip/sdp"
)

// maxIdentities is how many Identity headers of a call are looked at. A call
// that was forwarded carries one more a hop that signs.
const maxIdentities = 4

// Invitation is what an incoming call's INVITE tells before it is answered.
// None of it is proven but Source, and that only over TCP and TLS.
type Invitation struct {
	CallID    string
	Source    string   // IP address and port
	Transport string   // "udp", "tcp", ...
	From      string   // user part of From
	Domain    string   // host of From
	Name      string   // display name of From
	To        string   // user part of To
	Dialled   string   // user part of the Request-URI
	Asserted  string   // number of P-Asserted-Identity, RFC 3325
	Identity  []string // Identity headers, RFC 8224
	Secure    bool     // the offer asks for SRTP
}

// Welcome is how an invited call is taken. Its zero value takes it as it is.
type Welcome struct {
	Trunk   string        // which trunk it came over
	Phone   string        // which registered phone it comes from
	Number  string        // the caller's number; the INVITE's where empty
	Name    string        // the caller's name; the INVITE's where empty
	Dialled string        // the number dialled; the INVITE's where empty
	Caller  string        // what STIR says of the caller's number, in words; a hint
	Codecs  []codec.Codec // in the order of preference; the server's where nil
	SRTP    sdp.Policy    // the server's where it is sdp.Taken
	Keys    Keys          // how keys are sent
	Release func()        // called once when the call has ended; may be nil
	// Early plays before the answer, as early media, and the call is answered
	// when it returns. Its context ends where the caller gives up. May be nil.
	Early func(context.Context, media.Leg)
}

// Refusal is why an invited call is not taken.
type Refusal struct {
	Status int
	Reason string
	Retry  string // Retry-After in seconds; none where empty
}

// invitation reads an INVITE.
func invitation(r *sip.Request) Invitation {
	v := Invitation{Source: r.Source(), Transport: strings.ToLower(r.Transport()), Dialled: user(&r.Recipient)}
	if r.CallID() != nil {
		v.CallID = r.CallID().Value()
	}
	if from := r.From(); from != nil {
		v.From, v.Domain, v.Name = user(&from.Address), from.Address.Host, from.DisplayName
	}
	if to := r.To(); to != nil {
		v.To = user(&to.Address)
	}
	if h := r.GetHeader("P-Asserted-Identity"); h != nil {
		var uri sip.Uri
		params := sip.NewParams()
		if _, err := sip.ParseAddressValue(h.Value(), &uri, &params); err == nil {
			v.Asserted = user(&uri)
		}
	}
	for _, name := range []string{"Identity", "y"} {
		for _, h := range r.GetHeaders(name) {
			if len(v.Identity) < maxIdentities {
				v.Identity = append(v.Identity, h.Value())
			}
		}
	}
	for _, sign := range []string{"RTP/SAVP", "a=crypto:", "a=fingerprint:"} {
		v.Secure = v.Secure || strings.Contains(string(r.Body()), sign)
	}
	return v
}

// invited asks Config.Invited about a call. It reports false where the call was
// refused.
func (s *Server) invited(r *sip.Request, tx sip.ServerTransaction) (Welcome, bool) {
	if s.cfg.Invited == nil {
		return Welcome{}, true
	}
	s.mu.Lock()
	ctx := s.ctx
	s.mu.Unlock()
	if ctx == nil {
		ctx = context.Background()
	}
	v := invitation(r)
	if _, account := s.accounts.Load(v.Dialled); (account || v.Dialled == s.cfg.User) && v.To != "" {
		v.Dialled = v.To // a registrar has put our Contact in the number's place
	}
	w, refusal := s.cfg.Invited(ctx, v)
	if refusal == nil {
		if w.Dialled == "" {
			w.Dialled = v.Dialled
		}
		return w, true
	}
	s.stats.reject(&s.stats.Refused)
	var headers []sip.Header
	if refusal.Retry != "" {
		headers = append(headers, sip.NewHeader("Retry-After", refusal.Retry))
	}
	s.respond(r, tx, refusal.Status, refusal.Reason, headers...)
	return Welcome{}, false
}

// release ends what the welcome has taken up.
func (w Welcome) release() {
	if w.Release != nil {
		w.Release()
	}
}

// describe puts what the welcome knows better than the INVITE into p.
func (w Welcome) describe(p media.Peer) media.Peer {
	p.Trunk, p.Caller, p.Phone = w.Trunk, w.Caller, w.Phone
	for _, v := range []struct {
		to    *string
		value string
	}{{&p.Number, w.Number}, {&p.Name, w.Name}, {&p.Dialled, w.Dialled}} {
		if v.value != "" {
			*v.to = v.value
		}
	}
	return p
}

// onRegister hands a REGISTER to Config.Register. Without one there is no
// registrar here.
func (s *Server) onRegister(r *sip.Request, tx sip.ServerTransaction) {
	if s.cfg.Register == nil {
		s.respond(r, tx, 405, "Method Not Allowed", sip.NewHeader("Allow", allowed))
		return
	}
	s.send(s.cfg.Register(r), tx)
}
