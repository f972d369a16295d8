package sip

import (
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"
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
