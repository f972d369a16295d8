package sip

import (
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/sip/header"
)

// hop is where an INVITE goes first: the outbound proxy, or the callee's host.
func (d *dialing) hop() (sip.Uri, error) {
	if d.Proxy == "" {
		return d.target, nil
	}
	text := d.Proxy
	if !strings.Contains(text, "sip:") && !strings.Contains(text, "sips:") {
		text = "sip:" + text
	}
	var uri sip.Uri
	if err := sip.ParseUri(text, &uri); err != nil || uri.Host == "" {
		return uri, fmt.Errorf("%q is no proxy", d.Proxy)
	}
	return uri, nil
}

// assertions are the headers that say whose number we call with, by the names
// that DialOptions.AssertedAs takes. Remote-Party-ID is a draft that never
// became an RFC; PBXs still read it.
var assertions = map[string]string{
	"": "P-Asserted-Identity", "pai": "P-Asserted-Identity", "ppi": "P-Preferred-Identity", "rpid": "Remote-Party-ID",
}

// identify says on whose behalf we call: the domain of the trunk that takes the
// call, and the number that it may believe. RFC 3325 sections 9.1 and 9.2.
func (d *dialing) identify(r *sip.Request) {
	if d.Domain != "" {
		r.From().Address.Host, r.From().Address.Port = d.Domain, 0
	}
	name := assertions[d.AssertedAs]
	if d.Asserted == "" || name == "" {
		return
	}
	domain := d.Domain
	if domain == "" {
		domain = r.From().Address.Host
	}
	r.AppendHeader(sip.NewHeader(name, fmt.Sprintf("<sip:%s@%s>", d.Asserted, domain)))
}

// hide keeps from the callee who calls: From names nobody, and a proxy that we
// trust with the number is asked to keep it. RFC 3323 sections 4.1 and 4.2, RFC
// 3325 section 9.3.
func (d *dialing) hide(r *sip.Request) {
	if !d.Private {
		return
	}
	from := r.From()
	from.DisplayName, from.Address.User = "Anonymous", "anonymous"
	from.Address.Host, from.Address.Port = "anonymous.invalid", 0
	r.AppendHeader(sip.NewHeader("Privacy", "id"))
}

// trusts reports whether a peer is believed about who calls.
func (s *Server) trusts(source string) bool {
	return s.cfg.TrustPeers || s.cfg.Trusts != nil && s.cfg.Trusts(source)
}

// peerOf reads what an INVITE tells of the caller. What only a trusted peer may
// say, the asserted number and whom the caller had dialled first, is read from
// such alone; the wish for privacy and who has sent the caller from everybody.
func (s *Server) peerOf(r *sip.Request) media.Peer {
	p := media.Peer{
		CallID: r.CallID().Value(), Number: user(&r.From().Address), Name: r.From().DisplayName,
		Dialled: user(&r.Recipient), Remote: r.Source(), Transport: strings.ToLower(r.Transport()),
		Private: isPrivate(r), Referrer: header.URI(value(r, "Referred-By") + value(r, "b")),
	}
	if !s.trusts(r.Source()) {
		return p
	}
	p.Diverted = diverted(r)
	if name, number := address(value(r, "P-Asserted-Identity")); number != "" {
		p.Number = number
		if name != "" {
			p.Name = name
		}
	}
	return p
}

// isPrivate reports whether the caller wants its number shown to nobody. RFC
// 3323 section 4.2.
func isPrivate(r *sip.Request) bool {
	for wish := range strings.SplitSeq(value(r, "Privacy"), ";") {
		switch strings.ToLower(strings.TrimSpace(wish)) {
		case "id", "user", "header", "session", "history":
			return true
		}
	}
	return strings.EqualFold(r.From().Address.Host, "anonymous.invalid")
}

// diverted is whom the caller had dialled before it was sent on to us: the last
// of Diversion, RFC 5806 section 4, or the first of History-Info, RFC 7044
// section 5.
func diverted(r *sip.Request) string {
	if all := header.Split(value(r, "Diversion"), ','); all[0] != "" {
		_, number := address(all[len(all)-1])
		return number
	}
	all := header.Split(value(r, "History-Info"), ',')
	if len(all) < 2 { // one entry is we ourselves
		return ""
	}
	_, number := address(all[0])
	return number
}

// address reads the first name-addr of a value: its display name and the user
// part or number of its URI.
func address(text string) (name, number string) {
	text = header.Split(text, ',')[0]
	var uri sip.Uri
	params := sip.NewParams()
	name, err := sip.ParseAddressValue(text, &uri, &params)
	if err != nil {
		return "", ""
	}
	return name, user(&uri)
}
