package sip

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"attendant/media"
	"attendant/media/codec"
)

func TestInvitedCallsAreRefusedOrTakenAsTold(t *testing.T) {
	var seen Invitation
	released := make(chan struct{}, 1)
	peers := make(chan media.Peer, 1)
	pcma := codec.All()
	s := serve(t, Config{Invited: func(_ context.Context, v Invitation) (Welcome, *Refusal) {
		seen = v
		if v.From == "stranger" {
			return Welcome{}, &Refusal{Status: 403, Reason: "Forbidden"}
		}
		return Welcome{
			Trunk: "carrier", Number: "+15550100", Caller: "attested", Dialled: "+15550199", Codecs: pcma[len(pcma)-1:],
			Release: func() { released <- struct{}{} },
		}, nil
	}}, func(ctx context.Context, leg media.Leg) {
		peers <- leg.Peer()
		echo(ctx, leg)
	})
	phone := serve(t, Config{}, nil)
	_, err := phone.Dial(t.Context(), "sip:support@"+s.Addr(), DialOptions{From: "stranger"})
	var failed *CallError
	if !errors.As(err, &failed) || failed.Status != 403 || s.Stats().Refused.Load() != 1 {
		t.Errorf("a refused call came to %v, %d counted", err, s.Stats().Refused.Load())
	}
	leg, err := phone.Dial(t.Context(), "sip:0199@"+s.Addr(), DialOptions{From: "0100", Name: "Ana", Domain: "carrier.example", Asserted: "+4930100"})
	if err != nil {
		t.Fatal(err)
	}
	p := <-peers
	leg.Hangup(media.ErrLocalHangup)
	<-released
	if p.Trunk != "carrier" || p.Number != "+15550100" || p.Dialled != "+15550199" || p.Caller != "attested" || p.Codec != pcma[len(pcma)-1].Name+"/8000" {
		t.Errorf("peer %+v", p)
	}
	if seen.Dialled != "0199" || seen.From != "0100" || seen.Domain != "carrier.example" || seen.Asserted != "+4930100" || seen.Name != "Ana" || seen.Secure {
		t.Errorf("invitation %+v", seen)
	}
}

// TestCallsToAnAccountTellWhichOne has a registrar that sends calls to what was
// registered, as it came: the account, and the number dialled where To tells it.
func TestCallsToAnAccountTellWhichOne(t *testing.T) {
	contacts := make(chan string, 1)
	far := serve(t, Config{Register: func(r *sip.Request) *sip.Response {
		contacts <- r.Contact().Address.String()
		res := sip.NewResponseFromRequest(r, 200, "OK", nil)
		res.AppendHeader(sip.NewHeader("Contact", r.Contact().Value()+";expires=600"))
		return res
	}}, nil)
	dialled := make(chan string, 1)
	s := serve(t, Config{Invited: func(_ context.Context, v Invitation) (Welcome, *Refusal) {
		dialled <- v.Dialled
		return Welcome{}, &Refusal{Status: 486, Reason: "Busy Here"}
	}}, nil)
	if _, err := s.Register(t.Context(), Registration{Registrar: far.Addr(), User: "4930123456", CallID: "x@y", Expires: 10 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	contact := within(t, contacts)
	if contact != "sip:4930123456@"+s.Addr() {
		t.Errorf("registered %s", contact)
	}
	if _, err := far.Dial(t.Context(), contact, DialOptions{}); err == nil {
		t.Error("a busy phone was reached")
	}
	if got := within(t, dialled); got != "4930123456" {
		t.Errorf("dialled %s", got)
	}
}
