package sip

import (
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Dialog is the state of a dialog of RFC 3261 section 12: plain data that can
// be written down and gone on with.
type Dialog struct {
	CallID    string   `json:"call_id"`
	LocalTag  string   `json:"local_tag"`
	RemoteTag string   `json:"remote_tag"`
	Local     string   `json:"local"`  // our URI
	Remote    string   `json:"remote"` // their URI
	LocalSeq  uint32   `json:"local_seq"`
	RemoteSeq uint32   `json:"remote_seq"`
	Routes    []string `json:"routes,omitempty"` // the route set, the first hop first
	Target    string   `json:"target"`           // their Contact
	Transport string   `json:"transport"`        // "UDP", "TCP"
	Peer      string   `json:"peer"`             // address and port that their messages come from
	Caller    bool     `json:"caller,omitempty"` // we began it: the Call-ID is ours

	Allow    string        `json:"allow,omitempty"`           // the methods that they take, as they say
	Interval time.Duration `json:"session_expires,omitempty"` // of the session timer, RFC 4028; 0 is none
	Refresh  bool          `json:"refresh,omitempty"`         // we refresh it
}

// key is how requests find their dialog. RFC 3261 section 12.2.2.
type key struct{ callID, localTag, remoteTag string }

func (d *Dialog) key() key { return key{d.CallID, d.LocalTag, d.RemoteTag} }

// requestKey is the dialog that an incoming request belongs to.
func requestKey(r *sip.Request) key {
	var k key
	if r.CallID() != nil {
		k.callID = r.CallID().Value()
	}
	if to := r.To(); to != nil {
		k.localTag, _ = to.Params.Get("tag")
	}
	if from := r.From(); from != nil {
		k.remoteTag, _ = from.Params.Get("tag")
	}
	return k
}

// responseKey is the dialog that a response of ours belongs to.
func responseKey(res *sip.Response) key {
	var k key
	if res.CallID() != nil {
		k.callID = res.CallID().Value()
	}
	if to := res.To(); to != nil {
		k.localTag, _ = to.Params.Get("tag")
	}
	if from := res.From(); from != nil {
		k.remoteTag, _ = from.Params.Get("tag")
	}
	return k
}

// uasDialog is the dialog that our answer to an INVITE begins. RFC 3261
// section 12.1.1.
func uasDialog(invite *sip.Request, tag string) (Dialog, error) {
	k := requestKey(invite)
	if invite.Contact() == nil || invite.CSeq() == nil || invite.From() == nil || invite.To() == nil || k.callID == "" {
		return Dialog{}, fmt.Errorf("INVITE without Contact, CSeq, From, To or Call-ID")
	}
	d := Dialog{
		CallID: k.callID, LocalTag: tag, RemoteTag: k.remoteTag,
		Local: invite.To().Address.String(), Remote: invite.From().Address.String(),
		LocalSeq: 1, RemoteSeq: invite.CSeq().SeqNo,
		Target: invite.Contact().Address.String(), Transport: invite.Transport(), Peer: invite.Source(), Allow: value(invite, "Allow"),
	}
	for _, h := range invite.GetHeaders("Record-Route") {
		if r, ok := h.(*sip.RecordRouteHeader); ok {
			d.Routes = append(d.Routes, r.Address.String())
		}
	}
	return d, nil
}

// uacDialog is the dialog that a response to our INVITE begins: confirmed by a
// 2xx, early by what comes before. RFC 3261 section 12.1.2.
func uacDialog(invite *sip.Request, ok *sip.Response) (Dialog, error) {
	if ok.Contact() == nil || ok.To() == nil {
		return Dialog{}, fmt.Errorf("%d without Contact or To", ok.StatusCode)
	}
	d := Dialog{
		CallID: invite.CallID().Value(),
		Local:  invite.From().Address.String(), Remote: ok.To().Address.String(),
		LocalSeq: invite.CSeq().SeqNo, Target: ok.Contact().Address.String(),
		Transport: invite.Via().Transport, Peer: ok.Source(), Caller: true, Allow: value(ok, "Allow"),
	}
	d.LocalTag, _ = invite.From().Params.Get("tag")
	d.RemoteTag, _ = ok.To().Params.Get("tag")
	routes := ok.GetHeaders("Record-Route")
	for i := len(routes) - 1; i >= 0; i-- {
		if r, is := routes[i].(*sip.RecordRouteHeader); is {
			d.Routes = append(d.Routes, r.Address.String())
		}
	}
	return d, nil
}

// refresh takes in the Contact of a request that changes the dialog's target.
// RFC 3261 section 12.2.2.
func (d *Dialog) refresh(m message) {
	if c := m.Contact(); c != nil && c.Address.Host != "" {
		d.Target = c.Address.String()
	}
	if allow := value(m, "Allow"); allow != "" {
		d.Allow = allow
	}
}

// message is a request or a response.
type message interface {
	sip.Message
	GetHeader(name string) sip.Header
	Contact() *sip.ContactHeader
	ContentType() *sip.ContentTypeHeader
}

// value is a header's value, empty where it is missing; those of several
// headers of the name are one list. RFC 3261 section 7.3.1.
func value(m message, name string) string {
	var values []string
	for _, h := range m.GetHeaders(name) {
		values = append(values, h.Value())
	}
	return strings.Join(values, ", ")
}

// request makes a request within the dialog. All but ACK take the next CSeq.
// RFC 3261 section 12.2.1.1.
func (s *Server) request(d *Dialog, method sip.RequestMethod, seq uint32) (*sip.Request, error) {
	var target sip.Uri
	if err := sip.ParseUri(d.Target, &target); err != nil {
		return nil, fmt.Errorf("remote target: %w", err)
	}
	r := sip.NewRequest(method, target)
	if method != sip.ACK {
		d.LocalSeq++
		seq = d.LocalSeq
	}
	var local, remote sip.Uri
	if err := sip.ParseUri(d.Local, &local); err != nil {
		return nil, fmt.Errorf("local URI: %w", err)
	}
	if err := sip.ParseUri(d.Remote, &remote); err != nil {
		return nil, fmt.Errorf("remote URI: %w", err)
	}
	from := &sip.FromHeader{Address: local, Params: sip.NewParams()}
	from.Params.Add("tag", d.LocalTag)
	to := &sip.ToHeader{Address: remote, Params: sip.NewParams()}
	if d.RemoteTag != "" {
		to.Params.Add("tag", d.RemoteTag)
	}
	s.address(r, d.Transport, d.Peer, from, to, d.CallID, seq)
	for _, route := range d.Routes {
		r.AppendHeader(sip.NewHeader("Route", "<"+route+">"))
	}
	r.SetDestination(d.Peer)
	return r, nil
}

// address fills in what every request of ours carries. RFC 3261 section 8.1.1.
func (s *Server) address(r *sip.Request, transport, peer string, from *sip.FromHeader, to *sip.ToHeader, callID string, seq uint32) {
	host, port := s.sentBy(transport, peer)
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: transport, Host: bracket(host), Port: port, Params: sip.NewParams()}
	via.Params.Add("branch", sip.GenerateBranch())
	via.Params.Add("rport", "")
	id, forwards := sip.CallIDHeader(callID), sip.MaxForwardsHeader(70)
	r.AppendHeader(via)
	r.AppendHeader(&forwards)
	r.AppendHeader(from)
	r.AppendHeader(to)
	r.AppendHeader(&id)
	r.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: r.Method})
	r.AppendHeader(s.contact(transport, peer))
	r.AppendHeader(sip.NewHeader("User-Agent", "Attendant"))
	r.SetTransport(transport)
	r.SetBody(nil)
}
