package sip

import (
	"context"
	"errors"
	"testing"

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
