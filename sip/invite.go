package sip

import (
	"context"
	"errors"
	"time"

	"github.com/emiago/sipgo/sip"
)

// cancelPatience bounds how long a cancelled INVITE's final response is waited
// for.
const cancelPatience = 3 * time.Second

// inviting is one INVITE of ours, outside of dialogs or within one.
type inviting struct {
	*Server
	request     *sip.Request
	tx          sip.ClientTransaction
	trace       *ladder
	provisional func(*sip.Response) // must not block
	silent      <-chan time.Time    // gives up a server that has said nothing by then; nil never
}

// sendInvite sends an INVITE. The transaction outlives ctx: a cancelled INVITE still
// has an end.
func (s *Server) sendInvite(ctx context.Context, r *sip.Request, trace *ladder, repeated func(*sip.Response)) (*inviting, error) {
	trace.add(true, r)
	tx, err := s.transact(context.WithoutCancel(ctx), r)
	if err != nil {
		return nil, err
	}
	tx.OnRetransmission(repeated)
	return &inviting{Server: s, request: r, tx: tx, trace: trace}, nil
}

// final waits for the final response, however many provisional ones come. When
// ctx ends it cancels, which must wait for a provisional response; a 2xx that
// comes all the same is returned beside the error, for it must be acknowledged.
// RFC 3261 section 9.1.
func (i *inviting) final(ctx context.Context) (*sip.Response, error) {
	done, proceeding := ctx.Done(), false
	var late <-chan time.Time
	for {
		select {
		case <-i.silent:
			return nil, unreachable(errSilent)
		case res := <-i.tx.Responses():
			i.silent = nil
			i.trace.add(false, res)
			if res.IsProvisional() {
				if !proceeding && done == nil {
					i.cancel(ctx)
				}
				proceeding = true
				i.provisional(res)
				continue
			}
			switch {
			case done != nil:
				return res, nil
			case res.IsSuccess():
				return res, givenUp(ctx)
			}
			return nil, givenUp(ctx)
		case <-i.tx.Done():
			if done == nil {
				return nil, givenUp(ctx)
			}
			i.stats.Unsent.Add(1)
			return nil, unreachable(errors.Join(errNoResponse, i.tx.Err()))
		case <-done:
			done = nil
			late = time.After(cancelPatience)
			if proceeding {
				i.cancel(ctx)
			}
		case <-late:
			return nil, givenUp(ctx)
		}
	}
}

// cancel sends the CANCEL. RFC 3261 section 9.1.
func (i *inviting) cancel(ended context.Context) {
	invite := i.request
	r := sip.NewRequest(sip.CANCEL, invite.Recipient)
	r.AppendHeader(sip.HeaderClone(invite.Via()))
	for _, name := range []string{"Max-Forwards", "From", "To", "Call-ID", "Route"} {
		sip.CopyHeaders(name, invite, r)
	}
	r.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	r.SetTransport(invite.Via().Transport)
	r.SetDestination(invite.Destination())
	r.AppendHeader(sip.NewHeader("Reason", reason(context.Cause(ended))))
	r.SetBody(nil)
	r.Laddr = invite.Laddr
	ctx, stop := context.WithTimeout(context.Background(), i.cfg.ByeTimeout)
	defer stop()
	if _, err := i.exchange(ctx, r, i.trace); err != nil {
		i.cfg.Log.Info("CANCEL not confirmed", "error", err)
	}
}

// ack acknowledges a 2xx: a request of its own, with the INVITE's number. RFC
// 3261 section 13.2.2.4.
func (s *Server) ack(dialog *Dialog, seq uint32, body []byte, trace *ladder) {
	d := *dialog // an ACK takes no number
	r, err := s.request(&d, sip.ACK, seq)
	if err == nil {
		setSDP(r, body)
		trace.add(true, r)
		ctx, stop := context.WithTimeout(context.Background(), s.cfg.ByeTimeout)
		defer stop()
		err = s.write(ctx, r)
	}
	if err != nil {
		s.stats.Unsent.Add(1)
		s.cfg.Log.Info("ACK not sent", "error", err)
	}
}

// setSDP gives a message a description, if there is one.
func setSDP(m message, body []byte) {
	if len(body) > 0 {
		m.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		m.SetBody(body)
	}
}
