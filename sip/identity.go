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
	if t, ok := uri.UriParams.Get("transport"); ok {
		d.transport = strings.ToUpper(t)
	}
	return uri, nil
}

// identify says on whose behalf we call: the domain of the trunk that takes the
// call, and the number that it may believe. RFC 3325 section 9.1.
func (d *dialing) identify(r *sip.Request) {
	if d.Domain != "" {
		r.From().Address.Host, r.From().Address.Port = d.Domain, 0
	}
	if d.Asserted == "" {
		return
	}
	domain := d.Domain
	if domain == "" {
		domain = r.From().Address.Host
	}
	r.AppendHeader(sip.NewHeader("P-Asserted-Identity", fmt.Sprintf("<sip:%s@%s>", d.Asserted, domain)))
}
